//! `spm standards`: what there is, for which systems, and how much of it is answered.

use std::collections::BTreeSet;

use comfy_table::CellAlignment;
use serde_json::json;

use super::page::{paper, table};
use super::{Exit, Outcome, library, print};
use crate::cli::{GlobalArgs, StandardsArgs};
use crate::report::Line;
use crate::rules::{Library, LoadError, Standard};

struct Coverage {
    // Of the whole document, where the file lists only a part of it.
    requirements: usize,
    assessable: usize,
    answered: usize,
    manual: usize,
    checks: usize,
}

/// Columns of names and of systems, which may wrap.
const WIDE: [usize; 2] = [0, 2];

/// Runs the command.
pub fn run(args: &StandardsArgs, global: &GlobalArgs) -> Outcome {
    if let Some(name) = &args.system {
        return super::applies::run(name, global);
    }
    let library = library(global)?;
    let mut rows = Vec::new();
    for id in library.standard_ids() {
        let Some(standard) = library.standard(id)? else { continue };
        if args.technology.is_none_or(|technology| technology == standard.applies.technology) {
            let coverage = coverage(&library, &standard)?;
            rows.push((standard, coverage));
        }
    }
    if args.json {
        let all: Vec<_> = rows
            .iter()
            .map(|(standard, coverage)| {
                json!({"id": standard.info.id, "short": standard.info.short, "name": standard.info.name,
                    "version": standard.info.version, "url": standard.info.url, "kind": standard.info.kind,
                    "technology": standard.info.technology, "systems": systems(standard),
                    "requirements": coverage.requirements, "assessable": coverage.assessable,
                    "answered": coverage.answered, "manual": coverage.manual, "checks": coverage.checks})
            })
            .collect();
        print(|out| writeln!(out, "{:#}", serde_json::Value::from(all)))?;
        return Ok(Exit::Done);
    }
    let header = ["Standard", "Version", "Systems", "Requirements", "Assessable", "By checks", "By people", "Checks"];
    let mut table = table(&header, &WIDE);
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (standard, coverage) in &rows {
        table.add_row([
            format!("{} ({})", standard.info.name, standard.info.short),
            standard.info.version.clone(),
            systems(standard),
            coverage.requirements.to_string(),
            coverage.assessable.to_string(),
            coverage.answered.to_string(),
            coverage.manual.to_string(),
            coverage.checks.to_string(),
        ]);
    }
    print(|out| {
        let paper = &mut paper(out, global);
        paper.table(&table, &WIDE)?;
        let choose = "Choose with --standard NAME or NAME@VERSION; without one, CIS in the version for the system.";
        paper.line(0, &Line::new().plain(choose))
    })?;
    Ok(Exit::Done)
}

fn coverage(library: &Library, standard: &Standard) -> Result<Coverage, LoadError> {
    let mut checks = BTreeSet::new();
    let mut answered = 0;
    for rule in &standard.rules {
        let uses = library.uses(standard, rule)?;
        answered += usize::from(!uses.is_empty());
        checks.extend(uses.into_iter().map(|used| used.check));
    }
    let listed = standard.rules.iter().filter(|rule| !rule.out_of_scope).count();
    let assessable = standard.info.assessable.unwrap_or_default().max(listed);
    let requirements = standard.rules.len().max(assessable);
    Ok(Coverage { requirements, assessable, answered, manual: listed - answered, checks: checks.len() })
}

fn systems(standard: &Standard) -> String {
    let applies = &standard.applies;
    let mut text = applies.technology.to_string();
    if !applies.distributions.is_empty() {
        text.push_str(&format!(" ({})", applies.distributions.join(", ")));
    }
    if !applies.except.is_empty() {
        text.push_str(&format!(" (not {})", applies.except.join(", ")));
    }
    if !applies.versions_text.is_empty() {
        text.push_str(&format!(" {}", applies.versions_text));
    }
    text
}

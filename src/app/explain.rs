//! `spm explain`: one rule in full, on the last scans, or by itself if nothing was scanned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::page::style;
use super::{Exit, Fault, Outcome, decisions, library, print, stored};
use crate::assess::{ManualMode, standard_result};
use crate::base::order::natural;
use crate::base::spelling;
use crate::cli::{ExplainArgs, ExplainFormat, GlobalArgs};
use crate::model::{Assessment, CheckInfo, CheckResult, Counts, Scope, System, Technology};
use crate::report::Layout;
use crate::report::explain::{self, Explanation, Filter, Form, Trace};
use crate::rules::{Library, LoadError, Plan, PlanError, Wish};

/// Runs the command.
pub fn run(args: &ExplainArgs, global: &GlobalArgs) -> Outcome {
    let query = args.rule.join(" ");
    let today = decisions::today();
    let decisions = match &args.stored.at {
        None => decisions::read(&args.waivers, today)?,
        Some(_) => Default::default(),
    };
    let mut assessments = assessed(args, &query)?;
    for assessment in &mut assessments {
        decisions::apply(&decisions, &args.waivers, assessment, None, today);
    }
    let mut found = explain::find(&assessments, &query, &args.standards.standard, true);
    // Rules that no scan asked for are explained from the rule files.
    let library = library(global)?;
    let unassessed = if found.is_empty() { unassessed(&library)? } else { Vec::new() };
    if found.is_empty() {
        found = newest(explain::find(&unassessed, &query, &args.standards.standard, false));
    }
    if found.is_empty() {
        let mut known = explain::names(&assessments);
        known.extend(explain::names(&unassessed));
        let near = spelling::nearest(&query, known.iter().map(String::as_str));
        let help = near
            .map_or_else(|| "`spm report --rules` lists the rules".to_owned(), |n| format!("did you mean \"{n}\"?"));
        let of = if args.standards.standard.is_empty() {
            String::new()
        } else {
            format!(" of {}", args.standards.standard.join(", "))
        };
        return Err(Fault(format!("no rule or check{of} is called \"{query}\" ({help})")));
    }
    let traces = if args.trace { traces(&library, &found)? } else { Vec::new() };
    let filter = Filter { resource: args.resource.clone(), results: args.result.clone() };
    let form = match args.format {
        ExplainFormat::Text => Form::Text,
        ExplainFormat::Markdown => Form::Markdown,
        ExplainFormat::Json => Form::Json,
    };
    print(|out| explain::write(form, &found, &filter, &traces, &style(global, Layout::Page), out))?;
    Ok(Exit::Done)
}

/// The scans that are meant, with the outcomes of the checks that the query is about; none if nothing was scanned.
fn assessed(args: &ExplainArgs, query: &str) -> Result<Vec<Assessment>, Fault> {
    let asked = !args.stored.system.is_empty() || args.stored.at.is_some();
    let store = if asked { Some(stored::need(&args.stored.store)?) } else { stored::open(&args.stored.store)? };
    let Some(store) = store else { return Ok(Vec::new()) };
    let systems = stored::systems(&store, &args.stored.system)?;
    let at = args.stored.at.as_ref();
    // First without outcomes, which is quick, to learn which checks are meant.
    let outline = stored::load(&store, &systems, at, |_| false)?.assessments;
    let found = explain::find(&outline, query, &args.standards.standard, true);
    let wanted: BTreeSet<&str> = found.iter().flat_map(|e| &e.checks).map(|check| check.id.as_str()).collect();
    Ok(stored::load(&store, &systems, at, |check| wanted.contains(check.id.as_str()))?.assessments)
}

/// All rules of all standards, and the checks that none of them asks for, in the form of assessments in which nothing was
/// assessed.
fn unassessed(library: &Library) -> Result<Vec<Assessment>, Fault> {
    let mut all = Vec::new();
    for technology in Technology::ALL {
        let result = |info: &Arc<CheckInfo>| CheckResult {
            check: info.clone(),
            params: BTreeMap::new(),
            customised: Vec::new(),
            outcomes: Vec::new(),
            counts: Counts::default(),
        };
        let plan = plan(library, technology)?;
        let instances = plan.iter().flat_map(|plan| &plan.instances);
        let mut checks: Vec<CheckResult> = instances.map(|instance| result(&instance.check.info)).collect();
        let standards = plan.iter().flat_map(|plan| &plan.standards);
        let standards = standards.map(|planned| standard_result(planned, &checks, ManualMode::Decide)).collect();
        let asked: BTreeSet<String> = checks.iter().map(|check| check.check.id.clone()).collect();
        for id in library.check_ids().into_iter().filter(|id| !asked.contains(*id)) {
            let check = library.check(id)?.filter(|check| check.source.technology() == technology);
            checks.extend(check.map(|check| result(&check.info)));
        }
        let system =
            System { technology, name: String::new(), version: None, distribution: None, origin: String::new() };
        all.push(Assessment {
            id: String::new(),
            system,
            assessed_at: String::new(),
            scope: Scope::default(),
            tool_version: String::new(),
            resources: Vec::new(),
            checks,
            standards,
            gaps: Vec::new(),
            notes: Vec::new(),
            read: BTreeMap::new(),
        });
    }
    Ok(all)
}

/// Of the versions of a standard the newest: without a system it is not known which one is meant.
fn newest(found: Vec<Explanation<'_>>) -> Vec<Explanation<'_>> {
    let mut kept: Vec<Explanation<'_>> = Vec::new();
    for explanation in found {
        let Some((standard, rule)) = explanation.rule else {
            kept.push(explanation);
            continue;
        };
        let same = |other: &Explanation<'_>| {
            other
                .rule
                .is_some_and(|(s, r)| (&s.name, s.technology, &r.id) == (&standard.name, standard.technology, &rule.id))
        };
        let newer =
            |other: &Explanation<'_>| other.rule.is_some_and(|(s, _)| natural(&s.version, &standard.version).is_gt());
        match kept.iter_mut().find(|other| same(other)) {
            Some(other) if newer(other) => {}
            Some(other) => *other = explanation,
            None => kept.push(explanation),
        }
    }
    kept
}

/// Every standard of a technology; none if it has none.
fn plan(library: &Library, technology: Technology) -> Result<Option<Plan>, PlanError> {
    let mut wishes = Vec::new();
    for id in library.standard_ids() {
        let fits = library.header(id)?.is_some_and(|standard| standard.applies.technology == technology);
        wishes.extend(fits.then(|| Wish::new(id)));
    }
    if wishes.is_empty() { Ok(None) } else { Plan::candidates(library, technology, &wishes).map(Some) }
}

/// The logic of the explained checks, as far as the rule files at hand still have them.
fn traces(library: &Library, explanations: &[Explanation<'_>]) -> Result<Vec<Trace>, Fault> {
    let wanted: BTreeSet<&str> =
        explanations.iter().flat_map(|explanation| &explanation.checks).map(|check| check.id.as_str()).collect();
    let mut plans = Vec::new();
    for technology in Technology::ALL {
        plans.extend(plan(library, technology)?);
    }
    let trace = |id: &str| -> Result<Option<Trace>, LoadError> {
        let Some(text) = library.check_text(id) else { return Ok(None) };
        let mut reads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let instances = plans.iter().flat_map(|plan| &plan.instances).filter(|instance| instance.check.info.id == id);
        for (source, path) in instances.flat_map(|instance| &instance.compiled.reads) {
            reads.entry(source.clone()).or_default().insert(path.to_string());
        }
        let reads = reads.into_iter().map(|(source, paths)| (source, paths.into_iter().collect())).collect();
        Ok(Some(Trace { check: id.to_owned(), logic: logic(text), reads }))
    };
    Ok(wanted.into_iter().filter_map(|id| trace(id).transpose()).collect::<Result<_, _>>()?)
}

/// The keys of a check file that decide, as they are written.
fn logic(text: &str) -> String {
    const KEYS: [&str; 6] = ["resource", "where", "each", "assert", "params", "partial"];
    let mut wanted = false;
    let mut logic = String::new();
    for line in text.lines() {
        if !line.starts_with([' ', '#', '-']) && !line.is_empty() {
            wanted = line.split_once(':').is_some_and(|(key, _)| KEYS.contains(&key));
        }
        if wanted {
            logic.push_str(line);
            logic.push('\n');
        }
    }
    logic
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_what_decides_is_shown() {
        let text = "id: a\ntitle: b\nresource: container # per\nassert:\n  # why\n  x: { not: true }\n\nwhy: c\nexamples:\n  passed: [{}]\n";
        assert_eq!(super::logic(text), "resource: container # per\nassert:\n  # why\n  x: { not: true }\n\n");
    }
}

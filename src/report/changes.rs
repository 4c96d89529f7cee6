//! What changed between two assessments of a system, for people and as JSON, format `spm.changes/v1`.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use super::terminal::paper::{Ink, Line, Paper, Room};
use super::terminal::property;
use super::{TableStyle, words};
use crate::base::text::count;
use crate::model::{Assessment, Cause, CheckResult, Diff, DiffItem, Gap, RuleResult, StandardInfo, State};

/// Findings listed in one section.
const LISTED: usize = 50;

/// Two assessments of a system and what changed.
#[derive(Debug)]
pub struct Changes<'a> {
    /// The earlier one.
    pub before: &'a Assessment,
    /// The later one.
    pub after: &'a Assessment,
    /// What changed.
    pub diff: Diff<'a>,
}

/// For people at a terminal.
pub fn write_text(changes: &[Changes<'_>], style: &TableStyle, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let mut paper = Paper::new(&mut out, style.width, style.colour);
    for (at, changes) in changes.iter().enumerate() {
        if at > 0 {
            paper.blank()?;
        }
        system(&mut paper, changes, style.verbose > 0)?;
    }
    out.flush()
}

fn system(paper: &mut Paper<'_>, changes: &Changes<'_>, all: bool) -> io::Result<()> {
    let Changes { before, after, diff } = changes;
    let coverage = &diff.coverage;
    paper.line(0, &Line::new().add(Ink::Bold, &words::short(&after.system.name, 200)))?;
    let moment =
        |assessment: &Assessment| format!("{} (scan {})", words::minute(&assessment.assessed_at), assessment.id);
    paper.line(0, &Line::new().dim("from ").dim(&moment(before)).dim(" to ").dim(&moment(after)))?;
    if before.scope != after.scope {
        let words = |assessment: &Assessment| {
            let label = assessment.scope.label(assessment.system.technology);
            label.unwrap_or_else(|| "the whole system".to_owned())
        };
        let scopes = format!("The scans looked at different parts: {}; then {}.", words(before), words(after));
        paper.fit(Room { indent: 0, hanging: 2, lines: 3 }, &Line::new().add(Ink::Yellow, &scopes))?;
    }
    paper.stroke()?;
    let sums = Line::new().add(Ink::Red, &format!("{} new", diff.new.len())).plain("   ");
    let sums = sums.add(Ink::Green, &format!("{} fixed", diff.fixed.len())).plain("   ");
    let sums = sums.add(Ink::Yellow, &format!("{} still open", diff.open.len())).plain("   ");
    let lost = coverage.became_manual.len() + coverage.no_longer_assessed.len();
    let sums = sums.dim(&format!("{lost} not decided any more"));
    paper.line(
        0,
        &match coverage.newly_assessed.len() {
            0 => sums,
            n => sums.plain("   ").dim(&format!("{n} by checks that are new")),
        },
    )?;
    let limit = if all { usize::MAX } else { LISTED };
    items(paper, "New", Ink::Red, changes, &diff.new, limit)?;
    items(paper, "Failed by checks that are new", Ink::Yellow, changes, &coverage.newly_assessed, limit)?;
    items(paper, "Fixed", Ink::Green, changes, &diff.fixed, limit)?;
    items(paper, "Not assessed any more, was failed", Ink::Yellow, changes, &coverage.no_longer_assessed, limit)?;
    items(paper, "Not decided any more", Ink::Yellow, changes, &coverage.became_manual, limit)?;
    items(paper, "Decided now", Ink::Green, changes, &coverage.became_readable, limit)?;
    // What stays open stands in every report; here its number says enough.
    items(paper, "Still open", Ink::Yellow, changes, &diff.open, if all { usize::MAX } else { 0 })?;
    let lines = coverage_lines(changes);
    if !lines.is_empty() {
        paper.blank()?;
        paper.line(0, &Line::new().add(Ink::Bold, "Coverage"))?;
        for line in lines {
            paper.fit(Room { indent: 2, hanging: 4, lines: 4 }, &Line::new().plain(&line))?;
        }
    }
    Ok(())
}

fn items(
    paper: &mut Paper<'_>,
    title: &str,
    ink: Ink,
    changes: &Changes<'_>,
    items: &[DiffItem<'_>],
    limit: usize,
) -> io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    let head = Line::new().add(Ink::Bold, &format!("{title}: {}", count(items.len(), "finding")));
    paper.line(0, &if limit == 0 { head.dim(" (-v lists them)") } else { head })?;
    let mut last: Option<&CheckResult> = None;
    for item in items.iter().take(limit) {
        // Items are sorted by check.
        if !last.is_some_and(|last| std::ptr::eq(last, item.check)) {
            let severity = item.severity();
            let line = Line::new().add(Ink::of_severity(severity), &format!("{severity:9}"));
            let rules = rules_of(changes, item);
            let line = if rules.is_empty() { line } else { line.add(Ink::Bold, &rules.join(", ")).plain("  ") };
            let line = line.plain(&item.check.check.title).dim(&format!(" ({})", item.check.check.id));
            paper.fit(Room { indent: 2, hanging: 11, lines: 3 }, &line)?;
            last = Some(item.check);
        }
        let mut line = Line::new().add(ink, &words::short(&item.resource.to_string(), 200));
        if let Some(element) = &item.outcome.element {
            line = line.plain(" ").plain(&words::short(element, 100));
        }
        let waived = if item.waived() { "waived " } else { "" };
        paper.edges(4, &line, &Line::new().add(Ink::Yellow, waived).dim(&became(item)))?;
        let detail = item.outcome.detail.as_deref().filter(|_| item.after.is_some());
        let evidence = detail.filter(|_| item.after == Some(State::Failed)).and_then(|detail| detail.evidence.first());
        match (evidence, detail) {
            (Some(evidence), _) => property(paper, Room { indent: 6, hanging: 8, lines: 2 }, evidence)?,
            (None, Some(detail)) if !detail.reason.is_empty() => {
                paper.fit(Room { indent: 6, hanging: 8, lines: 2 }, &Line::new().plain(&detail.reason))?;
            }
            _ => {}
        }
    }
    match items.len().checked_sub(limit) {
        Some(more) if more > 0 && limit > 0 => {
            paper.line(2, &Line::new().dim(&format!("and {more} more: -v lists them")))
        }
        _ => Ok(()),
    }
}

/// `Passed, was Failed`.
fn became(item: &DiffItem<'_>) -> String {
    let state = |state: Option<State>| state.map_or("not there", State::label);
    match (item.before, item.after, item.cause) {
        (before, after, _) if before == after => String::new(),
        (before, after, Cause::State) => format!("{}, was {}", state(after), state(before)),
        (None, _, Cause::Scope) => "the earlier scan did not look there".to_owned(),
        (_, None, Cause::Scope) => "the later scan did not look there".to_owned(),
        (_, after, Cause::Scope) => format!("{} in what the later scan looked at", state(after)),
        (before @ Some(_), after @ Some(_), Cause::Check) => {
            format!("{}, was {} with other parameters", state(after), state(before))
        }
        (None, _, Cause::Check) => "the check was not evaluated before".to_owned(),
        (_, None, Cause::Check) => "the check is not evaluated any more".to_owned(),
        (None, ..) => "was not there".to_owned(),
        (_, _, Cause::Gap) => "may be hidden by what could not be read".to_owned(),
        (_, _, _) => "is gone".to_owned(),
    }
}

/// Rules of the later assessment, or of the earlier one, that ask for the check of an item.
fn rules_of(changes: &Changes<'_>, item: &DiffItem<'_>) -> Vec<String> {
    let of = |assessment: &Assessment| -> Vec<String> {
        let is_own =
            |at: &u32| assessment.checks.get(*at as usize).is_some_and(|check| std::ptr::eq(check, item.check));
        let standards = assessment.standards.iter().filter(|standard| standard.selected);
        standards
            .flat_map(|s| {
                s.rules.iter().filter(|r| r.checks.iter().any(is_own)).map(|r| format!("{} {}", s.standard.short, r.id))
            })
            .collect()
    };
    let after = of(changes.after);
    if after.is_empty() { of(changes.before) } else { after }
}

fn coverage_lines(changes: &Changes<'_>) -> Vec<String> {
    let coverage = &changes.diff.coverage;
    let mut lines = Vec::new();
    let mut say = |what: &str, names: Vec<String>| {
        if !names.is_empty() {
            lines.push(format!("{what}: {}", words::short(&names.join(", "), 600)));
        }
    };
    let standard = |standard: &&StandardInfo| format!("{} {}", standard.name, standard.version);
    let rule = |(standard, rule): &(&StandardInfo, &RuleResult)| format!("{} {}", standard.short, rule.id);
    let check = |check: &&CheckResult| check.check.id.clone();
    let gap = |gap: &&Gap| gap.to_string();
    say("standards added", coverage.standards_added.iter().map(standard).collect());
    say("standards removed", coverage.standards_removed.iter().map(standard).collect());
    say("rules added", coverage.rules_added.iter().map(rule).collect());
    say("rules removed", coverage.rules_removed.iter().map(rule).collect());
    let lists = |list: &[&CheckResult], check: &CheckResult| list.iter().any(|other| other.check.id == check.check.id);
    let (changed, added): (Vec<_>, Vec<_>) =
        coverage.checks_added.iter().partition(|added| lists(&coverage.checks_removed, added));
    let removed = coverage.checks_removed.iter().filter(|removed| !lists(&coverage.checks_added, removed));
    say("checks added", added.into_iter().map(check).collect());
    say("checks removed", removed.map(check).collect());
    say("checks with other parameters", changed.into_iter().map(check).collect());
    say("not readable any more", coverage.gaps_added.iter().map(gap).collect());
    say("readable now", coverage.gaps_removed.iter().map(gap).collect());
    lines
}

/// For tools.
pub fn write_json(changes: &[Changes<'_>], out: &mut dyn Write) -> io::Result<()> {
    let document = json!({"format": "spm.changes/v1", "systems": changes.iter().map(value).collect::<Vec<_>>()});
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn value(changes: &Changes<'_>) -> Value {
    let coverage = &changes.diff.coverage;
    let scan = |assessment: &Assessment| json!({"scan_id": assessment.id, "assessed_at": assessment.assessed_at, "scope": assessment.scope});
    let items = |items: &[DiffItem<'_>]| items.iter().map(|item| item_value(changes, item)).collect::<Vec<_>>();
    let rules = |rules: &[(&StandardInfo, &RuleResult)]| {
        rules.iter().map(|(standard, rule)| json!({"standard": standard.id, "rule": rule.id})).collect::<Vec<_>>()
    };
    let checks = |checks: &[&CheckResult]| {
        checks.iter().map(|check| json!({"check": check.check.id, "parameters": check.params})).collect::<Vec<_>>()
    };
    let standards =
        |standards: &[&StandardInfo]| standards.iter().map(|standard| standard.id.clone()).collect::<Vec<_>>();
    let gaps = |gaps: &[&Gap]| {
        let gap = |gap: &&Gap| json!({"kind": gap.kind, "scope": gap.scope, "reason": gap.reason.as_str(), "detail": gap.detail});
        gaps.iter().map(gap).collect::<Vec<_>>()
    };
    json!({
        "system": changes.after.system.name, "technology": changes.after.system.technology,
        "before": scan(changes.before), "after": scan(changes.after),
        "new": items(&changes.diff.new), "fixed": items(&changes.diff.fixed), "open": items(&changes.diff.open),
        "coverage": {
            "newly_assessed": items(&coverage.newly_assessed),
            "became_manual": items(&coverage.became_manual), "became_readable": items(&coverage.became_readable),
            "no_longer_assessed": items(&coverage.no_longer_assessed),
            "standards_added": standards(&coverage.standards_added),
            "standards_removed": standards(&coverage.standards_removed),
            "rules_added": rules(&coverage.rules_added), "rules_removed": rules(&coverage.rules_removed),
            "checks_added": checks(&coverage.checks_added), "checks_removed": checks(&coverage.checks_removed),
            "gaps_added": gaps(&coverage.gaps_added), "gaps_removed": gaps(&coverage.gaps_removed),
        },
    })
}

fn item_value(changes: &Changes<'_>, item: &DiffItem<'_>) -> Value {
    let detail = item.outcome.detail.as_deref();
    json!({
        "finding_id": item.identity().digest(&changes.after.system),
        "check": item.check.check.id, "parameters": item.check.params, "severity": item.severity(),
        "rules": rules_of(changes, item), "kind": &*item.resource.kind, "scope": item.resource.scope,
        "name": &*item.resource.name, "element": item.outcome.element, "before": item.before, "after": item.after,
        "waived": item.waived(), "reason": detail.map(|detail| &detail.reason),
        "cause": match item.cause {
            Cause::State => "state", Cause::Resource => "resource", Cause::Check => "check", Cause::Gap => "gap",
            Cause::Scope => "scope",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coverage;
    use crate::report::testing;

    #[test]
    fn every_item_is_written_or_counted() {
        let (before, mut after) = (testing::large(2, 60), testing::large(2, 60));
        after.resources.iter_mut().for_each(|resource| resource.name = testing::HOSTILE.into());
        let item = |assessment: &'static Assessment, before, after| {
            let check = &assessment.checks[0];
            let outcome = &check.outcomes[0];
            let resource = &assessment.resources[outcome.resource as usize];
            DiffItem { check, resource, outcome, before, after, cause: Cause::Resource }
        };
        let (before, after): (&'static Assessment, &'static Assessment) =
            (Box::leak(before.into()), Box::leak(after.into()));
        let new = vec![item(after, None, Some(State::Failed)); 70];
        let newcomer = DiffItem { cause: Cause::Check, ..new[0] };
        let coverage = Coverage { newly_assessed: vec![newcomer; 2], ..Coverage::default() };
        let fixed = vec![item(before, Some(State::Failed), None); 3];
        let changes = [Changes { before, after, diff: Diff { new, fixed, coverage, ..Diff::default() } }];
        let mut out = Vec::new();
        write_text(&changes, &TableStyle::default(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.contains("70 new   3 fixed   0 still open"), "{page}");
        assert!(page.contains("2 by checks that are new"), "{page}");
        assert_eq!(page.matches("the check was not evaluated before").count(), 2);
        assert_eq!(page.matches("was not there").count(), LISTED);
        assert!(page.contains("and 20 more"));
        assert_eq!(page.matches("is gone").count(), 3);
        assert!(!page.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')));
        let mut out = Vec::new();
        write_json(&changes, &mut out).unwrap();
        let json: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(json["systems"][0]["new"].as_array().unwrap().len(), 70);
        assert_eq!(json["systems"][0]["new"][0]["name"], testing::HOSTILE);
    }
}

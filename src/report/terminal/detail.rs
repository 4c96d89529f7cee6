//! The rules that deserve attention: what failed with its evidence, what is missing to decide the rest.

use std::collections::BTreeSet;
use std::io;

use super::paper::{Ink, Line, Paper, Room};
use crate::base::order::natural;
use crate::base::text::{count, width};
use crate::model::{Detail, Evidence, State};
use crate::report::view::{Finding, Row, Selection};
use crate::report::{Report, words};

/// Resources in detail under one rule.
const RESOURCES: usize = 3;
/// Deciding properties shown for one resource.
const PROPERTIES: usize = 2;
/// Failed rules behind those in detail, a line each.
const HEADLINES: usize = 40;
/// Manual rules that are spelt out.
const QUESTIONS: usize = 10;

/// Failed rules with the first of their failed resources.
pub fn failed(
    paper: &mut Paper<'_>,
    report: &Report<'_>,
    selection: &Selection<'_>,
    rows: &[&Row<'_>],
    limit: usize,
) -> io::Result<()> {
    let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.state == State::Failed).copied().collect();
    if rows.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    let several = several_standards(&rows);
    let title = format!("Failed: {}", count(rows.len(), "rule"));
    paper.line(0, &Line::new().add(Ink::Bold, &title))?;
    // Checks whose resources stand on the page, with the rule that they stand under.
    let mut shown = Vec::new();
    for row in rows.iter().take(limit) {
        rule(paper, report, selection, row, several, limit == usize::MAX, &mut shown)?;
    }
    let rest = rows.get(limit..).unwrap_or_default();
    if !rest.is_empty() {
        paper.blank()?;
    }
    for row in rest.iter().take(HEADLINES) {
        headline(paper, row, several)?;
    }
    if let Some(more) = rest.len().checked_sub(HEADLINES).filter(|more| *more > 0) {
        paper.line(
            1,
            &Line::new()
                .dim(&format!("and {}: ", count(more, "more failed rule")))
                .plain(&format!("{} --rules --result failed", report.command)),
        )?;
    }
    Ok(())
}

/// Severity, id and title of a failed rule, and how many resources failed.
fn headline(paper: &mut Paper<'_>, row: &Row<'_>, several: bool) -> io::Result<()> {
    let mut head = Line::new();
    if let Some(severity) = row.rule.severity {
        head = head.add(Ink::of_severity(severity), &format!(" {} ", severity.as_str().to_uppercase())).plain(" ");
    }
    head = head.add(Ink::Bold, &name(row, several));
    head = head.plain("  ").add(Ink::Bold, &words::short(&row.rule.title, 300));
    if row.rule.partly {
        head = head.dim(" (technical part only)");
    }
    let mut tail = Line::new().add(Ink::Red, &format!("{} failed", row.counts.failed));
    match row.counts.waived {
        0 => {}
        n if n == row.counts.failed => tail = tail.dim(" (waived)"),
        n => tail = tail.dim(&format!(" ({n} waived)")),
    }
    for (n, word) in [(row.counts.manual, "manual"), (row.counts.passed, "passed")].into_iter().filter(|(n, _)| *n > 0)
    {
        tail = tail.dim(&format!(", {n} {word}"));
    }
    paper.edges(0, &head, &tail)
}

fn name(row: &Row<'_>, several: bool) -> String {
    let standard = if several { format!("{} ", row.standard.standard.short) } else { String::new() };
    format!("{standard}{}", words::short(&row.rule.id, 60))
}

fn several_standards(rows: &[&Row<'_>]) -> bool {
    rows.iter().any(|row| rows.first().is_some_and(|first| row.standard.standard.id != first.standard.standard.id))
}

fn rule(
    paper: &mut Paper<'_>,
    report: &Report<'_>,
    selection: &Selection<'_>,
    row: &Row<'_>,
    several: bool,
    all: bool,
    shown: &mut Vec<(u32, String)>,
) -> io::Result<()> {
    paper.blank()?;
    headline(paper, row, several)?;
    if let Some(why) = row.rule.hint.as_ref().filter(|_| row.is_overruled()) {
        paper.fit(Room { indent: 2, hanging: 4, lines: 3 }, &Line::new().plain(why))?;
    }

    let name = name(row, several);
    let failed = || selection.findings(row).take_while(|finding| finding.outcome.state == State::Failed);
    let failing: BTreeSet<u32> = failed().map(|finding| finding.check_index).collect();
    let seen = |at: &u32| shown.iter().find(|(known, _)| known == at).map(|(_, name)| name.as_str());
    if let Some(names) = failing.iter().map(seen).collect::<Option<BTreeSet<&str>>>().filter(|names| !names.is_empty())
    {
        let names: Vec<&str> = names.into_iter().collect();
        return paper.line(2, &Line::new().dim("same resources as ").plain(&names.join(", ")).dim(" above"));
    }

    let limit = if all { usize::MAX } else { RESOURCES };
    let mut fixes: Vec<&str> = Vec::new();
    for found in failed().take(limit) {
        finding(paper, &found, all)?;
        if !shown.iter().any(|(known, _)| *known == found.check_index) {
            shown.push((found.check_index, name.clone()));
        }
        if !fixes.contains(&found.check.check.fix.as_str()) {
            fixes.push(&found.check.check.fix);
        }
    }
    if let Some(more) = row.counts.failed.checked_sub(limit).filter(|more| *more > 0) {
        let command = format!("{} --rule {} --format csv", report.command, words::argument(&row.rule.id));
        paper.line(2, &Line::new().dim(&format!("and {more} more: ")).dim(&command))?;
    }
    for fix in fixes {
        let room = Room { indent: 2, hanging: 7, lines: if all { usize::MAX } else { 3 } };
        paper.fit(room, &Line::new().add(Ink::Green, "fix: ").plain(fix))?;
    }
    Ok(())
}

fn finding(paper: &mut Paper<'_>, finding: &Finding<'_>, all: bool) -> io::Result<()> {
    let detail = finding.outcome.detail.as_deref();
    let long = if all { usize::MAX } else { 150 };
    let mut left = Line::new().add(Ink::Cyan, &words::short(&finding.resource.to_string(), long));
    if let Some(element) = &finding.outcome.element {
        left = left.plain(" ").plain(&words::short(element, long));
    }
    let place = detail.and_then(|detail| detail.evidence.iter().find_map(|evidence| evidence.location.as_ref()));
    let right = place.map_or_else(Line::new, |place| Line::new().dim(&words::short(&place.to_string(), long)));
    paper.edges(2, &left, &right)?;
    if let Some(waiver) = &finding.outcome.waiver {
        let room = Room { indent: 4, hanging: 6, lines: if all { usize::MAX } else { 2 } };
        paper.fit(room, &Line::new().add(Ink::Yellow, "waived ").dim(&words::waiver(waiver)))?;
    }
    detail.map_or(Ok(()), |detail| evidence(paper, detail, all))
}

fn evidence(paper: &mut Paper<'_>, detail: &Detail, all: bool) -> io::Result<()> {
    let room = Room { indent: 4, hanging: 6, lines: if all { usize::MAX } else { 3 } };
    if let Some(reason) = words::reason(detail) {
        paper.fit(room, &Line::new().plain(reason))?;
    }
    let limit = if all { usize::MAX } else { PROPERTIES };
    for evidence in detail.evidence.iter().take(limit) {
        property(paper, room, evidence)?;
    }
    match detail.evidence.len().saturating_sub(limit) + detail.omitted {
        0 => Ok(()),
        1 => paper.line(4, &Line::new().dim("and 1 more property")),
        more => paper.line(4, &Line::new().dim(&format!("and {more} more properties"))),
    }
}

// A long value must not push off the page where it comes from and what was expected.
fn room_for_actual(page: usize, room: Room, evidence: &Evidence) -> usize {
    let rest = [Some(&evidence.path), evidence.source.as_ref(), Some(&evidence.expected)];
    // Beside the texts: ` = `, ` ()`, `, expected `, and what breaking lines costs; a long value costs a whole one.
    let used = rest.into_iter().flatten().map(|text| width(text) + 10).sum::<usize>();
    let line = page.saturating_sub(room.hanging);
    let left = line.saturating_mul(room.lines).saturating_sub(used);
    let fits = evidence.actual.as_ref().is_none_or(|actual| width(actual) + line / 3 <= left);
    if fits { 300 } else { left.saturating_sub(line).clamp(40, 300) }
}

/// `path = actual (source), expected ...`.
pub fn property(paper: &mut Paper<'_>, room: Room, evidence: &Evidence) -> io::Result<()> {
    let actual_limit = room_for_actual(paper.width, room, evidence);
    let line = Line::new().plain(&words::short(words::property(evidence), 300));
    let line = match &evidence.actual {
        Some(actual) => line.dim(" = ").add(Ink::Red, &words::short(actual, actual_limit)),
        None => line.dim(" is ").add(Ink::Red, "absent"),
    };
    let line = match &evidence.source {
        Some(source) => line.dim(&format!(" ({})", words::short(source, 120))),
        None => line,
    };
    paper.fit(room, &line.dim(", expected ").add(Ink::Green, &words::short(&evidence.expected, 300)))
}

/// Manual rules, together where the same thing is missing.
pub fn manual(
    paper: &mut Paper<'_>,
    report: &Report<'_>,
    selection: &Selection<'_>,
    rows: &[&Row<'_>],
    all: bool,
) -> io::Result<()> {
    let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.state == State::Manual).copied().collect();
    if rows.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    let several = several_standards(&rows);
    let named = |row: &Row<'_>| {
        let id = words::short(&row.rule.id, 60).into_owned();
        if several { format!("{} {id}", row.standard.standard.short) } else { id }
    };
    paper.line(0, &Line::new().add(Ink::Bold, &format!("Manual: {} not decided", count(rows.len(), "rule"))))?;
    let mut groups: Vec<(String, Vec<&Row<'_>>)> = Vec::new();
    let mut people: Vec<&Row<'_>> = Vec::new();
    for row in rows {
        if row.rule.checks.is_empty() {
            people.push(row);
            continue;
        }
        let missing = words::missing(selection, row);
        match groups.iter_mut().find(|(known, _)| *known == missing) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((missing, vec![row])),
        }
    }
    // Stable: equal groups stay in the order of attention.
    groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    for (_, rows) in &mut groups {
        // Without a title or a severity beside it, an id is looked for by its number.
        let name = |row: &Row<'_>| row.standard.standard.short.clone();
        rows.sort_by(|a, b| name(a).cmp(&name(b)).then_with(|| natural(&a.rule.id, &b.rule.id)));
    }
    let limit = if all { usize::MAX } else { QUESTIONS };
    for (missing, rows) in groups.iter().take(limit) {
        let room = Room { indent: 2, hanging: 4, lines: if all { usize::MAX } else { 2 } };
        // First, where no cut can take it away.
        let head = Line::new().plain(&format!("{}: ", count(rows.len(), "rule")));
        paper.fit(room, &head.add(Ink::Yellow, &words::short(missing, if all { usize::MAX } else { 300 })))?;
        let ids: Vec<String> = rows.iter().map(|row| named(row)).collect();
        let room = Room { indent: 4, hanging: 4, ..room };
        paper.fit(room, &Line::new().plain(&ids.join("  ")))?;
    }
    if !people.is_empty() {
        let head = Line::new().plain(&format!("{}: ", count(people.len(), "rule")));
        paper.line(2, &head.add(Ink::Yellow, "a person has to look"))?;
    }
    for row in people.iter().take(limit) {
        let room = Room { indent: 4, hanging: 6, lines: if all { usize::MAX } else { 2 } };
        let line = Line::new().add(Ink::Bold, &named(row)).plain("  ").plain(&words::short(&row.rule.title, 300));
        let line = row.rule.hint.as_ref().filter(|_| all).map_or(line.clone(), |hint| line.dim(": ").dim(hint));
        paper.fit(room, &line)?;
    }
    let more = groups.len().saturating_sub(limit) + people.len().saturating_sub(limit);
    if more > 0 {
        let command = format!("{} --rules --result manual", report.command);
        paper.line(2, &Line::new().dim(&format!("and {more} more: ")).dim(&command))?;
    }
    Ok(())
}

//! The page for people at a terminal.
//!
//! What deserves attention comes first and the page stays readable whatever the size of the system: the number of rules
//! and resources in detail is bounded, and what is left out is counted, with the command that shows it.

mod detail;
pub mod paper;
mod tables;

use std::collections::BTreeSet;
use std::io::{self, Write};

pub(super) use self::detail::property;
use self::paper::{Ink, Line, Paper, Room};
use super::view::{Row, Selection};
use super::{Report, words};
use crate::base::text::{count, width};
use crate::model::{Assessment, GapReason, Severity, StandardResult};

/// How the page looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// Uses colours.
    pub colour: bool,
    /// From 1 on nothing is left out of the page.
    pub verbose: u8,
    /// Which page.
    pub layout: Layout,
}

impl Default for TableStyle {
    fn default() -> TableStyle {
        TableStyle { width: 100, colour: false, verbose: 0, layout: Layout::Page }
    }
}

/// Which page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Per system: posture, what failed and why, what is missing.
    Page,
    /// One line per rule.
    Rules,
    /// Coverage of the known systems, posture per standard, one line per system.
    Overview,
}

/// Rules in detail on a page of one system.
const RULES: usize = 10;
/// Gaps and notes that are spelt out.
const REMARKS: usize = 8;

pub fn write(
    report: &Report<'_>,
    selection: &Selection<'_>,
    style: &TableStyle,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut paper = Paper::new(out, style.width, style.colour);
    let paper = &mut paper;
    match style.layout {
        Layout::Rules => {
            tables::rules(paper, selection)?;
            view_note(paper, selection)?;
        }
        Layout::Overview => tables::overview(paper, report, selection)?,
        Layout::Page => pages(paper, report, selection, style)?,
    }
    Ok(())
}

fn pages(paper: &mut Paper<'_>, report: &Report<'_>, selection: &Selection<'_>, style: &TableStyle) -> io::Result<()> {
    if report.assessments.is_empty() {
        return paper.line(0, &Line::new().plain("Nothing was assessed."));
    }
    let rules = if style.verbose > 0 { usize::MAX } else { (RULES / report.assessments.len()).max(3) };
    for (at, assessment) in report.assessments.iter().enumerate() {
        let rows: Vec<&Row<'_>> = selection.rows_of(at).collect();
        if rows.is_empty() && selection.view != &super::View::default() && report.assessments.len() > 1 {
            continue;
        }
        if at > 0 {
            paper.blank()?;
        }
        let standards: Vec<&StandardResult> = selection.standards_of(at).collect();
        header(paper, assessment, &standards)?;
        if !selection.view.namespaces.is_empty() || selection.view.resource.is_some() {
            let note =
                "Below: only resources that match the filters. Posture and counts above are of the whole system.";
            paper.line(0, &Line::new().add(Ink::Yellow, note))?;
        }
        detail::failed(paper, report, selection, &rows, rules)?;
        detail::manual(paper, report, selection, &rows, style.verbose > 0)?;
        remarks(paper, assessment, style.verbose > 0)?;
    }
    paper.blank()?;
    if report.assessments.len() > 1 {
        tables::systems(paper, report, selection)?;
        paper.blank()?;
    }
    next(paper, report, selection)
}

fn header(paper: &mut Paper<'_>, assessment: &Assessment, standards: &[&StandardResult]) -> io::Result<()> {
    let system = &assessment.system;
    let title = Line::new().add(Ink::Bold, &words::short(&system.name, 200));
    paper.edges(0, &title, &Line::new().plain(&words::kind_of(system)))?;
    let read = format!("{} from {}", words::minute(&assessment.assessed_at), words::short(&system.origin, 300));
    paper.fit(Room { indent: 0, hanging: 2, lines: 3 }, &Line::new().dim("read ").dim(&read))?;
    if let Some(part) = assessment.scope.narrowing(assessment.system.technology) {
        let part = format!("A part of the system: {part}.");
        paper.fit(Room { indent: 0, hanging: 2, lines: 3 }, &Line::new().add(Ink::Yellow, &part))?;
    }
    paper.stroke()?;
    if assessment.standards.is_empty() {
        paper.line(0, &Line::new().plain("No standard applies to this system."))?;
    } else if standards.is_empty() {
        paper.line(0, &Line::new().plain("No rule of this system matches the filters."))?;
    }
    for (at, standard) in standards.iter().enumerate() {
        if at > 0 {
            paper.blank()?;
        }
        card(paper, assessment, standard)?;
    }
    Ok(())
}

/// Name, posture, counts and coverage of one standard.
fn card(paper: &mut Paper<'_>, assessment: &Assessment, result: &StandardResult) -> io::Result<()> {
    let totals = &result.totals;
    let name = format!("{} {}", words::short(&result.standard.name, 200), words::short(&result.standard.version, 40));
    let posture = match (totals.posture(), totals.posture_with_waivers()) {
        (Some(plain), Some(waived)) if waived != plain => {
            Line::new().add(Ink::Bold, &format!("posture {plain}%")).plain(&format!(" ({waived}% with waivers)"))
        }
        (Some(plain), _) => Line::new().add(Ink::Bold, &format!("posture {plain}%")),
        (None, _) => Line::new().dim("nothing to assess"),
    };
    paper.edges(0, &Line::new().add(Ink::Bold, &name), &posture)?;
    let counts = totals.rules;
    let parts = [(Ink::Red, '█', counts.failed), (Ink::Yellow, '▒', counts.manual), (Ink::Green, '░', counts.passed)];
    let sum: usize = parts.iter().map(|(.., n)| n).sum();
    if sum > 0 {
        let columns = paper.width.min(100);
        let mut bar = Line::new();
        let mut before = 0;
        let mut drawn = 0;
        for (ink, sign, n) in parts {
            before += n;
            // Nothing that exists is drawn as nothing.
            let end = (columns * before).checked_div(sum).unwrap_or(0).max(drawn + usize::from(n > 0)).min(columns);
            bar = bar.add(ink, &sign.to_string().repeat(end - drawn));
            drawn = end;
        }
        paper.line(0, &bar)?;
    }
    let mut line = Line::new().add(Ink::Red, &format!("{} Failed", counts.failed));
    if counts.failed > 0 {
        let mut by: Vec<String> = Severity::ALL
            .iter()
            .zip(totals.failed_by_severity)
            .filter(|(_, n)| *n > 0)
            .map(|(severity, n)| format!("{n} {severity}"))
            .collect();
        if counts.waived > 0 {
            by.push(format!("{} of them waived", counts.waived));
        }
        line = line.plain(&format!(" ({})", by.join(", ")));
    }
    line = line.plain("   ").add(Ink::Yellow, &format!("{} Manual", counts.manual)).plain("   ");
    line = line.add(Ink::Green, &format!("{} Passed", counts.passed)).plain("   ");
    paper.line(0, &line.dim(&format!("{} Not relevant", counts.not_relevant)))?;
    paper.line(0, &Line::new().dim(&words::coverage(assessment, result)))?;
    if let Some(caution) = words::caution(result.standard.kind) {
        paper.line(0, &Line::new().dim(caution))?;
    }
    Ok(())
}

/// What could not be read, and what else the user should know.
fn remarks(paper: &mut Paper<'_>, assessment: &Assessment, all: bool) -> io::Result<()> {
    let limit = if all { usize::MAX } else { REMARKS };
    if !assessment.gaps.is_empty() {
        paper.blank()?;
        paper.line(0, &Line::new().add(Ink::Bold, "Not readable"))?;
        for gap in assessment.gaps.iter().take(limit) {
            let room = Room { indent: 2, hanging: 4, lines: if all { usize::MAX } else { 3 } };
            paper.fit(room, &Line::new().plain(&words::short(&gap.to_string(), if all { usize::MAX } else { 400 })))?;
        }
        rest(paper, assessment.gaps.len(), limit)?;
    }
    if !assessment.notes.is_empty() {
        paper.blank()?;
        paper.line(0, &Line::new().add(Ink::Bold, "Notes"))?;
        for note in assessment.notes.iter().take(limit) {
            let room = Room { indent: 2, hanging: 4, lines: if all { usize::MAX } else { 3 } };
            paper.fit(room, &Line::new().plain(note))?;
        }
        rest(paper, assessment.notes.len(), limit)?;
    }
    Ok(())
}

fn rest(paper: &mut Paper<'_>, all: usize, shown: usize) -> io::Result<()> {
    match all.checked_sub(shown) {
        None | Some(0) => Ok(()),
        Some(more) => paper.line(2, &Line::new().dim(&format!("and {more} more: -v shows them"))),
    }
}

fn view_note(paper: &mut Paper<'_>, selection: &Selection<'_>) -> io::Result<()> {
    if selection.left_out.rules == 0 {
        return Ok(());
    }
    let shown = format!(
        "{} of {} shown",
        selection.shown.rules,
        count(selection.shown.rules + selection.left_out.rules, "rule")
    );
    let hint = if selection.view.complete { "" } else { "; --view complete shows those that are Not relevant too" };
    paper.line(0, &Line::new().dim(&format!("{shown}{hint}")))
}

fn next(paper: &mut Paper<'_>, report: &Report<'_>, selection: &Selection<'_>) -> io::Result<()> {
    let mut steps: Vec<(String, String)> = Vec::new();
    if let Some(row) = selection.rows.first() {
        let rule = words::argument(&row.rule.id);
        steps.push((format!("spm explain {rule}"), "what it means, every resource, how to fix it".to_owned()));
    }
    if selection.shown.rules > 0 {
        steps.push((format!("{} --format csv", report.command), "every rule and resource, one per row".to_owned()));
    }
    if !selection.view.complete && selection.left_out.rules > 0 {
        let hidden = count(selection.left_out.rules, "rule");
        steps.push((
            format!("{} --view complete", report.command),
            format!("includes what is Not relevant ({hidden} hidden)"),
        ));
    }
    let refused: BTreeSet<&str> = report
        .assessments
        .iter()
        .filter(|a| a.gaps.iter().any(|gap| gap.reason == GapReason::Forbidden))
        .map(|a| a.system.technology.as_str())
        .collect();
    for technology in refused {
        steps.push((
            format!("spm permissions {technology}"),
            "the permissions that were missing, ready to apply".to_owned(),
        ));
    }
    let Some(widest) = steps.iter().map(|(command, _)| width(command)).max() else {
        return Ok(());
    };
    let beside = steps.iter().all(|(_, what)| 2 + widest + 3 + width(what) <= paper.width);
    paper.line(0, &Line::new().add(Ink::Bold, "Next"))?;
    for (command, what) in steps {
        if beside {
            let pad = " ".repeat(widest - width(&command) + 3);
            paper.line(2, &Line::new().plain(&command).plain(&pad).dim(&what))?;
        } else {
            paper.line(2, &Line::new().plain(&command))?;
            paper.line(6, &Line::new().dim(&what))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Tables: one line per rule, per system, per standard.

use std::io;

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};

use super::paper::{Ink, Line, Paper, Room};
use crate::base::text::{count, sanitise};
use crate::model::{Severity, StandardResult, State, Totals};
use crate::report::view::Selection;
use crate::report::{OtherStatus, Report, words};

/// A table whose last `numbers` columns are numbers and whose column `wide` takes the space that is left.
fn table(paper: &Paper<'_>, header: &[&str], wide: usize, numbers: usize) -> Table {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─'));
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(paper.width).unwrap_or(u16::MAX));
    table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    if paper.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at + 1 < header.len() { 2 } else { 0 }));
        if at != wide {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if at + numbers >= header.len() {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Failed scans that are told one by one.
const FAILED: usize = 10;
/// Columns of a name that must leave room for others.
const NAME: usize = 24;

fn text(text: &str, columns: usize) -> Cell {
    Cell::new(words::short(&sanitise(text), columns))
}

/// Columns from which on a table has room for more than it needs.
const ROOMY: usize = 100;

fn standard_cell(paper: &Paper<'_>, result: &StandardResult) -> Cell {
    let standard = &result.standard;
    let version = if paper.width < ROOMY { String::new() } else { format!(" {}", standard.version) };
    text(&format!("{}{version}", standard.short), NAME)
}

fn colour(ink: Ink) -> Color {
    match ink {
        Ink::Red | Ink::Alarm => Color::DarkRed,
        Ink::Yellow => Color::DarkYellow,
        Ink::Green => Color::DarkGreen,
        Ink::Cyan => Color::DarkCyan,
        Ink::Dim => Color::DarkGrey,
        Ink::Plain | Ink::Bold => Color::Reset,
    }
}

fn number(n: usize, ink: Ink) -> Cell {
    if n == 0 { Cell::new("-").fg(Color::DarkGrey) } else { Cell::new(n).fg(colour(ink)) }
}

/// One line per rule that the view shows.
pub fn rules(paper: &mut Paper<'_>, selection: &Selection<'_>) -> io::Result<()> {
    if selection.rows.is_empty() {
        return paper.line(0, &Line::new().plain("No rule matches the filters."));
    }
    let differs = |same: fn(&crate::report::Row<'_>, &crate::report::Row<'_>) -> bool| {
        selection.rows.iter().any(|row| selection.rows.first().is_some_and(|first| !same(row, first)))
    };
    let systems = differs(|a, b| a.system == b.system);
    let standards = differs(|a, b| a.standard.standard.id == b.standard.standard.id);
    let mut header = vec!["Severity", "Result"];
    header.extend(systems.then_some("System"));
    let roomy = paper.width >= ROOMY;
    header.extend((standards && roomy).then_some("Standard"));
    let wide = header.len() + 1;
    header.extend(["Rule", "Title", "Failed", "Manual"]);
    header.extend(roomy.then_some("Passed"));
    let mut table = table(paper, &header, wide, header.len() - wide - 1);
    for row in &selection.rows {
        let severity = match row.rule.severity {
            Some(severity) => {
                let cell = Cell::new(severity).fg(colour(Ink::of_severity(severity)));
                if severity == Severity::Critical { cell.add_attribute(Attribute::Bold) } else { cell }
            }
            None => Cell::new("-"),
        };
        let mut cells = vec![severity, Cell::new(row.result_label()).fg(colour(Ink::of_state(row.state)))];
        if systems {
            cells.push(text(&row.assessment.system.name, NAME.min(paper.width / 8)));
        }
        if standards && roomy {
            cells.push(standard_cell(paper, row.standard));
            cells.push(text(&row.rule.id, NAME));
        } else if standards {
            cells.push(text(&format!("{} {}", row.standard.standard.short, row.rule.id), NAME.min(paper.width / 5)));
        } else {
            cells.push(text(&row.rule.id, NAME));
        }
        let partly = if row.rule.partly { " (technical part only)" } else { "" };
        cells.push(text(&format!("{}{partly}", words::short(&row.rule.title, 200)), 230));
        cells.push(failed(row.counts.failed, row.counts.waived));
        cells.push(number(row.counts.manual, Ink::Yellow));
        if roomy {
            cells.push(number(row.counts.passed, Ink::Green));
        }
        table.add_row(cells);
    }
    paper.table(&table, &[wide])?;
    let waived = selection.rows.iter().any(|row| row.counts.waived > 0);
    if waived { paper.line(0, &Line::new().dim("in brackets: waived")) } else { Ok(()) }
}

/// Failed, and how many of them are waived.
fn failed(failed: usize, waived: usize) -> Cell {
    if waived == 0 { number(failed, Ink::Red) } else { Cell::new(format!("{failed} ({waived})")).fg(colour(Ink::Red)) }
}

/// Headings of what [`totals`] fills in.
const TOTALS: [&str; 5] = ["Posture", "Failed", "C/H/M/L", "Manual", "Passed"];

fn totals(cells: &mut Vec<Cell>, totals: &Totals) {
    let [critical, high, medium, low] = totals.failed_by_severity;
    let worst = Severity::ALL.into_iter().zip(totals.failed_by_severity).find(|(_, n)| *n > 0);
    let severities = Cell::new(format!("{critical}/{high}/{medium}/{low}"));
    cells.push(posture(totals));
    cells.push(failed(totals.rules.failed, totals.rules.waived));
    cells.push(severities.fg(colour(worst.map_or(Ink::Dim, |(severity, _)| Ink::of_severity(severity)))));
    cells.push(number(totals.rules.manual, Ink::of_state(State::Manual)));
    cells.push(number(totals.rules.passed, Ink::of_state(State::Passed)));
}

fn posture(totals: &Totals) -> Cell {
    match (totals.posture(), totals.posture_with_waivers()) {
        (Some(plain), Some(waived)) if plain != waived => Cell::new(format!("{plain}% ({waived}%)")),
        (Some(plain), _) => Cell::new(format!("{plain}%")),
        (None, _) => Cell::new("-"),
    }
}

/// One line per system and standard.
pub fn systems(paper: &mut Paper<'_>, report: &Report<'_>, selection: &Selection<'_>) -> io::Result<()> {
    let mut header = vec!["System", "Standard", "Assessed"];
    header.extend(TOTALS);
    let mut table = table(paper, &header, 0, TOTALS.len());
    for (at, assessment) in report.assessments.iter().enumerate() {
        let time = words::minute(&assessment.assessed_at);
        let time = if paper.width < ROOMY { time.get(..10).unwrap_or_default().into() } else { time };
        let failed = if report.failed_since(assessment).is_some() { " (failed since)" } else { "" };
        let part = if assessment.scope.is_narrowed() { " (a part)" } else { "" };
        let time = format!("{time}{part}{failed}");
        for standard in selection.standards_of(at) {
            let mut cells = vec![text(&assessment.system.name, 60), standard_cell(paper, standard), text(&time, 60)];
            totals(&mut cells, &standard.totals);
            table.add_row(cells);
        }
        if assessment.standards.is_empty() {
            table.add_row(vec![text(&assessment.system.name, 60), Cell::new("none applies"), text(&time, 60)]);
        }
    }
    for other in report.others {
        table.add_row(vec![text(&other.name, 60), Cell::new(other.status.label()).fg(Color::DarkYellow)]);
    }
    paper.table(&table, &[0])
}

/// Coverage of the known systems, a card per standard, the systems.
pub fn overview(paper: &mut Paper<'_>, report: &Report<'_>, selection: &Selection<'_>) -> io::Result<()> {
    let known = report.assessments.len() + report.others.len();
    let title = format!("{} of {} assessed", report.assessments.len(), count(known, "known system"));
    paper.line(0, &Line::new().add(Ink::Bold, &title))?;
    for status in [OtherStatus::NotEnabled, OtherStatus::NoData] {
        let names: Vec<_> =
            report.others.iter().filter(|o| o.status == status).map(|o| words::short(&o.name, 60)).collect();
        if !names.is_empty() {
            let line = Line::new().add(Ink::Yellow, &format!("{} {}: ", names.len(), status.label()));
            paper.fit(Room { indent: 2, hanging: 4, lines: 4 }, &line.plain(&names.join(", ")))?;
        }
    }
    for failed in report.failed.iter().take(FAILED) {
        let line = Line::new().add(Ink::Yellow, "Last scan failed: ").plain(&words::short(&failed.name, 60));
        let why = format!(" at {}: {}", words::minute(&failed.at), words::short(&failed.why, 300));
        paper.fit(Room { indent: 2, hanging: 4, lines: 3 }, &line.dim(&why))?;
    }
    if let Some(more @ 1..) = report.failed.len().checked_sub(FAILED) {
        paper.line(2, &Line::new().dim(&format!("and the last scan of {}", count(more, "more system"))))?;
    }
    paper.blank()?;
    // Of assessed systems there are rows, unless filters took all rules away.
    if selection.rows.is_empty() && selection.left_out.rules > 0 && report.others.is_empty() {
        return paper.line(0, &Line::new().plain("No rule matches the filters."));
    }
    let mut header = vec!["Standard", "Systems", "Rules"];
    header.extend(TOTALS);
    let mut cards = table(paper, &header, 0, header.len() - 1);
    for card in crate::report::cards(selection) {
        let rules = card.totals.rules.total();
        let mut cells = vec![text(&card.name, 80), Cell::new(card.systems), Cell::new(rules)];
        totals(&mut cells, &card.totals);
        cards.add_row(cells);
    }
    paper.table(&cards, &[0])?;
    paper.blank()?;
    paper.line(0, &Line::new().add(Ink::Bold, "My systems"))?;
    systems(paper, report, selection)?;
    paper.line(
        0,
        &Line::new().dim("C/H/M/L: failed rules by severity, critical, high, medium, low; in brackets: waived"),
    )
}

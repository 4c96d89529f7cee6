//! Tables: one line per rule, per system, per standard.

use std::io;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

use super::paper::{Ink, Line, Paper};
use crate::base::text::{count, sanitise};
use crate::model::{Severity, StandardResult, State, Totals};
use crate::report::view::Selection;
use crate::report::{OtherStatus, Report, words};

fn table(paper: &Paper<'_>, header: &[&str], numbers: usize) -> Table {
    let mut table = Table::new();
    let line = LineStyle::new('─', '─', '─', '─');
    table.load_style(TableStyle::new().header_separator(line)).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(paper.width).unwrap_or(u16::MAX));
    table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    if paper.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for column in table.column_iter_mut().skip(header.len().saturating_sub(numbers)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn text(text: &str, columns: usize) -> Cell {
    Cell::new(words::short(&sanitise(text), columns))
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
    header.extend(standards.then_some("Standard"));
    header.extend(["Rule", "Title", "Failed", "Waived", "Manual", "Passed"]);
    let mut table = table(paper, &header, 4);
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
            cells.push(text(&row.assessment.system.name, 40));
        }
        if standards {
            cells.push(text(&format!("{} {}", row.standard.standard.short, row.standard.standard.version), 40));
        }
        cells.push(text(&row.rule.id, 40));
        let partly = if row.rule.partly { " (technical part only)" } else { "" };
        cells.push(text(&format!("{}{partly}", words::short(&row.rule.title, 200)), 230));
        cells.push(number(row.counts.failed, Ink::Red));
        cells.push(number(row.counts.waived, Ink::Dim));
        cells.push(number(row.counts.manual, Ink::Yellow));
        cells.push(number(row.counts.passed, Ink::Green));
        table.add_row(cells);
    }
    paper.table(&table)
}

const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

fn totals(cells: &mut Vec<Cell>, totals: &Totals) {
    cells.push(number(totals.rules.failed, Ink::Red));
    for (severity, n) in Severity::ALL.into_iter().zip(totals.failed_by_severity) {
        cells.push(number(n, Ink::of_severity(severity)));
    }
    cells.push(number(totals.rules.waived, Ink::Dim));
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
    let mut header = vec!["System", "Standard", "Assessed", "Posture", "Failed"];
    header.extend(SEVERITIES);
    header.extend(["waived", "Manual", "Passed"]);
    let mut table = table(paper, &header, 9);
    for (at, assessment) in report.assessments.iter().enumerate() {
        let shown = |s: &&StandardResult| selection.rows_of(at).any(|row| std::ptr::eq(row.standard, *s));
        let time = words::minute(&assessment.assessed_at);
        for standard in assessment.standards.iter().filter(shown) {
            let name = format!("{} {}", standard.standard.short, standard.standard.version);
            let mut cells = vec![text(&assessment.system.name, 60), text(&name, 40), text(&time, 30)];
            cells.push(posture(&standard.totals));
            totals(&mut cells, &standard.totals);
            table.add_row(cells);
        }
        if assessment.standards.is_empty() {
            table.add_row(vec![text(&assessment.system.name, 60), Cell::new("none applies"), text(&time, 30)]);
        }
    }
    for other in report.others {
        table.add_row(vec![text(&other.name, 60), Cell::new(other.status.label()).fg(Color::DarkYellow)]);
    }
    paper.table(&table)
}

/// Coverage of the known systems, a card per standard, the systems.
pub fn overview(paper: &mut Paper<'_>, report: &Report<'_>, selection: &Selection<'_>) -> io::Result<()> {
    let known = report.assessments.len() + report.others.len();
    let title = format!("{} of {} assessed", report.assessments.len(), count(known, "known system"));
    paper.line(0, &Line::new().add(Ink::Bold, &title))?;
    for status in [OtherStatus::NotEnabled, OtherStatus::NoData] {
        let names: Vec<_> = report.others.iter().filter(|o| o.status == status).map(|o| words::short(&o.name, 60)).collect();
        if !names.is_empty() {
            let line = Line::new().add(Ink::Yellow, &format!("{} {}: ", names.len(), status.label()));
            paper.line(2, &line.plain(&names.join(", ")))?;
        }
    }
    paper.blank()?;
    let mut header = vec!["Standard", "Systems", "Posture", "Rules", "Failed"];
    header.extend(SEVERITIES);
    header.extend(["waived", "Manual", "Passed"]);
    let mut cards = table(paper, &header, 11);
    for card in crate::report::cards(selection) {
        let mut cells = vec![text(&card.name, 80), Cell::new(card.systems), posture(&card.totals)];
        cells.push(Cell::new(card.totals.rules.total()));
        totals(&mut cells, &card.totals);
        cards.add_row(cells);
    }
    paper.table(&cards)?;
    paper.blank()?;
    paper.line(0, &Line::new().add(Ink::Bold, "My systems"))?;
    systems(paper, report, selection)
}

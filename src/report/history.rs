//! The posture of systems over time: a chart and a table, or JSON, format `spm.history/v1`.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use super::terminal::paper::{Ink, Line, Paper, Room};
use super::{TableStyle, words};
use crate::model::{Scope, StandardInfo, Technology, Totals};

/// One standard on one system, or on the same part of it, over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Technology of the system.
    pub technology: Technology,
    /// Its name.
    pub system: String,
    /// The standard.
    pub standard: StandardInfo,
    /// How much of the system the scans looked at.
    pub scope: Scope,
    /// The scans, the oldest first.
    pub points: Vec<Point>,
}

/// One scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Id of the scan.
    pub scan: String,
    /// When the configuration was read, RFC 3339 in UTC.
    pub assessed_at: String,
    /// Sums over the rules.
    pub totals: Totals,
}

/// Lines of the chart; one stands for 20 percent.
const HEIGHT: usize = 5;
/// Scans in the table, unless all are asked for.
const ROWS: usize = 10;

/// For people at a terminal.
pub fn write_text(series: &[Series], style: &TableStyle, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let mut paper = Paper::new(&mut out, style.width, style.colour);
    for (at, series) in series.iter().enumerate() {
        if at > 0 {
            paper.blank()?;
        }
        let title = format!("{} {}", series.standard.name, series.standard.version);
        let left = Line::new().add(Ink::Bold, &words::short(&series.system, 100));
        paper.edges(0, &left, &Line::new().plain(&words::short(&title, 100)))?;
        if let Some(scope) = series.scope.label(series.technology) {
            paper.fit(Room { indent: 0, hanging: 2, lines: 2 }, &Line::new().dim(&scope))?;
        }
        chart(&mut paper, &series.points)?;
        table(&mut paper, &series.points, if style.verbose > 0 { usize::MAX } else { ROWS })?;
    }
    out.flush()
}

/// A column per scan, the newest at the right; as many as fit.
fn chart(paper: &mut Paper<'_>, points: &[Point]) -> io::Result<()> {
    let room = paper.width.saturating_sub(7).max(1);
    // Few scans get wide columns.
    let wide = (room / points.len().max(1)).clamp(1, 4);
    let shown = points.get(points.len().saturating_sub(room / wide)..).unwrap_or_default();
    for line in (0..HEIGHT).rev() {
        let scale = if line + 1 == HEIGHT {
            "100%"
        } else if line == 0 {
            "0%"
        } else {
            ""
        };
        let mut columns = Line::new().dim(&format!("{scale:>4} │"));
        for point in shown {
            columns = match point.totals.posture() {
                Some(posture) => columns.add(Ink::Green, &block(posture, line).to_string().repeat(wide)),
                None => columns.dim(&if line == 0 { "·" } else { " " }.repeat(wide)),
            };
        }
        paper.line(0, &columns)?;
    }
    paper.line(0, &Line::new().dim(&format!("     └{}", "─".repeat(shown.len() * wide))))
}

/// The part of a column of `posture` percent that stands in this line, from 0 at the bottom.
fn block(posture: u32, line: usize) -> char {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    // In eighths of lines, at least one: a scan without anything passed is there, too.
    let eighths = (posture as usize * HEIGHT * 8).div_ceil(100).max(1);
    BLOCKS.get(eighths.saturating_sub(line * 8).min(8)).copied().unwrap_or(' ')
}

fn table(paper: &mut Paper<'_>, points: &[Point], limit: usize) -> io::Result<()> {
    let head = format!(
        "{:20}  {:16}  {:>7}  {:>14}  {:>6}  {:>6}  {:>6}",
        "Assessed", "Scan", "Posture", "Failed", "Waived", "Manual", "Passed"
    );
    paper.line(0, &Line::new().add(Ink::Bold, &head))?;
    for (at, point) in points.iter().enumerate().rev().take(limit) {
        let Totals { rules, .. } = point.totals;
        let posture = point.totals.posture().map_or_else(|| "-".to_owned(), |posture| format!("{posture}%"));
        let before = at.checked_sub(1).and_then(|before| points.get(before));
        let change = before.map(|before| rules.failed as i64 - before.totals.rules.failed as i64);
        let change = change.filter(|change| *change != 0).map_or_else(String::new, |change| format!(" ({change:+})"));
        let line = format!(
            "{:20}  {:16}  {posture:>7}  {:>14}  {:>6}  {:>6}  {:>6}",
            words::minute(&point.assessed_at),
            words::short(&point.scan, 16),
            format!("{}{change}", rules.failed),
            rules.waived,
            rules.manual,
            rules.passed
        );
        paper.line(0, &Line::new().plain(&line))?;
    }
    match points.len().checked_sub(limit) {
        Some(more) if more > 0 => paper.line(0, &Line::new().dim(&format!("and {more} earlier: -v lists them"))),
        _ => Ok(()),
    }
}

/// For tools.
pub fn write_json(series: &[Series], out: &mut dyn Write) -> io::Result<()> {
    let point = |point: &Point| -> Value {
        let Totals { rules, out_of_scope, failed_by_severity: [critical, high, medium, low], .. } = point.totals;
        json!({
            "scan_id": point.scan, "assessed_at": point.assessed_at, "posture_percent": point.totals.posture(),
            "posture_percent_with_waivers": point.totals.posture_with_waivers(), "failed": rules.failed,
            "waived": rules.waived, "manual": rules.manual, "passed": rules.passed, "not_relevant": rules.not_relevant,
            "out_of_scope": out_of_scope,
            "failed_by_severity": {"critical": critical, "high": high, "medium": medium, "low": low},
        })
    };
    let series = series.iter().map(|series| {
        json!({
            "system": series.system, "technology": series.technology, "standard_id": series.standard.id,
            "standard": series.standard.short, "standard_version": series.standard.version, "scope": series.scope,
            "scans": series.points.iter().map(point).collect::<Vec<_>>(),
        })
    });
    let document = json!({"format": "spm.history/v1", "history": series.collect::<Vec<_>>()});
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn series(passed: &[usize]) -> Series {
        let cluster = testing::cluster();
        let point = |(at, passed): (usize, &usize)| {
            let mut totals = Totals::default();
            totals.rules.passed = *passed;
            totals.rules.failed = 10 - passed;
            Point { scan: format!("{at:016x}"), assessed_at: format!("2026-11-{:02}T08:00:00Z", at + 1), totals }
        };
        let points = passed.iter().enumerate().map(point).collect();
        let standard = cluster.standards[0].standard.clone();
        let scope = Scope::default();
        Series { technology: Technology::Kubernetes, system: "prod".to_owned(), standard, scope, points }
    }

    fn page(series: &[Series], width: usize) -> String {
        let mut out = Vec::new();
        write_text(series, &TableStyle { width, ..TableStyle::default() }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_chart_and_a_table() {
        insta::assert_snapshot!(page(&[series(&[0, 3, 5, 5, 9, 10])], 90));
    }

    #[test]
    fn many_scans_fit_the_width() {
        let many: Vec<usize> = (0..500).map(|n| n % 11).collect();
        let page = page(&[series(&many)], 90);
        assert!(page.lines().all(|line| crate::base::text::width(line) <= 90), "{page}");
        assert!(page.contains("and 490 earlier"));
    }

    #[test]
    fn blocks_grow_with_the_posture() {
        let column = |posture| (0..HEIGHT).map(|line| block(posture, line)).collect::<String>();
        assert_eq!(column(0), "▁    ");
        assert_eq!(column(50), "██▄  ");
        assert_eq!(column(100), "█████");
    }
}

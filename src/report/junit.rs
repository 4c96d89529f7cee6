//! JUnit XML that both living schemas accept (Ant's and Jenkins'): a suite per system and standard, a test case per rule and
//! resource, and one for a rule without resources or whose result is not what they show.
//!
//! Failed is a failure, Manual and Not relevant are skipped with the reason, a waived failure is skipped with its waiver.
//! `skipped` carries its reason as text: one of the schemas knows no message attribute there. The names of a suite's cases
//! are unique: servers take a second one of the same name for the first.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::view::{Finding, Row, Selection};
use super::{Report, words};
use crate::base::text::sanitise;
use crate::model::{Assessment, StandardResult, State};

pub fn write(report: &Report<'_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>")?;
    let mut id = 0;
    for (at, assessment) in report.assessments.iter().enumerate() {
        for standard in &assessment.standards {
            let rows: Vec<&Row<'_>> =
                selection.rows_of(at).filter(|row| std::ptr::eq(row.standard, standard)).collect();
            if !rows.is_empty() {
                suite(out, id, assessment, standard, &rows, selection)?;
                id += 1;
            }
        }
    }
    writeln!(out, "</testsuites>")
}

fn suite(
    out: &mut dyn Write,
    id: usize,
    assessment: &Assessment,
    standard: &StandardResult,
    rows: &[&Row<'_>],
    selection: &Selection<'_>,
) -> io::Result<()> {
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for row in rows {
        for finding in selection.findings(row) {
            tests += 1;
            match verdict(finding.outcome.state, finding.outcome.waiver.is_some()) {
                Verdict::Failure => failures += 1,
                Verdict::Skipped => skipped += 1,
                Verdict::Fine => {}
            }
        }
        if has_own_case(row, selection) {
            tests += 1;
            failures += usize::from(row.state == State::Failed);
            skipped += usize::from(matches!(row.state, State::Manual | State::NotRelevant));
        }
    }
    let system = escape(&assessment.system.name);
    let name = escape(&format!("{} {}", standard.standard.name, standard.standard.version));
    let time = escape(assessment.assessed_at.get(..19).unwrap_or("1970-01-01T00:00:00"));
    writeln!(
        out,
        "  <testsuite id=\"{id}\" package=\"{system}\" name=\"{name}\" timestamp=\"{time}\" hostname=\"{system}\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\">"
    )?;
    writeln!(out, "    <properties>")?;
    for (key, value) in [("technology", assessment.system.technology.as_str()), ("standard", &standard.standard.id)] {
        writeln!(out, "      <property name=\"{key}\" value=\"{}\"/>", escape(value))?;
    }
    if let Some(posture) = standard.totals.posture() {
        writeln!(out, "      <property name=\"posture_percent\" value=\"{posture}\"/>")?;
    }
    writeln!(out, "    </properties>")?;
    for row in rows {
        cases(out, row, selection)?;
    }
    writeln!(out, "    <system-out>{}</system-out>", escape(&words::coverage(assessment, standard)))?;
    let problems: Vec<String> =
        assessment.gaps.iter().map(ToString::to_string).chain(assessment.notes.iter().cloned()).collect();
    let problems: Vec<String> = problems.iter().map(|problem| escape(problem)).collect();
    writeln!(out, "    <system-err>{}</system-err>\n  </testsuite>", problems.join("\n"))
}

enum Verdict {
    Failure,
    Skipped,
    Fine,
}

fn verdict(state: State, waived: bool) -> Verdict {
    match state {
        State::Failed if !waived => Verdict::Failure,
        State::Failed | State::Manual | State::NotRelevant => Verdict::Skipped,
        State::Passed => Verdict::Fine,
    }
}

/// The rule itself is a case, beside those of its resources.
fn has_own_case(row: &Row<'_>, selection: &Selection<'_>) -> bool {
    row.is_overruled() || selection.findings(row).next().is_none()
}

/// What tells the case of a resource under this rule from the others of the suite.
fn name(row: &Row<'_>, finding: &Finding<'_>) -> String {
    let mut name = format!("{} {}", row.rule.id, finding.resource);
    if let Some(element) = &finding.outcome.element {
        // Writing to a String cannot fail.
        _ = write!(name, " {element}");
    }
    if row.rule.checks.len() > 1 {
        _ = write!(name, ", {}", finding.check.check.id);
        let checks = row.rule.checks.iter().filter_map(|at| row.assessment.checks.get(usize::try_from(*at).ok()?));
        if checks.filter(|other| other.check.id == finding.check.check.id).count() > 1 {
            finding.check.params.iter().for_each(|(name_of, value)| _ = write!(name, " {name_of}={value}"));
        }
    }
    name
}

fn cases(out: &mut dyn Write, row: &Row<'_>, selection: &Selection<'_>) -> io::Result<()> {
    let system = escape(&row.assessment.system.name);
    let severity = row.rule.severity.map_or("none", |severity| severity.as_str());
    let title = escape(&row.rule.title);
    for finding in selection.findings(row) {
        let outcome = finding.outcome;
        let name = escape(&name(row, &finding));
        let class = escape(&finding.resource.kind);
        write!(out, "    <testcase name=\"{name}\" classname=\"{system}.{class}\" time=\"0\"")?;
        match verdict(outcome.state, outcome.waiver.is_some()) {
            Verdict::Fine => writeln!(out, "/>")?,
            Verdict::Skipped => writeln!(out, "><skipped>{}</skipped></testcase>", escape(&skip_reason(&finding)))?,
            Verdict::Failure => {
                let text = escape_lines(&failure(&finding));
                writeln!(out, "><failure type=\"{severity}\" message=\"{title}\">{text}</failure></testcase>")?;
            }
        }
    }
    if has_own_case(row, selection) {
        let name = escape(&format!("{} {}", row.rule.id, row.rule.title));
        write!(out, "    <testcase name=\"{name}\" classname=\"{system}.rule\" time=\"0\"")?;
        let hint = row.rule.hint.as_deref().unwrap_or_default();
        match row.state {
            State::Passed => writeln!(out, "/>")?,
            State::Failed => {
                let text = escape(hint);
                writeln!(out, "><failure type=\"{severity}\" message=\"{title}\">{text}</failure></testcase>")?;
            }
            State::Manual | State::NotRelevant => {
                let reason = format!("{}: {hint}", row.result_label());
                writeln!(out, "><skipped>{}</skipped></testcase>", escape(&reason))?;
            }
        }
    }
    Ok(())
}

fn skip_reason(finding: &Finding<'_>) -> String {
    if let Some(waiver) = &finding.outcome.waiver {
        return format!("Failed, waived {}", words::waiver(waiver));
    }
    let detail = finding.outcome.detail.as_deref();
    let mut text = finding.outcome.state.label().to_owned();
    for part in [detail.map(|detail| detail.reason.as_str()), detail.and_then(|detail| detail.hint.as_deref())] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            // Writing to a String cannot fail.
            _ = write!(text, ": {part}");
        }
    }
    text
}

// One line per deciding property, then the fix.
fn failure(finding: &Finding<'_>) -> String {
    let mut text = String::new();
    if let Some(detail) = finding.outcome.detail.as_deref() {
        if let Some(reason) = words::reason(detail) {
            _ = writeln!(text, "{}", line(reason));
        }
        for evidence in &detail.evidence {
            let actual =
                evidence.actual.as_ref().map_or_else(|| " is absent".to_owned(), |a| format!(" = {}", line(a)));
            _ = write!(text, "{}{actual}, expected {}", line(words::property(evidence)), line(&evidence.expected));
            if let Some(location) = &evidence.location {
                _ = write!(text, " ({})", line(&location.to_string()));
            }
            text.push('\n');
        }
        if detail.omitted > 0 {
            _ = writeln!(text, "and {} more properties", detail.omitted);
        }
    }
    text + "fix: " + &line(&finding.check.check.fix)
}

// Line breaks of untrusted text must not look like ours.
fn line(text: &str) -> String {
    sanitise(text).into_owned()
}

fn escape(text: &str) -> String {
    escape_lines(&sanitise(text))
}

/// Escapes what has a meaning in XML; keeps line breaks.
fn escape_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write these, whatever the escape.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, TableStyle, View, testing, write};

    fn junit(report: &Report<'_>, view: &View) -> String {
        let mut out = Vec::new();
        write(Format::Junit, report, view, &TableStyle::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    // Sum of a number in the start tags of the suites.
    fn sum(xml: &str, attribute: &str) -> usize {
        let suites = xml.lines().filter(|line| line.trim_start().starts_with("<testsuite "));
        let number = |line: &str| {
            let (_, rest) = line.split_once(&format!(" {attribute}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse::<usize>().unwrap()
        };
        suites.map(number).sum()
    }

    #[test]
    fn a_case_for_every_resource_and_for_every_rule_without_one() {
        for (name, set) in testing::sets() {
            for view in [View::default(), View { complete: true, ..View::default() }] {
                let report = testing::report(&set);
                let selection = view.select(&report);
                let alone = selection.rows.iter().filter(|row| super::has_own_case(row, &selection)).count();
                let xml = junit(&report, &view);
                assert_eq!(xml.matches("<testcase ").count(), selection.shown.findings + alone, "{name}");
                assert_eq!(sum(&xml, "tests"), selection.shown.findings + alone, "{name}");
                assert_eq!(sum(&xml, "failures"), xml.matches("<failure ").count(), "{name}");
                for suite in xml.split("<testsuite ") {
                    let names: Vec<&str> = suite
                        .lines()
                        .filter_map(|line| line.split_once("<testcase "))
                        .map(|(_, rest)| rest.split_once(" time=").unwrap().0)
                        .collect();
                    let unique: std::collections::BTreeSet<&&str> = names.iter().collect();
                    assert_eq!(unique.len(), names.len(), "{name}");
                }
                assert_eq!(sum(&xml, "skipped"), xml.matches("<skipped>").count(), "{name}");
            }
        }
    }

    #[test]
    fn hostile_text_stays_text() {
        let xml = junit(&testing::report(&[testing::hostile()]), &View::default());
        assert!(!xml.contains("<script") && !xml.contains("</td>"));
        assert!(xml.contains("&lt;script&gt;"));
        assert!(xml.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn a_cluster() {
        let view =
            View { standards: vec!["cis".to_owned()], resource: Some("shop/cart".to_owned()), ..View::default() };
        insta::assert_snapshot!(junit(&testing::report(&[testing::cluster()]), &view));
    }
}

//! Markdown for pull requests and tickets: posture, a table of what failed, the first resources of each rule, what is missing.
//!
//! Names and values from the system stand in code spans, where nothing is a link, a mention or markup. Rules stand there in
//! detail, the worst first, as long as a comment has room for them; what is left out is counted.

use std::io::{self, Write};

use super::view::{Row, Selection};
use super::{Report, words};
use crate::base::text::{count, sanitise};
use crate::model::{Assessment, Evidence, Severity, StandardResult, State};

/// Bytes from which on no rule is added in detail: comments of GitHub hold 65,536 characters.
const ROOM: usize = 60_000;
/// Resources under one rule.
const RESOURCES: usize = 5;
/// Deciding properties of one resource.
const PROPERTIES: usize = 3;
/// Columns of a name or value.
const LONG: usize = 200;
/// Gaps and notes per system.
const REMARKS: usize = 20;

pub fn write(report: &Report<'_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Security posture")?;
    if report.assessments.is_empty() {
        writeln!(out, "\nNothing was assessed.")?;
    }
    // Tables come whole; what room they leave is for details.
    let mut systems = Vec::new();
    for (at, assessment) in report.assessments.iter().enumerate() {
        let rows: Vec<&Row<'_>> = selection.rows_of(at).collect();
        let failed: Vec<&Row<'_>> = rows.iter().filter(|row| row.state == State::Failed).copied().collect();
        let standards: Vec<&StandardResult> = selection.standards_of(at).collect();
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        system(&mut head, assessment, &standards)?;
        failed_table(&mut head, &failed)?;
        manual(&mut tail, selection, &rows)?;
        remarks(&mut tail, assessment)?;
        systems.push((failed, head, tail));
    }
    let mut room = ROOM.saturating_sub(systems.iter().map(|(_, head, tail)| head.len() + tail.len()).sum());
    for (failed, head, tail) in systems {
        out.write_all(&head)?;
        let mut told = 0;
        for row in &failed {
            let mut text = Vec::new();
            detail(&mut text, selection, row)?;
            let Some(rest) = room.checked_sub(text.len()) else { break };
            (room, told) = (rest, told + 1);
            out.write_all(&text)?;
        }
        if told < failed.len() {
            writeln!(out, "\nand {}, see the table above.", count(failed.len() - told, "more failed rule"))?;
        }
        out.write_all(&tail)?;
    }
    if !report.others.is_empty() {
        writeln!(out, "\n## Not assessed\n")?;
        for other in report.others {
            let why = other.why.as_ref().map_or_else(String::new, |why| format!(", {}", text(why)));
            writeln!(out, "- {}: {}{why}", code(&other.name), other.status.label())?;
        }
    }
    if selection.left_out.rules > 0 {
        writeln!(out, "\n{} not shown.", count(selection.left_out.rules, "rule"))?;
    }
    Ok(())
}

fn system(out: &mut dyn Write, assessment: &Assessment, standards: &[&StandardResult]) -> io::Result<()> {
    let system = &assessment.system;
    writeln!(out, "\n## {}\n", code(&system.name))?;
    let kind = text(&words::kind_of(system));
    writeln!(out, "{kind}, read {} from {}\n", text(&words::minute(&assessment.assessed_at)), code(&system.origin))?;
    if let Some(part) = assessment.scope.narrowing(assessment.system.technology) {
        writeln!(out, "A part of the system: {}.\n", text(&part))?;
    }
    if standards.is_empty() {
        return writeln!(out, "No rule to show.");
    }
    writeln!(
        out,
        "| Standard | Posture | Failed | Critical | High | Medium | Low | Waived | Manual | Passed | Not relevant |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for result in standards {
        let totals = &result.totals;
        let posture = match (totals.posture(), totals.posture_with_waivers()) {
            (Some(plain), Some(waived)) if plain != waived => format!("{plain}% ({waived}% with waivers)"),
            (Some(plain), _) => format!("{plain}%"),
            (None, _) => "nothing to assess".to_owned(),
        };
        let [critical, high, medium, low] = totals.failed_by_severity;
        let counts = totals.rules;
        let name = format!("{} {}", text(&result.standard.name), text(&result.standard.version));
        writeln!(
            out,
            "| {name} | {posture} | {} | {critical} | {high} | {medium} | {low} | {} | {} | {} | {} |",
            counts.failed, counts.waived, counts.manual, counts.passed, counts.not_relevant
        )?;
    }
    writeln!(out)?;
    for result in standards {
        let caution = words::caution(result.standard.kind).map_or_else(String::new, |caution| format!(" {caution}"));
        writeln!(out, "- {}: {}{caution}", text(&result.standard.short), words::coverage(assessment, result))?;
    }
    Ok(())
}

fn failed_table(out: &mut dyn Write, rows: &[&Row<'_>]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Failed: {}\n", count(rows.len(), "rule"))?;
    writeln!(out, "| Severity | Standard | Rule | Title | Failed | Waived | Manual | Passed |")?;
    writeln!(out, "| --- | --- | --- | --- | ---: | ---: | ---: | ---: |")?;
    for row in rows {
        let severity = row.rule.severity.map_or("", Severity::as_str);
        let counts = row.counts;
        writeln!(
            out,
            "| {severity} | {} | {} | {} | {} | {} | {} | {} |",
            text(&row.standard.standard.short),
            text(&row.rule.id),
            text(&row.rule.title),
            counts.failed,
            counts.waived,
            counts.manual,
            counts.passed
        )?;
    }
    Ok(())
}

/// A failed rule with the first of its resources.
fn detail(out: &mut dyn Write, selection: &Selection<'_>, row: &Row<'_>) -> io::Result<()> {
    let (id, title) = (text(&row.rule.id), text(&row.rule.title));
    writeln!(out, "\n#### {} {id} {title}\n", text(&row.standard.standard.short))?;
    if row.is_overruled() {
        writeln!(out, "{}\n", prose(row.rule.hint.as_deref().unwrap_or_default()))?;
    }
    let failed = || selection.findings(row).take_while(|finding| finding.outcome.state == State::Failed);
    for finding in failed().take(RESOURCES) {
        let element = finding.outcome.element.as_ref().map_or_else(String::new, |e| format!(" {}", code(e)));
        let waiver = finding.outcome.waiver.as_ref();
        let waiver = waiver.map_or_else(String::new, |w| format!(", waived {}", text(&words::waiver(w))));
        writeln!(out, "- {}{element}{waiver}", code(&finding.resource.to_string()))?;
        let Some(detail) = finding.outcome.detail.as_deref() else { continue };
        if let Some(reason) = words::reason(detail) {
            writeln!(out, "  - {}", text(reason))?;
        }
        for evidence in detail.evidence.iter().take(PROPERTIES) {
            writeln!(out, "  - {}", property(evidence))?;
        }
        let more = detail.evidence.len().saturating_sub(PROPERTIES) + detail.omitted;
        if more > 0 {
            writeln!(out, "  - properties not listed: {more}")?;
        }
    }
    if row.counts.failed > RESOURCES {
        writeln!(out, "- and {} more", row.counts.failed - RESOURCES)?;
    }
    let mut fixes: Vec<&str> = failed().map(|finding| finding.check.check.fix.as_str()).take(RESOURCES).collect();
    fixes.dedup();
    for fix in fixes {
        writeln!(out, "\nFix: {}", prose(fix))?;
    }
    Ok(())
}

/// A deciding property: where, what it is, what it should be.
pub fn property(evidence: &Evidence) -> String {
    let actual = match &evidence.actual {
        Some(actual) => format!("is {}", code(actual)),
        None => "is absent".to_owned(),
    };
    let source = evidence.source.as_ref().map_or_else(String::new, |source| format!(" ({})", text(source)));
    let place = evidence.location.as_ref().map_or_else(String::new, |l| format!(", {}", code(&l.to_string())));
    format!("{} {actual}{source}, expected {}{place}", code(words::property(evidence)), code(&evidence.expected))
}

fn manual(out: &mut dyn Write, selection: &Selection<'_>, rows: &[&Row<'_>]) -> io::Result<()> {
    let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.state == State::Manual).copied().collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Manual: {} not decided\n", count(rows.len(), "rule"))?;
    writeln!(out, "| Standard | Rule | Title | Missing |")?;
    writeln!(out, "| --- | --- | --- | --- |")?;
    for row in rows {
        let missing = text(&words::missing(selection, row));
        let short = text(&row.standard.standard.short);
        writeln!(out, "| {short} | {} | {} | {missing} |", text(&row.rule.id), text(&row.rule.title))?;
    }
    Ok(())
}

fn remarks(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    let gaps: Vec<String> = assessment.gaps.iter().map(ToString::to_string).collect();
    for (title, remarks) in [("Not readable", &gaps), ("Notes", &assessment.notes)] {
        if remarks.is_empty() {
            continue;
        }
        writeln!(out, "\n### {title}\n")?;
        for remark in remarks.iter().take(REMARKS) {
            writeln!(out, "- {}", text(remark))?;
        }
        if remarks.len() > REMARKS {
            writeln!(out, "- and {} more", remarks.len() - REMARKS)?;
        }
    }
    Ok(())
}

/// Prose of a rule file, whole, where backticks mark what is typed: that stays code, and nothing else is markup.
pub fn prose(raw: &str) -> String {
    let parts: Vec<&str> = raw.split('`').collect();
    // An odd backtick, of a cut text or a fault of the rule, marks nothing.
    if parts.len().is_multiple_of(2) || parts.iter().skip(1).step_by(2).any(|part| part.trim().is_empty()) {
        return escape(raw);
    }
    parts.iter().enumerate().map(|(at, part)| if at % 2 == 1 { span(part) } else { escape(part) }).collect()
}

/// Text from a system, cut to a bearable length, in which nothing is markup.
pub fn text(raw: &str) -> String {
    escape(&words::short(raw, 2 * LONG))
}

/// Every character that could be markup is escaped, and what GitHub would take for a mention or an address is broken.
fn escape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len() + 16);
    for c in sanitise(raw).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A comment between two characters shows nothing and stops mentions and links.
            '@' => out.push_str("@<!-- -->"),
            c => out.push(c),
        }
    }
    out.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

/// A name or value, cut to a bearable length, as a code span; not for tables, where a bar would end the cell.
pub fn code(raw: &str) -> String {
    span(&words::short(raw, LONG))
}

fn span(raw: &str) -> String {
    let safe = sanitise(raw);
    let longest = safe.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A span that begins or ends with a backtick or is empty needs spaces inside.
    let pad = if safe.starts_with('`') || safe.ends_with('`') || safe.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{safe}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use crate::model::{Counts, State};
    use crate::report::{Format, Report, TableStyle, View, testing, write};

    fn markdown(report: &Report<'_>, view: &View) -> String {
        let mut out = Vec::new();
        write(Format::Markdown, report, view, &TableStyle::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cluster() {
        let others = testing::others();
        let set = [testing::cluster()];
        let report = Report { others: &others, ..testing::report(&set) };
        insta::assert_snapshot!(markdown(&report, &View::default()));
    }

    #[test]
    fn every_failed_resource_is_listed_or_counted() {
        for (name, set) in testing::sets() {
            let report = testing::report(&set);
            let view = View::default();
            let selection = view.select(&report);
            let failed: usize = selection.rows.iter().map(|row| row.counts.failed).sum();
            let page = markdown(&report, &view);
            if !page.contains("see the table above") {
                let listed = page.lines().filter(|line| line.starts_with("- `") && !line.contains(" assessed")).count();
                let counted: usize = page
                    .lines()
                    .filter_map(|line| line.strip_prefix("- and ")?.strip_suffix(" more")?.parse::<usize>().ok())
                    .sum();
                assert_eq!(listed + counted, failed, "{name}");
            }
        }
    }

    #[test]
    fn it_fits_into_a_comment() {
        let mut large = testing::large(120, 40);
        for check in &mut large.checks {
            for outcome in &mut check.outcomes {
                outcome.state = State::Failed;
                outcome.detail = Some(testing::failure("spec.template.spec", Some(&"x".repeat(300)), "another").into());
            }
        }
        for rule in &mut large.standards[0].rules {
            rule.state = State::Failed;
            rule.counts = Counts { failed: 40, ..Counts::default() };
        }
        let page = markdown(&testing::report(&[large]), &View::default());
        assert!(page.len() < 65_536, "{}", page.len());
        let told = page.matches("\n#### ").count();
        assert!(
            told > 5 && page.contains(&format!("and {} more failed rules, see the table above.", 120 - told)),
            "{told}"
        );
    }

    #[test]
    fn what_a_rule_file_marks_as_code_stays_code() {
        assert_eq!(super::prose("Set `a_b: [x]` on *each*."), "Set `a_b: [x]` on \\*each\\*.");
        assert_eq!(super::prose("odd ` one"), "odd \\` one");
        let long = format!("Run `{}`.", "x ".repeat(600).trim());
        assert_eq!(super::prose(&long), long, "a command that is cut is none");
        assert_eq!(super::prose("`` empty"), "\\`\\` empty");
    }

    #[test]
    fn hostile_text_is_neither_markup_nor_mention() {
        let page = markdown(&testing::report(&[testing::hostile()]), &View::default());
        // Outside of code spans.
        let prose: Vec<&str> = page.lines().filter(|line| !line.contains("``")).collect();
        for line in prose {
            assert!(!line.contains("<script"), "{line}");
            assert!(!line.contains("[x]("), "{line}");
        }
        assert!(page.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')));
        assert_eq!(
            super::text("@team see https://x.y/#1 | <b>"),
            "@<!-- -->team see https:<!-- -->//x.y/\\#1 \\| &lt;b&gt;"
        );
        assert_eq!(super::code("a``b"), "```a``b```");
        assert_eq!(super::code("`a"), "`` `a ``");
        assert_eq!(super::code("a|b"), "`a|b`");
    }
}

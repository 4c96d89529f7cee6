//! The explanation for tickets.

use std::io::{self, Write};

use super::{Explanation, Filter, SystemPart, Trace, configuration_impact};
use crate::base::text::count;
use crate::model::{CheckInfo, State};
use crate::report::markdown::{code, property, prose, text};
use crate::report::words;

/// Resources listed per system.
const RESOURCES: usize = 100;

pub fn write(
    explanations: &[Explanation<'_>],
    filter: &Filter,
    traces: &[Trace],
    out: &mut dyn Write,
) -> io::Result<()> {
    for (at, explanation) in explanations.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "# {} {}\n", text(&explanation.name()), text(explanation.title()))?;
        if let Some((standard, rule)) = explanation.rule {
            writeln!(
                out,
                "- Standard: [{} {}]({})",
                text(&standard.name),
                text(&standard.version),
                link(&standard.url)
            )?;
            for (name, value) in words::metadata(rule) {
                writeln!(out, "- {}: {}", text(name), text(value))?;
            }
            if rule.partly {
                writeln!(out, "- Checks show the technical part only")?;
            }
            if let Some(caution) = words::caution(standard.kind) {
                writeln!(out, "- {caution}")?;
            }
        } else {
            writeln!(out, "- Asked for by: {}", text(&explanation.asked_by.join(", ")))?;
        }
        if let Some(severity) = explanation.severity() {
            writeln!(out, "- Severity: {severity}")?;
        }
        for check in &explanation.checks {
            self::check(out, check)?;
        }
        let hints = explanation.hints();
        if !hints.is_empty() {
            writeln!(out, "\n## If it has to be decided by a person\n")?;
            hints.iter().try_for_each(|hint| writeln!(out, "{}\n", prose(hint)))?;
        }
        for trace in traces.iter().filter(|trace| explanation.checks.iter().any(|check| check.id == trace.check)) {
            writeln!(out, "\n## How {} decides\n", code(&trace.check))?;
            // Indented code needs no fence that the text could close.
            trace.logic.lines().try_for_each(|line| writeln!(out, "    {}", crate::base::text::sanitise(line)))?;
            writeln!(out)?;
            for (source, paths) in &trace.reads {
                writeln!(out, "- reads {}: {}", code(source), code(&paths.join(", ")))?;
            }
        }
        for part in &explanation.systems {
            system(out, part, filter, traces)?;
        }
        if explanation.systems.is_empty() {
            writeln!(out, "\nNot assessed on any system yet.")?;
        }
    }
    Ok(())
}

fn check(out: &mut dyn Write, check: &CheckInfo) -> io::Result<()> {
    writeln!(out, "\n## {}\n", text(&check.title))?;
    writeln!(out, "- Check: {}, assesses each {}", code(&check.id), code(&check.resource))?;
    writeln!(out, "- Severity: {} ({}), {}", check.severity(), check.ccss.base(), code(&check.ccss.to_string()))?;
    writeln!(out, "- Likelihood: {}", text(&check.ccss.likelihood()))?;
    writeln!(out, "- Technical impact: {}", text(&check.ccss.technical_impact()))?;
    writeln!(out, "- Configuration impact: {}", configuration_impact(check))?;
    writeln!(out, "\n**Why it matters.** {}\n\n**How to fix.** {}", prose(&check.why), prose(&check.fix))?;
    if !check.links.is_empty() {
        writeln!(out)?;
        check.links.iter().try_for_each(|url| writeln!(out, "- <{}>", link(url)))?;
    }
    Ok(())
}

fn system(out: &mut dyn Write, part: &SystemPart<'_>, filter: &Filter, traces: &[Trace]) -> io::Result<()> {
    let counts = part.counts;
    writeln!(out, "\n## {}: {}\n", code(&part.assessment.system.name), part.state.label())?;
    writeln!(
        out,
        "Last assessed {} (scan {}): {} failed, {} of them waived, {} manual, {} passed, {} not relevant.\n",
        text(&words::minute(&part.assessment.assessed_at)),
        code(&part.assessment.id),
        counts.failed,
        counts.waived,
        counts.manual,
        counts.passed,
        counts.not_relevant
    )?;
    if let Some(hint) = part.hint.filter(|_| counts.total() == 0) {
        writeln!(out, "{}\n", prose(hint))?;
    }
    let (findings, left_out) = part.findings(filter);
    for finding in findings.iter().take(RESOURCES) {
        let element =
            finding.outcome.element.as_ref().map_or_else(String::new, |element| format!(" {}", code(element)));
        let waiver = finding.outcome.waiver.as_ref();
        let waiver = waiver.map_or_else(String::new, |waiver| format!(", waived {}", text(&words::waiver(waiver))));
        let state = finding.outcome.state;
        writeln!(out, "- **{}** {}{element}{waiver}", state.label(), code(&finding.resource.to_string()))?;
        let Some(detail) = finding.outcome.detail.as_deref() else { continue };
        if let Some(reason) = words::reason(detail) {
            let label = if state == State::Manual { "missing: " } else { "" };
            writeln!(out, "  - {label}{}", text(reason))?;
        }
        if let Some(hint) = detail.hint.as_ref().filter(|hint| **hint != detail.reason) {
            writeln!(out, "  - look at: {}", text(hint))?;
        }
        detail.evidence.iter().try_for_each(|evidence| writeln!(out, "  - {}", property(evidence)))?;
        if detail.omitted > 0 {
            writeln!(out, "  - properties not listed: {}", detail.omitted)?;
        }
    }
    let more = findings.len().saturating_sub(RESOURCES);
    if more + left_out > 0 {
        writeln!(out, "\nNot listed: {}.", count(more + left_out, "more resource"))?;
    }
    part.gaps(traces).into_iter().try_for_each(|gap| writeln!(out, "\nNot readable: {}", text(&gap.to_string())))
}

/// An address that cannot end the link that it stands in.
fn link(url: &str) -> String {
    url.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '<' | '>' | '[' | ']')).collect()
}

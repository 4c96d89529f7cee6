//! The explanation for people at a terminal.

use std::io::{self, Write};

use super::{Explanation, Filter, SystemPart, Trace, configuration_impact};
use crate::base::text::count;
use crate::model::{CheckInfo, Counts, State};
use crate::report::terminal::paper::{Ink, Line, Paper, Room};
use crate::report::terminal::property;
use crate::report::view::Finding;
use crate::report::{TableStyle, words};

/// Resources listed per system, unless all are asked for.
const RESOURCES: usize = 20;
/// Deciding properties listed per resource.
const PROPERTIES: usize = 5;

pub fn write(
    explanations: &[Explanation<'_>],
    filter: &Filter,
    traces: &[Trace],
    style: &TableStyle,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut paper = Paper::new(out, style.width, style.colour);
    for (at, explanation) in explanations.iter().enumerate() {
        if at > 0 {
            paper.blank()?;
        }
        let page = Page { explanation, filter, traces, all: style.verbose > 0 };
        page.write(&mut paper)?;
    }
    Ok(())
}

struct Page<'a> {
    explanation: &'a Explanation<'a>,
    filter: &'a Filter,
    traces: &'a [Trace],
    all: bool,
}

impl Page<'_> {
    fn write(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        self.head(paper)?;
        for check in &self.explanation.checks {
            paper.blank()?;
            self.check(paper, check)?;
        }
        let hints = self.explanation.hints();
        if !hints.is_empty() {
            paper.section("If it has to be decided by a person", &hints.join("\n"))?;
        }
        for trace in self.traces.iter().filter(|trace| self.explanation.checks.iter().any(|c| c.id == trace.check)) {
            self.trace(paper, trace)?;
        }
        for part in &self.explanation.systems {
            paper.blank()?;
            self.system(paper, part)?;
        }
        if self.explanation.systems.is_empty() {
            paper.blank()?;
            paper.line(0, &Line::new().dim("Not assessed on any system yet: spm scan"))?;
        }
        Ok(())
    }

    fn head(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        let explanation = self.explanation;
        let title = Line::new().add(Ink::Bold, &words::short(&explanation.name(), 100)).plain("  ");
        let title = title.add(Ink::Bold, &words::short(explanation.title(), 300));
        let severity = explanation.severity().map_or_else(Line::new, |severity| {
            Line::new().add(Ink::of_severity(severity), &format!(" {} ", severity.as_str().to_uppercase()))
        });
        paper.edges(0, &title, &severity)?;
        match explanation.rule {
            Some((standard, rule)) => {
                let mut about = format!("{} {}", standard.name, standard.version);
                for (name, value) in words::metadata(rule) {
                    about.push_str(&format!(", {name} {}", words::short(value, 100)));
                }
                if rule.partly {
                    about.push_str(", checks show the technical part only");
                }
                if rule.out_of_scope {
                    about.push_str(", out of scope: no configuration can show it");
                }
                paper.line(0, &Line::new().dim(&about))?;
                paper.line(0, &Line::new().dim(&standard.url))?;
                if let Some(caution) = words::caution(standard.kind) {
                    paper.line(0, &Line::new().dim(caution))?;
                }
            }
            None => {
                let users = &explanation.asked_by;
                let users = if users.is_empty() { "no standard".to_owned() } else { users.join(", ") };
                paper.line(0, &Line::new().dim(&format!("asked for by {users}")))?;
            }
        }
        paper.stroke()
    }

    fn check(&self, paper: &mut Paper<'_>, check: &CheckInfo) -> io::Result<()> {
        let views = [
            format!("{} ({}), {}", check.severity(), check.ccss.base(), check.ccss),
            format!("likelihood: {}", check.ccss.likelihood()),
            format!("technical impact: {}", check.ccss.technical_impact()),
            format!("configuration impact: {}", configuration_impact(check)),
        ];
        let several = self.explanation.checks.len() > 1;
        let id = if several || self.explanation.rule.is_some() { check.id.as_str() } else { "" };
        if !id.is_empty() {
            paper.labelled("Check", id)?;
        }
        for (at, view) in views.iter().enumerate() {
            paper.labelled(if at == 0 { "Severity" } else { "" }, view)?;
        }
        paper.section("What it means", &format!("{}. Assessed on each {}.", check.title, check.resource))?;
        paper.section("Why it matters", &check.why)?;
        paper.section("How to fix", &check.fix)?;
        if !check.links.is_empty() {
            paper.section("More", &check.links.join("\n"))?;
        }
        Ok(())
    }

    fn system(&self, paper: &mut Paper<'_>, part: &SystemPart<'_>) -> io::Result<()> {
        let system = &part.assessment.system;
        let name = format!("{} ({})", words::short(&system.name, 100), words::kind_of(system));
        let left = Line::new().add(Ink::Bold, &name);
        let right = Line::new().add(Ink::of_state(part.state), part.state.label()).plain(&counted(part.counts));
        paper.edges(0, &left, &right)?;
        let when =
            format!("last assessed {}, scan {}", words::minute(&part.assessment.assessed_at), part.assessment.id);
        paper.line(2, &Line::new().dim(&when))?;
        for (_, check) in &part.checks {
            self.parameters(paper, check)?;
        }
        if part.checks.is_empty() || part.counts.total() == 0 {
            let hint = part.hint.unwrap_or("nothing was there to assess");
            return paper.line(2, &Line::new().plain(&part.state.label().to_lowercase()).plain(": ").plain(hint));
        }
        let (findings, left_out) = part.findings(self.filter);
        let limit = if self.all || self.filter.resource.is_some() { usize::MAX } else { RESOURCES };
        for finding in findings.iter().take(limit) {
            self.finding(paper, finding)?;
        }
        if let Some(more) = findings.len().checked_sub(limit).filter(|more| *more > 0) {
            let how = "-v lists them, --resource TEXT finds one, --result picks";
            paper.line(2, &Line::new().dim(&format!("and {more} more: {how}")))?;
        }
        if findings.is_empty() {
            paper.line(2, &Line::new().plain("No resource matches."))?;
        }
        if left_out > 0 {
            let hidden = count(left_out, "resource");
            paper.line(
                2,
                &Line::new().dim(&format!("{hidden} not listed (other results, Not relevant or other names)")),
            )?;
        }
        for gap in part.gaps(self.traces) {
            paper
                .line(2, &Line::new().add(Ink::Yellow, "not readable: ").plain(&words::short(&gap.to_string(), 400)))?;
        }
        Ok(())
    }

    fn parameters(&self, paper: &mut Paper<'_>, check: &crate::model::CheckResult) -> io::Result<()> {
        if self.traces.is_empty() && check.customised.is_empty() {
            return Ok(());
        }
        for (name, value) in &check.params {
            let own = if check.customised.contains(name) { " (changed from what the standard asks)" } else { "" };
            let text = format!("{} {name} = {}{own}", check.check.id, words::short(value, 300));
            paper.line(2, &Line::new().dim("parameter ").plain(&text))?;
        }
        Ok(())
    }

    fn finding(&self, paper: &mut Paper<'_>, finding: &Finding<'_>) -> io::Result<()> {
        let state = finding.outcome.state;
        let long = if self.all { usize::MAX } else { 200 };
        let mut left = Line::new().add(Ink::of_state(state), &format!("{:12}", state.label()));
        left = left.add(Ink::Cyan, &words::short(&finding.resource.to_string(), long));
        if let Some(element) = &finding.outcome.element {
            left = left.plain(" ").plain(&words::short(element, long));
        }
        let detail = finding.outcome.detail.as_deref();
        let place = detail.and_then(|detail| detail.evidence.iter().find_map(|evidence| evidence.location.as_ref()));
        let right = place.map_or_else(Line::new, |place| Line::new().dim(&words::short(&place.to_string(), 150)));
        paper.edges(2, &left, &right)?;
        let room = Room { indent: 14, hanging: 16, lines: if self.all { usize::MAX } else { 4 } };
        if let Some(waiver) = &finding.outcome.waiver {
            paper.fit(room, &Line::new().add(Ink::Yellow, "waived ").dim(&words::waiver(waiver)))?;
        }
        let Some(detail) = detail else { return Ok(()) };
        let label = if state == State::Manual { "missing: " } else { "" };
        if let Some(reason) = words::reason(detail) {
            paper.fit(room, &Line::new().dim(label).plain(reason))?;
        }
        if let Some(hint) = detail.hint.as_ref().filter(|hint| **hint != detail.reason) {
            paper.fit(room, &Line::new().dim("look at: ").plain(hint))?;
        }
        let limit = if self.all || !self.traces.is_empty() { usize::MAX } else { PROPERTIES };
        for evidence in detail.evidence.iter().take(limit) {
            property(paper, room, evidence)?;
        }
        match detail.evidence.len().saturating_sub(limit) + detail.omitted {
            0 => Ok(()),
            more => paper.line(14, &Line::new().dim(&format!("properties not listed: {more}"))),
        }
    }

    fn trace(&self, paper: &mut Paper<'_>, trace: &Trace) -> io::Result<()> {
        paper.blank()?;
        paper.line(0, &Line::new().add(Ink::Bold, "How it decides  ").plain(&trace.check))?;
        for line in trace.logic.lines() {
            let indent = line.len() - line.trim_start().len();
            paper.fit(
                Room { indent: 2 + indent, hanging: 6 + indent, lines: 9 },
                &Line::new().plain(line.trim_start()),
            )?;
        }
        for (source, paths) in &trace.reads {
            let room = Room { indent: 2, hanging: 4, lines: usize::MAX };
            paper.fit(room, &Line::new().dim("reads ").add(Ink::Cyan, source).dim(": ").plain(&paths.join(", ")))?;
        }
        Ok(())
    }
}

/// `: 3 failed (1 waived), 2 passed`.
fn counted(counts: Counts) -> String {
    let waived = if counts.waived > 0 { format!(" ({} waived)", counts.waived) } else { String::new() };
    let parts = [
        (counts.failed, format!("failed{waived}")),
        (counts.manual, "manual".to_owned()),
        (counts.passed, "passed".to_owned()),
        (counts.not_relevant, "not relevant".to_owned()),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

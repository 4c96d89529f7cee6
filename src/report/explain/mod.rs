//! One rule in full: what it asks for, how each resource does and why, what is missing, why it matters, how to fix it.

mod json;
mod markdown;
mod text;

use std::io::{self, BufWriter, Write};

use super::{TableStyle, names_standard};
use crate::model::{Assessment, CheckInfo, CheckResult, Counts, Gap, RuleResult, StandardInfo, State};
use crate::report::view::Finding;

/// A rule, or a check by itself, with the systems that it was assessed on.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The rule and its standard; none if a check is explained by itself.
    pub rule: Option<(&'a StandardInfo, &'a RuleResult)>,
    /// Rules that ask for the check (`CIS 5.2.2`), if it is explained by itself.
    pub asked_by: Vec<String>,
    /// The checks, each once, whatever its parameters.
    pub checks: Vec<&'a CheckInfo>,
    /// Per system how it does; empty if nothing was assessed.
    pub systems: Vec<SystemPart<'a>>,
}

/// How one system does.
#[derive(Debug)]
pub struct SystemPart<'a> {
    /// Its assessment.
    pub assessment: &'a Assessment,
    /// The state over its resources.
    pub state: State,
    /// Outcomes per state.
    pub counts: Counts,
    /// What to look at, or why it is not relevant.
    pub hint: Option<&'a str>,
    /// Results of the checks, with their places in the assessment.
    pub checks: Vec<(u32, &'a CheckResult)>,
}

/// Which resources are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of `Kind namespace/name element`.
    pub resource: Option<String>,
    /// Results; without any, all but Not relevant.
    pub results: Vec<State>,
}

/// How a check decides, for those who want to follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Id of the check.
    pub check: String,
    /// Its logic as the rule file says it.
    pub logic: String,
    /// What it reads: kind or view, and its paths.
    pub reads: Vec<(String, Vec<String>)>,
}

/// Forms in which explanations are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people at a terminal.
    Text,
    /// For tickets.
    Markdown,
    /// For tools, format `spm.explanation/v1`.
    Json,
}

/// The rules that `query` names in the assessments: by id (`5.2.2`), with the standard before it (`CIS 5.2.2`,
/// `cis@1.12.0 5.2.2`), or by a check that they ask for, which is explained by itself. Of standards only the named ones, if
/// any are. With `assessed` unset the assessments stand for the rules alone and no system is listed.
pub fn find<'a>(
    assessments: &'a [Assessment],
    query: &str,
    standards: &[String],
    assessed: bool,
) -> Vec<Explanation<'a>> {
    let query = normal(query);
    let mut found: Vec<Explanation<'a>> = Vec::new();
    for assessment in assessments {
        for result in assessment.standards.iter().filter(|result| names_standard(standards, &result.standard)) {
            let standard = &result.standard;
            for rule in result.rules.iter().filter(|rule| is_named(&query, standard, rule)) {
                let known = |e: &Explanation<'_>| e.rule.is_some_and(|(s, r)| s.id == standard.id && r.id == rule.id);
                let explanation = entry(&mut found, known, || Some((standard, rule)));
                let checks = rule.checks.iter().filter_map(|at| Some((*at, assessment.checks.get(*at as usize)?)));
                let checks = checks.collect();
                let (state, counts, hint) = (rule.state, rule.counts, rule.hint.as_deref());
                explanation.add(SystemPart { assessment, state, counts, hint, checks }, assessed);
            }
        }
        let own = |(at, check): (usize, &'a CheckResult)| Some((u32::try_from(at).ok()?, check));
        let checks: Vec<_> =
            assessment.checks.iter().enumerate().filter(|(_, c)| c.check.id == query).filter_map(own).collect();
        if checks.is_empty() {
            continue;
        }
        let explanation = entry(&mut found, |e| e.rule.is_none(), || None);
        for result in assessment.standards.iter().filter(|result| names_standard(standards, &result.standard)) {
            for rule in result.rules.iter().filter(|rule| checks.iter().any(|(at, _)| rule.checks.contains(at))) {
                let name = format!("{} {}", result.standard.short, rule.id);
                if !explanation.asked_by.contains(&name) {
                    explanation.asked_by.push(name);
                }
            }
        }
        let mut counts = Counts::default();
        checks.iter().for_each(|(_, check)| counts.merge(check.counts));
        explanation.add(SystemPart { assessment, state: counts.state(), counts, hint: None, checks }, assessed);
    }
    found
}

/// Names by which the rules and checks of the assessments can be asked for.
pub fn names(assessments: &[Assessment]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for assessment in assessments {
        for result in &assessment.standards {
            let rules = result.rules.iter();
            names.extend(rules.flat_map(|rule| [rule.id.clone(), format!("{} {}", result.standard.short, rule.id)]));
        }
        names.extend(assessment.checks.iter().map(|check| check.check.id.clone()));
    }
    names.sort();
    names.dedup();
    names
}

fn entry<'f, 'a>(
    found: &'f mut Vec<Explanation<'a>>,
    known: impl Fn(&Explanation<'a>) -> bool,
    rule: impl FnOnce() -> Option<(&'a StandardInfo, &'a RuleResult)>,
) -> &'f mut Explanation<'a> {
    let at = found.iter().position(known).unwrap_or_else(|| {
        found.push(Explanation { rule: rule(), asked_by: Vec::new(), checks: Vec::new(), systems: Vec::new() });
        found.len() - 1
    });
    &mut found[at]
}

impl<'a> Explanation<'a> {
    fn add(&mut self, part: SystemPart<'a>, assessed: bool) {
        for (_, check) in &part.checks {
            if !self.checks.iter().any(|known| known.id == check.check.id) {
                self.checks.push(&check.check);
            }
        }
        if assessed {
            self.systems.push(part);
        }
    }

    /// `CIS 5.2.2`, or the id of the check.
    pub fn name(&self) -> String {
        match self.rule {
            Some((standard, rule)) => format!("{} {}", standard.short, rule.id),
            None => self.checks.first().map(|check| check.id.clone()).unwrap_or_default(),
        }
    }

    fn title(&self) -> &'a str {
        match self.rule {
            Some((_, rule)) => &rule.title,
            None => self.checks.first().map_or("", |check| check.title.as_str()),
        }
    }

    fn severity(&self) -> Option<crate::model::Severity> {
        match self.rule {
            Some((_, rule)) => rule.severity,
            None => self.checks.iter().map(|check| check.severity()).max(),
        }
    }

    /// What a person must look at: of the rule, then of its checks.
    fn hints(&self) -> Vec<&'a str> {
        let own = self.rule.filter(|(_, rule)| rule.checks.is_empty()).and_then(|(_, rule)| rule.hint.as_deref());
        let mut hints: Vec<&str> = own.into_iter().collect();
        hints.extend(self.checks.iter().filter_map(|check| check.hint.as_deref()));
        hints.dedup();
        hints
    }
}

impl<'a> SystemPart<'a> {
    /// The resources that the filter lists: failed ones first, of those the waived last. Then how many it leaves out.
    fn findings(&self, filter: &Filter) -> (Vec<Finding<'a>>, usize) {
        let text = filter.resource.as_deref().map(str::to_lowercase);
        let mut all = 0;
        let mut findings = Vec::new();
        for (check_index, check) in &self.checks {
            for outcome in &check.outcomes {
                let Some(resource) = self.assessment.resources.get(outcome.resource as usize) else { continue };
                all += 1;
                let named = || match &outcome.element {
                    Some(element) => format!("{resource} {element}").to_lowercase(),
                    None => resource.to_string().to_lowercase(),
                };
                if filter.lists(outcome.state) && text.as_ref().is_none_or(|text| named().contains(text)) {
                    findings.push(Finding { check_index: *check_index, check, outcome, resource });
                }
            }
        }
        findings.sort_by_key(|finding| (finding.outcome.state, finding.is_waived()));
        let left_out = all - findings.len();
        (findings, left_out)
    }

    /// What could not be read of the kinds that the traced checks read.
    fn gaps(&self, traces: &[Trace]) -> Vec<&'a Gap> {
        let reads = |kind: &str| traces.iter().flat_map(|trace| &trace.reads).any(|(source, _)| source == kind);
        self.assessment.gaps.iter().filter(|gap| reads(&gap.kind)).collect()
    }
}

impl Filter {
    fn lists(&self, state: State) -> bool {
        if self.results.is_empty() { state != State::NotRelevant } else { self.results.contains(&state) }
    }
}

/// In lower case, words divided by one space: `CIS/5.2.2` is `cis 5.2.2`.
fn normal(text: &str) -> String {
    text.replace('/', " ").split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn is_named(query: &str, standard: &StandardInfo, rule: &RuleResult) -> bool {
    let id = normal(&rule.id);
    let Some(before) = query.strip_suffix(&id) else { return false };
    let before = before.trim_end();
    let spaced = before.rsplit_once(' ').map(|(name, version)| format!("{name}@{version}"));
    let names: Vec<String> = std::iter::once(before.to_owned()).chain(spaced).collect();
    // Without the space, 5.2.2 would be found in 15.2.2.
    before.is_empty() && query.len() == id.len()
        || query.ends_with(&format!(" {id}")) && names_standard(&names, standard)
}

/// The kind of control, in words.
fn configuration_impact(check: &CheckInfo) -> String {
    format!("a failure weakens a control that is there to {}", check.control.as_str())
}

/// Writes the explanations. `traces` are of their checks, and empty if nobody asked for them.
pub fn write(
    form: Form,
    explanations: &[Explanation<'_>],
    filter: &Filter,
    traces: &[Trace],
    style: &TableStyle,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    match form {
        Form::Text => text::write(explanations, filter, traces, style, &mut out)?,
        Form::Markdown => markdown::write(explanations, filter, traces, &mut out)?,
        Form::Json => json::write(explanations, filter, traces, &mut out)?,
    }
    out.flush()
}

#[cfg(test)]
mod tests;

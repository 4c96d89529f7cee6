//! From outcomes to the results of rules and standards.

use std::rc::Rc;

use crate::model::{CheckResult, Counts, RuleResult, Severity, StandardResult, State, Totals};
use crate::rules::{Planned, Rule, Standard};

/// How `assessment: manual` of a benchmark is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ManualMode {
    /// What can be decided is decided.
    #[default]
    Decide,
    /// The benchmark's word: such rules are Manual, with what was found as evidence.
    Strict,
}

/// The results of a standard over evaluated checks.
pub fn standard_result(planned: &Planned, checks: &[CheckResult], mode: ManualMode) -> StandardResult {
    let Planned { standard, selected, rules } = planned;
    let mut results: Vec<RuleResult> =
        standard.rules.iter().zip(rules).map(|(rule, own)| rule_result(standard, rule, own, checks, mode)).collect();
    results.sort_by_key(attention);
    let totals = Totals::of(&results);
    StandardResult { standard: standard.info.clone(), selected: *selected, rules: results, totals }
}

// Failed before Manual before Passed before Not relevant, the severe ones first; the file order (natural order of ids) stays.
fn attention(rule: &RuleResult) -> (bool, State, std::cmp::Reverse<Option<Severity>>) {
    (rule.out_of_scope, rule.state, std::cmp::Reverse(rule.severity))
}

/// The severity of a rule in `state` over its checks: the highest of them; if it failed, of those that failed. A wide
/// requirement is no critical finding because one of its many checks would be.
pub(super) fn severity<'c>(state: State, checks: impl Iterator<Item = &'c CheckResult> + Clone) -> Option<Severity> {
    let failed = checks.clone().filter(|result| state == State::Failed && result.counts.failed > 0);
    failed.map(|result| result.check.severity()).max().or_else(|| checks.map(|result| result.check.severity()).max())
}

fn rule_result(
    standard: &Rc<Standard>,
    rule: &Rule,
    own: &[u32],
    checks: &[CheckResult],
    mode: ManualMode,
) -> RuleResult {
    let results = || own.iter().filter_map(|at| checks.get(*at as usize));
    let mut counts = Counts::default();
    for result in results() {
        counts.merge(result.counts);
    }
    let by_hand = mode == ManualMode::Strict && (rule.assessed_manually || rule.partly);
    let state = match own.is_empty() {
        true => State::Manual,
        false if by_hand && counts.state() != State::NotRelevant => State::Manual,
        false => counts.state(),
    };
    let severity = severity(state, results()).or_else(|| rule.ccss.map(|ccss| ccss.severity()));
    let hint = match (&rule.manual, state) {
        (Some(hint), _) => Some(hint.clone()),
        (None, State::NotRelevant) => {
            results().flat_map(|r| &r.outcomes).find_map(|o| o.detail.as_ref()).map(|d| d.reason.clone())
        }
        (None, State::Manual) if by_hand => Some(format!(
            "{} asks for a person's judgement; found: {} failed, {} manual, {} passed",
            standard.info.short, counts.failed, counts.manual, counts.passed
        )),
        (None, State::Manual) => results().find_map(|r| r.check.hint.clone()),
        _ => None,
    };
    let mut metadata = rule.metadata.clone();
    metadata.push(("assessment".to_owned(), if rule.assessed_manually { "manual" } else { "automated" }.to_owned()));
    RuleResult {
        id: rule.id.clone(),
        title: rule.title.clone(),
        metadata,
        severity: if rule.out_of_scope { None } else { severity },
        state,
        counts,
        checks: own.to_vec(),
        hint,
        out_of_scope: rule.out_of_scope,
        partly: rule.partly,
        source: rule.source.clone(),
    }
}

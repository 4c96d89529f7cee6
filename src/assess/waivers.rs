//! Decisions of people: waivers accept failed findings for a while, attestations answer what only people can answer.
//!
//! A waiver changes no state; it flags the finding and is counted beside. An attestation turns Manual into what was
//! attested, and says who said so. Both are bound to a day, inclusive. Outcomes belong to checks and checks to rules of many
//! standards, so a decision about a rule of one standard holds wherever the same outcome counts.
//!
//! An assessment does not carry labels: what selects by them is decided in the scan, and its flags are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::results::severity;
use super::selector::{Labels, Selector, follows};
use super::waiver_file::flag;
use crate::base::glob;
use crate::model::{Assessment, Counts, Detail, Location, Outcome, RuleResult, StandardInfo, State, Totals, Waiver};

/// Failed findings that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverRule {
    /// `STANDARD/RULE` (`CIS/5.2.*`, `cis-kubernetes-1.12.0/5.2.2`; STANDARD is the id or short name in any case), or a
    /// check id. Patterns with `*` and `?`.
    pub rule: String,
    /// Which of its findings.
    pub selector: Selector,
    /// Why they are accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day on which it holds; for ever if absent.
    pub expires: Option<Date>,
    /// Where it is written.
    pub place: Location,
}

/// What a person found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Follows the rule.
    Passed,
    /// Does not.
    Failed,
    /// The rule does not concern it.
    NotRelevant,
}

impl Verdict {
    /// As a state of a resource.
    pub fn state(self) -> State {
        match self {
            Verdict::Passed => State::Passed,
            Verdict::Failed => State::Failed,
            Verdict::NotRelevant => State::NotRelevant,
        }
    }
}

/// The answer of a person to what is Manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// As [`WaiverRule::rule`].
    pub rule: String,
    /// Which of its Manual outcomes. One that names resources answers no rule without checks.
    pub selector: Selector,
    /// The answer.
    pub verdict: Verdict,
    /// Who answers.
    pub by: String,
    /// When it was looked at; it holds from this day on.
    pub date: Date,
    /// Last day on which it holds; for ever if absent.
    pub expires: Option<Date>,
    /// What was looked at.
    pub evidence: Option<String>,
    /// Where it is written.
    pub place: Location,
}

/// What became of a waiver or attestation in an assessment. Ordered: of several systems the greatest tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// It is about another system.
    OtherSystem,
    /// No rule or check of the assessment has such a name.
    UnknownRule,
    /// Nothing that it names is failed (waiver) or Manual (attestation).
    Unmatched,
    /// It selects by labels, which are known in a scan only.
    NeedsLabels,
    /// Its last day is over, or its first is still to come.
    Expired,
    /// So many outcomes and rules follow it.
    Applied(usize),
}

/// What became of every waiver and attestation, in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaiverReport {
    /// Per waiver.
    pub waivers: Vec<Usage>,
    /// Per attestation.
    pub attestations: Vec<Usage>,
}

impl WaiverReport {
    /// Adds what became of the same waivers and attestations in another system.
    pub fn merge(&mut self, other: &WaiverReport) {
        let merge = |mine: &mut Vec<Usage>, others: &[Usage]| {
            mine.resize(mine.len().max(others.len()), Usage::OtherSystem);
            for (mine, other) in mine.iter_mut().zip(others) {
                *mine = match (*mine, *other) {
                    (Usage::Applied(a), Usage::Applied(b)) => Usage::Applied(a + b),
                    (a, b) => a.max(b),
                };
            }
        };
        merge(&mut self.waivers, &other.waivers);
        merge(&mut self.attestations, &other.attestations);
    }
}

/// Faults that a loader of types cannot see, each with its place.
pub fn validate(waivers: &[WaiverRule], attestations: &[Attestation], today: Date) -> Vec<(Location, String)> {
    let mut faults = Vec::new();
    for waiver in waivers {
        let mut fault = |what: &str| faults.push((waiver.place.clone(), what.to_owned()));
        check_target(&waiver.rule, &waiver.selector, &mut fault);
        if waiver.reason.trim().is_empty() {
            fault("the reason is empty: say why this is accepted");
        }
        if waiver.selector == Selector::default() && waiver.rule.chars().all(|c| matches!(c, '*' | '/')) {
            fault("it would waive every finding of every system: name a rule, or what it is about");
        }
    }
    for attestation in attestations {
        let mut fault = |what: &str| faults.push((attestation.place.clone(), what.to_owned()));
        check_target(&attestation.rule, &attestation.selector, &mut fault);
        if attestation.by.trim().is_empty() {
            fault("by is empty: say who attests this");
        }
        if attestation.expires.is_some_and(|expires| expires < attestation.date) {
            fault("it expires before its date");
        }
        if attestation.date > today {
            fault("its date is in the future: nobody can have looked at it yet");
        }
    }
    faults
}

fn check_target(rule: &str, selector: &Selector, fault: &mut impl FnMut(&str)) {
    match rule.split_once('/') {
        Some((standard, rule)) if standard.trim().is_empty() || rule.trim().is_empty() => {
            fault("the rule is not complete: write STANDARD/RULE or the id of a check");
        }
        None if rule.trim().is_empty() => fault("the rule is empty: write STANDARD/RULE or the id of a check"),
        _ => {}
    }
    let Selector { system, kind, namespace, name, element, labels: _ } = selector;
    let parts = [("system", system), ("kind", kind), ("namespace", namespace), ("name", name), ("element", element)];
    for (part, pattern) in parts {
        if pattern.as_deref() == Some("") {
            fault(&format!("{part} is empty, so nothing matches: leave it out, or name something"));
        }
    }
}

/// Flags the waived findings, answers what was attested, and counts anew. Flags that are there already stay. `labels` are
/// those of the system, if it is read just now.
pub fn apply(
    assessment: &mut Assessment,
    waivers: &[WaiverRule],
    attestations: &[Attestation],
    labels: Option<&Labels>,
    today: Date,
) -> WaiverReport {
    let holds =
        |from: Option<Date>, to: Option<Date>| from.is_none_or(|from| from <= today) && to.is_none_or(|to| today <= to);
    let attested: Vec<Target> = attestations
        .iter()
        .map(|a| Target::of(assessment, &a.rule, &a.selector, labels, holds(Some(a.date), a.expires)))
        .collect();
    let waived: Vec<Target> =
        waivers.iter().map(|w| Target::of(assessment, &w.rule, &w.selector, labels, holds(None, w.expires))).collect();
    let states = rule_states(assessment);
    let answered = |(attestation, target): (&Attestation, &Target)| target.answered(assessment, &words(attestation));
    let mut matched: Vec<usize> = attestations.iter().zip(&attested).map(answered).collect();
    let mut touched = attest(assessment, attestations, &attested, labels, &mut matched);
    let mut flagged: Vec<usize> =
        waivers.iter().zip(&waived).map(|(waiver, target)| target.kept(assessment, &flag(waiver))).collect();
    touched.extend(waive(assessment, waivers, &waived, labels, &mut flagged));
    recount(assessment, &touched);
    // Only with the outcomes answered it shows which rules are still Manual.
    attest_rules(assessment, attestations, &attested, &mut matched);
    resum(assessment, &states);
    let usage = |targets: &[Target], counts: &[usize]| -> Vec<Usage> {
        targets.iter().zip(counts).map(|(target, count)| target.usage(*count)).collect()
    };
    WaiverReport { waivers: usage(&waived, &flagged), attestations: usage(&attested, &matched) }
}

/// Takes away the flags that do not hold any more on `day`, and counts anew. Tells how many there were. Of an assessment
/// of which only some outcomes were read, only those are looked at.
pub fn expire(assessment: &mut Assessment, day: Date) -> usize {
    let over = |waiver: &Waiver| {
        waiver.expires.as_deref().and_then(|text| text.parse().ok()).is_some_and(|last: Date| last < day)
    };
    let states = rule_states(assessment);
    let mut touched = BTreeSet::new();
    let mut expired = 0;
    for (at, check) in assessment.checks.iter_mut().enumerate() {
        for outcome in check.outcomes.iter_mut().filter(|outcome| outcome.waiver.as_deref().is_some_and(over)) {
            outcome.waiver = None;
            expired += 1;
            touched.insert(at);
        }
    }
    recount(assessment, &touched);
    resum(assessment, &states);
    expired
}

/// Takes all flags away. Works on assessments of which only some outcomes were read, too.
pub fn remove(assessment: &mut Assessment) {
    for check in &mut assessment.checks {
        check.counts.waived = 0;
        check.outcomes.iter_mut().for_each(|outcome| outcome.waiver = None);
    }
    for result in &mut assessment.standards {
        result.rules.iter_mut().for_each(|rule| rule.counts.waived = 0);
        result.totals = Totals::of(&result.rules);
    }
}

/// What a decision is about in one assessment.
pub(super) struct Target {
    usage: Usage,
    /// Places of checks.
    pub(super) checks: BTreeSet<usize>,
    // Places of standard and rule.
    rules: BTreeSet<(usize, usize)>,
}

impl Target {
    /// Of the rule or check that `rule` names in a system that `selector` allows; `holds` says whether today is one of its days.
    pub(super) fn of(
        assessment: &Assessment,
        rule: &str,
        selector: &Selector,
        labels: Option<&Labels>,
        holds: bool,
    ) -> Target {
        let mut target = Target { usage: Usage::OtherSystem, checks: BTreeSet::new(), rules: BTreeSet::new() };
        if !follows(selector.system.as_deref(), Some(&assessment.system.name)) {
            return target;
        }
        if !holds {
            target.usage = Usage::Expired;
            return target;
        }
        match rule.split_once('/') {
            Some((standard, rule)) => {
                for (at, result) in assessment.standards.iter().enumerate() {
                    if !is_standard(standard, &result.standard) {
                        continue;
                    }
                    for (rule_at, candidate) in result.rules.iter().enumerate() {
                        if glob::matches(rule, &candidate.id) {
                            target.rules.insert((at, rule_at));
                            target.checks.extend(candidate.checks.iter().map(|check| *check as usize));
                        }
                    }
                }
            }
            None => {
                let checks = assessment.checks.iter().enumerate();
                target.checks.extend(checks.filter(|(_, c)| glob::matches(rule, &c.check.id)).map(|(at, _)| at));
            }
        }
        let known = !target.checks.is_empty() || !target.rules.is_empty();
        target.usage = match known {
            true if labels.is_none() && !selector.labels.is_empty() => Usage::NeedsLabels,
            true => Usage::Unmatched,
            false => Usage::UnknownRule,
        };
        target
    }

    /// Flags of a scan that could see the labels, where they are not known any more.
    fn kept(&self, assessment: &Assessment, flag: &Waiver) -> usize {
        if self.usage != Usage::NeedsLabels {
            return 0;
        }
        let checks = self.checks.iter().filter_map(|at| assessment.checks.get(*at));
        checks.flat_map(|check| &check.outcomes).filter(|outcome| outcome.waiver.as_deref() == Some(flag)).count()
    }

    /// Outcomes and rules that the scan answered with these words already.
    fn answered(&self, assessment: &Assessment, words: &str) -> usize {
        let checks = self.checks.iter().filter_map(|at| assessment.checks.get(*at));
        let reasons = checks.flat_map(|check| &check.outcomes).filter_map(|outcome| outcome.detail.as_deref());
        let rules =
            self.rules.iter().filter_map(|(standard, rule)| assessment.standards.get(*standard)?.rules.get(*rule));
        reasons.filter(|detail| detail.reason == words).count()
            + rules.filter(|rule| rule.hint.as_deref() == Some(words)).count()
    }

    /// What became of it if it matched `count` times.
    pub(super) fn usage(&self, count: usize) -> Usage {
        if count > 0 { Usage::Applied(count) } else { self.usage }
    }
}

fn is_standard(pattern: &str, standard: &StandardInfo) -> bool {
    let pattern = pattern.to_lowercase();
    [&standard.id, &standard.short].into_iter().any(|name| glob::matches(&pattern, &name.to_lowercase()))
}

/// Calls `decide` for the outcomes in `state` with the places of the decisions that are about them, in the order of
/// `precedence`. Returns the checks that it changed.
fn for_each_match(
    assessment: &mut Assessment,
    state: State,
    targets: &[Target],
    labels: Option<&Labels>,
    precedence: &[usize],
    selector: impl Fn(usize) -> Option<Selector>,
    mut decide: impl FnMut(&mut Outcome, &[usize]),
) -> BTreeSet<usize> {
    let mut touched = BTreeSet::new();
    for (at, check) in assessment.checks.iter_mut().enumerate() {
        let about: Vec<(usize, Selector)> = precedence
            .iter()
            .filter(|place| targets.get(**place).is_some_and(|target| target.checks.contains(&at)))
            .filter_map(|place| Some((*place, selector(*place)?)))
            .collect();
        if about.is_empty() {
            continue;
        }
        for outcome in check.outcomes.iter_mut().filter(|outcome| outcome.state == state) {
            let Some(resource) = assessment.resources.get(outcome.resource as usize) else { continue };
            let element = outcome.element.as_deref();
            let matching: Vec<usize> =
                about.iter().filter(|(_, s)| s.matches(resource, element, labels)).map(|(place, _)| *place).collect();
            if !matching.is_empty() {
                decide(outcome, &matching);
                touched.insert(at);
            }
        }
    }
    touched
}

/// Flags failed outcomes; of several waivers the first in the file holds. Returns the checks that changed.
fn waive(
    assessment: &mut Assessment,
    waivers: &[WaiverRule],
    targets: &[Target],
    labels: Option<&Labels>,
    matched: &mut [usize],
) -> BTreeSet<usize> {
    let flags: Vec<Arc<Waiver>> = waivers.iter().map(|waiver| Arc::new(flag(waiver))).collect();
    let order: Vec<usize> = (0..waivers.len()).collect();
    let selector = |place: usize| waivers.get(place).map(|waiver| waiver.selector.clone());
    for_each_match(assessment, State::Failed, targets, labels, &order, selector, |outcome, places| {
        count(matched, places);
        if outcome.waiver.is_none() {
            outcome.waiver = places.first().and_then(|place| flags.get(*place)).cloned();
        }
    })
}

/// Answers Manual outcomes; of several attestations the latest holds. Returns the checks that changed.
fn attest(
    assessment: &mut Assessment,
    attestations: &[Attestation],
    targets: &[Target],
    labels: Option<&Labels>,
    matched: &mut [usize],
) -> BTreeSet<usize> {
    let selector = |place: usize| attestations.get(place).map(|attestation| attestation.selector.clone());
    // Most outcomes have no evidence of their own and share one detail.
    let mut plain: BTreeMap<usize, Arc<Detail>> = BTreeMap::new();
    let order = latest_first(attestations);
    for_each_match(assessment, State::Manual, targets, labels, &order, selector, |outcome, places| {
        count(matched, places);
        let Some((place, attestation)) = places.first().and_then(|place| Some((*place, attestations.get(*place)?)))
        else {
            return;
        };
        outcome.state = attestation.verdict.state();
        let answer = |old: &Detail| Detail { reason: words(attestation), hint: None, ..old.clone() };
        outcome.detail = Some(match &outcome.detail {
            Some(old) if !old.evidence.is_empty() => Arc::new(answer(old)),
            _ => plain.entry(place).or_insert_with(|| Arc::new(answer(&Detail::default()))).clone(),
        });
    })
}

/// Answers rules that are Manual though none of their outcomes is: those without checks, and those that checks show in
/// part only.
fn attest_rules(assessment: &mut Assessment, attestations: &[Attestation], targets: &[Target], matched: &mut [usize]) {
    let mut answers: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for place in latest_first(attestations) {
        let whole = attestations.get(place).is_some_and(|attestation| attestation.selector.is_whole());
        for rule in targets.get(place).filter(|_| whole).into_iter().flat_map(|target| &target.rules) {
            answers.entry(*rule).or_default().push(place);
        }
    }
    for ((standard, rule), places) in answers {
        let Some(result) = assessment.standards.get_mut(standard) else { continue };
        let Some(rule) = result.rules.get_mut(rule) else { continue };
        let attestation = places.first().and_then(|place| attestations.get(*place));
        if let Some(attestation) = attestation
            && rule.state == State::Manual
            && rule.counts.manual == 0
            && !rule.out_of_scope
        {
            rule.state = attestation.verdict.state();
            rule.hint = Some(words(attestation));
            count(matched, &places);
        }
    }
}

/// The state of every rule, in order.
pub(super) fn rule_states(assessment: &Assessment) -> Vec<State> {
    assessment.standards.iter().flat_map(|result| &result.rules).map(|rule| rule.state).collect()
}

fn count(matched: &mut [usize], places: &[usize]) {
    for place in places {
        if let Some(count) = matched.get_mut(*place) {
            *count += 1;
        }
    }
}

fn latest_first(attestations: &[Attestation]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..attestations.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(attestations.get(*place).map(|attestation| attestation.date)));
    order
}

/// `attested as Passed by ann on 2026-03-01, valid until 2026-12-31: minutes of the review`
fn words(attestation: &Attestation) -> String {
    let Attestation { verdict, by, date, expires, evidence, .. } = attestation;
    let until = expires.map_or_else(String::new, |date| format!(", valid until {date}"));
    let evidence = evidence.as_ref().map_or_else(String::new, |evidence| format!(": {evidence}"));
    format!("attested as {} by {by} on {date}{until}{evidence}", verdict.state())
}

/// Counts the touched checks anew, and the rules over them. A rule whose state was not what its counts say has it for
/// another reason, and keeps it.
pub(super) fn recount(assessment: &mut Assessment, touched: &BTreeSet<usize>) {
    for at in touched {
        if let Some(check) = assessment.checks.get_mut(*at) {
            check.counts = Counts::of(&check.outcomes);
        }
    }
    for rule in assessment.standards.iter_mut().flat_map(|result| &mut result.rules) {
        if !rule.checks.iter().any(|check| touched.contains(&(*check as usize))) {
            continue;
        }
        let mut counts = Counts::default();
        let checks = rule.checks.iter().filter_map(|check| assessment.checks.get(*check as usize));
        for check in checks.clone() {
            counts.merge(check.counts);
        }
        if rule.state == rule.counts.state() {
            rule.state = counts.state();
        }
        rule.counts = counts;
        if !rule.out_of_scope {
            rule.severity = severity(rule.state, checks);
        }
    }
}

/// Sums the rules anew, and sorts them if their states are not what they were.
pub(super) fn resum(assessment: &mut Assessment, states: &[State]) {
    let resort = rule_states(assessment) != states;
    for result in &mut assessment.standards {
        if resort {
            sort(&mut result.rules);
        }
        result.totals = Totals::of(&result.rules);
    }
}

/// By attention, and what was before the other stays so.
fn sort(rules: &mut [RuleResult]) {
    rules.sort_by_key(|rule| (rule.out_of_scope, rule.state, std::cmp::Reverse(rule.severity)));
}

#[cfg(test)]
mod tests;

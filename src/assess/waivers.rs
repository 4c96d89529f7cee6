//! Decisions of people: waivers accept failed findings for a while, attestations answer what only people can answer.
//!
//! A waiver changes no state; it flags the finding and is counted beside. An attestation turns Manual into what was
//! attested, and says who said so. Both are bound to a day, inclusive. Outcomes belong to checks and checks to rules of many
//! standards, so a decision about a rule of one standard holds wherever the same outcome counts.
//!
//! Labels select nothing: an assessment does not carry them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::base::glob;
use crate::model::{
    Assessment, Counts, Detail, Location, Outcome, ResourceRef, RuleResult, StandardInfo, State, Totals, Waiver,
};

/// What a decision is about. Every part is a pattern with `*` and `?`; an absent one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Name of the system.
    pub system: Option<String>,
    /// Native kind.
    pub kind: Option<String>,
    /// Namespace or region. Matches no resource without one.
    pub namespace: Option<String>,
    /// Name of the resource.
    pub name: Option<String>,
    /// Element in the resource (container). Matches no outcome without one.
    pub element: Option<String>,
}

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
    let Selector { system, kind, namespace, name, element } = selector;
    let parts = [("system", system), ("kind", kind), ("namespace", namespace), ("name", name), ("element", element)];
    for (part, pattern) in parts {
        if pattern.as_deref() == Some("") {
            fault(&format!("{part} is empty, so nothing matches: leave it out, or name something"));
        }
    }
}

/// Flags the waived findings, answers what was attested, and counts anew. Flags that are there already stay.
pub fn apply(
    assessment: &mut Assessment,
    waivers: &[WaiverRule],
    attestations: &[Attestation],
    today: Date,
) -> WaiverReport {
    let system = assessment.system.name.clone();
    let holds =
        |from: Option<Date>, to: Option<Date>| from.is_none_or(|from| from <= today) && to.is_none_or(|to| today <= to);
    let attested: Vec<Target> = attestations
        .iter()
        .map(|a| Target::of(assessment, &system, &a.rule, &a.selector, holds(Some(a.date), a.expires)))
        .collect();
    let waived: Vec<Target> =
        waivers.iter().map(|w| Target::of(assessment, &system, &w.rule, &w.selector, holds(None, w.expires))).collect();
    let states = rule_states(assessment);
    let mut matched = vec![0; attestations.len()];
    let mut touched = attest(assessment, attestations, &attested, &mut matched);
    let mut flagged = vec![0; waivers.len()];
    touched.extend(waive(assessment, waivers, &waived, &mut flagged));
    recount(assessment, &touched);
    // Only with the outcomes answered it shows which rules are still Manual.
    attest_rules(assessment, attestations, &attested, &mut matched);
    let resort = rule_states(assessment) != states;
    for result in &mut assessment.standards {
        if resort {
            sort(&mut result.rules);
        }
        result.totals = Totals::of(&result.rules);
    }
    let usage = |targets: &[Target], counts: &[usize]| -> Vec<Usage> {
        targets.iter().zip(counts).map(|(target, count)| target.usage(*count)).collect()
    };
    WaiverReport { waivers: usage(&waived, &flagged), attestations: usage(&attested, &matched) }
}

/// What a decision is about in one assessment.
struct Target {
    usage: Usage,
    // Places of checks.
    checks: BTreeSet<usize>,
    // Places of standard and rule.
    rules: BTreeSet<(usize, usize)>,
}

impl Target {
    fn of(assessment: &Assessment, system: &str, rule: &str, selector: &Selector, holds: bool) -> Target {
        let mut target = Target { usage: Usage::OtherSystem, checks: BTreeSet::new(), rules: BTreeSet::new() };
        if !follows(selector.system.as_deref(), Some(system)) {
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
        target.usage = if known { Usage::Unmatched } else { Usage::UnknownRule };
        target
    }

    /// What became of it if it matched `count` times.
    fn usage(&self, count: usize) -> Usage {
        if count > 0 { Usage::Applied(count) } else { self.usage }
    }
}

fn is_standard(pattern: &str, standard: &StandardInfo) -> bool {
    let pattern = pattern.to_lowercase();
    [&standard.id, &standard.short].into_iter().any(|name| glob::matches(&pattern, &name.to_lowercase()))
}

/// Whether `text` follows the pattern, if there is one.
fn follows(pattern: Option<&str>, text: Option<&str>) -> bool {
    pattern.is_none_or(|pattern| text.is_some_and(|text| glob::matches(pattern, text)))
}

impl Selector {
    fn matches(&self, resource: &ResourceRef, element: Option<&str>) -> bool {
        follows(self.namespace.as_deref(), resource.scope.as_deref())
            && follows(self.name.as_deref(), Some(&resource.name))
            && follows(self.kind.as_deref(), Some(&resource.kind))
            && follows(self.element.as_deref(), element)
    }

    /// About all of a system, not about some of its resources.
    fn is_whole(&self) -> bool {
        self.kind.is_none() && self.namespace.is_none() && self.name.is_none() && self.element.is_none()
    }
}

/// Calls `decide` for the outcomes in `state` with the places of the decisions that are about them, in the order of
/// `precedence`. Returns the checks that it changed.
fn for_each_match(
    assessment: &mut Assessment,
    state: State,
    targets: &[Target],
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
                about.iter().filter(|(_, s)| s.matches(resource, element)).map(|(place, _)| *place).collect();
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
    matched: &mut [usize],
) -> BTreeSet<usize> {
    let flags: Vec<Arc<Waiver>> = waivers
        .iter()
        .map(|waiver| {
            Arc::new(Waiver {
                reason: waiver.reason.clone(),
                owner: waiver.owner.clone(),
                expires: waiver.expires.map(|date| date.to_string()),
            })
        })
        .collect();
    let order: Vec<usize> = (0..waivers.len()).collect();
    let selector = |place: usize| waivers.get(place).map(|waiver| waiver.selector.clone());
    for_each_match(assessment, State::Failed, targets, &order, selector, |outcome, places| {
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
    matched: &mut [usize],
) -> BTreeSet<usize> {
    let selector = |place: usize| attestations.get(place).map(|attestation| attestation.selector.clone());
    // Most outcomes have no evidence of their own and share one detail.
    let mut plain: BTreeMap<usize, Arc<Detail>> = BTreeMap::new();
    for_each_match(assessment, State::Manual, targets, &latest_first(attestations), selector, |outcome, places| {
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

fn rule_states(assessment: &Assessment) -> Vec<State> {
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
fn recount(assessment: &mut Assessment, touched: &BTreeSet<usize>) {
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
        for check in rule.checks.iter().filter_map(|check| assessment.checks.get(*check as usize)) {
            counts.merge(check.counts);
        }
        if rule.state == rule.counts.state() {
            rule.state = counts.state();
        }
        rule.counts = counts;
    }
}

/// By attention, and what was before the other stays so.
fn sort(rules: &mut [RuleResult]) {
    rules.sort_by_key(|rule| (rule.out_of_scope, rule.state, std::cmp::Reverse(rule.severity)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{bare, check, outcome, resource, rule, standard};
    use crate::model::{Evidence, Severity};
    use State::{Failed, Manual, NotRelevant, Passed};

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn today() -> Date {
        day("2026-06-15")
    }

    fn place() -> Location {
        Location { file: "waivers.yaml".into(), line: 3 }
    }

    fn waiver(rule: &str) -> WaiverRule {
        WaiverRule {
            rule: rule.to_owned(),
            selector: Selector::default(),
            reason: "legacy".to_owned(),
            owner: Some("team-a".to_owned()),
            expires: None,
            place: place(),
        }
    }

    fn attestation(rule: &str, verdict: Verdict) -> Attestation {
        Attestation {
            rule: rule.to_owned(),
            selector: Selector::default(),
            verdict,
            by: "ann".to_owned(),
            date: day("2026-03-01"),
            expires: Some(day("2026-12-31")),
            evidence: Some("minutes of the review".to_owned()),
            place: place(),
        }
    }

    /// Two checks on two containers each. CIS maps 1 to the first, 2 to both, 3 to none; STIG maps V-1 to the second.
    fn assessment() -> Assessment {
        let resources = vec![resource("Deployment", "shop", "web"), resource("DaemonSet", "kube-system", "agent")];
        let checks = vec![
            check("no-root", true, vec![outcome(0, Some("app"), Failed), outcome(1, Some("agent"), Failed)]),
            check(
                "signed",
                false,
                vec![outcome(0, None, Passed), outcome(1, None, Manual), outcome(1, Some("x"), Manual)],
            ),
        ];
        let mut assessment = bare("prod", 1, resources, checks);
        let rule = |id: &str, checks: &[u32]| rule(id, Severity::High, &assessment.checks, checks);
        let mut out_of_scope = rule("4", &[]);
        out_of_scope.out_of_scope = true;
        let cis = standard(
            "cis-kubernetes-1.12.0",
            "CIS",
            vec![rule("1", &[0]), rule("2", &[0, 1]), rule("3", &[]), out_of_scope],
        );
        let stig = standard("stig-kubernetes-v2r4", "STIG", vec![rule("V-1", &[1])]);
        assessment.standards = vec![cis, stig];
        assessment
    }

    fn rule_of<'a>(assessment: &'a Assessment, id: &str) -> &'a RuleResult {
        assessment.standards.iter().flat_map(|s| &s.rules).find(|rule| rule.id == id).unwrap()
    }

    fn waived(waivers: &[WaiverRule]) -> (Vec<&'static str>, Vec<Usage>) {
        let mut assessment = assessment();
        let report = apply(&mut assessment, waivers, &[], today());
        let outcomes = assessment.checks[0].outcomes.iter().zip(["web", "agent"]);
        (outcomes.filter(|(o, _)| o.waiver.is_some()).map(|(_, name)| name).collect(), report.waivers)
    }

    #[test]
    fn a_waiver_flags_and_counts_and_changes_no_state() {
        let mut assessment = assessment();
        let mut one = waiver("CIS/1");
        one.selector.name = Some("w*".to_owned());
        let report = apply(&mut assessment, &[one.clone()], &[], today());
        assert_eq!(report.waivers, [Usage::Applied(1)]);
        let failed = &assessment.checks[0].outcomes[0];
        assert_eq!((failed.state, failed.waiver.as_ref().unwrap().reason.as_str()), (Failed, "legacy"));
        assert_eq!((assessment.checks[0].counts.failed, assessment.checks[0].counts.waived), (2, 1));
        // Wherever the outcome counts, and not yet the whole rule.
        assert_eq!((rule_of(&assessment, "2").counts.waived, assessment.standards[0].totals.rules.waived), (1, 0));

        apply(&mut assessment, &[waiver("no-root")], &[], today());
        assert_eq!(rule_of(&assessment, "1").state, Failed);
        let totals = assessment.standards[0].totals;
        assert_eq!((totals.rules.failed, totals.rules.waived), (2, 2));
        assert_eq!((totals.posture(), totals.posture_with_waivers()), (Some(0), Some(66)));
    }

    #[test]
    fn selectors_select() {
        let with = |set: fn(&mut Selector)| {
            let mut waiver = waiver("no-*");
            set(&mut waiver.selector);
            waived(&[waiver]).0
        };
        assert_eq!(with(|_| {}), ["web", "agent"]);
        assert_eq!(with(|s| s.namespace = Some("kube-*".into())), ["agent"]);
        assert_eq!(with(|s| s.kind = Some("Deployment".into())), ["web"]);
        assert_eq!(with(|s| s.element = Some("app".into())), ["web"]);
        assert_eq!(with(|s| s.system = Some("pr?d".into())), ["web", "agent"]);
        assert_eq!(with(|s| s.system = Some("test".into())), [""; 0]);
        assert_eq!(with(|s| s.name = Some("we".into())), [""; 0]);
    }

    #[test]
    fn rules_are_named_by_standard_or_check() {
        for (rule, usage) in [
            ("cis/1", Usage::Applied(2)),
            ("CIS-Kubernetes-*/1", Usage::Applied(2)),
            ("CIS/*", Usage::Applied(2)),
            ("no-root", Usage::Applied(2)),
            ("STIG/V-1", Usage::Unmatched),
            ("signed", Usage::Unmatched),
            ("CIS/3", Usage::Unmatched),
            ("CIS/9", Usage::UnknownRule),
            ("1", Usage::UnknownRule),
            ("NO-ROOT", Usage::UnknownRule),
        ] {
            assert_eq!(waived(&[waiver(rule)]).1, [usage], "{rule}");
        }
    }

    #[test]
    fn the_last_day_counts() {
        let mut ends_today = waiver("no-root");
        ends_today.expires = Some(today());
        let mut ended = ends_today.clone();
        ended.expires = Some(today().yesterday().unwrap());
        assert_eq!(waived(&[ended.clone()]), (vec![], vec![Usage::Expired]));
        let (names, usages) = waived(&[ended, ends_today]);
        assert_eq!((names.len(), usages), (2, vec![Usage::Expired, Usage::Applied(2)]));
    }

    #[test]
    fn the_first_waiver_holds_and_a_second_is_not_called_unmatched() {
        let mut assessment = assessment();
        let mut second = waiver("no-root");
        second.reason = "second".to_owned();
        let report = apply(&mut assessment, &[waiver("no-root"), second], &[], today());
        assert_eq!(report.waivers, [Usage::Applied(2); 2]);
        assert_eq!(assessment.checks[0].outcomes[0].waiver.as_ref().unwrap().reason, "legacy");
    }

    #[test]
    fn attestations_answer_what_is_manual_and_nothing_else() {
        let mut assessment = assessment();
        let evidence = Evidence {
            path: "image".to_owned(),
            actual: None,
            expected: "signed".to_owned(),
            source: None,
            location: None,
        };
        assessment.checks[1].outcomes[2].detail = Some(Arc::new(Detail {
            reason: "nobody knows".to_owned(),
            hint: Some("ask".to_owned()),
            evidence: vec![evidence.clone()],
            omitted: 1,
        }));
        let report = apply(&mut assessment, &[], &[attestation("CIS/2", Verdict::Passed)], today());
        assert_eq!(report.attestations, [Usage::Applied(2)]);
        // What failed stays so.
        assert_eq!(assessment.checks[0].counts.failed, 2);
        assert_eq!(rule_of(&assessment, "2").state, Failed);
        assert_eq!(rule_of(&assessment, "V-1").state, Passed);
        assert_eq!(assessment.standards[1].totals.posture(), Some(100));
        let detail = assessment.checks[1].outcomes[2].detail.as_ref().unwrap();
        let reason = "attested as Passed by ann on 2026-03-01, valid until 2026-12-31: minutes of the review";
        assert_eq!((detail.reason.as_str(), &detail.hint, detail.omitted), (reason, &None, 1));
        assert_eq!(detail.evidence, [evidence]);
    }

    #[test]
    fn an_attested_failure_counts_and_may_be_waived() {
        let mut assessment = assessment();
        let report = apply(&mut assessment, &[waiver("signed")], &[attestation("signed", Verdict::Failed)], today());
        assert_eq!((report.attestations, report.waivers), (vec![Usage::Applied(2)], vec![Usage::Applied(2)]));
        assert_eq!((rule_of(&assessment, "V-1").state, assessment.standards[1].totals.rules.waived), (Failed, 1));
    }

    #[test]
    fn rules_without_checks_are_answered_as_a_whole() {
        let mut assessment = assessment();
        let mut partial = attestation("CIS/3", Verdict::Passed);
        partial.selector.name = Some("web".to_owned());
        let report = apply(&mut assessment, &[], &[partial], today());
        assert_eq!((report.attestations, rule_of(&assessment, "3").state), (vec![Usage::Unmatched], Manual));

        let mut newer = attestation("CIS/3", Verdict::Failed);
        newer.date = day("2026-05-01");
        let both = [attestation("CIS/*", Verdict::NotRelevant), newer];
        let report = apply(&mut assessment, &[], &both, today());
        assert_eq!(report.attestations, [Usage::Applied(3), Usage::Applied(1)]);
        let rule = rule_of(&assessment, "3");
        assert_eq!(rule.state, Failed);
        assert!(rule.hint.as_ref().unwrap().starts_with("attested as Failed by ann on 2026-05-01"));
        // Failed without a failed outcome is not "all waived", and what is out of scope stays what it was.
        assert_eq!(assessment.standards[0].totals.rules.waived, 0);
        assert_eq!(rule_of(&assessment, "4").state, Manual);
    }

    #[test]
    fn what_does_not_hold_today_answers_nothing() {
        for (date, expires) in [("2026-03-01", "2026-06-14"), ("2026-06-16", "2027-01-01")] {
            let mut assessment = assessment();
            let before = assessment.clone();
            let mut other = attestation("*/*", Verdict::Passed);
            (other.date, other.expires) = (day(date), Some(day(expires)));
            let report = apply(&mut assessment, &[], &[other], today());
            assert_eq!((report.attestations, &assessment), (vec![Usage::Expired], &before));
        }
    }

    #[test]
    fn a_state_that_counts_do_not_explain_stays_until_the_rule_is_attested() {
        // As `--manual strict` makes a rule that checks show in part only.
        let mut strict = assessment();
        strict.checks[1].outcomes.truncate(1);
        strict.checks[1].counts = Counts::of(&strict.checks[1].outcomes);
        let rule = &mut strict.standards[1].rules[0];
        (rule.counts, rule.state) = (strict.checks[1].counts, Manual);
        let mut by_check = strict.clone();
        apply(&mut by_check, &[], &[attestation("signed", Verdict::Passed)], today());
        assert_eq!(rule_of(&by_check, "V-1").state, Manual);
        apply(&mut strict, &[], &[attestation("STIG/V-1", Verdict::Passed)], today());
        assert_eq!(rule_of(&strict, "V-1").state, Passed);
    }

    #[test]
    fn rules_are_sorted_anew() {
        let mut assessment = assessment();
        let report = apply(&mut assessment, &[], &[attestation("CIS/3", Verdict::NotRelevant)], today());
        assert_eq!(report.attestations, [Usage::Applied(1)]);
        let order: Vec<(&str, State)> = assessment.standards[0].rules.iter().map(|r| (&*r.id, r.state)).collect();
        assert_eq!(order, [("1", Failed), ("2", Failed), ("3", NotRelevant), ("4", Manual)]);
    }

    #[test]
    fn several_systems_tell_together() {
        use Usage::{Applied, Expired, OtherSystem, UnknownRule, Unmatched};
        let mut sum = WaiverReport::default();
        for waivers in [
            vec![OtherSystem, UnknownRule, Applied(1), Expired, Unmatched],
            vec![OtherSystem, Unmatched, Applied(2), OtherSystem, Applied(3)],
        ] {
            sum.merge(&WaiverReport { waivers, attestations: Vec::new() });
        }
        assert_eq!(sum.waivers, [OtherSystem, Unmatched, Applied(3), Expired, Applied(3)]);
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let mut all = waiver("*/*");
        all.reason = " ".to_owned();
        let mut empty = waiver("CIS/");
        empty.selector.kind = Some(String::new());
        let mut early = attestation("", Verdict::Passed);
        (early.by, early.date) = (String::new(), day("2027-01-01"));
        let faults = validate(&[all, empty, waiver("CIS/*")], &[early], today());
        let words: Vec<&str> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
        assert_eq!(
            words,
            [
                "the reason is empty: say why this is accepted",
                "it would waive every finding of every system: name a rule, or what it is about",
                "the rule is not complete: write STANDARD/RULE or the id of a check",
                "kind is empty, so nothing matches: leave it out, or name something",
                "the rule is empty: write STANDARD/RULE or the id of a check",
                "by is empty: say who attests this",
                "it expires before its date",
                "its date is in the future: nobody can have looked at it yet",
            ]
        );
        assert_eq!(faults[0].0, place());
    }
}

//! What waivers and attestations do to an assessment.

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
        check("signed", false, vec![outcome(0, None, Passed), outcome(1, None, Manual), outcome(1, Some("x"), Manual)]),
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
    let report = apply(&mut assessment, waivers, &[], None, today());
    let outcomes = assessment.checks[0].outcomes.iter().zip(["web", "agent"]);
    (outcomes.filter(|(o, _)| o.waiver.is_some()).map(|(_, name)| name).collect(), report.waivers)
}

#[test]
fn a_waiver_flags_and_counts_and_changes_no_state() {
    let mut assessment = assessment();
    let mut one = waiver("CIS/1");
    one.selector.name = Some("w*".to_owned());
    let report = apply(&mut assessment, &[one.clone()], &[], None, today());
    assert_eq!(report.waivers, [Usage::Applied(1)]);
    let failed = &assessment.checks[0].outcomes[0];
    assert_eq!((failed.state, failed.waiver.as_ref().unwrap().reason.as_str()), (Failed, "legacy"));
    assert_eq!((assessment.checks[0].counts.failed, assessment.checks[0].counts.waived), (2, 1));
    // Wherever the outcome counts, and not yet the whole rule.
    assert_eq!((rule_of(&assessment, "2").counts.waived, assessment.standards[0].totals.rules.waived), (1, 0));

    apply(&mut assessment, &[waiver("no-root")], &[], None, today());
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
    let report = apply(&mut assessment, &[waiver("no-root"), second], &[], None, today());
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
    let report = apply(&mut assessment, &[], &[attestation("CIS/2", Verdict::Passed)], None, today());
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
    let report = apply(&mut assessment, &[waiver("signed")], &[attestation("signed", Verdict::Failed)], None, today());
    assert_eq!((report.attestations, report.waivers), (vec![Usage::Applied(2)], vec![Usage::Applied(2)]));
    assert_eq!((rule_of(&assessment, "V-1").state, assessment.standards[1].totals.rules.waived), (Failed, 1));
}

#[test]
fn rules_without_checks_are_answered_as_a_whole() {
    let mut assessment = assessment();
    let mut partial = attestation("CIS/3", Verdict::Passed);
    partial.selector.name = Some("web".to_owned());
    let report = apply(&mut assessment, &[], &[partial], None, today());
    assert_eq!((report.attestations, rule_of(&assessment, "3").state), (vec![Usage::Unmatched], Manual));

    let mut newer = attestation("CIS/3", Verdict::Failed);
    newer.date = day("2026-05-01");
    let both = [attestation("CIS/*", Verdict::NotRelevant), newer];
    let report = apply(&mut assessment, &[], &both, None, today());
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
        let report = apply(&mut assessment, &[], &[other], None, today());
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
    apply(&mut by_check, &[], &[attestation("signed", Verdict::Passed)], None, today());
    assert_eq!(rule_of(&by_check, "V-1").state, Manual);
    apply(&mut strict, &[], &[attestation("STIG/V-1", Verdict::Passed)], None, today());
    assert_eq!(rule_of(&strict, "V-1").state, Passed);
}

#[test]
fn what_a_scan_answered_is_found_again() {
    let mut assessment = assessment();
    let all = [
        attestation("signed", Verdict::Failed),
        attestation("CIS/3", Verdict::Passed),
        attestation("no-root", Verdict::Passed),
    ];
    let first = apply(&mut assessment, &[], &all, None, today());
    assert_eq!(first.attestations, [Usage::Applied(2), Usage::Applied(1), Usage::Unmatched]);
    let stored = assessment.clone();
    assert_eq!((apply(&mut assessment, &[], &all, None, today()), assessment), (first, stored));
}

#[test]
fn rules_are_sorted_anew() {
    let mut assessment = assessment();
    let report = apply(&mut assessment, &[], &[attestation("CIS/3", Verdict::NotRelevant)], None, today());
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

//! Assessments for tests: any, a small realistic one, and one of a cluster with 100,000 pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{
    Assessment, CheckInfo, CheckResult, Control, Counts, Detail, Evidence, Gap, GapReason, Location, Outcome,
    ResourceRef, RuleResult, Scope, Severity, StandardInfo, StandardKind, StandardResult, State, System, Technology,
    Text, Totals, Waiver, WaiverSource,
};

/// What people read of the check `id`.
pub(crate) fn info(id: &str, severe: bool) -> Arc<CheckInfo> {
    let vector = if severe { "AV:N/AC:L/Au:N/C:C/I:C/A:C/PL:R/EM:A" } else { "AV:L/AC:H/Au:N/C:P/I:N/A:N/PL:ND/EM:A" };
    Arc::new(CheckInfo {
        id: id.to_owned(),
        title: format!("Statement that {id} holds"),
        resource: "container".to_owned(),
        ccss: vector.parse().expect("a vector of this test"),
        control: Control::Prevent,
        themes: vec!["hardening".to_owned(), "access-control".to_owned()],
        why: format!("What {id} allows to an attacker, in a sentence or two. ").repeat(4),
        fix: format!("What to set so that {id} passes, in a sentence or two. ").repeat(4),
        hint: None,
        links: vec!["https://kubernetes.io/docs/concepts/security/pod-security-standards/".to_owned()],
    })
}

/// An outcome without detail.
pub(crate) fn outcome(resource: u32, element: Option<&str>, state: State) -> Outcome {
    Outcome { resource, element: element.map(Text::from), state, detail: None, waiver: None }
}

/// A check with its counts.
pub(crate) fn check(id: &str, severe: bool, outcomes: Vec<Outcome>) -> CheckResult {
    let counts = Counts::of(&outcomes);
    CheckResult { check: info(id, severe), params: BTreeMap::new(), customised: Vec::new(), outcomes, counts }
}

/// A rule over `checks` of an assessment, with its counts and state.
pub(crate) fn rule(id: &str, severity: Severity, all: &[CheckResult], checks: &[u32]) -> RuleResult {
    let mut counts = Counts::default();
    checks.iter().for_each(|at| counts.merge(all[*at as usize].counts));
    RuleResult {
        id: id.to_owned(),
        title: format!("Requirement {id}"),
        metadata: vec![("level".to_owned(), "1".to_owned())],
        severity: Some(severity),
        state: if checks.is_empty() { State::Manual } else { counts.state() },
        counts,
        checks: checks.to_vec(),
        hint: None,
        out_of_scope: false,
        partly: false,
        source: None,
    }
}

/// A standard with its totals.
pub(crate) fn standard(id: &str, short: &str, rules: Vec<RuleResult>) -> StandardResult {
    let totals = Totals::of(&rules);
    let standard = StandardInfo {
        id: id.to_owned(),
        short: short.to_owned(),
        name: format!("{short} for tests"),
        version: "1.0.0".to_owned(),
        url: "https://example.org/".to_owned(),
        kind: StandardKind::Benchmark,
        technology: Technology::Kubernetes,
        assessable: None,
    };
    StandardResult { standard, selected: true, rules, totals }
}

/// An assessment of the system `name` in hour `hour` of 2026, without standards.
pub(crate) fn bare(name: &str, hour: u32, resources: Vec<ResourceRef>, checks: Vec<CheckResult>) -> Assessment {
    let (day, hour) = (hour / 24, hour % 24);
    Assessment {
        id: format!("{name}-{day}-{hour}"),
        system: System {
            technology: Technology::Kubernetes,
            name: name.to_owned(),
            version: Some("1.34.1".to_owned()),
            distribution: Some("upstream".to_owned()),
            origin: "https://10.0.0.1:6443".to_owned(),
        },
        assessed_at: format!("2026-{:02}-{:02}T{hour:02}:00:00Z", 1 + day / 28, 1 + day % 28),
        scope: Scope::default(),
        tool_version: "0.1.0".to_owned(),
        resources,
        checks,
        standards: Vec::new(),
        gaps: Vec::new(),
        notes: Vec::new(),
        read: BTreeMap::new(),
    }
}

/// A resource in a namespace.
pub(crate) fn resource(kind: &str, scope: &str, name: &str) -> ResourceRef {
    ResourceRef { kind: kind.into(), scope: Some(scope.into()), name: name.into() }
}

/// How big a cluster to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Workloads, one resource each.
    pub(crate) workloads: usize,
    /// Containers of the workloads.
    pub(crate) containers: usize,
    /// Checks on each workload.
    pub(crate) workload_checks: usize,
    /// Checks on each container.
    pub(crate) container_checks: usize,
}

impl Size {
    /// Quick to make, with everything in it.
    pub(crate) const SMALL: Size = Size { workloads: 40, containers: 70, workload_checks: 4, container_checks: 5 };
}

/// A cluster in which 15 of 100 outcomes failed, each with evidence of its own, and 1 of 100 is manual. Two hours differ
/// in one finding of a hundred.
pub(crate) fn cluster(size: Size, name: &str, hour: u32) -> Assessment {
    let kinds = ["CronJob", "DaemonSet", "Deployment", "StatefulSet"];
    let mut resources: Vec<ResourceRef> = (0..size.workloads)
        .map(|i| resource(kinds[i % 4], &format!("team-{:03}", i % 500), &format!("service-{i:05}-backend")))
        .collect();
    resources.sort();
    let not_relevant = Arc::new(Detail { reason: "it runs on Windows nodes".to_owned(), ..Detail::default() });
    let mut checks = Vec::new();
    for at in 0..size.workload_checks + size.container_checks {
        let container_check = at < size.container_checks;
        let subjects = if container_check { size.containers } else { size.workloads };
        let mut outcomes = Vec::with_capacity(subjects);
        for i in 0..subjects {
            let place = if container_check { i * size.workloads / size.containers } else { i };
            let nth = i - (place * size.containers).div_ceil(size.workloads) % (i + 1);
            let element: Option<Text> = container_check.then(|| match i % 3 {
                0 => resources[place].name.clone(),
                1 => "istio-proxy".into(),
                _ => format!("helper-{}", i % 7).into(),
            });
            let mut mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (at as u64).wrapping_mul(0xd6e8_feb8);
            mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let dice = (mixed >> 33) % 10_000;
            let own = |state: State| {
                let changed = if dice.is_multiple_of(100) { hour } else { 0 };
                let path = format!("spec.template.spec.containers[{}].image", nth % 10);
                Some(Arc::new(Detail {
                    reason: format!("{path} does not follow check {at}"),
                    hint: (state == State::Manual).then(|| "ask the owner".to_owned()),
                    evidence: vec![Evidence {
                        path,
                        actual: Some(format!("\"registry.example.org/team/service-{i:05}:v{at}.{changed}\"")),
                        expected: format!("an image that follows check {at}"),
                        source: Some("Deployment".to_owned()),
                        location: None,
                    }],
                    omitted: 0,
                }))
            };
            let (state, detail) = match dice {
                0..1500 => (State::Failed, own(State::Failed)),
                1500..1600 => (State::Manual, own(State::Manual)),
                1600..2600 => (State::NotRelevant, Some(not_relevant.clone())),
                _ => (State::Passed, None),
            };
            outcomes.push(Outcome { resource: place as u32, element, state, detail, waiver: None });
        }
        checks.push(check(&format!("kubernetes-check-{at:03}"), at % 2 == 0, outcomes));
    }
    let mut assessment = bare(name, hour, resources, checks);
    for (id, short) in [("cis-kubernetes-1.12.0", "CIS"), ("stig-kubernetes-v2r4", "STIG"), ("dora-kubernetes", "DORA")]
    {
        let rules = (0..assessment.checks.len() as u32)
            .map(|at| rule(&format!("5.{at}"), Severity::High, &assessment.checks, &[at]))
            .collect();
        assessment.standards.push(standard(id, short, rules));
    }
    assessment.notes.push("no node data".to_owned());
    assessment.read.insert("Pod".to_owned(), 100_000);
    assessment.gaps.push(Gap {
        kind: "NodeFile".to_owned(),
        scope: None,
        reason: GapReason::NotCollected,
        detail: "nothing runs on the nodes".to_owned(),
        permission: None,
    });
    assessment
}

/// Words that meet often, empty ones, and hostile ones.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c]{0,2}",
        1 => any::<String>(),
        1 => Just("\0\"',\u{202e}<script>\u{1F600}".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    words().prop_map(Text::from)
}

fn states() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

// Beyond what a column of 32 bits holds.
const MOST: usize = 1 << 40;

fn counts() -> impl Strategy<Value = Counts> {
    (0..MOST, 0..MOST, 0..9usize, 0..9usize, 0..MOST).prop_map(|(failed, waived, manual, passed, not_relevant)| {
        Counts { failed, waived, manual, passed, not_relevant }
    })
}

fn resources() -> impl Strategy<Value = ResourceRef> {
    (text(), option::of(text()), text()).prop_map(|(kind, scope, name)| ResourceRef { kind, scope, name })
}

fn details() -> impl Strategy<Value = Arc<Detail>> {
    let location = option::of((text(), any::<u32>()).prop_map(|(file, line)| Location { file, line }));
    let evidence = (words(), option::of(words()), words(), option::of(words()), location)
        .prop_map(|(path, actual, expected, source, location)| Evidence { path, actual, expected, source, location });
    (words(), option::of(words()), vec(evidence, 0..4), 0..MOST)
        .prop_map(|(reason, hint, evidence, omitted)| Arc::new(Detail { reason, hint, evidence, omitted }))
}

fn waivers() -> impl Strategy<Value = Arc<Waiver>> {
    let sources = prop::sample::select(vec![WaiverSource::File, WaiverSource::Annotation]);
    (words(), option::of(words()), option::of(words()), sources)
        .prop_map(|(reason, owner, expires, source)| Arc::new(Waiver { reason, owner, expires, source }))
}

fn outcomes(resources: u32) -> impl Strategy<Value = Vec<Outcome>> {
    // A few details and waivers that outcomes share, as real ones do.
    (vec(details(), 1..4), vec(waivers(), 1..3)).prop_flat_map(move |(details, waivers)| {
        let outcome = (
            0..resources,
            option::of(text()),
            states(),
            option::of(prop::sample::select(details)),
            option::weighted(0.2, prop::sample::select(waivers)),
        );
        let outcome = outcome.prop_map(|(resource, element, state, detail, waiver)| Outcome {
            resource,
            element,
            state,
            detail,
            waiver,
        });
        vec(outcome, 0..12)
    })
}

fn checks(resources: u32) -> impl Strategy<Value = CheckResult> {
    (
        words(),
        any::<bool>(),
        prop::collection::btree_map(words(), words(), 0..3),
        vec(words(), 0..3),
        outcomes(resources),
        counts(),
        option::of(words()),
    )
        .prop_map(|(id, severe, params, customised, outcomes, counts, hint)| {
            let check = Arc::new(CheckInfo { hint, ..(*info(&id, severe)).clone() });
            CheckResult { check, params, customised, outcomes, counts }
        })
}

fn rules() -> impl Strategy<Value = RuleResult> {
    (
        (words(), words(), vec((words(), words()), 0..3), option::of(prop::sample::select(Severity::ALL.to_vec()))),
        (states(), counts(), vec(any::<u32>(), 0..3), option::of(words())),
        (any::<bool>(), any::<bool>(), option::of(words())),
    )
        .prop_map(
            |((id, title, metadata, severity), (state, counts, checks, hint), (out_of_scope, partly, source))| {
                RuleResult { id, title, metadata, severity, state, counts, checks, hint, out_of_scope, partly, source }
            },
        )
}

fn standards() -> impl Strategy<Value = StandardResult> {
    (words(), words(), any::<bool>(), vec(rules(), 0..5), counts(), 0..MOST, 0..MOST, any::<[u16; 4]>()).prop_map(
        |(id, short, selected, rules, counts, out_of_scope, without_check, severities)| StandardResult {
            selected,
            totals: Totals {
                rules: counts,
                out_of_scope,
                without_check,
                failed_by_severity: severities.map(usize::from),
            },
            ..standard(&id, &short, rules)
        },
    )
}

fn gaps() -> impl Strategy<Value = Gap> {
    (words(), option::of(words()), words(), option::of(words())).prop_map(|(kind, scope, detail, permission)| Gap {
        kind,
        scope,
        reason: GapReason::Forbidden,
        detail,
        permission,
    })
}

fn scopes() -> impl Strategy<Value = Scope> {
    (option::of(vec(words(), 0..3)), option::of(vec(words(), 0..3)), vec(words(), 0..2))
        .prop_map(|(files, namespaces, excluded_namespaces)| Scope { files, namespaces, excluded_namespaces })
}

/// Any assessment, also such as no evaluation makes: waived passes, equal resources, counts that count nothing.
pub(crate) fn any_assessment() -> impl Strategy<Value = Assessment> {
    vec(resources(), 1..8).prop_flat_map(|resources| {
        let checks = vec(checks(resources.len() as u32), 0..5);
        let system =
            (words(), option::of(words()), option::of(words()), words(), prop::sample::select(&Technology::ALL));
        let lists = (vec(standards(), 0..3), vec(gaps(), 0..3), vec(words(), 0..3));
        let head = (words(), 0i64..4_000_000_000_000_000, words(), scopes());
        (head, system, Just(resources), checks, lists, prop::collection::btree_map(words(), 0..MOST, 0..3)).prop_map(
            |((id, time, tool_version, scope), system, resources, checks, (standards, gaps, notes), read)| {
                let (name, version, distribution, origin, technology) = system;
                Assessment {
                    id,
                    system: System { technology, name, version, distribution, origin },
                    assessed_at: jiff::Timestamp::from_microsecond(time).expect("in range").to_string(),
                    scope,
                    tool_version,
                    resources,
                    checks,
                    standards,
                    gaps,
                    notes,
                    read,
                }
            },
        )
    })
}

//! Assessments to write in tests: believable ones, hostile ones, empty ones, large ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{OtherStatus, OtherSystem, Report};
use crate::model::*;

/// A name with everything that could harm a terminal, a page, a spreadsheet or a document.
pub const HOSTILE: &str =
    "=cmd|'/C calc'!A0<script>alert(1)</script>\u{202e}\u{1b}[31m\"|`*_[x](javascript:alert(1))\r\n</td>&amp;";

/// Collects the parts of an assessment and keeps the indices right.
pub struct Builder {
    pub assessment: Assessment,
}

impl Builder {
    pub fn new(name: &str) -> Builder {
        Builder {
            assessment: Assessment {
                id: format!("scan-{}", name.len()),
                system: System {
                    technology: Technology::Kubernetes,
                    name: name.to_owned(),
                    version: Some("1.34.1".to_owned()),
                    distribution: Some("upstream".to_owned()),
                    origin: "https://10.0.0.1:6443".to_owned(),
                },
                assessed_at: "2026-11-21T22:12:05Z".to_owned(),
                scope: Scope::default(),
                tool_version: "0.1.0".to_owned(),
                resources: Vec::new(),
                checks: Vec::new(),
                standards: Vec::new(),
                gaps: Vec::new(),
                notes: Vec::new(),
                read: BTreeMap::from([("Pod".to_owned(), 1200), ("Deployment".to_owned(), 60)]),
            },
        }
    }

    pub fn resource(&mut self, kind: &str, scope: Option<&str>, name: &str) -> u32 {
        let resource = ResourceRef { kind: kind.into(), scope: scope.map(Into::into), name: name.into() };
        let resources = &mut self.assessment.resources;
        let at = resources.iter().position(|known| *known == resource).unwrap_or_else(|| {
            resources.push(resource);
            resources.len() - 1
        });
        u32::try_from(at).unwrap()
    }

    pub fn check(&mut self, id: &str, title: &str, vector: &str, outcomes: Vec<Outcome>) -> u32 {
        let info = CheckInfo {
            id: id.to_owned(),
            title: title.to_owned(),
            resource: "container".to_owned(),
            ccss: vector.parse().unwrap(),
            control: Control::Contain,
            themes: vec!["hardening".to_owned()],
            why: format!("{title}, because who gets around it controls more than the workload."),
            fix: "Set the property as expected, and grant only the single capability that the program needs."
                .to_owned(),
            hint: None,
            links: vec!["https://kubernetes.io/docs/concepts/security/".to_owned()],
        };
        let counts = Counts::of(&outcomes);
        let params = BTreeMap::from([("mode".to_owned(), "\"0600\"".to_owned())]);
        let customised = Vec::new();
        self.assessment.checks.push(CheckResult { check: Arc::new(info), params, customised, outcomes, counts });
        u32::try_from(self.assessment.checks.len() - 1).unwrap()
    }

    pub fn rule(&self, id: &str, title: &str, checks: &[u32]) -> RuleResult {
        let of = |at: &u32| &self.assessment.checks[usize::try_from(*at).unwrap()];
        let mut counts = Counts::default();
        checks.iter().for_each(|at| counts.merge(of(at).counts));
        RuleResult {
            id: id.to_owned(),
            title: title.to_owned(),
            metadata: vec![("level".to_owned(), "1".to_owned()), ("assessment".to_owned(), "automated".to_owned())],
            severity: checks.iter().map(|at| of(at).check.severity()).max(),
            state: counts.state(),
            counts,
            checks: checks.to_vec(),
            hint: None,
            out_of_scope: false,
            partly: false,
            source: None,
        }
    }

    /// A rule that only a person can answer.
    pub fn human(&self, id: &str, title: &str, hint: &str) -> RuleResult {
        RuleResult {
            severity: Some(Severity::Medium),
            state: State::Manual,
            hint: Some(hint.to_owned()),
            ..self.rule(id, title, &[])
        }
    }

    pub fn standard(&mut self, standard: StandardInfo, selected: bool, rules: Vec<RuleResult>) {
        let totals = Totals::of(&rules);
        self.assessment.standards.push(StandardResult { standard, selected, rules, totals });
    }

    pub fn done(self) -> Assessment {
        self.assessment
    }
}

pub fn outcome(resource: u32, element: Option<&str>, state: State) -> Outcome {
    let detail = match state {
        State::Passed => None,
        State::Failed => {
            Some(failure("spec.template.spec.containers[0].securityContext.privileged", Some("true"), "not true"))
        }
        State::Manual => Some(reason("no node data", Some("Run the node collector on this node"))),
        State::NotRelevant => Some(reason("the component does not run here", None)),
    };
    Outcome { resource, element: element.map(Into::into), state, detail: detail.map(Arc::new), waiver: None }
}

pub fn failure(path: &str, actual: Option<&str>, expected: &str) -> Detail {
    let evidence = vec![Evidence {
        path: path.to_owned(),
        actual: actual.map(str::to_owned),
        expected: expected.to_owned(),
        source: None,
        location: None,
    }];
    // As evaluation sums it up.
    let reason = format!("{path}: {}, expected {expected}", actual.unwrap_or("not set"));
    Detail { reason, hint: None, evidence, omitted: 0 }
}

pub fn reason(text: &str, hint: Option<&str>) -> Detail {
    Detail { reason: text.to_owned(), hint: hint.map(str::to_owned), ..Detail::default() }
}

pub fn waiver() -> Option<Arc<Waiver>> {
    Some(Arc::new(Waiver {
        reason: "Needs the host network until the new router is in place".to_owned(),
        owner: Some("team-network".to_owned()),
        expires: Some("2027-03-31".to_owned()),
        source: WaiverSource::File,
    }))
}

pub fn cis() -> StandardInfo {
    StandardInfo {
        id: "cis-kubernetes-1.12.0".to_owned(),
        short: "CIS".to_owned(),
        name: "CIS Kubernetes Benchmark".to_owned(),
        version: "1.12.0".to_owned(),
        url: "https://www.cisecurity.org/benchmark/kubernetes".to_owned(),
        kind: StandardKind::Benchmark,
        technology: Technology::Kubernetes,
        assessable: None,
    }
}

pub fn dora() -> StandardInfo {
    StandardInfo {
        id: "dora-kubernetes-2022".to_owned(),
        short: "DORA".to_owned(),
        name: "Digital Operational Resilience Act".to_owned(),
        version: "2022/2554".to_owned(),
        url: "https://eur-lex.europa.eu/eli/reg/2022/2554/oj".to_owned(),
        kind: StandardKind::Law,
        technology: Technology::Kubernetes,
        assessable: None,
    }
}

const CRITICAL: &str = "AV:N/AC:L/Au:N/C:C/I:C/A:C/PL:R/EM:A";
const HIGH: &str = "AV:L/AC:L/Au:N/C:C/I:C/A:C/PL:R/EM:A";
const MEDIUM: &str = "AV:N/AC:L/Au:N/C:N/I:P/A:N/PL:ND/EM:P";
const LOW: &str = "AV:L/AC:L/Au:N/C:P/I:N/A:N/PL:ND/EM:A";

/// A cluster with every state, waivers, gaps and two standards.
pub fn cluster() -> Assessment {
    let mut b = Builder::new("prod-eu-1");
    let kube_system = Some("kube-system");
    let admin = b.resource("ClusterRoleBinding", None, "ops-admin");
    let cart = b.resource("Deployment", Some("shop"), "cart");
    let agent = b.resource("DaemonSet", kube_system, "node-agent");
    let router = b.resource("DaemonSet", Some("ingress"), "router");
    let server = b.resource("Component", None, "kube-apiserver@cp-1");
    let node = b.resource("Node", None, "worker-3");

    let mut binding = outcome(admin, None, State::Failed);
    binding.detail = Some(Arc::new(failure(
        "subjects[1].name",
        Some("\"system:authenticated\""),
        "none of system:authenticated, system:anonymous",
    )));
    let grants = b.check(
        "kubernetes-cluster-admin-granted-to-nobody-else",
        "cluster-admin is granted only where it is needed",
        CRITICAL,
        vec![binding],
    );

    let mut placed = outcome(cart, Some("app"), State::Failed);
    let mut detail = failure("spec.template.spec.containers[0].securityContext.privileged", Some("true"), "not true");
    detail.evidence[0].location = Some(Location { file: "deploy/cart.yaml".into(), line: 31 });
    placed.detail = Some(Arc::new(detail));
    let mut waived = outcome(router, Some("router"), State::Failed);
    waived.waiver = waiver();
    let mut outcomes = vec![placed, outcome(agent, Some("agent"), State::Failed), waived];
    for n in 0..7 {
        let at = b.resource("Deployment", Some("batch"), &format!("worker-{n}"));
        outcomes.push(outcome(at, Some("main"), State::Failed));
    }
    for n in 0..50 {
        let at = b.resource("Deployment", Some("web"), &format!("front-{n}"));
        outcomes.push(outcome(at, Some("main"), State::Passed));
    }
    let privileged =
        b.check("kubernetes-container-not-privileged", "Containers run without privileged mode", HIGH, outcomes);

    let mut flag = outcome(server, None, State::Failed);
    let mut detail = failure("flags.profiling", None, "false");
    detail.evidence[0].source = Some("default of 1.34 is true".to_owned());
    flag.detail = Some(Arc::new(detail));
    let profiling = b.check(
        "kubernetes-apiserver-profiling-off",
        "The API server does not serve profiling data",
        MEDIUM,
        vec![flag],
    );

    let mut waived = outcome(router, None, State::Failed);
    waived.waiver = waiver();
    waived.detail = Some(Arc::new(failure("spec.template.spec.hostNetwork", Some("true"), "not true")));
    let host = b.check(
        "kubernetes-workload-host-network",
        "Workloads stay off the host network",
        HIGH,
        vec![waived, outcome(cart, None, State::Passed)],
    );

    let files = b.check(
        "kubernetes-file-mode",
        "Files are writable by their owner only",
        HIGH,
        vec![outcome(node, None, State::Manual)],
    );
    let passed = b.check(
        "kubernetes-anonymous-auth-off",
        "Anonymous requests are rejected",
        CRITICAL,
        vec![outcome(server, None, State::Passed)],
    );
    let absent = b.check(
        "kubernetes-etcd-peer-tls",
        "Etcd members talk over TLS",
        LOW,
        vec![outcome(node, None, State::NotRelevant)],
    );

    let mut partly = b.rule("5.2.5", "Workloads stay off the host network", &[host]);
    partly.partly = true;
    let mut out = b.rule("0.1", "The team has a named owner", &[]);
    out.out_of_scope = true;
    out.severity = None;
    let rules = vec![
        b.rule("5.1.1", "cluster-admin is granted only where it is needed", &[grants]),
        b.rule("5.2.2", "Containers run without privileged mode", &[privileged]),
        b.rule("1.2.15", "The API server does not serve profiling data", &[profiling]),
        partly,
        b.rule("1.1.9", "CNI files are writable by their owner only", &[files]),
        b.rule("1.1.10", "CNI files belong to root", &[files]),
        b.human(
            "3.1.1",
            "People do not authenticate with client certificates",
            "List who holds client certificates signed by the cluster CA and show that none is a person.",
        ),
        b.human("5.4.2", "Secrets live in an external store where that is possible", "Show where secrets come from."),
        b.rule("1.2.1", "Anonymous requests are rejected", &[passed]),
        b.rule("2.4", "Etcd members talk over TLS", &[absent]),
        out,
    ];
    b.standard(cis(), true, rules);
    let rules = vec![
        b.rule("9.4(b)", "Workloads cannot take over the machine that they run on", &[privileged, host]),
        b.rule("9.4(c)", "Access is authenticated", &[passed]),
    ];
    b.standard(dora(), true, rules);

    b.assessment.gaps = vec![
        Gap {
            kind: "NetworkPolicy".to_owned(),
            scope: None,
            reason: GapReason::Forbidden,
            detail: "the server refused".to_owned(),
            permission: Some("list networkpolicies.networking.k8s.io".to_owned()),
        },
        Gap {
            kind: "node".to_owned(),
            scope: Some("worker-3".to_owned()),
            reason: GapReason::NotCollected,
            detail: String::new(),
            permission: None,
        },
    ];
    b.assessment.notes =
        vec!["3 objects of kind ConfigMap appear more than once in the input; the last of each is assessed".to_owned()];
    b.done()
}

/// Hostile text in every place that comes from outside, and a name of 10 kB.
pub fn hostile() -> Assessment {
    let mut b = Builder::new(HOSTILE);
    let named = b.resource(HOSTILE, Some(HOSTILE), HOSTILE);
    let long = b.resource("Deployment", Some("shop"), &"long-name-".repeat(1024));
    let mut bad = outcome(named, Some(HOSTILE), State::Failed);
    let mut detail = failure(HOSTILE, Some(HOSTILE), HOSTILE);
    detail.reason = HOSTILE.to_owned();
    detail.hint = Some(HOSTILE.to_owned());
    detail.evidence[0].source = Some(HOSTILE.to_owned());
    detail.evidence[0].location = Some(Location { file: HOSTILE.into(), line: 7 });
    detail.omitted = 3;
    bad.detail = Some(Arc::new(detail));
    bad.waiver = Some(Arc::new(Waiver {
        reason: HOSTILE.to_owned(),
        owner: Some(HOSTILE.to_owned()),
        expires: None,
        source: WaiverSource::Annotation,
    }));
    let mut unsure = outcome(named, None, State::Manual);
    unsure.detail = Some(Arc::new(reason(HOSTILE, Some(HOSTILE))));
    let outcomes = vec![bad, outcome(long, None, State::Failed), unsure];
    let check = b.check("user-check", HOSTILE, HIGH, outcomes);
    let mut rule = b.rule(HOSTILE, HOSTILE, &[check]);
    rule.metadata = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
    rule.hint = Some(HOSTILE.to_owned());
    let human = b.human("2", HOSTILE, HOSTILE);
    let standard = StandardInfo { name: HOSTILE.to_owned(), ..cis() };
    b.standard(standard, true, vec![rule, human]);
    b.assessment.gaps = vec![Gap {
        kind: HOSTILE.to_owned(),
        scope: Some(HOSTILE.to_owned()),
        reason: GapReason::Malformed,
        detail: HOSTILE.to_owned(),
        permission: Some(HOSTILE.to_owned()),
    }];
    b.assessment.notes = vec![HOSTILE.to_owned()];
    b.assessment.system.origin = HOSTILE.to_owned();
    b.assessment.system.version = Some(HOSTILE.to_owned());
    b.done()
}

/// A system to which no standard applies.
pub fn without_standards() -> Assessment {
    let mut b = Builder::new("lab");
    b.assessment.system.version = None;
    b.assessment.notes = vec!["no standard applies to Kubernetes 1.19".to_owned()];
    b.done()
}

/// `checks` rules with `resources` outcomes each: one in ten failed, one in a hundred Manual, the rest passed.
pub fn large(checks: usize, resources: usize) -> Assessment {
    let mut b = Builder::new("large");
    b.assessment.resources = (0..resources)
        .map(|n| ResourceRef {
            kind: "Deployment".into(),
            scope: Some(format!("team-{}", n % 97).into()),
            name: format!("service-{n}").into(),
        })
        .collect();
    let failed =
        Arc::new(failure("spec.template.spec.containers[0].securityContext.privileged", Some("true"), "not true"));
    let unsure = Arc::new(reason("the image registry could not be read", Some("Grant access to the registry")));
    let mut rules = Vec::new();
    for n in 0..checks {
        let outcomes = (0..resources)
            .map(|at| {
                let state = match (at + n) % 100 {
                    50 => State::Manual,
                    m if m % 10 == 3 => State::Failed,
                    _ => State::Passed,
                };
                let detail = match state {
                    State::Failed => Some(failed.clone()),
                    State::Manual => Some(unsure.clone()),
                    _ => None,
                };
                let resource = u32::try_from(at).unwrap();
                Outcome { resource, element: Some("app".into()), state, detail, waiver: None }
            })
            .collect();
        let vector = [CRITICAL, HIGH, MEDIUM, LOW][n % 4];
        let check =
            b.check(&format!("kubernetes-check-{n}"), &format!("Statement number {n} is true"), vector, outcomes);
        rules.push(b.rule(&format!("5.{}.{}", n / 20, n), &format!("Statement number {n} is true"), &[check]));
    }
    b.standard(cis(), true, rules);
    b.done()
}

/// Sets of assessments that every format must be able to write.
pub fn sets() -> Vec<(&'static str, Vec<Assessment>)> {
    vec![
        ("none", vec![]),
        ("cluster", vec![cluster()]),
        ("hostile", vec![hostile()]),
        ("without standards", vec![without_standards()]),
        ("several", vec![cluster(), hostile(), without_standards(), large(3, 40)]),
        ("large", vec![large(30, 200)]),
    ]
}

pub fn others() -> Vec<OtherSystem> {
    let other = |name: &str, status, why: Option<&str>| OtherSystem {
        technology: Technology::Kubernetes,
        name: name.to_owned(),
        status,
        why: why.map(str::to_owned),
    };
    let why = "the scan of 2026-11-20 failed: no answer within 30 s";
    vec![other("staging", OtherStatus::NotEnabled, None), other("edge-7", OtherStatus::NoData, Some(why))]
}

pub fn report(assessments: &[Assessment]) -> Report<'_> {
    Report { assessments, others: &[], failed: &[], command: "spm report" }
}

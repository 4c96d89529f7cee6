//! Generated clusters and manifests with planted faults: every count that a rule of CIS covers is found exactly.
//!
//! `tests/tools/gen_k8s.py` plants the faults and writes how many there are, from its plan and not from the objects; pods of a
//! workload repeat the faults of its template, so exact counts also prove that they are reported once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Scan, Subject};
use serde_json::Value as Json;

const STANDARDS: &str = "cis@1.11.1,cis@1.12.0,cis@2.0.1";
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// Checks of containers, and the fault that each has to find.
const CONTAINERS: [(&str, &str); 5] = [
    ("kubernetes-container-not-privileged", "privileged"),
    ("kubernetes-container-no-privilege-escalation", "allow_privilege_escalation_not_false"),
    ("kubernetes-container-drops-all-capabilities", "capabilities_not_dropped_all"),
    ("kubernetes-container-no-added-capabilities", "capabilities_added_dangerous"),
    ("kubernetes-container-no-secret-env", "secret_in_env"),
];

/// Checks of workloads, or of all their containers at once.
const WORKLOADS: [(&str, &str); 6] = [
    ("kubernetes-workload-no-host-pid", "host_pid"),
    ("kubernetes-workload-no-host-ipc", "host_ipc"),
    ("kubernetes-workload-no-host-network", "host_network"),
    ("kubernetes-workload-no-host-path", "host_path_any"),
    ("kubernetes-container-not-root", "may_run_as_root"),
    ("kubernetes-container-seccomp-profile", "seccomp_unset"),
];

/// Checks of control plane components, which run as static pods.
const COMPONENTS: [(&str, &str); 8] = [
    ("kubernetes-apiserver-anonymous-auth-off", "cis_1_2_1_anonymous_auth"),
    ("kubernetes-apiserver-authorization-not-always-allow", "cis_1_2_authorization_always_allow"),
    ("kubernetes-apiserver-audit-log-path", "cis_1_2_audit_log_path_missing"),
    ("kubernetes-apiserver-profiling-off", "cis_1_2_profiling_not_false"),
    ("kubernetes-controller-manager-profiling-off", "cis_1_3_controller_manager_profiling_not_false"),
    ("kubernetes-controller-manager-bind-address", "cis_1_3_7_cm_bind_address"),
    ("kubernetes-scheduler-profiling-off", "cis_1_4_scheduler_profiling_not_false"),
    ("kubernetes-etcd-client-cert-auth", "cis_2_2_etcd_client_cert_auth"),
];

/// Checks of who was granted something. The generator counts roles as well, but a role that is bound to nobody grants nothing:
/// those planted are bound to nobody, so the administrators are all that may be found.
const GRANTS: [(&str, &str); 9] = [
    ("kubernetes-rbac-secrets-read", "subjects"),
    ("kubernetes-rbac-pod-create", "subjects"),
    ("kubernetes-rbac-bind-impersonate-escalate", "subjects"),
    ("kubernetes-rbac-token-create", "subjects"),
    // What a binding in a namespace cannot give.
    ("kubernetes-rbac-persistent-volume-create", "cluster_subjects"),
    ("kubernetes-rbac-node-proxy", "cluster_subjects"),
    ("kubernetes-rbac-csr-approval", "cluster_subjects"),
    ("kubernetes-rbac-webhook-config", "cluster_subjects"),
    ("kubernetes-rbac-cluster-admin", "bindings"),
];

/// No object is of the kinds of policies that other engines than Pod Security admission have, but a file cannot say so. With
/// one of each that has nothing to do with pods it is clear.
const ADMISSION: &str = "
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: services},
 webhooks: [{name: s.example.com, rules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [services]}]}]}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: services},
 spec: {matchConstraints: {resourceRules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [services]}]}}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: services},
 spec: {policyName: services, validationActions: [Deny]}}
";

struct Generated {
    _dir: tempfile::TempDir,
    path: PathBuf,
    admission: PathBuf,
    truth: Json,
}

impl Generated {
    fn new(what: [&str; 2], out: [&str; 2]) -> Generated {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(out[1]);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/gen_k8s.py");
        let python = std::env::var_os("SPM_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let output = Command::new(&python).arg(script).args(what).arg(out[0]).arg(&path).output();
        let output = output.unwrap_or_else(|e| panic!("{}: {e}; set SPM_TEST_PYTHON", python.display()));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the generator needs Python 3 with PyYAML (SPM_TEST_PYTHON names it):\n{said}"
        );
        let truth = fs::read_to_string(format!("{}.truth.json", path.display())).unwrap();
        let truth = serde_json::from_str::<Json>(&truth).unwrap()["expected"].take();
        let admission = dir.path().join("admission.yaml");
        fs::write(&admission, ADMISSION).unwrap();
        Generated { _dir: dir, path, admission, truth }
    }

    fn cluster(pods: &str) -> Generated {
        Generated::new(["--pods", pods], ["--out", "cluster.json"])
    }

    fn manifests(workloads: &str) -> Generated {
        Generated::new(["--workloads", workloads], ["--manifests", "manifests"])
    }

    fn scan(&self) -> Scan {
        Scan::files(&[&self.path, &self.admission], &["--standard", STANDARDS])
    }
}

/// Compares one count after the other, and tells all that differ at once.
struct Comparison<'a> {
    truth: &'a Json,
    differ: Vec<String>,
}

impl Comparison<'_> {
    fn count(&mut self, check: &str, fault: &str, what: &str, found: usize) {
        let planted = self.truth[fault][what].as_u64().unwrap_or_else(|| panic!("no truth {fault}.{what}"));
        self.equal(check, &format!("{fault}.{what}"), usize::try_from(planted).unwrap(), found);
    }

    fn equal(&mut self, check: &str, what: &str, planted: usize, found: usize) {
        if planted != found {
            self.differ.push(format!("{check}: {what}: planted {planted}, found {found}"));
        }
    }

    fn controllers(&mut self, check: &str, fault: &str, found: &BTreeSet<Subject>) {
        self.count(check, fault, "controllers", found.len());
        self.count(check, fault, "controllers_nonsystem", found.iter().filter(|s| !is_system(s)).count());
    }

    fn finish(self) {
        assert!(self.differ.is_empty(), "{:#?}", self.differ);
    }
}

fn is_system(subject: &Subject) -> bool {
    SYSTEM.contains(&&*subject.scope)
}

fn resources(subjects: &BTreeSet<Subject>) -> BTreeSet<Subject> {
    subjects.iter().map(Subject::resource).collect()
}

/// What failed in templates: without the debugging containers that were left in live pods, counted by themselves.
fn in_templates(scan: &Scan, check: &str) -> BTreeSet<Subject> {
    scan.failed(check).into_iter().filter(|subject| !subject.element.starts_with("debugger-")).collect()
}

fn compare<'t>(scan: &Scan, truth: &'t Json) -> Comparison<'t> {
    let mut all = Comparison { truth, differ: Vec::new() };
    for (check, fault) in CONTAINERS {
        let failed = in_templates(scan, check);
        all.controllers(check, fault, &resources(&failed));
        let init = failed.iter().filter(|subject| subject.element.starts_with("init-")).count();
        all.count(check, fault, "template_init_containers", init);
        all.count(check, fault, "template_containers", failed.len() - init);
    }
    for (check, fault) in WORKLOADS {
        all.controllers(check, fault, &resources(&in_templates(scan, check)));
    }

    // The API server copies the ports of pods on the host's network to hostPort, and they are open on the host, so they are
    // found. The truth counts only those that somebody asked for, none of them in a workload on the host's network.
    let check = "kubernetes-container-no-host-port";
    let on_host = resources(&scan.failed("kubernetes-workload-no-host-network"));
    let mut ports = in_templates(scan, check);
    ports.retain(|subject| !on_host.contains(&subject.resource()));
    all.controllers(check, "host_port_explicit", &resources(&ports));
    all.count(check, "host_port_explicit", "template_containers", ports.len());

    // The cluster's own workloads need the API: they are not judged. Static pods get no token whatever they say.
    let check = "kubernetes-token-mounted-only-where-needed";
    let tokens = scan.failed(check);
    all.count(check, "token_actually_mounted", "controllers_nonsystem", tokens.len());
    assert!(!tokens.iter().any(is_system));

    let check = "kubernetes-default-service-account-unused";
    all.count(check, "default_service_account_not_idle", "service_accounts", scan.failed(check).len());

    let check = "kubernetes-rbac-no-wildcards";
    let roles = scan.failed(check);
    // The roles that every cluster has are not judged.
    for (kind, what) in [("ClusterRole", "cluster_roles"), ("Role", "roles")] {
        all.count(check, "rbac_wildcard_role", what, roles.iter().filter(|role| role.kind == kind).count());
    }
    for (check, what) in GRANTS {
        let failed = scan.failed(check);
        if what == "bindings" {
            let of = |kind: &str| failed.iter().filter(|binding| binding.kind == kind).count();
            all.count(check, "rbac_cluster_admin_binding", "cluster_role_bindings", of("ClusterRoleBinding"));
            all.count(check, "rbac_cluster_admin_binding", "role_bindings", of("RoleBinding"));
        } else {
            all.count(check, "rbac_administrators", what, failed.len());
        }
    }

    // The cluster's own namespaces are not judged.
    let check = "kubernetes-namespace-network-policies";
    all.count(check, "namespace_without_networkpolicy", "namespaces", scan.failed(check).len());
    let check = "kubernetes-namespace-pod-policy";
    let unprotected = ["namespace_without_psa_enforce", "namespace_psa_privileged"];
    let planted: u64 = unprotected.iter().map(|fault| truth[fault]["namespaces"].as_u64().unwrap()).sum();
    let planted = usize::try_from(planted).unwrap();
    all.equal(check, "namespaces without a level that protects", planted, scan.failed(check).len());

    // One finding for the namespace, which every cluster has whether or not it is in the manifests; its evidence lists what is
    // in it.
    let check = "kubernetes-namespace-unused";
    let planted = usize::from(truth["workload_in_default_namespace"]["controllers"] != 0);
    all.equal(check, "namespace default in use", planted, scan.failed(check).len());
    all
}

fn compare_cluster(scan: &Scan, truth: &Json) {
    let mut all = compare(scan, truth);
    for (check, fault) in COMPONENTS {
        all.count(check, fault, "static_pods", scan.failed(check).len());
    }
    let check = "kubernetes-container-not-privileged";
    let left: Vec<Subject> = scan.failed(check).into_iter().filter(|s| s.element.starts_with("debugger-")).collect();
    all.count(check, "ephemeral_privileged_container", "pods", left.len());
    // Reported where somebody can do something about it, not at a pod that is gone tomorrow.
    assert!(left.iter().all(|subject| subject.kind == "Deployment"), "{left:?}");
    all.finish();
}

#[test]
fn cluster_of_1000_pods() {
    let cluster = Generated::cluster("1000");
    compare_cluster(&cluster.scan(), &cluster.truth);
}

#[test]
fn cluster_of_10_000_pods() {
    let cluster = Generated::cluster("10000");
    compare_cluster(&cluster.scan(), &cluster.truth);
}

#[test]
fn manifests_of_1000_workloads() {
    let manifests = Generated::manifests("1000");
    let scan = manifests.scan();
    compare(&scan, &manifests.truth).finish();
    let places = scan.outcomes("kubernetes-container-not-privileged", "failed");
    for (subject, outcome) in places {
        let evidence = &outcome["evidence"][0];
        let file = evidence["file"].as_str().unwrap_or_else(|| panic!("{subject} has no file"));
        let line = usize::try_from(evidence["line"].as_u64().unwrap()).unwrap();
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(text.lines().nth(line - 1).map(str::trim), Some("privileged: true"), "{subject} at {file}:{line}");
    }
}

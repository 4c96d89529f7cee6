//! A hardened workload has no finding; each fault that is put into it gives exactly the findings of its own checks.

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

use common::Scan;
use serde_json::{Value as Json, json};

const VERSIONS: [&str; 3] = ["1.11.1", "1.12.0", "2.0.1"];

/// A Deployment with a main and an init container, in a namespace of its own, with all that belongs to it. Files cannot say that
/// a cluster has no object of a kind, so there is one of each kind that rules look for.
const HARDENED: &str = "
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: { pod-security.kubernetes.io/enforce: restricted }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: services }
webhooks:
  - name: services.example.com
    rules: [{ operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [services] }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: services }
spec: { matchConstraints: { resourceRules: [{ operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [services] }] } }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: services }
spec: { policyName: services, validationActions: [Deny] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: shop }
automountServiceAccountToken: false
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: web, namespace: shop }
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: shop }
rules: [{ apiGroups: [''], resources: [configmaps], resourceNames: [web], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: node-reader }
rules: [{ apiGroups: [''], resources: [nodes], verbs: [get, list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: node-reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: node-reader }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: operators }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: { type: RuntimeDefault }
      initContainers:
        - name: prepare
          image: registry.example.com/shop/prepare@sha256:0123456789012345678901234567890123456789012345678901234567890123
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
      containers:
        - name: web
          image: registry.example.com/shop/web@sha256:0123456789012345678901234567890123456789012345678901234567890123
          ports: [{ containerPort: 8080 }]
          env: [{ name: LOG_LEVEL, value: info }]
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          resources:
            requests: { cpu: 100m, memory: 64Mi }
            limits: { cpu: 500m, memory: 128Mi }
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
      volumes: [{ name: tmp, emptyDir: {} }]
";

/// The objects, to be changed.
struct Objects(Vec<Json>);

impl Objects {
    fn new() -> Objects {
        let documents = serde_yaml::Deserializer::from_str(HARDENED);
        Objects(documents.map(|document| serde::Deserialize::deserialize(document).unwrap()).collect())
    }

    fn object(&mut self, kind: &str, name: &str) -> &mut Json {
        let found = self.0.iter_mut().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    fn pod(&mut self) -> &mut Json {
        &mut self.object("Deployment", "web")["spec"]["template"]["spec"]
    }

    fn main(&mut self) -> &mut Json {
        &mut self.pod()["containers"][0]
    }

    fn init(&mut self) -> &mut Json {
        &mut self.pod()["initContainers"][0]
    }

    fn remove(&mut self, kind: &str, name: &str) {
        let before = self.0.len();
        self.0.retain(|object| !(object["kind"] == kind && object["metadata"]["name"] == name));
        assert_eq!(self.0.len() + 1, before);
    }

    fn push(&mut self, object: Json) {
        self.0.push(object);
    }

    /// Gives eve a right by a role of her own.
    fn grant(&mut self, group: &str, resource: &str, verb: &str) {
        self.push(role("one-right", json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]})));
        self.push(binding("eve", "one-right", EVE));
    }

    fn scan(&self, standards: &str) -> Scan {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shop.yaml");
        let documents: Vec<String> = self.0.iter().map(|object| serde_yaml::to_string(object).unwrap()).collect();
        fs::write(&path, documents.join("---\n")).unwrap();
        Scan::files(&[&path], &["--standard", standards])
    }
}

fn without(value: &mut Json, key: &str) {
    assert!(value.as_object_mut().unwrap().remove(key).is_some(), "no {key}");
}

fn role(name: &str, rule: Json) -> Json {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]})
}

const EVE: &str = "eve";

fn binding(name: &str, role: &str, user: &str) -> Json {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]})
}

struct Fault {
    name: &'static str,
    change: fn(&mut Objects),
    /// Rules of CIS 1.12.0 that fail.
    rules: &'static [&'static str],
    /// Findings of all versions, without the `kubernetes-` of the checks.
    findings: &'static [&'static str],
    /// What nobody can tell any more.
    manual: &'static [&'static str],
}

const fn fault(
    name: &'static str,
    change: fn(&mut Objects),
    rules: &'static [&'static str],
    findings: &'static [&'static str],
) -> Fault {
    Fault { name, change, rules, findings, manual: &[] }
}

const FAULTS: &[Fault] = &[
    // A privileged container has all capabilities, whatever it drops.
    fault(
        "privileged",
        |o| o.main()["securityContext"]["privileged"] = json!(true),
        &["5.2.2", "5.2.6", "5.2.8", "5.2.9", "5.6.2"],
        &[
            "container-drops-all-capabilities: Deployment shop/web [web]",
            "container-no-net-raw: Deployment shop/web [web]",
            "container-no-privilege-escalation: Deployment shop/web [web]",
            "container-not-privileged: Deployment shop/web [web]",
            "container-seccomp-profile: Deployment shop/web [web]",
        ],
    ),
    fault(
        "init container privileged",
        |o| o.init()["securityContext"]["privileged"] = json!(true),
        &["5.2.2", "5.2.6", "5.2.8", "5.2.9", "5.6.2"],
        &[
            "container-drops-all-capabilities: Deployment shop/web [prepare]",
            "container-no-net-raw: Deployment shop/web [prepare]",
            "container-no-privilege-escalation: Deployment shop/web [prepare]",
            "container-not-privileged: Deployment shop/web [prepare]",
            "container-seccomp-profile: Deployment shop/web [prepare]",
        ],
    ),
    fault(
        "privilege escalation not said",
        |o| without(&mut o.main()["securityContext"], "allowPrivilegeEscalation"),
        &["5.2.6"],
        &["container-no-privilege-escalation: Deployment shop/web [web]"],
    ),
    fault(
        "privilege escalation allowed",
        |o| o.init()["securityContext"]["allowPrivilegeEscalation"] = json!(true),
        &["5.2.6"],
        &["container-no-privilege-escalation: Deployment shop/web [prepare]"],
    ),
    fault(
        "no capability dropped",
        |o| without(&mut o.main()["securityContext"], "capabilities"),
        &["5.2.8", "5.2.9"],
        &[
            "container-drops-all-capabilities: Deployment shop/web [web]",
            "container-no-net-raw: Deployment shop/web [web]",
        ],
    ),
    fault(
        "one capability dropped",
        |o| o.main()["securityContext"]["capabilities"]["drop"] = json!(["net_raw"]),
        &["5.2.9"],
        &["container-drops-all-capabilities: Deployment shop/web [web]"],
    ),
    // CIS 1.12.0 asks that all are dropped and says nothing about what is added then; 1.11.1 has rule 5.2.9 for that.
    fault(
        "SYS_ADMIN added",
        |o| o.main()["securityContext"]["capabilities"]["add"] = json!(["SYS_ADMIN"]),
        &[],
        &["container-no-added-capabilities: Deployment shop/web [web]"],
    ),
    fault(
        "NET_RAW added",
        |o| o.main()["securityContext"]["capabilities"]["add"] = json!(["NET_RAW"]),
        &["5.2.8"],
        &[
            "container-no-added-capabilities: Deployment shop/web [web]",
            "container-no-net-raw: Deployment shop/web [web]",
        ],
    ),
    fault(
        "user not said",
        |o| {
            without(&mut o.pod()["securityContext"], "runAsNonRoot");
            without(&mut o.pod()["securityContext"], "runAsUser");
        },
        &["5.2.7"],
        &["container-not-root: Deployment shop/web [prepare]", "container-not-root: Deployment shop/web [web]"],
    ),
    fault(
        "user 0 of the pod",
        |o| {
            without(&mut o.pod()["securityContext"], "runAsNonRoot");
            o.pod()["securityContext"]["runAsUser"] = json!(0);
        },
        &["5.2.7"],
        &["container-not-root: Deployment shop/web [prepare]", "container-not-root: Deployment shop/web [web]"],
    ),
    fault(
        "user 0 of a container",
        |o| {
            o.main()["securityContext"]["runAsNonRoot"] = json!(false);
            o.main()["securityContext"]["runAsUser"] = json!(0);
        },
        &["5.2.7"],
        &["container-not-root: Deployment shop/web [web]"],
    ),
    fault(
        "runAsNonRoot not said beside a user",
        |o| without(&mut o.pod()["securityContext"], "runAsNonRoot"),
        &[],
        &[],
    ),
    fault("user not said beside runAsNonRoot", |o| without(&mut o.pod()["securityContext"], "runAsUser"), &[], &[]),
    fault(
        "no seccomp profile",
        |o| without(&mut o.pod()["securityContext"], "seccompProfile"),
        &["5.6.2"],
        &[
            "container-seccomp-profile: Deployment shop/web [prepare]",
            "container-seccomp-profile: Deployment shop/web [web]",
        ],
    ),
    fault(
        "seccomp off for a container",
        |o| o.init()["securityContext"]["seccompProfile"] = json!({"type": "Unconfined"}),
        &["5.6.2"],
        &["container-seccomp-profile: Deployment shop/web [prepare]"],
    ),
    fault(
        "process ids of the host",
        |o| o.pod()["hostPID"] = json!(true),
        &["5.2.3"],
        &["workload-no-host-pid: Deployment shop/web"],
    ),
    fault(
        "communication of the host",
        |o| o.pod()["hostIPC"] = json!(true),
        &["5.2.4"],
        &["workload-no-host-ipc: Deployment shop/web"],
    ),
    fault(
        "network of the host",
        |o| o.pod()["hostNetwork"] = json!(true),
        &["5.2.5"],
        &["workload-no-host-network: Deployment shop/web"],
    ),
    fault(
        "path of the host",
        |o| o.pod()["volumes"][0] = json!({"name": "tmp", "hostPath": {"path": "/"}}),
        &["5.2.11"],
        &["workload-no-host-path: Deployment shop/web"],
    ),
    fault(
        "port of the host",
        |o| o.main()["ports"][0]["hostPort"] = json!(8080),
        &["5.2.12"],
        &["container-no-host-port: Deployment shop/web [web]"],
    ),
    fault(
        "Windows process of the host",
        |o| o.main()["securityContext"]["windowsOptions"] = json!({"hostProcess": true}),
        &["5.2.10"],
        &["container-no-windows-host-process: Deployment shop/web [web]"],
    ),
    fault(
        "secret as a variable",
        |o| {
            o.main()["env"][0] =
                json!({"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web", "key": "token"}}});
        },
        &["5.4.1"],
        &["container-no-secret-env: Deployment shop/web [web]"],
    ),
    fault(
        "secret as all variables",
        |o| o.init()["envFrom"] = json!([{"secretRef": {"name": "web"}}]),
        &["5.4.1"],
        &["container-no-secret-env: Deployment shop/web [prepare]"],
    ),
    fault(
        "no security context",
        |o| {
            without(o.pod(), "securityContext");
            without(o.main(), "securityContext");
            without(o.init(), "securityContext");
        },
        &["5.2.6", "5.2.7", "5.2.8", "5.2.9", "5.6.2", "5.6.3"],
        &[
            "container-drops-all-capabilities: Deployment shop/web [prepare]",
            "container-drops-all-capabilities: Deployment shop/web [web]",
            "container-no-net-raw: Deployment shop/web [prepare]",
            "container-no-net-raw: Deployment shop/web [web]",
            "container-no-privilege-escalation: Deployment shop/web [prepare]",
            "container-no-privilege-escalation: Deployment shop/web [web]",
            "container-not-root: Deployment shop/web [prepare]",
            "container-not-root: Deployment shop/web [web]",
            "container-seccomp-profile: Deployment shop/web [prepare]",
            "container-seccomp-profile: Deployment shop/web [web]",
            "workload-security-context: Deployment shop/web",
        ],
    ),
    fault("token refused by the account only", |o| without(o.pod(), "automountServiceAccountToken"), &[], &[]),
    fault(
        "token refused by nobody",
        |o| {
            without(o.pod(), "automountServiceAccountToken");
            without(o.object("ServiceAccount", "web"), "automountServiceAccountToken");
        },
        &["5.1.6"],
        &["token-mounted-only-where-needed: Deployment shop/web"],
    ),
    fault(
        "default account used",
        |o| without(o.pod(), "serviceAccountName"),
        &["5.1.5"],
        &["default-service-account-unused: ServiceAccount shop/default"],
    ),
    fault(
        "default account with a token",
        |o| without(o.object("ServiceAccount", "default"), "automountServiceAccountToken"),
        &["5.1.5"],
        &["default-service-account-unused: ServiceAccount shop/default"],
    ),
    fault(
        "default account with rights",
        |o| o.object("RoleBinding", "reader")["subjects"][0]["name"] = json!("default"),
        &["5.1.5"],
        &["default-service-account-unused: ServiceAccount shop/default"],
    ),
    // The account `default` of that namespace is not in the input, so nobody took its token away.
    Fault {
        name: "namespace default",
        change: |o| o.object("Deployment", "web")["metadata"]["namespace"] = json!("default"),
        rules: &["5.1.5", "5.6.4"],
        findings: &[
            "default-service-account-unused: ServiceAccount default/default",
            "namespace-unused: Namespace default",
        ],
        manual: &["namespace-network-policies: Namespace default", "namespace-pod-policy: Namespace default"],
    },
    fault(
        "no level of pod security",
        |o| without(&mut o.object("Namespace", "shop")["metadata"], "labels"),
        &["5.2.1"],
        &["namespace-pod-policy: Namespace shop"],
    ),
    fault(
        "privileged level of pod security",
        |o| {
            let labels = json!({"pod-security.kubernetes.io/enforce": "privileged"});
            o.object("Namespace", "shop")["metadata"]["labels"] = labels;
        },
        &["5.2.1"],
        &["namespace-pod-policy: Namespace shop"],
    ),
    Fault {
        name: "no level of pod security, and policies that nobody can see",
        change: |o| {
            without(&mut o.object("Namespace", "shop")["metadata"], "labels");
            o.remove("ValidatingAdmissionPolicy", "services");
        },
        rules: &[],
        findings: &[],
        manual: &["namespace-pod-policy: Namespace shop"],
    },
    fault(
        "network policy of another namespace",
        |o| o.object("NetworkPolicy", "deny")["metadata"]["namespace"] = json!("other"),
        &["5.3.2"],
        &["namespace-network-policies: Namespace shop"],
    ),
    Fault {
        name: "network policies that nobody can see",
        change: |o| o.remove("NetworkPolicy", "deny"),
        rules: &[],
        findings: &[],
        manual: &["namespace-network-policies: Namespace shop"],
    },
    fault(
        "wildcard role",
        |o| o.push(role("all", json!({"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]}))),
        &["5.1.3"],
        &["rbac-no-wildcards: ClusterRole all"],
    ),
    fault(
        "administrator",
        |o| o.push(binding("admins", "cluster-admin", EVE)),
        &["5.1.1", "5.1.2", "5.1.4", "5.1.8", "5.1.9", "5.1.10", "5.1.11", "5.1.12", "5.1.13"],
        &[
            "rbac-bind-impersonate-escalate: User eve",
            "rbac-cluster-admin: ClusterRoleBinding admins [User eve]",
            "rbac-csr-approval: User eve",
            "rbac-node-proxy: User eve",
            "rbac-persistent-volume-create: User eve",
            "rbac-pod-create: User eve",
            "rbac-secrets-read: User eve",
            "rbac-token-create: User eve",
            "rbac-webhook-config: User eve",
        ],
    ),
    fault("reader of secrets", |o| o.grant("", "secrets", "list"), &["5.1.2"], &["rbac-secrets-read: User eve"]),
    fault("maker of pods", |o| o.grant("", "pods", "create"), &["5.1.4"], &["rbac-pod-create: User eve"]),
    fault(
        "impersonator",
        |o| o.grant("", "users", "impersonate"),
        &["5.1.8"],
        &["rbac-bind-impersonate-escalate: User eve"],
    ),
    fault(
        "maker of volumes",
        |o| o.grant("", "persistentvolumes", "create"),
        &["5.1.9"],
        &["rbac-persistent-volume-create: User eve"],
    ),
    fault("friend of kubelets", |o| o.grant("", "nodes/proxy", "get"), &["5.1.10"], &["rbac-node-proxy: User eve"]),
    fault(
        "approver of certificates",
        |o| o.grant("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
        &["5.1.11"],
        &["rbac-csr-approval: User eve"],
    ),
    fault(
        "master of webhooks",
        |o| o.grant("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch"),
        &["5.1.12"],
        &["rbac-webhook-config: User eve"],
    ),
    fault(
        "issuer of tokens",
        |o| o.grant("", "serviceaccounts/token", "create"),
        &["5.1.13"],
        &["rbac-token-create: User eve"],
    ),
];

fn all_versions() -> String {
    VERSIONS.map(|version| format!("cis@{version}")).join(",")
}

#[test]
fn the_hardened_workload_has_no_finding() {
    for version in VERSIONS {
        let scan = Objects::new().scan(&format!("cis@{version}"));
        assert_eq!(scan.findings(), BTreeSet::new(), "CIS {version}");
        let rules = scan.rules(&format!("cis-kubernetes-{version}"));
        assert!(rules.values().all(|result| result != "failed"), "CIS {version}: {rules:?}");
        // It was looked at.
        for rule in ["5.1.2", "5.1.3", "5.1.5", "5.1.6", "5.2.1", "5.2.2", "5.2.6", "5.2.7", "5.2.8", "5.3.2", "5.4.1"]
        {
            assert_eq!(rules[rule], "passed", "CIS {version} {rule}");
        }
    }
}

#[test]
fn each_fault_gives_the_findings_of_its_own_checks() {
    let unclear = Objects::new().scan(&all_versions()).with_result("manual");
    let mut wrong = Vec::new();
    for Fault { name, change, rules, findings, manual } in FAULTS {
        let mut objects = Objects::new();
        change(&mut objects);
        let scan = objects.scan(&all_versions());
        let full = |list: &[&str]| list.iter().map(|text| format!("kubernetes-{text}")).collect::<BTreeSet<String>>();
        let failed = scan.rules("cis-kubernetes-1.12.0").into_iter().filter(|(_, result)| result == "failed");
        let failed: BTreeSet<String> = failed.map(|(id, _)| id).collect();
        if failed != rules.iter().map(|id| (*id).to_owned()).collect() {
            wrong.push(format!("{name}: rules {failed:?}"));
        }
        if scan.findings() != full(findings) {
            wrong.push(format!("{name}: findings {:#?}", scan.findings()));
        }
        let new: BTreeSet<String> = scan.with_result("manual").difference(&unclear).cloned().collect();
        if new != full(manual) {
            wrong.push(format!("{name}: manual {new:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_workload_is_looked_into() {
    let kinds = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("v1", "ReplicationController"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("v1", "Pod"),
    ];
    let all = |change: fn(&mut Objects)| {
        let mut objects = Objects::new();
        change(&mut objects);
        let spec = objects.pod().clone();
        objects.remove("Deployment", "web");
        for (version, kind) in kinds {
            let spec = match kind {
                "Pod" => spec.clone(),
                "CronJob" => json!({"jobTemplate": {"spec": {"template": {"spec": spec}}}}),
                _ => json!({"template": {"spec": spec}}),
            };
            let metadata = json!({"name": "web", "namespace": "shop"});
            objects.push(json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}));
        }
        objects.scan(&all_versions())
    };
    assert_eq!(all(|_| {}).findings(), BTreeSet::new());
    let scan = all(|o| o.init()["securityContext"]["privileged"] = json!(true));
    let found: BTreeSet<String> =
        scan.failed("kubernetes-container-not-privileged").iter().map(ToString::to_string).collect();
    assert_eq!(found, kinds.iter().map(|(_, kind)| format!("{kind} shop/web [prepare]")).collect());
}

//! From the files of a node to what rules see: the collector's document read by the views.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]
#![cfg(unix)]

use std::fs;
use std::path::Path;

use spm::catalog;
use spm::collect::node::{NodeOptions, collect};
use spm::derive::{self, Subject};
use spm::expr::path::Found;
use spm::expr::{Path as ValuePath, Value};
use spm::inventory::{Inventory, Mode, Resource};
use spm::model::{System, Technology};

const CA: &str = include_str!("../fixtures/node/ca.crt");
const OTHER_CA: &str = include_str!("../fixtures/node/kubelet.crt");

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn process(root: &Path, pid: u32, argv: &[&str]) {
    write(root, &format!("proc/{pid}/cmdline"), &(argv.join("\0") + "\0"));
    write(root, &format!("proc/{pid}/cgroup"), "0::/system.slice/x.service\n");
}

fn control_plane() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    process(
        root,
        10,
        &[
            "/usr/local/bin/kube-apiserver",
            "--profiling=false",
            "--authorization-config=/etc/kubernetes/authz.yaml",
            "--encryption-provider-config=/etc/kubernetes/enc.yaml",
            "--client-ca-file=/etc/kubernetes/pki/ca.crt",
            "--audit-policy-file=/etc/kubernetes/audit.yaml",
        ],
    );
    process(
        root,
        11,
        &["/usr/local/bin/etcd", "--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt", "--client-cert-auth"],
    );
    process(root, 12, &["/usr/bin/kubelet", "--config=/var/lib/kubelet/config.yaml", "--max-pods", "20"]);
    write(root, "etc/hostname", "cp-0\n");
    write(
        root,
        "etc/kubernetes/authz.yaml",
        "kind: AuthorizationConfiguration\nauthorizers: [{type: Node}, {type: RBAC}]",
    );
    write(
        root,
        "etc/kubernetes/enc.yaml",
        "kind: EncryptionConfiguration\nresources: [{resources: [secrets], providers: [{identity: {}}, {aescbc: {keys: [{name: k, secret: x}]}}]}]",
    );
    write(root, "etc/kubernetes/audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]");
    write(root, "etc/kubernetes/pki/ca.crt", CA);
    write(root, "etc/kubernetes/pki/etcd/ca.crt", OTHER_CA);
    write(
        root,
        "etc/kubernetes/manifests/kube-scheduler.yaml",
        "kind: Pod\nspec: {containers: [{name: kube-scheduler, image: 'registry.k8s.io/kube-scheduler:v1.34.1', command: [kube-scheduler, --profiling=false]}]}",
    );
    write(root, "var/lib/kubelet/config.yaml", "kind: KubeletConfiguration\nreadOnlyPort: 10255\nmaxPods: 10");
    dir
}

fn subjects(view: &str) -> Vec<Subject> {
    let tree = control_plane();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let facts = collect(&NodeOptions { root: tree.path().to_owned(), ..NodeOptions::new(now) });
    let system = System {
        technology: Technology::Kubernetes,
        name: "test".to_owned(),
        version: None,
        distribution: None,
        origin: "test".to_owned(),
    };
    let mut inventory = Inventory::new(system, Mode::Files, now);
    let name = facts.metadata.name.as_str().into();
    // As it comes back from a file.
    let text = serde_json::to_string(&facts).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    inventory.add("NodeFacts", [Resource { scope: None, name, value, place: None }]);
    inventory.finish();
    derive::subjects(&inventory, catalog::source(view).unwrap()).subjects
}

fn at(subject: &Subject, path: &str) -> String {
    match path.parse::<ValuePath>().unwrap().find(&subject.value) {
        Found::Value(value) => value.to_json(500),
        Found::Absent => "absent".to_owned(),
        Found::Unknown(why) => format!("unknown: {why}"),
    }
}

#[test]
fn views_read_what_the_collector_writes() {
    for (view, expected) in [
        (
            "kube-apiserver",
            &[
                ("node", "\"cp-0\""),
                ("source", "\"node facts\""),
                ("flags.profiling", "\"false\""),
                ("authorization.modes", "[\"Node\",\"RBAC\"]"),
                ("encryption.secretsProvider", "\"identity\""),
                ("audit.gaps", "[]"),
                ("anonymous.enabled", "true"),
            ] as &[(&str, &str)],
        ),
        ("etcd", &[("flags.client-cert-auth", "\"true\""), ("trust.sharedWithCluster", "false")]),
        ("kube-scheduler", &[("flags.profiling", "\"false\""), ("source", "\"manifest\""), ("version", "\"1.34.1\"")]),
        (
            "kubelet",
            &[
                ("config.readOnlyPort", "10255"),
                ("config.maxPods", "20"),
                ("config.authorization.mode", "\"Webhook\""),
                ("configFile", "true"),
            ],
        ),
        (
            "node",
            &[
                ("metadata.name", "\"cp-0\""),
                ("node.roles", "[\"control-plane\",\"etcd\",\"worker\"]"),
                ("node.distribution", "\"kubeadm\""),
                ("files.etcd-manifest", "[]"),
                ("services.sshd.active", "false"),
            ],
        ),
    ] {
        let subjects = subjects(view);
        assert_eq!(subjects.len(), 1, "{view}");
        for (path, value) in expected {
            assert_eq!(at(&subjects[0], path), *value, "{view} {path}");
        }
    }
}

#[test]
fn every_role_of_the_catalog_is_answered() {
    let node = subjects("node").remove(0);
    for role in catalog::kubernetes::files::FILE_ROLES {
        let files = at(&node, &format!("files.{}", role.name));
        assert!(files.starts_with('['), "{}: {files}", role.name);
    }
    let manifest = at(&node, "files.scheduler-manifest");
    assert!(manifest.contains("\"path\":\"/etc/kubernetes/manifests/kube-scheduler.yaml\""), "{manifest}");
    assert!(manifest.contains("\"mode\":\"06") && manifest.contains("\"owner\":"), "{manifest}");
}

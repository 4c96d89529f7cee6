//! A real API server with three nodes: facts of two of them from files, of the third nothing; pods for nodes made and
//! deleted; roles that suffice; a saved scan that gives the same results again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]
#![cfg(all(target_os = "linux", feature = "kubernetes"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Scan, assert_same, run, spm};
use serde_json::{Value as Json, json};

const CIS: &str = "cis-kubernetes-1.12.0";

/// A cluster of its own; its servers end with this process.
struct Bed {
    dir: tempfile::TempDir,
    kubectl: PathBuf,
    admin: PathBuf,
    /// Kubeconfig of a service account without rights.
    scanner: PathBuf,
}

impl Bed {
    fn start() -> Bed {
        let dir = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/kubernetes/up.sh");
        let output = Command::new(script)
            .arg(dir.path().join("bed"))
            .env("SPM_BED_OWNER_PID", std::process::id().to_string())
            .env("SPM_BED_CONTROLLERS", "daemonset-controller,garbage-collector-controller")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "no cluster: {}", String::from_utf8_lossy(&output.stderr));
        let answer: BTreeMap<&str, &str> = said.lines().filter_map(|line| line.split_once('=')).collect();
        let scanner = dir.path().join("scanner.kubeconfig");
        let bed = Bed { kubectl: answer["KUBECTL"].into(), admin: answer["KUBECONFIG"].into(), scanner, dir };
        bed.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "audit"}}).to_string());
        bed.apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: spm, namespace: audit}}");
        let token = bed.kubectl(&["create", "token", "spm", "-n", "audit"], "").trim().to_owned();
        let mut config: Json = serde_yaml::from_str(&fs::read_to_string(&bed.admin).unwrap()).unwrap();
        config["users"][0]["user"] = json!({"token": token});
        fs::write(&bed.scanner, config.to_string()).unwrap();
        for name in ["cp-0", "w-0", "w-1"] {
            let role = if name == "cp-0" { "control-plane" } else { "worker" };
            let labels = json!({"kubernetes.io/os": "linux", format!("node-role.kubernetes.io/{role}"): ""});
            bed.apply(
                &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}).to_string(),
            );
        }
        bed
    }

    fn kubectl(&self, args: &[&str], input: &str) -> String {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.admin).env("HOME", self.dir.path()).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// As strictly as the server can: unknown fields are errors.
    fn apply(&self, objects: &str) {
        self.kubectl(&["apply", "--server-side", "--validate=strict", "-f", "-"], objects);
    }

    fn scan(&self, kubeconfig: &Path) -> Command {
        let mut command = spm();
        command.args(["scan", "--no-store", "--standard", "cis", "--kubeconfig"]).arg(kubeconfig);
        command
    }
}

/// Facts of a node whose kubelet configuration has this mode.
fn facts(dir: &Path, node: &str, mode: &str) {
    let entry = json!({"path": "/var/lib/kubelet/config.yaml", "type": "file", "mode": mode, "uid": 0, "gid": 0,
        "owner": "root", "group": "root", "size": 9});
    let document = json!({"apiVersion": "spm.node/v1", "kind": "NodeFacts", "metadata": {"name": node},
        "identity": {"state": "collected"}, "os": {"distribution": "kubeadm"}, "errors": [],
        "processes": [{"component": "kubelet", "pid": 9, "argv": ["/usr/bin/kubelet"], "foreign": false}],
        "files": {"kubelet-config": {"entries": [entry]}}, "documents": [], "units": []});
    fs::write(dir.join(format!("{node}.json")), document.to_string()).unwrap();
}

/// Without texts that quote objects (a snapshot sorts the keys of an object, an API server has an order of its own), and
/// without the lines of the node facts' own files.
fn unquoted(mut document: Json) -> Json {
    fn strip(value: &mut Json) {
        match value {
            Json::Array(items) => items.iter_mut().for_each(strip),
            Json::Object(map) => {
                map.retain(|key, _| !["actual", "reason", "file", "line"].contains(&key.as_str()));
                map.values_mut().for_each(strip);
            }
            _ => {}
        }
    }
    strip(&mut document);
    document
}

fn of_rule<'s>(scan: &'s Scan, check: &str, result: &str) -> Vec<(String, &'s Json)> {
    let outcomes = scan.checks().filter(|c| c["id"] == check && c["parameters"]["file"] == "\"kubelet-config\"");
    let all = outcomes.flat_map(|check| check["outcomes"].as_array().unwrap());
    all.filter(|outcome| outcome["result"] == result).map(|o| (o["name"].as_str().unwrap().to_owned(), o)).collect()
}

// One test: a cluster takes seconds to start.
#[test]
fn nodes_of_a_real_cluster() {
    let bed = Bed::start();

    // Facts of three nodes, one missing, and the same again from the snapshot.
    let dir = bed.dir.path().join("facts");
    fs::create_dir(&dir).unwrap();
    facts(&dir, "cp-0", "0600");
    facts(&dir, "w-0", "0644");
    let saved = bed.dir.path().join("saved.zst");
    let mut command = bed.scan(&bed.admin);
    let live = Scan::of(command.arg("--node-facts").arg(&dir).arg("--save").arg(&saved), &[]);
    assert_eq!(live.rules(CIS)["4.1.9"], "failed");
    assert_eq!(
        of_rule(&live, "kubernetes-file-mode", "failed").iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(),
        ["w-0"]
    );
    let unknown = of_rule(&live, "kubernetes-file-mode", "manual");
    assert!(
        unknown.iter().any(|(name, outcome)| name == "w-1" && outcome.to_string().contains("no node data for w-1")),
        "{unknown:?}"
    );
    let again = Scan::files(&[&saved], &["--no-store", "--standard", "cis"]);
    assert_same(&unquoted(again.comparable()), &unquoted(live.comparable()));
    assert_eq!(again.assessment["id"], live.assessment["id"]);

    // Nothing was created so far; the permanent manifest is accepted.
    assert!(!bed.kubectl(&["get", "namespaces", "-o", "name"], "").contains("spm-system"));
    let (manifest, _) = run(spm().args(["collect", "node", "--print-daemonset", "--node-image", "r.example/spm:1"]), 0);
    bed.apply(&manifest);
    // What a scan says of it is what its comment asks to accept, in every standard.
    let waivers = bed.dir.path().join("waivers.yaml");
    let comment = manifest.lines().filter_map(|line| line.strip_prefix("# "));
    fs::write(&waivers, comment.skip_while(|line| *line != "waivers:").collect::<Vec<_>>().join("\n")).unwrap();
    let mut command = bed.scan(&bed.admin);
    let scan = Scan::of(command.args(["--standard", "nist,dora,stig", "--waivers"]).arg(&waivers), &[]);
    let own = |outcome: &Json| outcome["scope"] == "spm-system" || outcome["name"] == "spm-system";
    let found: Vec<String> = scan
        .checks()
        .flat_map(|check| check["outcomes"].as_array().unwrap().iter().map(move |outcome| (check, outcome)))
        .filter(|(_, outcome)| outcome["result"] == "failed" && own(outcome))
        .map(|(check, outcome)| format!("{}: {}", check["id"].as_str().unwrap(), !outcome["waiver"].is_null()))
        .collect();
    let expected = [
        "kubernetes-container-no-added-capabilities",
        "kubernetes-container-not-root",
        "kubernetes-namespace-pod-policy",
        "kubernetes-namespace-resource-quota",
        "kubernetes-workload-no-host-path",
        "kubernetes-workload-volume-types",
    ];
    let mut known = found.clone();
    known.sort();
    known.dedup();
    assert_eq!(known, expected.map(|check| format!("{check}: true")), "{found:?}");
    assert!(scan.notes().iter().all(|note| !note.contains("waiver")), "{:?}", scan.notes());
    bed.kubectl(&["delete", "namespace", "spm-system", "--wait"], "");

    // The doctor tells what is missing, the roles are what is missing, and with them nothing is.
    let doctor = |args: &[&str]| {
        let mut command = spm();
        run(command.args(["doctor", "--standard", "cis", "--kubeconfig"]).arg(&bed.scanner).args(args), 0).0
    };
    let before = doctor(&[]);
    assert!(
        before.contains("missing  list networkpolicies.networking.k8s.io") && before.contains("costs CIS"),
        "{before}"
    );
    let mut command = spm();
    command.args(["permissions", "kubernetes", "--standard", "cis", "--nodes", "daemonset", "--bind", "audit/spm"]);
    bed.apply(&run(&mut command, 0).0);
    let may =
        ["auth", "can-i", "create", "daemonsets.apps", "-n", "spm-system", "--as", "system:serviceaccount:audit:spm"];
    let began = Instant::now();
    while bed.kubectl(&may, "").trim() != "yes" {
        assert!(began.elapsed() < Duration::from_secs(30), "the role has no effect");
        std::thread::sleep(Duration::from_millis(200));
    }
    let after = doctor(&["--nodes", "daemonset"]);
    assert!(after.contains("all ") && !after.contains("missing "), "{after}");

    // Pods are made for all three nodes with exactly these rights, none of them runs, and all are deleted again.
    let mut command = bed.scan(&bed.scanner);
    command.args(["--nodes", "daemonset", "--node-image", "r.example/spm:1", "--node-timeout", "6s"]);
    let pods = Scan::of(&mut command, &[]);
    let gaps = pods.assessment["gaps"].as_array().unwrap();
    let of_nodes: Vec<&str> = gaps
        .iter()
        .filter(|gap| gap["kind"] == "NodeFacts")
        .map(|gap| gap["scope"].as_str().unwrap_or("all"))
        .collect();
    assert_eq!(of_nodes, ["cp-0", "w-0", "w-1"], "{gaps:?}");
    let why = gaps.iter().find(|gap| gap["kind"] == "NodeFacts").unwrap()["detail"].as_str().unwrap();
    assert!(why.contains("no answer within 6s: the pod does not start"), "{why}");
    let began = Instant::now();
    while !bed.kubectl(&["get", "daemonsets,pods", "-n", "spm-system", "-o", "name"], "").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "something is left");
        std::thread::sleep(Duration::from_millis(300));
    }
}

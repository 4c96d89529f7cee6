//! The settings file as a user has it: systems, one of which is broken, with standards and parameters of their own.

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

use std::fs;
use std::path::Path;

use common::{run, spm};
use serde_json::Value as Json;

const NODE: &str = "apiVersion: v1\nkind: Node\nmetadata: {name: cp-0, labels: {node-role.kubernetes.io/control-plane: ''}}\n\
    status: {nodeInfo: {kubeletVersion: v1.34.1}}\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver-cp-0, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}, ownerReferences: [{kind: Node, name: cp-0}]}\n\
    spec: {nodeName: cp-0, containers: [{name: kube-apiserver, image: 'registry.k8s.io/kube-apiserver:v1.34.1', command: [kube-apiserver, --audit-log-maxage=40]}]}\n";
const SETTINGS: &str = "parameters:\n  kubernetes-apiserver-audit-log-max-age: {days: 35}\nsystems:\n\
    - {name: soft, from: good}\n\
    - {name: hard, from: good, standards: [stig], parameters: {kubernetes-apiserver-audit-log-max-age: {days: 50}}}\n\
    - {name: gone, from: nowhere}\n";

fn files(dir: &Path) {
    fs::create_dir(dir.join("good")).unwrap();
    fs::write(dir.join("good/all.yaml"), format!("{NODE}---\n{POD}")).unwrap();
    fs::write(dir.join("spm.yaml"), SETTINGS).unwrap();
}

/// Result of the check about the age of audit logs, in the first standard.
fn age(assessment: &Json) -> (String, String) {
    let checks = assessment["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "kubernetes-apiserver-audit-log-max-age").unwrap();
    let result = check["outcomes"][0]["result"].as_str().unwrap();
    (result.to_owned(), check["parameters"]["days"].as_str().unwrap().to_owned())
}

#[test]
fn one_broken_system_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path());
    let scan = |args: &[&str], code| {
        let mut command = spm();
        command.current_dir(dir.path()).args(["scan", "--no-store", "--format", "json", "--view", "complete"]);
        run(command.args(args), code)
    };
    let (page, words) = scan(&["--all"], 3);
    assert!(words.contains("spm: gone: cannot read nowhere"), "{words}");
    let page: Json = serde_json::from_str(&page).unwrap();
    let all = page["assessments"].as_array().unwrap();
    let names: Vec<&str> = all.iter().map(|assessment| assessment["system"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["soft", "hard"]);
    // The system's parameter wins over that for all, and that over the standard.
    let of = |name: &str| age(all.iter().find(|a| a["system"]["name"] == name).unwrap());
    assert_eq!(of("soft"), ("passed".to_owned(), "35".to_owned()));
    assert_eq!(of("hard"), ("failed".to_owned(), "50".to_owned()));
    let standards = |name: &str| -> Vec<String> {
        let assessment = all.iter().find(|a| a["system"]["name"] == name).unwrap();
        let standards = assessment["standards"].as_array().unwrap();
        standards.iter().map(|standard| standard["short_name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(standards("hard").len() > standards("soft").len(), "{:?}", standards("hard"));

    // Findings weigh more, and a system that is alone and cannot be read is no scan at all.
    scan(&["--all", "--fail-on", "low"], 1);
    let (page, _) = scan(&["--system", "hard"], 0);
    let page: Json = serde_json::from_str(&page).unwrap();
    assert_eq!(age(&page["assessments"][0]).0, "failed");
    let (_, words) = scan(&["--system", "gone"], 2);
    assert!(words.contains("nowhere"), "{words}");
    let (_, words) = scan(&["--system", "hrad"], 2);
    assert!(words.contains("spm.yaml has no system \"hrad\" (did you mean \"hard\"?)"), "{words}");
    let (_, words) = scan(&["--config", "other.yaml"], 2);
    assert!(words.contains("other.yaml"), "{words}");
}

#[test]
fn standards_of_a_fleet_need_not_fit_every_system() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path());
    fs::create_dir_all(dir.path().join("answers/eu-central-1")).unwrap();
    fs::write(
        dir.path().join("answers/eu-central-1/describe-vpcs.json"),
        r#"{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "123456789012"}]}"#,
    )
    .unwrap();
    let systems = "systems: [{name: cluster, from: good}, {name: account, from: answers}]\n";
    let write = |text: &str| fs::write(dir.path().join("spm.yaml"), text).unwrap();
    let scan = |args: &[&str], code| {
        run(spm().current_dir(dir.path()).args(["scan", "--no-store", "--all", "--format", "json"]).args(args), code)
    };
    let selected = |page: &str| -> Vec<Vec<String>> {
        let page: Json = serde_json::from_str(page).unwrap();
        let of = |assessment: &Json| {
            let standards = assessment["standards"].as_array().unwrap().iter();
            let selected = standards.filter(|standard| standard["selected"] == true);
            selected.map(|standard| standard["short_name"].as_str().unwrap().to_owned()).collect()
        };
        page["assessments"].as_array().unwrap().iter().map(of).collect()
    };
    write(&format!("standards: [stig]\n{systems}"));
    let (page, _) = scan(&[], 0);
    assert_eq!(selected(&page), [&["CIS", "STIG"][..], &["CIS"]]);
    assert!(page.contains("stig has no version for aws, so it is not evaluated"), "{page}");
    write(systems);
    let (page, _) = scan(&["--standard", "stig"], 0);
    assert_eq!(selected(&page), [&["STIG"][..], &[]]);
    // An account that was scanned is no system without data.
    let stored = |args: &[&str]| {
        let mut command = spm();
        command.current_dir(dir.path()).env_remove("SPM_NO_STORE").args(args).args(["--store", "history.db"]);
        run(&mut command, 0).0
    };
    stored(&["scan", "--all", "--quiet"]);
    let page = stored(&["report"]);
    assert!(page.starts_with("2 of 2 known systems assessed\n"), "{page}");
    // What no system can have, and what a system was given itself, is a mistake.
    scan(&["--standard", "sitg"], 2);
    write("systems: [{name: account, from: answers, standards: [stig]}]");
    let (_, words) = scan(&[], 2);
    assert!(words.contains("unknown standard \"stig\" (for aws there are cis, nist; see `spm standards`)"), "{words}");
}

#[test]
fn standards_of_a_system_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path());
    let mut command = spm();
    let (page, _) = run(command.current_dir(dir.path()).args(["standards", "--system", "hard"]), 0);
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("hard: Kubernetes 1.34.1, distribution upstream"), "{page}");
    assert!(page.contains("always evaluated") && page.contains("named for this system in"), "{page}");
    assert!(page.contains("it is for Kubernetes"), "{page}");

    // One that leaves a distribution to a standard of its own says so.
    fs::write(dir.path().join("spm.yaml"), "systems:\n- {name: managed, from: eks.yaml}\n").unwrap();
    fs::write(dir.path().join("eks.yaml"), NODE.replace("v1.34.1", "v1.32.3-eks-473151a")).unwrap();
    let (page, _) = run(spm().current_dir(dir.path()).args(["standards", "--system", "managed"]), 0);
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("distribution eks") && page.contains("it is not for eks, aks"), "{page}");
}

#[test]
fn faults_of_the_file_stop_everything_with_their_place() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path());
    fs::write(dir.path().join("spm.yaml"), "systems:\n- {name: a, form: x}\nstandrads: [cis]\n").unwrap();
    let (_, words) = run(spm().current_dir(dir.path()).args(["scan", "--all"]), 2);
    assert!(words.contains("spm.yaml:2:13: unknown key \"form\" (did you mean \"from\"?)"), "{words}");
    assert!(words.contains("spm.yaml:3:1: unknown key \"standrads\" (did you mean \"standards\"?)"), "{words}");
}

//! Snapshots of AWS accounts: a generated one with planted faults, of which every count is found exactly; and secrets in all the
//! places where people put them, which get into no snapshot and no report, while the verdicts stay.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use common::{Scan, assert_same, run, spm};
use serde_json::{Value as Json, json};
use spm::catalog::aws::fields::{Step, check_path};
use spm::inventory::secrets::PLACES;

/// A generated account.
struct Account {
    dir: tempfile::TempDir,
    truth: Json,
}

impl Account {
    fn new(resources: &str) -> Account {
        let dir = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/gen_aws.py");
        let python = std::env::var_os("SPM_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let path = dir.path().join("account.jsonl");
        let output = Command::new(python).arg(script).args(["--resources", resources, "--out"]).arg(&path).output();
        let output = output.expect("the generator needs Python 3; SPM_TEST_PYTHON names it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let truth = fs::read(dir.path().join("account.jsonl.truth.json")).unwrap();
        Account { dir, truth: serde_json::from_slice(&truth).unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("account.jsonl")
    }

    /// Every check of AWS on a snapshot.
    fn scan(&self, snapshot: &Path, more: &[&str]) -> Scan {
        let pack = self.dir.path().join("account.jsonl.pack");
        let args = [&["--standard", "every", "--pack", pack.to_str().unwrap()], more].concat();
        Scan::files(&[snapshot], &args)
    }
}

#[test]
fn every_planted_fault_of_2000_resources_is_found_and_no_other() {
    let account = Account::new("2000");
    let saved = account.dir.path().join("saved.jsonl.zst");
    let scan = account.scan(&account.path(), &["--save", saved.to_str().unwrap()]);
    let mut differ = Vec::new();
    for (check, planted) in account.truth["failed"].as_object().unwrap() {
        let found = scan.outcomes(check, "failed").len() as u64;
        let open = scan.outcomes(check, "manual").len();
        assert_ne!(planted, 0, "{check} is not planted");
        if *planted != found || open > 0 {
            differ.push(format!("{check}: planted {planted}, found {found}, {open} open"));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");

    // What was masked when it was saved decides nothing differently.
    assert_same(&account.scan(&saved, &[]).comparable(), &scan.comparable());
    assert!(!text_of(&saved).contains("Pw!"), "passwords are in the snapshot");
}

fn text_of(snapshot: &Path) -> String {
    String::from_utf8(zstd::decode_all(fs::File::open(snapshot).unwrap()).unwrap()).unwrap()
}

/// An account in which the same secret stands in every place of the table, and in some text that is in no table.
fn account_with(secret: &str) -> String {
    let read = json!({"mode": "live", "now": "2026-11-01T00:00:00Z", "apiVersion": "spm.snapshot/v1"});
    let with = |mut mark: Json| {
        mark.as_object_mut().unwrap().extend(read.as_object().unwrap().clone());
        format!("{mark}\n")
    };
    let mut out = with(json!({"kind": "Snapshot", "technology": "aws"}));
    let mut kinds: Vec<&str> = PLACES.iter().map(|place| place.kind).collect();
    kinds.dedup();
    for (at, place) in PLACES.iter().enumerate() {
        let mut value = json!(secret);
        if place.base64 {
            value = BASE64.encode(format!("#!/bin/sh\nexport DB_PASSWORD={secret}\n")).into();
        }
        for step in place.path.iter().rev() {
            value = match *step {
                "*" => json!([value]),
                "Variables" | "variables" | "StageVariables" => json!({ *step: {"DB_PASSWORD": value}}),
                // The setting has a name beside its value.
                "value" => json!({"name": "DB_PASSWORD", "value": value, "type": "PLAINTEXT"}),
                "OutputValue" => json!({"OutputKey": "DbPassword", "OutputValue": value}),
                step => json!({ step: value }),
            };
        }
        let (kind, object) = (place.kind, value.as_object_mut().unwrap());
        object.insert("apiVersion".to_owned(), "spm.aws/v1".into());
        object.insert("kind".to_owned(), kind.into());
        object.insert("metadata".to_owned(), json!({"name": format!("o{at}"), "namespace": "eu-west-1"}));
        object.insert("State".to_owned(), json!({"Name": "running"}));
        out.push_str(&format!("{value}\n"));
    }
    let group = json!({"kind": "AWS::EC2::SecurityGroup", "apiVersion": "spm.aws/v1", "metadata": {"name": "sg-1", "namespace": "eu-west-1"},
        "Description": format!("see https://admin:{secret}@wiki.internal/x")});
    let system =
        json!({"technology": "aws", "name": "111122223333", "version": null, "distribution": "aws", "origin": "test"});
    let kinds = [kinds, vec!["AWS::EC2::SecurityGroup"]].concat();
    let end = json!({"kind": "SnapshotEnd", "system": system, "kinds": kinds, "gaps": [], "notes": [], "objects": PLACES.len() + 1});
    format!("{out}{group}\n{}", with(end))
}

#[test]
fn secrets_get_into_no_snapshot_and_no_report_and_are_found_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (path, saved, again) =
        (dir.path().join("a.jsonl"), dir.path().join("b.jsonl.zst"), dir.path().join("c.jsonl.zst"));
    let secret = "Tr0ub4dor!Xk29vLq7";
    fs::write(&path, account_with(secret)).unwrap();
    let pack = dir.path().join("pack");
    fs::create_dir_all(pack.join("standards")).unwrap();
    let checks = [
        "aws-ec2-userdata-secrets",
        "aws-lambda-env-secrets",
        "aws-ecs-env-secrets",
        "aws-codebuild-secrets",
        "aws-cloudformation-output-secrets",
    ];
    let rules: String =
        checks.iter().map(|check| format!("  - {{ id: {check}, title: {check}, checks: [{check}] }}\n")).collect();
    let header = "standard: { short: secrets, name: Secrets, version: '1', url: https://example.com, kind: benchmark }\n\
                  applies: { technology: aws, distribution: '*' }\nrules:\n";
    fs::write(pack.join("standards/secrets-aws-1.yaml"), format!("{header}{rules}")).unwrap();
    let scan = |from: &Path, more: &[&str]| {
        let args = ["--standard", "secrets", "--pack", pack.to_str().unwrap()];
        Scan::files(&[from], &[&args[..], more].concat())
    };

    let first = scan(&path, &["--save", saved.to_str().unwrap()]);
    for check in checks {
        assert!(!first.failed(check).is_empty(), "{check} finds nothing");
    }
    // From the snapshot, and from the snapshot of the snapshot.
    let second = scan(&saved, &["--save", again.to_str().unwrap()]);
    assert_same(&second.comparable(), &first.comparable());
    assert_same(&scan(&again, &[]).comparable(), &first.comparable());

    let hidden =
        [secret.to_owned(), BASE64.encode(secret), secret[..8].to_owned(), BASE64.encode("#!/bin/sh\nexport DB")];
    for snapshot in [&saved, &again] {
        let text = text_of(snapshot);
        assert!(text.contains("DB_PASSWORD") && text.contains("password or key by its name"));
        hidden.iter().for_each(|secret| assert!(!text.contains(secret.trim_end_matches('=')), "{secret} in {text}"));
    }
    for format in ["table", "json", "csv", "html", "markdown", "sarif", "junit"] {
        for from in [&path, &saved] {
            let mut command = spm();
            command.args(["scan", "--view", "complete", "-vv", "--format", format, "--standard", "secrets,cis,nist"]);
            let (out, err) = run(command.arg("--pack").arg(&pack).arg("--from").arg(from), 0);
            for secret in &hidden {
                let secret = secret.trim_end_matches('=');
                assert!(!out.contains(secret) && !err.contains(secret), "{secret} is in the {format} report");
            }
        }
    }
}

#[test]
fn the_places_of_secrets_are_fields_that_aws_has() {
    for place in PLACES {
        let steps: Vec<Step<'_>> =
            place.path.iter().map(|step| if *step == "*" { Step::Element } else { Step::Key(step) }).collect();
        assert_eq!(check_path(place.kind, &steps), Ok(()), "{} {:?}", place.kind, place.path);
    }
}

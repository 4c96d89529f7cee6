//! A scan of an account that a moto server holds, against the assessment that `tests/bed/aws/account.py` computes without spm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// The Python of the tests, with moto and boto3.
fn python() -> String {
    std::env::var("SPM_TEST_PYTHON").expect("SPM_TEST_PYTHON names no Python with moto: run the tests with tests/run")
}

/// A moto server, and the account on it.
struct Account {
    server: Child,
    endpoint: String,
    expected: Json,
}

impl Account {
    fn build(dir: &Path) -> Account {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new(python())
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto starts");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(120), "moto does not answer");
            std::thread::sleep(Duration::from_millis(200));
        }
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut account = Account { server, endpoint, expected: Json::Null };
        let out = dir.join("expected.json");
        let built = Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bed/aws/account.py"))
            .arg(&account.endpoint)
            .arg(&out)
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        account.expected = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
        account
    }

    /// What `spm` prints when it is run on the account, and how it ends.
    fn spm(&self, args: &[&str]) -> (String, String, Option<i32>) {
        let output = Command::new(env!("CARGO_BIN_EXE_spm"))
            .args(args)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr), output.status.code())
    }

    fn scan(&self, more: &[&str]) -> Json {
        let mut args = vec!["scan", "--aws", "--region", "us-east-1,eu-west-1", "--format", "json", "--no-store"];
        args.extend(["--view", "complete", "--quiet"]);
        args.extend(more);
        let (out, err, code) = self.spm(&args);
        assert_eq!(code, Some(0), "{err}");
        assert!(!out.contains("secret-of-the-test") && !err.contains("secret-of-the-test"));
        serde_json::from_str(&out).unwrap()
    }
}

/// The assessment of files, where no account can be reached.
fn offline(input: &Path, more: &[&str]) -> Json {
    let output = Command::new(env!("CARGO_BIN_EXE_spm"))
        .args(["scan", "--format", "json", "--no-store", "--view", "complete", "--quiet", "--from"])
        .arg(input)
        .args(more)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

impl Drop for Account {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Per rule: its result, and the state of each resource, the worst of its checks.
fn states(report: &Json) -> BTreeMap<String, (String, BTreeMap<String, String>)> {
    let assessment = &report["assessments"][0];
    let standard = assessment["standards"].as_array().unwrap().iter().find(|s| s["id"] == "cis-aws-3.0.0").unwrap();
    let rank = |state: &str| ["failed", "manual", "passed", "not_relevant"].iter().position(|s| *s == state).unwrap();
    let mut all = BTreeMap::new();
    for rule in standard["rules"].as_array().unwrap() {
        let mut resources: BTreeMap<String, String> = BTreeMap::new();
        for check in rule["checks"].as_array().unwrap() {
            let check = &assessment["checks"][usize::try_from(check.as_u64().unwrap()).unwrap()];
            for outcome in check["outcomes"].as_array().unwrap() {
                let (name, state) = (outcome["name"].as_str().unwrap(), outcome["result"].as_str().unwrap());
                let known = resources.entry(name.to_owned()).or_insert_with(|| state.to_owned());
                if rank(state) < rank(known) {
                    state.clone_into(known);
                }
            }
        }
        let id = rule["id"].as_str().unwrap().to_owned();
        all.insert(id, (rule["result"].as_str().unwrap().to_owned(), resources));
    }
    all
}

fn compare(report: &Json, expected: &Json) {
    let found = states(report);
    assert_eq!(found.len(), 62, "every id of the benchmark is there");
    let mut wrong = Vec::new();
    for (rule, right) in expected["rules"].as_object().unwrap() {
        let (result, resources) = &found[rule];
        match right {
            Json::String(state) if state != result => wrong.push(format!("{rule}: {result}, right is {state}")),
            Json::Object(right) => {
                for (resource, state) in right {
                    let found = resources.get(resource).map_or("not assessed", String::as_str);
                    if found != state {
                        wrong.push(format!("{rule} {resource}: {found}, right is {state}"));
                    }
                }
                for resource in resources.keys().filter(|resource| !right.contains_key(*resource)) {
                    wrong.push(format!("{rule} {resource}: unknown to boto3"));
                }
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_account_is_assessed_as_boto3_sees_it_and_again_from_its_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let account = Account::build(dir.path());
    let snapshot = dir.path().join("account.jsonl.zst");
    let report = account.scan(&["--save", snapshot.to_str().unwrap()]);
    compare(&report, &account.expected);
    assert_eq!(report["assessments"][0]["system"]["name"], account.expected["account"]);

    // Without the account, at any later time.
    let again = offline(&snapshot, &[]);
    assert_eq!(states(&again), states(&report));

    // By other rules too: what they would have asked was not asked, so that nothing passes for want of it.
    let bucket = |report: &Json, check: &str, name: &str| {
        let checks = report["assessments"][0]["checks"].as_array().unwrap();
        let check = checks.iter().find(|found| found["id"] == check).unwrap();
        let outcome = check["outcomes"].as_array().unwrap().iter().find(|outcome| outcome["name"] == name).unwrap();
        (outcome["result"].as_str().unwrap().to_owned(), outcome["reason"].as_str().unwrap_or_default().to_owned())
    };
    let (result, _) = bucket(&account.scan(&["--standard", "nist"]), "aws-s3-bucket-public", "plain");
    assert_eq!(result, "passed");
    let (result, reason) = bucket(&offline(&snapshot, &["--standard", "nist"]), "aws-s3-bucket-public", "plain");
    assert_eq!(result, "manual");
    assert!(reason.contains("the snapshot was made without s3 GetBucketPolicyStatus"), "{reason}");

    // From what the vendor's command line prints of it. What moto does not answer is as unknown as in the live scan.
    let folder = dir.path().join("answers");
    let dumped = Command::new(python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bed/aws/dump.py"))
        .arg(&account.endpoint)
        .arg(&folder)
        .args(["us-east-1", "eu-west-1"])
        .output()
        .unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    compare(&offline(&folder, &[]), &account.expected);

    // Two accounts, and one that cannot be entered.
    let (out, err, code) = account.spm(&[
        "scan",
        "--accounts",
        "111111111111,222222222222",
        "--account-role",
        "audit",
        "--region",
        "us-east-1",
        "--format",
        "json",
        "--no-store",
        "--quiet",
    ]);
    assert_eq!(code, Some(0), "{err}");
    let both: Json = serde_json::from_str(&out).unwrap();
    let names: Vec<&str> =
        both["assessments"].as_array().unwrap().iter().map(|a| a["system"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["111111111111", "222222222222"]);
}

#[test]
fn nobody_answers() {
    let output = Command::new(env!("CARGO_BIN_EXE_spm"))
        .args(["scan", "--aws", "--no-store"])
        .env_clear()
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("spm: ") && !err.contains("secret-of-the-test") && !err.contains("panicked"), "{err}");
}

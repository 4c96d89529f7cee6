//! The built program as the tests run it, and its results as they compare them.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

/// The built program, with nothing of the environment that could change what it does, and no history.
pub fn spm() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spm"));
    command.env_clear();
    for name in ["PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("SPM_NO_STORE", "true");
    command
}

/// Runs a command that has to end with this exit code; gives standard output and standard error.
pub fn run(command: &mut Command, code: i32) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let Output { status, stdout, stderr } = output;
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{command:?}\n{stderr}");
    (stdout, stderr)
}

/// The result of a scan of one system, in all versions of CIS unless the arguments name some.
pub struct Scan {
    /// The assessment as `--format json` writes it.
    pub assessment: Json,
}

/// What an outcome is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    pub kind: String,
    pub scope: String,
    pub name: String,
    pub element: String,
}

impl Subject {
    /// Without the element: the resource that is reported.
    pub fn resource(&self) -> Subject {
        Subject { element: String::new(), ..self.clone() }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.scope.is_empty() {
            write!(f, "{}/", self.scope)?;
        }
        write!(f, "{}", self.name)?;
        if self.element.is_empty() { Ok(()) } else { write!(f, " [{}]", self.element) }
    }
}

impl Scan {
    /// Scans files.
    pub fn files(paths: &[&Path], args: &[&str]) -> Scan {
        let mut command = spm();
        command.args(["scan", "--from"]).args(paths);
        Scan::of(&mut command, args)
    }

    /// Runs a scan that succeeds.
    pub fn of(command: &mut Command, args: &[&str]) -> Scan {
        let (stdout, _) = run(command.args(["--format", "json", "--view", "complete"]).args(args), 0);
        Scan::new(&stdout)
    }

    /// Reads the document of one assessment.
    pub fn new(document: &str) -> Scan {
        let mut document: Json = serde_json::from_str(document).unwrap();
        assert_eq!(document["assessments"].as_array().map(Vec::len), Some(1));
        Scan { assessment: document["assessments"][0].take() }
    }

    /// The outcomes of a check with this result. A check that was not evaluated is a mistake of the test.
    pub fn outcomes(&self, check: &str, result: &str) -> Vec<(Subject, &Json)> {
        let checks: Vec<&Json> = self.checks().filter(|c| c["id"] == check).collect();
        assert!(!checks.is_empty(), "{check} was not evaluated");
        checks.into_iter().flat_map(outcomes).filter(|(_, outcome)| outcome["result"] == result).collect()
    }

    /// What failed a check.
    pub fn failed(&self, check: &str) -> BTreeSet<Subject> {
        self.outcomes(check, "failed").into_iter().map(|(subject, _)| subject).collect()
    }

    /// The resources that failed a check.
    pub fn failed_resources(&self, check: &str) -> BTreeSet<Subject> {
        self.failed(check).iter().map(Subject::resource).collect()
    }

    /// All findings: `check: Kind namespace/name [element]`.
    pub fn findings(&self) -> BTreeSet<String> {
        self.with_result("failed")
    }

    /// All outcomes with this result.
    pub fn with_result(&self, result: &str) -> BTreeSet<String> {
        self.checks()
            .flat_map(|check| outcomes(check).map(move |(subject, outcome)| (check, subject, outcome)))
            .filter(|(_, _, outcome)| outcome["result"] == result)
            .map(|(check, subject, _)| format!("{}: {subject}", check["id"].as_str().unwrap()))
            .collect()
    }

    /// The result of each rule of a standard (`cis-kubernetes-1.12.0`).
    pub fn rules(&self, standard: &str) -> BTreeMap<String, String> {
        let mut standards = self.assessment["standards"].as_array().unwrap().iter();
        let standard = standards.find(|s| s["id"] == standard).unwrap_or_else(|| panic!("{standard} is missing"));
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        standard["rules"].as_array().unwrap().iter().map(|rule| (text(&rule["id"]), text(&rule["result"]))).collect()
    }

    /// The checks.
    pub fn checks(&self) -> impl Iterator<Item = &Json> {
        self.assessment["checks"].as_array().unwrap().iter()
    }

    /// The notes.
    pub fn notes(&self) -> Vec<&str> {
        self.assessment["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
    }

    /// The document without what differs between two runs on the same input: time, origin and the id made from them.
    pub fn comparable(&self) -> Json {
        let mut document = self.assessment.clone();
        for key in ["id", "assessed_at"] {
            document[key].take();
        }
        document["system"]["origin"].take();
        document
    }
}

/// Asserts that two documents are equal; tells where they differ, as whole assessments are too long to be compared by eye.
pub fn assert_same(left: &Json, right: &Json) {
    let mut all = Vec::new();
    differences(left, right, "", &mut all);
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all[..all.len().min(20)].join("\n"));
}

fn differences(left: &Json, right: &Json, path: &str, all: &mut Vec<String>) {
    match (left, right) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                differences(&left[key], &right[key], &format!("{path}/{key}"), all);
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}/{index}"), all);
            }
        }
        _ if left == right => {}
        _ => all.push(format!("{path}: {left} is not {right}").chars().take(600).collect()),
    }
}

fn outcomes(check: &Json) -> impl Iterator<Item = (Subject, &Json)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    check["outcomes"].as_array().unwrap().iter().map(move |outcome| {
        let subject = Subject {
            kind: text(&outcome["kind"]),
            scope: text(&outcome["scope"]),
            name: text(&outcome["name"]),
            element: text(&outcome["element"]),
        };
        (subject, outcome)
    })
}

//! The demo cluster that the README scans: what was planted is found, nothing else is, and the fixture is what its generator
//! writes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use spm::catalog::kubernetes::files::FILE_ROLES;

const DIRECTORY: &str = "fixtures/demo-cluster";
const FACTS: &str = "fixtures/demo-cluster/nodes";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `spm scan` prints; only what the options say reaches it.
fn scan(options: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spm"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SPM_")) {
        command.env_remove(name);
    }
    // As at the first scan, and without a trace in the history of who runs the tests.
    let history = tempfile::tempdir().unwrap();
    command.env("SPM_STORE", history.path().join("history.db"));
    let output = command.current_dir(root()).arg("scan").args(options).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The rows of a scan, each as its columns by name.
fn rows(options: &[&str]) -> Vec<BTreeMap<String, String>> {
    let text = scan(&[options, &["--format", "csv", "--view", "complete"]].concat());
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<_, _>>();
    rows.unwrap()
}

/// Every file below a directory by its path there.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, bytes)| (name.join(below), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn every_rule_has_the_state_that_was_planned() {
    let mut states: BTreeMap<Vec<u32>, (String, String)> = BTreeMap::new();
    for row in rows(&["--from", DIRECTORY, "--standard", "cis@1.12.0"]) {
        let number = row["rule_id"].split('.').map(|part| part.parse().unwrap()).collect();
        states.insert(number, (row["rule_id"].clone(), row["result"].clone()));
    }
    assert_eq!(states.len(), 131);
    let lines: Vec<String> = states.values().map(|(id, state)| format!("{id} {state}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_page() {
    let page = scan(&["--from", DIRECTORY, "--node-facts", FACTS, "--color", "never"]);
    insta::with_settings!({ filters => vec![(r"read \d{4}-\d\d-\d\d \d\d:\d\d UTC", "read [time] UTC")] }, {
        insta::assert_snapshot!(page);
    });
}

#[test]
fn the_generator_writes_the_fixture() {
    let made = tempfile::tempdir().unwrap();
    let script = root().join("tests/tools/make_demo.py");
    let status = Command::new("python3").arg("-B").arg(script).arg(made.path()).status().unwrap();
    assert!(status.success());
    let (made, mut committed) = (files(made.path()), files(&root().join(DIRECTORY)));
    committed.remove(Path::new("README.md"));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&committed));
    for (name, bytes) in &made {
        assert!(committed[name] == *bytes, "{} differs from what make_demo.py writes", name.display());
    }
}

#[test]
fn node_facts_in_the_directory_are_read_once() {
    let told = |options: &[&str]| {
        let mut rows = rows(options);
        for row in &mut rows {
            row.retain(|column, _| !["assessed_at", "scan_id"].contains(&column.as_str()));
        }
        rows
    };
    let alone = told(&["--from", DIRECTORY]);
    assert_eq!(alone, told(&["--from", DIRECTORY, "--node-facts", FACTS]));
    assert_eq!(alone, told(&["--from", DIRECTORY, FACTS, "--node-facts", "fixtures/demo-cluster/nodes/cp-0.json"]));
    assert!(!scan(&["--from", DIRECTORY, "--node-facts", FACTS]).contains("more than once"));
}

#[test]
fn node_facts_are_complete() {
    for (name, bytes) in files(&root().join(FACTS)) {
        let facts: Value = serde_json::from_slice(&bytes).unwrap();
        let roles: Vec<&String> = facts["files"].as_object().unwrap().keys().collect();
        let mut known: Vec<&str> = FILE_ROLES.iter().map(|role| role.name).collect();
        known.sort_unstable();
        assert_eq!(roles, known, "{}", name.display());
    }
}

/// Line and path of evidence lead to the value in the file: the line names the last key of the path, or holds the element.
#[test]
fn evidence_stands_where_it_is_said_to_stand() {
    let texts: BTreeMap<PathBuf, String> = files(&root().join(DIRECTORY))
        .into_iter()
        .map(|(name, bytes)| (Path::new(DIRECTORY).join(name), String::from_utf8(bytes).unwrap()))
        .collect();
    let mut checked = 0;
    for row in rows(&["--from", DIRECTORY]).iter().filter(|row| row["state"] == "failed" && !row["file"].is_empty()) {
        let columns = ["property", "actual", "file", "line"].map(|column| row[column].split(" | ").collect::<Vec<_>>());
        let [properties, actuals, paths, lines] = &columns;
        for (n, property) in properties.iter().enumerate() {
            let (Some(actual), Some(path), Some(line)) = (actuals.get(n), paths.get(n), lines.get(n)) else { continue };
            let text = &texts[Path::new(path)];
            let line = text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap_or_else(|| panic!("{path}:{line}"));
            // Scalars of the objects themselves; what views compute stands at the object.
            let key = property.rsplit('.').next().unwrap().split('[').next().unwrap();
            let in_object =
                ["spec.", "files.", "documents[", "roleRef."].iter().any(|start| property.starts_with(start));
            if in_object
                && *actual != "(absent)"
                && !actual.starts_with(['{', '['])
                && !key.is_empty()
                && !property.ends_with(']')
            {
                let value = actual.trim_matches('"');
                assert!(line.contains(key) && line.contains(value), "{property} = {actual}: {path}: {line}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 20, "{checked}");
}

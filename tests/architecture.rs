//! The layers hold: every module imports only what the table allows, and outside crates stay where they belong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and the layers that it may import beside itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("model", &["base"]),
    ("expr", &["base", "model"]),
    ("catalog", &["base", "model"]),
    ("rules", &["base", "model", "expr", "catalog"]),
    ("inventory", &["base", "model", "expr"]),
    ("collect", &["base", "model", "expr", "inventory", "catalog"]),
    ("derive", &["base", "model", "expr", "inventory", "catalog"]),
    ("evaluate", &["base", "model", "expr", "rules", "inventory", "derive", "catalog"]),
    ("assess", &["base", "model", "rules"]),
    ("store", &["base", "model"]),
    ("report", &["base", "model"]),
    ("cli", &["base", "model", "expr", "report"]),
    (
        "app",
        &[
            "base",
            "model",
            "expr",
            "catalog",
            "rules",
            "inventory",
            "collect",
            "derive",
            "evaluate",
            "assess",
            "store",
            "report",
            "cli",
        ],
    ),
];

/// Crates that only these layers may name: what talks to the world, runs in parallel or keeps a database.
const CRATES: &[(&str, &[&str])] = &[
    ("tokio", &["collect"]),
    ("kube", &["collect"]),
    ("k8s_openapi", &["collect"]),
    ("http", &["collect"]),
    ("reqwest", &["collect"]),
    ("aws_config", &["collect"]),
    ("aws_credential_types", &["collect"]),
    ("aws_sdk_ec2", &["collect"]),
    ("aws_sigv4", &["collect"]),
    ("aws_smithy_runtime_api", &["collect"]),
    ("aws_types", &["collect"]),
    ("quick_xml", &["collect"]),
    ("rayon", &["evaluate", "inventory", "collect"]),
    ("rusqlite", &["store"]),
    ("clap", &["cli", "app"]),
    ("comfy_table", &["report", "app"]),
    ("indicatif", &["app"]),
    ("csv", &["report", "collect"]),
    ("saphyr_parser", &["base", "collect"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Lines of a source file without comments, with their numbers.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

/// The names that follow `word` in a line: `crate::expr::Path` gives `expr` for `crate::`.
fn names_after<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(word).map(move |(at, _)| {
        let rest = &line[at + word.len()..];
        &rest[..rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())]
    })
}

fn names_crate(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    line.match_indices(&path)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
        || line.trim_start().starts_with(&format!("use {name};"))
}

#[test]
fn layers_import_only_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        let layer = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_dir() {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            faults.push(format!("src/{layer}: no such layer in the table"));
            continue;
        };
        let mut files = Vec::new();
        sources(&path, &mut files);
        for file in files {
            let shown = file.strip_prefix(root.parent().unwrap()).unwrap().display().to_string();
            for (number, line) in code(&file) {
                // Unit tests may build their input with any layer.
                if line.contains("mod tests") || line.contains("cfg(test)") {
                    break;
                }
                for name in names_after(&line, "crate::") {
                    let layer_named = LAYERS.iter().any(|(known, _)| *known == name);
                    if layer_named && name != layer && !allowed.contains(&name) {
                        faults.push(format!("{shown}:{number}: {layer} may not import {name}"));
                    }
                }
                for (name, homes) in CRATES {
                    if names_crate(&line, name) && !homes.contains(&layer.as_str()) {
                        faults.push(format!("{shown}:{number}: {layer} may not name the crate {name}"));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reader_itself_sees_what_it_must() {
    assert_eq!(names_after("use crate::expr::{Path, crate::model};", "crate::").collect::<Vec<_>>(), ["expr", "model"]);
    assert!(names_crate("    tokio::spawn(x)", "tokio"));
    assert!(names_crate("use kube::Client;", "kube"));
    assert!(!names_crate("use crate::catalog::kubernetes;", "kube"));
    assert!(!names_crate("let a = my_kube::x", "kube"));
}

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

/// Files beside the folders and files `tests` that only tests hold.
const TESTS: &[&str] = &["src/expr/testing.rs", "src/model/sample.rs", "src/report/testing.rs"];

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

/// Lines of a source file without comments and unit tests, which may build their input with any layer, with their numbers.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut code = Vec::new();
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()));
    while let Some((number, line)) = lines.next() {
        if !line.contains("#[cfg(test)]") {
            code.push((number, line));
            continue;
        }
        // The item that it belongs to: `mod tests;`, or all up to the brace that closes it.
        let margin = |line: &str| line.len() - line.trim_start().len();
        let indent = margin(line);
        for (_, line) in lines.by_ref() {
            let ends = line.trim_end().ends_with(';') || line.trim() == "}";
            if ends && margin(line) == indent {
                break;
            }
        }
    }
    code
}

/// The layers that code names, with the lines: `crate::expr::Path` names `expr`, `crate::{base, model}` both.
fn layers_named<'a>(code: &[(usize, &'a str)]) -> Vec<(usize, &'a str)> {
    let mut named = Vec::new();
    // Braces that are open inside of a group that follows `crate::`; none outside.
    let mut open: Option<usize> = None;
    for (number, line) in code {
        let mut before = "";
        for word in line.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_')) {
            let (name, end) = word.split_at(word.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '_')).len());
            let of_crate = line[..word.as_ptr() as usize - line.as_ptr() as usize].ends_with("crate::");
            match (open, end) {
                (None, "{") if of_crate && name.is_empty() => open = Some(1),
                (None, _) if of_crate => named.push((*number, name)),
                (Some(depth), _) => {
                    // `{a::b, c}`: not what follows `::`.
                    if depth == 1 && !name.is_empty() && before != ":" {
                        named.push((*number, name));
                    }
                    open = match end {
                        "{" => Some(depth + 1),
                        "}" => Some(depth - 1).filter(|depth| *depth > 0),
                        _ => Some(depth),
                    };
                }
                (None, _) => {}
            }
            if !end.trim().is_empty() || !name.is_empty() {
                before = if end.trim().is_empty() { name } else { end };
            }
        }
    }
    named
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
            // Files that only tests hold.
            if shown.contains("tests/") || shown.ends_with("/tests.rs") || TESTS.contains(&shown.as_str()) {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let code = code(&text);
            for (number, name) in layers_named(&code) {
                let layer_named = LAYERS.iter().any(|(known, _)| *known == name);
                if layer_named && name != layer && !allowed.contains(&name) {
                    faults.push(format!("{shown}:{number}: {layer} may not import {name}"));
                }
            }
            for (number, line) in code {
                for (name, homes) in CRATES {
                    if names_crate(line, name) && !homes.contains(&layer.as_str()) {
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
    let named = |text: &'static str| layers_named(&code(text)).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(named("use crate::expr::{Path, crate::model};"), ["expr", "model"]);
    assert_eq!(
        named("use crate::{base::{text, yaml}, model::Text,\n    report};\nlet a = b::{c};"),
        ["base", "model", "report"]
    );
    assert_eq!(named("#[cfg(test)]\nmod tests;\nuse crate::report;"), ["report"]);
    assert_eq!(named("#[cfg(test)]\nmod tests {\n    use crate::app;\n}\nuse crate::report;"), ["report"]);
    assert!(names_crate("    tokio::spawn(x)", "tokio"));
    assert!(names_crate("use kube::Client;", "kube"));
    assert!(!names_crate("use crate::catalog::kubernetes;", "kube"));
    assert!(!names_crate("let a = my_kube::x", "kube"));
}

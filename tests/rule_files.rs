//! Faults in rule files: every one is found in one run, at its place, with what was expected or the nearest right word.

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
use std::path::Path;

use spm::rules::{Library, Pack};
use tempfile::TempDir;

const CHECK: &str = "\
id: sample
title: Containers do not run privileged
resource: container
params:
  limit: { default: 3, doc: how many }
assert:
  securityContext.privileged: { not: true }
  name: { length: { gte: $limit } }
control: prevent
ccss: AV:N/AC:L/Au:S/C:P/I:P/A:N/PL:ND/EM:A
themes: [hardening]
why: A privileged container owns the node that it runs on.
fix: Remove `privileged` from the container.
links: [https://kubernetes.io/docs/concepts/security/]
examples:
  passed: [{ name: main }]
  failed: [{ name: main, securityContext: { privileged: true } }]
  manual: [{ subject: { name: main }, gap: securityContext }]
";

const STANDARD: &str = "\
standard: { short: Own, name: Own Standard, version: 1, url: https://example.com, kind: benchmark }
applies: { technology: kubernetes }
rules:
  - id: 1.10
    title: Containers do not run privileged
    checks: [sample]
";

struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Files {
        let dir = TempDir::new().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Files(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// All faults, one a line, without the name of the directory.
    fn faults(&self) -> Vec<String> {
        let all = Pack::read(self.path()).and_then(Library::new).and_then(|library| library.validate());
        let dir = format!("{}/", self.path().display());
        all.err().map_or_else(Vec::new, |e| e.0.iter().map(|fault| fault.to_string().replace(&dir, "")).collect())
    }
}

fn check_faults(check: &str) -> Vec<String> {
    let faults = Files::new(&[("checks/sample.yaml", check)]).faults();
    faults.into_iter().map(|fault| fault.replace("checks/sample.yaml:", "")).collect()
}

/// The faults of the sample check with one part replaced.
fn faults_with(part: &str, by: &str) -> Vec<String> {
    assert!(CHECK.contains(part), "the sample has no {part:?}");
    check_faults(&CHECK.replacen(part, by, 1))
}

#[test]
fn sound_files_have_no_faults() {
    let files = Files::new(&[("checks/a/sample.yaml", CHECK), ("standards/own.yaml", STANDARD)]);
    assert_eq!(files.faults(), [""; 0]);
}

#[test]
fn ids_keep_their_spelling() {
    let files = Files::new(&[("checks/a/sample.yaml", CHECK), ("standards/own.yaml", STANDARD)]);
    let library = Library::new(Pack::read(files.path()).unwrap()).unwrap();
    assert_eq!(library.standard("own").unwrap().unwrap().rules[0].id, "1.10");
}

#[test]
fn all_faults_of_all_files_come_in_one_run() {
    let broken = CHECK.replace("control: prevent", "control: prevnt").replace("hardening", "hardning");
    let other = CHECK.replace("id: sample", "id: other").replace("why:", "wy:");
    let faults = Files::new(&[("checks/sample.yaml", &broken), ("checks/other.yaml", &other)]).faults();
    assert_eq!(
        faults,
        [
            "checks/other.yaml:1:1: a check needs `why`",
            "checks/other.yaml:12:1: unknown key of a check \"wy\" (did you mean \"why\"?)",
            "checks/sample.yaml:9:10: unknown control \"prevnt\" (did you mean \"prevent\"?)",
            "checks/sample.yaml:11:10: unknown theme \"hardning\" (did you mean \"hardening\"?)",
        ]
    );
}

#[test]
fn each_fault_has_its_place_and_its_help() {
    for (part, by, expected) in [
        ("id: sample", "id: simple", "1:5: the id \"simple\" is not the file name (expected \"sample\")"),
        (
            "resource: container",
            "resource: contaner",
            "3:11: unknown resource \"contaner\" (did you mean \"container\"?)",
        ),
        ("{ not: true }", "{ nott: true }", "7:33: unknown operator \"nott\" (did you mean \"not\"?)"),
        (
            "securityContext.privileged:",
            "securityContxt.privileged:",
            "7:3: container has no field \"securityContxt.privileged\" (did you mean \"securityContext\"?)",
        ),
        (
            "securityContext.privileged:",
            "securityContext..privileged:",
            "7:3: bad path: expected a key at character 17 of \"securityContext..privileged\"",
        ),
        ("{ not: true }", "{ matches: \"a(\" }", "7:42: bad regular expression \"a(\": unclosed group"),
        ("{ not: true }", "{ gte: many }", "7:38: gte takes a number, found \"many\" (for example gte: 30)"),
        (
            "{ not: true }",
            "{ between: [5, 1] }",
            "7:42: between takes two numbers, the lower one first, found a list (for example between: [1, 5])",
        ),
        (
            "{ not: true }",
            "{ mode_within: \"0999\" }",
            "7:46: mode_within takes a file mode in octal, found \"0999\" (for example mode_within: \"0600\")",
        ),
        ("{ not: true }", "{ version: { gte: latest } }", "7:49: expected a version, found \"latest\""),
        (
            "{ not: true }",
            "{ length: { gt: 1, above: 2 } }",
            "7:50: unknown comparison \"above\" (expected one of equals, gt, gte, lt, lte, between)",
        ),
        (
            "{ not: true }",
            "{ unset: maybe, not: true }",
            "7:40: unknown truth \"maybe\" (expected one of true, false, unknown)",
        ),
        (
            "{ not: true }",
            "{ gte: 3, ignore_case: true }",
            "7:41: no operator beside it minds the case (it stands beside operators on text, such as equals, in, matches, \
             starts_with or contains)",
        ),
        ("{ not: true }", "{ not: { equals: a }, ignore_case: true }", "7:53: no operator beside it minds the case"),
        ("{ not: true }", "", "7:29: nothing to compare with (use { exists: false } for absent or null)"),
        ("$limit", "$limt", "8:26: unknown parameter \"limt\" (did you mean \"limit\"?)"),
        ("themes: [hardening]", "themes: []", "11:9: themes is a list with at least one theme"),
        (
            "AV:N/",
            "AV:X/",
            "10:7: bad severity vector \"AV:X/AC:L/Au:S/C:P/I:P/A:N/PL:ND/EM:A\": unknown value \"X\" of AV, expected one of L, A, N",
        ),
        ("C:P/I:P/A:N", "C:N/I:N/A:N", "10:7: the vector scores 0.0 (one of C, I, A must be P or C)"),
        (
            "[https://kubernetes",
            "[http://kubernetes",
            "14:9: not an address: \"http://kubernetes.io/docs/concepts/security/\" (expected https://...)",
        ),
        (
            "fix: Remove `privileged` from the container.",
            "fix: Remove it.",
            "13:6: fix is too short: \"Remove it.\" (at least 20 characters that help a person)",
        ),
        ("  passed: [{ name: main }]\n", "", "16:3: no example under `passed` (at least one is needed)"),
        (
            "gap: securityContext }",
            "gap: \"security Context\" }",
            "18:44: bad path: expected \".\" or \"[\"; other characters need quotes: ['...'] at character 9 of \"security Context\"",
        ),
        ("passed: [{ name: main }]", "passed: { name: main }", "16:11: passed is a list, found a map"),
        (
            "gap: securityContext }",
            "gap: securityContext, world: { kind: Pod } }",
            "18:68: world is a list, found a map",
        ),
        ("default: 3, ", "", "5:3: parameter \"limit\" (give `default: ...`, or `required: true`)"),
        ("title: Containers", "title: [Containers", "3:9: not YAML: "),
    ] {
        let faults = faults_with(part, by);
        assert!(
            faults.iter().any(|fault| fault.starts_with(expected)),
            "{by}: expected\n{expected}\nfound\n{faults:#?}"
        );
    }
}

#[test]
fn joins_and_elements_are_checked_too() {
    let related = |text: &str| {
        let check = CHECK
            .replace("resource: container", "resource: namespace")
            .replace("  securityContext.privileged: { not: true }\n", &format!("  related: {text}\n"))
            .replace("  name: { length: { gte: $limit } }\n", "  metadata.name: { length: { gte: $limit } }\n");
        check_faults(&check)
    };
    let first = |text: &str| related(text).first().cloned().unwrap_or_default();
    assert_eq!(
        first("{ resource: NetworkPolcy, on: {}, any: {} }"),
        "7:24: unknown resource \"NetworkPolcy\" (did you mean \"NetworkPolicy\"?)"
    );
    assert_eq!(
        first("{ resource: NetworkPolicy, on: { metadta.namespace: metadata.name }, any: {} }"),
        "7:45: NetworkPolicy has no field \"metadta.namespace\" (did you mean \"metadata\"?)"
    );
    assert_eq!(
        first("{ resource: NetworkPolicy, on: {} }"),
        "7:12: related needs one of `any`, `all`, `none` or `count`"
    );
    assert_eq!(
        faults_with("securityContext.privileged: { not: true }", "\"ports[*].hostPort\": { gt: 0 }"),
        [
            "7:3: the path \"ports[*].hostPort\" has many values (say how many: { any: ... }, { all: ... }, { none: ... } or { count: ... })"
        ]
    );
}

#[test]
fn standards_are_checked_against_the_checks() {
    let faults = |part: &str, by: &str| {
        assert!(STANDARD.contains(part));
        let standard = STANDARD.replacen(part, by, 1);
        let files = Files::new(&[("checks/sample.yaml", CHECK), ("standards/own.yaml", &standard)]);
        files.faults().into_iter().map(|fault| fault.replace("standards/own.yaml:", "")).collect::<Vec<_>>()
    };
    for (part, by, expected) in [
        ("checks: [sample]", "checks: [smaple]", "6:14: unknown check \"smaple\" (did you mean \"sample\"?)"),
        (
            "checks: [sample]",
            "checks: [{ check: sample, with: { limt: 3 } }]",
            "6:14: unknown parameter \"limt\" (did you mean \"limit\"?)",
        ),
        (
            "checks: [sample]",
            "checks: [{ check: sample, with: { limit: many } }]",
            "6:14: the parameters do not fit sample: expected a number, found \"many\"",
        ),
        (
            "    checks: [sample]\n",
            "",
            "4:5: nothing answers rule 1.10 (add `checks`, or `manual` with what a person must look at, or `technical: false`)",
        ),
        (
            "technology: kubernetes",
            "technology: kubernets",
            "2:24: unknown technology \"kubernets\" (did you mean \"kubernetes\"?)",
        ),
        ("kind: benchmark", "kind: bench", "1:89: unknown kind of standard \"bench\" (did you mean \"benchmark\"?)"),
        (
            "{ technology: kubernetes }",
            "{ technology: kubernetes, version: \"about 1.30\" }",
            "2:45: not a version range: \"about 1.30\" (for example \">=1.32, <1.35\")",
        ),
        // What is not of its type is nothing that may be passed over: the standard would say something else.
        (
            "checks: [sample]",
            "checks: [{ check: sample, with: many }]",
            "6:37: with is a map of parameters, found text (for example { mode: \"0600\" })",
        ),
        (
            "    checks: [sample]\n",
            "    checks: [sample]\n    partly: yes\n",
            "7:13: partly is true or false, found \"yes\"",
        ),
        (
            "{ technology: kubernetes }",
            "{ technology: kubernetes, distribution: [[eks]] }",
            "2:50: distribution takes names (for example [eks, aks])",
        ),
        (
            "{ technology: kubernetes }",
            "{ technology: kubernetes, version: [\">=1.2\"] }",
            "2:45: version is text, found a list",
        ),
        (
            "    checks: [sample]\n",
            "    select: { themes: [hardening], theme: x }\n",
            "6:36: unknown key of select \"theme\" (did you mean \"themes\"?)",
        ),
    ] {
        let found = faults(part, by);
        assert!(found.iter().any(|fault| fault == expected), "{by}: expected\n{expected}\nfound\n{found:#?}");
    }
    let twice = faults(
        "    checks: [sample]\n",
        "    checks: [sample]\n  - { id: 1.10, title: Again the same, checks: [sample] }\n",
    );
    assert_eq!(twice, ["7:5: the id \"1.10\" stands here twice"]);
}

#[test]
fn the_header_of_a_standard_may_stand_behind_its_rules() {
    let (header, rules) = STANDARD.split_at(STANDARD.find("rules:").unwrap());
    let standard = |text: &str| {
        let files = Files::new(&[("checks/sample.yaml", CHECK), ("standards/own.yaml", text)]);
        let library = Library::new(Pack::read(files.path()).unwrap()).unwrap();
        library.header("own").unwrap().unwrap().info
    };
    assert_eq!(standard(&format!("{rules}{header}")), standard(STANDARD));
}

#[test]
fn hostile_files_are_refused() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert_eq!(check_faults(bomb), ["1:4: anchors are not read here (write the value out)"]);
    let huge = check_faults(&format!("{CHECK}# {}\n", "x".repeat(10 << 20)));
    assert!(huge[0].contains("at most 1 MiB is read"), "{huge:?}");
    let deep = faults_with("{ not: true }", &format!("{}true{}", "{ not: ".repeat(100), " }".repeat(100)));
    assert!(deep[0].contains("nested too deeply"), "{deep:?}");
    let wide = format!("{}x{}", "[".repeat(5000), "]".repeat(5000));
    // The YAML parser itself refuses this one.
    assert!(check_faults(&wide)[0].starts_with("1:"), "{:?}", check_faults(&wide));
    assert!(check_faults("\u{0}")[0].starts_with("1:"));
}

#[test]
fn the_same_id_twice_is_a_fault() {
    let faults = Files::new(&[("checks/a/sample.yaml", CHECK), ("checks/b/sample.yaml", CHECK)]).faults();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("the id \"sample\" is also in"), "{faults:?}");
}

#[test]
fn a_directory_without_rules_is_said_to_have_none() {
    assert!(Files::new(&[("notes.txt", "")]).faults()[0].contains("no rule files"));
}

#[test]
fn users_change_parameters_by_check() {
    let files = Files::new(&[
        ("checks/sample.yaml", CHECK),
        ("standards/own.yaml", STANDARD),
        ("parameters.yaml", "sample: { limit: 7 }\n"),
    ]);
    let library = Library::new(Pack::read(files.path()).unwrap()).unwrap();
    let standard = library.standard("own").unwrap().unwrap();
    let instance = library.instance(&standard, &standard.rules[0].checks[0]).unwrap();
    assert_eq!(instance.params["limit"], "7");
    assert_eq!(instance.customised, ["limit"]);
}

#[test]
fn faults_of_parameters_stand_where_the_user_wrote_them() {
    for (parameters, expected) in [
        ("sample: { limt: 7 }\n", "parameters.yaml:1:11: unknown parameter \"limt\" (did you mean \"limit\"?)"),
        ("sample: 7\n", "parameters.yaml:1:9: the parameters of sample must be a map, not a number"),
        ("- sample\n", "parameters.yaml:1:1: parameters must be a map of checks, not a list"),
        ("sampel: {}\n", "parameters.yaml:1:1: unknown check \"sampel\" (did you mean \"sample\"?)"),
    ] {
        let files = Files::new(&[("checks/sample.yaml", CHECK), ("parameters.yaml", parameters)]);
        let faults = Library::new(Pack::read(files.path()).unwrap()).err().unwrap().to_string();
        assert!(faults.ends_with(expected), "{faults}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_files_is_not_waited_for() {
    let files = Files::new(&[("checks/sample.yaml", CHECK)]);
    let pipe = files.path().join("checks/pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let faults = Library::new(Pack::read(files.path()).unwrap()).err().unwrap().to_string();
    assert!(faults.ends_with("pipe.yaml:1:1: is no file"), "{faults}");
}

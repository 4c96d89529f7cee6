//! `spm scan` as people and pipelines run it on files: inputs, outputs, exit codes, messages, secrets.

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

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Scan, assert_same, run, spm};
use serde_json::Value as Json;

/// A privileged container, a broken document, and a Deployment after it. The severities of the findings go up to high.
const MANIFEST: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec:
  containers:
    - name: main
      image: nginx
      securityContext:
        privileged: true
---
kind: Pod
metadata: [oops
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec:
  template:
    spec:
      hostPID: true
      containers: [{ name: main, image: nginx }]
";

/// Of a cluster that says its version; nothing in it fails above medium.
const MEDIUM: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec:
  automountServiceAccountToken: false
  serviceAccountName: web
  securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
  containers:
    - { name: main, image: nginx, securityContext: { capabilities: { drop: [ALL] } } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: shop }
automountServiceAccountToken: false
";

struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Files {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        Files(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn scan(&self, name: &str) -> Command {
        let mut command = spm();
        command.args(["scan", "--from"]).arg(self.path(name));
        command
    }

    fn names(&self) -> BTreeSet<String> {
        fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn manifest() -> Files {
    Files::new(&[("web.yaml", MANIFEST)])
}

/// The exit code of a scan.
fn code(command: &mut Command) -> i32 {
    command.output().unwrap().status.code().unwrap()
}

/// Scans with this on standard input.
fn piped(bytes: &[u8], args: &[&str]) -> String {
    let mut command = spm();
    command.args(["scan", "--from", "-"]).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// File (its name only) and line of each finding of a check.
fn places(scan: &Scan, check: &str) -> Vec<(String, u64)> {
    let place = |outcome: &Json| {
        let evidence = &outcome["evidence"][0];
        let file = Path::new(evidence["file"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
        (file, evidence["line"].as_u64().unwrap())
    };
    scan.outcomes(check, "failed").into_iter().map(|(_, outcome)| place(outcome)).collect()
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_scanned() {
    let files = manifest();
    let scan = Scan::files(&[&files.path("web.yaml")], &[]);
    assert_eq!(places(&scan, "kubernetes-container-not-privileged"), [("web.yaml".to_owned(), 9)]);
    assert_eq!(places(&scan, "kubernetes-workload-no-host-pid"), [("web.yaml".to_owned(), 20)]);
    let place = format!("{}:13: malformed", files.path("web.yaml").display());
    assert!(scan.notes().iter().any(|note| note.starts_with(&place)), "{:?}", scan.notes());
    assert_eq!(scan.assessment["gaps"].as_array().unwrap().len(), 1);
    // It may have been a pod, so nothing about pods passes.
    assert!(scan.outcomes("kubernetes-workload-no-host-ipc", "manual").len() == 1);
    assert_eq!(scan.assessment["resources_read"], serde_json::json!({"Deployment": 1, "Pod": 1}));
}

#[test]
fn every_way_to_give_the_same_files_gives_the_same_findings() {
    let files = manifest();
    let plain = Scan::files(&[&files.path("web.yaml")], &[]).findings();
    assert!(plain.contains("kubernetes-container-not-privileged: Pod shop/web [main]"), "{plain:?}");
    assert!(plain.contains("kubernetes-workload-no-host-pid: Deployment shop/api"), "{plain:?}");

    fs::write(files.path("web.yaml.gz"), gzip(MANIFEST)).unwrap();
    fs::write(files.path("web.yaml.zst"), zstd::encode_all(MANIFEST.as_bytes(), 1).unwrap()).unwrap();
    for name in ["web.yaml.gz", "web.yaml.zst"] {
        let scan = Scan::files(&[&files.path(name)], &[]);
        assert_eq!(scan.findings(), plain, "{name}");
        // Lines of what is inside.
        assert_eq!(places(&scan, "kubernetes-container-not-privileged")[0].1, 9, "{name}");
    }

    let zstd = zstd::encode_all(MANIFEST.as_bytes(), 1).unwrap();
    for (name, bytes) in [("plain", MANIFEST.as_bytes()), ("gzip", &gzip(MANIFEST)), ("zstd", &zstd)] {
        let scan = Scan::new(&piped(bytes, &["--format", "json"]));
        assert_eq!(scan.findings(), plain, "{name} on standard input");
        assert_eq!(places(&scan, "kubernetes-container-not-privileged"), [("standard input".to_owned(), 9)]);
    }

    // The two halves, one as a list in JSON as kubectl prints it, one in a directory.
    let documents: Vec<&str> = MANIFEST.split("---\n").collect();
    let pod: Json = serde_yaml::from_str(documents[0]).unwrap();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [pod], "metadata": {}});
    let halves = Files::new(&[("pods.json", &format!("{list:#}"))]);
    fs::create_dir(halves.path("below")).unwrap();
    fs::write(halves.path("below/api.yml"), documents[2]).unwrap();
    let both = Scan::files(&[&halves.path("pods.json"), &halves.path("below")], &[]);
    assert_eq!(both.findings(), plain);
    assert_eq!(places(&both, "kubernetes-workload-no-host-pid"), [("api.yml".to_owned(), 7)]);
}

#[test]
fn a_snapshot_is_evaluated_to_the_same_verdicts() {
    let files = manifest();
    let saved = files.path("saved.spm");
    let first = Scan::of(files.scan("web.yaml").arg("--save").arg(&saved), &[]);
    let again = Scan::files(&[&saved], &[]);
    for result in ["failed", "passed", "manual", "not_relevant"] {
        assert_eq!(first.with_result(result), again.with_result(result), "{result}");
    }
    // Not read now but then: ages and expiry dates are judged as of that time.
    assert_eq!(first.assessment["assessed_at"], again.assessment["assessed_at"]);
    for key in ["standards", "gaps", "notes", "resources_read"] {
        assert_eq!(first.assessment[key], again.assessment[key], "{key}");
    }
    // Saved once more it is the same.
    let second = files.path("second.spm");
    Scan::of(files.scan("saved.spm").arg("--save").arg(&second), &[]);
    let third = Scan::files(&[&second], &[]);
    assert_same(&again.comparable(), &third.comparable());
    assert_eq!(first.assessment["assessed_at"], third.assessment["assessed_at"]);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn files_are_written_beside_the_page() {
    let files = manifest();
    let mut command = files.scan("web.yaml");
    for (option, name) in [("-o", "a.json"), ("--output", "b.csv"), ("-o", "c.html"), ("-o", "d.sarif")] {
        command.arg(option).arg(files.path(name));
    }
    command.arg("-o").arg(format!("markdown={}", files.path("e.txt").display()));
    let (page, said) = run(&mut command, 0);
    assert!(page.contains("CIS Kubernetes Benchmark") && page.contains("Pod shop/web main"), "{page}");
    assert_eq!(said, "");
    let read = |name: &str| fs::read_to_string(files.path(name)).unwrap();
    assert!(!Scan::new(&read("a.json")).findings().is_empty());
    assert!(read("b.csv").starts_with("system,technology,"));
    assert!(read("c.html").starts_with("<!doctype html>"));
    assert!(serde_json::from_str::<Json>(&read("d.sarif")).unwrap()["runs"].is_array());
    assert!(read("e.txt").starts_with('#'));

    // Without a page only if that is asked for.
    let (page, _) = run(files.scan("web.yaml").args(["--quiet", "-o"]).arg(files.path("a.json")), 0);
    assert_eq!(page, "");
    // A name of which nobody can tell the format is found before anything is read.
    let (_, said) = run(files.scan("absent.yaml").arg("-o").arg(files.path("f.dat")), 2);
    assert!(said.contains("f.dat: the ending names no format; write FORMAT=FILE"), "{said}");
}

#[test]
fn an_output_file_is_whole_or_what_it_was() {
    let files = manifest();
    fs::write(files.path("a.json"), "before").unwrap();
    run(files.scan("absent.yaml").arg("-o").arg(files.path("a.json")), 2);
    assert_eq!(fs::read_to_string(files.path("a.json")).unwrap(), "before");
    fs::create_dir(files.path("b.json")).unwrap();
    let (_, said) = run(files.scan("web.yaml").arg("-o").arg(files.path("b.json")), 2);
    assert!(said.contains("b.json"), "{said}");
    // Nothing is left over.
    let expected = ["a.json", "b.json", "web.yaml"].map(str::to_owned);
    assert_eq!(files.names(), BTreeSet::from(expected));
}

#[test]
fn exit_codes() {
    let files = Files::new(&[("high.yaml", MANIFEST), ("medium.yaml", MEDIUM)]);
    let with = |name: &str, args: &[&str]| code(files.scan(name).args(args));
    for (name, args, expected) in [
        ("high.yaml", &[][..], 0),
        ("high.yaml", &["--fail-on", "critical"], 0),
        ("high.yaml", &["--fail-on", "high"], 1),
        ("high.yaml", &["--fail-on", "medium"], 1),
        ("high.yaml", &["--fail-on", "low"], 1),
        ("high.yaml", &["--fail-on", "manual"], 1),
        // What is shown does not change what counts.
        ("high.yaml", &["--fail-on", "high", "--rule", "5.3.1"], 1),
        ("high.yaml", &["--require-complete"], 3),
        ("high.yaml", &["--require-complete", "--fail-on", "critical"], 3),
        ("high.yaml", &["--require-complete", "--fail-on", "high"], 1),
        ("medium.yaml", &["--fail-on", "high"], 0),
        ("medium.yaml", &["--fail-on", "medium"], 1),
        ("medium.yaml", &["--require-complete"], 0),
        ("medium.yaml", &["--fail-on", "severe"], 2),
        ("absent.yaml", &[], 2),
        ("medium.yaml", &["--standard", "nonsense"], 2),
        ("medium.yaml", &["-o", "/no/such/place/a.json"], 2),
    ] {
        assert_eq!(with(name, args), expected, "{name} {args:?}");
    }
    // Why is said, but not to who wants to hear nothing.
    for (args, said) in [
        (&["--fail-on", "medium"][..], "spm: --fail-on is met by "),
        (&["--require-complete"], " could not be read, and --require-complete asks for all"),
    ] {
        let (_, words) = run(files.scan("high.yaml").args(args), if said.contains("fail-on") { 1 } else { 3 });
        assert!(words.contains(said), "{words}");
        let (_, words) =
            run(files.scan("high.yaml").arg("--quiet").args(args), if said.contains("fail-on") { 1 } else { 3 });
        assert_eq!(words, "");
    }
    // Nothing fails any more; that a person has to look is told by `manual` alone.
    let fixed = MEDIUM.replace("drop: [ALL] }", "drop: [ALL] }, allowPrivilegeEscalation: false");
    let files = Files::new(&[("fixed.yaml", &fixed)]);
    assert_eq!(code(files.scan("fixed.yaml").args(["--fail-on", "low"])), 0);
    assert_eq!(code(files.scan("fixed.yaml").args(["--fail-on", "manual"])), 1);
}

#[test]
fn switches_can_be_variables() {
    let files = Files::new(&[("high.yaml", MANIFEST)]);
    let home = files.0.path().join("home");
    let history = home.join(".local/share/spm/history.db");
    let with = |name: &str, value: &str| {
        let mut command = files.scan("high.yaml");
        code(command.env("HOME", &home).env_remove("SPM_NO_STORE").env(name, value))
    };
    for (name, value, expected) in [
        ("SPM_NO_STORE", "1", 0),
        ("SPM_NO_STORE", "yes", 0),
        ("SPM_IGNORE_WAIVERS", "1", 0),
        ("SPM_REQUIRE_COMPLETE", "1", 3),
        ("SPM_REQUIRE_COMPLETE", "TRUE", 3),
        ("SPM_REQUIRE_COMPLETE", "0", 0),
        ("SPM_REQUIRE_COMPLETE", "off", 0),
        ("SPM_REQUIRE_COMPLETE", "", 0),
        // Neither yes nor no: guessing could lower a guard.
        ("SPM_REQUIRE_COMPLETE", "never", 2),
        ("SPM_IGNORE_WAIVERS", "none", 2),
        ("SPM_NO_CLOUD", "1", 0),
        ("SPM_NO_CLOUD", "no", 0),
        ("SPM_QUIET", "1", 0),
        ("SPM_QUIET", "perhaps", 2),
        ("SPM_RULES", "yes", 0),
        ("SPM_VERBOSE", "2", 0),
    ] {
        assert_eq!(with(name, value), expected, "{name}={value}");
        let kept = !(name == "SPM_NO_STORE" || expected == 2);
        assert_eq!(history.exists(), kept, "{name}={value}");
        if kept {
            fs::remove_dir_all(&home).unwrap();
        }
    }
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let files = manifest();
    let plain = Scan::of(&mut files.scan("web.yaml"), &[]).rules("cis-kubernetes-2.0.1");
    let mut empty = files.scan("web.yaml");
    for name in [
        "SYSTEM",
        "NAMESPACE",
        "EXCLUDE_NAMESPACE",
        "STANDARD",
        "NODE_FACTS",
        "CONTEXT",
        "FAIL_ON",
        "BASELINE",
        "WAIVERS",
        "COLOR",
        "PACK",
        "CONFIG",
        "STORE",
        "TIMEOUT",
        "AWS_REGION",
        "AWS_ACCOUNTS",
        "MANUAL",
        "FORMAT",
    ] {
        empty.env(format!("SPM_{name}"), "");
    }
    let scan = Scan::of(&mut empty, &[]);
    assert_eq!(scan.rules("cis-kubernetes-2.0.1"), plain);
    assert_eq!(scan.assessment["system"]["name"], "web");
    assert_eq!(scan.assessment["scope"]["namespaces"], Json::Null);
}

#[test]
fn what_is_typed_wins_over_the_environment() {
    let files = manifest();
    for (name, value) in [
        ("SPM_CONTEXT", "prod"),
        ("SPM_KUBECONFIG", "absent"),
        ("SPM_CA_FILE", "absent.pem"),
        ("SPM_ALLOW_NODE_PROXY", "0"),
        ("SPM_AWS", "1"),
        ("SPM_AWS_REGION", "eu-west-1"),
        ("SPM_ALL", "1"),
    ] {
        let scan = Scan::of(files.scan("web.yaml").env(name, value), &[]);
        assert_eq!(scan.assessment["system"]["technology"], "kubernetes", "{name}");
    }
    // Two that are both typed are a mistake, as ever.
    run(files.scan("web.yaml").args(["--context", "prod"]), 2);
    run(files.scan("web.yaml").arg("--aws"), 2);
    let (_, said) = run(files.scan("web.yaml").env("SPM_FAIL_ON", "hihg"), 2);
    assert!(said.contains("--fail-on is set by the variable SPM_FAIL_ON"), "{said}");
    let (_, said) = run(files.scan("web.yaml").args(["--fail-on", "hihg"]), 2);
    assert!(!said.contains("SPM_FAIL_ON"), "{said}");
}

#[test]
fn a_closed_pipe_is_no_fault() {
    let files = manifest();
    let with = |command: &mut Command| {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command:?}");
        assert_eq!(output.status.code(), Some(0), "{command:?}");
    };
    for format in ["table", "json", "csv", "html", "markdown", "sarif", "junit"] {
        with(files.scan("web.yaml").args(["--format", format, "--quiet"]));
    }
    with(spm().args(["completions", "bash"]));
    with(spm().args(["rules", "list"]));
}

#[test]
fn a_wide_rule_is_as_severe_as_what_failed_of_it() {
    // Of the many checks of SC-7 and the like some are more severe than all that is wrong here.
    let files = Files::new(&[("high.yaml", MANIFEST), ("medium.yaml", MEDIUM)]);
    let scan = |name: &str| Scan::files(&[&files.0.path().join(name)], &["--standard", "nist"]);
    for name in ["high.yaml", "medium.yaml"] {
        let scan = scan(name);
        let checks: Vec<&Json> = scan.checks().collect();
        let standards = scan.assessment["standards"].as_array().unwrap();
        let rank = |severity: &Json| ["low", "medium", "high", "critical"].iter().position(|s| severity == s).unwrap();
        let mut wide = 0;
        for rule in standards.iter().flat_map(|standard| standard["rules"].as_array().unwrap()) {
            if rule["result"] != "failed" {
                continue;
            }
            let check = |at: &Json| *checks.iter().find(|check| check["index"] == *at).unwrap();
            let own = || rule["checks"].as_array().unwrap().iter().map(check);
            let all = own().map(|check| rank(&check["severity"])).max().unwrap();
            let failed = own().filter(|check| check["counts"]["failed"] != 0);
            let failed = failed.map(|check| rank(&check["severity"])).max().unwrap();
            assert_eq!(rank(&rule["severity"]), failed, "{rule:#}");
            wide += usize::from(failed < all);
        }
        assert!(wide > 0, "no rule of which less failed than could");
    }
    let gate = |args: &[&str]| code(files.scan("medium.yaml").args(["--standard", "nist"]).args(args));
    assert_eq!(gate(&["--fail-on", "high"]), 0);
    assert_eq!(gate(&["--fail-on", "medium"]), 1);
}

#[test]
fn messages_say_what_to_do() {
    let files = manifest();
    let home = files.0.path();
    let mut all = String::new();
    let mut fails = |command: &mut Command| {
        let (page, said) = run(command, 2);
        assert_eq!(page, "", "{command:?}");
        let said = said.replace(&*home.to_string_lossy(), "DIR");
        all.push_str(&said);
        all.push('\n');
    };
    fails(files.scan("web.yaml").args(["--standard", "nonsense"]));
    fails(files.scan("web.yaml").args(["--standard", "ciss"]));
    fails(&mut files.scan("absent.yaml"));
    fs::write(files.path("empty.yaml"), "").unwrap();
    fails(&mut files.scan("empty.yaml"));
    fs::write(files.path("other.yaml"), "a: 1\n").unwrap();
    fails(&mut files.scan("other.yaml"));
    fails(files.scan("web.yaml").args(["--fail-on", "hihg"]));
    insta::assert_snapshot!(all);

    let (_, said) = run(files.scan("web.yaml").args(["--standard", "cis@9.9"]), 2);
    assert!(said.starts_with("spm: unknown standard \"cis@9.9\" (known versions: "), "{said}");
    assert!(said.contains("1.11.1, 1.12.0, 2.0.1"), "{said}");
}

#[cfg(feature = "kubernetes")]
#[test]
fn without_a_cluster_it_is_said_what_to_give() {
    let files = manifest();
    let home = files.0.path();
    let (page, said) = run(spm().arg("scan").env("HOME", home), 2);
    assert_eq!(page, "");
    for part in [".kube/config", "--kubeconfig FILE", "--from PATH", "spm scan --from fixtures/demo-cluster"] {
        assert!(said.contains(part), "{said}");
    }
    let (_, said) = run(spm().args(["scan", "--kubeconfig"]).arg(files.path("absent")).env("HOME", home), 2);
    assert_eq!(said, format!("spm: {}: no such file\n", files.path("absent").display()));
}

#[test]
fn no_colours_where_nobody_sees_them() {
    let files = manifest();
    // Not a terminal.
    let (page, said) = run(&mut files.scan("web.yaml"), 0);
    assert!(!page.contains('\u{1b}') && !said.contains('\u{1b}'));
    let (page, _) = run(files.scan("web.yaml").env("NO_COLOR", "1"), 0);
    assert!(!page.contains('\u{1b}'));
    let (page, _) = run(files.scan("web.yaml").args(["--color", "always"]), 0);
    assert!(page.contains('\u{1b}'));
    // The page itself says what could not be read; other formats do not, so that standard error does, unless silenced.
    let warning = "spm: 1 part could not be read; rules that need them are Manual\n";
    let (_, said) = run(files.scan("web.yaml").args(["--format", "csv"]), 0);
    assert_eq!(said, warning);
    let (_, said) = run(files.scan("web.yaml").args(["--format", "csv", "--quiet"]), 0);
    assert_eq!(said, "");
}

#[test]
fn secrets_are_in_no_output() {
    const SECRETS: [&str; 6] =
        ["env-hunter2", "aHVudGVyMi1kYXRh", "string-hunter2", "map-hunter2", "applied-hunter2", "other-hunter2"];
    let manifest = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: default
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{\"env\": \"applied-hunter2\"}'
spec:
  hostNetwork: true
  containers:
    - name: main
      image: nginx
      env: [{ name: PASSWORD, value: env-hunter2 }, { name: KEY, valueFrom: { secretKeyRef: { name: s, key: k } } }]
---
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: default }
data: { k: aHVudGVyMi1kYXRh }
stringData: { l: string-hunter2 }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: default }
data: { password: map-hunter2 }
---
apiVersion: example.com/v1
kind: Vault
metadata: { name: v, namespace: default }
spec: { token: other-hunter2 }
";
    let files = Files::new(&[("web.yaml", manifest)]);
    let mut command = files.scan("web.yaml");
    command.args(["-vv", "--view", "complete", "--save"]).arg(files.path("saved.spm"));
    let formats = ["json", "csv", "html", "sarif", "junit", "markdown"];
    for format in formats {
        command.arg("-o").arg(format!("{format}={}", files.path(format).display()));
    }
    let (page, said) = run(&mut command, 0);
    let mut all = vec![("page", page), ("standard error", said)];
    all.extend(formats.map(|format| (format, fs::read_to_string(files.path(format)).unwrap())));
    let snapshot = zstd::decode_all(fs::File::open(files.path("saved.spm")).unwrap()).unwrap();
    all.push(("snapshot", String::from_utf8(snapshot).unwrap()));
    for (name, text) in &all {
        // It is about this pod, or the test proves nothing.
        assert!(*name == "standard error" || text.contains("web"), "{name}");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }
}

/// What the README says to who writes a rule, from the skeleton to the scan.
#[test]
fn a_check_of_ones_own_is_evaluated_where_a_standard_asks_for_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = manifest();
    let pack = files.path("my-pack");
    let rules = |args: &[&str]| run(spm().arg("rules").args(args).arg(&pack), 0).0;
    rules(&["new", "my-check", "--resource", "container", "--dir"]);
    let said = rules(&["validate"]);
    assert!(said.contains("1 check is asked for by no standard, so no scan evaluates it: my-check"), "{said}");
    let scan = |args: &[&str]| run(files.scan("web.yaml").args(["--format", "csv", "--pack"]).arg(&pack).args(args), 0);
    let (_, said) = scan(&[]);
    assert!(said.contains("no standard of this scan asks for it (see --standard): my-check"), "{said}");
    let (page, _) = run(spm().args(["explain", "my-check", "--pack"]).arg(&pack), 0);
    assert!(page.starts_with("my-check") && page.contains("asked for by no standard"), "{page}");

    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let standard = readme.split("```").find(|part| part.contains("# my-pack/standards/acme.yaml")).unwrap();
    fs::create_dir(pack.join("standards")).unwrap();
    fs::write(pack.join("standards/acme.yaml"), standard.trim_start_matches("yaml")).unwrap();
    assert_eq!(rules(&["validate"]), "1 check and 1 standard are sound\n");
    let (rows, said) = scan(&["--standard", "cis,acme"]);
    assert!(rows.contains(",ACME,1,acme,1,Our images only,") && rows.contains(",CIS,"), "{rows}");
    assert!(!said.contains("no standard of this scan"), "{said}");
    let (page, _) = run(spm().args(["rules", "show", "my-check", "--pack"]).arg(&pack), 0);
    assert!(page.contains("Asked by   Rules of our platform 1: 1\n"), "{page}");
}

#[test]
fn pages_about_rules_keep_to_the_width_and_lists_to_a_line_per_check() {
    let (page, _) = run(spm().args(["rules", "show", "kubernetes-container-not-privileged"]), 0);
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    assert!(page.contains("CIS Amazon EKS Benchmark 1.7.0: 4.2.1\n"), "{page}");
    let (list, _) = run(spm().args(["rules", "list", "kubernetes-"]), 0);
    let count = list.lines().count() - 1;
    assert!(list.ends_with(&format!("\n{count} checks\n")), "{list}");
}

#[test]
fn the_readme_dumps_what_a_scan_lists() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let dumped = readme.split("```text\n").find(|block| block.starts_with("limitranges,")).unwrap();
    let dumped = dumped.split("```").next().unwrap().split([',', '\n']).filter(|kind| !kind.is_empty());
    let dumped: BTreeSet<String> = dumped.map(str::to_owned).collect();
    let mut listed = BTreeSet::new();
    for standard in ["cis", "stig", "nist", "dora"] {
        let (roles, _) = run(spm().args(["permissions", "kubernetes", "--standard", standard]), 0);
        let tier: Json = serde_yaml::from_str(roles.split("---\n").next().unwrap()).unwrap();
        for rule in tier["rules"].as_array().unwrap() {
            assert_eq!(rule["verbs"], serde_json::json!(["list"]));
            listed.extend(rule["resources"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(dumped, listed);
}

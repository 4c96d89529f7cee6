//! What people do with scans once they exist, with the program itself and a history of its own per test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

mod in_source;
mod schemas;
mod scope;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A Deployment per name; the privileged ones are named.
fn manifest(names: &[&str], privileged: &[&str]) -> String {
    let deployment = |name: &&str| {
        let privileged = privileged.contains(name);
        let name = Value::from(*name);
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  selector: \
             {{matchLabels: {{app: x}}}}\n  template:\n    metadata: {{labels: {{app: x}}}}\n    spec:\n      containers:\n        \
             - name: web\n          image: registry.example/web:1\n          securityContext: {{privileged: {privileged}}}\n"
        )
    };
    names.iter().map(deployment).collect::<Vec<_>>().join("---\n")
}

/// A directory with manifests and a history.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        fs::create_dir(place.path("m")).unwrap();
        place.deploy(&["cart", "mail"], &["cart"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn deploy(&self, names: &[&str], privileged: &[&str]) {
        fs::write(self.path("m/all.yaml"), manifest(names, privileged)).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spm"));
        command.args(args).current_dir(self.0.path()).env_clear().env("XDG_DATA_HOME", self.path("data"));
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().unwrap())
    }

    fn scan(&self, more: &[&str]) -> Ran {
        self.run(&[&["scan", "--from", "m", "--system", "demo", "--standard", "cis@2.0.1"], more].concat())
    }

    fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!(ran.code(), 0, "{}", ran.err());
        serde_json::from_str(&ran.out()).unwrap()
    }

    /// Ids of the stored scans, the oldest first.
    fn scans(&self) -> Vec<String> {
        let history = self.json(&["history", "--json"]);
        let scans = history["history"][0]["scans"].as_array().unwrap();
        scans.iter().map(|scan| scan["scan_id"].as_str().unwrap().to_owned()).collect()
    }

    fn waive(&self, more: &[&str]) -> Ran {
        self.run(
            &[&["waive", "5.2.2", "--resource", "Deployment shop/cart", "--reason", "until the rebuild"], more]
                .concat(),
        )
    }
}

struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// It ended well, and this is what it printed.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.code(), 0, "{}", self.err());
        self.out()
    }
}

/// Rule ids of a report as CSV, each once, in order.
fn rules(csv: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut rules: Vec<String> = reader.records().map(|record| record.unwrap()[7].to_owned()).collect();
    rules.dedup();
    rules
}

#[test]
fn without_a_history_it_is_said_what_to_do() {
    let place = Place::new();
    for args in [&["report"][..], &["diff"], &["history"], &["store", "info"], &["explain", "5.2.2", "--system", "x"]] {
        let ran = place.run(args);
        assert_eq!(ran.code(), 2, "{args:?}");
        assert!(ran.err().contains("`spm scan"), "{args:?}: {}", ran.err());
    }
    // Looking makes no file.
    assert!(!place.path("data").exists());
}

#[test]
fn every_scan_is_kept_unless_unwanted() {
    let place = Place::new();
    place.scan(&["--no-store"]).ok();
    assert!(!place.path("data").exists());
    for _ in 0..3 {
        place.scan(&[]).ok();
    }
    let scans = place.scans();
    assert_eq!(scans.len(), 3);
    assert!(scans[0] != scans[1] && scans[1] != scans[2] && scans[0] != scans[2]);
    let info = place.json(&["store", "info", "--json"]);
    assert_eq!(info["systems"][0]["scans"], 3);
    assert_eq!(place.run(&["store", "prune"]).code(), 2);
    assert!(place.run(&["store", "prune", "--older-than", "1d"]).ok().starts_with("deleted 0 scans, kept 3"));
    place.run(&["store", "prune", "--keep", "1"]).ok();
    assert_eq!(place.scans(), [scans[2].as_str()]);
}

#[test]
fn a_history_that_cannot_be_written_costs_no_scan() {
    let place = Place::new();
    fs::write(place.path("file"), "in the way").unwrap();
    let mut command = place.command(&["scan", "--from", "m", "--fail-on", "high"]);
    let ran = Ran(command.env("XDG_DATA_HOME", place.path("file")).output().unwrap());
    assert_eq!(ran.code(), 1, "the gate still decides");
    assert!(ran.out().contains("5.2.2") && ran.err().contains("this scan is not in the history"), "{}", ran.err());
    // A file that is named has to work; the page is there all the same.
    let ran = place.scan(&["--store", "file/history.db"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.out().contains("5.2.2"));
    let ran = place.scan(&["--store", "m/all.yaml"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.err().contains("is not a store of spm"), "{}", ran.err());
    // No home, no directory for data.
    let ran =
        Ran(place.command(&["scan", "--from", "m"]).env_remove("XDG_DATA_HOME").env("HOME", "").output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.err());
}

#[test]
fn the_report_shows_what_the_filters_say() {
    let place = Place::new();
    place.scan(&[]).ok();
    place.run(&["scan", "--from", "m", "--system", "other", "--standard", "cis@1.12.0"]).ok();
    let overview = place.run(&["report"]).ok();
    assert!(overview.contains("2 of 2 known systems assessed"), "{overview}");
    assert!(
        overview.contains("CIS Kubernetes Benchmark 2.0.1") && overview.contains("CIS Kubernetes Benchmark 1.12.0")
    );

    let shown =
        |more: &[&str]| rules(&place.run(&[&["report", "--system", "demo", "--format", "csv"], more].concat()).ok());
    assert_eq!(shown(&["--severity", "high", "--result", "failed"]), ["5.2.2"]);
    assert_eq!(shown(&["--rule", "5.2.2"]), ["5.2.2"]);
    assert!(shown(&["--standard", "CIS", "--view", "complete"]).len() > shown(&[]).len());
    assert!(shown(&["--namespace", "elsewhere"]).is_empty());
    let sorted = shown(&["--sort", "rule"]);
    let mut reversed = shown(&["--sort", "rule:desc"]);
    reversed.reverse();
    assert_eq!(sorted, reversed);
    assert_ne!(sorted, shown(&[]));
    // The table shows the same rules in the same order.
    let table = place.run(&["report", "--rules", "--system", "demo", "--sort", "rule"]).ok();
    let words = table.split_whitespace().filter(|word| sorted.iter().any(|rule| rule == word));
    assert_eq!(words.collect::<Vec<_>>(), sorted);
    for (args, words) in [
        (&["--system", "demos"][..], "did you mean \"demo\"?"),
        (&["--standard", "dora"], "no stored scan has the standard \"dora\""),
        (&["--sort", "sevrity"], "did you mean \"severity\"?"),
        (&["--at", "2001-01-01"], "nothing had been scanned by 2001-01-01"),
        (&["--at", "ffff"], "no stored scan begins with ffff"),
    ] {
        let ran = place.run(&[&["report"], args].concat());
        assert_eq!(ran.code(), 2);
        assert!(ran.err().contains(words), "{}", ran.err());
    }
}

#[test]
fn the_past_stays_readable() {
    let place = Place::new();
    place.scan(&[]).ok();
    let first = place.scans()[0].clone();
    place.deploy(&["cart", "mail"], &[]);
    place.scan(&[]).ok();
    let failed = |args: &[&str]| {
        rules(&place.run(&[&["report", "--result", "failed", "--format", "csv"], args].concat()).ok())
            .contains(&"5.2.2".into())
    };
    assert!(!failed(&[]));
    assert!(failed(&["--at", &first]) && failed(&["--at", &first[..8]]));
    let first_time = place.json(&["history", "--json"])["history"][0]["scans"][0]["assessed_at"].clone();
    assert!(failed(&["--at", first_time.as_str().unwrap()]));
    assert!(!failed(&["--at", "2999-12-31"]));
    assert!(place.run(&["explain", "5.2.2", "--at", &first]).ok().contains("privileged = true"));
    assert!(place.run(&["history"]).ok().contains("(-1)"));
}

#[test]
fn the_query_finds_what_the_report_shows() {
    let place = Place::new();
    place.deploy(&["cart", "mail", "o'neil"], &["cart", "o'neil"]);
    place.scan(&[]).ok();
    place.run(&["scan", "--from", "m", "--system", "other", "--standard", "cis@1.12.0"]).ok();
    let database = rusqlite::Connection::open(place.path("data/spm/history.db")).unwrap();
    let rows = |sql: &str, columns: &[&str]| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let row = |row: &rusqlite::Row<'_>| {
            let cells: Result<Vec<String>, _> = columns
                .iter()
                .map(|column| row.get::<_, Option<String>>(*column).map(Option::unwrap_or_default))
                .collect();
            Ok(cells?.join(" "))
        };
        let mut rows: Vec<String> = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
        rows.sort();
        rows
    };
    let csv = |args: &[&str], columns: &[usize]| -> Vec<String> {
        let text = place.run(&[&["report", "--format", "csv"], args].concat()).ok();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let row =
            |record: csv::StringRecord| columns.iter().map(|at| record[*at].to_owned()).collect::<Vec<_>>().join(" ");
        let mut rows: Vec<String> = reader.records().map(|record| row(record.unwrap())).collect();
        rows.sort();
        rows
    };
    let query = |args: &[&str]| place.run(&[&["report", "--query"], args].concat()).ok();
    for args in [
        &[][..],
        &["--view", "complete"],
        &["--result", "failed,passed", "--severity", "high,medium"],
        &["--rule", "5.2", "--view", "complete"],
        &["--rule", "2.2", "--view", "complete"],
        &["--rule", "PRIVILEGED"],
        &["--rule", "kubernetes-container"],
        &["--rule", "*[%_'", "--view", "complete"],
        &["--standard", "cis@1.12.0"],
        &["--standard", "CIS Kubernetes Benchmark", "--system", "DEMO", "--sort", "failed:desc"],
        &["--at", "2999-01-01", "--sort", "severity"],
    ] {
        let mut shown = csv(args, &[0, 7, 11, 12]);
        shown.dedup();
        // Those that the CSV calls out of scope have a state all the same.
        shown.iter_mut().for_each(|row| *row = row.replace("out_of_scope", "manual"));
        assert_eq!(rows(&query(args), &["system", "rule", "severity", "state"]), shown, "{args:?}");
    }
    for args in [&["--resource", "O'Neil"][..], &["--namespace", "shop,none", "--rule", "5.2.2"]] {
        let asked = [args, &["--result", "failed,manual"]].concat();
        let shown = csv(&asked, &[0, 7, 17, 13, 14, 15, 16]);
        let shown: Vec<String> = shown.into_iter().filter(|row| row.contains("shop")).collect();
        assert!(!shown.is_empty());
        assert_eq!(
            rows(&query(&asked), &["system", "rule", "state", "kind", "scope", "name", "element"]),
            shown,
            "{args:?}"
        );
    }
}

#[test]
fn explain_answers_why_and_what_to_do() {
    let place = Place::new();
    // Without any scan: the rule itself.
    let alone = place.run(&["explain", "CIS", "5.2.2"]).ok();
    assert!(alone.contains("Why it matters") && alone.contains("Not assessed on any system yet"), "{alone}");
    place.scan(&[]).ok();
    let page = place.run(&["explain", "5.2.2"]).ok();
    for part in [
        "HIGH",
        "AV:L/AC:L",
        "likelihood",
        "technical impact",
        "configuration impact",
        "https://",
        "last assessed",
        "m/all.yaml:",
        "privileged = true, expected not true",
        "What it means",
        "Why it matters",
        "How to fix",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("Deployment shop/mail web"));
    let only = place.run(&["explain", "cis/5.2.2", "--resource", "MAIL", "--result", "passed"]).ok();
    assert!(only.contains("shop/mail") && !only.contains("shop/cart"), "{only}");
    // A rule that only a person can decide, and one whose data is not there.
    let manual = place.run(&["explain", "3.1.1"]).ok();
    assert!(manual.contains("Manual") && manual.contains("decided by a person"), "{manual}");
    let trace = place.run(&["explain", "kubernetes-container-not-privileged", "--trace"]).ok();
    assert!(
        trace.contains("securityContext.privileged: { not: true }") && trace.contains("reads container"),
        "{trace}"
    );
    let json = place.json(&["explain", "5.2.2", "--format", "json"]);
    assert_eq!(json["explanations"][0]["systems"][0]["resources"][0]["name"], "cart");
    assert!(
        place
            .run(&["explain", "5.2.2", "--format", "markdown"])
            .ok()
            .contains("- **Failed** `Deployment shop/cart` `web`")
    );
    let ran = place.run(&["explain", "kubernetes-container-not-priviledged"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.err().contains("did you mean \"kubernetes-container-not-privileged\"?"), "{}", ran.err());
}

#[test]
fn a_waiver_is_marked_everywhere_and_passes_the_gate() {
    let place = Place::new();
    assert_eq!(place.scan(&["--fail-on", "high"]).code(), 1);
    let said = place.waive(&["--element", "web", "--owner", "team-a", "--expires", "2999-01-01"]).ok();
    assert!(said.contains("CIS/5.2.2") && said.contains("1 finding of the last scan of demo"), "{said}");
    let ran = place.scan(&["--fail-on", "high"]);
    assert_eq!(ran.code(), 0, "{}", ran.err());
    assert!(ran.out().contains("waived"), "{}", ran.out());
    assert_eq!(place.scan(&["--fail-on", "high", "--ignore-waivers"]).code(), 1);
    for format in ["json", "csv", "markdown", "html", "sarif", "junit"] {
        let page = place.run(&["report", "--format", format]).ok();
        assert!(page.contains("until the rebuild"), "{format}");
    }
    assert!(place.run(&["report", "--rules"]).ok().contains("in brackets: waived"));
    let overview = place.run(&["report"]).ok();
    assert!(overview.contains(" (1)"), "{overview}");
    let page = place.run(&["explain", "5.2.2"]).ok();
    assert!(page.contains("waived until 2999-01-01, by team-a: until the rebuild"), "{page}");
    assert!(!place.run(&["explain", "5.2.2", "--ignore-waivers"]).ok().contains("waived until"));
    // In the history also without the file.
    place.scan(&[]).ok();
    fs::remove_file(place.path("spm-waivers.yaml")).unwrap();
    assert!(place.run(&["explain", "5.2.2"]).ok().contains("waived until"));
    let stored = place.json(&["report", "--format", "json", "--ignore-waivers"]);
    assert_eq!(stored["assessments"][0]["standards"][0]["totals"]["rules"]["waived"], 0);
}

#[test]
fn an_expired_or_useless_waiver_is_reported_and_accepts_nothing() {
    let place = Place::new();
    let file = "waivers:\n  - rule: CIS/5.2.2\n    reason: old\n    expires: 2001-02-03\n  - rule: CIS/5.2.3\n    reason: fixed\n\
        \x20 - rule: CIS/99.1\n    reason: typing\n";
    fs::write(place.path("spm-waivers.yaml"), file).unwrap();
    let ran = place.scan(&["--fail-on", "high", "--format", "csv"]);
    assert_eq!(ran.code(), 1);
    for part in [
        "spm-waivers.yaml:2): holds until 2001-02-03 only",
        "spm-waivers.yaml:5): matches no failed",
        "spm-waivers.yaml:7): no evaluated rule",
    ] {
        assert!(ran.err().contains(part), "{part}: {}", ran.err());
    }
    assert!(place.scan(&[]).out().contains("holds until 2001-02-03 only"));
    // A broken file stops everything: no gate may pass or fail on half of the decisions.
    fs::write(place.path("spm-waivers.yaml"), "waivers:\n  - rule: CIS/5.2.2\n    expires: soon\n    resaon: x\n")
        .unwrap();
    let ran = place.scan(&[]);
    assert_eq!(ran.code(), 2);
    for part in
        [":2:5: \"reason\" is missing", ":3:14: \"expires\" is no date", ":4:5: unknown key of a waiver \"resaon\""]
    {
        assert!(ran.err().contains(part), "{part}: {}", ran.err());
    }
    assert_eq!(place.scan(&["--waivers", "missing.yaml"]).code(), 2);
    let before = fs::read_to_string(place.path("spm-waivers.yaml")).unwrap();
    assert_eq!(place.waive(&["--expires", "2999-01-01"]).code(), 2);
    assert_eq!(fs::read_to_string(place.path("spm-waivers.yaml")).unwrap(), before);
}

#[test]
fn a_waiver_may_select_by_labels() {
    let place = Place::new();
    let labelled = |labels: &str| {
        let text = manifest(&["cart", "mail"], &["cart", "mail"]);
        let text =
            text.replacen("metadata: {name: \"cart\",", &format!("metadata: {{name: cart, labels: {labels},"), 1);
        fs::write(place.path("m/all.yaml"), text).unwrap();
    };
    let waived = || {
        let csv = place.run(&["report", "--format", "csv", "--rule", "5.2.2"]).ok();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows = reader.deserialize::<std::collections::BTreeMap<String, String>>().map(Result::unwrap);
        rows.filter(|row| row["waived"] == "true").map(|row| row["resource_name"].clone()).collect::<Vec<_>>()
    };
    fs::write(
        place.path("spm-waivers.yaml"),
        "waivers:\n  - rule: CIS/5.2.2\n    labels: {app: c*, tier: edge}\n    reason: |\n      the edge\n      until May\n",
    )
    .unwrap();
    labelled("{app: cart, tier: edge}");
    let ran = place.scan(&["--format", "json"]);
    assert!(ran.out().contains("the edge until May") && ran.err().is_empty(), "{}", ran.err());
    // The history has no labels, but what the scan said.
    assert_eq!(waived(), ["cart"]);
    assert_eq!(place.run(&["report"]).err(), "");
    labelled("{app: cart}");
    let ran = place.scan(&["--format", "json"]);
    assert!(ran.err().contains("spm-waivers.yaml:2): matches no failed"), "{}", ran.err());
    assert!(waived().is_empty());
    assert!(place.run(&["report"]).err().contains("selects by labels, which only a scan sees"));
    for wrong in ["[a]", "{}", "{a: [b]}", "x"] {
        fs::write(place.path("w.yaml"), format!("waivers:\n- {{rule: CIS/5.2.2, reason: x, labels: {wrong}}}\n"))
            .unwrap();
        let ran = place.scan(&["--waivers", "w.yaml"]);
        assert_eq!(ran.code(), 2, "{wrong}");
        assert!(ran.err().contains("w.yaml:2:"), "{wrong}: {}", ran.err());
    }
}

#[test]
fn filters_that_leave_nothing_say_so() {
    let place = Place::new();
    place.scan(&[]).ok();
    for args in [["report", "--namespace", "absent"], ["report", "--rule", "absent"]] {
        let page = place.run(&args).ok();
        assert!(page.contains("No rule matches the filters.") && !page.contains("My systems"), "{page}");
    }
    assert!(!place.run(&["report"]).ok().contains("No rule matches"));
    let said = place.run(&["report", "--at", "2001-02-03"]).err();
    assert!(said.contains("nothing had been scanned by 2001-02-03 23:59 UTC"), "{said}");
    let info = place.run(&["store", "info"]).ok();
    let second = info.lines().nth(1).unwrap();
    assert!(second.starts_with("demo (kubernetes): 1 scan, 2") && second.ends_with(" UTC"), "{info}");
}

#[test]
fn attestations_answer_what_only_people_can() {
    let place = Place::new();
    let file = "attestations:\n  - rule: CIS/3.1.1\n    verdict: passed\n    by: ann\n    date: 2026-01-01\n    evidence: minutes\n";
    fs::write(place.path("decided.yaml"), file).unwrap();
    place.scan(&["--waivers", "decided.yaml"]).ok();
    let page = place.run(&["explain", "3.1.1"]).ok();
    assert!(page.contains("Passed") && page.contains("attested as Passed by ann"), "{page}");
}

#[test]
fn waive_refuses_what_would_not_work() {
    let place = Place::new();
    place.scan(&[]).ok();
    for (args, words) in [
        (
            &["waive", "9.9.9", "--resource", "Pod a/b", "--reason", "x", "--expires", "2999-01-01"][..],
            "no rule or check",
        ),
        (&["waive", "5.2.2", "--resource", "Pod a/b", "--reason", "x", "--expires", "2001-01-01"], "is over already"),
        (
            &["waive", "5.2.2", "--resource", "Pod a/b", "--reason", " ", "--expires", "2999-01-01"],
            "the reason is empty",
        ),
        (
            &["waive", "*", "--resource", "*", "--reason", "x", "--expires", "2999-01-01"],
            "every finding of every system",
        ),
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code(), 2, "{args:?}");
        assert!(ran.err().contains(words), "{}", ran.err());
        assert!(!place.path("spm-waivers.yaml").exists());
    }
    let said = place.run(&["waive", "5.2.2", "--resource", "Pod a/b", "--reason", "x", "--expires", "2999-01-01"]).ok();
    assert!(said.contains("matches no failed finding"), "{said}");
}

#[test]
fn diff_says_new_fixed_and_open() {
    let place = Place::new();
    place.deploy(&["cart", "mail", "pay"], &["cart", "mail"]);
    place.scan(&["-q", "--format", "json", "-o", "base.json"]).ok();
    assert!(place.run(&["diff"]).err().contains("no two scans"));
    place.deploy(&["cart", "mail", "pay"], &["mail", "pay"]);
    place.scan(&[]).ok();
    let scans = place.scans();
    let check = "kubernetes-container-not-privileged";
    let names = |diff: &Value, list: &str| -> Vec<String> {
        let items = diff["systems"][0][list].as_array().unwrap();
        items
            .iter()
            .filter(|item| item["check"] == check)
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    for args in [
        &["diff", "--json"][..],
        &["diff", &scans[0], &scans[1], "--json"],
        &["diff", &scans[0][..6], "2999-01-01", "--json"],
        &["diff", "--baseline", "base.json", "--json"],
    ] {
        let diff = place.json(args);
        assert_eq!(
            (names(&diff, "new"), names(&diff, "fixed"), names(&diff, "open")),
            (vec!["pay".into()], vec!["cart".into()], vec!["mail".into()]),
            "{args:?}"
        );
        assert_eq!(diff["systems"][0]["coverage"]["checks_added"], serde_json::json!([]), "{args:?}");
    }
    let page = place.run(&["diff"]).ok();
    assert!(
        page.contains("1 new   1 fixed") && page.contains("CIS 5.2.2") && page.contains("Failed, was Passed"),
        "{page}"
    );
}

#[test]
fn a_gate_on_new_findings_only() {
    let place = Place::new();
    // The first scan of all has nothing to be compared with.
    assert_eq!(place.scan(&["--baseline", "latest", "--fail-on-new", "low"]).code(), 0);
    place.scan(&["-q", "-o", "base.json"]).ok();
    for baseline in ["latest", "base.json"] {
        let ran = place.scan(&["--baseline", baseline, "--fail-on-new", "low", "--no-store"]);
        assert_eq!(ran.code(), 0, "{}", ran.err());
    }
    place.deploy(&["cart", "mail"], &["cart", "mail"]);
    for baseline in ["base.json", "2999-01-01", place.scans()[0].as_str(), "latest"] {
        let ran = place.scan(&["--baseline", baseline, "--fail-on-new", "high", "--no-store"]);
        assert_eq!(ran.code(), 1, "{baseline}: {}", ran.err());
        assert!(ran.err().contains("1 new finding") && ran.err().contains("Deployment shop/mail web"), "{}", ran.err());
        assert_eq!(place.scan(&["--baseline", baseline, "--fail-on-new", "critical", "--no-store"]).code(), 0);
    }
    for (baseline, words) in
        [("no-such.json", "no-such.json"), ("m/all.yaml", "not an assessment"), ("abcdef", "no stored scan begins")]
    {
        let ran = place.scan(&["--baseline", baseline, "--fail-on-new", "high"]);
        assert_eq!(ran.code(), 2);
        assert!(ran.err().contains(words), "{}", ran.err());
    }
    assert_eq!(place.scan(&["--fail-on-new", "high"]).code(), 2, "without a baseline");
}

#[test]
fn what_new_checks_find_is_not_new() {
    let place = Place::new();
    place.scan(&["-q", "-o", "base.json"]).ok();
    let mut older: Value = serde_json::from_str(&fs::read_to_string(place.path("base.json")).unwrap()).unwrap();
    assert_eq!(older["left_out"]["rules"], 0, "a baseline without filters is whole");
    // As of a version of spm without the check that fails.
    let assessment = &mut older["assessments"][0];
    let checks = assessment["checks"].as_array_mut().unwrap();
    let at = checks.iter().position(|check| check["id"] == "kubernetes-container-not-privileged").unwrap();
    let index = checks.remove(at)["index"].clone();
    for rule in assessment["standards"][0]["rules"].as_array_mut().unwrap() {
        rule["checks"].as_array_mut().unwrap().retain(|check| *check != index);
    }
    fs::write(place.path("older.json"), older.to_string()).unwrap();
    let ran = place.scan(&["--baseline", "older.json", "--fail-on-new", "high"]);
    assert_eq!(ran.code(), 0, "{}", ran.err());
    assert!(ran.err().contains("1 finding by checks that the baseline does not have"), "{}", ran.err());
    let diff = place.json(&["diff", "--baseline", "older.json", "--json"]);
    assert_eq!(diff["systems"][0]["coverage"]["newly_assessed"][0]["name"], "cart");
    // Of a file that filters made nobody can say what it would have held.
    place.scan(&["-q", "-o", "part.json", "--rule", "5.2.3"]).ok();
    let ran = place.scan(&["--baseline", "part.json", "--fail-on-new", "high"]);
    assert_eq!(ran.code(), 1, "{}", ran.err());
    assert!(ran.err().contains("filters kept some rules out of part.json"), "{}", ran.err());
}

#[cfg(unix)]
#[test]
fn killing_it_at_any_moment_loses_nothing_that_was_stored() {
    let place = Place::new();
    place.scan(&[]).ok();
    for round in 0..12_u64 {
        let mut child = place
            .command(&["scan", "--from", "m", "--system", "demo", "-q", "--format", "csv"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let stored = place.json(&["store", "info", "--json"])["systems"][0]["scans"].as_u64().unwrap();
        // Every stored scan is whole.
        let database = rusqlite::Connection::open(place.path("data/spm/history.db")).unwrap();
        let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let scans: i64 = database.query_row("SELECT count(*) FROM scans", [], |row| row.get(0)).unwrap();
        assert_eq!(u64::try_from(scans).unwrap(), stored);
        for scan in place.scans() {
            let report = place.json(&["report", "--at", &scan, "--format", "json"]);
            assert_eq!(report["assessments"][0]["id"], scan.as_str());
        }
        assert!(stored >= 1);
    }
}

#[test]
fn hostile_names_are_only_text() {
    let name = "=cmd|'/C calc'!A0<script>alert(1)</script>\u{202e}\u{1b}[31m";
    let place = Place::new();
    place.deploy(&[name], &[name]);
    place.run(&["scan", "--from", "m", "--system", name]).ok();
    let harmless = |page: &str| !page.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    for args in [
        &["report"][..],
        &["report", "--rules"],
        &["report", "--system", name, "--rules"],
        &["explain", "5.2.2"],
        &["explain", "5.2.2", "--format", "markdown"],
        &["history"],
        &["store", "info"],
        &["report", "--format", "csv"],
    ] {
        let page = place.run(args).ok().replace('\r', "");
        assert!(harmless(&page), "{args:?}: {page:?}");
        assert!(!args.contains(&"csv") || !page.contains(",=") && !page.contains("\n="), "{args:?}");
    }
    assert!(!place.run(&["report", "--format", "html"]).ok().contains("<script>alert"));
    let resource = format!("Deployment shop/{name}");
    let args =
        ["waive", "5.2.2", "--resource", &resource, "--system", name, "--reason", name, "--expires", "2999-01-01"];
    let said = place.run(&args).ok();
    assert!(said.contains("1 finding") && harmless(&said), "{said}");
    let ran = place.run(&["scan", "--from", "m", "--system", name, "--fail-on", "high"]);
    assert_eq!(ran.code(), 0, "{}", ran.err());
    place.deploy(&[name, "two"], &[name, "two"]);
    place.run(&["scan", "--from", "m", "--system", name]).ok();
    assert!(harmless(&place.run(&["diff", "-v"]).ok()));
}

/// The example that is shown to users is what the program reads.
#[test]
fn the_example_of_a_waiver_file_is_read() {
    let place = Place::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/waivers/spm-waivers.yaml");
    fs::copy(example, place.path("spm-waivers.yaml")).unwrap();
    place.scan(&[]).ok();
}

//! Waivers in annotations of the resources themselves.

use std::fs;

use serde_json::Value;

use super::{Place, Ran};

/// `cart` and `mail`, both privileged; `cart` has the annotation.
fn annotated(place: &Place, annotation: &str) {
    let manifest = super::manifest(&["cart", "mail"], &["cart", "mail"]);
    let text = Value::from(annotation);
    let own = format!("metadata: {{name: \"cart\", annotations: {{spm.dev/waive: {text}}}, ");
    fs::write(place.path("m/all.yaml"), manifest.replacen("metadata: {name: \"cart\", ", &own, 1)).unwrap();
}

const BOTH: &str = "- {rule: CIS/5.2.2, element: web, reason: kernel module, owner: team-a, expires: 2999-01-01}\n- {rule: CIS/5.7.*, reason: rest, expires: 2999-01-01}";

fn waived(csv: &str) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.records().map(Result::unwrap).filter(|row| &row[7] == "5.2.2" && &row[17] == "failed");
    rows.map(|row| (row[15].to_owned(), row[37].to_owned())).collect()
}

#[test]
fn it_waives_the_findings_of_its_resource_and_of_no_other() {
    let place = Place::new();
    annotated(&place, BOTH);
    let ran = place.scan(&["--format", "csv"]);
    let own = |name: &str, source: &str| (name.to_owned(), source.to_owned());
    assert_eq!(waived(&ran.out()), [own("mail", ""), own("cart", "annotation")], "{}", ran.err());
    // Alone it passes the gate; the other one does not.
    assert_eq!(place.scan(&["--fail-on", "high"]).code(), 1);
    fs::write(place.path("m/all.yaml"), {
        let text = fs::read_to_string(place.path("m/all.yaml")).unwrap();
        text.split("---").next().unwrap().to_owned()
    })
    .unwrap();
    assert_eq!(place.scan(&["--fail-on", "high"]).code(), 0);
    for format in ["table", "json", "csv", "markdown", "html", "sarif", "junit"] {
        let page = place.run(&["report", "--format", format, "--rules"]).ok();
        assert!(format == "table" || page.contains("kernel module"), "{format}");
    }
    assert!(place.run(&["explain", "5.2.2"]).ok().contains("by team-a, in its annotation: kernel module"));
    let sarif = place.json(&["report", "--format", "sarif"]);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let kinds: Vec<&Value> = results.iter().filter_map(|result| result["suppressions"].get(0)).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|suppression| suppression["kind"] == "inSource"));
    // Switched off, when scanning and when reporting.
    assert_eq!(place.scan(&["--fail-on", "high", "--ignore-waivers", "--no-store"]).code(), 1);
    let stored = place.json(&["report", "--format", "json", "--ignore-waivers"]);
    assert_eq!(stored["assessments"][0]["standards"][0]["totals"]["rules"]["waived"], 0);
}

#[test]
fn a_gate_may_refuse_them() {
    let place = Place::new();
    annotated(&place, BOTH);
    let refused = |ran: Ran| {
        assert_eq!(ran.code(), 1, "{}", ran.err());
        let told = format!("{}{}", ran.out(), ran.err()).replace("\n    ", " ");
        assert!(
            told.contains("2 waivers in annotations spm.dev/waive refused: CIS/5.2.2 of Deployment shop/cart"),
            "{told}"
        );
    };
    refused(place.scan(&["--fail-on", "high", "--in-source-waivers", "refuse", "--format", "csv"]));
    fs::write(place.path("spm.yaml"), "in_source_waivers: refuse\n").unwrap();
    refused(place.scan(&["--fail-on", "high", "--format", "csv"]));
    let ran = place.scan(&["--in-source-waivers", "allow", "--format", "csv"]);
    assert!(waived(&ran.out()).iter().any(|(_, source)| source == "annotation"));
    fs::write(place.path("spm.yaml"), "in_source_waivers: perhaps\n").unwrap();
    let ran = place.scan(&[]);
    assert_eq!(ran.code(), 2);
    assert!(ran.err().contains("spm.yaml:1:20: unknown mode \"perhaps\""), "{}", ran.err());
}

#[test]
fn what_is_wrong_with_them_is_told_and_accepts_nothing() {
    let place = Place::new();
    for (annotation, words) in [
        ("{rule: CIS/5.2.2, reason: x}", "cart (m/all.yaml:3), line 1: \"expires\" is missing"),
        ("- rule: '*'\n  reason: x\n  expires: 2999-01-01", "it would waive every rule"),
        ("{rule: CIS/5.2.2, reason: x, expires: 2001-01-01}", "holds until 2001-01-01 only and is not applied"),
        ("{rule: CIS/9.9, reason: x, expires: 2999-01-01}", "no evaluated rule or check has this name"),
        ("{rule: CIS/5.2.2, name: mail, reason: x, expires: 2999-01-01}", "unknown key of a waiver \"name\""),
        ("\u{1b}[31m: [", "annotation spm.dev/waive of Deployment shop/cart"),
    ] {
        annotated(&place, annotation);
        let ran = place.scan(&["--fail-on", "high", "--format", "csv", "--no-store"]);
        assert_eq!(ran.code(), 1, "{annotation}");
        assert!(ran.err().contains(words), "{annotation}: {}", ran.err());
        assert!(!ran.err().contains('\u{1b}'));
        assert!(waived(&ran.out()).iter().all(|(_, source)| source.is_empty()), "{annotation}");
    }
}

#[test]
fn a_waiver_that_is_over_since_the_scan_accepts_nothing_any_more() {
    let place = Place::new();
    annotated(&place, BOTH);
    place.scan(&[]).ok();
    assert!(
        place.run(&["report"]).ok().contains(" (1)") || place.run(&["report", "--rules"]).ok().contains("in brackets")
    );
    // As if the scan had been made long ago.
    let database = rusqlite::Connection::open(place.path("data/spm/history.db")).unwrap();
    let changed = database.execute("UPDATE texts SET text = replace(text, '2999-01-01', '2001-01-01')", []).unwrap();
    assert!(changed > 0);
    drop(database);
    let table = place.run(&["report", "--rules"]).ok();
    assert!(!table.contains("in brackets"), "{table}");
    let json = place.json(&["report", "--format", "json"]);
    let notes = json["assessments"][0]["notes"].to_string();
    assert!(notes.contains("over since the scan"), "{notes}");
}

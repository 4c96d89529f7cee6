//! Scans of a part of a system, scans that failed, and systems that nobody has data of.

use std::fs;

use serde_json::{Value, json};

use super::Place;

/// A privileged Deployment in each of two namespaces.
fn two_namespaces(place: &Place) {
    let shop = super::manifest(&["cart"], &["cart"]);
    let bank = shop.replace("namespace: shop", "namespace: bank");
    fs::write(place.path("m/all.yaml"), format!("{shop}---\n{bank}")).unwrap();
    fs::write(place.path("m/shop.yaml"), shop.replace("\"cart\"", "\"mail\"")).unwrap();
}

fn scopes(diff: &Value, list: &str) -> Vec<String> {
    let system = &diff["systems"][0];
    let items = system[list].as_array().or(system["coverage"][list].as_array()).unwrap();
    let privileged = items.iter().filter(|item| item["check"] == "kubernetes-container-not-privileged");
    privileged.map(|item| format!("{}/{}", item["scope"].as_str().unwrap(), item["name"].as_str().unwrap())).collect()
}

#[test]
fn a_narrower_scan_fixes_nothing() {
    let place = Place::new();
    two_namespaces(&place);
    place.scan(&["-q", "-o", "base.json"]).ok();
    let full = place.scans()[0].clone();
    for narrow in [&["--namespace", "shop"][..], &["--exclude-namespace", "bank"]] {
        place.scan(narrow).ok();
        let diff = place.json(&["diff", &full, "latest", "--json"]);
        assert_eq!(scopes(&diff, "fixed"), [""; 0], "{narrow:?}");
        assert_eq!(scopes(&diff, "no_longer_assessed"), ["bank/cart"]);
        assert_eq!(scopes(&diff, "open"), ["shop/cart", "shop/mail"]);
        assert_eq!(diff["systems"][0]["fixed"], json!([]), "nothing else either");
        let file = place.json(&["diff", "--baseline", "base.json", "--json"]);
        assert_eq!((scopes(&file, "fixed"), scopes(&file, "open").len()), (vec![], 2));
    }
    assert!(place.run(&["diff", &full, "latest"]).ok().contains("The scans looked at different parts"));
    assert!(place.run(&["report"]).ok().contains("(a part)"));
    assert!(place.run(&["report", "--format", "html"]).ok().contains("a part: without the namespace bank"));
    // Other files of the same system.
    place.run(&["scan", "--from", "m/shop.yaml", "--system", "demo", "--standard", "cis@2.0.1"]).ok();
    let diff = place.json(&["diff", &full, "latest", "--json"]);
    assert_eq!((scopes(&diff, "fixed"), scopes(&diff, "no_longer_assessed").len()), (vec![], 2));
    // What is gone is fixed if the scan looked there.
    fs::write(place.path("m/all.yaml"), super::manifest(&["cart"], &["cart"])).unwrap();
    place.scan(&[]).ok();
    let diff = place.json(&["diff", "--json"]);
    assert_eq!(diff["systems"][0]["before"]["scan_id"], full.as_str(), "the last scan of the same parts");
    assert_eq!((scopes(&diff, "fixed"), scopes(&diff, "no_longer_assessed")), (vec!["bank/cart".to_owned()], vec![]));
}

#[test]
fn history_and_gates_compare_equal_parts() {
    let place = Place::new();
    two_namespaces(&place);
    place.scan(&[]).ok();
    place.scan(&["--namespace", "shop"]).ok();
    let history = place.json(&["history", "--json"]);
    let series = history["history"].as_array().unwrap();
    let of = |namespaces: Value| {
        let same = series.iter().find(|series| series["scope"]["namespaces"] == namespaces).unwrap();
        same["scans"].as_array().unwrap().len()
    };
    assert_eq!((series.len(), of(Value::Null), of(json!(["shop"]))), (2, 1, 1));
    assert!(place.run(&["history"]).ok().contains("files m; only the namespace shop"));
    // Against the last full scan, not against the narrower one after it, in which "bank" would be new.
    let ran = place.scan(&["--baseline", "latest", "--fail-on-new", "low"]);
    assert_eq!(ran.code(), 0, "{}", ran.err());
    // Without an equal one, what nobody looked at before counts as new: a gate must not let it through.
    place.run(&["store", "prune", "--keep", "1"]).ok();
    let ran =
        place.scan(&["--exclude-namespace", "shop", "--baseline", "latest", "--fail-on-new", "low", "--no-store"]);
    assert!(ran.code() == 0 || ran.err().contains("new"), "{}", ran.err());
}

#[test]
fn a_snapshot_knows_how_much_it_holds() {
    let place = Place::new();
    two_namespaces(&place);
    place.scan(&["--save", "all.zst", "--no-store"]).ok();
    let scan = |more: &[&str]| {
        let args = [&["scan", "--from", "all.zst", "--system", "demo", "--standard", "cis@2.0.1"], more].concat();
        place.run(&args).ok();
    };
    scan(&[]);
    scan(&[]);
    assert_eq!(place.scans().len(), 1, "evaluated again it is the same scan");
    scan(&["--namespace", "shop"]);
    assert_eq!(place.json(&["store", "info", "--json"])["systems"][0]["scans"], 2, "of a part it is another one");
    let report = place.json(&["report", "--format", "json"]);
    assert_eq!(
        report["assessments"][0]["scope"],
        json!({"files": ["m"], "namespaces": ["shop"], "excluded_namespaces": []})
    );
}

#[test]
fn systems_without_data_are_named() {
    let place = Place::new();
    fs::write(
        place.path("spm.yaml"),
        "systems:\n- {name: good, from: m}\n- {name: gone, from: nowhere}\n- {name: later, from: m}\n",
    )
    .unwrap();
    // A failed scan of a system that the settings know is kept, though it is the first of all.
    assert_eq!(place.run(&["scan", "--system", "gone"]).code(), 2);
    let page = place.run(&["report"]).ok();
    assert!(page.contains("0 of 3 known systems assessed") && page.contains("3 No data: gone, good, later"), "{page}");
    place.run(&["scan", "--system", "good"]).ok();
    let page = place.run(&["report"]).ok();
    assert!(page.contains("1 of 3 known systems assessed") && page.contains("2 No data: gone, later"), "{page}");
    let json = place.json(&["report", "--format", "json"]);
    let others = json["other_systems"].as_array().unwrap();
    assert!(others[0]["why"].as_str().unwrap().contains("failed: cannot read"), "{others:?}");
    assert_eq!((&others[1]["status"], &others[1]["why"]), (&json!("no_data"), &json!("never scanned")));
    // A system that was scanned before stays as it was, with the failure beside.
    fs::rename(place.path("m"), place.path("moved")).unwrap();
    let ran = place.run(&["scan", "--all"]);
    assert_eq!(ran.code(), 2, "{}", ran.err());
    let page = place.run(&["report"]).ok();
    assert!(page.contains("Last scan failed: good") && page.contains("(failed since)"), "{page}");
    assert!(place.run(&["report", "--format", "html"]).ok().contains(" failed: cannot read"));
    fs::rename(place.path("moved"), place.path("m")).unwrap();
    let ran = place.run(&["scan", "--all"]);
    assert_eq!(ran.code(), 0, "{}", ran.err());
    let page = place.run(&["report"]).ok();
    assert!(page.contains("Last scan failed: gone") && !page.contains("Last scan failed: good"), "{page}");
    // A typing error is no system.
    place.run(&["scan", "--from", "no-such", "--system", "typo"]);
    assert!(!place.run(&["report"]).ok().contains("typo"));
}

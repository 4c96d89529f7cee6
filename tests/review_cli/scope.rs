//! Scans of a part of a system, scans that failed, and systems that nobody has data of.

use std::collections::BTreeSet;
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
    assert_eq!(ran.code(), 3, "{}", ran.err());
    let page = place.run(&["report"]).ok();
    assert!(page.contains("Last scan failed: gone") && !page.contains("Last scan failed: good"), "{page}");
    // A typing error is no system.
    place.run(&["scan", "--from", "no-such", "--system", "typo"]);
    assert!(!place.run(&["report"]).ok().contains("typo"));
}

/// Resource, element, state and evidence of every result about the looked-at part, per rule.
fn results(csv: &str, looked_at: impl Fn(&str, &str, &str) -> bool) -> BTreeSet<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let columns =
        ["rule_id", "check_id", "resource_kind", "scope", "resource_name", "element", "state", "property", "actual"];
    let columns = columns.map(at);
    let rows = reader.records().map(|row| columns.map(|column| row.as_ref().unwrap()[column].to_owned()).to_vec());
    rows.filter(|row| row[6] != "not_relevant" && looked_at(&row[2], &row[3], &row[4])).collect()
}

#[test]
fn a_part_is_judged_by_the_whole() {
    let place = Place::new();
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo-cluster");
    let scan = |more: &[&str]| {
        let args = ["scan", "--from", demo, "--no-store", "--format", "csv", "--view", "complete"];
        place.run(&[&args[..], &["--standard", "cis,nist,stig,dora"], more].concat()).ok()
    };
    let whole = scan(&[]);
    let namespaces = |kind: &str, scope: &str, name: &str| match (kind, scope) {
        ("Namespace", _) => Some(name.to_owned()),
        (_, "") => None,
        (_, scope) => Some(scope.to_owned()),
    };
    type Kept = fn(&str) -> bool;
    let parts: [(&[&str], Kept); 3] = [
        (&["--namespace", "shop"], |name| name == "shop"),
        (&["--namespace", "kubernetes-dashboard,default"], |name| ["kubernetes-dashboard", "default"].contains(&name)),
        (&["--exclude-namespace", "kube-system,monitoring"], |name| !["kube-system", "monitoring"].contains(&name)),
    ];
    for (options, kept) in parts {
        let looked_at =
            |kind: &str, scope: &str, name: &str| namespaces(kind, scope, name).is_none_or(|name| kept(&name));
        let (expected, found) = (results(&whole, looked_at), results(&scan(options), |_, _, _| true));
        assert!(expected.len() > 200, "{}", expected.len());
        let differing: Vec<_> = expected.symmetric_difference(&found).take(5).collect();
        assert!(differing.is_empty(), "{options:?}: {differing:#?}");
    }
}

#[test]
fn what_is_bound_from_elsewhere_counts() {
    let place = Place::new();
    fs::write(
        place.path("m/all.yaml"),
        "{apiVersion: v1, kind: List, items: [\
         {apiVersion: v1, kind: Namespace, metadata: {name: shop}}, {apiVersion: v1, kind: Namespace, metadata: {name: bank}},\
         {apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}},\
         {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: vault, namespace: bank}, rules: [\
         {apiGroups: [''], resources: [secrets], verbs: [get]}]},\
         {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: open, namespace: bank}, roleRef: \
         {apiGroup: rbac.authorization.k8s.io, kind: Role, name: vault}, subjects: [\
         {kind: ServiceAccount, name: default, namespace: shop}]},\
         {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: none}, roleRef: \
         {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: []}]}\n",
    )
    .unwrap();
    for part in [&["--namespace", "shop"], &["--exclude-namespace", "bank"]] {
        let ran = place.scan(&[&part[..], &["--no-store", "--format", "csv"]].concat()).ok();
        let failed: Vec<_> = results(&ran, |_, _, name| name == "default").into_iter().collect();
        let states = |check: &str| {
            let own = failed.iter().filter(|row| row[1] == check);
            own.map(|row| format!("{}/{} {}", row[3], row[4], row[6])).collect::<Vec<_>>()
        };
        assert_eq!(states("kubernetes-default-service-account-unused"), ["shop/default failed"], "{part:?}");
        assert_eq!(states("kubernetes-rbac-secrets-read"), ["shop/default failed"], "{part:?}");
        // Whoever is responsible for the other namespace hears of its binding.
        assert!(!results(&ran, |_, _, _| true).iter().any(|row| row[3] == "bank" || row[4] == "bank"), "{part:?}");
    }
}

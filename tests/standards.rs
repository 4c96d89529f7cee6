//! The embedded standards against the fact sheets that they are written from, and every check as a whole.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use spm::base::yaml::Node;
use spm::catalog;
use spm::derive;
use spm::evaluate::run_examples;
use spm::expr::Value;
use spm::inventory::{Inventory, Mode, Resource};
use spm::model::{GapReason, Severity, System, Technology};
use spm::rules::{Library, Pack, Plan, Rule, Standard, Wish};

/// A row of a fact sheet by column.
type Row = BTreeMap<String, String>;
/// A check with its parameters as text.
type Used = (String, BTreeMap<String, String>);

/// Checks that no standard asks for yet: the library of AWS answers more standards than those that are written.
fn extra() -> BTreeSet<String> {
    let inline = ["user", "group", "role"].map(|whose| format!("aws-iam-inline-no-admin-{whose}"));
    let clusters = ["public", "encrypted"].map(|what| format!("aws-rds-snapshot-{what}-cluster"));
    sheet("aws/checks").into_iter().map(|row| row["check"].clone()).chain(inline).chain(clusters).collect()
}

fn sheet(name: &str) -> Vec<Row> {
    let path = format!("{}/rules/catalogs/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    reader.deserialize().map(|row| row.unwrap_or_else(|e| panic!("{path}: {e}"))).collect()
}

fn library() -> Library {
    Library::new(Pack::embedded()).unwrap()
}

fn standard(library: &Library, id: &str) -> Rc<Standard> {
    library.standard(id).unwrap().unwrap_or_else(|| panic!("no standard {id}"))
}

fn metadata<'r>(rule: &'r Rule, key: &str) -> Option<&'r str> {
    rule.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

fn system(distribution: &str, version: &str) -> System {
    System {
        technology: Technology::Kubernetes,
        name: "shop".into(),
        version: Some(version.into()),
        distribution: Some(distribution.into()),
        origin: "test".into(),
    }
}

/// What a rule uses, in its order.
fn used(rule: &Rule) -> Vec<Used> {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    let parameter = |(name, value): (&String, &Node)| (name.clone(), text(&value.to_json()));
    rule.checks.iter().map(|used| (used.check.clone(), used.with.iter().map(parameter).collect())).collect()
}

#[test]
fn benchmarks_hold_every_id_of_their_sheet_once_and_in_order() {
    let library = library();
    for id in
        ["cis-kubernetes-1.11.1", "cis-kubernetes-1.12.0", "cis-kubernetes-2.0.1", "cis-eks-1.7.0", "cis-aks-1.8.0"]
    {
        let standard = standard(&library, id);
        let rows = sheet(&format!("kubernetes/{id}"));
        let told: Vec<_> = rows.iter().map(|row| (&*row["id"], Some(&*row["level"]), &*row["assessment"])).collect();
        let word = |rule: &Rule| if rule.assessed_manually { "manual" } else { "automated" };
        let written: Vec<_> =
            standard.rules.iter().map(|rule| (&*rule.id, metadata(rule, "level"), word(rule))).collect();
        assert_eq!(written, told, "{id}");
        assert!(standard.rules.iter().all(|rule| !rule.out_of_scope && !rule.partly), "{id}");
    }
}

#[test]
fn the_stig_holds_every_vulnerability_with_its_stig_id_and_category() {
    let library = library();
    let standard = standard(&library, "stig-kubernetes-v2r4");
    let rows = sheet("kubernetes/stig-kubernetes-v2r4");
    let told: Vec<_> =
        rows.iter().map(|row| (&*row["vuln_id"], Some(&*row["stig_id"]), row["cat"].strip_prefix("CAT "))).collect();
    let written: Vec<_> =
        standard.rules.iter().map(|rule| (&*rule.id, metadata(rule, "stig"), metadata(rule, "cat"))).collect();
    assert_eq!(written, told);
    assert_eq!(written.len(), 94);
    // Without a check the vector of the rule has to agree with the category.
    for rule in standard.rules.iter().filter(|rule| rule.manual.is_some()) {
        let severity = rule.ccss.unwrap().severity();
        let fits = match metadata(rule, "cat") {
            Some("I") => severity >= Severity::High,
            Some("II") => severity == Severity::Medium,
            _ => false,
        };
        assert!(fits, "{}: {severity}", rule.id);
    }
}

/// The ids of the catalogue that a row of a sheet means: parts of a statement belong to their control, `9.3a` is `9(3)(a)`,
/// and in `9(3)(a) security of data transfer (RTS 14)` it names two.
fn catalogue_ids(id: &str) -> Vec<String> {
    let first = id.split_whitespace().next().unwrap();
    if id.starts_with(|c: char| c.is_ascii_uppercase()) && first != "RTS" {
        let mut id = first;
        while let Some((control, part)) = id.rsplit_once('(') {
            if !part.starts_with(|c: char| c.is_ascii_lowercase()) {
                break;
            }
            id = control;
        }
        return vec![id.to_owned()];
    }
    let mut ids = Vec::new();
    if first != "RTS" {
        let (article, rest) = first.split_once('.').unwrap_or((first, ""));
        let (number, letter) = rest.split_at(rest.find(|c: char| c.is_ascii_lowercase()).unwrap_or(rest.len()));
        let wrap = |part: &str| if part.is_empty() { String::new() } else { format!("({part})") };
        ids.push(format!("{article}{}{}", wrap(number), wrap(letter)));
    }
    if let Some((_, articles)) = id.split_once("RTS ") {
        let articles = articles.split([' ', ')']).next().unwrap();
        let (from, to) = articles.split_once('-').unwrap_or((articles, articles));
        ids.extend((from.parse::<u32>().unwrap()..=to.parse().unwrap()).map(|article| format!("RTS-ICT-{article}")));
    }
    ids
}

#[test]
fn ids_of_sheets_are_those_of_the_catalogue() {
    for (written, meant) in [
        ("AC-2(4)", vec!["AC-2(4)"]),
        ("AC-3(3)(a)", vec!["AC-3(3)"]),
        ("AU-2(a)(b)", vec!["AU-2"]),
        ("9.3a", vec!["9(3)(a)"]),
        ("10.1", vec!["10(1)"]),
        ("7", vec!["7"]),
        ("9(3)(a) security of data transfer (RTS 14)", vec!["9(3)(a)", "RTS-ICT-14"]),
        ("9(4)(c) least access (RTS 20-21)", vec!["9(4)(c)", "RTS-ICT-20", "RTS-ICT-21"]),
        ("9(2) confidentiality and integrity", vec!["9(2)"]),
        ("RTS 11 system hardening", vec!["RTS-ICT-11"]),
    ] {
        assert_eq!(catalogue_ids(written), meant, "{written}");
    }
}

/// What each thing to check of the crosswalk is answered by.
fn answers() -> BTreeMap<String, Vec<Used>> {
    let mut answers: BTreeMap<String, Vec<Used>> = BTreeMap::new();
    for row in sheet("kubernetes/checks") {
        let uses = answers.entry(row["key"].clone()).or_default();
        assert_ne!(row["check"].is_empty(), row["reason"].is_empty(), "{}: a check or a reason", row["key"]);
        if !row["check"].is_empty() {
            let parameters = row["parameters"].split("; ").filter_map(|part| part.split_once('='));
            uses.push((row["check"].clone(), parameters.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()));
        }
    }
    answers
}

fn maps_its_catalogue(id: &str, catalogue: &str, sheet_name: &str, id_column: &str, confidence_column: &str) {
    let library = library();
    let standard = standard(&library, id);
    let catalogue_name = catalogue;
    let catalogue = sheet(&format!("standards/{catalogue}"));
    let technical: BTreeMap<&str, &str> = catalogue.iter().map(|row| (&*row["id"], &*row["technical"])).collect();
    let gaps: BTreeMap<String, String> =
        sheet(&format!("gaps/{id}")).into_iter().map(|row| (row["id"].clone(), row["reason"].clone())).collect();
    let answers = answers();

    // (id, key, where the mapping comes from) of the sheet and of this project's own proposals.
    let mut pairs: Vec<(String, String, String)> = Vec::new();
    for row in sheet(&format!("kubernetes/{sheet_name}")) {
        let all = catalogue_ids(&row[id_column]).into_iter();
        pairs.extend(all.map(|id| (id, row["check_key"].clone(), row[confidence_column].clone())));
    }
    for row in sheet("kubernetes/proposed").into_iter().filter(|row| row["standard"] == catalogue_name) {
        pairs.push((row["id"].clone(), row["check_key"].clone(), "proposed-own".to_owned()));
    }
    let mut expected: BTreeMap<&str, (Vec<Used>, BTreeSet<&str>)> = BTreeMap::new();
    for (id, key, confidence) in &pairs {
        match technical.get(id.as_str()) {
            None | Some(&"no") => assert!(gaps.contains_key(id), "{id} is dropped without a reason"),
            Some(_) => {
                let (uses, sources) = expected.entry(id).or_default();
                for used in answers.get(key).unwrap_or_else(|| panic!("{key} has no row in checks.csv")) {
                    sources.insert(confidence);
                    if !uses.contains(used) {
                        uses.push(used.clone());
                    }
                }
            }
        }
    }
    expected.retain(|_, (uses, _)| !uses.is_empty());

    let written: BTreeMap<&str, Vec<Used>> = standard.rules.iter().map(|rule| (&*rule.id, used(rule))).collect();
    let wanted: BTreeMap<&str, Vec<Used>> = expected.iter().map(|(id, (uses, _))| (*id, uses.clone())).collect();
    assert_eq!(written, wanted, "{id}");
    for rule in &standard.rules {
        let source = rule.source.as_deref().unwrap_or_default();
        let named: BTreeSet<&str> = source.split("; ").filter_map(|part| part.split(' ').next()).collect();
        assert_eq!(named, expected[&*rule.id].1, "source of {}", rule.id);
        assert_eq!(rule.partly, technical[&*rule.id] == "partly", "{}", rule.id);
    }
    let order: Vec<&str> = catalogue.iter().map(|row| &*row["id"]).filter(|id| written.contains_key(id)).collect();
    assert_eq!(standard.rules.iter().map(|rule| &*rule.id).collect::<Vec<_>>(), order, "order of {id}");

    // Each assessable requirement is either mapped or has a reason why not; the rest of the gaps is what was dropped.
    let mut assessable = 0;
    for (requirement, technical) in &technical {
        let (mapped, gap) = (written.contains_key(requirement), gaps.get(*requirement));
        match *technical {
            "no" => assert!(!mapped, "{requirement} is not technical"),
            _ => {
                assessable += 1;
                assert!(mapped != gap.is_some(), "{requirement} is mapped or has a reason why not");
            }
        }
    }
    for (id, reason) in &gaps {
        assert!(!reason.is_empty(), "{id}");
        let known = technical.get(id.as_str()).is_some_and(|technical| *technical != "no");
        assert!(known || pairs.iter().any(|(pair, ..)| pair == id), "{id} is a gap of nothing");
    }
    assert_eq!(standard.info.assessable, Some(assessable), "{id}");
}

#[test]
fn the_benchmark_of_aws_holds_every_id_of_its_sheet_and_the_checks_of_the_library() {
    let library = library();
    let standard = standard(&library, "cis-aws-3.0.0");
    let rows = sheet("aws/cis-aws-3.0.0");
    let told: Vec<_> = rows.iter().map(|row| (&*row["id"], Some(&*row["level"]), &*row["assessment"])).collect();
    let word = |rule: &Rule| if rule.assessed_manually { "manual" } else { "automated" };
    let written: Vec<_> = standard.rules.iter().map(|rule| (&*rule.id, metadata(rule, "level"), word(rule))).collect();
    assert_eq!(written, told);
    assert_eq!(written.len(), 62);
    // No API shows them, or tells only that they cannot be decided.
    let by_people = ["aws-account-security-questions", "aws-trustedadvisor-support-plan"];
    // One check per kind of identity.
    let split = ["aws-iam-inline-no-admin"];
    let rows = sheet("aws/checks");
    assert_eq!(rows.len(), 228);
    for row in rows {
        let id = &*row["check"];
        if by_people.contains(&id) || split.contains(&id) {
            continue;
        }
        let check = library.check(id).unwrap().unwrap_or_else(|| panic!("no check {id}"));
        assert_eq!(check.info.ccss.severity().as_str(), row["severity"], "{id}");
        for requirement in row["cis"].split(';').filter(|id| !id.is_empty()) {
            let rule = standard.rules.iter().find(|rule| rule.id == requirement).unwrap();
            assert!(rule.checks.iter().any(|used| used.check == id), "{requirement} does not use {id}");
        }
    }
}

#[test]
fn nist_for_aws_is_mapped_as_its_sheets_say() {
    let library = library();
    let id = "nist-800-53-r5-aws";
    let standard = standard(&library, id);
    let catalogue = sheet("standards/nist-800-53-r5");
    let technical: BTreeMap<&str, &str> = catalogue.iter().map(|row| (&*row["id"], &*row["technical"])).collect();
    let gaps: BTreeMap<String, String> =
        sheet(&format!("gaps/{id}")).into_iter().map(|row| (row["id"].clone(), row["reason"].clone())).collect();
    let mut expected: BTreeMap<String, (BTreeSet<String>, &str)> = BTreeMap::new();
    for row in sheet("aws/checks") {
        for written in row["nist_800_53_r5"].split(';').filter(|id| !id.is_empty()) {
            // What follows a letter is a part of a statement.
            let lettered = written
                .char_indices()
                .find(|(at, c)| *c == '(' && written[at + 1..].starts_with(|c: char| c.is_ascii_lowercase()));
            let requirement = lettered.map_or(written, |(at, _)| &written[..at]);
            match technical.get(requirement) {
                None | Some(&"no") => {
                    assert!(gaps.contains_key(requirement), "{requirement} is dropped without a reason")
                }
                Some(_) if library.check(&row["check"]).unwrap().is_some() => {
                    let entry =
                        expected.entry(requirement.to_owned()).or_insert_with(|| (BTreeSet::new(), "direct-r5"));
                    entry.0.insert(row["check"].clone());
                }
                Some(_) => {}
            }
        }
    }
    for row in sheet("aws/proposed") {
        let entry = expected.entry(row["id"].clone()).or_insert_with(|| (BTreeSet::new(), "proposed-own"));
        entry.0.insert(row["check"].clone());
    }
    for rule in &standard.rules {
        let (checks, source) = expected.remove(&rule.id).unwrap_or_else(|| panic!("{} is in no sheet", rule.id));
        assert_eq!(rule.checks.iter().map(|used| used.check.clone()).collect::<BTreeSet<_>>(), checks, "{}", rule.id);
        assert!(rule.source.as_deref().is_some_and(|written| written.starts_with(source)), "{}", rule.id);
        assert_eq!(rule.partly, technical[&*rule.id] == "partly", "{}", rule.id);
    }
    assert!(expected.is_empty(), "not in the standard: {:?}", expected.keys());
    for (requirement, technical) in technical.iter().filter(|(_, technical)| **technical != "no") {
        let mapped = standard.rules.iter().any(|rule| rule.id == *requirement);
        assert!(
            mapped != gaps.contains_key(*requirement),
            "{requirement} ({technical}) is mapped or has a reason why not"
        );
    }
    assert!(gaps.values().all(|reason| !reason.is_empty()));
    assert_eq!(standard.info.assessable, Some(technical.values().filter(|technical| **technical != "no").count()));
}

#[test]
fn nist_is_mapped_as_its_sheet_says() {
    let id = "nist-800-53-r5-kubernetes";
    maps_its_catalogue(id, "nist-800-53-r5", id, "control_id", "confidence");
}

#[test]
fn dora_is_mapped_as_its_sheet_says() {
    maps_its_catalogue("dora-kubernetes", "dora", "dora-kubernetes", "article", "confidence");
}

#[test]
fn the_crosswalk_and_the_benchmarks_use_the_same_checks() {
    let library = library();
    let answers = answers();
    let rows = sheet("kubernetes/crosswalk");
    let keys: BTreeSet<&String> = rows.iter().map(|row| &row["check_key"]).collect();
    assert_eq!(answers.keys().collect::<BTreeSet<_>>(), keys);
    for (column, id) in [("cis-k8s-1.12.0", "cis-kubernetes-1.12.0"), ("cis-eks-1.7.0", "cis-eks-1.7.0")] {
        let standard = standard(&library, id);
        for row in &rows {
            for requirement in row[column].split('/').filter(|requirement| !requirement.is_empty()) {
                let rule = standard.rules.iter().find(|rule| rule.id == requirement);
                let rule = rule.unwrap_or_else(|| panic!("{id} has no {requirement}"));
                let checks: BTreeSet<&str> = rule.checks.iter().map(|used| &*used.check).collect();
                let uses = &answers[&row["check_key"]];
                assert_eq!(uses.is_empty(), checks.is_empty(), "{requirement} of {id}");
                assert!(uses.iter().all(|(check, _)| checks.contains(&**check)), "{requirement} of {id}");
            }
        }
    }
}

#[test]
fn every_check_is_asked_for() {
    let library = library();
    let mut asked = extra();
    for id in library.standard_ids() {
        for rule in &standard(&library, id).rules {
            asked.extend(rule.checks.iter().map(|used| used.check.clone()));
        }
    }
    let idle: Vec<&str> = library.check_ids().into_iter().filter(|id| !asked.contains(*id)).collect();
    assert!(idle.is_empty(), "no standard asks for {}", idle.join(", "));
}

#[test]
fn every_example_holds() {
    let library = library();
    let now = jiff::Timestamp::now();
    let mut examples = 0;
    for id in library.check_ids() {
        let check = library.check(id).unwrap().unwrap();
        let faults = run_examples(&check, now);
        assert!(faults.is_empty(), "{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        examples += check.examples.len();
    }
    assert!(examples > 3 * library.check_ids().len());
}

#[test]
fn severities_tell_the_bad_from_the_worse() {
    let library = library();
    let mut spread: BTreeMap<Severity, usize> = BTreeMap::new();
    for id in library.check_ids() {
        let ccss = library.check(id).unwrap().unwrap().info.ccss;
        assert!(ccss.base() > 0.0, "{id} has no impact");
        *spread.entry(ccss.severity()).or_default() += 1;
    }
    let checks = library.check_ids().len();
    for severity in [Severity::Low, Severity::Medium, Severity::High, Severity::Critical] {
        let share = spread.get(&severity).copied().unwrap_or_default();
        assert!(share > 0, "no check is {severity}: {spread:?}");
        assert!(share * 3 < checks * 2, "most checks are {severity}: {spread:?}");
    }
    for id in library.standard_ids() {
        for rule in &standard(&library, id).rules {
            assert!(rule.ccss.is_none_or(|ccss| ccss.base() > 0.0), "{} of {id} has no impact", rule.id);
        }
    }
}

#[test]
fn each_distribution_gets_its_own_benchmark() {
    let library = library();
    for (distribution, version, expected) in [
        ("upstream", "1.33.2", "cis-kubernetes-1.12.0"),
        ("upstream", "1.30.2", "cis-kubernetes-1.11.1"),
        ("gke", "1.33.2", "cis-kubernetes-1.12.0"),
        ("k3s", "1.34.1", "cis-kubernetes-1.12.0"),
        ("eks", "1.31.4", "cis-eks-1.7.0"),
        // Newer than the benchmark: the newest one there is, not that of another distribution.
        ("eks", "1.34.1", "cis-eks-1.7.0"),
        ("aks", "1.33.2", "cis-aks-1.8.0"),
    ] {
        let plan = Plan::for_system(&library, &system(distribution, version), &[]).unwrap();
        let ids: Vec<&str> = plan.standards.iter().map(|planned| &*planned.standard.info.id).collect();
        assert_eq!(ids, [expected], "{distribution} {version}");
    }
    for wish in ["stig", "nist", "dora"] {
        let plan = Plan::for_system(&library, &system("eks", "1.31.4"), &[Wish::new(wish)]).unwrap();
        assert_eq!(plan.standards.len(), 2, "{wish} and CIS beside it");
    }
    // Who names a version gets it.
    let plan = Plan::for_system(&library, &system("eks", "1.31.4"), &[Wish::new("cis@1.12.0")]).unwrap();
    assert_eq!(plan.standards[0].standard.info.id, "cis-kubernetes-1.12.0");
}

#[test]
fn what_only_the_cloud_knows_is_never_not_relevant_there() {
    let of = |inventory: &Inventory, kind: &str| derive::subjects(inventory, catalog::source(kind).unwrap());
    for cloud in catalog::kubernetes::cloud::CLOUDS {
        for mode in [Mode::Live, Mode::Files] {
            let mut own = Inventory::new(system(cloud.distribution, "1.33.2"), mode, jiff::Timestamp::UNIX_EPOCH);
            let other = Inventory::new(system("upstream", "1.33.2"), mode, jiff::Timestamp::UNIX_EPOCH);
            for (kind, permission) in cloud.kinds {
                let found = of(&own, kind);
                let [gap] = &found.gaps[..] else { panic!("{kind}: {:?}", found.gaps) };
                assert_eq!((gap.reason, gap.permission.as_deref()), (GapReason::NotCollected, Some(*permission)));
                assert!(gap.detail.starts_with("no cloud access"), "{}", gap.detail);
                let elsewhere = of(&other, kind);
                assert!(elsewhere.gaps.is_empty() && elsewhere.none.is_some(), "{kind}");
            }
            // Once the cloud was asked, none are none.
            let cluster = Resource {
                scope: None,
                name: "shop".into(),
                value: Value::map([("name", Value::str("shop"))]),
                place: None,
            };
            own.add(cloud.cluster, [cluster]);
            assert_eq!(of(&own, cloud.cluster).subjects.len(), 1);
            for (kind, _) in cloud.kinds {
                assert!(of(&own, kind).gaps.is_empty(), "{kind}");
            }
        }
    }
}

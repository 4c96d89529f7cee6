//! Every JSON that the program prints follows its schema.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Place;

#[track_caller]
fn follows(schema: &str, document: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(schema);
    let schema: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn every_json_follows_its_schema() {
    let place = Place::new();
    fs::write(place.path("spm.yaml"), "systems:\n- {name: gone, from: nowhere}\n- {name: later, from: m}\n").unwrap();
    place.run(&["scan", "--system", "gone"]);
    place.scan(&[]).ok();
    place.deploy(&["cart", "pay", "two"], &["pay", "two"]);
    place.waive(&["--expires", "2999-01-01"]).ok();
    place
        .run(&["waive", "5.2.2", "--resource", "Deployment shop/pay", "--reason", "x", "--expires", "2999-01-01"])
        .ok();
    place.scan(&["--namespace", "shop", "--standard", "cis@2.0.1,dora,nist,stig"]).ok();
    fs::rename(place.path("m"), place.path("moved")).unwrap();
    place.run(&["scan", "--system", "later"]);
    for args in [
        &["report", "--format", "json"][..],
        &["report", "--format", "json", "--view", "complete", "--at", "2999-01-01"],
    ] {
        follows("report/json/schema.json", &place.json(args));
    }
    for rule in ["5.2.2", "CIS 3.1.1", "kubernetes-container-not-privileged", "1.1.1"] {
        follows("report/explain/schema.json", &place.json(&["explain", rule, "--format", "json", "--trace"]));
        let complete = ["explain", rule, "--format", "json", "--result", "failed,manual,passed,not_relevant"];
        follows("report/explain/schema.json", &place.json(&complete));
    }
    follows("report/changes.schema.json", &place.json(&["diff", "--json"]));
    follows("report/history.schema.json", &place.json(&["history", "--json"]));
    follows("app/store-info.schema.json", &place.json(&["store", "info", "--json"]));
    follows("app/standards.schema.json", &place.json(&["standards", "--json"]));
    follows("app/rules.schema.json", &place.json(&["rules", "list", "--json"]));
}

#[test]
fn every_field_is_described() {
    fn look(schema: &Value, place: &str, bare: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            if field["description"].is_null() && field["$ref"].is_null() {
                bare.push(place.clone());
            }
            look(field, &place, bare);
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            look(definition, name, bare);
        }
        let parts = ["oneOf", "anyOf"].into_iter().flat_map(|key| schema[key].as_array().into_iter().flatten());
        parts.for_each(|part| look(part, place, bare));
        if schema["items"].is_object() {
            look(&schema["items"], place, bare);
        }
    }
    for name in [
        "report/json/schema.json",
        "report/explain/schema.json",
        "report/changes.schema.json",
        "report/history.schema.json",
        "app/store-info.schema.json",
        "app/standards.schema.json",
        "app/rules.schema.json",
    ] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
        let mut bare = Vec::new();
        look(&serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap(), name, &mut bare);
        assert!(bare.is_empty(), "without description: {bare:#?}");
    }
}

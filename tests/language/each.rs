//! `each` beside predicates: the elements of a resource are judged as a wildcard path judges them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};
use spm::base::diagnostic::Diagnostics;
use spm::base::yaml;
use spm::evaluate::evaluate;
use spm::expr::{Truth, Value};
use spm::inventory::{Inventory, Mode, Resource};
use spm::model::{State, System, Technology};
use spm::rules::{Check, Instance};

use super::rules::{plain_path, predicate, value, with_unknowns};
use super::{NOW, truth};

/// The state of a NetworkPolicy with this `spec` under a check with `each`.
fn state(each: Json, assert: &Json, spec: Value) -> State {
    let vector = "AV:N/AC:L/Au:N/C:P/I:N/A:N/PL:ND/EM:A";
    let check = json!({
        "id": "each-element", "title": "Every element is so", "resource": "NetworkPolicy", "each": each, "assert": assert,
        "control": "prevent", "ccss": vector, "themes": ["hardening"], "why": "To compare it with a predicate that says the same.",
        "fix": "Nothing to fix, this is a test.", "links": ["https://kubernetes.io/docs/"],
        "examples": { "passed": [{}], "failed": [{}], "manual": [{}], "not_relevant": [{}] },
    });
    let node = yaml::parse("each-element.yaml", &check.to_string()).unwrap();
    let mut diagnostics = Diagnostics::new("each-element.yaml");
    let check = Check::read(&node, "each-element", &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics:?}"));
    let compiled = check.compile(&BTreeMap::new(), &mut diagnostics).unwrap();
    let instance = Instance { check: check.into(), params: BTreeMap::new(), customised: Vec::new(), compiled };
    let system = System {
        technology: Technology::Kubernetes,
        name: "s".to_owned(),
        version: None,
        distribution: None,
        origin: String::new(),
    };
    let mut inventory = Inventory::new(system, Mode::Live, NOW);
    let object = Value::map([("metadata", Value::map([("name", Value::str("p"))])), ("spec", spec)]);
    inventory
        .add("NetworkPolicy", [Resource { scope: Some("n".into()), name: "p".into(), value: object, place: None }]);
    let results = evaluate(&inventory, &[instance]);
    assert_eq!(results.checks[0].outcomes.len(), 1);
    results.checks[0].outcomes[0].state
}

/// Without joins, which lead to kinds that only these tests know.
fn local() -> impl Strategy<Value = Json> {
    predicate().prop_filter("about one resource", |rule| !rule.to_string().contains("\"related\""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn elements_are_judged_as_by_a_wildcard(
        path in plain_path(), where_ in prop::option::of(local()), assert in local(), spec in value(),
        empty in select(vec!["not_relevant", "passed", "failed", "manual"]), choices in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let spec = with_unknowns(&spec, &mut choices.into_iter());
        let path = format!("spec{path}");
        let mut each = json!({ "path": path, "empty": empty });
        if let Some(where_) = &where_ {
            each["where"] = where_.clone();
        }
        let parts: Vec<Json> = where_.iter().map(|where_| json!({ "not": where_ })).chain([assert.clone()]).collect();
        let elements = format!("{path}[*]");
        let object = Value::map([("spec", spec.clone())]);
        let law = truth(&json!({ elements.clone(): { "all": { "any": parts } } }), &object);
        // That none of them counts.
        let none = where_.as_ref().map_or(json!({ elements.clone(): { "count": { "lte": 0 } } }), |where_| {
            json!({ elements.clone(): { "none": where_ } })
        });
        let none = truth(&none, &object);
        let found = state(each, &assert, spec);
        match none {
            Truth::True => prop_assert_eq!(found.as_str(), empty),
            Truth::False => {
                prop_assert_eq!(found == State::Failed, law == Truth::False, "{:?} {:?}", found, law);
                prop_assert!(found != State::Passed || law == Truth::True);
                prop_assert!(law != Truth::Unknown || found == State::Manual);
            }
            Truth::Unknown => prop_assert!(matches!(found, State::Manual | State::Failed), "{:?}", found),
        }
    }
}

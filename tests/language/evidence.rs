//! Evidence: every verdict has it, it decides by itself, and without it nothing is decided.

use proptest::prelude::*;
use serde::de::DeserializeSeed;
use serde_json::{Value as Json, json};
use spm::base::symbol::Symbol;
use spm::expr::domain::DOMAIN;
use spm::expr::path::{Step, write_steps};
use spm::expr::{Actual, Environment, Trace, Truth, Value};

use super::rules::{KEYS, json_value, predicate, value, with_unknowns};
use super::{Compiled, NOW, Others, sound};

fn explain(rule: &Compiled, value: &Value, others: &[Value], truth: Truth) -> Vec<Trace> {
    let world = Others { joins: &rule.joins, values: others, incomplete: false };
    rule.predicate.explain(value, Environment { now: NOW, world: &world }, truth)
}

/// The value with only what stands at these places known. With `counted` it is known which entries its maps have.
fn only(value: &Value, places: &[&[Step]], counted: bool) -> Value {
    if places.is_empty() {
        return Value::unknown("hidden");
    }
    if places.iter().any(|place| place.is_empty()) {
        return value.clone();
    }
    let below = |step: &Step| -> Vec<&[Step]> {
        places
            .iter()
            .filter_map(|place| place.split_first())
            .filter(|(first, _)| *first == step)
            .map(|(_, rest)| rest)
            .collect()
    };
    match value {
        Value::List(items) => {
            Value::list(items.iter().enumerate().map(|(at, item)| only(item, &below(&Step::Index(at)), counted)))
        }
        Value::Map(map) => {
            let known = map.iter().map(|(key, value)| (key.as_str(), only(value, &below(&Step::Key(key)), counted)));
            let absent = KEYS.into_iter().filter(|key| !counted && value.get(key).is_none());
            let hidden = absent.filter(|key| below(&Step::Key(Symbol::new(key))).is_empty());
            Value::map(known.chain(hidden.map(|key| (key, Value::unknown("hidden")))).collect::<Vec<_>>())
        }
        other => other.clone(),
    }
}

/// The value with what stands at a place unknown.
fn without(value: &Value, place: &[Step]) -> Value {
    let Some((step, rest)) = place.split_first() else { return Value::unknown("hidden") };
    match (value, step) {
        (Value::List(items), Step::Index(at)) if *at < items.len() => {
            let one = |(own, item): (usize, &Value)| if own == *at { without(item, rest) } else { item.clone() };
            Value::list(items.iter().enumerate().map(one))
        }
        (Value::Map(map), Step::Key(key)) => {
            let hidden = map.get(*key).map_or_else(|| Value::unknown("hidden"), |value| without(value, rest));
            let others = map.iter().filter(|(own, _)| own != key).map(|(own, value)| (own.as_str(), value.clone()));
            Value::map(others.chain([(key.as_str(), hidden)]).collect::<Vec<_>>())
        }
        _ => Value::unknown("hidden"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_has_evidence(
        rule in predicate(), value in value(), others in prop::collection::vec(value(), 0..4),
        choices in prop::collection::vec(any::<u8>(), 0..60), incomplete: bool,
    ) {
        let rule = sound(&rule);
        let value = with_unknowns(&value, &mut choices.into_iter());
        let world = Others { joins: &rule.joins, values: &others, incomplete };
        let environment = Environment { now: NOW, world: &world };
        let truth = rule.predicate.truth(&value, environment);
        if truth != Truth::True {
            let traces = rule.predicate.explain(&value, environment, truth);
            prop_assert!(!traces.is_empty(), "{:?} is {truth:?} on {value:?}", rule.predicate);
            prop_assert!(traces.iter().all(|trace| !trace.expected.is_empty()), "{traces:?}");
        }
    }

    // Of rules about one resource: other parts of it may be anything, and if the leaves shown are not known, nothing is.
    #[test]
    fn evidence_is_what_decides(rule in predicate(), value in value(), choices in prop::collection::vec(any::<u8>(), 0..60)) {
        let text = rule.to_string();
        // What domain operators show is what people look at; to find a selected element, those before it are read as well.
        let left_out = DOMAIN.iter().map(|row| row.name).chain(["related", "[key=", "[b="]).any(|part| text.contains(part));
        let rule = sound(&rule);
        let value = with_unknowns(&value, &mut choices.into_iter());
        let truth = rule.truth(&value);
        if !left_out && truth != Truth::Unknown {
            let traces = explain(&rule, &value, &[], truth);
            let places: Vec<&[Step]> = traces.iter().map(|trace| trace.steps.as_slice()).collect();
            // Quantifiers are about the entries that a map has; combinators, which have the same names, hold predicates.
            let flat = text.replace("\":[{", "[{");
            let counted = ["\"any\":", "\"all\":", "\"none\":", "\"count\":"].iter().any(|word| flat.contains(word));
            let seen = only(&value, &places, counted);
            prop_assert_eq!(rule.truth(&seen), truth, "{} on {:?}: {:?}", text, value, traces);
            // Any number is at least 0.
            let always = text.contains("count");
            let hidden = places.iter().fold(value.clone(), |value, place| without(&value, place));
            prop_assert!(always || rule.truth(&hidden) == Truth::Unknown, "{text} on {value:?}: {traces:?}");
        }
    }

    #[test]
    fn evidence_needs_no_more_than_is_read(
        rule in predicate(), value in json_value(), others in prop::collection::vec(json_value(), 0..4),
    ) {
        let rule = sound(&rule);
        let read = |json: &Json, source: &str| rule.projection(source).seed().deserialize(json).unwrap().unwrap_or_default();
        let shown = |value: &Value, others: &[Value]| {
            let truth = rule.truth_among(value, others, false);
            let line = |trace: Trace| (trace.steps, trace.related, trace.expected, std::mem::discriminant(&trace.actual));
            explain(&rule, value, others, truth).into_iter().map(line).collect::<Vec<_>>()
        };
        let projected: Vec<Value> = others.iter().map(|other| read(other, "other")).collect();
        let whole: Vec<Value> = others.into_iter().map(Value::from).collect();
        prop_assert_eq!(shown(&read(&value, "own"), &projected), shown(&Value::from(value), &whole));
    }
}

#[test]
fn evidence_tells_an_empty_list_from_one_that_is_not_there() {
    let evidence = |rule: Json, value: Json| {
        let rule = sound(&rule);
        let world = Others { joins: &rule.joins, values: &[], incomplete: false };
        let environment = Environment { now: NOW, world: &world };
        let traces = rule.predicate.explain(&Value::from(value), environment, Truth::False);
        let shown = |trace: &Trace| {
            let mut path = String::new();
            write_steps(&trace.steps, &mut path);
            match &trace.actual {
                Actual::Value(value) => format!("{path} = {}", value.to_json(100)),
                Actual::Absent => format!("{path} is absent"),
                Actual::Unknown(why) => format!("{path}: {why}"),
            }
        };
        traces.iter().map(shown).collect::<Vec<_>>()
    };
    for (rule, absent) in [
        (json!({"a.b": {"any": {"equals": 1}}}), "a.b is absent"),
        (json!({"a.b[*]": {"any": {"equals": 1}}}), "a.b is absent"),
        (json!({"a.b[*].c": {"any": {"equals": 1}}}), "a.b.c is absent"),
        (json!({"a.b": {"contains": 1}}), "a.b is absent"),
    ] {
        assert_eq!(evidence(rule.clone(), json!({"a": {"b": []}})), ["a.b = []"], "{rule}");
        assert_eq!(evidence(rule.clone(), json!({"a": {}})), [absent], "{rule}");
    }
    // Of a number no single element is the culprit.
    let counted = json!({"a.b[*].c": {"count": {"gt": 1, "where": {"equals": 1}}}});
    assert_eq!(evidence(counted, json!({"a": {"b": [{"c": 1}]}})), [r#"a.b = [{"c":1}]"#]);
}

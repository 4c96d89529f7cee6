//! What the rule language promises, on random predicates and values: the laws of three-valued logic, that nothing unknown
//! ever decides, that reading only what a rule reads changes nothing, and that every violation has evidence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

mod each;
mod evidence;
mod laws;
mod rules;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde::de::DeserializeSeed;
use serde_json::{Value as Json, json};
use spm::base::diagnostic::Diagnostics;
use spm::base::symbol::Symbol;
use spm::base::yaml;
use spm::expr::compile::Join;
use spm::expr::domain::DOMAIN;
use spm::expr::operators::{OPERATORS, Takes};
use spm::expr::path::Found;
use spm::expr::{Candidates, Compiler, Environment, Path, Predicate, Projection, Schema, Segment, Truth, Value, World};
use spm::model::{ResourceRef, Text};

use rules::{json_value, predicate, value, with_unknowns};

/// Dates in examples lie decades before or behind it.
const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_800_000_000, 0);

/// Any source has any path.
struct Anything;

impl Schema for Anything {
    fn source(&self, _: &str) -> Result<(), Option<String>> {
        Ok(())
    }

    fn path(&self, _: &str, _: &Path) -> Result<(), String> {
        Ok(())
    }

    fn scoped(&self, _: &str) -> bool {
        false
    }
}

struct Compiled {
    predicate: Predicate,
    reads: Vec<(String, Path)>,
    joins: Vec<Join>,
}

fn compile(rule: &Json) -> Result<Compiled, String> {
    // JSON is YAML.
    compile_text(&rule.to_string())
}

fn compile_text(rule: &str) -> Result<Compiled, String> {
    let node = yaml::parse("rule.yaml", rule).map_err(|fault| fault.to_string())?;
    let mut diagnostics = Diagnostics::new("rule.yaml");
    let params = BTreeMap::new();
    let mut compiler = Compiler::new(&mut diagnostics, &params, &Anything, "own");
    let predicate = compiler.predicate(&node);
    let (reads, joins) = (compiler.reads, compiler.joins);
    match predicate {
        Some(predicate) if diagnostics.faults.is_empty() => Ok(Compiled { predicate, reads, joins }),
        _ => Err(diagnostics.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// Names of the other resources.
static NAMES: LazyLock<Vec<ResourceRef>> = LazyLock::new(|| {
    let name = |at: usize| ResourceRef { kind: "other".into(), scope: None, name: at.to_string().into() };
    (0..8).map(name).collect()
});

/// The other resources of a join, found by looking at all of them.
struct Others<'a> {
    joins: &'a [Join],
    values: &'a [Value],
    incomplete: bool,
}

impl World for Others<'_> {
    fn candidates(&self, join: usize, keys: &[Value]) -> Candidates<'_> {
        let fits = |value: &Value| {
            Truth::all(self.joins[join].theirs.iter().zip(keys).map(|(path, key)| {
                let mut values = Vec::new();
                path.expand(value, &mut |_, found| {
                    values.push(match found {
                        Found::Value(value) if value.unread().is_none() => Truth::from(value == key),
                        Found::Absent => Truth::False,
                        Found::Value(_) | Found::Unknown(_) => Truth::Unknown,
                    });
                });
                Truth::any(values)
            }))
        };
        let fitting: Vec<Truth> = self.values.iter().map(fits).collect();
        let values = self.values.iter().enumerate().filter(|(at, _)| fitting[*at] == Truth::True);
        let incomplete = self.incomplete || fitting.contains(&Truth::Unknown);
        Candidates {
            values: values.map(|(at, value)| (&NAMES[at], value)).collect(),
            incomplete: incomplete.then(|| Text::from("half a page")),
        }
    }
}

impl Compiled {
    fn truth_among(&self, value: &Value, values: &[Value], incomplete: bool) -> Truth {
        let world = Others { joins: &self.joins, values, incomplete };
        self.predicate.truth(value, Environment { now: NOW, world: &world })
    }

    fn truth(&self, value: &Value) -> Truth {
        self.truth_among(value, &[], false)
    }

    fn projection(&self, source: &str) -> Projection {
        let mut projection = Projection::default();
        for (_, path) in self.reads.iter().filter(|(of, _)| of == source) {
            projection.add(path);
        }
        projection
    }
}

fn truth(rule: &Json, value: &Value) -> Truth {
    compile(rule).unwrap_or_else(|faults| panic!("{rule}\n{faults}")).truth(value)
}

fn sound(rule: &Json) -> Compiled {
    compile(rule).unwrap_or_else(|faults| panic!("{rule}\n{faults}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    // If a rule is decided although parts are unknown, then it is decided the same way whatever they are.
    #[test]
    fn what_is_unknown_never_decides(
        rule in predicate(), value in value(), others in prop::collection::vec(value(), 0..4),
        choices in prop::collection::vec(any::<u8>(), 0..60), seen in 0usize..5,
    ) {
        let rule_text = rule.to_string();
        let rule = sound(&rule);
        let whole = rule.truth_among(&value, &others, false);
        let less = with_unknowns(&value, &mut choices.iter().copied());
        let known = rule.truth_among(&less, &others, false);
        prop_assert!(known == Truth::Unknown || known == whole, "{rule_text}\n{less:?}: {known:?}, whole {whole:?}");
        // Neither do other resources of which not all was read.
        let mut more = choices.into_iter().rev();
        let half: Vec<Value> = others.iter().map(|other| with_unknowns(other, &mut more)).collect();
        let known = rule.truth_among(&less, &half, false);
        prop_assert!(known == Truth::Unknown || known == whole, "{rule_text}\n{less:?}, {half:?}: {known:?}, whole {whole:?}");
        // Candidates of joins that nobody has seen.
        let known = rule.truth_among(&less, &others[..seen.min(others.len())], true);
        prop_assert!(known == Truth::Unknown || known == whole, "{rule_text}\n{less:?}, {seen} of {others:?}: {known:?}, whole {whole:?}");
    }

    // The same of values that operators of the domain table are made for.
    #[test]
    fn what_is_unknown_inside_never_decides_a_domain_operator(
        at in 0..DOMAIN.len(), holds: bool, choices in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let (operand, yes, no) = DOMAIN[at].example;
        let value = parsed(if holds { yes } else { no });
        let less = Value::map([("x", with_unknowns(&Value::from(value), &mut choices.into_iter()))]);
        let known = truth(&json!({ "x": { DOMAIN[at].name: parsed(operand) } }), &less);
        prop_assert!(known == Truth::Unknown || known == Truth::from(holds), "{} of {less:?}: {known:?}", DOMAIN[at].name);
    }

    #[test]
    fn reading_only_what_is_read_changes_nothing(
        rules in prop::collection::vec(predicate(), 1..4), value in json_value(),
        others in prop::collection::vec(json_value(), 0..4),
    ) {
        let rules: Vec<Compiled> = rules.iter().map(sound).collect();
        // All rules share one projection, as in a scan.
        let union = |source: &str| {
            let mut all = Projection::default();
            rules.iter().for_each(|rule| all.merge(&rule.projection(source)));
            all
        };
        let project = |value: &Json, projection: &Projection| {
            projection.seed().deserialize(value).unwrap().unwrap_or_default()
        };
        let (own, other) = (union("own"), union("other"));
        let projected = project(&value, &own);
        let projected_others: Vec<Value> = others.iter().map(|value| project(value, &other)).collect();
        let value = Value::from(value);
        let others: Vec<Value> = others.into_iter().map(Value::from).collect();
        for rule in &rules {
            prop_assert_eq!(
                rule.truth_among(&projected, &projected_others, false),
                rule.truth_among(&value, &others, false),
                "{:?} of {} read {:?}", rule.predicate, value, rule.reads
            );
        }
    }

    #[test]
    fn paths_print_as_they_parse(
        first in "\\PC*", rest in prop::collection::vec((0..3, "\\PC*", "[a-z0-9_-]{1,6}"), 0..5),
    ) {
        let mut segments = vec![Segment::Key(Symbol::new(&first))];
        for (what, text, key) in rest {
            segments.push(match what {
                0 => Segment::Any,
                1 if !text.is_empty() => Segment::Select { key: Symbol::new(&key), value: text.into() },
                _ => Segment::Key(Symbol::new(&text)),
            });
        }
        let path = Path { segments };
        let printed = path.to_string();
        prop_assert_eq!(printed.parse::<Path>(), Ok(path), "{}", printed);
    }
}

#[test]
fn every_example_of_the_operator_table_holds() {
    for operator in OPERATORS {
        let json = |text: &str| serde_json::from_str::<Json>(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let (operand, holds, fails) = operator.example;
        let rule = json!({ "x": { operator.name: json(operand) } });
        let subject = |text: &str| Value::map([("x", Value::from(json(text)))]);
        assert_eq!(truth(&rule, &subject(holds)), Truth::True, "{rule} on {holds}");
        assert_eq!(truth(&rule, &subject(fails)), Truth::False, "{rule} on {fails}");
        let unknown = Value::map([("x", Value::unknown("not collected"))]);
        assert_eq!(truth(&rule, &unknown), Truth::Unknown, "{rule} on what was not collected");
        let absent = match operand {
            // Of flags the table states the truth for `true` (exists) or the operand turns it around (empty).
            "false" if operator.takes == Takes::Flag => !operator.absent,
            _ => operator.absent,
        };
        assert_eq!(truth(&rule, &Value::map([])), absent, "{rule} on nothing");
        for (unset, expected) in [("true", Truth::True), ("false", Truth::False), ("unknown", Truth::Unknown)] {
            let rule = json!({ "x": { operator.name: json(operand), "unset": unset } });
            assert_eq!(truth(&rule, &Value::map([])), expected, "{rule} on nothing");
            assert_eq!(truth(&rule, &unknown), Truth::Unknown, "{rule} on what was not collected");
        }
    }
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn every_example_of_the_domain_table_holds() {
    for row in DOMAIN {
        let (operand, holds, fails) = row.example;
        let rule = json!({ "x": { row.name: parsed(operand) } });
        let subject = |value: Value| Value::map([("x", value)]);
        let unknown = Value::unknown("not collected");
        for (text, expected) in [(holds, Truth::True), (fails, Truth::False)] {
            let value = subject(Value::from(parsed(text)));
            let compiled = compile(&rule).unwrap();
            assert_eq!(compiled.truth(&value), expected, "{rule} on {text}");
            let environment = Environment { now: NOW, world: &Others { joins: &[], values: &[], incomplete: false } };
            let traces = compiled.predicate.explain(&value, environment, expected);
            assert!(!traces.is_empty() && traces.iter().all(|trace| !trace.expected.is_empty()), "{rule} on {text}");
        }
        assert_eq!(truth(&rule, &subject(unknown.clone())), Truth::Unknown, "{rule} on what was not collected");
        assert_eq!(truth(&rule, &Value::map([])), row.absent, "{rule} on nothing");
        for (unset, expected) in [("true", Truth::True), ("false", Truth::False), ("unknown", Truth::Unknown)] {
            let rule = json!({ "x": { row.name: parsed(operand), "unset": unset } });
            assert_eq!(truth(&rule, &subject(Value::Null)), expected, "{rule} on null");
            assert_eq!(truth(&rule, &subject(unknown.clone())), Truth::Unknown, "{rule} on what was not collected");
        }
        // What an operator cannot judge is unknown, not absent.
        assert_eq!(truth(&rule, &subject(Value::Bool(true))), Truth::Unknown, "{rule} on true");
        for (operand, part) in [(json!({ "nonsense": 1 }), "unknown key"), (json!(7), "takes a map")] {
            let fault = compile(&json!({ "x": { row.name: operand } })).err().unwrap_or_default();
            assert!(fault.contains(part), "{}: {fault}", row.name);
        }
    }
}

#[test]
fn statements_about_no_elements() {
    let value = Value::from(json!({ "list": [], "map": {}, "null": null }));
    for path in ["list", "map", "null", "absent"] {
        for (how, expected) in [("all", Truth::True), ("none", Truth::True), ("any", Truth::False)] {
            assert_eq!(truth(&json!({ path: { how: { "equals": 1 } } }), &value), expected, "{how} of {path}");
            assert_eq!(truth(&json!({ format!("{path}[*]"): { how: 1 } }), &value), expected, "{how} of {path}[*]");
        }
    }
}

#[test]
fn an_entry_that_was_not_collected_may_not_be_there() {
    let value = Value::map([("map", Value::map([("a", Value::unknown("not collected"))]))]);
    for rule in [
        json!({ "map": { "empty": true } }),
        json!({ "map": { "empty": false } }),
        json!({ "map": { "length": 1 } }),
        json!({ "map": { "contains": "a" } }),
        json!({ "map": { "lacks_any": ["a"] } }),
        json!({ "map": { "all": { "exists": true } } }),
    ] {
        assert_eq!(truth(&rule, &value), Truth::Unknown, "{rule}");
    }
    assert_eq!(truth(&json!({ "map": { "contains": "b" } }), &value), Truth::False);
    assert_eq!(truth(&json!({ "map": { "length": { "lte": 1 } } }), &value), Truth::True);
}

#[test]
fn a_list_that_was_not_collected_may_have_any_number_of_elements() {
    let value = Value::map([("a", Value::unknown("not collected")), ("b", Value::list([Value::Int(1)]))]);
    for path in ["a[*]", "a[*].c"] {
        let rule = json!({ path: { "count": { "gt": 1, "where": { "exists": true } } } });
        assert_eq!(truth(&rule, &value), Truth::Unknown, "{path}");
    }
    assert_eq!(truth(&json!({ "b[*]": { "count": { "gt": 1, "where": { "exists": true } } } }), &value), Truth::False);
}

#[test]
fn unseen_candidates_can_reach_any_number() {
    for (count, seen, expected) in [
        (json!({ "equals": 2 }), 0, Truth::Unknown),
        (json!({ "equals": 1 }), 2, Truth::False),
        (json!({ "between": [1, 2] }), 0, Truth::Unknown),
        (json!({ "gte": 1 }), 1, Truth::True),
        (json!({ "lte": 1 }), 1, Truth::Unknown),
    ] {
        let rule = sound(&json!({ "related": { "resource": "other", "on": {}, "count": count } }));
        let others = vec![Value::map([]); seen];
        assert_eq!(rule.truth_among(&Value::map([]), &others, true), expected, "{count} of {seen} seen");
    }
}

#[test]
fn an_empty_predicate_decides_nothing() {
    for rule in [json!({ "not": {} }), json!({ "any": [{}] }), json!({ "none": [{}, { "a": 1 }] })] {
        assert!(compile(&rule).is_err_and(|faults| faults.contains("decides nothing")), "{rule}");
    }
}

#[test]
fn what_no_configuration_tells_leaves_open_only_what_the_rest_does_not_decide() {
    let open = json!({"undecided": "who reads the mail"});
    for (rule, expected) in [
        (json!({"any": [{"a": 1}, open]}), Truth::True),
        (json!({"any": [{"a": 2}, open]}), Truth::Unknown),
        (json!({"all": [{"a": 2}, open]}), Truth::False),
        (json!({"a": 1, "undecided": "who reads the mail"}), Truth::Unknown),
        (json!({"not": open}), Truth::Unknown),
    ] {
        assert_eq!(truth(&rule, &Value::from(json!({"a": 1}))), expected, "{rule}");
    }
    assert!(compile(&json!({"undecided": ""})).is_err());
}

#[test]
fn large_numbers_are_told_apart_by_their_digits() {
    let rule = |number: &str| compile_text(&format!("a: {number}")).unwrap();
    let value = |value: Value| Value::map([("a", value)]);
    let (own, next) = (9_007_199_254_740_993_i64, 9_007_199_254_740_992_i64);
    let equal = rule("9007199254740993");
    assert_eq!(equal.truth(&value(Value::Int(own))), Truth::True);
    assert_eq!(equal.truth(&value(Value::str(own.to_string()))), Truth::True);
    assert_eq!(equal.truth(&value(Value::Int(next))), Truth::False);
    assert_eq!(equal.truth(&value(Value::str(next.to_string()))), Truth::False);
    // Nobody knows which digits it had.
    assert_eq!(equal.truth(&value(Value::Float(next as f64))), Truth::Unknown);
    assert_eq!(equal.truth(&value(Value::list([]))), Truth::Unknown);
    assert_eq!(rule("1").truth(&value(Value::Float(1.0))), Truth::True);
}

#[test]
fn an_answer_of_nothing_is_none() {
    for (answer, truth) in
        [("~", Truth::Unknown), ("\"\"", Truth::Unknown), ("[]", Truth::Unknown), ("ops", Truth::False)]
    {
        let rule = compile_text(&format!("undecided: {{ why: who reads the mail, unless: {answer} }}")).unwrap();
        assert_eq!(rule.truth(&Value::map([])), truth, "{answer}");
    }
}

#[test]
fn the_opposite_of_several_operators_is_said_of_all() {
    let rule = compile(&json!({ "a": { "any": { "not": { "gte": 1, "lte": 5 } } } })).unwrap();
    assert_eq!(rule.predicate.expected(), "a an element with not (at least 1 and at most 5)");
}

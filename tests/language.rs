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

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;
use serde::de::DeserializeSeed;
use serde_json::{Map as JsonMap, Value as Json, json};
use spm::base::diagnostic::Diagnostics;
use spm::base::symbol::Symbol;
use spm::base::yaml;
use spm::expr::compile::Join;
use spm::expr::domain::DOMAIN;
use spm::expr::operators::{OPERATORS, Takes};
use spm::expr::path::{Found, write_steps};
use spm::expr::{
    Actual, Candidates, Compiler, Environment, Path, Predicate, Projection, Schema, Segment, Trace, Truth, Value, World,
};
use spm::model::Text;

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
    let node = yaml::parse("rule.yaml", &rule.to_string()).map_err(|fault| fault.to_string())?;
    let mut diagnostics = Diagnostics::new("rule.yaml");
    let mut compiler = Compiler {
        diagnostics: &mut diagnostics,
        params: &BTreeMap::new(),
        schema: &Anything,
        source: "own".to_owned(),
        prefix: Path::default(),
        whole: true,
        reads: Vec::new(),
        joins: Vec::new(),
        used: BTreeSet::new(),
    };
    let predicate = compiler.predicate(&node);
    let (reads, joins) = (compiler.reads, compiler.joins);
    match predicate {
        Some(predicate) if diagnostics.faults.is_empty() => Ok(Compiled { predicate, reads, joins }),
        _ => Err(diagnostics.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// The other resources of a join, found by looking at all of them.
struct Others<'a> {
    joins: &'a [Join],
    values: &'a [Value],
    incomplete: bool,
}

impl World for Others<'_> {
    fn candidates(&self, join: usize, keys: &[Value]) -> Candidates<'_> {
        let fits = |value: &Value| {
            let theirs = &self.joins[join].theirs;
            theirs.iter().zip(keys).all(|(path, key)| {
                let mut fits = false;
                path.expand(value, &mut |_, found| fits |= found == Found::Value(key));
                fits
            })
        };
        let values = self.values.iter().enumerate().filter(|(_, value)| fits(value));
        Candidates {
            values: values.map(|(at, value)| (format!("other {at}"), value)).collect(),
            incomplete: self.incomplete.then(|| Text::from("half a page")),
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

// Few keys and few scalars, so that rules and values meet.
const KEYS: [&str; 5] = ["a", "b", "c", "key", "d.e"];

fn scalar() -> impl Strategy<Value = Json> {
    select(vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(0.5),
        json!(""),
        json!("x"),
        json!("X"),
        json!("1"),
        json!("true"),
        json!("0600"),
        json!("1.2.3"),
        json!("5m"),
        json!("2Gi"),
        json!("1960-01-01T00:00:00Z"),
        json!("*"),
        json!("get"),
        json!("pods"),
    ])
}

fn grant() -> impl Strategy<Value = Json> {
    let texts = || prop::collection::vec(select(vec!["get", "list", "*", "pods", "", "apps"]), 0..3);
    (
        texts(),
        texts(),
        texts(),
        prop::option::of(texts()),
        select(vec!["cluster", "a"]),
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(verbs, groups, resources, names, scope, builtin)| {
            let mut grant = json!({ "verbs": verbs, "apiGroups": groups, "resources": resources, "scope": scope });
            if let Some(names) = names {
                grant["resourceNames"] = json!(names);
            }
            if let Some(builtin) = builtin {
                grant["builtin"] = json!(builtin);
            }
            grant
        })
}

fn map(of: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    prop::collection::btree_map(select(KEYS.to_vec()), of, 0..5).prop_map(|map| json!(map))
}

fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![8 => scalar(), 1 => prop::collection::vec(grant(), 0..3).prop_map(Json::from)];
    let any = leaf.prop_recursive(3, 30, 5, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from), map(inner)]
    });
    map(any)
}

fn value() -> impl Strategy<Value = Value> {
    json_value().prop_map(Value::from)
}

/// The value with parts of it, also absent ones, replaced by "not collected" where `choices` says so.
fn with_unknowns(value: &Value, choices: &mut impl Iterator<Item = u8>) -> Value {
    if choices.next().unwrap_or(0) > 220 {
        return Value::unknown("not collected");
    }
    match value {
        Value::List(items) => Value::list(items.iter().map(|item| with_unknowns(item, choices))),
        Value::Map(map) => {
            let mut entries: Vec<(&str, Value)> =
                map.iter().map(|(key, value)| (key.as_str(), with_unknowns(value, choices))).collect();
            for key in KEYS {
                if map.get(Symbol::new(key)).is_none() && choices.next().unwrap_or(0) > 220 {
                    entries.push((key, Value::unknown("not collected")));
                }
            }
            Value::map(entries)
        }
        other => other.clone(),
    }
}

fn plain_path() -> impl Strategy<Value = String> {
    prop::collection::vec(select(vec!["['a']", "['b']", "['c']", "['key']", "['d.e']"]), 1..3).prop_map(|p| p.concat())
}

fn join_path() -> impl Strategy<Value = String> {
    (plain_path(), any::<bool>(), prop::option::of(plain_path())).prop_map(|(path, wildcard, rest)| match wildcard {
        true => format!("{path}[*]{}", rest.unwrap_or_default()),
        false => path,
    })
}

fn operand(takes: Takes) -> BoxedStrategy<Json> {
    let some = || scalar().prop_filter("null is nothing to compare with", |scalar| !scalar.is_null());
    match takes {
        Takes::Scalar | Takes::Text => some().boxed(),
        Takes::Scalars => prop::collection::vec(some(), 0..3).prop_map(Json::from).boxed(),
        Takes::Number => (-1..3).prop_map(Json::from).boxed(),
        Takes::Range => (-1..2, 0..3).prop_map(|(low, more)| json!([low, low + more])).boxed(),
        Takes::Pattern => select(vec![json!("^[a-z]+$"), json!("^$"), json!("1")]).boxed(),
        Takes::Flag => any::<bool>().prop_map(Json::from).boxed(),
        Takes::Mode => select(vec![json!("0600"), json!("0644")]).boxed(),
        Takes::Duration => select(vec![json!("90d"), json!("100000d")]).boxed(),
        Takes::TypeName => {
            select(vec![json!("text"), json!("number"), json!("boolean"), json!("list"), json!("map")]).boxed()
        }
    }
}

fn comparison() -> impl Strategy<Value = Json> {
    let one = (select(vec!["equals", "gt", "gte", "lt", "lte"]), 0..4).prop_map(|(name, n)| json!({ name: n }));
    prop_oneof![4 => one, 1 => (0..2, 0..3).prop_map(|(low, more)| json!({ "between": [low, low + more] }))]
}

fn merged(parts: Vec<Json>) -> Json {
    parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect::<JsonMap<_, _>>().into()
}

/// Operator maps without nested predicates.
fn operators() -> impl Strategy<Value = Json> {
    let one = (0..OPERATORS.len()).prop_flat_map(|at| {
        operand(OPERATORS[at].takes).prop_map(move |operand| json!({ OPERATORS[at].name: operand }))
    });
    let typed = prop_oneof![
        comparison().prop_map(|c| json!({ "length": c })),
        select(vec![json!({ "gte": "1.2" }), json!({ "between": ["1.2.3", "2"] })])
            .prop_map(|c| json!({ "version": c })),
        select(vec![json!({ "lte": "5m" }), json!("5m")]).prop_map(|c| json!({ "duration": c })),
        select(vec![json!({ "gt": "1Gi" }), json!("2Gi")]).prop_map(|c| json!({ "quantity": c })),
        (0..DOMAIN.len()).prop_map(|at| json!({ DOMAIN[at].name: parsed(DOMAIN[at].example.0) })),
    ];
    let modifiers = prop_oneof![
        3 => Just(json!({})),
        1 => select(vec!["true", "false", "unknown"]).prop_map(|unset| json!({ "unset": unset })),
        1 => Just(json!({ "ignore_case": true })),
    ];
    (prop::collection::vec(prop_oneof![3 => one, 1 => typed], 1..3), modifiers).prop_map(|(mut parts, modifiers)| {
        parts.push(modifiers);
        merged(parts)
    })
}

fn quantified(element: impl Strategy<Value = Json> + Clone + 'static) -> impl Strategy<Value = Json> {
    prop_oneof![
        (select(vec!["any", "all", "none"]), element.clone()).prop_map(|(how, element)| json!({ how: element })),
        (comparison(), element)
            .prop_map(|(many, element)| json!({ "count": merged(vec![many, json!({ "where": element })]) })),
    ]
}

/// A condition on one value: a scalar, a list, or an operator map whose elements are judged by `predicate`.
fn condition(predicate: BoxedStrategy<Json>) -> impl Strategy<Value = Json> {
    let plain = prop_oneof![operand(Takes::Scalar), operand(Takes::Scalars)];
    let element = prop_oneof![2 => plain.clone(), 2 => operators(), 3 => predicate].boxed();
    let flat = prop_oneof![2 => plain, 5 => operators(), 3 => quantified(element)].boxed();
    prop_oneof![
        4 => flat.clone(),
        1 => flat.prop_map(|condition| json!({ "not": condition })),
    ]
}

/// A sound rule.
fn predicate() -> BoxedStrategy<Json> {
    let leaf = (plain_path(), operators()).prop_map(|(path, condition)| json!({ path: condition })).boxed();
    leaf.prop_recursive(3, 24, 4, |inner| {
        let inner = inner.boxed();
        let many = || prop::collection::vec(inner.clone(), 1..4);
        let related = (
            select(vec!["any", "all", "none"]).prop_map(Some),
            comparison(),
            inner.clone(),
            any::<bool>(),
            join_path(),
            join_path(),
        );
        prop_oneof![
            3 => (plain_path(), condition(inner.clone())).prop_map(|(path, condition)| json!({ path: condition })),
            2 => (plain_path(), plain_path(), quantified(inner.clone()))
                .prop_map(|(path, rest, condition)| json!({ format!("{path}[*]{rest}"): condition })),
            2 => many().prop_map(|parts| json!({ "any": parts })),
            2 => many().prop_map(|parts| json!({ "all": parts })),
            1 => many().prop_map(|parts| json!({ "none": parts })),
            1 => inner.clone().prop_map(|part| json!({ "not": part })),
            1 => related.prop_map(|(how, many, inner, counted, their, our)| {
                let amount = match how {
                    Some(how) if !counted => json!({ how: inner }),
                    _ => json!({ "count": merged(vec![many, json!({ "where": inner })]) }),
                };
                let on = json!({ "resource": "other", "on": { their: our } });
                json!({ "related": merged(vec![on, amount]) })
            }),
        ]
    })
    .boxed()
}

fn sound(rule: &Json) -> Compiled {
    compile(rule).unwrap_or_else(|faults| panic!("{rule}\n{faults}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn laws_of_kleene(
        p in predicate(), q in predicate(), value in value(), others in prop::collection::vec(value(), 0..4),
        choices in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let value = with_unknowns(&value, &mut choices.into_iter());
        let truth = |rule: Json| sound(&rule).truth_among(&value, &others, false);
        let (t, u) = (truth(p.clone()), truth(q.clone()));
        prop_assert_eq!(truth(json!({ "not": { "not": p } })), t);
        prop_assert_eq!(truth(json!({ "none": [p, q] })), truth(json!({ "all": [{ "not": p }, { "not": q }] })));
        prop_assert_eq!(truth(json!({ "not": { "all": [p, q] } })), truth(json!({ "any": [{ "not": p }, { "not": q }] })));
        prop_assert_eq!(truth(json!({ "any": [p, q] })), truth(json!({ "any": [q, p] })));
        prop_assert_eq!(truth(json!({ "all": [p, p] })), t);
        let all = match (t, u) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            _ => Truth::Unknown,
        };
        prop_assert_eq!(truth(json!({ "all": [p, q] })), all);
    }

    // If a rule is decided although parts are unknown, then it is decided the same way whatever they are.
    #[test]
    fn what_is_unknown_never_decides(
        rule in predicate(), value in value(), others in prop::collection::vec(value(), 0..4),
        choices in prop::collection::vec(any::<u8>(), 0..60), seen in 0usize..5,
    ) {
        let rule_text = rule.to_string();
        let rule = sound(&rule);
        let whole = rule.truth_among(&value, &others, false);
        let less = with_unknowns(&value, &mut choices.into_iter());
        let known = rule.truth_among(&less, &others, false);
        prop_assert!(known == Truth::Unknown || known == whole, "{rule_text}\n{less:?}: {known:?}, whole {whole:?}");
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

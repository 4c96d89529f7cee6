//! Random rules and values that meet.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map as JsonMap, Value as Json, json};
use spm::base::symbol::Symbol;
use spm::expr::Value;
use spm::expr::domain::DOMAIN;
use spm::expr::operators::{OPERATORS, Takes};

use super::parsed;

// Few keys and few scalars, so that rules and values meet.
pub const KEYS: [&str; 5] = ["a", "b", "c", "key", "d.e"];

/// A scalar, or null.
pub fn scalar() -> impl Strategy<Value = Json> {
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

/// Anything as JSON.
pub fn json_value() -> impl Strategy<Value = Json> {
    let selected = (select(vec![json!("x"), json!(1), json!(""), json!(null)]), scalar())
        .prop_map(|(key, a)| json!({ "key": key.clone(), "b": key, "a": a }));
    let leaf = prop_oneof![
        8 => scalar(),
        1 => prop::collection::vec(grant(), 0..3).prop_map(Json::from),
        1 => prop::collection::vec(selected, 0..3).prop_map(Json::from),
    ];
    let any = leaf.prop_recursive(3, 30, 5, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from), map(inner)]
    });
    map(any)
}

/// Anything, all of it known.
pub fn value() -> impl Strategy<Value = Value> {
    json_value().prop_map(Value::from)
}

/// The value with parts of it, also absent ones, replaced by "not collected" where `choices` says so.
pub fn with_unknowns(value: &Value, choices: &mut impl Iterator<Item = u8>) -> Value {
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

/// Leads to one value at most.
pub fn plain_path() -> impl Strategy<Value = String> {
    let key = select(vec!["['a']", "['b']", "['c']", "['key']", "['d.e']"]);
    let step = prop_oneof![5 => key.clone(), 1 => select(vec!["[key=x]", "[key=1]", "[b=x]"])];
    (key, prop::option::of(step)).prop_map(|(key, step)| format!("{key}{}", step.unwrap_or_default()))
}

fn join_path() -> impl Strategy<Value = String> {
    (plain_path(), any::<bool>(), prop::option::of(plain_path())).prop_map(|(path, wildcard, rest)| match wildcard {
        true => format!("{path}[*]{}", rest.unwrap_or_default()),
        false => path,
    })
}

/// What an operator may take.
pub fn operand(takes: Takes) -> BoxedStrategy<Json> {
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

/// All entries in one map.
pub fn merged(parts: Vec<Json>) -> Json {
    parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect::<JsonMap<_, _>>().into()
}

/// Operator maps without nested predicates.
pub fn operators() -> impl Strategy<Value = Json> {
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
    let has_case =
        |part: &Json| OPERATORS.iter().any(|operator| operator.takes.has_case() && part.get(operator.name).is_some());
    (prop::collection::vec(prop_oneof![3 => one, 1 => typed], 1..3), modifiers).prop_map(
        move |(mut parts, modifiers)| {
            if modifiers.get("ignore_case").is_none() || parts.iter().any(has_case) {
                parts.push(modifiers);
            }
            merged(parts)
        },
    )
}

/// How many elements hold.
pub fn quantified(element: impl Strategy<Value = Json> + Clone + 'static) -> impl Strategy<Value = Json> {
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
pub fn predicate() -> BoxedStrategy<Json> {
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
            2 => (plain_path(), plain_path(), quantified(inner.clone()), any::<bool>())
                .prop_map(|(path, rest, condition, not)| {
                    let condition = if not { json!({ "not": condition }) } else { condition };
                    json!({ format!("{path}[*]{rest}"): condition })
                }),
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

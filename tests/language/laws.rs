//! Laws: what is written differently and means the same is decided the same, on whatever is known of the value.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use spm::expr::operators::Takes;
use spm::expr::path::{Found, Step};
use spm::expr::{Path, Truth, Value};

use super::rules::{json_value, merged, operand, operators, plain_path, predicate, value, with_unknowns};
use super::{compile, sound, truth};

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

    #[test]
    fn quantifiers_are_words_for_each_other(
        p in predicate(), path in plain_path(), rest in plain_path(), value in value(),
        others in prop::collection::vec(value(), 0..4), incomplete: bool, choices in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let value = with_unknowns(&value, &mut choices.into_iter());
        let related = |how: Json| {
            json!({ "related": merged(vec![json!({ "resource": "other", "on": { "['a']": path } }), how]) })
        };
        let of_list = |how: Json| json!({ path.clone(): how });
        let of_wildcard = |how: Json| json!({ format!("{path}[*]{rest}"): how });
        let of: [&dyn Fn(Json) -> Json; 3] = [&related, &of_list, &of_wildcard];
        for of in of {
            let truth = |how: Json| sound(&of(how)).truth_among(&value, &others, incomplete);
            let any = truth(json!({ "any": p }));
            prop_assert_eq!(truth(json!({ "none": p })), !any);
            prop_assert_eq!(truth(json!({ "all": { "not": p } })), !any);
            prop_assert_eq!(truth(json!({ "count": { "gte": 1, "where": p } })), any);
            prop_assert_eq!(truth(json!({ "count": { "equals": 0, "where": p } })), !any);
        }
    }

    #[test]
    fn operators_of_one_map_are_judged_each_by_itself(
        p in operators(), q in operators(), path in plain_path(), value in value(),
        choices in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let value = with_unknowns(&value, &mut choices.into_iter());
        let truth = |rule: Json| truth(&rule, &value);
        let t = truth(json!({ path.clone(): p }));
        prop_assert_eq!(truth(json!({ path.clone(): { "not": p } })), !t);
        prop_assert_eq!(truth(json!({ "not": { path.clone(): p } })), !t);
        let both = merged(vec![p.clone(), q.clone()]);
        let names = |rule: &Json| rule.as_object().map_or(0, serde_json::Map::len);
        let modified = ["unset", "ignore_case"].iter().any(|modifier| both.get(modifier).is_some());
        if names(&both) == names(&p) + names(&q) && !modified {
            prop_assert_eq!(truth(json!({ path.clone(): both })), truth(json!({ "all": [{ path.clone(): p }, { path: q }] })));
        }
    }

    #[test]
    fn unset_speaks_of_what_is_absent_only(
        rule in operators(), value in json_value(), unknown in 0u8..8, unset in prop::sample::select(vec!["true", "false", "unknown"]),
    ) {
        let stated = json!({ "a": merged(vec![rule.clone(), json!({ "unset": unset })]) });
        let mut plain = rule;
        plain.as_object_mut().unwrap().remove("unset");
        let plain = json!({ "a": plain });
        let expected = match unset { "true" => Truth::True, "false" => Truth::False, _ => Truth::Unknown };
        prop_assert_eq!(truth(&stated, &Value::map([])), expected);
        prop_assert_eq!(truth(&stated, &Value::map([("a", Value::Null)])), expected);
        let inner = value.get("a").cloned().unwrap_or(json!(0));
        let inner = if unknown == 0 { Value::unknown("not collected") } else { Value::from(inner) };
        if inner != Value::Null {
            let value = Value::map([("a", inner)]);
            prop_assert_eq!(truth(&stated, &value), truth(&plain, &value), "{:?}", value);
        }
    }

    #[test]
    fn operators_agree_with_each_other(
        value in json_value(), scalars in operand(Takes::Scalars), low in -1..2, more in 0..3, ignore_case: bool,
        choices in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        // Of what is absent each has its own truth.
        let inner = value.get("a").filter(|inner| !inner.is_null()).cloned().unwrap_or(json!("x"));
        let value = Value::map([("a", with_unknowns(&Value::from(inner), &mut choices.into_iter()))]);
        let case = json!({ "ignore_case": ignore_case });
        let is = |name: &str, operand: &Json| truth(&json!({ "a": merged(vec![json!({ name: operand }), case.clone()]) }), &value);
        let each = |name: &str| scalars.as_array().unwrap().iter().map(|one| is(name, one)).collect::<Vec<Truth>>();
        let known = !each("equals").contains(&Truth::Unknown);
        if known && !scalars.as_array().unwrap().is_empty() {
            prop_assert_eq!(is("in", &scalars), Truth::any(each("equals")));
        }
        prop_assert_eq!(is("not_in", &scalars), !is("in", &scalars));
        if !scalars.as_array().unwrap().is_empty() {
            prop_assert_eq!(is("contains_any", &scalars), Truth::any(each("contains")));
            prop_assert_eq!(is("contains_all", &scalars), Truth::all(each("contains")));
        }
        prop_assert_eq!(is("lacks_any", &scalars), !is("contains_any", &scalars));
        for one in scalars.as_array().unwrap() {
            prop_assert_eq!(is("not_equals", one), !is("equals", one));
            prop_assert_eq!(is("lacks", one), !is("contains", one));
            prop_assert!(is("starts_with", one) != Truth::True || is("contains", one) != Truth::False);
            prop_assert!(is("ends_with", one) != Truth::True || is("contains", one) != Truth::False);
        }
        let number = |rule: Json| truth(&json!({ "a": rule }), &value);
        let high = low + more;
        prop_assert_eq!(number(json!({ "lt": low })), !number(json!({ "gte": low })));
        prop_assert_eq!(number(json!({ "gt": low })), !number(json!({ "lte": low })));
        prop_assert_eq!(number(json!({ "between": [low, high] })), number(json!({ "gte": low, "lte": high })));
        let same = number(json!({ "between": [low, low] }));
        prop_assert!(same == Truth::Unknown || same == number(json!({ "equals": low })), "{value:?} and {low}");
        prop_assert_eq!(number(json!({ "length": { "gte": more } })), !number(json!({ "length": { "lt": more } })));
        prop_assert_eq!(number(json!({ "length": more })), number(json!({ "count": { "equals": more } })));
        prop_assert_eq!(number(json!({ "exists": false })), !number(json!({ "exists": true })));
        prop_assert_eq!(number(json!({ "empty": false })), !number(json!({ "empty": true })));
    }

    // Whatever a path visits is found again by the concrete path that it tells; without wildcard it visits what it finds.
    #[test]
    fn concrete_paths_lead_back(
        first in plain_path(), rest in plain_path(), wildcard: bool, value in value(),
        choices in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let value = with_unknowns(&value, &mut choices.into_iter());
        let path: Path = if wildcard { format!("{first}[*]{rest}") } else { format!("{first}{rest}") }.parse().unwrap();
        let mut visited = Vec::new();
        path.expand(&value, &mut |steps, found| visited.push((steps.to_vec(), found)));
        for (steps, found) in &visited {
            if let Found::Value(found) = found {
                let there = steps.iter().try_fold(&value, |value, step| match step {
                    Step::Key(key) => value.as_map()?.get(*key),
                    Step::Index(at) => value.items().get(*at),
                });
                prop_assert!(there.is_some_and(|there| std::ptr::eq(there, *found)), "{path} {steps:?}");
            }
        }
        if !wildcard {
            prop_assert_eq!(visited.len(), 1);
            prop_assert_eq!(&visited[0].1, &path.find(&value));
        }
    }

    #[test]
    fn no_rule_makes_the_compiler_panic_or_fail_without_a_fault(rule in nonsense()) {
        if let Err(faults) = compile(&rule) {
            prop_assert!(!faults.is_empty(), "{rule}");
        }
    }
}

fn nonsense() -> impl Strategy<Value = Json> {
    let words = prop::sample::select(vec![
        "any",
        "all",
        "none",
        "not",
        "related",
        "undecided",
        "count",
        "where",
        "length",
        "version",
        "unset",
        "ignore_case",
        "equals",
        "in",
        "between",
        "gte",
        "matches",
        "exists",
        "mode_within",
        "older_than",
        "type",
        "resource",
        "on",
        "scope",
        "a",
        "a[*]",
        "a[*].b",
        "a[key=",
        "a.",
        "$",
        "$x",
        "policy_allows",
        "allows_from",
        "cidr",
        "",
    ]);
    let leaf = prop_oneof![
        words.clone().prop_map(Json::from),
        prop::sample::select(vec![json!(null), json!(true), json!(1), json!(-0.5), json!("["), json!("(")]),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            3 => prop::collection::btree_map(words.clone(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

//! Paths of rules: what parses prints as what parses to the same, and following it into a value never panics.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spm::expr::path::Found;
use spm::expr::{Path, Projection, Value};

/// Holds every kind of value, keys that need quotes, and elements to select.
static VALUE: LazyLock<Value> = LazyLock::new(|| {
    Value::map([
        ("a", Value::map([("b", Value::list([Value::Int(1), Value::Null, Value::map([("c", Value::Bool(true))])]))])),
        ("null", Value::Null),
        ("gone", Value::unknown("not collected")),
        ("it's \"a\" [key].", Value::Float(0.5)),
        (
            "option",
            Value::list([
                Value::map([("key", Value::str("x")), ("value", Value::Int(1))]),
                Value::map([("key", Value::Int(7)), ("value", Value::unknown("hidden"))]),
                Value::unknown("half a list"),
                Value::str("no map"),
            ]),
        ),
    ])
});

fuzz_target!(|text: &str| {
    let path = match text.parse::<Path>() {
        Ok(path) => path,
        Err(error) => {
            assert!(error.at >= 1 && error.at <= text.chars().count() + 1, "{error}");
            return;
        }
    };
    let printed = path.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&path), "printed as {printed:?}");

    let found = path.find(&VALUE);
    let mut places = 0;
    path.expand(&VALUE, &mut |_, each| {
        places += 1;
        if !path.has_wildcard() {
            assert_eq!(each, found);
        }
    });
    assert!(path.has_wildcard() || places == 1, "{places} places of a path without wildcards");
    if path.has_wildcard() {
        assert!(!matches!(found, Found::Value(_)));
    }
    let mut projection = Projection::default();
    projection.add(&path);
    assert!(!projection.is_empty());
});

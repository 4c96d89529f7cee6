//! Helpers for the tests of operators: operands and values as rules and services write them.

use serde_json::{Value as Json, json};

use crate::expr::path::write_steps;
use crate::expr::predicate::{Actual, Alone, Trace};
use crate::expr::{Environment, Predicate, Truth, Value, testing};

fn compile(rule: &Json) -> Result<Predicate, String> {
    testing::compile("own", rule).map(|(predicate, _)| predicate)
}

fn environment() -> Environment<'static> {
    Environment { now: jiff::Timestamp::UNIX_EPOCH, world: &Alone }
}

/// What is wrong with an operand.
pub fn fault(operator: &str, operand: Json) -> String {
    compile(&json!({"x": {operator: operand}})).map(|_| ()).unwrap_err()
}

/// The truth of an operator on a value.
pub fn ask(operator: &str, operand: Json, value: Json) -> Truth {
    ask_of(&json!({}), operator, operand, value)
}

/// The same on the value of a resource.
pub fn ask_of(resource: &Json, operator: &str, operand: Json, value: Json) -> Truth {
    let mut subject = resource.clone();
    subject["x"] = value;
    let rule = json!({"x": {operator: operand}});
    let predicate = compile(&rule).unwrap_or_else(|faults| panic!("{rule}: {faults}"));
    let value = Value::from(subject);
    let truth = predicate.truth(&value, environment());
    let traces = predicate.explain(&value, environment(), truth);
    assert!(!traces.is_empty(), "{rule} is {truth:?} without evidence");
    if truth == Truth::Unknown {
        assert!(traces.iter().any(|trace| matches!(trace.actual, Actual::Unknown(_))), "{rule} says not why");
    }
    truth
}

/// The evidence of an operator on a value, a line each: path below the value, what is shown.
pub fn decided(operator: &str, operand: Json, value: Json) -> Vec<String> {
    let predicate = compile(&json!({".": {operator: operand}})).unwrap();
    let value = Value::from(value);
    let truth = predicate.truth(&value, environment());
    let shown = |trace: Trace| {
        let mut line = String::new();
        write_steps(&trace.steps, &mut line);
        match trace.actual {
            Actual::Value(value) => format!("{line}: {}", value.to_json(2000)),
            Actual::Absent => format!("{line}: absent"),
            Actual::Unknown(why) => format!("{line}: unknown, {why}"),
        }
    };
    predicate.explain(&value, environment(), truth).into_iter().map(shown).collect()
}

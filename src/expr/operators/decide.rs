//! How operators decide on a value that is there and known.

use std::borrow::Cow;

use super::{Modifiers, Operand, Spelled};
use crate::expr::typed::{self, Type, Typed};
use crate::expr::{Truth, Value};

/// Up to here every whole number is one of its own.
const EXACT: f64 = 9_007_199_254_740_991.0;

impl Spelled {
    /// The spelling of a scalar; none for lists and maps.
    pub fn of(value: &Value) -> Option<Spelled> {
        let number = match value {
            Value::Int(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            _ => None,
        };
        spelling(value).map(|text| Spelled { text: text.into_owned(), number })
    }

    fn equals(&self, value: &Value, modifiers: Modifiers) -> Truth {
        match (value, self.number) {
            // Beyond it neighbours are the same number here, and only their digits tell them apart.
            (_, Some(own)) if own.abs() > EXACT => match (spelling(value), Type::Number.read(value)) {
                (Some(text), _) if text.trim() == self.text => Truth::True,
                (_, Some(Typed::Number(number))) if number == own && matches!(value, Value::Float(_)) => Truth::Unknown,
                (Some(_), _) => Truth::False,
                (None, _) => Truth::Unknown,
            },
            (Value::Int(n), Some(own)) => Truth::from(*n as f64 == own),
            (Value::Float(n), Some(own)) => Truth::from(*n == own),
            (Value::Str(text), Some(own)) => Truth::from(typed::number(text) == Some(own)),
            _ => match spelling(value) {
                Some(text) if modifiers.ignore_case => Truth::from(text.eq_ignore_ascii_case(&self.text)),
                Some(text) => Truth::from(text == self.text.as_str()),
                None => Truth::Unknown,
            },
        }
    }
}

fn spelling(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Str(text) => Some((&**text).into()),
        Value::Bool(true) => Some("true".into()),
        Value::Bool(false) => Some("false".into()),
        Value::Int(n) => Some(n.to_string().into()),
        Value::Float(n) => Some(n.to_string().into()),
        Value::Null | Value::List(_) | Value::Map(_) | Value::Unknown(_) => None,
    }
}

pub(super) fn equals(value: &Value, operand: &Operand, modifiers: Modifiers) -> Truth {
    match operand {
        Operand::Scalar(own) => own.equals(value, modifiers),
        _ => Truth::Unknown,
    }
}

pub(super) fn is_in(value: &Value, operand: &Operand, modifiers: Modifiers) -> Truth {
    match operand {
        Operand::Scalars(known) if spelling(value).is_some() => {
            Truth::any(known.iter().map(|own| own.equals(value, modifiers)))
        }
        _ => Truth::Unknown,
    }
}

pub(super) fn compare(value: &Value, operand: &Operand, holds: fn(f64, f64) -> bool) -> Truth {
    match (Type::Number.read(value), operand) {
        (Some(Typed::Number(n)), Operand::Number(own)) => Truth::from(holds(n, *own)),
        _ => Truth::Unknown,
    }
}

pub(super) fn between(value: &Value, operand: &Operand, _: Modifiers) -> Truth {
    match (Type::Number.read(value), operand) {
        (Some(Typed::Number(n)), Operand::Range(low, high)) => Truth::from(*low <= n && n <= *high),
        _ => Truth::Unknown,
    }
}

pub(super) fn matches(value: &Value, operand: &Operand, _: Modifiers) -> Truth {
    match (spelling(value), operand) {
        (Some(text), Operand::Pattern(pattern)) => Truth::from(pattern.is_match(&text)),
        _ => Truth::Unknown,
    }
}

pub(super) fn text_test(
    value: &Value,
    operand: &Operand,
    modifiers: Modifiers,
    holds: fn(&str, &str) -> bool,
) -> Truth {
    match (spelling(value), operand) {
        (Some(text), Operand::Scalar(own)) if modifiers.ignore_case => {
            Truth::from(holds(&text.to_lowercase(), &own.text.to_lowercase()))
        }
        (Some(text), Operand::Scalar(own)) => Truth::from(holds(&text, &own.text)),
        _ => Truth::Unknown,
    }
}

// Element of a list, key of a map, or part of a text.
fn holds_member(value: &Value, own: &Spelled, modifiers: Modifiers) -> Truth {
    match value {
        Value::List(items) => Truth::any(items.iter().map(|item| match item {
            Value::Null | Value::List(_) | Value::Map(_) => Truth::False,
            item => own.equals(item, modifiers),
        })),
        // An entry that was not collected may not be there.
        Value::Map(map) => Truth::any(map.iter().map(|(key, value)| {
            let same = own.equals(&Value::str(key.as_str()), modifiers);
            if same == Truth::True && matches!(value, Value::Unknown(_)) { Truth::Unknown } else { same }
        })),
        Value::Str(text) if modifiers.ignore_case => {
            Truth::from(text.to_lowercase().contains(&own.text.to_lowercase()))
        }
        Value::Str(text) => Truth::from(text.contains(&own.text)),
        _ => Truth::Unknown,
    }
}

pub(super) fn contains(value: &Value, operand: &Operand, modifiers: Modifiers) -> Truth {
    match operand {
        Operand::Scalar(own) => holds_member(value, own, modifiers),
        _ => Truth::Unknown,
    }
}

pub(super) fn contains_any(value: &Value, operand: &Operand, modifiers: Modifiers) -> Truth {
    match operand {
        Operand::Scalars(known) => Truth::any(known.iter().map(|own| holds_member(value, own, modifiers))),
        _ => Truth::Unknown,
    }
}

pub(super) fn contains_all(value: &Value, operand: &Operand, modifiers: Modifiers) -> Truth {
    match operand {
        Operand::Scalars(known) => Truth::all(known.iter().map(|own| holds_member(value, own, modifiers))),
        _ => Truth::Unknown,
    }
}

pub(super) fn subset_of(value: &Value, operand: &Operand, modifiers: Modifiers) -> Truth {
    let (Operand::Scalars(known), Value::List(items)) = (operand, value) else { return Truth::Unknown };
    Truth::all(items.iter().map(|item| match item {
        Value::Null => Truth::False,
        item => Truth::any(known.iter().map(|own| own.equals(item, modifiers))),
    }))
}

pub(super) fn age(value: &Value, operand: &Operand, modifiers: Modifiers, holds: fn(f64, f64) -> bool) -> Truth {
    match (typed::age(value, modifiers.now), operand) {
        (Some(age), Operand::Number(seconds)) => Truth::from(holds(age, *seconds)),
        _ => Truth::Unknown,
    }
}

pub(super) fn is_empty(value: &Value) -> Truth {
    match value {
        Value::Null => Truth::True,
        Value::Str(text) => text.is_empty().into(),
        Value::List(items) => items.is_empty().into(),
        // An entry that was not collected may not be there.
        Value::Map(map) => Truth::all(map.iter().map(|(_, value)| match value {
            Value::Unknown(_) => Truth::Unknown,
            _ => Truth::False,
        })),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Truth::False,
        Value::Unknown(_) => Truth::Unknown,
    }
}

pub(super) fn has_type(value: &Value, operand: &Operand, _: Modifiers) -> Truth {
    match (value, operand) {
        (Value::Unknown(_), _) => Truth::Unknown,
        (value, Operand::Scalar(name)) => Truth::from(value.kind().trim_start_matches("a ") == name.text),
        _ => Truth::Unknown,
    }
}

pub(super) fn mode_within(value: &Value, operand: &Operand, _: Modifiers) -> Truth {
    match (typed::mode(value), operand) {
        (Some(mode), Operand::Mode(allowed)) => Truth::from(mode & !allowed == 0),
        _ => Truth::Unknown,
    }
}

pub(super) fn is_true(operand: &Operand) -> bool {
    matches!(operand, Operand::Flag(true))
}

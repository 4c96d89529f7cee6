//! What a YAML scalar means to Kubernetes: YAML 1.1 as `kubectl` reads it, so `privileged: yes` is true and `mode: 0644`
//! is 420.

use crate::expr::Value;

/// The value of a scalar that is written without quotes and tags.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => match text.as_bytes() {
            [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => number(text).unwrap_or_else(|| Value::str(text)),
            _ => Value::str(text),
        },
    }
}

fn number(text: &str) -> Option<Value> {
    let stripped;
    let digits = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    let (negative, unsigned) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits),
    };
    whole(unsigned, negative).or_else(|| float(digits, unsigned))
}

// As Go's `ParseInt` with base 0, which is what Kubernetes uses.
fn whole(unsigned: &str, negative: bool) -> Option<Value> {
    let (radix, rest) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // A second sign is none.
    if !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(rest, radix).ok()?);
    let number = if negative { -magnitude } else { magnitude };
    Some(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
}

fn float(signed: &str, unsigned: &str) -> Option<Value> {
    // `1.`, `.5`, `1.5e3`; neither `infinity` nor `nan`, which Rust would take, nor `1.2.3`, which it would not.
    if !unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    // JSON has no infinity and no NaN, so that `kubectl` refuses them: as text they are nothing that a rule takes for a number.
    let number = signed.parse::<f64>().ok().filter(|number| number.is_finite())?;
    // Written to JSON and back, as on the way to the API server, a whole number is a whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    Some(if number.fract() == 0.0 && number.abs() <= EXACT { Value::Int(number as i64) } else { Value::Float(number) })
}

/// The value of a scalar with one of the tags of YAML itself (`str` for `!!str`); none if the text does not fit the tag.
pub(super) fn tagged(tag: &str, text: &str) -> Option<Value> {
    let value = plain(text);
    match (tag, value) {
        ("null", Value::Null) => Some(Value::Null),
        ("bool", value @ Value::Bool(_)) | ("int" | "float", value @ Value::Int(_)) => Some(value),
        ("float", value @ Value::Float(_)) => Some(value),
        ("null" | "bool" | "int" | "float", _) => None,
        _ => Some(Value::str(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_what_kubectl_makes_of_it() {
        for (text, json) in [
            ("yes", "true"),
            ("y", "true"),
            ("On", "true"),
            ("NO", "false"),
            ("off", "false"),
            ("oN", "\"oN\""),
            ("~", "null"),
            ("", "null"),
            ("Null", "null"),
            ("nULL", "\"nULL\""),
            ("0644", "420"),
            ("0o644", "420"),
            ("-0644", "-420"),
            ("0899", "899"),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("+12", "12"),
            ("-12", "-12"),
            ("--12", "\"--12\""),
            ("+-12", "\"+-12\""),
            ("0x-1", "\"0x-1\""),
            ("1e3", "1000"),
            ("1.5", "1.5"),
            ("1.0", "1"),
            (".5", "0.5"),
            ("1.2.3", "\"1.2.3\""),
            ("12m", "\"12m\""),
            ("1:30", "\"1:30\""),
            ("2001-01-01", "\"2001-01-01\""),
            ("-", "\"-\""),
            ("0", "0"),
            ("0x", "\"0x\""),
            ("9223372036854775807", "9223372036854775807"),
            ("infinity", "\"infinity\""),
            ("-inf", "\"-inf\""),
            ("1é", "\"1é\""),
            (".inf", "\".inf\""),
            ("-.Inf", "\"-.Inf\""),
            (".nan", "\".nan\""),
            ("1e999", "\"1e999\""),
        ] {
            assert_eq!(plain(text).to_json(100), json, "{text}");
        }
        assert_eq!(plain("18446744073709551615"), Value::Float(u64::MAX as f64));
    }

    #[test]
    fn tags_decide() {
        assert_eq!(tagged("str", "yes"), Some(Value::str("yes")));
        assert_eq!(tagged("int", "0x10"), Some(Value::Int(16)));
        assert_eq!(tagged("bool", "maybe"), None);
    }
}

//! Parsing of documents that may be made to exhaust the reader: deep nesting, aliases that multiply.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values of one document, repeated ones included; the largest document without repetition has fewer.
const VALUES_LIMIT: usize = 200_000;
/// Brackets that are open at once. The parser's time grows with the square of it.
const BRACKETS_LIMIT: usize = 500;

/// Whether more brackets are open at once than any real document has; those in quotes count too.
pub fn is_too_deep(text: &str) -> bool {
    let mut open = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > BRACKETS_LIMIT
    })
}

/// Reads any value, up to a number of values.
pub struct Limited {
    left: Cell<usize>,
}

impl Limited {
    /// For one document.
    pub fn new() -> Limited {
        Limited { left: Cell::new(VALUES_LIMIT) }
    }

    /// Reads the document.
    pub fn deserialize<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Value, D::Error> {
        Seed(self).deserialize(deserializer)
    }
}

struct Seed<'a>(&'a Limited);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.0.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Seed(self.0))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    // Of repeated keys the last one counts. Keys that are no text (`1:`, `true:`) belong to no known document.
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key_seed(Seed(self.0))? {
            let value = access.next_value_seed(Seed(self.0))?;
            match key {
                Value::String(key) => map.insert(key, value),
                other => map.insert(other.to_string(), value),
            };
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, serde_yaml::Error> {
        Limited::new().deserialize(serde_yaml::Deserializer::from_str(text))
    }

    #[test]
    fn ordinary_documents_come_through() {
        let value = read("a: [1, -2, 1.5, true, null, 'x']\nb: &b {c: d}\ne: *b\n1: y\na: 2\n").unwrap();
        assert_eq!(value, serde_json::json!({"a": 2, "b": {"c": "d"}, "e": {"c": "d"}, "1": "y"}));
    }

    #[test]
    fn multiplying_aliases_are_stopped() {
        let text = format!("a: &a [{}]\nb: [{}]", "x,".repeat(1000), "*a,".repeat(1000));
        let begin = std::time::Instant::now();
        assert!(read(&text).is_err());
        assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
    }

    #[test]
    fn depth_is_measured_before_parsing() {
        assert!(!is_too_deep(&"[]".repeat(10_000)));
        assert!(is_too_deep(&"{a: ".repeat(1_000)));
    }
}

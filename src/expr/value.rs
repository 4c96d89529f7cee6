//! Configuration values: JSON, plus "could not be read".

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::base::symbol::Symbol;
use crate::model::Text;

/// A value of a configuration object. Absent is no value: look-ups give `None` for it.
///
/// Cloning is cheap: text, lists and maps are shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// JSON null: written down, but nothing.
    #[default]
    Null,
    /// true or false.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Text),
    /// List.
    List(Arc<[Value]>),
    /// Map, in input order.
    Map(Arc<Map>),
    /// It is there or not there, nobody knows: not collected, for the reason given. Reading into it is unknown as well.
    Unknown(Text),
}

/// A map in input order. Keys are unique; of repeated keys in the input the last one stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map(Box<[(Symbol, Value)]>);

impl Map {
    /// A map of these entries; the last of equal keys wins.
    pub fn new(mut entries: Vec<(Symbol, Value)>) -> Map {
        // Comparing every pair is fastest for the maps that there are, and ruinous for one made to be so.
        if entries.len() > 64 {
            return Map::large(entries);
        }
        for at in (1..entries.len()).rev() {
            if let Some(first) = entries[..at].iter().position(|(key, _)| *key == entries[at].0) {
                let (_, value) = entries.remove(at);
                entries[first].1 = value;
            }
        }
        Map(entries.into_boxed_slice())
    }

    fn large(entries: Vec<(Symbol, Value)>) -> Map {
        let mut places: HashMap<Symbol, usize, foldhash::fast::FixedState> = HashMap::default();
        let mut unique: Vec<(Symbol, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match places.entry(key) {
                Entry::Occupied(place) => unique[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    place.insert(unique.len());
                    unique.push((key, value));
                }
            }
        }
        Map(unique.into_boxed_slice())
    }

    /// The value of `key`.
    pub fn get(&self, key: Symbol) -> Option<&Value> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// Entries in input order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Symbol, &Value)> {
        self.0.iter().map(|(k, v)| (*k, v))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Has no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value {
    /// Text.
    pub fn str(text: impl AsRef<str>) -> Value {
        Value::Str(Text::from(text.as_ref()))
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::List(items.into_iter().collect())
    }

    /// A map; the last of equal keys wins.
    pub fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        Value::Map(Arc::new(Map::new(entries.into_iter().map(|(k, v)| (Symbol::new(k), v)).collect())))
    }

    /// Could not be read, and why.
    pub fn unknown(why: impl AsRef<str>) -> Value {
        Value::Unknown(Text::from(why.as_ref()))
    }

    /// The entry `key` if this is a map that has it. For derived views; rules read by [`super::Path`].
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get(Symbol::new(key)),
            _ => None,
        }
    }

    /// [`Value::get`] through several keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Text content.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The whole number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The elements; nothing if this is no list.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Why it, or some part of it, was not collected; nothing if all of it was.
    pub fn unread(&self) -> Option<&Text> {
        match self {
            Value::Unknown(why) => Some(why),
            Value::List(items) => items.iter().find_map(Value::unread),
            Value::Map(map) => map.iter().find_map(|(_, value)| value.unread()),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => None,
        }
    }

    /// What it is, for messages: `a number`, `text`, `a list`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Str(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Unknown(_) => "unknown",
        }
    }

    /// JSON text of at most about `limit` bytes; a cut is shown by `...`.
    pub fn to_json(&self, limit: usize) -> String {
        let mut out = String::new();
        self.write_json(&mut out, limit);
        if out.len() > limit {
            let mut end = limit;
            while !out.is_char_boundary(end) {
                end -= 1;
            }
            out.truncate(end);
            out.push_str("...");
        }
        out
    }

    // Stops adding once past the limit, so that a huge value costs no more than a small one.
    fn write_json(&self, out: &mut String, limit: usize) {
        if out.len() > limit {
            return;
        }
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Value::Int(n) => _ = write!(out, "{n}"),
            Value::Float(n) => _ = write!(out, "{n}"),
            Value::Str(text) => {
                let mut end = text.len().min(limit.saturating_add(1));
                while !text.is_char_boundary(end) {
                    end += 1;
                }
                out.push_str(&serde_json::to_string(&text[..end]).unwrap_or_default());
            }
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_json(out, limit);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (at, (key, value)) in map.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&serde_json::to_string(key.as_str()).unwrap_or_default());
                    out.push(':');
                    value.write_json(out, limit);
                }
                out.push('}');
            }
            Value::Unknown(_) => out.push_str("(not collected)"),
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => {
                n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap_or(f64::NAN)), Value::Int)
            }
            serde_json::Value::String(s) => Value::Str(s.into()),
            serde_json::Value::Array(items) => Value::list(items.into_iter().map(Value::from)),
            serde_json::Value::Object(map) => Value::Map(Arc::new(Map::new(
                map.into_iter().map(|(k, v)| (Symbol::new(&k), Value::from(v))).collect(),
            ))),
        }
    }
}

impl Serialize for Value {
    /// JSON as it was read; unknown values cannot be written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(n) => serializer.serialize_i64(*n),
            Value::Float(n) => serializer.serialize_f64(*n),
            Value::Str(s) => serializer.serialize_str(s),
            Value::List(items) => serializer.collect_seq(items.iter()),
            Value::Map(map) => serializer.collect_map(map.iter().map(|(k, v)| (k.as_str(), v))),
            Value::Unknown(why) => Err(ser::Error::custom(format!("unknown value: {why}"))),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use de::DeserializeSeed as _;
        super::Projection::everything().seed().deserialize(deserializer).map(Option::unwrap_or_default)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json(200))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_keys_wins_in_maps_of_any_size() {
        for size in [3, 64, 65, 1000] {
            let key = |n: usize| Symbol::new(&format!("k{}", n % (size - 1)));
            let map = Map::new((0..size).map(|n| (key(n), Value::Int(n as i64))).collect());
            assert_eq!(map.len(), size - 1);
            assert_eq!(map.get(key(0)), Some(&Value::Int(size as i64 - 1)));
            assert_eq!(map.iter().next().map(|(k, _)| k), Some(key(0)));
        }
    }
}

//! `apiVersion` and `kind` of a JSON object, without reading the rest of it.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use crate::collect::files::split::Head;

/// Reads `apiVersion` and `kind`, and stops as soon as it has both.
pub(super) fn json_head(text: &[u8]) -> Result<Head, serde_json::Error> {
    let mut head = Head::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    match deserializer.deserialize_any(HeadVisitor(&mut head)) {
        Ok(()) => Ok(head),
        // Stopping early looks like an error to the decoder.
        Err(_) if head.api_version.is_some() && head.kind.is_some() => Ok(head),
        Err(error) => Err(error),
    }
}

struct HeadVisitor<'h>(&'h mut Head);

impl<'de> Visitor<'de> for HeadVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(HeadKey)? {
            match key {
                Key::ApiVersion => self.0.api_version = map.next_value::<Scalar>()?.0,
                Key::Kind => self.0.kind = map.next_value::<Scalar>()?.0,
                Key::Other => _ = map.next_value::<IgnoredAny>()?,
            }
            if self.0.api_version.is_some() && self.0.kind.is_some() {
                break;
            }
        }
        Ok(())
    }
}

enum Key {
    ApiVersion,
    Kind,
    Other,
}

struct HeadKey;

impl<'de> DeserializeSeed<'de> for HeadKey {
    type Value = Key;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for HeadKey {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "apiVersion" => Key::ApiVersion,
            "kind" => Key::Kind,
            _ => Key::Other,
        })
    }
}

// Text, or nothing if it is anything else.
struct Scalar(Option<String>);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        let value: serde_json::Value = serde::Deserialize::deserialize(deserializer)?;
        Ok(Scalar(match value {
            serde_json::Value::String(text) => Some(text),
            _ => None,
        }))
    }
}

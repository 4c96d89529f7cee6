//! Decodes the wanted part of a JSON object, as fast as the rest of its text can be skipped.
//!
//! Pods of one template have the same text in most of their parts. Each such part is decoded once: its text is hashed, and
//! the value is taken from the last time. What is unusual (escapes, deep nesting, broken text) is left to `serde_json`,
//! whose word is final in every case of doubt.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use memchr::memchr2;
use serde::de::DeserializeSeed;

use super::scan::Scan;
use crate::expr::projection::Sharing;
use crate::expr::{Map, Projection, Value};
use crate::model::Text;

/// Deeper text is left to `serde_json`, which refuses it.
const DEEPEST: usize = 100;

/// Levels at which equal text is common: the parts of metadata and specs, and those of pod templates.
const REPEATING: std::ops::RangeInclusive<usize> = 2..=3;

/// What one thread has decoded so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Equal values.
    pub(super) sharing: Sharing,
    // Values by the hash of their text and of what was wanted of it. The hash has a random key, so that nobody can write a
    // text that is taken for another.
    texts: RefCell<HashMap<u64, Value, foldhash::fast::FixedState>>,
    hasher: RandomState,
}

/// The wanted part of the object `text`.
pub(super) fn decode(text: &[u8], projection: &Projection, memory: &Memory) -> Result<Value, serde_json::Error> {
    let mut reader = Reader { text, at: 0, memory };
    if let Some(value) = reader.value(projection, 0)
        && reader.next().is_none()
    {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = projection.sharing_seed(&memory.sharing).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value.unwrap_or_default())
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    memory: &'a Memory,
}

// None means: let serde_json look at it.
impl Reader<'_> {
    fn value(&mut self, projection: &Projection, depth: usize) -> Option<Value> {
        match self.next()? {
            open @ (b'{' | b'[') if REPEATING.contains(&depth) => self.repeating(open, projection, depth),
            b'{' => self.map(projection, depth),
            b'[' => self.list(projection, depth),
            b'"' => Some(Value::Str(self.memory.sharing.text(self.string()?))),
            _ => self.word(),
        }
    }

    fn repeating(&mut self, open: u8, projection: &Projection, depth: usize) -> Option<Value> {
        let start = self.at;
        let length = Scan::new(open).advance(self.text.get(start..)?)?;
        let mut hasher = self.memory.hasher.build_hasher();
        hasher.write(&self.text[start..start + length]);
        hasher.write_usize(std::ptr::from_ref(projection) as usize);
        let hash = hasher.finish();
        if let Some(known) = self.memory.texts.borrow().get(&hash) {
            self.at = start + length;
            return Some(known.clone());
        }
        let value = if open == b'{' { self.map(projection, depth) } else { self.list(projection, depth) }?;
        if self.at != start + length {
            return None;
        }
        self.memory.texts.borrow_mut().insert(hash, value.clone());
        Some(value)
    }

    fn map(&mut self, projection: &Projection, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.next()? == b'}' {
            self.at += 1;
            return Some(self.finish(Value::Map(Arc::default()), depth));
        }
        if depth > DEEPEST {
            return None;
        }
        loop {
            if self.next()? != b'"' {
                return None;
            }
            let key = self.string()?;
            let wanted = projection.entry(key);
            // They differ from object to object, so there is no point in looking for equal ones.
            let unique = depth == 1 && matches!(key, "name" | "uid");
            // Pods of one template differ in their metadata, and mostly in nothing else that is wanted.
            let repeats = depth == 0 && key == "spec";
            if self.next()? != b':' {
                return None;
            }
            self.at += 1;
            match wanted {
                Some((symbol, below)) if !below.is_empty() => {
                    let value = if unique && self.next()? == b'"' {
                        Value::Str(Text::from(self.string()?))
                    } else {
                        self.value(below, depth + 1)?
                    };
                    entries.push((symbol, if repeats { self.memory.sharing.share(value) } else { value }));
                }
                _ => self.skip()?,
            }
            match self.next()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(self.finish(Value::Map(Arc::new(Map::new(entries))), depth))
    }

    fn list(&mut self, projection: &Projection, depth: usize) -> Option<Value> {
        let Some(below) = projection.element() else {
            self.skip()?;
            return Some(Value::list([]));
        };
        self.at += 1;
        let mut items = Vec::new();
        if self.next()? == b']' {
            self.at += 1;
            return Some(self.finish(Value::List(items.into()), depth));
        }
        if depth > DEEPEST {
            return None;
        }
        loop {
            if below.is_empty() {
                self.skip()?;
                items.push(Value::Null);
            } else {
                items.push(self.value(below, depth + 1)?);
            }
            match self.next()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(self.finish(Value::List(items.into()), depth))
    }

    // The object itself and its metadata and spec differ per object: only what is below them repeats.
    fn finish(&self, value: Value, depth: usize) -> Value {
        if depth >= 2 { self.memory.sharing.share(value) } else { value }
    }

    // true, false, null or a number.
    fn word(&mut self) -> Option<Value> {
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
        let word = &rest[..length.unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            b"true" => Some(Value::Bool(true)),
            b"false" => Some(Value::Bool(false)),
            b"null" => Some(Value::Null),
            word => match serde_json::from_slice(word).ok()? {
                serde_json::Value::Number(number) => Some(Value::from(serde_json::Value::Number(number))),
                _ => None,
            },
        }
    }

    // The string at hand, if it is written without escapes.
    fn string(&mut self) -> Option<&str> {
        let start = self.at + 1;
        let rest = self.text.get(start..)?;
        let length = memchr2(b'"', b'\\', rest)?;
        if rest[length] == b'\\' {
            return None;
        }
        self.at = start + length + 1;
        let text = &self.text[start..start + length];
        if text.iter().any(|byte| *byte < b' ') {
            return None;
        }
        std::str::from_utf8(text).ok()
    }

    fn skip(&mut self) -> Option<()> {
        match self.next()? {
            open @ (b'{' | b'[') => self.at += Scan::new(open).advance(self.text.get(self.at..)?)?,
            b'"' => loop {
                self.at += 1;
                let length = memchr2(b'"', b'\\', self.text.get(self.at..)?)?;
                self.at += length + 1;
                if self.text[self.at - 1] == b'"' {
                    break;
                }
                // The loop steps over the byte behind the backslash.
            },
            _ => _ = self.word()?,
        }
        Some(())
    }

    // The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn projection(paths: &[&str]) -> Projection {
        let mut projection = Projection::default();
        paths.iter().for_each(|path| projection.add(&path.parse().unwrap()));
        projection
    }

    fn plain(text: &str, projection: &Projection) -> Option<Value> {
        projection.seed().deserialize(&mut serde_json::Deserializer::from_str(text)).ok().flatten()
    }

    #[test]
    fn equal_parts_are_decoded_once() {
        let memory = Memory::default();
        let wanted = projection(&["metadata.name", "spec.containers[*].image"]);
        let decoded = |name: &str, image: &str| {
            let text = format!(
                r#"{{"metadata":{{"name":"{name}"}},"spec":{{"x":"\"}}","containers":[{{"image":"{image}"}}]}}}}"#
            );
            decode(text.as_bytes(), &wanted, &memory).unwrap()
        };
        let (a, b, c) = (decoded("a", "i"), decoded("b", "i"), decoded("c", "j"));
        let list = |value: &Value| match value.at(&["spec", "containers"]) {
            Some(Value::List(items)) => items.clone(),
            _ => panic!("no list"),
        };
        assert!(Arc::ptr_eq(&list(&a), &list(&b)));
        let spec = |value: &Value| match value.get("spec") {
            Some(Value::Map(spec)) => spec.clone(),
            _ => panic!("no spec"),
        };
        assert!(Arc::ptr_eq(&spec(&a), &spec(&b)));
        assert_eq!(list(&c)[0].get("image"), Some(&Value::str("j")));
        assert_eq!(b.at(&["metadata", "name"]), Some(&Value::str("b")));
    }

    #[test]
    fn the_same_text_in_another_place_is_another_value() {
        let memory = Memory::default();
        let wanted = projection(&["spec.a.x", "spec.b.y"]);
        let text = r#"{"spec":{"a":{"x":1,"y":2},"b":{"x":1,"y":2}}}"#;
        let value = decode(text.as_bytes(), &wanted, &memory).unwrap();
        assert_eq!(value.to_json(100), r#"{"spec":{"a":{"x":1},"b":{"y":2}}}"#);
    }

    #[test]
    fn broken_text_is_an_error() {
        let wanted = projection(&["a"]);
        for text in [
            "{",
            "{\"a\":}",
            "{\"a\":1}x",
            "{\"a\":1,}",
            "{\"a\":[1,]}",
            "{\"a\":tru}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\" 1}",
            "{a:1}",
            "{\"a\":01}",
            "",
        ] {
            assert!(decode(text.as_bytes(), &wanted, &Memory::default()).is_err(), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(decode(deep.as_bytes(), &wanted, &Memory::default()).is_err());
        let skipped = format!("{{\"b\":{}{},\"a\":1}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(decode(skipped.as_bytes(), &wanted, &Memory::default()).unwrap().to_json(20), "{\"a\":1}");
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let part = prop::sample::select(vec!["\"", "\\", "{", "}", "[", "]", "a", "é", "\n", " "]);
        let text = prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat());
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            (-1e9..1e9).prop_map(|n: f64| n.into()),
            text.clone().prop_map(Into::into)
        ];
        leaf.prop_recursive(5, 60, 5, move |inner| {
            let key = prop_oneof![prop::sample::select(vec!["a", "b", "name"]).prop_map(str::to_owned), text.clone()];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec((key, inner), 0..5)
                    .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_reads(value in json(), pretty: bool, which in 0usize..5) {
            let value = serde_json::json!({ "a": value.clone(), "b": [value.clone(), {"a": value}] });
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let wanted = projection([&["a"][..], &["a.a", "b[*].a"], &["b"], &["a[*].b[*]", "b"], &["a.name", "a.a.a.a", "b[*]"]][which]);
            let memory = Memory::default();
            let expected = plain(&text, &wanted);
            // Twice: the second time from memory.
            for _ in 0..2 {
                prop_assert_eq!(decode(text.as_bytes(), &wanted, &memory).ok(), expected.clone());
            }
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ 1a-.\n\xff".to_vec()), 0..60)) {
            let _ = decode(&bytes, &projection(&["a"]), &Memory::default());
        }
    }
}

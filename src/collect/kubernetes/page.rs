//! Decodes a page of a list through a projection, object by object, without building anything that is not wanted.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::base::symbol::Symbol;
use crate::catalog::Kind;
use crate::expr::projection::Sharing;
use crate::expr::{Map, Projection, Value};
use crate::inventory::Resource;

/// What is decoded, and how.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub kind: &'static Kind,
    pub projection: &'a Projection,
    /// Remember where each object stands in the text.
    pub keep_text: bool,
}

/// A decoded page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub resources: Vec<Resource>,
    /// Token of the next page.
    pub next: Option<String>,
    /// Places of the objects in the text, if asked for.
    pub places: Vec<Range<usize>>,
}

/// The token of the next page, read without decoding the objects: `Some(None)` if this is the last page, `None` if the
/// objects stand before the token.
pub(super) fn peek_next(body: &[u8]) -> Option<Option<String>> {
    let found = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // Ends with an error on purpose, as soon as the metadata was seen.
    let _ = deserializer.deserialize_map(Peek(&found));
    found.into_inner()
}

/// Decodes a page.
pub(super) fn decode(body: &[u8], reading: Reading<'_>, sharing: &Sharing) -> Result<Page, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let page = deserializer.deserialize_map(PageVisitor { body, reading, sharing })?;
    deserializer.end()?;
    Ok(page)
}

/// Decodes the text of one object.
pub(super) fn decode_object(
    body: &[u8],
    reading: Reading<'_>,
    sharing: &Sharing,
) -> Result<Resource, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = reading.projection.sharing_seed(sharing).deserialize(&mut deserializer)?;
    deserializer.end()?;
    resource(value, reading)
}

fn resource<E: Error>(value: Option<Value>, reading: Reading<'_>) -> Result<Resource, E> {
    let value = value.unwrap_or(Value::Null);
    let text = |key: &str| match value.at(&["metadata", key]) {
        Some(Value::Str(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let name = text("name").ok_or_else(|| E::custom("an object without a name"))?;
    let scope = text("namespace");
    Ok(Resource { scope, name, value: with_type(value, reading), place: None })
}

/// Adds `apiVersion` and `kind`, which elements of lists do not carry, if they are asked for.
fn with_type(value: Value, reading: Reading<'_>) -> Value {
    let asks = |key: &str| reading.projection.entry(key).is_some() && value.get(key).is_none();
    let (version, kind) = (asks("apiVersion"), asks("kind"));
    let Value::Map(map) = &value else { return value };
    if !version && !kind {
        return value;
    }
    let mut entries = Vec::with_capacity(map.len() + 2);
    if version {
        let Kind { group, version, .. } = reading.kind;
        let text = if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
        entries.push((Symbol::new("apiVersion"), Value::str(text)));
    }
    if kind {
        entries.push((Symbol::new("kind"), Value::str(reading.kind.object_name())));
    }
    entries.extend(map.iter().map(|(key, value)| (key, value.clone())));
    Value::Map(std::sync::Arc::new(Map::new(entries)))
}

#[derive(serde::Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

fn token(meta: Option<ListMeta>) -> Option<String> {
    meta?.next.filter(|token| !token.is_empty())
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
enum Key {
    Metadata,
    Items,
    #[serde(other)]
    Other,
}

struct Peek<'a>(&'a Cell<Option<Option<String>>>);

impl<'de> Visitor<'de> for Peek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Metadata => {
                    self.0.set(Some(token(map.next_value()?)));
                    return Ok(());
                }
                Key::Items => return Ok(()),
                Key::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

struct PageVisitor<'a> {
    body: &'a [u8],
    reading: Reading<'a>,
    sharing: &'a Sharing,
}

impl<'de> Visitor<'de> for PageVisitor<'_> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        let mut is_list = false;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Metadata => page.next = token(map.next_value()?),
                Key::Items => {
                    is_list = true;
                    map.next_value_seed(Items { page: &mut page, of: &self })?;
                }
                Key::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if is_list { Ok(page) } else { Err(A::Error::custom("no list of objects")) }
    }
}

struct Items<'a> {
    page: &'a mut Page,
    of: &'a PageVisitor<'a>,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    // An empty list may be written as null.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let PageVisitor { body, reading, sharing } = *self.of;
        if reading.keep_text {
            while let Some(raw) = items.next_element::<&RawValue>()? {
                let text = raw.get().as_bytes();
                self.page.resources.push(decode_object(text, reading, sharing).map_err(A::Error::custom)?);
                // The text is a part of the body, borrowed from it.
                let start = (text.as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
                self.page.places.push(start..start + text.len());
            }
        } else {
            let seed = reading.projection.sharing_seed(sharing);
            while let Some(value) = items.next_element_seed(seed)? {
                self.page.resources.push(resource(value, reading)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    fn wanted(paths: &[&str]) -> Projection {
        let mut projection = Projection::default();
        for path in paths.iter().chain(&["metadata.name", "metadata.namespace"]) {
            projection.add(&path.parse().unwrap());
        }
        projection
    }

    fn read(body: &str, paths: &[&str], keep_text: bool) -> Result<Page, serde_json::Error> {
        let kind = catalog::kind("NetworkPolicy").unwrap();
        decode(body.as_bytes(), Reading { kind, projection: &wanted(paths), keep_text }, &Sharing::new())
    }

    const TWO: &str = r#"[{"metadata":{"name":"a","namespace":"n"},"spec":{"x":1}},{"metadata":{"name":"b"}}]"#;

    #[test]
    fn the_order_of_keys_does_not_matter() {
        for body in [
            format!(r#"{{"kind":"List","metadata":{{"continue":"t"}},"items":{TWO}}}"#),
            format!(r#"{{"items":{TWO},"metadata":{{"remainingItemCount":3,"continue":"t"}},"apiVersion":"v1"}}"#),
        ] {
            let page = read(&body, &["spec.x"], false).unwrap();
            assert_eq!(page.next.as_deref(), Some("t"));
            let names: Vec<&str> = page.resources.iter().map(|r| &*r.name).collect();
            assert_eq!(names, ["a", "b"]);
            assert_eq!(page.resources[0].scope.as_deref(), Some("n"));
            assert_eq!(page.resources[0].value.at(&["spec", "x"]), Some(&Value::Int(1)));
        }
    }

    #[test]
    fn the_token_is_seen_early_if_it_stands_first() {
        let first = format!(r#"{{"metadata":{{"continue":"t"}},"items":{TWO}}}"#);
        assert_eq!(peek_next(first.as_bytes()), Some(Some("t".into())));
        assert_eq!(peek_next(br#"{"metadata":{"continue":""},"items":[]}"#), Some(None));
        assert_eq!(peek_next(br#"{"metadata":null,"items":[]}"#), Some(None));
        let last = format!(r#"{{"items":{TWO},"metadata":{{"continue":"t"}}}}"#);
        assert_eq!(peek_next(last.as_bytes()), None);
        assert_eq!(peek_next(b"<html>"), None);
    }

    #[test]
    fn texts_of_the_objects_are_found_again() {
        let body = format!(r#"{{ "items" : {TWO} , "metadata":{{}} }}"#);
        let page = read(&body, &[], true).unwrap();
        let texts: Vec<&str> = page.places.iter().map(|place| &body[place.clone()]).collect();
        assert_eq!(
            texts,
            [r#"{"metadata":{"name":"a","namespace":"n"},"spec":{"x":1}}"#, r#"{"metadata":{"name":"b"}}"#]
        );
        assert_eq!(page.resources.len(), 2);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"kind":"Status","metadata":{},"status":"Failure"}"#,
            r#"{"metadata":{},"items":{}}"#,
            r#"{"metadata":{},"items":[{"metadata":{"name":"a"}}"#,
            r#"{"metadata":{},"items":[]}x"#,
            r#"{"metadata":{},"items":[null]}"#,
            r#"{"metadata":{},"items":[{"metadata":{"name":""}}]}"#,
            r#"{"metadata":{},"items":[{"metadata":{"name":7}}]}"#,
            r#"{"metadata":{"continue":7},"items":[]}"#,
        ] {
            assert!(read(body, &[], false).is_err(), "{body}");
            assert!(read(body, &[], true).is_err(), "{body}");
        }
        assert!(read(r#"{"metadata":{},"items":null}"#, &[], false).unwrap().resources.is_empty());
    }

    #[test]
    fn kind_and_version_are_there_if_asked_for() {
        let body = format!(r#"{{"items":{TWO}}}"#);
        let page = read(&body, &["kind", "apiVersion"], false).unwrap();
        assert_eq!(
            page.resources[1].value.to_json(200),
            r#"{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"b"}}"#
        );
        assert_eq!(read(&body, &[], false).unwrap().resources[1].value.to_json(200), r#"{"metadata":{"name":"b"}}"#);
    }
}

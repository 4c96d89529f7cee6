//! What of an object is worth reading: the union of all paths that the chosen rules read, as a tree. Decoding through it
//! skips the rest of the text without building anything.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::path::{Path, Segment};
use super::{Map, Value};
use crate::base::symbol::Symbol;
use crate::model::Text;

/// A set of paths as a tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    // Everything below is wanted.
    all: bool,
    // Wanted keys of a map. The name stands beside the symbol, so that decoding compares text without a look-up.
    keys: Vec<(&'static str, Symbol, Projection)>,
    // Wanted of every list element and of every map entry; what own keys want holds this as well.
    each: Option<Box<Projection>>,
}

/// Key of a map that stands for a value which could not be read; its own value says why. It is part of every projection, so
/// that what was not read never looks like what is not there.
pub const UNKNOWN: &str = "spm.unknown";

/// A decoded value: `None` if nothing of it was wanted.
pub type Projected = Option<Value>;

static EVERYTHING: LazyLock<Projection> = LazyLock::new(|| Projection { all: true, keys: Vec::new(), each: None });

impl Projection {
    /// Keeps everything.
    pub fn everything() -> &'static Projection {
        &EVERYTHING
    }

    /// Adds a path and all that is below it.
    pub fn add(&mut self, path: &Path) {
        self.insert(&path.segments);
    }

    /// Adds all paths of `other`.
    pub fn merge(&mut self, other: &Projection) {
        self.all |= other.all;
        for (name, symbol, below) in &other.keys {
            self.key(name, *symbol).merge(below);
        }
        if let Some(below) = &other.each {
            self.each.get_or_insert_default().merge(below);
            for (_, _, own) in &mut self.keys {
                own.merge(below);
            }
        }
    }

    /// Nothing is wanted.
    pub fn is_empty(&self) -> bool {
        !self.all && self.keys.is_empty() && self.each.is_none()
    }

    /// Everything here and below is wanted.
    pub fn is_everything(&self) -> bool {
        self.all
    }

    /// The keys of a map that are wanted by name.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.keys.iter().map(|(name, ..)| *name)
    }

    /// What is wanted of the map entry `key`; none if nothing is.
    pub fn entry(&self, key: &str) -> Option<(Symbol, &Projection)> {
        if let Some((_, symbol, below)) = self.keys.iter().find(|(name, ..)| *name == key) {
            return Some((*symbol, if self.all { &EVERYTHING } else { below }));
        }
        if self.all || key == UNKNOWN {
            return Some((Symbol::new(key), &EVERYTHING));
        }
        self.each.as_deref().map(|below| (Symbol::new(key), below))
    }

    /// What is wanted of every list element. A list where keys of a map were expected keeps its (empty) elements, so that
    /// the wrong type is seen.
    pub fn element(&self) -> Option<&Projection> {
        if self.all { Some(&EVERYTHING) } else { self.each.as_deref() }
    }

    /// For `serde`: decodes any format through this projection.
    pub fn seed(&self) -> ProjectionSeed<'_> {
        ProjectionSeed { projection: self, depth: 0, sharing: None }
    }

    /// Like [`Projection::seed`]; equal lists and maps inside of the object are kept once per `sharing`.
    pub fn sharing_seed<'a>(&'a self, sharing: &'a Sharing) -> ProjectionSeed<'a> {
        ProjectionSeed { projection: self, depth: 0, sharing: Some(sharing) }
    }

    fn insert(&mut self, segments: &[Segment]) {
        if self.all {
            return;
        }
        let Some((first, rest)) = segments.split_first() else {
            self.all = true;
            return;
        };
        match first {
            Segment::Key(key) => self.key(key.as_str(), *key).insert(rest),
            Segment::Any => {
                self.each.get_or_insert_default().insert(rest);
                for (_, _, own) in &mut self.keys {
                    own.insert(rest);
                }
            }
            // Only elements of lists are selected, which have no own keys here.
            Segment::Select { key, .. } => {
                let each = self.each.get_or_insert_default();
                each.key(key.as_str(), *key).all = true;
                each.insert(rest);
            }
        }
    }

    fn key(&mut self, name: &'static str, symbol: Symbol) -> &mut Projection {
        let at = self.keys.iter().position(|(_, s, _)| *s == symbol).unwrap_or_else(|| {
            self.keys.push((name, symbol, self.each.as_deref().cloned().unwrap_or_default()));
            self.keys.len() - 1
        });
        &mut self.keys[at].2
    }
}

/// Keeps equal subtrees once: the pods of one Deployment have equal specs, so a hundred thousand pods take the room of
/// their templates. One per decoding thread, so that no lock is needed.
#[derive(Debug, Default)]
pub struct Sharing {
    // By hash. Of two different values with the same hash only the first is shared.
    seen: RefCell<Seen<Value>>,
    texts: RefCell<Seen<Text>>,
}

type Seen<T> = std::collections::HashMap<u64, T, foldhash::fast::FixedState>;

impl Sharing {
    /// Nothing seen yet.
    pub fn new() -> Sharing {
        Sharing::default()
    }

    /// An equal value seen before, or `value` itself.
    pub fn share(&self, value: Value) -> Value {
        use std::hash::BuildHasher;
        let hash = foldhash::fast::FixedState::default().hash_one(ShallowHash(&value));
        match self.seen.borrow_mut().entry(hash) {
            Entry::Occupied(known) if shallow_eq(known.get(), &value) => known.get().clone(),
            Entry::Occupied(_) => value,
            Entry::Vacant(place) => place.insert(value).clone(),
        }
    }

    /// The text as a value holds it; short ones are kept once.
    pub fn text(&self, text: &str) -> Text {
        use std::hash::BuildHasher;
        if text.len() > 64 {
            return Text::from(text);
        }
        let hash = foldhash::fast::FixedState::default().hash_one(text);
        match self.texts.borrow_mut().entry(hash) {
            Entry::Occupied(known) if **known.get() == *text => known.get().clone(),
            Entry::Occupied(_) => Text::from(text),
            Entry::Vacant(place) => place.insert(Text::from(text)).clone(),
        }
    }
}

// Children that are lists or maps have been shared before their parent, so comparing their addresses is enough.
struct ShallowHash<'a>(&'a Value);

impl std::hash::Hash for ShallowHash<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let child = |value: &Value, state: &mut H| match value {
            Value::Null => 0u8.hash(state),
            Value::Bool(b) => (1u8, b).hash(state),
            Value::Int(n) => (2u8, n).hash(state),
            Value::Float(n) => (3u8, n.to_bits()).hash(state),
            Value::Str(s) => (4u8, &**s).hash(state),
            Value::List(items) => (5u8, Arc::as_ptr(items).cast::<u8>() as usize).hash(state),
            Value::Map(map) => (6u8, Arc::as_ptr(map) as usize).hash(state),
            Value::Unknown(why) => (7u8, &**why).hash(state),
        };
        match self.0 {
            Value::List(items) => {
                items.len().hash(state);
                items.iter().for_each(|item| child(item, state));
            }
            Value::Map(map) => {
                map.len().hash(state);
                map.iter().for_each(|(key, item)| {
                    key.hash(state);
                    child(item, state);
                });
            }
            other => child(other, state),
        }
    }
}

fn shallow_eq(a: &Value, b: &Value) -> bool {
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    };
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        (a, b) => same(a, b),
    }
}

/// Decodes one value through a projection. See [`Projection::seed`].
#[derive(Clone, Copy)]
pub struct ProjectionSeed<'a> {
    projection: &'a Projection,
    depth: usize,
    sharing: Option<&'a Sharing>,
}

impl<'a> ProjectionSeed<'a> {
    fn below(&self, projection: &'a Projection) -> ProjectionSeed<'a> {
        ProjectionSeed { projection, depth: self.depth + 1, sharing: self.sharing }
    }

    // The object itself and its metadata and spec differ per object: only what is below them repeats.
    fn finish(&self, value: Value) -> Value {
        match self.sharing {
            Some(sharing) if self.depth >= 2 => sharing.share(value),
            _ => value,
        }
    }
}

impl<'de> DeserializeSeed<'de> for ProjectionSeed<'_> {
    type Value = Projected;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Projected, D::Error> {
        if self.projection.is_empty() {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(None);
        }
        deserializer.deserialize_any(self).map(Some)
    }
}

// A key of the projection, without allocating the text of keys that are not wanted.
struct KeySeed<'a>(&'a Projection);

impl<'de, 'a> DeserializeSeed<'de> for KeySeed<'a> {
    type Value = Option<(Symbol, &'a Projection)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for KeySeed<'a> {
    type Value = Option<(Symbol, &'a Projection)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.entry(key))
    }
}

impl<'de> Visitor<'de> for ProjectionSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a configuration value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Int(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(i64::try_from(n).map_or(Value::Float(n as f64), Value::Int))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        Ok(Value::Float(n))
    }

    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::Str(self.sharing.map_or_else(|| Text::from(s), |sharing| sharing.text(s))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Some(below) = self.projection.element() else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::list([]));
        };
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(4).min(64));
        let seed = self.below(below);
        while let Some(item) = seq.next_element_seed(seed)? {
            items.push(item.unwrap_or_default());
        }
        Ok(self.finish(Value::List(items.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::with_capacity(self.projection.keys.len());
        while let Some(key) = map.next_key_seed(KeySeed(self.projection))? {
            let Some((symbol, below)) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if let Some(value) = map.next_value_seed(self.below(below))? {
                entries.push((symbol, value));
            }
        }
        Ok(self.finish(Value::Map(Arc::new(Map::new(entries)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(paths: &[&str], json: &str) -> String {
        let mut projection = Projection::default();
        for path in paths {
            projection.add(&path.parse().unwrap());
        }
        let mut deserializer = serde_json::Deserializer::from_str(json);
        projection.seed().deserialize(&mut deserializer).unwrap().map_or("nothing".into(), |v| v.to_json(1000))
    }

    #[test]
    fn keeps_what_is_asked_for() {
        let json = r#"{"metadata":{"name":"a","labels":{"x":"1"},"managedFields":[{"big":true}]},
            "spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}},{"image":"j"}]}}"#;
        assert_eq!(
            project(&["metadata.name", "spec.containers[*].securityContext.privileged"], json),
            r#"{"metadata":{"name":"a"},"spec":{"containers":[{"securityContext":{"privileged":true}},{}]}}"#
        );
        assert_eq!(project(&["metadata.labels"], json), r#"{"metadata":{"labels":{"x":"1"}}}"#);
        assert_eq!(project(&[], json), "nothing");
    }

    #[test]
    fn what_could_not_be_read_stays_unknown_below_any_path() {
        let json = r#"{"a":{"spm.unknown":"denied"},"b":[{"spm.unknown":"denied","c":1}]}"#;
        assert_eq!(
            project(&["a.x.y", "b[*].x"], json),
            r#"{"a":{"spm.unknown":"denied"},"b":[{"spm.unknown":"denied"}]}"#
        );
    }

    #[test]
    fn selections_keep_their_key() {
        assert_eq!(
            project(&["option[key=a].value"], r#"{"option":[{"key":"a","value":1,"x":0},{"key":"b","value":2}]}"#),
            r#"{"option":[{"key":"a","value":1},{"key":"b","value":2}]}"#
        );
    }

    #[test]
    fn an_own_key_does_not_hide_what_every_entry_is_asked_for() {
        let json = r#"{"a":{"b":{"x":1,"c":2,"z":0},"d":{"x":3,"c":4}}}"#;
        let kept = r#"{"a":{"b":{"x":1,"c":2},"d":{"c":4}}}"#;
        assert_eq!(project(&["a.b.x", "a[*].c"], json), kept);
        assert_eq!(project(&["a[*].c", "a.b.x"], json), kept);
        let of = |path: &str| {
            let mut projection = Projection::default();
            projection.add(&path.parse().unwrap());
            projection
        };
        for (one, other) in [("a.b.x", "a[*].c"), ("a[*].c", "a.b.x")] {
            let mut merged = of(one);
            merged.merge(&of(other));
            let value = merged.seed().deserialize(&mut serde_json::Deserializer::from_str(json)).unwrap();
            assert_eq!(value.map(|value| value.to_json(1000)).as_deref(), Some(kept));
        }
    }

    #[test]
    fn long_paths_make_small_trees() {
        fn nodes(projection: &Projection) -> usize {
            1 + projection.keys.iter().map(|(.., below)| nodes(below)).sum::<usize>()
                + projection.each.as_deref().map_or(0, nodes)
        }
        let mut projection = Projection::default();
        projection.add(&"[k=v][*]".repeat(64).parse().unwrap());
        assert!(nodes(&projection) < 300);
    }

    #[test]
    fn a_wrong_type_stays_visible() {
        assert_eq!(project(&["a.b"], r#"{"a":7}"#), r#"{"a":7}"#);
        assert_eq!(project(&["a.b"], r#"{"a":[1]}"#), r#"{"a":[]}"#);
        assert_eq!(project(&["a.b"], r#"{"a":null}"#), r#"{"a":null}"#);
    }

    #[test]
    fn equal_subtrees_are_shared() {
        let sharing = Sharing::new();
        let everything = Projection::everything();
        let decode = |json: &str| {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            everything.sharing_seed(&sharing).deserialize(&mut deserializer).unwrap().unwrap()
        };
        let a = decode(r#"{"spec":{"x":[{"y":1}]},"n":1}"#);
        let b = decode(r#"{"spec":{"x":[{"y":1}]},"n":2}"#);
        let c = decode(r#"{"spec":{"x":[{"y":2}]},"n":2}"#);
        let list = |v: &Value| match v.at(&["spec", "x"]) {
            Some(Value::List(items)) => Arc::as_ptr(items).cast::<u8>() as usize,
            _ => 0,
        };
        assert_eq!(list(&a), list(&b));
        assert_ne!(list(&a), list(&c));
    }
}

//! YAML documents: parsed to a flat list of nodes, of which only what is wanted becomes values, each with its line.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::scalar;
use crate::base::symbol::Symbol;
use crate::expr::path::Step;
use crate::expr::projection::Sharing;
use crate::expr::{Map, Projection, Value};
use crate::inventory::Place;

/// Deeper values are refused: nothing in Kubernetes is, and every level costs stack.
const DEEPEST: usize = 128;

/// Values that the aliases of one document may repeat. Enough for any person, too few for a bomb.
const REPEATED: usize = 250_000;

/// What is wrong, and at which line of the text (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlError {
    /// Line, from 1.
    pub(super) line: u32,
    /// The cause in words.
    pub(super) detail: String,
}

/// All of the first document of `text` that is not empty, null if every one is; else the line (from 1) of what is wrong.
pub(in crate::collect) fn value(text: &str) -> Result<Value, u32> {
    let read = || {
        let document = Document::parse(text, 1)?;
        let root = document.root().map(|root| document.decode(root, Projection::everything(), &Sharing::new()));
        root.map_or(Ok(Value::Null), |decoded| Ok(decoded?.value))
    };
    read().map_err(|error: YamlError| error.line)
}

/// A parsed document.
#[derive(Debug)]
pub(super) struct Document<'t> {
    nodes: Vec<Node<'t>>,
    // Line in the file of the first line of the text.
    line: u32,
    /// Line in the file at which another document begins, if the text holds more than one.
    pub(super) another: Option<u32>,
}

#[derive(Debug)]
struct Node<'t> {
    what: What<'t>,
    // Line of the text, from 1.
    line: u32,
    // Index of the node behind this one and all that is in it.
    end: u32,
}

#[derive(Debug)]
enum What<'t> {
    Plain(Cow<'t, str>),
    Text(Cow<'t, str>),
    Tagged(Box<str>, Cow<'t, str>),
    List,
    Map,
    // Index of the node with the anchor.
    Alias(u32),
}

/// A node of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(u32);

impl<'t> Document<'t> {
    /// Parses the first document of `text` that is not empty. The first line of the text is `line` of the file.
    pub(super) fn parse(text: &'t str, line: u32) -> Result<Document<'t>, YamlError> {
        let mut nodes: Vec<Node<'t>> = Vec::with_capacity(text.len() / 16);
        let mut open: Vec<u32> = Vec::new();
        let mut anchors: HashMap<usize, u32> = HashMap::new();
        let mut parser = Parser::new_from_str(text);
        let mut another = None;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| YamlError {
                line: place(line, error.marker().line()),
                detail: error.info().to_owned(),
            })?;
            let at = nodes.len() as u32;
            let (what, anchor) = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let what = match tag {
                        Some(tag) if tag.is_yaml_core_schema() => What::Tagged(tag.suffix.as_str().into(), text),
                        _ if style == ScalarStyle::Plain && tag.is_none() => What::Plain(text),
                        _ => What::Text(text),
                    };
                    (what, anchor)
                }
                Event::SequenceStart(anchor, _) => (What::List, anchor),
                Event::MappingStart(anchor, _) => (What::Map, anchor),
                Event::Alias(id) => (What::Alias(anchors.get(&id).copied().unwrap_or(at)), 0),
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(node) = open.pop().and_then(|at| nodes.get_mut(at as usize)) {
                        node.end = at;
                    }
                    continue;
                }
                Event::DocumentStart(_) => {
                    if let [Node { what: What::Plain(text), .. }] = nodes.as_slice()
                        && scalar::plain(text) == Value::Null
                    {
                        nodes.clear();
                    }
                    if nodes.is_empty() {
                        continue;
                    }
                    another = Some(place(line, span.start.line()));
                    break;
                }
                _ => continue,
            };
            if anchor > 0 {
                anchors.insert(anchor, at);
            }
            if matches!(what, What::List | What::Map) {
                open.push(at);
            }
            nodes.push(Node { what, line: u32::try_from(span.start.line()).unwrap_or(u32::MAX), end: at + 1 });
        }
        Ok(Document { nodes, line, another })
    }

    /// The top of the document; none if there is nothing in it.
    pub(super) fn root(&self) -> Option<At> {
        (!self.nodes.is_empty()).then_some(At(0))
    }

    /// Line of the node in the file.
    pub(super) fn line(&self, at: At) -> u32 {
        place(self.line, self.node(at).map_or(1, |node| node.line as usize))
    }

    /// The elements, if the node is a list.
    pub(super) fn elements(&self, at: At) -> Option<Vec<At>> {
        let at = self.follow(at);
        matches!(self.node(at)?.what, What::List).then(|| self.children(at).collect())
    }

    /// The node is a map.
    pub(super) fn is_map(&self, at: At) -> bool {
        self.node(self.follow(at)).is_some_and(|node| matches!(node.what, What::Map))
    }

    /// The node is null.
    pub(super) fn is_null(&self, at: At) -> bool {
        matches!(self.node(at).map(|node| &node.what), Some(What::Plain(text)) if scalar::plain(text) == Value::Null)
    }

    /// The entry `key` of a map; the last one if there are several.
    pub(super) fn entry(&self, map: At, key: &str) -> Option<At> {
        let map = self.follow(map);
        let mut children = self.children(map);
        let mut found = None;
        while let (Some(at), Some(value)) = (children.next(), children.next()) {
            if self.text(at) == Some(key) {
                found = Some(value);
            }
        }
        found
    }

    /// The text of a scalar, as written.
    pub(super) fn text(&self, at: At) -> Option<&str> {
        match &self.node(self.follow(at))?.what {
            What::Plain(text) | What::Text(text) | What::Tagged(_, text) => Some(text),
            _ => None,
        }
    }

    /// The wanted part of the object at `at`.
    pub(super) fn decode(&self, at: At, projection: &Projection, sharing: &Sharing) -> Result<Decoded, YamlError> {
        let mut builder =
            Builder { document: self, sharing, lines: Vec::new(), repeated: 0, inside_alias: false, doubled: None };
        let value = builder.value(at, projection, 0, 0)?.unwrap_or_default();
        Ok(Decoded { value, lines: builder.lines, doubled: builder.doubled })
    }

    fn node(&self, at: At) -> Option<&Node<'t>> {
        self.nodes.get(at.0 as usize)
    }

    fn follow(&self, at: At) -> At {
        match self.node(at).map(|node| &node.what) {
            Some(What::Alias(target)) => At(*target),
            _ => at,
        }
    }

    // Keys and values of a map alternate.
    fn children(&self, parent: At) -> impl Iterator<Item = At> + use<'_, 't> {
        let end = self.node(parent).map_or(0, |node| node.end);
        let mut next = parent.0 + 1;
        std::iter::from_fn(move || {
            let at = next;
            if at >= end {
                return None;
            }
            next = self.nodes.get(at as usize)?.end;
            Some(At(at))
        })
    }
}

fn place(first: u32, line: usize) -> u32 {
    first.saturating_add(u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// What came of a node.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The value.
    pub(super) value: Value,
    /// Lines in the file of all values in it, see [`Place::path_hash`].
    pub(super) lines: Vec<(u64, u32)>,
    /// A key that is there twice, and its line.
    pub(super) doubled: Option<(String, u32)>,
}

struct Builder<'d, 't> {
    document: &'d Document<'t>,
    sharing: &'d Sharing,
    lines: Vec<(u64, u32)>,
    repeated: usize,
    inside_alias: bool,
    doubled: Option<(String, u32)>,
}

impl<'d> Builder<'d, '_> {
    fn value(&mut self, at: At, projection: &Projection, path: u64, depth: usize) -> Result<Option<Value>, YamlError> {
        if projection.is_empty() {
            return Ok(None);
        }
        if depth > DEEPEST {
            return Err(self.error(at, "nested too deeply"));
        }
        if self.inside_alias {
            self.repeat(at, 1)?;
        }
        let document = self.document;
        let Some(node) = document.node(at) else { return Ok(None) };
        let value = match &node.what {
            What::Plain(text) => match scalar::plain(text) {
                Value::Str(_) => Value::Str(self.sharing.text(text)),
                other => other,
            },
            What::Text(text) => Value::Str(self.sharing.text(text)),
            What::Tagged(tag, text) => scalar::tagged(tag, text)
                .ok_or_else(|| self.error(at, &format!("\"{text}\" does not fit its tag !!{tag}")))?,
            What::List => self.list(at, projection, path, depth)?,
            What::Map => self.map(at, projection, path, depth)?,
            What::Alias(target) => return self.alias(at, At(*target), projection, path, depth),
        };
        Ok(Some(value))
    }

    fn alias(
        &mut self,
        at: At,
        target: At,
        projection: &Projection,
        path: u64,
        depth: usize,
    ) -> Result<Option<Value>, YamlError> {
        self.check_alias(at, target)?;
        let outer = std::mem::replace(&mut self.inside_alias, true);
        let value = self.value(target, projection, path, depth + 1);
        self.inside_alias = outer;
        value
    }

    // An anchor is in front of its aliases; one that is not closed yet holds the alias itself.
    fn check_alias(&self, at: At, target: At) -> Result<(), YamlError> {
        if target.0 >= at.0 || self.document.node(target).is_none_or(|node| node.end > at.0) {
            return Err(self.error(at, "an alias stands for something that holds it"));
        }
        Ok(())
    }

    fn list(&mut self, at: At, projection: &Projection, path: u64, depth: usize) -> Result<Value, YamlError> {
        let Some(below) = projection.element() else { return Ok(Value::list([])) };
        let document = self.document;
        let mut items = Vec::new();
        for (index, item) in document.children(at).enumerate() {
            let path = Place::path_hash(path, &Step::Index(index));
            self.lines.push((path, document.line(item)));
            items.push(self.value(item, below, path, depth + 1)?.unwrap_or_default());
        }
        Ok(self.share(Value::List(items.into()), depth))
    }

    fn map(&mut self, at: At, projection: &Projection, path: u64, depth: usize) -> Result<Value, YamlError> {
        let mut entries = Vec::new();
        self.entries(at, projection, path, depth, &mut entries)?;
        let written = entries.len();
        let map = Map::new(entries);
        if map.len() < written && self.doubled.is_none() {
            self.doubled = Some((self.doubled_key(at), self.document.line(at)));
        }
        Ok(self.share(Value::Map(std::sync::Arc::new(map)), depth))
    }

    // Adds the entries of a map, then those that it merges (`<<: *defaults`, `<<: [*a, *b]`). What is there already wins.
    fn entries(
        &mut self,
        at: At,
        projection: &Projection,
        path: u64,
        depth: usize,
        entries: &mut Vec<(Symbol, Value)>,
    ) -> Result<(), YamlError> {
        if depth > DEEPEST {
            return Err(self.error(at, "nested too deeply"));
        }
        let document = self.document;
        let known = entries.len();
        let mut merged: Vec<At> = Vec::new();
        let mut children = document.children(at);
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let name = self.key(key)?;
            if name == "<<" && matches!(document.node(key).map(|node| &node.what), Some(What::Plain(_))) {
                merged.extend(document.elements(value).unwrap_or_else(|| vec![value]));
                continue;
            }
            let Some((symbol, below)) = projection.entry(&name) else { continue };
            if entries[..known].iter().any(|(known, _)| *known == symbol) {
                continue;
            }
            let path = Place::path_hash(path, &Step::Key(symbol));
            if let Some(decoded) = self.value(value, below, path, depth + 1)? {
                self.lines.push((path, document.line(key)));
                entries.push((symbol, decoded));
            }
        }
        for at in merged {
            let map = document.follow(at);
            if !document.is_map(map) {
                return Err(self.error(at, "only maps can be merged"));
            }
            if map.0 != at.0 {
                self.check_alias(at, map)?;
            }
            let outer = std::mem::replace(&mut self.inside_alias, true);
            self.repeat(at, document.children(map).count())?;
            self.entries(map, projection, path, depth + 1, entries)?;
            self.inside_alias = outer;
        }
        Ok(())
    }

    fn repeat(&mut self, at: At, values: usize) -> Result<(), YamlError> {
        self.repeated += values;
        if self.repeated > REPEATED { Err(self.error(at, "aliases repeat too much")) } else { Ok(()) }
    }

    // Numbers and booleans as keys are their text, as on the way to JSON.
    fn key(&self, at: At) -> Result<Cow<'d, str>, YamlError> {
        let document = self.document;
        match document.node(document.follow(at)).map(|node| &node.what) {
            Some(What::Text(text) | What::Tagged(_, text)) => Ok(Cow::Borrowed(text)),
            Some(What::Plain(text)) => match scalar::plain(text) {
                Value::Bool(b) => Ok(Cow::Owned(b.to_string())),
                Value::Int(n) => Ok(Cow::Owned(n.to_string())),
                _ => Ok(Cow::Borrowed(text)),
            },
            _ => Err(self.error(at, "a key is no text")),
        }
    }

    fn doubled_key(&self, map: At) -> String {
        let mut seen = std::collections::BTreeSet::new();
        let mut children = self.document.children(map);
        while let (Some(key), Some(_)) = (children.next(), children.next()) {
            if let Ok(name) = self.key(key)
                && !seen.insert(name.clone())
            {
                return name.into_owned();
            }
        }
        String::new()
    }

    // As when JSON is decoded: the object itself and its metadata and spec differ per object.
    fn share(&self, value: Value, depth: usize) -> Value {
        if depth >= 2 { self.sharing.share(value) } else { value }
    }

    fn error(&self, at: At, detail: &str) -> YamlError {
        YamlError { line: self.document.line(at), detail: detail.to_owned() }
    }
}

//! Configuration in layers: maps merge, everything else is replaced, and each value remembers where it came from.

use crate::base::symbol::Symbol;
use crate::derive::OriginPart;
use crate::expr::path::{Step, Steps};
use crate::expr::{Map, Value};
use crate::model::Text;

/// Where the values of a layer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct From {
    source: Text,
    at: Option<Steps>,
}

/// Merged configuration.
#[derive(Debug, Clone)]
pub struct Layers {
    root: Vec<(Symbol, Tree)>,
}

// A value with where it comes from, or the entries of a map.
#[derive(Debug, Clone, Default)]
struct Tree {
    leaf: Option<(Value, From)>,
    entries: Vec<(Symbol, Tree)>,
}

impl Layers {
    /// Nothing.
    pub fn new() -> Layers {
        Layers { root: Vec::new() }
    }

    /// Lays a value over the dotted `path`.
    pub fn set(&mut self, path: &str, value: Value, at: Option<Steps>, source: &Text) {
        let keys: Vec<Symbol> = path.split('.').map(Symbol::new).collect();
        let Some((last, parents)) = keys.split_last() else { return };
        let mut entries = &mut self.root;
        for key in parents {
            entries = child(entries, *key);
        }
        put(entries, *last, &value, &From { source: source.clone(), at });
    }

    /// Lays a whole document over it; `skip` says for a dotted path and value that it counts as not written.
    pub fn lay(&mut self, document: &Value, at: &Steps, source: &Text, skip: &dyn Fn(&str, &Value) -> bool) {
        lay(&mut self.root, document, at, source, "", skip);
    }

    /// The merged document.
    pub fn value(&self) -> Value {
        value(&self.root)
    }

    /// Where each part comes from, for a view that shows the document below `prefix`.
    pub fn parts(&self, prefix: &str) -> Vec<OriginPart> {
        let mut parts = Vec::new();
        collect(&self.root, &mut vec![Step::Key(Symbol::new(prefix))], &mut parts);
        parts
    }
}

// The map at `key`; what stood there instead is gone.
fn child(entries: &mut Vec<(Symbol, Tree)>, key: Symbol) -> &mut Vec<(Symbol, Tree)> {
    let at = entries.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
        entries.push((key, Tree::default()));
        entries.len() - 1
    });
    let tree = &mut entries[at].1;
    tree.leaf = None;
    &mut tree.entries
}

fn put(entries: &mut Vec<(Symbol, Tree)>, key: Symbol, value: &Value, from: &From) {
    if let Value::Map(map) = value {
        let below = child(entries, key);
        for (key, value) in map.iter() {
            put(below, key, value, from);
        }
        return;
    }
    let leaf = Tree { leaf: Some((value.clone(), from.clone())), entries: Vec::new() };
    match entries.iter_mut().find(|(k, _)| *k == key) {
        Some((_, tree)) => *tree = leaf,
        None => entries.push((key, leaf)),
    }
}

fn lay(
    entries: &mut Vec<(Symbol, Tree)>,
    document: &Value,
    at: &Steps,
    source: &Text,
    path: &str,
    skip: &dyn Fn(&str, &Value) -> bool,
) {
    for (key, value) in document.as_map().into_iter().flat_map(Map::iter) {
        let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        let at: Steps = at.iter().cloned().chain([Step::Key(key)]).collect();
        match value {
            // Null is the same as not written.
            Value::Null => {}
            value if skip(&path, value) => {}
            Value::Map(_) => lay(child(entries, key), value, &at, source, &path, skip),
            value => put(entries, key, value, &From { source: source.clone(), at: Some(at) }),
        }
    }
}

fn value(entries: &[(Symbol, Tree)]) -> Value {
    let entry = |(key, tree): &(Symbol, Tree)| match &tree.leaf {
        Some((leaf, _)) => (*key, leaf.clone()),
        None => (*key, value(&tree.entries)),
    };
    Value::Map(Map::new(entries.iter().map(entry).collect()).into())
}

fn collect(entries: &[(Symbol, Tree)], path: &mut Steps, parts: &mut Vec<OriginPart>) {
    for (key, tree) in entries {
        path.push(Step::Key(*key));
        match &tree.leaf {
            Some((_, from)) => {
                parts.push(OriginPart { view: path.clone(), real: from.at.clone(), source: Some(from.source.clone()) })
            }
            None => collect(&tree.entries, path, parts),
        }
        path.pop();
    }
}

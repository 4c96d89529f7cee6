//! What to collect: per kind, the paths that the chosen rules read.

use std::collections::BTreeMap;

use super::{Path, Projection};

/// Kinds to read, and of each the paths to keep. Collectors make only the calls that this asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    kinds: BTreeMap<&'static str, Projection>,
}

impl Wanted {
    /// Asks for a path of a kind. Identity (`metadata.name`, `metadata.namespace`) is always kept by collectors.
    pub fn add(&mut self, kind: &'static str, path: &Path) {
        self.kinds.entry(kind).or_default().add(path);
    }

    /// The kinds, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.kinds.keys().copied()
    }

    /// What is wanted of `kind`; none if nothing is.
    pub fn of(&self, kind: &str) -> Option<&Projection> {
        self.kinds.get(kind)
    }

    /// Asks for all that `other` asks for.
    pub fn merge(&mut self, other: &Wanted) {
        for (kind, projection) in &other.kinds {
            self.kinds.entry(kind).or_default().merge(projection);
        }
    }
}

//! What to collect: per kind, the paths that the chosen rules read.

use std::collections::BTreeMap;

use super::{Path, Projection};

/// Kinds to read, and of each the paths to keep. Collectors make only the calls that this asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    kinds: BTreeMap<&'static str, Projection>,
    // Of kinds of which more is wanted in one namespace: which, and what is wanted of objects in all others.
    elsewhere: BTreeMap<&'static str, (&'static str, Projection)>,
}

impl Wanted {
    /// Asks for a path of a kind. Identity (`metadata.name`, `metadata.namespace`) is always kept by collectors.
    pub fn add(&mut self, kind: &'static str, path: &Path) {
        self.kinds.entry(kind).or_default().add(path);
        if let Some((_, elsewhere)) = self.elsewhere.get_mut(kind) {
            elsewhere.add(path);
        }
    }

    /// Asks for a path of objects in `namespace`. Of a kind there is one such namespace: for a second one, more is read than
    /// has to be.
    pub fn add_in(&mut self, namespace: &'static str, kind: &'static str, path: &Path) {
        let all = self.kinds.entry(kind).or_default();
        let (known, elsewhere) = self.elsewhere.entry(kind).or_insert_with(|| (namespace, all.clone()));
        if *known != namespace {
            elsewhere.add(path);
        }
        all.add(path);
    }

    /// The kinds, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.kinds.keys().copied()
    }

    /// What is wanted of `kind`, be it in one namespace only; none if nothing is.
    pub fn of(&self, kind: &str) -> Option<&Projection> {
        self.kinds.get(kind)
    }

    /// If more of `kind` is wanted in one namespace: that namespace, and what is wanted of objects that are not in it.
    pub fn elsewhere(&self, kind: &str) -> Option<(&'static str, &Projection)> {
        self.elsewhere.get(kind).map(|(namespace, projection)| (*namespace, projection))
    }
}

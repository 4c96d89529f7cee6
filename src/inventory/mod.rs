//! What was read of a system: resources by kind, and what could not be read.

pub mod secrets;
mod sink;
pub mod snapshot;

pub use crate::expr::Wanted;
pub use sink::ObjectSink;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::expr::Value;
use crate::expr::path::Step;
use crate::model::{Gap, Location, ResourceRef, Scope, System, Technology, Text};

/// One object as it was read, reduced to what the chosen rules read.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Namespace or region.
    pub scope: Option<Text>,
    /// Name or native id.
    pub name: Text,
    /// The object.
    pub value: Value,
    /// Where it stands in file input.
    pub place: Option<Arc<Place>>,
}

impl Resource {
    /// How findings name it, as a resource of `kind`.
    pub fn reference(&self, kind: &str) -> ResourceRef {
        ResourceRef { kind: kind.into(), scope: self.scope.clone(), name: self.name.clone() }
    }
}

/// Where an object stands in a file, with the line of each of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Path as the user gave it.
    pub file: Text,
    /// Line of the object, from 1.
    pub line: u32,
    // (hash of the concrete path, line) of the values that were kept, sorted by hash.
    lines: Vec<(u64, u32)>,
}

impl Place {
    /// An object that begins at `line` of `file`; `lines` gives a line for each of its values by [`Place::path_hash`].
    pub fn new(file: Text, line: u32, mut lines: Vec<(u64, u32)>) -> Place {
        lines.sort_unstable();
        lines.shrink_to_fit();
        Place { file, line, lines }
    }

    /// Hash of a concrete path, step by step: start with 0 and fold each step in.
    pub fn path_hash(before: u64, step: &Step) -> u64 {
        use std::hash::BuildHasher;
        foldhash::fast::FixedState::with_seed(before).hash_one(step)
    }

    /// The line of the value at `path`; of its nearest parent if it is absent.
    pub fn locate(&self, path: &[Step]) -> Location {
        let mut line = self.line;
        let mut hash = 0;
        for step in path {
            hash = Place::path_hash(hash, step);
            match self.lines.binary_search_by_key(&hash, |(h, _)| *h) {
                Ok(at) => line = self.lines[at].1,
                Err(_) => break,
            }
        }
        Location { file: self.file.clone(), line }
    }
}

/// How the input was made; decides what an absent object means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Read from the system itself, or a snapshot of that: a kind without objects has none.
    Live,
    /// Files: a kind without objects may just not be in the input.
    Files,
}

/// How completely a kind was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence<'a> {
    /// All of it.
    Complete,
    /// Not, or not all, for this reason.
    Gap(&'a Gap),
    /// The input holds no object of the kind.
    NotInInput,
}

/// Everything that was read of one system.
#[derive(Debug)]
pub struct Inventory {
    /// The system.
    pub system: System,
    /// How the input was made.
    pub mode: Mode,
    /// How much of the system it holds.
    pub scope: Scope,
    /// The part that results are about. What was read beside it is there to judge that part by.
    pub part: Scope,
    /// When it was read; ages are judged against it.
    pub now: jiff::Timestamp,
    /// What the user should know about the input (broken documents, unknown kinds).
    pub notes: Vec<String>,
    resources: BTreeMap<&'static str, Vec<Resource>>,
    gaps: Vec<Gap>,
}

impl Inventory {
    /// An inventory without resources.
    pub fn new(system: System, mode: Mode, now: jiff::Timestamp) -> Inventory {
        let (scope, part) = (Scope::default(), Scope::default());
        Inventory { system, mode, scope, part, now, notes: Vec::new(), resources: BTreeMap::new(), gaps: Vec::new() }
    }

    /// Leaves results about the namespaces (regions) `only` (all of them if empty) and none of `without`.
    pub fn narrow(&mut self, only: &[String], without: &[String]) {
        self.scope.narrow(only, without);
        match self.system.technology {
            // Bindings of other namespaces were read too.
            Technology::Kubernetes => self.part = self.scope.clone(),
            // What was read of an account belongs to its regions, also if it has its home in another one (a trail).
            Technology::Aws => self.part.narrow(only, without),
        }
    }

    /// Adds resources of a kind of the catalog. Adding none states that the kind was looked for, and that there are none.
    pub fn add(&mut self, kind: &'static str, resources: impl IntoIterator<Item = Resource>) {
        self.resources.entry(kind).or_default().extend(resources);
    }

    /// States that something could not be read.
    pub fn add_gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// Adds what another input of the same system holds: resources, gaps, notes.
    pub fn absorb(&mut self, other: Inventory) {
        for (kind, resources) in other.resources {
            self.add(kind, resources);
        }
        other.gaps.into_iter().for_each(|gap| self.add_gap(gap));
        self.notes.extend(other.notes);
    }

    /// Puts resources, gaps and notes into a stable order, after collection. Of two objects with the same identity
    /// the later one in the input stays, as `kubectl apply` would have it.
    pub fn finish(&mut self) {
        for (kind, resources) in &mut self.resources {
            resources.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
            let before = resources.len();
            // The sort is stable, so the later of two is behind the earlier: keep the last of each run.
            resources.reverse();
            resources.dedup_by(|a, b| a.scope == b.scope && a.name == b.name && !a.name.is_empty());
            resources.reverse();
            resources.shrink_to_fit();
            if resources.len() < before {
                self.notes.push(format!(
                    "{} of kind {kind} appear more than once in the input; the last of each is assessed",
                    crate::base::text::count(before - resources.len(), "object")
                ));
            }
        }
        self.gaps.sort();
        self.notes.sort();
        self.notes.dedup();
    }

    /// Resources of `kind`, sorted by scope and name.
    pub fn of(&self, kind: &str) -> &[Resource] {
        self.resources.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Everything that could not be read.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Objects read, per kind.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.resources.iter().map(|(kind, resources)| ((*kind).to_owned(), resources.len())).collect()
    }

    /// A document that could not be read and may have held objects of a kind: of any kind in a snapshot of a live system, of
    /// those that the input holds in manifests, where most kinds are just not there. Saved answers of AWS name what they hold.
    pub fn unread_document(&self, kind: &str) -> Option<&Gap> {
        let manifests = self.system.technology == Technology::Kubernetes;
        let held = self.mode == Mode::Live || (manifests && self.resources.contains_key(kind));
        self.gaps.iter().find(|gap| held && gap.kind == Gap::DOCUMENT)
    }

    /// Whether `kind` was read completely, as far as `scope` (a namespace, a region; the whole system if none) goes.
    pub fn presence(&self, kind: &str, scope: Option<&str>) -> Presence<'_> {
        let gap = self
            .gaps
            .iter()
            .find(|gap| gap.kind == kind && (gap.scope.is_none() || scope.is_none() || gap.scope.as_deref() == scope));
        match gap.or_else(|| self.unread_document(kind)) {
            Some(gap) => Presence::Gap(gap),
            // A list that the input holds may be empty: then there are none.
            None if self.mode == Mode::Files && !self.resources.contains_key(kind) => Presence::NotInInput,
            None => Presence::Complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::symbol::Symbol;

    #[test]
    fn a_missing_value_is_located_at_its_parent() {
        let (spec, name) = (Step::Key(Symbol::new("spec")), Step::Key(Symbol::new("name")));
        let spec_hash = Place::path_hash(0, &spec);
        let place = Place::new("a.yaml".into(), 3, vec![(spec_hash, 7)]);
        assert_eq!(place.locate(&[spec, name.clone()]).line, 7);
        assert_eq!(place.locate(&[name]).line, 3);
    }
}

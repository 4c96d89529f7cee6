//! From the text of rules to compiled predicates. Every fault is noted with its place; compilation goes on behind it, so that
//! an author sees all of them at once.

mod comparison;
mod condition;
mod operand;
mod related;

use std::collections::{BTreeMap, BTreeSet};

use self::condition::is_quantified;
use super::Truth;
use super::path::Path;
use super::predicate::{Leaf, Predicate};
use crate::base::diagnostic::{Diagnostics, Place};
use crate::base::yaml::{Data, Node, Scalar};

/// What the world looks like: which sources there are and which paths they have.
pub trait Schema {
    /// Whether there is a kind or view of this name.
    ///
    /// # Errors
    /// The nearest known name, if one is near.
    fn source(&self, name: &str) -> Result<(), Option<String>>;

    /// Whether the source has this path.
    ///
    /// # Errors
    /// The nearest known field, or what is expected.
    fn path(&self, source: &str, path: &Path) -> Result<(), String>;

    /// Whether resources of the source lie in regions, so that joins between such stay inside of one.
    fn scoped(&self, source: &str) -> bool;
}

/// A join that a predicate asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Kind or view of the others.
    pub source: String,
    /// Only those in the region of the resource count: the first key is the region, and a gap elsewhere does not matter.
    pub scoped: bool,
    /// The paths in them that make the key; one may have a wildcard.
    pub theirs: Vec<Path>,
}

/// Compiles the predicates of one check.
pub struct Compiler<'a> {
    /// Where faults go.
    pub diagnostics: &'a mut Diagnostics,
    /// Values of the parameters.
    pub params: &'a BTreeMap<String, Node>,
    /// What paths there are.
    pub schema: &'a dyn Schema,
    /// The kind or view that paths are in now.
    pub(super) source: String,
    // Where in it: paths of `each` and of elements are below.
    prefix: Path,
    // Predicates see the resource as a whole, not only an element of it (`each`).
    whole: bool,
    /// All paths that the predicates read, by source.
    pub reads: Vec<(String, Path)>,
    /// Joins, numbered by their index.
    pub joins: Vec<Join>,
    /// Parameters that were used.
    pub used: BTreeSet<String>,
}

impl<'a> Compiler<'a> {
    /// For predicates on resources of `source`.
    pub fn new(
        diagnostics: &'a mut Diagnostics,
        params: &'a BTreeMap<String, Node>,
        schema: &'a dyn Schema,
        source: &str,
    ) -> Compiler<'a> {
        Compiler {
            diagnostics,
            params,
            schema,
            source: source.to_owned(),
            prefix: Path::default(),
            whole: true,
            reads: Vec::new(),
            joins: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// Notes that `path` below the prefix is read.
    pub fn read(&mut self, path: &Path) {
        self.reads.push((self.source.clone(), self.prefix.join(path)));
    }

    // Paths lie below `path` from now on; where they lay before.
    fn enter(&mut self, path: &Path) -> Path {
        let inside = self.prefix.join(path);
        std::mem::replace(&mut self.prefix, inside)
    }

    /// Compiles what judges each element of the list or map at `path` by itself.
    pub fn each<T>(&mut self, path: &Path, compile: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.enter(&path.of_elements());
        let whole = std::mem::replace(&mut self.whole, false);
        let compiled = compile(self);
        (self.prefix, self.whole) = (outer, whole);
        compiled
    }

    /// A predicate: a map of paths and combinators, all of which must hold.
    pub fn predicate(&mut self, node: &Node) -> Option<Predicate> {
        let Some(entries) = node.map() else {
            let help = "for example { securityContext.privileged: { not: true } }".to_owned();
            self.fault(node.place, format!("expected a predicate, a map of paths, found {}", node.kind()), Some(help));
            return None;
        };
        let mut all = Vec::new();
        for (key, value) in entries {
            let part = match key.text.as_str() {
                "any" => self.predicates(value).map(Predicate::Any),
                "all" => self.predicates(value).map(Predicate::All),
                "none" => self.predicates(value).map(|any| Predicate::Not(Box::new(Predicate::Any(any)))),
                "not" => self.part(value).map(|inner| Predicate::Not(Box::new(inner))),
                "related" => self.related(value).map(Predicate::Related),
                "undecided" => self.undecided(value),
                _ => self.leaf(&key.text, key.place, value).map(Predicate::Leaf),
            };
            all.extend(part);
        }
        if all.len() == 1 { all.pop() } else { Some(Predicate::All(all)) }
    }

    fn predicates(&mut self, node: &Node) -> Option<Vec<Predicate>> {
        let Some(items) = node.list() else {
            let help = "for example [ { hostPID: true }, { hostIPC: true } ]".to_owned();
            self.fault(node.place, format!("expected a list of predicates, found {}", node.kind()), Some(help));
            return None;
        };
        if items.is_empty() {
            self.fault(node.place, "an empty list of predicates decides nothing".into(), None);
        }
        Some(items.iter().filter_map(|item| self.part(item)).collect())
    }

    // The reason; or the reason and a parameter with which a person has answered, unless it is empty.
    fn undecided(&mut self, node: &Node) -> Option<Predicate> {
        let keys: Vec<&str> = node.map().unwrap_or_default().iter().map(|(key, _)| key.text.as_str()).collect();
        let (why, answer) = match (node.get("why"), node.get("unless")) {
            (Some(why), Some(answer)) if keys.len() == 2 => (why, Some(self.fill(answer)?)),
            _ => (node, None),
        };
        match why.text().filter(|text| !text.trim().is_empty()) {
            Some(_) if answer.is_some_and(|answer| !is_empty(&answer)) => Some(Predicate::Any(Vec::new())),
            Some(why) => Some(Predicate::Undecided(why.into())),
            None => {
                let help =
                    "say what is not to be seen, for example { undecided: who reads the mail }, and which parameter \
                            tells it, if one does: { unless: $readers, why: who reads the mail }"
                        .to_owned();
                self.fault(node.place, "undecided takes the reason".into(), Some(help));
                None
            }
        }
    }

    // A predicate of which something depends: an empty one has nothing to show for its truth.
    fn part(&mut self, node: &Node) -> Option<Predicate> {
        if node.map().is_some_and(<[_]>::is_empty) {
            self.fault(node.place, "an empty predicate decides nothing".into(), None);
        }
        self.predicate(node)
    }

    /// A path as it stands in a rule, parameters filled in; checked against the schema below the current prefix.
    pub fn path(&mut self, text: &str, place: Place) -> Option<Path> {
        let text = self.fill_path(text, place)?;
        let path = match text.parse::<Path>() {
            Ok(path) => path,
            Err(error) => {
                self.fault(place, format!("bad path: {error}"), None);
                return None;
            }
        };
        let full = self.prefix.join(&path);
        if !full.segments.is_empty()
            && let Err(help) = self.schema.path(&self.source, &full)
        {
            self.fault(place, format!("{} has no field \"{full}\"", self.source), Some(help));
            return None;
        }
        Some(path)
    }

    fn fill_path(&mut self, text: &str, place: Place) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let name_end = rest[at + 1..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .map_or(rest.len(), |end| at + 1 + end);
            let value = self.param(&rest[at + 1..name_end], place)?;
            match value.text() {
                Some(text) => out.push_str(text),
                None => {
                    self.fault(place, format!("a parameter in a path must be text, found {}", value.kind()), None);
                    return None;
                }
            }
            rest = &rest[name_end..];
        }
        out.push_str(rest);
        Some(out)
    }

    fn param(&mut self, name: &str, place: Place) -> Option<Node> {
        self.used.insert(name.to_owned());
        match self.params.get(name) {
            Some(value) => Some(Node { place, data: value.data.clone() }),
            None => {
                let known: Vec<&str> = self.params.keys().map(String::as_str).collect();
                if known.is_empty() {
                    self.fault(
                        place,
                        format!("unknown parameter \"${name}\""),
                        Some("declare it under `params`".into()),
                    );
                } else {
                    self.diagnostics.unknown(place, "parameter", name, known);
                }
                None
            }
        }
    }

    // The node itself, or the value of the parameter that it names.
    pub(super) fn fill(&mut self, node: &Node) -> Option<Node> {
        match node.text().and_then(|text| text.strip_prefix('$')) {
            Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => self.param(name, node.place),
            _ => Some(node.clone()),
        }
    }

    fn leaf(&mut self, path: &str, place: Place, node: &Node) -> Option<Leaf> {
        let path = self.path(path, place)?;
        let wildcard = path.has_wildcard();
        let condition = self.condition_at(&path, node)?;
        if wildcard && !is_quantified(&condition) {
            let help = "say how many: { any: ... }, { all: ... }, { none: ... } or { count: ... }".to_owned();
            self.fault(place, format!("the path \"{path}\" has many values"), Some(help));
            return None;
        }
        Some(Leaf { path, condition })
    }

    fn flag(&mut self, node: &Node) -> Option<bool> {
        match node.scalar() {
            Some(Scalar::Bool(flag)) => Some(flag),
            _ => {
                self.fault(node.place, format!("expected true or false, found {}", node.kind()), None);
                None
            }
        }
    }

    fn truth(&mut self, node: &Node) -> Option<Truth> {
        let node = self.fill(node)?;
        match node.text() {
            Some("true") => Some(Truth::True),
            Some("false") => Some(Truth::False),
            Some("unknown") => Some(Truth::Unknown),
            other => {
                let found = other.unwrap_or(node.kind()).to_owned();
                self.diagnostics.unknown(node.place, "truth", &found, ["true", "false", "unknown"]);
                None
            }
        }
    }

    fn fault(&mut self, place: Place, message: String, help: Option<String>) {
        self.diagnostics.add(place, message, help);
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::List(items) => items.is_empty(),
        Data::Map(entries) => entries.is_empty(),
        Data::Scalar { text, .. } => text.trim().is_empty() || node.scalar() == Some(Scalar::Null),
    }
}

//! Check files: one check each, with its documentation and its examples.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostics, Place};
use crate::base::yaml::Node;
use crate::catalog::Source;
use crate::expr::compile::Join;
use crate::expr::{Compiler, Path, Predicate};
use crate::model::{CheckInfo, State};

use super::schema::CatalogSchema;
use read::Reader;
pub use read::{read_ccss, read_themes};

/// Themes that checks carry and horizontal standards select by.
pub const THEMES: [&str; 18] = [
    "access-control",
    "authentication",
    "authorization",
    "least-privilege",
    "secrets",
    "encryption-at-rest",
    "encryption-in-transit",
    "network-segmentation",
    "logging",
    "monitoring",
    "hardening",
    "isolation",
    "supply-chain",
    "patching",
    "availability",
    "backup",
    "configuration-management",
    "data-protection",
];

/// A validated check.
#[derive(Debug)]
pub struct Check {
    /// What people read.
    pub info: Arc<CheckInfo>,
    /// The file that it stands in.
    pub file: String,
    /// What it assesses.
    pub source: Source,
    /// Parameters by name.
    pub params: BTreeMap<String, Param>,
    /// May prove Failed but not Passed.
    pub partial: bool,
    /// Examples with the state that they must have.
    pub examples: Vec<Example>,
    where_: Option<Node>,
    each: Option<Node>,
    assert: Node,
}

/// A parameter of a check.
#[derive(Debug, Clone)]
pub struct Param {
    /// Value where nobody gives one; a parameter without is required.
    pub default: Option<Node>,
    /// What it means.
    pub doc: String,
}

/// An example of a check: a subject and the state that it must have.
#[derive(Debug, Clone)]
pub struct Example {
    /// Where it stands.
    pub place: Place,
    /// The state that it must have.
    pub state: State,
    /// The subject, as its source gives it.
    pub subject: Node,
    /// Paths of the subject that could not be read.
    pub gaps: Vec<Path>,
    /// Other resources.
    pub world: Vec<Other>,
    /// Parameters that differ from the defaults.
    pub params: BTreeMap<String, Node>,
}

/// Another resource that an example needs.
#[derive(Debug, Clone)]
pub struct Other {
    /// Kind or view.
    pub kind: String,
    /// The object.
    pub object: Node,
    /// Paths of it that could not be read.
    pub gaps: Vec<Path>,
}

/// A check with its parameters filled in, ready for evaluation.
#[derive(Debug)]
pub struct Compiled {
    /// Applicability of a subject.
    pub where_: Option<Predicate>,
    /// Elements inside of it.
    pub each: Option<Each>,
    /// What must hold.
    pub assert: Predicate,
    /// All paths that it reads, by source.
    pub reads: Vec<(String, Path)>,
    /// Its joins.
    pub joins: Vec<Join>,
}

/// The elements that a check judges one by one.
#[derive(Debug)]
pub struct Each {
    /// Where they are.
    pub path: Path,
    /// Which of them.
    pub where_: Option<Predicate>,
    /// What none of them means.
    pub empty: State,
}

/// A check with parameters, as some standard asks for it.
#[derive(Debug)]
pub struct Instance {
    /// The check.
    pub check: Arc<Check>,
    /// Parameters in effect, as JSON text.
    pub params: BTreeMap<String, String>,
    /// Parameters that the user or system changed.
    pub customised: Vec<String>,
    /// Compiled with them.
    pub compiled: Compiled,
}

impl Check {
    /// Reads a check file. Faults go to `diagnostics`; a check with faults is not returned.
    pub fn read(node: &Node, id: &str, diagnostics: &mut Diagnostics) -> Option<Check> {
        let before = diagnostics.faults.len();
        let mut reader = Reader { node, diagnostics };
        let check = reader.check(id);
        check.filter(|_| diagnostics.faults.len() == before)
    }

    /// Compiles the check with these parameters over its defaults.
    pub fn compile(&self, with: &BTreeMap<String, Node>, diagnostics: &mut Diagnostics) -> Option<Compiled> {
        let mut params: BTreeMap<String, Node> =
            self.params.iter().filter_map(|(name, p)| Some((name.clone(), p.default.clone()?))).collect();
        params.extend(with.iter().map(|(name, value)| (name.clone(), value.clone())));
        compile(self.source, self.where_.as_ref(), self.each.as_ref(), &self.assert, &params, diagnostics).0
    }

    /// Names of parameters that have no default and that `with` does not give.
    pub fn missing_params(&self, with: &BTreeMap<String, Node>) -> Vec<&str> {
        let missing = |(name, param): &(&String, &Param)| param.default.is_none() && !with.contains_key(*name);
        self.params.iter().filter(missing).map(|(name, _)| name.as_str()).collect()
    }

    /// The parameters in effect as JSON text, for identity and reports.
    pub fn effective_params(&self, with: &BTreeMap<String, Node>) -> BTreeMap<String, String> {
        let value =
            |name: &String, param: &Param| with.get(name).or(param.default.as_ref()).map(|n| n.to_json().to_string());
        self.params.iter().filter_map(|(name, param)| Some((name.clone(), value(name, param)?))).collect()
    }
}

fn compile(
    source: Source,
    where_: Option<&Node>,
    each: Option<&Node>,
    assert: &Node,
    params: &BTreeMap<String, Node>,
    diagnostics: &mut Diagnostics,
) -> (Option<Compiled>, BTreeSet<String>) {
    let before = diagnostics.faults.len();
    let mut compiler = Compiler::new(diagnostics, params, &CatalogSchema, source.name());
    let where_ = where_.and_then(|node| compiler.predicate(node));
    let each = each.and_then(|node| each_of(node, &mut compiler));
    let assert = match &each {
        Some(each) => compiler.each(&each.path, |compiler| compiler.predicate(assert)),
        None => compiler.predicate(assert),
    };
    let (reads, joins, used) = (compiler.reads, compiler.joins, compiler.used);
    let sound = diagnostics.faults.len() == before;
    let compiled = assert.filter(|_| sound).map(|assert| Compiled { where_, each, assert, reads, joins });
    (compiled, used)
}

fn each_of(node: &Node, compiler: &mut Compiler<'_>) -> Option<Each> {
    const KEYS: [&str; 3] = ["path", "where", "empty"];
    let Some(entries) = node.map() else {
        let help = "for example { path: spec.rules, empty: not_relevant }".to_owned();
        compiler.diagnostics.add(node.place, format!("each takes a map, found {}", node.kind()), Some(help));
        return None;
    };
    for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
        compiler.diagnostics.unknown(key.place, "key of each", &key.text, KEYS);
    }
    let Some((place, text)) = node.get("path").and_then(|n| Some((n.place, n.text()?))) else {
        compiler.diagnostics.add(node.place, "each needs `path`", Some("the path of a list or map".to_owned()));
        return None;
    };
    let path = compiler.path(text, place)?;
    compiler.read(&path);
    let where_ = node.get("where").and_then(|node| compiler.each(&path, |compiler| compiler.predicate(node)));
    let empty = match node.get("empty").map(|n| (n, n.text())) {
        None | Some((_, Some("not_relevant"))) => State::NotRelevant,
        Some((_, Some("passed"))) => State::Passed,
        Some((_, Some("failed"))) => State::Failed,
        Some((_, Some("manual"))) => State::Manual,
        Some((n, other)) => {
            let states = State::ALL.map(State::as_str);
            compiler.diagnostics.unknown(n.place, "state", other.unwrap_or(n.kind()), states);
            return None;
        }
    };
    Some(Each { path, where_, empty })
}

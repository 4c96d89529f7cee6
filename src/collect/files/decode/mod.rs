//! Turns units of text into resources: which kind is it, is it wanted, and if so the wanted part of it. Runs on every
//! thread at once; what the threads find is put together in input order.

mod head;
mod identity;
mod json;
mod yaml;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use memchr::memmem;

use super::json::Memory;
use super::source::Source;
use super::split::{Batch, Form, Head, Problem};
use super::system;
use crate::base::symbol::Symbol;
use crate::catalog::{self, Kind};
use crate::expr::{Path, Projection, Value};
use crate::inventory::{Place, Resource, Wanted, snapshot};
use crate::model::{GapReason, Technology, Text};

pub(super) use self::identity::listed_kind;

/// Lists in lists in lists are no manifests.
const DEEPEST_LIST: usize = 8;

/// What decoding needs to know.
pub(super) struct Context {
    wanted: HashMap<&'static str, Asked>,
    // Objects are to be kept for a snapshot.
    save: bool,
    keys: Keys,
}

// What is wanted of a kind: of all objects, and of those in one namespace.
#[derive(Default)]
struct Asked {
    everywhere: Projection,
    within: Option<(&'static str, Projection)>,
}

struct Keys {
    metadata: Symbol,
    name: Symbol,
    namespace: Symbol,
    identity: Symbol,
    node_name: Symbol,
}

impl Context {
    /// Decodes what `wanted` asks for and what tells the system and the identity of objects.
    pub(super) fn new(wanted: &Wanted, save: bool) -> Context {
        let identity = [["metadata", "name"], ["metadata", "namespace"]].map(|keys| Path::keys(&keys));
        let mut all: HashMap<&'static str, Asked> = HashMap::new();
        for kind in wanted.kinds() {
            let mut projection = wanted.of(kind).cloned().unwrap_or_default();
            identity.iter().for_each(|path| projection.add(path));
            let asked = match wanted.elsewhere(kind) {
                None => Asked { everywhere: projection, within: None },
                Some((namespace, elsewhere)) => {
                    let mut everywhere = elsewhere.clone();
                    identity.iter().for_each(|path| everywhere.add(path));
                    Asked { everywhere, within: Some((namespace, projection)) }
                }
            };
            all.insert(kind, asked);
        }
        let mut also = |kind: &'static str, path: &[&str]| {
            all.entry(kind).or_default().everywhere.add(&Path::keys(path));
        };
        also("Node", &["metadata", "name"]);
        also("Node", &["metadata", "labels"]);
        also("Node", &["spec", "providerID"]);
        also("Node", &["status", "nodeInfo", "kubeletVersion"]);
        also("NodeFacts", &["metadata", "name"]);
        also("NodeFacts", &["identity", "nodeName"]);
        if let Some(pod) = all.get_mut("Pod")
            && let Ok(image) = "spec.containers[*].image".parse()
        {
            // The version of the cluster is that of its API server's image.
            let all = &pod.everywhere;
            pod.within.get_or_insert_with(|| (system::NAMESPACE, all.clone())).1.add(&image);
        }
        let keys = Keys {
            metadata: Symbol::new("metadata"),
            name: Symbol::new("name"),
            namespace: Symbol::new("namespace"),
            identity: Symbol::new("identity"),
            node_name: Symbol::new("nodeName"),
        };
        Context { wanted: all, save, keys }
    }
}

/// What was found in one batch.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Number of the batch.
    pub(super) number: usize,
    /// Index of the source.
    pub(super) source: usize,
    /// The objects, per kind in input order.
    pub(super) resources: BTreeMap<&'static str, Vec<Resource>>,
    /// What could not be understood.
    pub(super) problems: Vec<Problem>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
    /// Objects of kinds that are not in the catalog.
    pub(super) other: BTreeMap<String, usize>,
    /// Objects of kinds of the catalog, wanted or not.
    pub(super) known: u64,
    /// Documents that are no Kubernetes objects.
    pub(super) foreign: usize,
    /// Documents that are templates of Helm.
    pub(super) templates: usize,
    /// Elements of a list whose kind is not known yet.
    pub(super) kindless: usize,
    /// Kinds of which there is a list, be it empty.
    pub(super) listed: BTreeSet<&'static str>,
    /// Masked objects for the snapshot, and how many.
    pub(super) saved: (Vec<u8>, u64),
}

/// One decoding thread.
pub(super) struct Decoder<'c> {
    context: &'c Context,
    memory: Memory,
}

struct Job<'a> {
    source: &'a Source,
    detailed: bool,
    found: Found,
}

impl<'c> Decoder<'c> {
    /// A decoder that has seen nothing.
    pub(super) fn new(context: &'c Context) -> Decoder<'c> {
        Decoder { context, memory: Memory::default() }
    }

    /// Decodes all units of a batch.
    pub(super) fn decode(&self, batch: &Batch) -> Found {
        let found = Found { number: batch.number, source: batch.source.index, ..Found::default() };
        let mut job = Job { source: &batch.source, detailed: batch.detailed, found };
        for unit in &batch.units {
            let text = batch.bytes.get(unit.start..unit.end).unwrap_or_default();
            let list = unit.list.as_deref();
            match unit.form {
                Form::Json => {
                    if let Err(problem) = self.json(&mut job, text, list, unit.line, 0) {
                        job.problem(problem, text);
                    }
                }
                Form::JsonRoot => self.json_root(&mut job, text, unit.line),
                Form::Yaml | Form::YamlItem => self.yaml(&mut job, text, unit),
            }
        }
        job.found
    }

    // What is wanted of the object `value` beyond what is wanted everywhere, if it lies where more is.
    fn more<'a>(&self, asked: &'a Asked, value: &Value) -> Option<&'a Projection> {
        let (namespace, projection) = asked.within.as_ref()?;
        let own = entry(entry(value, self.context.keys.metadata)?, self.context.keys.namespace)?;
        (own.as_str()? == *namespace).then_some(projection)
    }

    // `raw` is the text of an object of a snapshot; `generated` is asked for what the API server would make a name from.
    fn add(
        &self,
        job: &mut Job<'_>,
        kind: &'static Kind,
        value: Value,
        place: Option<Arc<Place>>,
        raw: &[u8],
        generated: impl FnOnce() -> Option<String>,
    ) {
        let masked = job.source.snapshot && snapshot::has_masks(raw);
        let value = if masked { snapshot::unmask(value, &self.memory.sharing) } else { value };
        let keys = &self.context.keys;
        let metadata = entry(&value, keys.metadata);
        let of = |key| metadata.and_then(|metadata| entry(metadata, key)).and_then(text);
        let name = match kind.name {
            "NodeFacts" => {
                entry(&value, keys.identity).and_then(|identity| entry(identity, keys.node_name)).and_then(text)
            }
            _ => None,
        };
        let name = name.or_else(|| of(keys.name)).or_else(|| generated().map(Text::from));
        if name.is_none() {
            let line = place.as_ref().map_or(1, |place| place.line);
            job.note(format!("{}:{line}: a {} without a name", job.source.file, kind.name));
        }
        let scope = match kind.technology {
            Technology::Kubernetes => {
                kind.namespaced.then(|| of(keys.namespace).unwrap_or_else(|| self.memory.sharing.text("default")))
            }
            // What was asked of the account as a whole may lie in a region, and what belongs to a cluster in none.
            Technology::Aws => of(keys.namespace),
        };
        let resource = Resource { scope, name: name.unwrap_or_else(|| "".into()), value, place };
        job.found.resources.entry(kind.name).or_default().push(resource);
    }

    // What a kubelet answers at `/configz`, saved to a file that is named like the node.
    fn configz(&self, job: &mut Job<'_>, value: Value, line: u32) -> Result<(), Problem> {
        let Some(kind) = catalog::kind("KubeletConfigz") else { return Ok(()) };
        let Some(config @ Value::Map(_)) = value.get("kubeletconfig") else {
            return Err(malformed(line, "\"kubeletconfig\" is no map"));
        };
        job.found.known += 1;
        let object = Value::map([
            ("metadata", Value::map([("name", Value::str(job.source.stem()))])),
            ("kubeletconfig", config.clone()),
        ]);
        if self.context.save
            && let Ok(object) = serde_json::to_value(&object)
        {
            let head = Head { api_version: Some("spm.kubelet/v1".to_owned()), kind: Some(kind.name.to_owned()) };
            job.save(&head, kind, object);
        }
        let place = Place::new(job.source.file.clone(), line, Vec::new());
        self.add(job, kind, object, Some(Arc::new(place)), b"", || None);
        Ok(())
    }
}

impl Job<'_> {
    fn save(&mut self, head: &Head, kind: &'static Kind, object: serde_json::Value) {
        let served = kind.api_version();
        let api_version = head.api_version.as_deref().unwrap_or(&served);
        // Writing to memory cannot fail.
        if snapshot::write_masked(api_version, kind.object_name(), object, &mut self.found.saved.0).is_ok() {
            self.found.saved.1 += 1;
        }
    }

    fn note(&mut self, note: String) {
        if self.found.notes.len() < 100 && !self.found.notes.contains(&note) {
            self.found.notes.push(note);
        }
    }

    // What is broken in a directory counts if it may be a Kubernetes object.
    fn problem(&mut self, problem: Problem, text: &[u8]) {
        if self.source.found && !self.source.facts && memmem::find(text, b"apiVersion").is_none() {
            self.found.foreign += 1;
        } else if self.found.problems.len() < 100 {
            self.found.problems.push(problem);
        }
    }
}

impl Found {
    /// Objects that were looked at.
    pub(super) fn objects(&self) -> usize {
        usize::try_from(self.known)
            .unwrap_or(usize::MAX)
            .saturating_add(self.other.values().sum::<usize>() + self.foreign)
    }
}

fn malformed(line: u32, detail: &str) -> Problem {
    Problem { line, reason: GapReason::Malformed, detail: detail.to_owned() }
}

fn entry(value: &Value, key: Symbol) -> Option<&Value> {
    value.as_map()?.get(key)
}

// Text, or what stands there instead of it; shared with the value.
fn text(value: &Value) -> Option<Text> {
    match value {
        Value::Str(text) if text.is_empty() => None,
        Value::Str(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_json(100).into()),
    }
}

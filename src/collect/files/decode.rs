//! Turns units of text into resources: which kind is it, is it wanted, and if so the wanted part of it. Runs on every
//! thread at once; what the threads find is put together in input order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use memchr::memmem;
use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{self, Memory};
use super::lines;
use super::source::Source;
use super::split::{Batch, Form, Head, Problem, Unit};
use super::system;
use super::yaml::{At, Document, YamlError};
use crate::base::symbol::Symbol;
use crate::catalog::{self, Kind};
use crate::expr::{Path, Projection, Value};
use crate::inventory::{Place, Resource, Wanted, snapshot};
use crate::model::{GapReason, Technology, Text};

/// Lists in lists in lists are no manifests.
const DEEPEST_LIST: usize = 8;

/// The one version of node facts that is understood.
const NODE_FACTS: &str = "spm.node/v1";

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

/// What an object is, judged by its `apiVersion` and `kind`.
enum Identity {
    Known(&'static Kind),
    Other(String),
    List,
    Newer(String),
    Kindless,
    Foreign,
    ReadBefore,
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

    // --- JSON

    // An object of its own. If it is broken, an object may begin on each of its lines: a file of JSON lines of which one is
    // cut off.
    fn json_root(&self, job: &mut Job<'_>, text: &[u8], line: u32) {
        let Err(problem) = self.json(job, text, None, line, 0) else { return };
        job.problem(problem, text);
        let (mut start, mut at) = (0, line);
        for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
            let piece = &text[start..end];
            if start > 0
                && piece.starts_with(b"{")
                && let Err(problem) = self.json(job, piece, None, at, 0)
            {
                job.problem(problem, piece);
            }
            (start, at) = (end + 1, at.saturating_add(1));
        }
    }

    fn json(
        &self,
        job: &mut Job<'_>,
        text: &[u8],
        list: Option<&Head>,
        line: u32,
        depth: usize,
    ) -> Result<(), Problem> {
        let broken = |error: serde_json::Error| json_problem(&error, line);
        let head = json_head(text).map_err(broken)?;
        match job.identify(&head, list) {
            Identity::Known(kind) => {
                if self.context.save {
                    let object = serde_json::from_slice(text).map_err(broken)?;
                    job.save(&head, kind, object);
                }
                let Some(asked) = self.context.wanted.get(kind.name) else { return Ok(()) };
                job.found.listed.insert(kind.name);
                let mut projection = &asked.everywhere;
                let mut value = json::decode(text, projection, &self.memory).map_err(broken)?;
                if let Some(more) = self.more(asked, &value) {
                    projection = more;
                    value = json::decode(text, projection, &self.memory).map_err(broken)?;
                }
                let several = job.detailed && text.contains(&b'\n');
                let lines = if several { lines::lines(text, projection, line) } else { Vec::new() };
                // On the one line of a large dump every object stands at line 1, which tells nobody anything.
                let placed = !job.source.snapshot && (job.detailed || line > 1);
                let place = placed.then(|| Arc::new(Place::new(job.source.file.clone(), line, lines)));
                self.add(job, kind, value, place, text, || json_generate_name(text));
                Ok(())
            }
            Identity::List => {
                if depth >= DEEPEST_LIST {
                    return Err(malformed(line, "lists inside of lists, too many of them"));
                }
                let items: Items<'_> = serde_json::from_slice(text).map_err(broken)?;
                job.found.listed.extend(listed_kind(&head));
                for item in items.items.unwrap_or_default() {
                    let item = item.get().as_bytes();
                    let offset = (item.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize).min(text.len());
                    let newlines = memchr::memchr_iter(b'\n', &text[..offset]).count();
                    let line = line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
                    if let Err(problem) = self.json(job, item, Some(&head), line, depth + 1) {
                        job.problem(problem, item);
                    }
                }
                Ok(())
            }
            Identity::Foreign if job.source.facts && memmem::find(text, b"\"kubeletconfig\"").is_some() => {
                let value: Value = serde_json::from_slice(text).map_err(broken)?;
                self.configz(job, value, line)
            }
            other => {
                // The text may be anything, so nobody has looked yet whether it is well-formed.
                if matches!(other, Identity::Foreign) {
                    serde_json::from_slice::<IgnoredAny>(text).map_err(broken)?;
                }
                job.other(other, line)
            }
        }
    }

    // --- YAML

    fn yaml(&self, job: &mut Job<'_>, bytes: &[u8], unit: &Unit) {
        let templates = memmem::find(bytes, b"{{").is_some();
        let problem = match std::str::from_utf8(bytes) {
            Err(error) => {
                let newlines = memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
                malformed(unit.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX)), "is not UTF-8 text")
            }
            Ok(text) if text.contains('\0') => malformed(unit.line, "is no text: it holds NUL bytes"),
            Ok(text) => match self.yaml_text(job, text, unit, templates) {
                Ok(()) => return,
                Err(error) => malformed(error.line, &error.detail),
            },
        };
        if templates {
            job.found.templates += 1;
        } else {
            job.problem(problem, bytes);
        }
    }

    fn yaml_text(&self, job: &mut Job<'_>, text: &str, unit: &Unit, template: bool) -> Result<(), YamlError> {
        let document = Document::parse(text, unit.line)?;
        let Some(root) = document.root() else { return Ok(()) };
        let reader = YamlReader { document: &document, template };
        match document.elements(root) {
            Some(elements) => {
                // A list at the top: of a dump that was cut, or of objects, or of something that nobody asked about.
                let none = Head::default();
                let list = unit.list.as_deref().or(Some(&none));
                for element in elements {
                    self.yaml_object(job, &reader, element, list, 0)?;
                }
                Ok(())
            }
            None if document.is_map(root) => self.yaml_object(job, &reader, root, None, 0),
            None if document.is_null(root) => Ok(()),
            None => {
                job.found.foreign += 1;
                Ok(())
            }
        }
    }

    fn yaml_object(
        &self,
        job: &mut Job<'_>,
        reader: &YamlReader<'_, '_>,
        at: At,
        list: Option<&Head>,
        depth: usize,
    ) -> Result<(), YamlError> {
        let document = reader.document;
        let line = document.line(at);
        let text = |key| document.entry(at, key).and_then(|value| document.text(value)).map(str::to_owned);
        let head = Head { api_version: text("apiVersion"), kind: text("kind") };
        match job.identify(&head, list) {
            Identity::Known(kind) => {
                if self.context.save {
                    let whole = document.decode(at, Projection::everything(), &self.memory.sharing)?;
                    if let Ok(object) = serde_json::to_value(&whole.value) {
                        job.save(&head, kind, object);
                    }
                }
                let Some(asked) = self.context.wanted.get(kind.name) else { return Ok(()) };
                let mut decoded = document.decode(at, &asked.everywhere, &self.memory.sharing)?;
                if let Some(more) = self.more(asked, &decoded.value) {
                    decoded = document.decode(at, more, &self.memory.sharing)?;
                }
                let keys = &self.context.keys;
                let name = entry(&decoded.value, keys.metadata).and_then(|metadata| entry(metadata, keys.name));
                if reader.template && name.is_some_and(|name| name.as_str().is_none()) {
                    job.found.templates += 1;
                    return Ok(());
                }
                if let Some((key, line)) = decoded.doubled {
                    let file = &job.source.file;
                    job.note(format!("{file}:{line}: the key \"{key}\" is there twice; the last one counts"));
                }
                let place = Place::new(job.source.file.clone(), line, decoded.lines);
                let generated = || {
                    let metadata = document.entry(at, "metadata")?;
                    document.text(document.entry(metadata, "generateName")?).map(str::to_owned)
                };
                self.add(job, kind, decoded.value, Some(Arc::new(place)), b"", generated);
                Ok(())
            }
            Identity::List => {
                let items = document.entry(at, "items").and_then(|items| document.elements(items)).unwrap_or_default();
                if depth >= DEEPEST_LIST {
                    return Err(YamlError { line, detail: "lists inside of lists, too many of them".to_owned() });
                }
                job.found.listed.extend(listed_kind(&head));
                for item in items {
                    // One broken element does not spoil the others.
                    if let Err(error) = self.yaml_object(job, reader, item, Some(&head), depth + 1) {
                        job.problem(malformed(error.line, &error.detail), b"apiVersion");
                    }
                }
                Ok(())
            }
            Identity::Foreign if job.source.facts && document.entry(at, "kubeletconfig").is_some() => {
                let value = document.decode(at, Projection::everything(), &self.memory.sharing)?.value;
                self.configz(job, value, line).map_err(|problem| YamlError { line, detail: problem.detail })
            }
            other => job.other(other, line).map_err(|problem| YamlError { line, detail: problem.detail }),
        }
    }

    // --- Resources

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

struct YamlReader<'d, 't> {
    document: &'d Document<'t>,
    // Somewhere in the text are the braces of a Helm template.
    template: bool,
}

impl Job<'_> {
    fn identify(&mut self, own: &Head, list: Option<&Head>) -> Identity {
        if self.source.assume.is_some() && own.kind.is_some() {
            return Identity::ReadBefore;
        }
        let list = self.source.assume.as_ref().or(list);
        let (kind, api_version) = match (&own.kind, list) {
            (Some(kind), _) => (kind.as_str(), own.api_version.as_deref()),
            (None, None) => return Identity::Foreign,
            (None, Some(list)) => {
                let Some(kind) = &list.kind else { return Identity::Kindless };
                let api_version = own.api_version.as_deref().or(list.api_version.as_deref());
                match kind.strip_suffix("List") {
                    Some(element) if !element.is_empty() => (element, api_version),
                    _ => return Identity::Foreign,
                }
            }
        };
        let Some(api_version) = api_version else { return Identity::Foreign };
        if kind == "NodeFacts" && api_version.starts_with("spm.node/") && api_version != NODE_FACTS {
            return Identity::Newer(api_version.to_owned());
        }
        match catalog::object_kind(api_version, kind) {
            Some((known, old)) => {
                self.found.known += 1;
                if old {
                    self.note(format!(
                        "{}: {kind} objects of the group \"extensions\", which no cluster serves any more, are read as {}/{}",
                        self.source.file, known.group, known.version
                    ));
                }
                Identity::Known(known)
            }
            None if kind.ends_with("List") => Identity::List,
            None => Identity::Other(match api_version.rsplit_once('/') {
                Some((group, _)) => format!("{kind} ({group})"),
                None => kind.to_owned(),
            }),
        }
    }

    fn other(&mut self, identity: Identity, line: u32) -> Result<(), Problem> {
        match identity {
            Identity::Other(label) => *self.found.other.entry(label).or_default() += 1,
            Identity::Kindless => self.found.kindless += 1,
            Identity::Newer(version) => {
                return Err(malformed(
                    line,
                    &format!("node facts of format {version}; this version of spm reads {NODE_FACTS}"),
                ));
            }
            Identity::Foreign if self.source.facts && !self.source.found => {
                return Err(malformed(line, &format!("no node facts: expected apiVersion: {NODE_FACTS}")));
            }
            Identity::Foreign => self.found.foreign += 1,
            Identity::Known(_) | Identity::List | Identity::ReadBefore => {}
        }
        Ok(())
    }

    fn save(&mut self, head: &Head, kind: &'static Kind, object: serde_json::Value) {
        let served = kind.api_version();
        let api_version = head.api_version.as_deref().unwrap_or(&served);
        // Writing to memory cannot fail.
        if snapshot::write_masked(api_version, kind.object_name(), object, &mut self.found.saved.0).is_ok() {
            self.found.saved.1 += 1;
        }
    }

    fn note(&mut self, note: String) {
        if !self.found.notes.contains(&note) {
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

/// The kind that a list holds nothing but: `Pod` for a `PodList`.
pub(super) fn listed_kind(head: &Head) -> Option<&'static str> {
    let element = head.kind.as_deref()?.strip_suffix("List")?;
    catalog::object_kind(head.api_version.as_deref()?, element).map(|(kind, _)| kind.name)
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

fn json_problem(error: &serde_json::Error, line: u32) -> Problem {
    let reason = if error.is_eof() { GapReason::Truncated } else { GapReason::Malformed };
    let below = u32::try_from(error.line().saturating_sub(1)).unwrap_or(u32::MAX);
    let text = error.to_string();
    // The line is ours to say: the decoder counts from the beginning of the object.
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    Problem { line: line.saturating_add(below), reason, detail: detail.to_owned() }
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

fn json_generate_name(text: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        generate_name: String,
    }
    serde_json::from_slice::<Object>(text).ok().map(|object| object.metadata.generate_name)
}

#[derive(serde::Deserialize)]
struct Items<'a> {
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

// Reads `apiVersion` and `kind`, and stops as soon as it has both.
fn json_head(text: &[u8]) -> Result<Head, serde_json::Error> {
    let mut head = Head::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    match deserializer.deserialize_any(HeadVisitor(&mut head)) {
        Ok(()) => Ok(head),
        // Stopping early looks like an error to the decoder.
        Err(_) if head.api_version.is_some() && head.kind.is_some() => Ok(head),
        Err(error) => Err(error),
    }
}

struct HeadVisitor<'h>(&'h mut Head);

impl<'de> Visitor<'de> for HeadVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(HeadKey)? {
            match key {
                Key::ApiVersion => self.0.api_version = map.next_value::<Scalar>()?.0,
                Key::Kind => self.0.kind = map.next_value::<Scalar>()?.0,
                Key::Other => _ = map.next_value::<IgnoredAny>()?,
            }
            if self.0.api_version.is_some() && self.0.kind.is_some() {
                break;
            }
        }
        Ok(())
    }
}

enum Key {
    ApiVersion,
    Kind,
    Other,
}

struct HeadKey;

impl<'de> DeserializeSeed<'de> for HeadKey {
    type Value = Key;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for HeadKey {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "apiVersion" => Key::ApiVersion,
            "kind" => Key::Kind,
            _ => Key::Other,
        })
    }
}

// Text, or nothing if it is anything else.
struct Scalar(Option<String>);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        let value: serde_json::Value = serde::Deserialize::deserialize(deserializer)?;
        Ok(Scalar(match value {
            serde_json::Value::String(text) => Some(text),
            _ => None,
        }))
    }
}

//! Reading a check file: every fault with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Check, Example, Other, Param, THEMES, compile};
use crate::base::diagnostic::Diagnostics;
use crate::base::yaml::{Data, Node, Scalar};
use crate::catalog::{self, Source};
use crate::expr::Path;
use crate::model::{Ccss, CheckInfo, Control, State};

const KEYS: [&str; 16] = [
    "id", "title", "resource", "where", "each", "assert", "params", "partial", "hint", "control", "ccss", "themes",
    "why", "fix", "links", "examples",
];

pub(super) struct Reader<'a> {
    pub(super) node: &'a Node,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    pub(super) fn check(&mut self, id: &str) -> Option<Check> {
        let Some(entries) = self.node.map() else {
            let help = "see `spm rules new` for a skeleton".to_owned();
            self.diagnostics.add(self.node.place, format!("a check is a map, found {}", self.node.kind()), Some(help));
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
            self.diagnostics.unknown(key.place, "key of a check", &key.text, KEYS);
        }
        if let Some(node) = self.required("id")
            && node.text() != Some(id)
        {
            let (place, found) = (node.place, node.text().unwrap_or(node.kind()).to_owned());
            self.diagnostics.add(
                place,
                format!("the id \"{found}\" is not the file name"),
                Some(format!("expected \"{id}\"")),
            );
        }
        let title = self.prose("title", 12);
        let why = self.prose("why", 30);
        let fix = self.prose("fix", 20);
        let source = self.resource();
        let ccss = self.ccss();
        let control = self.control();
        let themes = self.themes();
        let links = self.links();
        let hint = self.node.get("hint").and_then(|n| self.text(n, "hint")).map(str::to_owned);
        let partial = match self.node.get("partial").map(|n| (n.place, n.scalar())) {
            None => false,
            Some((_, Some(Scalar::Bool(flag)))) => flag,
            Some((place, _)) => {
                self.diagnostics.add(place, "partial is true or false", None);
                false
            }
        };
        if partial && hint.is_none() {
            let help = "say what a person must look at, since this check never proves Passed".to_owned();
            self.diagnostics.add(self.node.place, "a partial check needs a `hint`", Some(help));
        }
        let params = self.params();
        let assert = self.required("assert").cloned();
        let (where_, each) = (self.node.get("where").cloned(), self.node.get("each").cloned());
        let examples = self.examples(&params);
        let (source, assert) = (source?, assert?);

        // Required parameters have no value yet; the examples show what they look like.
        let mut values: BTreeMap<String, Node> =
            params.iter().filter_map(|(name, p)| Some((name.clone(), p.default.clone()?))).collect();
        for example in &examples {
            for (name, value) in &example.params {
                values.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        for (name, _) in params.iter().filter(|(name, _)| !values.contains_key(*name)) {
            let help = format!("give it by `params: {{ {name}: ... }}` in an example");
            self.diagnostics.add(
                self.node.place,
                format!("no example has the required parameter \"{name}\""),
                Some(help),
            );
        }
        let (_, used) = compile(source, where_.as_ref(), each.as_ref(), &assert, &values, self.diagnostics);
        for (name, _) in params.iter().filter(|(name, _)| !used.contains(*name)) {
            let place = self.node.get("params").map_or(self.node.place, |n| n.place);
            self.diagnostics.add(place, format!("the parameter \"{name}\" is not used"), None);
        }
        let info = CheckInfo {
            id: id.to_owned(),
            title: title?,
            resource: source.name().to_owned(),
            ccss: ccss?,
            control: control?,
            themes,
            why: why?,
            fix: fix?,
            hint,
            links,
        };
        Some(Check {
            info: Arc::new(info),
            file: self.diagnostics.file.clone(),
            source,
            params,
            partial,
            examples,
            where_,
            each,
            assert,
        })
    }

    fn required(&mut self, key: &str) -> Option<&Node> {
        let node = self.node.get(key);
        if node.is_none() {
            self.diagnostics.add(self.node.place, format!("a check needs `{key}`"), None);
        }
        node
    }

    fn text<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n str> {
        let text = node.text().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.diagnostics.add(node.place, format!("{key} is text, found {}", node.kind()), None);
        }
        text
    }

    fn prose(&mut self, key: &str, least: usize) -> Option<String> {
        self.required(key)?;
        let node = self.node.get(key)?;
        let text = self.text(node, key)?.trim().to_owned();
        if text.chars().count() < least {
            let help = format!("at least {least} characters that help a person");
            self.diagnostics.add(node.place, format!("{key} is too short: \"{text}\""), Some(help));
        }
        Some(text)
    }

    fn resource(&mut self) -> Option<Source> {
        self.required("resource")?;
        let node = self.node.get("resource")?;
        let name = self.text(node, "resource")?;
        let source = catalog::source(name);
        if source.is_none() {
            let known: Vec<&str> = catalog::views().map(|v| v.name).chain(catalog::kinds().map(|k| k.name)).collect();
            self.diagnostics.unknown(node.place, "resource", name, known);
        }
        source
    }

    fn ccss(&mut self) -> Option<Ccss> {
        self.required("ccss")?;
        let node = self.node.get("ccss")?;
        read_ccss(node, self.diagnostics)
    }

    fn control(&mut self) -> Option<Control> {
        self.required("control")?;
        let node = self.node.get("control")?;
        let word = node.text().unwrap_or(node.kind());
        let control = Control::ALL.into_iter().find(|control| control.as_str() == word);
        if control.is_none() {
            self.diagnostics.unknown(node.place, "control", word, Control::ALL.map(Control::as_str));
        }
        control
    }

    fn themes(&mut self) -> Vec<String> {
        let Some(node) = self.required("themes").cloned() else { return Vec::new() };
        read_themes(&node, self.diagnostics)
    }

    fn links(&mut self) -> Vec<String> {
        let Some(node) = self.required("links").cloned() else { return Vec::new() };
        let links: Vec<&Node> = node.list().unwrap_or_default().iter().collect();
        if links.is_empty() {
            self.diagnostics.add(node.place, "links is a list of addresses", Some("the vendor's documentation".into()));
        }
        for link in links.iter().filter(|l| !l.text().is_some_and(|t| t.starts_with("https://"))) {
            let found = link.text().unwrap_or(link.kind()).to_owned();
            self.diagnostics.add(
                link.place,
                format!("not an address: \"{found}\""),
                Some("expected https://...".into()),
            );
        }
        links.iter().filter_map(|l| l.text().map(str::to_owned)).collect()
    }

    fn params(&mut self) -> BTreeMap<String, Param> {
        const KEYS: [&str; 3] = ["default", "required", "doc"];
        let mut params = BTreeMap::new();
        let Some(node) = self.node.get("params") else { return params };
        let Some(entries) = node.map() else {
            self.diagnostics.add(node.place, format!("params is a map, found {}", node.kind()), None);
            return params;
        };
        for (name, spec) in entries {
            for (key, _) in spec.map().unwrap_or_default().iter().filter(|(k, _)| !KEYS.contains(&k.text.as_str())) {
                self.diagnostics.unknown(key.place, "key of a parameter", &key.text, KEYS);
            }
            let default = spec.get("default").cloned();
            let required = spec.get("required").and_then(Node::scalar) == Some(Scalar::Bool(true));
            if default.is_some() == required {
                let help = "give `default: ...`, or `required: true`".to_owned();
                self.diagnostics.add(name.place, format!("parameter \"{}\"", name.text), Some(help));
            }
            let doc = spec.get("doc").and_then(Node::text).unwrap_or_default().to_owned();
            if doc.is_empty() {
                self.diagnostics.add(name.place, format!("parameter \"{}\" has no `doc`", name.text), None);
            }
            params.insert(name.text.clone(), Param { default, doc });
        }
        params
    }

    fn examples(&mut self, params: &BTreeMap<String, Param>) -> Vec<Example> {
        // What the check can never say needs no example: a partial one does not pass, one whose elements are all that it
        // knows does not fail, and one for every subject is always relevant.
        let partial = self.node.get("partial").and_then(Node::scalar) == Some(Scalar::Bool(true));
        let empty = self.node.get("each").map(|each| each.get("empty").and_then(Node::text).unwrap_or("not_relevant"));
        let states = [
            ("passed", State::Passed, !partial),
            ("failed", State::Failed, empty != Some("manual")),
            ("manual", State::Manual, true),
            ("not_relevant", State::NotRelevant, self.node.get("where").is_some() || empty == Some("not_relevant")),
        ];
        let mut examples = Vec::new();
        let Some(node) = self.required("examples").cloned() else { return examples };
        for (key, _) in node.map().unwrap_or_default() {
            if !states.iter().any(|(name, ..)| *name == key.text) {
                self.diagnostics.unknown(key.place, "state", &key.text, states.map(|(name, ..)| name));
            }
        }
        for (name, state, needed) in states {
            let own = node.get(name);
            let items = own.and_then(|own| self.list(own, name)).unwrap_or_default();
            if items.is_empty() && needed {
                self.diagnostics.add(
                    node.place,
                    format!("no example under `{name}`"),
                    Some("at least one is needed".into()),
                );
            }
            for item in items {
                examples.extend(self.example(item, state, params));
            }
        }
        examples
    }

    fn example(&mut self, item: &Node, state: State, params: &BTreeMap<String, Param>) -> Option<Example> {
        const KEYS: [&str; 4] = ["subject", "gap", "world", "params"];
        let Some(entries) = item.map() else {
            self.diagnostics.add(item.place, format!("an example is a map, found {}", item.kind()), None);
            return None;
        };
        let empty = Node { place: item.place, data: Data::Map(Vec::new()) };
        let extended = !entries.is_empty() && entries.iter().all(|(key, _)| KEYS.contains(&key.text.as_str()));
        let get = |key: &str| if extended { item.get(key) } else { None };
        let subject = if extended { get("subject").unwrap_or(&empty) } else { item };
        let gaps = self.gaps(get("gap"));
        let mut world = Vec::new();
        for object in get("world").and_then(|world| self.list(world, "world")).unwrap_or_default() {
            match object.get("kind").and_then(Node::text).filter(|kind| catalog::source(kind).is_some()) {
                Some(kind) => {
                    let gaps = self.gaps(object.get("gap"));
                    world.push(Other { kind: kind.to_owned(), object: object.clone(), gaps });
                }
                None => self.diagnostics.add(object.place, "an object of the world needs a known `kind`", None),
            }
        }
        let params_given = get("params");
        if let Some(node) = params_given.filter(|node| node.map().is_none()) {
            self.diagnostics.add(node.place, format!("params is a map, found {}", node.kind()), None);
        }
        let mut given = BTreeMap::new();
        for (key, value) in params_given.and_then(Node::map).unwrap_or_default() {
            if !params.contains_key(&key.text) {
                self.diagnostics.unknown(key.place, "parameter", &key.text, params.keys().map(String::as_str));
            }
            given.insert(key.text.clone(), value.clone());
        }
        Some(Example { place: item.place, state, subject: subject.clone(), gaps, world, params: given })
    }
}

impl Reader<'_> {
    fn list<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Node]> {
        if node.list().is_none() {
            self.diagnostics.add(node.place, format!("{key} is a list, found {}", node.kind()), None);
        }
        node.list()
    }

    // The paths that were not read: one, or a list of them.
    fn gaps(&mut self, node: Option<&Node>) -> Vec<Path> {
        let Some(node) = node else { return Vec::new() };
        let mut gaps = Vec::new();
        for path in node.list().unwrap_or(std::slice::from_ref(node)) {
            match path.text().unwrap_or_default().parse::<Path>() {
                Ok(path) => gaps.push(path),
                Err(error) => self.diagnostics.add(path.place, format!("bad path: {error}"), None),
            }
        }
        gaps
    }
}

/// A severity vector; one without any impact would hide the finding.
pub fn read_ccss(node: &Node, diagnostics: &mut Diagnostics) -> Option<Ccss> {
    let text = node.text().unwrap_or_default();
    match text.parse::<Ccss>() {
        Ok(ccss) if ccss.base() > 0.0 => Some(ccss),
        Ok(_) => {
            diagnostics.add(node.place, "the vector scores 0.0", Some("one of C, I, A must be P or C".into()));
            None
        }
        Err(error) => {
            diagnostics.add(node.place, format!("bad severity vector \"{text}\": {error}"), None);
            None
        }
    }
}

/// A list of known themes.
pub fn read_themes(node: &Node, diagnostics: &mut Diagnostics) -> Vec<String> {
    let items = node.list().unwrap_or_default();
    if items.is_empty() {
        diagnostics.add(node.place, "themes is a list with at least one theme", None);
    }
    let mut themes = Vec::new();
    for item in items {
        match item.text() {
            Some(theme) if THEMES.contains(&theme) => themes.push(theme.to_owned()),
            other => diagnostics.unknown(item.place, "theme", other.unwrap_or(item.kind()), THEMES),
        }
    }
    themes
}

//! k3s: every component lives in one process, so flags are the program's own ones plus those that the user hands on.

use std::collections::BTreeSet;

use super::flags::{Arg, Flags};
use super::instances::Instance;
use super::nodes::{Document, Node};
use super::shell::Env;
use crate::catalog::kubernetes::components::{Component, k3s_flags};
use crate::expr::Value;
use crate::model::Text;

/// Arguments of k3s on a node, and where they were read.
#[derive(Debug)]
pub struct Arguments {
    /// `server` or `agent`.
    pub server: bool,
    /// Arguments behind the subcommand; the configuration file is part of them.
    pub args: Vec<(String, Option<String>)>,
    /// `node annotation` or `node facts`.
    pub source: &'static str,
    /// In words.
    pub of: String,
}

/// The arguments of k3s on a node; none if it does not run k3s or nobody knows them.
pub fn arguments(node: &Node<'_>) -> Option<Arguments> {
    if !node.is_k3s() {
        return None;
    }
    // k3s hides its arguments from the process list, but writes them, file included, into an annotation.
    if let Some(all) = node.k3s_arguments() {
        let server = all.first().is_some_and(|first| first == "server");
        let of = format!("the k3s arguments of node {}", node.name);
        return Some(Arguments { server, args: pairs(all.get(1..)?), source: "node annotation", of });
    }
    let units = node.fact(&["units"]).map(Value::items).unwrap_or_default();
    let argv = units
        .iter()
        .filter(|unit| unit.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with("k3s")))
        .find_map(|unit| unit.get("argv"))?;
    let words: Vec<String> = argv.items().iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let at = words.iter().position(|word| word == "server" || word == "agent")?;
    // The file comes first: a flag replaces what it says, repeated ones add up.
    let mut args = Vec::new();
    for (_, document) in node.documents_of("K3sConfiguration") {
        match document {
            Document::Content(content, _) => args.extend(configured(content)),
            Document::Unknown(_) => return None,
        }
    }
    args.extend(pairs(words.get(at + 1..)?));
    let of = format!("the k3s arguments of node {}", node.name);
    Some(Arguments { server: words.get(at).is_some_and(|word| word == "server"), args, source: "node facts", of })
}

// `--name value`, `--name=value`, `--name`.
fn pairs(words: &[String]) -> Vec<(String, Option<String>)> {
    let mut pairs = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let Some(body) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        match body.split_once('=') {
            Some((name, value)) => pairs.push((name.to_owned(), Some(value.to_owned()))),
            None => {
                let value = rest.next_if(|next| !next.starts_with('-')).cloned();
                pairs.push((body.to_owned(), value));
            }
        }
    }
    pairs
}

// Entries of config.yaml: a list stands for a repeated flag, `name+` adds to one.
fn configured(content: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_json(4096), str::to_owned);
    let mut pairs = Vec::new();
    for (key, value) in content.as_map().into_iter().flat_map(|map| map.iter()) {
        let name = key.as_str().trim_end_matches('+').to_owned();
        match value {
            Value::List(items) => pairs.extend(items.iter().map(|item| (name.clone(), Some(text(item))))),
            Value::Null => {}
            value => pairs.push((name, Some(text(value)))),
        }
    }
    pairs
}

impl Arguments {
    /// The last value of a flag of k3s itself.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.args.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_deref().unwrap_or("true"))
    }

    fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| super::flags::boolean(value) == Some(true))
    }

    /// Directory of the server's data.
    pub fn data_dir(&self) -> String {
        format!("{}/server", self.value("data-dir").unwrap_or("/var/lib/rancher/k3s").trim_end_matches('/'))
    }

    // SQLite or an external database, unless etcd was asked for; its members carry a label.
    fn keeps_etcd(&self, node: &Node<'_>) -> bool {
        node.labelled_etcd() || node.object.is_none() && self.is_on("cluster-init")
    }

    // What k3s tells its API server about the store. Databases other than etcd are behind a socket of its own.
    fn store(&self, node: &Node<'_>, data: &str) -> Vec<(&'static str, Result<String, Text>)> {
        let etcd = |servers: String, [ca, cert, key]: [String; 3]| {
            let files = [("etcd-cafile", ca), ("etcd-certfile", cert), ("etcd-keyfile", key)];
            let files = files.into_iter().filter(|(_, file)| !file.is_empty());
            [("etcd-servers", servers)].into_iter().chain(files).map(|(name, value)| (name, Ok(value))).collect()
        };
        let unclear = |why: String| {
            let flags = ["etcd-servers", "etcd-cafile", "etcd-certfile", "etcd-keyfile"];
            flags.map(|name| (name, Err(Text::from(why.as_str())))).to_vec()
        };
        // A server without members of its own reaches those of the others in the same way.
        if self.keeps_etcd(node) || self.is_on("disable-etcd") {
            let file = |name: &str| format!("{data}/tls/etcd/{name}");
            let files = [file("server-ca.crt"), file("client.crt"), file("client.key")];
            return etcd("https://127.0.0.1:2379".to_owned(), files);
        }
        match self.value("datastore-endpoint") {
            Some(endpoint) if endpoint.starts_with("http://") || endpoint.starts_with("https://") => {
                let file = |name| self.value(name).unwrap_or_default().to_owned();
                let files = [file("datastore-cafile"), file("datastore-certfile"), file("datastore-keyfile")];
                etcd(endpoint.to_owned(), files)
            }
            Some(endpoint) if !endpoint.contains("://") => {
                unclear(format!("the datastore-endpoint of k3s on node {} is masked: it may be etcd", node.name))
            }
            None if self.value("server").is_some() => {
                unclear(format!("k3s on node {} joined a cluster whose store is not known: it may be etcd", node.name))
            }
            _ => Vec::from([("etcd-servers", Ok("unix://kine.sock".to_owned()))]),
        }
    }

    /// Flags that the user hands on to a component.
    pub fn handed_on(&self, component: &Component) -> Result<Flags, Text> {
        let handed: Vec<Arg> = self
            .args
            .iter()
            .filter(|(name, _)| name == component.k3s_flag)
            .filter_map(|(_, value)| value.as_deref())
            .map(|value| Arg::new(format!("--{}", value.trim_start_matches('-').replacen("+=", "=", 1))))
            .collect();
        Flags::parse(component, &handed, &self.of)
    }
}

/// The instance of a component in the k3s server of a node.
pub fn instance<'a>(node: &Node<'a>, component: &Component) -> Option<Instance<'a>> {
    if matches!(component.name, "kubelet" | "kube-proxy") {
        return None;
    }
    let Some(arguments) = arguments(node) else {
        let expected = node.is_k3s() && (node.labelled_control_plane() || node.runs_k3s_server());
        let expected = expected && (component.name != "etcd" || node.labelled_etcd());
        let why = format!(
            "the arguments of k3s on node {} are not known: neither its annotation nor its unit was read",
            node.name
        );
        return expected.then(|| new(node, Err(why.into()), "node facts", format!("k3s on node {}", node.name)));
    };
    let disabled = match component.name {
        "kube-apiserver" => arguments.is_on("disable-apiserver"),
        "kube-controller-manager" => arguments.is_on("disable-controller-manager"),
        "kube-scheduler" => arguments.is_on("disable-scheduler"),
        // SQLite or an external database, unless etcd was asked for; its members carry a label.
        "etcd" => !arguments.keeps_etcd(node),
        _ => false,
    };
    if !arguments.server || disabled {
        return None;
    }
    let own: Text = format!("what k3s on node {} sets itself", node.name).into();
    let mut flags = Flags::default();
    let data = arguments.data_dir();
    for (name, text) in k3s_flags(component.name) {
        flags.add(component, name, Ok(&text.replace("DATA", &data)), None, own.clone());
    }
    if component.name == "kube-apiserver" && arguments.is_on("secrets-encryption") {
        let path = format!("{data}/cred/encryption-config.json");
        flags.add(component, "encryption-provider-config", Ok(&path), None, own.clone());
    }
    if component.name == "kube-apiserver" {
        for (name, value) in arguments.store(node, &data) {
            flags.add(component, name, value.as_deref().map_err(Clone::clone), None, own.clone());
        }
    }
    let of = arguments.of.clone();
    let flags = arguments.handed_on(component).map(|mut over| {
        merge_lists(&flags, &mut over, &arguments, component);
        flags.overlay(over);
        flags
    });
    Some(new(node, flags, arguments.source, of))
}

// `name+=value` adds to what k3s sets itself instead of replacing it.
fn merge_lists(own: &Flags, over: &mut Flags, arguments: &Arguments, component: &Component) {
    let handed = arguments.args.iter().filter(|(name, _)| name == component.k3s_flag);
    let added: BTreeSet<&str> = handed
        .filter_map(|(_, value)| value.as_deref()?.split_once("+="))
        .map(|(name, _)| name.trim_start_matches('-'))
        .filter(|name| component.lists.contains(name))
        .collect();
    for name in added {
        if let (Some(before), Some(flag)) = (own.get(name), over.get(name).cloned()) {
            let items = before.value.items().iter().chain(flag.value.items()).cloned();
            over.set(name, Value::list(items), flag.at, flag.source);
        }
    }
}

fn new<'a>(node: &Node<'a>, flags: Result<Flags, Text>, source: &'static str, of: String) -> Instance<'a> {
    Instance { node: node.name.clone(), element: None, flags, env: Env::new(), source, of, image: None, place: None }
}

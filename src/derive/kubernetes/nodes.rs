//! Nodes: the object of the API joined with the document of the node collector, roles, who runs the control plane.

use std::collections::BTreeMap;

use crate::derive::keys;
use crate::expr::Value;
use crate::expr::path::{Step, Steps};
use crate::inventory::{Inventory, Mode, Presence, Resource};
use crate::model::{Gap, Text};

/// A node, known from the API, from its facts, or from both.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// Its name.
    pub name: Text,
    /// The object of the API.
    pub object: Option<&'a Resource>,
    /// The document of the node collector.
    pub facts: Option<&'a Resource>,
    /// Why there is none, if it was tried to get one.
    pub missing: Option<&'a str>,
}

/// A document that was collected on a node.
#[derive(Debug, Clone)]
pub enum Document<'a> {
    /// Its content and where that stands in the facts.
    Content(&'a Value, Steps),
    /// Nobody knows it, for this reason.
    Unknown(Text),
}

/// Every node, sorted by name. Facts belong to the node of their name, else to the one node that reports the same machine.
pub fn nodes(inventory: &Inventory) -> Vec<Node<'_>> {
    let mut nodes: Vec<Node<'_>> = inventory
        .of("Node")
        .iter()
        .map(|object| Node { name: object.name.clone(), object: Some(object), facts: None, missing: None })
        .collect();
    let by_name: BTreeMap<Text, usize> = nodes.iter().enumerate().map(|(at, node)| (node.name.clone(), at)).collect();
    for facts in inventory.of("NodeFacts") {
        match join(&nodes, &by_name, facts) {
            Some(at) => nodes[at].facts = Some(facts),
            None => nodes.push(Node { name: facts.name.clone(), object: None, facts: Some(facts), missing: None }),
        }
    }
    let tried: Vec<&Gap> = inventory.gaps().iter().filter(|gap| gap.kind == "NodeFacts").collect();
    for node in nodes.iter_mut().filter(|node| node.facts.is_none()) {
        let own = tried.iter().find(|gap| gap.scope.as_deref() == Some(&*node.name));
        let gap = own.or_else(|| tried.iter().find(|gap| gap.scope.is_none()));
        node.missing = gap.map(|gap| gap.detail.as_str());
    }
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

/// The node of this name among all, which are sorted.
pub fn named<'n, 'a>(nodes: &'n [Node<'a>], name: &str) -> Option<&'n Node<'a>> {
    nodes.binary_search_by(|node| (*node.name).cmp(name)).ok().and_then(|at| nodes.get(at))
}

fn join(nodes: &[Node<'_>], by_name: &BTreeMap<Text, usize>, facts: &Resource) -> Option<usize> {
    if let Some(at) = by_name.get(&facts.name) {
        return nodes[*at].facts.is_none().then_some(*at);
    }
    // The host name may differ from the node's name (--hostname-override). Clones of a machine share its id, so the match
    // has to be the only one.
    let id = |field: &str| facts.value.at(&["identity", field]).and_then(Value::as_str).filter(|id| !id.is_empty());
    for field in ["systemUUID", "machineID"] {
        let Some(wanted) = id(field) else { continue };
        let same = |node: &Node<'_>| {
            let info = node.object.and_then(|object| object.value.at(&["status", "nodeInfo", field]));
            info.and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(wanted))
        };
        let mut found = nodes.iter().enumerate().filter(|(_, node)| same(node)).map(|(at, _)| at);
        if let (Some(at), None) = (found.next(), found.next()) {
            return nodes[at].facts.is_none().then_some(at);
        }
    }
    None
}

impl<'a> Node<'a> {
    /// A label of the object.
    pub fn label(&self, key: &str) -> Option<&'a str> {
        self.object.and_then(|object| object.value.at(&["metadata", "labels", key])).and_then(Value::as_str)
    }

    /// An annotation of the object.
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        self.object.and_then(|object| object.value.at(&["metadata", "annotations", key])).and_then(Value::as_str)
    }

    /// A field of `status.nodeInfo`.
    pub fn info(&self, field: &str) -> Option<&'a str> {
        self.object.and_then(|object| object.value.at(&["status", "nodeInfo", field])).and_then(Value::as_str)
    }

    /// A part of the facts.
    pub fn fact(&self, path: &[&str]) -> Option<&'a Value> {
        self.facts.and_then(|facts| facts.value.at(path))
    }

    /// Stands for capacity that is no machine (Fargate, virtual kubelet): nothing on it can be read or set.
    pub fn is_virtual(&self) -> bool {
        self.label("eks.amazonaws.com/compute-type") == Some("fargate")
            || self.label("type") == Some("virtual-kubelet")
            || self.label("kubernetes.io/role") == Some("virtual-kubelet")
    }

    /// The cluster's labels (or k3s) say that it belongs to the control plane.
    pub fn labelled_control_plane(&self) -> bool {
        [
            "node-role.kubernetes.io/control-plane",
            "node-role.kubernetes.io/master",
            "node-role.kubernetes.io/controlplane",
        ]
        .iter()
        .any(|label| self.has_label(label))
            || self.k3s_arguments().is_some_and(|args| args.first().is_some_and(|first| first == "server"))
    }

    /// The node's labels say that it runs etcd.
    pub fn labelled_etcd(&self) -> bool {
        self.has_label("node-role.kubernetes.io/etcd")
    }

    // Role labels count by being there; RKE2 and k3s write `true`, others nothing.
    fn has_label(&self, key: &str) -> bool {
        let label = self.object.and_then(|object| object.value.at(&["metadata", "labels", key]));
        label.is_some_and(|value| value.as_str() != Some("false"))
    }

    /// Arguments that k3s or RKE2 wrote into an annotation, the subcommand first.
    pub fn k3s_arguments(&self) -> Option<Vec<String>> {
        let text = self.annotation("k3s.io/node-args").or_else(|| self.annotation("rke2.io/node-args"))?;
        serde_json::from_str(text).ok()
    }

    /// Runs k3s, where all components live in one process. RKE2 writes the same annotation but runs static pods.
    pub fn is_k3s(&self) -> bool {
        self.annotation("k3s.io/node-args").is_some() && !self.is_rke2()
            || self.info("kubeletVersion").is_some_and(|version| version.contains("+k3s"))
            || self.processes().unwrap_or_default().iter().any(|process| process.component == "k3s")
    }

    fn is_rke2(&self) -> bool {
        self.annotation("rke2.io/node-args").is_some()
            || self.info("kubeletVersion").is_some_and(|version| version.contains("+rke2"))
    }

    /// Processes of the node's own components; none if they were not collected.
    pub fn processes(&self) -> Option<Vec<Process<'a>>> {
        let list = self.fact(&["processes"]).filter(|list| matches!(list, Value::List(_)))?;
        let own = |(n, value): (usize, &'a Value)| {
            let foreign = value.get("foreign").and_then(Value::as_bool).unwrap_or(false);
            let component = value.get("component").and_then(Value::as_str)?;
            let at = vec![keys(&["processes"]).remove(0), Step::Index(n)];
            (!foreign).then_some(Process { component, value, at })
        };
        Some(list.items().iter().enumerate().filter_map(own).collect())
    }

    /// Why there are no facts, and what would bring them.
    pub fn no_data(&self) -> Text {
        if let Some(why) = self.missing {
            return format!("no node data for {}: {why}", self.name).into();
        }
        format!("no node data for {}: run `spm collect node` on it and give the file to the scan", self.name).into()
    }

    /// The document at `path`, as the process of `component` sees it.
    pub fn document(&self, component: &str, path: &str) -> Document<'a> {
        let Some(facts) = self.facts else {
            return Document::Unknown(format!("{path} was not read: {}", self.no_data()).into());
        };
        let documents = facts.value.get("documents").map(Value::items).unwrap_or_default();
        let at_path = |document: &&(usize, &Value)| document.1.get("path").and_then(Value::as_str) == Some(path);
        let of =
            |document: &&(usize, &'a Value)| document.1.get("component").and_then(Value::as_str) == Some(component);
        let all: Vec<(usize, &'a Value)> = documents.iter().enumerate().collect();
        // Two containers may have different files at one path.
        let found = all.iter().filter(at_path).find(of).or_else(|| all.iter().find(at_path));
        match found {
            Some((n, document)) => content(*n, document),
            None => Document::Unknown(format!("{path} of node {} was not collected", self.name).into()),
        }
    }

    /// Documents of a kind: path, component and content.
    pub fn documents_of(&self, kind: &str) -> Vec<(&'a str, Document<'a>)> {
        let documents = self.fact(&["documents"]).map(Value::items).unwrap_or_default();
        let of_kind = |document: &Value| document.get("kind").and_then(Value::as_str) == Some(kind);
        let entries = documents.iter().enumerate().filter(|(_, document)| of_kind(document));
        entries.map(|(n, document)| (path_of(document), content(n, document))).collect()
    }

    /// Documents below a directory at any depth, in the order in which a walk through it meets them.
    pub fn documents_below(&self, directory: &str) -> Vec<(&'a str, Document<'a>)> {
        let directory = format!("{}/", directory.trim_end_matches('/'));
        let documents = self.fact(&["documents"]).map(Value::items).unwrap_or_default();
        let below = documents.iter().enumerate().filter(|(_, document)| path_of(document).starts_with(&directory));
        let mut found: Vec<_> = below.map(|(n, document)| (path_of(document), content(n, document))).collect();
        found.sort_by(|a, b| a.0.split('/').cmp(b.0.split('/')));
        found
    }

    /// Version of the kubelet without `v` and vendor suffix.
    pub fn kubelet_version(&self) -> Option<String> {
        self.info("kubeletVersion").map(plain_version)
    }

    /// Roles of the node: what runs on it, else what its labels say.
    pub fn roles(&self) -> Vec<&'static str> {
        let processes = self.processes();
        let runs = |component: &str| processes.iter().flatten().any(|process| process.component == component);
        let pods = self.manifests();
        let control_plane = runs("kube-apiserver")
            || self.labelled_control_plane()
            || pods.contains(&"kube-apiserver")
            || self.runs_k3s_server();
        let etcd = runs("etcd") || self.labelled_etcd() || pods.contains(&"etcd");
        let kubelet = ["kubelet", "k3s", "kubelite"].into_iter().any(runs);
        // Without an object in the API only a kubelet makes a worker; without processes nobody saw that there is none.
        let worker = self.object.is_some() || kubelet || processes.is_none();
        [("control-plane", control_plane), ("etcd", etcd), ("worker", worker)]
            .into_iter()
            .filter_map(|(role, has)| has.then_some(role))
            .collect()
    }

    /// A k3s server, as its process shows.
    pub fn runs_k3s_server(&self) -> bool {
        let server = |process: &Process<'_>| {
            process.component == "k3s"
                && process.argv().iter().any(|arg| arg.split_whitespace().any(|word| word == "server"))
        };
        self.processes().unwrap_or_default().iter().any(server)
    }

    // File names without extension of the static pod manifests that were collected.
    fn manifests(&self) -> Vec<&'a str> {
        let stem = |path: &'a str| path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or(path);
        self.documents_of("Pod").into_iter().map(|(path, _)| stem(path)).collect()
    }
}

fn path_of(document: &Value) -> &str {
    document.get("path").and_then(Value::as_str).unwrap_or_default()
}

fn content(n: usize, document: &Value) -> Document<'_> {
    match document.get("content") {
        Some(content) => {
            let mut at = keys(&["documents", "content"]);
            at.insert(1, Step::Index(n));
            Document::Content(content, at)
        }
        None => {
            let why = document.get("error").and_then(Value::as_str).unwrap_or("its content was not collected");
            Document::Unknown(format!("{}: {why}", path_of(document)).into())
        }
    }
}

/// A process of the facts.
#[derive(Debug, Clone)]
pub struct Process<'a> {
    /// What it is.
    pub component: &'a str,
    /// The entry of the facts.
    pub value: &'a Value,
    /// Where the entry stands in the facts.
    pub at: Steps,
}

impl<'a> Process<'a> {
    /// The command line.
    pub fn argv(&self) -> Vec<&'a str> {
        self.value.get("argv").map(Value::items).unwrap_or_default().iter().filter_map(Value::as_str).collect()
    }

    /// Where the command line stands in the facts.
    pub fn argv_at(&self) -> Steps {
        self.at.iter().cloned().chain(keys(&["argv"])).collect()
    }
}

/// A version without `v` in front and without vendor suffix.
pub fn plain_version(version: &str) -> String {
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split(['-', '+']).next().unwrap_or(version).to_owned()
}

/// Who runs the control plane, if it is a provider and not the owner of the nodes.
pub fn provider(inventory: &Inventory, nodes: &[Node<'_>]) -> Option<&'static str> {
    if nodes.iter().any(|node| node.labelled_control_plane() || node.roles().contains(&"control-plane")) {
        return None;
    }
    match inventory.system.distribution.as_deref() {
        Some("eks") => return Some("EKS"),
        Some("aks") => return Some("AKS"),
        Some("gke") => return Some("GKE"),
        _ => {}
    }
    const LABELS: [(&str, &str); 7] = [
        ("eks.amazonaws.com/nodegroup", "EKS"),
        ("eks.amazonaws.com/compute-type", "EKS"),
        ("alpha.eksctl.io/nodegroup-name", "EKS"),
        ("kubernetes.azure.com/cluster", "AKS"),
        ("kubernetes.azure.com/agentpool", "AKS"),
        ("cloud.google.com/gke-nodepool", "GKE"),
        ("cloud.google.com/gke-os-distribution", "GKE"),
    ];
    let labelled = LABELS.iter().find(|(label, _)| nodes.iter().any(|node| node.label(label).is_some()));
    if let Some((_, provider)) = labelled {
        return Some(provider);
    }
    // Machines of a cloud, and none of all nodes belongs to a control plane: only where all nodes are known.
    let complete = inventory.mode == Mode::Live && matches!(inventory.presence("Node", None), Presence::Complete);
    const CLOUDS: [(&str, &str); 3] = [("aws://", "on AWS"), ("azure://", "on Azure"), ("gce://", "on Google Cloud")];
    let in_cloud = |prefix: &str| {
        nodes
            .iter()
            .filter_map(|node| node.object?.value.at(&["spec", "providerID"])?.as_str())
            .any(|id| id.starts_with(prefix))
    };
    CLOUDS.iter().find(|(prefix, _)| complete && in_cloud(prefix)).map(|(_, cloud)| *cloud)
}

/// Whether anything at all in the input could show a control plane: nodes, their facts, or pods of the cluster itself.
pub fn has_anything(inventory: &Inventory, nodes: &[Node<'_>]) -> bool {
    !nodes.is_empty() || inventory.of("Pod").iter().any(|pod| pod.scope.as_deref() == Some("kube-system"))
}

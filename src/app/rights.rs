//! The rights that a scan of a cluster needs, made from what the chosen rules read: printed as roles by `spm permissions`,
//! asked about by `spm doctor`. In tiers, from harmless to grave.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::catalog::kubernetes::custom;
use crate::catalog::{self, Kind, kubernetes};
use crate::cli::NodeSource;
use crate::expr::Wanted;
use crate::model::Technology;

/// What a scan will do.
pub struct Intent<'a> {
    /// What the rules read.
    pub wanted: &'a Wanted,
    /// Namespaces to read; all if empty.
    pub namespaces: &'a [String],
    /// Ask kubelets through the API server.
    pub node_proxy: bool,
    /// Where the facts of nodes come from, and in which namespace.
    pub nodes: Option<(NodeSource, &'a str)>,
}

/// Rights that one role grants.
pub struct Role {
    /// Appended to the name of the role.
    pub suffix: &'static str,
    /// The tier, with what it is for.
    pub tier: String,
    /// Namespace of the role; the cluster if none.
    pub namespace: Option<String>,
    /// The rights.
    pub rules: Vec<Rule>,
}

/// Verbs on resources of a group.
pub struct Rule {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// Plurals, with subresource (`pods/log`), each with the kind whose reading depends on it.
    pub resources: BTreeMap<&'static str, &'static str>,
    /// Names of the only objects that may be touched; any if empty.
    pub names: Vec<String>,
    /// The verbs.
    pub verbs: Vec<&'static str>,
}

impl Rule {
    fn new(group: &'static str, resource: &'static str, kind: &'static str, verbs: &[&'static str]) -> Rule {
        Rule { group, resources: BTreeMap::from([(resource, kind)]), names: Vec::new(), verbs: verbs.to_vec() }
    }

    /// As in a role.
    pub fn to_json(&self) -> Json {
        let resources: Vec<_> = self.resources.keys().collect();
        let mut rule = json!({"apiGroups": [self.group], "resources": resources, "verbs": self.verbs});
        if !self.names.is_empty() {
            rule["resourceNames"] = self.names.clone().into();
        }
        rule
    }
}

/// Exactly the rights that the scan uses.
pub fn needed(intent: &Intent<'_>) -> Vec<Role> {
    let kinds: BTreeSet<&str> = intent.wanted.kinds().chain(["Node"]).collect();
    let kinds = kinds.iter().filter_map(|name| catalog::kind(name)).filter(|kind| is_listed(kind));
    let (custom, kinds): (Vec<&Kind>, Vec<&Kind>) = kinds.partition(|kind| custom::is_custom(kind.name));
    let (everywhere, scoped): (Vec<&Kind>, Vec<&Kind>) = match intent.namespaces {
        [] => (kinds, Vec::new()),
        // Named namespaces are read one by one.
        _ => kinds
            .into_iter()
            .filter(|kind| kind.name != "Namespace")
            .partition(|kind| !kind.namespaced || kubernetes::READ_EVERYWHERE.contains(&kind.name)),
    };
    let mut rules = lists(&everywhere);
    if !intent.namespaces.is_empty() {
        rules.push(Rule { names: intent.namespaces.to_vec(), ..Rule::new("", "namespaces", "Namespace", &["get"]) });
    }
    let mut roles = vec![Role {
        suffix: "",
        tier: "Tier 0: lists the objects that the rules read. No Secrets, no ConfigMaps, no logs, nothing is changed."
            .into(),
        namespace: None,
        rules,
    }];
    roles.extend(intent.namespaces.iter().filter(|_| !scoped.is_empty()).map(|namespace| Role {
        suffix: "",
        tier: format!("Tier 0: the same for the objects of namespace {namespace}."),
        namespace: Some(namespace.clone()),
        rules: lists(&scoped),
    }));
    if !custom.is_empty() {
        let tier = "Tier 3b: lists custom resources that hold pod specs. A kind is only asked for if the cluster has it: leave \
                    out what yours has not.";
        let namespaces = intent.namespaces.iter().cloned().map(Some);
        let places: Vec<Option<String>> = if namespaces.len() == 0 { vec![None] } else { namespaces.collect() };
        roles.extend(places.into_iter().map(|namespace| Role {
            suffix: "-custom",
            tier: tier.into(),
            namespace,
            rules: lists(&custom),
        }));
    }
    if intent.wanted.of("ConfigMap").is_some() {
        let names = kubernetes::CONFIG_MAPS.map(str::to_owned).to_vec();
        roles.push(Role {
            suffix: "-config",
            tier: "Tier 0a: configuration of the cluster's own components. Only these ConfigMaps, by name.".into(),
            namespace: Some("kube-system".to_owned()),
            rules: vec![Rule { names, ..Rule::new("", "configmaps", "ConfigMap", &["get"]) }],
        });
    }
    if intent.wanted.of("KubeletConfigz").is_some() {
        roles.push(Role {
            suffix: "-kubelets",
            tier: "Tier 1a: the configuration of kubelets, at their own ports, from Kubernetes 1.33 on. Every node gets to see \
                   the token and could read with it what tier 0 reads: leave this out where nodes must not. A token that is \
                   good for more than these roles is shown to none."
                .into(),
            namespace: None,
            rules: vec![Rule::new("", "nodes/configz", "KubeletConfigz", &["get"])],
        });
    }
    if intent.node_proxy {
        roles.push(Role {
            suffix: "-node-proxy",
            tier: "Tier 1b: the configuration of kubelets, for --allow-node-proxy. This right also allows to read logs of \
                   and run commands in any pod: grant it only if node facts are no way."
                .into(),
            namespace: None,
            rules: vec![Rule::new("", "nodes/proxy", "KubeletConfigz", &["get"])],
        });
    }
    roles.extend(intent.nodes.map(|(source, namespace)| node_role(source, namespace)));
    roles
}

fn node_role(source: NodeSource, namespace: &str) -> Role {
    let mut rules =
        vec![Rule::new("", "pods", "NodeFacts", &["list"]), Rule::new("", "pods/log", "NodeFacts", &["get"])];
    let tier = match source {
        NodeSource::Facts => "Tier 2, reading only: the logs of the permanent DaemonSet, for --nodes facts.",
        NodeSource::Daemonset => {
            rules.insert(0, Rule::new("apps", "daemonsets", "NodeFacts", &["create", "list", "delete"]));
            "Tier 2: runs the node collector, for --nodes daemonset. Who may create pods in a namespace that allows \
             privileged ones controls the nodes: nothing else belongs into it."
        }
    };
    Role { suffix: "-nodes", tier: tier.into(), namespace: Some(namespace.to_owned()), rules }
}

fn is_listed(kind: &Kind) -> bool {
    kind.technology == Technology::Kubernetes && !kind.plural.is_empty() && kind.name != "ConfigMap"
}

fn lists(kinds: &[&Kind]) -> Vec<Rule> {
    let mut groups: BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> = BTreeMap::new();
    for kind in kinds {
        groups.entry(kind.group).or_default().insert(kind.plural, kind.name);
    }
    groups
        .into_iter()
        .map(|(group, resources)| Rule { group, resources, names: Vec::new(), verbs: vec!["list"] })
        .collect()
}

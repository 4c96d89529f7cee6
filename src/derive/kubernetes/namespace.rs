//! The view `namespace`: namespaces with the policies that hold in them and what was put into them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::symbol::Symbol;
use crate::catalog::View;
use crate::catalog::kubernetes::{SYSTEM_NAMESPACES, builtin};
use crate::derive::subject::{OriginPart, keys};
use crate::derive::{Origin, Subject, Subjects, why_unknown};
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Mode, Resource};
use crate::model::{ResourceRef, Text};

use super::admission::{Coverage, coverage};
use super::common::{DEFAULT_NAMESPACE, Index, computed, namespace_of};
use super::network::Policies;
use super::ownership::Workload;
use super::service_account::{known_part, unseen_workloads, workload_kinds};

/// Label that sets the level of Pod Security admission, before the name of its mode.
const LABEL: &str = "pod-security.kubernetes.io/";
/// Levels that keep unsafe pods out.
const LEVELS: [&str; 2] = ["baseline", "restricted"];
/// Namespaces whose objects are listed: those that nobody should put anything into.
const LISTED: [&str; 3] = [DEFAULT_NAMESPACE, "kube-public", "kube-node-lease"];

/// Subjects of the view.
pub(super) fn subjects(inventory: &Inventory, workloads: &[Workload<'_>], view: &'static View) -> Subjects {
    let world = World::new(inventory, workloads);
    let mut all = Subjects::default();
    for object in inventory.of("Namespace") {
        all.subjects.push(world.subject(object));
    }
    all.subjects.extend(world.implied());
    all.note_presence(inventory, view.sources);
    all
}

struct World<'a> {
    inventory: &'a Inventory,
    policies: Policies<'a>,
    workloads: Index<Text, BTreeSet<ResourceRef>>,
    default: Default,
}

impl<'a> World<'a> {
    fn new(inventory: &'a Inventory, workloads: &[Workload<'_>]) -> World<'a> {
        let mut by_namespace: Index<Text, BTreeSet<ResourceRef>> = Index::default();
        for workload in workloads {
            by_namespace.entry(namespace_of(workload.object).into()).or_default().insert(workload.resource.clone());
        }
        World {
            inventory,
            policies: Policies::new(inventory),
            workloads: by_namespace,
            default: Default::new(inventory),
        }
    }

    fn subject(&self, object: &Resource) -> Subject {
        let name = &*object.name;
        let mut parts = ["namespace", "network", "objects"].map(|key| computed(&[key], None)).to_vec();
        let own = [
            ("namespace", self.facts(name)),
            ("network", self.policies.facts(name)),
            ("podSecurity", self.pod_security(object, &mut parts)),
            ("objects", self.objects(name)),
        ];
        let entries = object.value.as_map().into_iter().flat_map(Map::iter).map(|(key, value)| (key, value.clone()));
        let own = own.map(|(key, value)| (Symbol::new(key), value));
        Subject {
            resource: object.reference("Namespace"),
            element: None,
            value: Value::Map(Arc::new(Map::new(entries.chain(own).collect()))),
            origin: Some(Arc::new(Origin { parts, place: object.place.clone(), ..Origin::default() })),
        }
    }

    // Every cluster has a namespace `default`: files that put something into it do not bring it along.
    fn implied(&self) -> Option<Subject> {
        let written = self.inventory.of("Namespace").iter().any(|namespace| *namespace.name == *DEFAULT_NAMESPACE);
        let named = |kind: &str| {
            self.inventory.of(kind).iter().any(|object| object.scope.as_deref() == Some(DEFAULT_NAMESPACE))
        };
        if self.inventory.mode != Mode::Files || written || !workload_kinds().chain(OBJECTS).any(named) {
            return None;
        }
        let unseen = || Value::unknown(format!("Namespace {DEFAULT_NAMESPACE} is not in the input"));
        let value = Value::map([
            ("metadata", Value::map([("name", Value::str(DEFAULT_NAMESPACE)), ("labels", unseen())])),
            ("namespace", self.facts(DEFAULT_NAMESPACE)),
            ("network", unseen()),
            ("podSecurity", unseen()),
            ("objects", self.objects(DEFAULT_NAMESPACE)),
        ]);
        let parts = vec![computed(&[], Some("default, object not in input".into()))];
        Some(Subject {
            resource: ResourceRef { kind: "Namespace".into(), scope: None, name: DEFAULT_NAMESPACE.into() },
            element: None,
            value,
            origin: Some(Arc::new(Origin { parts, ..Origin::default() })),
        })
    }

    fn facts(&self, name: &str) -> Value {
        let count = self.workloads.get(name).map_or(0, BTreeSet::len);
        let workloads = match unseen_workloads(self.inventory, name) {
            Some(why) => Value::unknown(why),
            None => Value::Int(i64::try_from(count).unwrap_or(i64::MAX)),
        };
        Value::map([("system", Value::Bool(SYSTEM_NAMESPACES.contains(&name))), ("workloads", workloads)])
    }

    fn pod_security(&self, object: &Resource, parts: &mut Vec<OriginPart>) -> Value {
        let labels = object.value.at(&["metadata", "labels"]).cloned().unwrap_or_default();
        let label = |mode: &str| match &labels {
            Value::Unknown(why) => Some(Value::Unknown(why.clone())),
            labels => labels.get(&format!("{LABEL}{mode}")).filter(|level| **level != Value::Null).cloned(),
        };
        parts.push(computed(&["podSecurity"], None));
        let (enforce, source, why) = match label("enforce") {
            Some(level) => (Some(level), None, "label"),
            None => {
                let (level, source) = self.default.of(&object.name);
                (level, Some(source), "cluster default")
            }
        };
        // Where nothing says a level, the label is what is missing.
        parts.push(match (&enforce, source) {
            (Some(_), Some(source)) => computed(&["podSecurity", "enforce"], Some(source)),
            (_, source) => {
                let mut path = keys(&["metadata", "labels"]);
                path.push(Step::Key(Symbol::new(&format!("{LABEL}enforce"))));
                OriginPart { view: keys(&["podSecurity", "enforce"]), real: Some(path), source }
            }
        });
        let hinted = ["warn", "audit"].into_iter().filter_map(label).any(|level| is_safe(&level));
        let mut entries = Vec::new();
        let (covered, mechanism) = match &enforce {
            Some(Value::Unknown(why)) => (Value::Unknown(why.clone()), None),
            Some(level) if is_safe(level) => (Value::Bool(true), Some(why.to_owned())),
            _ => self.coverage(&object.name, &labels),
        };
        let enforces = enforce.as_ref().is_some_and(is_safe);
        entries.push(("warnOnly", Value::Bool(hinted && !enforces)));
        entries.push(("covered", covered));
        entries.extend(enforce.map(|level| ("enforce", level)));
        entries.extend(mechanism.map(|mechanism| ("mechanism", Value::str(mechanism))));
        Value::map(entries)
    }

    fn coverage(&self, name: &str, labels: &Value) -> (Value, Option<String>) {
        match coverage(self.inventory, name, labels) {
            Some(Coverage::Covered(mechanism)) => (Value::Bool(true), Some(mechanism)),
            Some(Coverage::Unclear(why)) => (Value::unknown(why), None),
            None => {
                let unseen =
                    ["ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
                        .iter()
                        .find_map(|kind| why_unknown(self.inventory, kind, None));
                (unseen.map_or(Value::Bool(false), Value::unknown), None)
            }
        }
    }

    fn objects(&self, name: &str) -> Value {
        if !LISTED.contains(&name) {
            return Value::unknown(format!("objects are only listed for {}", LISTED.join(", ")));
        }
        let mut objects: Vec<Value> = self
            .workloads
            .get(name)
            .into_iter()
            .flatten()
            .map(|workload| entry(&workload.kind, &workload.name))
            .collect();
        let mut unseen = unseen_workloads(self.inventory, name);
        for kind in OBJECTS {
            let found = self.inventory.of(kind).iter();
            let own = found.filter(|object| namespace_of(object) == name && !is_shipped(kind, name, &object.name));
            objects.extend(own.map(|object| entry(kind, &object.name)));
            unseen = unseen.or_else(|| why_unknown(self.inventory, kind, Some(name)));
        }
        known_part(objects, unseen)
    }
}

fn entry(kind: &str, name: &str) -> Value {
    Value::map([("kind", Value::str(kind)), ("name", Value::str(name))])
}

/// Kinds of objects, besides workloads, that somebody puts into a namespace.
const OBJECTS: [&str; 8] = [
    "Service",
    "ServiceAccount",
    "PersistentVolumeClaim",
    "Ingress",
    "Role",
    "RoleBinding",
    "ResourceQuota",
    "LimitRange",
];

// Whether every cluster has this object from the start.
fn is_shipped(kind: &str, namespace: &str, name: &str) -> bool {
    match kind {
        "Service" => namespace == DEFAULT_NAMESPACE && name == "kubernetes",
        "ServiceAccount" => name == "default",
        "Role" => builtin::is_role(Some(namespace), name) || is_discovery(namespace, name),
        "RoleBinding" => builtin::is_binding(Some(namespace), name) || is_discovery(namespace, name),
        _ => false,
    }
}

// What kubeadm makes so that a joining node finds its cluster.
fn is_discovery(namespace: &str, name: &str) -> bool {
    namespace == "kube-public" && name == "kubeadm:bootstrap-signer-clusterinfo"
}

fn is_safe(level: &Value) -> bool {
    level.as_str().is_some_and(|level| LEVELS.contains(&level))
}

/// The level that Pod Security admission enforces where a namespace says nothing, as the nodes' files tell.
enum Default {
    /// No file was seen.
    Unseen,
    /// Level and namespaces that are exempt from it, per configuration, with the node it was found on.
    Found { level: Option<Value>, exempt: Vec<Text>, node: Text },
    /// The instances of the API server disagree, or the file is not understood.
    Unclear(Text),
}

impl Default {
    fn new(inventory: &Inventory) -> Default {
        let mut found: Option<(Option<Value>, Vec<Text>, Text)> = None;
        for facts in inventory.of("NodeFacts") {
            let documents = facts.value.get("documents").map_or(&[][..], Value::items);
            let kind = |document: &&Value, kind: &str| {
                let content = document.at(&["content", "kind"]).or(document.get("kind"));
                content.and_then(Value::as_str) == Some(kind)
            };
            let Some(admission) = documents.iter().find(|document| kind(document, "AdmissionConfiguration")) else {
                continue;
            };
            let plugins = admission.at(&["content", "plugins"]).map_or(&[][..], Value::items);
            let plugin =
                plugins.iter().find(|plugin| plugin.get("name").and_then(Value::as_str) == Some("PodSecurity"));
            let by_path = |path: &str| {
                let named = |document: &&Value| document.get("path").and_then(Value::as_str) == Some(path);
                documents.iter().find(named).and_then(|document| document.get("content"))
            };
            let configuration = match plugin {
                None => None,
                Some(plugin) => {
                    let inline = plugin.get("configuration").filter(|value| **value != Value::Null);
                    let file = plugin.get("path").and_then(Value::as_str);
                    match inline.or_else(|| file.and_then(by_path)) {
                        Some(configuration) => Some(configuration),
                        None => {
                            let why = format!("the configuration of PodSecurity on {} was not collected", facts.name);
                            return Default::Unclear(why.into());
                        }
                    }
                }
            };
            let level = configuration.and_then(|configuration| configuration.at(&["defaults", "enforce"])).cloned();
            let namespaces = configuration.and_then(|configuration| configuration.at(&["exemptions", "namespaces"]));
            let exempt: Vec<Text> =
                namespaces.map_or(&[][..], Value::items).iter().filter_map(Value::as_str).map(Text::from).collect();
            match &found {
                Some((other, others, node)) if *other != level || *others != exempt => {
                    let why = format!("{node} and {} have different defaults of Pod Security admission", facts.name);
                    return Default::Unclear(why.into());
                }
                Some(_) => {}
                None => found = Some((level, exempt, facts.name.clone())),
            }
        }
        found.map_or(Default::Unseen, |(level, exempt, node)| Default::Found { level, exempt, node })
    }

    // The level for a namespace without label, and words for where that comes from.
    fn of(&self, namespace: &str) -> (Option<Value>, Text) {
        match self {
            Default::Unseen => (None, "no label; the cluster's default is not visible".into()),
            Default::Unclear(why) => (Some(Value::Unknown(why.clone())), "cluster default".into()),
            Default::Found { exempt, node, .. } if exempt.iter().any(|name| **name == *namespace) => {
                (None, format!("exempt from the cluster default, {node}").into())
            }
            Default::Found { level, node, .. } => (level.clone(), format!("cluster default, {node}").into()),
        }
    }
}

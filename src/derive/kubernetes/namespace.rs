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
use super::pod_security::ClusterDefault;
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
    default: ClusterDefault,
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
            default: ClusterDefault::new(inventory),
        }
    }

    fn subject(&self, object: &Resource) -> Subject {
        let name = &*object.name;
        let mut parts = ["namespace", "network", "objects"].map(|key| computed(&[key], None)).to_vec();
        let (network, idle) = self.policies.facts(name);
        parts.push(computed(&["network", "policies"], idle));
        let own = [
            ("namespace", self.facts(name)),
            ("network", network),
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
        let (enforce, source, why) = match (self.default.overrides(&object.name), label("enforce")) {
            // Labels have no effect there.
            (Some(source), _) => (Some(Value::str("privileged")), Some(source), "cluster default"),
            (None, Some(level)) => (Some(level), None, "label"),
            (None, None) => {
                let (level, source) = self.default.of();
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
        "Role" => builtin::is_role(Some(namespace), name),
        "RoleBinding" => builtin::is_binding(Some(namespace), name),
        _ => false,
    }
}

fn is_safe(level: &Value) -> bool {
    level.as_str().is_some_and(|level| LEVELS.contains(&level))
}

//! The view `service_account`: accounts with what is bound to them and what runs as them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::symbol::Symbol;
use crate::catalog::View;
use crate::catalog::kubernetes::{SYSTEM_NAMESPACES, TEMPLATES};
use crate::derive::{Origin, Subject, Subjects, why_unknown};
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Mode, Presence};
use crate::model::{ResourceRef, Text};

use super::common::{KEYS, computed, get, namespace_of};
use super::ownership::Workload;
use super::podspec::podspec;
use super::rbac::Rbac;
use super::workload::{DEFAULT_ACCOUNT, account_name};

/// Kinds whose objects run as some account.
pub(super) fn workload_kinds() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|template| template.kind)
}

/// Subjects of the view.
pub(super) fn subjects(inventory: &Inventory, workloads: &[Workload<'_>], view: &'static View) -> Subjects {
    let world = World { inventory, users: users(workloads), bindings: bindings(inventory) };
    let mut all = Subjects::default();
    for object in inventory.of("ServiceAccount") {
        let account = world.facts(namespace_of(object), &object.name, true);
        let entries = object.value.as_map().into_iter().flat_map(Map::iter).map(|(key, value)| (key, value.clone()));
        let value = Value::Map(Arc::new(Map::new(entries.chain([(Symbol::new("account"), account)]).collect())));
        let origin = Origin { parts: parts(), place: object.place.clone(), ..Origin::default() };
        let resource = object.reference("ServiceAccount");
        all.subjects.push(Subject { resource, element: None, value, origin: Some(Arc::new(origin)) });
    }
    if inventory.mode == Mode::Files {
        all.subjects.extend(world.implied(workloads));
    }
    all.note_presence(inventory, view.sources);
    all
}

fn parts() -> Vec<crate::derive::subject::OriginPart> {
    vec![computed(&["account"], None)]
}

type Account = (Text, Text);

struct World<'a> {
    inventory: &'a Inventory,
    users: BTreeMap<Account, BTreeSet<ResourceRef>>,
    bindings: BTreeMap<Account, Vec<Value>>,
}

impl World<'_> {
    fn facts(&self, namespace: &str, name: &str, in_input: bool) -> Value {
        let account: Account = (namespace.into(), name.into());
        let bindings = self.bindings.get(&account).cloned().unwrap_or_default();
        let users =
            self.users.get(&account).into_iter().flatten().map(|user| {
                Value::map([("kind", Value::Str(user.kind.clone())), ("name", Value::Str(user.name.clone()))])
            });
        let unseen_binding = || {
            let cluster = why_unknown(self.inventory, "ClusterRoleBinding", None);
            cluster.or_else(|| why_unknown(self.inventory, "RoleBinding", None))
        };
        Value::map([
            ("default", Value::Bool(name == DEFAULT_ACCOUNT)),
            ("system", Value::Bool(SYSTEM_NAMESPACES.contains(&namespace))),
            ("bindings", known_part(bindings, unseen_binding())),
            ("users", known_part(users.collect(), unseen_workloads(self.inventory, namespace))),
            ("inInput", Value::Bool(in_input)),
        ])
    }

    // Every namespace has an account `default`, whether or not a file says so.
    fn implied(&self, workloads: &[Workload<'_>]) -> Vec<Subject> {
        let named: BTreeSet<&str> = workloads
            .iter()
            .map(|workload| namespace_of(workload.object))
            .chain(self.inventory.of("Namespace").iter().map(|namespace| &*namespace.name))
            .collect();
        let written: BTreeSet<&str> = self
            .inventory
            .of("ServiceAccount")
            .iter()
            .filter(|account| *account.name == *DEFAULT_ACCOUNT)
            .map(namespace_of)
            .collect();
        let implied = |namespace: &str| {
            let metadata = [("name", Value::str(DEFAULT_ACCOUNT)), ("namespace", Value::str(namespace))];
            let mut parts = parts();
            parts.push(computed(&[], Some("default, object not in input".into())));
            Subject {
                resource: ResourceRef {
                    kind: "ServiceAccount".into(),
                    scope: Some(namespace.into()),
                    name: DEFAULT_ACCOUNT.into(),
                },
                element: None,
                value: Value::map([
                    ("metadata", Value::map(metadata)),
                    ("account", self.facts(namespace, DEFAULT_ACCOUNT, false)),
                ]),
                origin: Some(Arc::new(Origin { parts, ..Origin::default() })),
            }
        };
        named.difference(&written).copied().map(implied).collect()
    }
}

/// A list of which there may be more: a list without known elements is then no empty list.
pub(super) fn known_part(mut known: Vec<Value>, unseen: Option<String>) -> Value {
    match unseen {
        Some(why) if known.is_empty() => Value::unknown(why),
        Some(why) => {
            known.push(Value::unknown(why));
            Value::list(known)
        }
        None => Value::list(known),
    }
}

/// Why there may be workloads in a namespace that nobody saw: a kind was not readable, or a file holds none at all.
pub(super) fn unseen_workloads(inventory: &Inventory, namespace: &str) -> Option<String> {
    let gap = workload_kinds().find_map(|kind| match inventory.presence(kind, Some(namespace)) {
        Presence::Gap(gap) => Some(format!("could not read {gap}")),
        _ => None,
    });
    let none = workload_kinds().all(|kind| inventory.presence(kind, None) == Presence::NotInInput);
    gap.or_else(|| {
        none.then(|| "no workloads in the input, so nobody can tell whether the cluster has some".to_owned())
    })
}

fn users(workloads: &[Workload<'_>]) -> BTreeMap<Account, BTreeSet<ResourceRef>> {
    let mut users: BTreeMap<Account, BTreeSet<ResourceRef>> = BTreeMap::new();
    // A static pod has no account: the kubelet starts it without asking the API server.
    for workload in workloads.iter().filter(|workload| !workload.is_static) {
        let live = workload.live.iter().filter_map(|pod| get(&pod.value, KEYS.spec).and_then(Value::as_map));
        let written = podspec(&workload.object.value, workload.template).ok();
        for name in written.into_iter().chain(live).filter_map(account_name) {
            let account = (namespace_of(workload.object).into(), name.into());
            users.entry(account).or_default().insert(workload.resource.clone());
        }
    }
    users
}

fn bindings(inventory: &Inventory) -> BTreeMap<Account, Vec<Value>> {
    let mut bindings: BTreeMap<Account, Vec<Value>> = BTreeMap::new();
    for binding in &Rbac::new(inventory).bindings {
        for subject in binding.subjects.iter().filter(|subject| &*subject.kind == "ServiceAccount") {
            let Some(namespace) = subject.namespace.clone() else { continue };
            let mut entry = vec![
                ("kind", Value::str(binding.kind)),
                ("name", Value::Str(binding.object.name.clone())),
                ("role", Value::str(binding.role_label())),
            ];
            entry.extend(binding.namespace.clone().map(|namespace| ("namespace", Value::Str(namespace))));
            bindings.entry((namespace, subject.name.clone())).or_default().push(Value::map(entry));
        }
    }
    bindings
}

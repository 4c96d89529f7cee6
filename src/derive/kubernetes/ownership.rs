//! Which objects are workloads of their own: pods are reported at their controller, controllers at theirs.

use crate::catalog;
use crate::catalog::kubernetes::{TEMPLATES, Template, object_kind};
use crate::expr::Value;
use crate::inventory::{Inventory, Resource};
use crate::model::{ResourceRef, Text};

use super::common::{Index, KEYS, content_hash, get, metadata, same};
use super::live;

/// Annotation of the API server's copy of a static pod.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Stands for the workload of an object that belongs to none that was read.
const NONE: usize = usize::MAX;

/// A workload as it is reported.
#[derive(Debug)]
pub(super) struct Workload<'a> {
    /// What findings are reported at: the object, or its controller if that is of a kind that is not read.
    pub resource: ResourceRef,
    /// The object whose pod spec is assessed.
    pub object: &'a Resource,
    /// Where its pod spec stands.
    pub template: &'static Template,
    /// Words for the object if it is not what is reported (`live pod web-1`).
    pub source: Option<Text>,
    /// A mirror pod.
    pub is_static: bool,
    /// Live pods of it, one of each distinct pod spec.
    pub live: Vec<&'a Resource>,
}

impl Workload<'_> {
    /// Whether pods are made from the object, so that what they have beyond it was put in on the way.
    pub(super) fn is_template(&self) -> bool {
        self.template.kind != "Pod"
    }
}

/// Every workload with its live pods.
pub(super) fn workloads(inventory: &Inventory) -> Vec<Workload<'_>> {
    let mut found = Found {
        inventory,
        workloads: Vec::new(),
        at: Index::default(),
        owned: Index::default(),
        last: Index::default(),
    };
    for template in TEMPLATES {
        let controllers: Vec<Controller> = template.owners.iter().filter_map(|kind| Controller::of(kind)).collect();
        if template.kind == "Pod" {
            found.pods(template, &controllers);
        } else {
            found.controllers(template, &controllers);
        }
    }
    found.workloads
}

struct Found<'a> {
    inventory: &'a Inventory,
    workloads: Vec<Workload<'a>>,
    // Per kind, the workload that each of its objects belongs to.
    at: Index<&'static str, Vec<usize>>,
    // Workloads reported at a controller that is not read, by controller and kind of the object.
    owned: Index<(Option<&'a str>, &'a str, &'a str, &'static str), Vec<usize>>,
    // Per kind, the owner that was found last: objects come in the order of their names, which begin with their owner's.
    last: Index<&'static str, usize>,
}

// A kind that may own objects.
struct Controller {
    kind: &'static str,
    // As references state it.
    object_name: &'static str,
    group: &'static str,
}

impl Controller {
    fn of(kind: &str) -> Option<Controller> {
        catalog::kind(kind).map(|kind| Controller {
            kind: kind.name,
            object_name: kind.object_name(),
            group: kind.group,
        })
    }
}

enum Owner<'a> {
    // None, or one that is gone.
    None,
    // An object that was read: the workload that it belongs to.
    Known(usize),
    // Something else.
    Other { kind: &'a str, name: &'a str },
}

impl<'a> Found<'a> {
    fn controllers(&mut self, template: &'static Template, controllers: &[Controller]) {
        let kind = template.kind;
        let objects = self.inventory.of(kind);
        let mut at = vec![NONE; objects.len()];
        let mut scaled_down = Vec::new();
        // Equal pod specs of one owner are one workload: old revisions differ, repeated jobs mostly do not.
        let mut specs: Index<(Option<&'a str>, &'a str, &'a str, u64), Vec<usize>> = Index::default();
        for (index, object) in objects.iter().enumerate() {
            if let Some(referred) =
                object.value.at(&["spec", "workloadRef"]).filter(|referred| **referred != Value::Null)
            {
                // It has no template but that of a Deployment, which is a workload of its own.
                at[index] = self.referred(object, referred);
                continue;
            }
            at[index] = match (self.owner(object, controllers), kind) {
                (Owner::Known(workload), _) => workload,
                (Owner::Other { kind: owner_kind, name }, "ReplicaSet" | "ReplicationController" | "Job") => {
                    let owner_key = (object.scope.as_deref(), owner_kind, name, kind);
                    if object.value.at(&["spec", "replicas"]).and_then(Value::as_int) == Some(0) {
                        scaled_down.push((index, owner_key));
                        continue;
                    }
                    self.owned_by(owner_key, object, template, &mut specs)
                }
                // Other kinds keep their names, so their own name is the stable one, whoever made them.
                (Owner::None | Owner::Other { .. }, _) => self.push(object.reference(kind), object, template, None),
            };
        }
        // What an owner scaled down is an old revision, unless all of it is scaled down.
        let running: Vec<Option<usize>> = scaled_down
            .iter()
            .map(|(_, owner_key)| self.owned.get(owner_key).and_then(|known| known.first().copied()))
            .collect();
        for ((index, owner_key), running) in scaled_down.into_iter().zip(running) {
            let Some(object) = objects.get(index) else { continue };
            at[index] = match running {
                Some(first) => first,
                None => self.owned_by(owner_key, object, template, &mut specs),
            };
        }
        self.at.insert(kind, at);
    }

    fn pods(&mut self, template: &'static Template, controllers: &[Controller]) {
        let pods = self.inventory.of("Pod");
        let mut live: Vec<(usize, u64, usize)> = Vec::new();
        for (index, pod) in pods.iter().enumerate() {
            let workload = match self.owner(pod, controllers) {
                Owner::Known(workload) => workload,
                Owner::None => {
                    let at = self.push(pod.reference("Pod"), pod, template, None);
                    if let Some(workload) = self.workloads.get_mut(at) {
                        workload.is_static = is_mirror(pod);
                    }
                    continue;
                }
                Owner::Other { kind, name } => {
                    let owner_key = (pod.scope.as_deref(), kind, name, "Pod");
                    match self.owned.get(&owner_key).and_then(|known| known.first().copied()) {
                        Some(first) => first,
                        None => {
                            let reference = owner_reference(pod, kind, name);
                            let at = self.push(reference, pod, template, Some(live::source(pod)));
                            self.owned.insert(owner_key, vec![at]);
                            continue;
                        }
                    }
                }
            };
            live.push((workload, live::fingerprint(pod), index));
        }
        live.sort_unstable();
        live.dedup_by_key(|(workload, fingerprint, _)| (*workload, *fingerprint));
        for (workload, _, index) in live {
            if let (Some(workload), Some(pod)) = (self.workloads.get_mut(workload), pods.get(index)) {
                workload.live.push(pod);
            }
        }
        // By name, not by fingerprint, which depends on addresses.
        for workload in &mut self.workloads {
            workload.live.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }

    // The controller of an object. A known controller must be of the same group and, where both identities are known, the same
    // one: a reference to a namesake that is gone owns nothing.
    fn owner(&mut self, object: &'a Resource, controllers: &[Controller]) -> Owner<'a> {
        let references = metadata(&object.value, KEYS.owner_references).map_or(&[][..], Value::items);
        let controller = references.iter().find(|r| get(r, KEYS.controller).and_then(Value::as_bool) == Some(true));
        let Some((reference, kind, name)) = controller.and_then(|reference| {
            Some((reference, get(reference, KEYS.kind)?.as_str()?, get(reference, KEYS.name)?.as_str()?))
        }) else {
            return Owner::None;
        };
        if kind == "Node" {
            return Owner::None;
        }
        let version = get(reference, KEYS.api_version).and_then(Value::as_str);
        let group = version.map(|version| version.rsplit_once('/').map_or("", |(group, _)| group));
        let known = controllers
            .iter()
            .find(|known| known.object_name == kind && group.is_none_or(|group| known.group == group))
            .map(|known| known.kind);
        let other = || {
            let named = version.and_then(|version| object_kind(version, kind));
            Owner::Other { kind: named.map_or(kind, |(kind, _)| kind.name), name }
        };
        let Some(known) = known else { return other() };
        let objects = self.inventory.of(known);
        let wanted = (object.scope.as_deref(), name);
        let identity = |at: usize| objects.get(at).map(|other| (other.scope.as_deref(), &*other.name));
        let last = self.last.entry(known).or_default();
        let position = [*last, *last + 1]
            .into_iter()
            .find(|at| identity(*at) == Some(wanted))
            .or_else(|| objects.binary_search_by(|other| (other.scope.as_deref(), &*other.name).cmp(&wanted)).ok());
        let Some(at) = position else { return other() };
        *last = at;
        let uid = objects.get(at).and_then(|found| metadata(&found.value, KEYS.uid)).and_then(Value::as_str);
        match (get(reference, KEYS.uid).and_then(Value::as_str), uid) {
            (Some(wanted), Some(found)) if wanted != found => Owner::None,
            _ => match self.workload_of(known, at) {
                Some(workload) => Owner::Known(workload),
                None => other(),
            },
        }
    }

    fn workload_of(&self, kind: &str, position: usize) -> Option<usize> {
        self.at.get(kind).and_then(|at| at.get(position)).copied().filter(|workload| *workload != NONE)
    }

    // The workload of the Deployment that an object refers to for its pods.
    fn referred(&self, object: &Resource, referred: &Value) -> usize {
        let deployment = Some("Deployment");
        let name = get(referred, KEYS.name).and_then(Value::as_str);
        let (Some(name), true) = (name, get(referred, KEYS.kind).and_then(Value::as_str) == deployment) else {
            return NONE;
        };
        let wanted = (object.scope.as_deref(), name);
        let deployments = self.inventory.of("Deployment");
        let found = deployments.binary_search_by(|other| (other.scope.as_deref(), &*other.name).cmp(&wanted));
        found.ok().and_then(|at| self.workload_of("Deployment", at)).unwrap_or(NONE)
    }

    fn owned_by(
        &mut self,
        (scope, owner_kind, name, kind): (Option<&'a str>, &'a str, &'a str, &'static str),
        object: &'a Resource,
        template: &'static Template,
        specs: &mut Index<(Option<&'a str>, &'a str, &'a str, u64), Vec<usize>>,
    ) -> usize {
        let spec = object.value.at(template.podspec);
        let equal = specs.entry((scope, owner_kind, name, spec.map_or(0, content_hash))).or_default();
        let known = equal.iter().copied().find(|at| {
            let other = self.workloads.get(*at).and_then(|workload| workload.object.value.at(template.podspec));
            match (spec, other) {
                (Some(spec), Some(other)) => same(spec, other),
                (spec, other) => spec.is_none() && other.is_none(),
            }
        });
        if let Some(known) = known {
            return known;
        }
        let at = self.workloads.len();
        equal.push(at);
        let source = Text::from(format!("{kind} {}", object.name));
        self.push(owner_reference(object, owner_kind, name), object, template, Some(source));
        self.owned.entry((scope, owner_kind, name, kind)).or_default().push(at);
        at
    }

    fn push(
        &mut self,
        resource: ResourceRef,
        object: &'a Resource,
        template: &'static Template,
        source: Option<Text>,
    ) -> usize {
        self.workloads.push(Workload { resource, object, template, source, is_static: false, live: Vec::new() });
        self.workloads.len() - 1
    }
}

fn owner_reference(object: &Resource, kind: &str, name: &str) -> ResourceRef {
    ResourceRef { kind: kind.into(), scope: object.scope.clone(), name: name.into() }
}

fn is_mirror(pod: &Resource) -> bool {
    pod.value.at(&["metadata", "annotations", MIRROR]).is_some_and(|hash| *hash != Value::Null)
}

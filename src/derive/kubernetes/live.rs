//! What live pods have beyond their template: debug containers, injected sidecars, changes by admission.
//!
//! Pods of one owner share equal parts in memory, so a hundred thousand pods are told apart by addresses and only one of
//! each distinct kind is compared with the template.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;

use crate::base::symbol::Symbol;
use crate::expr::{Map, Value};
use crate::inventory::Resource;
use crate::model::Text;

use super::common::{KEYS, get, same, same_entries};
use super::podspec::{List, container_name};
use super::workload::account_name;

/// Fields of a pod that the cluster itself sets or completes when it makes a pod from a template.
static SET_BY_CLUSTER: LazyLock<Vec<Symbol>> = LazyLock::new(|| {
    [
        "nodeName",
        "hostname",
        "subdomain",
        "tolerations",
        "affinity",
        "priority",
        "priorityClassName",
        "preemptionPolicy",
        "imagePullSecrets",
        "overhead",
        "schedulingGates",
    ]
    .map(Symbol::new)
    .to_vec()
});

/// Name that the cluster gives to the token volume of a pod.
const TOKEN_VOLUME: &str = "kube-api-access-";
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Words for a live pod as the provenance of values.
pub(super) fn source(pod: &Resource) -> Text {
    format!("live pod {}", pod.name).into()
}

/// Tells pods with distinct pod specs apart. Equal numbers mean equal specs; equal specs may have distinct numbers if they
/// are not shared in memory.
pub(super) fn fingerprint(pod: &Resource) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    let spec = get(&pod.value, KEYS.spec);
    let Some(spec) = spec.and_then(Value::as_map) else {
        return spec.map_or(0, super::common::content_hash);
    };
    let set = &*SET_BY_CLUSTER;
    for (key, value) in spec.iter() {
        if set.contains(&key) {
            continue;
        }
        key.hash(&mut hasher);
        match value {
            Value::List(items) if key == KEYS.volumes => {
                items.iter().filter(|volume| !is_set_volume(volume)).for_each(|volume| shallow(volume, &mut hasher));
            }
            Value::List(items) if List::ALL.iter().any(|list| list.key() == key) => {
                items.iter().for_each(|container| container_fingerprint(container, &mut hasher));
            }
            value => shallow(value, &mut hasher),
        }
    }
    hasher.finish()
}

// The mounts of a container are looked into, since the one of the token has another name in every pod.
fn container_fingerprint(container: &Value, hasher: &mut impl Hasher) {
    let Value::Map(map) = container else {
        return shallow(container, hasher);
    };
    match map.get(KEYS.volume_mounts) {
        Some(Value::List(mounts)) => {
            map.len().hash(hasher);
            for (key, value) in map.iter().filter(|(key, _)| *key != KEYS.volume_mounts) {
                key.hash(hasher);
                shallow(value, hasher);
            }
            mounts.iter().filter(|mount| !is_token_mount(mount)).for_each(|mount| shallow(mount, hasher));
        }
        _ => shallow(container, hasher),
    }
}

fn shallow(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::List(items) => (0u8, Arc::as_ptr(items).cast::<u8>() as usize, items.len()).hash(hasher),
        Value::Map(map) => (1u8, Arc::as_ptr(map) as usize).hash(hasher),
        value => (2u8, super::common::content_hash(value)).hash(hasher),
    }
}

/// Whether a live container says the same as the one of the template.
pub(super) fn same_container(template: &Value, live: &Value) -> bool {
    match (template, live) {
        (Value::Map(a), Value::Map(b)) => {
            Arc::ptr_eq(a, b)
                || (same_entries(a, b, &[KEYS.volume_mounts])
                    && same_but(a.get(KEYS.volume_mounts), b.get(KEYS.volume_mounts), is_token_mount))
        }
        (a, b) => same(a, b),
    }
}

/// The container of the template that a live one was made from.
pub(super) fn counterpart<'v>(template: &'v Map, list: List, live: &Value) -> Option<(usize, &'v Value)> {
    let name = container_name(live)?;
    let candidates = template.get(list.key()).map_or(&[][..], Value::items);
    candidates.iter().enumerate().find(|(_, candidate)| container_name(candidate) == Some(name))
}

/// Whether a live pod spec says the same as the template, containers included.
pub(super) fn same_spec(template: &Map, live: &Map) -> bool {
    let special = |key: Symbol| {
        key == KEYS.volumes
            || key == KEYS.service_account
            || key == KEYS.service_account_name
            || List::ALL.iter().any(|list| list.key() == key)
            || SET_BY_CLUSTER.contains(&key)
    };
    let within = |a: &Map, b: &Map| {
        a.iter().filter(|(key, _)| !special(*key)).all(|(key, value)| match b.get(key) {
            Some(other) => same(value, other),
            None => *value == Value::Null,
        })
    };
    within(template, live)
        && within(live, template)
        && account_name(template) == account_name(live)
        && same_but(template.get(KEYS.volumes), live.get(KEYS.volumes), is_set_volume)
        && List::ALL.iter().all(|list| match live.get(list.key()) {
            Some(Value::List(containers)) => containers.iter().all(|container| {
                counterpart(template, *list, container).is_some_and(|(_, other)| same_container(other, container))
            }),
            Some(other) => template.get(list.key()).is_some_and(|template| same(template, other)),
            None => true,
        })
}

fn same_but(a: Option<&Value>, b: Option<&Value>, ignored: fn(&Value) -> bool) -> bool {
    match (a, b) {
        (Some(Value::List(a)), Some(Value::List(b))) => {
            let mut other = b.iter().filter(|item| !ignored(item));
            a.iter().filter(|item| !ignored(item)).all(|item| other.next().is_some_and(|other| same(item, other)))
                && other.next().is_none()
        }
        (Some(Value::List(items)), None | Some(Value::Null)) | (None | Some(Value::Null), Some(Value::List(items))) => {
            items.iter().all(ignored)
        }
        (None | Some(Value::Null), None | Some(Value::Null)) => true,
        (Some(a), Some(b)) => same(a, b),
        _ => false,
    }
}

// A volume that the cluster adds to a pod: its token, the claim of a stateful set. Only if it is nothing else besides, since
// anybody may give a volume that name; an empty one has nothing that any rule reads.
fn is_set_volume(volume: &Value) -> bool {
    let Some(map) = volume.as_map() else { return false };
    let named = get(volume, KEYS.name).and_then(Value::as_str).is_some_and(|name| name.starts_with(TOKEN_VOLUME));
    map.iter().all(|(key, _)| key == KEYS.name || (named && key == KEYS.projected))
        || map.iter().all(|(key, _)| key == KEYS.name || key == KEYS.persistent_volume_claim)
}

fn is_token_mount(mount: &Value) -> bool {
    let Some(map) = mount.as_map() else { return false };
    let named = get(mount, KEYS.name).and_then(Value::as_str).is_some_and(|name| name.starts_with(TOKEN_VOLUME));
    let path = get(mount, KEYS.mount_path).and_then(Value::as_str);
    map.is_empty() || (named && path.is_none_or(|path| path == TOKEN_PATH))
}

/// A pod spec without what the cluster sets per pod, so that pods that differ only by that are equal.
pub(super) fn own_spec(spec: &Map) -> Value {
    let own = |key: Symbol, value: &Value| match value {
        Value::List(items) if key == KEYS.volumes => {
            Value::list(items.iter().filter(|volume| !is_set_volume(volume)).cloned())
        }
        Value::List(items) if List::ALL.iter().any(|list| list.key() == key) => {
            Value::list(items.iter().map(own_container))
        }
        other => other.clone(),
    };
    let entries = spec.iter().filter(|(key, _)| !SET_BY_CLUSTER.contains(key));
    Value::Map(Arc::new(Map::new(entries.map(|(key, value)| (key, own(key, value))).collect())))
}

/// A container without the mount that the cluster adds.
pub(super) fn own_container(container: &Value) -> Value {
    let Value::Map(map) = container else { return container.clone() };
    let own = |value: &Value| match value {
        Value::List(items) => Value::list(items.iter().filter(|mount| !is_token_mount(mount)).cloned()),
        other => other.clone(),
    };
    let entries =
        map.iter().map(|(key, value)| (key, if key == KEYS.volume_mounts { own(value) } else { value.clone() }));
    Value::Map(Arc::new(Map::new(entries.collect())))
}

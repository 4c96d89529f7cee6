//! What the derivations share: property names resolved once, comparison of values, provenance of computed fields.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;

use crate::base::symbol::Symbol;
use crate::derive::subject::{OriginPart, keys};
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::inventory::Resource;
use crate::model::Text;

/// A hash map whose order never reaches a result.
pub(super) type Index<K, V> = HashMap<K, V, FixedState>;

macro_rules! property_names {
    ($($name:ident: $text:literal),* $(,)?) => {
        /// Property names that are looked up per object.
        pub(super) struct Keys { $(pub $name: Symbol),* }

        /// See [`Keys`].
        pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys { $($name: Symbol::new($text)),* });
    };
}

property_names! {
    annotations: "annotations",
    api_version: "apiVersion",
    app_armor_profile: "appArmorProfile",
    automount: "automountServiceAccountToken",
    container: "container",
    container_port: "containerPort",
    containers: "containers",
    controller: "controller",
    ephemeral_containers: "ephemeralContainers",
    host_network: "hostNetwork",
    host_port: "hostPort",
    init_containers: "initContainers",
    kind: "kind",
    metadata: "metadata",
    mount_path: "mountPath",
    name: "name",
    node_selector: "nodeSelector",
    os: "os",
    os_label: "kubernetes.io/os",
    owner_references: "ownerReferences",
    persistent_volume_claim: "persistentVolumeClaim",
    ports: "ports",
    projected: "projected",
    replicas: "replicas",
    restart_policy: "restartPolicy",
    security_context: "securityContext",
    service_account: "serviceAccount",
    service_account_name: "serviceAccountName",
    spec: "spec",
    token: "token",
    uid: "uid",
    volume_mounts: "volumeMounts",
    volumes: "volumes",
    windows_options: "windowsOptions",
    workload: "workload",
}

/// The entry `key` of a map.
pub(super) fn get(value: &Value, key: Symbol) -> Option<&Value> {
    value.as_map().and_then(|map| map.get(key))
}

/// The entry `key` of an object's metadata.
pub(super) fn metadata(object: &Value, key: Symbol) -> Option<&Value> {
    get(object, KEYS.metadata).and_then(|metadata| get(metadata, key))
}

/// The namespace that an object without one lands in.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// The namespace of a namespaced object.
pub(super) fn namespace_of(resource: &Resource) -> &str {
    resource.scope.as_deref().filter(|scope| !scope.is_empty()).unwrap_or(DEFAULT_NAMESPACE)
}

/// A part of a view that has a place in the real object.
pub(super) fn part(view: &[&str], real: Vec<Step>) -> OriginPart {
    OriginPart { view: keys(view), real: Some(real), source: None }
}

/// A part of a view that is computed.
pub(super) fn computed(view: &[&str], source: Option<Text>) -> OriginPart {
    OriginPart { view: keys(view), real: None, source }
}

/// Whether two values say the same; the order of map entries does not matter. Shared values are not walked.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)))
        }
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b) || same_entries(a, b, &[]),
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

/// Whether two maps say the same, apart from the keys in `except`.
pub(super) fn same_entries(a: &Map, b: &Map, except: &[Symbol]) -> bool {
    let count = |map: &Map| map.iter().filter(|(key, _)| !except.contains(key)).count();
    count(a) == count(b)
        && a.iter()
            .filter(|(key, _)| !except.contains(key))
            .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
}

/// A hash that agrees with [`same`].
pub(super) fn content_hash(value: &Value) -> u64 {
    let state = FixedState::default();
    let mut hasher = state.build_hasher();
    match value {
        Value::Null => 0u8.hash(&mut hasher),
        Value::Bool(b) => (1u8, b).hash(&mut hasher),
        Value::Int(n) => (2u8, n).hash(&mut hasher),
        Value::Float(n) => (3u8, n.to_bits()).hash(&mut hasher),
        Value::Str(text) => (4u8, &**text).hash(&mut hasher),
        Value::List(items) => {
            5u8.hash(&mut hasher);
            items.iter().for_each(|item| content_hash(item).hash(&mut hasher));
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, item)| state.hash_one((key, content_hash(item))));
            (6u8, entries.fold(0u64, u64::wrapping_add)).hash(&mut hasher);
        }
        Value::Unknown(why) => (7u8, &**why).hash(&mut hasher),
    }
    hasher.finish()
}

/// Values that were seen, by content.
#[derive(Default)]
pub(super) struct Seen(Index<u64, Vec<Value>>);

impl Seen {
    /// Whether `value` is new.
    pub(super) fn insert(&mut self, value: &Value) -> bool {
        let equal = self.0.entry(content_hash(value)).or_default();
        if equal.iter().any(|known| same(known, value)) {
            return false;
        }
        equal.push(value.clone());
        true
    }
}

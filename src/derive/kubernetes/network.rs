//! What the network policies of a namespace amount to.

use crate::expr::Value;
use crate::inventory::{Inventory, Resource};

use super::common::{Index, namespace_of};
use crate::derive::why_unknown;

/// Custom resources with network rules for whole clusters, which are not read: name of the definition, whose it is.
const OTHER_ENGINES: &[(&str, &str)] = &[
    ("ciliumclusterwidenetworkpolicies.cilium.io", "Cilium"),
    ("globalnetworkpolicies.crd.projectcalico.org", "Calico"),
    ("globalnetworkpolicies.projectcalico.org", "Calico"),
    ("adminnetworkpolicies.policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("baselineadminnetworkpolicies.policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("clusternetworkpolicies.policy.networking.k8s.io", "ClusterNetworkPolicy"),
    ("clusternetworkpolicies.crd.antrea.io", "Antrea"),
];

/// Network policies by namespace.
pub(super) struct Policies<'a> {
    inventory: &'a Inventory,
    by_namespace: Index<&'a str, Vec<&'a Resource>>,
    other_engine: Option<&'static str>,
}

impl<'a> Policies<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Policies<'a> {
        let mut by_namespace: Index<&str, Vec<&Resource>> = Index::default();
        for policy in inventory.of("NetworkPolicy") {
            by_namespace.entry(namespace_of(policy)).or_default().push(policy);
        }
        let installed = |name: &str| inventory.of("CustomResourceDefinition").iter().any(|crd| *crd.name == *name);
        let other_engine = OTHER_ENGINES.iter().find(|(name, _)| installed(name)).map(|(_, engine)| *engine);
        Policies { inventory, by_namespace, other_engine }
    }

    /// What `network` says of a namespace.
    pub(super) fn facts(&self, namespace: &str) -> Value {
        let policies = self.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        let unseen = why_unknown(self.inventory, "NetworkPolicy", Some(namespace)).or_else(|| {
            self.other_engine
                .map(|engine| format!("{engine} can hold network rules for the whole cluster, which are not read"))
        });
        // How many there are is only certain without a gap; that there are none also not beside another engine.
        let count = match (why_unknown(self.inventory, "NetworkPolicy", Some(namespace)), &unseen) {
            (Some(why), _) => Value::unknown(why),
            (None, Some(why)) if policies.is_empty() => Value::unknown(why),
            (None, _) => Value::Int(i64::try_from(policies.len()).unwrap_or(i64::MAX)),
        };
        let denies = |direction| {
            let mut unknown = unseen.clone();
            for policy in policies {
                match denies_all(policy, direction) {
                    Ok(true) => return Value::Bool(true),
                    Ok(false) => {}
                    Err(why) => _ = unknown.get_or_insert(why),
                }
            }
            unknown.map_or(Value::Bool(false), Value::unknown)
        };
        Value::map([
            ("policies", count),
            ("defaultDenyIngress", denies(Direction::Ingress)),
            ("defaultDenyEgress", denies(Direction::Egress)),
        ])
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    fn key(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Direction::Ingress => "Ingress",
            Direction::Egress => "Egress",
        }
    }
}

// Whether a policy selects every pod and allows nothing in a direction. A policy that names no types is about incoming
// traffic, and about outgoing traffic only if it has rules for that.
fn denies_all(policy: &Resource, direction: Direction) -> Result<bool, String> {
    let strange = |what: &str, found: &Value| {
        Err(match found {
            Value::Unknown(why) => why.to_string(),
            found => format!("expected {what} in NetworkPolicy {}, found {}", policy.name, found.kind()),
        })
    };
    let spec = match policy.value.get("spec") {
        Some(Value::Map(_)) => policy.value.get("spec"),
        Some(found @ Value::Unknown(_)) => return strange("a specification", found),
        _ => return Err(format!("NetworkPolicy {} has no specification", policy.name)),
    };
    let get = |key: &str| spec.and_then(|spec| spec.get(key)).filter(|value| **value != Value::Null);
    let has_rules = |direction: Direction| match get(direction.key()) {
        None => Ok(false),
        Some(Value::List(rules)) => Ok(!rules.is_empty()),
        Some(found) => strange("a list of rules", found),
    };
    let concerns = match get("policyTypes") {
        None => true,
        Some(Value::List(types)) => {
            types.is_empty() || types.iter().any(|name| name.as_str() == Some(direction.name()))
        }
        Some(found) => return strange("a list of types", found),
    };
    let typed = get("policyTypes").is_some_and(|types| !types.items().is_empty());
    if !concerns || (!typed && direction == Direction::Egress) || has_rules(direction)? {
        return Ok(false);
    }
    selects_all(get("podSelector")).or_else(|found| strange("a selector of pods", &found))
}

// Whether a label selector has no conditions; or what stands there instead of one.
fn selects_all(selector: Option<&Value>) -> Result<bool, Value> {
    match selector {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Map(map)) => Ok(map.iter().all(|(_, conditions)| match conditions {
            Value::Null => true,
            Value::List(items) => items.is_empty(),
            Value::Map(labels) => labels.is_empty(),
            _ => false,
        })),
        Some(found) => Err(found.clone()),
    }
}

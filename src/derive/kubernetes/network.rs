//! What the network policies of a namespace amount to.

use crate::catalog::kubernetes::TEMPLATES;
use crate::derive::why_unknown;
use crate::expr::Value;
use crate::inventory::{Inventory, Mode, Presence, Resource};
use crate::model::Text;

use super::admission::selects;
use super::common::{Index, namespace_of};
use super::service_account::workload_kinds;

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
    // Labels of pods, live ones and those that workloads make, where there are policies.
    pods: Index<&'a str, Vec<Option<&'a Value>>>,
    other_engine: Option<&'static str>,
}

impl<'a> Policies<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Policies<'a> {
        let mut by_namespace: Index<&str, Vec<&Resource>> = Index::default();
        for policy in inventory.of("NetworkPolicy") {
            by_namespace.entry(namespace_of(policy)).or_default().push(policy);
        }
        let mut pods: Index<&str, Vec<Option<&Value>>> = Index::default();
        for template in TEMPLATES {
            for object in inventory.of(template.kind) {
                let namespace = namespace_of(object);
                if by_namespace.contains_key(namespace) {
                    let metadata = object.value.at(template.metadata);
                    pods.entry(namespace).or_default().push(metadata.and_then(|metadata| metadata.get("labels")));
                }
            }
        }
        let installed = |name: &str| inventory.of("CustomResourceDefinition").iter().any(|crd| *crd.name == *name);
        let other_engine = OTHER_ENGINES.iter().find(|(name, _)| installed(name)).map(|(_, engine)| *engine);
        Policies { inventory, by_namespace, pods, other_engine }
    }

    // Why a policy holds nothing back, if so.
    fn idle(&self, namespace: &str, policy: &Resource) -> Result<Option<String>, String> {
        if allows_everything(policy)? {
            return Ok(Some(format!("NetworkPolicy {} allows everything", policy.name)));
        }
        let idle = !self.selects_some(namespace, policy)?;
        Ok(idle.then(|| format!("NetworkPolicy {} selects no pod of the namespace", policy.name)))
    }

    // Whether a policy selects some pod. Where there are none yet, it is for those to come.
    fn selects_some(&self, namespace: &str, policy: &Resource) -> Result<bool, String> {
        let spec = Spec::of(policy)?;
        if spec.selects_all()? {
            return Ok(true);
        }
        let pods = self.pods.get(namespace).map_or(&[][..], Vec::as_slice);
        let mut unclear = None;
        for labels in pods {
            let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
            match (labels, selects(spec.get("podSelector"), &label)) {
                (Some(Value::Unknown(why)), _) => unclear = Some(why.to_string()),
                (_, Some(true)) => return Ok(true),
                (_, Some(false)) => {}
                (_, None) => {
                    unclear = Some(format!("the pods that NetworkPolicy {} selects are not clear", policy.name));
                }
            }
        }
        let unseen = || {
            workload_kinds().find_map(|kind| match self.inventory.presence(kind, Some(namespace)) {
                Presence::Gap(gap) => Some(format!("could not read {gap}")),
                _ => None,
            })
        };
        // Files need not hold what makes the pods that it is for.
        let elsewhere = || {
            let unmatched = self.inventory.mode == Mode::Files && !pods.is_empty();
            unmatched.then(|| format!("NetworkPolicy {} selects no pod of the input", policy.name))
        };
        match unclear.or_else(unseen).or_else(elsewhere) {
            Some(why) => Err(why),
            None => Ok(pods.is_empty()),
        }
    }

    /// What `network` says of a namespace, and why policies that are there do not count.
    pub(super) fn facts(&self, namespace: &str) -> (Value, Option<Text>) {
        let policies = self.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        let unseen = why_unknown(self.inventory, "NetworkPolicy", Some(namespace)).or_else(|| {
            self.other_engine
                .map(|engine| format!("{engine} can hold network rules for the whole cluster, which are not read"))
        });
        let (mut known, mut idle, mut unclear) = (0_i64, None, None);
        for policy in policies {
            match self.idle(namespace, policy) {
                Ok(None) => known += 1,
                Ok(Some(why)) => _ = idle.get_or_insert(Text::from(why)),
                Err(why) => _ = unclear.get_or_insert(why),
            }
        }
        // How many there are is only certain without a gap; that there are none also not beside another engine or a policy that
        // is not clear.
        let none_is_unclear = unclear.or_else(|| unseen.clone()).filter(|_| known == 0);
        let count = match why_unknown(self.inventory, "NetworkPolicy", Some(namespace)).or(none_is_unclear) {
            Some(why) => Value::unknown(why),
            None => Value::Int(known),
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
        let network = Value::map([
            ("policies", count),
            ("defaultDenyIngress", denies(Direction::Ingress)),
            ("defaultDenyEgress", denies(Direction::Egress)),
        ]);
        (network, idle)
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

// Whether a policy selects every pod and allows nothing in a direction.
fn denies_all(policy: &Resource, direction: Direction) -> Result<bool, String> {
    let spec = Spec::of(policy)?;
    if !spec.concerns(direction)? || !spec.rules(direction)?.is_empty() {
        return Ok(false);
    }
    spec.selects_all()
}

// Whether a policy only says that nothing is held back: in each direction that it is about, some rule allows all ports and
// peers. At most it is an exception from what another says.
fn allows_everything(policy: &Resource) -> Result<bool, String> {
    let spec = Spec::of(policy)?;
    for direction in [Direction::Ingress, Direction::Egress] {
        if spec.concerns(direction)? && !spec.rules(direction)?.iter().any(is_open) {
            return Ok(false);
        }
    }
    Ok(true)
}

// Whether a rule names neither peers nor ports; empty lists name none.
fn is_open(rule: &Value) -> bool {
    let Value::Map(rule) = rule else { return *rule == Value::Null };
    rule.iter().all(|(_, named)| match named {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        _ => false,
    })
}

struct Spec<'a> {
    policy: &'a Resource,
    value: &'a Value,
}

impl<'a> Spec<'a> {
    fn of(policy: &'a Resource) -> Result<Spec<'a>, String> {
        match policy.value.get("spec") {
            Some(value @ Value::Map(_)) => Ok(Spec { policy, value }),
            Some(Value::Unknown(why)) => Err(why.to_string()),
            _ => Err(format!("NetworkPolicy {} has no specification", policy.name)),
        }
    }

    fn strange<T>(&self, what: &str, found: &Value) -> Result<T, String> {
        Err(match found {
            Value::Unknown(why) => why.to_string(),
            found => format!("expected {what} in NetworkPolicy {}, found {}", self.policy.name, found.kind()),
        })
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| **value != Value::Null)
    }

    fn selects_all(&self) -> Result<bool, String> {
        selects_all(self.get("podSelector")).or_else(|found| self.strange("a selector of pods", &found))
    }

    fn rules(&self, direction: Direction) -> Result<&'a [Value], String> {
        match self.get(direction.key()) {
            None => Ok(&[]),
            Some(Value::List(rules)) => Ok(rules),
            Some(found) => self.strange("a list of rules", found),
        }
    }

    // A policy that names no types is about incoming traffic, and about outgoing traffic if it has rules for that.
    fn concerns(&self, direction: Direction) -> Result<bool, String> {
        match self.get("policyTypes") {
            Some(Value::List(types)) if !types.is_empty() => {
                Ok(types.iter().any(|name| name.as_str() == Some(direction.name())))
            }
            None | Some(Value::List(_)) => {
                Ok(direction == Direction::Ingress || !self.rules(Direction::Egress)?.is_empty())
            }
            Some(found) => self.strange("a list of types", found),
        }
    }
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

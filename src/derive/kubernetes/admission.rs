//! What admission does to pods: which policy engines and admission policies see them, and where.

use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Resource};

/// Policy engines that reject unsafe pods: a word in the name of their webhook configuration, webhook or service, and what
/// they are called.
const ENGINES: &[(&str, &str)] = &[
    ("kyverno", "Kyverno"),
    ("azure-policy", "Azure Policy"),
    ("gatekeeper", "Gatekeeper"),
    ("kubewarden", "Kubewarden"),
    ("policy-server-", "Kubewarden"),
    ("polaris", "Polaris"),
    ("jspolicy", "jsPolicy"),
    ("k-rail", "k-rail"),
    ("datree", "Datree"),
    ("neuvector", "NeuVector"),
    ("stackrox", "StackRox"),
    ("kube-enforcer", "Aqua"),
    ("sysdig-admission", "Sysdig"),
];

/// How far pods are covered.
pub(super) enum Coverage {
    /// Unsafe ones are rejected, by this.
    Covered(String),
    /// Something looks at them; whether it rejects unsafe ones, nobody can tell from here.
    Unclear(String),
}

/// How a known engine or an admission policy covers the pods of a namespace.
pub(super) fn coverage(inventory: &Inventory, namespace: &str, labels: &Value) -> Option<Coverage> {
    let mut unclear = None;
    let webhooks = inventory.of("ValidatingWebhookConfiguration").iter().flat_map(|configuration| {
        configuration.value.get("webhooks").map_or(&[][..], Value::items).iter().map(move |hook| (configuration, hook))
    });
    for (configuration, hook) in webhooks {
        let Some(engine) = engine(configuration, hook) else { continue };
        match webhook(hook, namespace, labels) {
            Some(Ok(())) => {
                return Some(Coverage::Covered(format!(
                    "{engine} (ValidatingWebhookConfiguration {})",
                    configuration.name
                )));
            }
            Some(Err(why)) => {
                unclear.get_or_insert_with(|| format!("{engine} sees the pods, but {why}"));
            }
            None => {}
        }
    }
    for policy in inventory.of("ValidatingAdmissionPolicy") {
        if !is_bound(inventory, policy, namespace, labels) || !sees_pods(policy.value.at(&["spec", "matchConstraints"]))
        {
            continue;
        }
        // An engine may make one for any of its rules, so its name does not tell what it rejects either.
        let name = &policy.name;
        unclear.get_or_insert_with(|| {
            format!("ValidatingAdmissionPolicy {name} rejects some pods; which, its expressions tell")
        });
    }
    unclear.map(Coverage::Unclear)
}

/// The engine behind a webhook.
fn engine(configuration: &Resource, hook: &Value) -> Option<&'static str> {
    let text = |keys: &[&str]| hook.at(keys).and_then(Value::as_str).unwrap_or_default();
    let service = &["clientConfig", "service"];
    [
        &*configuration.name,
        text(&["name"]),
        text(&[service[0], service[1], "name"]),
        text(&[service[0], service[1], "namespace"]),
    ]
    .into_iter()
    .find_map(known_engine)
}

fn known_engine(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    ENGINES.iter().find(|(word, _)| name.contains(word)).map(|(_, engine)| *engine)
}

/// Whether some webhook, of any configuration, has one of these words in its names.
pub(super) fn has_webhook(inventory: &Inventory, word: &str) -> bool {
    ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"].iter().any(|kind| {
        inventory.of(kind).iter().any(|configuration| {
            configuration.name.to_ascii_lowercase().contains(word)
                || configuration.value.get("webhooks").map_or(&[][..], Value::items).iter().any(|hook| {
                    hook.get("name")
                        .and_then(Value::as_str)
                        .is_some_and(|name| name.to_ascii_lowercase().contains(word))
                })
        })
    })
}

// Whether a webhook rejects pods of a namespace: not at all, surely, or perhaps and why only that.
fn webhook(hook: &Value, namespace: &str, labels: &Value) -> Option<Result<(), String>> {
    let rules = hook.get("rules").map_or(&[][..], Value::items);
    if !rules.iter().any(covers_pods) {
        return None;
    }
    match selects_namespace(hook.get("namespaceSelector"), namespace, labels) {
        Some(true) => {}
        Some(false) => return None,
        None => return Some(Err("its selector of namespaces could not be understood".to_owned())),
    }
    if hook.get("failurePolicy").and_then(Value::as_str) == Some("Ignore") {
        return Some(Err("lets them pass when it does not answer, so it only advises".to_owned()));
    }
    if !is_empty(hook.get("objectSelector")) {
        return Some(Err("only those with certain labels".to_owned()));
    }
    if !is_empty(hook.get("matchConditions")) {
        return Some(Err("only on conditions".to_owned()));
    }
    Some(Ok(()))
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::List(items)) => items.is_empty(),
        Some(Value::Map(map)) => map.iter().all(|(_, value)| is_empty(Some(value))),
        Some(_) => false,
    }
}

// Whether a rule of a webhook or an admission policy matches the creation of pods.
fn covers_pods(rule: &Value) -> bool {
    let has = |key: &str, wanted: &[&str]| {
        let items = rule.get(key).map_or(&[][..], Value::items);
        items.iter().filter_map(Value::as_str).any(|item| wanted.contains(&item))
    };
    has("operations", &["CREATE", "*"])
        && has("apiGroups", &["", "*"])
        && has("resources", &["pods", "pods/*", "*", "*/*"])
        && rule.get("scope").and_then(Value::as_str) != Some("Cluster")
}

fn sees_pods(constraints: Option<&Value>) -> bool {
    let rules = |key: &str| constraints.and_then(|constraints| constraints.get(key)).map_or(&[][..], Value::items);
    rules("resourceRules").iter().any(covers_pods) && !rules("excludeResourceRules").iter().any(covers_pods)
}

// Whether a binding makes an admission policy deny in a namespace.
fn is_bound(inventory: &Inventory, policy: &Resource, namespace: &str, labels: &Value) -> bool {
    inventory.of("ValidatingAdmissionPolicyBinding").iter().any(|binding| {
        let Some(spec) = binding.value.get("spec") else { return false };
        let actions = spec.get("validationActions").map_or(&[][..], Value::items);
        spec.get("policyName").and_then(Value::as_str) == Some(&*policy.name)
            && actions.iter().any(|action| action.as_str() == Some("Deny"))
            && selects_namespace(spec.at(&["matchResources", "namespaceSelector"]), namespace, labels) != Some(false)
            && selects_namespace(policy.value.at(&["spec", "matchConstraints", "namespaceSelector"]), namespace, labels)
                != Some(false)
    })
}

// Whether a label selector selects a namespace. Every namespace has its name as a label.
fn selects_namespace(selector: Option<&Value>, namespace: &str, labels: &Value) -> Option<bool> {
    selects(selector, &|key| match labels.get(key) {
        None if key == "kubernetes.io/metadata.name" => Some(namespace),
        value => value.and_then(Value::as_str),
    })
}

/// Whether a label selector selects what has these labels; nobody knows if it makes no sense.
pub(super) fn selects<'l>(selector: Option<&Value>, label: &dyn Fn(&str) -> Option<&'l str>) -> Option<bool> {
    let selector = match selector {
        None | Some(Value::Null) => return Some(true),
        Some(Value::Map(map)) => map,
        Some(_) => return None,
    };
    let mut selected = true;
    for (key, conditions) in selector.iter() {
        let fits = match (key.as_str(), conditions) {
            (_, Value::Null) => true,
            ("matchLabels", Value::Map(wanted)) => matches_labels(wanted, label)?,
            ("matchExpressions", Value::List(expressions)) => {
                let mut all = true;
                for expression in expressions.iter() {
                    all &= matches_expression(expression, label)?;
                }
                all
            }
            _ => return None,
        };
        selected &= fits;
    }
    Some(selected)
}

fn matches_labels<'l>(wanted: &Map, label: &dyn Fn(&str) -> Option<&'l str>) -> Option<bool> {
    let mut all = true;
    for (key, value) in wanted.iter() {
        all &= label(key.as_str()) == Some(value.as_str()?);
    }
    Some(all)
}

fn matches_expression<'l>(expression: &Value, label: &dyn Fn(&str) -> Option<&'l str>) -> Option<bool> {
    let value = label(expression.get("key")?.as_str()?);
    let values = || expression.get("values").map_or(&[][..], Value::items).iter().filter_map(Value::as_str);
    Some(match expression.get("operator")?.as_str()? {
        "In" => value.is_some_and(|value| values().any(|wanted| wanted == value)),
        "NotIn" => value.is_none_or(|value| values().all(|wanted| wanted != value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => return None,
    })
}

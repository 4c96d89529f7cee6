//! The view `cluster`: the cluster as a whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::View;
use crate::catalog::kubernetes::SYSTEM_NAMESPACES;
use crate::catalog::kubernetes::releases::maintained_until;
use crate::derive::{Origin, Subject, Subjects, why_unknown};
use crate::expr::Value;
use crate::inventory::{Inventory, Mode};
use crate::model::ResourceRef;

use super::admission::has_webhook;
use super::common::computed;
use super::service_account::known_part;

/// DaemonSets of network plugins, what the plugin is called and whether it enforces network policies; none if that depends
/// on its settings.
const PLUGINS: &[(&str, &str, Option<bool>)] = &[
    ("calico-node", "Calico", Some(true)),
    ("cilium", "Cilium", Some(true)),
    ("anetd", "Cilium", Some(true)),
    ("canal", "Canal", Some(true)),
    ("rke2-canal", "Canal", Some(true)),
    ("weave-net", "Weave Net", Some(true)),
    ("antrea-agent", "Antrea", Some(true)),
    ("azure-npm", "Azure NPM", Some(true)),
    ("ovnkube-node", "OVN-Kubernetes", Some(true)),
    ("kube-ovn-cni", "Kube-OVN", Some(true)),
    ("kube-router", "kube-router", Some(true)),
    ("romana-agent", "Romana", Some(true)),
    ("kube-network-policies", "kube-network-policies", Some(true)),
    ("aws-node", "Amazon VPC CNI", None),
    ("kindnet", "kindnet", None),
    ("terway-eniip", "Terway", None),
    ("kube-flannel-ds", "Flannel", Some(false)),
    ("kube-flannel", "Flannel", Some(false)),
];

/// API groups of what brings secrets from outside, and what it is called.
const SECRET_STORES: &[(&str, &str)] = &[
    ("external-secrets.io", "External Secrets Operator"),
    ("secrets-store.csi.x-k8s.io", "Secrets Store CSI Driver"),
    ("secrets.hashicorp.com", "Vault Secrets Operator"),
    ("vault.banzaicloud.com", "Bank-Vaults"),
    ("secrets.infisical.com", "Infisical"),
    ("secrets.doppler.com", "Doppler"),
    ("onepassword.com", "1Password"),
    ("spv.no", "Azure Key Vault to Kubernetes"),
    ("kubernetes-client.io", "Kubernetes External Secrets"),
];

/// Words in the names of webhooks that verify images, and what is behind them.
const IMAGE_POLICIES: &[(&str, &str)] = &[
    ("policy.sigstore.dev", "Sigstore policy controller"),
    ("cosigned", "Sigstore policy controller"),
    ("connaisseur", "Connaisseur"),
    ("portieris", "Portieris"),
    ("ratify", "Ratify"),
    ("image-policy-webhook", "image policy webhook"),
];

/// Distributions whose control plane the provider runs, and those whose control plane belongs to the user.
const MANAGED: [&str; 3] = ["eks", "aks", "gke"];
const OWN: [&str; 9] = ["upstream", "kubeadm", "k3s", "rke2", "k0s", "microk8s", "kind", "minikube", "talos"];

/// Subjects of the view.
pub(super) fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    let mut all = Subjects::default();
    // Single manifests are no cluster.
    if inventory.mode == Mode::Live || !inventory.of("Namespace").is_empty() {
        all.subjects.push(cluster(inventory));
    }
    all.note_presence(inventory, view.sources);
    all
}

fn cluster(inventory: &Inventory) -> Subject {
    let system = &inventory.system;
    let told = |value: &Option<String>, what: &str| match value {
        Some(value) => Value::str(value),
        None => Value::unknown(format!("nothing in the input tells the {what} of the cluster")),
    };
    let managed = match system.distribution.as_deref() {
        Some(distribution) if MANAGED.contains(&distribution) => Value::Bool(true),
        Some(distribution) if OWN.contains(&distribution) => Value::Bool(false),
        _ => Value::unknown("who runs the control plane is not known of this distribution"),
    };
    let maintained = match &system.version {
        Some(version) => match maintained_until(version, system.distribution.as_deref()) {
            Ok(end) => Value::str(end),
            Err(why) => Value::unknown(why),
        },
        None => told(&None, "version"),
    };
    let namespaces = inventory.of("Namespace").iter().filter(|object| !SYSTEM_NAMESPACES.contains(&&*object.name));
    let namespaces = namespaces.map(|object| Value::Str(object.name.clone())).collect();
    let value = Value::map([
        ("version", told(&system.version, "version")),
        ("maintainedUntil", maintained),
        ("distribution", told(&system.distribution, "distribution")),
        ("managed", managed),
        ("namespaces", known_part(namespaces, why_unknown(inventory, "Namespace", None))),
        ("network", network(inventory)),
        ("secretStores", secret_stores(inventory)),
        ("imagePolicies", image_policies(inventory)),
    ]);
    Subject {
        resource: ResourceRef { kind: "Cluster".into(), scope: None, name: system.name.as_str().into() },
        element: None,
        value,
        origin: Some(Arc::new(Origin { parts: vec![computed(&[], None)], ..Origin::default() })),
    }
}

fn network(inventory: &Inventory) -> Value {
    let daemon_sets = inventory.of("DaemonSet");
    let mut found: Vec<_> =
        PLUGINS.iter().filter(|(name, ..)| daemon_sets.iter().any(|object| *object.name == **name)).collect();
    // Beside a plugin that only connects pods, one that enforces policies decides.
    found.sort_by_key(|(_, _, enforces)| match enforces {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    let (plugin, enforces) = match found.first() {
        Some((_, plugin, Some(enforces))) => (Value::str(plugin), Value::Bool(*enforces)),
        Some((_, plugin, None)) => (
            Value::str(plugin),
            Value::unknown(format!("whether {plugin} enforces network policies depends on its settings")),
        ),
        // Enforces policies by itself, without a DaemonSet.
        None if inventory.system.distribution.as_deref() == Some("k3s") => {
            let why = "k3s enforces network policies unless it was started with --disable-network-policy";
            (Value::str("k3s"), Value::unknown(why))
        }
        None => {
            let why = why_unknown(inventory, "DaemonSet", None)
                .unwrap_or_else(|| "no DaemonSet of a known network plugin".to_owned());
            (Value::unknown(&why), Value::unknown(&why))
        }
    };
    Value::map([("plugin", plugin), ("enforcesPolicies", enforces)])
}

fn secret_stores(inventory: &Inventory) -> Value {
    let groups: BTreeSet<&str> = inventory
        .of("CustomResourceDefinition")
        .iter()
        .filter_map(|crd| crd.value.at(&["spec", "group"]).and_then(Value::as_str))
        .collect();
    let mut found: BTreeSet<&str> =
        SECRET_STORES.iter().filter(|(group, _)| groups.contains(group)).map(|(_, name)| *name).collect();
    if has_webhook(inventory, "vault-agent-injector") || has_webhook(inventory, "vault.hashicorp.com") {
        found.insert("Vault Agent Injector");
    }
    known_part(found.into_iter().map(Value::str).collect(), why_unknown(inventory, "CustomResourceDefinition", None))
}

fn image_policies(inventory: &Inventory) -> Value {
    let found: BTreeSet<&str> =
        IMAGE_POLICIES.iter().filter(|(word, _)| has_webhook(inventory, word)).map(|(_, name)| *name).collect();
    let unseen = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy"]
        .iter()
        .find_map(|kind| why_unknown(inventory, kind, None));
    let unclear = || {
        let engine =
            ["kyverno", "gatekeeper", "kubewarden"].into_iter().find(|engine| has_webhook(inventory, engine))?;
        Some(format!("{engine} may verify images; its policies are not read"))
    };
    let expressions = || {
        let policy = inventory.of("ValidatingAdmissionPolicy").iter().find(|policy| {
            let validations = policy.value.at(&["spec", "validations"]).map_or(&[][..], Value::items);
            validations
                .iter()
                .filter_map(|v| v.get("expression")?.as_str())
                .any(|expression| expression.contains(".image"))
        })?;
        Some(format!(
            "ValidatingAdmissionPolicy {} looks at images; what it demands, its expressions tell",
            policy.name
        ))
    };
    known_part(found.into_iter().map(Value::str).collect(), unseen.or_else(unclear).or_else(expressions))
}

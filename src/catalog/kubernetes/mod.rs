//! Kubernetes: kinds with their API paths, the kinds that carry pod templates, built-in names.

pub mod builtin;
pub mod cloud;
pub mod components;
pub mod distribution;
pub mod files;
pub mod image;
pub mod kubelet;
mod podspec;
pub mod releases;
mod views;

pub use podspec::{CONTAINER_FIELDS, PODSPEC_FIELDS};
pub use views::VIEWS;

use super::Kind;
use crate::model::Technology::Kubernetes;

/// Stands for the pod spec of every workload kind in [`super::Read::kind`].
pub const PODSPEC: &str = "@podspec";

const OBJECT: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];

const fn kind(
    name: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    namespaced: bool,
    fields: &'static [&'static str],
) -> Kind {
    Kind { name, technology: Kubernetes, group, version, plural, namespaced, fields }
}

/// Kinds that can be read. Secrets are not among them.
pub const KINDS: &[Kind] = &[
    kind("Namespace", "", "v1", "namespaces", false, OBJECT),
    kind("Node", "", "v1", "nodes", false, OBJECT),
    kind("Pod", "", "v1", "pods", true, OBJECT),
    kind("PodTemplate", "", "v1", "podtemplates", true, &["apiVersion", "kind", "metadata", "template"]),
    kind("ReplicationController", "", "v1", "replicationcontrollers", true, OBJECT),
    kind(
        "ServiceAccount",
        "",
        "v1",
        "serviceaccounts",
        true,
        &["apiVersion", "kind", "metadata", "automountServiceAccountToken", "imagePullSecrets", "secrets"],
    ),
    kind("Service", "", "v1", "services", true, OBJECT),
    kind(
        "ConfigMap",
        "",
        "v1",
        "configmaps",
        true,
        &["apiVersion", "kind", "metadata", "data", "binaryData", "immutable"],
    ),
    kind("ResourceQuota", "", "v1", "resourcequotas", true, OBJECT),
    kind("LimitRange", "", "v1", "limitranges", true, OBJECT),
    kind("PersistentVolume", "", "v1", "persistentvolumes", false, OBJECT),
    kind("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", true, OBJECT),
    kind("Deployment", "apps", "v1", "deployments", true, OBJECT),
    kind("StatefulSet", "apps", "v1", "statefulsets", true, OBJECT),
    kind("DaemonSet", "apps", "v1", "daemonsets", true, OBJECT),
    kind("ReplicaSet", "apps", "v1", "replicasets", true, OBJECT),
    kind("Job", "batch", "v1", "jobs", true, OBJECT),
    kind("CronJob", "batch", "v1", "cronjobs", true, OBJECT),
    kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", true, OBJECT),
    kind("Ingress", "networking.k8s.io", "v1", "ingresses", true, OBJECT),
    kind("Role", "rbac.authorization.k8s.io", "v1", "roles", true, &["apiVersion", "kind", "metadata", "rules"]),
    kind(
        "ClusterRole",
        "rbac.authorization.k8s.io",
        "v1",
        "clusterroles",
        false,
        &["apiVersion", "kind", "metadata", "rules", "aggregationRule"],
    ),
    kind(
        "RoleBinding",
        "rbac.authorization.k8s.io",
        "v1",
        "rolebindings",
        true,
        &["apiVersion", "kind", "metadata", "roleRef", "subjects"],
    ),
    kind(
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io",
        "v1",
        "clusterrolebindings",
        false,
        &["apiVersion", "kind", "metadata", "roleRef", "subjects"],
    ),
    kind(
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        false,
        &["apiVersion", "kind", "metadata", "webhooks"],
    ),
    kind(
        "MutatingWebhookConfiguration",
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        false,
        &["apiVersion", "kind", "metadata", "webhooks"],
    ),
    kind(
        "ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicies",
        false,
        OBJECT,
    ),
    kind(
        "ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicybindings",
        false,
        OBJECT,
    ),
    kind(
        "StorageClass",
        "storage.k8s.io",
        "v1",
        "storageclasses",
        false,
        &["apiVersion", "kind", "metadata", "parameters", "provisioner"],
    ),
    kind("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", false, OBJECT),
    // Never asked of the API server: one document per node, written by the node collector (`apiVersion: spm.node/v1`).
    kind("NodeFacts", "spm.node", "v1", "", false, NODE_FACTS),
    // The answer of `GET /api/v1/nodes/NAME/proxy/configz`, kept as an object named like the node.
    kind("KubeletConfigz", "spm.kubelet", "v1", "", false, &["apiVersion", "kind", "metadata", "kubeletconfig"]),
];

/// Kinds that the group `extensions` once had.
const ONCE_EXTENSIONS: &[&str] = &["DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet"];

/// The kind of an object, in whatever version of its group, and whether the group is one that is no longer served.
pub fn object_kind(api_version: &str, name: &str) -> Option<(&'static Kind, bool)> {
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    if group == "extensions" && ONCE_EXTENSIONS.contains(&name) {
        return KINDS.iter().find(|kind| kind.name == name).map(|kind| (kind, true));
    }
    KINDS.iter().find(|kind| kind.name == name && kind.group == group).map(|kind| (kind, false))
}

/// Top-level keys of a node facts document.
const NODE_FACTS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "identity",
    "os",
    "processes",
    "files",
    "documents",
    "certs",
    "kubeconfigs",
    "units",
    "listeners",
    "sysctl",
    "lsm",
    "errors",
];

/// A kind that carries a pod spec.
#[derive(Debug)]
pub struct Template {
    /// Kind, of [`KINDS`] or a custom resource.
    pub kind: &'static str,
    /// API group of the kind.
    pub group: &'static str,
    /// Path of the pod spec.
    pub podspec: &'static [&'static str],
    /// Path of the metadata that pods get.
    pub metadata: &'static [&'static str],
}

const TEMPLATE: (&[&str], &[&str]) = (&["spec", "template", "spec"], &["spec", "template", "metadata"]);

const fn template(
    kind: &'static str,
    group: &'static str,
    paths: (&'static [&'static str], &'static [&'static str]),
) -> Template {
    Template { kind, group, podspec: paths.0, metadata: paths.1 }
}

/// Kinds that carry a pod spec, and where.
pub const TEMPLATES: &[Template] = &[
    template("Pod", "", (&["spec"], &["metadata"])),
    template("Deployment", "apps", TEMPLATE),
    template("StatefulSet", "apps", TEMPLATE),
    template("DaemonSet", "apps", TEMPLATE),
    template("ReplicaSet", "apps", TEMPLATE),
    template("ReplicationController", "", TEMPLATE),
    template("Job", "batch", TEMPLATE),
    template(
        "CronJob",
        "batch",
        (
            &["spec", "jobTemplate", "spec", "template", "spec"],
            &["spec", "jobTemplate", "spec", "template", "metadata"],
        ),
    ),
    template("PodTemplate", "", (&["template", "spec"], &["template", "metadata"])),
];

/// Namespaces that the cluster itself owns.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// ConfigMaps of kube-system that are read, by name.
pub const CONFIG_MAPS: [&str; 3] = ["kube-proxy", "kubeadm-config", "kubelet-config"];

#[cfg(test)]
mod tests {
    use super::object_kind;

    #[test]
    fn the_group_belongs_to_the_kind() {
        let found = |api_version, name| object_kind(api_version, name).map(|(kind, old)| (kind.name, old));
        assert_eq!(found("v1", "Pod"), Some(("Pod", false)));
        assert_eq!(found("apps/v1beta2", "Deployment"), Some(("Deployment", false)));
        assert_eq!(found("extensions/v1beta1", "Deployment"), Some(("Deployment", true)));
        assert_eq!(found("serving.knative.dev/v1", "Service"), None);
        assert_eq!(found("v1", "Deployment"), None);
        assert_eq!(found("v1", "Secret"), None);
    }
}

//! Kubernetes: kinds with their API paths, the kinds that carry pod templates, built-in names.

pub mod builtin;
pub mod cloud;
pub mod components;
pub mod custom;
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

/// Kinds whose objects in one namespace tell something about what lies in another one: whoever is bound may be an account of
/// any namespace. They are read everywhere, also if the user names the namespaces to read.
pub const READ_EVERYWHERE: [&str; 2] = ["Role", "RoleBinding"];

/// Stands for the pod spec of every workload kind in [`super::Read::kind`].
pub const PODSPEC: &str = "@podspec";
/// Stands for every custom resource that holds a pod spec in [`super::Read::kind`].
pub const CUSTOM: &str = "@custom";

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
    let mut known = KINDS.iter().chain(custom::KINDS);
    known.find(|kind| kind.group == group && kind.object_name() == name).map(|kind| (kind, false))
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
    /// Has `spec.replicas`, which mean one if not written.
    pub scaled: bool,
    /// Kinds whose objects make objects of this kind, all of them before it in the table.
    pub owners: &'static [&'static str],
}

// Where pod spec and metadata of pods stand.
type Paths = (&'static [&'static str], &'static [&'static str]);

const WHOLE: Paths = (&["spec"], &["metadata"]);
const TEMPLATE: Paths = (&["spec", "template", "spec"], &["spec", "template", "metadata"]);

const fn template(kind: &'static str, group: &'static str, paths: Paths, owners: &'static [&'static str]) -> Template {
    Template { kind, group, podspec: paths.0, metadata: paths.1, scaled: false, owners }
}

const fn scaled(kind: &'static str, group: &'static str, paths: Paths, owners: &'static [&'static str]) -> Template {
    Template { scaled: true, ..template(kind, group, paths, owners) }
}

/// Kinds that carry a pod spec, and where: each behind those that may own it.
pub const TEMPLATES: &[Template] = &[
    template("Service.serving.knative.dev", "serving.knative.dev", TEMPLATE, &[]),
    template("Configuration.serving.knative.dev", "serving.knative.dev", TEMPLATE, &["Service.serving.knative.dev"]),
    template("Revision.serving.knative.dev", "serving.knative.dev", WHOLE, &["Configuration.serving.knative.dev"]),
    scaled("Deployment", "apps", TEMPLATE, &["Revision.serving.knative.dev"]),
    // Behind the Deployment that it may refer to instead of having a template.
    scaled("Rollout", "argoproj.io", TEMPLATE, &[]),
    scaled("DeploymentConfig", "apps.openshift.io", TEMPLATE, &[]),
    scaled("CloneSet", "apps.kruise.io", TEMPLATE, &[]),
    scaled("StatefulSet.apps.kruise.io", "apps.kruise.io", TEMPLATE, &[]),
    template("DaemonSet.apps.kruise.io", "apps.kruise.io", TEMPLATE, &[]),
    template("BroadcastJob", "apps.kruise.io", TEMPLATE, &[]),
    template(
        "ScaledJob",
        "keda.sh",
        (&["spec", "jobTargetRef", "template", "spec"], &["spec", "jobTargetRef", "template", "metadata"]),
        &[],
    ),
    scaled("StatefulSet", "apps", TEMPLATE, &[]),
    template("DaemonSet", "apps", TEMPLATE, &[]),
    template(
        "CronJob",
        "batch",
        (
            &["spec", "jobTemplate", "spec", "template", "spec"],
            &["spec", "jobTemplate", "spec", "template", "metadata"],
        ),
        &[],
    ),
    scaled("ReplicaSet", "apps", TEMPLATE, &["Deployment", "Rollout"]),
    scaled("ReplicationController", "", TEMPLATE, &["DeploymentConfig"]),
    template("Job", "batch", TEMPLATE, &["CronJob", "ScaledJob"]),
    template("PodTemplate", "", (&["template", "spec"], &["template", "metadata"]), &[]),
    template(
        "Pod",
        "",
        WHOLE,
        &[
            "ReplicaSet",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "ReplicationController",
            "CloneSet",
            "StatefulSet.apps.kruise.io",
            "DaemonSet.apps.kruise.io",
            "BroadcastJob",
        ],
    ),
];

/// Namespaces that the cluster itself owns.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// ConfigMaps of kube-system that are read, by name.
pub const CONFIG_MAPS: [&str; 3] = ["kube-proxy", "kubeadm-config", "kubelet-config"];

#[cfg(test)]
mod tests {
    use super::{TEMPLATES, object_kind};

    #[test]
    fn the_group_belongs_to_the_kind() {
        let found = |api_version, name| object_kind(api_version, name).map(|(kind, old)| (kind.name, old));
        assert_eq!(found("v1", "Pod"), Some(("Pod", false)));
        assert_eq!(found("apps/v1beta2", "Deployment"), Some(("Deployment", false)));
        assert_eq!(found("extensions/v1beta1", "Deployment"), Some(("Deployment", true)));
        assert_eq!(found("serving.knative.dev/v1", "Service"), Some(("Service.serving.knative.dev", false)));
        assert_eq!(found("v1", "Service"), Some(("Service", false)));
        assert_eq!(found("v1", "Service.serving.knative.dev"), None);
        assert_eq!(found("argoproj.io/v1alpha1", "Rollout"), Some(("Rollout", false)));
        assert_eq!(found("example.com/v1", "Rollout"), None);
        assert_eq!(found("v1", "Deployment"), None);
        assert_eq!(found("v1", "Secret"), None);
    }

    #[test]
    fn owners_stand_before_what_they_own() {
        for (at, template) in TEMPLATES.iter().enumerate() {
            assert_eq!(crate::catalog::kind(template.kind).map(|kind| kind.group), Some(template.group));
            for owner in template.owners {
                assert!(TEMPLATES[..at].iter().any(|before| before.kind == *owner), "{owner} of {}", template.kind);
            }
        }
    }
}

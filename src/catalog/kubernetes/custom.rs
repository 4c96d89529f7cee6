//! Custom resources that hold a pod spec: kinds of well-known extensions. A cluster has them only where somebody installed
//! them, so they are asked for only if the API server says that it serves them.
//!
//! A kind whose name another kind has too is named `Kind.group`, as `kubectl get` takes it.

use super::{Kind, OBJECT, kind};

/// Pod specs of Argo Rollouts, KEDA, Knative, OpenKruise and OpenShift. Kinds with several pod specs per object, or with
/// containers outside of one (Tekton, Argo Workflows, Kubeflow, Volcano), are seen by the pods that they make.
pub const KINDS: &[Kind] = &[
    kind("CloneSet", "apps.kruise.io", "v1alpha1", "clonesets", true, OBJECT),
    kind("StatefulSet.apps.kruise.io", "apps.kruise.io", "v1beta1", "statefulsets", true, OBJECT),
    kind("DaemonSet.apps.kruise.io", "apps.kruise.io", "v1alpha1", "daemonsets", true, OBJECT),
    kind("BroadcastJob", "apps.kruise.io", "v1alpha1", "broadcastjobs", true, OBJECT),
    kind("DeploymentConfig", "apps.openshift.io", "v1", "deploymentconfigs", true, OBJECT),
    kind("Rollout", "argoproj.io", "v1alpha1", "rollouts", true, OBJECT),
    kind("ScaledJob", "keda.sh", "v1alpha1", "scaledjobs", true, OBJECT),
    kind("Service.serving.knative.dev", "serving.knative.dev", "v1", "services", true, OBJECT),
    kind("Configuration.serving.knative.dev", "serving.knative.dev", "v1", "configurations", true, OBJECT),
    kind("Revision.serving.knative.dev", "serving.knative.dev", "v1", "revisions", true, OBJECT),
];

/// Whether a kind is one that a cluster need not have.
pub fn is_custom(kind: &str) -> bool {
    KINDS.iter().any(|custom| custom.name == kind)
}

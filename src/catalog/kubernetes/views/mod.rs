//! Views of Kubernetes. The derivations are in `derive::kubernetes`, one file per group of views.

mod access;
mod cluster;
mod components;
mod workloads;

use super::CUSTOM;
use crate::catalog::{Field, Read, View};

const fn field(path: &'static str, doc: &'static str) -> Field {
    Field { path, doc, open: false }
}

const fn open(path: &'static str, doc: &'static str) -> Field {
    Field { path, doc, open: true }
}

const fn read(kind: &'static str, paths: &'static [&'static str]) -> Read {
    Read { kind, paths, namespace: None }
}

/// Which workload a pod belongs to.
const OWNERS: &[Read] = &[
    read("Pod", &["metadata.ownerReferences"]),
    read("ReplicaSet", &["metadata.ownerReferences"]),
    read("ReplicationController", &["metadata.ownerReferences"]),
    read("Job", &["metadata.ownerReferences"]),
    read("Deployment", &["metadata.ownerReferences"]),
    read(CUSTOM, &["metadata.ownerReferences"]),
    read("Rollout", &["spec.workloadRef"]),
];

/// What else tells workloads from each other, which of them run, and what a node started by itself.
const CONTROLLERS: &[Read] = &[
    read("Pod", &["metadata.annotations['kubernetes.io/config.mirror']", "metadata.labels.component"]),
    read("ReplicaSet", &["metadata.uid", "spec.replicas"]),
    read("ReplicationController", &["metadata.uid", "spec.replicas"]),
    read("Deployment", &["metadata.uid", "spec.replicas"]),
    read("StatefulSet", &["metadata.uid", "metadata.ownerReferences", "spec.replicas"]),
    read("DaemonSet", &["metadata.uid", "metadata.ownerReferences"]),
    read("Job", &["metadata.uid"]),
    read("CronJob", &["metadata.uid", "metadata.ownerReferences"]),
    read(CUSTOM, &["metadata.uid", "spec.replicas"]),
];

/// What is known of the machines.
const NODES: &[Read] = &[
    read("Node", &["metadata.labels", "metadata.annotations", "spec.providerID", "status.nodeInfo"]),
    read("NodeFacts", &["."]),
];

/// Every view of Kubernetes.
pub const VIEWS: &[View] = &[
    workloads::WORKLOAD,
    workloads::CONTAINER,
    workloads::IMAGE_REPOSITORY,
    access::RBAC_SUBJECT,
    access::RBAC_ROLE,
    access::RBAC_BINDING,
    access::SERVICE_ACCOUNT,
    cluster::NAMESPACE,
    components::KUBE_APISERVER,
    components::KUBE_CONTROLLER_MANAGER,
    components::KUBE_SCHEDULER,
    components::ETCD,
    components::KUBE_PROXY,
    components::KUBELET,
    cluster::NODE,
    cluster::CLUSTER,
];

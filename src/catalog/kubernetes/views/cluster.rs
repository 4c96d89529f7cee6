//! Views of the cluster, its namespaces and its nodes.

use super::{NODES, OWNERS, field, open, read};
use crate::catalog::kubernetes::CUSTOM;
use crate::catalog::{Read, View};
use crate::model::Technology::Kubernetes;

/// Kinds whose objects a namespace lists.
const OBJECTS: &[Read] = &[
    read("Deployment", &["metadata.name"]),
    read("StatefulSet", &["metadata.name"]),
    read("DaemonSet", &["metadata.name"]),
    read("CronJob", &["metadata.name"]),
    read("ReplicationController", &["metadata.name"]),
    read("Service", &["metadata.name"]),
    read("ServiceAccount", &["metadata.name"]),
    read("PersistentVolumeClaim", &["metadata.name"]),
    read("Ingress", &["metadata.name"]),
    read("Role", &["metadata.name"]),
    read("RoleBinding", &["metadata.name"]),
    read("ResourceQuota", &["metadata.name"]),
    read("LimitRange", &["metadata.name"]),
];

/// Labels of pods, which policies select by.
const LABELS: &[Read] = &[
    read("Pod", &["metadata.labels"]),
    read("Deployment", &["spec.template.metadata.labels"]),
    read("StatefulSet", &["spec.template.metadata.labels"]),
    read("DaemonSet", &["spec.template.metadata.labels"]),
    read("ReplicaSet", &["spec.template.metadata.labels"]),
    read("ReplicationController", &["spec.template.metadata.labels"]),
    read("Job", &["spec.template.metadata.labels"]),
    read("CronJob", &["spec.jobTemplate.spec.template.metadata.labels"]),
    read("PodTemplate", &["template.metadata.labels"]),
    read(CUSTOM, &["metadata.labels", "spec.template.metadata.labels"]),
    read("ScaledJob", &["spec.jobTargetRef.template.metadata.labels"]),
];

pub(super) const NAMESPACE: View = View {
    name: "namespace",
    technology: Kubernetes,
    subject: "a namespace with the policies that hold in it",
    fields: &[
        open("metadata", "name, labels, annotations"),
        field("namespace.system", "belongs to the cluster"),
        field("namespace.workloads", "number of workloads in it"),
        field(
            "network.policies",
            "number of NetworkPolicies that hold something back (one that allows everything, or that selects none of the pods, does not); unknown if there are none, but another engine can hold rules for the whole cluster",
        ),
        field("network.defaultDenyIngress", "a policy selects every pod and allows no incoming traffic"),
        field("network.defaultDenyEgress", "a policy selects every pod and allows no outgoing traffic"),
        field("podSecurity.enforce", "level that is enforced by label, or by the cluster's default; absent if none"),
        field("podSecurity.warnOnly", "labels warn or audit, and nothing enforces a level"),
        field(
            "podSecurity.covered",
            "some mechanism rejects unsafe pods: a label, the cluster's default, a known policy engine; unknown if one only advises",
        ),
        field("podSecurity.mechanism", "which mechanism"),
        open(
            "objects[*]",
            "objects that somebody put into it: kind, name; only listed for default, kube-public and kube-node-lease, Secrets and ConfigMaps not at all",
        ),
        open("objects", "all of them"),
    ],
    sources: &["Namespace"],
    namespaced: true,
    reads: &[
        OWNERS,
        &[
            read("Namespace", &["metadata.labels", "metadata.annotations"]),
            read("NetworkPolicy", &["spec"]),
            read("CustomResourceDefinition", &["metadata.name"]),
            read("ValidatingWebhookConfiguration", &["webhooks"]),
            read("ValidatingAdmissionPolicy", &["spec"]),
            read("ValidatingAdmissionPolicyBinding", &["spec"]),
            read("Node", &["metadata.labels"]),
            read("NodeFacts", &["documents", "processes"]),
        ],
        OBJECTS,
        LABELS,
    ],
    passes: &[],
};

pub(super) const NODE: View = View {
    name: "node",
    technology: Kubernetes,
    subject: "a node with its files",
    fields: &[
        open("metadata", "name, labels, annotations"),
        open("spec", "as in the API"),
        open("status", "as in the API"),
        open(
            "node.roles",
            "list of control-plane, etcd, worker: what runs there, else what labels say; every node with a kubelet is a worker",
        ),
        field("node.facts", "facts of this node were collected"),
        field("node.virtual", "no machine but capacity of a provider: nothing to read or set"),
        field("node.distribution", "distribution found on the node, else of the cluster"),
        open(
            "files",
            "files by role (the roles are listed in `catalog::kubernetes::files`): a list of path, realPath (where symbolic links lead), type (file, directory, ...), mode (octal text), uid, gid, owner, group, size. Nothing there: an empty list; not readable: unknown; not all seen: an unknown element",
        ),
        open(
            "services",
            "system services by name (sshd, kubelet): installed, enabled (starts at boot), active (runs now)",
        ),
    ],
    sources: &["Node"],
    namespaced: false,
    reads: &[NODES, &[read("Node", &["spec.taints"])]],
    passes: &[],
};

pub(super) const CLUSTER: View = View {
    name: "cluster",
    technology: Kubernetes,
    subject: "the cluster as a whole",
    fields: &[
        field("version", "version of the API server"),
        field(
            "maintainedUntil",
            "last moment (RFC 3339) at which the Kubernetes project maintains this release; unknown where the provider has a calendar of its own",
        ),
        field("distribution", "upstream, eks, aks, gke, k3s, rke2, ..."),
        field("managed", "the provider runs the control plane"),
        open("namespaces", "names of namespaces that are not the cluster's own"),
        field("network.plugin", "network plugin, as its DaemonSet shows"),
        field("network.enforcesPolicies", "the plugin is known to enforce NetworkPolicies"),
        open("secretStores", "external secret stores that are installed"),
        open("imagePolicies", "mechanisms that verify image signatures or origin"),
    ],
    sources: &["Namespace"],
    namespaced: false,
    reads: &[&[
        read("Namespace", &["metadata.name"]),
        read("DaemonSet", &["metadata.name"]),
        read("CustomResourceDefinition", &["spec.group"]),
        read("ValidatingWebhookConfiguration", &["webhooks"]),
        read("MutatingWebhookConfiguration", &["webhooks"]),
        read("ValidatingAdmissionPolicy", &["spec"]),
    ]],
    passes: &[],
};

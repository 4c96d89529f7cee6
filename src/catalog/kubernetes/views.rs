//! Views of Kubernetes. The derivations are in `derive::kubernetes`, one file per group of views.

use super::{CUSTOM, PODSPEC, TEMPLATES};
use crate::catalog::{Field, Pass, Read, View};
use crate::model::Technology::Kubernetes;

const fn field(path: &'static str, doc: &'static str) -> Field {
    Field { path, doc, open: false }
}

const fn open(path: &'static str, doc: &'static str) -> Field {
    Field { path, doc, open: true }
}

const fn read(kind: &'static str, path: &'static str) -> Read {
    Read { kind, path, namespace: None }
}

// Only of what lies in kube-system.
const fn read_of_system(kind: &'static str, path: &'static str) -> Read {
    Read { kind, path, namespace: Some("kube-system") }
}

/// Kinds whose objects are workloads.
const WORKLOADS: &[&str] = &{
    let mut kinds = [""; TEMPLATES.len()];
    let mut at = 0;
    while at < kinds.len() {
        kinds[at] = TEMPLATES[at].kind;
        at += 1;
    }
    kinds
};

/// Identity, ownership and what the derivation of workloads itself needs.
const WORKLOAD_READS: &[Read] = &[
    read(PODSPEC, "containers[*].name"),
    read(PODSPEC, "initContainers[*].name"),
    read(PODSPEC, "initContainers[*].restartPolicy"),
    read(PODSPEC, "ephemeralContainers[*].name"),
    read(PODSPEC, "hostNetwork"),
    read(PODSPEC, "os.name"),
    read(PODSPEC, "nodeSelector['kubernetes.io/os']"),
    read("Pod", "metadata.ownerReferences"),
    read("Pod", "metadata.annotations['kubernetes.io/config.mirror']"),
    read("Pod", "metadata.labels.component"),
    read("ReplicaSet", "metadata.ownerReferences"),
    read("ReplicaSet", "metadata.uid"),
    read("ReplicaSet", "spec.replicas"),
    read("ReplicationController", "metadata.uid"),
    read("ReplicationController", "metadata.ownerReferences"),
    read("ReplicationController", "spec.replicas"),
    read("Deployment", "metadata.uid"),
    read("Deployment", "metadata.ownerReferences"),
    read("Deployment", "spec.replicas"),
    read("StatefulSet", "metadata.uid"),
    read("StatefulSet", "metadata.ownerReferences"),
    read("StatefulSet", "spec.replicas"),
    read("DaemonSet", "metadata.uid"),
    read("DaemonSet", "metadata.ownerReferences"),
    read("Job", "metadata.uid"),
    read("Job", "metadata.ownerReferences"),
    read("CronJob", "metadata.uid"),
    read("CronJob", "metadata.ownerReferences"),
    read(CUSTOM, "metadata.uid"),
    read(CUSTOM, "metadata.ownerReferences"),
    read(CUSTOM, "spec.replicas"),
    read("Rollout", "spec.workloadRef"),
];

/// What is read to know the images of workloads.
const IMAGE_READS: &[Read] = &[
    read(PODSPEC, "containers[*].image"),
    read(PODSPEC, "initContainers[*].image"),
    read(PODSPEC, "ephemeralContainers[*].image"),
    read(PODSPEC, "containers[*].name"),
    read(PODSPEC, "initContainers[*].name"),
    read(PODSPEC, "initContainers[*].restartPolicy"),
    read(PODSPEC, "ephemeralContainers[*].name"),
    read(PODSPEC, "os.name"),
    read(PODSPEC, "nodeSelector['kubernetes.io/os']"),
    read("Pod", "metadata.ownerReferences"),
    read("Pod", "metadata.annotations['kubernetes.io/config.mirror']"),
    read("Pod", "metadata.labels.component"),
    read("ReplicaSet", "metadata.ownerReferences"),
    read("ReplicaSet", "metadata.uid"),
    read("ReplicaSet", "spec.replicas"),
    read("ReplicationController", "metadata.uid"),
    read("ReplicationController", "metadata.ownerReferences"),
    read("ReplicationController", "spec.replicas"),
    read("Deployment", "metadata.uid"),
    read("Deployment", "metadata.ownerReferences"),
    read("Deployment", "spec.replicas"),
    read("StatefulSet", "metadata.uid"),
    read("StatefulSet", "metadata.ownerReferences"),
    read("StatefulSet", "spec.replicas"),
    read("DaemonSet", "metadata.uid"),
    read("DaemonSet", "metadata.ownerReferences"),
    read("Job", "metadata.uid"),
    read("Job", "metadata.ownerReferences"),
    read("CronJob", "metadata.uid"),
    read("CronJob", "metadata.ownerReferences"),
    read(CUSTOM, "metadata.uid"),
    read(CUSTOM, "metadata.ownerReferences"),
    read(CUSTOM, "spec.replicas"),
    read("Rollout", "spec.workloadRef"),
];

/// What every RBAC view reads.
const RBAC_READS: &[Read] = &[
    read("Role", "rules"),
    read("Role", "metadata.labels"),
    read("ClusterRole", "rules"),
    read("ClusterRole", "metadata.labels"),
    read("ClusterRole", "aggregationRule"),
    read("RoleBinding", "roleRef"),
    read("RoleBinding", "subjects"),
    read("RoleBinding", "metadata.labels"),
    read("ClusterRoleBinding", "roleRef"),
    read("ClusterRoleBinding", "subjects"),
    read("ClusterRoleBinding", "metadata.labels"),
];

/// What the control plane views read: pods of the cluster itself and node facts.
const COMPONENT_READS: &[Read] = &[
    read_of_system("Pod", "metadata.ownerReferences"),
    read_of_system("Pod", "metadata.annotations['kubernetes.io/config.mirror']"),
    read_of_system("Pod", "metadata.labels.component"),
    read_of_system("Pod", "metadata.labels['k8s-app']"),
    read_of_system("Pod", "spec.nodeName"),
    read_of_system("Pod", "spec.containers[*].name"),
    read_of_system("Pod", "spec.containers[*].image"),
    read_of_system("Pod", "spec.containers[*].command"),
    read_of_system("Pod", "spec.containers[*].args"),
    read_of_system("Pod", "spec.containers[*].env[*].name"),
    read_of_system("Pod", "spec.containers[*].env[*].value"),
    read("Node", "metadata.labels"),
    read("Node", "metadata.annotations"),
    read("Node", "spec.providerID"),
    read("Node", "status.nodeInfo"),
    read("NodeFacts", "."),
];
const COMPONENT_FIELDS: &[Field] = &[
    field("node", "name of the node that it runs on; of the pod where no node is named"),
    field("version", "version of the component without `v` and suffix, from its image tag, else of the cluster"),
    field("source", "where the flags were read: node facts, mirror pod, pod, node annotation, manifest, unit"),
    open(
        "flags",
        "command line flags that are set, by name without dashes, `_` as `-`; an absent one is not set. Text as written (booleans as `true` and `false`), lists for comma-separated flags such as authorization-mode, maps of text for feature-gates and the like. For etcd its environment and configuration file are part of it (client-transport-security.cert-file is `cert-file`, peer-transport-security.cert-file is `peer-cert-file`)",
    ),
    open(
        "admission",
        "API server. `enabled`: admission plugins in effect: defaults of the version plus enabled minus disabled",
    ),
    open(
        "anonymous",
        "API server. `enabled`: anonymous requests are accepted, from the flag, the authentication configuration or the default; `paths`: the only paths for which the configuration accepts them",
    ),
    open(
        "authorization",
        "API server. `modes`: authorizers in effect in order, from the flag, the file that replaces it, or the default AlwaysAllow",
    ),
    open(
        "encryption",
        "API server. `secretsProvider`: provider that encrypts Secrets: aescbc, aesgcm, kms, secretbox, or identity for none; absent without a configuration file",
    ),
    open(
        "audit",
        "API server, absent without a policy. `policy`: the audit policy document; `gaps`: list of texts, each a sort of requests that the policy does not log as CIS 3.2.2 wants it",
    ),
    open(
        "podSecurity",
        "API server. `enforce`: the level that Pod Security admission holds namespaces to that say none themselves, from the configuration file; `privileged` if nothing says one",
    ),
    open(
        "trust",
        "etcd. `sharedWithCluster`: whether it accepts a certificate authority that the API server accepts from its clients; absent if it names none",
    ),
];
const COMPONENT_SOURCES: &[&str] = &["Pod", "Node"];

const fn component(name: &'static str, subject: &'static str) -> View {
    View {
        name,
        technology: Kubernetes,
        subject,
        fields: COMPONENT_FIELDS,
        sources: COMPONENT_SOURCES,
        reads: COMPONENT_READS,
        passes: &[],
    }
}

/// Every view of Kubernetes.
pub const VIEWS: &[View] = &[
    View {
        name: "workload",
        technology: Kubernetes,
        subject: "a top-level workload (Deployment, CronJob, bare Pod, ...); its pod spec stands at the top, differences of live pods are folded in",
        fields: &[
            open("metadata", "name, namespace, labels, annotations of the workload itself"),
            field("workload.kind", "kind of the workload"),
            field(
                "workload.system",
                "its namespace belongs to the cluster (kube-system, kube-public, kube-node-lease)",
            ),
            field("workload.namespace", "namespace; `default` if the manifest names none"),
            field("workload.replicas", "wanted replicas, 1 if not written; absent for kinds that have none"),
            field("workload.static", "a static pod (mirror pod) of a node"),
            field("workload.windows", "declared to run on Windows, or only on nodes with Windows"),
            field("token.automount", "whether pods get a service account token: pod over service account over true"),
            field("token.account", "name of the service account, `default` if the pod spec names none"),
            open("", "every field of the pod spec"),
        ],
        sources: WORKLOADS,
        reads: WORKLOAD_READS,
        passes: &[
            Pass {
                from: "metadata",
                to: &[
                    read("Pod", "metadata"),
                    read("Deployment", "metadata"),
                    read("StatefulSet", "metadata"),
                    read("DaemonSet", "metadata"),
                    read("ReplicaSet", "metadata"),
                    read("ReplicationController", "metadata"),
                    read("Job", "metadata"),
                    read("CronJob", "metadata"),
                    read("PodTemplate", "metadata"),
                    read(CUSTOM, "metadata"),
                ],
            },
            Pass {
                from: "token",
                to: &[
                    read(PODSPEC, "automountServiceAccountToken"),
                    read(PODSPEC, "serviceAccountName"),
                    read(PODSPEC, "serviceAccount"),
                    read("ServiceAccount", "automountServiceAccountToken"),
                ],
            },
            Pass { from: "workload", to: &[] },
            Pass { from: "", to: &[read(PODSPEC, "")] },
        ],
    },
    View {
        name: "container",
        technology: Kubernetes,
        subject: "a container (main, init, sidecar, ephemeral) of a workload; its fields stand at the top, fields that a pod can set for all containers are effective values",
        fields: &[
            field("container.kind", "main, init, sidecar or ephemeral"),
            field("container.injected", "only on live pods, not in the template that they were made from"),
            field("workload.kind", "kind of the workload"),
            field("workload.system", "its namespace belongs to the cluster"),
            field("workload.namespace", "namespace; `default` if the manifest names none"),
            field("workload.static", "a static pod (mirror pod) of a node"),
            field("workload.windows", "declared to run on Windows, or only on nodes with Windows"),
            open(
                "securityContext",
                "the container's security context; runAsUser, runAsGroup, runAsNonRoot, seLinuxOptions, seccompProfile, appArmorProfile and windowsOptions come from the pod where the container has none",
            ),
            open(
                "",
                "every field of the container; in a pod on the network of its node the host port of a port is its own",
            ),
        ],
        sources: WORKLOADS,
        reads: WORKLOAD_READS,
        passes: &[
            Pass { from: "container", to: &[] },
            Pass { from: "workload", to: &[] },
            Pass {
                from: "securityContext",
                to: &[
                    read(PODSPEC, "securityContext"),
                    read(PODSPEC, "containers[*].securityContext"),
                    read(PODSPEC, "initContainers[*].securityContext"),
                    read(PODSPEC, "ephemeralContainers[*].securityContext"),
                ],
            },
            Pass {
                from: "",
                to: &[
                    read(PODSPEC, "containers[*]"),
                    read(PODSPEC, "initContainers[*]"),
                    read(PODSPEC, "ephemeralContainers[*]"),
                ],
            },
        ],
    },
    View {
        name: "image_repository",
        technology: Kubernetes,
        subject: "a repository of container images that some workload runs; scaled-down workloads do not count, live pods of older templates do",
        fields: &[
            field("repository", "registry and path, as in `registry.k8s.io/pause`"),
            field(
                "versions",
                "versions in use: tags, digests where an image has no tag; unknown where a tag and a digest may be the same",
            ),
            open("images[*]", "per version: version, workloads that run it (`Deployment shop/web`)"),
            open("images", "all of them"),
        ],
        sources: WORKLOADS,
        reads: IMAGE_READS,
        passes: &[],
    },
    View {
        name: "rbac_subject",
        technology: Kubernetes,
        subject: "a user, group or service account that some binding names, with all that it is granted",
        fields: &[
            field("subject.kind", "User, Group or ServiceAccount, also if the account is named as a user"),
            field("subject.name", "its name"),
            field("subject.namespace", "namespace of a service account"),
            field(
                "subject.builtin",
                "one of the cluster's own identities by name, and granted by nothing but the cluster's own bindings",
            ),
            open(
                "grants[*]",
                "verbs, apiGroups, resources, resourceNames, nonResourceURLs as in the role, without what a namespace cannot grant; scope (`cluster` or a namespace), role (`ClusterRole view`), binding (`RoleBinding shop/dev`), builtin (through a binding that the cluster itself makes)",
            ),
            open("grants", "all grants, for the operator `grants_access`"),
        ],
        sources: &["RoleBinding", "ClusterRoleBinding"],
        reads: RBAC_READS,
        passes: &[],
    },
    View {
        name: "rbac_role",
        technology: Kubernetes,
        subject: "a Role or ClusterRole",
        fields: &[
            open("metadata", "name, namespace, labels"),
            open("rules", "its rules"),
            field("role.kind", "Role or ClusterRole"),
            field("role.builtin", "one of the roles that the cluster itself makes"),
            field("role.bound", "some binding refers to it"),
        ],
        sources: &["Role", "ClusterRole"],
        reads: RBAC_READS,
        passes: &[],
    },
    View {
        name: "rbac_binding",
        technology: Kubernetes,
        subject: "one subject of a RoleBinding or ClusterRoleBinding",
        fields: &[
            field("binding.kind", "RoleBinding or ClusterRoleBinding"),
            field("binding.name", "its name"),
            field("binding.namespace", "its namespace"),
            field("binding.builtin", "the cluster itself makes this binding, with this role and this subject"),
            field("role.kind", "Role or ClusterRole"),
            field("role.name", "name of the role"),
            field("role.exists", "the role is there; unknown in files that do not hold it"),
            field("subject.kind", "User, Group or ServiceAccount, also if the account is named as a user"),
            field("subject.name", "its name"),
            field("subject.namespace", "namespace of a service account"),
        ],
        sources: &["RoleBinding", "ClusterRoleBinding"],
        reads: RBAC_READS,
        passes: &[],
    },
    View {
        name: "service_account",
        technology: Kubernetes,
        subject: "a service account with who uses it and what is bound to it; the `default` one of a namespace also if the input does not hold it",
        fields: &[
            open("metadata", "name, namespace, labels, annotations"),
            field("automountServiceAccountToken", "as written"),
            field("account.default", "the account that pods get if they name none"),
            field("account.system", "its namespace belongs to the cluster"),
            open(
                "account.bindings[*]",
                "bindings that name it, not its groups: kind, name, namespace, role (`ClusterRole view`)",
            ),
            open("account.bindings", "all of them"),
            open("account.users[*]", "workloads that run as it: kind, name"),
            open("account.users", "all of them"),
            field("account.inInput", "the object itself was read"),
        ],
        sources: &["ServiceAccount"],
        reads: &[
            read("ServiceAccount", "automountServiceAccountToken"),
            read("ServiceAccount", "metadata.labels"),
            read("ServiceAccount", "metadata.annotations"),
            read("Namespace", "metadata.name"),
            read("RoleBinding", "roleRef"),
            read("RoleBinding", "subjects"),
            read("ClusterRoleBinding", "roleRef"),
            read("ClusterRoleBinding", "subjects"),
            read(PODSPEC, "serviceAccountName"),
            read(PODSPEC, "serviceAccount"),
            read("Pod", "metadata.ownerReferences"),
            read("ReplicaSet", "metadata.ownerReferences"),
            read("ReplicationController", "metadata.ownerReferences"),
            read("Job", "metadata.ownerReferences"),
            read("Deployment", "metadata.ownerReferences"),
            read(CUSTOM, "metadata.ownerReferences"),
            read("Rollout", "spec.workloadRef"),
        ],
        passes: &[],
    },
    View {
        name: "namespace",
        technology: Kubernetes,
        subject: "a namespace with the policies that hold in it",
        fields: &[
            open("metadata", "name, labels, annotations"),
            field("namespace.system", "belongs to the cluster"),
            field("namespace.workloads", "number of workloads in it"),
            field(
                "network.policies",
                "number of NetworkPolicies that hold something back (one that allows every pod everything does not); unknown if there are none, but another engine can hold rules for the whole cluster",
            ),
            field("network.defaultDenyIngress", "a policy selects every pod and allows no incoming traffic"),
            field("network.defaultDenyEgress", "a policy selects every pod and allows no outgoing traffic"),
            field(
                "podSecurity.enforce",
                "level that is enforced by label, or by the cluster's default; absent if none",
            ),
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
        reads: &[
            read("Namespace", "metadata.labels"),
            read("Namespace", "metadata.annotations"),
            read("NetworkPolicy", "spec"),
            read("CustomResourceDefinition", "metadata.name"),
            read("ValidatingWebhookConfiguration", "webhooks"),
            read("ValidatingAdmissionPolicy", "spec"),
            read("ValidatingAdmissionPolicyBinding", "spec"),
            read("Node", "metadata.labels"),
            read("NodeFacts", "documents"),
            read("NodeFacts", "processes"),
            read("Pod", "metadata.ownerReferences"),
            read("ReplicaSet", "metadata.ownerReferences"),
            read("ReplicationController", "metadata.ownerReferences"),
            read("Job", "metadata.ownerReferences"),
            read("Deployment", "metadata.ownerReferences"),
            read(CUSTOM, "metadata.ownerReferences"),
            read("Rollout", "spec.workloadRef"),
            read("Deployment", "metadata.name"),
            read("StatefulSet", "metadata.name"),
            read("DaemonSet", "metadata.name"),
            read("CronJob", "metadata.name"),
            read("ReplicationController", "metadata.name"),
            read("Service", "metadata.name"),
            read("ServiceAccount", "metadata.name"),
            read("PersistentVolumeClaim", "metadata.name"),
            read("Ingress", "metadata.name"),
            read("Role", "metadata.name"),
            read("RoleBinding", "metadata.name"),
            read("ResourceQuota", "metadata.name"),
            read("LimitRange", "metadata.name"),
        ],
        passes: &[],
    },
    component("kube-apiserver", "an instance of the API server"),
    component("kube-controller-manager", "an instance of the controller manager"),
    component("kube-scheduler", "an instance of the scheduler"),
    component("etcd", "a member of etcd"),
    View {
        name: "kube-proxy",
        technology: Kubernetes,
        subject: "kube-proxy on a node, or of the whole cluster where its configuration is shared",
        fields: &[
            field("node", "name of the node; absent for the shared configuration"),
            field("source", "where the configuration was read"),
            field("version", "version of the component"),
            open("flags", "command line flags by name"),
            open("config", "KubeProxyConfiguration"),
        ],
        sources: COMPONENT_SOURCES,
        reads: COMPONENT_READS,
        passes: &[Pass { from: "config", to: &[read("ConfigMap", "data")] }, Pass { from: "", to: &[] }],
    },
    View {
        name: "kubelet",
        technology: Kubernetes,
        subject: "the kubelet of a node with its merged configuration: defaults, file, drop-ins, flags",
        fields: &[
            field("node", "name of the node"),
            field(
                "virtual",
                "no machine but capacity of a provider (Fargate, virtual kubelet): nothing to read or set",
            ),
            field("version", "version of the kubelet without `v` and suffix"),
            field(
                "minorsBehind",
                "minor releases that the kubelet is behind the API server; negative if it is ahead; unknown without both versions",
            ),
            field("source", "where the configuration was read: configz, node facts, unit, node annotation"),
            field("configFile", "the kubelet was started with a configuration file; unknown without node facts"),
            open("flags", "command line flags that are set, as in the component views; unknown without node facts"),
            open(
                "config",
                "KubeletConfiguration in effect: defaults (those of a kubelet without a file are others), file, drop-ins, flags; booleans and numbers typed, durations and quantities as text",
            ),
        ],
        sources: &["Node"],
        reads: &[
            read("Node", "metadata.labels"),
            read("Node", "metadata.annotations"),
            read("Node", "spec.providerID"),
            read("Node", "status.nodeInfo"),
            read("NodeFacts", "."),
            read("KubeletConfigz", "kubeletconfig"),
        ],
        passes: &[],
    },
    View {
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
        reads: &[
            read("Node", "metadata.labels"),
            read("Node", "metadata.annotations"),
            read("Node", "spec.providerID"),
            read("Node", "spec.taints"),
            read("Node", "status.nodeInfo"),
            read("NodeFacts", "."),
        ],
        passes: &[],
    },
    View {
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
        reads: &[
            read("Namespace", "metadata.name"),
            read("DaemonSet", "metadata.name"),
            read("CustomResourceDefinition", "spec.group"),
            read("ValidatingWebhookConfiguration", "webhooks"),
            read("MutatingWebhookConfiguration", "webhooks"),
            read("ValidatingAdmissionPolicy", "spec"),
        ],
        passes: &[],
    },
];

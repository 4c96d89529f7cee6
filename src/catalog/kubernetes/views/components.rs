//! Views of the components that a cluster is made of.

use super::{NODES, field, open, read};
use crate::catalog::{Field, Pass, Read, View};
use crate::model::Technology::Kubernetes;

/// Pods of the cluster itself.
const COMPONENTS: &[Read] = &[Read {
    kind: "Pod",
    paths: &[
        "metadata.ownerReferences",
        "metadata.annotations['kubernetes.io/config.mirror']",
        "metadata.labels.component",
        "metadata.labels['k8s-app']",
        "spec.nodeName",
        "spec.containers[*].name",
        "spec.containers[*].image",
        "spec.containers[*].command",
        "spec.containers[*].args",
        "spec.containers[*].env[*].name",
        "spec.containers[*].env[*].value",
    ],
    namespace: Some("kube-system"),
}];

const FIELDS: &[Field] = &[
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
const fn component(name: &'static str, subject: &'static str) -> View {
    View {
        name,
        technology: Kubernetes,
        subject,
        fields: FIELDS,
        sources: &["Pod", "Node"],
        namespaced: false,
        reads: &[COMPONENTS, NODES],
        passes: &[],
    }
}

pub(super) const KUBE_APISERVER: View = component("kube-apiserver", "an instance of the API server");

pub(super) const KUBE_CONTROLLER_MANAGER: View =
    component("kube-controller-manager", "an instance of the controller manager");

pub(super) const KUBE_SCHEDULER: View = component("kube-scheduler", "an instance of the scheduler");

pub(super) const ETCD: View = component("etcd", "a member of etcd");

pub(super) const KUBE_PROXY: View = View {
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
    sources: &["Pod", "Node"],
    namespaced: false,
    reads: &[COMPONENTS, NODES],
    passes: &[Pass { from: "config", to: &[read("ConfigMap", &["data"])] }, Pass { from: "", to: &[] }],
};

pub(super) const KUBELET: View = View {
    name: "kubelet",
    technology: Kubernetes,
    subject: "the kubelet of a node with its merged configuration: defaults, file, drop-ins, flags",
    fields: &[
        field("node", "name of the node"),
        field("virtual", "no machine but capacity of a provider (Fargate, virtual kubelet): nothing to read or set"),
        field("windows", "the node runs Windows"),
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
            "KubeletConfiguration in effect: defaults (those of a kubelet without a file are others), file, drop-ins, flags; booleans and numbers typed, durations and quantities as text. rotateCertificates (built in: false) and streamingConnectionIdleTimeout (4h) are absent unless somebody wrote them",
        ),
    ],
    sources: &["Node"],
    namespaced: false,
    reads: &[NODES, &[read("KubeletConfigz", &["kubeletconfig"])]],
    passes: &[],
};

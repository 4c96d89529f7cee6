//! Views of workloads: what runs, and as which containers and images.

use super::{CONTROLLERS, OWNERS, field, open, read};
use crate::catalog::kubernetes::{CUSTOM, PODSPEC, TEMPLATES};
use crate::catalog::{Pass, Read, View};
use crate::model::Technology::Kubernetes;

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

/// Which containers there are, and what decides about all of them.
const CONTAINERS: &[Read] = &[read(
    PODSPEC,
    &[
        "containers[*].name",
        "initContainers[*].name",
        "initContainers[*].restartPolicy",
        "ephemeralContainers[*].name",
        "os.name",
        "nodeSelector['kubernetes.io/os']",
        "hostNetwork",
    ],
)];

/// What they run.
const IMAGES: &[Read] =
    &[read(PODSPEC, &["containers[*].image", "initContainers[*].image", "ephemeralContainers[*].image"])];

pub(super) const WORKLOAD: View = View {
    name: "workload",
    technology: Kubernetes,
    subject: "a top-level workload (Deployment, CronJob, bare Pod, ...); its pod spec stands at the top, differences of live pods are folded in",
    fields: &[
        open("metadata", "name, namespace, labels, annotations of the workload itself"),
        field("workload.kind", "kind of the workload"),
        field("workload.system", "its namespace belongs to the cluster (kube-system, kube-public, kube-node-lease)"),
        field("workload.namespace", "namespace; `default` if the manifest names none"),
        field("workload.replicas", "wanted replicas, 1 if not written; absent for kinds that have none"),
        field("workload.static", "a static pod (mirror pod) of a node"),
        field("workload.windows", "declared to run on Windows, or only on nodes with Windows"),
        field("token.automount", "whether pods get a service account token: pod over service account over true"),
        field("token.account", "name of the service account, `default` if the pod spec names none"),
        open("", "every field of the pod spec"),
    ],
    sources: WORKLOADS,
    namespaced: true,
    reads: &[OWNERS, CONTROLLERS, CONTAINERS],
    passes: &[
        Pass {
            from: "metadata",
            to: &[
                read("Pod", &["metadata"]),
                read("Deployment", &["metadata"]),
                read("StatefulSet", &["metadata"]),
                read("DaemonSet", &["metadata"]),
                read("ReplicaSet", &["metadata"]),
                read("ReplicationController", &["metadata"]),
                read("Job", &["metadata"]),
                read("CronJob", &["metadata"]),
                read("PodTemplate", &["metadata"]),
                read(CUSTOM, &["metadata"]),
            ],
        },
        Pass {
            from: "token",
            to: &[
                read(PODSPEC, &["automountServiceAccountToken", "serviceAccountName", "serviceAccount"]),
                read("ServiceAccount", &["automountServiceAccountToken"]),
            ],
        },
        Pass { from: "workload", to: &[] },
        Pass { from: "", to: &[read(PODSPEC, &[""])] },
    ],
};

pub(super) const CONTAINER: View = View {
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
    namespaced: true,
    reads: &[OWNERS, CONTROLLERS, CONTAINERS],
    passes: &[
        Pass { from: "container", to: &[] },
        Pass { from: "workload", to: &[] },
        Pass {
            from: "securityContext",
            to: &[read(
                PODSPEC,
                &[
                    "securityContext",
                    "containers[*].securityContext",
                    "initContainers[*].securityContext",
                    "ephemeralContainers[*].securityContext",
                ],
            )],
        },
        Pass { from: "", to: &[read(PODSPEC, &["containers[*]", "initContainers[*]", "ephemeralContainers[*]"])] },
    ],
};

pub(super) const IMAGE_REPOSITORY: View = View {
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
    namespaced: false,
    reads: &[OWNERS, CONTROLLERS, CONTAINERS, IMAGES],
    passes: &[],
};

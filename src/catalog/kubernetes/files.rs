//! Files on nodes that rules ask for, by role: where they stand in each distribution. The node collector looks them up, the
//! view `node` shows them as `files.ROLE`.

/// How the candidates of a role are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first candidate that exists, with all files that it stands for: a `*` in its last part is any text.
    First,
    /// Every candidate that exists, with `*` likewise.
    All,
    /// Every file below the candidates, at any depth.
    Tree {
        /// Only file names with one of these ends; all if empty.
        ends: &'static [&'static str],
        /// Directories too, the candidates themselves included.
        directories: bool,
    },
}

/// A role that a file has for a rule.
#[derive(Debug)]
pub struct FileRole {
    /// Name in rules.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Component and flag that name the path; where the flag is set, candidates do not matter.
    pub flag: Option<(&'static str, &'static str)>,
    /// Field of the kubelet's configuration that names the path where the flag is not set.
    pub kubelet_field: Option<&'static [&'static str]>,
    /// Paths in order of preference.
    pub candidates: &'static [&'static str],
    /// How they are looked up.
    pub pick: Pick,
}

const fn role(name: &'static str, doc: &'static str, candidates: &'static [&'static str], pick: Pick) -> FileRole {
    FileRole { name, doc, flag: None, kubelet_field: None, candidates, pick }
}

const fn flagged(role: FileRole, component: &'static str, flag: &'static str) -> FileRole {
    FileRole { flag: Some((component, flag)), ..role }
}

const fn configured(role: FileRole, field: &'static [&'static str]) -> FileRole {
    FileRole { kubelet_field: Some(field), ..role }
}

const FILES: Pick = Pick::Tree { ends: &[], directories: false };
const EVERYTHING: Pick = Pick::Tree { ends: &[], directories: true };

const PKI: &[&str] = &[
    "/etc/kubernetes/pki",
    "/etc/kubernetes/ssl",
    "/var/lib/rancher/rke2/server/tls",
    "/var/lib/rancher/k3s/server/tls",
    "/var/snap/microk8s/current/certs",
];
const ETCD_DATA: &[&str] = &[
    "/var/lib/rancher/rke2/server/db/etcd",
    "/var/lib/rancher/k3s/server/db/etcd",
    "/var/snap/k8s/common/var/lib/etcd",
    "/var/lib/etcd",
];

/// Every role.
pub const FILE_ROLES: &[FileRole] = &[
    role(
        "apiserver-manifest",
        "static pod manifest of the API server",
        &[
            "/etc/kubernetes/manifests/kube-apiserver.yaml",
            "/etc/kubernetes/manifests/kube-apiserver.yml",
            "/etc/kubernetes/manifests/kube-apiserver.manifest",
            "/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml",
            "/var/snap/microk8s/current/args/kube-apiserver",
            "/var/snap/kube-apiserver/current/args",
            "/var/snap/k8s/common/args/kube-apiserver",
            "/etc/kubernetes/manifests/talos-kube-apiserver.yaml",
        ],
        Pick::First,
    ),
    role(
        "controller-manager-manifest",
        "static pod manifest of the controller manager",
        &[
            "/etc/kubernetes/manifests/kube-controller-manager.yaml",
            "/etc/kubernetes/manifests/kube-controller-manager.yml",
            "/etc/kubernetes/manifests/kube-controller-manager.manifest",
            "/var/lib/rancher/rke2/agent/pod-manifests/kube-controller-manager.yaml",
            "/var/snap/microk8s/current/args/kube-controller-manager",
            "/var/snap/kube-controller-manager/current/args",
            "/var/snap/k8s/common/args/kube-controller-manager",
            "/etc/kubernetes/manifests/talos-kube-controller-manager.yaml",
        ],
        Pick::First,
    ),
    role(
        "scheduler-manifest",
        "static pod manifest of the scheduler",
        &[
            "/etc/kubernetes/manifests/kube-scheduler.yaml",
            "/etc/kubernetes/manifests/kube-scheduler.yml",
            "/etc/kubernetes/manifests/kube-scheduler.manifest",
            "/var/lib/rancher/rke2/agent/pod-manifests/kube-scheduler.yaml",
            "/var/snap/microk8s/current/args/kube-scheduler",
            "/var/snap/kube-scheduler/current/args",
            "/var/snap/k8s/common/args/kube-scheduler",
            "/etc/kubernetes/manifests/talos-kube-scheduler.yaml",
        ],
        Pick::First,
    ),
    role(
        "etcd-manifest",
        "static pod manifest, unit or configuration file that starts etcd",
        &[
            "/etc/kubernetes/manifests/etcd.yaml",
            "/etc/kubernetes/manifests/etcd.yml",
            "/etc/kubernetes/manifests/etcd.manifest",
            "/var/lib/rancher/rke2/agent/pod-manifests/etcd.yaml",
            "/etc/etcd/etcd.conf",
            "/var/snap/etcd/common/etcd.conf.yml",
            "/var/snap/etcd/common/etcd.conf.yaml",
            "/var/snap/microk8s/current/args/etcd",
            "/var/snap/k8s/common/args/etcd",
            "/usr/lib/systemd/system/etcd.service",
        ],
        Pick::First,
    ),
    configured(
        flagged(
            role(
                "static-pod-manifests",
                "every file in the kubelet's directory of static pods",
                &[
                    "/etc/kubernetes/manifests",
                    "/var/lib/rancher/rke2/agent/pod-manifests",
                    "/etc/kubernetes/static-pods",
                ],
                FILES,
            ),
            "kubelet",
            "pod-manifest-path",
        ),
        &["staticPodPath"],
    ),
    flagged(
        role(
            "cni-config",
            "configuration of the network plugin",
            &[
                "/etc/cni/net.d",
                "/var/lib/cni/networks",
                "/var/lib/rancher/rke2/agent/etc/cni/net.d",
                "/var/lib/rancher/k3s/agent/etc/cni/net.d",
            ],
            FILES,
        ),
        "kubelet",
        "cni-conf-dir",
    ),
    flagged(
        role("etcd-data-dir", "data directory of etcd, the directory alone", ETCD_DATA, Pick::First),
        "etcd",
        "data-dir",
    ),
    flagged(
        role("etcd-data", "data directory of etcd and everything below it", ETCD_DATA, EVERYTHING),
        "etcd",
        "data-dir",
    ),
    role(
        "admin-kubeconfig",
        "kubeconfigs of administrators",
        &[
            "/etc/kubernetes/admin.conf",
            "/etc/kubernetes/super-admin.conf",
            "/var/lib/rancher/rke2/server/cred/admin.kubeconfig",
            "/var/lib/rancher/k3s/server/cred/admin.kubeconfig",
            "/etc/rancher/rke2/rke2.yaml",
            "/etc/rancher/k3s/k3s.yaml",
            "/var/snap/microk8s/current/credentials/client.config",
        ],
        Pick::All,
    ),
    flagged(
        role(
            "scheduler-kubeconfig",
            "kubeconfig of the scheduler",
            &[
                "/etc/kubernetes/scheduler.conf",
                "/var/lib/kube-scheduler/kubeconfig",
                "/var/lib/kube-scheduler/config.yaml",
                "/var/lib/rancher/rke2/server/cred/scheduler.kubeconfig",
                "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig",
                "/system/secrets/kubernetes/kube-scheduler/kubeconfig",
            ],
            Pick::First,
        ),
        "kube-scheduler",
        "kubeconfig",
    ),
    flagged(
        role(
            "controller-manager-kubeconfig",
            "kubeconfig of the controller manager",
            &[
                "/etc/kubernetes/controller-manager.conf",
                "/var/lib/kube-controller-manager/kubeconfig",
                "/var/lib/rancher/rke2/server/cred/controller.kubeconfig",
                "/var/lib/rancher/k3s/server/cred/controller.kubeconfig",
                "/system/secrets/kubernetes/kube-controller-manager/kubeconfig",
            ],
            Pick::First,
        ),
        "kube-controller-manager",
        "kubeconfig",
    ),
    role("pki", "directories and files of the cluster's certificates and keys", PKI, EVERYTHING),
    role(
        "pki-certificates",
        "certificate files of the cluster",
        PKI,
        Pick::Tree { ends: &[".crt"], directories: false },
    ),
    role("pki-keys", "private key files of the cluster", PKI, Pick::Tree { ends: &[".key"], directories: false }),
    flagged(
        role(
            "encryption-config",
            "configuration of encryption at rest",
            &[
                "/var/lib/rancher/rke2/server/cred/encryption-config.json",
                "/var/lib/rancher/k3s/server/cred/encryption-config.json",
                "/var/snap/k8s/common/etc/encryption/enc.yaml",
            ],
            Pick::First,
        ),
        "kube-apiserver",
        "encryption-provider-config",
    ),
    flagged(
        role(
            "audit-policy",
            "audit policy of the API server",
            &["/var/snap/k8s/common/etc/audit-policy.yaml"],
            Pick::First,
        ),
        "kube-apiserver",
        "audit-policy-file",
    ),
    flagged(
        role("audit-log", "audit log of the API server", &["/var/lib/rancher/k3s/server/logs/audit.log"], Pick::First),
        "kube-apiserver",
        "audit-log-path",
    ),
    role(
        "kubelet-service",
        "unit file or drop-in that starts the kubelet",
        &[
            "/etc/systemd/system/kubelet.service.d/*.conf",
            "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
            "/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
            "/etc/systemd/system/kubelet.service",
            "/usr/lib/systemd/system/kubelet.service",
            "/lib/systemd/system/kubelet.service",
            "/etc/systemd/system/snap.kubelet.daemon.service",
            "/etc/systemd/system/snap.microk8s.daemon-kubelite.service",
            "/etc/systemd/system/snap.microk8s.daemon-kubelet.service",
            "/etc/systemd/system/snap.k8s.kubelet.service",
            "/etc/systemd/system/rke2-server.service",
            "/etc/systemd/system/rke2-agent.service",
            "/usr/local/lib/systemd/system/rke2-server.service",
            "/usr/local/lib/systemd/system/rke2-agent.service",
            "/etc/systemd/system/k3s.service",
            "/etc/systemd/system/k3s-agent.service",
        ],
        Pick::First,
    ),
    flagged(
        role(
            "kubelet-kubeconfig",
            "kubeconfig of the kubelet",
            &[
                "/etc/kubernetes/kubelet.conf",
                "/etc/kubernetes/kubelet-kubeconfig",
                "/etc/kubernetes/kubelet-kubeconfig.conf",
                "/var/lib/kubelet/kubeconfig",
                "/etc/kubernetes/kubelet/kubeconfig",
                "/etc/kubernetes/ssl/kubecfg-kube-node.yaml",
                "/etc/kubernetes/kubeconfig-kubelet",
                "/var/snap/microk8s/current/credentials/kubelet.config",
                "/var/lib/rancher/rke2/agent/kubelet.kubeconfig",
                "/var/lib/rancher/k3s/agent/kubelet.kubeconfig",
            ],
            Pick::First,
        ),
        "kubelet",
        "kubeconfig",
    ),
    flagged(
        role(
            "kubelet-config",
            "configuration file of the kubelet",
            &[
                "/var/lib/kubelet/config.yaml",
                "/var/lib/kubelet/config.yml",
                "/etc/kubernetes/kubelet-config.yaml",
                "/etc/kubernetes/kubelet/kubelet-config.json",
                "/etc/kubernetes/kubelet/config.json",
                "/etc/kubernetes/kubelet/config",
                "/home/kubernetes/kubelet-config.yaml",
                "/home/kubernetes/kubelet-config.yml",
                "/etc/default/kubeletconfig.json",
                "/etc/default/kubelet",
                "/etc/kubernetes/kubelet.yaml",
                "/var/snap/microk8s/current/args/kubelet",
                "/var/snap/kubelet/current/args",
                "/var/snap/k8s/common/args/kubelet",
            ],
            Pick::First,
        ),
        "kubelet",
        "config",
    ),
    flagged(
        role(
            "kubelet-config-dropins",
            "further configuration files of the kubelet",
            &[
                "/etc/kubernetes/kubelet/config.json.d",
                "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d",
                "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d",
            ],
            Pick::Tree { ends: &[".conf"], directories: false },
        ),
        "kubelet",
        "config-dir",
    ),
    configured(
        flagged(
            role(
                "kubelet-client-ca",
                "certificate authority whose client certificates the kubelet accepts",
                &[
                    "/etc/kubernetes/pki/ca.crt",
                    "/etc/kubernetes/certs/ca.crt",
                    "/etc/kubernetes/cert/ca.pem",
                    "/var/snap/microk8s/current/certs/ca.crt",
                    "/var/lib/rancher/rke2/agent/client-ca.crt",
                    "/var/lib/rancher/k3s/agent/client-ca.crt",
                ],
                Pick::First,
            ),
            "kubelet",
            "client-ca-file",
        ),
        &["authentication", "x509", "clientCAFile"],
    ),
    role(
        "kubelet-pki",
        "certificates and keys of the kubelet",
        &[
            "/var/lib/kubelet/pki/*.crt",
            "/var/lib/kubelet/pki/*.key",
            "/var/lib/kubelet/pki/*.pem",
            "/var/lib/rancher/rke2/agent/*.crt",
            "/var/lib/rancher/rke2/agent/*.key",
            "/var/lib/rancher/k3s/agent/*.crt",
            "/var/lib/rancher/k3s/agent/*.key",
        ],
        Pick::All,
    ),
    flagged(
        role(
            "kube-proxy-kubeconfig",
            "kubeconfig of kube-proxy on the host; one that a ConfigMap brings into the pod does not count",
            &[
                "/etc/kubernetes/proxy.conf",
                "/etc/kubernetes/ssl/kubecfg-kube-proxy.yaml",
                "/var/lib/kube-proxy/kubeconfig",
                "/var/snap/microk8s/current/credentials/proxy.config",
                "/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig",
                "/var/lib/rancher/k3s/agent/kubeproxy.kubeconfig",
            ],
            Pick::First,
        ),
        "kube-proxy",
        "kubeconfig",
    ),
    role("azure-json", "cloud configuration of an AKS node", &["/etc/kubernetes/azure.json"], Pick::First),
    role(
        "kubectl",
        "kubectl programs",
        &["/usr/bin/kubectl", "/usr/local/bin/kubectl", "/snap/bin/kubectl", "/opt/bin/kubectl"],
        Pick::All,
    ),
];

/// The role `name`.
pub fn file_role(name: &str) -> Option<&'static FileRole> {
    FILE_ROLES.iter().find(|role| role.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_unique_and_point_to_absolute_paths() {
        for (at, role) in FILE_ROLES.iter().enumerate() {
            assert!(FILE_ROLES[..at].iter().all(|other| other.name != role.name), "{}", role.name);
            assert!(!role.candidates.is_empty(), "{}", role.name);
            for path in role.candidates {
                assert!(path.starts_with('/') && !path.ends_with('/'), "{path}");
                // Only the last part may have a pattern, and the kubelet's pods hold the secrets of others.
                assert!(!path.rsplit_once('/').unwrap().0.contains('*'), "{path}");
                assert!(!path.starts_with("/var/lib/kubelet/pods"), "{path}");
            }
        }
    }
}

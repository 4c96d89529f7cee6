//! The pods that collect the facts of nodes: a DaemonSet with as few privileges as that needs, and its namespace.
//!
//! Two ways would work: an ordinary user whose program file carries the capabilities, or user 0 with nothing but these two
//! capabilities. It is user 0, because capabilities of a program file need `allowPrivilegeEscalation: true`, get lost when
//! an image is copied, and then the pods read little without saying why. User 0 here may not override permissions for
//! writing, cannot gain anything, and sees the node's files in a mount that is read-only at every depth.
//!
//! The whole root is mounted, not some directories: `DAC_READ_SEARCH` lets a process open files by handle, so less would
//! be no boundary; a file outside of the mounts would look absent though it is there; and the root exists on every node,
//! so that nothing has to be created. It also brings the node's `/proc` along, so the pods need not share its processes.
//! `SYS_PTRACE` is for the environment and the program of processes, where AppArmor allows that.

use serde_json::{Value as Json, json};

/// Where pods look if nobody says otherwise.
pub const NAMESPACE: &str = "spm-system";
/// Label that all that spm creates has, with the value [`OWNER`].
pub const OWNER_LABEL: &str = "app.kubernetes.io/managed-by";
/// Value of [`OWNER_LABEL`].
pub const OWNER: &str = "spm";
/// Label with the name of what runs; the value is the name of the DaemonSet.
pub const NAME_LABEL: &str = "app.kubernetes.io/name";
/// Label of what is made for one scan: when it may be removed, in seconds since 1970.
pub const EXPIRES_LABEL: &str = "spm/expires";
/// Name of the permanent DaemonSet.
pub const PERMANENT: &str = "spm-node";
/// The container.
pub const CONTAINER: &str = "collect";

/// A DaemonSet to make.
#[derive(Debug, Clone)]
pub struct NodePods<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Image with spm.
    pub image: &'a str,
    /// Seconds after which a node hands over what there is.
    pub deadline: u64,
    /// When it may be removed, in seconds since 1970; never if none.
    pub expires: Option<i64>,
}

impl NodePods<'_> {
    fn labels(&self) -> Json {
        let mut labels = json!({NAME_LABEL: self.name, OWNER_LABEL: OWNER});
        if let Some(expires) = self.expires {
            labels[EXPIRES_LABEL] = expires.to_string().into();
        }
        labels
    }

    /// The namespace: such pods are refused elsewhere.
    pub fn namespace(&self) -> Json {
        let mut labels = json!({OWNER_LABEL: OWNER});
        for mode in ["enforce", "audit", "warn"] {
            labels[format!("pod-security.kubernetes.io/{mode}")] = "privileged".into();
        }
        if let Some(expires) = self.expires {
            labels[EXPIRES_LABEL] = expires.to_string().into();
        }
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}})
    }

    /// What keeps the namespace of a permanent DaemonSet tight: an account of its own, none of whose pods gets a token, and no
    /// network, which they do not need. A scan has not the right to make these, so short-lived pods go without.
    pub fn guards(&self) -> [Json; 3] {
        let account = |name: &str| {
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
                "metadata": {"name": name, "namespace": self.namespace, "labels": self.labels()},
            })
        };
        let network = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": self.labels()},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        });
        [account("default"), account(self.name), network]
    }

    /// The DaemonSet.
    pub fn daemon_set(&self) -> Json {
        let no = |key: &str, value: &str| json!({"key": key, "operator": "NotIn", "values": [value]});
        let resources = |cpu: &str, memory: &str| json!({"cpu": cpu, "memory": memory});
        let container = json!({
            "name": CONTAINER,
            "image": self.image,
            "args": ["collect", "node", "--root", "/host", "--deadline", format!("{}s", self.deadline), "--every", "1h"],
            "env": [{"name": "SPM_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
            "resources": {"requests": resources("10m", "32Mi"), "limits": resources("200m", "128Mi")},
            "securityContext": {
                "runAsUser": 0,
                "runAsGroup": 0,
                "privileged": false,
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH", "SYS_PTRACE"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumeMounts": [{
                "name": "host", "mountPath": "/host", "readOnly": true, "recursiveReadOnly": "IfPossible",
            }],
        });
        let account = if self.expires.is_some() { "default" } else { self.name };
        json!({
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": self.labels()},
            "spec": {
                "selector": {"matchLabels": {NAME_LABEL: self.name, OWNER_LABEL: OWNER}},
                // A node that is down must not hold up the others.
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
                "template": {
                    "metadata": {"labels": self.labels()},
                    "spec": {
                        "automountServiceAccountToken": false,
                        "serviceAccountName": account,
                        "enableServiceLinks": false,
                        "terminationGracePeriodSeconds": 1,
                        "nodeSelector": {"kubernetes.io/os": "linux"},
                        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [{"matchExpressions": [
                                no("eks.amazonaws.com/compute-type", "fargate"),
                                no("type", "virtual-kubelet"),
                                no("kubernetes.io/role", "virtual-kubelet"),
                            ]}],
                        }}},
                        "tolerations": [{"operator": "Exists"}],
                        "containers": [container],
                        "volumes": [{"name": "host", "hostPath": {"path": "/", "type": "Directory"}}],
                    },
                },
            },
        })
    }
}

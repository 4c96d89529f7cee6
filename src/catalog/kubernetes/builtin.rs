//! Roles and bindings that an API server makes itself (1.29 to 1.35), and what the resources of its own groups are.
//!
//! The names are the proof, with the role and the subjects that belong to each: the label that marks such objects can be put
//! on any object.

/// Namespace of the cluster's own service accounts.
const SYSTEM: &str = "kube-system";

/// A binding that an API server makes itself.
#[derive(Debug)]
pub struct Binding {
    /// Namespace; none for a ClusterRoleBinding.
    pub namespace: Option<&'static str>,
    /// Name of the binding.
    pub name: &'static str,
    /// Kind of the role.
    pub role_kind: &'static str,
    /// Name of the role.
    pub role: &'static str,
    /// Kind, namespace and name of its subjects.
    pub subjects: &'static [(&'static str, Option<&'static str>, &'static str)],
}

const fn cluster(
    name: &'static str,
    role: &'static str,
    subjects: &'static [(&'static str, Option<&'static str>, &'static str)],
) -> Binding {
    Binding { namespace: None, name, role_kind: "ClusterRole", role, subjects }
}

const fn local(
    namespace: &'static str,
    name: &'static str,
    role: &'static str,
    subjects: &'static [(&'static str, Option<&'static str>, &'static str)],
) -> Binding {
    Binding { namespace: Some(namespace), name, role_kind: "Role", role, subjects }
}

const SCHEDULER: (&str, Option<&str>, &str) = ("User", None, "system:kube-scheduler");
const CONTROLLER_MANAGER: (&str, Option<&str>, &str) = ("User", None, "system:kube-controller-manager");
const AUTHENTICATED: (&str, Option<&str>, &str) = ("Group", None, "system:authenticated");

const ANONYMOUS: &str = "system:anonymous";

/// Bindings that an API server makes itself, apart from those of [`CONTROLLERS`], and two that kubeadm makes.
pub const BINDINGS: &[Binding] = &[
    cluster("cluster-admin", "cluster-admin", &[("Group", None, "system:masters")]),
    // Made by kubeadm since 1.29 for the certificate in admin.conf.
    cluster("kubeadm:cluster-admins", "cluster-admin", &[("Group", None, "kubeadm:cluster-admins")]),
    cluster("system:basic-user", "system:basic-user", &[AUTHENTICATED]),
    cluster("system:discovery", "system:discovery", &[AUTHENTICATED]),
    cluster("system:kube-controller-manager", "system:kube-controller-manager", &[CONTROLLER_MANAGER]),
    cluster("system:kube-dns", "system:kube-dns", &[("ServiceAccount", Some(SYSTEM), "kube-dns")]),
    cluster("system:kube-scheduler", "system:kube-scheduler", &[SCHEDULER]),
    cluster("system:monitoring", "system:monitoring", &[("Group", None, "system:monitoring")]),
    cluster("system:node", "system:node", &[]),
    cluster("system:node-proxier", "system:node-proxier", &[("User", None, "system:kube-proxy")]),
    cluster(
        "system:public-info-viewer",
        "system:public-info-viewer",
        &[AUTHENTICATED, ("Group", None, "system:unauthenticated")],
    ),
    cluster(
        "system:service-account-issuer-discovery",
        "system:service-account-issuer-discovery",
        &[("Group", None, "system:serviceaccounts")],
    ),
    cluster("system:volume-scheduler", "system:volume-scheduler", &[SCHEDULER]),
    local(
        SYSTEM,
        "system::extension-apiserver-authentication-reader",
        "extension-apiserver-authentication-reader",
        &[CONTROLLER_MANAGER, SCHEDULER],
    ),
    local(
        SYSTEM,
        "system::leader-locking-kube-controller-manager",
        "system::leader-locking-kube-controller-manager",
        &[
            CONTROLLER_MANAGER,
            ("ServiceAccount", Some(SYSTEM), "kube-controller-manager"),
            ("ServiceAccount", Some(SYSTEM), "leader-election-controller"),
        ],
    ),
    local(
        SYSTEM,
        "system::leader-locking-kube-scheduler",
        "system::leader-locking-kube-scheduler",
        &[SCHEDULER, ("ServiceAccount", Some(SYSTEM), "kube-scheduler")],
    ),
    local(
        SYSTEM,
        "system:controller:bootstrap-signer",
        "system:controller:bootstrap-signer",
        &[("ServiceAccount", Some(SYSTEM), "bootstrap-signer")],
    ),
    local(
        "kube-public",
        "system:controller:bootstrap-signer",
        "system:controller:bootstrap-signer",
        &[("ServiceAccount", Some(SYSTEM), "bootstrap-signer")],
    ),
    // Made by kubeadm, so that a machine that joins finds its cluster.
    local(
        "kube-public",
        "kubeadm:bootstrap-signer-clusterinfo",
        "kubeadm:bootstrap-signer-clusterinfo",
        &[("User", None, ANONYMOUS)],
    ),
    local(
        SYSTEM,
        "system:controller:cloud-provider",
        "system:controller:cloud-provider",
        &[("ServiceAccount", Some(SYSTEM), "cloud-provider")],
    ),
    local(
        SYSTEM,
        "system:controller:token-cleaner",
        "system:controller:token-cleaner",
        &[("ServiceAccount", Some(SYSTEM), "token-cleaner")],
    ),
];

/// Controllers of the cluster: each has a ClusterRole and a ClusterRoleBinding [`CONTROLLER_PREFIX`] + name, bound to the
/// service account of that name in `kube-system`.
pub const CONTROLLERS: &[&str] = &[
    "attachdetach-controller",
    "certificate-controller",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "device-taint-eviction-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "pv-protection-controller",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resource-claim-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "route-controller",
    "selinux-warning-controller",
    "service-account-controller",
    "service-cidrs-controller",
    "service-controller",
    "statefulset-controller",
    "storage-version-migrator-controller",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
    "volumeattributesclass-protection-controller",
];

/// Before the name of a controller in the name of its role and binding.
pub const CONTROLLER_PREFIX: &str = "system:controller:";

/// ClusterRoles that an API server makes itself, apart from those of [`CONTROLLERS`].
pub const CLUSTER_ROLES: &[&str] = &[
    "admin",
    "cluster-admin",
    "edit",
    "system:aggregate-to-admin",
    "system:aggregate-to-edit",
    "system:aggregate-to-view",
    "system:auth-delegator",
    "system:basic-user",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    "system:certificates.k8s.io:kube-apiserver-client-approver",
    "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
    "system:certificates.k8s.io:kubelet-serving-approver",
    "system:certificates.k8s.io:legacy-unknown-approver",
    "system:cluster-trust-bundle-discovery",
    "system:discovery",
    "system:heapster",
    "system:kube-aggregator",
    "system:kube-controller-manager",
    "system:kube-dns",
    "system:kube-scheduler",
    "system:kubelet-api-admin",
    "system:monitoring",
    "system:node",
    "system:node-bootstrapper",
    "system:node-problem-detector",
    "system:node-proxier",
    "system:persistent-volume-provisioner",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
    "system:volume-scheduler",
    "view",
];

/// Everybody, or everybody who has no name: what the cluster itself grants them is only about themselves and the API.
pub const EVERYBODY: &[&str] = &["system:authenticated", "system:unauthenticated", "system:serviceaccounts", ANONYMOUS];

/// Groups that are the cluster's own identities without being bound by it.
pub const SYSTEM_GROUPS: &[&str] = &["system:masters", "system:nodes", "system:monitoring", "kubeadm:cluster-admins"];

/// Whether an API server makes a role of this name itself; `namespace` is none for a ClusterRole.
pub fn is_role(namespace: Option<&str>, name: &str) -> bool {
    match namespace {
        None => CLUSTER_ROLES.contains(&name) || is_controller(name),
        Some(_) => BINDINGS.iter().any(|binding| binding.namespace == namespace && binding.role == name),
    }
}

/// Whether an API server makes a binding of this name itself.
pub fn is_binding(namespace: Option<&str>, name: &str) -> bool {
    BINDINGS.iter().any(|binding| binding.namespace == namespace && binding.name == name)
        || (namespace.is_none() && is_controller(name))
}

/// Whether an API server makes a binding of this name, of this role and to this subject itself.
pub fn binds(
    namespace: Option<&str>,
    name: &str,
    (role_kind, role): (&str, &str),
    subject: (&str, Option<&str>, &str),
) -> bool {
    let listed = BINDINGS.iter().any(|binding| {
        (binding.namespace, binding.name, binding.role_kind, binding.role) == (namespace, name, role_kind, role)
            && binding.subjects.contains(&subject)
    });
    let controller = || name.strip_prefix(CONTROLLER_PREFIX);
    listed
        || (namespace.is_none()
            && is_controller(name)
            && (role_kind, role) == ("ClusterRole", name)
            && controller().is_some_and(|controller| subject == ("ServiceAccount", Some(SYSTEM), controller)))
}

/// Whether a user, group or service account is one of the cluster's own identities. Everybody is none.
pub fn is_identity(subject: (&str, Option<&str>, &str)) -> bool {
    let (kind, namespace, name) = subject;
    match kind {
        "Group" => SYSTEM_GROUPS.contains(&name),
        "ServiceAccount" if namespace == Some(SYSTEM) && CONTROLLERS.contains(&name) => true,
        _ => !EVERYBODY.contains(&name) && BINDINGS.iter().any(|binding| binding.subjects.contains(&subject)),
    }
}

/// What the names of users begin with that a provider keeps to itself: it refuses to give such a name to anybody else.
pub fn users_of_provider(distribution: &str) -> Option<&'static str> {
    (distribution == "eks").then_some("eks:")
}

fn is_controller(name: &str) -> bool {
    name.strip_prefix(CONTROLLER_PREFIX).is_some_and(|controller| CONTROLLERS.contains(&controller))
}

/// API groups that an API server serves itself. All other groups are those of extensions.
pub const GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Group and plural of resources that belong to no namespace: no grant inside of a namespace reaches them. Namespaces are not
/// among them, since a grant inside of one does reach that one.
pub const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("", "componentstatuses"),
    ("", "nodes"),
    ("", "persistentvolumes"),
    ("", "users"),
    ("", "groups"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authentication.k8s.io", "userextras"),
    ("authentication.k8s.io", "uids"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
    ("certificates.k8s.io", "certificatesigningrequests"),
    ("certificates.k8s.io", "clustertrustbundles"),
    ("certificates.k8s.io", "signers"),
    ("flowcontrol.apiserver.k8s.io", "flowschemas"),
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
    ("networking.k8s.io", "ingressclasses"),
    ("networking.k8s.io", "ipaddresses"),
    ("networking.k8s.io", "servicecidrs"),
    ("node.k8s.io", "runtimeclasses"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("resource.k8s.io", "deviceclasses"),
    ("resource.k8s.io", "resourceslices"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "storageclasses"),
    ("storage.k8s.io", "volumeattachments"),
    ("storage.k8s.io", "volumeattributesclasses"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_the_clusters_own_only_with_its_role_and_subject() {
        let masters = ("Group", None, "system:masters");
        let admin = ("ClusterRole", "cluster-admin");
        assert!(binds(None, "cluster-admin", admin, masters));
        assert!(!binds(None, "cluster-admin", admin, ("User", None, "eve")));
        assert!(!binds(None, "system:discovery", admin, AUTHENTICATED));
        assert!(!binds(Some("shop"), "cluster-admin", admin, masters));
        let controller = ("ServiceAccount", Some("kube-system"), "job-controller");
        let name = "system:controller:job-controller";
        assert!(binds(None, name, ("ClusterRole", name), controller));
        assert!(!binds(None, name, admin, controller));
        assert!(!binds(None, name, ("ClusterRole", name), ("ServiceAccount", Some("shop"), "job-controller")));
        assert!(!is_binding(None, "system:controller:mine") && is_binding(None, name));
    }

    #[test]
    fn identities() {
        assert!(is_identity(("User", None, "system:kube-scheduler")));
        assert!(is_identity(("ServiceAccount", Some("kube-system"), "job-controller")));
        assert!(!is_identity(("ServiceAccount", Some("shop"), "job-controller")));
        assert!(!is_identity(AUTHENTICATED) && !is_identity(("User", None, "system:anonymous")));
    }

    #[test]
    fn every_bound_role_is_listed() {
        for binding in BINDINGS {
            assert!(is_role(binding.namespace, binding.role), "{}", binding.role);
        }
        assert!(!is_role(Some("shop"), "cluster-admin") && !is_role(None, "system:mine"));
    }
}

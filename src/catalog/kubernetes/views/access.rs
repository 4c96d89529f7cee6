//! Views of who may do what.

use super::{OWNERS, field, open, read};
use crate::catalog::kubernetes::PODSPEC;
use crate::catalog::{Read, View};
use crate::model::Technology::Kubernetes;

/// What every view of roles and bindings reads.
const RBAC: &[Read] = &[
    read("Role", &["rules", "metadata.labels"]),
    read("ClusterRole", &["rules", "metadata.labels", "aggregationRule"]),
    read("RoleBinding", &["roleRef", "subjects", "metadata.labels"]),
    read("ClusterRoleBinding", &["roleRef", "subjects", "metadata.labels"]),
];

pub(super) const RBAC_SUBJECT: View = View {
    name: "rbac_subject",
    technology: Kubernetes,
    subject: "a user, group or service account that some binding names, with all that it is granted",
    fields: &[
        field("subject.kind", "User, Group or ServiceAccount, also if the account is named as a user"),
        field("subject.name", "its name"),
        field("subject.namespace", "namespace of a service account"),
        field(
            "subject.builtin",
            "one of the cluster's own identities by name, and granted by nothing but the cluster's own bindings; or a user that the provider keeps to itself (EKS: eks:*)",
        ),
        open(
            "grants[*]",
            "verbs, apiGroups, resources, resourceNames, nonResourceURLs as in the role, without what a namespace cannot grant; scope (`cluster` or a namespace), role (`ClusterRole view`), binding (`RoleBinding shop/dev`), builtin (through a binding that the cluster itself makes)",
        ),
        open("grants", "all grants, for the operator `grants_access`"),
    ],
    sources: &["RoleBinding", "ClusterRoleBinding"],
    namespaced: false,
    reads: &[RBAC],
    passes: &[],
};

pub(super) const RBAC_ROLE: View = View {
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
    namespaced: true,
    reads: &[RBAC],
    passes: &[],
};

pub(super) const RBAC_BINDING: View = View {
    name: "rbac_binding",
    technology: Kubernetes,
    subject: "one subject of a RoleBinding or ClusterRoleBinding",
    fields: &[
        field("binding.kind", "RoleBinding or ClusterRoleBinding"),
        field("binding.name", "its name"),
        field("binding.namespace", "its namespace"),
        field(
            "binding.builtin",
            "the cluster itself makes this binding, with this role and this subject; or the subject is a user that the provider keeps to itself",
        ),
        field("role.kind", "Role or ClusterRole"),
        field("role.name", "name of the role"),
        field("role.exists", "the role is there; unknown in files that do not hold it"),
        field("subject.kind", "User, Group or ServiceAccount, also if the account is named as a user"),
        field("subject.name", "its name"),
        field("subject.namespace", "namespace of a service account"),
    ],
    sources: &["RoleBinding", "ClusterRoleBinding"],
    namespaced: true,
    reads: &[RBAC],
    passes: &[],
};

pub(super) const SERVICE_ACCOUNT: View = View {
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
    namespaced: true,
    reads: &[
        OWNERS,
        &[
            read("ServiceAccount", &["automountServiceAccountToken", "metadata.labels", "metadata.annotations"]),
            read("Namespace", &["metadata.name"]),
            read("RoleBinding", &["roleRef", "subjects"]),
            read("ClusterRoleBinding", &["roleRef", "subjects"]),
            read(PODSPEC, &["serviceAccountName", "serviceAccount"]),
        ],
    ],
    passes: &[],
};

"""Roles and bindings: the cluster's own, those of add-ons, those of people."""
from .common import thing

GROUP = "rbac.authorization.k8s.io"
BOOT = {"kubernetes.io/bootstrapping": "rbac-defaults"}
READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "patch", "update"]
ALL = READ + WRITE


def rule(groups, resources, verbs, **more):
    return {"apiGroups": groups, "resources": resources, "verbs": verbs, **more}


def urls(paths):
    return {"nonResourceURLs": paths, "verbs": ["get"]}


def role(name, rules, namespace=None, own=False, aggregate=None, annotations=None):
    kind = "Role" if namespace else "ClusterRole"
    labels = dict(BOOT) if own else {}
    more = {}
    if aggregate:
        more = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {f"{GROUP}/aggregate-to-{aggregate}": "true"}}]}}
    return thing(f"{GROUP}/v1", kind, name, namespace, labels, annotations, rules=rules, **more)


def binding(name, role_kind, role_name, subjects, namespace=None, own=False, annotations=None):
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    subjects = [subject(*s) for s in subjects]
    ref = {"apiGroup": GROUP, "kind": role_kind, "name": role_name}
    found = thing(f"{GROUP}/v1", kind, name, namespace, dict(BOOT) if own else None, annotations, roleRef=ref)
    if subjects:
        found["subjects"] = subjects
    return found


def subject(kind, name, namespace=None):
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"apiGroup": GROUP, "kind": kind, "name": name}


VIEW = [
    rule([""], ["configmaps", "endpoints", "persistentvolumeclaims", "pods", "pods/log", "pods/status", "services"], READ),
    rule(["apps"], ["daemonsets", "deployments", "replicasets", "statefulsets"], READ),
    rule(["batch"], ["cronjobs", "jobs"], READ),
    rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], READ),
]
EDIT = [
    rule([""], ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"], READ),
    rule([""], ["serviceaccounts"], ["impersonate"]),
    rule([""], ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], WRITE),
    rule([""], ["configmaps", "endpoints", "persistentvolumeclaims", "secrets", "serviceaccounts", "services"], WRITE),
    rule([""], ["serviceaccounts/token"], ["create"]),
    rule(["apps"], ["daemonsets", "deployments", "deployments/scale", "replicasets", "statefulsets"], WRITE),
    rule(["batch"], ["cronjobs", "jobs"], WRITE),
    rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], WRITE),
]
ADMIN = [rule([""], ["resourcequotas", "limitranges"], READ), rule([GROUP], ["rolebindings", "roles"], ALL)]

CSR = "system:certificates.k8s.io:certificatesigningrequests"
# The cluster's own: a good part of what an API server makes.
BUILTIN_ROLES = [
    ("cluster-admin", [rule(["*"], ["*"], ["*"]), {"nonResourceURLs": ["*"], "verbs": ["*"]}]),
    ("system:basic-user", [rule(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"])]),
    ("system:discovery", [urls(["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/readyz", "/version"])]),
    ("system:public-info-viewer", [urls(["/healthz", "/livez", "/readyz", "/version", "/version/"])]),
    ("system:service-account-issuer-discovery", [urls(["/.well-known/openid-configuration", "/openid/v1/jwks"])]),
    ("system:monitoring", [urls(["/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz", "/readyz/*"])]),
    ("system:auth-delegator", [
        rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
        rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"]),
    ]),
    ("system:kube-controller-manager", [
        rule([""], ["events"], ["create", "patch", "update"]),
        rule(["coordination.k8s.io"], ["leases"], ["create", "get", "update"]),
        rule([""], ["secrets", "serviceaccounts"], ["create", "delete", "get", "update"]),
        rule([""], ["serviceaccounts/token"], ["create"]),
        rule(["*"], ["*"], ["list", "watch"]),
    ]),
    ("system:kube-scheduler", [
        rule([""], ["nodes", "persistentvolumeclaims", "persistentvolumes", "pods"], READ),
        rule([""], ["bindings", "pods/binding"], ["create"]),
        rule(["apps"], ["replicasets", "statefulsets"], READ),
    ]),
    ("system:volume-scheduler", [
        rule([""], ["persistentvolumes"], ["get", "list", "patch", "update", "watch"]),
        rule(["storage.k8s.io"], ["storageclasses"], READ),
    ]),
    ("system:node", [
        rule([""], ["nodes", "nodes/status"], ["create", "get", "list", "patch", "update", "watch"]),
        rule([""], ["configmaps", "secrets"], READ),
        rule(["certificates.k8s.io"], ["certificatesigningrequests"], ["create", "get", "list", "watch"]),
    ]),
    ("system:node-bootstrapper", [rule(["certificates.k8s.io"], ["certificatesigningrequests"], ["create", "get", "list", "watch"])]),
    (f"{CSR}:nodeclient", [rule(["certificates.k8s.io"], ["certificatesigningrequests/nodeclient"], ["create"])]),
    (f"{CSR}:selfnodeclient", [rule(["certificates.k8s.io"], ["certificatesigningrequests/selfnodeclient"], ["create"])]),
    ("system:node-proxier", [
        rule([""], ["endpoints", "services"], ["list", "watch"]),
        rule([""], ["nodes"], READ),
        rule(["discovery.k8s.io"], ["endpointslices"], ["list", "watch"]),
    ]),
    ("system:kubelet-api-admin", [rule([""], ["nodes"], READ), rule([""], ["nodes/log", "nodes/metrics", "nodes/proxy", "nodes/stats"], ["*"])]),
]
BUILTIN_BINDINGS = [
    ("cluster-admin", "cluster-admin", [("Group", "system:masters")]),
    ("system:basic-user", "system:basic-user", [("Group", "system:authenticated")]),
    ("system:discovery", "system:discovery", [("Group", "system:authenticated")]),
    ("system:public-info-viewer", "system:public-info-viewer", [("Group", "system:authenticated"), ("Group", "system:unauthenticated")]),
    ("system:service-account-issuer-discovery", "system:service-account-issuer-discovery", [("Group", "system:serviceaccounts")]),
    ("system:monitoring", "system:monitoring", [("Group", "system:monitoring")]),
    ("system:kube-controller-manager", "system:kube-controller-manager", [("User", "system:kube-controller-manager")]),
    ("system:kube-scheduler", "system:kube-scheduler", [("User", "system:kube-scheduler")]),
    ("system:volume-scheduler", "system:volume-scheduler", [("User", "system:kube-scheduler")]),
    ("system:node", "system:node", []),
    ("system:node-proxier", "system:node-proxier", [("User", "system:kube-proxy")]),
]
CONTROLLERS = {
    "deployment-controller": [rule(["apps"], ["deployments", "replicasets"], ALL), rule([""], ["pods"], ["get", "list", "update", "watch"])],
    "replicaset-controller": [rule(["apps"], ["replicasets"], READ), rule([""], ["pods"], ["create", "delete", "list", "patch", "watch"])],
    "daemon-set-controller": [rule(["apps"], ["daemonsets"], READ), rule([""], ["pods"], ["create", "delete", "list", "patch", "watch"])],
    "statefulset-controller": [rule(["apps"], ["statefulsets"], READ), rule([""], ["persistentvolumeclaims", "pods"], ALL)],
    "job-controller": [rule(["batch"], ["jobs"], READ), rule([""], ["pods"], ["create", "delete", "list", "patch", "watch"])],
    "namespace-controller": [rule([""], ["namespaces"], ["delete", "get", "list", "watch"]), rule(["*"], ["*"], ["delete", "deletecollection", "get", "list"])],
    "generic-garbage-collector": [rule(["*"], ["*"], ["delete", "get", "list", "patch", "update", "watch"])],
    "persistent-volume-binder": [rule([""], ["persistentvolumeclaims", "persistentvolumes"], ALL)],
    "clusterrole-aggregation-controller": [rule([GROUP], ["clusterroles"], ["escalate", "get", "list", "patch", "update", "watch"])],
}

# What kubeadm and the add-ons bring: role, rules, service account.
ADDONS = [
    ("system:coredns", [rule([""], ["endpoints", "namespaces", "pods", "services"], ["list", "watch"]), rule(["discovery.k8s.io"], ["endpointslices"], ["list", "watch"])], "kube-system", "coredns"),
    ("system:metrics-server", [rule([""], ["nodes/metrics"], ["get"]), rule([""], ["nodes", "pods"], READ)], "kube-system", "metrics-server"),
    ("calico-node", [
        rule([""], ["serviceaccounts/token"], ["create"], resourceNames=["calico-cni-plugin"]),
        rule([""], ["endpoints", "namespaces", "nodes", "pods", "services"], READ),
        rule([""], ["nodes/status", "pods/status"], ["patch", "update"]),
        rule(["networking.k8s.io"], ["networkpolicies"], ["list", "watch"]),
        rule(["crd.projectcalico.org"], ["felixconfigurations", "globalnetworkpolicies", "ippools", "networkpolicies"], READ),
    ], "kube-system", "calico-node"),
    ("calico-kube-controllers", [rule([""], ["namespaces", "nodes", "pods", "serviceaccounts"], READ), rule(["crd.projectcalico.org"], ["ippools", "hostendpoints"], ALL)], "kube-system", "calico-kube-controllers"),
    ("ingress-nginx", [
        rule([""], ["configmaps", "endpoints", "namespaces", "nodes", "pods", "secrets"], ["list", "watch"]),
        rule(["networking.k8s.io"], ["ingressclasses", "ingresses"], READ),
        rule([""], ["events"], ["create", "patch"]),
    ], "ingress", "ingress-nginx-controller"),
    ("cert-manager-controller", [
        rule(["cert-manager.io"], ["certificates", "clusterissuers", "issuers"], READ + ["update", "patch"]),
        rule([""], ["secrets"], ["create", "delete", "get", "list", "patch", "update", "watch"]),
    ], "cert-manager", "cert-manager"),
    ("cert-manager-cainjector", [
        rule(["admissionregistration.k8s.io"], ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"], READ + ["patch", "update"]),
        rule([""], ["secrets"], READ),
    ], "cert-manager", "cert-manager-cainjector"),
    ("cert-manager-webhook:subjectaccessreviews", [rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"])], "cert-manager", "cert-manager-webhook"),
    ("external-secrets-controller", [
        rule(["external-secrets.io"], ["clustersecretstores", "externalsecrets", "secretstores"], READ + ["patch", "update"]),
        rule([""], ["secrets"], ["create", "delete", "get", "list", "patch", "update", "watch"]),
        rule([""], ["serviceaccounts/token"], ["create"]),
    ], "platform", "external-secrets"),
    ("argocd-application-controller", [rule(["*"], ["*"], ["*"]), {"nonResourceURLs": ["*"], "verbs": ["*"]}], "platform", "argocd-application-controller"),
    ("argocd-server", [rule(["*"], ["*"], ["delete", "get", "patch"]), rule([""], ["events", "pods", "pods/log"], ["get", "list"])], "platform", "argocd-server"),
    ("policy-controller", [rule([""], ["configmaps", "namespaces"], READ), rule(["policy.sigstore.dev"], ["clusterimagepolicies"], READ)], "cosign-system", "policy-controller"),
    ("prometheus", [
        rule([""], ["endpoints", "nodes", "nodes/metrics", "pods", "services"], READ),
        rule(["discovery.k8s.io"], ["endpointslices"], READ),
        urls(["/metrics", "/metrics/cadvisor"]),
    ], "monitoring", "prometheus"),
    ("kube-state-metrics", [rule([""], ["configmaps", "nodes", "pods", "resourcequotas", "services"], ["list", "watch"]), rule(["apps"], ["daemonsets", "deployments", "statefulsets"], ["list", "watch"])], "monitoring", "kube-state-metrics"),
    ("alloy", [rule([""], ["namespaces", "nodes", "pods", "pods/log"], READ)], "monitoring", "alloy"),
]


def objects():
    found = [role(name, rules, own=True) for name, rules in BUILTIN_ROLES]
    found += [
        role("view", VIEW, own=True, aggregate="view"),
        role("edit", VIEW + EDIT, own=True, aggregate="edit"),
        role("admin", VIEW + EDIT + ADMIN, own=True, aggregate="admin"),
    ]
    found += [binding(name, "ClusterRole", of, to, own=True) for name, of, to in BUILTIN_BINDINGS]
    for controller, rules in CONTROLLERS.items():
        name = f"system:controller:{controller}"
        found += [role(name, rules, own=True), binding(name, "ClusterRole", name, [("ServiceAccount", controller, "kube-system")], own=True)]
    leader = "system::leader-locking-kube-scheduler"
    found += [
        role(leader, [rule(["coordination.k8s.io"], ["leases"], ["create", "get", "update", "watch"])], "kube-system", own=True),
        binding(leader, "Role", leader, [("User", "system:kube-scheduler"), ("ServiceAccount", "kube-scheduler", "kube-system")], "kube-system", own=True),
    ]
    found += kubeadm()
    for name, rules, namespace, account in ADDONS:
        found += [role(name, rules), binding(name, "ClusterRole", name, [("ServiceAccount", account, namespace)])]
    return found + people()


def kubeadm():
    bootstrap = ("Group", "system:bootstrappers:kubeadm:default-node-token")
    return [
        binding("kubeadm:cluster-admins", "ClusterRole", "cluster-admin", [("Group", "kubeadm:cluster-admins")]),
        role("kubeadm:get-nodes", [rule([""], ["nodes"], ["get"])]),
        binding("kubeadm:get-nodes", "ClusterRole", "kubeadm:get-nodes", [bootstrap]),
        binding("kubeadm:kubelet-bootstrap", "ClusterRole", "system:node-bootstrapper", [bootstrap]),
        binding("kubeadm:node-autoapprove-bootstrap", "ClusterRole", f"{CSR}:nodeclient", [bootstrap]),
        binding("kubeadm:node-autoapprove-certificate-rotation", "ClusterRole", f"{CSR}:selfnodeclient", [("Group", "system:nodes")]),
        binding("kubeadm:node-proxier", "ClusterRole", "system:node-proxier", [("ServiceAccount", "kube-proxy", "kube-system")]),
        role("kube-proxy", [rule([""], ["configmaps"], ["get"], resourceNames=["kube-proxy"])], "kube-system"),
        binding("kube-proxy", "Role", "kube-proxy", [bootstrap], "kube-system"),
        role("kubeadm:kubelet-config", [rule([""], ["configmaps"], ["get"], resourceNames=["kubelet-config"])], "kube-system"),
        binding("kubeadm:kubelet-config", "Role", "kubeadm:kubelet-config", [("Group", "system:nodes"), bootstrap], "kube-system"),
        role("kubeadm:bootstrap-signer-clusterinfo", [rule([""], ["configmaps"], ["get"], resourceNames=["cluster-info"])], "kube-public"),
        binding("kubeadm:bootstrap-signer-clusterinfo", "Role", "kubeadm:bootstrap-signer-clusterinfo", [("User", "system:anonymous")], "kube-public"),
    ]


def people():
    note = {"shop.example/note": "for the demo on Friday, remove afterwards"}
    return [
        # Left over: whoever reaches the dashboard is administrator.
        binding("kubernetes-dashboard-admin", "ClusterRole", "cluster-admin", [("ServiceAccount", "kubernetes-dashboard", "kubernetes-dashboard")], annotations=note),
        # Every pod of ci that names no account may change everything there.
        binding("default-edit", "ClusterRole", "edit", [("ServiceAccount", "default", "ci")], "ci"),
        role("gitlab-runner", [rule([""], ["pods", "pods/attach", "pods/exec", "secrets", "configmaps"], ALL)], "ci"),
        binding("gitlab-runner", "Role", "gitlab-runner", [("ServiceAccount", "gitlab-runner", "ci")], "ci"),
        # Wildcards where three verbs would do.
        role("on-call", [rule(["apps"], ["*"], ["*"]), rule([""], ["pods", "pods/log"], READ + ["delete"])]),
        binding("on-call", "ClusterRole", "on-call", [("Group", "oidc:on-call")]),
        binding("developers-view", "ClusterRole", "view", [("Group", "oidc:developers")]),
        binding("shop-team", "ClusterRole", "edit", [("Group", "oidc:shop-team")], "shop"),
        role("postgres-backup", [rule([""], ["configmaps"], ["get"], resourceNames=["postgres-backup"])], "data"),
        binding("postgres-backup", "Role", "postgres-backup", [("ServiceAccount", "postgres-backup", "data")], "data"),
        # Looks at roles and changes none: that is in order.
        role("auditor", [rule([GROUP], ["clusterrolebindings", "clusterroles", "rolebindings", "roles"], READ), rule([""], ["namespaces", "serviceaccounts"], READ)]),
        binding("auditors", "ClusterRole", "auditor", [("User", "oidc:ines.ferreira@shop.example")]),
    ]

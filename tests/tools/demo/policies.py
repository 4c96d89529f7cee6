"""Namespaces, network policies, admission, and the rest of a cluster."""
from .common import VERSION, thing
from .nodes import PROXY_CONFIG
from .yaml import lines

PSA = "pod-security.kubernetes.io/"
# Level that is enforced; none where nobody thought of it.
NAMESPACES = {
    "cert-manager": "restricted",
    # Planted: builds were said to need everything.
    "ci": "privileged",
    "cosign-system": "restricted",
    # Planted: no label.
    "data": None,
    "default": "baseline",
    "ingress": "baseline",
    "kube-node-lease": None,
    "kube-public": None,
    "kube-system": None,
    "kubernetes-dashboard": "restricted",
    "monitoring": "privileged",
    "payments": "restricted",
    "platform": "restricted",
    "shop": "baseline",
}
# Planted: the default account of ci gets a token; kube-public and kube-node-lease belong to the cluster.
WITH_TOKEN = ["ci", "kube-node-lease", "kube-public"]
ADMISSION = "admissionregistration.k8s.io/v1"


def namespaces():
    found = []
    for name, level in NAMESPACES.items():
        labels = {"kubernetes.io/metadata.name": name}
        if level:
            labels[f"{PSA}enforce"] = level
        if name == "shop":
            labels[f"{PSA}warn"] = "restricted"
        found.append(thing("v1", "Namespace", name, None, labels, spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"}))
        account = thing("v1", "ServiceAccount", "default", name)
        if name not in WITH_TOKEN:
            account["automountServiceAccountToken"] = False
        found.append(account)
    for name in ("shop", "payments"):
        limits = [{"default": {"cpu": "1", "memory": "512Mi"}, "defaultRequest": {"cpu": "50m", "memory": "128Mi"}, "type": "Container"}]
        found.append(thing("v1", "LimitRange", "defaults", name, spec={"limits": limits}))
        found.append(thing("v1", "ResourceQuota", "team", name, spec={"hard": {"limits.memory": "64Gi", "pods": "80"}}))
    return found


# Who may be reached from where; planted: nothing holds in `ci` and `platform`.
POLICIES = {
    "shop": [("default-deny", None), ("from-ingress", "ingress"), ("within", "shop"), ("metrics", "monitoring")],
    "payments": [("default-deny", None), ("from-shop", "shop"), ("within", "payments"), ("metrics", "monitoring")],
    "data": [("default-deny", None), ("from-shop", "shop"), ("from-payments", "payments"), ("within", "data")],
    "monitoring": [("default-deny", None), ("within", "monitoring"), ("from-ingress", "ingress")],
    "cert-manager": [("default-deny", None)],
    "cosign-system": [("default-deny", None)],
    "kubernetes-dashboard": [("default-deny", None)],
    "ingress": [("allow-public", "")],
    "default": [("default-deny", None)],
}
SERVICES = [("storefront", "shop", 3000), ("checkout", "shop", 8080), ("catalogue", "shop", 8080), ("payment-gateway", "payments", 8443), ("postgres", "data", 5432), ("kafka", "data", 9092), ("grafana", "monitoring", 3000), ("argocd-server", "platform", 8080), ("kubernetes-dashboard", "kubernetes-dashboard", 8443)]
INGRESSES = [("storefront", "shop", "www.shop.example", 3000), ("grafana", "monitoring", "grafana.shop.example", 3000), ("argocd-server", "platform", "argocd.shop.example", 8080)]


def network():
    found = []
    for namespace, policies in POLICIES.items():
        for name, origin in policies:
            spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"] if origin is None and namespace == "payments" else ["Ingress"]}
            if origin is not None:
                spec["ingress"] = [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": origin}}}]}] if origin else [{}]
            found.append(thing("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec=spec))
    for name, namespace, port in SERVICES:
        found.append(thing("v1", "Service", name, namespace, spec={"ports": [{"port": port, "protocol": "TCP", "targetPort": "http"}], "selector": {"app.kubernetes.io/name": name}, "type": "ClusterIP"}))
    found.append(thing("v1", "Service", "kubernetes", "default", {"component": "apiserver", "provider": "kubernetes"}, spec={"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}], "type": "ClusterIP"}))
    found.append(thing("v1", "Service", "ingress-nginx-controller", "ingress", spec={"ports": [{"name": "https", "port": 443, "targetPort": 8443}], "selector": {"app.kubernetes.io/name": "ingress-nginx-controller"}, "type": "LoadBalancer"}))
    for name, namespace, host, port in INGRESSES:
        backend = {"service": {"name": name, "port": {"number": port}}}
        rules = [{"host": host, "http": {"paths": [{"backend": backend, "path": "/", "pathType": "Prefix"}]}}]
        found.append(thing("networking.k8s.io/v1", "Ingress", name, namespace, spec={"ingressClassName": "nginx", "rules": rules, "tls": [{"hosts": [host], "secretName": f"{name}-tls"}]}))
    return found


# Definitions that add-ons brought: plural, group, kind.
DEFINITIONS = [
    ("applications", "argoproj.io", "Application"),
    ("certificates", "cert-manager.io", "Certificate"),
    ("clusterimagepolicies", "policy.sigstore.dev", "ClusterImagePolicy"),
    ("clusterissuers", "cert-manager.io", "ClusterIssuer"),
    ("clustersecretstores", "external-secrets.io", "ClusterSecretStore"),
    ("externalsecrets", "external-secrets.io", "ExternalSecret"),
    ("felixconfigurations", "crd.projectcalico.org", "FelixConfiguration"),
    ("globalnetworkpolicies", "crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("ippools", "crd.projectcalico.org", "IPPool"),
    ("networkpolicies", "crd.projectcalico.org", "NetworkPolicy"),
]
CLAIMS = [("cart-redis", "shop"), ("postgres", "data"), ("kafka", "data"), ("opensearch", "data"), ("minio", "data"), ("prometheus", "monitoring"), ("alertmanager", "monitoring"), ("loki", "monitoring"), ("nexus", "ci")]


def cluster():
    found = [thing("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", spec={
        "group": group, "names": {"kind": kind, "plural": plural}, "scope": "Cluster" if kind.startswith(("Cluster", "Global", "IP", "Felix")) else "Namespaced",
    }) for plural, group, kind in DEFINITIONS]
    found += [
        webhook("ValidatingWebhookConfiguration", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager", "cert-manager.io", ["*/*"]),
        webhook("MutatingWebhookConfiguration", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager", "cert-manager.io", ["certificaterequests"]),
        webhook("ValidatingWebhookConfiguration", "policy.sigstore.dev", "policy.sigstore.dev", "cosign-system", "", ["pods"]),
        webhook("MutatingWebhookConfiguration", "policy.sigstore.dev", "policy.sigstore.dev", "cosign-system", "", ["pods"]),
        thing(ADMISSION, "ValidatingAdmissionPolicy", "ingress-needs-tls", spec={
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["ingresses"]}]},
            "validations": [{"expression": "has(object.spec.tls) && size(object.spec.tls) > 0", "message": "an Ingress needs TLS"}],
        }),
        thing(ADMISSION, "ValidatingAdmissionPolicyBinding", "ingress-needs-tls", spec={"policyName": "ingress-needs-tls", "validationActions": ["Deny"]}),
        thing("storage.k8s.io/v1", "StorageClass", "ceph-block", None, None, {"storageclass.kubernetes.io/is-default-class": "true"}, provisioner="rook-ceph.rbd.csi.ceph.com", parameters={"pool": "replicapool"}),
        config_map("kube-proxy", "config.conf", PROXY_CONFIG),
        config_map("kubeadm-config", "ClusterConfiguration", {
            "apiVersion": "kubeadm.k8s.io/v1beta4", "clusterName": "shop-prod", "kind": "ClusterConfiguration", "kubernetesVersion": VERSION,
            "networking": {"dnsDomain": "cluster.local", "podSubnet": "192.168.0.0/16", "serviceSubnet": "10.96.0.0/12"},
        }),
    ]
    for name, namespace in CLAIMS:
        claim = f"data-{name}-0"
        volume = f"pvc-{name}"
        found.append(thing("v1", "PersistentVolumeClaim", claim, namespace, spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}, "storageClassName": "ceph-block", "volumeName": volume}))
        found.append(thing("v1", "PersistentVolume", volume, spec={"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "20Gi"}, "claimRef": {"kind": "PersistentVolumeClaim", "name": claim, "namespace": namespace}, "csi": {"driver": "rook-ceph.rbd.csi.ceph.com", "volumeHandle": volume}, "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "ceph-block"}))
    return found


def webhook(kind, name, hook, namespace, group, resources):
    service = {"name": "webhook" if name == "policy.sigstore.dev" else name, "namespace": namespace, "path": "/validate" if kind.startswith("Val") else "/mutate"}
    selector = {"matchLabels": {"policy.sigstore.dev/include": "true"}} if name == "policy.sigstore.dev" else {}
    rules = [{"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": resources, "scope": "*"}]
    hooks = [{"admissionReviewVersions": ["v1"], "clientConfig": {"service": service}, "failurePolicy": "Fail", "name": hook, "namespaceSelector": selector, "rules": rules, "sideEffects": "None"}]
    return thing(ADMISSION, kind, name, webhooks=hooks)


def config_map(name, file, content):
    return thing("v1", "ConfigMap", name, "kube-system", data={file: "\n".join(lines(content, 0)) + "\n"})

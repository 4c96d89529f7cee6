"""The shop and what runs beside it: workloads, their pods and service accounts."""
import copy
from dataclasses import dataclass, field

from .common import owner, suffix, thing, uid

HARD = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
POD_HARD = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
OUR = "registry.shop.example"


@dataclass
class Made:
    workloads: list = field(default_factory=list)
    pods: list = field(default_factory=list)
    accounts: list = field(default_factory=list)


def secret(name, of, key):
    return {"name": name, "valueFrom": {"secretKeyRef": {"key": key, "name": of}}}


def volume_of_secret(name, of, path):
    return {"name": name, "secret": {"secretName": of}}, {"mountPath": path, "name": name, "readOnly": True}


# Name, namespace, kind, options of make().
APPS = [
    # The shop itself: in order but for three.
    ("storefront", "shop", "Deployment", {"image": f"{OUR}/shop/storefront:5.12.0", "port": 3000, "replicas": 2}),
    ("storefront-bff", "shop", "Deployment", {"image": f"{OUR}/shop/storefront-bff:5.12.0", "port": 8080}),
    ("catalogue", "shop", "Deployment", {"image": f"{OUR}/shop/catalogue:3.8.1", "port": 8080, "replicas": 2}),
    ("cart", "shop", "Deployment", {"image": f"{OUR}/shop/cart:2.4.0", "port": 8080}),
    ("cart-redis", "shop", "StatefulSet", {"image": "docker.io/library/redis:8.2.2", "port": 6379, "data": "/data"}),
    # Planted: runs as root, may gain privileges, keeps all capabilities.
    ("checkout", "shop", "Deployment", {
        "image": f"{OUR}/shop/checkout:2.41.3", "port": 8080, "replicas": 2,
        "pod_context": {"seccompProfile": {"type": "RuntimeDefault"}}, "context": {"runAsUser": 0},
    }),
    ("orders", "shop", "Deployment", {"image": f"{OUR}/shop/orders:4.0.2", "port": 8080}),
    ("customers", "shop", "Deployment", {"image": f"{OUR}/shop/customers:1.19.0", "port": 8080, "env": [{"name": "LOG_LEVEL", "value": "info"}]}),
    # Planted: no seccomp profile.
    ("search", "shop", "Deployment", {"image": f"{OUR}/shop/search:2.2.7", "port": 8080, "pod_context": {"runAsNonRoot": True, "runAsUser": 10001}}),
    ("recommendations", "shop", "Deployment", {"image": f"{OUR}/shop/recommendations:0.31.0", "port": 8080}),
    ("reviews", "shop", "Deployment", {"image": f"{OUR}/shop/reviews:1.7.4", "port": 8080}),
    ("pricing", "shop", "Deployment", {"image": f"{OUR}/shop/pricing:2.9.0", "port": 8080}),
    ("stock", "shop", "Deployment", {"image": f"{OUR}/shop/stock:1.14.2", "port": 8080}),
    ("media", "shop", "Deployment", {"image": f"{OUR}/shop/media:1.3.0", "port": 8080}),
    # Planted: the password as an environment variable.
    ("mail-sender", "shop", "Deployment", {"image": f"{OUR}/shop/mail-sender:1.5.1", "port": 8080, "env": [secret("SMTP_PASSWORD", "mail-relay", "password")]}),
    ("sitemap", "shop", "CronJob", {"image": f"{OUR}/shop/sitemap:1.1.0", "schedule": "15 3 * * *"}),
    ("abandoned-carts", "shop", "CronJob", {"image": f"{OUR}/shop/abandoned-carts:1.0.6", "schedule": "0 */4 * * *"}),
    # The last program that nobody wants to port.
    ("invoice-pdf", "shop", "Deployment", {
        "image": f"{OUR}/shop/invoice-pdf:1.8.0-ltsc2022", "port": 8080, "node": "windows-1", "windows": True,
        "pod_context": {"runAsNonRoot": True, "windowsOptions": {"runAsUserName": "ContainerUser"}}, "context": {},
    }),
    # Payments: the strictest namespace, all in order.
    ("payment-gateway", "payments", "Deployment", {"image": f"{OUR}/payments/gateway:7.3.0", "port": 8443, "replicas": 2, "secret": ("psp", "psp-credentials", "/run/secrets/psp")}),
    ("ledger", "payments", "Deployment", {"image": f"{OUR}/payments/ledger:3.0.9", "port": 8080, "secret": ("db", "ledger-db", "/run/secrets/db")}),
    ("fraud-check", "payments", "Deployment", {"image": f"{OUR}/payments/fraud-check:2.6.2", "port": 8080}),
    ("refunds", "payments", "Deployment", {"image": f"{OUR}/payments/refunds:1.12.0", "port": 8080}),
    ("psp-webhooks", "payments", "Deployment", {"image": f"{OUR}/payments/psp-webhooks:1.4.4", "port": 8080}),
    ("settlement-export", "payments", "CronJob", {"image": f"{OUR}/payments/settlement-export:1.2.3", "schedule": "30 1 * * *"}),
    ("ledger-migrate-309", "payments", "Job", {"image": f"{OUR}/payments/ledger:3.0.9", "args": ["migrate", "--to=309"], "secret": ("db", "ledger-db", "/run/secrets/db")}),
    # Data: nobody labelled the namespace.
    ("postgres", "data", "StatefulSet", {"image": "docker.io/library/postgres:17.6", "port": 5432, "data": "/var/lib/postgresql/data", "secret": ("auth", "postgres-auth", "/run/secrets/postgres")}),
    ("postgres-exporter", "data", "Deployment", {"image": "quay.io/prometheuscommunity/postgres-exporter:v0.18.1", "port": 9187}),
    ("postgres-backup", "data", "CronJob", {"image": f"{OUR}/platform/postgres-backup:2.0.1", "schedule": "0 2 * * *", "env": [secret("PGPASSWORD", "postgres-auth", "password")], "last_run": True}),
    ("kafka", "data", "StatefulSet", {"image": "docker.io/apache/kafka:4.1.0", "port": 9092, "data": "/var/lib/kafka", "replicas": 2}),
    ("kafka-ui", "data", "Deployment", {"image": "ghcr.io/kafbat/kafka-ui:v1.3.0", "port": 8080}),
    ("opensearch", "data", "StatefulSet", {
        "image": "docker.io/opensearchproject/opensearch:3.3.0", "port": 9200, "data": "/usr/share/opensearch/data",
        # Planted: an init container as privileged root, for one kernel setting.
        "init": {"name": "sysctl", "image": "docker.io/library/busybox:1.37", "command": ["sysctl", "-w", "vm.max_map_count=262144"], "securityContext": {"privileged": True, "runAsNonRoot": False, "runAsUser": 0}},
    }),
    ("minio", "data", "StatefulSet", {"image": "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z", "port": 9000, "data": "/data"}),
    # The platform.
    ("argocd-server", "platform", "Deployment", {"image": "quay.io/argoproj/argocd:v3.1.8", "port": 8080, "api": True}),
    ("argocd-repo-server", "platform", "Deployment", {"image": "quay.io/argoproj/argocd:v3.1.8", "port": 8081}),
    ("argocd-application-controller", "platform", "StatefulSet", {"image": "quay.io/argoproj/argocd:v3.1.8", "port": 8082, "api": True}),
    ("argocd-redis", "platform", "Deployment", {"image": "docker.io/library/redis:8.2.2", "port": 6379}),
    ("external-secrets", "platform", "Deployment", {"image": "ghcr.io/external-secrets/external-secrets:v0.20.2", "port": 8080, "api": True}),
    ("keycloak", "platform", "Deployment", {"image": "quay.io/keycloak/keycloak:26.4.0", "port": 8080, "secret": ("db", "keycloak-db", "/run/secrets/db")}),
    ("oauth2-proxy", "platform", "Deployment", {"image": "quay.io/oauth2-proxy/oauth2-proxy:v7.12.0", "port": 4180, "secret": ("client", "oauth2-proxy", "/run/secrets/client")}),
    ("policy-controller", "cosign-system", "Deployment", {"image": "ghcr.io/sigstore/policy-controller/policy-controller:v0.13.0", "port": 8443, "api": True}),
    ("cert-manager", "cert-manager", "Deployment", {"image": "quay.io/jetstack/cert-manager-controller:v1.19.1", "port": 9402, "api": True}),
    ("cert-manager-cainjector", "cert-manager", "Deployment", {"image": "quay.io/jetstack/cert-manager-cainjector:v1.19.1", "port": 9402, "api": True}),
    ("cert-manager-webhook", "cert-manager", "Deployment", {"image": "quay.io/jetstack/cert-manager-webhook:v1.19.1", "port": 10250, "api": True}),
    ("kubernetes-dashboard", "kubernetes-dashboard", "Deployment", {"image": "docker.io/kubernetesui/dashboard:v2.7.0", "port": 8443, "api": True}),
    ("dashboard-metrics-scraper", "kubernetes-dashboard", "Deployment", {"image": "docker.io/kubernetesui/metrics-scraper:v1.0.8", "port": 8000, "account": "kubernetes-dashboard", "api": True}),
    ("ingress-nginx-controller", "ingress", "Deployment", {
        "image": "registry.k8s.io/ingress-nginx/controller:v1.13.3", "port": 8443, "api": True, "replicas": 2,
        "pod_context": {"runAsNonRoot": True, "runAsUser": 101, "seccompProfile": {"type": "RuntimeDefault"}},
        "context": {"allowPrivilegeEscalation": False, "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}, "readOnlyRootFilesystem": False},
    }),
    ("default-backend", "ingress", "Deployment", {"image": f"{OUR}/platform/error-pages:1.0.0", "port": 8080}),
    # Monitoring.
    ("prometheus", "monitoring", "StatefulSet", {"image": "quay.io/prometheus/prometheus:v3.6.0", "port": 9090, "api": True, "data": "/prometheus"}),
    ("alertmanager", "monitoring", "StatefulSet", {"image": "quay.io/prometheus/alertmanager:v0.28.1", "port": 9093, "data": "/alertmanager"}),
    ("grafana", "monitoring", "Deployment", {"image": "docker.io/grafana/grafana:12.2.0", "port": 3000, "secret": ("admin", "grafana-admin", "/run/secrets/admin")}),
    ("kube-state-metrics", "monitoring", "Deployment", {"image": "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0", "port": 8080, "api": True}),
    ("loki", "monitoring", "StatefulSet", {"image": "docker.io/grafana/loki:3.5.5", "port": 3100, "data": "/var/loki"}),
    # Node agents have to see the node.
    ("node-exporter", "monitoring", "DaemonSet", {"image": "quay.io/prometheus/node-exporter:v1.9.1", "port": 9100, "host": {"hostNetwork": True, "hostPID": True}, "paths": {"root": "/"}}),
    ("alloy", "monitoring", "DaemonSet", {"image": "docker.io/grafana/alloy:v1.11.0", "port": 12345, "api": True, "paths": {"logs": "/var/log/pods"}}),
    # Continuous integration: the namespace where everything is allowed.
    ("gitlab-runner", "ci", "Deployment", {
        "image": "registry.gitlab.com/gitlab-org/gitlab-runner:v18.5.0", "port": 9252, "api": True,
        # Planted: whoever starts a build is root on the node.
        "paths": {"docker-sock": "/var/run/docker.sock"}, "writable_paths": True,
    }),
    ("nexus", "ci", "StatefulSet", {"image": "docker.io/sonatype/nexus3:3.85.0", "port": 8081, "data": "/nexus-data"}),
    ("sonarqube", "ci", "Deployment", {"image": "docker.io/library/sonarqube:25.10.0-community", "port": 9000}),
    # Planted: uses the default account, which is bound to `edit`.
    ("image-cleanup", "ci", "CronJob", {"image": f"{OUR}/platform/image-cleanup:1.3.2", "schedule": "0 5 * * 6", "account": "default", "api": True}),
]


def make(name, namespace, kind, **o):
    """The workload, what its controller made of it, and its service account."""
    made = Made()
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": o.get("part_of", namespace)}
    account = o.get("account", name)
    if account == name:
        made.accounts.append(thing("v1", "ServiceAccount", name, namespace, automountServiceAccountToken=o.get("api", False)))
    spec = pod_spec(name, account, o)
    own = {"app.kubernetes.io/name": name}
    template = {"metadata": {"labels": own}, "spec": spec}
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}
    replicas = o.get("replicas", 1)
    on = [o.get("node", "worker-1")] * replicas
    if kind == "Deployment":
        build(made, namespace, own, thing("apps/v1", kind, name, namespace, labels, replicas=None, spec={"replicas": replicas, "selector": selector, "template": template}), on)
    elif kind == "StatefulSet":
        spec_of_set = {"replicas": replicas, "selector": selector, "serviceName": name, "template": template}
        if "data" in o:
            claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}, "storageClassName": "ceph-block"}
            spec_of_set["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
        build(made, namespace, own, thing("apps/v1", kind, name, namespace, labels, spec=spec_of_set), on)
    elif kind == "DaemonSet":
        build(made, namespace, own, thing("apps/v1", kind, name, namespace, labels, spec={"selector": selector, "template": template}), ["cp-0", "worker-1"])
    elif kind == "Job":
        spec["restartPolicy"] = "Never"
        build(made, namespace, own, thing("batch/v1", kind, name, namespace, labels, spec={"backoffLimit": 2, "template": template}), on)
    else:
        spec["restartPolicy"] = "OnFailure"
        job = {"spec": {"template": template}}
        cron = {"concurrencyPolicy": "Forbid", "jobTemplate": job, "schedule": o["schedule"]}
        build(made, namespace, own, thing("batch/v1", kind, name, namespace, labels, spec=cron), on if o.get("last_run") else [])
    return made


def pod_spec(name, account, o):
    container = {
        "image": o["image"],
        "imagePullPolicy": "IfNotPresent",
        "name": name,
        "resources": o.get("resources", {"limits": {"cpu": "1", "memory": "512Mi"}}),
    }
    context = o.get("context", HARD)
    if context:
        container["securityContext"] = copy.deepcopy(context)
    for key in ("args", "command", "env"):
        if key in o:
            container[key] = o[key]
    if "port" in o:
        container["ports"] = [{"containerPort": o["port"], "name": "http"}]
        if o.get("host", {}).get("hostNetwork"):
            # The API server fills it in.
            container["ports"][0]["hostPort"] = o["port"]
    volumes, mounts = [], []
    if not o.get("windows") and context == HARD:
        volumes.append({"emptyDir": {}, "name": "tmp"})
        mounts.append({"mountPath": "/tmp", "name": "tmp"})
    if "data" in o:
        mounts.append({"mountPath": o["data"], "name": "data"})
    if "secret" in o:
        volume, mount = volume_of_secret(*o["secret"])
        volumes.append(volume)
        mounts.append(mount)
    for volume_name, path in o.get("paths", {}).items():
        host_type = "Socket" if path.endswith(".sock") else ""
        volumes.append({"hostPath": {"path": path, "type": host_type}, "name": volume_name})
        mount = {"mountPath": path if o.get("writable_paths") else f"/host{path}".rstrip("/"), "name": volume_name}
        mounts.append(mount if o.get("writable_paths") else {**mount, "readOnly": True})
    if mounts:
        container["volumeMounts"] = mounts
    spec = {"containers": [container], "serviceAccountName": account, **o.get("host", {})}
    pod_context = o.get("pod_context", POD_HARD)
    if pod_context:
        spec["securityContext"] = copy.deepcopy(pod_context)
    if volumes:
        spec["volumes"] = volumes
    if "init" in o:
        spec["initContainers"] = [copy.deepcopy(o["init"])]
    if o.get("windows"):
        spec["os"] = {"name": "windows"}
        spec["nodeSelector"] = {"kubernetes.io/os": "windows"}
    spec["x-automount"] = o.get("api", False)
    return spec


def build(made, namespace, labels, workload, on):
    """Puts the workload, its ReplicaSet or Job, and one pod per element of `on` into `made`."""
    kind, name = workload["kind"], workload["metadata"]["name"]
    workload.pop("replicas", None)
    workload["metadata"]["uid"] = uid(kind, namespace, name)
    template = workload["spec"]["jobTemplate"]["spec"]["template"] if kind == "CronJob" else workload["spec"]["template"]
    automount = template["spec"].pop("x-automount", False)
    made.workloads.append(workload)
    parent, pod_labels, prefix = ("apps/v1" if kind != "Job" else "batch/v1", kind, name), dict(labels), name
    if kind == "Deployment":
        hashed = suffix(10, "ReplicaSet", namespace, name)
        prefix, pod_labels["pod-template-hash"] = f"{name}-{hashed}", hashed
        child = {"replicas": len(on), "selector": {"matchLabels": {"app.kubernetes.io/name": name, "pod-template-hash": hashed}}}
        child["template"] = {"metadata": {"labels": dict(pod_labels)}, "spec": copy.deepcopy(template["spec"])}
        made.workloads.append(controlled("apps/v1", "ReplicaSet", prefix, namespace, dict(pod_labels), owner(*parent[:2], name, namespace), child))
        parent = ("apps/v1", "ReplicaSet", prefix)
    elif kind == "CronJob" and on:
        prefix = f"{name}-29418360"
        made.workloads.append(controlled("batch/v1", "Job", prefix, namespace, labels, owner("batch/v1", kind, name, namespace), {"backoffLimit": 6, "template": copy.deepcopy(template)}))
        parent = ("batch/v1", "Job", prefix)
    for number, node in enumerate(on):
        pod_name = f"{name}-{number}" if kind == "StatefulSet" else f"{prefix}-{suffix(5, 'Pod', namespace, name, str(number))}"
        spec = copy.deepcopy(template["spec"])
        live(spec, pod_name, namespace, node, automount)
        if kind == "StatefulSet" and "volumeClaimTemplates" in workload["spec"]:
            spec.setdefault("volumes", []).insert(0, {"name": "data", "persistentVolumeClaim": {"claimName": f"data-{pod_name}"}})
        pod = controlled("v1", "Pod", pod_name, namespace, dict(pod_labels), owner(*parent, namespace), spec)
        pod["status"] = {"phase": "Succeeded" if kind in ("CronJob", "Job") else "Running"}
        made.pods.append(pod)


def controlled(api_version, kind, name, namespace, labels, parent, spec):
    found = thing(api_version, kind, name, namespace, labels, spec=spec)
    found["metadata"]["ownerReferences"] = [parent]
    found["metadata"]["uid"] = uid(kind, namespace, name)
    return found


def live(spec, name, namespace, node, automount):
    """What scheduler and admission add to the template."""
    spec["nodeName"] = node
    for container in spec["containers"] + spec.get("initContainers", []):
        container["imagePullPolicy"] = "Always"
        if automount:
            volume = f"kube-api-access-{suffix(5, 'token', namespace, name)}"
            mount = {"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": volume, "readOnly": True}
            container.setdefault("volumeMounts", []).append(mount)
    if automount:
        sources = [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        ]
        spec.setdefault("volumes", []).append({"name": volume, "projected": {"sources": sources}})


def left_behind(pods):
    """Pods that no controller made, and what people put into pods by hand."""
    orders = next(pod for pod in pods if pod["metadata"]["name"].startswith("orders-"))
    # Planted: `kubectl debug`, which cannot be taken back until the pod goes.
    orders["spec"]["ephemeralContainers"] = [{
        "image": "docker.io/nicolaka/netshoot:v0.14", "imagePullPolicy": "Always", "name": "debugger-x7k2p",
        "resources": {}, "securityContext": {"runAsNonRoot": False, "runAsUser": 0},
        "stdin": True, "targetContainerName": "orders", "terminationMessagePolicy": "File", "tty": True,
    }]
    # Planted: `kubectl run` without -n.
    shell = thing("v1", "Pod", "tmp-shell", "default", {"run": "tmp-shell"}, status={"phase": "Running"}, spec={
        "automountServiceAccountToken": False,
        "containers": [{"args": ["sleep", "infinity"], "image": "docker.io/curlimages/curl:8.16.0", "imagePullPolicy": "Always", "name": "tmp-shell", "resources": {}, "securityContext": copy.deepcopy(HARD)}],
        "nodeName": "worker-1",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 100, "seccompProfile": {"type": "RuntimeDefault"}},
        "serviceAccountName": "default",
    })
    return [shell], pods

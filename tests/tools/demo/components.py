"""What runs in kube-system: static pods of the control plane, and the add-ons."""
from . import apps
from .common import VERSION, digest, thing, uid

PKI = "/etc/kubernetes/pki"

# Command lines as kubeadm writes them, with what this cluster's owners added.
ARGV = {
    "kube-apiserver": [
        "kube-apiserver",
        "--admission-control-config-file=/etc/kubernetes/admission.yaml",
        "--advertise-address=10.20.0.10",
        "--allow-privileged=true",
        # Planted: a week is shorter than most investigations look back.
        "--audit-log-maxage=7",
        "--audit-log-maxbackup=10",
        "--audit-log-maxsize=100",
        "--audit-log-path=/var/log/kubernetes/audit/audit.log",
        "--audit-policy-file=/etc/kubernetes/audit-policy.yaml",
        "--authentication-config=/etc/kubernetes/authentication.yaml",
        "--authorization-mode=Node,RBAC",
        f"--client-ca-file={PKI}/ca.crt",
        "--enable-admission-plugins=NodeRestriction,AlwaysPullImages,DenyServiceExternalIPs,EventRateLimit",
        "--enable-bootstrap-token-auth=true",
        "--encryption-provider-config=/etc/kubernetes/encryption.yaml",
        f"--etcd-cafile={PKI}/etcd/ca.crt",
        f"--etcd-certfile={PKI}/apiserver-etcd-client.crt",
        f"--etcd-keyfile={PKI}/apiserver-etcd-client.key",
        "--etcd-servers=https://127.0.0.1:2379",
        f"--kubelet-certificate-authority={PKI}/ca.crt",
        f"--kubelet-client-certificate={PKI}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={PKI}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
        "--profiling=false",
        f"--proxy-client-cert-file={PKI}/front-proxy-client.crt",
        f"--proxy-client-key-file={PKI}/front-proxy-client.key",
        "--requestheader-allowed-names=front-proxy-client",
        f"--requestheader-client-ca-file={PKI}/front-proxy-ca.crt",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        "--secure-port=6443",
        "--service-account-extend-token-expiration=false",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={PKI}/sa.pub",
        f"--service-account-signing-key-file={PKI}/sa.key",
        "--service-cluster-ip-range=10.96.0.0/12",
        f"--tls-cert-file={PKI}/apiserver.crt",
        "--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        f"--tls-private-key-file={PKI}/apiserver.key",
    ],
    "kube-controller-manager": [
        "kube-controller-manager",
        "--allocate-node-cidrs=true",
        "--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
        "--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf",
        "--bind-address=127.0.0.1",
        f"--client-ca-file={PKI}/ca.crt",
        "--cluster-cidr=192.168.0.0/16",
        "--cluster-name=shop-prod",
        f"--cluster-signing-cert-file={PKI}/ca.crt",
        f"--cluster-signing-key-file={PKI}/ca.key",
        "--controllers=*,bootstrapsigner,tokencleaner",
        "--kubeconfig=/etc/kubernetes/controller-manager.conf",
        "--leader-elect=true",
        "--profiling=false",
        f"--requestheader-client-ca-file={PKI}/front-proxy-ca.crt",
        f"--root-ca-file={PKI}/ca.crt",
        f"--service-account-private-key-file={PKI}/sa.key",
        "--service-cluster-ip-range=10.96.0.0/12",
        "--terminated-pod-gc-threshold=1000",
        "--use-service-account-credentials=true",
    ],
    # Planted: profiling was forgotten here.
    "kube-scheduler": [
        "kube-scheduler",
        "--authentication-kubeconfig=/etc/kubernetes/scheduler.conf",
        "--authorization-kubeconfig=/etc/kubernetes/scheduler.conf",
        "--bind-address=127.0.0.1",
        "--kubeconfig=/etc/kubernetes/scheduler.conf",
        "--leader-elect=true",
    ],
    "etcd": [
        "etcd",
        "--advertise-client-urls=https://10.20.0.10:2379",
        f"--cert-file={PKI}/etcd/server.crt",
        "--client-cert-auth=true",
        "--data-dir=/var/lib/etcd",
        "--feature-gates=InitialCorruptCheck=true",
        "--initial-advertise-peer-urls=https://10.20.0.10:2380",
        "--initial-cluster=cp-0=https://10.20.0.10:2380",
        f"--key-file={PKI}/etcd/server.key",
        "--listen-client-urls=https://127.0.0.1:2379,https://10.20.0.10:2379",
        "--listen-metrics-urls=http://127.0.0.1:2381",
        "--listen-peer-urls=https://10.20.0.10:2380",
        "--name=cp-0",
        f"--peer-cert-file={PKI}/etcd/peer.crt",
        "--peer-client-cert-auth=true",
        f"--peer-key-file={PKI}/etcd/peer.key",
        f"--peer-trusted-ca-file={PKI}/etcd/ca.crt",
        "--snapshot-count=10000",
        f"--trusted-ca-file={PKI}/etcd/ca.crt",
        "--watch-progress-notify-interval=5s",
    ],
}
IMAGES = {name: f"registry.k8s.io/{name}:{VERSION}" for name in ARGV} | {"etcd": "registry.k8s.io/etcd:3.6.5-0"}
PATHS = {
    "kube-apiserver": ["/etc/kubernetes/admission.yaml", "/etc/kubernetes/audit-policy.yaml", "/etc/kubernetes/authentication.yaml", "/etc/kubernetes/encryption.yaml", PKI, "/etc/ssl/certs", "/var/log/kubernetes/audit"],
    "kube-controller-manager": ["/etc/kubernetes/controller-manager.conf", PKI, "/etc/ssl/certs"],
    "kube-scheduler": ["/etc/kubernetes/scheduler.conf"],
    "etcd": [f"{PKI}/etcd", "/var/lib/etcd"],
}


def objects():
    """Workloads, pods and service accounts of kube-system."""
    workloads, accounts = [], []
    pods = [mirror(name) for name in ARGV]
    for name, kind, o in ADDONS:
        made = apps.make(name, "kube-system", kind, **o)
        workloads += made.workloads
        pods += made.pods
        accounts += made.accounts
    return workloads, pods, accounts


def mirror(name):
    mounts, volumes = [], []
    for path in PATHS[name]:
        volume = path.strip("/").replace("/", "-").replace(".", "-").removeprefix("etc-kubernetes-")
        kind = "File" if path.endswith((".yaml", ".conf")) else "DirectoryOrCreate"
        writable = path.startswith("/var/")
        mounts.append({"mountPath": path, "name": volume} if writable else {"mountPath": path, "name": volume, "readOnly": True})
        volumes.append({"hostPath": {"path": path, "type": kind}, "name": volume})
    sum_of = digest("manifest", name)[:32]
    labels = {"component": name, "tier": "control-plane"}
    annotations = {"kubernetes.io/config.hash": sum_of, "kubernetes.io/config.mirror": sum_of, "kubernetes.io/config.source": "file"}
    pod = thing("v1", "Pod", f"{name}-cp-0", "kube-system", labels, annotations, status={"phase": "Running"}, spec={
        "containers": [{
            "command": ARGV[name],
            "image": IMAGES[name],
            "imagePullPolicy": "IfNotPresent",
            "name": name,
            "resources": {"requests": {"cpu": "100m"}},
            "volumeMounts": mounts,
        }],
        "hostNetwork": True,
        "nodeName": "cp-0",
        "priorityClassName": "system-node-critical",
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": volumes,
    })
    pod["metadata"]["uid"] = uid("Pod", "kube-system", name)
    pod["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "controller": True, "kind": "Node", "name": "cp-0", "uid": uid("Node", "", "cp-0")}]
    return pod


# The add-ons set little of a security context, as their authors ship them.
BARE = {"pod_context": {}, "part_of": "kubernetes"}
ADDONS = [
    ("kube-proxy", "DaemonSet", {
        **BARE, "image": f"registry.k8s.io/kube-proxy:{VERSION}", "command": ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=$(NODE_NAME)"],
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "api": True, "host": {"hostNetwork": True}, "context": {"privileged": True}, "paths": {"lib-modules": "/lib/modules"},
    }),
    ("calico-node", "DaemonSet", {
        **BARE, "image": "quay.io/calico/node:v3.30.3", "api": True, "host": {"hostNetwork": True}, "context": {"privileged": True},
        "paths": {"lib-modules": "/lib/modules", "var-run-calico": "/var/run/calico", "cni-net-dir": "/etc/cni/net.d"}, "writable_paths": True,
    }),
    ("calico-kube-controllers", "Deployment", {**BARE, "image": "quay.io/calico/kube-controllers:v3.30.3", "api": True, "context": {"runAsNonRoot": True}}),
    ("coredns", "Deployment", {
        **BARE, "image": "registry.k8s.io/coredns/coredns:v1.12.1", "port": 53, "api": True, "replicas": 2, "node": "cp-0", "args": ["-conf", "/etc/coredns/Corefile"],
        "context": {"allowPrivilegeEscalation": False, "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}, "readOnlyRootFilesystem": True},
    }),
    ("metrics-server", "Deployment", {
        **BARE, "image": "registry.k8s.io/metrics-server/metrics-server:v0.8.0", "port": 10250, "api": True,
        "context": {**apps.HARD, "runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
    }),
    # Planted: a home-made agent that may do anything on every node, where nobody looks for it.
    ("node-tuner", "DaemonSet", {
        "image": f"{apps.OUR}/platform/node-tuner:0.4.1", "part_of": "platform", "pod_context": {}, "resources": {},
        "host": {"hostPID": True}, "context": {"privileged": True}, "paths": {"host": "/"}, "writable_paths": True,
    }),
]

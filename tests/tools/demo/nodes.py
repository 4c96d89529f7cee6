"""Nodes as the API server knows them, and the documents that `spm collect node` wrote on two of them."""
from .common import NODES, VERSION, digest, thing, uid
from .components import ARGV, IMAGES, PKI

ADDRESS = {"cp-0": "10.20.0.10", "worker-1": "10.20.0.21", "windows-1": "10.20.0.31"}
KUBELET = [
    "/usr/bin/kubelet",
    "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf",
    "--kubeconfig=/etc/kubernetes/kubelet.conf",
    "--config=/var/lib/kubelet/config.yaml",
    "--pod-infra-container-image=registry.k8s.io/pause:3.10.1",
]
PROXY = ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf"]
PROXY_CONFIG = {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "bindAddress": "0.0.0.0",
    "clientConnection": {"kubeconfig": "/var/lib/kube-proxy/kubeconfig.conf"},
    "clusterCIDR": "192.168.0.0/16",
    "healthzBindAddress": "",
    "kind": "KubeProxyConfiguration",
    "metricsBindAddress": "",
    "mode": "nftables",
}


def objects():
    return [node(name) for name in NODES]


def node(name):
    windows = name == "windows-1"
    system = "windows" if windows else "linux"
    labels = {"beta.kubernetes.io/arch": "amd64", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": system}
    spec = {"podCIDR": f"192.168.{NODES.index(name)}.0/24"}
    if name == "cp-0":
        labels["node-role.kubernetes.io/control-plane"] = ""
        spec["taints"] = [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"}]
    if windows:
        labels["node.kubernetes.io/windows-build"] = "10.0.20348"
        spec["taints"] = [{"effect": "NoSchedule", "key": "os", "value": "windows"}]
    info = {
        "architecture": "amd64",
        "bootID": uid("boot", name),
        "containerRuntimeVersion": "containerd://2.1.4",
        "kernelVersion": "10.0.20348.4294" if windows else "6.8.0-85-generic",
        "kubeProxyVersion": "",
        "kubeletVersion": VERSION,
        "machineID": digest("machine", name)[:32],
        "operatingSystem": system,
        "osImage": "Windows Server 2022 Standard" if windows else "Ubuntu 24.04.3 LTS",
        "systemUUID": uid("system", name),
    }
    found = thing("v1", "Node", name, None, labels, spec=spec, status={
        "addresses": [{"address": ADDRESS[name], "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
        "nodeInfo": info,
    })
    found["metadata"]["uid"] = uid("Node", "", name)
    return found


# Files: path, mode, size; owner root unless said otherwise.
def entry(path, mode="0600", size=0, kind="file", real=None):
    found = {"path": path}
    if real:
        found["realPath"] = real
    found |= {"type": kind, "mode": mode, "uid": 0, "gid": 0, "owner": "root", "group": "root", "size": size or 1000 + int(digest(path)[:3], 16)}
    return found


def role(*entries, missing=()):
    found = {"missing": list(missing)} if missing else {}
    return found | {"entries": sorted(entries, key=lambda e: e["path"])}


CERTS = ["apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "ca", "etcd/ca", "etcd/healthcheck-client", "etcd/peer", "etcd/server", "front-proxy-ca", "front-proxy-client"]
MANIFESTS = {"apiserver-manifest": "kube-apiserver", "controller-manager-manifest": "kube-controller-manager", "scheduler-manifest": "kube-scheduler", "etcd-manifest": "etcd"}
CNI = "/etc/cni/net.d"
KUBELET_PKI = "/var/lib/kubelet/pki"


def files(node):
    control = node == "cp-0"
    drop_in = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
    certs = [entry(f"{PKI}/{name}.crt", "0644") for name in CERTS] if control else [entry(f"{PKI}/ca.crt", "0644")]
    keys = [entry(f"{PKI}/{name}.key") for name in CERTS + ["sa"]] if control else []
    folders = [entry(PKI, "0755", 4096, "directory")]
    if control:
        folders += [entry(f"{PKI}/etcd", "0755", 4096, "directory"), entry(f"{PKI}/sa.pub", "0644")]
    manifest = {name: f"/etc/kubernetes/manifests/{component}.yaml" for name, component in MANIFESTS.items()}
    conf = lambda name, mode="0600": entry(f"/etc/kubernetes/{name}.conf", mode)
    only = lambda *entries, path: role(*entries) if control else role(missing=[path])
    found = {name: only(entry(path), path=path) for name, path in manifest.items()}
    found |= {
        "static-pod-manifests": role(*[entry(path) for path in manifest.values()]) if control else role(),
        "cni-config": role(entry(f"{CNI}/10-calico.conflist"), entry(f"{CNI}/calico-kubeconfig")),
        # As kubeadm leaves it: etcd runs in a container as root.
        "etcd-data-dir": only(entry("/var/lib/etcd", "0700", 4096, "directory"), path="/var/lib/etcd"),
        "etcd-data": only(*[entry(f"/var/lib/etcd{path}", "0700", 4096, "directory") for path in ("", "/member", "/member/snap", "/member/wal")], entry("/var/lib/etcd/member/snap/db", size=86446080), path="/var/lib/etcd"),
        # Planted: opened for a backup script.
        "admin-kubeconfig": only(conf("admin", "0644"), conf("super-admin"), path="/etc/kubernetes/admin.conf"),
        "scheduler-kubeconfig": only(conf("scheduler"), path="/etc/kubernetes/scheduler.conf"),
        "controller-manager-kubeconfig": only(conf("controller-manager"), path="/etc/kubernetes/controller-manager.conf"),
        "pki": role(*certs, *keys, *folders),
        "pki-certificates": role(*certs),
        "pki-keys": role(*keys),
        "encryption-config": only(entry("/etc/kubernetes/encryption.yaml"), path="/etc/kubernetes/encryption.yaml"),
        "audit-policy": only(entry("/etc/kubernetes/audit-policy.yaml"), path="/etc/kubernetes/audit-policy.yaml"),
        "audit-log": only(entry("/var/log/kubernetes/audit/audit.log", size=73400320), path="/var/log/kubernetes/audit/audit.log"),
        "kubelet-service": role(entry(drop_in), missing=["/etc/systemd/system/kubelet.service.d/*.conf"]),
        "kubelet-kubeconfig": role(conf("kubelet")),
        # Planted: as kubeadm wrote it when worker-1 joined.
        "kubelet-config": role(entry("/var/lib/kubelet/config.yaml", "0600" if control else "0644")),
        "kubelet-config-dropins": role(missing=["/etc/kubernetes/kubelet/config.json.d"]),
        "kubelet-client-ca": role(entry(f"{PKI}/ca.crt", "0644")),
        "kubelet-pki": role(
            entry(f"{KUBELET_PKI}/kubelet-client-current.pem", real=f"{KUBELET_PKI}/kubelet-client-2026-10-04-06-11-52.pem"),
            entry(f"{KUBELET_PKI}/kubelet-server-current.pem", real=f"{KUBELET_PKI}/kubelet-server-2026-10-04-06-12-07.pem"),
        ),
        "kube-proxy-kubeconfig": role(missing=["/etc/kubernetes/proxy.conf", "/var/lib/kube-proxy/kubeconfig"]),
        "azure-json": role(missing=["/etc/kubernetes/azure.json"]),
        "kubectl": role(entry("/usr/bin/kubectl", "0755", 60555456)),
    }
    return dict(sorted(found.items()))


def kubelet_config(node):
    found = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"cacheTTL": "0s", "enabled": True},
            "x509": {"clientCAFile": f"{PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook", "webhook": {"cacheAuthorizedTTL": "0s", "cacheUnauthorizedTTL": "0s"}},
        "cgroupDriver": "systemd",
        "clusterDNS": ["10.96.0.10"],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "podPidsLimit": 4096,
        "resolvConf": "/run/systemd/resolve/resolv.conf",
        "rotateCertificates": True,
        "seccompDefault": True,
        "serverTLSBootstrap": True,
        "staticPodPath": "/etc/kubernetes/manifests",
        "tlsCipherSuites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
    }
    if node == "worker-1":
        # Planted: for an old monitoring agent.
        found["readOnlyPort"] = 10255
    return found


def documents(node):
    found = [("/var/lib/kubelet/config.yaml", "kubelet", kubelet_config(node)), ("/var/lib/kube-proxy/config.conf", "kube-proxy", PROXY_CONFIG)]
    if node == "cp-0":
        found += [
            ("/etc/kubernetes/admission.yaml", "kube-apiserver", ADMISSION),
            ("/etc/kubernetes/audit-policy.yaml", "kube-apiserver", AUDIT_POLICY),
            ("/etc/kubernetes/authentication.yaml", "kube-apiserver", AUTHENTICATION),
            ("/etc/kubernetes/encryption.yaml", "kube-apiserver", ENCRYPTION),
        ]
        for component, argv in ARGV.items():
            pod = {"kind": "Pod", "metadata": {"name": component, "namespace": "kube-system"}, "spec": {"containers": [{"name": component, "image": IMAGES[component], "command": argv}]}}
            found.append((f"/etc/kubernetes/manifests/{component}.yaml", None, pod))
    made = []
    for path, component, content in sorted(found, key=lambda d: d[0]):
        document = {"path": path}
        if component:
            document["component"] = component
        made.append(document | {"kind": content["kind"], "content": content})
    return made


# Planted: commands in containers and port forwarding leave no trace.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "resources": [{"group": "", "resources": ["pods/exec", "pods/portforward"]}]},
        {"level": "None", "users": ["system:kube-proxy"], "verbs": ["watch"], "resources": [{"group": "", "resources": ["endpoints", "services"]}]},
        {"level": "Metadata"},
    ],
}
ADMISSION = {"kind": "AdmissionConfiguration", "plugins": [{"name": "EventRateLimit", "path": "/etc/kubernetes/event-rate-limit.yaml"}]}
AUTHENTICATION = {
    "kind": "AuthenticationConfiguration",
    "anonymous": {"enabled": True, "conditions": [{"path": "/livez"}, {"path": "/readyz"}, {"path": "/healthz"}]},
}
# Planted: the first provider writes, so Secrets lie in etcd as they are.
ENCRYPTION = {
    "kind": "EncryptionConfiguration",
    "apiVersion": "apiserver.config.k8s.io/v1",
    "resources": [{"resources": ["secrets"], "providers": [{"identity": {}}, {"secretbox": {"keys": [{"name": "2026-03"}]}}]}],
}


def processes(node):
    pod = lambda name: f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{digest('cgroup', node, name)[:32]}.slice"
    found = []

    def add(pid, component, exe, argv, cgroup, inside):
        found.append({
            "component": component, "pid": pid, "ppid": pid - 40 if inside else 1, "exe": exe, "cwd": "/", "argv": argv, "env": {},
            "uid": 0, "cgroup": cgroup, "foreign": False, "containerised": inside,
        })

    add(1187, "kubelet", KUBELET[0], KUBELET, "/system.slice/kubelet.service", False)
    for number, (component, argv) in enumerate(ARGV.items() if node == "cp-0" else ()):
        add(1650 + 50 * number, component, f"/usr/local/bin/{component}", argv, pod(component), True)
    add(2210, "kube-proxy", PROXY[0], PROXY + [f"--hostname-override={node}"], pod("kube-proxy"), True)
    return found


def certs(node):
    found = []
    for name in CERTS if node == "cp-0" else ["ca"]:
        ca = name.endswith("ca")
        issuer = "etcd-ca" if "etcd" in name else "front-proxy-ca" if name.startswith("front") else "kubernetes"
        subject = issuer if ca else name.replace("/", "-")
        found.append({
            "path": f"{PKI}/{name}.crt", "subject": f"CN={subject}", "issuer": f"CN={issuer}", "notAfter": "2036-01-10T08:22:41Z" if ca else "2027-01-12T08:22:43Z",
            "key": "RSA 2048", "ca": ca, "publicKeySha256": digest("public key", name),
        })
    return found


def units():
    drop_ins = ["/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"]
    return [
        {"name": "kubelet", "installed": True, "enabled": True, "active": True, "path": "/usr/lib/systemd/system/kubelet.service", "dropIns": drop_ins, "argv": KUBELET},
        {"name": "sshd", "installed": True, "enabled": False, "active": False, "path": "/usr/lib/systemd/system/ssh.service"},
    ]


def facts(node):
    control = node == "cp-0"
    ports = [(10248, "127.0.0.1"), (10249, "127.0.0.1"), (10250, "0.0.0.0")]
    ports += [(2379, "10.20.0.10"), (6443, "0.0.0.0"), (10257, "127.0.0.1"), (10259, "127.0.0.1")] if control else [(10255, "0.0.0.0")]
    confs = ["admin", "super-admin", "scheduler", "controller-manager", "kubelet"] if control else ["kubelet"]
    return {
        "apiVersion": "spm.node/v1",
        "kind": "NodeFacts",
        "metadata": {"name": node},
        "identity": {
            "hostname": node, "machineID": digest("machine", node)[:32], "systemUUID": uid("system", node), "bootID": uid("boot", node),
            "collectedAt": "2026-11-20T06:00:02Z", "collectorVersion": "0.1.0", "root": "/", "state": "collected",
        },
        "os": {"id": "ubuntu", "versionID": "24.04", "prettyName": "Ubuntu 24.04.3 LTS", "kernel": "6.8.0-85-generic", "distribution": "kubeadm", "cgroup": "v2"},
        "processes": processes(node),
        "files": files(node),
        "documents": documents(node),
        "certs": certs(node),
        "kubeconfigs": [{
            "path": f"/etc/kubernetes/{name}.conf", "servers": ["https://10.20.0.10:6443"], "users": ["certificate"], "embeddedKey": name != "kubelet",
        } for name in sorted(confs)],
        "units": units(),
        "listeners": [{"port": port, "address": address} for port, address in sorted(ports)],
        "sysctl": {"kernel.panic": "10", "kernel.panic_on_oops": "1", "vm.overcommit_memory": "1"},
        "lsm": {"apparmor": True},
        "errors": [],
    }

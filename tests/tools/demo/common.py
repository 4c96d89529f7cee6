"""Names, identities and times that look made by a cluster and never change."""
import hashlib

VERSION = "v1.34.2"
NODES = ["cp-0", "worker-1", "windows-1"]
# The others leave it out, to be short.
DATED = ["ClusterRoleBinding", "Namespace", "Node", "Pod", "RoleBinding"]
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def digest(*parts):
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def uid(*parts):
    h = digest("uid", *parts)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def suffix(length, *parts):
    return "".join(LETTERS[int(c, 16)] for c in digest("suffix", *parts)[:length])


def created(*parts):
    h = int(digest("created", *parts)[:8], 16)
    return f"2026-{1 + h % 8:02d}-{1 + h // 8 % 28:02d}T{8 + h // 256 % 10:02d}:{h // 4096 % 60:02d}:{h // 65536 % 60:02d}Z"


def metadata(kind, name, namespace=None, labels=None, annotations=None):
    meta = {"name": name}
    if kind in DATED:
        meta["creationTimestamp"] = created(kind, namespace or "", name)
    if namespace:
        meta["namespace"] = namespace
    if labels:
        meta["labels"] = labels
    if annotations:
        meta["annotations"] = annotations
    return meta


def thing(api_version, kind, name, namespace=None, labels=None, annotations=None, **fields):
    meta = metadata(kind, name, namespace, labels, annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **fields}


def owner(api_version, kind, name, namespace):
    return {
        "apiVersion": api_version,
        "controller": True,
        "kind": kind,
        "name": name,
        "uid": uid(kind, namespace, name),
    }

#!/usr/bin/env python3
"""Writes fixtures/demo-cluster: what `kubectl get -o yaml` and the node collector would have said of an online shop.

  make_demo.py [DIRECTORY]      default: fixtures/demo-cluster of this repository

The cluster is fictitious: kubeadm, Kubernetes 1.34.2, cp-0 and worker-1 on Linux with node facts, windows-1 without. Most of it
is in order; what is not was planted, see README.md there. Equal runs give equal bytes. Standard library only.
"""
import json
import os
import sys

from demo import apps, components, nodes, policies, rbac
from demo.yaml import dump_list

HEAD = "# Fictitious; written by tests/tools/make_demo.py, which is the place for changes.\n"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    target = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../fixtures/demo-cluster")
    os.makedirs(os.path.join(target, "nodes"), exist_ok=True)
    workloads, pods, accounts = components.objects()
    for name, namespace, kind, options in apps.APPS:
        made = apps.make(name, namespace, kind, **options)
        workloads += made.workloads
        pods += made.pods
        accounts += made.accounts
    loose, left_behind = apps.left_behind(pods)
    files = {
        "namespaces.yaml": policies.namespaces(),
        "nodes.yaml": nodes.objects(),
        "workloads.yaml": workloads,
        "pods.yaml": left_behind + loose,
        "rbac.yaml": rbac.objects() + accounts,
        "network.yaml": policies.network(),
        "cluster.yaml": policies.cluster(),
    }
    for name, items in files.items():
        items.sort(key=lambda o: (o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]))
        write(target, name, HEAD + dump_list(items))
    for node in ("cp-0", "worker-1"):
        write(target, f"nodes/{node}.json", json.dumps(nodes.facts(node), indent=1) + "\n")


def write(target, name, text):
    with open(os.path.join(target, name), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


if __name__ == "__main__":
    main()

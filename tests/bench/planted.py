#!/usr/bin/env python3
"""Compares the failed resources of a CSV report (stdin) with the faults that gen_k8s.py or gen_aws.py planted.

    planted.py TRUTH.json
"""
import collections
import csv
import json
import sys

# Check, what was planted, the counts that add up to its failed resources. Only checks that look for exactly that.
ROWS = [
    ("kubernetes-workload-no-host-pid", "host_pid", ["controllers"]),
    ("kubernetes-workload-no-host-network", "host_network", ["controllers"]),
    ("kubernetes-workload-no-host-path", "host_path_any", ["controllers"]),
    ("kubernetes-container-not-root", "may_run_as_root", ["controllers"]),
    ("kubernetes-container-no-secret-env", "secret_in_env", ["controllers"]),
    ("kubernetes-namespace-network-policies", "namespace_without_networkpolicy", ["namespaces"]),
    ("kubernetes-rbac-no-wildcards", "rbac_wildcard_role", ["cluster_roles", "roles"]),
    ("kubernetes-rbac-cluster-admin", "rbac_cluster_admin_binding", ["cluster_role_bindings", "role_bindings"]),
    ("kubernetes-apiserver-anonymous-auth-off", "cis_1_2_1_anonymous_auth", ["static_pods"]),
    ("kubernetes-apiserver-audit-log-path", "cis_1_2_audit_log_path_missing", ["static_pods"]),
]

csv.field_size_limit(1 << 30)
failed = collections.defaultdict(set)
for row in csv.DictReader(sys.stdin):
    if row["state"] == "failed":
        failed[row["check_id"]].add((row["resource_kind"], row["scope"], row["resource_name"]))
with open(sys.argv[1]) as file:
    truth = json.load(file)
if "failed" in truth:
    expected = truth["failed"].items()
else:
    expected = [(check, sum(truth["expected"][fault][count] for count in counts)) for check, fault, counts in ROWS]
wrong = 0
for check, planted in expected:
    found = len(failed[check])
    wrong += planted != found
    print(f"  {'ok' if planted == found else 'WRONG':5} {check}: {found} found, {planted} planted")
sys.exit(wrong > 0)

//! What judging and reading cost, in small: `cargo bench`. Whole scans are measured by `tests/bench/run`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use serde::de::DeserializeSeed;
use serde_json::{Value as Json, json};
use spm::collect::files::{FileInput, read};
use spm::evaluate::alone;
use spm::expr::{Projection, Sharing, Value, Wanted};
use spm::model::Technology;
use spm::rules::{Instance, Library, Pack, Plan, Wish};

struct Rules {
    wanted: Wanted,
    // Checks of containers that need no other resources.
    containers: Vec<Instance>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let library = Library::new(Pack::embedded()).expect("the embedded rules are sound");
    let plan = Plan::candidates(&library, Technology::Kubernetes, &[Wish::new("cis@1.12.0")]).expect("it is embedded");
    let wanted = plan.wanted();
    let fits = |instance: &Instance| instance.check.source.name() == "container" && instance.compiled.joins.is_empty();
    Rules { wanted, containers: plan.instances.into_iter().filter(fits).collect() }
});

fn main() {
    divan::main();
}

fn container() -> Json {
    json!({
        "name": "api", "type": "container", "image": "registry.example/api:1.2.3",
        "securityContext": {
            "privileged": false, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" },
        },
        "ports": [{ "containerPort": 8080, "protocol": "TCP" }],
        "env": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "TOKEN", "valueFrom": { "fieldRef": { "fieldPath": "x" } } }],
        "resources": { "limits": { "cpu": "500m", "memory": "256Mi" }, "requests": { "cpu": "100m", "memory": "128Mi" } },
    })
}

fn judge(instances: &[&Instance], container: &Value) {
    let environment = alone(jiff::Timestamp::UNIX_EPOCH);
    for instance in instances {
        black_box(instance.compiled.assert.truth(black_box(container), environment));
    }
}

#[divan::bench]
fn privileged_check_per_container(bencher: Bencher) {
    let id = "kubernetes-container-not-privileged";
    let check: Vec<&Instance> =
        RULES.containers.iter().filter(|instance| instance.check.info.id == id).take(1).collect();
    assert_eq!(check.len(), 1);
    let container = Value::from(container());
    bencher.bench(|| judge(&check, &container));
}

#[divan::bench]
fn fifteen_checks_per_container(bencher: Bencher) {
    let checks: Vec<&Instance> = RULES.containers.iter().cycle().take(15).collect();
    assert_eq!(checks.len(), 15);
    let container = Value::from(container());
    bencher.bench(|| judge(&checks, &container));
}

/// A pod as an API server hands it out, with the fields that only the server reads.
fn pod() -> String {
    let mut owned = json!({});
    for at in 0..180 {
        owned[format!("f:field-{at}")] =
            json!({ ".": {}, "f:name": {}, "f:value": {}, "f:terminationMessagePolicy": {} });
    }
    let status: Vec<Json> = (0..12)
        .map(|at| json!({ "type": format!("Condition{at}"), "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z" }))
        .collect();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "api-7d9c5b8f6d-abcde", "namespace": "shop", "labels": { "app": "api" },
            "managedFields": [{ "manager": "kubelet", "operation": "Update", "fieldsV1": owned }],
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-7d9c5b8f6d", "controller": true }],
        },
        "spec": { "containers": [container(), container()], "serviceAccountName": "api", "nodeName": "node-1" },
        "status": { "phase": "Running", "conditions": status },
    });
    pod.to_string()
}

fn decode(text: &str, projection: &Projection, sharing: &Sharing) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    projection.sharing_seed(sharing).deserialize(&mut deserializer).expect("it is JSON")
}

#[divan::bench]
fn projected_pod_json(bencher: Bencher) {
    let (text, sharing) = (pod(), Sharing::new());
    let wanted = RULES.wanted.of("Pod").expect("the rules read pods");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| decode(black_box(&text), wanted, &sharing));
}

#[divan::bench]
fn whole_pod_json(bencher: Bencher) {
    let (text, sharing) = (pod(), Sharing::new());
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| decode(black_box(&text), Projection::everything(), &sharing));
}

/// A file of a thousand, since one alone would measure how files are opened.
#[divan::bench(sample_count = 20)]
fn thousand_deployments_yaml(bencher: Bencher) {
    let mut text = String::new();
    for at in 0..1000 {
        write!(
            text,
            "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-{at}
  namespace: shop
  labels: {{app: api}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app: api}}
  template:
    metadata:
      labels: {{app: api}}
    spec:
      serviceAccountName: api
      securityContext:
        runAsNonRoot: true
      containers:
        - name: api
          image: registry.example/api:1.2.3
          args: [\"--listen\", \":8080\"]
          env:
            - name: LOG_LEVEL
              value: info
          resources:
            limits: {{cpu: 500m, memory: 256Mi}}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
"
        )
        .expect("text takes text");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("deployments.yaml");
    std::fs::write(&file, &text).expect("a file");
    let input = FileInput { paths: vec![file], ..FileInput::default() };
    let now = jiff::Timestamp::UNIX_EPOCH;
    bencher.counter(ItemsCount::new(1000usize)).bench(|| {
        let inventory = read(black_box(&input), &RULES.wanted, now, None, &()).expect("they are read");
        assert_eq!(inventory.of("Deployment").len(), 1000);
        inventory
    });
}

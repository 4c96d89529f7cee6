//! A large cluster: the views stay small.

use serde::de::DeserializeSeed;

use super::*;
use crate::expr::projection::{Projection, Sharing};

// A cluster with `owners` Deployments of three pods each, decoded as a collector does.
fn large(owners: usize) -> World {
    let mut projection = Projection::default();
    for path in [
        "kind",
        "metadata.name",
        "metadata.namespace",
        "metadata.ownerReferences",
        "metadata.uid",
        "spec.replicas",
        "spec.template.spec",
        "spec.containers",
        "spec.securityContext",
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.volumes",
    ] {
        projection.add(&path.parse().unwrap());
    }
    let sharing = Sharing::new();
    let mut world = World::live(&[]);
    let mut add = |json: &Json| {
        let text = json.to_string();
        let mut json = serde_json::Deserializer::from_str(&text);
        world.add(projection.sharing_seed(&sharing).deserialize(&mut json).unwrap().unwrap());
    };
    let podspec = |owner: usize, pod: Option<usize>| {
        let context = json!({"privileged": false, "runAsUser": owner % 40});
        let mounts = |pod: usize| json!([{"name": format!("kube-api-access-{owner}{pod}"), "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
        let mut containers = json!([
            {"name": "app", "image": format!("registry.example/app:{}", owner % 500), "securityContext": context},
            {"name": "log", "image": "registry.example/log:1"},
        ]);
        let mut spec = json!({"hostNetwork": false, "securityContext": {"runAsNonRoot": true}});
        if let Some(pod) = pod {
            containers[0]["volumeMounts"] = mounts(pod);
            spec["nodeName"] = json!(format!("node-{}", pod * 7 % 100));
            spec["volumes"] =
                json!([{"name": format!("kube-api-access-{owner}{pod}"), "projected": {"defaultMode": 420}}]);
        }
        spec["containers"] = containers;
        spec
    };
    for namespace in 0..300 {
        add(&object("ServiceAccount", &format!("team-{namespace}"), "default", json!({})));
    }
    for owner in 0..owners {
        let (namespace, name) = (format!("team-{}", owner % 300), format!("web-{owner}"));
        add(&object("Deployment", &namespace, &name, json!({"spec": {"template": {"spec": podspec(owner, None)}}})));
        let set = format!("{name}-5d4f");
        let metadata = owned("Deployment", "apps/v1", &name);
        let spec = json!({"template": {"spec": podspec(owner, None)}});
        add(&object("ReplicaSet", &namespace, &set, json!({"metadata": metadata, "spec": spec})));
        for pod in 0..3 {
            let metadata = owned("ReplicaSet", "apps/v1", &set);
            let spec = podspec(owner, Some(pod));
            add(&object("Pod", &namespace, &format!("{set}-{pod}"), json!({"metadata": metadata, "spec": spec})));
        }
    }
    world.0.finish();
    world
}

#[test]
fn pods_of_an_owner_cost_one_comparison_and_no_subject() {
    let world = large(300);
    assert_eq!(world.view("workload").subjects.len(), 300);
    assert_eq!(world.view("container").subjects.len(), 600);
    let origins: std::collections::HashSet<_> =
        world.view("container").subjects.iter().map(|subject| Arc::as_ptr(subject.origin.as_ref().unwrap())).collect();
    assert!(origins.len() <= 4, "{} origins", origins.len());
    let live = super::super::ownership::workloads(&world.0).iter().map(|workload| workload.live.len()).sum::<usize>();
    assert_eq!(live, 300);
}

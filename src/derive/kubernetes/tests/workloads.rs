//! Workloads: who owns which pods, where they run, what they run.

use super::*;

#[test]
fn a_deployment_with_its_replica_set_and_pods_is_one_workload() {
    let world = World::live(&[
        deployment("web", simple()),
        replica_set("web-1", owned("Deployment", "apps/v1", "web"), simple()),
        replica_set("web-0", owned("Deployment", "apps/v1", "web"), json!({"containers": [{"name": "old"}]})),
        pod("web-1-a", owned("ReplicaSet", "apps/v1", "web-1"), simple()),
        pod("web-1-b", owned("ReplicaSet", "apps/v1", "web-1"), simple()),
    ]);
    assert_eq!(names(&world.view("workload")), ["Deployment shop/web"]);
    assert_eq!(names(&world.view("container")), ["Deployment shop/web app"]);
}

#[test]
fn bare_objects_are_workloads_of_their_own() {
    let world = World::live(&[
        replica_set("bare", json!({}), simple()),
        pod("single", json!({}), simple()),
        object("Job", "shop", "once", json!({"spec": {"template": {"spec": simple()}}})),
        object("Service", "shop", "web", json!({"spec": {"template": {"spec": {"hostNetwork": true}}}})),
    ]);
    assert_eq!(names(&world.view("workload")), ["ReplicaSet shop/bare", "Job shop/once", "Pod shop/single"]);
}

#[test]
fn cron_jobs_own_their_jobs_and_pods() {
    let cron = json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": simple()}}}}});
    let world = World::live(&[
        object("CronJob", "shop", "nightly", cron),
        object(
            "Job",
            "shop",
            "nightly-1",
            json!({"metadata": owned("CronJob", "batch/v1", "nightly"), "spec": {"template": {"spec": simple()}}}),
        ),
        pod("nightly-1-x", owned("Job", "batch/v1", "nightly-1"), simple()),
    ]);
    let containers = world.view("container");
    assert_eq!(names(&containers), ["CronJob shop/nightly app"]);
    assert_eq!(
        stands(&containers.subjects[0], "securityContext.privileged"),
        "spec.jobTemplate.spec.template.spec.containers[0].securityContext.privileged"
    );
}

#[test]
fn what_an_unknown_controller_owns_is_reported_once_at_the_controller() {
    let rollout = || owned("Rollout", "argoproj.io/v1alpha1", "checkout");
    let mut old = replica_set("checkout-0", rollout(), json!({"containers": [{"name": "old"}]}));
    old["spec"]["replicas"] = json!(0);
    let world = World::live(&[
        old,
        replica_set("checkout-1", rollout(), simple()),
        replica_set("checkout-2", rollout(), simple()),
        pod("checkout-1-a", owned("ReplicaSet", "apps/v1", "checkout-1"), simple()),
        pod("kafka-0", owned("StrimziPodSet", "core.strimzi.io/v1beta2", "kafka"), simple()),
        pod("kafka-1", owned("StrimziPodSet", "core.strimzi.io/v1beta2", "kafka"), simple()),
    ]);
    let workloads = world.view("workload");
    assert_eq!(names(&workloads), ["Rollout shop/checkout", "StrimziPodSet shop/kafka"]);
    assert_eq!(
        stands(&workloads.subjects[0], "containers[*].name"),
        "spec.template.spec.containers[0].name (ReplicaSet checkout-1)"
    );
    assert_eq!(stands(&workloads.subjects[1], "containers[*].name"), "spec.containers[0].name (live pod kafka-0)");
}

fn rollout(name: &str, spec: Json) -> Json {
    object("Rollout", "shop", name, json!({"spec": spec}))
}

#[test]
fn the_pods_of_a_rollout_are_reported_at_it() {
    let owner = owned("Rollout", "argoproj.io/v1alpha1", "checkout");
    let world = World::live(&[
        rollout("checkout", json!({"replicas": 3, "template": {"spec": simple()}})),
        replica_set("checkout-1", owner, simple()),
        pod("checkout-1-a", owned("ReplicaSet", "apps/v1", "checkout-1"), simple()),
    ]);
    assert_eq!(names(&world.view("container")), ["Rollout shop/checkout app"]);
    assert_eq!(world.read("workload", "workload.replicas"), ["Rollout shop/checkout: 3"]);
    assert_eq!(
        stands(&world.view("container").subjects[0], "securityContext.privileged"),
        "spec.template.spec.containers[0].securityContext.privileged"
    );
}

#[test]
fn a_rollout_that_refers_to_a_deployment_is_that_deployment() {
    let refer = |name: &str| json!({"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}});
    let live = json!({"containers": [{"name": "app", "securityContext": {"privileged": true}}]});
    let world = World::live(&[
        rollout("web", refer("web-template")),
        rollout("lost", refer("gone")),
        deployment("web-template", simple()),
        replica_set("web-1", owned("Rollout", "argoproj.io/v1alpha1", "web"), simple()),
        pod("web-1-a", owned("ReplicaSet", "apps/v1", "web-1"), live),
        replica_set("lost-1", owned("Rollout", "argoproj.io/v1alpha1", "lost"), simple()),
    ]);
    assert_eq!(
        world.read("container", "securityContext.privileged"),
        [
            "Deployment shop/web-template app: false",
            "Deployment shop/web-template app: true",
            "Rollout shop/lost app: false"
        ]
    );
}

#[test]
fn all_that_a_knative_service_makes_is_reported_at_it() {
    const GROUP: &str = "serving.knative.dev/v1";
    let knative = |kind: &str, name: &str, metadata: Json, spec: Json| {
        object(&format!("{kind}.serving.knative.dev"), "shop", name, json!({"metadata": metadata, "spec": spec}))
    };
    let template = json!({"template": {"spec": simple()}});
    let mut made = deployment("api-1-deployment", simple());
    merge(&mut made["metadata"], owned("Revision", GROUP, "api-1"));
    let proxy = json!({"containers": [
        {"name": "app", "securityContext": {"privileged": false}},
        {"name": "queue-proxy", "securityContext": {"privileged": true}},
    ]});
    let world = World::live(&[
        knative("Service", "api", json!({}), template.clone()),
        // A Service of the core group of the same name owns nothing.
        object("Service", "shop", "api", json!({"spec": {"selector": {}}})),
        knative("Configuration", "api", owned("Service", GROUP, "api"), template),
        knative("Revision", "api-1", owned("Configuration", GROUP, "api"), simple()),
        made,
        replica_set("api-1-deployment-1", owned("Deployment", "apps/v1", "api-1-deployment"), simple()),
        pod("api-1-deployment-1-a", owned("ReplicaSet", "apps/v1", "api-1-deployment-1"), proxy),
    ]);
    assert_eq!(
        world.read("container", "securityContext.privileged"),
        ["Service.serving.knative.dev shop/api app: false", "Service.serving.knative.dev shop/api queue-proxy: true"]
    );
    assert_eq!(at(&world.view("container").subjects[1], "container.injected"), "true");
}

#[test]
fn an_owner_that_was_not_read_has_the_name_that_reading_it_gives() {
    let metadata = owned("StatefulSet", "apps.kruise.io/v1beta1", "db");
    let world = World::live(&[pod("db-0", metadata.clone(), simple())]);
    assert_eq!(names(&world.view("workload")), ["StatefulSet.apps.kruise.io shop/db"]);
    let set = object("StatefulSet.apps.kruise.io", "shop", "db", json!({"spec": {"template": {"spec": simple()}}}));
    // Its namesake of the group `apps` is another one.
    let other = object("StatefulSet", "shop", "db", json!({"spec": {"template": {"spec": simple()}}}));
    let world = World::live(&[set, other, pod("db-0", metadata, simple())]);
    assert_eq!(names(&world.view("workload")), ["StatefulSet.apps.kruise.io shop/db", "StatefulSet shop/db"]);
}

#[test]
fn a_namesake_in_another_group_or_of_another_identity_owns_nothing() {
    let job = object("Job", "shop", "train", json!({"spec": {"template": {"spec": simple()}}}));
    let mut gone = owned("Job", "batch/v1", "train");
    gone["ownerReferences"][0]["uid"] = json!("another");
    let world = World::live(&[
        job,
        pod("volcano", owned("Job", "batch.volcano.sh/v1alpha1", "other"), simple()),
        pod("orphan", gone, simple()),
    ]);
    assert_eq!(names(&world.view("workload")), ["Job shop/train", "Pod shop/orphan", "Job shop/other"]);
}

#[test]
fn identities_need_not_be_read() {
    let mut owner = owned("ReplicaSet", "apps/v1", "web-1");
    owner["ownerReferences"][0].as_object_mut().unwrap().remove("uid");
    let world = World::files(&[replica_set("web-1", json!({}), simple()), pod("web-1-a", owner, simple())]);
    assert_eq!(names(&world.view("workload")), ["ReplicaSet shop/web-1"]);
}

#[test]
fn objects_cannot_hide_by_owning_each_other() {
    let world = World::live(&[
        replica_set("a", owned("ReplicaSet", "apps/v1", "b"), simple()),
        replica_set("b", owned("ReplicaSet", "apps/v1", "a"), simple()),
    ]);
    assert_eq!(names(&world.view("workload")), ["ReplicaSet shop/b", "ReplicaSet shop/a"]);
}

#[test]
fn every_mirror_pod_is_a_target() {
    let mirror = |node: &str| {
        let metadata = json!({
            "annotations": {"kubernetes.io/config.mirror": "abc"},
            "ownerReferences": [{"kind": "Node", "apiVersion": "v1", "name": node, "controller": true}],
        });
        let name = format!("kube-apiserver-{node}");
        object("Pod", "kube-system", &name, json!({"metadata": metadata, "spec": simple()}))
    };
    let world = World::live(&[mirror("cp-0"), mirror("cp-1"), mirror("cp-2")]);
    assert_eq!(
        world.read("workload", "workload.static"),
        [
            "Pod kube-system/kube-apiserver-cp-0: true",
            "Pod kube-system/kube-apiserver-cp-1: true",
            "Pod kube-system/kube-apiserver-cp-2: true",
        ]
    );
    let workloads = world.view("workload");
    assert_eq!(at(&workloads.subjects[0], "token.automount"), "false");
    assert_eq!(stands(&workloads.subjects[0], "token.automount"), "token.automount (static pods get no token)");
    assert_eq!(at(&workloads.subjects[0], "workload.system"), "true");
}

#[test]
fn a_token_is_mounted_unless_pod_or_account_say_no() {
    let named = |name: &str| json!({"serviceAccountName": name, "containers": []});
    let objects = [
        deployment("a", json!({"automountServiceAccountToken": false, "containers": []})),
        deployment("b", named("quiet")),
        deployment("c", named("plain")),
        deployment("d", named("missing")),
        deployment("e", json!({"automountServiceAccountToken": "no", "containers": []})),
        deployment("f", json!({"serviceAccount": "quiet", "automountServiceAccountToken": true, "containers": []})),
        object("ServiceAccount", "shop", "quiet", json!({"automountServiceAccountToken": false})),
        object("ServiceAccount", "shop", "plain", json!({})),
    ];
    let expected = |d: &str| {
        let [a, b, c, e, f] =
            ["a: false", "b: false", "c: true", "e: ?", "f: true"].map(|end| format!("Deployment shop/{end}"));
        [a, b, c, format!("Deployment shop/d: {d}"), e, f]
    };
    let live = World::live(&objects);
    assert_eq!(live.read("workload", "token.automount"), expected("true"));
    let workloads = live.view("workload");
    assert_eq!(stands(&workloads.subjects[0], "token.automount"), "spec.template.spec.automountServiceAccountToken");
    assert_eq!(
        stands(&workloads.subjects[1], "token.automount"),
        "automountServiceAccountToken (ServiceAccount shop/quiet)"
    );
    assert_eq!(at(&workloads.subjects[5], "token.account"), "\"quiet\"");
    let gap = World::live(&objects).without("ServiceAccount", Some("shop"));
    assert_eq!(gap.read("workload", "token.automount"), expected("?"));
    let files = World::files(&objects[..1].iter().chain(&objects[3..4]).cloned().collect::<Vec<_>>());
    let workloads = files.view("workload");
    assert_eq!(at(&workloads.subjects[1], "token.automount"), "true");
    assert_eq!(
        stands(&workloads.subjects[1], "token.automount"),
        "token.automount (default, ServiceAccount shop/missing not in input)"
    );
}

#[test]
fn a_manifest_without_namespace_lands_in_the_default_one() {
    let world = World::files(&[
        json!({"kind": "Pod", "metadata": {"name": "x"}, "spec": {"os": {"name": "windows"}, "containers": []}}),
    ]);
    assert_eq!(
        world.read("workload", "workload"),
        [r#"Pod x: {"kind":"Pod","namespace":"default","system":false,"static":false,"windows":true}"#]
    );
    assert!(is_known(&world.view("workload").subjects[0].value));
}

#[test]
fn pods_that_only_windows_nodes_take_run_on_windows() {
    let windows = |spec: Json| {
        let pod = object("Pod", "shop", "x", json!({"spec": spec}));
        World::files(&[pod]).read("workload", "workload.windows").remove(0)
    };
    let selector = json!({"kubernetes.io/os": "windows"});
    assert_eq!(windows(json!({"nodeSelector": selector, "containers": []})), "Pod shop/x: true");
    assert_eq!(windows(json!({"nodeSelector": {"kubernetes.io/os": "linux"}, "containers": []})), "Pod shop/x: false");
    assert_eq!(windows(json!({"nodeSelector": {"team": "windows"}, "containers": []})), "Pod shop/x: false");
    assert_eq!(windows(json!({"os": {"name": "linux"}, "nodeSelector": selector})), "Pod shop/x: false");
}

#[test]
fn on_the_network_of_the_node_every_port_is_a_port_of_the_host() {
    let ports = json!([
        {"name": "a", "containerPort": 80},
        {"name": "b", "containerPort": 81, "hostPort": 8081},
        {"containerPort": 82, "hostPort": 0},
    ]);
    let pod = |host: bool| {
        let spec = json!({"hostNetwork": host, "containers": [{"name": "a", "ports": ports}]});
        World::files(&[object("Pod", "shop", "x", json!({"spec": spec}))])
    };
    let world = pod(true);
    assert_eq!(
        world.read("container", "ports"),
        [concat!(
            r#"Pod shop/x a: [{"containerPort":80,"name":"a","hostPort":80},{"containerPort":81,"hostPort":8081,"name":"b"},"#,
            r#"{"containerPort":82,"hostPort":82}]"#
        )]
    );
    assert_eq!(
        stands(&world.view("container").subjects[0], "ports[name=a].hostPort"),
        "spec.containers[0].ports[0].containerPort (the pod is on the network of its node)"
    );
    assert_eq!(
        stands(&world.view("container").subjects[0], "ports[name=b].hostPort"),
        "spec.containers[0].ports[1].hostPort"
    );
    assert!(!pod(false).read("container", "ports")[0].contains(r#""hostPort":80}"#));
}

#[test]
fn unreadable_kinds_are_gaps_and_other_files_are_no_workloads() {
    let world = World::live(&[deployment("web", simple())]).without("CronJob", None);
    let workloads = world.view("workload");
    assert_eq!(workloads.gaps.len(), 1);
    assert_eq!(workloads.none, None);
    let world = World::files(&[object("Service", "shop", "web", json!({}))]);
    assert!(world.view("container").none.unwrap().starts_with("no Deployment, StatefulSet, "));
    assert_eq!(World::files(&[deployment("web", json!({}))]).view("container").none, None);
}

#[test]
fn images_are_counted_by_repository_and_version() {
    let image = |name: &str| json!({"containers": [{"name": "app", "image": name}]});
    let idle = json!({"spec": {"replicas": 0, "template": {"spec": image("nginx:1.0")}}});
    let world = World::live(&[
        deployment("web", image("nginx:1.27")),
        replica_set("web-0", owned("Deployment", "apps/v1", "web"), image("nginx:1.26")),
        // What is left of an older template still runs.
        pod("web-0-a", owned("ReplicaSet", "apps/v1", "web-0"), image("docker.io/library/nginx:1.26")),
        object("Deployment", "shop", "idle", idle),
        deployment("pinned", image("example.com:5000/api:2@sha256:ab")),
        deployment("digest", image("example.com/db@sha256:ab")),
        deployment("tag", image("example.com/db:7")),
    ]);
    assert_eq!(
        world.read("image_repository", "versions"),
        [
            r#"Image docker.io/library/nginx: ["1.26","1.27"]"#,
            "Image example.com/db: ?",
            r#"Image example.com:5000/api: ["2"]"#,
        ]
    );
    assert_eq!(
        world.read("image_repository", "images[version='1.26'].workloads")[0],
        r#"Image docker.io/library/nginx: ["Deployment shop/web"]"#
    );
}

//! Workloads and containers: ownership, effective values, live differences, evidence paths.

use super::*;

fn deployment(name: &str, podspec: Json) -> Json {
    object("Deployment", "shop", name, json!({"spec": {"replicas": 2, "template": {"spec": podspec}}}))
}

fn replica_set(name: &str, owner: Json, podspec: Json) -> Json {
    object(
        "ReplicaSet",
        "shop",
        name,
        json!({"metadata": owner, "spec": {"replicas": 2, "template": {"spec": podspec}}}),
    )
}

fn pod(name: &str, metadata: Json, podspec: Json) -> Json {
    object("Pod", "shop", name, json!({"metadata": metadata, "spec": podspec}))
}

fn simple() -> Json {
    json!({"containers": [{"name": "app", "securityContext": {"privileged": false}}]})
}

fn names(subjects: &Subjects) -> Vec<String> {
    subjects.subjects.iter().map(name).collect()
}

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
fn a_container_overrides_its_pod_and_takes_over_the_rest() {
    let podspec = json!({
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 1000, "fsGroup": 5, "seccompProfile": {"type": "RuntimeDefault"},
            "windowsOptions": {"hostProcess": true, "runAsUserName": "pod"},
        },
        "containers": [
            {"name": "own", "securityContext": {"runAsNonRoot": false, "windowsOptions": {"runAsUserName": "own"}}},
            {"name": "none"},
            {"name": "null", "securityContext": {"runAsUser": null}},
        ],
    });
    let world = World::live(&[deployment("web", podspec)]);
    let all = world.view("container");
    let own = find(&all, "Deployment shop/web own");
    assert_eq!(at(own, "securityContext.runAsNonRoot"), "false");
    assert_eq!(
        stands(own, "securityContext.runAsNonRoot"),
        "spec.template.spec.containers[0].securityContext.runAsNonRoot"
    );
    assert_eq!(at(own, "securityContext.windowsOptions"), r#"{"runAsUserName":"own","hostProcess":true}"#);
    assert_eq!(
        stands(own, "securityContext.windowsOptions.hostProcess"),
        "spec.template.spec.securityContext.windowsOptions.hostProcess (security context of the pod)"
    );
    assert_eq!(
        stands(own, "securityContext.windowsOptions.runAsUserName"),
        "spec.template.spec.containers[0].securityContext.windowsOptions.runAsUserName"
    );
    let none = find(&all, "Deployment shop/web none");
    assert_eq!(at(none, "securityContext.runAsUser"), "1000");
    assert_eq!(at(none, "securityContext.fsGroup"), "absent");
    assert_eq!(
        stands(none, "securityContext.seccompProfile.type"),
        "spec.template.spec.securityContext.seccompProfile.type (security context of the pod)"
    );
    // What nobody gave would stand at the container.
    assert_eq!(
        stands(none, "securityContext.readOnlyRootFilesystem"),
        "spec.template.spec.containers[1].securityContext.readOnlyRootFilesystem"
    );
    assert_eq!(at(find(&all, "Deployment shop/web null"), "securityContext.runAsUser"), "1000");
}

#[test]
fn a_security_context_that_is_no_map_is_not_taken_for_an_empty_one() {
    let world = World::live(&[
        deployment("a", json!({"securityContext": "yes", "containers": [{"name": "app"}]})),
        deployment(
            "b",
            json!({"securityContext": {"runAsUser": 1}, "containers": [{"name": "app", "securityContext": [1]}]}),
        ),
        deployment("c", json!({"containers": {"name": "app"}})),
        object("Deployment", "shop", "d", json!({"spec": {}})),
        deployment("e", json!({"containers": ["app"]})),
    ]);
    assert_eq!(
        world.read("container", "securityContext.runAsNonRoot"),
        [
            "Deployment shop/a app: ?",
            "Deployment shop/b app: ?",
            "Deployment shop/c: ?",
            "Deployment shop/d: ?",
            "Deployment shop/e containers[0]: ?"
        ]
    );
    assert_eq!(world.read("workload", "hostNetwork")[3], "Deployment shop/d: ?");
}

#[test]
fn kinds_of_containers() {
    let podspec = json!({
        "containers": [{"name": "app"}],
        "initContainers": [{"name": "setup", "securityContext": {"privileged": true}}, {"name": "proxy", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "debug"}],
    });
    let world = World::live(&[pod("single", json!({}), podspec)]);
    assert_eq!(
        world.read("container", "container"),
        [
            r#"Pod shop/single app: {"kind":"main","injected":false}"#,
            r#"Pod shop/single setup: {"kind":"init","injected":false}"#,
            r#"Pod shop/single proxy: {"kind":"sidecar","injected":false}"#,
            r#"Pod shop/single debug: {"kind":"ephemeral","injected":false}"#,
        ]
    );
}

#[test]
fn live_pods_show_what_their_template_does_not_have() {
    let live = |extra: Json| {
        let mut spec = simple();
        spec["serviceAccountName"] = json!("default");
        spec["nodeName"] = json!("node-1");
        spec["tolerations"] = json!([{"key": "node.kubernetes.io/not-ready"}]);
        spec["volumes"] = json!([{"name": "kube-api-access-x7k2p", "projected": {"sources": []}}]);
        let mount =
            json!({"name": "kube-api-access-x7k2p", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
        spec["containers"][0]["volumeMounts"] = json!([mount]);
        merge(&mut spec, extra);
        spec
    };
    let owner = || owned("ReplicaSet", "apps/v1", "web-1");
    let sidecar =
        json!({"containers": [simple()["containers"][0], {"name": "mesh", "securityContext": {"privileged": true}}]});
    let debug = json!({"ephemeralContainers": [{"name": "debugger", "securityContext": {"privileged": true}}]});
    let world = World::live(&[
        deployment("web", simple()),
        replica_set("web-1", owned("Deployment", "apps/v1", "web"), simple()),
        pod("web-1-a", owner(), live(json!({}))),
        pod("web-1-b", owner(), live(sidecar.clone())),
        pod("web-1-c", owner(), live(sidecar)),
        pod("web-1-d", owner(), live(debug)),
        pod(
            "web-1-e",
            owner(),
            live(json!({"containers": [{"name": "app", "securityContext": {"privileged": true}}]})),
        ),
        pod("web-1-f", owner(), live(json!({"hostNetwork": true}))),
    ]);
    assert_eq!(
        world.read("container", "securityContext.privileged"),
        [
            "Deployment shop/web app: false",
            "Deployment shop/web mesh: true",
            "Deployment shop/web debugger: true",
            "Deployment shop/web app: true",
        ]
    );
    let containers = world.view("container");
    let mesh = find(&containers, "Deployment shop/web mesh");
    assert_eq!(at(mesh, "container.injected"), "true");
    assert_eq!(
        stands(mesh, "securityContext.privileged"),
        "spec.containers[1].securityContext.privileged (live pod web-1-b)"
    );
    assert_eq!(at(&containers.subjects[3], "container.injected"), "false");
    let workloads = world.view("workload");
    assert_eq!(at(&workloads.subjects[0], "hostNetwork"), "absent");
    let exposed: Vec<_> = workloads.subjects.iter().filter(|subject| at(subject, "hostNetwork") == "true").collect();
    assert_eq!(exposed.len(), 1);
    assert_eq!(stands(exposed[0], "hostNetwork"), "spec.hostNetwork (live pod web-1-f)");
    assert_eq!(name(exposed[0]), "Deployment shop/web");
}

#[test]
fn a_live_pod_that_inherits_what_its_template_wrote_out_is_no_difference() {
    let template = json!({"containers": [{"name": "app", "securityContext": {"runAsNonRoot": true}}]});
    let moved = json!({"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "app"}]});
    let weaker = json!({"securityContext": {"runAsNonRoot": false}, "containers": [{"name": "app"}]});
    let world = World::live(&[
        replica_set("web", json!({}), template),
        pod("web-a", owned("ReplicaSet", "apps/v1", "web"), moved),
        pod("web-b", owned("ReplicaSet", "apps/v1", "web"), weaker),
    ]);
    let containers = world.view("container");
    assert_eq!(names(&containers).len(), 2);
    assert_eq!(
        stands(&containers.subjects[1], "securityContext.runAsNonRoot"),
        "spec.securityContext.runAsNonRoot (security context of the pod, live pod web-b)"
    );
}

#[test]
fn a_volume_cannot_hide_behind_the_name_of_the_token_volume() {
    let mut template = simple();
    template["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    let mut hidden = template.clone();
    let volume = json!({"name": "kube-api-access-abcde", "hostPath": {"path": "/"}});
    hidden["volumes"].as_array_mut().unwrap().push(volume);
    let world = World::live(&[
        replica_set("web", json!({}), template),
        pod("web-a", owned("ReplicaSet", "apps/v1", "web"), hidden),
    ]);
    assert_eq!(world.view("workload").subjects.len(), 2);
}

#[test]
fn claims_of_a_stateful_set_are_no_difference() {
    let set = object("StatefulSet", "shop", "db", json!({"spec": {"template": {"spec": simple()}}}));
    let live = |name: &str| {
        let mut spec = simple();
        spec["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": format!("data-{name}")}}]);
        spec["hostname"] = json!(name);
        pod(name, owned("StatefulSet", "apps/v1", "db"), spec)
    };
    let world = World::live(&[set, live("db-0"), live("db-1")]);
    assert_eq!(names(&world.view("workload")), ["StatefulSet shop/db"]);
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
fn an_app_armor_annotation_counts_where_no_field_does() {
    let annotation =
        |name: &str, profile: &str| (format!("container.apparmor.security.beta.kubernetes.io/{name}"), json!(profile));
    let annotations: serde_json::Map<String, Json> =
        [annotation("app", "unconfined"), annotation("own", "unconfined")].into_iter().collect();
    let mut web = deployment(
        "web",
        json!({"containers": [{"name": "app"}, {"name": "own", "securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}]}),
    );
    web["spec"]["template"]["metadata"] = json!({"annotations": annotations});
    let world = World::live(&[web]);
    let containers = world.view("container");
    assert_eq!(at(&containers.subjects[0], "securityContext.appArmorProfile.type"), "\"Unconfined\"");
    assert_eq!(
        stands(&containers.subjects[0], "securityContext.appArmorProfile"),
        "spec.template.metadata.annotations['container.apparmor.security.beta.kubernetes.io/app'] (annotation)"
    );
    assert_eq!(at(&containers.subjects[1], "securityContext.appArmorProfile.type"), "\"RuntimeDefault\"");
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

//! Containers: effective values, and what live pods have that their template has not.

use super::*;

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

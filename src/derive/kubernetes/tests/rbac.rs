//! Grants, roles, bindings and service accounts.

use super::*;
use crate::expr::domain::grants::{Access, Granted, grants_access};

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Json {
    json!({"verbs": verbs, "apiGroups": groups, "resources": resources})
}

fn cluster_role(name: &str, rules: Json) -> Json {
    object("ClusterRole", "", name, json!({"rules": rules}))
}

fn binding(kind: &str, namespace: &str, name: &str, role: (&str, &str), subjects: Json) -> Json {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1});
    object(kind, namespace, name, json!({"roleRef": role, "subjects": subjects}))
}

fn user(name: &str) -> Json {
    json!([{"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}])
}

fn group(name: &str) -> Json {
    json!([{"kind": "Group", "name": name, "apiGroup": "rbac.authorization.k8s.io"}])
}

fn can(world: &World, who: &str, verb: &str, resource: &str, cluster_only: bool) -> Granted {
    let subjects = world.view("rbac_subject");
    let access = Access {
        verbs: vec![verb.into()],
        resource: resource.into(),
        cluster_only,
        ignore_builtin: true,
        ..Access::default()
    };
    grants_access(find(&subjects, who).value.get("grants").unwrap(), &access).0
}

#[test]
fn users_of_the_provider_are_its_own() {
    let admin = ("ClusterRole", "cluster-admin");
    let objects = [
        binding("ClusterRoleBinding", "", "eks:addon-cluster-admin", admin, user("eks:addon-manager")),
        // Anybody may bear such a name elsewhere, and a service account or a group may here.
        binding("ClusterRoleBinding", "", "eks:mine", admin, group("eks:mine")),
    ];
    let builtin = |distribution: &str| {
        let mut world = World::live(&objects);
        world.0.system.distribution = Some(distribution.into());
        (world.read("rbac_binding", "binding.builtin"), world.read("rbac_subject", "subject.builtin"))
    };
    let (bindings, subjects) = builtin("eks");
    assert!(bindings[0].ends_with("addon-manager: true") && bindings[1].ends_with("mine: false"), "{bindings:?}");
    assert_eq!(subjects, ["Group eks:mine: false", "User eks:addon-manager: true"]);
    assert_eq!(builtin("upstream").1, ["Group eks:mine: false", "User eks:addon-manager: false"]);
}

#[test]
fn a_grant_stands_where_a_person_would_change_it() {
    let world = World::files(&[])
        .with_place(cluster_role("own", json!([rule(&["get"], &[""], &["secrets"])])), 10)
        .with_place(cluster_role("edit", json!([rule(&["get"], &[""], &["secrets"])])), 20)
        .with_place(binding("ClusterRoleBinding", "", "one", ("ClusterRole", "own"), user("ann")), 30)
        .with_place(binding("RoleBinding", "shop", "two", ("ClusterRole", "edit"), user("bob")), 40)
        .with_place(binding("ClusterRoleBinding", "", "three", ("ClusterRole", "cluster-admin"), user("eve")), 50);
    let subjects = world.view("rbac_subject");
    let located = |who: &str| {
        let mut steps = crate::derive::subject::keys(&["grants"]);
        steps.push(crate::expr::path::Step::Index(0));
        let found = find(&subjects, who).locate(&steps);
        (found.location.unwrap().to_string(), found.source.unwrap().to_string())
    };
    // The rule of a role of one's own; of a role that every cluster has, the binding.
    let expected = [
        ("User ann", "rbac.yaml:10", "ClusterRoleBinding one (line 30) -> ClusterRole own"),
        ("User bob", "rbac.yaml:40", "RoleBinding shop/two -> ClusterRole edit"),
        ("User eve", "rbac.yaml:50", "ClusterRoleBinding three -> ClusterRole cluster-admin"),
    ];
    for (who, place, source) in expected {
        assert_eq!(located(who), (place.to_owned(), source.to_owned()));
    }
    let eve = find(&subjects, "User eve").locate(&crate::derive::subject::keys(&["subject", "name"]));
    assert_eq!(eve.location.unwrap().to_string(), "rbac.yaml:50");
}

#[test]
fn a_role_binding_limits_a_cluster_role_to_its_namespace() {
    let rules = json!([
        rule(&["get"], &[""], &["secrets", "nodes/proxy", "persistentvolumes"]),
        rule(&["create"], &["*"], &["*"]),
        {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
        rule(&["get"], &["metrics.k8s.io"], &["nodes"]),
        rule(&["list"], &[""], &["nodes"]),
    ]);
    let world = World::live(&[
        cluster_role("wide", rules),
        binding("RoleBinding", "shop", "local", ("ClusterRole", "wide"), user("ann")),
        binding("ClusterRoleBinding", "", "everywhere", ("ClusterRole", "wide"), user("bob")),
    ]);
    assert_eq!(can(&world, "User ann", "get", "secrets", false), Granted::Yes);
    assert_eq!(can(&world, "User ann", "get", "secrets", true), Granted::No);
    assert_eq!(can(&world, "User ann", "get", "nodes/proxy", false), Granted::No);
    assert_eq!(can(&world, "User ann", "list", "nodes", false), Granted::No);
    assert_eq!(can(&world, "User ann", "create", "pods", false), Granted::Yes);
    assert_eq!(can(&world, "User bob", "get", "nodes/proxy", true), Granted::Yes);
    let subjects = world.view("rbac_subject");
    let ann = find(&subjects, "User ann");
    assert_eq!(
        at(ann, "grants"),
        r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"],"scope":"shop","role":"ClusterRole wide","binding":"RoleBinding shop/local","builtin":false},"#.to_owned()
            + r#"{"apiGroups":["*"],"resources":["*"],"verbs":["create"],"scope":"shop","role":"ClusterRole wide","binding":"RoleBinding shop/local","builtin":false},"#
            + r#"{"apiGroups":["metrics.k8s.io"],"resources":["nodes"],"verbs":["get"],"scope":"shop","role":"ClusterRole wide","binding":"RoleBinding shop/local","builtin":false}]"#
    );
    let path: Steps =
        crate::derive::subject::keys(&["grants"]).into_iter().chain([crate::expr::path::Step::Index(2)]).collect();
    let origin = ann.locate(&path);
    assert_eq!(origin.path, "rules[3]");
    assert_eq!(&*origin.source.unwrap(), "RoleBinding shop/local -> ClusterRole wide");
}

#[test]
fn only_the_clusters_own_bindings_to_its_own_identities_are_built_in() {
    let spoofed = |mut role: Json| {
        role["metadata"]["labels"] = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        role
    };
    let everything = json!([rule(&["*"], &["*"], &["*"])]);
    let world = World::live(&[
        cluster_role("cluster-admin", everything.clone()),
        spoofed(cluster_role("mine", everything.clone())),
        cluster_role("system:discovery", json!([{"verbs": ["get"], "nonResourceURLs": ["/api"]}, everything[0]])),
        cluster_role("system:kube-scheduler", everything),
        binding(
            "ClusterRoleBinding",
            "",
            "cluster-admin",
            ("ClusterRole", "cluster-admin"),
            json!([
                {"kind": "Group", "name": "system:masters"}, {"kind": "User", "name": "eve"},
            ]),
        ),
        spoofed(binding("ClusterRoleBinding", "", "mine", ("ClusterRole", "mine"), user("system:anonymous"))),
        binding(
            "ClusterRoleBinding",
            "",
            "system:discovery",
            ("ClusterRole", "system:discovery"),
            group("system:authenticated"),
        ),
        binding(
            "ClusterRoleBinding",
            "",
            "system:kube-scheduler",
            ("ClusterRole", "system:kube-scheduler"),
            user("system:kube-scheduler"),
        ),
        binding(
            "RoleBinding",
            "shop",
            "extra",
            ("ClusterRole", "mine"),
            json!([
                {"kind": "ServiceAccount", "namespace": "kube-system", "name": "job-controller"},
            ]),
        ),
    ]);
    assert_eq!(
        world.read("rbac_subject", "subject.builtin"),
        [
            "Group system:authenticated: false",
            "Group system:masters: true",
            "ServiceAccount kube-system/job-controller: false",
            "User eve: false",
            "User system:anonymous: false",
            "User system:kube-scheduler: true",
        ]
    );
    assert_eq!(can(&world, "Group system:masters", "get", "secrets", true), Granted::No);
    assert_eq!(can(&world, "User eve", "get", "secrets", true), Granted::Yes);
    assert_eq!(can(&world, "User system:anonymous", "get", "secrets", true), Granted::Yes);
    // What somebody added to a role of the cluster is not the cluster's.
    assert_eq!(can(&world, "Group system:authenticated", "get", "secrets", true), Granted::Yes);
    assert_eq!(
        world.read("rbac_role", "role"),
        [
            r#"ClusterRole cluster-admin: {"kind":"ClusterRole","builtin":true,"bound":true}"#,
            r#"ClusterRole mine: {"kind":"ClusterRole","builtin":false,"bound":true}"#,
            r#"ClusterRole system:discovery: {"kind":"ClusterRole","builtin":true,"bound":true}"#,
            r#"ClusterRole system:kube-scheduler: {"kind":"ClusterRole","builtin":true,"bound":true}"#,
        ]
    );
    assert_eq!(
        world.read("rbac_binding", "binding.builtin"),
        [
            "ClusterRoleBinding cluster-admin Group system:masters: true",
            "ClusterRoleBinding cluster-admin User eve: false",
            "ClusterRoleBinding mine User system:anonymous: false",
            "ClusterRoleBinding system:discovery Group system:authenticated: true",
            "ClusterRoleBinding system:kube-scheduler User system:kube-scheduler: true",
            "RoleBinding shop/extra ServiceAccount kube-system/job-controller: false",
        ]
    );
}

#[test]
fn an_account_is_the_same_however_it_is_named() {
    let subjects = json!([
        {"kind": "ServiceAccount", "name": "ci"},
        {"kind": "User", "name": "system:serviceaccount:shop:ci"},
        {"kind": "ServiceAccount", "name": "ci", "namespace": "shop"},
    ]);
    let world = World::live(&[
        cluster_role("r", json!([rule(&["get"], &[""], &["pods"])])),
        binding("RoleBinding", "shop", "b", ("ClusterRole", "r"), subjects),
    ]);
    assert_eq!(world.read("rbac_binding", "subject.name"), ["RoleBinding shop/b ServiceAccount shop/ci: \"ci\""]);
}

#[test]
fn a_role_that_is_not_there_grants_nothing_and_one_that_was_not_read_perhaps() {
    let objects = [binding("ClusterRoleBinding", "", "b", ("ClusterRole", "gone"), user("ann"))];
    let world = World::live(&objects);
    assert_eq!(world.read("rbac_binding", "role.exists"), ["ClusterRoleBinding b User ann: false"]);
    assert_eq!(can(&world, "User ann", "get", "secrets", false), Granted::No);
    for world in [World::live(&objects).without("ClusterRole", None), World::files(&objects)] {
        assert_eq!(world.read("rbac_binding", "role.exists"), ["ClusterRoleBinding b User ann: ?"]);
        assert!(matches!(can(&world, "User ann", "get", "secrets", false), Granted::Unknown(_)));
        assert_eq!(world.read("rbac_subject", "grants"), ["User ann: ?"]);
    }
}

#[test]
fn bindings_that_were_not_read_leave_a_doubt_but_no_excuse() {
    let world = World::live(&[
        cluster_role("r", json!([rule(&["get"], &[""], &["secrets"])])),
        binding("ClusterRoleBinding", "", "b", ("ClusterRole", "r"), user("ann")),
    ])
    .without("RoleBinding", Some("shop"));
    assert_eq!(can(&world, "User ann", "get", "secrets", false), Granted::Yes);
    assert!(matches!(can(&world, "User ann", "create", "pods", false), Granted::Unknown(_)));
    assert_eq!(world.view("rbac_subject").gaps.len(), 1);
}

#[test]
fn cluster_admin_is_known_without_the_role_in_the_input() {
    let account = json!([{"kind": "ServiceAccount", "name": "tiller", "namespace": "kube-system"}]);
    let world = World::files(&[binding("ClusterRoleBinding", "", "b", ("ClusterRole", "cluster-admin"), account)]);
    assert_eq!(can(&world, "ServiceAccount kube-system/tiller", "get", "secrets", true), Granted::Yes);
    assert_eq!(
        world.read("rbac_binding", "role.exists"),
        ["ClusterRoleBinding b ServiceAccount kube-system/tiller: true"]
    );
}

#[test]
fn rules_that_the_cluster_fills_in_are_unknown_in_files() {
    let aggregated =
        object("ClusterRole", "", "a", json!({"aggregationRule": {"clusterRoleSelectors": [{}]}, "rules": []}));
    let bound = binding("ClusterRoleBinding", "", "b", ("ClusterRole", "a"), user("ann"));
    let world = World::files(&[aggregated.clone(), bound.clone()]);
    assert_eq!(world.read("rbac_subject", "grants"), ["User ann: ?"]);
    assert_eq!(world.read("rbac_role", "rules"), ["ClusterRole a: ?"]);
    assert_eq!(World::live(&[aggregated, bound]).read("rbac_subject", "grants"), ["User ann: []"]);
}

#[test]
fn a_role_is_unbound_only_if_every_binding_was_seen() {
    let role = object("Role", "shop", "r", json!({"rules": []}));
    let bound = |world: World| world.read("rbac_role", "role.bound");
    assert_eq!(bound(World::live(std::slice::from_ref(&role))), ["Role shop/r: false"]);
    assert_eq!(
        bound(World::live(std::slice::from_ref(&role)).without("RoleBinding", Some("shop"))),
        ["Role shop/r: ?"]
    );
    assert_eq!(
        bound(World::live(std::slice::from_ref(&role)).without("RoleBinding", Some("other"))),
        ["Role shop/r: false"]
    );
    assert_eq!(bound(World::files(&[role])), ["Role shop/r: ?"]);
}

#[test]
fn subjects_that_make_no_sense_are_gaps() {
    let world = World::live(&[
        binding("ClusterRoleBinding", "", "a", ("ClusterRole", "r"), json!("everybody")),
        binding(
            "ClusterRoleBinding",
            "",
            "b",
            ("ClusterRole", "r"),
            json!([{"kind": "User"}, {"kind": "ServiceAccount", "name": "x"}]),
        ),
        binding("ClusterRoleBinding", "", "c", ("ClusterRole", "r"), json!(null)),
    ]);
    assert_eq!(world.view("rbac_subject").gaps.len(), 3);
    assert!(world.view("rbac_subject").subjects.is_empty());
}

#[test]
fn service_accounts_know_their_bindings_and_users() {
    let account = json!([{"kind": "ServiceAccount", "name": "default", "namespace": "shop"}]);
    let mirror = json!({"annotations": {"kubernetes.io/config.mirror": "abc"}});
    let objects = [
        object("ServiceAccount", "shop", "default", json!({})),
        object("ServiceAccount", "kube-system", "default", json!({})),
        object("ServiceAccount", "shop", "ci", json!({"automountServiceAccountToken": false})),
        object("Deployment", "shop", "web", json!({"spec": {"template": {"spec": {"containers": []}}}})),
        object("Pod", "shop", "job", json!({"spec": {"serviceAccountName": "ci"}})),
        // A static pod runs as no account, though it names none.
        object("Pod", "kube-system", "etcd-cp-0", json!({"metadata": mirror, "spec": {"containers": []}})),
        cluster_role("view", json!([])),
        binding("RoleBinding", "shop", "b", ("ClusterRole", "view"), account),
    ];
    let world = World::live(&objects);
    assert_eq!(
        world.read("service_account", "account.users"),
        [
            "ServiceAccount kube-system/default: []",
            r#"ServiceAccount shop/ci: [{"kind":"Pod","name":"job"}]"#,
            r#"ServiceAccount shop/default: [{"kind":"Deployment","name":"web"}]"#,
        ]
    );
    assert_eq!(
        world.read("service_account", "account.bindings")[2],
        r#"ServiceAccount shop/default: [{"kind":"RoleBinding","name":"b","role":"ClusterRole view","namespace":"shop"}]"#
    );
    assert_eq!(world.read("service_account", "automountServiceAccountToken")[1], "ServiceAccount shop/ci: false");
    let gaps = World::live(&objects).without("RoleBinding", None).without("CronJob", None);
    assert_eq!(gaps.read("service_account", "account.bindings")[0], "ServiceAccount kube-system/default: ?");
    assert!(gaps.read("service_account", "account.bindings")[2].ends_with("},?]"));
    assert_eq!(gaps.read("service_account", "account.users")[0], "ServiceAccount kube-system/default: ?");
}

#[test]
fn a_file_with_workloads_implies_the_default_account_of_their_namespace() {
    let world = World::files(&[
        object("Deployment", "", "web", json!({"spec": {"template": {"spec": {"containers": []}}}})),
        object("Deployment", "shop", "web", json!({"spec": {"template": {"spec": {"containers": []}}}})),
        object("ServiceAccount", "shop", "default", json!({})),
    ]);
    assert_eq!(
        world.read("service_account", "account.inInput"),
        ["ServiceAccount shop/default: true", "ServiceAccount default/default: false"]
    );
    let accounts = world.view("service_account");
    assert_eq!(
        stands(&accounts.subjects[1], "automountServiceAccountToken"),
        "automountServiceAccountToken (default, object not in input)"
    );
    assert_eq!(at(&accounts.subjects[1], "account.bindings"), "?");
}

//! Namespaces and the cluster: network policies, Pod Security, policy engines, what was put where.

use super::*;

fn namespace(name: &str, labels: Json) -> Json {
    object("Namespace", "", name, json!({"metadata": {"labels": labels}}))
}

fn policy(namespace: &str, name: &str, spec: Json) -> Json {
    object("NetworkPolicy", namespace, name, json!({"spec": spec}))
}

fn network(world: &World) -> Vec<String> {
    world.read("namespace", "network")
}

fn shown_network(policies: &str, ingress: &str, egress: &str) -> [String; 1] {
    [format!(
        "Namespace shop: {{\"policies\":{policies},\"defaultDenyIngress\":{ingress},\"defaultDenyEgress\":{egress}}}"
    )]
}

#[test]
fn directions_of_a_policy() {
    let cases = [
        (json!({"podSelector": {}}), "1", "true", "false"),
        (json!({"podSelector": {}, "policyTypes": ["Egress"]}), "1", "false", "true"),
        (
            json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 53}]}]}),
            "1",
            "false",
            "false",
        ),
        (json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": []}), "1", "true", "true"),
        (json!({"podSelector": {}, "egress": [{"ports": []}]}), "1", "true", "false"),
        (json!({"podSelector": {"matchLabels": {"app": "web"}}}), "1", "false", "false"),
        (json!({"podSelector": {"matchLabels": {}, "matchExpressions": []}}), "1", "true", "false"),
        (json!({"podSelector": "all"}), "?", "?", "false"),
        (json!("deny"), "?", "?", "?"),
        // What allows everything is no policy.
        (json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}), "0", "false", "false"),
        (json!({"podSelector": {}, "ingress": [{}]}), "0", "false", "false"),
        (json!({"podSelector": {}, "ingress": [{"from": [], "ports": null}], "egress": [{}]}), "0", "false", "false"),
        (json!({"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress", "Egress"]}), "1", "false", "true"),
        (json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}), "1", "false", "false"),
        (json!({"podSelector": {"matchLabels": {"app": "gateway"}}, "ingress": [{}]}), "0", "false", "false"),
        (json!({"podSelector": {}, "ingress": "all"}), "?", "?", "false"),
    ];
    for (spec, policies, ingress, egress) in cases {
        let world = World::live(&[
            namespace("shop", json!({})),
            policy("shop", "p", spec.clone()),
            policy("other", "q", json!({})),
        ]);
        assert_eq!(network(&world), shown_network(policies, ingress, egress), "{spec}");
    }
}

#[test]
fn policies_that_cannot_be_seen_are_unknown() {
    let shop = namespace("shop", json!({}));
    assert_eq!(network(&World::live(std::slice::from_ref(&shop))), shown_network("0", "false", "false"));
    assert_eq!(
        network(&World::live(std::slice::from_ref(&shop)).without("NetworkPolicy", None)),
        shown_network("?", "?", "?")
    );
    assert_eq!(network(&World::files(std::slice::from_ref(&shop))), shown_network("?", "?", "?"));
    let crd = object("CustomResourceDefinition", "", "ciliumclusterwidenetworkpolicies.cilium.io", json!({}));
    assert_eq!(network(&World::live(&[shop.clone(), crd.clone()])), shown_network("?", "?", "?"));
    let deny = policy("shop", "deny", json!({"podSelector": {}}));
    assert_eq!(network(&World::live(&[shop, crd, deny])), shown_network("1", "true", "?"));
}

#[test]
fn policies_for_pods_that_are_not_there_hold_nothing() {
    let shop = || namespace("shop", json!({}));
    let selecting = |selector: Json| policy("shop", "p", json!({"podSelector": selector}));
    let template = |labels: Json| json!({"spec": {"template": {"metadata": {"labels": labels}, "spec": {}}}});
    let web = || object("Deployment", "shop", "web", template(json!({"app": "web"})));
    let count = |objects: &[Json]| {
        let text = network(&World::live(objects)).remove(0);
        text.split_once("\"policies\":").unwrap().1.split(',').next().unwrap().to_owned()
    };
    let db = || selecting(json!({"matchLabels": {"app": "db"}}));
    assert_eq!(count(&[shop(), db(), web()]), "0");
    let namespaces = World::live(&[shop(), db(), web()]).view("namespace");
    assert_eq!(
        stands(&namespaces.subjects[0], "network.policies"),
        "network.policies (NetworkPolicy p selects no pod of the namespace)"
    );
    assert_eq!(count(&[shop(), selecting(json!({"matchLabels": {"app": "web"}})), web()]), "1");
    assert_eq!(
        count(&[
            shop(),
            selecting(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})),
            web()
        ]),
        "0"
    );
    // One pod of the kind is enough, made by a job, live, or with labels that its controller adds.
    let job =
        json!({"spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": "db"}}, "spec": {}}}}}});
    assert_eq!(count(&[shop(), db(), web(), object("CronJob", "shop", "dump", job)]), "1");
    let live = object("Pod", "shop", "db-0", json!({"metadata": {"labels": {"app": "db"}}, "spec": {}}));
    assert_eq!(count(&[shop(), db(), web(), live]), "1");
    // Pods of other namespaces are others; where there are none, a policy waits for them.
    assert_eq!(count(&[shop(), db(), object("Deployment", "lab", "db", template(json!({"app": "db"})))]), "1");
    assert_eq!(
        count(&[shop(), selecting(json!({"matchExpressions": [{"key": "app", "operator": "Near"}]})), web()]),
        "?"
    );
    // Files need not hold what makes its pods.
    assert_eq!(network(&World::files(&[shop(), db(), web()])), shown_network("?", "false", "false"));
    let unseen = World::live(&[shop(), db(), web()]).without("StatefulSet", None);
    assert_eq!(network(&unseen), shown_network("?", "false", "false"));
    let deny = policy("shop", "deny", json!({"podSelector": {}}));
    let unseen = World::live(&[shop(), db(), deny, web()]).without("StatefulSet", None);
    assert_eq!(network(&unseen), shown_network("1", "true", "false"));
}

#[test]
fn levels_of_pod_security() {
    let label = |mode: &str, level: &str| json!({format!("pod-security.kubernetes.io/{mode}"): level});
    let world = World::live(&[
        namespace("a", label("enforce", "restricted")),
        namespace("b", label("warn", "baseline")),
        namespace("c", label("enforce", "privileged")),
        namespace("d", json!({})),
    ]);
    assert_eq!(
        world.read("namespace", "podSecurity"),
        [
            r#"Namespace a: {"warnOnly":false,"covered":true,"enforce":"restricted","mechanism":"label"}"#,
            r#"Namespace b: {"warnOnly":true,"covered":false}"#,
            r#"Namespace c: {"warnOnly":false,"covered":false,"enforce":"privileged"}"#,
            r#"Namespace d: {"warnOnly":false,"covered":false}"#,
        ]
    );
    let namespaces = world.view("namespace");
    assert_eq!(
        stands(&namespaces.subjects[0], "podSecurity.enforce"),
        "metadata.labels['pod-security.kubernetes.io/enforce']"
    );
    assert_eq!(
        stands(&namespaces.subjects[3], "podSecurity.enforce"),
        "metadata.labels['pod-security.kubernetes.io/enforce'] (no label; the cluster's default is not visible)"
    );
}

fn facts(node: &str, level: &str) -> Json {
    let defaults = json!({"defaults": {"enforce": level}, "exemptions": {"namespaces": ["free"]}});
    let content =
        json!({"kind": "AdmissionConfiguration", "plugins": [{"name": "PodSecurity", "configuration": defaults}]});
    object(
        "NodeFacts",
        "",
        node,
        json!({"documents": [{"path": "/etc/kubernetes/admission.yaml", "content": content}]}),
    )
}

#[test]
fn the_default_of_the_cluster_counts_where_no_label_does() {
    let spaces = [namespace("free", json!({})), namespace("shop", json!({}))];
    let with = |facts: &[Json]| World::live(&[&spaces, facts].concat());
    let world = with(&[facts("cp-0", "baseline"), facts("cp-1", "baseline")]);
    assert_eq!(
        world.read("namespace", "podSecurity.enforce"),
        ["Namespace free: \"privileged\"", "Namespace shop: \"baseline\""]
    );
    assert_eq!(world.read("namespace", "podSecurity.mechanism")[1], "Namespace shop: \"cluster default\"");
    let world = with(&[facts("cp-0", "baseline"), facts("cp-1", "privileged")]);
    assert_eq!(world.read("namespace", "podSecurity.covered")[1], "Namespace shop: ?");
    // Another API server of which nothing is known, or whose files set no default.
    let node =
        object("Node", "", "cp-1", json!({"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}}));
    let world = with(&[facts("cp-0", "baseline"), node.clone()]);
    assert_eq!(world.read("namespace", "podSecurity.covered")[1], "Namespace shop: ?");
    let silent = object("NodeFacts", "", "cp-1", json!({"processes": [], "documents": []}));
    let world = with(&[facts("cp-0", "baseline"), node, silent]);
    assert_eq!(world.read("namespace", "podSecurity.covered")[1], "Namespace shop: ?");
}

#[test]
fn labels_have_no_effect_in_an_exempt_namespace_or_without_the_plugin() {
    let label = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let spaces = [namespace("free", label.clone()), namespace("shop", label)];
    let world = World::live(&[&spaces[..], &[facts("cp-0", "baseline")]].concat());
    assert_eq!(
        world.read("namespace", "podSecurity.enforce"),
        ["Namespace free: \"privileged\"", "Namespace shop: \"restricted\""]
    );
    assert_eq!(
        stands(&world.view("namespace").subjects[0], "podSecurity.enforce"),
        "podSecurity.enforce (exempt in the configuration of Pod Security admission, cp-0)"
    );
    let argv = json!(["kube-apiserver", "--disable-admission-plugins=PodSecurity"]);
    let process = json!({"processes": [{"component": "kube-apiserver", "argv": argv}]});
    let world = World::live(&[&spaces[..], &[object("NodeFacts", "", "cp-0", process)]].concat());
    assert_eq!(
        world.read("namespace", "podSecurity.enforce"),
        ["Namespace free: \"privileged\"", "Namespace shop: \"privileged\""]
    );
}

fn engine(failure: &str, extra: Json) -> Json {
    let mut hook = json!({
        "name": "validate.kyverno.svc-fail",
        "failurePolicy": failure,
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}],
    });
    merge(&mut hook, extra);
    object("ValidatingWebhookConfiguration", "", "kyverno-resource-validating-webhook-cfg", json!({"webhooks": [hook]}))
}

#[test]
fn a_known_engine_covers_the_namespaces_that_it_selects() {
    let selector = |expression: Json| json!({"namespaceSelector": {"matchExpressions": [expression]}});
    let not_in = json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["shop"]});
    let exists = json!({"key": "team", "operator": "Exists"});
    let mut unknown_engine = engine("Fail", json!({"name": "mutate.example.com"}));
    unknown_engine["metadata"]["name"] = json!("somebody");
    let cases = [
        (engine("Fail", json!({})), "true"),
        (engine("Ignore", json!({})), "?"),
        (engine("Fail", selector(not_in)), "false"),
        (engine("Fail", selector(exists)), "true"),
        (engine("Fail", selector(json!({"key": "team", "operator": "Is"}))), "?"),
        (engine("Fail", json!({"objectSelector": {"matchLabels": {"checked": "yes"}}})), "?"),
        (engine("Fail", json!({"matchConditions": [{"name": "x", "expression": "false"}]})), "?"),
        (engine("Fail", json!({"rules": [{"apiGroups": ["apps"], "operations": ["*"], "resources": ["*"]}]})), "false"),
        (engine("Fail", json!({"rules": "all"})), "false"),
        (unknown_engine, "false"),
    ];
    for (webhook, expected) in cases {
        let world = World::live(&[namespace("shop", json!({"team": "a"})), webhook.clone()]);
        assert_eq!(
            world.read("namespace", "podSecurity.covered"),
            [format!("Namespace shop: {expected}")],
            "{webhook}"
        );
    }
    let world = World::live(&[namespace("shop", json!({})), engine("Fail", json!({}))]);
    assert_eq!(
        world.read("namespace", "podSecurity.mechanism"),
        [r#"Namespace shop: "Kyverno (ValidatingWebhookConfiguration kyverno-resource-validating-webhook-cfg)""#]
    );
    let world = World::live(&[namespace("shop", json!({}))]).without("ValidatingWebhookConfiguration", None);
    assert_eq!(world.read("namespace", "podSecurity.covered"), ["Namespace shop: ?"]);
}

#[test]
fn an_admission_policy_that_denies_pods_needs_a_look() {
    let rules = json!([{"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods"]}]);
    let policy = object(
        "ValidatingAdmissionPolicy",
        "",
        "gatekeeper-p",
        json!({"spec": {"matchConstraints": {"resourceRules": rules}}}),
    );
    let bound = |actions: Json| {
        let spec = json!({"policyName": "gatekeeper-p", "validationActions": actions});
        object("ValidatingAdmissionPolicyBinding", "", "b", json!({"spec": spec}))
    };
    let covered = |actions: Json| {
        World::live(&[namespace("shop", json!({})), policy.clone(), bound(actions)])
            .read("namespace", "podSecurity.covered")
    };
    assert_eq!(covered(json!(["Deny"])), ["Namespace shop: ?"]);
    assert_eq!(covered(json!(["Audit"])), ["Namespace shop: false"]);
}

#[test]
fn objects_of_the_default_namespace() {
    let objects = [
        namespace("default", json!({})),
        namespace("kube-public", json!({})),
        namespace("shop", json!({})),
        object("Service", "default", "kubernetes", json!({})),
        object("ServiceAccount", "default", "default", json!({})),
        object("RoleBinding", "kube-public", "system:controller:bootstrap-signer", json!({})),
        object("RoleBinding", "kube-public", "kubeadm:bootstrap-signer-clusterinfo", json!({})),
    ];
    let world = World::live(&objects);
    let expected = ["Namespace default: []", "Namespace kube-public: []", "Namespace shop: ?"];
    assert_eq!(world.read("namespace", "objects"), expected);
    let all = || World::live(&objects);
    assert_eq!(all().without("Ingress", None).read("namespace", "objects")[0], "Namespace default: ?");
    assert_eq!(all().without("Ingress", Some("shop")).read("namespace", "objects")[0], "Namespace default: []");
    let used = [&objects[..], &[object("Pod", "default", "x", json!({"spec": {}}))]].concat();
    let world = World::live(&used).without("Ingress", None);
    assert_eq!(world.read("namespace", "objects")[0], r#"Namespace default: [{"kind":"Pod","name":"x"},?]"#);
    assert_eq!(
        world.read("namespace", "namespace.workloads"),
        ["Namespace default: 1", "Namespace kube-public: 0", "Namespace shop: 0"]
    );
    assert_eq!(all().without("Job", None).read("namespace", "namespace.workloads")[2], "Namespace shop: ?");
}

#[test]
fn files_need_the_object_of_a_namespace() {
    let world = World::files(&[policy("shop", "p", json!({}))]);
    let namespaces = world.view("namespace");
    assert!(namespaces.subjects.is_empty());
    assert_eq!(namespaces.none.as_deref(), Some("no Namespace in the input"));
}

#[test]
fn the_cluster_as_a_whole() {
    let daemon = |name: &str| object("DaemonSet", "kube-system", name, json!({"spec": {"template": {"spec": {}}}}));
    let crd = object("CustomResourceDefinition", "", "x", json!({"spec": {"group": "external-secrets.io"}}));
    let signed = object("ValidatingWebhookConfiguration", "", "policy.sigstore.dev", json!({"webhooks": []}));
    let world = World::live(&[
        namespace("shop", json!({})),
        namespace("kube-system", json!({})),
        daemon("aws-node"),
        daemon("calico-node"),
        crd,
        signed,
    ]);
    assert_eq!(
        world.read("cluster", "."),
        [concat!(
            r#"Cluster test: {"version":"1.34.1","maintainedUntil":"2026-10-27T23:59:59Z","distribution":"upstream","#,
            r#""managed":false,"namespaces":["shop"],"#,
            r#""network":{"plugin":"Calico","enforcesPolicies":true},"secretStores":["External Secrets Operator"],"#,
            r#""imagePolicies":["Sigstore policy controller"]}"#
        )]
    );
    assert_eq!(
        World::live(&[daemon("kube-flannel-ds")]).read("cluster", "network.enforcesPolicies"),
        ["Cluster test: false"]
    );
    assert_eq!(World::live(&[daemon("aws-node")]).read("cluster", "network.enforcesPolicies"), ["Cluster test: ?"]);
    assert_eq!(World::live(&[]).without("DaemonSet", None).read("cluster", "network.plugin"), ["Cluster test: ?"]);
    assert_eq!(World::live(&[engine("Fail", json!({}))]).read("cluster", "imagePolicies"), ["Cluster test: ?"]);
    assert_eq!(World::live(&[]).read("cluster", "secretStores"), ["Cluster test: []"]);
    assert!(World::files(&[daemon("x")]).view("cluster").subjects.is_empty());
}

#[test]
fn the_default_namespace_of_files_that_use_it() {
    let pod = |namespace: &str| object("Pod", namespace, "x", json!({"spec": {}}));
    let world = World::files(&[namespace("shop", json!({})), pod("default")]);
    assert_eq!(
        world.read("namespace", "objects"),
        [r#"Namespace shop: ?"#, r#"Namespace default: [{"kind":"Pod","name":"x"},?]"#]
    );
    assert_eq!(world.read("namespace", "podSecurity")[1], "Namespace default: ?");
    assert_eq!(world.read("namespace", "network")[1], "Namespace default: ?");
    // Where an object without a namespace lands is said when it is applied.
    for objects in [[pod("shop")], [pod("")]] {
        assert_eq!(World::files(&objects).read("namespace", "objects"), [""; 0]);
    }
    let written = [namespace("default", json!({})), pod("default")];
    assert_eq!(World::files(&written).view("namespace").subjects.len(), 1);
    assert_eq!(World::live(&[pod("default")]).view("namespace").subjects.len(), 0);
}

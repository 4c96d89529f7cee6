//! What is asked for, and what becomes of the answers.

use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::json;
use spm::collect::Progress;
use spm::collect::kubernetes::{ClusterError, Right, Verdict, collect, review_access};
use spm::inventory::{ObjectSink, Presence, Wanted};
use spm::model::GapReason;

use crate::server::{Reply, Server};
use crate::{TOKEN, access, all, gaps, kubeconfig, names, objects, read, try_read, wanted};

#[test]
fn reads_what_is_wanted_and_nothing_else() {
    let server = Server::start(
        &[
            ("/api/v1/pods", objects("pod", "a", 25)),
            ("/apis/rbac.authorization.k8s.io/v1/roles", objects("role", "a", 1)),
        ],
        |_, _| None,
    );
    let wanted = wanted(&[("Pod", "spec.hostNetwork"), ("Role", "rules"), ("NodeFacts", "files")]);
    let inventory = read(&server, &wanted, |_| {});

    assert_eq!(names(&inventory, "Pod"), all("pod", 25));
    let pod = &inventory.of("Pod")[1];
    assert_eq!(pod.scope.as_deref(), Some("a"));
    assert_eq!(
        pod.value.to_json(200),
        r#"{"metadata":{"name":"pod-001","namespace":"a"},"spec":{"hostNetwork":false}}"#
    );
    assert_eq!(inventory.system.name, "test");
    assert_eq!(inventory.system.version.as_deref(), Some("1.34.1"));
    assert_eq!(inventory.system.distribution.as_deref(), Some("upstream"));
    assert_eq!(inventory.system.origin, server.url);

    let mut paths = server.paths();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/api/v1/nodes?limit=20",
            "/api/v1/pods?limit=10",
            "/api/v1/pods?limit=10&continue=at%2F10",
            "/api/v1/pods?limit=10&continue=at%2F20",
            "/apis/rbac.authorization.k8s.io/v1/roles?limit=10",
            "/version",
        ]
    );
    for request in server.requests() {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("user-agent"), concat!("spm/", env!("CARGO_PKG_VERSION")));
        assert_eq!(request.header("accept"), "application/json");
        assert_eq!(request.header("authorization"), format!("Bearer {TOKEN}"));
    }
}

#[test]
fn nodes_tell_the_distribution() {
    let node = json!({"metadata": {"name": "n1", "labels": {"kubernetes.azure.com/cluster": "x"}},
                      "status": {"nodeInfo": {"kubeletVersion": "v1.34.1"}}});
    let server = Server::start(&[("/api/v1/nodes", vec![node])], |_, _| None);
    for wanted in [Wanted::default(), wanted(&[("Node", "spec.taints")])] {
        assert_eq!(read(&server, &wanted, |_| {}).system.distribution.as_deref(), Some("aks"));
    }
}

#[test]
fn a_denied_kind_is_a_gap_with_the_right_that_is_missing() {
    let server = Server::start(&[("/api/v1/pods", objects("pod", "a", 2))], |request, _| {
        request.path.contains("networkpolicies").then(|| Reply::status(403, "networkpolicies is forbidden"))
    });
    let inventory = read(&server, &wanted(&[("Pod", "spec"), ("NetworkPolicy", "spec")]), |_| {});
    assert_eq!(
        gaps(&inventory),
        ["NetworkPolicy: forbidden (needs list networkpolicies.networking.k8s.io), networkpolicies is forbidden"]
    );
    assert_eq!(names(&inventory, "Pod"), all("pod", 2));
    assert_eq!(server.paths().iter().filter(|path| path.contains("networkpolicies")).count(), 1);
}

#[test]
fn if_everything_is_denied_everything_is_a_gap() {
    let server = Server::start(&[], |_, _| Some(Reply::status(403, "no")));
    let inventory = read(&server, &wanted(&[("Pod", "spec"), ("Node", "spec"), ("ConfigMap", "data")]), |_| {});
    let kinds: Vec<&str> = inventory.gaps().iter().map(|gap| gap.kind.as_str()).collect();
    assert_eq!(kinds, ["ConfigMap", "ConfigMap", "ConfigMap", "Node", "Pod"]);
    assert_eq!(inventory.system.version, None);
}

#[test]
fn a_kind_that_the_server_does_not_know_has_no_objects() {
    let groups = |request: &crate::server::Request, _| match request.path.as_str() {
        "/apis/networking.k8s.io/v1" => Some(Reply::Json(200, r#"{"resources":[{"name":"networkpolicies"}]}"#.into())),
        "/apis/apps/v1" => Some(Reply::status(500, "no")),
        _ => None,
    };
    let server = Server::start(&[], groups);
    let wanted = wanted(&[
        ("Ingress", "spec"),
        ("StorageClass", "parameters"),
        ("NetworkPolicy", "spec"),
        ("Deployment", "spec"),
    ]);
    let inventory = read(&server, &wanted, |access| access.timeout = std::time::Duration::from_millis(400));
    // The group is there without it; the group is not there.
    for kind in ["Ingress", "StorageClass"] {
        assert_eq!(inventory.presence(kind, None), Presence::Complete, "{kind}");
    }
    assert!(inventory.notes.contains(&"the server does not know ingresses.networking.k8s.io".into()));
    assert!(inventory.notes.contains(&"the server does not know storageclasses.storage.k8s.io".into()));
    // It is said to be there; nobody knows.
    for kind in ["NetworkPolicy", "Deployment"] {
        assert!(matches!(inventory.presence(kind, None), Presence::Gap(_)), "{kind}");
    }
}

#[test]
fn named_namespaces_are_read_one_by_one() {
    let namespace = |name: &str| json!({"metadata": {"name": name, "labels": {"x": "y"}}});
    let server = Server::start(
        &[
            ("/api/v1/namespaces", vec![namespace("a"), namespace("b"), namespace("c")]),
            ("/api/v1/namespaces/a/pods", objects("pod", "a", 12)),
            ("/api/v1/namespaces/c/pods", objects("pod", "c", 1)),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles", objects("role", "", 1)),
        ],
        |request, _| request.path.contains("/b/pods").then(|| Reply::status(403, "no")),
    );
    let wanted = wanted(&[("Pod", "spec"), ("ClusterRole", "rules"), ("Namespace", "metadata.labels")]);
    let inventory =
        read(&server, &wanted, |access| access.namespaces = vec!["b".into(), "a".into(), "c".into(), "a".into()]);
    assert_eq!(inventory.of("Pod").len(), 13);
    assert_eq!(names(&inventory, "Namespace"), ["a", "b", "c"]);
    assert_eq!(inventory.of("ClusterRole").len(), 1);
    assert_eq!(
        gaps(&inventory),
        [
            "Namespace in other namespaces: not asked for, only those of a, b, c were read",
            "Pod in b: forbidden (needs list pods), no",
            "Pod in other namespaces: not asked for, only those of a, b, c were read",
        ]
    );
    assert_eq!(inventory.presence("Pod", Some("a")), Presence::Complete);
    assert!(matches!(inventory.presence("Pod", None), Presence::Gap(_)));
    assert!(
        inventory.notes.iter().any(|note| note.contains("only those in a, b, c were read")),
        "{:?}",
        inventory.notes
    );
    assert!(!server.paths().iter().any(|path| path.starts_with("/api/v1/pods")), "{:?}", server.paths());
}

/// A binding of any namespace may be for an account of a named one.
#[test]
fn bindings_of_every_namespace_are_read_if_that_is_allowed() {
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let start = |allowed: bool| {
        let of = |namespace: &str| format!("{rbac}/namespaces/{namespace}/rolebindings");
        let all = [objects("x", "a", 1), objects("y", "z", 1)].concat();
        let objects = [
            (format!("{rbac}/rolebindings"), all),
            (of("a"), objects("x", "a", 1)),
            (of("b"), objects("w", "b", 1)),
            ("/api/v1/namespaces".into(), ["a", "b"].map(|name| json!({"metadata": {"name": name}})).to_vec()),
        ];
        let objects: Vec<_> = objects.iter().map(|(path, objects)| (path.as_str(), objects.clone())).collect();
        Server::start(&objects, move |request, _| {
            let everywhere = request.path.starts_with("/apis/rbac.authorization.k8s.io/v1/rolebindings");
            (everywhere && !allowed).then(|| Reply::status(403, "no"))
        })
    };
    let read = |server: &Server| {
        let wanted = wanted(&[("RoleBinding", "roleRef")]);
        read(server, &wanted, |access| access.namespaces = vec!["a".into(), "b".into()])
    };
    let server = start(true);
    let inventory = read(&server);
    assert_eq!((names(&inventory, "RoleBinding").len(), gaps(&inventory)), (2, Vec::new()));
    assert!(!server.paths().iter().any(|path| path.contains("/namespaces/a/rolebindings")), "{:?}", server.paths());
    let inventory = read(&start(false));
    assert_eq!(names(&inventory, "RoleBinding"), ["x-000", "w-000"]);
    let needs = "(needs list rolebindings.rbac.authorization.k8s.io)";
    assert_eq!(
        gaps(&inventory),
        [format!("RoleBinding in other namespaces: forbidden {needs}, only those of a, b were read: no")]
    );
    assert_eq!(inventory.presence("RoleBinding", Some("a")), Presence::Complete);
}

/// What nobody saw is not passed: an account whose bindings may lie in namespaces that may not be read.
#[test]
fn accounts_are_not_cleared_by_what_was_not_read() {
    let scan = |allowed: bool| {
        let (bindings, accounts) =
            ("/apis/rbac.authorization.k8s.io/v1/rolebindings", "/api/v1/namespaces/shop/serviceaccounts");
        let known = ["/version", "/apis", "/api/v1/namespaces/shop", bindings, accounts];
        let subjects = json!([{"kind": "ServiceAccount", "namespace": "shop", "name": "default"}]);
        let binding = json!({"metadata": {"name": "x", "namespace": "bank"}, "subjects": subjects,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}});
        let objects = [
            ("/api/v1/namespaces", vec![json!({"metadata": {"name": "shop"}}), json!({"metadata": {"name": "bank"}})]),
            (
                accounts,
                vec![
                    json!({"metadata": {"name": "default", "namespace": "shop"}, "automountServiceAccountToken": false}),
                ],
            ),
            (bindings, vec![binding]),
        ];
        let server = Server::start(&objects, move |request, _| match request.path.split('?').next().unwrap() {
            path if path == bindings && !allowed => Some(Reply::status(403, "no")),
            path if known.contains(&path) || path.contains("/configmaps/") => None,
            // Nothing else is there, and nothing else is missing.
            _ => Some(Reply::Json(200, r#"{"metadata":{},"items":[]}"#.into())),
        });
        let (_dir, file) = kubeconfig(&server.url);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spm"));
        command.env_clear().env("KUBECONFIG", &file).env("HOME", file.parent().unwrap());
        let done = command.args(["scan", "-n", "shop", "--format", "csv", "--no-store"]).output().unwrap();
        let mut reader = csv::Reader::from_reader(done.stdout.as_slice());
        let headers = reader.headers().unwrap().clone();
        let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let (check, scope, state) = (at("check_id"), at("scope"), at("state"));
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(rows.iter().all(|row| ["", "shop"].contains(&&row[scope])), "{words}");
        // That only a part was asked for is nothing that went wrong.
        assert_eq!(words.contains("could not be read"), !allowed, "{words}");
        let own = rows.iter().filter(|row| &row[check] == "kubernetes-default-service-account-unused");
        own.map(|row| format!("{} {}", &row[scope], &row[state])).collect::<Vec<_>>()
    };
    assert_eq!(scan(true), ["shop failed"]);
    assert_eq!(scan(false), ["shop manual"]);
}

#[test]
fn a_namespace_that_does_not_exist_is_no_empty_scan() {
    let server = Server::start(&[("/api/v1/namespaces/typo/pods", vec![])], |_, _| None);
    for (name, problem) in [("typo", "none of that name"), ("../secrets", "cannot be the name"), ("", "cannot be")] {
        let error = try_read(&server, &wanted(&[("Pod", "spec")]), |access| access.namespaces = vec![name.into()]);
        let error = error.unwrap_err();
        assert!(matches!(error, ClusterError::Namespace { .. }), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn config_maps_are_read_by_name_only() {
    let map = |name: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"},
                                  "metadata": {"name": name, "namespace": "kube-system"}})
    };
    let path = "/api/v1/namespaces/kube-system/configmaps";
    let server = Server::start(&[(path, vec![map("kube-proxy"), map("secret")])], |request, _| {
        request.path.ends_with("kubelet-config").then(|| Reply::status(403, "no"))
    });
    let inventory = read(&server, &wanted(&[("ConfigMap", "data")]), |_| {});
    assert_eq!(names(&inventory, "ConfigMap"), ["kube-proxy"]);
    assert_eq!(
        gaps(&inventory),
        [
            "ConfigMap in kube-system: forbidden (needs get configmaps named kubelet-config in kube-system), kubelet-config: no"
        ]
    );
    assert!(server.paths().iter().all(|asked| asked != path && !asked.contains("configmaps?")));
}

fn nodes(count: usize) -> Vec<serde_json::Value> {
    (0..count).map(|n| json!({"metadata": {"name": format!("node-{n:03}")}})).collect()
}

#[test]
fn kubelets_are_asked_only_if_that_is_allowed() {
    let server = Server::start(&[("/api/v1/nodes", nodes(3))], |request, _| {
        if request.method == "POST" {
            return Some(Reply::Json(201, r#"{"status":{"allowed":false}}"#.into()));
        }
        let node = request.path.strip_prefix("/api/v1/nodes/")?.strip_suffix("/proxy/configz")?;
        Some(match node {
            "node-001" => Reply::status(404, "the server could not find the requested resource"),
            _ => Reply::Json(
                200,
                r#" {"kubeletconfig":{"authentication":{"anonymous":{"enabled":false}},"x":1}}"#.into(),
            ),
        })
    });
    let wanted = wanted(&[("KubeletConfigz", "kubeletconfig.authentication")]);

    let inventory = read(&server, &wanted, |_| {});
    assert_eq!(
        gaps(&inventory),
        [
            "KubeletConfigz: not asked for (needs get nodes/configz), kubelets are only asked with the right to it; node facts \
             or --allow-node-proxy tell the same"
        ]
    );
    assert!(!server.paths().iter().any(|path| path.contains("proxy")));

    let inventory = read(&server, &wanted, |access| access.allow_node_proxy = true);
    assert_eq!(names(&inventory, "KubeletConfigz"), ["node-000", "node-002"]);
    assert_eq!(
        inventory.of("KubeletConfigz")[0].value.to_json(500),
        r#"{"metadata":{"name":"node-000"},"kubeletconfig":{"authentication":{"anonymous":{"enabled":false}}}}"#
    );
    assert_eq!(
        gaps(&inventory),
        ["KubeletConfigz in node-001: server error, the kubelet does not give its configuration"]
    );
}

#[test]
fn denied_kubelets_are_one_gap_and_some_are_their_own() {
    let denied = |all: bool| {
        let server = Server::start(&[("/api/v1/nodes", nodes(20))], move |request, _| {
            let asked = request.path.contains("proxy/configz");
            if asked && (all || request.path.contains("node-007")) {
                return Some(Reply::status(403, "no"));
            }
            asked.then(|| Reply::Json(200, r#"{"kubeletconfig":{}}"#.into()))
        });
        read(&server, &wanted(&[("KubeletConfigz", "kubeletconfig")]), |access| access.allow_node_proxy = true)
    };
    assert_eq!(gaps(&denied(true)), ["KubeletConfigz: forbidden (needs get nodes/proxy), no"]);
    let some = denied(false);
    assert_eq!(gaps(&some), ["KubeletConfigz in node-007: forbidden (needs get nodes/proxy), no"]);
    assert_eq!(some.of("KubeletConfigz").len(), 19);
}

#[derive(Default)]
struct Kept {
    objects: Vec<(String, String)>,
}

impl ObjectSink for Kept {
    fn object(&mut self, kind: &str, raw: &[u8]) {
        self.objects.push((kind.into(), String::from_utf8(raw.to_vec()).unwrap()));
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<(String, usize)>>);

impl Progress for Heard {
    fn reading(&self, what: &str, done: usize) {
        self.0.lock().unwrap().push((what.into(), done));
    }
}

#[test]
fn objects_are_handed_over_once_as_they_were_read() {
    let pods = objects("pod", "a", 25);
    let server = Server::start(&[("/api/v1/pods", pods.clone())], |request, before| {
        if request.path.contains("services") {
            return Some(Reply::status(403, "no"));
        }
        (request.path.contains("continue=at%2F20") && before == 0).then(|| Reply::status(410, "too old"))
    });
    let (_dir, file) = kubeconfig(&server.url);
    let wanted = wanted(&[("Pod", "spec.hostNetwork"), ("Service", "spec")]);
    let (mut kept, heard) = (Kept::default(), Heard::default());
    let inventory = collect(&access(file), &wanted, Timestamp::UNIX_EPOCH, Some(&mut kept), &heard).unwrap();

    assert_eq!(names(&inventory, "Pod"), all("pod", 25));
    let expected: Vec<(String, String)> = pods.iter().map(|pod| ("Pod".to_owned(), pod.to_string())).collect();
    assert_eq!(kept.objects, expected);
    assert_eq!(inventory.gaps()[0].reason, GapReason::Forbidden);
    let counts: Vec<usize> =
        heard.0.lock().unwrap().iter().filter(|(kind, _)| kind == "Pod").map(|(_, n)| *n).collect();
    assert_eq!(counts, [10, 20, 0, 10, 20, 25]);
}

#[test]
fn rights_are_reviewed() {
    let server = Server::start(&[], |request, _| {
        if request.method != "POST" {
            return None;
        }
        let question: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(question["kind"], "SelfSubjectAccessReview");
        let status = match question["spec"]["resourceAttributes"]["resource"].as_str().unwrap() {
            "pods" => json!({"allowed": true, "reason": "RBAC"}),
            "nodes" => return Some(Reply::status(422, "no")),
            _ => json!({"allowed": false}),
        };
        Some(Reply::Json(201, json!({"status": status}).to_string()))
    });
    let (_dir, file) = kubeconfig(&server.url);
    let right = |resource: &str| Right { verb: "list".into(), resource: resource.into(), ..Right::default() };
    let verdicts = review_access(&access(file), &[right("secrets"), right("pods"), right("nodes")]).unwrap();
    assert_eq!(verdicts[..2], [Verdict::Denied(String::new()), Verdict::Allowed]);
    assert!(matches!(&verdicts[2], Verdict::Unknown(why) if why.contains("422")), "{verdicts:?}");
    let asked = server.requests();
    assert!(asked.iter().all(|r| r.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"), "{asked:?}");
    assert!(
        asked.iter().any(|r| r.body.contains(r#""resourceAttributes":{"group":"","resource":"pods","verb":"list"}"#))
    );
}

/// A waiver in an annotation of a live object holds for the findings of this object.
#[test]
fn live_annotations_waive() {
    let workload = |name: &str, annotations: serde_json::Value| {
        json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "annotations": annotations},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": "x", "securityContext": {"privileged": true}}]}}}})
    };
    let waiver = json!({"spm.dev/waive": "{rule: CIS/5.2.2, reason: agreed, expires: 2999-01-01}"});
    let workloads = vec![workload("cart", waiver.clone()), workload("mail", json!({}))];
    // The copy of the annotation at a ReplicaSet says nothing.
    let copy = json!({"metadata": {"name": "cart-1", "namespace": "shop", "annotations": waiver,
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "uid": "cart", "controller": true}]},
        "spec": workloads[0]["spec"]});
    let objects = [("/apis/apps/v1/deployments", workloads), ("/apis/apps/v1/replicasets", vec![copy])];
    let server = Server::start(&objects, |_, _| None);
    let (_dir, file) = kubeconfig(&server.url);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spm"));
    command.env_clear().env("KUBECONFIG", &file).env("HOME", file.parent().unwrap());
    let done = command.args(["scan", "--format", "csv", "--no-store"]).output().unwrap();
    let words = String::from_utf8(done.stderr).unwrap();
    let mut reader = csv::Reader::from_reader(done.stdout.as_slice());
    // Rule, state, name and where the waiver is written.
    let rows = reader.records().map(|row| [7, 17, 15, 37].map(|at| row.as_ref().unwrap()[at].to_owned()));
    let failed: Vec<_> = rows.filter(|[rule, state, ..]| rule == "5.2.2" && state == "failed").collect();
    let expected = [["5.2.2", "failed", "mail", ""], ["5.2.2", "failed", "cart", "annotation"]];
    assert_eq!(failed, expected, "{words}");
    assert!(!words.contains("cart-1"), "{words}");
}

//! Facts of nodes from pods: what is created is deleted, whatever happens, and nodes that do not answer are gaps.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use spm::collect::kubernetes::nodes::{NodeRun, Pods, clean_up, collect_nodes};
use spm::collect::kubernetes::{ClusterError, collect};
use spm::inventory::{Inventory, Wanted};

use super::server::{Reply, Request, Server};
use super::{access, gaps, kubeconfig, names, wanted};

fn nodes(names: &[&str]) -> Vec<Json> {
    names.iter().map(|name| json!({"metadata": {"name": name}})).collect()
}

fn pod(name: &str, node: &str, state: &Json) -> Json {
    json!({"metadata": {"name": name}, "spec": {"nodeName": node},
        "status": {"containerStatuses": [{"name": "collect", "restartCount": 0, "state": state}]}})
}

fn facts(node: &str) -> String {
    json!({"apiVersion": "spm.node/v1", "kind": "NodeFacts", "metadata": {"name": node}, "processes": []}).to_string()
}

fn created() -> Option<Reply> {
    Some(Reply::Json(201, "{}".to_owned()))
}

fn what() -> Wanted {
    wanted(&[("Node", "metadata.name"), ("NodeFacts", "metadata.name"), ("NodeFacts", "processes")])
}

fn run(server: &Server, pods: Pods<'_>) -> (Result<(), ClusterError>, Inventory) {
    let (_dir, file) = kubeconfig(&server.url);
    let access = access(file);
    let mut inventory = collect(&access, &what(), Timestamp::UNIX_EPOCH, None, &()).unwrap();
    let timeout = Duration::from_secs(4);
    let job = NodeRun { access: &access, pods, namespace: "spm-system", timeout, now: Timestamp::UNIX_EPOCH };
    let done = collect_nodes(&job, &what(), &mut inventory, None, &());
    inventory.finish();
    (done, inventory)
}

const IMAGE: Pods<'_> = Pods::Temporary { image: "registry.example/spm:1" };

/// Method and path, without query, of what was not just read.
fn writes(server: &Server) -> Vec<String> {
    let changed = |request: &Request| request.method != "GET" && !request.path.contains("selfsubject");
    let all = server.requests().into_iter().filter(changed);
    all.map(|request| format!("{} {}", request.method, request.path)).collect()
}

fn set_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Answers for pods and logs: `w-1` answers, `w-2` cannot start, `w-3` speaks for `w-1`.
fn pods_and_logs(request: &Request) -> Option<Reply> {
    if request.path.contains("/namespaces/spm-system/pods?") {
        let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}});
        let running = json!({"running": {}});
        let items = [pod("p-1", "w-1", &running), pod("p-2", "w-2", &waiting), pod("p-3", "w-3", &running)];
        return Some(Reply::Json(200, json!({"kind": "PodList", "items": items}).to_string()));
    }
    if request.path.contains("/log?") {
        return Some(Reply::Json(200, format!("a warning\n{}\n", facts("w-1"))));
    }
    None
}

#[test]
fn nodes_answer_or_become_gaps_and_nothing_is_left_behind() {
    let objects = nodes(&["w-1", "w-2", "w-3", "w-4"]);
    let server = Server::start(&[("/api/v1/nodes", objects)], |request, _| match request.method.as_str() {
        "POST" | "DELETE" => created(),
        _ => pods_and_logs(request),
    });
    let (done, inventory) = run(&server, IMAGE);
    done.unwrap();
    assert_eq!(names(&inventory, "NodeFacts"), ["w-1"]);
    assert_eq!(
        gaps(&inventory),
        [
            "NodeFacts in w-2: unreachable, no answer within 4s: the pod does not start: ImagePullBackOff: no such image",
            "NodeFacts in w-3: malformed, the answer is about another node",
            "NodeFacts in w-4: unreachable, no answer within 4s: no pod was made for it: the node does not take it, or the namespace refuses privileged pods",
        ]
    );
    let writes = writes(&server);
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_eq!(writes[0], "POST /apis/apps/v1/namespaces/spm-system/daemonsets");
    let body: Json =
        serde_json::from_str(&server.requests().iter().find(|r| r.method == "POST").unwrap().body).unwrap();
    let name = body["metadata"]["name"].as_str().unwrap();
    assert_eq!(writes[1], format!("DELETE /apis/apps/v1/namespaces/spm-system/daemonsets/{name}"));
    assert_eq!(body["metadata"]["labels"]["spm/expires"], "3604");
    // Nodes are found by the labels of this run only.
    assert!(
        server.paths().iter().any(|path| path.contains(&format!("labelSelector=app.kubernetes.io%2Fname%3D{name}")))
    );
}

#[test]
fn a_namespace_that_was_made_for_the_scan_is_deleted() {
    let exists = AtomicBool::new(false);
    let server =
        Server::start(&[("/api/v1/nodes", nodes(&["w-1"]))], move |request, _| match request.method.as_str() {
            "POST" if request.path == "/api/v1/namespaces" => {
                exists.store(true, Ordering::SeqCst);
                created()
            }
            "POST" if !exists.load(Ordering::SeqCst) => Some(Reply::status(404, "namespaces \"spm-system\" not found")),
            "POST" | "DELETE" => created(),
            _ => pods_and_logs(request),
        });
    run(&server, IMAGE).0.unwrap();
    let writes = writes(&server);
    assert_eq!(writes.len(), 5, "{writes:?}");
    assert_eq!(writes[1], "POST /api/v1/namespaces");
    assert_eq!(writes[4], "DELETE /api/v1/namespaces/spm-system");
    let body = server.requests().into_iter().find(|request| request.path == "/api/v1/namespaces").unwrap().body;
    assert!(body.contains(r#""pod-security.kubernetes.io/enforce":"privileged""#), "{body}");
}

#[test]
fn a_namespace_that_somebody_else_made_stays() {
    let asked = AtomicBool::new(false);
    let server =
        Server::start(&[("/api/v1/nodes", nodes(&["w-1"]))], move |request, _| match request.method.as_str() {
            "POST" if request.path == "/api/v1/namespaces" => {
                asked.store(true, Ordering::SeqCst);
                Some(Reply::status(409, "namespaces \"spm-system\" already exists"))
            }
            "POST" if !asked.load(Ordering::SeqCst) => Some(Reply::status(404, "namespaces \"spm-system\" not found")),
            "POST" | "DELETE" => created(),
            _ => pods_and_logs(request),
        });
    run(&server, IMAGE).0.unwrap();
    let writes = writes(&server);
    assert_eq!(writes.len(), 4, "{writes:?}");
    assert!(writes[3].starts_with("DELETE /apis/apps/v1/namespaces/spm-system/daemonsets/"), "{writes:?}");
}

#[test]
fn what_is_forbidden_is_said_with_the_right_that_is_missing() {
    let nothing = |_: &Request| None;
    let pods = |request: &Request| request.path.contains("/spm-system/pods?").then(|| Reply::status(403, "no"));
    type Answer = fn(&Request) -> Option<Reply>;
    let cases: [(bool, Answer, &str); 2] = [
        (false, nothing, "NodeFacts: forbidden (needs create daemonsets.apps in namespace spm-system), no"),
        (true, pods, "NodeFacts: forbidden (needs list pods in namespace spm-system), no"),
    ];
    for (may_create, answer, gap) in cases {
        let server =
            Server::start(&[("/api/v1/nodes", nodes(&["w-1"]))], move |request, _| match request.method.as_str() {
                "POST" if !may_create => Some(Reply::status(403, "no")),
                "POST" | "DELETE" => created(),
                _ => answer(request),
            });
        let (done, inventory) = run(&server, IMAGE);
        done.unwrap();
        assert_eq!(gaps(&inventory), [gap]);
        assert_eq!(set_of(writes(&server).last().unwrap()).starts_with("spm-nodes-"), may_create);
    }
}

#[test]
fn what_could_not_be_deleted_is_said() {
    let server = Server::start(&[("/api/v1/nodes", nodes(&["w-1"]))], |request, _| match request.method.as_str() {
        "POST" => created(),
        "DELETE" => Some(Reply::status(403, "not allowed")),
        _ => pods_and_logs(request),
    });
    let (_, inventory) = run(&server, IMAGE);
    let note = inventory.notes.iter().find(|note| note.contains("spm cleanup")).unwrap();
    assert!(note.contains("could not delete") && note.contains("not allowed"), "{note}");
}

#[test]
fn the_permanent_pods_are_only_read() {
    let server = Server::start(&[("/api/v1/nodes", nodes(&["w-1"]))], |request, _| {
        let pods = json!({"items": [pod("p-1", "w-1", &json!({"running": {}}))]});
        match request.path.contains("/spm-system/pods?") {
            true => Some(Reply::Json(200, pods.to_string())),
            false => pods_and_logs(request),
        }
    });
    let (done, inventory) = run(&server, Pods::Permanent);
    done.unwrap();
    assert_eq!(names(&inventory, "NodeFacts"), ["w-1"]);
    assert_eq!(writes(&server), [""; 0]);
}

#[test]
fn clean_up_takes_what_is_over_and_leaves_the_rest() {
    let set = |name: &str, end: &str| json!({"metadata": {"name": name, "labels": {"spm/expires": end}}});
    let start = || {
        let sets = json!({"items": [set("spm-nodes-old", "50"), set("spm-nodes-new", "150")]}).to_string();
        Server::start(&[], move |request, _| match request.method.as_str() {
            "DELETE" => created(),
            _ if request.path.contains("daemonsets?labelSelector") => Some(Reply::Json(200, sets.clone())),
            _ => None,
        })
    };
    let cleaned = |all| {
        let server = start();
        let (_dir, file) = kubeconfig(&server.url);
        clean_up(&access(file), "spm-system", all, Timestamp::from_second(100).unwrap()).unwrap()
    };
    let some = cleaned(false);
    assert_eq!(some.deleted, ["DaemonSet spm-system/spm-nodes-old"]);
    assert_eq!(some.kept, ["DaemonSet spm-system/spm-nodes-new"]);
    assert_eq!(cleaned(true).deleted.len(), 2);
}

fn spm(file: &PathBuf) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spm"));
    command.env_clear().env("KUBECONFIG", file).env("HOME", file.parent().unwrap());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).current_dir(file.parent().unwrap());
    command.args(["scan", "--nodes", "daemonset", "--node-image", "registry.example/spm:1"]);
    command
}

#[cfg(unix)]
#[test]
fn a_stopped_scan_deletes_what_it_created() {
    let server =
        Server::start(&[("/api/v1/nodes", nodes(&["w-1", "w-2"]))], |request, _| match request.method.as_str() {
            "POST" | "DELETE" => created(),
            // Never done: w-2 does not answer.
            _ => pods_and_logs(request),
        });
    let (_dir, file) = kubeconfig(&server.url);
    let child = Mutex::new(spm(&file).spawn().unwrap());
    let began = Instant::now();
    while !server.paths().iter().any(|path| path.contains("/log?")) {
        assert!(began.elapsed() < Duration::from_secs(60), "no pod was read");
        std::thread::sleep(Duration::from_millis(50));
    }
    let id = child.lock().unwrap().id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ended = child.into_inner().unwrap().wait_with_output().unwrap();
    let words = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{words}");
    assert!(words.contains("interrupted; what was created for it has been deleted"), "{words}");
    assert!(set_of(writes(&server).last().unwrap()).starts_with("spm-nodes-"));
    assert!(writes(&server).last().unwrap().starts_with("DELETE"));
}

#[test]
fn without_the_option_nothing_is_created() {
    let server = Server::start(&[("/api/v1/nodes", nodes(&["w-1"]))], |_, _| None);
    let (_dir, file) = kubeconfig(&server.url);
    let mut command = Command::new(env!("CARGO_BIN_EXE_spm"));
    command.env_clear().env("KUBECONFIG", &file).env("HOME", file.parent().unwrap());
    let done = command.arg("scan").output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(writes(&server), [""; 0]);
}

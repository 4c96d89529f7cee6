//! Whatever goes wrong on the way: either it is mended and nothing is lost, or it is a gap.

use std::time::{Duration, Instant};

use spm::collect::kubernetes::ClusterError;
use spm::inventory::{Inventory, Presence};
use spm::model::GapReason;

use crate::server::{Reply, Request, Server, page};
use crate::{all, gaps, names, objects, read, try_read, wanted};

const PODS: usize = 35;
const SECOND: &str = "/api/v1/pods?limit=10&continue=at%2F10";

/// Reads pods and services while `fault` spoils the answers for pods (or the version).
fn pods(fault: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) -> (Inventory, Server) {
    let server = Server::start(
        &[("/api/v1/pods", objects("pod", "a", PODS)), ("/api/v1/services", objects("svc", "a", 3))],
        fault,
    );
    let wanted = wanted(&[("Pod", "spec.hostNetwork"), ("Service", "spec.type")]);
    let inventory = read(&server, &wanted, |access| access.timeout = Duration::from_millis(1500));
    // Whatever happens to pods, the other kinds are read.
    assert_eq!(names(&inventory, "Service"), all("svc", 3));
    assert_eq!(inventory.presence("Service", None), Presence::Complete);
    (inventory, server)
}

fn complete(inventory: &Inventory) {
    assert_eq!(gaps(inventory), [""; 0]);
    assert_eq!(names(inventory, "Pod"), all("pod", PODS));
}

/// The reason of the one gap, which is about pods.
fn reason(inventory: &Inventory) -> GapReason {
    assert_eq!(inventory.gaps().len(), 1, "{:?}", gaps(inventory));
    assert_eq!(inventory.gaps()[0].kind, "Pod");
    assert!(matches!(inventory.presence("Pod", Some("a")), Presence::Gap(_)));
    inventory.gaps()[0].reason
}

/// The true answer for the second page.
fn second() -> String {
    let request =
        Request { method: "GET".into(), path: SECOND.into(), headers: Default::default(), body: String::new() };
    match page(&request, &objects("pod", "a", PODS)) {
        Reply::Json(_, body) => body,
        _ => unreachable!(),
    }
}

#[test]
fn nothing_wrong() {
    let (inventory, server) = pods(|_, _| None);
    complete(&inventory);
    let asked: Vec<String> = server.paths().into_iter().filter(|path| path.contains("pods")).collect();
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[test]
fn a_list_that_became_too_old_is_begun_anew() {
    let (inventory, server) = pods(|request, before| {
        (request.path.contains("continue=at%2F20") && before < 3).then(|| Reply::status(410, "too old"))
    });
    complete(&inventory);
    assert_eq!(server.paths().iter().filter(|path| *path == "/api/v1/pods?limit=10").count(), 4);
}

#[test]
fn a_list_that_is_always_too_old_is_a_gap_that_keeps_what_was_read() {
    let (inventory, _) =
        pods(|request, _| request.path.contains("continue=at%2F20").then(|| Reply::status(410, "too old")));
    assert_eq!(reason(&inventory), GapReason::ServerError);
    assert_eq!(names(&inventory, "Pod"), all("pod", 20));
    assert!(inventory.gaps()[0].detail.contains("too old (after 20 objects)"), "{:?}", gaps(&inventory));
}

#[test]
fn throttling_waits_as_long_as_the_server_asks() {
    let began = Instant::now();
    let (inventory, _) = pods(|request, before| {
        let busy = || Reply::Full(429, vec![("retry-after", "1".into())], "busy".into());
        (request.path == SECOND && before == 0).then(busy)
    });
    complete(&inventory);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn waiting_has_an_end() {
    let began = Instant::now();
    let (inventory, _) = pods(|request, _| {
        (request.path == SECOND).then(|| Reply::Full(429, vec![("retry-after", "3600".into())], "busy".into()))
    });
    assert_eq!(reason(&inventory), GapReason::ServerError);
    assert_eq!(names(&inventory, "Pod"), all("pod", 10));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn server_errors_pass() {
    let (inventory, _) =
        pods(|request, before| (request.path == SECOND && before < 2).then(|| Reply::status(500, "etcd is away")));
    complete(&inventory);
}

#[test]
fn server_errors_that_stay_are_a_gap() {
    let (inventory, _) = pods(|request, _| (request.path == SECOND).then(|| Reply::status(503, "etcd is away")));
    assert_eq!(reason(&inventory), GapReason::ServerError);
    assert!(inventory.gaps()[0].detail.starts_with("503, etcd is away"), "{:?}", gaps(&inventory));
    assert_eq!(inventory.gaps()[0].permission, None);
}

#[test]
fn broken_connections_are_mended() {
    for broken in [
        |body: String| Reply::Half(body, 700),
        |body: String| Reply::Reset(body, 700),
        |body: String| Reply::Half(body, 0),
        |_| Reply::Hangup,
    ] {
        let (inventory, _) =
            pods(move |request, before| (request.path == SECOND && before == 0).then(|| broken(second())));
        complete(&inventory);
    }
}

#[test]
fn broken_connections_that_stay_broken_are_a_gap() {
    let (inventory, _) = pods(|request, _| (request.path == SECOND).then(|| Reply::Half(second(), 700)));
    assert_eq!(reason(&inventory), GapReason::Truncated);
    assert_eq!(names(&inventory, "Pod"), all("pod", 10));
    let (inventory, _) = pods(|request, _| (request.path == SECOND).then_some(Reply::Hangup));
    assert_eq!(reason(&inventory), GapReason::Unreachable);
}

#[test]
fn slow_answers_are_given_up() {
    let slow = |body: String| Reply::After(Duration::from_millis(2500), Box::new(Reply::Json(200, body)));
    let (inventory, _) = pods(move |request, before| (request.path == SECOND && before == 0).then(|| slow(second())));
    complete(&inventory);
    let began = Instant::now();
    let (inventory, _) = pods(move |request, _| (request.path == SECOND).then(|| slow(second())));
    assert_eq!(reason(&inventory), GapReason::Unreachable);
    assert!(inventory.gaps()[0].detail.contains("no complete answer within 1.5s"), "{:?}", gaps(&inventory));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn answers_that_are_no_list_are_asked_for_again_and_then_a_gap() {
    let html = || Reply::Full(200, vec![("content-type", "text/html".into())], "<html>Sign in".into());
    let cut = || Reply::Json(200, second()[..700].to_owned());
    let noise = || Reply::Json(200, second().replace("\"spec\"", "spec"));
    let status = || Reply::status(200, "fine");
    for (bad, expected) in [
        (html as fn() -> Reply, GapReason::Malformed),
        (cut, GapReason::Truncated),
        (noise, GapReason::Malformed),
        (status, GapReason::Malformed),
    ] {
        let (inventory, _) = pods(move |request, before| (request.path == SECOND && before == 0).then(bad));
        complete(&inventory);
        let (inventory, _) = pods(move |request, _| (request.path == SECOND).then(bad));
        assert_eq!(reason(&inventory), expected);
        assert_eq!(names(&inventory, "Pod"), all("pod", 10));
    }
}

#[test]
fn pages_may_have_their_keys_in_any_order_and_no_objects() {
    let (inventory, _) = pods(|request, _| {
        let request = request.clone();
        let Reply::Json(status, body) = page(&request, &objects("pod", "a", PODS)) else { return None };
        let mut list: serde_json::Value = serde_json::from_str(&body).ok()?;
        let (items, metadata) = (list["items"].take(), list["metadata"].take());
        request
            .path
            .contains("/pods")
            .then(|| Reply::Json(status, format!(r#"{{"items":{items},"kind":"PodList","metadata":{metadata}}}"#)))
    });
    complete(&inventory);

    let (inventory, _) = pods(|request, _| {
        let empty = r#"{"kind":"PodList","metadata":{},"items":null}"#;
        request.path.contains("/pods").then(|| Reply::Json(200, empty.into()))
    });
    assert_eq!(inventory.presence("Pod", None), Presence::Complete);
    assert!(inventory.of("Pod").is_empty());
}

#[test]
fn a_server_that_turns_in_circles_is_left() {
    let (inventory, _) = pods(|request, _| {
        let circle = r#"{"metadata":{"continue":"at/10"},"items":[{"metadata":{"name":"x","namespace":"a"}}]}"#;
        request.path.contains("/pods").then(|| Reply::Json(200, circle.into()))
    });
    assert_eq!(reason(&inventory), GapReason::Malformed);
}

#[test]
fn a_login_that_expires_on_the_way_is_a_gap() {
    let (inventory, _) = pods(|request, _| (request.path == SECOND).then(|| Reply::status(401, "Unauthorized")));
    assert_eq!(reason(&inventory), GapReason::Forbidden);
    assert_eq!(names(&inventory, "Pod"), all("pod", 10));
}

/// What reading pods ends with if every answer is `reply`.
fn end(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ClusterError {
    let server = Server::start(&[], move |_, _| Some(reply()));
    try_read(&server, &wanted(&[("Pod", "spec.hostNetwork")]), |access| access.timeout = Duration::from_millis(400))
        .unwrap_err()
}

#[test]
fn if_nothing_answers_there_is_no_scan() {
    let error = end(|| Reply::status(401, "Unauthorized"));
    assert!(matches!(error, ClusterError::NotAuthenticated { .. }), "{error}");
    let error = end(|| Reply::Hangup);
    assert!(matches!(error, ClusterError::NoAnswer { .. }), "{error}");
    let error = end(|| Reply::After(Duration::from_secs(2), Box::new(Reply::Hangup)));
    assert!(matches!(error, ClusterError::NoAnswer { .. }), "{error}");
    let error = end(|| Reply::Full(302, vec![("location", "https://login.example".into())], String::new()));
    assert!(error.to_string().contains("is this an API server?"), "{error}");
    let error = end(|| Reply::Full(403, vec![], "<html>".into()));
    assert!(matches!(error, ClusterError::NoAnswer { .. }), "{error}");
    let error = end(|| Reply::Json(200, "{}".into()));
    assert!(error.to_string().contains("not the version of an API server"), "{error}");
    let error = end(|| Reply::Full(404, vec![], "<html>".into()));
    assert!(matches!(error, ClusterError::NoAnswer { .. }), "{error}");

    let server = Server::start(&[], |_, _| None);
    let error = try_read(&server, &wanted(&[]), |access| {
        let text = std::fs::read_to_string(access.kubeconfig.as_ref().unwrap()).unwrap();
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = text.replace(&server.url, &format!("http://{nobody}"));
        std::fs::write(access.kubeconfig.as_ref().unwrap(), text).unwrap();
    })
    .unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

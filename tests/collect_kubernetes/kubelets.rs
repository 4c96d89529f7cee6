//! Kubelets that are asked themselves: who gets to see credentials, and what becomes of the answers.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value as Json, json};
use spm::collect::kubernetes::{ClusterAccess, collect};
use spm::inventory::Inventory;

use crate::server::{Reply, Request, Server};
use crate::{TOKEN, access, gaps, names, wanted};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collect_kubernetes/kubelet").join(name)
}

/// A kubelet on the loopback interface; it lives as long as the test process.
struct Kubelet {
    port: u16,
    connections: Arc<AtomicUsize>,
    /// Heads of the requests, with `certificate` at the end if the client has shown one.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Kubelet {
    /// With the certificate of this name; the answer has this status and body.
    fn start(certificate: &str, status: u16, body: &str) -> Kubelet {
        let answer = format!(
            "HTTP/1.1 {status} Word\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let config = Arc::new(tls(certificate));
        Kubelet::serve(move |stream, seen: &Mutex<Vec<String>>| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut reader = BufReader::new(StreamOwned::new(connection, stream));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if !matches!(reader.read_line(&mut head), Ok(read) if read > 0) {
                    return;
                }
            }
            if reader.get_ref().conn.peer_certificates().is_some() {
                head.push_str("certificate");
            }
            seen.lock().unwrap().push(head);
            // The client may have enough before the end.
            _ = reader.get_mut().write_all(answer.as_bytes());
            reader.get_mut().conn.send_close_notify();
            _ = reader.get_mut().flush();
        })
    }

    fn serve(serve: impl Fn(std::net::TcpStream, &Mutex<Vec<String>>) + Send + Sync + 'static) -> Kubelet {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, seen) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let kubelet = Kubelet { port, connections: Arc::clone(&connections), seen: Arc::clone(&seen) };
        let serve = Arc::new(serve);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (serve, seen) = (Arc::clone(&serve), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, &seen));
            }
        });
        kubelet
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn tls(certificate: &str) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("cluster.pem")).unwrap()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let chain = vec![CertificateDer::from_pem_file(file(&format!("{certificate}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file(&format!("{certificate}.key"))).unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let clients = clients.allow_unauthenticated().build().unwrap();
    builder.with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap()
}

/// Nodes whose kubelets listen at these ports.
fn nodes(ports: &[u16]) -> Vec<Json> {
    let node = |(n, port): (usize, &u16)| {
        json!({"metadata": {"name": format!("node-{n:03}")}, "status": {
            "addresses": [{"type": "Hostname", "address": "localhost"}, {"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}})
    };
    ports.iter().enumerate().map(node).collect()
}

/// An API server with nodes, that allows these resources and answers for kubelets itself.
fn api(ports: &[u16], allowed: &'static [&'static str]) -> Server {
    Server::start(&[("/api/v1/nodes", nodes(ports))], move |request, _| {
        if request.path.ends_with("/proxy/configz") {
            return Some(Reply::Json(200, r#"{"kubeletconfig":{"through":"proxy"}}"#.into()));
        }
        review(request, allowed)
    })
}

fn review(request: &Request, allowed: &[&str]) -> Option<Reply> {
    let right = serde_json::from_str::<Json>(&request.body).ok()?["spec"]["resourceAttributes"].clone();
    let text = |key: &str| right[key].as_str().unwrap_or_default();
    let mut what = text("resource").to_owned();
    if !text("subresource").is_empty() {
        write!(what, "/{}", text("subresource")).unwrap();
    }
    Some(Reply::Json(201, json!({"status": {"allowed": allowed.contains(&what.as_str())}}).to_string()))
}

const CONFIGZ: &[&str] = &["nodes/configz"];
const BY_TOKEN: &str = "token: hunter2-token";

/// Reads as a user of this sort.
fn read_as(user: &str, server: &Server, change: impl Fn(&mut ClusterAccess)) -> Inventory {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config");
    let authority = file("cluster.pem").display().to_string();
    let text = format!(
        "current-context: t\nclusters: [{{name: c, cluster: {{server: '{}', certificate-authority: '{authority}'}}}}]\n\
         contexts: [{{name: t, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n",
        server.url
    );
    std::fs::write(&config, text).unwrap();
    let mut access = access(config);
    change(&mut access);
    collect(&access, &wanted(&[("KubeletConfigz", "kubeletconfig")]), Timestamp::UNIX_EPOCH, None, &()).unwrap()
}

fn read(server: &Server) -> Inventory {
    read_as(BY_TOKEN, server, |_| {})
}

fn not_asked(why: &str) -> Vec<String> {
    vec![format!("KubeletConfigz: not asked for, {why}; node facts or --allow-node-proxy tell the same")]
}

#[test]
fn kubelets_answer_whom_the_server_allows_it() {
    let kubelet = Kubelet::start("good", 200, r#"{"kubeletconfig":{"readOnlyPort":0}}"#);
    let server = api(&[kubelet.port, kubelet.port], CONFIGZ);
    let inventory = read(&server);
    assert_eq!((names(&inventory, "KubeletConfigz").len(), gaps(&inventory)), (2, Vec::new()));
    assert_eq!(
        inventory.of("KubeletConfigz")[1].value.to_json(500),
        r#"{"metadata":{"name":"node-001"},"kubeletconfig":{"readOnlyPort":0}}"#
    );
    let seen = kubelet.seen();
    assert_eq!(seen.len(), 2);
    for head in seen {
        assert!(head.starts_with("GET /configz HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{head}");
    }
    assert!(!server.paths().iter().any(|path| path.contains("proxy")), "{:?}", server.paths());
}

#[test]
fn without_the_right_no_kubelet_hears_of_it() {
    let kubelet = Kubelet::start("good", 200, "{}");
    let denied = read(&api(&[kubelet.port], &[]));
    assert_eq!(
        gaps(&denied),
        [
            "KubeletConfigz: not asked for (needs get nodes/configz), kubelets are only asked with the right to it; node facts \
             or --allow-node-proxy tell the same"
        ]
    );
    let silent = Server::start(&[("/api/v1/nodes", nodes(&[kubelet.port]))], |request, _| {
        (request.method == "POST").then(|| Reply::status(403, "no reviews here"))
    });
    let why = "kubelets are not asked: the API server does not say whether this is allowed (no reviews here)";
    assert_eq!(gaps(&read(&silent)), not_asked(why));
    assert_eq!(kubelet.connections(), 0);
}

#[test]
fn no_node_sees_a_token_that_is_good_for_more() {
    let kubelet = Kubelet::start("good", 200, "{}");
    type Case = (&'static [&'static str], &'static str, &'static str);
    let cases: [Case; 6] = [
        (&["nodes/configz", "secrets"], BY_TOKEN, "the token may also get secrets, so no node gets to see it"),
        (&["nodes/configz", "nodes/proxy"], BY_TOKEN, "the token may also get nodes/proxy, so no node gets to see it"),
        (&["nodes/configz", "daemonsets"], BY_TOKEN, "the token may also create daemonsets, so no node gets to see it"),
        (CONFIGZ, "username: u, password: hunter2", "a password is not for nodes"),
        (
            CONFIGZ,
            "token: hunter2, as: somebody",
            "the kubeconfig acts as somebody else, of which kubelets know nothing",
        ),
        (
            CONFIGZ,
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never, args: [-c, \
             'echo \"{\\\"apiVersion\\\":\\\"client.authentication.k8s.io/v1\\\",\\\"kind\\\":\\\"ExecCredential\\\",\\\"status\\\":{\\\"token\\\":\\\"t\\\"}}\"']}",
            "a program logs in, and what it gives is not for nodes",
        ),
    ];
    for (allowed, user, why) in cases {
        let inventory = read_as(user, &api(&[kubelet.port], allowed), |_| {});
        assert_eq!(gaps(&inventory), not_asked(&format!("kubelets are not asked: {why}")));
    }
    assert_eq!(kubelet.connections(), 0);
    // A certificate is of no use to who sees it.
    let kubelet = Kubelet::start("good", 200, r#"{"kubeletconfig":{}}"#);
    let of = |name: &str| file(name).display().to_string();
    let user = format!("client-certificate: '{}', client-key: '{}'", of("client.pem"), of("client.key"));
    let inventory = read_as(&user, &api(&[kubelet.port], &["nodes/configz", "secrets"]), |_| {});
    assert_eq!((names(&inventory, "KubeletConfigz").len(), gaps(&inventory)), (1, Vec::new()));
    assert!(kubelet.seen()[0].ends_with("\r\n\r\ncertificate"), "{:?}", kubelet.seen());
    assert!(!kubelet.seen()[0].contains("authorization"));
}

#[test]
fn strangers_see_no_credentials() {
    let body = r#"{"kubeletconfig":{}}"#;
    for certificate in ["foreign", "elsewhere"] {
        let stranger = Kubelet::start(certificate, 200, body);
        let inventory = read(&api(&[stranger.port], CONFIGZ));
        let said = gaps(&inventory).join("\n");
        let begin = format!(
            "KubeletConfigz: not asked for, none of 1 node lets its configuration be read directly (kubelet at 127.0.0.1:{}: no \
             trusted connection: invalid peer certificate: ",
            stranger.port
        );
        assert!(said.starts_with(&begin), "{said}");
        assert!(inventory.of("KubeletConfigz").is_empty());
        assert_eq!((stranger.connections(), stranger.seen()), (1, Vec::new()));
    }
    // Another authority may be named for kubelets; it then is the only one.
    let named = |access: &mut ClusterAccess| access.kubelet_ca = Some(file("other.pem"));
    let (own, foreign) = (Kubelet::start("good", 200, body), Kubelet::start("foreign", 200, body));
    let inventory = read_as(BY_TOKEN, &api(&[own.port, foreign.port], CONFIGZ), named);
    assert_eq!(names(&inventory, "KubeletConfigz"), ["node-001"]);
    assert!(own.seen().is_empty());
    // What is trusted for the API server is not trusted for kubelets.
    let inventory =
        read_as(BY_TOKEN, &api(&[foreign.port], CONFIGZ), |access| access.ca_file = Some(file("other.pem")));
    assert!(inventory.of("KubeletConfigz").is_empty());
    assert_eq!(foreign.seen().len(), 1);
}

#[test]
fn without_an_authority_nobody_is_verified() {
    let kubelet = Kubelet::start("good", 200, r#"{"kubeletconfig":{}}"#);
    let server = api(&[kubelet.port], CONFIGZ);
    let authority = "nothing tells the authority of their certificates; give it with --kubelet-ca";
    for cluster in ["insecure-skip-tls-verify: true", "tls-server-name: x"] {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        let text = format!(
            "current-context: t\nclusters: [{{name: c, cluster: {{server: '{}', {cluster}}}}}]\n\
             contexts: [{{name: t, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{{BY_TOKEN}}}}}]\n",
            server.url
        );
        std::fs::write(&config, text).unwrap();
        let read = |access: &ClusterAccess| {
            collect(access, &wanted(&[("KubeletConfigz", "kubeletconfig")]), Timestamp::UNIX_EPOCH, None, &()).unwrap()
        };
        let mut access = access(config);
        assert_eq!(gaps(&read(&access)), not_asked(&format!("kubelets are not asked: {authority}")), "{cluster}");
        assert_eq!(kubelet.connections(), 0);
        access.kubelet_ca = Some(file("cluster.pem"));
        assert_eq!(names(&read(&access), "KubeletConfigz"), ["node-000"]);
        kubelet.connections.store(0, Ordering::SeqCst);
    }
}

#[test]
fn refusals_and_nonsense_are_gaps() {
    let good = Kubelet::start("good", 200, r#"{"kubeletconfig":{"x":1},"metadata":{"name":"node-003"}}"#);
    let long = format!(r#"{{"kubeletconfig":{{"x":"{}"}}}}"#, "x".repeat(5 << 20));
    let others: Vec<Kubelet> = [
        (401, "Unauthorized"),
        (403, "Forbidden (user=spm, verb=get, resource=nodes, subresource(s)=[configz proxy])"),
        (200, "nonsense"),
        (200, r#"{"kubeletconfig":{"#),
        (200, r#"{"metadata":{"name":"node-000"}}"#),
        (200, r#"{"kubeletconfig":{"x":2},"kubeletconfig":{"x":3}}"#),
        (200, long.as_str()),
    ]
    .map(|(status, body)| Kubelet::start("good", status, body))
    .into();
    let ports: Vec<u16> = [good.port].into_iter().chain(others.iter().map(|kubelet| kubelet.port)).collect();
    let inventory = read(&api(&ports, CONFIGZ));
    // The node does not get to speak for another one.
    assert_eq!(names(&inventory, "KubeletConfigz"), ["node-000"]);
    assert_eq!(inventory.of("KubeletConfigz")[0].value.at(&["kubeletconfig", "x"]).unwrap().as_int(), Some(1));
    let at = |n: usize| format!("kubelet at 127.0.0.1:{}: ", ports[n]);
    let what = "malformed, ";
    let place = "the answer is not what the API specifies (line 1, column 1)";
    assert_eq!(
        gaps(&inventory),
        [
            format!("KubeletConfigz in node-001: forbidden, {}it does not accept the credentials", at(1)),
            format!(
                "KubeletConfigz in node-002: forbidden, {}it refuses, as kubelets before 1.33 do without nodes/proxy",
                at(2)
            ),
            format!("KubeletConfigz in node-003: {what}{}{place}", at(3)),
            format!("KubeletConfigz in node-004: truncated, {}the answer ends too early (line 1, column 0)", at(4)),
            format!("KubeletConfigz in node-005: {what}{}{place}", at(5)),
            format!("KubeletConfigz in node-006: {what}{}{place}", at(6)),
            format!("KubeletConfigz in node-007: {what}{}the answer is longer than 4194304 bytes", at(7)),
        ]
    );
}

#[test]
fn where_no_kubelet_can_be_reached_little_time_is_lost() {
    // It takes connections and says nothing.
    let silent = Kubelet::serve(|stream, _| {
        std::thread::sleep(Duration::from_secs(60));
        drop(stream);
    });
    let server = api(&[silent.port; 40], CONFIGZ);
    let began = Instant::now();
    let inventory = read(&server);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!((3..20).contains(&silent.connections()), "{}", silent.connections());
    let said = gaps(&inventory).join("\n");
    assert!(said.starts_with("KubeletConfigz: not asked for, none of 40 nodes lets"), "{said}");
    assert!(said.contains(&format!("kubelet at 127.0.0.1:{}: no connection: ", silent.port)), "{said}");
    // What the user allows still goes through the API server.
    let inventory = read_as(BY_TOKEN, &server, |access| access.allow_node_proxy = true);
    assert_eq!((names(&inventory, "KubeletConfigz").len(), gaps(&inventory)), (40, Vec::new()));
}

#[test]
fn a_node_that_says_no_place_is_not_guessed_at() {
    let kubelet = Kubelet::start("good", 200, r#"{"kubeletconfig":{}}"#);
    let mut all = nodes(&[kubelet.port, kubelet.port, 0]);
    all[0]["status"]["addresses"] = json!([{"type": "InternalIP", "address": "127.0.0.1/../../x@evil.example"}]);
    let server = Server::start(&[("/api/v1/nodes", all)], |request, _| review(request, CONFIGZ));
    let inventory = read(&server);
    assert_eq!(names(&inventory, "KubeletConfigz"), ["node-001"]);
    let why = "server error, the node does not say where its kubelet listens";
    assert_eq!(
        gaps(&inventory),
        [format!("KubeletConfigz in node-000: {why}"), format!("KubeletConfigz in node-002: {why}")]
    );
}

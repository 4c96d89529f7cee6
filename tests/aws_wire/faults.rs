//! Denials, throttling, outages, nonsense: what the caller makes of each.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::json;
use spm::collect::aws::{Access, Caller, Class};
use spm::model::GapReason;

use super::server::{KEYS, Reply, Server};
use super::{Source, access, call, call_in, caller};

const KEYS_OF_KMS: &str = r#"{"Keys":[]}"#;

#[tokio::test]
async fn a_denial_is_final_and_says_who_denies() {
    let server = Server::start(|_, number| {
        let message = match number {
            0 => "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:ListKeys",
            _ => "User: x is not authorized to perform: kms:ListKeys with an explicit deny in a service control policy",
        };
        Reply::json_error(400, "AccessDeniedException", message)
    });
    let caller = caller(&server);
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Denied { by_scp: false });
    assert_eq!(error.reason(), GapReason::Forbidden);
    assert_eq!(error.request_id.as_deref(), Some("id-1"));
    assert_eq!(
        error.to_string(),
        "kms ListKeys in eu-central-1: AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/s is not authorized to \
         perform: kms:ListKeys"
    );
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Denied { by_scp: true });
    assert_eq!(server.requests().len(), 2, "asking again would not help");
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let server = Server::start(|request, number| match (request.service.as_str(), number) {
        ("kms", 0) => Reply::json_error(400, "ThrottlingException", "Rate exceeded"),
        ("kms", _) => Reply::ok(KEYS_OF_KMS),
        ("s3", 2) => Reply::Full(
            503,
            vec![("retry-after", "1".to_owned())],
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>".to_owned(),
        ),
        _ => Reply::ok("<VersioningConfiguration/>"),
    });
    let caller = caller(&server);
    assert_eq!(call(&caller, "kms ListKeys", json!({})).await.unwrap(), json!({ "Keys": [] }));
    let began = Instant::now();
    assert_eq!(call(&caller, "s3 GetBucketVersioning", json!({ "Bucket": "b" })).await.unwrap(), json!({}));
    assert!(began.elapsed() >= Duration::from_secs(1), "the service said when to come back");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn throttling_without_end_ends() {
    let server = Server::start(|_, _| Reply::json_error(400, "ThrottlingException", "Rate exceeded"));
    let few = Access { attempts: 3, ..access(&server.url) };
    let source = SharedCredentialsProvider::new(Source::new(&[0], None));
    let caller = Caller::with_credentials(&few, source).unwrap();
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (Class::Throttled, "Rate exceeded (3 tries)"));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_region_that_is_not_enabled_is_told_from_bad_credentials() {
    let server = Server::start(|request, _| match request.region.as_str() {
        "me-south-1" => Reply::json_error(400, "UnrecognizedClientException", "The security token is invalid."),
        _ => Reply::ok(KEYS_OF_KMS),
    });
    let first = caller(&server);
    let error = call_in(&first, "kms ListKeys", json!({}), "me-south-1").await.unwrap_err();
    assert_eq!(error.class, Class::Login, "nothing was ever answered with these credentials");
    call(&first, "kms ListKeys", json!({})).await.unwrap();
    let error = call_in(&first, "kms ListKeys", json!({}), "me-south-1").await.unwrap_err();
    assert_eq!((error.class, &*error.region), (Class::RegionOff, "me-south-1"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_and_never_used() {
    let body = r#"{"Keys":[{"KeyId":"a"},{"KeyId":"b"}]}"#;
    let server = Server::start(move |_, number| match number {
        0 => Reply::Half(body.to_owned(), 20),
        1 => Reply::ok(&body[..20]),
        2 => Reply::Hangup,
        _ => Reply::ok(body),
    });
    let answer = call(&caller(&server), "kms ListKeys", json!({})).await.unwrap();
    assert_eq!(answer, json!({ "Keys": [{ "KeyId": "a" }, { "KeyId": "b" }] }));

    let server = Server::start(move |_, _| Reply::Half(body.to_owned(), 20));
    let few = Access { attempts: 2, ..access(&server.url) };
    let caller = Caller::with_credentials(&few, SharedCredentialsProvider::new(Source::new(&[0], None))).unwrap();
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.reason()), (Class::Truncated, GapReason::Truncated));
}

#[tokio::test]
async fn an_answer_of_somebody_else_is_no_answer() {
    let server = Server::start(|_, number| match number {
        0 => Reply::Full(200, vec![("content-type", "text/html".to_owned())], "<html>Welcome</html>".to_owned()),
        1 => Reply::Full(302, vec![("location", "http://127.0.0.1:1/".to_owned())], String::new()),
        _ => Reply::Full(407, vec![("content-type", "text/html".to_owned())], "<html>Proxy</html>".to_owned()),
    });
    let caller = caller(&server);
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Malformed, "MalformedAnswer"));
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Refused, "Http302"), "redirections are not followed");
    let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Refused, "Http407"));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_its_deadline_and_is_then_left_alone() {
    let server = Server::start(|_, _| Reply::Silence);
    let short = Access { timeout: Duration::from_millis(300), ..access(&server.url) };
    let caller = Caller::with_credentials(&short, SharedCredentialsProvider::new(Source::new(&[0], None))).unwrap();
    let began = Instant::now();
    for _ in 0..5 {
        let error = call(&caller, "kms ListKeys", json!({})).await.unwrap_err();
        assert_eq!((error.class, error.reason()), (Class::Unreachable, GapReason::Unreachable));
    }
    assert_eq!(server.requests().len(), 4, "two tries of two calls");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

/// An address where connections are neither taken nor refused.
fn black_hole() -> (TcpListener, Vec<TcpStream>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    // Nobody takes them, so that the queue is full at some point.
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        held.push(stream);
        assert!(held.len() < 10_000, "the queue is never full");
    }
    (listener, held, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_region_is_soon_given_up() {
    let (_listener, _held, address) = black_hole();
    let dead = Caller::with_credentials(
        &access(&format!("http://{address}")),
        SharedCredentialsProvider::new(Source::new(&[0], None)),
    )
    .unwrap();
    let began = Instant::now();
    let calls = ["kms ListKeys", "sns ListTopics", "ec2 DescribeVpcs", "ecs ListClusters"];
    let running = calls.map(|operation| {
        let dead = dead.clone();
        tokio::spawn(async move { call(&dead, operation, json!({})).await })
    });
    for call in running {
        assert_eq!(call.await.unwrap().unwrap_err().class, Class::Unreachable);
    }
    for operation in calls {
        let error = call(&dead, operation, json!({})).await.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (Class::Unreachable, "NoConnection"));
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());

    // One call alone is not slower.
    let (_listener, _held, address) = black_hole();
    let url = format!("http://{address}");
    let alone =
        Caller::with_credentials(&access(&url), SharedCredentialsProvider::new(Source::new(&[0], None))).unwrap();
    let began = Instant::now();
    call(&alone, "kms ListKeys", json!({})).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn https_is_linked_for_the_own_client_and_the_sdk() {
    for operation in ["kms ListKeys", "ec2 DescribeVpcs"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let hellos = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&hellos);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut first = [0];
                std::io::Read::read_exact(&mut stream, &mut first).unwrap();
                // The record type of a handshake: somebody speaks TLS.
                assert_eq!(first, [0x16]);
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let source = SharedCredentialsProvider::new(Source::new(&[0], None));
        let caller = Caller::with_credentials(&access(&url), source).unwrap();
        let error = call(&caller, operation, json!({})).await.unwrap_err();
        assert_eq!(error.class, Class::Unreachable, "{error}");
        assert!(hellos.load(Ordering::Relaxed) > 0);
    }
}

#[tokio::test]
async fn no_secret_is_shown_even_if_the_service_repeats_it() {
    let (id, secret, token) = KEYS[1];
    let message = format!("credential {id} with {secret} and {token} in https://x/?X-Amz-Security-Token={token}");
    let said = message.clone();
    let server = Server::start(move |request, _| match request.service.as_str() {
        "kms" => Reply::json_error(400, "Odd", &said),
        "sns" => Reply::xml_error(403, "AccessDenied", &said),
        _ => Reply::ec2_error(400, "Odd", &said),
    });
    let source = SharedCredentialsProvider::new(Source::new(&[1], None));
    let caller = Caller::with_credentials(&access(&server.url), source).unwrap();
    let mut shown = format!("{caller:?}");
    for operation in ["kms ListKeys", "sns ListTopics", "ec2 DescribeVpcs"] {
        let error = call(&caller, operation, json!({})).await.unwrap_err();
        assert!(error.message.contains("[secret]"), "{error}");
        shown.push_str(&format!("{error} {error:?}"));
    }
    for word in [id, secret, token] {
        assert!(!shown.contains(word), "{shown}");
    }
    assert_eq!(server.requests().len(), 3);
}

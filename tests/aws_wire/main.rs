//! Calls to AWS on the wire, against a server of our own that checks signatures. Bodies of answers are authored after the API
//! references.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

mod ec2;
mod faults;
mod identities;
mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use serde_json::{Map, Value as Json, json};
use server::{KEYS, Reply, Request, Server};
use spm::catalog::aws::kinds::Call;
use spm::collect::aws::{Access, CallError, Caller, Class};

/// Gives the keys of the server one after the other, the last one again and again.
#[derive(Debug, Clone)]
struct Source {
    keys: Arc<Mutex<Vec<Credentials>>>,
    asked: Arc<AtomicUsize>,
}

impl Source {
    /// The keys at these places of [`KEYS`]; those that are no key fail.
    fn new(places: &[usize], lives: Option<Duration>) -> Source {
        let keys = places.iter().filter_map(|at| KEYS.get(*at)).map(|(id, secret, token)| {
            let token = Some((*token).to_owned()).filter(|token| !token.is_empty());
            Credentials::new(*id, *secret, token, lives.map(|time| SystemTime::now() + time), "test")
        });
        Source { keys: Arc::new(Mutex::new(keys.collect())), asked: Arc::default() }
    }
}

impl ProvideCredentials for Source {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut keys = self.keys.lock().unwrap();
        let next = if keys.len() > 1 { Some(keys.remove(0)) } else { keys.first().cloned() };
        future::ProvideCredentials::ready(next.ok_or_else(CredentialsError::not_loaded_no_source))
    }
}

fn access(url: &str) -> Access {
    Access {
        region: Some("eu-central-1".to_owned()),
        endpoint_url: Some(url.to_owned()),
        timeout: Duration::from_secs(10),
        ..Access::default()
    }
}

fn caller(server: &Server) -> Caller {
    let source = Source::new(&[0], None);
    Caller::with_credentials(&access(&server.url), SharedCredentialsProvider::new(source)).unwrap()
}

async fn call(caller: &Caller, operation: &str, with: Json) -> Result<Json, CallError> {
    call_in(caller, operation, with, "eu-central-1").await
}

async fn call_in(caller: &Caller, operation: &str, with: Json, region: &str) -> Result<Json, CallError> {
    let (service, operation) = operation.split_once(' ').unwrap();
    let (service, operation) = (service.to_owned(), operation.to_owned());
    let call = Call { action: format!("{service}:{operation}"), service, operation, with: Map::new() };
    let Json::Object(with) = with else { panic!("parameters are a map") };
    caller.call(&call, with, region).await
}

#[tokio::test]
async fn every_protocol_is_signed_and_understood() {
    let server = Server::start(|request, _| match (request.service.as_str(), request.action().as_str()) {
        ("kms", "ListKeys") => Reply::ok(r#"{"Keys":[{"KeyId":"k"}]}"#),
        ("lambda", _) => Reply::ok(r#"{"Policy":"{}"}"#),
        ("sns", "ListTopics") => Reply::ok(
            "<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>t</TopicArn></member></Topics>\
             </ListTopicsResult></ListTopicsResponse>",
        ),
        ("route53", _) => Reply::ok("<ListHostedZonesResponse><HostedZones/></ListHostedZonesResponse>"),
        ("s3", _) if request.path.starts_with("/v20180820") => Reply::ok(
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
        ),
        ("s3", _) => Reply::ok("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
        ("ec2", "DescribeVpcs") => Reply::ok(
            "<DescribeVpcsResponse><requestId>r</requestId><vpcSet><item><vpcId>v</vpcId><isDefault>true</isDefault></item>\
             </vpcSet></DescribeVpcsResponse>",
        ),
        other => panic!("{other:?}"),
    });
    let access = access(&server.url);
    // With a session token, which is signed too.
    let source = Source::new(&[1], None);
    let caller = Caller::with_credentials(&access, SharedCredentialsProvider::new(source)).unwrap();
    let name = "arn:aws:lambda:eu-central-1:1:function:a b/c+é";
    for (operation, with, answer) in [
        ("kms ListKeys", json!({}), json!({ "Keys": [{ "KeyId": "k" }] })),
        ("lambda GetPolicy", json!({ "FunctionName": name }), json!({ "Policy": "{}" })),
        ("sns ListTopics", json!({}), json!({ "Topics": [{ "TopicArn": "t" }] })),
        ("route53 ListHostedZones", json!({ "MaxItems": "100" }), json!({ "HostedZones": [] })),
        ("s3 GetBucketVersioning", json!({ "Bucket": "a.b-c" }), json!({ "Status": "Enabled" })),
        (
            "s3control GetPublicAccessBlock",
            json!({ "AccountId": "123456789012" }),
            json!({ "PublicAccessBlockConfiguration": { "BlockPublicAcls": true } }),
        ),
        ("ec2 DescribeVpcs", json!({}), json!({ "Vpcs": [{ "VpcId": "v", "IsDefault": true }] })),
    ] {
        assert_eq!(call(&caller, operation, with).await.unwrap(), answer, "{operation}");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 7);
    let scopes: Vec<(&str, &str)> =
        requests.iter().map(|request| (request.service.as_str(), request.region.as_str())).collect();
    assert_eq!(
        scopes,
        [
            ("kms", "eu-central-1"),
            ("lambda", "eu-central-1"),
            ("sns", "eu-central-1"),
            ("route53", "us-east-1"),
            ("s3", "eu-central-1"),
            ("s3", "eu-central-1"),
            ("ec2", "eu-central-1"),
        ]
    );
    let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["POST", "GET", "POST", "GET", "GET", "GET", "POST"]);
    let agent = |request: &Request| request.headers["user-agent"].clone();
    assert!(requests.iter().all(|request| agent(request).starts_with("spm/")));
}

fn users(names: &[&str], marker: Option<&str>) -> Reply {
    let members: String = names.iter().map(|name| format!("<member><UserName>{name}</UserName></member>")).collect();
    let more = marker.map_or("<IsTruncated>false</IsTruncated>".to_owned(), |marker| {
        format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>")
    });
    Reply::ok(format!(
        "<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult><UserDetailList>{members}\
         </UserDetailList>{more}</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>"
    ))
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let server = Server::start(|request, number| {
        let marker = request.field("Marker");
        match number {
            0 => {
                assert_eq!(marker, None);
                users(&["a", "b"], Some("m+/="))
            }
            1 => {
                assert_eq!(marker.as_deref(), Some("m+/="));
                users(&["c"], Some("last"))
            }
            _ => {
                assert_eq!(marker.as_deref(), Some("last"));
                users(&[], None)
            }
        }
    });
    let answer =
        call(&caller(&server), "iam GetAccountAuthorizationDetails", json!({ "Filter": ["User"] })).await.unwrap();
    let names: Vec<&str> =
        answer["UserDetailList"].as_array().unwrap().iter().map(|user| user["UserName"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(answer["IsTruncated"], json!(false));
    assert_eq!(answer.get("Marker"), None);
    assert!(server.requests().iter().all(|request| request.field("Filter.member.1").as_deref() == Some("User")));
}

#[tokio::test]
async fn a_list_without_one_of_its_pages_is_no_list() {
    let server = Server::start(|_, number| match number {
        0 => users(&["a"], Some("m")),
        _ => Reply::xml_error(403, "AccessDenied", "no more"),
    });
    let error = call(&caller(&server), "iam GetAccountAuthorizationDetails", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Denied { by_scp: false });

    let server = Server::start(|_, _| users(&["a"], Some("again")));
    let error = call(&caller(&server), "iam GetAccountAuthorizationDetails", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Truncated, "IncompleteList"));
    assert_eq!(server.requests().len(), 2);

    let server = Server::start(|_, _| Reply::ok(r#"{"Keys":[{"KeyId":"k"}],"Truncated":true}"#));
    let error = call(&caller(&server), "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Truncated);
}

#[tokio::test]
async fn lists_without_tokens_go_on_behind_their_last_element() {
    let server = Server::start(|request, _| {
        let after: Json = serde_json::from_str(&request.body).unwrap();
        match after["ExclusiveStartDeliveryStreamName"].as_str() {
            None => Reply::ok(r#"{"DeliveryStreamNames":["a","b"],"HasMoreDeliveryStreams":true}"#),
            Some("b") => Reply::ok(r#"{"DeliveryStreamNames":["c"],"HasMoreDeliveryStreams":false}"#),
            Some(other) => panic!("{other}"),
        }
    });
    let answer = call(&caller(&server), "firehose ListDeliveryStreams", json!({})).await.unwrap();
    assert_eq!(answer["DeliveryStreamNames"], json!(["a", "b", "c"]));
}

#[tokio::test]
async fn buckets_are_found_in_their_region_and_stay_found() {
    for (status, code) in
        [(301, "PermanentRedirect"), (307, "TemporaryRedirect"), (400, "AuthorizationHeaderMalformed")]
    {
        let server = Server::start(move |request, _| match request.region.as_str() {
            "eu-central-1" => Reply::s3_error(status, code, "ap-south-1"),
            "ap-south-1" => Reply::ok("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
            other => panic!("{other}"),
        });
        let caller = caller(&server);
        for _ in 0..2 {
            let answer = call(&caller, "s3 GetBucketVersioning", json!({ "Bucket": "b" })).await.unwrap();
            assert_eq!(answer, json!({ "Status": "Enabled" }));
        }
        let regions: Vec<String> = server.requests().into_iter().map(|request| request.region).collect();
        assert_eq!(regions, ["eu-central-1", "ap-south-1", "ap-south-1"], "{code}");
    }
    // A server that sends us round in circles, or to what is no region.
    for elsewhere in ["", "evil.example/"] {
        let server = Server::start(move |request, _| {
            let next = if request.region == "eu-central-1" { "eu-west-1" } else { "eu-central-1" };
            Reply::s3_error(301, "PermanentRedirect", if elsewhere.is_empty() { next } else { elsewhere })
        });
        let error = call(&caller(&server), "s3 GetBucketVersioning", json!({ "Bucket": "b" })).await.unwrap_err();
        assert_eq!(error.class, Class::Refused);
        assert!(server.requests().len() <= 3);
    }
}

const REPORT: &str = "user,arn,user_creation_time,mfa_active,access_key_1_active,access_key_1_last_rotated\n\
    <root_account>,arn:aws:iam::123456789012:root,2019-01-01T00:00:00+00:00,true,false,N/A\n";

#[tokio::test]
async fn the_credential_report_is_made_if_there_is_none() {
    use base64::Engine as _;
    let content = base64::engine::general_purpose::STANDARD.encode(REPORT);
    let server = Server::start(move |request, number| match (number, request.action().as_str()) {
        (0, "GetCredentialReport") => Reply::xml_error(410, "ReportNotPresent", "none"),
        (1, "GenerateCredentialReport") => Reply::ok(
            "<GenerateCredentialReportResponse><GenerateCredentialReportResult><State>STARTED</State>\
             </GenerateCredentialReportResult></GenerateCredentialReportResponse>",
        ),
        (2, "GetCredentialReport") => Reply::xml_error(404, "ReportInProgress", "wait"),
        (3, "GetCredentialReport") => Reply::ok(format!(
            "<GetCredentialReportResponse><GetCredentialReportResult><Content>{content}</Content><ReportFormat>text/csv\
             </ReportFormat><GeneratedTime>2024-05-01T10:00:00Z</GeneratedTime></GetCredentialReportResult>\
             </GetCredentialReportResponse>"
        )),
        other => panic!("{other:?}"),
    });
    let answer = call(&caller(&server), "iam GetCredentialReport", json!({})).await.unwrap();
    let root = &answer["Content"]["<root_account>"];
    assert_eq!(root["mfa_active"], json!(true));
    assert_eq!(root["access_keys"], json!([]));
    assert_eq!(root["GeneratedTime"], json!("2024-05-01T10:00:00+00:00"));

    let denied = Server::start(|request, _| match request.action().as_str() {
        "GetCredentialReport" => Reply::xml_error(410, "ReportExpired", "old"),
        _ => Reply::xml_error(403, "AccessDenied", "no"),
    });
    let error = call(&caller(&denied), "iam GetCredentialReport", json!({})).await.unwrap_err();
    assert_eq!((error.class, &*error.operation), (Class::Denied { by_scp: false }, "GenerateCredentialReport"));

    let garbage = Server::start(|_, _| {
        Reply::ok(
            "<GetCredentialReportResponse><GetCredentialReportResult><Content>eA==</Content></GetCredentialReportResult>\
             </GetCredentialReportResponse>",
        )
    });
    let error = call(&caller(&garbage), "iam GetCredentialReport", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Malformed);
}

#[tokio::test]
async fn what_the_catalog_does_not_have_is_never_sent() {
    let server = Server::start(|_, _| panic!("nothing is sent"));
    let caller = caller(&server);
    for (operation, with) in [
        ("iam DeleteUser", json!({ "UserName": "x" })),
        ("nothing Such", json!({})),
        ("s3 GetBucketAcl", json!({})),
        ("kms DescribeKey", json!({ "Key": "x" })),
        ("ec2 TerminateInstances", json!({})),
        ("ec2 DescribeVpcs", json!({ "Unknown": 1 })),
    ] {
        let error = call(&caller, operation, with).await.unwrap_err();
        assert_eq!(error.class, Class::Refused, "{operation}");
    }
    let error = call_in(&caller, "kms ListKeys", json!({}), "evil.example/").await.unwrap_err();
    assert_eq!(error.code, "BadEndpoint");
    assert!(server.requests().is_empty());
}

//! As whom calls are made: credentials that end, roles, and the settings that the vendor's tools use too.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::json;
use spm::collect::aws::{Access, Caller, Class};

use super::server::{KEYS, Reply, Server};
use super::{Source, access, call, caller};

fn identity(account: &str, arn: &str) -> Reply {
    Reply::ok(format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>u</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

#[tokio::test]
async fn the_identity_says_account_and_partition() {
    let server = Server::start(|_, _| identity("123456789012", "arn:aws-us-gov:iam::123456789012:user/x"));
    let identity = caller(&server).identity().await.unwrap();
    assert_eq!(
        (identity.account.as_str(), identity.partition.as_str(), identity.arn.as_str()),
        ("123456789012", "aws-us-gov", "arn:aws-us-gov:iam::123456789012:user/x")
    );
}

#[tokio::test]
async fn credentials_that_expired_are_renewed_once() {
    for (operation, answer) in [
        ("kms ListKeys", r#"{"Keys":[]}"#),
        ("ec2 DescribeVpcs", "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>"),
    ] {
        let server = Server::start(move |request, _| match (request.key == KEYS[1].0, request.service.as_str()) {
            (true, "ec2") => Reply::ec2_error(400, "RequestExpired", "Request has expired."),
            (true, _) => Reply::json_error(400, "ExpiredTokenException", "The security token has expired"),
            (false, _) => Reply::ok(answer),
        });
        let source = Source::new(&[1, 2], None);
        let caller =
            Caller::with_credentials(&access(&server.url), SharedCredentialsProvider::new(source.clone())).unwrap();
        call(&caller, operation, json!({})).await.unwrap();
        call(&caller, operation, json!({})).await.unwrap();
        let keys: Vec<String> = server.requests().into_iter().map(|request| request.key).collect();
        assert_eq!(keys, [KEYS[1].0, KEYS[2].0, KEYS[2].0], "{operation}");
        assert_eq!(source.asked.load(Ordering::Relaxed), 2, "{operation}");
    }
    let server = Server::start(|_, _| Reply::json_error(400, "ExpiredToken", "expired"));
    let error = call(&caller(&server), "kms ListKeys", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Expired);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn credentials_that_are_about_to_end_are_renewed_before() {
    let server = Server::start(|_, _| Reply::ok(r#"{"Keys":[]}"#));
    let source = Source::new(&[1, 2], Some(Duration::from_secs(3600)));
    let long = Caller::with_credentials(&access(&server.url), SharedCredentialsProvider::new(source.clone())).unwrap();
    for _ in 0..3 {
        call(&long, "kms ListKeys", json!({})).await.unwrap();
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 1);
    let source = Source::new(&[1, 2], Some(Duration::ZERO));
    let ended = Caller::with_credentials(&access(&server.url), SharedCredentialsProvider::new(source.clone())).unwrap();
    for _ in 0..2 {
        call(&ended, "kms ListKeys", json!({})).await.unwrap();
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let server = Server::start(|_, _| panic!("nothing is sent"));
    let source = Source::new(&[], None);
    let nobody =
        Caller::with_credentials(&access(&server.url), SharedCredentialsProvider::new(source.clone())).unwrap();
    for operation in ["kms ListKeys", "ec2 DescribeVpcs", "kms ListKeys"] {
        let error = call(&nobody, operation, json!({})).await.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (Class::Login, "NoCredentials"));
        assert!(error.message.contains("AWS_ACCESS_KEY_ID"), "{error}");
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 1, "a source that fails is not asked for every call");
}

#[tokio::test]
async fn roles_are_assumed_on_top_of_each_other() {
    let server = Server::start(|request, _| {
        let role = request.field("RoleArn").unwrap_or_default();
        let (expected, given) = match role.as_str() {
            "arn:aws:iam::111111111111:role/hub" => (KEYS[0], KEYS[1]),
            "arn:aws:iam::222222222222:role/audit" => (KEYS[1], KEYS[2]),
            "arn:aws:iam::333333333333:role/no" => {
                return Reply::xml_error(403, "AccessDenied", "not authorized to perform: sts:AssumeRole");
            }
            _ => {
                assert_eq!(request.key, KEYS[2].0);
                return identity("222222222222", "arn:aws:sts::222222222222:assumed-role/audit/nightly");
            }
        };
        assert_eq!(request.key, expected.0);
        assert_eq!(
            request.field("RoleSessionName").as_deref(),
            Some(if role.ends_with("hub") { "spm" } else { "nightly" })
        );
        assert_eq!(request.field("ExternalId").as_deref(), Some("x").filter(|_| role.ends_with("audit")));
        Reply::ok(format!(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}\
             </SecretAccessKey><SessionToken>{}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
             </AssumeRoleResult></AssumeRoleResponse>",
            given.0, given.1, given.2
        ))
    });
    let hub = caller(&server).assume("arn:aws:iam::111111111111:role/hub", None, None);
    let audit = hub.assume("arn:aws:iam::222222222222:role/audit", Some("x"), Some("nightly"));
    assert_eq!(audit.identity().await.unwrap().account, "222222222222");
    audit.identity().await.unwrap();
    assert_eq!(server.requests().len(), 4, "each role is assumed once");

    let error = caller(&server).assume("arn:aws:iam::333333333333:role/no", None, None).identity().await.unwrap_err();
    assert_eq!(error.class, Class::Login);
    assert!(error.message.contains("sts AssumeRole"), "{error}");
}

#[tokio::test]
async fn a_file_of_certificates_has_to_hold_some() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "none").unwrap();
    let source = || SharedCredentialsProvider::new(Source::new(&[0], None));
    let bad = Access { ca_file: Some(file), ..Access::default() };
    let error = Caller::with_credentials(&bad, source()).unwrap_err();
    assert!(error.to_string().contains("holds no certificate"), "{error}");
    let missing = Access { ca_file: Some(folder.path().join("missing")), ..Access::default() };
    assert!(Caller::with_credentials(&missing, source()).unwrap_err().to_string().contains("missing"));
}

/// Runs in a process of its own, whose environment a test has set.
#[tokio::test]
#[ignore = "the other tests run it"]
async fn child() {
    let access = Access { profile: std::env::var("CHILD_PROFILE").ok(), ..Access::default() };
    let caller = Caller::connect(&access).await.unwrap();
    match caller.identity().await {
        Ok(identity) => println!("RESULT {} {} {}", identity.account, identity.partition, caller.region()),
        Err(error) => println!("RESULT {error}"),
    }
}

fn run_child(config: &str, environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, config).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "identities::child", "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_CONFIG_FILE", &file)
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().find_map(|line| line.split_once("RESULT ")).map(|(_, result)| result.to_owned());
    found.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn settings_are_those_of_the_vendors_tools() {
    let server = Server::start(|request, _| {
        assert_eq!(request.key, KEYS[0].0);
        assert_eq!(request.region, "cn-north-1");
        identity("123456789012", "arn:aws-cn:iam::123456789012:user/x")
    });
    let (id, secret, _) = KEYS[0];
    let profile = format!(
        "[profile p]\nregion = cn-north-1\naws_access_key_id = {id}\naws_secret_access_key = {secret}\nendpoint_url = {}\n",
        server.url
    );
    let expected = "123456789012 aws-cn cn-north-1";
    assert_eq!(run_child(&profile, &[("CHILD_PROFILE", "p")]), expected);
    assert_eq!(run_child(&profile, &[("AWS_PROFILE", "p")]), expected);
    // Keys that still stand in the environment are not those of the profile that was asked for.
    let other = [("AWS_ACCESS_KEY_ID", KEYS[2].0), ("AWS_SECRET_ACCESS_KEY", KEYS[2].1)];
    assert_eq!(run_child(&profile, &[&other[..], &[("CHILD_PROFILE", "p")]].concat()), expected);
    let unknown = run_child(&profile, &[&other[..], &[("CHILD_PROFILE", "q")]].concat());
    assert!(unknown.contains("NoCredentials"), "{unknown}");
    let keys = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_REGION", "cn-north-1")];
    let everywhere = [&keys[..], &[("AWS_ENDPOINT_URL", server.url.as_str())]].concat();
    assert_eq!(run_child("", &everywhere), expected);
    let one = [&keys[..], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL_STS", server.url.as_str())]]
        .concat();
    assert_eq!(run_child("", &one), expected);
    let proxied =
        [&keys[..], &[("HTTP_PROXY", server.url.as_str()), ("AWS_ENDPOINT_URL", "http://sts.example")]].concat();
    assert_eq!(run_child("", &proxied), expected);
}

#[test]
fn missing_credentials_say_what_to_do() {
    let none = run_child("", &[]);
    assert!(none.contains("NoCredentials: no credentials were found"), "{none}");
    let unknown = run_child("", &[("CHILD_PROFILE", "nobody")]);
    assert!(unknown.contains("NoCredentials"), "{unknown}");
    let process = "[profile p]\nregion = eu-central-1\ncredential_process = sh -c 'echo hunter2 >&2; exit 3'\n";
    let failed = run_child(process, &[("CHILD_PROFILE", "p"), ("PATH", "/usr/bin:/bin")]);
    assert!(failed.contains("NoCredentials") && !failed.contains("hunter2"), "{failed}");
}

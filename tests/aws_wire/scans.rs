//! Whole scans, by the built program: where what is asked, and what becomes of the answers.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::server::{KEYS, Reply, Request, Server};

/// The program with credentials for the server and nothing else of the environment.
pub fn spm(server: &Server, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spm"));
    command.args(args).env_clear();
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("SPM_NO_STORE", "true");
    command.env("AWS_ENDPOINT_URL", &server.url).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", KEYS[0].0).env("AWS_SECRET_ACCESS_KEY", KEYS[0].1);
    command
}

/// Runs the program; gives its exit code, standard output and standard error.
pub fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// What every account answers.
pub fn common(request: &Request) -> Reply {
    match (request.service.as_str(), request.action().as_str()) {
        ("sts", "GetCallerIdentity") => Reply::ok(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/auditor</Arn>\
             <UserId>u</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        ("ec2", "DescribeRegions") => Reply::ok(
            "<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1</regionName><optInStatus>opt-in-not-required\
             </optInStatus></item></regionInfo></DescribeRegionsResponse>",
        ),
        ("ec2", _) => Reply::ec2_error(403, "UnauthorizedOperation", "not allowed"),
        _ => Reply::xml_error(403, "AccessDenied", "not allowed"),
    }
}

/// A pack whose one standard asks for these checks, each as the rule of that name.
fn pack(checks: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let rules: String =
        checks.iter().map(|check| format!("  - {{ id: {check}, title: {check}, checks: [{check}] }}\n")).collect();
    let text = format!(
        "standard: {{ short: Mine, name: Mine, version: 1.0.0, url: https://example.com, kind: benchmark }}\n\
         applies: {{ technology: aws, distribution: \"*\" }}\nrules:\n{rules}"
    );
    std::fs::create_dir(dir.path().join("standards")).unwrap();
    std::fs::write(dir.path().join("standards/mine-aws-1.0.0.yaml"), text).unwrap();
    dir
}

/// The outcomes of the check: scope, name and result.
fn outcomes(server: &Server, pack: &Path, check: &str) -> Vec<(String, String, String)> {
    let pack = pack.to_str().unwrap();
    let args = ["scan", "--aws", "--region", "eu-west-1,us-east-1", "--standard", "mine", "--pack", pack];
    let (code, out, err) = run(spm(server, &[&args[..], &["--format", "json", "--quiet"]].concat()));
    assert_eq!(code, Some(0), "{err}");
    let report: Json = serde_json::from_str(&out).unwrap();
    let checks = report["assessments"][0]["checks"].as_array().unwrap();
    let check = checks.iter().find(|known| known["id"] == check).unwrap_or_else(|| panic!("no {check}"));
    let text = |outcome: &Json, key: &str| outcome[key].as_str().unwrap_or("-").to_owned();
    let outcomes = check["outcomes"].as_array().unwrap().iter();
    outcomes.map(|outcome| (text(outcome, "scope"), text(outcome, "name"), text(outcome, "result"))).collect()
}

#[test]
fn buckets_that_the_list_does_not_place_are_located_before_they_are_asked_about() {
    let server = Server::start(|request, _| {
        if request.service != "s3" {
            return common(request);
        }
        let bucket = request.path.trim_matches('/');
        match (bucket, request.query.split('=').next().unwrap_or_default()) {
            ("", _) => {
                let buckets: String = ["classic", "far", "old-eu", "shut"]
                    .map(|name| format!("<Bucket><Name>{name}</Name></Bucket>"))
                    .concat();
                Reply::ok(format!(
                    "<ListAllMyBucketsResult><Buckets>{buckets}<Bucket><Name>told</Name><BucketRegion>eu-west-1</BucketRegion>\
                     </Bucket></Buckets></ListAllMyBucketsResult>"
                ))
            }
            ("shut", _) => Reply::s3_error(403, "AccessDenied", "us-east-1"),
            ("classic", "location") => {
                Reply::ok("<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>")
            }
            ("old-eu", "location") => Reply::ok("<LocationConstraint>EU</LocationConstraint>"),
            ("far", "location") => Reply::ok("<LocationConstraint>ap-south-1</LocationConstraint>"),
            (_, "versioning") => {
                Reply::ok("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
            }
            _ => common(request),
        }
    });
    let pack = pack(&["aws-s3-bucket-versioning"]);
    let found = outcomes(&server, pack.path(), "aws-s3-bucket-versioning");
    let found: Vec<(&str, &str, &str)> = found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(
        found,
        [
            ("-", "shut", "manual"),
            ("eu-west-1", "old-eu", "passed"),
            ("eu-west-1", "told", "passed"),
            ("us-east-1", "classic", "passed"),
        ]
    );
    let about = |query: &str| -> Vec<(String, String)> {
        let requests = server.requests().into_iter().filter(|request| request.query.starts_with(query));
        let mut asked: Vec<_> = requests.map(|r| (r.path.trim_matches('/').to_owned(), r.region)).collect();
        asked.sort();
        asked
    };
    let asked = about("location");
    assert_eq!(
        asked.iter().map(|(bucket, _)| bucket.as_str()).collect::<Vec<_>>(),
        ["classic", "far", "old-eu", "shut"]
    );
    let regions = about("versioning");
    let regions: Vec<(&str, &str)> =
        regions.iter().map(|(bucket, region)| (bucket.as_str(), region.as_str())).collect();
    assert_eq!(regions[..3], [("classic", "us-east-1"), ("old-eu", "eu-west-1"), ("shut", "eu-west-1")]);
}

#[test]
fn web_acls_of_cloudfront_are_asked_for_in_one_region_and_not_for_load_balancers() {
    let server = Server::start(|request, _| {
        let body: Json = serde_json::from_str(&request.body).unwrap_or_default();
        let arn = |scope: &str| format!("arn:aws:wafv2:{}:111122223333:{scope}/webacl/edge/1", request.region);
        let listed = |scope: &str| {
            Reply::ok(serde_json::json!({"WebACLs": [{"Name": "edge", "Id": "1", "ARN": arn(scope)}]}).to_string())
        };
        match (request.service.as_str(), request.action().as_str(), body["Scope"].as_str()) {
            ("wafv2", "ListWebACLs", Some("REGIONAL")) => listed("regional"),
            ("wafv2", "ListWebACLs", Some("CLOUDFRONT")) => listed("global"),
            ("wafv2", "GetLoggingConfiguration", _) if body["ResourceArn"] == arn("global") => {
                Reply::json_error(400, "WAFNonexistentItemException", "none")
            }
            ("wafv2", "GetLoggingConfiguration", _) => {
                Reply::ok(r#"{"LoggingConfiguration": {"LogDestinationConfigs": ["arn:aws:logs:x"]}}"#)
            }
            ("wafv2", "ListResourcesForWebACL", _) => Reply::ok(r#"{"ResourceArns": []}"#),
            _ => common(request),
        }
    });
    let pack = pack(&["aws-elbv2-waf", "aws-wafv2-logging"]);
    let mut found = outcomes(&server, pack.path(), "aws-wafv2-logging");
    found.sort();
    let results: Vec<(&str, &str)> = found.iter().map(|(scope, _, result)| (scope.as_str(), result.as_str())).collect();
    assert_eq!(results, [("eu-west-1", "passed"), ("us-east-1", "failed"), ("us-east-1", "passed")]);
    let requests = server.requests();
    let asked = |operation: &str, part: &str| -> Vec<String> {
        let about = requests.iter().filter(|r| r.action() == operation && r.body.contains(part));
        let mut regions: Vec<String> = about.map(|request| request.region.clone()).collect();
        regions.sort();
        regions
    };
    assert_eq!(asked("ListWebACLs", "CLOUDFRONT"), ["us-east-1"]);
    assert_eq!(asked("ListWebACLs", "REGIONAL"), ["eu-west-1", "us-east-1"]);
    assert_eq!(asked("ListResourcesForWebACL", ":global/"), Vec::<String>::new());
}

/// An address that answers no connection: a listener whose queue is full. The streams keep it so.
fn blackhole() -> (String, TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..10_000).map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok());
    let waiting = waiting.collect();
    (format!("http://{address}"), listener, waiting)
}

#[test]
fn regions_that_answer_no_connection_are_soon_given_up() {
    let server = Server::start(|request, _| common(request));
    let (dead, _listener, _waiting) = blackhole();
    let args = ["scan", "--aws", "--region", "eu-west-1,eu-west-2,us-east-1", "--format", "json", "--quiet"];
    let mut command = spm(&server, &args);
    command.env("AWS_ENDPOINT_URL", dead).env("AWS_ENDPOINT_URL_STS", &server.url);
    let started = Instant::now();
    let (code, out, err) = run(command);
    let took = started.elapsed();
    assert_eq!(code, Some(0), "{err}");
    // Three or four seconds on an idle machine; minutes if every call waited for itself.
    assert!(took < Duration::from_secs(30), "{took:?}");
    let report: Json = serde_json::from_str(&out).unwrap();
    let gaps = report["assessments"][0]["gaps"].as_array().unwrap();
    let unreachable = gaps.iter().filter(|gap| gap["reason"] == "unreachable").count();
    assert!(unreachable > 20 && unreachable == gaps.len(), "{unreachable} of {}", gaps.len());
}

#[test]
fn what_is_deleted_while_the_scan_runs_is_left_out_and_named() {
    let server = Server::start(|request, _| {
        let body: Json = serde_json::from_str(&request.body).unwrap_or_default();
        let bucket = |name: &str| format!("<Bucket><Name>{name}</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>");
        match (request.service.as_str(), request.path.trim_matches('/'), request.action().as_str()) {
            ("s3", "", _) => {
                let placed = ["bare", "gone", "kept", "plain"].map(bucket).concat();
                Reply::ok(format!(
                    "<ListAllMyBucketsResult><Buckets>{placed}<Bucket><Name>lost</Name></Bucket></Buckets>\
                     </ListAllMyBucketsResult>"
                ))
            }
            ("s3", "gone" | "lost", _) => Reply::xml_error(404, "NoSuchBucket", "The specified bucket does not exist"),
            // Nobody says what is not found.
            ("s3", "bare", _) => Reply::Full(404, Vec::new(), String::new()),
            ("s3", "plain", _) => Reply::xml_error(404, "NoSuchBucketPolicy", "The bucket policy does not exist"),
            ("s3", _, _) => Reply::ok(
                r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::kept",
                "arn:aws:s3:::kept/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#,
            ),
            ("lambda", path, _) if path.ends_with("functions") => {
                let functions = ["bare", "gone", "open"].map(|name| serde_json::json!({ "FunctionName": name }));
                Reply::ok(serde_json::json!({ "Functions": functions }).to_string())
            }
            ("lambda", path, _) if path.contains("/gone/") => Reply::json_error(
                404,
                "ResourceNotFoundException",
                "Function not found: arn:aws:lambda:x:1:function:gone",
            ),
            ("lambda", path, _) if path.ends_with("/aliases") => Reply::ok(r#"{"Aliases":[]}"#),
            ("lambda", path, _) if path.contains("/bare/") => {
                Reply::json_error(404, "ResourceNotFoundException", "The resource you requested does not exist.")
            }
            ("lambda", _, _) => {
                Reply::ok(r#"{"Policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\"}}"}"#)
            }
            ("glacier", _, _) => Reply::json_error(400, "NoLongerSupportedException", "not for new customers"),
            ("ecs", _, "ListClusters") => Reply::ok(r#"{"clusterArns":["cluster/gone","cluster/kept"]}"#),
            ("ecs", _, "ListServices") if body["cluster"] == "cluster/gone" => {
                Reply::json_error(400, "ClusterNotFoundException", "Cluster not found.")
            }
            ("ecs", _, "ListServices") => Reply::ok(r#"{"serviceArns":["s/gone","s/kept","s/odd"]}"#),
            ("ecs", _, "DescribeServices") => Reply::ok(match body["services"][0].as_str() {
                Some("s/gone") => r#"{"services":[],"failures":[{"arn":"s/gone","reason":"MISSING"}]}"#,
                // Not there, but nobody says that it does not exist.
                Some("s/odd") => r#"{"services":[],"failures":[]}"#,
                _ => {
                    r#"{"services":[{"serviceArn":"s/kept","serviceName":"kept","taskDefinition":"x:task-definition/web:3"}]}"#
                }
            }),
            ("ecs", _, "ListTaskDefinitionFamilies") => Reply::ok(r#"{"families":["web"]}"#),
            ("ecs", _, "DescribeTaskDefinition") => {
                // The latest revision is mended, the service runs the one before.
                let old = body["taskDefinition"] == "x:task-definition/web:3";
                let container = serde_json::json!([{ "name": "web", "privileged": old }]);
                Reply::ok(
                    serde_json::json!({"taskDefinition": {"family": "web", "containerDefinitions": container}})
                        .to_string(),
                )
            }
            _ => common(request),
        }
    });
    let (buckets, functions, services) = ("aws-s3-bucket-deny-http", "aws-lambda-public", "aws-ecs-service-public-ip");
    let (vaults, privileged) = ("aws-glacier-vault-public", "aws-ecs-privileged");
    let pack = pack(&[buckets, functions, services, vaults, privileged]);
    let args =
        ["scan", "--aws", "--region", "eu-west-1", "--standard", "mine", "--pack", pack.path().to_str().unwrap()];
    let (code, out, err) = run(spm(&server, &[&args[..], &["--format", "json", "--quiet"]].concat()));
    assert_eq!(code, Some(0), "{err}");
    let report: Json = serde_json::from_str(&out).unwrap();
    let assessment = &report["assessments"][0];
    let results = |check: &str| -> Vec<String> {
        let check = assessment["checks"].as_array().unwrap().iter().find(|known| known["id"] == check).unwrap();
        let mut results: Vec<String> = check["outcomes"].as_array().unwrap().iter().map(outcome).collect();
        results.sort();
        results
    };
    assert_eq!(results(buckets), ["bare manual", "kept passed", "plain failed"]);
    assert_eq!(results(functions), ["bare passed", "open failed"]);
    assert_eq!(results(services), ["s/kept passed", "s/odd manual"]);
    assert_eq!(results(privileged), ["web failed"]);
    let notes: Vec<&str> = assessment["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    let gone: Vec<&str> = notes.into_iter().filter(|note| note.contains("gone since")).collect();
    assert_eq!(
        gone,
        [
            "1 of AWS::ECS::Cluster left out, gone since listed (ClusterNotFoundException): cluster/gone",
            "1 of AWS::ECS::Service left out, gone since listed (DescribeServices): s/gone",
            "1 of AWS::Lambda::Function left out, gone since listed (ResourceNotFoundException): gone",
            "2 of AWS::S3::Bucket left out, gone since listed (NoSuchBucket): gone, lost",
        ]
    );
    let gaps = assessment["gaps"].as_array().unwrap();
    let seen = |kind: &str| !gaps.iter().any(|gap| gap["kind"] == kind);
    assert!(seen("AWS::ECS::Service") && seen("AWS::Glacier::Vault"), "{gaps:?}");
}

fn outcome(outcome: &Json) -> String {
    format!("{} {}", outcome["name"].as_str().unwrap_or("-"), outcome["result"].as_str().unwrap_or("-"))
}

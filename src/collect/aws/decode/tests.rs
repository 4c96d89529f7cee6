use serde_json::json;

use super::*;
use crate::catalog::aws::model::service;

// Made by tests/tools/make_aws_bed.py: authored answers, and what botocore reads out of them.
const KNOWN: &str = include_str!("../../../../tests/bed/aws/answers.json");

fn of(id: &str, name: &str, body: impl AsRef<[u8]>) -> Result<Json, Undecodable> {
    let service = service(id).unwrap();
    let answer = Answer { status: 200, headers: Vec::new(), body: body.as_ref().to_vec() };
    decode(&service, name, service.operation(name).unwrap(), &answer)
}

#[test]
fn answers_in_xml_read_as_the_vendors_own_tools_read_them() {
    let known: Vec<Json> = serde_json::from_str(KNOWN).unwrap();
    assert!(known.len() > 50);
    for row in &known {
        let (id, name) = (row["service"].as_str().unwrap(), row["operation"].as_str().unwrap());
        let read = of(id, name, row["body"].as_str().unwrap()).unwrap_or_else(|error| panic!("{id} {name}: {error}"));
        assert_eq!(read, row["read"], "{id} {name}");
    }
}

#[test]
fn every_cut_of_an_answer_is_an_error() {
    let known: Vec<Json> = serde_json::from_str(KNOWN).unwrap();
    for row in known.iter().filter(|row| row["operation"] != "GetBucketPolicy") {
        let (id, name, body) =
            (row["service"].as_str().unwrap(), row["operation"].as_str().unwrap(), row["body"].as_str().unwrap());
        // Behind the end of the result (query) nothing more is read.
        let model = service(id).unwrap();
        let end = model.operation(name).unwrap().wrapper.as_ref();
        let end = end.and_then(|wrapper| body.find(&format!("</{wrapper}>"))).unwrap_or(body.len() - 1);
        for at in (0..=end).step_by(1 + end / 100).filter(|at| body.is_char_boundary(*at)) {
            assert!(of(id, name, &body[..at]).is_err(), "{id} {name} cut at {at}");
        }
    }
}

// spec-example: reduced from the S3 API reference.
#[test]
fn s3_answers_with_the_structure_as_root() {
    let acl = r#"<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Owner><ID>o</ID><DisplayName>me</DisplayName></Owner>
        <AccessControlList>
            <Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">
                <URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>
        </AccessControlList></AccessControlPolicy>"#;
    assert_eq!(
        of("s3", "GetBucketAcl", acl).unwrap(),
        json!({
            "Owner": { "ID": "o", "DisplayName": "me" },
            "Grants": [{
                "Grantee": { "Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers" },
                "Permission": "READ"
            }]
        })
    );
    assert_eq!(of("s3", "GetBucketVersioning", "<VersioningConfiguration/>").unwrap(), json!({}));
    assert_eq!(of("s3", "GetBucketLocation", "<LocationConstraint/>").unwrap(), json!({ "LocationConstraint": "" }));
    assert_eq!(of("s3", "GetBucketPolicy", "{\"Statement\":[]}").unwrap(), json!({ "Policy": "{\"Statement\":[]}" }));
    // Flattened lists, with one element too.
    let rules = "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>";
    assert_eq!(
        of("s3", "GetBucketLifecycleConfiguration", rules).unwrap(),
        json!({ "Rules": [{ "ID": "a", "Status": "Enabled" }] })
    );
    let block =
        "<PublicAccessBlockConfiguration><BlockPublicAcls>TRUE</BlockPublicAcls></PublicAccessBlockConfiguration>";
    assert!(of("s3", "GetPublicAccessBlock", block).is_err(), "that is no value of theirs");
}

#[test]
fn headers_are_members_too() {
    let service = service("cloudfront").unwrap();
    let answer = Answer {
        status: 200,
        headers: vec![("etag".to_owned(), "E1".to_owned())],
        body: b"<DistributionConfig><Enabled>true</Enabled><Comment></Comment></DistributionConfig>".to_vec(),
    };
    let read = decode(&service, "GetDistributionConfig", service.operation("GetDistributionConfig").unwrap(), &answer);
    assert_eq!(read.unwrap(), json!({ "ETag": "E1", "DistributionConfig": { "Enabled": true, "Comment": "" } }));
}

// spec-example: reduced from the IAM API reference.
#[test]
fn lists_and_maps_are_what_they_are_with_no_and_one_element() {
    let body = "<ListSAMLProvidersResponse xmlns='https://iam.amazonaws.com/doc/2010-05-08/'><ListSAMLProvidersResult>\
        <SAMLProviderList><member><Arn>a</Arn><ValidUntil>2032-05-09T16:27:11Z</ValidUntil></member></SAMLProviderList>\
        </ListSAMLProvidersResult></ListSAMLProvidersResponse>";
    assert_eq!(
        of("iam", "ListSAMLProviders", body).unwrap(),
        json!({ "SAMLProviderList": [{ "Arn": "a", "ValidUntil": "2032-05-09T16:27:11+00:00" }] })
    );
    let empty = "<ListSAMLProvidersResponse><ListSAMLProvidersResult><SAMLProviderList/></ListSAMLProvidersResult></ListSAMLProvidersResponse>";
    assert_eq!(of("iam", "ListSAMLProviders", empty).unwrap(), json!({ "SAMLProviderList": [] }));
    let absent =
        "<ListSAMLProvidersResponse><ListSAMLProvidersResult> </ListSAMLProvidersResult></ListSAMLProvidersResponse>";
    assert_eq!(of("iam", "ListSAMLProviders", absent).unwrap(), json!({}));
    let summary = "<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>\
        <entry><key>AccountMFAEnabled</key><value>1</value></entry></SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>";
    assert_eq!(of("iam", "GetAccountSummary", summary).unwrap(), json!({ "SummaryMap": { "AccountMFAEnabled": 1 } }));
    // Documents stay as they came.
    let policy = "<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult><Policies><member>\
        <PolicyVersionList><member><Document>%7B%22Version%22%3A%222012-10-17%22%7D</Document></member></PolicyVersionList>\
        </member></Policies></GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>";
    let read = of("iam", "GetAccountAuthorizationDetails", policy).unwrap();
    assert_eq!(read["Policies"][0]["PolicyVersionList"][0]["Document"], "%7B%22Version%22%3A%222012-10-17%22%7D");
}

// authored
#[test]
fn json_gets_the_names_of_the_model_and_moments_of_one_form() {
    let body = r#"{"logGroups":[{"logGroupName":"g","creationTime":1714557600000,"unheardOf":1,"kmsKeyId":null}]}"#;
    assert_eq!(
        of("logs", "DescribeLogGroups", body).unwrap(),
        json!({ "logGroups": [{ "logGroupName": "g", "creationTime": 1_714_557_600_000_u64 }] })
    );
    let body = r#"{"KeyMetadata":{"KeyId":"k","CreationDate":1.7145576E9,"Enabled":true}}"#;
    assert_eq!(
        of("kms", "DescribeKey", body).unwrap(),
        json!({ "KeyMetadata": { "KeyId": "k", "CreationDate": "2024-05-01T10:00:00+00:00", "Enabled": true } })
    );
    // Names on the wire are others in REST: mq writes them small.
    let body = r#"{"brokerSummaries":[{"brokerName":"b","created":"2024-05-01T10:00:00.5Z"}],"nextToken":"t"}"#;
    assert_eq!(
        of("mq", "ListBrokers", body).unwrap(),
        json!({ "BrokerSummaries": [{ "BrokerName": "b", "Created": "2024-05-01T10:00:00.500000+00:00" }], "NextToken": "t" })
    );
    assert_eq!(
        of("glacier", "GetVaultAccessPolicy", r#"{"Policy":"{}"}"#).unwrap(),
        json!({ "policy": { "Policy": "{}" } })
    );
    assert_eq!(of("kms", "ListKeys", "{}").unwrap(), json!({}));
    assert_eq!(of("sqs", "GetQueueAttributes", r#"{"Attributes":{}}"#).unwrap(), json!({ "Attributes": {} }));
}

#[test]
fn what_is_no_answer_of_the_operation_is_an_error() {
    let malformed = |id: &str, name: &str, body: &[u8]| {
        let error = of(id, name, body).unwrap_err();
        assert!(matches!(error, Malformed(_)), "{id} {name}: {error}");
    };
    malformed("kms", "ListKeys", b"");
    malformed("kms", "ListKeys", b"[]");
    malformed("kms", "ListKeys", b"<html></html>");
    malformed("kms", "ListKeys", br#"{"message":"welcome to the proxy"}"#);
    malformed("kms", "ListKeys", br#"{"Keys":"none"}"#);
    malformed("kms", "ListKeys", br#"{"Keys":[{"KeyId":["k"]}]}"#);
    malformed("iam", "ListSAMLProviders", b"<html><body>welcome</body></html>");
    malformed("iam", "ListSAMLProviders", b"<!DOCTYPE html><html></html>");
    malformed("iam", "ListSAMLProviders", b"<GetUserResponse><GetUserResult/></GetUserResponse>");
    malformed("iam", "ListSAMLProviders", b"<ListSAMLProvidersResponse></ListSAMLProvidersResponse>");
    malformed("s3", "GetBucketVersioning", b"<HTML/>");
    malformed("s3", "GetBucketVersioning", b"<Error><Code>InternalError</Code></Error>");
    malformed("s3", "ListBuckets", b"<Portal><Login>you</Login></Portal>");
    malformed("ec2", "DescribeVpcs", b"<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>");
    malformed("s3", "GetBucketPolicy", b"\xff\xfe");
    let bomb =
        r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>"#;
    malformed("s3", "GetBucketVersioning", bomb.as_bytes());
    malformed("s3", "GetBucketVersioning", b"<VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>");
    malformed("s3", "GetBucketVersioning", b"<VersioningConfiguration><Status><a/></Status></VersioningConfiguration>");
    malformed("s3", "GetBucketVersioning", b"<A><B></A></B>");
    let number = "<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap><entry><key>Users</key><value>x</value>\
        </entry></SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>";
    malformed("iam", "GetAccountSummary", number.as_bytes());
}

#[test]
fn hostile_sizes_are_errors_and_no_panics() {
    let deep = format!("<VersioningConfiguration>{}", "<a>".repeat(200_000));
    assert!(matches!(of("s3", "GetBucketVersioning", deep), Err(Malformed(_))));
    let deep = format!(r#"{{"Keys":{}"#, "[".repeat(200_000));
    assert!(of("kms", "ListKeys", deep).is_err());
    let long = vec![b' '; LONGEST + 1];
    assert_eq!(of("kms", "ListKeys", long).unwrap_err(), Undecodable::TooLong);
    assert_eq!(of("kms", "ListKeys", r#"{"Keys":[{"KeyId":"#).unwrap_err(), Undecodable::Truncated);
}

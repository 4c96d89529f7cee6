//! EC2, which goes through the vendor's SDK: the same rules as everywhere.

use serde_json::json;
use spm::collect::aws::Class;

use super::server::{Reply, Server};
use super::{call, caller};

fn instances(ids: &[&str], token: Option<&str>) -> Reply {
    let items: String = ids
        .iter()
        .map(|id| {
            format!(
                "<item><ownerId>1</ownerId><instancesSet><item><instanceId>{id}</instanceId><launchTime>2024-05-01T10:00:00.000Z\
                 </launchTime><metadataOptions><httpTokens>required</httpTokens></metadataOptions></item></instancesSet></item>"
            )
        })
        .collect();
    let token = token.map(|token| format!("<nextToken>{token}</nextToken>")).unwrap_or_default();
    Reply::ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeInstancesResponse \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId><reservationSet>{items}</reservationSet>\
         {token}</DescribeInstancesResponse>"
    ))
}

#[tokio::test]
async fn pages_are_followed_and_have_the_names_of_the_command_line() {
    let server = Server::start(|request, _| {
        assert_eq!(request.action(), "DescribeInstances");
        assert_eq!(request.field("MaxResults").as_deref(), Some("1000"));
        match request.field("NextToken").as_deref() {
            None => instances(&["i-1"], Some("t/+=")),
            Some("t/+=") => instances(&["i-2"], None),
            Some(other) => panic!("{other}"),
        }
    });
    let answer = call(&caller(&server), "ec2 DescribeInstances", json!({})).await.unwrap();
    let instance = |id: &str| {
        json!({
            "OwnerId": "1",
            "Instances": [{
                "InstanceId": id, "LaunchTime": "2024-05-01T10:00:00+00:00", "MetadataOptions": { "HttpTokens": "required" }
            }]
        })
    };
    assert_eq!(answer, json!({ "Reservations": [instance("i-1"), instance("i-2")] }));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn parameters_are_sent() {
    let server = Server::start(|request, _| match request.action().as_str() {
        "DescribeSnapshots" => {
            assert_eq!(request.field("Owner.1").as_deref(), Some("self"));
            assert_eq!(request.field("RestorableBy.1").as_deref(), Some("all"));
            Reply::ok("<DescribeSnapshotsResponse><snapshotSet/></DescribeSnapshotsResponse>")
        }
        "DescribeInstanceAttribute" => {
            assert_eq!(request.field("Attribute").as_deref(), Some("userData"));
            Reply::ok(
                "<DescribeInstanceAttributeResponse><instanceId>i</instanceId><userData><value>c2VjcmV0</value></userData>\
                 </DescribeInstanceAttributeResponse>",
            )
        }
        "GetEbsEncryptionByDefault" => Reply::ok(
            "<GetEbsEncryptionByDefaultResponse><ebsEncryptionByDefault>true</ebsEncryptionByDefault>\
             </GetEbsEncryptionByDefaultResponse>",
        ),
        other => panic!("{other}"),
    });
    let caller = caller(&server);
    let with = json!({ "OwnerIds": ["self"], "RestorableByUserIds": ["all"] });
    assert_eq!(call(&caller, "ec2 DescribeSnapshots", with).await.unwrap(), json!({ "Snapshots": [] }));
    let with = json!({ "InstanceId": "i", "Attribute": "userData" });
    assert_eq!(call(&caller, "ec2 DescribeInstanceAttribute", with).await.unwrap()["UserData"]["Value"], "c2VjcmV0");
    let answer = call(&caller, "ec2 GetEbsEncryptionByDefault", json!({})).await.unwrap();
    assert_eq!(answer["EbsEncryptionByDefault"], json!(true));
}

#[tokio::test]
async fn errors_mean_the_same_as_elsewhere() {
    let server = Server::start(|_, number| match number {
        0 => Reply::ec2_error(503, "RequestLimitExceeded", "Request limit exceeded."),
        1 => instances(&["i-1"], None),
        2 => Reply::ec2_error(403, "UnauthorizedOperation", "You may not. Encoded authorization failure message: aaaa"),
        3 => Reply::ec2_error(401, "OptInRequired", "You are not subscribed to this service."),
        4 => Reply::ok("<html>Welcome</html>"),
        _ => Reply::ok("<DescribeInstancesResponse><reservationSet><item>"),
    });
    let caller = caller(&server);
    assert!(call(&caller, "ec2 DescribeInstances", json!({})).await.is_ok(), "after being throttled once");
    let error = call(&caller, "ec2 DescribeInstances", json!({})).await.unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (Class::Denied { by_scp: false }, "You may not."));
    assert_eq!(error.request_id.as_deref(), Some("id-3"));
    let error = call(&caller, "ec2 DescribeInstances", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::RegionOff);
    let error = call(&caller, "ec2 DescribeInstances", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Malformed);
    let error = call(&caller, "ec2 DescribeInstances", json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Truncated);
}

#[tokio::test]
async fn regions_are_those_that_are_enabled() {
    let server = Server::start(|request, _| {
        assert_eq!(request.action(), "DescribeRegions");
        let region = |name: &str, status: &str| {
            format!("<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>")
        };
        Reply::ok(format!(
            "<DescribeRegionsResponse><regionInfo>{}{}{}</regionInfo></DescribeRegionsResponse>",
            region("us-east-1", "opt-in-not-required"),
            region("af-south-1", "opted-in"),
            region("me-south-1", "not-opted-in"),
        ))
    });
    let regions = caller(&server).regions().await.unwrap();
    let names: Vec<&str> = regions.iter().map(|region| region.name.as_str()).collect();
    assert_eq!(names, ["af-south-1", "us-east-1"]);
    assert_eq!(regions[0].opt_in_status, "opted-in");

    let none = Server::start(|_, _| Reply::ok("<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>"));
    assert_eq!(caller(&none).regions().await.unwrap_err().class, Class::Malformed);
}

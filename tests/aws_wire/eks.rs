//! A cluster of EKS, with what AWS says of it.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::cluster;
use super::scans::{common, run, spm};
use super::server::{Reply, Request, Server};

fn cluster_server() -> cluster::Server {
    let node = |name: &str, instance: &str| json!({"metadata": {"name": name}, "spec": {"providerID": format!("aws:///eu-west-1a/{instance}")}, "status": {}});
    let image = |name: &str, image: &str| json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": [{"name": "c", "image": image}]}});
    let own = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/web:1";
    let objects = [
        ("/api/v1/nodes", vec![node("a", "i-1"), node("b", "i-2")]),
        (
            "/api/v1/pods",
            vec![image("web", own), image("dns", "602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/coredns:1")],
        ),
    ];
    cluster::Server::start(&objects, |request, _| {
        let version = json!({"major": "1", "minor": "32", "gitVersion": "v1.32.3-eks-473151a"});
        (request.path == "/version").then(|| cluster::Reply::Json(200, version.to_string()))
    })
}

// An account with two clusters, of which `shop` has the endpoint.
fn account(endpoint: &str) -> impl Fn(&Request, usize) -> Reply + Send + Sync + 'static + use<> {
    let endpoint = endpoint.to_owned();
    move |request, _| {
        let body: Json = serde_json::from_str(&request.body).unwrap_or_default();
        match (request.service.as_str(), request.action().as_str(), request.path.as_str()) {
            ("eks", _, "/clusters") => Reply::ok(r#"{"clusters": ["other", "shop"]}"#),
            ("eks", _, "/clusters/other") => {
                Reply::ok(r#"{"cluster": {"name": "other", "endpoint": "https://x.gr7.eu-west-1.eks.amazonaws.com"}}"#)
            }
            ("eks", _, "/clusters/shop") => Reply::ok(
                json!({"cluster": {"name": "shop", "endpoint": endpoint, "accessConfig": {"authenticationMode": "API"},
                    "encryptionConfig": [], "resourcesVpcConfig": {"endpointPrivateAccess": true, "endpointPublicAccess": false},
                    "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": true}]}}})
                .to_string(),
            ),
            ("eks", _, "/clusters/shop/addons") => Reply::ok(r#"{"addons": ["vpc-cni"]}"#),
            ("eks", _, "/clusters/shop/addons/vpc-cni") => Reply::ok(
                json!({"addon": {"addonName": "vpc-cni", "configurationValues": "{\"enableNetworkPolicy\": \"true\"}"}}).to_string(),
            ),
            ("ec2", "DescribeInstances", _) => {
                let instance = |id: &str, subnet: &str| {
                    format!("<item><instanceId>{id}</instanceId><subnetId>{subnet}</subnetId><vpcId>vpc-1</vpcId></item>")
                };
                Reply::ok(format!(
                    "<DescribeInstancesResponse><reservationSet><item><instancesSet>{}{}{}</instancesSet></item></reservationSet>\
                     </DescribeInstancesResponse>",
                    instance("i-1", "subnet-1"),
                    instance("i-2", "subnet-2"),
                    instance("i-3", "subnet-3")
                ))
            }
            ("ec2", "DescribeRouteTables", _) => {
                let table = |id: &str, association: &str, gateway: &str| {
                    format!(
                        "<item><routeTableId>{id}</routeTableId><vpcId>vpc-1</vpcId><routeSet><item><destinationCidrBlock>0.0.0.0/0\
                         </destinationCidrBlock>{gateway}</item></routeSet><associationSet><item>{association}</item>\
                         </associationSet></item>"
                    )
                };
                let internet = "<gatewayId>igw-1</gatewayId>";
                Reply::ok(format!(
                    "<DescribeRouteTablesResponse><routeTableSet>{}{}{}</routeTableSet></DescribeRouteTablesResponse>",
                    table("rtb-1", "<subnetId>subnet-1</subnetId><main>false</main>", internet),
                    table("rtb-main", "<main>true</main>", "<natGatewayId>nat-1</natGatewayId>"),
                    table("rtb-3", "<subnetId>subnet-3</subnetId><main>false</main>", internet)
                ))
            }
            ("ecr", "DescribeRepositories", _) => Reply::ok(
                r#"{"repositories": [{"repositoryName": "team/web", "imageScanningConfiguration": {"scanOnPush": true}},
                    {"repositoryName": "unused", "imageScanningConfiguration": {"scanOnPush": false}}]}"#,
            ),
            ("ecr", "GetRegistryScanningConfiguration", _) => {
                Reply::ok(r#"{"registryId": "111122223333", "scanningConfiguration": {"scanType": "BASIC", "rules": []}}"#)
            }
            _ => {
                assert!(!body.is_array());
                common(request)
            }
        }
    }
}

const RULES: [&str; 8] = ["2.1.1", "4.1.7", "5.1.1", "5.3.1", "5.4.1", "5.4.2", "5.4.3", "5.4.4"];

fn kubeconfig(dir: &std::path::Path, url: &str) -> String {
    let file = dir.join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: shop\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: shop, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Results of the rules that AWS decides, the resources of their checks, and the whole report.
fn scan(mut command: Command) -> (BTreeMap<String, String>, Vec<String>, Json) {
    command.args(["--format", "json", "--quiet", "--view", "complete"]);
    let (code, out, err) = run(command);
    assert_eq!(code, Some(0), "{err}");
    let report: Json = serde_json::from_str(&out).unwrap();
    let assessment = &report["assessments"][0];
    let standard = assessment["standards"].as_array().unwrap().iter().find(|s| s["id"] == "cis-eks-1.7.0").unwrap();
    let rules = standard["rules"].as_array().unwrap().iter().filter(|rule| RULES.iter().any(|id| rule["id"] == *id));
    let results =
        rules.map(|rule| (rule["id"].as_str().unwrap().to_owned(), rule["result"].as_str().unwrap().to_owned()));
    let outcomes =
        assessment["checks"].as_array().unwrap().iter().flat_map(|check| check["outcomes"].as_array().unwrap());
    let aws = outcomes.filter(|outcome| outcome["kind"].as_str().unwrap().starts_with("AWS::"));
    let mut resources: Vec<String> = aws
        .map(|o| {
            format!(
                "{} {}{}",
                o["kind"].as_str().unwrap(),
                o["scope"].as_str().unwrap_or(""),
                o["name"].as_str().unwrap()
            )
        })
        .collect();
    resources.sort();
    resources.dedup();
    (results.collect(), resources, report)
}

fn results(results: &BTreeMap<String, String>) -> Vec<&str> {
    RULES.iter().map(|id| results[*id].as_str()).collect()
}

#[test]
fn rows_of_the_cloud_are_decided_by_the_account_that_the_cluster_is_in() {
    let kubernetes = cluster_server();
    let aws = Server::start(account(&kubernetes.url));
    let dir = tempfile::tempdir().unwrap();
    let config = kubeconfig(dir.path(), &kubernetes.url);
    let snapshot = dir.path().join("shop.jsonl.zst");
    let args = ["scan", "--kubeconfig", &config, "--standard", "cis@1.7.0", "--save", snapshot.to_str().unwrap()];
    let (found, resources, report) = scan(spm(&aws, &args));
    assert_eq!(
        results(&found),
        ["failed", "passed", "passed", "failed", "passed", "passed", "failed", "passed"],
        "{}",
        report["assessments"][0]["gaps"]
    );
    assert_eq!(
        resources,
        [
            "AWS::EC2::RouteTable rtb-1",
            "AWS::EC2::RouteTable rtb-main",
            "AWS::ECR::Repository team/web",
            "AWS::EKS::Cluster shop"
        ]
    );
    assert!(report["assessments"][0]["notes"].to_string().contains("602401143452.dkr.ecr"), "the others are named");
    assert!(
        aws.requests().iter().filter(|request| request.service != "sts").all(|request| request.region == "eu-west-1")
    );

    // Again, without cluster and account.
    let mut again = Command::new(env!("CARGO_BIN_EXE_spm"));
    again.args(["scan", "--from", snapshot.to_str().unwrap(), "--standard", "cis@1.7.0", "--no-store"]).env_clear();
    let (same, same_resources, _) = scan(again);
    assert_eq!((same, same_resources), (found, resources));
}

#[test]
fn without_an_answer_of_the_cloud_they_say_why() {
    let kubernetes = cluster_server();
    let dir = tempfile::tempdir().unwrap();
    let config = kubeconfig(dir.path(), &kubernetes.url);
    let args = ["scan", "--kubeconfig", &config, "--standard", "cis@1.7.0"];
    let why = |aws: &Server, more: &[&str], change: &dyn Fn(&mut Command)| {
        let mut command = spm(aws, &[&args[..], more].concat());
        change(&mut command);
        let (found, _, report) = scan(command);
        assert_eq!(results(&found)[..2], ["manual", "manual"]);
        report.to_string()
    };
    let closed = Server::start(|request, _| common(request));
    assert!(why(&closed, &[], &|_| {}).contains("eks:ListClusters"), "denied");
    let elsewhere = Server::start(account("https://elsewhere.example"));
    assert!(
        why(&elsewhere, &[], &|_| {}).contains("has no EKS cluster in eu-west-1 whose endpoint is http://127.0.0.1")
    );
    let none = |command: &mut Command| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    };
    assert!(why(&closed, &[], &none).contains("no cloud access: what the AWS API says of the cluster was not read: "));
    let before = closed.requests().len();
    assert!(why(&closed, &["--no-cloud"], &|_| {}).contains("no cloud access"));
    assert_eq!(closed.requests().len(), before, "nothing is asked");
}

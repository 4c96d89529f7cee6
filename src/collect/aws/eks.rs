//! What AWS says of a Kubernetes cluster that it runs: the cluster itself, its add-ons, the routes of its nodes, the repositories
//! of its images. Read with the credentials of the environment, into the inventory of the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::account::{AccountAccess, AwsError, connect, runtime};
use super::scan::{Extent, scan};
use super::{CallError, Caller};
use crate::base::text::count;
use crate::catalog::kubernetes::{cloud, image};
use crate::collect::Progress;
use crate::expr::Value;
use crate::expr::path::Path;
use crate::inventory::{Inventory, Mode, ObjectSink, Presence, Resource, Wanted};
use crate::model::{Gap, GapReason};

/// What people call the managed clusters of AWS.
pub const DISTRIBUTION: &str = "eks";
const CLUSTER: &str = "AWS::EKS::Cluster";
const ROUTES: &str = "AWS::EC2::RouteTable";
const REPOSITORIES: &str = "AWS::ECR::Repository";
const INSTANCES: &str = "AWS::EC2::Instance";

/// The wanted kinds that AWS has to tell.
pub fn kinds(wanted: &Wanted) -> Vec<&'static str> {
    let of_eks = |kind: &&str| cloud::of(kind).is_some_and(|(cloud, _)| cloud.distribution == DISTRIBUTION);
    wanted.kinds().filter(of_eks).collect()
}

/// What has to be read of the cluster itself for [`collect_cluster`], with what is wanted anyway.
pub fn with_marks(wanted: &Wanted) -> Wanted {
    let mut all = wanted.clone();
    if wanted.of(ROUTES).is_some() {
        all.add("Node", &Path::keys(&["spec", "providerID"]));
    }
    if wanted.of(REPOSITORIES).is_some() {
        for path in IMAGES.iter().filter_map(|path| path.parse().ok()) {
            all.add("Pod", &path);
        }
    }
    all
}

const IMAGES: [&str; 2] = ["spec.containers[*].image", "spec.initContainers[*].image"];

/// Adds to the inventory of a cluster what AWS says of it. What cannot be read becomes gaps.
pub fn collect_cluster(
    access: &AccountAccess,
    wanted: &Wanted,
    now: Timestamp,
    inventory: &mut Inventory,
    save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) {
    let read = runtime().and_then(|runtime| {
        progress.reading(CLUSTER, 0);
        runtime.block_on(read(access, wanted, now, inventory, save, progress))
    });
    match read {
        Ok(Ok(found)) => inventory.absorb(found),
        Ok(Err(lost)) => lose(inventory, wanted, &lost),
        Err(error) => {
            let why = chain(&error);
            let detail = format!("no cloud access: what the AWS API says of the cluster was not read: {why}");
            lose(inventory, wanted, &Lost { reason: GapReason::NotCollected, detail, permission: None });
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// Why nothing is known of the cluster.
struct Lost {
    reason: GapReason,
    detail: String,
    permission: Option<&'static str>,
}

impl Lost {
    fn new(detail: impl Into<String>) -> Lost {
        Lost { reason: GapReason::NotCollected, detail: detail.into(), permission: None }
    }

    fn of(error: &CallError, permission: &'static str) -> Lost {
        Lost { reason: error.reason(), detail: error.to_string(), permission: Some(permission) }
    }
}

fn lose(inventory: &mut Inventory, wanted: &Wanted, lost: &Lost) {
    for kind in kinds(wanted) {
        inventory.add_gap(lost_kind(kind, lost));
    }
}

fn lost_kind(kind: &str, lost: &Lost) -> Gap {
    let Lost { reason, detail, permission } = lost;
    Gap {
        kind: kind.to_owned(),
        scope: None,
        reason: *reason,
        detail: detail.clone(),
        permission: permission.map(str::to_owned),
    }
}

async fn read(
    access: &AccountAccess,
    wanted: &Wanted,
    now: Timestamp,
    cluster: &Inventory,
    save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) -> Result<Result<Inventory, Lost>, AwsError> {
    let server = &cluster.system.origin;
    let nodes = cluster.of("Node").iter().filter_map(|node| node.value.at(&["spec", "providerID"])?.as_str());
    let nodes: Vec<&str> = nodes.collect();
    let Some(region) = region_of_server(server).or_else(|| nodes.iter().find_map(|node| region_of_node(node))) else {
        return Ok(Err(Lost::new(
            "neither the address of the API server nor the nodes tell the region of the cluster",
        )));
    };
    let access = AccountAccess { regions: vec![region.clone()], ..access.clone() };
    let (caller, identity) = connect(&access).await?;
    let name = match find(&caller, server, &cluster.system.name).await {
        Ok(Some(name)) => name,
        Ok(None) => {
            return Ok(Err(Lost::new(format!(
                "account {} has no EKS cluster in {region} whose endpoint is {server}; set AWS_PROFILE to one of the \
                 cluster's own account",
                identity.account
            ))));
        }
        Err(lost) => return Ok(Err(lost)),
    };
    let caller = Arc::new(caller);
    let mut reader = Reader {
        caller,
        extent: Extent {
            account: identity.account,
            partition: identity.partition,
            home: region.clone(),
            regions: vec![region],
            chosen: false,
            only: BTreeMap::from([(CLUSTER, BTreeSet::from([name]))]),
            placed: false,
        },
        found: Inventory::new(cluster.system.clone(), Mode::Live, now),
        wanted: Wanted::default(),
    };
    // What says that the cloud was asked.
    reader.wanted.add(CLUSTER, &Path::keys(&["metadata", "name"]));
    for kind in kinds(wanted) {
        match kind {
            ROUTES => reader.routes(cluster, &nodes, wanted, progress).await,
            REPOSITORIES => reader.repositories(cluster, wanted),
            kind => reader.want(kind, wanted),
        }
    }
    let Reader { caller, extent, mut found, wanted } = reader;
    scan(caller, extent, &wanted, &mut found, save, progress).await;
    Ok(Ok(found))
}

/// The name of the cluster with this endpoint. Those that the context names are looked at first: `aws eks update-kubeconfig`
/// names contexts by ARN.
async fn find(caller: &Caller, server: &str, context: &str) -> Result<Option<String>, Lost> {
    let listed = caller.own("eks", "ListClusters", Map::new()).await;
    let listed = listed.map_err(|error| Lost::of(&error, "eks:ListClusters"))?;
    let names = listed.get("clusters").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<&str> = names.iter().filter_map(Json::as_str).collect();
    names.sort_by_key(|name| !context.ends_with(name));
    for name in names {
        let with = Map::from_iter([("name".to_owned(), name.into())]);
        let described = caller.own("eks", "DescribeCluster", with).await;
        let described = described.map_err(|error| Lost::of(&error, "eks:DescribeCluster"))?;
        let endpoint = described.pointer("/cluster/endpoint").and_then(Json::as_str).unwrap_or_default();
        if same_address(endpoint, server) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// What is going to be read.
struct Reader {
    caller: Arc<Caller>,
    extent: Extent,
    // What is known before.
    found: Inventory,
    wanted: Wanted,
}

impl Reader {
    fn want(&mut self, kind: &'static str, wanted: &Wanted) {
        wanted.of(kind).into_iter().for_each(|projection| self.wanted.merge(kind, projection));
    }

    // Route tables in effect for the subnets of nodes.
    async fn routes(&mut self, cluster: &Inventory, nodes: &[&str], wanted: &Wanted, progress: &dyn Progress) {
        let mut marks = Wanted::default();
        for path in ["InstanceId", "SubnetId", "VpcId"] {
            marks.add(INSTANCES, &Path::keys(&[path]));
        }
        for path in ["VpcId", "Associations"] {
            marks.add(ROUTES, &Path::keys(&[path]));
        }
        let mut seen = Inventory::new(cluster.system.clone(), Mode::Live, self.found.now);
        let ids: BTreeSet<String> = nodes.iter().filter_map(|node| instance(node)).collect();
        let extent = Extent { only: BTreeMap::from([(INSTANCES, ids)]), ..self.extent.clone() };
        scan(Arc::clone(&self.caller), extent, &marks, &mut seen, None, progress).await;
        for gap in seen.gaps() {
            self.found.add_gap(Gap { kind: ROUTES.to_owned(), scope: None, ..gap.clone() });
        }
        if !seen.gaps().is_empty() {
            return;
        }
        let (tables, unknown) = in_effect(nodes, seen.of(INSTANCES), seen.of(ROUTES));
        if unknown > 0 {
            let detail = format!("the subnets of {} of {} are not known", unknown, count(nodes.len(), "node"));
            self.found.add_gap(lost_kind(ROUTES, &Lost::new(detail)));
        }
        self.incomplete(cluster, "Node", ROUTES);
        self.extent.only.insert(ROUTES, tables);
        self.want(ROUTES, wanted);
    }

    // Repositories of the account that images of pods come from.
    fn repositories(&mut self, cluster: &Inventory, wanted: &Wanted) {
        let Extent { account, home, .. } = &self.extent;
        let own = [
            format!("{account}.dkr.ecr.{home}."),
            format!("{account}.dkr-ecr.{home}."),
            format!("{account}.dkr.ecr-fips.{home}."),
        ];
        let (mut repositories, mut others) = (BTreeSet::new(), BTreeSet::new());
        for name in images(cluster.of("Pod")) {
            let Some(image) = image::parse(name) else { continue };
            let path = image.repository.strip_prefix(&format!("{}/", image.registry)).unwrap_or_default();
            if own.iter().any(|own| image.registry.starts_with(own)) {
                repositories.insert(path.to_owned());
            } else if image.registry.contains(".dkr.ecr") || image.registry.contains(".dkr-ecr.") {
                others.insert(image.registry);
            }
        }
        if !others.is_empty() {
            let others: Vec<String> = others.into_iter().collect();
            self.found.notes.push(format!(
                "images also come from registries of other accounts or regions, which are not assessed: {}",
                others.join(", ")
            ));
        }
        self.incomplete(cluster, "Pod", REPOSITORIES);
        if !repositories.is_empty() {
            self.extent.only.insert(REPOSITORIES, repositories);
            self.want(REPOSITORIES, wanted);
        }
    }

    // What is found by objects of the cluster is incomplete if these are.
    fn incomplete(&mut self, cluster: &Inventory, kind: &str, found: &str) {
        if let Presence::Gap(gap) = cluster.presence(kind, None) {
            let detail = format!("found by {kind}, of which not all were read: {}", gap.detail);
            self.found.add_gap(Gap { kind: found.to_owned(), scope: None, detail, ..gap.clone() });
        }
    }
}

fn images(pods: &[Resource]) -> BTreeSet<&str> {
    let containers = pods.iter().flat_map(|pod| {
        let spec = pod.value.get("spec");
        ["containers", "initContainers"]
            .into_iter()
            .flat_map(move |key| spec.and_then(|spec| spec.get(key)).map_or(&[][..], Value::items))
    });
    containers.filter_map(|container| container.get("image")?.as_str()).collect()
}

/// Names of the route tables in effect for the nodes' subnets: the one that is associated with a subnet, else the main one of its
/// network. And of how many nodes that is not known.
fn in_effect(nodes: &[&str], instances: &[Resource], tables: &[Resource]) -> (BTreeSet<String>, usize) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let associated = |table: &Resource, fits: &dyn Fn(&Value) -> bool| {
        table.value.get("Associations").is_some_and(|all| all.items().iter().any(fits))
    };
    let table_of = |node: &&str| -> Option<String> {
        let id = instance(node)?;
        let instance = &instances.iter().find(|instance| *instance.name == *id)?.value;
        let (subnet, network) = (text(instance, "SubnetId")?, text(instance, "VpcId")?);
        let own = |table: &&Resource| associated(table, &|one| text(one, "SubnetId").as_deref() == Some(&*subnet));
        let main = |table: &&Resource| {
            text(&table.value, "VpcId").as_deref() == Some(&*network)
                && associated(table, &|one| one.get("Main").and_then(Value::as_bool) == Some(true))
        };
        let table = tables.iter().find(own).or_else(|| tables.iter().find(main))?;
        Some(table.name.to_string())
    };
    let found: Vec<Option<String>> = nodes.iter().map(table_of).collect();
    let unknown = found.iter().filter(|table| table.is_none()).count();
    (found.into_iter().flatten().collect(), unknown)
}

/// `aws:///eu-west-1a/i-0123` names an instance; nodes of Fargate have none.
fn instance(provider_id: &str) -> Option<String> {
    let (_, id) = provider_id.strip_prefix("aws://")?.rsplit_once('/')?;
    id.starts_with("i-").then(|| id.to_owned())
}

fn region_of_node(provider_id: &str) -> Option<String> {
    let zone = provider_id.strip_prefix("aws:///")?.split('/').next()?;
    let region = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
    region.ends_with(|c: char| c.is_ascii_digit()).then(|| region.to_owned())
}

/// The region in `https://ID.gr7.eu-west-1.eks.amazonaws.com` or `https://ID.gr7.eks-cluster.eu-west-1.api.aws`.
fn region_of_server(server: &str) -> Option<String> {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let at = labels.iter().position(|label| matches!(*label, "eks" | "eks-cluster"))?;
    let known = ["amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn"];
    if !known.iter().any(|suffix| host.ends_with(suffix)) {
        return None;
    }
    let region = if labels[at] == "eks" { labels.get(at.checked_sub(1)?) } else { labels.get(at + 1) };
    region.map(|region| (*region).to_owned())
}

fn same_address(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim_end_matches('/').to_lowercase();
        text.strip_prefix("https://").map_or(text.clone(), |host| host.trim_end_matches(":443").to_owned())
    };
    !a.is_empty() && plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn regions_stand_in_addresses_and_nodes() {
        let of = |server: &str| region_of_server(server);
        assert_eq!(of("https://0A1B.gr7.eu-west-1.eks.amazonaws.com").as_deref(), Some("eu-west-1"));
        assert_eq!(of("https://0A1B.yl4.cn-north-1.eks.amazonaws.com.cn:443/").as_deref(), Some("cn-north-1"));
        assert_eq!(of("https://0A1B.gr7.eks-cluster.eu-west-1.api.aws").as_deref(), Some("eu-west-1"));
        for other in ["https://127.0.0.1:6443", "https://eks.example.com", "https://eks.amazonaws.com", ""] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(region_of_node("aws:///us-gov-west-1b/i-1").as_deref(), Some("us-gov-west-1"));
        assert_eq!(region_of_node("azure:///x"), None);
        assert!(same_address(
            "https://0A1B.gr7.eu-west-1.eks.amazonaws.com",
            "https://0a1b.gr7.eu-west-1.eks.amazonaws.com:443/"
        ));
        assert!(!same_address("", "") && !same_address("https://a", "https://b"));
    }

    #[test]
    fn a_subnet_without_a_table_of_its_own_has_the_main_one_of_its_network() {
        let resource = |name: &str, value: Json| Resource {
            scope: None,
            name: name.into(),
            value: Value::from(value),
            place: None,
        };
        let instances = [
            resource("i-1", json!({"SubnetId": "subnet-1", "VpcId": "vpc-1"})),
            resource("i-2", json!({"SubnetId": "subnet-2", "VpcId": "vpc-1"})),
        ];
        let tables = [
            resource("rtb-1", json!({"VpcId": "vpc-1", "Associations": [{"Main": false, "SubnetId": "subnet-1"}]})),
            resource("rtb-main", json!({"VpcId": "vpc-1", "Associations": [{"Main": true}]})),
            resource("rtb-else", json!({"VpcId": "vpc-2", "Associations": [{"Main": true}]})),
        ];
        let of = |nodes: &[&str]| {
            let (names, unknown) = in_effect(nodes, &instances, &tables);
            (names.into_iter().collect::<Vec<_>>().join(" "), unknown)
        };
        assert_eq!(of(&["aws:///z/i-1"]), ("rtb-1".to_owned(), 0));
        assert_eq!(of(&["aws:///z/i-1", "aws:///z/i-2"]), ("rtb-1 rtb-main".to_owned(), 0));
        assert_eq!(of(&["aws:///z/fargate-ip-10-0-0-1", "aws:///z/i-3"]), (String::new(), 2));
    }
}

//! Facts of nodes from pods that collect them: either made for one scan, or those of the permanent DaemonSet.
//!
//! The one place of the program that creates and deletes something in a cluster, and only if the user asks for it. What it
//! creates it deletes: when all nodes have answered, when something fails, and when the user stops the scan. What is left
//! if the program itself is killed carries a label with its end, for [`clean_up`]. A node without an answer is a gap.

mod interrupt;
mod pods;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::interrupt::Interrupts;
use self::pods::{Pod, PodList};
use self::request::{Ask, Server};
use super::client::{Class, Failure, is_name};
use super::error::ClusterError;
use super::page::{Reading, decode_object};
use super::{ClusterAccess, config, run};
use crate::base::digest;
use crate::catalog;
use crate::collect::Progress;
use crate::collect::node_log;
use crate::collect::node_pods::{CONTAINER, EXPIRES_LABEL, NAME_LABEL, NodePods, OWNER, OWNER_LABEL, PERMANENT};
use crate::expr::projection::Sharing;
use crate::expr::{Path, Projection, Value};
use crate::inventory::{Inventory, ObjectSink, Presence, Resource, Wanted};
use crate::model::{Gap, GapReason};

/// Pause between two looks at the pods.
const LOOK: Duration = Duration::from_millis(1500);
/// What was made for a scan may be removed this long after the scan should have ended.
const GRACE: Duration = Duration::from_secs(3600);

/// Which pods have the facts.
#[derive(Debug, Clone, Copy)]
pub enum Pods<'a> {
    /// Those of the permanent DaemonSet.
    Permanent,
    /// Made for this scan.
    Temporary {
        /// Image with spm.
        image: &'a str,
    },
}

/// Facts to get.
#[derive(Debug, Clone, Copy)]
pub struct NodeRun<'a> {
    /// Which cluster.
    pub access: &'a ClusterAccess,
    /// Which pods.
    pub pods: Pods<'a>,
    /// Their namespace.
    pub namespace: &'a str,
    /// Longest wait for the nodes.
    pub timeout: Duration,
    /// Now.
    pub now: Timestamp,
}

/// Whether the user stopped a scan that had to delete something first. Then nothing more should be begun.
pub fn is_interrupted() -> bool {
    interrupt::is_heard()
}

/// Adds the facts of the cluster's nodes to its inventory, if any rule wants them. Nodes that do not answer become gaps;
/// the only error is that the user stopped it, or that the cluster cannot be reached at all.
pub fn collect_nodes(
    job: &NodeRun<'_>,
    wanted: &Wanted,
    inventory: &mut Inventory,
    mut save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) -> Result<(), ClusterError> {
    let Some(projection) = wanted.of("NodeFacts") else { return Ok(()) };
    if !is_name(job.namespace) || job.namespace.contains('.') {
        let problem = "this cannot be the name of one".into();
        return Err(ClusterError::Namespace { name: job.namespace.to_owned(), problem });
    }
    let (expected, windows) = expected(inventory);
    for node in windows {
        let why = "a Windows node: facts are collected on Linux only";
        inventory.add_gap(gap(Some(&node), GapReason::NotCollected, why));
    }
    if expected.is_empty() && matches!(inventory.presence("Node", None), Presence::Complete) {
        return Ok(());
    }
    let answers = run(job.access, async {
        let target = config::target(job.access).await?;
        let server = Server { client: target.client, timeout: job.access.timeout };
        let collector = Collector { job, server: &server, expected: &expected, progress };
        match job.pods {
            Pods::Permanent => Ok(collector.answers(PERMANENT).await),
            Pods::Temporary { image } => collector.temporary(image).await,
        }
    })?;
    for (node, document) in answers.documents {
        match resource(&node, &document, projection) {
            Ok(resource) => {
                if let Some(sink) = &mut save {
                    sink.object("NodeFacts", &document);
                }
                inventory.add("NodeFacts", [resource]);
            }
            Err(why) => inventory.add_gap(gap(Some(&node), GapReason::Malformed, why)),
        }
    }
    answers.gaps.into_iter().for_each(|gap| inventory.add_gap(gap));
    inventory.notes.extend(answers.notes);
    Ok(())
}

fn gap(node: Option<&str>, reason: GapReason, detail: impl Into<String>) -> Gap {
    Gap {
        kind: "NodeFacts".to_owned(),
        scope: node.map(str::to_owned),
        reason,
        detail: detail.into(),
        permission: None,
    }
}

/// Names of the nodes that should answer, and of those that run Windows. Virtual nodes are in neither.
fn expected(inventory: &Inventory) -> (BTreeSet<String>, Vec<String>) {
    let label = |node: &Resource, key: &str| {
        node.value.at(&["metadata", "labels", key]).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let is_virtual = |node: &Resource| {
        label(node, "eks.amazonaws.com/compute-type") == "fargate"
            || label(node, "type") == "virtual-kubelet"
            || label(node, "kubernetes.io/role") == "virtual-kubelet"
    };
    let nodes = inventory.of("Node").iter().filter(|node| !is_virtual(node));
    let (windows, linux): (Vec<_>, Vec<_>) = nodes.partition(|node| label(node, "kubernetes.io/os") == "windows");
    let names = |nodes: Vec<&Resource>| nodes.into_iter().map(|node| node.name.to_string()).collect::<Vec<_>>();
    (names(linux).into_iter().collect(), names(windows))
}

/// The document of a node. Its name is that of the node which the pod ran on, whatever the document says.
fn resource(node: &str, document: &[u8], projection: &Projection) -> Result<Resource, String> {
    let Some(kind) = catalog::kind("NodeFacts") else { return Err("there are no node facts".to_owned()) };
    let mut projection = projection.clone();
    for keys in [&["metadata", "name"][..], &["apiVersion"]] {
        projection.add(&Path::keys(keys));
    }
    let reading = Reading { kind, projection: &projection, keep_text: false };
    let found = decode_object(document, reading, &Sharing::new())
        .map_err(|error| format!("the answer is no document (line {}, column {})", error.line(), error.column()))?;
    match found.value.get("apiVersion").and_then(Value::as_str) {
        Some("spm.node/v1") if *found.name == *node => Ok(found),
        Some("spm.node/v1") => Err("the answer is about another node".to_owned()),
        _ => Err("the answer is in a format that this version of spm does not read".to_owned()),
    }
}

/// What the pods told.
#[derive(Default)]
struct Answers {
    /// Per node.
    documents: BTreeMap<String, Vec<u8>>,
    gaps: Vec<Gap>,
    notes: Vec<String>,
}

impl Answers {
    fn none(failure: &Failure, permission: &str) -> Answers {
        let needs = (failure.class == Class::Forbidden).then(|| permission.to_owned());
        let gap = Gap { permission: needs, ..gap(None, failure.reason(), failure.detail.clone()) };
        Answers { gaps: vec![gap], ..Answers::default() }
    }
}

/// What exists only for this scan.
#[derive(Default)]
struct Created {
    daemon_set: bool,
    namespace: bool,
}

struct Collector<'a> {
    job: &'a NodeRun<'a>,
    server: &'a Server,
    expected: &'a BTreeSet<String>,
    progress: &'a dyn Progress,
}

impl Collector<'_> {
    /// Makes the pods, reads them, deletes them.
    async fn temporary(&self, image: &str) -> Result<Answers, ClusterError> {
        // Registered before anything exists that a signal could leave behind.
        let mut interrupts = Interrupts::new();
        let moment = self.job.now.to_string();
        let process = std::process::id().to_string();
        let name = format!("spm-nodes-{}", digest::hex([moment.as_str(), process.as_str(), self.job.namespace], 4));
        let mut created = Created::default();
        let answers = tokio::select! {
            answers = self.make_and_read(&name, image, &mut created) => Some(answers),
            () = interrupts.next() => None,
        };
        let left = tokio::select! {
            left = self.delete(&name, &created) => left,
            () = interrupts.next() => Some("interrupted".to_owned()),
        };
        interrupts.release();
        let leftover = left.map(|why| {
            let namespace = self.job.namespace;
            format!("could not delete what was created in namespace {namespace} ({why}): run `spm cleanup`")
        });
        match answers {
            Some(mut answers) => {
                answers.notes.extend(leftover);
                Ok(answers)
            }
            None => Err(ClusterError::Interrupted {
                left: leftover.unwrap_or_else(|| "what was created for it has been deleted".to_owned()),
            }),
        }
    }

    async fn make_and_read(&self, name: &str, image: &str, created: &mut Created) -> Answers {
        let NodeRun { namespace, timeout, now, .. } = *self.job;
        let end = now.as_second().saturating_add(i64::try_from((timeout + GRACE).as_secs()).unwrap_or(0));
        let deadline = timeout.as_secs().saturating_sub(30).clamp(10, 60);
        let pods = NodePods { name, namespace, image, deadline, expires: Some(end) };
        let body = pods.daemon_set().to_string();
        let make = Ask::CreateDaemonSet { namespace, body: &body };
        // From here on it may exist, even if its answer gets lost.
        created.daemon_set = true;
        let mut made = self.server.ask(make).await;
        if matches!(&made, Err(failure) if failure.class == Class::NotFound) {
            created.namespace = true;
            match self.server.ask(Ask::CreateNamespace { body: &pods.namespace().to_string() }).await {
                // Somebody else may have made it in the meantime: then it is not for this scan to delete.
                Ok(answer) => created.namespace = !answer.is_empty(),
                Err(failure) => {
                    created.namespace = failure.class == Class::Unreachable;
                    return Answers::none(&failure, "create namespaces");
                }
            }
            made = self.server.ask(make).await;
        }
        if let Err(failure) = made {
            created.daemon_set = failure.class == Class::Unreachable;
            return Answers::none(&failure, &format!("create daemonsets.apps in namespace {namespace}"));
        }
        self.answers(name).await
    }

    /// Reads the logs of the pods until every node has answered, or until the time is over.
    async fn answers(&self, name: &str) -> Answers {
        let namespace = self.job.namespace;
        let until = Instant::now() + self.job.timeout;
        let selector = format!("{NAME_LABEL}={name},{OWNER_LABEL}={OWNER}");
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let mut answers = Answers::default();
        let mut troubles: BTreeMap<String, String> = BTreeMap::new();
        loop {
            let listed = self.server.ask(Ask::List { path: &path, selector: &selector }).await;
            // After a failure the next look may succeed; until then what is known stands.
            let pods = match listed.map(|body| serde_json::from_slice::<PodList>(&body).ok()) {
                Ok(pods) => pods.map(|pods| pods.items),
                Err(failure) if failure.class == Class::Forbidden => {
                    return Answers::none(&failure, &format!("list pods in namespace {namespace}"));
                }
                Err(_) => None,
            };
            let nothing = pods.as_ref().is_none_or(Vec::is_empty) && answers.documents.is_empty();
            if nothing && pods.is_some() && matches!(self.job.pods, Pods::Permanent) {
                let why = format!("there are no pods of a permanent collector in namespace {namespace}");
                answers.gaps.push(gap(None, GapReason::NotCollected, why));
                return answers;
            }
            for pod in pods.iter().flatten() {
                let Some(node) = pod.node().filter(|node| !answers.documents.contains_key(*node)) else { continue };
                match self.answer(pod).await {
                    Ok(document) => {
                        answers.documents.insert(node.to_owned(), document);
                        troubles.remove(node);
                    }
                    Err(Trouble::Forbidden(failure)) => {
                        return Answers::none(&failure, &format!("get pods/log in namespace {namespace}"));
                    }
                    Err(Trouble::NotYet(why)) => _ = troubles.insert(node.to_owned(), why),
                }
            }
            self.progress.reading("facts of nodes", answers.documents.len());
            let silent = |node: &&String| !answers.documents.contains_key(*node);
            let all = self.expected.iter().filter(silent).count() == 0 && troubles.is_empty() && !nothing;
            if all || Instant::now() + LOOK >= until {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        let silent = self.expected.iter().chain(troubles.keys()).filter(|node| !answers.documents.contains_key(*node));
        let silent: BTreeSet<&String> = silent.collect();
        let unmade = "no pod was made for it: the node does not take it, or the namespace refuses privileged pods";
        let gaps = silent.into_iter().map(|node| {
            let why = troubles.get(node).map_or(unmade, String::as_str);
            gap(Some(node), GapReason::Unreachable, format!("no answer within {:?}: {why}", self.job.timeout))
        });
        let gaps: Vec<Gap> = gaps.collect();
        answers.gaps.extend(gaps);
        answers
    }

    async fn answer(&self, pod: &Pod) -> Result<Vec<u8>, Trouble> {
        let name = pod.metadata.name.as_str();
        if !pod.has_started() || !is_name(name) {
            return Err(Trouble::NotYet(pod.trouble()));
        }
        let log = Ask::Log { namespace: self.job.namespace, pod: name, container: CONTAINER };
        match self.server.ask(log).await {
            Ok(log) => match node_log::last_in_log(&log) {
                Some(Ok(document)) => Ok(document),
                Some(Err(error)) => Err(Trouble::NotYet(format!("its answer is damaged: {error}"))),
                None => Err(Trouble::NotYet(pod.trouble())),
            },
            Err(failure) if failure.class == Class::Forbidden => Err(Trouble::Forbidden(failure)),
            Err(failure) => Err(Trouble::NotYet(format!("its log cannot be read: {}", failure.detail))),
        }
    }

    /// Deletes what was created; why that failed, if it did.
    async fn delete(&self, name: &str, created: &Created) -> Option<String> {
        let namespace = self.job.namespace;
        let mut left = None;
        if created.daemon_set {
            left = failed(self.server.ask(Ask::DeleteDaemonSet { namespace, name }).await);
        }
        if created.namespace {
            left = left.or(failed(self.server.ask(Ask::DeleteNamespace { name: namespace }).await));
        }
        left
    }
}

/// Why a node has not answered.
enum Trouble {
    /// Logs may not be read at all.
    Forbidden(Failure),
    /// It may still come.
    NotYet(String),
}

// What is gone already need not be deleted.
fn failed(answer: Result<Vec<u8>, Failure>) -> Option<String> {
    answer.err().filter(|failure| failure.class != Class::NotFound).map(|failure| failure.detail)
}

/// What [`clean_up`] found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Names of what was deleted.
    pub deleted: Vec<String>,
    /// What belongs to a scan that may still run.
    pub kept: Vec<String>,
    /// What could not be deleted, and why.
    pub failed: Vec<String>,
}

/// Deletes what scans left in a namespace, and the namespace if a scan had made it; with `all` also what a scan may still
/// need. The permanent DaemonSet stays.
pub fn clean_up(access: &ClusterAccess, namespace: &str, all: bool, now: Timestamp) -> Result<Cleaned, ClusterError> {
    if !is_name(namespace) {
        let problem = "this cannot be the name of one".into();
        return Err(ClusterError::Namespace { name: namespace.to_owned(), problem });
    }
    run(access, async {
        let target = config::target(access).await?;
        let server = Server { client: target.client, timeout: access.timeout };
        let mut cleaned = Cleaned::default();
        let selector = format!("{OWNER_LABEL}={OWNER},{EXPIRES_LABEL}");
        let sets = format!("/apis/apps/v1/namespaces/{namespace}/daemonsets");
        let found = server.ask(Ask::List { path: &sets, selector: &selector }).await;
        let found = found.map_err(|failure| failure.fatal(&target.server))?;
        for object in objects(&found) {
            let label = format!("DaemonSet {namespace}/{}", object.metadata.name);
            if !all && !object.is_over(now) {
                cleaned.kept.push(label);
                continue;
            }
            let name = object.metadata.name.as_str();
            let gone = match is_name(name) {
                true => failed(server.ask(Ask::DeleteDaemonSet { namespace, name }).await),
                false => Some("its name is none".to_owned()),
            };
            cleaned.note(label, gone);
        }
        // Namespaces may be out of bounds for this identity, which then has not made one either.
        let found = server.ask(Ask::List { path: "/api/v1/namespaces", selector: &selector }).await.unwrap_or_default();
        for object in objects(&found).into_iter().filter(|object| object.metadata.name == namespace) {
            let label = format!("Namespace {namespace}");
            if cleaned.kept.is_empty() && (all || object.is_over(now)) {
                cleaned.note(label, failed(server.ask(Ask::DeleteNamespace { name: namespace }).await));
            } else {
                cleaned.kept.push(label);
            }
        }
        Ok(cleaned)
    })
}

impl Cleaned {
    fn note(&mut self, label: String, failed: Option<String>) {
        match failed {
            None => self.deleted.push(label),
            Some(why) => self.failed.push(format!("{label}: {why}")),
        }
    }
}

#[derive(serde::Deserialize)]
struct Objects {
    items: Vec<Object>,
}

#[derive(serde::Deserialize)]
struct Object {
    metadata: ObjectMetadata,
}

#[derive(serde::Deserialize)]
struct ObjectMetadata {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

impl Object {
    // A label that is no number was not written by a scan that still runs.
    fn is_over(&self, now: Timestamp) -> bool {
        let end = self.metadata.labels.get(EXPIRES_LABEL).and_then(|end| end.parse::<i64>().ok());
        end.is_none_or(|end| end <= now.as_second())
    }
}

fn objects(list: &[u8]) -> Vec<Object> {
    serde_json::from_slice::<Objects>(list).map(|list| list.items).unwrap_or_default()
}

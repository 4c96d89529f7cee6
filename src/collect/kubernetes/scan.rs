//! A scan: which calls are made for what is wanted, and what their answers add up to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{Id, JoinError, JoinSet};

use super::client::{Api, Class, Failure, is_name};
use super::discovery::served;
use super::error::ClusterError;
use super::kubelets::{self, Door, Kubelets};
use super::list::{Found, News, Reader, Texts, collection_path, internal, resource};
use super::page::{Reading, decode};
use super::{ClusterAccess, config};
use crate::catalog::kubernetes::distribution::{distribution, plain_version};
use crate::catalog::kubernetes::{CONFIG_MAPS, READ_EVERYWHERE, custom};
use crate::catalog::{self, Kind};
use crate::collect::Progress;
use crate::expr::projection::Sharing;
use crate::expr::{Path, Projection};
use crate::inventory::{Inventory, Mode, ObjectSink, Resource, Wanted};
use crate::model::{Gap, GapReason, System, Technology};

/// Where the ConfigMaps of components are. No others are read: anything may be in them.
const CONFIG_MAPS_IN: &str = "kube-system";
/// Nodes to look at for the distribution if no rule wants nodes.
const SAMPLE: usize = 20;

/// Reads what is wanted.
pub(super) async fn scan(
    access: &ClusterAccess,
    wanted: &Wanted,
    now: Timestamp,
    save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) -> Result<Inventory, ClusterError> {
    let mut namespaces = access.namespaces.clone();
    namespaces.sort();
    namespaces.dedup();
    if let Some(name) = namespaces.iter().find(|name| !is_name(name) || name.contains('.')) {
        return Err(ClusterError::Namespace { name: name.clone(), problem: "this cannot be the name of one".into() });
    }
    let target = config::target(access).await?;
    let api = Arc::new(Api::new(target.client, target.server, target.program, access.timeout));
    progress.reading("version", 0);
    let (version, unknown) = match version(&api).await {
        Ok(version) => (Some(version), None),
        // Nothing else can be expected to work.
        Err(failure) if [Class::Login, Class::Unauthenticated, Class::Unreachable].contains(&failure.class) => {
            return Err(failure.fatal(&api.server));
        }
        Err(failure) => (None, Some(failure)),
    };

    let system = System {
        technology: Technology::Kubernetes,
        name: target.name,
        version: version.as_deref().and_then(plain_version),
        distribution: None,
        origin: api.server.clone(),
    };
    let mut inventory = Inventory::new(system, Mode::Live, now);
    if let Some(failure) = &unknown {
        inventory.notes.push(format!("the version of the API server could not be read: {}", failure.detail));
    }
    if target.unverified {
        inventory.notes.push("the kubeconfig turns off the verification of the server's certificate".into());
    }
    if !namespaces.is_empty() {
        inventory.notes.push(format!(
            "of namespaced objects, except {}s, only those in {} were read",
            READ_EVERYWHERE.join("s and "),
            namespaces.join(", ")
        ));
    }

    let (news, heard) = channel(access.concurrency.max(1));
    let mut wanted_kinds = with_identity(wanted);
    let custom = custom::KINDS.iter().filter(|kind| wanted_kinds.contains_key(kind.name));
    let versions = served(&api, custom).await;
    wanted_kinds.retain(|kind, _| !custom::is_custom(kind) || versions.contains_key(kind));
    let plan = Plan {
        api: Arc::clone(&api),
        wanted: wanted_kinds,
        versions,
        namespaces,
        allow_node_proxy: access.allow_node_proxy,
        door: Arc::new(target.door),
        limit: access.page.max(1),
        keep_text: save.is_some(),
        slots: Arc::new(Semaphore::new(access.concurrency.max(1))),
        news,
    };
    let mut listener = Listener { save, progress, counts: BTreeMap::new() };
    let failure = plan.run(heard, &mut inventory, &mut listener).await?;
    if !api.is_known()
        && let Some(failure) = unknown.or(failure)
    {
        return Err(failure.fatal(&api.server));
    }

    let sample = if wanted.of("Node").is_none() { sample_nodes(&api).await } else { Vec::new() };
    let nodes = || inventory.of("Node").iter().chain(&sample).map(|node| &node.value);
    let providers = nodes().filter_map(|node| node.at(&["spec", "providerID"])?.as_str());
    let labels = nodes().filter_map(|node| node.at(&["metadata", "labels"])?.as_map());
    let labels = labels.flat_map(|labels| labels.iter().map(|(key, _)| key.as_str()));
    inventory.system.distribution = distribution(version.as_deref(), providers, labels).map(str::to_owned);
    inventory.finish();
    Ok(inventory)
}

/// Adds to what is wanted what every object needs (its name), and of nodes what tells distributions apart.
fn with_identity(wanted: &Wanted) -> BTreeMap<&'static str, Arc<Projection>> {
    let mut kinds: BTreeMap<&'static str, Projection> =
        wanted.kinds().filter_map(|kind| Some((kind, wanted.of(kind)?.clone()))).collect();
    if kinds.contains_key("KubeletConfigz") {
        kinds.entry("Node").or_default().merge(&kubelets::places());
    }
    if let Some(node) = kinds.get_mut("Node") {
        node.merge(&node_marks());
    }
    kinds
        .into_iter()
        .map(|(kind, mut projection)| {
            projection.add(&Path::keys(&["metadata", "name"]));
            projection.add(&Path::keys(&["metadata", "namespace"]));
            (kind, Arc::new(projection))
        })
        .collect()
}

/// What of a node tells distributions apart.
fn node_marks() -> Projection {
    let mut projection = Projection::default();
    for keys in [["metadata", "labels"], ["spec", "providerID"], ["status", "nodeInfo"]] {
        projection.add(&Path::keys(&keys));
    }
    projection
}

/// What to read, and with what.
struct Plan {
    api: Arc<Api>,
    wanted: BTreeMap<&'static str, Arc<Projection>>,
    // Of custom resources, the version to read each in.
    versions: BTreeMap<&'static str, String>,
    namespaces: Vec<String>,
    allow_node_proxy: bool,
    door: Arc<Result<Door, String>>,
    limit: usize,
    keep_text: bool,
    slots: Arc<Semaphore>,
    news: Sender<News>,
}

/// The readers at work, with what each of them reads.
#[derive(Default)]
struct Readers {
    tasks: JoinSet<Found>,
    about: HashMap<Id, (&'static Kind, Option<String>)>,
}

impl Plan {
    /// Starts all readers and gathers what they find. Gives a failure if there was one, for the case that nothing at all
    /// could be read.
    async fn run(
        &self,
        mut heard: Receiver<News>,
        inventory: &mut Inventory,
        listener: &mut Listener<'_, '_>,
    ) -> Result<Option<Failure>, ClusterError> {
        let mut readers = Readers::default();
        self.start(&mut readers);
        let mut gaps = self.elsewhere();
        let mut failure = None;
        loop {
            let found = tokio::select! {
                biased;
                Some(news) = heard.recv() => {
                    listener.hear(news);
                    continue;
                }
                ended = readers.tasks.join_next() => match ended {
                    None => break,
                    Some(Ok(found)) => found,
                    Some(Err(panic)) => readers.lost(&panic),
                },
            };
            if let Some(name) = found.absent_namespace {
                return Err(ClusterError::Namespace { name, problem: "the cluster has none of that name".into() });
            }
            if found.kind == "Node" {
                self.ask_kubelets(&mut readers, &found, &mut gaps);
            }
            inventory.add(found.kind, found.resources);
            inventory.notes.extend(found.notes);
            gaps.extend(found.gaps);
            failure = failure.or(found.failure);
        }
        while let Ok(news) = heard.try_recv() {
            listener.hear(news);
        }
        gaps.into_iter().for_each(|gap| inventory.add_gap(gap));
        Ok(failure)
    }

    fn start(&self, readers: &mut Readers) {
        let mut kinds: Vec<&'static Kind> = self.wanted.keys().filter_map(|name| catalog::kind(name)).collect();
        // By far the longest list: whatever is begun after it is done before it.
        kinds.sort_by_key(|kind| kind.name != "Pod");
        for kind in kinds {
            let reader = self.reader(kind);
            if kind.technology != Technology::Kubernetes || kind.plural.is_empty() {
                continue;
            } else if kind.name == "ConfigMap" {
                self.spawn(readers, kind, None, async move { config_maps(&reader).await });
            } else if kind.namespaced && !self.namespaces.is_empty() && READ_EVERYWHERE.contains(&kind.name) {
                let namespaces = self.namespaces.clone();
                self.spawn(readers, kind, None, async move { everywhere(&reader, &namespaces).await });
            } else if kind.namespaced && !self.namespaces.is_empty() {
                for namespace in &self.namespaces {
                    let (reader, scope) = (reader.clone(), namespace.clone());
                    self.spawn(readers, kind, Some(namespace), async move { reader.list(Some(&scope)).await });
                }
            } else if kind.name != "Namespace" || self.namespaces.is_empty() {
                self.spawn(readers, kind, None, async move { reader.list(None).await });
            }
        }
        // Also if no rule wants namespaces: the lists of a misspelt one would be empty and look clean.
        if let Some(kind) = catalog::kind("Namespace") {
            for namespace in &self.namespaces {
                let (reader, name) = (self.reader(kind), namespace.clone());
                let keep = self.wanted.contains_key(kind.name);
                self.spawn(readers, kind, Some(namespace), async move { named_namespace(&reader, &name, keep).await });
            }
        }
    }

    /// What is not read because the user named the namespaces to read.
    fn elsewhere(&self) -> Vec<Gap> {
        if self.namespaces.is_empty() {
            return Vec::new();
        }
        let kinds = self.wanted.keys().filter_map(|name| catalog::kind(name));
        let left_out = kinds.filter(|kind| {
            let listed = kind.technology == Technology::Kubernetes && !kind.plural.is_empty();
            listed && kind.lies_in_namespaces() && kind.name != "ConfigMap" && !READ_EVERYWHERE.contains(&kind.name)
        });
        left_out.map(|kind| elsewhere(kind, GapReason::NotAsked, &self.namespaces, None)).collect()
    }

    /// Asks the kubelets of the nodes for their configuration, if that is wanted.
    fn ask_kubelets(&self, readers: &mut Readers, nodes: &Found, gaps: &mut Vec<Gap>) {
        let Some(kind) = catalog::kind("KubeletConfigz").filter(|kind| self.wanted.contains_key(kind.name)) else {
            return;
        };
        if let Some(missing) = nodes.gaps.first() {
            let detail = format!("the nodes could not all be listed: {}", missing.detail);
            gaps.push(Gap { kind: kind.name.to_owned(), detail, ..missing.clone() });
        }
        let kubelets = Kubelets {
            reader: self.reader(kind),
            door: Arc::clone(&self.door),
            allow_proxy: self.allow_node_proxy,
            slots: Arc::clone(&self.slots),
        };
        let nodes = nodes.resources.iter().map(kubelets::Node::of).collect();
        // Without a slot: it takes one for each question to the API server.
        let task = readers.tasks.spawn(kubelets.read(nodes));
        readers.about.insert(task.id(), (kind, None));
    }

    fn reader(&self, kind: &'static Kind) -> Reader {
        let projection = self.wanted.get(kind.name).cloned();
        Reader {
            api: Arc::clone(&self.api),
            kind,
            version: self.versions.get(kind.name).cloned(),
            projection: projection.unwrap_or_else(|| Arc::new(Projection::everything().clone())),
            limit: self.limit,
            keep_text: self.keep_text,
            news: self.news.clone(),
        }
    }

    fn spawn(
        &self,
        readers: &mut Readers,
        kind: &'static Kind,
        scope: Option<&str>,
        work: impl Future<Output = Found> + Send + 'static,
    ) {
        let slots = Arc::clone(&self.slots);
        let task = readers.tasks.spawn(async move {
            // The semaphore is never closed.
            let _slot = slots.acquire().await;
            work.await
        });
        readers.about.insert(task.id(), (kind, scope.map(str::to_owned)));
    }
}

impl Readers {
    /// What a reader that broke down leaves: a gap.
    fn lost(&self, error: &JoinError) -> Found {
        let Some((kind, scope)) = self.about.get(&error.id()) else { return Found::default() };
        let (mut found, failure) = (Found::of(kind), internal(error));
        let detail = failure.detail.clone();
        found.miss(scope.as_deref(), failure, detail, None);
        found
    }
}

/// Passes on what readers tell.
struct Listener<'s, 'p> {
    save: Option<&'s mut dyn ObjectSink>,
    progress: &'p dyn Progress,
    counts: BTreeMap<&'static str, usize>,
}

impl Listener<'_, '_> {
    fn hear(&mut self, news: News) {
        match news {
            News::Read { kind, count } => self.count(kind, |total| total + count),
            News::Void { kind, count } => self.count(kind, |total| total.saturating_sub(count)),
            News::Keep { kind, texts: Texts { body, places } } => {
                if let Some(sink) = &mut self.save {
                    places.into_iter().filter_map(|place| body.get(place)).for_each(|raw| sink.object(kind, raw));
                }
            }
        }
    }

    fn count(&mut self, kind: &'static str, change: impl Fn(usize) -> usize) {
        let total = self.counts.entry(kind).or_default();
        *total = change(*total);
        self.progress.reading(kind, *total);
    }
}

async fn version(api: &Api) -> Result<String, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let body = api.get("/version").await?;
    let version = serde_json::from_slice::<Version>(&body)
        .map_err(|_| Failure::new(Class::Malformed, "the answer is not the version of an API server"))?;
    api.understood();
    Ok(version.git_version)
}

/// A few nodes, if they may be read, for the distribution only.
async fn sample_nodes(api: &Api) -> Vec<Resource> {
    let Some(kind) = catalog::kind("Node") else { return Vec::new() };
    let path = format!("{}?limit={SAMPLE}", collection_path(kind, None));
    let Ok(body) = api.get(&path).await else { return Vec::new() };
    let mut projection = node_marks();
    projection.add(&Path::keys(&["metadata", "name"]));
    let reading = Reading { kind, projection: &projection, keep_text: false };
    decode(&body, reading, &Sharing::new()).map(|page| page.resources).unwrap_or_default()
}

/// The gap for a kind of which only the objects of some namespaces were read.
fn elsewhere(kind: &Kind, reason: GapReason, namespaces: &[String], failure: Option<&Failure>) -> Gap {
    let refused = failure.map_or_else(String::new, |failure| format!(": {}", failure.detail));
    Gap {
        kind: kind.name.to_owned(),
        scope: Some(Gap::ELSEWHERE.to_owned()),
        reason,
        detail: format!("only those of {} were read{refused}", namespaces.join(", ")),
        permission: failure.map(|_| format!("list {}", resource(kind))),
    }
}

/// All objects, if they may be listed; else those of the namespaces.
async fn everywhere(reader: &Reader, namespaces: &[String]) -> Found {
    let found = reader.list(None).await;
    let Some(failure) = found.failure.clone().filter(|failure| failure.class == Class::Forbidden) else {
        return found;
    };
    let mut some = Found::of(reader.kind);
    some.gaps.push(elsewhere(reader.kind, GapReason::Forbidden, namespaces, Some(&failure)));
    for namespace in namespaces {
        let own = reader.list(Some(namespace)).await;
        some.resources.extend(own.resources);
        some.gaps.extend(own.gaps);
        some.notes.extend(own.notes);
        some.failure = some.failure.or(own.failure);
    }
    some
}

async fn config_maps(reader: &Reader) -> Found {
    let mut found = Found::of(reader.kind);
    for name in CONFIG_MAPS {
        let path = format!("{}/{name}", collection_path(reader.kind, Some(CONFIG_MAPS_IN)));
        match reader.object(&path, |body| body).await {
            Ok(object) => found.resources.extend(object),
            Err(failure) => {
                let detail = format!("{name}: {}", failure.detail);
                let permission = (failure.class == Class::Forbidden)
                    .then(|| format!("get {} named {name} in {CONFIG_MAPS_IN}", resource(reader.kind)));
                found.miss(Some(CONFIG_MAPS_IN), failure, detail, permission);
            }
        }
    }
    found
}

/// A namespace that the user named; `keep` says whether any rule wants it.
async fn named_namespace(reader: &Reader, name: &str, keep: bool) -> Found {
    let mut found = Found::of(reader.kind);
    match reader.object(&format!("{}/{name}", collection_path(reader.kind, None)), |body| body).await {
        Ok(None) => found.absent_namespace = Some(name.to_owned()),
        Ok(object) if keep => found.resources.extend(object),
        Err(failure) if keep => {
            let detail = failure.detail.clone();
            let permission = (failure.class == Class::Forbidden).then(|| format!("get {}", resource(reader.kind)));
            found.miss(Some(name), failure, detail, permission);
        }
        Ok(_) | Err(_) => {}
    }
    found
}

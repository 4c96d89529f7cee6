//! The configuration of kubelets: from each kubelet itself if the identity may read it there, else through the API server if
//! the user allows that.
//!
//! Through the API server every question to a kubelet takes `nodes/proxy`, which also lets run commands in pods. A kubelet
//! that is asked at its own port is content with `nodes/configz` (Kubernetes 1.33 and later). But then the credentials go
//! to a node, and whoever controls one node must not win more by it. So a kubelet is only asked
//! - if the API server says that the identity may read `nodes/configz`;
//! - over a connection whose certificate the cluster's authority, or that of `--kubelet-ca`, signed for the node's address;
//! - with a client certificate, which is of no use to who sees it, or with the token of an identity that cannot do much.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kube::config::{AuthInfo, Config};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::{Api, Class, Failure, UNTRUSTED, is_name};
use super::config::certificates;
use super::error::ClusterError;
use super::list::{Found, Reader, internal};
use super::review::{Right, Verdict, ask};
use crate::catalog::Kind;
use crate::collect::node_pods::NAMESPACE;
use crate::expr::{Path as FieldPath, Projection, Value};
use crate::inventory::Resource;
use crate::model::{Gap, GapReason};

/// The right to read the configuration of a kubelet at its own port.
const CONFIGZ: &str = "get nodes/configz";
/// The right to ask a kubelet through the API server.
const PROXY: &str = "get nodes/proxy";
/// What else tells the same.
const ELSE: &str = "node facts or --allow-node-proxy tell the same";

/// Kubelets that are asked at the same time.
const AT_ONCE: usize = 8;
/// After so many that did not let themselves be reached, and none that did, no further one is tried.
const ENOUGH: usize = 3;
const HOPELESS: &str = "not tried, since the first ones could not be reached";
/// Nodes are near, or not reachable at all.
const CONNECT: Duration = Duration::from_secs(1);
/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Bytes of the longest answer; usual are some thousand.
const LONGEST: usize = 4 << 20;

/// What a token that a node gets to see must not be good for: each of them is a way to the whole cluster.
const POWERS: [(&str, &str, &str, &str, &str); 8] = [
    ("get", "", "secrets", "", ""),
    ("create", "", "pods", "", ""),
    ("create", "apps", "daemonsets", "", ""),
    // The one namespace in which an identity of spm may have it.
    ("create", "apps", "daemonsets", "", NAMESPACE),
    ("get", "", "nodes", "proxy", ""),
    ("create", "", "serviceaccounts", "token", ""),
    ("impersonate", "", "users", "", ""),
    ("patch", RBAC, "clusterroles", "", ""),
];
const RBAC: &str = "rbac.authorization.k8s.io";

/// How to reach kubelets.
pub(super) struct Door {
    /// Who may have signed their certificates.
    roots: Vec<Vec<u8>>,
    identity: AuthInfo,
    /// The identity shows a token to who it talks to.
    token: bool,
}

impl Door {
    /// The way in with the identity of `config`, which has not been told to trust more than the kubeconfig says; why there
    /// is none otherwise.
    pub(super) fn new(config: &Config, authority: Option<&Path>) -> Result<Result<Door, String>, ClusterError> {
        let named = authority.map(certificates).transpose()?;
        Ok(Door::made(config, named))
    }

    fn made(config: &Config, named: Option<Vec<Vec<u8>>>) -> Result<Door, String> {
        // What the system trusts may have signed something for any address.
        let Some(roots) = named.or_else(|| config.root_cert.clone().filter(|_| !config.accept_invalid_certs)) else {
            return Err("nothing tells the authority of their certificates; give it with --kubelet-ca".into());
        };
        let token = shows_token(&config.auth_info)?;
        Ok(Door { roots, identity: config.auth_info.clone(), token })
    }

    /// A connection to the kubelet at an address.
    fn open(&self, place: &Place) -> Result<Api, Failure> {
        let unusable = || Failure::new(Class::Malformed, "the address of the node cannot be asked");
        // Nothing else of what is set for the API server holds here: no proxy, no other name, no turned-off verification.
        let mut config = Config::new(place.url().parse().map_err(|_| unusable())?);
        config.root_cert = Some(self.roots.clone());
        config.auth_info = self.identity.clone();
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(ANSWER);
        config.default_retry = false;
        let client = kube::Client::try_from(config)
            .map_err(|_| Failure::new(Class::Login, "the credentials could not be used"))?;
        Ok(Api::new(client, place.url(), None, ANSWER).wary(LONGEST))
    }
}

/// Whether an identity shows a token to whom it talks to; why it is not taken to nodes at all otherwise.
fn shows_token(identity: &AuthInfo) -> Result<bool, String> {
    let AuthInfo { impersonate, impersonate_groups, impersonate_uid, .. } = identity;
    if impersonate.is_some() || impersonate_groups.is_some() || impersonate_uid.is_some() {
        return Err("the kubeconfig acts as somebody else, of which kubelets know nothing".into());
    }
    // What such a program gives is mostly good for more than this cluster.
    if identity.exec.is_some() || identity.auth_provider.is_some() {
        return Err("a program logs in, and what it gives is not for nodes".into());
    }
    if identity.username.is_some() || identity.password.is_some() {
        return Err("a password is not for nodes".into());
    }
    Ok(identity.token.is_some() || identity.token_file.is_some())
}

/// Where a kubelet listens.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    address: IpAddr,
    port: u16,
}

impl Place {
    fn of(node: &Value) -> Option<Place> {
        let addresses = node.at(&["status", "addresses"]).map_or(&[][..], Value::items);
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let internal = addresses.iter().filter(|address| text(address, "type").as_deref() == Some("InternalIP"));
        let address = internal.filter_map(|address| text(address, "address")?.parse().ok()).next()?;
        let port = node.at(&["status", "daemonEndpoints", "kubeletEndpoint", "Port"])?.as_int()?;
        Some(Place { address, port: u16::try_from(port).ok().filter(|port| *port > 0)? })
    }

    fn url(&self) -> String {
        format!("https://{}", self.socket())
    }

    fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }
}

/// What of a node tells where its kubelet listens.
pub(super) fn places() -> Projection {
    let mut projection = Projection::default();
    projection.add(&FieldPath::keys(&["status", "addresses"]));
    projection.add(&FieldPath::keys(&["status", "daemonEndpoints"]));
    projection
}

/// A node whose kubelet is to be asked.
pub(super) struct Node {
    name: String,
    place: Option<Place>,
}

impl Node {
    /// The node of an object.
    pub(super) fn of(object: &Resource) -> Node {
        Node { name: object.name.to_string(), place: Place::of(&object.value) }
    }
}

/// What it takes to ask kubelets.
#[derive(Clone)]
pub(super) struct Kubelets {
    /// Reads through the API server.
    pub reader: Reader,
    /// How to reach them directly; why not otherwise.
    pub door: Arc<Result<Door, String>>,
    /// The API server may be asked to pass questions on.
    pub allow_proxy: bool,
    /// Calls to the API server at the same time.
    pub slots: Arc<Semaphore>,
}

// How the direct attempts went so far.
#[derive(Default)]
struct Attempts {
    reached: AtomicUsize,
    missed: AtomicUsize,
}

impl Attempts {
    fn is_hopeless(&self) -> bool {
        self.reached.load(Ordering::Relaxed) == 0 && self.missed.load(Ordering::Relaxed) >= ENOUGH
    }

    fn note(&self, failure: Option<&Failure>) {
        let missed = failure.is_some_and(|failure| failure.class == Class::Unreachable);
        if missed { &self.missed } else { &self.reached }.fetch_add(1, Ordering::Relaxed);
    }
}

impl Kubelets {
    /// Asks the kubelet of every node.
    pub(super) async fn read(self, nodes: Vec<Node>) -> Found {
        let closed = if nodes.is_empty() { None } else { self.closed().await };
        let mut found = Found::of(self.reader.kind);
        if let (Some(gap), false) = (&closed, self.allow_proxy) {
            found.gaps.push(gap.clone());
            return found;
        }
        let (attempts, doors) = (Arc::new(Attempts::default()), Arc::new(Semaphore::new(AT_ONCE)));
        let mut asking = JoinSet::new();
        for node in nodes {
            let (own, attempts, doors) = (self.clone(), Arc::clone(&attempts), Arc::clone(&doors));
            let direct = closed.is_none();
            asking.spawn(async move {
                let answer = own.kubelet(&node, direct, &attempts, &doors).await;
                (node.name, answer)
            });
        }
        let mut failures = Vec::new();
        while let Some(ended) = asking.join_next().await {
            match ended {
                Ok((_, Ok(object))) => found.resources.push(object),
                Ok((node, Err(failure))) => failures.push((node, failure)),
                Err(panic) => found.miss(None, internal(&panic), internal(&panic).detail, None),
            }
        }
        failures.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.tell(&mut found, failures);
        found
    }

    /// Why no kubelet is asked directly.
    async fn closed(&self) -> Option<Gap> {
        let gap = |detail: String, permission: Option<&str>| Gap {
            kind: self.reader.kind.name.to_owned(),
            scope: None,
            reason: GapReason::NotAsked,
            detail,
            permission: permission.map(str::to_owned),
        };
        let not = |why: &str| Some(gap(format!("kubelets are not asked: {why}; {ELSE}"), None));
        let right = |(verb, group, resource, subresource, namespace): (&str, &str, &str, &str, &str)| Right {
            verb: verb.into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            namespace: namespace.into(),
            name: String::new(),
        };
        match ask(&self.reader.api, &right(("get", "", "nodes", "configz", ""))).await {
            Ok(Verdict::Allowed) => {}
            Ok(_) => {
                let detail = format!("kubelets are only asked with the right to it; {ELSE}");
                return Some(gap(detail, Some(CONFIGZ)));
            }
            Err(failure) => {
                return not(&format!("the API server does not say whether this is allowed ({})", failure.detail));
            }
        }
        let door = match &*self.door {
            Ok(door) => door,
            Err(why) => return not(why),
        };
        if !door.token {
            return None;
        }
        for power in POWERS {
            let named = || [power.0, " ", power.2, if power.3.is_empty() { "" } else { "/" }, power.3].concat();
            match ask(&self.reader.api, &right(power)).await {
                Ok(Verdict::Denied(_)) => {}
                Ok(_) => return not(&format!("the token may also {}, so no node gets to see it", named())),
                Err(failure) => {
                    return not(&format!("nothing says whether the token may also {} ({})", named(), failure.detail));
                }
            }
        }
        None
    }

    /// The configuration of the kubelet of a node, as an object named like the node.
    async fn kubelet(
        &self,
        node: &Node,
        direct: bool,
        attempts: &Attempts,
        doors: &Semaphore,
    ) -> Result<Resource, Failure> {
        if !is_name(&node.name) {
            return Err(Failure::new(Class::Malformed, "the name of the node cannot be a name"));
        }
        let failure = if direct {
            // The semaphore is never closed.
            let _door = doors.acquire().await;
            match self.directly(node, attempts).await {
                Ok(object) => return Ok(object),
                Err(failure) => failure,
            }
        } else {
            Failure::new(Class::NotFound, "not asked")
        };
        if !self.allow_proxy {
            return Err(failure);
        }
        let _slot = self.slots.acquire().await;
        answer(&self.reader, &node.name, &format!("/api/v1/nodes/{}/proxy/configz", node.name)).await
    }

    async fn directly(&self, node: &Node, attempts: &Attempts) -> Result<Resource, Failure> {
        let Ok(door) = &*self.door else { return Err(Failure::new(Class::Login, "there is no way to it")) };
        let Some(place) = &node.place else {
            return Err(Failure::new(Class::NotFound, "the node does not say where its kubelet listens"));
        };
        if attempts.is_hopeless() {
            return Err(Failure::new(Class::Unreachable, HOPELESS));
        }
        let reader = Reader { api: Arc::new(door.open(place)?), ..self.reader.clone() };
        let answer = answer(&reader, &node.name, "/configz").await;
        attempts.note(answer.as_ref().err());
        answer.map_err(|failure| {
            let detail = match failure.class {
                // It speaks of another right than this one.
                Class::Forbidden => "it refuses, as kubelets before 1.33 do without nodes/proxy".to_owned(),
                Class::Unauthenticated => "it does not accept the credentials".to_owned(),
                Class::Unreachable if failure.detail.starts_with(UNTRUSTED) => {
                    format!("{}; --kubelet-ca names who signed it", failure.detail)
                }
                _ => failure.detail,
            };
            Failure { class: failure.class, detail: format!("kubelet at {}: {detail}", place.socket()) }
        })
    }

    /// What the failures leave.
    fn tell(&self, found: &mut Found, failures: Vec<(String, Failure)>) {
        let cause = failures.iter().find(|(_, failure)| failure.detail != HOPELESS).or(failures.first());
        let Some((_, first)) = cause.cloned() else { return };
        let (asked, reached) = (failures.len() + found.resources.len(), !found.resources.is_empty());
        if !self.allow_proxy && !reached {
            // Nobody asked for it, so that it did not work is nothing that went wrong.
            found.gaps.push(Gap {
                kind: found.kind.to_owned(),
                scope: None,
                reason: GapReason::NotAsked,
                detail: format!(
                    "none of {} lets its configuration be read directly ({}); {ELSE}",
                    nodes(asked),
                    first.detail
                ),
                permission: None,
            });
            return;
        }
        let permission = |failure: &Failure| {
            let refused = failure.class == Class::Forbidden;
            (refused && self.allow_proxy).then(|| PROXY.to_owned())
        };
        let all_refused = !reached && failures.iter().all(|(_, failure)| failure.class == Class::Forbidden);
        if all_refused {
            let (detail, permission) = (first.detail.clone(), permission(&first));
            return found.miss(None, first, detail, permission);
        }
        for (node, failure) in failures {
            let (detail, permission) = (failure.detail.clone(), permission(&failure));
            found.miss(Some(&node), failure, detail, permission);
        }
    }
}

fn nodes(count: usize) -> String {
    crate::base::text::count(count, "node")
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    kubeletconfig: &'a RawValue,
}

/// What a kubelet answers, as an object named like its node.
async fn answer(reader: &Reader, node: &str, path: &str) -> Result<Resource, Failure> {
    let Kind { group, version, name: kind, .. } = reader.kind;
    let head =
        format!(r#"{{"apiVersion":"{group}/{version}","kind":"{kind}","metadata":{{"name":"{node}"}},"#).into_bytes();
    // Of the answer only what it is asked for: who answers must not say which node it speaks of.
    let shape = |body: Vec<u8>| match serde_json::from_slice::<Answer<'_>>(&body) {
        Ok(Answer { kubeletconfig }) => {
            [head.as_slice(), br#""kubeletconfig":"#, kubeletconfig.get().as_bytes(), b"}"].concat()
        }
        Err(error) if error.is_eof() => Vec::new(),
        Err(_) => b"!".to_vec(),
    };
    let answer = reader.object(path, shape).await?;
    answer.ok_or_else(|| Failure::new(Class::NotFound, "the kubelet does not give its configuration"))
}

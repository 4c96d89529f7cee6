//! etcd: configuration by file and environment, and whose certificates it trusts.

use super::component::{Computed, World};
use super::flags::Flags;
use super::instances::{Instance, find};
use super::nodes::{Document, Node};
use crate::catalog::kubernetes::components::{APISERVER, Component};
use crate::expr::Value;
use crate::model::Text;

/// Settings of TLS, which a configuration file holds in sections of their own: beside those, etcd ignores them.
const TRANSPORT: [&str; 5] = ["auto-tls", "cert-file", "client-cert-auth", "key-file", "trusted-ca-file"];

/// Completes the flags of a member: a configuration file replaces flags and environment, a flag wins over its variable.
pub fn complete(world: &World<'_, '_>, component: &Component, instance: &mut Instance<'_>) {
    let Ok(flags) = &instance.flags else { return };
    let from_env = instance.env.iter().find(|(key, _)| key == "ETCD_CONFIG_FILE").and_then(|(_, value)| value.clone());
    let file = match flags.get("config-file").map(|flag| &flag.value) {
        Some(Value::Unknown(why)) => {
            instance.flags = Err(why.clone());
            return;
        }
        Some(value) => value.as_str().map(str::to_owned),
        None => from_env,
    };
    if let Some(path) = file.filter(|path| !path.is_empty()) {
        instance.flags = of_file(world.node(instance), component, instance, &path);
        return;
    }
    let mut all = Flags::default();
    for (key, value) in &instance.env {
        let Some(name) = key.strip_prefix("ETCD_") else { continue };
        let name = name.to_lowercase().replace('_', "-");
        let text = value.as_deref().ok_or_else(|| Text::from(format!("{key} of etcd is set at run time")));
        all.add(component, &name, text, None, format!("environment variable {key} of {}", instance.of).into());
    }
    all.overlay(flags.clone());
    instance.flags = Ok(all);
}

fn of_file(node: Option<&Node<'_>>, component: &Component, instance: &Instance<'_>, path: &str) -> Result<Flags, Text> {
    let missing = || format!("etcd reads {path}, which was not read: no node data for {}", instance.node);
    let node = node.filter(|node| node.facts.is_some()).ok_or_else(missing)?;
    let (content, at) = match node.document(component.name, path) {
        Document::Content(content, at) => (content, at),
        Document::Unknown(why) => return Err(why),
    };
    let mut flags = Flags::default();
    let file = format!("{path} on node {}", instance.node);
    let mut add = |prefix: Option<&str>, from: &Value, at: &[crate::expr::path::Step]| {
        for (key, value) in from.as_map().into_iter().flat_map(|map| map.iter()) {
            let name = format!("{}{}", prefix.unwrap_or_default(), key.as_str());
            if prefix.is_none() && TRANSPORT.contains(&name.strip_prefix("peer-").unwrap_or(&name)) {
                continue;
            }
            let text = match value {
                Value::Map(_) | Value::Null => continue,
                Value::Str(text) => text.to_string(),
                Value::List(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
                other => other.to_json(4096),
            };
            let steps = at.iter().cloned().chain([crate::expr::path::Step::Key(key)]).collect();
            let text = match value {
                Value::Unknown(why) => Err(why.clone()),
                _ => Ok(text.as_str()),
            };
            let source = format!("{} in {file}", key.as_str());
            flags.add(component, &name, text, Some(steps), source.into());
        }
    };
    add(None, content, &at);
    for (section, prefix) in [("client-transport-security", ""), ("peer-transport-security", "peer-")] {
        if let Some(section_content) = content.get(section) {
            let at: Vec<_> = at.iter().cloned().chain(crate::derive::keys(&[section])).collect();
            add(Some(prefix), section_content, &at);
        }
    }
    Ok(flags)
}

/// `trust.sharedWithCluster`: whether a certificate that the API server accepts from its clients opens etcd too. Absent if
/// etcd names no authority.
pub fn trust(world: &World<'_, '_>, instance: &Instance<'_>) -> Option<Computed> {
    const PATH: &[&str] = &["trust", "sharedWithCluster"];
    let unknown = |why: Text| Some(Computed::new(PATH, Value::Unknown(why), "certificates of the node data"));
    let flags = match &instance.flags {
        Ok(flags) => flags,
        Err(why) => return unknown(why.clone()),
    };
    let etcd_ca = match &flags.get("trusted-ca-file")?.value {
        Value::Str(path) => path.clone(),
        Value::Unknown(why) => return unknown(why.clone()),
        _ => return None,
    };
    let apiservers = find(world.inventory, world.nodes, &APISERVER).instances;
    // The one beside it, else any: they trust the same authority.
    let apiserver = apiservers.iter().find(|other| other.node == instance.node).or_else(|| apiservers.first());
    let Some((apiserver, Ok(api_flags))) = apiserver.map(|apiserver| (apiserver, &apiserver.flags)) else {
        return unknown("no API server was seen to compare with".into());
    };
    let cluster_ca = match api_flags.get("client-ca-file").map(|flag| &flag.value) {
        Some(Value::Str(path)) => path.clone(),
        Some(Value::Unknown(why)) => return unknown(why.clone()),
        // It accepts no client certificates, so there is nothing to share.
        _ => return Some(Computed::new(PATH, Value::Bool(false), "the API server names no client authority")),
    };
    if etcd_ca == cluster_ca && apiserver.node == instance.node {
        return Some(Computed::new(PATH, Value::Bool(true), "both name the same file"));
    }
    let etcd_keys = public_keys(world.node(instance), "etcd", &etcd_ca);
    let cluster_keys = public_keys(world.node(apiserver), "kube-apiserver", &cluster_ca);
    match (etcd_keys, cluster_keys) {
        (Some(etcd_keys), Some(cluster_keys)) => {
            let shared = etcd_keys.iter().any(|key| cluster_keys.contains(key));
            Some(Computed::new(PATH, Value::Bool(shared), "certificates of the node data"))
        }
        _ => unknown(
            format!("{etcd_ca} and {cluster_ca} could not be compared: their certificates were not collected").into(),
        ),
    }
}

fn public_keys<'a>(node: Option<&Node<'a>>, component: &str, path: &str) -> Option<Vec<&'a str>> {
    let certs = node?.fact(&["certs"])?.items();
    let text = |cert: &'a Value, key: &str| cert.get(key).and_then(Value::as_str);
    let at_path: Vec<&Value> = certs.iter().filter(|cert| text(cert, "path") == Some(path)).collect();
    let own: Vec<&Value> = at_path.iter().copied().filter(|cert| text(cert, "component") == Some(component)).collect();
    let chosen = if own.is_empty() { at_path } else { own };
    let keys: Vec<&str> = chosen.into_iter().filter_map(|cert| text(cert, "publicKeySha256")).collect();
    (!keys.is_empty()).then_some(keys)
}

/// Where etcd is if no member was seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// API servers use these servers.
    External(String),
    /// The cluster has none, for this reason.
    NoEtcd(String),
    /// Nobody knows.
    Nowhere,
}

/// Where etcd is if no member was seen.
pub fn elsewhere(world: &World<'_, '_>) -> Elsewhere {
    let apiservers = find(world.inventory, world.nodes, &APISERVER).instances;
    let servers: Vec<&str> = apiservers
        .iter()
        .filter_map(|apiserver| apiserver.flags.as_ref().ok()?.get("etcd-servers"))
        .flat_map(|flag| flag.value.items().iter().filter_map(Value::as_str))
        .collect();
    let local =
        |server: &&str| ["//127.0.0.1", "//localhost", "//[::1]", "unix:"].iter().any(|here| server.contains(here));
    if !servers.is_empty() && !servers.iter().any(local) {
        return Elsewhere::External(servers.first().map_or_else(String::new, |first| (*first).to_owned()));
    }
    let k3s = |node: &Node<'_>| node.is_k3s() && (node.labelled_control_plane() || node.runs_k3s_server());
    let kine = |server: &&str| server.contains("kine") || server.contains("dqlite");
    if world.nodes.iter().any(k3s) || servers.iter().any(kine) {
        return Elsewhere::NoEtcd("the cluster keeps its data in a database other than etcd".to_owned());
    }
    Elsewhere::Nowhere
}

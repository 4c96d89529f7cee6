//! The view `kube-proxy`: per node where its pods or processes are known, else of the configuration that all share.

use std::sync::Arc;

use super::flags::Flags;
use super::instances::{self, Instance, image_version};
use super::k3s;
use super::layers::Layers;
use super::nodes::{self, Document, Node, has_anything};
use crate::catalog::View;
use crate::catalog::kubernetes::components::PROXY;
use crate::derive::{Origin, OriginPart, Subject, Subjects, keys, not_collected, why_unknown};
use crate::expr::Value;
use crate::inventory::{Inventory, Mode, Resource};
use crate::model::{ResourceRef, Text};

/// Fields of KubeProxyConfiguration with a default that rules ask for; empty text means the default.
const DEFAULTS: &[(&str, &str)] = &[("healthzBindAddress", "0.0.0.0:10256"), ("metricsBindAddress", "127.0.0.1:10249")];

/// Flags that count where no configuration file is given.
const FLAGS: &[(&str, &str)] = &[
    ("healthz-bind-address", "healthzBindAddress"),
    ("metrics-bind-address", "metricsBindAddress"),
    ("proxy-mode", "mode"),
    ("bind-address", "bindAddress"),
    ("kubeconfig", "clientConnection.kubeconfig"),
];

/// One subject per node, or one for all.
pub fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    let (nodes, found) = instances::all(inventory, &PROXY);
    let mut all = Subjects::default();
    let shared = inventory
        .of("ConfigMap")
        .iter()
        .find(|map| map.scope.as_deref() == Some("kube-system") && &*map.name == "kube-proxy");
    for instance in &found.instances {
        let node = nodes::named(&nodes, &instance.node);
        all.subjects.push(subject(inventory, instance, node, shared));
    }
    for instance in nodes.iter().filter_map(in_k3s) {
        all.subjects.push(subject(inventory, &instance, None, None));
    }
    all.subjects.sort_by(|a, b| a.resource.name.cmp(&b.resource.name));
    if all.subjects.is_empty()
        && let Some(shared) = shared
    {
        all.subjects.push(of_shared(shared));
    }
    let gaps = inventory.gaps().iter().filter(|gap| view.sources.contains(&gap.kind.as_str()));
    if inventory.mode == Mode::Live || all.subjects.is_empty() {
        all.gaps.extend(gaps.cloned());
    }
    if all.subjects.is_empty() && all.gaps.is_empty() {
        let machines = || nodes.iter().filter(|node| !node.is_virtual());
        if !has_anything(inventory, &nodes) {
            all.none = Some("no kube-proxy in the input".to_owned());
        } else if machines().next().is_some() && machines().all(|node| node.processes().is_some()) {
            all.none = Some("no node runs kube-proxy".to_owned());
        } else {
            let detail = "no node data: no pod runs kube-proxy, and whether it runs as a process of the nodes is not known; run `spm collect node` on them and give the files to the scan";
            all.gaps.push(not_collected("NodeFacts", None, detail));
        }
    }
    all
}

// k3s runs it inside of its own process unless told not to.
fn in_k3s<'a>(node: &Node<'a>) -> Option<Instance<'a>> {
    let arguments = k3s::arguments(node)?;
    if arguments.value("disable-kube-proxy").is_some_and(|value| value != "false") {
        return None;
    }
    let (name, of) = (node.name.clone(), arguments.of.clone());
    let (flags, source) = (arguments.handed_on(&PROXY), arguments.source);
    Some(Instance { node: name, element: None, flags, env: Vec::new(), source, of, image: None, place: None })
}

fn subject(
    inventory: &Inventory,
    instance: &Instance<'_>,
    node: Option<&Node<'_>>,
    shared: Option<&Resource>,
) -> Subject {
    let mut parts = instance.flags.as_ref().map(Flags::parts).unwrap_or_default();
    let config = match &instance.flags {
        Err(why) => Err(why.clone()),
        Ok(flags) => config(inventory, instance, flags, node, shared),
    };
    let config = config.map(|layers| {
        parts.extend(layers.parts("config"));
        layers.value()
    });
    let version = match instance.image.and_then(image_version).or_else(|| inventory.system.version.clone()) {
        Some(version) => Value::str(version),
        None => Value::unknown("nothing tells the version"),
    };
    let value = Value::map([
        ("node", Value::str(&instance.node)),
        ("source", Value::str(instance.source)),
        ("version", version),
        ("flags", instance.flags.as_ref().map_or_else(|why| Value::Unknown(why.clone()), Flags::value)),
        ("config", config.unwrap_or_else(Value::Unknown)),
    ]);
    let origin =
        Origin { parts, source: Some(instance.of.as_str().into()), place: instance.place.clone(), ..Origin::default() };
    Subject {
        resource: ResourceRef { kind: "kube-proxy".into(), scope: None, name: instance.node.clone() },
        element: instance.element.clone(),
        value,
        origin: Some(Arc::new(origin)),
    }
}

fn defaults() -> Layers {
    let mut layers = Layers::new();
    for (field, value) in DEFAULTS {
        layers.set(field, Value::str(value), None, &"default".into());
    }
    layers
}

// With --config the file counts and flags do not.
fn config(
    inventory: &Inventory,
    instance: &Instance<'_>,
    flags: &Flags,
    node: Option<&Node<'_>>,
    shared: Option<&Resource>,
) -> Result<Layers, Text> {
    let mut layers = defaults();
    let path = match flags.get("config").map(|flag| &flag.value) {
        Some(Value::Unknown(why)) => return Err(why.clone()),
        Some(value) => value.as_str().unwrap_or_default(),
        None => {
            for (name, field) in FLAGS {
                if let Some(flag) = flags.get(name) {
                    layers.set(field, flag.value.clone(), flag.at.clone(), &flag.source);
                }
            }
            return Ok(layers);
        }
    };
    if let Some(Document::Content(content, at)) =
        node.filter(|node| node.facts.is_some()).map(|node| node.document("kube-proxy", path))
    {
        let source = format!("file {path} on node {}", instance.node);
        layers.lay(content, &at, &source.into(), &is_default);
        return Ok(layers);
    }
    let shared = shared.ok_or_else(|| {
        let why = why_unknown(inventory, "ConfigMap", Some("kube-system"));
        let why = why.unwrap_or_else(|| "there is no ConfigMap kube-system/kube-proxy".to_owned());
        Text::from(format!("kube-proxy reads {path}, which was not read: {why}"))
    })?;
    let file = path.rsplit('/').next().unwrap_or(path);
    let content = configuration(shared, file)?;
    layers.lay(&content, &Vec::new(), &format!("{file} in ConfigMap kube-system/kube-proxy").into(), &is_default);
    Ok(layers)
}

fn is_default(path: &str, value: &Value) -> bool {
    DEFAULTS.iter().any(|(field, _)| *field == path) && value.as_str() == Some("")
}

// A file of the ConfigMap, parsed.
fn configuration(shared: &Resource, file: &str) -> Result<Value, Text> {
    let name = format!("{file} in ConfigMap kube-system/kube-proxy");
    let text = match shared.value.at(&["data", file]) {
        Some(Value::Str(text)) => text,
        Some(Value::Unknown(why)) => return Err(why.clone()),
        Some(other) => return Err(format!("{name} is {}, expected text", other.kind()).into()),
        None => return Err(format!("there is no {name}").into()),
    };
    match serde_yaml::from_str::<Value>(text) {
        Ok(content @ Value::Map(_)) => Ok(content),
        Ok(other) => Err(format!("{name} holds {}, expected a configuration", other.kind()).into()),
        Err(error) => Err(format!("{name} could not be parsed: {error}").into()),
    }
}

fn of_shared(shared: &Resource) -> Subject {
    const FILES: [&str; 2] = ["config.conf", "config"];
    let file = FILES.iter().find(|file| shared.value.at(&["data", file]).is_some()).unwrap_or(&FILES[0]);
    let mut parts = Vec::new();
    let config = match configuration(shared, file) {
        Err(why) => Value::Unknown(why),
        Ok(content) => {
            let mut layers = defaults();
            let source: Text = format!("{file} in ConfigMap kube-system/kube-proxy").into();
            layers.lay(&content, &Vec::new(), &source, &is_default);
            parts.extend(layers.parts("config"));
            layers.value()
        }
    };
    // Steps into the text of the ConfigMap mean nothing there.
    for part in parts.iter_mut().filter(|part: &&mut OriginPart| part.real.is_some()) {
        part.real = Some(keys(&["data", file]));
    }
    let value = Value::map([
        ("source", Value::str("ConfigMap")),
        ("config", config),
        ("flags", Value::unknown("no pod or process of kube-proxy was seen")),
        ("version", Value::unknown("nothing tells the version")),
    ]);
    let origin = Origin { parts, place: shared.place.clone(), ..Origin::default() };
    Subject {
        resource: ResourceRef { kind: "kube-proxy".into(), scope: None, name: "kube-proxy".into() },
        element: None,
        value,
        origin: Some(Arc::new(origin)),
    }
}

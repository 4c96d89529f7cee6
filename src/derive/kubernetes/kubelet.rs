//! The view `kubelet`: defaults, configuration file, drop-ins and flags merged as the kubelet does it, or what it says itself
//! (`configz`).

use std::sync::Arc;

use super::flags::{Flag, Flags, boolean};
use super::instances::{self, Instance};
use super::k3s;
use super::layers::Layers;
use super::nodes::{Document, Node};
use crate::base::symbol::Symbol;
use crate::catalog::View;
use crate::catalog::kubernetes::components::KUBELET;
use crate::catalog::kubernetes::kubelet::{DEFAULTS, DEFAULTS_WITHOUT_FILE, FLAGS, Shape, Typed, ZERO_IS_UNSET};
use crate::catalog::kubernetes::releases::minors_behind;
use crate::derive::{Origin, OriginPart, Subject, Subjects, keys};
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Mode, Presence, Resource};
use crate::model::{ResourceRef, Text};

/// One subject per kubelet, mostly one per node.
pub fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    let (nodes, found) = instances::all(inventory, &KUBELET);
    let mut all = Subjects::default();
    // Both are sorted by node.
    let mut instances = found.instances.into_iter().peekable();
    for node in &nodes {
        while instances.next_if(|instance| instance.node < node.name).is_some() {}
        let instance = instances.next_if(|instance| instance.node == node.name).or_else(|| in_k3s(node));
        // A machine without kubelet is no node: only its facts tell of it.
        if node.object.is_none() && instance.is_none() && node.processes().is_some() {
            continue;
        }
        let others: Vec<Instance<'_>> =
            std::iter::from_fn(|| instances.next_if(|instance| instance.node == node.name)).collect();
        // Of several nobody knows which one answered.
        let configz = inventory.of("KubeletConfigz").iter().find(|answer| answer.name == node.name);
        let configz = configz.filter(|_| others.is_empty());
        all.subjects.push(subject(inventory, node, instance, configz));
        // A second one, started by hand or left over, lets in whoever it lets in.
        all.subjects.extend(others.into_iter().map(|another| subject(inventory, node, Some(another), None)));
    }
    all.note_presence(inventory, view.sources);
    all
}

fn subject(
    inventory: &Inventory,
    node: &Node<'_>,
    instance: Option<Instance<'_>>,
    configz: Option<&Resource>,
) -> Subject {
    let answered = configz.and_then(|answer| answer.value.get("kubeletconfig"));
    let why = why_unknown(inventory, node);
    let flags = match &instance {
        Some(instance) => instance.flags.clone(),
        None => Err(why.clone()),
    };
    let mut parts = flags.as_ref().map(Flags::parts).unwrap_or_default();
    let config = match (answered, &instance) {
        (Some(answer), _) => {
            let source = Some(Text::from("configz, what the kubelet itself reports"));
            parts.push(OriginPart { view: keys(&["config"]), real: Some(keys(&["kubeletconfig"])), source });
            Ok(answer.clone())
        }
        (None, Some(instance)) => merge(node, instance).map(|layers| {
            parts.extend(layers.parts("config"));
            layers.value()
        }),
        (None, None) => Err(why.clone()),
    };
    let source = match (answered, &instance) {
        (Some(_), _) => Value::str("configz"),
        (None, Some(instance)) => Value::str(instance.source),
        (None, None) => Value::Unknown(why),
    };
    let or_unknown = |value: Result<Value, Text>| value.unwrap_or_else(Value::Unknown);
    let config_file = flags.as_ref().map(|flags| Value::Bool(flags.get("config").is_some())).map_err(Clone::clone);
    let behind = node.kubelet_version().and_then(|own| minors_behind(&own, inventory.system.version.as_deref()?));
    let behind =
        behind.map_or_else(|| Value::unknown("the version of the kubelet or of the API server is unknown"), Value::Int);
    let version = node.kubelet_version().map_or_else(|| Value::unknown("nothing tells the version"), Value::str);
    let value = Value::map([
        ("node", Value::str(&node.name)),
        ("virtual", Value::Bool(node.is_virtual())),
        ("windows", Value::Bool(node.info("operatingSystem") == Some("windows"))),
        ("version", version),
        ("minorsBehind", behind),
        ("source", source),
        ("configFile", or_unknown(config_file)),
        ("flags", or_unknown(flags.map(|flags| flags.value()))),
        ("config", or_unknown(config)),
    ]);
    let element = instance.as_ref().and_then(|instance| instance.element.clone());
    let place = match (configz, instance) {
        (Some(configz), _) => configz.place.clone(),
        (None, instance) => instance.and_then(|instance| instance.place),
    };
    let origin =
        Origin { parts, source: Some(format!("kubelet of node {}", node.name).into()), place, ..Origin::default() };
    Subject {
        resource: ResourceRef { kind: "kubelet".into(), scope: None, name: node.name.clone() },
        element,
        value,
        origin: Some(Arc::new(origin)),
    }
}

fn why_unknown(inventory: &Inventory, node: &Node<'_>) -> Text {
    if node.is_virtual() {
        return "a virtual node has no kubelet whose configuration could be read".into();
    }
    if node.processes().is_some() {
        return format!("the node data of {} shows no kubelet", node.name).into();
    }
    if node.facts.is_some() {
        return format!("the node data of {} has neither processes nor a unit of the kubelet", node.name).into();
    }
    // The collector reads Linux; files cannot ask the kubelet.
    let windows = node.info("operatingSystem") == Some("windows");
    let mut why = match (inventory.mode, windows) {
        (Mode::Live, false) => {
            format!("no node data: run `spm collect node` on {}, or give --allow-node-proxy", node.name)
        }
        (Mode::Live, true) => format!("no node data for {}, which runs Windows: give --allow-node-proxy", node.name),
        (Mode::Files, false) => {
            format!("no node data: run `spm collect node` on {} and give the file with --node-facts", node.name)
        }
        (Mode::Files, true) => {
            format!("no node data for {}, which runs Windows: scan the cluster with --allow-node-proxy", node.name)
        }
    };
    if let Presence::Gap(gap) = inventory.presence("KubeletConfigz", Some(&node.name)) {
        why.push_str(&format!(" ({gap})"));
    }
    why.into()
}

// The kubelet inside of k3s: drop-ins that k3s writes, and the flags that the user hands on.
fn in_k3s<'a>(node: &Node<'a>) -> Option<Instance<'a>> {
    let arguments = k3s::arguments(node).filter(|_| node.facts.is_some())?;
    let of = arguments.of.clone();
    let flags = arguments.handed_on(&KUBELET).map(|handed| {
        let own: Text = format!("what k3s on node {} sets itself", node.name).into();
        let mut flags = Flags::default();
        flags.add(&KUBELET, "hostname-override", Ok(&node.name), None, own.clone());
        let agent = arguments.data_dir();
        let agent = agent.strip_suffix("/server").unwrap_or(&agent);
        flags.add(&KUBELET, "config-dir", Ok(&format!("{agent}/agent/etc/kubelet.conf.d")), None, own);
        flags.overlay(handed);
        flags
    });
    let place = node.facts.and_then(|facts| facts.place.clone());
    let (name, env, source) = (node.name.clone(), Vec::new(), arguments.source);
    Some(Instance { node: name, element: None, flags, env, source, of, image: None, place })
}

// The merged configuration, or why nobody knows it.
fn merge(node: &Node<'_>, instance: &Instance<'_>) -> Result<Layers, Text> {
    let flags = instance.flags.as_ref().map_err(Clone::clone)?;
    let path = |name: &str| match flags.get(name).map(|flag| &flag.value) {
        Some(Value::Unknown(why)) => Err(why.clone()),
        Some(value) => Ok(value.as_str().filter(|path| !path.is_empty())),
        None => Ok(None),
    };
    let file = path("config")?;
    let mut layers = Layers::new();
    let source: Text = if file.is_some() { "default" } else { "default without a configuration file" }.into();
    for (field, value) in DEFAULTS.iter().chain(if file.is_some() { &[] } else { DEFAULTS_WITHOUT_FILE }) {
        layers.set(field, typed(*value), None, &source);
    }
    if let Some(file) = file {
        lay(&mut layers, file, node.document("kubelet", file))?;
    }
    if let Some(directory) = path("config-dir")? {
        let drop_ins = drop_ins(node, directory)?;
        // k3s before 1.32 writes none and gives its settings to the kubelet in memory.
        if drop_ins.is_empty() && node.is_k3s() {
            return Err(format!("k3s on node {} keeps its kubelet settings in memory", node.name).into());
        }
        for (file, document) in drop_ins {
            lay(&mut layers, file, document)?;
        }
    }
    for flag in flags.iter() {
        if let Some((_, field, shape)) = FLAGS.iter().find(|(name, ..)| *name == flag.name) {
            layers.set(field, of_flag(flag, *shape), flag.at.clone(), &flag.source);
        }
    }
    Ok(layers)
}

fn drop_ins<'a>(node: &Node<'a>, directory: &str) -> Result<Vec<(&'a str, Document<'a>)>, Text> {
    let role = node.fact(&["files", "kubelet-config-dropins"]);
    if let Some(why) = role.and_then(|role| role.get("truncated")).and_then(Value::as_str) {
        return Err(format!("not every file in {directory} was read: {why}").into());
    }
    let unreadable = role.and_then(|role| role.get("unreadable")).map(Value::items).unwrap_or_default();
    if let Some(why) = unreadable.first().and_then(|fault| fault.get("why")).and_then(Value::as_str) {
        return Err(format!("a file in {directory} could not be read: {why}").into());
    }
    let mut found = node.documents_below(directory);
    found.retain(|(path, _)| path.ends_with(".conf"));
    Ok(found)
}

fn lay(layers: &mut Layers, file: &str, document: Document<'_>) -> Result<(), Text> {
    match document {
        Document::Unknown(why) => Err(why),
        Document::Content(content @ Value::Map(_), at) => {
            layers.lay(content, &at, &format!("file {file}").into(), &|path, value| {
                matches!(path, "apiVersion" | "kind") || (ZERO_IS_UNSET.contains(&path) && is_zero(value))
            });
            Ok(())
        }
        Document::Content(content, _) => {
            Err(format!("{file} holds {}, expected a configuration", content.kind()).into())
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(n) => *n == 0,
        Value::Str(text) => matches!(&**text, "" | "0" | "0s" | "0m" | "0h" | "0m0s" | "0h0m0s"),
        _ => false,
    }
}

fn typed(value: Typed) -> Value {
    match value {
        Typed::Bool(on) => Value::Bool(on),
        Typed::Int(n) => Value::Int(n),
        Typed::Text(text) => Value::str(text),
        Typed::List(items) => Value::list(items.iter().map(Value::str)),
    }
}

fn of_flag(flag: &Flag, shape: Shape) -> Value {
    let wrong =
        |expected: &str| Value::Unknown(format!("--{} is {}, expected {expected}", flag.name, flag.value).into());
    let truth = |text: &str| boolean(text).map_or_else(|| wrong("true or false"), Value::Bool);
    match (&flag.value, shape) {
        (Value::Unknown(why), _) => Value::Unknown(why.clone()),
        (Value::Str(text), Shape::Bool) => truth(text),
        (Value::Str(text), Shape::Int) => text.parse().map_or_else(|_| wrong("a whole number"), Value::Int),
        (Value::Map(map), Shape::Gates) => {
            let gate = |(key, value): (Symbol, &Value)| (key, value.as_str().map_or_else(|| value.clone(), truth));
            Value::Map(Map::new(map.iter().map(gate).collect()).into())
        }
        (value, _) => value.clone(),
    }
}

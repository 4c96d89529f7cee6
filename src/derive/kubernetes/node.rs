//! The view `node`: the object of the API with the files and services that the collector saw on it.

use std::sync::Arc;

use super::nodes::{Node, nodes};
use crate::base::symbol::Symbol;
use crate::catalog::View;
use crate::catalog::kubernetes::files::FILE_ROLES;
use crate::derive::{Origin, OriginPart, Subject, Subjects, keys};
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::inventory::Inventory;
use crate::model::{ResourceRef, Text};

/// One subject per node.
pub fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    let subjects = nodes(inventory).iter().map(|node| subject(inventory, node)).collect();
    let mut all = Subjects { subjects, ..Subjects::default() };
    all.note_presence(inventory, view.sources);
    all
}

fn subject(inventory: &Inventory, node: &Node<'_>) -> Subject {
    let mut entries: Vec<(Symbol, Value)> = match node.object.and_then(|object| object.value.as_map()) {
        Some(map) => map.iter().map(|(key, value)| (key, value.clone())).collect(),
        None => vec![(Symbol::new("metadata"), Value::map([("name", Value::str(&node.name))]))],
    };
    let distribution =
        node.fact(&["os", "distribution"]).cloned().or_else(|| inventory.system.distribution.as_ref().map(Value::str));
    let mut own = vec![
        ("roles", Value::list(node.roles().into_iter().map(Value::str))),
        ("facts", Value::Bool(node.facts.is_some())),
        ("virtual", Value::Bool(node.is_virtual())),
    ];
    own.extend(distribution.map(|distribution| ("distribution", distribution)));
    entries.push((Symbol::new("node"), Value::map(own)));
    entries.push((Symbol::new("files"), files(node)));
    entries.push((Symbol::new("services"), services(node)));
    let of: Text = format!("node data of {}", node.name).into();
    let part = |view: Vec<Step>, real: Option<Vec<Step>>| OriginPart { view, real, source: Some(of.clone()) };
    let mut parts = Vec::new();
    if node.facts.is_some() {
        parts.extend([part(keys(&["files"]), None), part(keys(&["services"]), None)]);
        parts.extend(FILE_ROLES.iter().map(|role| {
            let entries = keys(&["files", role.name, "entries"]);
            part(keys(&["files", role.name]), Some(entries))
        }));
        let units = node.fact(&["units"]).map(Value::items).unwrap_or_default();
        parts.extend(units.iter().enumerate().filter_map(|(n, unit)| {
            let mut real = keys(&["units"]);
            real.push(Step::Index(n));
            Some(part(keys(&["services", unit.get("name")?.as_str()?]), Some(real)))
        }));
    }
    // What is judged of a node with facts is in the facts.
    let place = node.facts.or(node.object).and_then(|resource| resource.place.clone());
    Subject {
        resource: ResourceRef { kind: "Node".into(), scope: None, name: node.name.clone() },
        element: None,
        value: Value::Map(Map::new(entries).into()),
        origin: Some(Arc::new(Origin { parts, place, ..Origin::default() })),
    }
}

fn no_data(node: &Node<'_>) -> Value {
    match node.is_virtual() {
        true => Value::unknown("a virtual node has no files"),
        false => Value::Unknown(node.no_data()),
    }
}

fn files(node: &Node<'_>) -> Value {
    if node.facts.is_none() {
        return no_data(node);
    }
    Value::map(FILE_ROLES.iter().map(|role| (role.name, role_files(node, role.name))))
}

// What is there; what may be there but was not seen makes an unknown element, or an unknown list if nothing was seen.
fn role_files(node: &Node<'_>, role: &str) -> Value {
    let Some(found) = node.fact(&["files", role]) else {
        return Value::unknown(format!("the collector on {} did not look for {role}", node.name));
    };
    let mut whys: Vec<String> = found
        .get("unreadable")
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .map(|fault| {
            let text = |key: &str| fault.get(key).and_then(Value::as_str).unwrap_or_default();
            format!("{}: {}", text("path"), text("why"))
        })
        .collect();
    whys.extend(found.get("truncated").and_then(Value::as_str).map(|why| format!("not all files were listed: {why}")));
    let entries = found.get("entries").map(Value::items).unwrap_or_default();
    match whys.first() {
        Some(why) if entries.is_empty() => Value::unknown(why),
        _ => Value::list(entries.iter().cloned().chain(whys.iter().map(Value::unknown))),
    }
}

fn services(node: &Node<'_>) -> Value {
    if node.facts.is_none() {
        return no_data(node);
    }
    let units = node.fact(&["units"]).map(Value::items).unwrap_or_default();
    let entry = |unit: &Value| {
        let name = unit.get("name").and_then(Value::as_str)?;
        let state = |key: &str| {
            let why = || Value::unknown(format!("whether {name} is {key} could not be read on {}", node.name));
            unit.get(key).cloned().unwrap_or_else(why)
        };
        let installed = unit.get("installed").cloned().unwrap_or(Value::Bool(false));
        let fields = [("installed", installed), ("enabled", state("enabled")), ("active", state("active"))];
        Some((Symbol::new(name), Value::map(fields)))
    };
    Value::Map(Map::new(units.iter().filter_map(entry).collect()).into())
}

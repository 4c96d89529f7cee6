//! The views of the control plane: `kube-apiserver`, `kube-controller-manager`, `kube-scheduler`, `etcd`.

use std::sync::Arc;

use super::instances::{Found, Instance, find, image_version};
use super::nodes::{self, Node, has_anything, provider};
use super::{apiserver, etcd};
use crate::catalog::View;
use crate::catalog::kubernetes::components::{self, Component};
use crate::derive::{Origin, OriginPart, Subject, Subjects, keys, not_collected};
use crate::expr::Value;
use crate::inventory::{Inventory, Mode, Presence};
use crate::model::{Gap, ResourceRef, Text};

/// The subjects of the view of a control plane component.
pub fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    let mut all = Subjects::default();
    let Some(component) = components::component(view.name) else { return all };
    let nodes = nodes::nodes(inventory);
    let Found { instances, opaque } = find(inventory, &nodes, component);
    let world = World { inventory, nodes: &nodes };
    all.subjects = instances.into_iter().map(|instance| subject(&world, component, instance)).collect();
    for (node, why) in opaque {
        all.subjects.push(unknown(component, &node, &why));
    }
    all.subjects.sort_by(|a, b| (&a.resource.name, &a.element).cmp(&(&b.resource.name, &b.element)));
    if all.subjects.is_empty() {
        explain_none(&world, component, view, &mut all);
    } else if inventory.mode == Mode::Live && !covered(&nodes) {
        // Instances that nobody saw may exist.
        all.gaps.extend(inventory.gaps().iter().filter(|gap| view.sources.contains(&gap.kind.as_str())).cloned());
    }
    all
}

/// What derivations look into beside the instance itself.
pub struct World<'w, 'a> {
    /// Everything that was read.
    pub inventory: &'a Inventory,
    /// Every node.
    pub nodes: &'w [Node<'a>],
}

impl<'a> World<'_, 'a> {
    /// The node of an instance.
    pub fn node(&self, instance: &Instance<'_>) -> Option<&Node<'a>> {
        nodes::named(self.nodes, &instance.node)
    }
}

// Facts of every control-plane node were given: pods add nothing to them.
fn covered(nodes: &[Node<'_>]) -> bool {
    let mut control_plane = nodes.iter().filter(|node| node.labelled_control_plane()).peekable();
    control_plane.peek().is_some() && control_plane.all(|node| node.processes().is_some())
}

/// A field that is computed and not written anywhere, with where it comes from.
#[derive(Debug)]
pub struct Computed {
    /// Path in the view.
    pub path: &'static [&'static str],
    /// Its value.
    pub value: Value,
    /// Provenance in words.
    pub source: Option<Text>,
    /// Real path, if it stands somewhere.
    pub real: Option<crate::expr::path::Steps>,
}

impl Computed {
    /// A computed field.
    pub fn new(path: &'static [&'static str], value: Value, source: impl Into<Text>) -> Computed {
        Computed { path, value, source: Some(source.into()), real: None }
    }
}

fn subject(world: &World<'_, '_>, component: &Component, mut instance: Instance<'_>) -> Subject {
    if component.name == "etcd" {
        etcd::complete(world, component, &mut instance);
    }
    let version = version(world, component, &instance);
    let mut computed = vec![version];
    match component.name {
        "kube-apiserver" => apiserver::compute(world, &instance, &mut computed),
        "etcd" => computed.extend(etcd::trust(world, &instance)),
        _ => {}
    }
    let mut entries = vec![
        ("node", Value::str(&instance.node)),
        ("source", Value::str(instance.source)),
        (
            "flags",
            match &instance.flags {
                Ok(flags) => flags.value(),
                Err(why) => Value::Unknown(why.clone()),
            },
        ),
    ];
    let mut parts = instance.flags.as_ref().map(|flags| flags.parts()).unwrap_or_default();
    for group in group(&computed) {
        entries.push(group);
    }
    for field in computed {
        parts.push(OriginPart { view: keys(field.path), real: field.real, source: field.source });
    }
    let origin = Origin { parts, source: Some(instance.of.into()), place: instance.place, ..Origin::default() };
    Subject {
        resource: ResourceRef { kind: component.name.into(), scope: None, name: instance.node },
        element: instance.element,
        value: Value::map(entries),
        origin: Some(Arc::new(origin)),
    }
}

// `a.b` and `a.c` become one map `a`.
fn group(computed: &[Computed]) -> Vec<(&'static str, Value)> {
    let mut groups: Vec<(&'static str, Value)> = Vec::new();
    for field in computed {
        match field.path {
            [name] => groups.push((name, field.value.clone())),
            [first, ..] if !groups.iter().any(|(name, _)| name == first) => {
                let same = computed.iter().filter(|other| other.path.first() == Some(first));
                let entries = same.filter_map(|other| Some((*other.path.get(1)?, other.value.clone())));
                groups.push((first, Value::map(entries)));
            }
            _ => {}
        }
    }
    groups
}

fn version(world: &World<'_, '_>, component: &Component, instance: &Instance<'_>) -> Computed {
    if let Some(version) = instance.image.and_then(image_version) {
        return Computed::new(&["version"], Value::str(version), "tag of the image");
    }
    match &world.inventory.system.version {
        // The components of Kubernetes are released together; etcd is not one of them.
        Some(version) if component.name != "etcd" => {
            Computed::new(&["version"], Value::str(version), "version of the cluster")
        }
        _ => Computed::new(&["version"], Value::unknown("nothing tells the version"), "no image tag"),
    }
}

// A control-plane node of which nothing was read: exactly this target is Manual.
fn unknown(component: &Component, node: &Text, why: &Text) -> Subject {
    let nobody = || Value::Unknown(why.clone());
    let mut entries =
        vec![("node", Value::str(node)), ("flags", nobody()), ("version", nobody()), ("source", nobody())];
    entries.extend(match component.name {
        "kube-apiserver" => ["admission", "anonymous", "authorization", "encryption", "audit", "podSecurity"]
            .map(|field| (field, nobody()))
            .to_vec(),
        "etcd" => vec![("trust", nobody())],
        _ => Vec::new(),
    });
    Subject {
        resource: ResourceRef { kind: component.name.into(), scope: None, name: node.clone() },
        element: None,
        value: Value::map(entries),
        origin: None,
    }
}

fn explain_none(world: &World<'_, '_>, component: &Component, view: &'static View, all: &mut Subjects) {
    let World { inventory, nodes } = world;
    if let Some(provider) = provider(inventory, nodes) {
        all.none = Some(format!("the provider runs the control plane ({provider})"));
        return;
    }
    let gaps = inventory.gaps().iter().filter(|gap| view.sources.contains(&gap.kind.as_str()));
    all.gaps.extend(gaps.cloned());
    if inventory.mode == Mode::Files && !has_anything(inventory, nodes) && all.gaps.is_empty() {
        all.none = Some("no control plane in the input".to_owned());
        return;
    }
    if component.name == "etcd" {
        match etcd::elsewhere(world) {
            etcd::Elsewhere::External(servers) => {
                let detail = format!("etcd runs outside of the cluster ({servers}): collect its configuration there");
                all.gaps.push(not_collected("NodeFacts", None, detail));
                return;
            }
            etcd::Elsewhere::NoEtcd(why) if all.gaps.is_empty() => {
                all.none = Some(why);
                return;
            }
            etcd::Elsewhere::NoEtcd(_) | etcd::Elsewhere::Nowhere => {}
        }
    }
    if all.gaps.iter().any(Gap::is_by_choice) {
        // Its pod may be in a namespace that the user did not want to be read: no node has to tell.
        return;
    }
    let complete = matches!(inventory.presence("Node", None), Presence::Complete);
    let where_to = if complete && nodes.iter().any(Node::labelled_control_plane) { "" } else { " (if they are yours)" };
    let detail = format!(
        "no node data: no {} was seen; run `spm collect node` on the control-plane nodes{where_to} and give the files to the scan",
        component.name
    );
    all.gaps.push(not_collected("NodeFacts", None, detail));
}

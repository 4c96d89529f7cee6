//! Where components run and with which flags: processes of node facts, mirror pods, k3s, manifests and units, in this
//! order of trust.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::flags::{self, Arg, CommandLine, Flags};
use super::nodes::{Document, Node, Process, plain_version};
use super::shell::Env;
use super::{k3s, nodes};
use crate::catalog::kubernetes::components::{self, Component};
use crate::derive::keys;
use crate::expr::Value;
use crate::expr::path::{Step, Steps};
use crate::inventory::{Inventory, Place, Resource};
use crate::model::Text;

/// One running instance of a component.
#[derive(Debug, Clone)]
pub struct Instance<'a> {
    /// Name of the node; of the pod where no node is known.
    pub node: Text,
    /// Tells instances on one node apart, if there are several.
    pub element: Option<Text>,
    /// Its flags, or why nobody knows them.
    pub flags: Result<Flags, Text>,
    /// Environment of the process.
    pub env: Env,
    /// Where the flags were read: `node facts`, `mirror pod`, `node annotation`, `manifest`, `unit`.
    pub source: &'static str,
    /// The object in words (`the process on node cp-0`).
    pub of: String,
    /// Image that it runs from.
    pub image: Option<&'a str>,
    /// Place of the object that the flags were read from.
    pub place: Option<Arc<Place>>,
}

/// Instances of a component and the nodes on which nobody can tell.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// Instances, sorted by node.
    pub instances: Vec<Instance<'a>>,
    /// Control-plane nodes of which nothing was read, with the reason.
    pub opaque: Vec<(Text, Text)>,
}

/// Finds the instances of `component`.
pub fn find<'a>(inventory: &'a Inventory, nodes: &[Node<'a>], component: &Component) -> Found<'a> {
    let pods = pods(inventory);
    let mut on: BTreeMap<&str, Vec<&Pod<'a>>> = BTreeMap::new();
    for pod in &pods {
        on.entry(pod.node().unwrap_or_default()).or_default().push(pod);
    }
    let etcd_is_labelled = nodes.iter().any(Node::labelled_etcd);
    let mut found = Found::default();
    for node in nodes.iter().filter(|node| !node.is_virtual()) {
        let pods = on.get(&*node.name).map(Vec::as_slice).unwrap_or_default();
        let instances = on_node(node, pods, component);
        if instances.is_empty()
            && let Some(why) = opaque(node, etcd_is_labelled, pods, component)
        {
            found.opaque.push((node.name.clone(), why));
        }
        found.instances.extend(instances);
    }
    // Pods of nodes that are not in the input, or manifests that name none.
    let elsewhere = |pod: &&Pod<'a>| pod.node().is_none_or(|name| nodes::named(nodes, name).is_none());
    found.instances.extend(pods.iter().filter(elsewhere).filter_map(|pod| pod.instance(component)));
    found.instances.sort_by(|a, b| (&a.node, &a.element).cmp(&(&b.node, &b.element)));
    found
}

fn on_node<'a>(node: &Node<'a>, pods: &[&Pod<'a>], component: &Component) -> Vec<Instance<'a>> {
    let mirrors: Vec<Instance<'a>> = pods.iter().filter_map(|pod| pod.instance(component)).collect();
    let image = mirrors.first().and_then(|mirror| mirror.image);
    let processes = node.processes().unwrap_or_default();
    let mut running: Vec<Instance<'a>> = processes
        .iter()
        .filter(|process| process.component == component.name)
        .map(|p| of_process(node, p, component))
        .collect();
    if running.len() > 1 {
        name_apart(&mut running);
    }
    let manifests = || of_manifests(node, component);
    if !running.is_empty() {
        // The process knows its flags, the pod its image.
        let image = image.or_else(|| manifests().first().and_then(|manifest| manifest.image));
        running.iter_mut().for_each(|instance| instance.image = image);
        return running;
    }
    if !mirrors.is_empty() {
        return mirrors;
    }
    if let Some(instance) = k3s::instance(node, component) {
        return vec![instance];
    }
    if processes.iter().any(|process| process.component == "kubelite") {
        return of_arguments_file(node, component).into_iter().collect();
    }
    let manifests = manifests();
    if !manifests.is_empty() {
        return manifests;
    }
    of_unit(node, component).into_iter().collect()
}

// Several processes of one component on one node (etcd for events beside the main one).
fn name_apart(instances: &mut [Instance<'_>]) {
    for (n, instance) in instances.iter_mut().enumerate() {
        let named =
            instance.flags.as_ref().ok().and_then(|flags| flags.text("data-dir").or_else(|| flags.text("name")));
        instance.element = Some(named.map_or_else(|| format!("process {}", n + 1).into(), Text::from));
    }
}

fn of_process<'a>(node: &Node<'a>, process: &Process<'a>, component: &Component) -> Instance<'a> {
    let argv = process.value.get("argv").cloned().unwrap_or_default();
    let args = Arg::list(&argv, &process.argv_at());
    let of = format!("the process on node {}", node.name);
    let env: Env = process
        .value
        .get("env")
        .and_then(Value::as_map)
        .map(|map| map.iter().map(|(key, value)| (key.to_string(), value.as_str().map(str::to_owned))).collect())
        .unwrap_or_default();
    let args = match flags::arguments(component, &args, &Env::new(), false) {
        CommandLine::Args(args) => args,
        // The collector knew it by its program; the title in argv[0] may be anything.
        CommandLine::Other => args.get(1..).unwrap_or_default().to_vec(),
    };
    Instance {
        node: node.name.clone(),
        element: None,
        flags: Flags::parse(component, &args, &of),
        env,
        source: "node facts",
        of,
        image: None,
        place: node.facts.and_then(|facts| facts.place.clone()),
    }
}

// MicroK8s runs all components in one process, each with a file of its arguments.
fn of_arguments_file<'a>(node: &Node<'a>, component: &Component) -> Option<Instance<'a>> {
    let documents = node.documents_of("Arguments");
    let (path, document) =
        documents.into_iter().find(|(path, _)| path.rsplit('/').next() == Some(component.arguments_file))?;
    let of = format!("{path} on node {}", node.name);
    let flags = match document {
        Document::Content(content, at) => Flags::parse(component, &Arg::list(content, &at), &of),
        Document::Unknown(why) => Err(why),
    };
    let place = node.facts.and_then(|facts| facts.place.clone());
    let name = node.name.clone();
    Some(Instance { node: name, element: None, flags, env: Env::new(), source: "node facts", of, image: None, place })
}

fn of_manifests<'a>(node: &Node<'a>, component: &Component) -> Vec<Instance<'a>> {
    let mut found = Vec::new();
    for (path, document) in node.documents_of("Pod") {
        let Document::Content(pod, at) = document else { continue };
        for (n, container) in containers(pod).iter().enumerate() {
            let mut base = at.clone();
            base.extend(keys(&["spec", "containers"]));
            base.push(Step::Index(n));
            let of = format!("{path} on node {}", node.name);
            let place = node.facts.and_then(|facts| facts.place.clone());
            found.extend(of_container(component, container, &base, of, "manifest", node.name.clone(), place));
        }
    }
    found
}

fn of_unit<'a>(node: &Node<'a>, component: &Component) -> Option<Instance<'a>> {
    let units = node.fact(&["units"])?.items();
    for (n, unit) in units.iter().enumerate() {
        let name = unit.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut at = keys(&["units", "argv"]);
        at.insert(1, Step::Index(n));
        let of = format!("unit {name} on node {}", node.name);
        let flags = match unit.get("argv") {
            Some(argv) => match flags::arguments(component, &Arg::list(argv, &at), &Env::new(), false) {
                CommandLine::Args(args) => Flags::parse(component, &args, &of),
                CommandLine::Other => continue,
            },
            None if name == component.name && unit.get("installed").and_then(Value::as_bool) == Some(true) => {
                Err(format!("the command line of {of} was not collected").into())
            }
            None => continue,
        };
        let place = node.facts.and_then(|facts| facts.place.clone());
        let node = node.name.clone();
        return Some(Instance { node, element: None, flags, env: Env::new(), source: "unit", of, image: None, place });
    }
    None
}

/// A pod of the cluster itself that may run a component.
#[derive(Debug)]
struct Pod<'a> {
    resource: &'a Resource,
    mirror: bool,
}

// Mirror pods; pods of daemon sets and manifests of static pods are known by what they run. Only in kube-system: nested
// clusters run the same programs in the namespaces of users.
fn pods(inventory: &Inventory) -> Vec<Pod<'_>> {
    let pods = inventory.of("Pod").iter().filter(|pod| pod.scope.as_deref() == Some("kube-system"));
    pods.map(|resource| Pod { resource, mirror: is_mirror(&resource.value) }).collect()
}

fn is_mirror(pod: &Value) -> bool {
    let owners = pod.at(&["metadata", "ownerReferences"]).map(Value::items).unwrap_or_default();
    pod.at(&["metadata", "annotations", "kubernetes.io/config.mirror"]).is_some()
        || owners.iter().any(|owner| owner.get("kind").and_then(Value::as_str) == Some("Node"))
}

fn containers(pod: &Value) -> &[Value] {
    pod.at(&["spec", "containers"]).map(Value::items).unwrap_or_default()
}

impl<'a> Pod<'a> {
    fn node(&self) -> Option<&'a str> {
        self.resource.value.at(&["spec", "nodeName"]).and_then(Value::as_str)
    }

    fn runs(&self, component: &Component) -> bool {
        component.name != "kube-proxy" && self.instance(component).is_some()
    }

    fn instance(&self, component: &Component) -> Option<Instance<'a>> {
        let namespace = self.resource.scope.as_deref().unwrap_or("kube-system");
        let name = &self.resource.name;
        let of =
            if self.mirror { format!("the mirror pod {namespace}/{name}") } else { format!("pod {namespace}/{name}") };
        let source = if self.mirror { "mirror pod" } else { "pod" };
        let node = self.node().map_or_else(|| name.clone(), Text::from);
        containers(&self.resource.value).iter().enumerate().find_map(|(n, container)| {
            let mut base = keys(&["spec", "containers"]);
            base.push(Step::Index(n));
            of_container(component, container, &base, of.clone(), source, node.clone(), self.resource.place.clone())
        })
    }
}

// The instance that a container runs, if it runs the component.
fn of_container<'a>(
    component: &Component,
    container: &'a Value,
    base: &Steps,
    of: String,
    source: &'static str,
    node: Text,
    place: Option<Arc<Place>>,
) -> Option<Instance<'a>> {
    let env = environment(container);
    let below = |key: &str| base.iter().cloned().chain(keys(&[key])).collect::<Steps>();
    let list = |key: &str| container.get(key).map(|list| Arg::list(list, &below(key))).unwrap_or_default();
    let argv: Vec<Arg> = flags::expand(list("command").into_iter().chain(list("args")).collect(), &env);
    // Only flags: the image starts what the container is named after.
    let named = container.get("name").and_then(Value::as_str) == Some(component.name);
    let CommandLine::Args(args) = flags::arguments(component, &argv, &env, named) else { return None };
    let image = container.get("image").and_then(Value::as_str);
    Some(Instance { node, element: None, flags: Flags::parse(component, &args, &of), env, source, of, image, place })
}

fn environment(container: &Value) -> Env {
    let entries = container.get("env").map(Value::items).unwrap_or_default();
    let entry = |entry: &Value| {
        let name = entry.get("name")?.as_str()?.to_owned();
        Some((name, entry.get("value").and_then(Value::as_str).map(str::to_owned)))
    };
    entries.iter().filter_map(entry).collect()
}

// Why nobody can tell whether the component runs on a node of the control plane; none if it is known not to.
fn opaque(node: &Node<'_>, etcd_is_labelled: bool, pods: &[&Pod<'_>], component: &Component) -> Option<Text> {
    let expected = match component.name {
        "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" => node.labelled_control_plane(),
        // Where etcd has a label of its own (RKE2, k3s) that label decides.
        "etcd" if etcd_is_labelled => node.labelled_etcd(),
        "etcd" => node.labelled_control_plane() && !node.is_k3s(),
        _ => false,
    };
    // Some component of it shows itself as a static pod, so this one would too. Other static pods (a load balancer) say
    // nothing: the components may be units.
    let visible = pods.iter().any(|pod| pod.mirror && components::COMPONENTS.iter().any(|own| pod.runs(own)));
    if !expected || visible || node.processes().is_some() || k3s::arguments(node).is_some() {
        return None;
    }
    if node.facts.is_some() {
        return Some(
            format!("the node data of {} has no processes: run the collector on the running node", node.name).into(),
        );
    }
    Some(node.no_data())
}

/// Version in the tag of an image, without `v` and suffix; none for tags that are no version.
pub fn image_version(image: &str) -> Option<String> {
    let (name, tag) = image.split('@').next().unwrap_or(image).rsplit_once(':')?;
    let version = plain_version(tag);
    (!name.is_empty()
        && !tag.contains('/')
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.contains('.'))
    .then_some(version)
}

/// [`nodes::nodes`] and the instances of a component on them.
pub fn all<'a>(inventory: &'a Inventory, component: &Component) -> (Vec<Node<'a>>, Found<'a>) {
    let nodes = nodes::nodes(inventory);
    let found = find(inventory, &nodes, component);
    (nodes, found)
}

#[cfg(test)]
mod tests {
    use super::image_version;

    #[test]
    fn versions_in_image_tags() {
        assert_eq!(image_version("registry.k8s.io/kube-apiserver:v1.34.1").as_deref(), Some("1.34.1"));
        assert_eq!(image_version("rancher/hardened-etcd:v3.5.16-k3s1-build2024").as_deref(), Some("3.5.16"));
        assert_eq!(image_version("host:5000/etcd:3.5.16-0@sha256:abc").as_deref(), Some("3.5.16"));
        assert_eq!(image_version("host:5000/etcd"), None);
        assert_eq!(image_version("etcd:latest"), None);
        assert_eq!(image_version("etcd@sha256:abc"), None);
    }
}

//! What Pod Security admission does in the whole cluster, as the files of the nodes tell: the level where a namespace states
//! none, and where labels have no effect.

use crate::catalog::kubernetes::components::APISERVER;
use crate::expr::Value;
use crate::inventory::Inventory;
use crate::model::Text;

use super::instances;
use super::nodes::Node;

/// The configuration of Pod Security admission of all API servers together.
#[derive(Debug)]
pub(super) struct ClusterDefault {
    level: Level,
    /// Namespaces that nothing is enforced in, labels included, each with words for who says so.
    exempt: Vec<(Text, Text)>,
    /// Why nothing is enforced anywhere.
    off: Option<Text>,
}

#[derive(Debug)]
enum Level {
    /// No file was seen.
    Unseen,
    /// The level, and the node it was found on.
    Found(Option<Value>, Text),
    /// The instances of the API server disagree, or one is not known.
    Unclear(Text),
}

impl ClusterDefault {
    pub(super) fn new(inventory: &Inventory) -> ClusterDefault {
        let (nodes, found) = instances::all(inventory, &APISERVER);
        let off = found.instances.iter().find_map(|instance| {
            let disabled = instance.flags.as_ref().ok()?.get("disable-admission-plugins")?;
            let named = disabled.value.items().iter().any(|plugin| plugin.as_str() == Some("PodSecurity"));
            named.then(|| format!("--disable-admission-plugins of {} turns PodSecurity off", instance.of).into())
        });
        let mut level = Level::Unseen;
        let mut exempt = Vec::new();
        // Of the nodes that run an API server: those whose files say nothing of it, or are not known.
        let mut silent = Vec::new();
        for node in &nodes {
            let Some(admission) = admission_configuration(node) else {
                if node.labelled_control_plane() || (node.facts.is_some() && node.roles().contains(&"control-plane")) {
                    silent.push(node);
                }
                continue;
            };
            let configuration = match configuration(node, admission) {
                Ok(configuration) => configuration,
                Err(why) => {
                    level = Level::Unclear(why);
                    continue;
                }
            };
            let stated = configuration.and_then(|configuration| configuration.at(&["defaults", "enforce"])).cloned();
            let namespaces = configuration.and_then(|configuration| configuration.at(&["exemptions", "namespaces"]));
            let namespaces = namespaces.map_or(&[][..], Value::items).iter().filter_map(Value::as_str);
            exempt.extend(namespaces.map(|name| {
                (
                    Text::from(name),
                    format!("exempt in the configuration of Pod Security admission, {}", node.name).into(),
                )
            }));
            level = match level {
                Level::Found(other, first) if other != stated => Level::Unclear(differ(&first, &node.name)),
                Level::Unseen => Level::Found(stated, node.name.clone()),
                known => known,
            };
        }
        if let (Level::Found(Some(_), node), Some(other)) = (&level, silent.first()) {
            level = Level::Unclear(match other.facts {
                Some(_) => differ(node, &other.name),
                None => format!("the default of Pod Security admission: {}", other.no_data()).into(),
            });
        }
        ClusterDefault { level, exempt, off }
    }

    /// Why labels have no effect in a namespace, if so.
    pub(super) fn overrides(&self, namespace: &str) -> Option<Text> {
        let exempt = || self.exempt.iter().find(|(name, _)| **name == *namespace).map(|(_, source)| source.clone());
        self.off.clone().or_else(exempt)
    }

    /// The level for a namespace without label, and words for where that comes from.
    pub(super) fn of(&self) -> (Option<Value>, Text) {
        match &self.level {
            Level::Unseen => (None, "no label; the cluster's default is not visible".into()),
            Level::Unclear(why) => (Some(Value::Unknown(why.clone())), "cluster default".into()),
            Level::Found(level, node) => (level.clone(), format!("cluster default, {node}").into()),
        }
    }
}

fn differ(one: &str, other: &str) -> Text {
    format!("{one} and {other} have different defaults of Pod Security admission").into()
}

fn documents<'a>(node: &Node<'a>) -> &'a [Value] {
    node.fact(&["documents"]).map_or(&[][..], Value::items)
}

fn admission_configuration<'a>(node: &Node<'a>) -> Option<&'a Value> {
    documents(node).iter().find(|document| {
        let kind = document.at(&["content", "kind"]).or(document.get("kind"));
        kind.and_then(Value::as_str) == Some("AdmissionConfiguration")
    })
}

// What it says of the plugin, here or in a file of its own; none if it says nothing.
fn configuration<'a>(node: &Node<'a>, admission: &'a Value) -> Result<Option<&'a Value>, Text> {
    let plugins = admission.at(&["content", "plugins"]).map_or(&[][..], Value::items);
    let named = |plugin: &&Value| plugin.get("name").and_then(Value::as_str) == Some("PodSecurity");
    let Some(plugin) = plugins.iter().find(named) else { return Ok(None) };
    let inline = plugin.get("configuration").filter(|value| **value != Value::Null);
    let by_path = |path: &str| {
        let named = |document: &&Value| document.get("path").and_then(Value::as_str) == Some(path);
        documents(node).iter().find(named).and_then(|document| document.get("content"))
    };
    let file = plugin.get("path").and_then(Value::as_str);
    match inline.or_else(|| file.and_then(by_path)) {
        Some(configuration) => Ok(Some(configuration)),
        None => Err(format!("the configuration of PodSecurity on {} was not collected", node.name).into()),
    }
}

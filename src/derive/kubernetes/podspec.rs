//! Where pod specs and their containers stand in the kinds that carry them.

use crate::base::symbol::Symbol;
use crate::catalog::kubernetes::{TEMPLATES, Template};
use crate::derive::subject::keys;
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::model::Text;

use super::common::{KEYS, get};

/// The lists of a pod spec that hold containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum List {
    Main,
    Init,
    Ephemeral,
}

impl List {
    pub(super) const ALL: [List; 3] = [List::Main, List::Init, List::Ephemeral];

    /// The key in the pod spec.
    pub(super) fn key(self) -> Symbol {
        match self {
            List::Main => KEYS.containers,
            List::Init => KEYS.init_containers,
            List::Ephemeral => KEYS.ephemeral_containers,
        }
    }

    /// What a container of this list is: an init container that keeps running is a sidecar.
    pub(super) fn kind_of(self, container: &Value) -> &'static str {
        match self {
            List::Main => "main",
            List::Ephemeral => "ephemeral",
            List::Init => match get(container, KEYS.restart_policy).and_then(Value::as_str) {
                Some("Always") => "sidecar",
                _ => "init",
            },
        }
    }
}

/// The template entry of a kind that carries a pod spec.
pub(super) fn template_of(kind: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.kind == kind)
}

/// The pod spec of an object, or why there is none to see.
pub(super) fn podspec<'v>(object: &'v Value, template: &Template) -> Result<&'v Map, Text> {
    let missing = |found: &str| {
        Text::from(format!(
            "expected the pod spec of a {} at {}, found {found}",
            template.kind,
            template.podspec.join(".")
        ))
    };
    let mut value = object;
    for key in template.podspec {
        if let Value::Unknown(why) = value {
            return Err(why.clone());
        }
        value = value.get(key).ok_or_else(|| missing("nothing"))?;
    }
    match value {
        Value::Map(map) => Ok(map),
        Value::Unknown(why) => Err(why.clone()),
        other => Err(missing(other.kind())),
    }
}

/// The path of the pod spec, `below` appended.
pub(super) fn podspec_path(template: &Template, below: &[&str]) -> Vec<Step> {
    let mut path = keys(template.podspec);
    path.extend(keys(below));
    path
}

/// The name of a container, if it has one.
pub(super) fn container_name(container: &Value) -> Option<&Text> {
    match get(container, KEYS.name) {
        Some(Value::Str(name)) => Some(name),
        _ => None,
    }
}

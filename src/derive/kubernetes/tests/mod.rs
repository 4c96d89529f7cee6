//! Tests of the views over small worlds.

mod containers;
mod hostile;
mod namespaces;
mod rbac;
mod scale;
mod workloads;

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::catalog;
use crate::derive::{Subject, Subjects};
use crate::expr::path::{Found, Path, Steps};
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Mode, Place, Resource};
use crate::model::{Gap, GapReason, System, Technology};

/// A cluster made of objects.
struct World(Inventory);

impl World {
    fn new(mode: Mode, objects: &[Json]) -> World {
        let system = System {
            technology: Technology::Kubernetes,
            name: "test".into(),
            version: Some("1.34.1".into()),
            distribution: Some("upstream".into()),
            origin: "test".into(),
        };
        let mut world = World(Inventory::new(system, mode, jiff::Timestamp::UNIX_EPOCH));
        for object in objects {
            world.add(Value::from(object.clone()));
        }
        world.0.finish();
        world
    }

    fn live(objects: &[Json]) -> World {
        World::new(Mode::Live, objects)
    }

    fn files(objects: &[Json]) -> World {
        World::new(Mode::Files, objects)
    }

    fn add(&mut self, value: Value) {
        let kind = catalog::kind(value.get("kind").and_then(Value::as_str).unwrap()).unwrap();
        let text = |key| value.at(&["metadata", key]).and_then(Value::as_str);
        let (scope, name) = (text("namespace").map(Into::into), text("name").unwrap_or_default().into());
        self.0.add(kind.name, [Resource { scope, name, value, place: None }]);
    }

    fn without(mut self, kind: &str, scope: Option<&str>) -> World {
        self.0.add_gap(Gap {
            kind: kind.into(),
            scope: scope.map(Into::into),
            reason: GapReason::Forbidden,
            detail: "the server said no".into(),
            permission: Some(format!("list {}", kind.to_lowercase())),
        });
        self
    }

    /// An object of a file, at a line of it.
    fn with_place(mut self, object: Json, line: u32) -> World {
        let value = Value::from(object);
        let kind = catalog::kind(value.get("kind").and_then(Value::as_str).unwrap()).unwrap();
        let text = |key| value.at(&["metadata", key]).and_then(Value::as_str);
        let (scope, name) = (text("namespace").map(Into::into), text("name").unwrap_or_default().into());
        let place = Some(Arc::new(Place::new("rbac.yaml".into(), line, Vec::new())));
        self.0.add(kind.name, [Resource { scope, name, value, place }]);
        self.0.finish();
        self
    }

    fn view(&self, name: &str) -> Subjects {
        crate::derive::subjects(&self.0, catalog::source(name).unwrap())
    }

    /// The subjects of a view by name of their resource, element and path, as JSON; what is unknown as `?`.
    fn read(&self, view: &str, path: &str) -> Vec<String> {
        self.view(view).subjects.iter().map(|subject| format!("{}: {}", name(subject), at(subject, path))).collect()
    }
}

fn name(subject: &Subject) -> String {
    match &subject.element {
        Some(element) => format!("{} {element}", subject.resource),
        None => subject.resource.to_string(),
    }
}

/// The value at a path.
fn at(subject: &Subject, path: &str) -> String {
    match path.parse::<Path>().unwrap().find(&subject.value) {
        Found::Value(value) => shown(value),
        Found::Absent => "absent".into(),
        Found::Unknown(_) => "?".into(),
    }
}

fn shown(value: &Value) -> String {
    value.to_json(2000).replace("(not collected)", "?")
}

/// Where the value at a path really stands, and what it came from.
fn stands(subject: &Subject, path: &str) -> String {
    let mut steps: Option<Steps> = None;
    path.parse::<Path>().unwrap().expand(&subject.value, &mut |at, _| steps = Some(at.to_vec()));
    let origins = subject.locate(&steps.unwrap());
    match origins.source {
        Some(source) => format!("{} ({source})", origins.path),
        None => origins.path,
    }
}

fn find<'s>(subjects: &'s Subjects, wanted: &str) -> &'s Subject {
    subjects.subjects.iter().find(|subject| name(subject) == wanted).unwrap_or_else(|| {
        panic!("no {wanted} among {:?}", subjects.subjects.iter().map(name).collect::<Vec<_>>());
    })
}

fn object(kind: &str, namespace: &str, name: &str, mut rest: Json) -> Json {
    let metadata = rest.as_object_mut().unwrap().remove("metadata").unwrap_or(json!({}));
    let mut all = json!({"kind": kind, "metadata": {"name": name, "uid": format!("uid-{name}")}});
    if !namespace.is_empty() {
        all["metadata"]["namespace"] = json!(namespace);
    }
    merge(&mut all["metadata"], metadata);
    merge(&mut all, rest);
    all
}

fn merge(into: &mut Json, from: Json) {
    for (key, value) in from.as_object().unwrap() {
        into[key] = value.clone();
    }
}

fn owned(kind: &str, version: &str, name: &str) -> Json {
    json!({"ownerReferences": [
        {"kind": kind, "apiVersion": version, "name": name, "uid": format!("uid-{name}"), "controller": true}
    ]})
}

/// Every value of a subject, so that a test can say that nothing in it is unknown.
fn is_known(value: &Value) -> bool {
    match value {
        Value::Unknown(_) => false,
        Value::List(items) => items.iter().all(is_known),
        Value::Map(map) => Map::iter(map).all(|(_, value)| is_known(value)),
        _ => true,
    }
}

fn deployment(name: &str, podspec: Json) -> Json {
    object("Deployment", "shop", name, json!({"spec": {"replicas": 2, "template": {"spec": podspec}}}))
}

fn replica_set(name: &str, owner: Json, podspec: Json) -> Json {
    object(
        "ReplicaSet",
        "shop",
        name,
        json!({"metadata": owner, "spec": {"replicas": 2, "template": {"spec": podspec}}}),
    )
}

fn pod(name: &str, metadata: Json, podspec: Json) -> Json {
    object("Pod", "shop", name, json!({"metadata": metadata, "spec": podspec}))
}

fn simple() -> Json {
    json!({"containers": [{"name": "app", "securityContext": {"privileged": false}}]})
}

fn names(subjects: &Subjects) -> Vec<String> {
    subjects.subjects.iter().map(name).collect()
}

//! The view `image_repository`: where the images of running containers come from, and in which versions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::View;
use crate::catalog::kubernetes::image;
use crate::derive::{Origin, Subject, Subjects};
use crate::expr::{Map, Value};
use crate::inventory::Inventory;
use crate::model::{ResourceRef, Text};

use super::common::{KEYS, computed, get};
use super::ownership::Workload;
use super::podspec::{List, podspec};

/// Subjects of the view.
pub(super) fn subjects(inventory: &Inventory, workloads: &[Workload<'_>], view: &'static View) -> Subjects {
    let mut found = Repositories::default();
    for workload in workloads {
        // Live pods tell what still runs of an older template.
        let specs = podspec(&workload.object.value, workload.template).ok().filter(|_| !is_idle(workload));
        let live = workload.live.iter().filter_map(|pod| get(&pod.value, KEYS.spec).and_then(Value::as_map));
        for spec in specs.into_iter().chain(live) {
            found.add(workload, spec);
        }
    }
    let mut all = Subjects { subjects: found.0.into_iter().map(subject).collect(), ..Subjects::default() };
    all.note_presence(inventory, view.sources);
    all
}

// Repository -> version -> workloads that run it.
#[derive(Default)]
struct Repositories(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Repositories {
    fn add(&mut self, workload: &Workload<'_>, spec: &Map) {
        for list in List::ALL {
            for container in spec.get(list.key()).map_or(&[][..], Value::items) {
                let Some(name) = container.get("image").and_then(Value::as_str) else { continue };
                let Some(image) = image::parse(name) else { continue };
                let versions = self.0.entry(image.repository).or_default();
                versions.entry(image.version).or_default().insert(workload.resource.to_string());
            }
        }
    }
}

fn is_idle(workload: &Workload<'_>) -> bool {
    workload.object.value.at(&["spec", "replicas"]) == Some(&Value::Int(0))
}

fn subject((repository, found): (String, BTreeMap<String, BTreeSet<String>>)) -> Subject {
    let digests = found.keys().filter(|version| image::is_digest(version)).count();
    // A digest may or may not be what the tag beside it leads to.
    let versions = match (digests, found.len()) {
        (1, 2) => Value::unknown(format!(
            "{} may be the same image: one is a digest, the other a tag",
            found.keys().map(String::as_str).collect::<Vec<_>>().join(" and ")
        )),
        _ => Value::list(found.keys().map(Value::str)),
    };
    let images = found.iter().map(|(version, workloads)| {
        Value::map([("version", Value::str(version)), ("workloads", Value::list(workloads.iter().map(Value::str)))])
    });
    let name: Text = repository.as_str().into();
    let value =
        Value::map([("repository", Value::Str(name.clone())), ("versions", versions), ("images", Value::list(images))]);
    Subject {
        resource: ResourceRef { kind: "Image".into(), scope: None, name },
        element: None,
        value,
        origin: Some(Arc::new(Origin { parts: vec![computed(&[], None)], ..Origin::default() })),
    }
}

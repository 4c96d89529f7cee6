//! Views: what rules assess, computed from what was read. Pure; one folder per technology.

pub mod kubernetes;
mod subject;

pub use subject::{Layout, Origin, OriginPart, Subject, Subjects, keys};

use crate::catalog::kubernetes::{cloud, custom};
use crate::catalog::{self, Kind, Source, aws};
use crate::inventory::{Inventory, Presence};
use crate::model::{Gap, GapReason, ResourceRef, Technology};

/// The subjects of one kind or view.
pub fn subjects(inventory: &Inventory, source: Source) -> Subjects {
    Derivation::new(inventory).subjects(source)
}

/// The kinds and views of an inventory. What several views need is derived once.
#[derive(Debug)]
pub struct Derivation<'a> {
    inventory: &'a Inventory,
    kubernetes: kubernetes::Shared<'a>,
}

impl<'a> Derivation<'a> {
    /// Derives nothing yet.
    pub fn new(inventory: &'a Inventory) -> Derivation<'a> {
        Derivation { inventory, kubernetes: kubernetes::Shared::default() }
    }

    /// The subjects of a kind or view.
    pub fn subjects(&self, source: Source) -> Subjects {
        match source {
            Source::Kind(kind) => objects(self.inventory, kind),
            Source::View(view) => kubernetes::subjects(self.inventory, &self.kubernetes, view),
        }
    }
}

/// The objects of a kind as they were read.
fn objects(inventory: &Inventory, kind: &'static Kind) -> Subjects {
    let subjects = inventory.of(kind.name).iter().map(|resource| Subject::of_resource(kind.name, resource)).collect();
    let mut all = Subjects { subjects, ..Subjects::default() };
    match cloud::of(kind.name).filter(|_| inventory.system.technology == Technology::Kubernetes) {
        Some((cloud, permission)) => note_cloud(&mut all, inventory, kind, cloud, permission),
        None => all.note_presence(inventory, &[kind.name]),
    }
    let in_regions = || aws::row(kind.name).is_some_and(aws::Row::needs_every_region);
    let technology = inventory.system.technology;
    if let Some(part) = inventory.scope.narrowing(technology).filter(|_| technology == Technology::Aws && in_regions())
    {
        all.regions = Some((inventory.scope.clone(), format!("{part}: nobody looked elsewhere")));
    }
    all
}

// No Kubernetes API tells these, so that none are there proves nothing unless the cloud was asked.
fn note_cloud(all: &mut Subjects, inventory: &Inventory, kind: &'static Kind, cloud: &cloud::Cloud, permission: &str) {
    if inventory.system.distribution.as_deref() != Some(cloud.distribution) && all.subjects.is_empty() {
        let provider = cloud.distribution.to_uppercase();
        all.none = Some(match &inventory.system.distribution {
            Some(_) => format!("the cluster is not one of {provider}"),
            None => format!("nothing in the input says that the cluster is one of {provider}"),
        });
        return;
    }
    all.gaps.extend(inventory.gaps().iter().filter(|gap| gap.kind == kind.name).cloned());
    if all.gaps.is_empty() && inventory.of(cloud.cluster).is_empty() {
        let detail = format!("no cloud access: what the {} API says of the cluster was not read", cloud.api);
        let gap = not_collected(kind.name, None, detail);
        all.gaps.push(Gap { permission: Some(permission.to_owned()), ..gap });
    }
}

impl Subjects {
    /// Notes what of the kinds that subjects come from was not read: gaps, or that no kind of them is in the input.
    pub fn note_presence(&mut self, inventory: &Inventory, sources: &[&str]) {
        self.gaps.extend(inventory.gaps().iter().filter(|gap| sources.contains(&gap.kind.as_str())).cloned());
        // One stands for all of them, which the notes name.
        self.gaps.extend(sources.iter().find_map(|kind| inventory.unread_document(kind)).cloned());
        let absent = |kind: &&str| inventory.presence(kind, None) == Presence::NotInInput;
        if self.subjects.is_empty() && self.gaps.is_empty() && sources.iter().all(absent) {
            // Nobody misses a custom resource.
            let missed: Vec<&str> = sources.iter().copied().filter(|kind| !custom::is_custom(kind)).collect();
            self.none = Some(format!("no {} in the input", missed.join(", ")));
        }
    }
}

/// Whether results about a resource belong to the part that the scan is about. Everything else is there to judge these by.
pub fn looks_at(inventory: &Inventory, resource: &ResourceRef) -> bool {
    // What a cloud says of the cluster lies in a region, which is no namespace.
    let of_cloud = || inventory.system.technology == Technology::Kubernetes && cloud::of(&resource.kind).is_some();
    !inventory.part.is_narrowed() || inventory.part.looks_at(resource) || of_cloud()
}

/// Whether a gap may leave subjects of `source` unseen that belong to the part that the scan is about.
pub fn matters(inventory: &Inventory, source: Source, gap: &Gap) -> bool {
    let subjects_lie_in_namespaces = match source {
        Source::Kind(kind) => kind.lies_in_namespaces(),
        Source::View(view) => view.namespaced,
    };
    let elsewhere = || {
        let namespace = gap.scope.as_deref().filter(|_| catalog::kind(&gap.kind).is_some_and(Kind::lies_in_namespaces));
        namespace.is_some_and(|namespace| !inventory.part.has_namespace(namespace))
    };
    !(inventory.part.is_narrowed() && subjects_lie_in_namespaces && elsewhere())
}

/// A gap in words, as the reason of an unknown value.
pub fn why_unknown(inventory: &Inventory, kind: &str, scope: Option<&str>) -> Option<String> {
    match inventory.presence(kind, scope) {
        Presence::Complete => None,
        Presence::Gap(gap) => Some(format!("could not read {gap}")),
        Presence::NotInInput => Some(format!("no {kind} in the input, so nobody can tell whether the cluster has one")),
    }
}

/// A gap made by a derivation, not by a collector (no node data).
pub fn not_collected(kind: &str, scope: Option<&str>, detail: impl Into<String>) -> Gap {
    Gap {
        kind: kind.to_owned(),
        scope: scope.map(str::to_owned),
        reason: GapReason::NotCollected,
        detail: detail.into(),
        permission: None,
    }
}

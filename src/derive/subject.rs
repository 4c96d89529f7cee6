//! What a check is evaluated on.

use std::sync::Arc;

use crate::expr::Value;
use crate::expr::path::{Path, Step, write_steps};
use crate::inventory::{Place, Resource};
use crate::model::{Gap, Location, ResourceRef, Scope, Text};

/// One thing to assess. Several subjects may have the same resource and element (a template and its live pods): their
/// results are folded into one, the worst state first.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The resource that findings are reported at.
    pub resource: ResourceRef,
    /// Element inside of it (container name).
    pub element: Option<Text>,
    /// What paths read.
    pub value: Value,
    /// Where the value's parts really stand.
    pub origin: Option<Arc<Origin>>,
}

/// Maps the paths of a view back to where the values really stand.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// What subjects of one make have in common.
    pub layout: Option<Arc<Layout>>,
    /// Parts that come from elsewhere: path in the view (longest match wins), real path, words for the provenance.
    pub parts: Vec<OriginPart>,
    /// Provenance of everything that no part names (`Pod kube-system/kube-apiserver-cp-0`, `live pod web-1`).
    pub source: Option<Text>,
    /// Place of the object in file input.
    pub place: Option<Arc<Place>>,
    /// Parts that stand in other objects: path in the view (longest match wins), place of that object.
    pub places: Vec<(Vec<Step>, Arc<Place>)>,
}

/// Where the values of many subjects stand, each in an object of its own: made once, as there are many containers.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Path in the real object below which the subject's value stands.
    pub prefix: Vec<Step>,
    /// Further parts. They say nothing of the object, so its provenance is told behind theirs.
    pub parts: Vec<OriginPart>,
}

/// See [`Origin::parts`].
#[derive(Debug, Clone)]
pub struct OriginPart {
    /// Path in the view.
    pub view: Vec<Step>,
    /// Path in the real object; none if the part is computed and has no place there.
    pub real: Option<Vec<Step>>,
    /// Where it came from (`default`, `flag of kubelet on node-1`).
    pub source: Option<Text>,
}

/// Where a value of a view really stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// Path in the real object.
    pub path: String,
    /// Provenance in words.
    pub source: Option<Text>,
    /// File and line.
    pub location: Option<Location>,
}

impl Origin {
    /// Where the value at `steps` of the view really stands.
    pub fn locate(&self, steps: &[Step]) -> Origins {
        let layout = self.layout.as_deref();
        let own = self.parts.iter().map(|part| (part, false));
        let shared = layout.into_iter().flat_map(|layout| &layout.parts).map(|part| (part, true));
        let part =
            own.chain(shared).filter(|(part, _)| steps.starts_with(&part.view)).max_by_key(|(part, _)| part.view.len());
        let real: Vec<Step> = match part {
            Some((OriginPart { view, real: Some(real), .. }, _)) => {
                real.iter().chain(&steps[view.len()..]).cloned().collect()
            }
            Some((OriginPart { real: None, .. }, _)) => Vec::new(),
            None => layout.into_iter().flat_map(|layout| &layout.prefix).chain(steps).cloned().collect(),
        };
        let computed = matches!(part, Some((OriginPart { real: None, .. }, _)));
        let mut path = String::new();
        write_steps(if computed { steps } else { &real }, &mut path);
        path.shrink_to_fit();
        let source = match part {
            Some((part, false)) => part.source.clone(),
            Some((OriginPart { source: Some(own), .. }, true)) => {
                Some(self.source.as_ref().map_or_else(|| own.clone(), |object| format!("{own}, {object}").into()))
            }
            _ => self.source.clone(),
        };
        let foreign = self.places.iter().filter(|(view, _)| steps.starts_with(view)).max_by_key(|(view, _)| view.len());
        let place = foreign.map(|(_, place)| place).or(self.place.as_ref());
        Origins { path, source, location: place.map(|place| place.locate(&real)) }
    }
}

impl Subject {
    /// An object as it was read.
    pub fn of_resource(kind: &str, resource: &Resource) -> Subject {
        let origin = resource.place.clone().map(|place| Arc::new(Origin { place: Some(place), ..Origin::default() }));
        Subject { resource: resource.reference(kind), element: None, value: resource.value.clone(), origin }
    }

    /// Where the value at `steps` really stands.
    pub fn locate(&self, steps: &[Step]) -> Origins {
        match &self.origin {
            Some(origin) => origin.locate(steps),
            None => Origin::default().locate(steps),
        }
    }
}

/// Steps of plain keys.
pub fn keys(keys: &[&str]) -> Vec<Step> {
    Path::keys(keys)
        .segments
        .into_iter()
        .filter_map(|segment| match segment {
            crate::expr::Segment::Key(key) => Some(Step::Key(key)),
            _ => None,
        })
        .collect()
}

/// All subjects of a kind or view, and what of them could not be seen.
#[derive(Debug, Default)]
pub struct Subjects {
    /// The subjects, in a stable order.
    pub subjects: Vec<Subject>,
    /// Each of these leaves subjects unseen: one Manual result per gap.
    pub gaps: Vec<Gap>,
    /// Why there are none, if there are none (`managed control plane`, `no NetworkPolicy in the input`).
    pub none: Option<String>,
    /// The only regions that were looked at, if there may be more in others: those are none of the results, but whoever asks
    /// whether there is one somewhere does not know, for the reason that stands beside them.
    pub regions: Option<(Scope, String)>,
}

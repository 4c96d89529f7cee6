//! What a decision is about: patterns for a resource and its element, and for the labels of the resource.

use std::collections::BTreeMap;

use crate::base::glob;
use crate::model::ResourceRef;

/// What a decision is about. Every part is a pattern with `*` and `?`; an absent one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Name of the system.
    pub system: Option<String>,
    /// Native kind.
    pub kind: Option<String>,
    /// Namespace or region. Matches no resource without one.
    pub namespace: Option<String>,
    /// Name of the resource.
    pub name: Option<String>,
    /// Element in the resource (container). Matches no outcome without one.
    pub element: Option<String>,
    /// Labels that the resource itself must all have, with patterns for their values.
    pub labels: BTreeMap<String, String>,
}

/// Labels of resources, as a scan sees them; the history does not keep them. Resources without labels that matter may be
/// left out.
pub type Labels = BTreeMap<ResourceRef, BTreeMap<String, String>>;

/// Whether `text` follows the pattern, if there is one.
pub fn follows(pattern: Option<&str>, text: Option<&str>) -> bool {
    pattern.is_none_or(|pattern| text.is_some_and(|text| glob::matches(pattern, text)))
}

impl Selector {
    /// Whether it is about this; a selector with labels is about nothing where no labels are known.
    pub fn matches(&self, resource: &ResourceRef, element: Option<&str>, labels: Option<&Labels>) -> bool {
        follows(self.namespace.as_deref(), resource.scope.as_deref())
            && follows(self.name.as_deref(), Some(&resource.name))
            && follows(self.kind.as_deref(), Some(&resource.kind))
            && follows(self.element.as_deref(), element)
            && (self.labels.is_empty()
                || labels.and_then(|labels| labels.get(resource)).is_some_and(|own| self.wants_labels(own)))
    }

    /// Whether a resource with these labels has all that it asks for.
    pub fn wants_labels(&self, own: &BTreeMap<String, String>) -> bool {
        self.labels.iter().all(|(key, pattern)| follows(Some(pattern), own.get(key).map(String::as_str)))
    }

    /// About all of a system, not about some of its resources.
    pub fn is_whole(&self) -> bool {
        let Selector { system: _, kind, namespace, name, element, labels } = self;
        [kind, namespace, name, element].into_iter().all(Option::is_none) && labels.is_empty()
    }
}

//! How much of a system a scan looked at: decides what the absence of a resource means when scans are compared.

use serde::{Deserialize, Serialize};

use super::{ResourceRef, Technology, Text};

/// The part of a system that a scan looked at; by default all of it, as it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Files and directories that were read, as the user named them, sorted; none for the running system itself.
    pub files: Option<Vec<String>>,
    /// Only these namespaces (or regions), sorted; none for every one. What lies in no namespace is looked at in any case.
    pub namespaces: Option<Vec<String>>,
    /// Not these namespaces, sorted.
    pub excluded_namespaces: Vec<String>,
}

impl Scope {
    /// Leaves only the namespaces `only` (all of them if empty) and none of `without`.
    pub fn narrow(&mut self, only: &[String], without: &[String]) {
        if !only.is_empty() {
            let mut only = only.to_vec();
            only.retain(|name| self.namespaces.as_ref().is_none_or(|known| known.contains(name)));
            self.namespaces = Some(sorted(only));
        }
        self.excluded_namespaces = sorted(self.excluded_namespaces.iter().chain(without).cloned().collect());
    }

    /// Some namespaces were left out.
    pub fn is_narrowed(&self) -> bool {
        self.namespaces.is_some() || !self.excluded_namespaces.is_empty()
    }

    /// In words, if it is not all of a running system: `files rendered; only the namespaces a, b`.
    pub fn label(&self, technology: Technology) -> Option<String> {
        let mut parts: Vec<String> = self.files.iter().map(|files| format!("files {}", files.join(", "))).collect();
        parts.extend(self.narrowing(technology));
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// The namespaces, of an account regions, in words, if some were left out: `only the namespaces a, b`.
    pub fn narrowing(&self, technology: Technology) -> Option<String> {
        let what = match technology {
            Technology::Kubernetes => "namespace",
            Technology::Aws => "region",
        };
        let names = |names: &[String]| {
            let plural = if names.len() == 1 { "" } else { "s" };
            format!("the {what}{plural} {}", names.join(", "))
        };
        let only = match self.namespaces.as_deref() {
            Some([]) => Some(format!("no {what}")),
            Some(only) => Some(format!("only {}", names(only))),
            None => None,
        };
        let without = &self.excluded_namespaces;
        let without = (!without.is_empty()).then(|| format!("without {}", names(without)));
        let parts: Vec<String> = only.into_iter().chain(without).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Whether a scan of this scope looked where a scan of `earlier` found `resource`: only then is a resource that it did
    /// not find gone.
    pub fn covers(&self, earlier: &Scope, resource: &ResourceRef) -> bool {
        self.reads_files_of(earlier) && self.looks_at(resource)
    }

    /// Whether this scope lacks something that `earlier` has. What is decided over the whole system may then look better
    /// only because less was seen.
    pub fn is_narrower_than(&self, earlier: &Scope) -> bool {
        let fewer = match (&self.namespaces, &earlier.namespaces) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(now), Some(before)) => before.iter().any(|name| !now.contains(name)),
        };
        let excludes = |name: &String| {
            !earlier.excluded_namespaces.contains(name)
                && earlier.namespaces.as_ref().is_none_or(|before| before.contains(name))
        };
        fewer || self.excluded_namespaces.iter().any(excludes) || !self.reads_files_of(earlier)
    }

    /// Whether results about `resource` belong to this scope: it lies in, or is, a namespace that is looked at, or it lies in
    /// none.
    pub fn looks_at(&self, resource: &ResourceRef) -> bool {
        namespace_of(resource).is_none_or(|namespace| self.has_namespace(namespace))
    }

    /// Whether the namespace `name` is looked at.
    pub fn has_namespace(&self, name: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|known| known == name);
        self.namespaces.as_deref().is_none_or(named) && !named(&self.excluded_namespaces)
    }

    fn reads_files_of(&self, earlier: &Scope) -> bool {
        match (&self.files, &earlier.files) {
            (None, None) => true,
            (Some(now), Some(before)) => before.iter().all(|file| now.contains(file)),
            _ => false,
        }
    }
}

/// The namespace that decides whether a resource is looked at: the one that it lies in, or that it is.
fn namespace_of(resource: &ResourceRef) -> Option<&str> {
    let own: Option<&Text> = (&*resource.kind == "Namespace").then_some(&resource.name);
    resource.scope.as_ref().or(own).map(|name| &**name)
}

/// Whether a resource belongs to no namespace and is none.
pub fn is_of_the_whole_system(resource: &ResourceRef) -> bool {
    namespace_of(resource).is_none()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(only: &[&str], without: &[&str]) -> Scope {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut scope = Scope::default();
        scope.narrow(&own(only), &own(without));
        scope
    }

    fn resource(kind: &str, scope: Option<&str>, name: &str) -> ResourceRef {
        ResourceRef { kind: kind.into(), scope: scope.map(Into::into), name: name.into() }
    }

    #[test]
    fn narrowing_twice_never_widens() {
        let mut twice = scope(&["a", "b"], &[]);
        twice.narrow(&["b".to_owned(), "c".to_owned()], &["x".to_owned()]);
        assert_eq!(twice.namespaces, Some(vec!["b".to_owned()]));
        assert_eq!(
            twice.label(Technology::Kubernetes).as_deref(),
            Some("only the namespace b, without the namespace x")
        );
        twice.narrow(&["z".to_owned()], &[]);
        assert_eq!(twice.label(Technology::Kubernetes).as_deref(), Some("no namespace, without the namespace x"));
        assert_eq!(twice.label(Technology::Aws).as_deref(), Some("no region, without the region x"));
        assert_eq!(Scope::default().label(Technology::Kubernetes), None);
    }

    #[test]
    fn absence_means_something_only_where_it_was_looked() {
        let whole = Scope::default();
        let (in_a, in_b) = (resource("Pod", Some("a"), "x"), resource("Pod", Some("b"), "x"));
        let (space, role) = (resource("Namespace", None, "b"), resource("ClusterRole", None, "b"));
        for narrow in [scope(&["a"], &[]), scope(&[], &["b"])] {
            assert!(narrow.covers(&whole, &in_a) && narrow.covers(&whole, &role));
            assert!(!narrow.covers(&whole, &in_b) && !narrow.covers(&whole, &space));
            assert!(whole.covers(&narrow, &in_b) && !whole.is_narrower_than(&narrow));
            assert!(narrow.is_narrower_than(&whole) && !narrow.is_narrower_than(&narrow));
        }
        assert!(!scope(&["a", "b"], &[]).is_narrower_than(&scope(&["a"], &[])));
        assert!(scope(&["a"], &[]).is_narrower_than(&scope(&["a", "b"], &[])));
        // What the earlier scan had left out already is nothing less.
        assert!(!scope(&["a"], &["z"]).is_narrower_than(&scope(&["a"], &[])));
    }

    #[test]
    fn other_files_are_another_scope() {
        let files = |names: &[&str]| Scope {
            files: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            ..Scope::default()
        };
        let pod = resource("Pod", Some("a"), "x");
        assert!(files(&["m", "n"]).covers(&files(&["m"]), &pod));
        assert!(!files(&["m"]).covers(&files(&["m", "n"]), &pod));
        assert!(!files(&["m"]).covers(&Scope::default(), &pod) && !Scope::default().covers(&files(&["m"]), &pod));
    }

    #[test]
    fn what_older_versions_wrote_is_the_whole() {
        assert_eq!(serde_json::from_str::<Scope>("{}").unwrap(), Scope::default());
    }
}

//! What the world looks like, as data: the kinds of resources that can be read with the permission for each, and the views
//! that are derived from them, with the fields that rules may read and the source paths behind each field.

pub mod aws;
pub mod kubernetes;

use crate::base::spelling;
use crate::model::Technology;

/// A kind of resource that a collector can read.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Native name (`Deployment`, `AWS::EC2::Instance`).
    pub name: &'static str,
    /// Whose kind it is.
    pub technology: Technology,
    /// API group, empty for the core group; service for clouds.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Plural in the API path.
    pub plural: &'static str,
    /// Lives in a namespace (Kubernetes) or region (clouds).
    pub namespaced: bool,
    /// Fields at the top that rules may read; anything below them is open, since the vendor's schema has it.
    pub fields: &'static [&'static str],
}

impl Kind {
    /// The kind as objects state it: two groups may have kinds of the same name, one of which is then named
    /// `Kind.group`.
    pub fn object_name(&self) -> &'static str {
        match self.technology {
            Technology::Aws => self.name,
            Technology::Kubernetes => {
                self.name.strip_suffix(self.group).and_then(|name| name.strip_suffix('.')).unwrap_or(self.name)
            }
        }
    }

    /// Whether its objects lie in a namespace (region), or are one.
    pub fn lies_in_namespaces(&self) -> bool {
        self.namespaced || self.name == "Namespace"
    }

    /// What stands in objects of the kind as `apiVersion`.
    pub fn api_version(&self) -> String {
        match (self.technology, self.group) {
            (Technology::Aws, _) => aws::API_VERSION.to_owned(),
            (Technology::Kubernetes, "") => self.version.to_owned(),
            (Technology::Kubernetes, group) => format!("{group}/{}", self.version),
        }
    }
}

/// The kind of an object, and whether its group is one that is no longer served.
pub fn object_kind(api_version: &str, name: &str) -> Option<(&'static Kind, bool)> {
    match api_version {
        aws::API_VERSION => aws::row(name).map(|row| (row.kind, false)),
        _ => kubernetes::object_kind(api_version, name),
    }
}

/// A view: subjects computed from resources, so that rules need no code. Rules name it like a kind.
#[derive(Debug)]
pub struct View {
    /// Name in rule files.
    pub name: &'static str,
    /// Whose view it is.
    pub technology: Technology,
    /// What one subject of it is.
    pub subject: &'static str,
    /// Fields that rules may read.
    pub fields: &'static [Field],
    /// Kinds whose objects become subjects: a gap in one of them leaves subjects unseen.
    pub sources: &'static [&'static str],
    /// Every subject lies in a namespace or is one, or belongs to the cluster and is read in any case: what was not read of
    /// one namespace leaves no subject of another one unseen.
    pub namespaced: bool,
    /// Paths that the derivation itself reads, in groups that views share.
    pub reads: &'static [&'static [Read]],
    /// Fields handed through: a rule's path below `from` is read from the sources below each of `to`.
    pub passes: &'static [Pass],
}

/// A field of a view.
#[derive(Debug)]
pub struct Field {
    /// Path in the view; `[*]` stands for list elements.
    pub path: &'static str,
    /// What it holds.
    pub doc: &'static str,
    /// Anything may follow.
    pub open: bool,
}

/// Keys whose text names an element of a list, the best first: of Kubernetes, of node facts, of AWS.
pub const ELEMENT_NAMES: &[&str] = &["name", "path", "key", "id", "PolicyName", "Id"];

/// Paths of a kind that a view reads. The kind [`kubernetes::PODSPEC`] stands for the pod spec of every workload kind,
/// [`kubernetes::CUSTOM`] for every custom resource that holds one.
#[derive(Debug)]
pub struct Read {
    /// Kind.
    pub kind: &'static str,
    /// Paths in it.
    pub paths: &'static [&'static str],
    /// The only namespace in which they are read; everywhere if none.
    pub namespace: Option<&'static str>,
}

/// See [`View::passes`].
#[derive(Debug)]
pub struct Pass {
    /// Prefix in the view, empty for all.
    pub from: &'static str,
    /// Where it is read, per kind.
    pub to: &'static [Read],
}

/// What a rule's `resource` names.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// Objects as they were read.
    Kind(&'static Kind),
    /// Computed subjects.
    View(&'static View),
}

impl Source {
    /// The name in rule files.
    pub fn name(self) -> &'static str {
        match self {
            Source::Kind(kind) => kind.name,
            Source::View(view) => view.name,
        }
    }

    /// Whose it is.
    pub fn technology(self) -> Technology {
        match self {
            Source::Kind(kind) => kind.technology,
            Source::View(view) => view.technology,
        }
    }
}

/// Every kind of every technology.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    kubernetes::KINDS.iter().chain(kubernetes::custom::KINDS).chain(kubernetes::cloud::KINDS).chain(aws::kinds())
}

/// Every view of every technology.
pub fn views() -> impl Iterator<Item = &'static View> {
    kubernetes::VIEWS.iter()
}

/// The kind `name`.
pub fn kind(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}

/// The kind or view `name`; views come first where both exist.
pub fn source(name: &str) -> Option<Source> {
    views().find(|view| view.name == name).map(Source::View).or_else(|| kind(name).map(Source::Kind))
}

/// The known kind or view whose name is nearest to `name`.
pub fn nearest(name: &str) -> Option<&'static str> {
    spelling::nearest(name, views().map(|view| view.name).chain(kinds().map(|kind| kind.name)))
}

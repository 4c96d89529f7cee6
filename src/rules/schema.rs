//! The catalog as the schema of the language, and what the sources of a view have to be read for it.

use std::collections::BTreeSet;

use crate::base::spelling;
use crate::catalog::{self, Read, Source, View, aws, kubernetes};
use crate::expr::{Path, Schema, Segment, Wanted};
use crate::model::Technology;

/// Kinds and views of the catalog.
pub struct CatalogSchema;

impl Schema for CatalogSchema {
    fn source(&self, name: &str) -> Result<(), Option<String>> {
        catalog::source(name).map(|_| ()).ok_or_else(|| catalog::nearest(name).map(str::to_owned))
    }

    fn path(&self, source: &str, path: &Path) -> Result<(), String> {
        match catalog::source(source) {
            None => Err("no such resource".to_owned()),
            Some(Source::Kind(kind)) if kind.technology == Technology::Aws => aws_path(kind.name, path),
            Some(Source::Kind(kind)) => match path.segments.first() {
                Some(Segment::Key(key)) if kind.fields.contains(&key.as_str()) => Ok(()),
                first => Err(suggestion(&segment_text(first), kind.fields.iter().copied())),
            },
            Some(Source::View(view)) => view_path(view, path),
        }
    }

    fn scoped(&self, source: &str) -> bool {
        match catalog::source(source) {
            Some(Source::Kind(kind)) => kind.technology == Technology::Aws && kind.namespaced,
            Some(Source::View(_)) | None => false,
        }
    }
}

fn aws_path(kind: &str, path: &Path) -> Result<(), String> {
    let mut steps = Vec::new();
    for segment in &path.segments {
        match segment {
            Segment::Key(key) => steps.push(aws::fields::Step::Key(key.as_str())),
            Segment::Any => steps.push(aws::fields::Step::Element),
            Segment::Select { .. } => steps.push(aws::fields::Step::Element),
        }
    }
    aws::fields::check_path(kind, &steps).map_err(|known| {
        let word = path.segments.last().map_or_else(String::new, |last| segment_text(Some(last)));
        let mut near = path.segments.iter().filter_map(|segment| match segment {
            Segment::Key(key) => spelling::nearest(key.as_str(), known.iter().map(String::as_str)),
            _ => None,
        });
        match near.next_back() {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => suggestion(&word, known.iter().map(String::as_str)),
        }
    })
}

fn segment_text(segment: Option<&Segment>) -> String {
    segment.map_or_else(String::new, |s| Path { segments: vec![s.clone()] }.to_string())
}

fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match spelling::nearest(word, known.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn view_path(view: &View, path: &Path) -> Result<(), String> {
    let open = view.fields.iter().any(|field| field.path.is_empty());
    for field in view.fields.iter().filter(|field| !field.path.is_empty()) {
        let known: Path = parse(field.path);
        let within = path.segments.starts_with(&known.segments);
        if within && (field.open || path.segments.len() == known.segments.len()) {
            return Ok(());
        }
        // The parent of known fields as a whole.
        if known.segments.starts_with(&path.segments) {
            return Ok(());
        }
    }
    let text = path.to_string();
    if open {
        // A name that only differs by a slip from a field of the view itself is one.
        let first = segment_text(path.segments.first());
        let tops: BTreeSet<String> = view.fields.iter().map(|f| segment_text(parse(f.path).segments.first())).collect();
        if !tops.contains(&first) {
            return handed_through(view, path);
        }
    }
    Err(suggestion(&text, view.fields.iter().map(|field| field.path).filter(|p| !p.is_empty())))
}

// Fields of pod specs and containers are the vendor's; the known ones catch slips.
fn handed_through(view: &View, path: &Path) -> Result<(), String> {
    let known = if view.name == "container" { kubernetes::CONTAINER_FIELDS } else { kubernetes::PODSPEC_FIELDS };
    let first = segment_text(path.segments.first());
    if known.contains(&first.as_str()) {
        return Ok(());
    }
    Err(suggestion(&first, known.iter().copied()))
}

// Paths of the catalog are constants of this program; a test parses every one.
fn parse(path: &str) -> Path {
    if path.is_empty() { Path::default() } else { path.parse().unwrap_or_default() }
}

/// What has to be collected so that these paths of these sources can be read.
pub fn wanted<'a>(reads: impl IntoIterator<Item = (&'a str, &'a Path)>) -> Wanted {
    let mut wanted = Wanted::default();
    let mut views = BTreeSet::new();
    for (source, path) in reads {
        match catalog::source(source) {
            Some(Source::Kind(kind)) => wanted.add(kind.name, path),
            Some(Source::View(view)) => {
                if views.insert(view.name) {
                    for read in view.reads.iter().copied().flatten() {
                        add(&mut wanted, read, &Path::default());
                    }
                    for kind in view.sources {
                        wanted.add(kind, &Path::keys(&["metadata", "name"]));
                    }
                }
                let pass = view
                    .passes
                    .iter()
                    .map(|pass| (parse(pass.from), pass.to))
                    .filter(|(from, _)| path.segments.starts_with(&from.segments))
                    .max_by_key(|(from, _)| from.segments.len());
                if let Some((from, to)) = pass {
                    let rest = Path { segments: path.segments[from.segments.len()..].to_vec() };
                    for read in to {
                        add(&mut wanted, read, &rest);
                    }
                }
            }
            None => {}
        }
    }
    wanted
}

fn add(wanted: &mut Wanted, read: &Read, rest: &Path) {
    for path in read.paths {
        let path = if *path == "." { rest.clone() } else { parse(path).join(rest) };
        if read.kind == kubernetes::PODSPEC {
            for template in kubernetes::TEMPLATES {
                wanted.add(template.kind, &Path::keys(template.podspec).join(&path));
            }
        } else if read.kind == kubernetes::CUSTOM {
            for kind in kubernetes::custom::KINDS {
                wanted.add(kind.name, &path);
            }
        } else if let Some(kind) = catalog::kind(read.kind) {
            match read.namespace {
                Some(namespace) => wanted.add_in(namespace, kind.name, &path),
                None => wanted.add(kind.name, &path),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Projection;

    #[test]
    fn every_path_of_the_catalog_parses_and_every_kind_is_known() {
        for view in catalog::views() {
            for field in view.fields.iter().filter(|f| !f.path.is_empty()) {
                field.path.parse::<Path>().unwrap_or_else(|e| panic!("{}: {e}", view.name));
            }
            for read in view.reads.iter().copied().flatten().chain(view.passes.iter().flat_map(|p| p.to)) {
                for path in read.paths.iter().filter(|path| !matches!(**path, "" | ".")) {
                    path.parse::<Path>().unwrap_or_else(|e| panic!("{}: {e}", view.name));
                }
                assert!(
                    [kubernetes::PODSPEC, kubernetes::CUSTOM].contains(&read.kind)
                        || catalog::kind(read.kind).is_some(),
                    "{}: unknown kind {}",
                    view.name,
                    read.kind
                );
            }
            for kind in view.sources {
                assert!(catalog::kind(kind).is_some(), "{}: unknown kind {kind}", view.name);
            }
        }
        for template in kubernetes::TEMPLATES {
            assert!(catalog::kind(template.kind).is_some(), "unknown kind {}", template.kind);
        }
    }

    #[test]
    fn a_field_of_a_view_is_read_from_its_sources() {
        let path: Path = "securityContext.runAsNonRoot".parse().unwrap();
        let wanted = wanted([("container", &path)]);
        let deployment = wanted.of("Deployment").unwrap();
        let spec =
            ["spec", "template", "spec"].iter().try_fold(deployment, |p, key| p.entry(key).map(|e| e.1)).unwrap();
        assert!(spec.entry("securityContext").and_then(|e| e.1.entry("runAsNonRoot")).is_some());
        assert!(spec.entry("securityContext").and_then(|e| e.1.entry("fsGroup")).is_none());
        assert!(
            spec.entry("containers").and_then(|e| e.1.element()).and_then(|p| p.entry("securityContext")).is_some()
        );
        assert!(wanted.of("Secret").is_none());
    }

    #[test]
    fn what_components_are_read_from_is_read_of_their_namespace_only() {
        let (field, flag): (Path, Path) = ("image".parse().unwrap(), "flags.profiling".parse().unwrap());
        let wanted = wanted([("container", &field), ("kube-apiserver", &flag)]);
        let container = |projection: &Projection, key: &str| {
            let keys = ["spec", "containers"].iter().try_fold(projection, |p, key| p.entry(key).map(|e| e.1));
            keys.and_then(|p| p.element()).and_then(|p| p.entry(key)).is_some()
        };
        let (namespace, elsewhere) = wanted.elsewhere("Pod").unwrap();
        assert_eq!(namespace, "kube-system");
        assert!(container(wanted.of("Pod").unwrap(), "command") && !container(elsewhere, "command"));
        assert!(container(wanted.of("Pod").unwrap(), "image") && container(elsewhere, "image"));
        assert_eq!(wanted.elsewhere("Deployment"), None);
    }

    #[test]
    fn slips_are_caught_with_the_nearest_word() {
        let check = |source: &str, path: &str| CatalogSchema.path(source, &path.parse().unwrap());
        assert_eq!(check("workload", "hostNetwork"), Ok(()));
        assert_eq!(check("workload", "hostNetwrok"), Err("did you mean \"hostNetwork\"?".to_owned()));
        assert_eq!(check("workload", "token.automunt"), Err("did you mean \"token.automount\"?".to_owned()));
        assert_eq!(check("container", "securityContext.privileged"), Ok(()));
        assert_eq!(check("kubelet", "config.authentication.anonymous.enabled"), Ok(()));
        assert_eq!(check("Namespace", "metdata.name"), Err("did you mean \"metadata\"?".to_owned()));
        assert_eq!(CatalogSchema.source("contaner"), Err(Some("container".to_owned())));
    }
}

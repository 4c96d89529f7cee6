//! What an object is, and what becomes of those that are no resources.

use super::{Job, malformed};
use crate::catalog::{self, Kind};
use crate::collect::files::split::{Head, Problem};

/// The one version of node facts that is understood.
const NODE_FACTS: &str = "spm.node/v1";

/// What an object is, judged by its `apiVersion` and `kind`.
pub(super) enum Identity {
    Known(&'static Kind),
    Other(String),
    List,
    Newer(String),
    Kindless,
    Foreign,
    ReadBefore,
}

impl Job<'_> {
    pub(super) fn identify(&mut self, own: &Head, list: Option<&Head>) -> Identity {
        if self.source.assume.is_some() && own.kind.is_some() {
            return Identity::ReadBefore;
        }
        let list = self.source.assume.as_ref().or(list);
        let (kind, api_version) = match (&own.kind, list) {
            (Some(kind), _) => (kind.as_str(), own.api_version.as_deref()),
            (None, None) => return Identity::Foreign,
            (None, Some(list)) => {
                let Some(kind) = &list.kind else { return Identity::Kindless };
                let api_version = own.api_version.as_deref().or(list.api_version.as_deref());
                match kind.strip_suffix("List") {
                    Some(element) if !element.is_empty() => (element, api_version),
                    _ => return Identity::Foreign,
                }
            }
        };
        let Some(api_version) = api_version else { return Identity::Foreign };
        if kind == "NodeFacts" && api_version.starts_with("spm.node/") && api_version != NODE_FACTS {
            return Identity::Newer(api_version.to_owned());
        }
        match catalog::object_kind(api_version, kind) {
            Some((known, old)) => {
                self.found.known += 1;
                if old {
                    self.note(format!(
                        "{}: {kind} objects of the group \"extensions\", which no cluster serves any more, are read as {}/{}",
                        self.source.file, known.group, known.version
                    ));
                }
                Identity::Known(known)
            }
            None if kind.ends_with("List") => Identity::List,
            None => Identity::Other(match api_version.rsplit_once('/') {
                Some((group, _)) => format!("{kind} ({group})"),
                None => kind.to_owned(),
            }),
        }
    }

    pub(super) fn other(&mut self, identity: Identity, line: u32) -> Result<(), Problem> {
        match identity {
            Identity::Other(label) => *self.found.other.entry(label).or_default() += 1,
            Identity::Kindless => self.found.kindless += 1,
            Identity::Newer(version) => {
                return Err(malformed(
                    line,
                    &format!("node facts of format {version}; this version of spm reads {NODE_FACTS}"),
                ));
            }
            Identity::Foreign if self.source.facts && !self.source.found => {
                return Err(malformed(line, &format!("no node facts: expected apiVersion: {NODE_FACTS}")));
            }
            Identity::Foreign => self.found.foreign += 1,
            Identity::Known(_) | Identity::List | Identity::ReadBefore => {}
        }
        Ok(())
    }
}

/// The kind that a list holds nothing but: `Pod` for a `PodList`.
pub(in crate::collect::files) fn listed_kind(head: &Head) -> Option<&'static str> {
    let element = head.kind.as_deref()?.strip_suffix("List")?;
    catalog::object_kind(head.api_version.as_deref()?, element).map(|(kind, _)| kind.name)
}

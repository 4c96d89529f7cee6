//! Objects in YAML.

use std::sync::Arc;

use memchr::memmem;

use super::identity::{Identity, listed_kind};
use super::{DEEPEST_LIST, Decoder, Job, entry, malformed};
use crate::collect::files::split::{Head, Unit};
use crate::collect::files::yaml::{At, Document, YamlError};
use crate::expr::Projection;
use crate::inventory::Place;

struct YamlReader<'d, 't> {
    document: &'d Document<'t>,
    // Somewhere in the text are the braces of a Helm template.
    template: bool,
}

impl Decoder<'_> {
    pub(super) fn yaml(&self, job: &mut Job<'_>, bytes: &[u8], unit: &Unit) {
        let templates = memmem::find(bytes, b"{{").is_some();
        let problem = match std::str::from_utf8(bytes) {
            Err(error) => {
                let newlines = memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
                malformed(unit.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX)), "is not UTF-8 text")
            }
            Ok(text) if text.contains('\0') => malformed(unit.line, "is no text: it holds NUL bytes"),
            Ok(text) => match self.yaml_text(job, text, unit, templates) {
                Ok(()) => return,
                Err(error) => malformed(error.line, &error.detail),
            },
        };
        if templates {
            job.found.templates += 1;
        } else {
            job.problem(problem, bytes);
        }
    }

    fn yaml_text(&self, job: &mut Job<'_>, text: &str, unit: &Unit, template: bool) -> Result<(), YamlError> {
        let document = Document::parse(text, unit.line)?;
        let Some(root) = document.root() else { return Ok(()) };
        if let Some(line) = document.another {
            // Nobody reads it: `kubectl` does not, either.
            let detail = "another document begins here, but its \"---\" does not stand at the beginning of a line \
                          (a byte order mark in front of it, or lines that end in CR alone)";
            job.problem(malformed(line, detail), text.as_bytes());
        }
        let reader = YamlReader { document: &document, template };
        match document.elements(root) {
            Some(elements) => {
                // A list at the top: of a dump that was cut, or of objects, or of something that nobody asked about.
                let none = Head::default();
                let list = unit.list.as_deref().or(Some(&none));
                self.yaml_elements(job, &reader, elements, list, 0);
                Ok(())
            }
            None if document.is_map(root) => self.yaml_object(job, &reader, root, None, 0),
            None if document.is_null(root) => Ok(()),
            None => {
                job.found.foreign += 1;
                Ok(())
            }
        }
    }

    // One broken element does not spoil the others.
    fn yaml_elements(
        &self,
        job: &mut Job<'_>,
        reader: &YamlReader<'_, '_>,
        elements: Vec<At>,
        list: Option<&Head>,
        depth: usize,
    ) {
        for element in elements {
            match self.yaml_object(job, reader, element, list, depth) {
                Ok(()) => {}
                Err(_) if reader.template => job.found.templates += 1,
                Err(error) => job.problem(malformed(error.line, &error.detail), b"apiVersion"),
            }
        }
    }

    fn yaml_object(
        &self,
        job: &mut Job<'_>,
        reader: &YamlReader<'_, '_>,
        at: At,
        list: Option<&Head>,
        depth: usize,
    ) -> Result<(), YamlError> {
        let document = reader.document;
        let line = document.line(at);
        let text = |key| document.entry(at, key).and_then(|value| document.text(value)).map(str::to_owned);
        let head = Head { api_version: text("apiVersion"), kind: text("kind") };
        match job.identify(&head, list) {
            Identity::Known(kind) => {
                if self.context.save {
                    let whole = document.decode(at, Projection::everything(), &self.memory.sharing)?;
                    if let Ok(object) = serde_json::to_value(&whole.value) {
                        job.save(&head, kind, object);
                    }
                }
                let Some(asked) = self.context.wanted.get(kind.name) else { return Ok(()) };
                let decode = |projection| document.decode(at, projection, &self.memory.sharing);
                let decoded = decode(&asked.everywhere).and_then(|decoded| match self.more(asked, &decoded.value) {
                    Some(more) => decode(more),
                    None => Ok(decoded),
                });
                // There is one, even if nobody can tell what it says.
                let decoded = decoded.inspect_err(|_| _ = job.found.listed.insert(kind.name))?;
                let keys = &self.context.keys;
                let name = entry(&decoded.value, keys.metadata).and_then(|metadata| entry(metadata, keys.name));
                if reader.template && name.is_some_and(|name| name.as_str().is_none()) {
                    job.found.templates += 1;
                    return Ok(());
                }
                if let Some((key, line)) = decoded.doubled {
                    let file = &job.source.file;
                    job.note(format!("{file}:{line}: the key \"{key}\" is there twice; the last one counts"));
                }
                let place = Place::new(job.source.file.clone(), line, decoded.lines);
                let generated = || {
                    let metadata = document.entry(at, "metadata")?;
                    document.text(document.entry(metadata, "generateName")?).map(str::to_owned)
                };
                self.add(job, kind, decoded.value, Some(Arc::new(place)), b"", generated);
                Ok(())
            }
            Identity::List => {
                let items = document.entry(at, "items").and_then(|items| document.elements(items)).unwrap_or_default();
                if depth >= DEEPEST_LIST {
                    return Err(YamlError { line, detail: "lists inside of lists, too many of them".to_owned() });
                }
                job.found.listed.extend(listed_kind(&head));
                self.yaml_elements(job, reader, items, Some(&head), depth + 1);
                Ok(())
            }
            Identity::Foreign if job.source.facts && document.entry(at, "kubeletconfig").is_some() => {
                let value = document.decode(at, Projection::everything(), &self.memory.sharing)?.value;
                self.configz(job, value, line).map_err(|problem| YamlError { line, detail: problem.detail })
            }
            other => job.other(other, line).map_err(|problem| YamlError { line, detail: problem.detail }),
        }
    }
}

//! Objects in JSON.

use std::sync::Arc;

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::head::json_head;
use super::identity::{Identity, listed_kind};
use super::{DEEPEST_LIST, Decoder, Job, malformed};
use crate::collect::files::split::{Head, Problem};
use crate::collect::files::{json, lines};
use crate::expr::Value;
use crate::inventory::Place;
use crate::model::GapReason;

impl Decoder<'_> {
    // An object of its own. If it is broken, an object may begin on each of its lines: a file of JSON lines of which one is
    // cut off.
    pub(super) fn json_root(&self, job: &mut Job<'_>, text: &[u8], line: u32) {
        let Err(problem) = self.json(job, text, None, line, 0) else { return };
        job.problem(problem, text);
        let (mut start, mut at) = (0, line);
        for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
            let piece = &text[start..end];
            if start > 0
                && piece.starts_with(b"{")
                && let Err(problem) = self.json(job, piece, None, at, 0)
            {
                job.problem(problem, piece);
            }
            (start, at) = (end + 1, at.saturating_add(1));
        }
    }

    pub(super) fn json(
        &self,
        job: &mut Job<'_>,
        text: &[u8],
        list: Option<&Head>,
        line: u32,
        depth: usize,
    ) -> Result<(), Problem> {
        let broken = |error: serde_json::Error| json_problem(&error, line);
        let head = json_head(text).map_err(broken)?;
        match job.identify(&head, list) {
            Identity::Known(kind) => {
                if self.context.save {
                    let object = serde_json::from_slice(text).map_err(broken)?;
                    job.save(&head, kind, object);
                }
                let Some(asked) = self.context.wanted.get(kind.name) else { return Ok(()) };
                // Also if it cannot be decoded.
                job.found.listed.insert(kind.name);
                let mut projection = &asked.everywhere;
                let mut value = json::decode(text, projection, &self.memory).map_err(broken)?;
                if let Some(more) = self.more(asked, &value) {
                    projection = more;
                    value = json::decode(text, projection, &self.memory).map_err(broken)?;
                }
                let several = job.detailed && text.contains(&b'\n');
                let lines = if several { lines::lines(text, projection, line) } else { Vec::new() };
                // On the one line of a large dump every object stands at line 1, which tells nobody anything.
                let placed = !job.source.snapshot && (job.detailed || line > 1);
                let place = placed.then(|| Arc::new(Place::new(job.source.file.clone(), line, lines)));
                self.add(job, kind, value, place, text, || json_generate_name(text));
                Ok(())
            }
            Identity::List => {
                if depth >= DEEPEST_LIST {
                    return Err(malformed(line, "lists inside of lists, too many of them"));
                }
                let items: Items<'_> = serde_json::from_slice(text).map_err(broken)?;
                job.found.listed.extend(listed_kind(&head));
                let (mut counted, mut line) = (0, line);
                for item in items.items.unwrap_or_default() {
                    let item = item.get().as_bytes();
                    let offset = (item.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize).min(text.len());
                    let newlines = memchr::memchr_iter(b'\n', text.get(counted..offset).unwrap_or_default()).count();
                    (counted, line) = (offset, line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX)));
                    if let Err(problem) = self.json(job, item, Some(&head), line, depth + 1) {
                        job.problem(problem, item);
                    }
                }
                Ok(())
            }
            Identity::Foreign if job.source.facts && memmem::find(text, b"\"kubeletconfig\"").is_some() => {
                let value: Value = serde_json::from_slice(text).map_err(broken)?;
                self.configz(job, value, line)
            }
            other => {
                // The text may be anything, so nobody has looked yet whether it is well-formed.
                if matches!(other, Identity::Foreign) {
                    serde_json::from_slice::<IgnoredAny>(text).map_err(broken)?;
                }
                job.other(other, line)
            }
        }
    }
}

fn json_problem(error: &serde_json::Error, line: u32) -> Problem {
    let reason = if error.is_eof() { GapReason::Truncated } else { GapReason::Malformed };
    let below = u32::try_from(error.line().saturating_sub(1)).unwrap_or(u32::MAX);
    let text = error.to_string();
    // The line is ours to say: the decoder counts from the beginning of the object.
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    Problem { line: line.saturating_add(below), reason, detail: detail.to_owned() }
}

fn json_generate_name(text: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        generate_name: String,
    }
    serde_json::from_slice::<Object>(text).ok().map(|object| object.metadata.generate_name)
}

#[derive(serde::Deserialize)]
struct Items<'a> {
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

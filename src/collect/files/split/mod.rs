//! Cuts a stream into objects, without ever holding all of it: elements of `items` of a list, whole objects, YAML
//! documents. What is cut is decoded elsewhere, on other threads.

mod block;
mod json;
mod yaml;

use std::io::{self, Read};
use std::sync::Arc;

use self::block::BLOCK;
pub(super) use self::block::Pool;
use super::source::Source;
use crate::inventory::snapshot::Mark;
use crate::model::GapReason;

/// A larger object is nothing that an API server would hold (its own limit is 3 MiB).
const LARGEST_OBJECT: usize = 256 << 20;

/// How the text of a unit is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An element of a list.
    Json,
    /// A JSON text of its own.
    JsonRoot,
    /// A YAML document.
    Yaml,
    /// One or more elements of a YAML list.
    YamlItem,
}

/// One object, probably.
#[derive(Debug)]
pub(super) struct Unit {
    /// Where it stands in the bytes of its batch.
    pub(super) start: usize,
    /// Behind its last byte.
    pub(super) end: usize,
    /// Line of its first byte, from 1.
    pub(super) line: u32,
    /// How to read it.
    pub(super) form: Form,
    /// The list that it is an element of, as far as that is known by now.
    pub(super) list: Option<Arc<Head>>,
}

/// `apiVersion` and `kind`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// `group/version`, or the version alone.
    pub(super) api_version: Option<String>,
    /// Name of the kind.
    pub(super) kind: Option<String>,
}

/// A block of text with the objects that were found in it.
#[derive(Debug)]
pub(super) struct Batch {
    /// Batches are numbered in input order.
    pub(super) number: usize,
    /// What it was read from.
    pub(super) source: Arc<Source>,
    /// The text.
    pub(super) bytes: Vec<u8>,
    /// The objects.
    pub(super) units: Vec<Unit>,
    /// Values get lines of their own.
    pub(super) detailed: bool,
}

/// Takes blocks with what was found in them; their numbers are not given yet.
pub(super) type Emit<'a> = &'a mut dyn FnMut(Batch);

/// What is wrong at a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    /// Line, from 1.
    pub(super) line: u32,
    /// Class of the cause.
    pub(super) reason: GapReason,
    /// The cause in words.
    pub(super) detail: String,
}

/// What was learnt about a source while cutting it.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// What could not be cut.
    pub(super) problems: Vec<Problem>,
    /// `kind` of the last list that stated it only behind its items.
    pub(super) late: Option<Head>,
    /// Header and trailer of a snapshot.
    pub(super) marks: Vec<Mark>,
    /// The lists that were complete, each head once.
    pub(super) lists: Vec<Head>,
}

/// Why cutting ended early.
enum Stop {
    Io(io::Error),
    TooLarge,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

/// Cuts one source. See the module.
pub(super) struct Splitter<'a> {
    source: Arc<Source>,
    reader: &'a mut dyn Read,
    pool: &'a Pool,
    emit: Emit<'a>,
    block: Vec<u8>,
    // Bytes of the block that are text.
    filled: usize,
    // The next byte to look at.
    at: usize,
    // What stands from here on must stay in the block.
    keep: Option<usize>,
    // Line of the byte at `counted`.
    line: u32,
    counted: usize,
    ended: bool,
    // Bytes read.
    total: u64,
    units: Vec<Unit>,
    cut: Cut,
}

impl<'a> Splitter<'a> {
    /// Cuts `reader`, which is `source`, and hands blocks to `emit`.
    pub(super) fn run(source: Arc<Source>, reader: &'a mut dyn Read, pool: &'a Pool, emit: Emit<'a>) -> Cut {
        let mut splitter = Splitter {
            source,
            reader,
            pool,
            emit,
            block: pool.take(BLOCK),
            filled: 0,
            at: 0,
            keep: None,
            line: 1,
            counted: 0,
            ended: false,
            total: 0,
            units: Vec::new(),
            cut: Cut::default(),
        };
        if let Err(stop) = splitter.text() {
            let line = splitter.line_of(splitter.keep.unwrap_or(splitter.at));
            let (reason, detail) = match stop {
                Stop::Io(error) => (GapReason::Truncated, format!("cannot be read to its end: {error}")),
                Stop::TooLarge => {
                    (GapReason::Malformed, format!("an object is larger than {} MB", LARGEST_OBJECT >> 20))
                }
            };
            splitter.problem(line, reason, detail);
        }
        splitter.hand_on();
        splitter.pool.give(std::mem::take(&mut splitter.block));
        splitter.cut
    }

    fn text(&mut self) -> Result<(), Stop> {
        while self.filled < 4 && self.fill()? {}
        if self.block[..self.filled].starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        if self.is_json()? { self.json() } else { self.yaml() }
    }

    // JSON begins with a quoted key in braces. A map of YAML may begin so too, but nobody writes that; `{{` begins a
    // template of Helm.
    fn is_json(&mut self) -> Result<bool, Stop> {
        self.keep = Some(self.at);
        let mut opened = false;
        let json = loop {
            self.skip_space()?;
            match self.peek()? {
                Some(b'[') => opened = true,
                Some(b'{') => {
                    self.at += 1;
                    self.skip_space()?;
                    break matches!(self.peek()?, Some(b'"' | b'}') | None);
                }
                other => break opened && other == Some(b']'),
            }
            self.at += 1;
        };
        self.at = self.keep.take().unwrap_or_default();
        Ok(json)
    }

    fn unit(&mut self, start: usize, line: u32, form: Form, list: Option<Arc<Head>>) {
        self.units.push(Unit { start, end: self.at, line, form, list });
    }

    fn problem(&mut self, line: u32, reason: GapReason, detail: impl Into<String>) {
        // One is as telling as a million.
        if self.cut.problems.len() < 100 {
            self.cut.problems.push(Problem { line, reason, detail: detail.into() });
        }
    }
}

impl Head {
    /// Takes over `apiVersion: x` or `kind: x` at the margin of a YAML text.
    pub(super) fn note(&mut self, line: &[u8]) {
        let value = |line: &[u8]| {
            let text = std::str::from_utf8(line).ok()?;
            let text = text.split(" #").next()?.trim();
            let text = text.trim_matches(['"', '\'']);
            (!text.is_empty()).then(|| text.to_owned())
        };
        if let Some(rest) = line.strip_prefix(b"kind:") {
            self.kind = value(rest);
        } else if let Some(rest) = line.strip_prefix(b"apiVersion:") {
            self.api_version = value(rest);
        }
    }
}

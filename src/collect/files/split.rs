//! Cuts a stream into objects, without ever holding all of it: elements of `items` of a list, whole objects, YAML
//! documents. What is cut is decoded elsewhere, on other threads.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::scan::Scan;
use super::source::{DETAILED, Source};
use crate::inventory::snapshot::{self, Mark};
use crate::model::GapReason;

/// Text is read and handed on in blocks of this size; an object that is larger makes its block grow.
const BLOCK: usize = 1 << 20;

/// A larger object is nothing that an API server would hold (its own limit is 3 MiB).
const LARGEST_OBJECT: usize = 256 << 20;

/// A YAML document above this size is a dump: its list is cut at the lines that begin an item.
const LARGE_DOCUMENT: usize = 4 << 20;

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

/// Blocks that were used and can be used again: fresh memory costs more than the copy into it.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    fn take(&self, at_least: usize) -> Vec<u8> {
        let mut block = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if block.len() < at_least {
            block.resize(at_least, 0);
        }
        block
    }

    /// Gives a block back. Blocks that grew for one large object are not kept.
    pub(super) fn give(&self, block: Vec<u8>) {
        if block.len() <= 4 * BLOCK {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
    }
}

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

    // --- JSON

    // JSON texts one behind the other, with or without line breaks or `---` between them.
    fn json(&mut self) -> Result<(), Stop> {
        loop {
            self.skip_space()?;
            match self.peek()? {
                None => return Ok(()),
                Some(b'{') => self.root()?,
                Some(b'[') => {
                    self.elements(&Head::default())?;
                }
                Some(b'-') if self.follows(b"---")? => self.skip_line()?,
                Some(_) => {
                    let line = self.line_of(self.at);
                    self.problem(line, GapReason::Malformed, "expected a JSON object");
                    // The next line that begins an object is taken for the next object.
                    loop {
                        self.skip_line()?;
                        if matches!(self.peek()?, None | Some(b'{')) {
                            break;
                        }
                    }
                }
            }
        }
    }

    // An object that is no element: either a list, whose elements are cut, or a unit of its own.
    fn root(&mut self) -> Result<(), Stop> {
        let line = self.line_of(self.at);
        self.keep = Some(self.at);
        self.at += 1;
        let (mut head, mut list) = (Head::default(), false);
        loop {
            self.skip_space()?;
            match self.peek()? {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b'"') => {
                    let key = self.string()?;
                    self.skip_space()?;
                    if self.peek()? == Some(b':') {
                        self.at += 1;
                        self.skip_space()?;
                    }
                    match (key.as_deref(), self.peek()?) {
                        (Some("items"), Some(b'[')) => {
                            self.keep = None;
                            list = true;
                            if !self.elements(&head)? {
                                return Ok(());
                            }
                        }
                        (Some("apiVersion"), Some(b'"')) => head.api_version = self.string()?,
                        (Some("kind"), Some(b'"')) => head.kind = self.string()?,
                        (_, Some(_)) => self.skip_value()?,
                        (_, None) => {}
                    }
                }
                Some(_) if list => {
                    let line = self.line_of(self.at);
                    self.problem(line, GapReason::Malformed, "expected a key behind the items");
                    return self.skip_line();
                }
                // Not JSON, or the end: decoding will say what is wrong.
                Some(_) => {
                    self.at = self.keep.unwrap_or(self.at);
                    self.skip_value()?;
                    break;
                }
                None if list => {
                    let line = self.line_of(self.at);
                    self.problem(line, GapReason::Truncated, "ends before its list is closed");
                    return Ok(());
                }
                None => break,
            }
        }
        let start = self.keep.take();
        match start {
            Some(start) if snapshot::is_mark(head.api_version.as_deref()) => self.mark(start, line),
            Some(start) => self.unit(start, line, Form::JsonRoot, None),
            None => {
                if !self.cut.lists.contains(&head) {
                    self.cut.lists.push(head.clone());
                }
                self.cut.late = Some(head);
            }
        }
        Ok(())
    }

    fn mark(&mut self, start: usize, line: u32) {
        match Mark::parse(&self.block[start..self.at]) {
            Ok(mark) => {
                // Objects in front of a header are no part of the snapshot.
                self.hand_on();
                self.source = Arc::new(Source { snapshot: true, ..(*self.source).clone() });
                self.cut.marks.push(mark);
            }
            Err(detail) => self.problem(line, GapReason::Malformed, detail),
        }
    }

    // The elements of a list; whether it was closed.
    fn elements(&mut self, head: &Head) -> Result<bool, Stop> {
        let list = Some(Arc::new(head.clone()));
        self.at += 1;
        loop {
            self.skip_space()?;
            match self.peek()? {
                Some(b'{') => {
                    let line = self.line_of(self.at);
                    self.keep = Some(self.at);
                    let whole = self.skip_nested(b'{')?;
                    let start = self.keep.take().unwrap_or_default();
                    if !whole {
                        self.problem(line, GapReason::Truncated, "ends in the middle of an object");
                        return Ok(false);
                    }
                    self.unit(start, line, Form::Json, list.clone());
                }
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(_) => {
                    let line = self.line_of(self.at);
                    self.problem(line, GapReason::Malformed, "an element of the list is no object");
                    let before = self.at;
                    self.skip_value()?;
                    // A stray bracket is no value.
                    if self.at == before {
                        self.at += 1;
                    }
                }
                None => {
                    let line = self.line_of(self.at);
                    self.problem(line, GapReason::Truncated, "ends before its list is closed");
                    return Ok(false);
                }
            }
        }
    }

    fn skip_value(&mut self) -> Result<(), Stop> {
        match self.peek()? {
            Some(open @ (b'{' | b'[')) => _ = self.skip_nested(open)?,
            Some(b'"') => self.skip_string()?,
            _ => {
                while let Some(byte) = self.peek()? {
                    if matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') {
                        break;
                    }
                    self.at += 1;
                }
            }
        }
        Ok(())
    }

    // Whether the end was found.
    fn skip_nested(&mut self, open: u8) -> Result<bool, Stop> {
        let mut scan = Scan::new(open);
        loop {
            if let Some(length) = scan.advance(&self.block[self.at..self.filled]) {
                self.at += length;
                return Ok(true);
            }
            self.at = self.filled;
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    fn skip_string(&mut self) -> Result<(), Stop> {
        self.at += 1;
        loop {
            match memchr2(b'"', b'\\', &self.block[self.at..self.filled]) {
                Some(length) if self.block[self.at + length] == b'"' => {
                    self.at += length + 1;
                    return Ok(());
                }
                Some(length) => {
                    self.at += length + 1;
                    if self.peek()?.is_none() {
                        return Ok(());
                    }
                    self.at += 1;
                }
                None => {
                    self.at = self.filled;
                    if !self.fill()? {
                        return Ok(());
                    }
                }
            }
        }
    }

    // Reads a short string; none if it is no text.
    fn string(&mut self) -> Result<Option<String>, Stop> {
        let kept = self.keep;
        // A key behind the items: nothing else is kept then.
        let base = *self.keep.get_or_insert(self.at);
        let offset = self.at - base;
        self.skip_string()?;
        let start = self.keep.unwrap_or_default() + offset;
        let text = serde_json::from_slice(&self.block[start..self.at]).ok();
        if kept.is_none() {
            self.keep = None;
        }
        Ok(text)
    }

    // --- YAML

    // Documents, cut at the lines that YAML reserves for it wherever they stand.
    fn yaml(&mut self) -> Result<(), Stop> {
        self.keep = Some(self.at);
        let mut line = self.line_of(self.at);
        let mut checked = false;
        loop {
            if self.is_marker()? {
                self.document(line);
                // A document may begin on the line of its marker.
                line = self.line_of(self.at);
                self.keep = Some(self.at);
                if self.follows(b"...")? {
                    self.skip_line()?;
                    line = self.line_of(self.at);
                    self.keep = Some(self.at);
                } else {
                    self.skip_line()?;
                }
                checked = false;
            } else if self.peek()?.is_none() {
                self.document(line);
                return Ok(());
            } else {
                self.skip_line()?;
            }
            let start = self.keep.unwrap_or(self.at);
            if !checked && self.at - start > LARGE_DOCUMENT {
                checked = true;
                if self.large_list(start)? {
                    line = self.line_of(self.at);
                    self.keep = Some(self.at);
                    checked = false;
                }
            }
        }
    }

    fn is_marker(&mut self) -> Result<bool, Stop> {
        if !self.follows(b"---")? && !self.follows(b"...")? {
            return Ok(false);
        }
        Ok(self.block[self.at..self.filled].get(3).is_none_or(u8::is_ascii_whitespace))
    }

    fn document(&mut self, line: u32) {
        if let Some(start) = self.keep.take() {
            let text = &self.block[start..self.at];
            let blank = text.split(|byte| *byte == b'\n').all(|line| {
                let line = line.trim_ascii();
                line.is_empty() || line == b"---" || line.starts_with(b"#")
            });
            if !blank {
                self.unit(start, line, Form::Yaml, None);
            }
        }
    }

    // If the document that begins at `start` is a list in block style, cuts its items up to the end of the document.
    fn large_list(&mut self, start: usize) -> Result<bool, Stop> {
        let text = &self.block[start..self.at];
        let Some(items) = memmem::find_iter(text, b"\nitems:").map(|at| at + 1).find(|at| {
            let rest = &text[at + 6..];
            rest[..memchr(b'\n', rest).unwrap_or(rest.len())].trim_ascii().is_empty()
        }) else {
            return Ok(false);
        };
        let mut head = Head::default();
        text[..items].split(|byte| *byte == b'\n').for_each(|line| head.note(line));
        let early = head.kind.is_some();
        let list = Some(Arc::new(head.clone()));
        self.at = start + items;
        self.keep = None;
        self.skip_line()?;
        let mut item: Option<u32> = None;
        loop {
            let next = self.peek()?;
            // Nothing at the margin: the item goes on.
            if matches!(next, Some(b' ' | b'\n' | b'\r' | b'#')) {
                self.skip_line()?;
                continue;
            }
            if let (Some(line), Some(start)) = (item.take(), self.keep.take()) {
                self.unit(start, line, Form::YamlItem, list.clone());
            }
            if next.is_none() || self.is_marker()? {
                break;
            }
            let line = self.line_of(self.at);
            self.keep = Some(self.at);
            if next == Some(b'-') {
                item = Some(line);
                self.skip_line()?;
            } else {
                self.skip_line()?;
                let start = self.keep.take().unwrap_or_default();
                let text = &self.block[start..self.at];
                head.note(text);
            }
        }
        if !early {
            self.cut.late = Some(head);
        }
        Ok(true)
    }

    // --- Blocks

    fn unit(&mut self, start: usize, line: u32, form: Form, list: Option<Arc<Head>>) {
        self.units.push(Unit { start, end: self.at, line, form, list });
    }

    fn problem(&mut self, line: u32, reason: GapReason, detail: impl Into<String>) {
        // One is as telling as a million.
        if self.cut.problems.len() < 100 {
            self.cut.problems.push(Problem { line, reason, detail: detail.into() });
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Stop> {
        while self.at >= self.filled {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.block[self.at]))
    }

    fn follows(&mut self, text: &[u8]) -> Result<bool, Stop> {
        // One more than asked for: callers look at what comes behind.
        while self.filled - self.at <= text.len() {
            if !self.fill()? {
                break;
            }
        }
        Ok(self.block[self.at..self.filled].starts_with(text))
    }

    fn skip_space(&mut self) -> Result<(), Stop> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek()? {
            self.at += 1;
        }
        Ok(())
    }

    fn skip_line(&mut self) -> Result<(), Stop> {
        loop {
            if let Some(length) = memchr(b'\n', &self.block[self.at..self.filled]) {
                self.at += length + 1;
                return Ok(());
            }
            self.at = self.filled;
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    // Line of the byte at `at`, which must not be in front of what was asked for before.
    fn line_of(&mut self, at: usize) -> u32 {
        if at > self.counted {
            let lines = memchr_iter(b'\n', &self.block[self.counted..at]).count();
            self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.counted = at;
        }
        self.line
    }

    // Reads more text; false at its end.
    fn fill(&mut self) -> Result<bool, Stop> {
        if self.ended {
            return Ok(false);
        }
        if self.filled == self.block.len() {
            self.make_room()?;
        }
        loop {
            match self.reader.read(&mut self.block[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.filled += read;
                    self.total += read as u64;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error.into());
                }
            }
        }
    }

    fn make_room(&mut self) -> Result<(), Stop> {
        let keep = self.keep.unwrap_or(self.at);
        if self.units.is_empty() && keep < self.filled / 2 {
            if self.block.len() >= LARGEST_OBJECT {
                return Err(Stop::TooLarge);
            }
            self.block.resize(self.block.len() * 2, 0);
            return Ok(());
        }
        self.hand_on();
        Ok(())
    }

    // Hands the units on and goes on with a block that holds only what is still needed.
    fn hand_on(&mut self) {
        let keep = self.keep.unwrap_or(self.at);
        self.line_of(keep);
        let rest = self.filled - keep;
        if self.units.is_empty() {
            self.block.copy_within(keep..self.filled, 0);
        } else {
            let mut block = self.pool.take(BLOCK.max(rest * 2));
            block[..rest].copy_from_slice(&self.block[keep..self.filled]);
            (self.emit)(Batch {
                number: 0,
                source: self.source.clone(),
                bytes: std::mem::replace(&mut self.block, block),
                units: std::mem::take(&mut self.units),
                detailed: self.source.detailed && self.total <= DETAILED,
            });
        }
        self.counted -= keep;
        self.filled = rest;
        self.at -= keep;
        self.keep = self.keep.map(|_| 0);
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

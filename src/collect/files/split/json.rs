//! JSON: the elements of a list, and objects one behind the other.

use std::sync::Arc;

use memchr::memchr2;

use super::{Form, Head, Splitter, Stop};
use crate::collect::files::scan::Scan;
use crate::collect::files::source::Source;
use crate::inventory::snapshot::{self, Mark};
use crate::model::GapReason;

impl Splitter<'_> {
    // JSON texts one behind the other, with or without line breaks or `---` between them.
    pub(super) fn json(&mut self) -> Result<(), Stop> {
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
}

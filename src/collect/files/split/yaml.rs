//! YAML: documents, and the items of those that are large.

use std::sync::Arc;

use memchr::{memchr, memmem};

use super::{Form, Head, Splitter, Stop};

/// A YAML document above this size is a dump: its list is cut at the lines that begin an item.
const LARGE_DOCUMENT: usize = 4 << 20;

impl Splitter<'_> {
    // Documents, cut at the lines that YAML reserves for it wherever they stand.
    pub(super) fn yaml(&mut self) -> Result<(), Stop> {
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
        let Some((items, indent)) = memmem::find_iter(text, b"\nitems:").map(|at| at + 1).find_map(|at| {
            let rest = &text[at + 6..];
            let end = memchr(b'\n', rest).filter(|end| rest[..*end].trim_ascii().is_empty())?;
            Some((at, indent_of_items(&rest[end..])?))
        }) else {
            return Ok(false);
        };
        let dash = [" ".repeat(indent).as_bytes(), b"-"].concat();
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
            let begins = self.follows(&dash)?;
            // Nothing at the margin: the item goes on.
            if !begins && matches!(next, Some(b' ' | b'\n' | b'\r' | b'#')) {
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
            if begins {
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
}

// Spaces in front of the dashes of the list that `text` begins with; none if it begins with no list in block style.
fn indent_of_items(text: &[u8]) -> Option<usize> {
    let lines = text.split(|byte| *byte == b'\n');
    let first = lines.map(|line| (line, line.trim_ascii())).find(|(_, own)| !own.is_empty() && !own.starts_with(b"#"));
    let (line, own) = first?;
    let indent = line.iter().take_while(|byte| **byte == b' ').count();
    (own == b"-" || own.starts_with(b"- ")).then_some(indent)
}

//! Lines of the values of a JSON object, found in a second walk over its text: the decoder does not tell positions.

use super::scan::Scan;
use crate::expr::Projection;
use crate::expr::path::Step;
use crate::inventory::Place;

/// The line of every wanted value of the object `text`, which begins at `line`. The text is valid: it has been decoded.
pub(super) fn lines(text: &[u8], projection: &Projection, line: u32) -> Vec<(u64, u32)> {
    let mut walk = Walk { text, at: 0, line, lines: Vec::new() };
    walk.value(projection, 0);
    walk.lines
}

struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
    lines: Vec<(u64, u32)>,
}

impl Walk<'_> {
    fn value(&mut self, projection: &Projection, path: u64) {
        match self.next() {
            Some(b'{') => self.map(projection, path),
            Some(b'[') => self.list(projection, path),
            _ => self.skip(),
        }
    }

    fn map(&mut self, projection: &Projection, path: u64) {
        self.at += 1;
        while let Some(byte) = self.next() {
            match byte {
                b'"' => {
                    let (start, line) = (self.at, self.line);
                    self.string();
                    let key: Option<String> = serde_json::from_slice(&self.text[start..self.at]).ok();
                    if self.next() == Some(b':') {
                        self.at += 1;
                    }
                    match key.as_deref().and_then(|key| projection.entry(key)) {
                        Some((symbol, below)) => {
                            let path = Place::path_hash(path, &Step::Key(symbol));
                            self.lines.push((path, line));
                            self.value(below, path);
                        }
                        None => self.skip(),
                    }
                }
                b',' => self.at += 1,
                _ => break,
            }
        }
        self.at += 1;
    }

    fn list(&mut self, projection: &Projection, path: u64) {
        self.at += 1;
        let mut index = 0;
        while let Some(byte) = self.next() {
            match (byte, projection.element()) {
                (b']', _) => break,
                (b',', _) => self.at += 1,
                (_, Some(below)) => {
                    let path = Place::path_hash(path, &Step::Index(index));
                    self.lines.push((path, self.line));
                    self.value(below, path);
                    index += 1;
                }
                (_, None) => self.skip(),
            }
        }
        self.at += 1;
    }

    fn skip(&mut self) {
        match self.next() {
            Some(open @ (b'{' | b'[')) => {
                let rest = &self.text[self.at..];
                let length = Scan::new(open).advance(rest).unwrap_or(rest.len());
                let newlines = memchr::memchr_iter(b'\n', &rest[..length]).count();
                self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
                self.at += length;
            }
            Some(b'"') => self.string(),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                // At least one byte, so that a walk over anything comes to its end.
                self.at += rest.iter().position(ends).unwrap_or(rest.len()).max(1);
            }
        }
    }

    // Strings hold no line breaks.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
    }

    // The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                b'\n' => self.line = self.line.saturating_add(1),
                b' ' | b'\t' | b'\r' => {}
                byte => return Some(byte),
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::path::Path;

    #[test]
    fn every_wanted_value_has_its_line() {
        let text = "{\n \"skip\": [\n  {\"a\": \"}\\\"\"}\n ],\n \"spec\": {\n  \"list\": [\n   {\n    \"x\": 1 }, {\n    \"x\": 2}\n  ]\n }\n}";
        let mut projection = Projection::default();
        projection.add(&"spec.list[*].x".parse().unwrap());
        let place = Place::new("f".into(), 10, lines(text.as_bytes(), &projection, 10));
        let path: Path = "spec.list[*].x".parse().unwrap();
        let mut found = Vec::new();
        let value = crate::expr::Value::from(serde_json::from_str::<serde_json::Value>(text).unwrap());
        path.expand(&value, &mut |steps, _| found.push(place.locate(steps).line));
        assert_eq!(found, [17, 18]);
        let spec = Step::Key(crate::base::symbol::Symbol::new("spec"));
        assert_eq!(place.locate(&[spec]).line, 14);
    }
}

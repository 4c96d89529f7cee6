//! Lines of styled text that keep to the width of the terminal. All text is sanitised on its way in.

use std::io::{self, Write};

use comfy_table::{Cell, Table};

use crate::base::text::{sanitise, shorten, width};
use crate::model::{Severity, State};

/// The furthest that text on the right edge is moved from the text on the left.
const EDGE: usize = 140;
/// Columns that a wide column of a table must keep.
const READABLE: usize = 16;
/// Columns of labels.
const LABEL: usize = 11;

/// How text looks where colours are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// As the terminal writes.
    Plain,
    /// What is looked for first.
    Bold,
    /// What can be skipped.
    Dim,
    /// Failed.
    Red,
    /// Manual.
    Yellow,
    /// Passed.
    Green,
    /// Names.
    Cyan,
    /// White on red.
    Alarm,
}

impl Ink {
    /// Of a severity.
    pub fn of_severity(severity: Severity) -> Ink {
        match severity {
            Severity::Critical => Ink::Alarm,
            Severity::High => Ink::Red,
            Severity::Medium => Ink::Yellow,
            Severity::Low => Ink::Cyan,
        }
    }

    /// Of a result.
    pub fn of_state(state: State) -> Ink {
        match state {
            State::Failed => Ink::Red,
            State::Manual => Ink::Yellow,
            State::Passed => Ink::Green,
            State::NotRelevant => Ink::Dim,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Bold => "\u{1b}[1m",
            Ink::Dim => "\u{1b}[2m",
            Ink::Red => "\u{1b}[31m",
            Ink::Yellow => "\u{1b}[33m",
            Ink::Green => "\u{1b}[32m",
            Ink::Cyan => "\u{1b}[36m",
            Ink::Alarm => "\u{1b}[1;97;41m",
        }
    }
}

/// Styled text on its way to the page.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pieces: Vec<(Ink, String)>,
}

impl Line {
    /// Without text.
    pub fn new() -> Line {
        Line::default()
    }

    /// Adds text; what a terminal would obey is escaped.
    pub fn add(mut self, ink: Ink, text: &str) -> Line {
        self.pieces.push((ink, sanitise(text).into_owned()));
        self
    }

    /// Adds plain text.
    pub fn plain(self, text: &str) -> Line {
        self.add(Ink::Plain, text)
    }

    /// Adds text that can be skipped.
    pub fn dim(self, text: &str) -> Line {
        self.add(Ink::Dim, text)
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| width(text)).sum()
    }
}

/// Where a text may stand: columns of the first line, of the following ones, and how many lines.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Columns before the first line.
    pub indent: usize,
    /// Columns before the others.
    pub hanging: usize,
    /// How many lines at most.
    pub lines: usize,
}

/// The page being written.
pub struct Paper<'w> {
    out: &'w mut dyn Write,
    /// Columns.
    pub width: usize,
    /// Colours are on.
    pub colour: bool,
}

impl<'w> Paper<'w> {
    /// An empty one.
    pub fn new(out: &'w mut dyn Write, width: usize, colour: bool) -> Paper<'w> {
        // Narrower than this nothing can be read.
        Paper { out, width: width.max(40), colour }
    }

    /// An empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A table whose columns `wide` take what the others leave; where that is too little, every row becomes a paragraph
    /// with the cell of the first of them as its title.
    pub fn table(&mut self, table: &Table, wide: &[usize]) -> io::Result<()> {
        let needs = table.column_max_content_widths();
        let least = |(at, need): (usize, &u16)| {
            let need = usize::from(*need);
            if wide.contains(&at) { need.min(READABLE) } else { need }
        };
        let least: usize = needs.iter().enumerate().map(least).sum();
        if least + 2 * needs.len().saturating_sub(1) <= self.width {
            return table.lines().try_for_each(|line| writeln!(self.out, "{}", line.trim_end()));
        }
        let names: Vec<String> =
            table.header().into_iter().flat_map(|row| row.cell_iter()).map(Cell::content).collect();
        for row in table.row_iter() {
            let mut title = String::new();
            let mut rest = Vec::new();
            for (at, cell) in row.cell_iter().enumerate() {
                match names.get(at) {
                    _ if wide.first() == Some(&at) => title = cell.content(),
                    Some(name) if !cell.content().is_empty() => rest.push(format!("{name} {}", cell.content())),
                    _ => {}
                }
            }
            self.line(0, &Line::new().add(Ink::Bold, &title))?;
            self.line(2, &Line::new().plain(&rest.join(", ")))?;
        }
        Ok(())
    }

    /// A line that may take as many lines as it needs.
    pub fn line(&mut self, indent: usize, line: &Line) -> io::Result<()> {
        self.fit(Room { indent, hanging: indent + 2, lines: usize::MAX }, line)
    }

    /// Text behind a label, in one column with those of other labels.
    pub fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        let room = Room { indent: 0, hanging: LABEL, lines: usize::MAX };
        self.fit(room, &Line::new().add(Ink::Bold, &format!("{label:LABEL$}")).plain(text))
    }

    /// A heading and the lines below it.
    pub fn section(&mut self, title: &str, body: &str) -> io::Result<()> {
        self.line(0, &Line::new().add(Ink::Bold, title))?;
        for line in body.lines().filter(|line| !line.trim().is_empty()) {
            self.fit(Room { indent: 2, hanging: 2, lines: usize::MAX }, &Line::new().plain(line.trim()))?;
        }
        Ok(())
    }

    /// Text on the left and on the right edge; below each other if they do not fit beside each other.
    pub fn edges(&mut self, indent: usize, left: &Line, right: &Line) -> io::Result<()> {
        let used = indent + left.width() + right.width();
        // Further apart the eye loses the line.
        let edge = self.width.min(EDGE.max(used + 2));
        if used + 2 <= edge && right.width() > 0 {
            let mut line = left.clone().plain(&" ".repeat(edge - used));
            line.pieces.extend(right.pieces.iter().cloned());
            self.write_line(indent, &line.pieces)
        } else {
            self.fit(Room { indent, hanging: indent + 2, lines: 3 }, left)?;
            if right.width() > 0 {
                self.fit(Room { indent: indent + 2, hanging: indent + 4, lines: 2 }, right)
            } else {
                Ok(())
            }
        }
    }

    /// A rule across the page.
    pub fn stroke(&mut self) -> io::Result<()> {
        self.line(0, &Line::new().dim(&"─".repeat(self.width.min(EDGE))))
    }

    /// Wraps at spaces, or inside words that do not fit a line; what needs more lines than allowed ends in `...`.
    pub fn fit(&mut self, room: Room, line: &Line) -> io::Result<()> {
        let words = words(line, self.width.saturating_sub(room.hanging.max(room.indent)).max(8));
        // Columns from each word on, to know whether the rest fits the last line.
        let mut ahead: usize = words.iter().map(|(_, word)| width(word)).sum();
        let mut pieces: Vec<(Ink, String)> = Vec::new();
        let mut used = 0;
        let mut lines = 1;
        let mut indent = room.indent;
        for (ink, word) in words {
            let space = self.width.saturating_sub(indent).max(8);
            let needed = used + width(word.trim_end());
            if lines >= room.lines && used + ahead > space + 1 && needed + 3 > space {
                if used == 0 {
                    pieces.push((ink, shorten(&word, space).into_owned()));
                } else {
                    narrow(&mut pieces, space.saturating_sub(3));
                    pieces.push((Ink::Dim, "...".to_owned()));
                }
                return self.write_line(indent, &pieces);
            }
            if needed > space && used > 0 {
                self.write_line(indent, &pieces)?;
                pieces.clear();
                used = 0;
                lines += 1;
                indent = room.hanging;
            }
            ahead -= width(&word);
            if used == 0 && lines > 1 && word.trim().is_empty() {
                continue;
            }
            used += width(&word);
            match pieces.last_mut() {
                Some((last, text)) if *last == ink => text.push_str(&word),
                _ => pieces.push((ink, word)),
            }
        }
        self.write_line(indent, &pieces)
    }

    fn write_line(&mut self, indent: usize, pieces: &[(Ink, String)]) -> io::Result<()> {
        write!(self.out, "{:indent$}", "")?;
        let end = pieces.iter().rposition(|(ink, text)| *ink == Ink::Alarm || !text.trim_end().is_empty());
        let mut rest = pieces.get(..end.map_or(0, |end| end + 1)).unwrap_or(&[]).iter().peekable();
        while let Some((ink, text)) = rest.next() {
            let text = if rest.peek().is_none() && *ink != Ink::Alarm { text.trim_end() } else { text };
            match (self.colour, ink.code()) {
                (true, code) if !code.is_empty() => write!(self.out, "{code}{text}\u{1b}[0m")?,
                _ => write!(self.out, "{text}")?,
            }
        }
        writeln!(self.out)
    }
}

// Takes away from the end what does not fit, and spaces.
fn narrow(pieces: &mut Vec<(Ink, String)>, columns: usize) {
    let mut used: usize = pieces.iter().map(|(_, text)| width(text)).sum();
    while let Some((_, text)) = pieces.last_mut() {
        if used <= columns && !text.ends_with(' ') && !text.is_empty() {
            return;
        }
        let before = width(text);
        if text.pop().is_none() {
            pieces.pop();
            continue;
        }
        used -= before - width(text);
    }
}

// Words with the spaces behind them, none wider than `widest`.
fn words(line: &Line, widest: usize) -> Vec<(Ink, String)> {
    let mut out: Vec<(Ink, String)> = Vec::new();
    for (ink, text) in &line.pieces {
        for word in text.split_inclusive(' ') {
            let mut rest = word;
            while width(rest.trim_end()) > widest {
                let end = cut(rest, widest);
                out.push((*ink, rest.get(..end).unwrap_or_default().to_owned()));
                rest = rest.get(end..).unwrap_or_default();
            }
            if !rest.is_empty() {
                out.push((*ink, rest.to_owned()));
            }
        }
    }
    out
}

// Where to cut a word that is wider than `widest`: behind a mark in its second half, else at the edge.
fn cut(word: &str, widest: usize) -> usize {
    let mut used = 0;
    let mut edge = 0;
    let mut mark = 0;
    for (at, c) in word.char_indices() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > widest {
            break;
        }
        edge = at + c.len_utf8();
        if matches!(c, '.' | '/' | ',' | '-') && used > widest / 2 {
            mark = edge;
        }
    }
    // One character at least, or there would be no end.
    let first = word.chars().next().map_or(0, char::len_utf8);
    if mark > 0 { mark } else { edge.max(first) }
}

#[cfg(test)]
mod tests {
    use super::{Ink, Line, Paper, Room};

    fn fit(width: usize, lines: usize, text: &str) -> String {
        let mut out = Vec::new();
        let room = Room { indent: 0, hanging: 2, lines };
        Paper::new(&mut out, width, false).fit(room, &Line::new().plain(text)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn wraps_and_marks_cuts() {
        let text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
        assert_eq!(
            fit(40, 9, text),
            "one two three four five six seven eight\n  nine ten eleven twelve thirteen\n  fourteen\n"
        );
        assert_eq!(fit(40, 1, text), "one two three four five six seven...\n");
        let path = "spec.template.spec.containers[0].securityContext.capabilities.add";
        assert_eq!(fit(40, 9, path), "spec.template.spec.containers[0].\n  securityContext.capabilities.add\n");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 80, 200] {
            for text in ["x".repeat(10_000), "宽".repeat(500), "a ".repeat(500), "\u{1b}".repeat(300)] {
                for line in fit(width, 5, &text).lines() {
                    assert!(crate::base::text::width(line) <= width, "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn escapes_are_only_its_own() {
        let mut out = Vec::new();
        let line = Line::new().add(Ink::Red, "a\u{1b}[2Jb");
        Paper::new(&mut out, 80, true).line(0, &line).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\u{1b}[31ma\\u{1b}[2Jb\u{1b}[0m\n");
    }
}

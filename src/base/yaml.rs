//! YAML that people write for spm (rules, waivers, settings) as a tree with places, so that every fault can be pointed at.
//!
//! A small, strict YAML: one document, no aliases (no bombs), bounded size and depth, unique keys. Manifests and dumps
//! are read elsewhere, with all of YAML.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::diagnostic::{Diagnostic, Place};

/// Files above this size are refused, in bytes.
pub const MAX_SIZE: usize = 1 << 20;
const MAX_DEPTH: usize = 48;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub data: Data,
}

/// The content of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Text, number, boolean or null: as written. Plain (unquoted) scalars resolve by the YAML 1.2 core schema.
    Scalar {
        /// The text without quotes.
        text: String,
        /// Not quoted.
        plain: bool,
    },
    /// List.
    List(Vec<Node>),
    /// Map in file order, with the places of the keys.
    Map(Vec<(Key, Node)>),
}

/// A key with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it begins.
    pub place: Place,
    /// The key.
    pub text: String,
}

/// A scalar resolved by the YAML 1.2 core schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// `null`, `~`, nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Other number.
    Float(f64),
    /// Text.
    Str(&'a str),
}

impl Node {
    /// The resolved scalar; none for lists and maps.
    pub fn scalar(&self) -> Option<Scalar<'_>> {
        let Data::Scalar { text, plain } = &self.data else { return None };
        if !plain {
            return Some(Scalar::Str(text));
        }
        Some(match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            text => {
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                let number = digits.chars().next().is_some_and(|c| c.is_ascii_digit() || c == '.')
                    && digits.chars().any(|c| c.is_ascii_digit());
                // A leading zero is how file modes are written; it stays text rather than becoming another number.
                let zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
                match (number && !zero).then(|| (text.parse::<i64>(), text.parse::<f64>())) {
                    Some((Ok(n), _)) => Scalar::Int(n),
                    Some((_, Ok(n))) if n.is_finite() => Scalar::Float(n),
                    _ => Scalar::Str(text),
                }
            }
        })
    }

    /// The text of a scalar as written.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn list(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map.
    pub fn map(&self) -> Option<&[(Key, Node)]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry `key` of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|(k, _)| k.text == key).map(|(_, node)| node)
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Scalar { .. } => match self.scalar() {
                Some(Scalar::Bool(_)) => "a boolean",
                Some(Scalar::Int(_) | Scalar::Float(_)) => "a number",
                Some(Scalar::Null) => "nothing",
                _ => "text",
            },
        }
    }

    /// The same as plain JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.data {
            Data::List(items) => items.iter().map(Node::to_json).collect(),
            Data::Map(entries) => entries.iter().map(|(k, v)| (k.text.clone(), v.to_json())).collect(),
            Data::Scalar { .. } => match self.scalar() {
                Some(Scalar::Bool(b)) => b.into(),
                Some(Scalar::Int(n)) => n.into(),
                Some(Scalar::Float(n)) => n.into(),
                Some(Scalar::Str(s)) => s.into(),
                Some(Scalar::Null) | None => serde_json::Value::Null,
            },
        }
    }
}

/// Parses the one document of a file.
///
/// # Errors
/// The first fault of the YAML itself; nothing behind it can be trusted.
pub fn parse(file: &str, text: &str) -> Result<Node, Diagnostic> {
    let fault = |place: Place, message: String, help: Option<&str>| Diagnostic {
        file: file.to_owned(),
        place,
        message,
        help: help.map(str::to_owned),
    };
    if text.len() > MAX_SIZE {
        let message = format!("the file has {} bytes", text.len());
        return Err(fault(Place { line: 1, column: 1 }, message, Some("at most 1 MiB is read; split it")));
    }
    let mut reader = Reader { parser: Parser::new_from_str(text), fault: &fault };
    let mut root = None;
    loop {
        let (event, place) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            _ if root.is_some() => {
                return Err(fault(place, "a second document begins here".into(), Some("one document per file")));
            }
            event => root = Some(reader.node(event, place, 0)?),
        }
    }
    root.ok_or_else(|| fault(Place { line: 1, column: 1 }, "the file is empty".into(), None))
}

struct Reader<'a, F> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    fault: &'a F,
}

impl<'a, F: Fn(Place, String, Option<&str>) -> Diagnostic> Reader<'a, F> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Diagnostic> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, place(span))),
            Some(Err(error)) => {
                let marker = error.marker();
                let place = Place { line: number(marker.line()), column: number(marker.col() + 1) };
                Err((self.fault)(place, format!("not YAML: {}", error.info()), None))
            }
            None => Ok((Event::StreamEnd, Place::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Node, Diagnostic> {
        if depth > MAX_DEPTH {
            let help = format!("at most {MAX_DEPTH} levels");
            return Err((self.fault)(place, "nested too deeply".into(), Some(&help)));
        }
        let data = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_features(place, anchor, tag.is_some())?;
                Data::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain_features(place, anchor, tag.is_some())?;
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break Data::List(items),
                        (event, place) => items.push(self.node(event, place, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(anchor, tag) => {
                self.plain_features(place, anchor, tag.is_some())?;
                let mut entries: Vec<(Key, Node)> = Vec::new();
                let mut known = HashSet::new();
                loop {
                    let key = match self.next()? {
                        (Event::MappingEnd, _) => break Data::Map(entries),
                        (Event::Scalar(text, ..), place) => Key { place, text: text.into_owned() },
                        (_, place) => return Err((self.fault)(place, "a key must be text".into(), None)),
                    };
                    if !known.insert(key.text.clone()) {
                        let message = format!("the key \"{}\" stands here twice", key.text);
                        return Err((self.fault)(key.place, message, Some("remove one of them")));
                    }
                    let (event, place) = self.next()?;
                    let node = self.node(event, place, depth + 1)?;
                    entries.push((key, node));
                }
            }
            Event::Alias(_) => {
                return Err((self.fault)(place, "aliases are not read here".into(), Some("write the value out")));
            }
            _ => return Err((self.fault)(place, "a value is missing".into(), None)),
        };
        Ok(Node { place, data })
    }

    fn plain_features(&self, place: Place, anchor: usize, tag: bool) -> Result<(), Diagnostic> {
        if anchor > 0 {
            return Err((self.fault)(place, "anchors are not read here".into(), Some("write the value out")));
        }
        if tag {
            return Err((self.fault)(place, "tags are not read here".into(), Some("quote the value to make it text")));
        }
        Ok(())
    }
}

fn place(span: Span) -> Place {
    Place { line: number(span.start.line()), column: number(span.start.col() + 1) }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse("f.yaml", text).unwrap_err().to_string()
    }

    #[test]
    fn keeps_places_and_spelling() {
        let node = parse("f.yaml", "id: 1.10\nmode: 0600\nlist:\n  - true\n  - \"true\"\n").unwrap();
        assert_eq!(node.get("id").and_then(Node::text), Some("1.10"));
        assert_eq!(node.get("mode").and_then(Node::scalar), Some(Scalar::Str("0600")));
        let list = node.get("list").and_then(Node::list).unwrap();
        assert_eq!(list[0].scalar(), Some(Scalar::Bool(true)));
        assert_eq!(list[1].scalar(), Some(Scalar::Str("true")));
        assert_eq!(list[1].place, Place { line: 5, column: 5 });
    }

    #[test]
    fn refuses_bombs_and_surprises() {
        assert_eq!(fault("a: &x [1]\nb: *x"), "f.yaml:1:4: anchors are not read here (write the value out)");
        assert_eq!(fault("a: 1\na: 2"), "f.yaml:2:1: the key \"a\" stands here twice (remove one of them)");
        assert_eq!(fault("a: 1\n---\nb: 1"), "f.yaml:3:1: a second document begins here (one document per file)");
        assert!(fault(&"[".repeat(100)).contains("nested too deeply"));
        assert!(fault(&format!("a: {}", "x".repeat(MAX_SIZE))).contains("at most 1 MiB"));
        assert!(fault("a: [1").starts_with("f.yaml:"));
        assert_eq!(fault(""), "f.yaml:1:1: the file is empty");
    }
}

//! Paths into values: `a.b`, `a['quoted.key']`, `a[key=value]`, `a[*]`.

use std::fmt;
use std::str::FromStr;

use super::Value;
use crate::base::symbol::Symbol;
use crate::model::Text;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Entry of a map.
    Key(Symbol),
    /// The one element of a list of maps whose `key` is `value`.
    Select {
        /// Key inside the element.
        key: Symbol,
        /// Its text.
        value: Text,
    },
    /// Every element of a list, or every value of a map.
    Any,
}

/// A parsed path. At least one segment, unless it is the root `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Path {
    /// The steps.
    pub segments: Vec<Segment>,
}

/// What is wrong with a path, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {at} of \"{path}\"")]
pub struct PathError {
    /// The path.
    pub path: String,
    /// Character, from 1.
    pub at: usize,
    /// What was expected.
    pub message: &'static str,
}

/// What a path without wildcards leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'v> {
    /// A value (null is one).
    Value(&'v Value),
    /// Nothing there.
    Absent,
    /// Nobody knows, for this reason.
    Unknown(Text),
}

impl Path {
    /// A path of plain keys.
    pub fn keys(keys: &[&str]) -> Path {
        Path { segments: keys.iter().map(|k| Segment::Key(Symbol::new(k))).collect() }
    }

    /// Steps through lists or maps as a whole.
    pub fn has_wildcard(&self) -> bool {
        self.segments.contains(&Segment::Any)
    }

    /// `self` followed by `rest`.
    pub fn join(&self, rest: &Path) -> Path {
        Path { segments: self.segments.iter().chain(&rest.segments).cloned().collect() }
    }

    /// The path of the elements: the same if it leads to many values, else those of the list or map that it leads to.
    pub fn of_elements(&self) -> Path {
        if self.has_wildcard() { self.clone() } else { self.join(&Path { segments: vec![Segment::Any] }) }
    }

    /// Follows the path, which must not have wildcards (those are absent). Through null leads to nothing; through text or
    /// a number leads nowhere that anybody could know.
    pub fn find<'v>(&self, root: &'v Value) -> Found<'v> {
        let mut value = root;
        for segment in &self.segments {
            match step(value, segment) {
                Found::Value(next) => value = next,
                other => return other,
            }
        }
        match value {
            Value::Unknown(why) => Found::Unknown(why.clone()),
            value => Found::Value(value),
        }
    }

    /// Follows a path that may have wildcards; calls `visit` with the concrete path and what is there. Where a wildcard
    /// meets nothing (absent or null), nothing is visited; where it meets what is neither list nor map, Unknown is.
    pub fn expand<'v>(&self, root: &'v Value, visit: &mut dyn FnMut(&[Step], Found<'v>)) {
        let mut steps = Vec::with_capacity(self.segments.len());
        expand(root, &self.segments, &mut steps, visit);
    }
}

/// One step of a concrete path: where a wildcard or selection actually led.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Entry of a map.
    Key(Symbol),
    /// Element of a list, from 0.
    Index(usize),
}

/// A concrete path.
pub type Steps = Vec<Step>;

/// Follows one segment that is not a wildcard.
pub fn step<'v>(value: &'v Value, segment: &Segment) -> Found<'v> {
    match (value, segment) {
        (Value::Unknown(why), _) => Found::Unknown(why.clone()),
        (Value::Null, _) => Found::Absent,
        (Value::Map(map), Segment::Key(key)) => map.get(*key).map_or(Found::Absent, Found::Value),
        (Value::List(items), Segment::Select { key, value }) => {
            // The first that has the value counts, and an element that was not read may be it.
            let mut unknown = None;
            for item in items.iter() {
                let found = match item {
                    Value::Map(map) => match map.get(*key) {
                        Some(Value::Str(text)) => text == value,
                        Some(Value::Unknown(why)) => {
                            unknown.get_or_insert_with(|| why.clone());
                            false
                        }
                        Some(other) => other.to_json(64) == **value,
                        None => false,
                    },
                    Value::Unknown(why) => {
                        unknown.get_or_insert_with(|| why.clone());
                        false
                    }
                    _ => false,
                };
                if found {
                    return unknown.map_or(Found::Value(item), Found::Unknown);
                }
            }
            unknown.map_or(Found::Absent, Found::Unknown)
        }
        (other, Segment::Key(key)) => {
            Found::Unknown(format!("expected a map with \"{key}\", found {}", other.kind()).into())
        }
        (other, Segment::Select { .. }) => {
            Found::Unknown(format!("expected a list to select from, found {}", other.kind()).into())
        }
        (_, Segment::Any) => Found::Absent,
    }
}

fn expand<'v>(value: &'v Value, rest: &[Segment], steps: &mut Steps, visit: &mut dyn FnMut(&[Step], Found<'v>)) {
    let Some((segment, rest)) = rest.split_first() else {
        return match value {
            Value::Unknown(why) => visit(steps, Found::Unknown(why.clone())),
            value => visit(steps, Found::Value(value)),
        };
    };
    match (segment, value) {
        (Segment::Any, Value::Null) => {}
        (Segment::Any, Value::List(items)) => {
            for (at, item) in items.iter().enumerate() {
                steps.push(Step::Index(at));
                expand(item, rest, steps, visit);
                steps.pop();
            }
        }
        (Segment::Any, Value::Map(map)) => {
            for (key, item) in map.iter() {
                steps.push(Step::Key(key));
                expand(item, rest, steps, visit);
                steps.pop();
            }
        }
        (Segment::Any, Value::Unknown(why)) => visit(steps, Found::Unknown(why.clone())),
        (Segment::Any, other) => {
            visit(steps, Found::Unknown(format!("expected a list, found {}", other.kind()).into()));
        }
        (segment, value) => match step(value, segment) {
            Found::Value(next) => {
                steps.push(concrete(value, segment, next));
                expand(next, rest, steps, visit);
                steps.pop();
            }
            // Nothing there: a wildcard further down has nothing to visit either.
            Found::Absent if rest.contains(&Segment::Any) => {}
            other => {
                let length = steps.len();
                steps.push(place(segment));
                steps.extend(rest.iter().map(place));
                visit(steps, other);
                steps.truncate(length);
            }
        },
    }
}

fn place(segment: &Segment) -> Step {
    match segment {
        Segment::Key(key) => Step::Key(*key),
        Segment::Select { value, .. } => Step::Key(Symbol::new(value)),
        Segment::Any => Step::Index(0),
    }
}

fn concrete(parent: &Value, segment: &Segment, child: &Value) -> Step {
    match (parent, segment) {
        (Value::List(items), _) => Step::Index(items.iter().position(|item| std::ptr::eq(item, child)).unwrap_or(0)),
        (_, segment) => place(segment),
    }
}

/// Writes steps as a path: `spec.containers[0].name`, `metadata.labels['a.b/c']`.
pub fn write_steps(steps: &[Step], out: &mut String) {
    for step in steps {
        match step {
            Step::Index(at) => out.push_str(&format!("[{at}]")),
            Step::Key(key) => write_key(key.as_str(), out),
        }
    }
}

fn write_key(key: &str, out: &mut String) {
    if is_plain(key) {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(key);
    } else {
        out.push_str("['");
        out.push_str(&key.replace('\\', "\\\\").replace('\'', "\\'"));
        out.push_str("']");
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(is_plain_char)
}

fn is_plain_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | ':' | '/' | '@')
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Path, PathError> {
        let chars: Vec<char> = text.chars().collect();
        let error = |at: usize, message| PathError { path: text.to_owned(), at: at + 1, message };
        if text == "." {
            return Ok(Path::default());
        }
        let mut segments = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            match chars[at] {
                '[' => {
                    let start = at + 1;
                    if chars.get(start) == Some(&'*') {
                        if chars.get(start + 1) != Some(&']') {
                            return Err(error(start + 1, "expected \"]\""));
                        }
                        segments.push(Segment::Any);
                        at = start + 2;
                    } else if let Some(quote @ ('\'' | '"')) = chars.get(start).copied() {
                        let (key, end) =
                            quoted(&chars, start + 1, quote).ok_or_else(|| error(start, "quote is not closed"))?;
                        if chars.get(end) != Some(&']') {
                            return Err(error(end, "expected \"]\""));
                        }
                        segments.push(Segment::Key(Symbol::new(&key)));
                        at = end + 1;
                    } else {
                        let equals = (start..chars.len())
                            .find(|&i| matches!(chars[i], '=' | ']'))
                            .filter(|&i| chars[i] == '=')
                            .ok_or_else(|| error(start, "expected [*], ['key'] or [key=value]"))?;
                        let key: String = chars[start..equals].iter().collect();
                        if !is_plain(&key) {
                            return Err(error(start, "expected a key before \"=\""));
                        }
                        let (value, end) = match chars.get(equals + 1).copied() {
                            Some(quote @ ('\'' | '"')) => quoted(&chars, equals + 2, quote)
                                .ok_or_else(|| error(equals + 1, "quote is not closed"))?,
                            _ => {
                                let end = (equals + 1..chars.len()).find(|&i| chars[i] == ']').unwrap_or(chars.len());
                                (chars[equals + 1..end].iter().collect(), end)
                            }
                        };
                        if chars.get(end) != Some(&']') {
                            return Err(error(end, "expected \"]\""));
                        }
                        if value.is_empty() {
                            return Err(error(equals + 1, "expected a value after \"=\""));
                        }
                        segments.push(Segment::Select { key: Symbol::new(&key), value: value.into() });
                        at = end + 1;
                    }
                    if at < chars.len() && !matches!(chars[at], '.' | '[') {
                        return Err(error(at, "expected \".\" or \"[\""));
                    }
                }
                '.' if segments.is_empty() => return Err(error(at, "a path begins with a key")),
                '.' => {
                    at += 1;
                    if !chars.get(at).copied().is_some_and(is_plain_char) {
                        return Err(error(at, "expected a key"));
                    }
                }
                c if is_plain_char(c) => {
                    let end = (at..chars.len()).find(|&i| !is_plain_char(chars[i])).unwrap_or(chars.len());
                    let key: String = chars[at..end].iter().collect();
                    segments.push(Segment::Key(Symbol::new(&key)));
                    at = end;
                    if at < chars.len() && !matches!(chars[at], '.' | '[') {
                        return Err(error(at, "expected \".\" or \"[\"; other characters need quotes: ['...']"));
                    }
                }
                _ => return Err(error(at, "expected a key; other characters need quotes: ['...']")),
            }
        }
        if segments.is_empty() {
            return Err(error(0, "a path begins with a key"));
        }
        Ok(Path { segments })
    }
}

// The quoted text from `at` on and the position behind the closing quote.
fn quoted(chars: &[char], at: usize, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = at;
    loop {
        match *chars.get(at)? {
            '\\' => {
                text.push(*chars.get(at + 1)?);
                at += 2;
            }
            c if c == quote => return Some((text, at + 1)),
            c => {
                text.push(c);
                at += 1;
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str(".");
        }
        let mut out = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Key(key) => write_key(key.as_str(), &mut out),
                Segment::Select { key, value } if !value.contains([']', '\'', '"', '\\']) => {
                    out.push_str(&format!("[{key}={value}]"));
                }
                Segment::Select { key, value } => {
                    out.push_str(&format!("[{key}='{}']", value.replace('\\', "\\\\").replace('\'', "\\'")));
                }
                Segment::Any => out.push_str("[*]"),
            }
        }
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: serde_json::Value) -> Value {
        Value::from(json)
    }

    fn find(path: &str, json: serde_json::Value) -> String {
        match path.parse::<Path>().unwrap().find(&value(json)) {
            Found::Value(v) => v.to_json(100),
            Found::Absent => "absent".to_owned(),
            Found::Unknown(why) => format!("unknown: {why}"),
        }
    }

    #[test]
    fn follows_keys_quotes_and_selections() {
        let json =
            serde_json::json!({"a": {"b": 1, "x.y/z": true}, "l": [{"key": "k", "value": 7}], "n": null, "e": ""});
        assert_eq!(find("a.b", json.clone()), "1");
        assert_eq!(find("a['x.y/z']", json.clone()), "true");
        assert_eq!(find("l[key=k].value", json.clone()), "7");
        assert_eq!(find("l[key=other].value", json.clone()), "absent");
        assert_eq!(find("n", json.clone()), "null");
        assert_eq!(find("n.deeper", json.clone()), "absent");
        assert_eq!(find("e", json.clone()), "\"\"");
        assert_eq!(find("a.missing.deeper", json.clone()), "absent");
        assert_eq!(find("a.b.c", json), "unknown: expected a map with \"c\", found a number");
    }

    #[test]
    fn an_element_that_was_not_read_may_be_the_selected_one() {
        let element = |key: Value| Value::map([("key", key), ("value", Value::Int(7))]);
        let (known, unread) = (|| element(Value::str("k")), || element(Value::unknown("masked")));
        for (items, expected) in [
            (vec![unread(), known()], "unknown: masked"),
            (vec![Value::unknown("masked"), known()], "unknown: masked"),
            (vec![known(), unread()], "7"),
            (vec![element(Value::str("other")), known()], "7"),
            (vec![element(Value::str("other")), unread()], "unknown: masked"),
        ] {
            let value = Value::map([("l", Value::list(items))]);
            let found = match "l[key=k].value".parse::<Path>().unwrap().find(&value) {
                Found::Value(value) => value.to_json(100),
                Found::Absent => "absent".to_owned(),
                Found::Unknown(why) => format!("unknown: {why}"),
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn wildcards_visit_with_concrete_paths() {
        let json = value(serde_json::json!({"c": [{"n": "x", "p": [{"h": 1}]}, {"n": "y"}, {"p": [{}]}]}));
        let mut seen = Vec::new();
        "c[*].p[*].h".parse::<Path>().unwrap().expand(&json, &mut |steps, found| {
            let mut path = String::new();
            write_steps(steps, &mut path);
            seen.push((path, matches!(found, Found::Value(_))));
        });
        assert_eq!(seen, [("c[0].p[0].h".to_owned(), true), ("c[2].p[0].h".to_owned(), false)]);
    }

    #[test]
    fn paths_print_as_they_parse() {
        for text in ["a.b[*].c", "metadata.labels['a.b c']", "l[key=Security.X].value", "a['it\\'s']", "."] {
            let path: Path = text.parse().unwrap();
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, message) in [
            ("", "a path begins with a key at character 1 of \"\""),
            ("a..b", "expected a key at character 3 of \"a..b\""),
            ("a[", "expected [*], ['key'] or [key=value] at character 3 of \"a[\""),
            ("a['x", "quote is not closed at character 3 of \"a['x\""),
            ("a[0]", "expected [*], ['key'] or [key=value] at character 3 of \"a[0]\""),
            ("a[k=]", "expected a value after \"=\" at character 5 of \"a[k=]\""),
            ("a b", "expected \".\" or \"[\"; other characters need quotes: ['...'] at character 2 of \"a b\""),
        ] {
            assert_eq!(text.parse::<Path>().unwrap_err().to_string(), message);
        }
    }
}

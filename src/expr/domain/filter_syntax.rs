//! The syntax of CloudWatch metric filters on JSON events: `{ ($.a = "x") && (($.b != y) || ($.c NOT EXISTS)) }`.

use regex::{Regex, RegexBuilder};

use super::wildcard::covers;

/// What a filter asks of an event.
#[derive(Debug)]
pub enum Filter {
    /// Every part holds.
    All(Vec<Filter>),
    /// Some part holds.
    Any(Vec<Filter>),
    /// One comparison.
    Clause(Clause),
}

/// One comparison.
#[derive(Debug)]
pub struct Clause {
    /// The field, without the leading `$.`.
    pub field: String,
    /// What is asked of it.
    pub test: Test,
}

/// What is asked of a field.
#[derive(Debug)]
pub enum Test {
    /// Text with wildcards, or a number as written.
    Equals(String),
    /// Anything but that.
    NotEquals(String),
    /// Text in which this is found (`%...%`).
    Matches(Regex),
    /// A comparison of numbers; its truth is never assumed.
    Compares,
    /// `IS NULL`, `IS TRUE`, `IS FALSE`.
    Is(Constant),
    /// `NOT EXISTS`.
    Missing,
}

/// A constant of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant {
    /// null.
    Null,
    /// true.
    True,
    /// false.
    False,
}

/// Reads a filter.
///
/// # Errors
/// What was expected, and at which character (from 1).
pub fn parse(pattern: &str) -> Result<Filter, String> {
    let text = pattern.trim();
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let Some(inner) = inner else {
        return Err("not in the syntax for JSON events, which stands in braces".to_owned());
    };
    let mut parser = Parser { text: inner, at: 0, depth: 0 };
    let filter = parser.any()?;
    parser.space();
    if parser.at < inner.len() {
        return Err(parser.expected("&& or ||"));
    }
    Ok(filter)
}

/// The spelling of a field that does not depend on quotes: `$.a['b c'][0]` is `a.b c[0]`. None if it is no field.
pub fn field(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix('$')?;
    let mut out = String::new();
    while !rest.is_empty() {
        if let Some(key) = rest.strip_prefix('.') {
            let end = key.find(['.', '[']).unwrap_or(key.len());
            let (name, behind) = key.split_at(end);
            // `$.['a']` and `$.` are no fields of their own.
            if name.is_empty() && !behind.starts_with('[') {
                return None;
            }
            push(&mut out, name);
            rest = behind;
        } else {
            let (key, behind) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = ['\'', '"'].iter().find_map(|quote| key.strip_prefix(*quote)?.strip_suffix(*quote));
            match quoted {
                Some(name) => push(&mut out, name),
                None if !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit() || b == b'*') => {
                    out.push_str(&format!("[{key}]"));
                }
                None => return None,
            }
            rest = behind;
        }
    }
    (!out.is_empty()).then_some(out)
}

fn push(out: &mut String, name: &str) {
    if !out.is_empty() && !name.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

/// Parentheses in parentheses.
const MAX_DEPTH: usize = 60;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn word(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest.get(word.len()..).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        if found {
            self.at += word.len();
        }
        found
    }

    fn expected(&self, what: &str) -> String {
        // The brace before stands at the first character.
        format!("expected {what} at character {}", self.text.get(..self.at).unwrap_or_default().chars().count() + 2)
    }

    fn any(&mut self) -> Result<Filter, String> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.take("||") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Filter::Any))
    }

    // `&&` binds more tightly than `||`.
    fn all(&mut self) -> Result<Filter, String> {
        let first = self.part()?;
        let mut parts = vec![first];
        while self.take("&&") {
            parts.push(self.part()?);
        }
        Ok(single(parts, Filter::All))
    }

    fn part(&mut self) -> Result<Filter, String> {
        if !self.take("(") {
            return self.clause().map(Filter::Clause);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("nested too deeply".to_owned());
        }
        let inner = self.any()?;
        self.depth -= 1;
        if self.take(")") { Ok(inner) } else { Err(self.expected("\")\"")) }
    }

    fn clause(&mut self) -> Result<Clause, String> {
        self.space();
        let end = self.field_end();
        let Some(field) = self.rest().get(..end).and_then(field) else {
            return Err(self.expected("a field such as $.eventName"));
        };
        self.at += end;
        let test = if self.word("NOT") {
            if !self.word("EXISTS") {
                return Err(self.expected("EXISTS"));
            }
            Test::Missing
        } else if self.word("IS") {
            let constants = [("NULL", Constant::Null), ("TRUE", Constant::True), ("FALSE", Constant::False)];
            match constants.into_iter().find(|(word, _)| self.word(word)) {
                Some((_, constant)) => Test::Is(constant),
                None => return Err(self.expected("NULL, TRUE or FALSE")),
            }
        } else if self.take("!=") {
            Test::NotEquals(self.value()?.0)
        } else if ["<=", ">=", "<", ">"].iter().any(|operator| self.take(operator)) {
            match self.value()?.0.parse::<f64>() {
                Ok(_) => Test::Compares,
                Err(_) => return Err(self.expected("a number")),
            }
        } else if self.take("=") {
            let (value, quoted) = self.value()?;
            let pattern = value.strip_prefix('%').and_then(|value| value.strip_suffix('%'));
            match pattern.filter(|pattern| !quoted && !pattern.is_empty()) {
                Some(pattern) => match RegexBuilder::new(pattern).size_limit(1 << 20).build() {
                    Ok(regex) => Test::Matches(regex),
                    Err(_) => return Err(self.expected("a regular expression")),
                },
                None => Test::Equals(value),
            }
        } else {
            return Err(self.expected("=, !=, <, >, IS or NOT EXISTS"));
        };
        Ok(Clause { field, test })
    }

    // Where the field at this place ends: at a space or operator outside of brackets.
    fn field_end(&self) -> usize {
        let mut brackets = false;
        for (at, c) in self.rest().char_indices() {
            match c {
                '[' => brackets = true,
                ']' => brackets = false,
                _ if brackets => {}
                '=' | '!' | '<' | '>' | '(' | ')' | '&' | '|' => return at,
                c if c.is_whitespace() => return at,
                _ => {}
            }
        }
        self.rest().len()
    }

    // A value, and whether it stood in quotes.
    fn value(&mut self) -> Result<(String, bool), String> {
        self.space();
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut value = String::new();
            let mut escaped = false;
            for (at, c) in quoted.char_indices() {
                match c {
                    _ if escaped => {
                        value.push(c);
                        escaped = false;
                    }
                    '\\' => escaped = true,
                    '"' => {
                        self.at += at + 2;
                        return Ok((value, true));
                    }
                    c => value.push(c),
                }
            }
            return Err(self.expected("a quote that is closed"));
        }
        let end = match rest.strip_prefix('%').and_then(|behind| behind.find('%')) {
            Some(at) => at + 2,
            None => rest.find(|c: char| c.is_whitespace() || "()&|=<>!\"".contains(c)).unwrap_or(rest.len()),
        };
        if end == 0 {
            return Err(self.expected("a value"));
        }
        self.at += end;
        Ok((rest.get(..end).unwrap_or_default().to_owned(), false))
    }
}

fn single(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

impl Filter {
    /// Every comparison in it.
    pub fn clauses(&self) -> Vec<&Clause> {
        match self {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().flat_map(Filter::clauses).collect(),
            Filter::Clause(clause) => vec![clause],
        }
    }

    /// Whether it matches every event of which `known` holds: true or false if that follows, else none.
    pub fn follows(&self, known: &dyn Fn(&Clause) -> Option<bool>) -> Option<bool> {
        match self {
            Filter::Clause(clause) => known(clause),
            Filter::All(parts) => {
                let truths: Vec<_> = parts.iter().map(|part| part.follows(known)).collect();
                if truths.contains(&Some(false)) {
                    return Some(false);
                }
                truths.iter().all(|truth| *truth == Some(true)).then_some(true)
            }
            Filter::Any(parts) => {
                let truths: Vec<_> = parts.iter().map(|part| part.follows(known)).collect();
                if truths.contains(&Some(true)) {
                    return Some(true);
                }
                truths.iter().all(|truth| *truth == Some(false)).then_some(false)
            }
        }
    }
}

/// Whether two plain values are the same: numbers by what they mean, text as written.
pub fn same(pattern: &str, value: &str) -> bool {
    match (pattern.parse::<f64>(), value.parse::<f64>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => all_of(pattern, value),
    }
}

/// Whether a pattern with stars stands for all that another one stands for. Only stars are special in filters.
pub fn all_of(pattern: &str, asked: &str) -> bool {
    if pattern.contains('?') || asked.contains('?') {
        return covers(&pattern.replace('?', "\u{1}"), &asked.replace('?', "\u{1}"));
    }
    covers(pattern, asked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_syntax() {
        for pattern in [
            r#"{ $.eventName = "ConsoleLogin" }"#,
            "{$.eventName=ConsoleLogin}",
            r#"{ ($.a = "x") && (($.b != y) || ($.c NOT EXISTS)) }"#,
            "{ $.a.b[0].c IS NULL && $.d IS TRUE || $.e is false }",
            "{ $.bytes > 10 && $.bytes <= 2.5e3 && $.n = -4 }",
            r#"{ $['a b'].c = "say \"hi\"" }"#,
            "{ $.errorCode = *UnauthorizedOperation || $.errorCode = AccessDenied* }",
            "{ $.eventName = %Delete.*(Trail|Key)% }",
            "\n{ ( ( $.a = 1 ) ) }\n",
            "{ $.eventSource = s3.amazonaws.com }",
            "{ $.ip = 10.0.* }",
        ] {
            parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        }
    }

    #[test]
    fn what_is_no_json_filter() {
        for (pattern, part) in [
            ("[ip, user, timestamp, request, status_code = 4*, size]", "braces"),
            ("ERROR", "braces"),
            ("{}", "a field"),
            ("{ eventName = x }", "a field"),
            ("{ $.a }", "=, !="),
            ("{ $.a = }", "a value"),
            ("{ $.a = \"x }", "closed"),
            ("{ ($.a = x }", "\")\""),
            ("{ $.a = x ) }", "&& or ||"),
            ("{ $.a = x $.b = y }", "&& or ||"),
            ("{ $.a NOT y }", "EXISTS"),
            ("{ $.a IS y }", "NULL, TRUE or FALSE"),
            ("{ $.a > y }", "a number"),
            ("{ $.a = x && }", "a field"),
            ("{ $.a = %(% }", "regular expression"),
        ] {
            let error = parse(pattern).map(|_| ()).unwrap_err();
            assert!(error.contains(part), "{pattern}: {error}");
        }
        let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(50_000), ")".repeat(50_000));
        assert!(parse(&deep).map(|_| ()).unwrap_err().contains("deeply"));
    }

    #[test]
    fn fields_are_the_same_however_quoted() {
        for (text, expected) in [
            ("$.a.b", Some("a.b")),
            ("$['a']['b']", Some("a.b")),
            ("$.a[\"b\"]", Some("a.b")),
            ("$.a[0].b", Some("a[0].b")),
            ("$.", None),
            ("$", None),
            ("a", None),
            ("$.a[x]", None),
            ("$.a[0", None),
        ] {
            assert_eq!(field(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(pattern in "\\{[ $.a='\"!&|()%<>\\[\\]*NOTEXISTSé]{0,60}\\}", any in "\\PC*") {
            let _ = parse(&pattern);
            let _ = parse(&any);
        }

        #[test]
        fn spaces_and_parentheses_mean_nothing(names in prop::collection::vec("[a-z]{1,5}", 1..6), pad in " {0,2}") {
            let clauses = |open: &str, close: &str| {
                names.iter().map(|n| format!("{open}$.eventName{pad}={pad}{n}{close}")).collect::<Vec<_>>().join("||")
            };
            for text in [clauses("", ""), clauses("(", ")"), format!("(({}))", clauses("( ", " )"))] {
                let filter = parse(&format!("{{{pad}{text}{pad}}}")).unwrap();
                prop_assert_eq!(filter.clauses().len(), names.len());
            }
        }
    }
}

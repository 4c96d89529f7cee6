//! Policy documents of AWS as data: text, URL-encoded text or a map that was decoded before.

use std::borrow::Cow;

use super::Decided;
use super::wildcard::{covers, is_bare, overlap};
use crate::base::symbol::Symbol;
use crate::expr::path::{Step, Steps};
use crate::expr::{Map, Value};
use crate::model::Text;

/// The statements of a document, each readable or not.
#[derive(Debug)]
pub struct Document {
    statements: Vec<(Steps, Value, Result<Statement, Unread>)>,
}

/// A statement that could not be read as a whole.
#[derive(Debug)]
struct Unread {
    why: Text,
    // What its effect may be.
    may_allow: bool,
    may_deny: bool,
}

/// A statement.
#[derive(Debug)]
pub struct Statement {
    /// It allows; else it denies.
    pub allows: bool,
    /// To whom, if the document says so (documents of identities do not).
    pub principals: Principals,
    /// Actions, in lower case.
    pub actions: Names,
    /// Resources; everything where the document names none (trust policies).
    pub resources: Names,
    /// What else must hold: all of them.
    pub conditions: Vec<Condition>,
}

/// Whom a statement is about.
#[derive(Debug)]
pub enum Principals {
    /// Not stated.
    Unstated,
    /// Everybody.
    Everyone,
    /// These: kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and name.
    These(Vec<(String, String)>),
    /// Everybody else.
    AllBut,
}

/// Names with wildcards.
#[derive(Debug)]
pub enum Names {
    /// These.
    Only(Vec<String>),
    /// All others.
    AllBut(Vec<String>),
}

/// A condition: the values are alternatives.
#[derive(Debug)]
pub struct Condition {
    /// Operator, in lower case (`stringequals`, `foranyvalue:stringlike`).
    pub operator: String,
    /// Context key, in lower case.
    pub key: String,
    /// Values as text.
    pub values: Vec<String>,
}

impl Document {
    /// Reads a document. Empty text is a document that says nothing: so services answer that have no policy.
    ///
    /// # Errors
    /// What is wrong with it, or why it is not known.
    pub fn read(value: &Value) -> Result<Document, Text> {
        let document = match value {
            Value::Str(text) if text.trim().is_empty() => return Ok(Document { statements: Vec::new() }),
            Value::Str(text) => decode(text)?,
            other => other.clone(),
        };
        let map = match &document {
            Value::Map(map) => map,
            Value::Unknown(why) => return Err(why.clone()),
            other => return Err(format!("expected a policy document, found {}", other.kind()).into()),
        };
        let key = Symbol::new("Statement");
        let numbered = |at| vec![Step::Key(key), Step::Index(at)];
        let statements = match map.get(key) {
            Some(Value::List(items)) => {
                let items = items.iter().enumerate();
                items.map(|(at, item)| (numbered(at), item.clone(), statement(item))).collect()
            }
            Some(single @ Value::Map(_)) => vec![(vec![Step::Key(key)], single.clone(), statement(single))],
            Some(Value::Unknown(why)) => return Err(why.clone()),
            Some(other) => return Err(format!("expected statements in the policy, found {}", other.kind()).into()),
            None => return Err("expected a policy document, found no \"Statement\"".into()),
        };
        Ok(Document { statements })
    }

    /// The statements that allow and can be read, and how each is shown.
    pub fn allows(&self) -> impl Iterator<Item = (&Statement, Decided)> {
        self.of(true)
    }

    /// The statements that deny and can be read, and how each is shown.
    pub fn denies(&self) -> impl Iterator<Item = (&Statement, Decided)> {
        self.of(false)
    }

    fn of(&self, allows: bool) -> impl Iterator<Item = (&Statement, Decided)> {
        let readable = self
            .statements
            .iter()
            .filter_map(|(steps, value, statement)| statement.as_ref().ok().map(|statement| (steps, value, statement)));
        readable
            .filter(move |(_, _, statement)| statement.allows == allows)
            .map(|(steps, value, statement)| (statement, Decided { steps: steps.clone(), shown: shown(value) }))
    }

    /// Why there may be another statement that allows.
    pub fn unread_allow(&self) -> Option<Text> {
        self.unread(|unread| unread.may_allow)
    }

    /// Why there may be another statement that denies.
    pub fn unread_deny(&self) -> Option<Text> {
        self.unread(|unread| unread.may_deny)
    }

    fn unread(&self, may: impl Fn(&Unread) -> bool) -> Option<Text> {
        let unread = self.statements.iter().filter_map(|(_, _, statement)| statement.as_ref().err());
        unread.filter(|unread| may(unread)).map(|unread| unread.why.clone()).next()
    }

    /// Whether a statement that nothing narrows denies all of `actions` on all that `allowed` is about, to everybody.
    pub fn cancels(&self, allowed: &Statement, actions: &Names) -> bool {
        self.denies().any(|(denied, _)| {
            denied.conditions.is_empty()
                && denied.principals.is_everyone()
                && denied.actions.covers_all(actions)
                && denied.resources.covers_all(&allowed.resources)
        })
    }
}

impl Principals {
    /// Everybody, by name or because nobody is named.
    pub fn is_everyone(&self) -> bool {
        matches!(self, Principals::Everyone | Principals::Unstated)
    }

    /// The names of one kind.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        let these: &[(String, String)] = match self {
            Principals::These(these) => these,
            _ => &[],
        };
        these.iter().filter(move |(own, _)| own == kind).map(|(_, name)| name.as_str())
    }
}

impl Names {
    /// Whether `asked` with all that it stands for is among them. Of all others, what is left out does not count: asking for
    /// everything is asking for what remains.
    pub fn cover(&self, asked: &str) -> bool {
        match self {
            Names::Only(names) => names.iter().any(|name| covers(name, asked)),
            Names::AllBut(names) => !names.iter().any(|name| covers(name, asked)),
        }
    }

    /// The same of the ARN of a kind of resource, wherever it is: partition, region and account do not matter.
    pub fn cover_kind(&self, asked: &str) -> bool {
        let parts = |name: &str| -> Option<(String, String)> {
            let mut parts = name.strip_prefix("arn:")?.splitn(5, ':').skip(1);
            Some((parts.next()?.to_owned(), parts.nth(2)?.to_owned()))
        };
        let covers_kind = |name: &str| match (parts(name), parts(asked)) {
            (Some((service, resource)), Some((own, kind))) => covers(&service, &own) && covers(&resource, &kind),
            _ => covers(name, asked),
        };
        match self {
            Names::Only(names) => names.iter().any(|name| covers_kind(name)),
            Names::AllBut(names) => !names.iter().any(|name| covers_kind(name)),
        }
    }

    /// Whether anything that `asked` stands for is among them.
    pub fn touch(&self, asked: &str) -> bool {
        match self {
            Names::Only(names) => names.iter().any(|name| overlap(name, asked)),
            Names::AllBut(names) => !names.iter().any(|name| covers(name, asked)),
        }
    }

    /// All of `others` is certainly among them.
    fn covers_all(&self, others: &Names) -> bool {
        match (self, others) {
            (Names::Only(own), Names::Only(others)) => {
                others.iter().all(|other| own.iter().any(|name| covers(name, other)))
            }
            (Names::Only(own), Names::AllBut(_)) => own.iter().any(|name| covers(name, "*")),
            (Names::AllBut(left_out), Names::Only(others)) => {
                others.iter().all(|other| !left_out.iter().any(|name| overlap(name, other)))
            }
            (Names::AllBut(left_out), Names::AllBut(others)) => {
                left_out.iter().all(|name| others.iter().any(|other| covers(other, name)))
            }
        }
    }
}

// Which document stands in a text: JSON, or JSON with the special characters of URLs escaped.
fn decode(text: &str) -> Result<Value, Text> {
    let text = text.trim();
    let plain: Cow<'_, str> = match text.as_bytes().first() {
        Some(b'%') => unescaped(text).ok_or("the policy document is not text")?.into(),
        _ => text.into(),
    };
    serde_json::from_str(&plain).map_err(|error| format!("the policy document is not JSON: {error}").into())
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (bytes.next()?, bytes.next()?);
            let digit = |byte: u8| char::from(byte).to_digit(16);
            out.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

fn statement(value: &Value) -> Result<Statement, Unread> {
    let effect = match value.get("Effect") {
        Some(Value::Str(effect)) if **effect == *"Allow" => Some(true),
        Some(Value::Str(effect)) if **effect == *"Deny" => Some(false),
        _ => None,
    };
    let parts = || -> Result<Statement, Text> {
        match value {
            Value::Map(_) => {}
            Value::Unknown(why) => return Err(why.clone()),
            other => return Err(format!("expected a statement of a policy, found {}", other.kind()).into()),
        }
        let allows = match (effect, value.get("Effect")) {
            (Some(allows), _) => allows,
            (None, Some(Value::Unknown(why))) => return Err(why.clone()),
            (None, _) => return Err("expected Allow or Deny as the effect of a statement".into()),
        };
        Ok(Statement {
            allows,
            principals: principals(value)?,
            actions: names(value, "Action", "NotAction")?
                .map(Names::lowered)
                .ok_or("a statement of the policy names no action")?,
            resources: names(value, "Resource", "NotResource")?
                .map(Names::widened)
                .unwrap_or_else(|| Names::Only(vec!["*".to_owned()])),
            conditions: conditions(value)?,
        })
    };
    parts().map_err(|why| Unread { why, may_allow: effect != Some(false), may_deny: effect != Some(true) })
}

impl Names {
    // The case of actions does not matter; `*:*` is `*`, since every action has a colon.
    fn lowered(self) -> Names {
        self.map(|name| if is_all(&name) { "*".to_owned() } else { name.to_ascii_lowercase() })
    }

    // `arn:aws:*` is every resource that has a name.
    fn widened(self) -> Names {
        let is_every = |name: &str| {
            let named = name.strip_prefix("arn:").map(|rest| rest.split_once(':').unwrap_or(("*", rest)));
            is_all(name) || named.is_some_and(|(partition, rest)| !partition.is_empty() && is_all(rest))
        };
        self.map(|name| if is_every(&name) { "*".to_owned() } else { name })
    }

    fn map(self, change: impl Fn(String) -> String) -> Names {
        match self {
            Names::Only(names) => Names::Only(names.into_iter().map(change).collect()),
            Names::AllBut(names) => Names::AllBut(names.into_iter().map(change).collect()),
        }
    }
}

// Stars with nothing but colons and question marks between them.
fn is_all(name: &str) -> bool {
    name.split(':').all(|part| part.contains('*') && is_bare(part))
}

fn present<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|value| !matches!(value, Value::Null))
}

fn names(value: &Value, only: &str, all_but: &str) -> Result<Option<Names>, Text> {
    Ok(match (present(value, only), present(value, all_but)) {
        (Some(names), _) => Some(Names::Only(texts(names, only)?)),
        (None, Some(names)) => Some(Names::AllBut(texts(names, all_but)?)),
        (None, None) => None,
    })
}

// Text, or a list of it.
fn texts(value: &Value, what: &str) -> Result<Vec<String>, Text> {
    let text = |value: &Value| match value {
        Value::Str(text) => Ok(text.to_string()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(value.to_json(64)),
        Value::Unknown(why) => Err(why.clone()),
        other => Err(Text::from(format!("expected text in {what} of a policy, found {}", other.kind()))),
    };
    match value {
        Value::List(items) => items.iter().map(text).collect(),
        other => Ok(vec![text(other)?]),
    }
}

fn principals(value: &Value) -> Result<Principals, Text> {
    if let Some(value) = present(value, "Principal") {
        return match value {
            Value::Map(map) => {
                let mut these = Vec::new();
                for (kind, names) in map.iter() {
                    these.extend(texts(names, "Principal")?.into_iter().map(|name| (kind.as_str().to_owned(), name)));
                }
                let everyone = these.iter().any(|(kind, name)| kind == "AWS" && name == "*");
                Ok(if everyone { Principals::Everyone } else { Principals::These(these) })
            }
            other => {
                let names = texts(other, "Principal")?;
                let everyone = names.iter().any(|name| name == "*");
                let these = names.into_iter().map(|name| ("AWS".to_owned(), name));
                Ok(if everyone { Principals::Everyone } else { Principals::These(these.collect()) })
            }
        };
    }
    match present(value, "NotPrincipal") {
        Some(Value::Unknown(why)) => Err(why.clone()),
        Some(_) => Ok(Principals::AllBut),
        None => Ok(Principals::Unstated),
    }
}

fn conditions(value: &Value) -> Result<Vec<Condition>, Text> {
    let Some(condition) = present(value, "Condition") else { return Ok(Vec::new()) };
    let map = |value: &Value| match value {
        Value::Map(map) => Ok(map.clone()),
        Value::Unknown(why) => Err(why.clone()),
        other => Err(Text::from(format!("expected a map in Condition of a policy, found {}", other.kind()))),
    };
    let mut all = Vec::new();
    for (operator, keys) in map(condition)?.iter() {
        for (key, values) in map(keys)?.iter() {
            all.push(Condition {
                operator: operator.as_str().to_ascii_lowercase(),
                key: key.as_str().to_ascii_lowercase(),
                values: texts(values, "Condition")?,
            });
        }
    }
    Ok(all)
}

// A statement as evidence shows it: what tells which one it is comes first, since long values are cut.
fn shown(value: &Value) -> Value {
    const FIRST: [&str; 8] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"];
    let Value::Map(map) = value else { return value.clone() };
    let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut entries: Vec<_> = map.iter().map(|(key, value)| (key, value.clone())).collect();
    entries.sort_by_key(|(key, _)| place(key.as_str()));
    Value::Map(Map::new(entries).into())
}

/// A statement with a first entry that says what is wrong with it.
pub fn with_note(mut decided: Decided, name: &str, note: &str) -> Decided {
    if let Value::Map(map) = &decided.shown {
        let entries = map.iter().map(|(key, value)| (key, value.clone()));
        let entries = std::iter::once((Symbol::new(name), Value::str(note))).chain(entries).collect();
        decided.shown = Value::Map(Map::new(entries).into());
    }
    decided
}

/// The account of a principal or resource: of its ARN, or a bare account id.
pub fn account(name: &str) -> Option<&str> {
    let id = if name.starts_with("arn:") { name.split(':').nth(4)? } else { name };
    is_account(id).then_some(id)
}

/// Twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: serde_json::Value) -> Result<Document, Text> {
        Document::read(&Value::from(json))
    }

    #[test]
    fn documents_come_in_several_spellings() {
        let document =
            json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "S3:Get*", "Resource": "*"}});
        let escaped: String = document
            .to_string()
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        for spelling in [document.clone(), document.to_string().into(), format!(" {document}\n").into(), escaped.into()]
        {
            let document = read(spelling).unwrap();
            let (statement, decided) = document.allows().next().unwrap();
            assert!(statement.actions.cover("s3:getobject") && statement.principals.is_everyone());
            assert_eq!(decided.steps, [Step::Key(Symbol::new("Statement"))]);
        }
        assert_eq!(read(json!("")).unwrap().allows().count(), 0);
    }

    #[test]
    fn what_is_no_document_says_so() {
        for (wrong, part) in [
            (json!("{"), "not JSON"),
            (json!("%7B%GG"), "not text"),
            (json!("%7"), "not text"),
            (json!([]), "expected a policy document"),
            (json!({}), "no \"Statement\""),
            (json!({"Statement": 7}), "expected statements"),
            (json!("[".repeat(10_000)), "not JSON"),
        ] {
            let error = read(wrong).map(|_| ()).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_faulty_statement_does_not_hide_the_others() {
        let document = read(json!({"Statement": [
            7,
            {"Effect": "Allow", "Action": {"x": 1}},
            {"Effect": "allow", "Action": "*"},
            {"Effect": "Deny", "Action": "*", "Condition": 3},
            {"Effect": "Allow", "Sid": "Good", "Action": "*"},
        ]}))
        .unwrap();
        assert_eq!(document.allows().count(), 1);
        assert_eq!(document.denies().count(), 0);
        assert!(document.unread_allow().is_some() && document.unread_deny().is_some());
        let denies = read(json!({"Statement": [{"Effect": "Deny", "Action": 1, "Condition": 3}]})).unwrap();
        assert!(denies.unread_allow().is_none() && denies.unread_deny().is_some());
    }

    #[test]
    fn evidence_tells_first_which_statement_it_is() {
        let document =
            read(json!({"Statement": [{"Resource": "*", "Action": "*", "Effect": "Allow", "Sid": "All"}]})).unwrap();
        let (_, decided) = document.allows().next().unwrap();
        assert_eq!(decided.shown.to_json(200), r#"{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}"#);
        let noted = with_note(decided, "lacks", "x").shown.to_json(14);
        assert_eq!(noted, r#"{"lacks":"x","..."#);
    }

    #[test]
    fn accounts_of_names() {
        assert_eq!(account("arn:aws-cn:iam::123456789012:root"), Some("123456789012"));
        assert_eq!(account("123456789012"), Some("123456789012"));
        assert_eq!(account("arn:aws:iam::cloudfront:user/x"), None);
        assert_eq!(account("AIDAEXAMPLE"), None);
        assert_eq!(account("arn:"), None);
    }
}

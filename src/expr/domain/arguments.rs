//! The operands of domain operators: maps with known keys, checked against the table.

use super::Domain;
use crate::base::yaml::{Data, Node, Scalar};
use crate::expr::predicate::Condition;
use crate::expr::{Compiler, Path, Truth};

/// A key of an operand.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub takes: Takes,
    /// It may not be left out.
    pub required: bool,
    /// What it means, for the reference.
    pub doc: &'static str,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Text, or a number by its spelling.
    Text,
    /// A list of text, or one alone.
    Texts,
    /// true or false.
    Flag,
    /// A whole number.
    Number,
    /// A list of whole numbers, or one alone.
    Numbers,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A map with these keys.
    Map(&'static [Key]),
    /// A list of maps with these keys.
    Maps(&'static [Key]),
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// See [`Takes::Text`] and [`Takes::OneOf`].
    Text(String),
    /// See [`Takes::Texts`].
    Texts(Vec<String>),
    /// See [`Takes::Flag`].
    Flag(bool),
    /// See [`Takes::Number`].
    Number(i64),
    /// See [`Takes::Numbers`].
    Numbers(Vec<i64>),
    /// See [`Takes::Map`].
    Map(Arguments),
    /// See [`Takes::Maps`].
    Maps(Vec<Arguments>),
}

/// The keys that an operand has, each with a value of its type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arguments(Vec<(&'static str, Argument)>);

impl Arguments {
    fn get(&self, name: &str) -> Option<&Argument> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, argument)| argument)
    }

    /// The text of a key, if it is given.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Argument::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The texts of a key; none if it is not given.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Argument::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// The flag of a key, if it is given.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Argument::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// The number of a key, if it is given.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Argument::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The numbers of a key; none if it is not given.
    pub fn numbers(&self, name: &str) -> &[i64] {
        match self.get(name) {
            Some(Argument::Numbers(numbers)) => numbers,
            _ => &[],
        }
    }

    /// The map of a key, if it is given.
    pub fn map(&self, name: &str) -> Option<&Arguments> {
        match self.get(name) {
            Some(Argument::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// The maps of a key; none if it is not given.
    pub fn maps(&self, name: &str) -> &[Arguments] {
        match self.get(name) {
            Some(Argument::Maps(maps)) => maps,
            _ => &[],
        }
    }
}

impl Takes {
    /// What is expected, for messages.
    pub fn wants(self) -> String {
        match self {
            Takes::Text => "text".to_owned(),
            Takes::Texts => "text or a list of text".to_owned(),
            Takes::Flag => "true or false".to_owned(),
            Takes::Number => "a whole number".to_owned(),
            Takes::Numbers => "a whole number or a list of them".to_owned(),
            Takes::OneOf(words) => format!("one of {}", words.join(", ")),
            Takes::Map(_) => "a map".to_owned(),
            Takes::Maps(_) => "a list of maps".to_owned(),
        }
    }
}

impl Compiler<'_> {
    /// The condition that a domain operator asks for. `unset`: the truth of an absent value, if stated.
    pub(in crate::expr) fn domain(
        &mut self,
        row: &'static Domain,
        node: &Node,
        unset: Option<Truth>,
    ) -> Option<Condition> {
        let arguments = self.arguments(row.name, row.keys, node, row.example.0)?;
        for keys in row.reads {
            self.reads.push((self.source.clone(), Path::keys(keys)));
        }
        match (row.parse)(&arguments) {
            Ok(asked) => Some(Condition::Domain {
                question: asked.question,
                unset: unset.unwrap_or(row.absent),
                expected: asked.expected,
            }),
            Err(message) => {
                let help = format!("for example {}: {}", row.name, row.example.0);
                self.diagnostics.add(node.place, format!("{}: {message}", row.name), Some(help));
                None
            }
        }
    }

    fn arguments(&mut self, of: &str, keys: &'static [Key], node: &Node, example: &str) -> Option<Arguments> {
        let node = self.fill(node)?;
        let Some(entries) = node.map() else {
            let help = format!("for example {of}: {example}");
            self.diagnostics.add(node.place, format!("{of} takes a map, found {}", node.kind()), Some(help));
            return None;
        };
        let mut arguments = Arguments::default();
        let mut faulty = false;
        for (name, node) in entries {
            let Some(key) = keys.iter().find(|key| key.name == name.text) else {
                let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
                self.diagnostics.unknown(name.place, &format!("key of {of}"), &name.text, known);
                faulty = true;
                continue;
            };
            match self.argument(key, node, example) {
                Some(argument) => arguments.0.push((key.name, argument)),
                None => faulty = true,
            }
        }
        for key in keys.iter().filter(|key| key.required && node.get(key.name).is_none()) {
            let help = format!("for example {of}: {example}");
            self.diagnostics.add(node.place, format!("{of} needs `{}`", key.name), Some(help));
            faulty = true;
        }
        (!faulty).then_some(arguments)
    }

    fn argument(&mut self, key: &'static Key, node: &Node, example: &str) -> Option<Argument> {
        let node = self.fill(node)?;
        let argument = match key.takes {
            Takes::Text => text(&node).map(Argument::Text),
            Takes::Texts => self.items(&node)?.iter().map(text).collect::<Option<_>>().map(Argument::Texts),
            Takes::Flag => match node.scalar() {
                Some(Scalar::Bool(flag)) => Some(Argument::Flag(flag)),
                _ => None,
            },
            Takes::Number => number(&node).map(Argument::Number),
            Takes::Numbers => self.items(&node)?.iter().map(number).collect::<Option<_>>().map(Argument::Numbers),
            Takes::OneOf(words) => text(&node).filter(|own| words.contains(&own.as_str())).map(Argument::Text),
            Takes::Map(keys) => return self.arguments(key.name, keys, &node, example).map(Argument::Map),
            Takes::Maps(keys) => match node.list() {
                Some(items) => {
                    let maps: Vec<_> = items.iter().map(|i| self.arguments(key.name, keys, i, example)).collect();
                    return maps.into_iter().collect::<Option<_>>().map(Argument::Maps);
                }
                None => None,
            },
        };
        if argument.is_none() {
            let found = node.text().map_or_else(|| node.kind().to_owned(), |text| format!("\"{text}\""));
            let message = format!("`{}` takes {}, found {found}", key.name, key.takes.wants());
            self.diagnostics.add(node.place, message, Some(format!("for example {example}")));
        }
        argument
    }

    // The items of a list, or a scalar alone; a parameter that is a list stands for its items.
    fn items(&mut self, node: &Node) -> Option<Vec<Node>> {
        let Data::List(items) = &node.data else { return Some(vec![node.clone()]) };
        let mut all = Vec::new();
        for item in items {
            let filled = self.fill(item)?;
            match filled.data {
                Data::List(inner) if item.list().is_none() => all.extend(inner),
                _ => all.push(filled),
            }
        }
        Some(all)
    }
}

fn text(node: &Node) -> Option<String> {
    match node.scalar()? {
        Scalar::Null | Scalar::Bool(_) => None,
        Scalar::Int(_) | Scalar::Float(_) | Scalar::Str(_) => node.text().map(str::to_owned),
    }
}

fn number(node: &Node) -> Option<i64> {
    match node.scalar()? {
        Scalar::Int(number) => Some(number),
        _ => None,
    }
}

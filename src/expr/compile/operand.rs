//! What stands behind an operator.

use regex::RegexBuilder;

use super::Compiler;
use crate::base::yaml::{Data, Node, Scalar};
use crate::expr::Value;
use crate::expr::operators::{Operand, Operator, Spelled, TYPE_NAMES, Takes};
use crate::expr::typed;

impl Compiler<'_> {
    /// The operand of an operator, parameters filled in.
    pub(super) fn operand(&mut self, operator: &Operator, node: &Node, ignore_case: bool) -> Option<Operand> {
        let node = self.fill(node)?;
        let operand = match operator.takes {
            Takes::Scalar | Takes::Text => spelled(&node).map(Operand::Scalar),
            Takes::Scalars => self.scalars(&node)?.map(Operand::Scalars),
            Takes::Number => number(&node).map(Operand::Number),
            Takes::Range => self.range(&node)?,
            Takes::Pattern => match node.text() {
                Some(text) => return self.pattern(&node, text, ignore_case),
                None => None,
            },
            Takes::Flag => match node.scalar() {
                Some(Scalar::Bool(flag)) => Some(Operand::Flag(flag)),
                _ => None,
            },
            Takes::Mode => node.text().and_then(|text| typed::mode(&Value::str(text))).map(Operand::Mode),
            Takes::Duration => node.text().and_then(typed::duration).map(Operand::Number),
            Takes::TypeName => {
                spelled(&node).filter(|own| TYPE_NAMES.contains(&own.text.as_str())).map(Operand::Scalar)
            }
        };
        if operand.is_none() {
            let found = node.text().map_or_else(|| node.kind().to_owned(), |text| format!("\"{text}\""));
            let message = format!("{} takes {}, found {found}", operator.name, operator.takes.wants());
            let help = format!("for example {}: {}", operator.name, operator.example.0);
            self.fault(node.place, message, Some(help));
        }
        operand
    }

    // None inside if it is no list of scalars.
    fn scalars(&mut self, node: &Node) -> Option<Option<Vec<Spelled>>> {
        let Some(items) = node.list() else { return Some(None) };
        let mut known = Vec::new();
        for item in items {
            let filled = self.fill(item)?;
            match &filled.data {
                // A parameter that is a list stands for its elements.
                Data::List(inner) if item.list().is_none() => known.extend(inner.iter().map(spelled)),
                _ => known.push(spelled(&filled)),
            }
        }
        Some(known.into_iter().collect())
    }

    // None inside if it is no range.
    fn range(&mut self, node: &Node) -> Option<Option<Operand>> {
        let mut bounds = Vec::new();
        for item in node.list().unwrap_or_default() {
            bounds.push(number(&self.fill(item)?));
        }
        Some(match bounds[..] {
            [Some(low), Some(high)] if low <= high => Some(Operand::Range(low, high)),
            _ => None,
        })
    }

    fn pattern(&mut self, node: &Node, text: &str, ignore_case: bool) -> Option<Operand> {
        match RegexBuilder::new(text).case_insensitive(ignore_case).size_limit(1 << 20).build() {
            Ok(pattern) => Some(Operand::Pattern(pattern)),
            Err(error) => {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.fault(node.place, format!("bad regular expression \"{text}\": {last}"), None);
                None
            }
        }
    }
}

impl Takes {
    // What is expected, for messages.
    fn wants(self) -> &'static str {
        match self {
            Takes::Scalar | Takes::Text => "text, a number or a boolean",
            Takes::Scalars => "a list of text, numbers or booleans",
            Takes::Number => "a number",
            Takes::Range => "two numbers, the lower one first",
            Takes::Pattern => "a regular expression",
            Takes::Flag => "true or false",
            Takes::Mode => "a file mode in octal",
            Takes::Duration => "a duration",
            Takes::TypeName => "one of text, number, boolean, list, map",
        }
    }
}

impl Operand {
    /// The operand in words, written as `node`.
    pub(super) fn words(&self, node: &Node) -> String {
        match self {
            Operand::Scalar(own) if own.text.is_empty() => "\"\"".to_owned(),
            Operand::Scalar(own) => own.text.clone(),
            Operand::Scalars(known) => known.iter().map(|own| own.text.as_str()).collect::<Vec<_>>().join(", "),
            Operand::Range(low, high) => format!("{low} and {high}"),
            Operand::Number(_) | Operand::Pattern(_) => node.text().unwrap_or_default().to_owned(),
            // The words of the operator say it all.
            Operand::Flag(_) => String::new(),
            Operand::Mode(mode) => format!("{mode:04o}"),
        }
    }
}

fn number(node: &Node) -> Option<f64> {
    match node.scalar()? {
        Scalar::Int(n) => Some(n as f64),
        Scalar::Float(n) => Some(n),
        Scalar::Null | Scalar::Bool(_) | Scalar::Str(_) => None,
    }
}

fn spelled(node: &Node) -> Option<Spelled> {
    let text = match node.scalar()? {
        Scalar::Null => return None,
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Int(_) | Scalar::Float(_) | Scalar::Str(_) => node.text()?.to_owned(),
    };
    Some(Spelled { text, number: number(node) })
}

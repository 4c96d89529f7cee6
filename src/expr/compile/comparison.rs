//! Comparisons with numbers, durations, quantities and versions, of values and of how many there are.

use super::Compiler;
use crate::base::diagnostic::Place;
use crate::base::yaml::{Data, Key, Node};
use crate::expr::operators;
use crate::expr::path::Path;
use crate::expr::predicate::{Comparison, Condition, Element, Predicate};
use crate::expr::typed::{Type, Typed};
use crate::expr::{Truth, Value};

// A comparison as it was read, and how evidence shows it.
struct Compared {
    comparison: Comparison,
    bounds: Vec<Typed>,
    words: String,
}

/// Comparisons with numbers, and how evidence shows them.
pub(super) struct Numbers {
    /// All of them have to hold.
    pub(super) comparisons: Vec<(Comparison, Vec<f64>)>,
    /// In words.
    pub(super) words: String,
}

impl Compiler<'_> {
    /// `count: { gte: 2, where: ... }`.
    pub(super) fn count(&mut self, node: &Node, unset: Option<Truth>, wildcard: bool) -> Option<Condition> {
        let Some(entries) = node.map() else {
            let help = "for example { gte: 2, where: { contains: x } }".to_owned();
            self.fault(node.place, format!("count takes a map, found {}", node.kind()), Some(help));
            return None;
        };
        let element = match node.get("where") {
            Some(node) => Some(self.element(node, wildcard)?),
            None => {
                self.read(&Path::default());
                // Without a condition on the elements a wildcard path counts what it leads to.
                wildcard.then(|| Element::Predicate(Box::new(Predicate::All(Vec::new()))))
            }
        };
        let Numbers { comparisons, words } = self.amounts(entries, node.place)?;
        Some(Condition::Count { comparisons, element, unset, expected: format!("number of elements {words}") })
    }

    /// `length: { gte: 2 }`, or a number.
    pub(super) fn length(&mut self, node: &Node, unset: Option<Truth>) -> Option<Condition> {
        let node = self.fill(node)?;
        let Numbers { comparisons, words } = self.numbers(&comparisons_of(&node), node.place)?;
        Some(Condition::Count { comparisons, element: None, unset, expected: format!("length {words}") })
    }

    /// The comparisons beside `where`.
    pub(super) fn amounts(&mut self, entries: &[(Key, Node)], place: Place) -> Option<Numbers> {
        let rest: Vec<_> = entries.iter().filter(|(key, _)| key.text != "where").cloned().collect();
        self.numbers(&rest, place)
    }

    fn numbers(&mut self, entries: &[(Key, Node)], place: Place) -> Option<Numbers> {
        let compared = self.compared(Type::Number, entries, place)?;
        let words = compared.iter().map(|one| one.words.as_str()).collect::<Vec<_>>().join(" and ");
        let plain = |bounds: Vec<Typed>| {
            bounds.into_iter().filter_map(|b| if let Typed::Number(n) = b { Some(n) } else { None }).collect()
        };
        Some(Numbers {
            comparisons: compared.into_iter().map(|one| (one.comparison, plain(one.bounds))).collect(),
            words,
        })
    }

    /// Comparisons of a value as this type, or with one value.
    pub(super) fn typed(&mut self, as_type: Type, node: &Node, unset: Option<Truth>) -> Option<Condition> {
        let node = self.fill(node)?;
        let compared = self.compared(as_type, &comparisons_of(&node), node.place)?;
        let condition = |one: Compared| Condition::Compare {
            as_type,
            comparison: one.comparison,
            bounds: one.bounds,
            unset: unset.unwrap_or(Truth::False),
            expected: format!("{} {}", as_type.wants(), one.words),
        };
        let mut all: Vec<Condition> = compared.into_iter().map(condition).collect();
        if all.len() == 1 { all.pop() } else { Some(Condition::All(all)) }
    }

    fn compared(&mut self, as_type: Type, entries: &[(Key, Node)], place: Place) -> Option<Vec<Compared>> {
        let names = Comparison::NAMED.map(|(name, _)| name);
        if entries.is_empty() {
            let help = format!("expected one of {}", names.join(", "));
            self.fault(place, "nothing to compare with".into(), Some(help));
            return None;
        }
        let mut all = Vec::new();
        for (key, node) in entries {
            let Some(comparison) = Comparison::named(&key.text) else {
                self.diagnostics.unknown(key.place, "comparison", &key.text, names);
                return None;
            };
            let node = self.fill(node)?;
            let (bounds, texts) = self.bounds(as_type, comparison, &node)?;
            let words = match comparison {
                Comparison::Equals => texts.concat(),
                _ => {
                    let words = operators::operator(&key.text).map_or("", |operator| operator.words);
                    format!("{words}{}", texts.join(" and "))
                }
            };
            all.push(Compared { comparison, bounds, words });
        }
        Some(all)
    }

    // What is compared with, and as it was written.
    fn bounds(&mut self, as_type: Type, comparison: Comparison, node: &Node) -> Option<(Vec<Typed>, Vec<String>)> {
        let single = std::slice::from_ref(node);
        let nodes = if comparison == Comparison::Between { node.list().unwrap_or_default() } else { single };
        let (mut bounds, mut texts) = (Vec::new(), Vec::new());
        for node in nodes {
            let node = self.fill(node)?;
            let text = node.text().unwrap_or(node.kind());
            let Some(bound) = node.text().and_then(|text| as_type.read(&Value::str(text))) else {
                self.fault(node.place, format!("expected {}, found \"{text}\"", as_type.wants()), None);
                return None;
            };
            bounds.push(bound);
            texts.push(text.to_owned());
        }
        if comparison == Comparison::Between && !matches!(&bounds[..], [low, high] if low <= high) {
            self.fault(node.place, "between takes a list of two, the lower one first".into(), None);
            return None;
        }
        Some((bounds, texts))
    }
}

// The comparisons of a map; a value alone has to be equal.
fn comparisons_of(node: &Node) -> Vec<(Key, Node)> {
    match &node.data {
        Data::Map(entries) => entries.clone(),
        _ => vec![(Key { place: node.place, text: "equals".into() }, node.clone())],
    }
}

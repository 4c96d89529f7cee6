//! What a predicate is worth on a value: nothing is built for it, and what was not read never decides.

use super::{Comparison, Condition, Element, Leaf, Predicate, Scene};
use crate::expr::operators::Modifiers;
use crate::expr::path::Found;
use crate::expr::{Truth, Value};
use crate::model::Text;

impl Predicate {
    pub(super) fn holds(&self, value: &Value, scene: Scene<'_>) -> Truth {
        match self {
            Predicate::All(all) => Truth::all(all.iter().map(|p| p.holds(value, scene))),
            Predicate::Any(any) => Truth::any(any.iter().map(|p| p.holds(value, scene))),
            Predicate::Not(inner) => !inner.holds(value, scene),
            Predicate::Leaf(leaf) => leaf.truth(value, scene),
            Predicate::Related(related) => related.truth(value, scene),
            Predicate::Undecided(_) => Truth::Unknown,
        }
    }
}

impl Leaf {
    fn truth(&self, value: &Value, scene: Scene<'_>) -> Truth {
        if self.path.has_wildcard() {
            let mut found = Vec::new();
            self.path.expand(value, &mut |_, f| found.push(f));
            self.condition.truth_of_many(&found, true, scene)
        } else {
            self.condition.truth(&self.path.find(value), scene)
        }
    }
}

impl Condition {
    pub(super) fn truth(&self, found: &Found<'_>, scene: Scene<'_>) -> Truth {
        let value = match found {
            Found::Unknown(why) | Found::Value(Value::Unknown(why)) => return self.truth_of_unread(why),
            Found::Absent => &Value::Null,
            Found::Value(value) => value,
        };
        let absent = matches!(value, Value::Null);
        match self {
            Condition::Test { unset, .. } | Condition::Compare { unset, .. } if absent => *unset,
            Condition::Test { operator, operand, ignore_case, .. } => {
                (operator.test)(value, operand, Modifiers { ignore_case: *ignore_case, now: scene.env.now })
            }
            Condition::Compare { as_type, comparison, bounds, .. } => {
                as_type.read(value).map_or(Truth::Unknown, |typed| Truth::from(comparison.holds(&typed, bounds)))
            }
            Condition::All(all) => Truth::all(all.iter().map(|c| c.truth(found, scene))),
            Condition::Not(_, Some(unset)) if absent => *unset,
            Condition::Not(inner, _) => !inner.truth(found, scene),
            Condition::Elements { unset: Some(unset), .. } | Condition::Count { unset: Some(unset), .. } if absent => {
                *unset
            }
            Condition::Elements { .. } => match elements(value) {
                Some(elements) => self.truth_of_many(&elements, false, scene),
                None => Truth::Unknown,
            },
            Condition::Count { element: None, comparisons, .. } => {
                let (certain, possible) = match value {
                    Value::Str(text) => (text.chars().count(), text.chars().count()),
                    // An entry that was not collected may not be there; an element of a list is.
                    Value::Map(map) => {
                        let known = map.iter().filter(|(_, value)| !matches!(value, Value::Unknown(_))).count();
                        (known, map.len())
                    }
                    Value::List(items) => (items.len(), items.len()),
                    Value::Null => (0, 0),
                    _ => return Truth::Unknown,
                };
                count_holds(comparisons, certain, possible)
            }
            Condition::Count { .. } => match elements(value) {
                Some(elements) => self.truth_of_many(&elements, false, scene),
                None => Truth::Unknown,
            },
            Condition::Domain { unset, .. } if absent => *unset,
            Condition::Domain { question, .. } => question.ask(value, scene.about()).truth,
        }
    }

    fn truth_of_unread(&self, why: &Text) -> Truth {
        match self {
            Condition::All(all) => Truth::all(all.iter().map(|part| part.truth_of_unread(why))),
            Condition::Not(inner, _) => !inner.truth_of_unread(why),
            Condition::Domain { question, .. } => question.unread(why).truth,
            _ => Truth::Unknown,
        }
    }

    // Of the elements themselves. A wildcard path stands only with quantifiers, so the rest is unknown by construction. What is
    // unknown on the way of a `wildcard` path may stand for any number of elements.
    pub(super) fn truth_of_many(&self, found: &[Found<'_>], wildcard: bool, scene: Scene<'_>) -> Truth {
        match self {
            Condition::Elements { quantifier, element, .. } => {
                quantifier.over(found.iter().map(|f| element.truth(f, scene)))
            }
            Condition::Count { comparisons, element, .. } => {
                let truths: Vec<Truth> =
                    found.iter().map(|f| element.as_ref().map_or(Truth::True, |e| e.truth(f, scene))).collect();
                let certain = truths.iter().filter(|t| **t == Truth::True).count();
                let possible = truths.iter().filter(|t| **t != Truth::False).count();
                let open = wildcard && found.iter().any(|f| matches!(f, Found::Unknown(_)));
                count_holds_open(comparisons, certain, possible, open)
            }
            Condition::All(all) => Truth::all(all.iter().map(|c| c.truth_of_many(found, wildcard, scene))),
            Condition::Not(inner, _) => !inner.truth_of_many(found, wildcard, scene),
            _ => Truth::Unknown,
        }
    }
}

impl Element {
    pub(super) fn truth(&self, found: &Found<'_>, scene: Scene<'_>) -> Truth {
        match (self, found) {
            (Element::Condition(condition), found) => condition.truth(found, scene),
            (Element::Predicate(_), Found::Unknown(_)) => Truth::Unknown,
            (Element::Predicate(predicate), Found::Value(value)) => predicate.holds(value, scene),
            (Element::Predicate(predicate), Found::Absent) => predicate.holds(&Value::Null, scene),
        }
    }
}

pub(super) fn found(value: &Value) -> Found<'_> {
    match value {
        Value::Unknown(why) => Found::Unknown(why.clone()),
        value => Found::Value(value),
    }
}

// The elements of a list or the values of a map; nothing for null; none for what has no elements.
fn elements(value: &Value) -> Option<Vec<Found<'_>>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::List(items) => Some(items.iter().map(found).collect()),
        Value::Map(map) => Some(map.iter().map(|(_, value)| found(value)).collect()),
        _ => None,
    }
}

// The number lies between `certain` and `possible`: true or false only if that does not matter.
fn count_holds(comparisons: &[(Comparison, Vec<f64>)], certain: usize, possible: usize) -> Truth {
    Truth::all(comparisons.iter().map(|(comparison, bounds)| {
        let mut outcomes = (certain..=possible).map(|n| comparison.holds(&(n as f64), bounds));
        let first = outcomes.next().unwrap_or(false);
        if outcomes.all(|other| other == first) { Truth::from(first) } else { Truth::Unknown }
    }))
}

// With `open` there is no upper bound. The outcome changes only at the bounds, so the numbers around each of them stand for
// all others.
pub(super) fn count_holds_open(
    comparisons: &[(Comparison, Vec<f64>)],
    certain: usize,
    possible: usize,
    open: bool,
) -> Truth {
    let known = count_holds(comparisons, certain, possible);
    if !open {
        return known;
    }
    let least = certain as f64;
    let holds = |n: f64| Truth::all(comparisons.iter().map(|(c, bounds)| Truth::from(c.holds(&n, bounds))));
    let around = comparisons.iter().flat_map(|(_, bounds)| bounds).flat_map(|b| [b.floor(), b.ceil(), b.floor() + 1.0]);
    let same = around.filter(|n| *n >= least).chain([f64::MAX]).all(|n| holds(n) == known);
    if same { known } else { Truth::Unknown }
}

//! Why a predicate is what it is: walks it again, for the leaves that decided.

use super::judge::found;
use super::words::opposite;
use super::{Actual, Amount, Condition, Element, Leaf, Predicate, Quantifier, Related, Scene, Trace};
use crate::expr::domain::Answer;
use crate::expr::path::{Found, Path, Segment, Step, Steps};
use crate::expr::{Map, Truth, Value};

/// The leaves that made `predicate` be `truth` on `value`.
pub(super) fn explain(predicate: &Predicate, value: &Value, scene: Scene<'_>, truth: Truth) -> Vec<Trace> {
    let mut walk = Walk { scene, steps: Vec::new(), related: None, traces: Vec::new() };
    walk.predicate(predicate, value, truth, false);
    walk.traces
}

struct Walk<'a> {
    scene: Scene<'a>,
    steps: Steps,
    related: Option<String>,
    traces: Vec<Trace>,
}

impl Walk<'_> {
    // `negated`: an odd number of negations lie above, so the expected words turn around.
    fn predicate(&mut self, predicate: &Predicate, value: &Value, truth: Truth, negated: bool) {
        match predicate {
            Predicate::All(parts) | Predicate::Any(parts) => {
                // Those that share the truth of the whole decided it: the false ones of a false `all`, every alternative
                // of a false `any`, the unknown ones of an unknown one.
                for part in parts {
                    if part.holds(value, self.scene) == truth {
                        self.predicate(part, value, truth, negated);
                    }
                }
            }
            Predicate::Not(inner) => self.predicate(inner, value, !truth, !negated),
            Predicate::Leaf(leaf) => self.leaf(leaf, value, truth, negated),
            Predicate::Related(related) => self.related(related, value, truth, negated),
            Predicate::Undecided(why) => self.trace(Actual::Unknown(why.to_string()), String::new(), false),
        }
    }

    fn leaf(&mut self, leaf: &Leaf, value: &Value, truth: Truth, negated: bool) {
        if leaf.path.has_wildcard() {
            let mut found = Vec::new();
            leaf.path.expand(value, &mut |steps, f| found.push((steps.to_vec(), f)));
            self.many(&leaf.condition, &found, truth, negated, (&leaf.path, value));
        } else {
            let length = self.steps.len();
            let (steps, found) = locate(&leaf.path, value);
            self.steps.extend(steps);
            self.condition(&leaf.condition, &found, truth, negated);
            self.steps.truncate(length);
        }
    }

    fn condition(&mut self, condition: &Condition, found: &Found<'_>, truth: Truth, negated: bool) {
        match (condition, found) {
            (Condition::All(all), _) => {
                for part in all {
                    if part.truth(found, self.scene) == truth {
                        self.condition(part, found, truth, negated);
                    }
                }
            }
            (Condition::Not(inner, unset), _) if unset.is_none() || !is_absent(found) => {
                self.condition(inner, found, !truth, !negated);
            }
            (Condition::Elements { .. }, Found::Value(value @ (Value::List(_) | Value::Map(_)))) => {
                let many = elements_with_steps(value);
                self.many(condition, &many, truth, negated, (&Path::default(), value));
            }
            (Condition::Domain { question, .. }, Found::Value(value)) if !is_absent(found) => {
                let answer = question.ask(value, self.scene.about());
                self.answer(answer, value, condition.expected(), negated);
            }
            (Condition::Domain { question, .. }, Found::Unknown(why)) => {
                let answer = question.unread(why);
                self.answer(answer, &Value::Unknown(why.clone()), condition.expected(), negated);
            }
            _ => self.push(condition, found, negated),
        }
    }

    // The parts that decided; the whole if no single one did. What is unknown has its reason as well.
    fn answer(&mut self, answer: Answer, value: &Value, expected: String, negated: bool) {
        if let Some(why) = answer.why {
            self.trace(Actual::Unknown(why.to_string()), expected.clone(), negated);
        } else if answer.decided.is_empty() {
            self.trace(Actual::Value(value.clone()), expected.clone(), negated);
        }
        for part in answer.decided {
            let length = self.steps.len();
            self.steps.extend(part.steps);
            self.trace(Actual::Value(part.shown), expected.clone(), negated);
            self.steps.truncate(length);
        }
    }

    // The elements that decided; the whole if no single one did. `whole` is where they were looked for: a path, and the value
    // that it begins at.
    fn many(
        &mut self,
        condition: &Condition,
        found: &[(Steps, Found<'_>)],
        truth: Truth,
        negated: bool,
        whole: (&Path, &Value),
    ) {
        match condition {
            Condition::All(all) => {
                for part in all {
                    let plain: Vec<Found<'_>> = found.iter().map(|(_, f)| f.clone()).collect();
                    if part.truth_of_many(&plain, whole.0.has_wildcard(), self.scene) == truth {
                        self.many(part, found, truth, negated, whole);
                    }
                }
            }
            Condition::Not(inner, _) => self.many(inner, found, !truth, !negated, whole),
            Condition::Elements { quantifier, element, .. } => {
                let (wanted, turned) = match quantifier {
                    Quantifier::Any | Quantifier::All => (truth, negated),
                    Quantifier::None => (!truth, !negated),
                };
                let before = self.traces.len();
                for (steps, f) in found {
                    if element.truth(f, self.scene) != wanted {
                        continue;
                    }
                    let length = self.steps.len();
                    self.steps.extend(steps.iter().cloned());
                    match (element, f) {
                        (Element::Condition(condition), f) => self.condition(condition, f, wanted, turned),
                        (Element::Predicate(predicate), Found::Value(value)) => {
                            self.predicate(predicate, value, wanted, turned);
                        }
                        (Element::Predicate(_), f) => self.push(condition, f, negated),
                    }
                    self.steps.truncate(length);
                }
                if self.traces.len() == before {
                    self.whole(condition, whole, !found.is_empty(), truth, negated);
                }
            }
            _ => self.whole(condition, whole, !found.is_empty(), truth, negated),
        }
    }

    // `seen`: there are elements.
    fn whole(
        &mut self,
        condition: &Condition,
        (path, value): (&Path, &Value),
        seen: bool,
        truth: Truth,
        negated: bool,
    ) {
        let length = self.steps.len();
        let wildcard = path.segments.iter().position(|segment| *segment == Segment::Any);
        let list = Path { segments: path.segments.iter().take(wildcard.unwrap_or(usize::MAX)).cloned().collect() };
        match locate(&list, value) {
            (steps, Found::Unknown(why)) => {
                self.steps.extend(steps);
                self.trace(Actual::Unknown(why.to_string()), condition.expected(), negated);
            }
            // Elements that only together decided, or nothing is in it, but it is there.
            (steps, Found::Value(all)) if seen || is_empty(all) => {
                let actual = match all.unread() {
                    Some(why) if truth == Truth::Unknown => Actual::Unknown(why.to_string()),
                    _ => Actual::Value(all.clone()),
                };
                self.steps.extend(steps);
                self.trace(actual, condition.expected(), negated);
            }
            _ => {
                let keys = path.segments.iter().filter_map(|segment| match segment {
                    Segment::Key(key) => Some(Step::Key(*key)),
                    _ => None,
                });
                self.steps.extend(keys);
                self.push(condition, &Found::Absent, negated);
            }
        }
        self.steps.truncate(length);
    }

    fn related(&mut self, related: &Related, value: &Value, truth: Truth, negated: bool) {
        let candidates = match related.candidates(value, self.scene) {
            Ok(candidates) => candidates,
            Err(why) => return self.trace(Actual::Unknown(why.to_string()), related.expected.clone(), negated),
        };
        let (wanted, turned) = match related.amount {
            Amount::Quantifier(Quantifier::None) => (!truth, !negated),
            _ => (truth, negated),
        };
        let before = self.traces.len();
        // Of `any` that failed every candidate is an alternative; show how far each got. Counts have no single culprit.
        if matches!(related.amount, Amount::Quantifier(_)) {
            for (name, candidate) in &candidates.values {
                let scene = self.scene.of(candidate);
                if related.predicate.holds(candidate, scene) == wanted {
                    let (outer_steps, outer) =
                        (std::mem::take(&mut self.steps), self.related.replace(name.to_string()));
                    let outer_scene = std::mem::replace(&mut self.scene, scene);
                    self.predicate(&related.predicate, candidate, wanted, turned);
                    self.scene = outer_scene;
                    self.steps = outer_steps;
                    self.related = outer;
                }
            }
        }
        if self.traces.len() == before {
            let actual = match &candidates.incomplete {
                Some(why) if truth == Truth::Unknown => Actual::Unknown(why.to_string()),
                _ if candidates.values.is_empty() => Actual::Absent,
                _ => {
                    let names = candidates.values.iter().map(|(name, _)| Value::str(name.to_string()));
                    Actual::Value(Value::list(names))
                }
            };
            self.trace(actual, related.expected.clone(), negated);
        }
    }

    fn trace(&mut self, actual: Actual, expected: String, negated: bool) {
        let expected = if negated { opposite(&expected) } else { expected };
        self.traces.push(Trace { steps: self.steps.clone(), actual, expected, related: self.related.clone() });
    }

    fn push(&mut self, condition: &Condition, found: &Found<'_>, negated: bool) {
        let truth = condition.truth(found, self.scene);
        let actual = match found {
            Found::Unknown(why) => Actual::Unknown(why.to_string()),
            Found::Absent => Actual::Absent,
            Found::Value(Value::Unknown(why)) => Actual::Unknown(why.to_string()),
            Found::Value(value) if truth == Truth::Unknown => Actual::Unknown(value.unread().map_or_else(
                || format!("expected {}, found {}", condition.wants(), value.to_json(80)),
                ToString::to_string,
            )),
            Found::Value(value) => Actual::Value((*value).clone()),
        };
        self.trace(actual, condition.expected(), negated);
    }
}

fn is_absent(found: &Found<'_>) -> bool {
    matches!(found, Found::Absent | Found::Value(Value::Null))
}

fn is_empty(value: &Value) -> bool {
    value.items().is_empty() && value.as_map().is_none_or(Map::is_empty)
}

fn locate<'v>(path: &Path, value: &'v Value) -> (Steps, Found<'v>) {
    let mut result = None;
    path.expand(value, &mut |steps, found| result = Some((steps.to_vec(), found)));
    result.unwrap_or((Vec::new(), Found::Absent))
}

fn elements_with_steps(value: &Value) -> Vec<(Steps, Found<'_>)> {
    match value {
        Value::List(items) => items.iter().enumerate().map(|(at, v)| (vec![Step::Index(at)], found(v))).collect(),
        Value::Map(map) => map.iter().map(|(key, v)| (vec![Step::Key(key)], found(v))).collect(),
        _ => Vec::new(),
    }
}

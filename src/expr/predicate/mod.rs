//! Compiled predicates: their truth on a value, and the evidence for it.
//!
//! Truth is computed first, without building anything. Only where people will ask why (Failed, Manual, Not relevant) is the
//! predicate walked again for the leaves that decided.

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::domain::{About, Answer, Question};
use super::operators::{Modifiers, Operand, Operator};
use super::path::{Found, Path, Segment, Step, Steps};
use super::typed::{Type, Typed};
use super::{Map, Truth, Value};
use crate::model::Text;

/// A compiled predicate.
#[derive(Debug)]
pub enum Predicate {
    /// Every one holds. Holds if there are none.
    All(Vec<Predicate>),
    /// At least one holds.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// A condition on the value at a path.
    Leaf(Leaf),
    /// A statement about other resources.
    Related(Related),
    /// What no configuration tells, for this reason.
    Undecided(Text),
}

/// A condition on the value at a path.
#[derive(Debug)]
pub struct Leaf {
    /// Where.
    pub path: Path,
    /// What.
    pub condition: Condition,
}

/// A condition on one value.
#[derive(Debug)]
pub enum Condition {
    /// An operator of the table.
    Test {
        /// Which.
        operator: &'static Operator,
        /// Its compiled operand.
        operand: Operand,
        /// Upper and lower case are the same.
        ignore_case: bool,
        /// Truth when absent or null.
        unset: Truth,
        /// What is expected, in words.
        expected: String,
    },
    /// A comparison as a type (version, duration, quantity).
    Compare {
        /// The type.
        as_type: Type,
        /// How.
        comparison: Comparison,
        /// Against what: one value, or two for `between`.
        bounds: Vec<Typed>,
        /// Truth when absent or null.
        unset: Truth,
        /// What is expected, in words.
        expected: String,
    },
    /// All conditions hold.
    All(Vec<Condition>),
    /// The condition does not hold; `unset` is the truth when absent or null, if stated.
    Not(Box<Condition>, Option<Truth>),
    /// Elements of a list, values of a map, or what a wildcard path leads to.
    Elements {
        /// How many must hold.
        quantifier: Quantifier,
        /// What must hold of them.
        element: Element,
        /// Truth when absent or null, if stated.
        unset: Option<Truth>,
    },
    /// Comparisons on the number of elements that hold, or on the length.
    Count {
        /// The number itself.
        comparisons: Vec<(Comparison, Vec<f64>)>,
        /// Which elements count; all of them if none. Of text, the characters count.
        element: Option<Element>,
        /// Truth when absent or null, if stated; else the number is 0.
        unset: Option<Truth>,
        /// What is expected, in words.
        expected: String,
    },
    /// A domain operator.
    Domain {
        /// What it asks.
        question: Box<dyn Question>,
        /// Truth when absent or null.
        unset: Truth,
        /// What is expected, in words.
        expected: String,
    },
}

/// What must hold of an element.
#[derive(Debug)]
pub enum Element {
    /// A condition on the element itself.
    Condition(Box<Condition>),
    /// A predicate with paths inside of the element.
    Predicate(Box<Predicate>),
}

/// How many elements must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// Every one.
    All,
    /// Not one.
    None,
}

/// How two comparable values stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equals,
    /// Greater.
    Gt,
    /// Greater or the same.
    Gte,
    /// Less.
    Lt,
    /// Less or the same.
    Lte,
    /// From the first to the second bound.
    Between,
}

impl Comparison {
    /// Whether `value` stands so to `bounds` (two of them for `Between`, else one).
    pub fn holds<T: PartialOrd>(self, value: &T, bounds: &[T]) -> bool {
        let Some(first) = bounds.first() else { return false };
        match self {
            Comparison::Equals => value == first,
            Comparison::Gt => value > first,
            Comparison::Gte => value >= first,
            Comparison::Lt => value < first,
            Comparison::Lte => value <= first,
            Comparison::Between => value >= first && bounds.last().is_some_and(|last| value <= last),
        }
    }
}

/// A statement about the resources whose values at `their` paths equal this resource's values at `our` paths.
#[derive(Debug)]
pub struct Related {
    /// Which join of the check this is; the key by which [`World`] finds its index.
    pub join: usize,
    /// Kind or view of the others.
    pub source: String,
    /// Only what lies in the region of this resource counts: the join's first key is the region.
    pub scoped: bool,
    /// Paths in this resource, in the order of the join's other keys. One of them may have a wildcard: what equals any of
    /// its values is a candidate.
    pub ours: Vec<Path>,
    /// How many must hold.
    pub amount: Amount,
    /// What must hold of a candidate.
    pub predicate: Box<Predicate>,
    /// What is expected, in words.
    pub expected: String,
}

/// How many candidates must hold.
#[derive(Debug)]
pub enum Amount {
    /// Any, all, none.
    Quantifier(Quantifier),
    /// Comparisons on their number.
    Count(Vec<(Comparison, Vec<f64>)>),
}

/// The other resources, for joins.
pub trait World: Sync {
    /// The resources of a join whose keys equal `keys`; of a key with a wildcard, any of its values does.
    fn candidates(&self, join: usize, keys: &[Value]) -> Candidates<'_>;
}

/// No other resources: for predicates without joins.
pub struct Alone;

impl World for Alone {
    fn candidates(&self, _: usize, _: &[Value]) -> Candidates<'_> {
        Candidates { values: Vec::new(), incomplete: None }
    }
}

/// The resources that a join leads to.
pub struct Candidates<'a> {
    /// Name for evidence, value.
    pub values: Vec<(String, &'a Value)>,
    /// Why there may be more than these.
    pub incomplete: Option<Text>,
}

/// What evaluation needs beside the value.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The moment that ages are judged against.
    pub now: jiff::Timestamp,
    /// The other resources.
    pub world: &'a dyn World,
}

// What everything inside of one resource is judged with.
#[derive(Clone, Copy)]
struct Scene<'a> {
    env: Environment<'a>,
    // The resource as a whole, however deep the value lies that is being judged.
    resource: &'a Value,
}

/// One leaf that decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Concrete path, in the subject or in `related`.
    pub steps: Steps,
    /// What stood there.
    pub actual: Actual,
    /// What was expected, in words.
    pub expected: String,
    /// The other resource that the path is in.
    pub related: Option<String>,
}

impl<'a> Scene<'a> {
    fn about(self) -> About<'a> {
        About { resource: self.resource }
    }

    // The scene of another resource.
    fn of(self, resource: &'a Value) -> Scene<'a> {
        Scene { resource, ..self }
    }
}

/// What stood at a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Actual {
    /// A value.
    Value(Value),
    /// Nothing.
    Absent,
    /// Nobody knows, for this reason.
    Unknown(String),
}

impl Predicate {
    /// The truth on `value`.
    pub fn truth(&self, value: &Value, env: Environment<'_>) -> Truth {
        self.holds(value, Scene { env, resource: value })
    }

    fn holds(&self, value: &Value, scene: Scene<'_>) -> Truth {
        match self {
            Predicate::All(all) => Truth::all(all.iter().map(|p| p.holds(value, scene))),
            Predicate::Any(any) => Truth::any(any.iter().map(|p| p.holds(value, scene))),
            Predicate::Not(inner) => !inner.holds(value, scene),
            Predicate::Leaf(leaf) => leaf.truth(value, scene),
            Predicate::Related(related) => related.truth(value, scene),
            Predicate::Undecided(_) => Truth::Unknown,
        }
    }

    /// The leaves that made the predicate `truth` on `value`, with what would have been expected of them.
    pub fn explain(&self, value: &Value, env: Environment<'_>, truth: Truth) -> Vec<Trace> {
        let mut walk =
            Walk { scene: Scene { env, resource: value }, steps: Vec::new(), related: None, traces: Vec::new() };
        walk.predicate(self, value, truth, false);
        walk.traces
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

fn is_absent(found: &Found<'_>) -> bool {
    matches!(found, Found::Absent | Found::Value(Value::Null))
}

impl Condition {
    fn truth(&self, found: &Found<'_>, scene: Scene<'_>) -> Truth {
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
    fn truth_of_many(&self, found: &[Found<'_>], wildcard: bool, scene: Scene<'_>) -> Truth {
        match self {
            Condition::Elements { quantifier, element, .. } => {
                let truths = found.iter().map(|f| element.truth(f, scene));
                match quantifier {
                    Quantifier::Any => Truth::any(truths),
                    Quantifier::All => Truth::all(truths),
                    Quantifier::None => !Truth::any(truths),
                }
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

    fn expected(&self) -> String {
        match self {
            Condition::Test { expected, .. }
            | Condition::Compare { expected, .. }
            | Condition::Count { expected, .. }
            | Condition::Domain { expected, .. } => expected.clone(),
            Condition::All(all) => all.iter().map(Condition::expected).collect::<Vec<_>>().join(" and "),
            Condition::Not(inner, _) => opposite(&inner.expected()),
            Condition::Elements { quantifier, element, .. } => {
                let of = match element {
                    Element::Condition(condition) => condition.expected(),
                    Element::Predicate(predicate) => predicate.expected(),
                };
                match quantifier {
                    Quantifier::Any => format!("an element with {of}"),
                    Quantifier::All => format!("only elements with {of}"),
                    Quantifier::None => format!("no element with {of}"),
                }
            }
        }
    }

    // The type that is expected, when the value cannot be judged.
    fn wants(&self) -> &'static str {
        match self {
            Condition::Test { operator, .. } => operator.wants,
            Condition::Compare { as_type, .. } => as_type.wants(),
            Condition::Not(inner, _) => inner.wants(),
            Condition::All(all) => all.first().map_or("a value", Condition::wants),
            Condition::Elements { .. } | Condition::Count { .. } | Condition::Domain { .. } => "a list",
        }
    }
}

impl Element {
    fn truth(&self, found: &Found<'_>, scene: Scene<'_>) -> Truth {
        match (self, found) {
            (Element::Condition(condition), found) => condition.truth(found, scene),
            (Element::Predicate(_), Found::Unknown(_)) => Truth::Unknown,
            (Element::Predicate(predicate), Found::Value(value)) => predicate.holds(value, scene),
            (Element::Predicate(predicate), Found::Absent) => predicate.holds(&Value::Null, scene),
        }
    }
}

impl Predicate {
    /// What is expected, in words.
    pub fn expected(&self) -> String {
        let join = |predicates: &[Predicate], word: &str| {
            let parts = predicates.iter().map(Predicate::expected).filter(|words| !words.is_empty());
            parts.collect::<Vec<_>>().join(word)
        };
        match self {
            Predicate::All(all) => join(all, " and "),
            Predicate::Any(any) => join(any, " or "),
            Predicate::Not(inner) => format!("not ({})", inner.expected()),
            Predicate::Leaf(leaf) if leaf.path.segments.is_empty() => leaf.condition.expected(),
            Predicate::Leaf(leaf) => format!("{} {}", leaf.path, leaf.condition.expected()),
            Predicate::Related(related) => related.expected.clone(),
            Predicate::Undecided(_) => String::new(),
        }
    }
}

fn found(value: &Value) -> Found<'_> {
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

impl Related {
    // The values of every key. Several only of a path with a wildcard, with the reason if there may be more; none at all if a
    // key has no value, so that nothing can equal it.
    fn keys(&self, value: &Value, scene: Scene<'_>) -> Result<(Vec<Vec<Value>>, Option<Text>), Text> {
        let mut keys = vec![Vec::with_capacity(self.ours.len() + 1)];
        if self.scoped {
            // What has no region is in one place with all else that has none.
            let region = match region().find(scene.resource) {
                Found::Value(region) => region.clone(),
                Found::Absent => Value::Null,
                Found::Unknown(why) => return Err(why),
            };
            keys.iter_mut().for_each(|key| key.push(region.clone()));
        }
        let mut more = None;
        for path in &self.ours {
            let mut values = Vec::new();
            if path.has_wildcard() {
                let mut why = None;
                path.expand(value, &mut |_, found| match key_value(found) {
                    Ok(value) => values.extend(value),
                    Err(reason) => why = Some(reason),
                });
                more = more.or(why);
            } else {
                values.extend(key_value(path.find(value))?);
            }
            keys = keys
                .into_iter()
                .flat_map(|key| values.iter().map(move |value| key.iter().chain([value]).cloned().collect()))
                .collect();
        }
        Ok((keys, more))
    }

    fn candidates<'e>(&self, value: &Value, scene: Scene<'e>) -> Result<Candidates<'e>, Text> {
        let (keys, more) = self.keys(value, scene)?;
        let mut all = Candidates { values: Vec::new(), incomplete: more };
        let mut seen: HashSet<*const Value, FixedState> = HashSet::default();
        let several = keys.len() > 1;
        for key in keys {
            let found = scene.env.world.candidates(self.join, &key);
            all.values.extend(found.values.into_iter().filter(|(_, value)| !several || seen.insert(*value)));
            all.incomplete = all.incomplete.or(found.incomplete);
        }
        Ok(all)
    }

    fn truth(&self, value: &Value, scene: Scene<'_>) -> Truth {
        match self.candidates(value, scene) {
            Ok(candidates) => self.judge(&candidates, scene),
            Err(_) => Truth::Unknown,
        }
    }

    fn judge(&self, candidates: &Candidates<'_>, scene: Scene<'_>) -> Truth {
        let truths: Vec<Truth> = candidates.values.iter().map(|(_, v)| self.predicate.holds(v, scene.of(v))).collect();
        // A candidate that nobody has seen could be anything.
        let unseen = candidates.incomplete.is_some().then_some(Truth::Unknown);
        let all = || truths.iter().copied().chain(unseen);
        match &self.amount {
            Amount::Quantifier(Quantifier::Any) => Truth::any(all()),
            Amount::Quantifier(Quantifier::All) => Truth::all(all()),
            Amount::Quantifier(Quantifier::None) => !Truth::any(all()),
            Amount::Count(comparisons) => {
                let certain = truths.iter().filter(|t| **t == Truth::True).count();
                let possible = truths.iter().filter(|t| **t != Truth::False).count();
                count_holds_open(comparisons, certain, possible, unseen.is_some())
            }
        }
    }
}

/// Where resources say which region they lie in.
pub fn region() -> &'static Path {
    static REGION: LazyLock<Path> = LazyLock::new(|| Path::keys(&["metadata", "namespace"]));
    &REGION
}

// A value to join on; nothing equals what is not there.
fn key_value(found: Found<'_>) -> Result<Option<Value>, Text> {
    match found {
        Found::Value(Value::Null) | Found::Absent => Ok(None),
        Found::Value(value) => match inner_unknown(value) {
            Some(why) => Err(why.into()),
            None => Ok(Some(value.clone())),
        },
        Found::Unknown(why) => Err(why),
    }
}

// With `open` there is no upper bound. The outcome changes only at the bounds, so the numbers around each of them stand for
// all others.
fn count_holds_open(comparisons: &[(Comparison, Vec<f64>)], certain: usize, possible: usize, open: bool) -> Truth {
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

// Walks a predicate again, for the leaves that decided.
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
                    self.whole(condition, whole, negated);
                }
            }
            _ => self.whole(condition, whole, negated),
        }
    }

    fn whole(&mut self, condition: &Condition, (path, value): (&Path, &Value), negated: bool) {
        let length = self.steps.len();
        let wildcard = path.segments.iter().position(|segment| *segment == Segment::Any);
        let list = Path { segments: path.segments.iter().take(wildcard.unwrap_or(usize::MAX)).cloned().collect() };
        match locate(&list, value) {
            // Nothing is in it, but it is there.
            (steps, Found::Value(empty)) if empty.items().is_empty() && empty.as_map().is_none_or(Map::is_empty) => {
                self.steps.extend(steps);
                self.trace(Actual::Value(empty.clone()), condition.expected(), negated);
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
            Err(why) => return self.other(related, Actual::Unknown(why.to_string()), negated),
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
                    let (outer_steps, outer) = (std::mem::take(&mut self.steps), self.related.replace(name.clone()));
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
                    let names: Vec<Value> = candidates.values.iter().map(|(name, _)| Value::str(name)).collect();
                    Actual::Value(Value::list(names))
                }
            };
            self.other(related, actual, negated);
        }
    }

    fn other(&mut self, related: &Related, actual: Actual, negated: bool) {
        self.trace(actual, related.expected.clone(), negated);
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
            Found::Value(value) if truth == Truth::Unknown => Actual::Unknown(
                inner_unknown(value)
                    .unwrap_or_else(|| format!("expected {}, found {}", condition.wants(), value.to_json(80))),
            ),
            Found::Value(value) => Actual::Value((*value).clone()),
        };
        self.trace(actual, condition.expected(), negated);
    }
}

// What is expected where the opposite was written, in words that people would use.
fn opposite(words: &str) -> String {
    const PAIRS: [(&str, &str); 13] = [
        ("not ", ""),
        ("contains one of ", "without any of "),
        ("contains ", "without "),
        ("one of ", "none of "),
        ("at least ", "less than "),
        ("more than ", "at most "),
        ("a grant ", "no grant "),
        ("an element with ", "no element with "),
        ("an entry ", "no entry "),
        ("a ", "no "),
        ("expires within ", "is valid for longer than "),
        ("older than ", "newer than "),
        ("mode within ", "mode outside of "),
    ];
    for (one, other) in PAIRS {
        if let Some(rest) = words.strip_prefix(one) {
            return format!("{other}{rest}");
        }
        if let Some(rest) = words.strip_prefix(other).filter(|_| !other.is_empty()) {
            return format!("{one}{rest}");
        }
    }
    format!("not {words}")
}

// A reason from inside of a list or map, where that is why it cannot be judged.
fn inner_unknown(value: &Value) -> Option<String> {
    match value {
        Value::Unknown(why) => Some(why.to_string()),
        Value::List(items) => items.iter().find_map(inner_unknown),
        Value::Map(map) => map.iter().find_map(|(_, v)| inner_unknown(v)),
        _ => None,
    }
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

//! Compiled predicates: their truth on a value, and the evidence for it.
//!
//! Truth is computed first, without building anything. Only where people will ask why (Failed, Manual, Not relevant) is the
//! predicate walked again for the leaves that decided.

mod explain;
mod judge;
mod related;
mod words;

use super::domain::{About, Question};
use super::operators::{Operand, Operator};
use super::path::{Path, Steps};
use super::typed::{Type, Typed};
use super::{Truth, Value};
use crate::model::{ResourceRef, Text};

pub use related::region;

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

impl Quantifier {
    /// The quantifier `name`.
    pub fn named(name: &str) -> Option<Quantifier> {
        match name {
            "any" => Some(Quantifier::Any),
            "all" => Some(Quantifier::All),
            "none" => Some(Quantifier::None),
            _ => None,
        }
    }

    /// The truth over these elements.
    fn over(self, truths: impl IntoIterator<Item = Truth>) -> Truth {
        match self {
            Quantifier::Any => Truth::any(truths),
            Quantifier::All => Truth::all(truths),
            Quantifier::None => !Truth::any(truths),
        }
    }
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
    /// Every comparison by its name in rules.
    pub const NAMED: [(&str, Comparison); 6] = [
        ("equals", Comparison::Equals),
        ("gt", Comparison::Gt),
        ("gte", Comparison::Gte),
        ("lt", Comparison::Lt),
        ("lte", Comparison::Lte),
        ("between", Comparison::Between),
    ];

    /// The comparison `name`.
    pub fn named(name: &str) -> Option<Comparison> {
        Comparison::NAMED.iter().find(|(own, _)| *own == name).map(|(_, comparison)| *comparison)
    }

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
    /// What evidence names, and its value.
    pub values: Vec<(&'a ResourceRef, &'a Value)>,
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

impl<'a> Scene<'a> {
    fn about(self) -> About<'a> {
        About { resource: self.resource }
    }

    // The scene of another resource.
    fn of(self, resource: &'a Value) -> Scene<'a> {
        Scene { resource, ..self }
    }
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

    /// The leaves that made the predicate `truth` on `value`, with what would have been expected of them.
    pub fn explain(&self, value: &Value, env: Environment<'_>, truth: Truth) -> Vec<Trace> {
        explain::explain(self, value, Scene { env, resource: value }, truth)
    }
}

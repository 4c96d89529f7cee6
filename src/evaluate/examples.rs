//! Runs the examples of checks: the same judgement as on real systems, on subjects that authors wrote.

use std::collections::BTreeMap;
use std::fmt;

use crate::base::diagnostic::{Diagnostics, Place};
use crate::base::symbol::Symbol;
use crate::base::yaml::Node;
use crate::catalog;
use crate::derive::{Subject, Subjects};
use crate::expr::{Environment, Map, Path, Segment, Value};
use crate::model::{Detail, ResourceRef, State};
use crate::rules::{Check, Example, Instance};

use super::evidence::Evidences;
use super::joins::Joins;

/// An example that does not have the state that it should have.
#[derive(Debug)]
pub struct ExampleFault {
    /// File of the check.
    pub file: String,
    /// Where the example stands.
    pub place: Place,
    /// What went otherwise.
    pub message: String,
}

impl fmt::Display for ExampleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.place.line, self.place.column, self.message)
    }
}

/// Runs every example of a check; gives those that went otherwise.
pub fn run_examples(check: &std::sync::Arc<Check>, now: jiff::Timestamp) -> Vec<ExampleFault> {
    let mut faults = Vec::new();
    for example in &check.examples {
        if let Err(message) = run(check, example, now) {
            faults.push(ExampleFault { file: check.file.clone(), place: example.place, message });
        }
    }
    faults
}

fn run(check: &std::sync::Arc<Check>, example: &Example, now: jiff::Timestamp) -> Result<(), String> {
    let mut diagnostics = Diagnostics::new(&check.file);
    let Some(compiled) = check.compile(&example.params, &mut diagnostics) else {
        let faults: Vec<String> = diagnostics.faults.iter().map(ToString::to_string).collect();
        return Err(format!("the example's parameters do not compile: {}", faults.join("; ")));
    };
    let params = check.effective_params(&example.params);
    let instance = Instance { check: check.clone(), params, customised: Vec::new(), compiled };

    let read = |object: &Node, gaps: &[Path]| {
        let value = Value::from(object.to_json());
        gaps.iter().fold(value, |value, gap| with_gap(&value, &gap.segments, gap))
    };
    let value = read(&example.subject, &example.gaps);
    let resource = |kind: &str, value: &Value| ResourceRef {
        kind: kind.into(),
        scope: value.at(&["metadata", "namespace"]).and_then(Value::as_str).map(Into::into),
        name: value.at(&["metadata", "name"]).and_then(Value::as_str).unwrap_or("example").into(),
    };
    let subject = Subject { resource: resource(check.source.name(), &value), element: None, value, origin: None };
    let mut sources: BTreeMap<&str, Subjects> = BTreeMap::new();
    for join in &instance.compiled.joins {
        if let Some(source) = catalog::source(&join.source) {
            sources.entry(source.name()).or_default();
        }
    }
    for other in &example.world {
        let value = read(&other.object, &other.gaps);
        if let Some(source) = catalog::source(&other.kind) {
            let subject = Subject { resource: resource(&other.kind, &value), element: None, value, origin: None };
            sources.entry(source.name()).or_default().subjects.push(subject);
        }
    }
    let instances = [instance];
    let joins = Joins::new(&sources, &instances);
    let world = joins.of(0);
    let [instance] = &instances;
    let environment = Environment { now, world: &world };
    let (state, detail) = super::judge(instance, &subject, environment, &Evidences::new(instance));
    if state != example.state {
        let reason = detail.map(|d| d.reason.clone()).filter(|r| !r.is_empty());
        let because = reason.map_or_else(String::new, |reason| format!(" because {reason}"));
        return Err(format!("expected {}, but it is {}{because}", example.state, state));
    }
    complete(state, detail.as_deref())
}

// A verdict without its reason is of no use to anybody.
fn complete(state: State, detail: Option<&Detail>) -> Result<(), String> {
    match (state, detail) {
        (State::Passed, _) => Ok(()),
        (State::Failed, Some(detail)) if !detail.evidence.is_empty() => Ok(()),
        (State::Manual | State::NotRelevant, Some(detail)) if !detail.reason.is_empty() => Ok(()),
        _ => Err(format!("{state} without evidence")),
    }
}

// The value with the part at the path replaced by "not collected".
fn with_gap(value: &Value, rest: &[Segment], gap: &Path) -> Value {
    let Some((segment, rest)) = rest.split_first() else {
        return Value::unknown(format!("{gap} was not collected"));
    };
    match (segment, value) {
        (Segment::Key(key), value) => {
            let mut entries: Vec<(Symbol, Value)> =
                value.as_map().map(|map| map.iter().map(|(k, v)| (k, v.clone())).collect()).unwrap_or_default();
            let own = entries.iter_mut().find(|(k, _)| k == key);
            match own {
                Some((_, inner)) => *inner = with_gap(inner, rest, gap),
                None => entries.push((*key, with_gap(&Value::Null, rest, gap))),
            }
            Value::Map(std::sync::Arc::new(Map::new(entries)))
        }
        (Segment::Any, Value::List(items)) if !items.is_empty() => {
            Value::list(items.iter().map(|item| with_gap(item, rest, gap)))
        }
        (Segment::Any | Segment::Select { .. }, _) => Value::list([with_gap(&Value::Null, rest, gap)]),
    }
}

//! Compiled checks on what was read: findings with evidence. Pure and synchronous; subjects in parallel.

mod evidence;
mod examples;
mod joins;

pub use examples::{ExampleFault, run_examples};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use foldhash::fast::FixedState;
use rayon::prelude::*;

use crate::catalog;
use crate::derive::{self, Derivation, Subject, Subjects};
use crate::expr::path::Found;
use crate::expr::predicate::Alone;
use crate::expr::{Environment, Predicate, Truth, Value};
use crate::inventory::Inventory;
use crate::model::{CheckResult, Counts, Detail, Evidence, GapReason, Outcome, ResourceRef, State};
use crate::rules::{Each, Instance};

use evidence::Evidences;
use joins::Joins;

/// Outcomes of all instances, and the resources that they point to.
#[derive(Debug)]
pub struct Evaluation {
    /// Sorted; outcomes point into it.
    pub resources: Vec<ResourceRef>,
    /// One per instance, in the same order.
    pub checks: Vec<CheckResult>,
}

/// Evaluates every instance on every subject that it concerns.
pub fn evaluate(inventory: &Inventory, instances: &[Instance]) -> Evaluation {
    let joined = instances.iter().flat_map(|i| i.compiled.joins.iter().map(|join| join.source.as_str()));
    let names: BTreeSet<&str> = instances.iter().map(|i| i.check.source.name()).chain(joined).collect();
    let derivation = Derivation::new(inventory);
    let sources: BTreeMap<&str, Subjects> =
        names.into_par_iter().filter_map(|name| Some((name, derivation.subjects(catalog::source(name)?)))).collect();
    drop(derivation);

    let system = system_resource(inventory);
    let table = ResourceTable::new(inventory, &sources, &system);
    let joins = Joins::new(&sources, instances);
    let checks = instances
        .par_iter()
        .enumerate()
        .map(|(at, instance)| {
            let source = instance.check.source.name();
            let world = joins.of(at);
            let environment = Environment { now: inventory.now, world: &world };
            let concerned =
                Concerned { inventory, subjects: &sources[source], positions: &table.positions[source], table: &table };
            let outcomes = outcomes(instance, &concerned, environment);
            let counts = Counts::of(&outcomes);
            CheckResult {
                check: instance.check.info.clone(),
                params: instance.params.clone(),
                customised: instance.customised.clone(),
                outcomes,
                counts,
            }
        })
        .collect();
    Evaluation { resources: table.resources, checks }
}

/// How results are reported that concern the system as a whole.
pub fn system_resource(inventory: &Inventory) -> ResourceRef {
    let kind = match inventory.system.technology {
        crate::model::Technology::Kubernetes => "Cluster",
        crate::model::Technology::Aws => "AWS::Account",
    };
    ResourceRef { kind: kind.into(), scope: None, name: inventory.system.name.as_str().into() }
}

// Every resource that findings can point to, sorted, and where the resource of each subject stands in it, per source; none if
// results about it do not belong to the scan.
struct ResourceTable<'s> {
    resources: Vec<ResourceRef>,
    positions: BTreeMap<&'s str, Vec<Option<u32>>>,
    system: u32,
}

impl<'s> ResourceTable<'s> {
    fn new(inventory: &Inventory, sources: &BTreeMap<&'s str, Subjects>, system: &ResourceRef) -> ResourceTable<'s> {
        let mut resources: Vec<ResourceRef> = vec![system.clone()];
        for subjects in sources.values() {
            let mut last: Option<&ResourceRef> = None;
            for subject in &subjects.subjects {
                // The subjects of one resource follow each other.
                if last != Some(&subject.resource) && derive::looks_at(inventory, &subject.resource) {
                    resources.push(subject.resource.clone());
                }
                last = Some(&subject.resource);
            }
        }
        resources.par_sort_unstable();
        resources.dedup();
        resources.shrink_to_fit();
        let places: HashMap<&ResourceRef, u32, FixedState> = resources.iter().zip(0..).collect();
        let system = places.get(system).copied().unwrap_or_default();
        let of = |subjects: &Subjects| {
            subjects.subjects.iter().map(|subject| places.get(&subject.resource).copied()).collect()
        };
        let positions = sources.iter().map(|(name, subjects)| (*name, of(subjects))).collect();
        ResourceTable { resources, positions, system }
    }
}

// What an instance is evaluated on.
struct Concerned<'e> {
    inventory: &'e Inventory,
    subjects: &'e Subjects,
    // Of the resources of the subjects.
    positions: &'e [Option<u32>],
    table: &'e ResourceTable<'e>,
}

fn outcomes(instance: &Instance, concerned: &Concerned<'_>, environment: Environment<'_>) -> Vec<Outcome> {
    let Concerned { inventory, subjects, positions, table } = concerned;
    let evidences = Evidences::new(instance);
    let judge = |(subject, resource): (&Subject, &Option<u32>)| {
        let resource = (*resource)?;
        // A fault in a check must not lose the others.
        let verdict = catch_unwind(AssertUnwindSafe(|| judge(instance, subject, environment, &evidences)));
        let (state, detail) = verdict.unwrap_or_else(|_| {
            let reason = "the check could not be evaluated on this resource; please report this".to_owned();
            (State::Manual, Some(Arc::new(Detail { reason, ..Detail::default() })))
        });
        Some(Outcome { resource, element: subject.element.clone(), state, detail, waiver: None })
    };
    let pairs = subjects.subjects.par_iter().zip(*positions).with_min_len(256);
    let mut outcomes: Vec<Outcome> = pairs.filter_map(judge).collect();
    let hint = instance.check.info.hint.clone();
    for gap in subjects.gaps.iter().filter(|gap| derive::matters(inventory, instance.check.source, gap)) {
        // Of a whole kind that nothing was there to collect with, the detail says what is missing and where to get it.
        let whole = gap.scope.is_none() && gap.permission.is_none() && !gap.detail.is_empty();
        let reason = match gap.reason {
            GapReason::NotCollected if whole => gap.detail.clone(),
            _ => format!("could not read {gap}"),
        };
        let detail = Arc::new(Detail { reason, hint: hint.clone(), ..Detail::default() });
        // Named, so that several gaps stay several.
        let element = format!("{}{}", gap.kind, gap.scope.as_ref().map_or(String::new(), |scope| format!(" {scope}")));
        outcomes.push(Outcome {
            resource: table.system,
            element: Some(element.into()),
            state: State::Manual,
            detail: Some(detail),
            waiver: None,
        });
    }
    if outcomes.is_empty() {
        let what = &instance.check.info.resource;
        let reason = match (&subjects.none, inventory.part.narrowing(inventory.system.technology)) {
            (Some(none), _) => none.clone(),
            (None, Some(part)) => format!("no {what} in the part of this system that was looked at: {part}"),
            (None, None) => format!("no {what} in this system"),
        };
        let detail = Some(Arc::new(Detail { reason, ..Detail::default() }));
        let state = State::NotRelevant;
        outcomes.push(Outcome { resource: table.system, element: None, state, detail, waiver: None });
    }
    fold(&mut outcomes);
    outcomes
}

// A template and its live pods are one target: the worst state stays, with the evidence of all that have it.
fn fold(outcomes: &mut Vec<Outcome>) {
    outcomes.sort_by(|a, b| (a.resource, &a.element, a.state).cmp(&(b.resource, &b.element, b.state)));
    outcomes.dedup_by(|other, kept| {
        if kept.resource != other.resource || kept.element != other.element {
            return false;
        }
        if kept.state == other.state
            && let (Some(own), Some(more)) = (&mut kept.detail, &other.detail)
        {
            add_evidence(Arc::make_mut(own), more);
        }
        true
    });
    outcomes.shrink_to_fit();
}

fn add_evidence(own: &mut Detail, more: &Detail) {
    for evidence in &more.evidence {
        // A live pod that only repeats its template tells nothing new.
        let repeats = |known: &Evidence| {
            known.path.ends_with(&evidence.path)
                && known.actual == evidence.actual
                && known.expected == evidence.expected
        };
        if own.evidence.iter().any(repeats) {
            continue;
        }
        if own.evidence.len() < Detail::EVIDENCE_LIMIT {
            own.evidence.push(evidence.clone());
        } else {
            own.omitted += 1;
        }
    }
}

type Verdict = (State, Option<Arc<Detail>>);

fn judge(instance: &Instance, subject: &Subject, environment: Environment<'_>, evidences: &Evidences<'_>) -> Verdict {
    let compiled = &instance.compiled;
    if let Some(where_) = &compiled.where_ {
        match where_.truth(&subject.value, environment) {
            Truth::True => {}
            Truth::False => {
                let traces = where_.explain(&subject.value, environment, Truth::False);
                return (State::NotRelevant, Some(evidences.not_relevant(subject, &traces)));
            }
            Truth::Unknown => {
                let traces = where_.explain(&subject.value, environment, Truth::Unknown);
                return (State::Manual, Some(evidences.manual(subject, &traces)));
            }
        }
    }
    let (state, detail) = match &compiled.each {
        None => judge_value(&compiled.assert, subject, environment, evidences),
        Some(each) => judge_each(each, &compiled.assert, subject, environment, evidences),
    };
    match (state, instance.check.partial) {
        (State::Passed, true) => (State::Manual, Some(evidences.partial())),
        _ => (state, detail),
    }
}

fn judge_value(
    assert: &Predicate,
    subject: &Subject,
    environment: Environment<'_>,
    evidences: &Evidences<'_>,
) -> Verdict {
    match assert.truth(&subject.value, environment) {
        Truth::True => (State::Passed, None),
        truth @ Truth::False => {
            let traces = assert.explain(&subject.value, environment, truth);
            (State::Failed, Some(evidences.failed(subject, &traces)))
        }
        truth @ Truth::Unknown => {
            let traces = assert.explain(&subject.value, environment, truth);
            (State::Manual, Some(evidences.manual(subject, &traces)))
        }
    }
}

// One proven violation fails the resource; one undecidable element makes it Manual; else it passed if any element counted.
fn judge_each(
    each: &Each,
    assert: &Predicate,
    subject: &Subject,
    environment: Environment<'_>,
    evidences: &Evidences<'_>,
) -> Verdict {
    let mut elements = Vec::new();
    each.path.of_elements().expand(&subject.value, &mut |steps, found| elements.push((steps.to_vec(), found)));
    let (mut failed, mut unknown, mut passed) = (Vec::new(), Vec::new(), false);
    for (steps, found) in elements {
        let value = match found {
            Found::Value(value) => value,
            Found::Absent => &Value::Null,
            Found::Unknown(why) => {
                unknown.push(evidence::unknown_element(steps, &why));
                continue;
            }
        };
        let applies = each.where_.as_ref().map_or(Truth::True, |where_| where_.truth(value, environment));
        let truth = match applies {
            Truth::False => continue,
            Truth::Unknown => Truth::Unknown,
            Truth::True => assert.truth(value, environment),
        };
        let deciding = match (applies, &each.where_) {
            (Truth::Unknown, Some(where_)) => where_,
            _ => assert,
        };
        match truth {
            Truth::True => passed = true,
            Truth::False => failed.extend(evidence::below(&steps, value, deciding.explain(value, environment, truth))),
            Truth::Unknown => {
                unknown.extend(evidence::below(&steps, value, deciding.explain(value, environment, truth)));
            }
        }
    }
    if !failed.is_empty() {
        return (State::Failed, Some(evidences.failed(subject, &failed)));
    }
    if !unknown.is_empty() {
        return (State::Manual, Some(evidences.manual(subject, &unknown)));
    }
    if passed {
        return (State::Passed, None);
    }
    match each.empty {
        State::Passed => (State::Passed, None),
        state => (state, Some(evidences.no_elements(each, state))),
    }
}

/// An environment without other resources, for predicates without joins.
pub fn alone(now: jiff::Timestamp) -> Environment<'static> {
    Environment { now, world: &Alone }
}

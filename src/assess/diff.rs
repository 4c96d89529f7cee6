//! What changed between two assessments of a system.
//!
//! Findings are told apart by check, parameters, resource and element, so that pods may restart and lists change their
//! order. Nothing becomes fixed by being invisible: what failed and cannot be seen any more, because it could not be read or
//! because the later scan was narrower, is listed as such.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Assessment, Cause, CheckResult, Coverage, Diff, DiffItem, Gap, Outcome, ResourceRef, RuleResult, StandardInfo,
    StandardResult, State, System, is_of_the_whole_system,
};

/// Two assessments that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the assessments are of different systems, {before} and {after}; give file input one name with --system NAME")]
pub struct OtherSystem {
    /// Technology and name of the earlier one.
    pub before: String,
    /// Technology and name of the later one.
    pub after: String,
}

/// What changed from `before` to `after`.
pub fn diff<'a>(before: &'a Assessment, after: &'a Assessment) -> Result<Diff<'a>, OtherSystem> {
    let name = |system: &System| format!("{} {}", system.technology, system.name);
    if (before.system.technology, &before.system.name) != (after.system.technology, &after.system.name) {
        return Err(OtherSystem { before: name(&before.system), after: name(&after.system) });
    }
    let mut diff = Diff::default();
    compare_standards(before, after, &mut diff.coverage);
    diff.coverage.gaps_added = only_in(&after.gaps, &before.gaps);
    diff.coverage.gaps_removed = only_in(&before.gaps, &after.gaps);

    let known: BTreeSet<&str> = before.checks.iter().map(|check| check.check.id.as_str()).collect();
    let (before_ranks, after_ranks) = ranks(&before.resources, &after.resources);
    for pair in pairs(before, after) {
        let differs = |other: &[&CheckResult]| pair.other_parameters || other.is_empty();
        diff.coverage.checks_added.extend(pair.after.first().filter(|_| differs(&pair.before)));
        diff.coverage.checks_removed.extend(pair.before.first().filter(|_| differs(&pair.after)));
        let both = !pair.before.is_empty() && !pair.after.is_empty();
        let manual_now = pair.after.iter().flat_map(|check| &check.outcomes).any(|o| o.state == State::Manual);
        let hiding = gaps_added(&pair, before, after);
        let narrower = after.scope.is_narrower_than(&before.scope);
        let old = entries(&pair.before, &before.resources, &before_ranks);
        let new = entries(&pair.after, &after.resources, &after_ranks);
        merge(&old, &new, |old, new| {
            let Some(latest) = new.or(old) else { return };
            let cause = match (old, new) {
                _ if !both => Cause::Check,
                (Some(old), None) if !after.scope.covers(&before.scope, old.resource) => Cause::Scope,
                (Some(old), None) if may_hide(&diff.coverage.gaps_added, old.resource, manual_now) => Cause::Gap,
                (Some(old), None) if hiding.iter().any(|gap| gap.may_hide(old.resource)) => Cause::Gap,
                (Some(old), Some(new)) if narrower && looks_better(old, new) => Cause::Scope,
                (Some(old), Some(new)) if pair.other_parameters && old.outcome.state != new.outcome.state => {
                    Cause::Check
                }
                (Some(_), Some(_)) => Cause::State,
                (None, Some(new)) if !before.scope.covers(&after.scope, new.resource) => Cause::Scope,
                _ => Cause::Resource,
            };
            let item = DiffItem {
                check: latest.check,
                resource: latest.resource,
                outcome: latest.outcome,
                before: old.map(|entry| entry.outcome.state),
                after: new.map(|entry| entry.outcome.state),
                cause,
            };
            if let Some(list) = list_of(&mut diff, &item, known.contains(latest.check.check.id.as_str())) {
                list.push(item);
            }
        });
    }
    Ok(diff)
}

/// Where an item belongs; nowhere if nothing that anybody asks for happened. `known` says that its check was there before,
/// with whatever parameters.
fn list_of<'d, 'a>(diff: &'d mut Diff<'a>, item: &DiffItem<'a>, known: bool) -> Option<&'d mut Vec<DiffItem<'a>>> {
    use State::{Failed, Manual, NotRelevant, Passed};
    match (item.before, item.after, item.cause) {
        (Some(Failed), Some(Failed), _) => Some(&mut diff.open),
        (None, Some(Failed), Cause::Check) if !known => Some(&mut diff.coverage.newly_assessed),
        (_, Some(Failed), _) => Some(&mut diff.new),
        (Some(Failed), None, Cause::Check | Cause::Gap | Cause::Scope)
        | (Some(Failed), Some(Passed | NotRelevant), Cause::Check | Cause::Scope) => {
            Some(&mut diff.coverage.no_longer_assessed)
        }
        (Some(Failed), Some(Passed | NotRelevant) | None, _) => Some(&mut diff.fixed),
        (Some(Manual), Some(Manual), _) => None,
        // The list of checks, or the scope, says it in one line.
        (None, Some(Manual), Cause::Check | Cause::Scope) => None,
        (_, Some(Manual), _) => Some(&mut diff.coverage.became_manual),
        (Some(Manual), Some(Passed | NotRelevant), _) => Some(&mut diff.coverage.became_readable),
        _ => None,
    }
}

/// Whether a gap that was not there before may be the reason why a resource is not seen any more: it is of the resource's
/// kind or of a document that may have held it, or the check could not decide everything this time, as its subjects may be
/// made from other kinds.
fn may_hide(gaps: &[&Gap], resource: &ResourceRef, manual_now: bool) -> bool {
    gaps.iter().any(|gap| {
        let in_scope = gap.scope.is_none() || gap.scope.as_deref() == resource.scope.as_deref();
        gap.kind == Gap::DOCUMENT || in_scope && (gap.kind == *resource.kind || manual_now)
    })
}

/// What concerns the system as a whole may look better only because less of it was seen.
fn looks_better(old: &Entry<'_>, new: &Entry<'_>) -> bool {
    is_of_the_whole_system(old.resource)
        && old.outcome.state == State::Failed
        && matches!(new.outcome.state, State::Passed | State::NotRelevant)
}

/// Something that a check could not see, as its results tell it.
struct Unseen<'a> {
    /// Namespace or node; all of the system if none.
    scope: Option<&'a str>,
}

impl Unseen<'_> {
    fn may_hide(&self, resource: &ResourceRef) -> bool {
        self.scope.is_none_or(|scope| resource.scope.as_deref() == Some(scope) || *resource.name == *scope)
    }
}

/// What a check could not see this time and could before: it has a Manual result for the system for each such part, named
/// by kind and scope.
fn gaps_added<'a>(pair: &Pair<'a>, before: &'a Assessment, after: &'a Assessment) -> Vec<Unseen<'a>> {
    let unseen = |checks: &[&'a CheckResult], assessment: &'a Assessment| -> BTreeSet<&'a str> {
        let outcomes = checks.iter().flat_map(|check| &check.outcomes).filter(|o| o.state == State::Manual);
        let of_system = |outcome: &&Outcome| {
            let resource = assessment.resources.get(outcome.resource as usize);
            resource.is_some_and(|r| r.scope.is_none() && *r.name == *assessment.system.name)
        };
        outcomes.filter(of_system).filter_map(|outcome| outcome.element.as_deref()).collect()
    };
    let known = unseen(&pair.before, before);
    let new = unseen(&pair.after, after).into_iter().filter(|part| !known.contains(part));
    new.map(|part| Unseen { scope: part.split_once(' ').map(|(_, scope)| scope) }).collect()
}

/// Gaps of `some` without a gap of the same kind and scope in `others`.
fn only_in<'a>(some: &'a [Gap], others: &[Gap]) -> Vec<&'a Gap> {
    let known: BTreeSet<(&str, Option<&str>)> = others.iter().map(|gap| (&*gap.kind, gap.scope.as_deref())).collect();
    some.iter().filter(|gap| !known.contains(&(&*gap.kind, gap.scope.as_deref()))).collect()
}

fn compare_standards<'a>(before: &'a Assessment, after: &'a Assessment, coverage: &mut Coverage<'a>) {
    let find = |assessment: &'a Assessment, id: &str| -> Option<&'a StandardResult> {
        assessment.standards.iter().find(|result| result.standard.id == id)
    };
    let rules_only_in =
        |some: &'a StandardResult, others: &StandardResult| -> Vec<(&'a StandardInfo, &'a RuleResult)> {
            let known: BTreeSet<&str> = others.rules.iter().map(|rule| rule.id.as_str()).collect();
            let only = some.rules.iter().filter(|rule| !known.contains(rule.id.as_str()));
            only.map(|rule| (&some.standard, rule)).collect()
        };
    for result in &after.standards {
        match find(before, &result.standard.id) {
            Some(old) => {
                coverage.rules_added.extend(rules_only_in(result, old));
                coverage.rules_removed.extend(rules_only_in(old, result));
            }
            None => coverage.standards_added.push(&result.standard),
        }
    }
    let removed = before.standards.iter().filter(|result| find(after, &result.standard.id).is_none());
    coverage.standards_removed.extend(removed.map(|result| &result.standard));
}

/// The results of a check in both assessments.
#[derive(Default)]
struct Pair<'a> {
    before: Vec<&'a CheckResult>,
    after: Vec<&'a CheckResult>,
    /// The check got other parameters; if not, it has the same ones.
    other_parameters: bool,
}

/// The checks of both assessments, the worst severity first. The severity is the one of the later assessment if the
/// check is there, as people look at that. A check that stands in both once, with other parameters, is still the same
/// question; with several sets of parameters nobody can say which became which.
fn pairs<'a>(before: &'a Assessment, after: &'a Assessment) -> Vec<Pair<'a>> {
    let mut equal: BTreeMap<(&str, &BTreeMap<String, String>), Pair<'a>> = BTreeMap::new();
    for check in &before.checks {
        equal.entry((&check.check.id, &check.params)).or_default().before.push(check);
    }
    for check in &after.checks {
        equal.entry((&check.check.id, &check.params)).or_default().after.push(check);
    }
    let mut by_check: BTreeMap<&str, Vec<Pair<'a>>> = BTreeMap::new();
    for ((id, _), pair) in equal {
        by_check.entry(id).or_default().push(pair);
    }
    let mut pairs: Vec<Pair<'a>> = by_check.into_values().flat_map(join_other_parameters).collect();
    pairs.sort_by_key(|pair| {
        std::cmp::Reverse(pair.after.first().or(pair.before.first()).map(|check| check.check.severity()))
    });
    pairs
}

/// Of the pairs of one check makes the only one without an earlier side and the only one without a later side one.
fn join_other_parameters(pairs: Vec<Pair<'_>>) -> Vec<Pair<'_>> {
    let (lone, mut pairs): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|pair| pair.before.is_empty() || pair.after.is_empty());
    let (mut came, mut went): (Vec<_>, Vec<_>) = lone.into_iter().partition(|pair| pair.before.is_empty());
    if let ([came], [went]) = (came.as_mut_slice(), went.as_mut_slice()) {
        let (before, after) = (std::mem::take(&mut went.before), std::mem::take(&mut came.after));
        pairs.push(Pair { before, after, other_parameters: true });
    } else {
        pairs.append(&mut came);
        pairs.append(&mut went);
    }
    pairs
}

/// For each resource of both lists its place among all of them, equal for equal ones.
fn ranks(before: &[ResourceRef], after: &[ResourceRef]) -> (Vec<u32>, Vec<u32>) {
    // Both lists are sorted already, as a rule, and the stable sort makes use of that.
    let mut all: Vec<(&ResourceRef, bool, usize)> = before.iter().enumerate().map(|(at, r)| (r, false, at)).collect();
    all.extend(after.iter().enumerate().map(|(at, r)| (r, true, at)));
    all.sort_by(|a, b| a.0.cmp(b.0));
    let (mut before_ranks, mut after_ranks) = (vec![0; before.len()], vec![0; after.len()]);
    let mut rank = 0;
    let mut last = None;
    for (resource, later, at) in all {
        if last.is_some_and(|last| last != resource) {
            rank += 1;
        }
        last = Some(resource);
        let ranks = if later { &mut after_ranks } else { &mut before_ranks };
        if let Some(slot) = ranks.get_mut(at) {
            *slot = rank;
        }
    }
    (before_ranks, after_ranks)
}

/// An outcome with what it is recognised by.
#[derive(Clone, Copy)]
struct Entry<'a> {
    rank: u32,
    check: &'a CheckResult,
    resource: &'a ResourceRef,
    outcome: &'a Outcome,
}

impl<'a> Entry<'a> {
    // Between entries of one check and its parameters these are equal exactly if their identities are.
    fn key(&self) -> (u32, Option<&'a str>) {
        (self.rank, self.outcome.element.as_deref())
    }
}

/// The outcomes sorted by key. One that points nowhere (a broken baseline file) belongs to no resource and is left out.
fn entries<'a>(checks: &[&'a CheckResult], resources: &'a [ResourceRef], ranks: &[u32]) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(checks.iter().map(|check| check.outcomes.len()).sum());
    for &check in checks {
        entries.extend(check.outcomes.iter().filter_map(|outcome| {
            let at = outcome.resource as usize;
            Some(Entry { rank: *ranks.get(at)?, check, resource: resources.get(at)?, outcome })
        }));
    }
    if !entries.is_sorted_by_key(Entry::key) {
        // Of two outcomes with one key the worse is compared with the worse.
        entries.sort_by(|a, b| a.key().cmp(&b.key()).then(a.outcome.state.cmp(&b.outcome.state)));
    }
    entries
}

/// Calls `visit` once for each key, in order, with the entries that have it.
fn merge<'a>(old: &[Entry<'a>], new: &[Entry<'a>], mut visit: impl FnMut(Option<&Entry<'a>>, Option<&Entry<'a>>)) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.key().cmp(&b.key()),
        };
        let (a, b) = (if order.is_le() { old.next() } else { None }, if order.is_ge() { new.next() } else { None });
        visit(a, b);
    }
}

#[cfg(test)]
mod tests;

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
mod tests {
    use super::*;
    use crate::model::sample::{Size, bare, check, cluster, outcome, resource, rule, standard};
    use crate::model::{GapReason, Severity};
    use State::{Failed, Manual, NotRelevant, Passed};

    const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

    /// One check on Deployments; a state per name, `None` if there is no such Deployment.
    fn deployments(states: [Option<State>; 9]) -> Assessment {
        let mut assessment = bare("prod", 1, Vec::new(), Vec::new());
        let mut outcomes = Vec::new();
        for (name, state) in NAMES.into_iter().zip(states) {
            if let Some(state) = state {
                outcomes.push(outcome(assessment.resources.len() as u32, Some("app"), state));
                assessment.resources.push(resource("Deployment", "shop", name));
            }
        }
        assessment.checks.push(check("one", true, outcomes));
        assessment
    }

    fn names<'a>(items: &[DiffItem<'a>]) -> Vec<&'a str> {
        items.iter().map(|item| &*item.resource.name).collect()
    }

    fn gap(kind: &str, scope: Option<&str>) -> Gap {
        let (kind, scope) = (kind.to_owned(), scope.map(str::to_owned));
        Gap { kind, scope, reason: GapReason::Forbidden, detail: String::new(), permission: None }
    }

    #[test]
    fn every_change_has_its_list() {
        let f = Some(Failed);
        let before = deployments([f, f, f, f, f, Some(Passed), None, Some(Manual), Some(Manual)]);
        let after = deployments([f, Some(Passed), Some(NotRelevant), None, Some(Manual), f, f, f, Some(Passed)]);
        let diff = diff(&before, &after).unwrap();
        assert_eq!(names(&diff.open), ["a"]);
        assert_eq!(names(&diff.fixed), ["b", "c", "d"]);
        assert_eq!(names(&diff.new), ["f", "g", "h"]);
        assert_eq!(names(&diff.coverage.became_manual), ["e"]);
        assert_eq!(names(&diff.coverage.became_readable), ["i"]);
        assert!(diff.coverage.no_longer_assessed.is_empty());
        let causes: Vec<Cause> = diff.new.iter().chain(&diff.fixed).map(|item| item.cause).collect();
        use Cause::{Resource, State};
        assert_eq!(causes, [State, Resource, State, State, State, Resource]);
    }

    #[test]
    fn order_and_indices_do_not_matter() {
        let before = cluster(Size::SMALL, "prod", 1);
        let mut after = before.clone();
        after.resources.reverse();
        after.checks.reverse();
        let last = after.resources.len() as u32 - 1;
        for check in &mut after.checks {
            check.outcomes.reverse();
            check.outcomes.iter_mut().for_each(|outcome| outcome.resource = last - outcome.resource);
        }
        let diff = diff(&before, &after).unwrap();
        let failed: usize = before.checks.iter().map(|check| check.counts.failed).sum();
        assert_eq!(diff.open.len(), failed);
        assert_eq!(Diff { open: Vec::new(), ..diff }, Diff::default());
    }

    #[test]
    fn nothing_is_fixed_by_being_invisible() {
        let f = Some(Failed);
        let before = deployments([f, f, None, None, None, None, None, None, None]);
        let mut after = deployments([f, None, None, None, None, None, None, None, None]);
        let not_seen = |after: &Assessment| {
            let diff = diff(&before, after).unwrap();
            assert_eq!(diff.fixed.len() + diff.coverage.no_longer_assessed.len(), 1);
            names(&diff.coverage.no_longer_assessed).len()
        };
        assert_eq!(not_seen(&after), 0);
        after.gaps = vec![gap("Deployment", Some("elsewhere")), gap("Secret", None)];
        assert_eq!(not_seen(&after), 0);
        after.gaps = vec![gap("Deployment", Some("shop"))];
        assert_eq!(not_seen(&after), 1);
        // The subjects of a view come from other kinds; that the check is partly Manual shows that it needed them.
        after.gaps = vec![gap("Pod", None)];
        assert_eq!(not_seen(&after), 0);
        after.checks[0].outcomes.push(outcome(0, Some("gap"), Manual));
        assert_eq!(not_seen(&after), 1);
        // A gap that has always been there hid nothing before.
        let mut before = before.clone();
        before.gaps = after.gaps.clone();
        assert_eq!(names(&diff(&before, &after).unwrap().fixed), ["b"]);

        after.checks.clear();
        let diff = diff(&before, &after).unwrap();
        assert_eq!((names(&diff.coverage.no_longer_assessed), diff.fixed.len()), (vec!["a", "b"], 0));
        assert_eq!(diff.coverage.checks_removed.len(), 1);
    }

    #[test]
    fn a_narrower_scan_fixes_nothing() {
        let f = Some(Failed);
        let mut before = deployments([f, f, None, None, None, None, None, None, None]);
        before.resources.push(ResourceRef { kind: "ClusterRole".into(), scope: None, name: "admin".into() });
        before.checks.push(check("roles", false, vec![outcome(2, None, Failed)]));
        let mut after = deployments([f, None, Some(Failed), None, None, None, None, None, None]);
        after.resources.push(before.resources[2].clone());
        after.checks.push(check("roles", false, vec![outcome(2, None, Passed)]));
        let lists = |before: &Assessment, after: &Assessment| {
            let diff = diff(before, after).unwrap();
            let own = |items: &[DiffItem<'_>]| items.iter().map(|i| i.resource.name.to_string()).collect::<Vec<_>>();
            (own(&diff.new), own(&diff.fixed), own(&diff.coverage.no_longer_assessed))
        };
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(lists(&before, &after), (own(&["c"]), own(&["b", "admin"]), own(&[])));
        // Another namespace: what is in "shop" was not looked at, and what is in none was seen in part.
        after.scope.narrow(&own(&["other"]), &[]);
        assert_eq!(lists(&before, &after), (own(&["c"]), own(&[]), own(&["b", "admin"])));
        // The same part as before.
        before.scope = after.scope.clone();
        assert_eq!(lists(&before, &after).2, own(&["b"]), "outside of both");
        after.scope = Default::default();
        assert_eq!(lists(&before, &after), (own(&["c"]), own(&["b", "admin"]), own(&[])));
        // Other files.
        after.scope.files = Some(own(&["part.yaml"]));
        assert_eq!(lists(&before, &after), (own(&["c"]), own(&[]), own(&["b", "admin"])));
    }

    #[test]
    fn what_a_check_says_it_could_not_see_is_not_fixed() {
        let node = |name: &str| ResourceRef { kind: "Node".into(), scope: None, name: name.into() };
        let cluster = ResourceRef { kind: "Cluster".into(), scope: None, name: "prod".into() };
        let outcomes = vec![outcome(0, None, Failed), outcome(1, None, Failed)];
        let before = bare("prod", 1, vec![node("n1"), node("n2")], vec![check("files", true, outcomes)]);
        let lost = |part: &str| {
            let outcomes = vec![outcome(0, Some(part), Manual)];
            let after = bare("prod", 2, vec![cluster.clone()], vec![check("files", true, outcomes)]);
            let diff = diff(&before, &after).unwrap();
            (diff.fixed.len(), diff.coverage.no_longer_assessed.len())
        };
        assert_eq!(lost("NodeFacts"), (0, 2));
        assert_eq!(lost("NodeFacts n1"), (1, 1));
        assert_eq!(lost("NodeFacts n3"), (2, 0));
    }

    #[test]
    fn other_parameters_are_the_same_question() {
        let before = deployments([Some(Failed); 9]);
        let mut after = before.clone();
        after.checks[0].params.insert("mode".to_owned(), "\"0600\"".to_owned());
        let changed = diff(&before, &after).unwrap();
        assert_eq!((changed.new.len(), changed.open.len(), changed.fixed.len()), (0, 9, 0));
        assert_eq!((changed.coverage.checks_added.len(), changed.coverage.checks_removed.len()), (1, 1));
        // What they let pass is not fixed, and what they find is new.
        after.checks[0].outcomes[0].state = Passed;
        let stricter = diff(&after, &before).unwrap();
        assert_eq!((names(&stricter.new), stricter.new[0].cause), (vec!["a"], Cause::Check));
        let looser = diff(&before, &after).unwrap();
        assert_eq!((names(&looser.coverage.no_longer_assessed), looser.fixed.len()), (vec!["a"], 0));
        // Of several sets of parameters it cannot be told which became which.
        let mut two = after.clone();
        two.checks.push(before.checks[0].clone());
        two.checks[1].params.insert("mode".to_owned(), "\"0644\"".to_owned());
        let diff = diff(&before, &two).unwrap();
        assert_eq!((diff.open.len(), diff.new.len(), diff.coverage.no_longer_assessed.len()), (0, 17, 9));
    }

    #[test]
    fn what_a_new_check_finds_is_not_new() {
        let before = deployments([Some(Failed); 9]);
        let mut after = before.clone();
        after.checks.push(check("two", true, vec![outcome(0, None, Failed), outcome(1, None, Passed)]));
        let diff = diff(&before, &after).unwrap();
        assert_eq!((diff.new.len(), diff.open.len()), (0, 9));
        assert_eq!(names(&diff.coverage.newly_assessed), ["a"]);
        assert_eq!(diff.coverage.checks_added.len(), 1);
    }

    #[test]
    fn the_worst_comes_first() {
        let outcomes = vec![outcome(0, None, Failed)];
        let checks = vec![check("a", false, outcomes.clone()), check("b", true, outcomes)];
        let after = bare("prod", 1, vec![resource("Pod", "x", "y")], checks);
        let before = Assessment { checks: Vec::new(), ..after.clone() };
        let diff = diff(&before, &after).unwrap();
        let found: Vec<&str> = diff.coverage.newly_assessed.iter().map(|item| &*item.check.check.id).collect();
        assert_eq!(found, ["b", "a"]);
    }

    #[test]
    fn rules_and_standards_that_come_and_go() {
        let mut before = deployments([Some(Failed); 9]);
        let mut after = before.clone();
        let with = |assessment: &Assessment, id: &str, rules: &[&str]| {
            let rules = rules.iter().map(|id| rule(id, Severity::High, &assessment.checks, &[0])).collect();
            standard(id, "CIS", rules)
        };
        before.standards = vec![with(&before, "cis", &["1", "2"]), with(&before, "old", &["1"])];
        after.standards = vec![with(&after, "cis", &["2", "3"]), with(&after, "young", &["1"])];
        let coverage = diff(&before, &after).unwrap().coverage;
        let ids =
            |rules: &[(&StandardInfo, &RuleResult)]| rules.iter().map(|(_, rule)| rule.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&coverage.rules_added), ids(&coverage.rules_removed)), (vec!["3".into()], vec!["1".into()]));
        assert_eq!((&*coverage.standards_added[0].id, &*coverage.standards_removed[0].id), ("young", "old"));
    }

    #[test]
    fn different_systems_are_refused() {
        let error = diff(&cluster(Size::SMALL, "a", 1), &cluster(Size::SMALL, "b", 1)).unwrap_err();
        assert!(error.to_string().contains("different systems, kubernetes a and kubernetes b"));
    }

    #[test]
    fn a_broken_baseline_does_not_stop_it() {
        let after = deployments([Some(Failed); 9]);
        let mut before = after.clone();
        before.checks[0].outcomes[0].resource = 77;
        let diff = diff(&before, &after).unwrap();
        assert_eq!((names(&diff.new), diff.open.len()), (vec!["a"], 8));
    }
}

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

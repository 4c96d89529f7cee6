//! Hash joins: the subjects of a source by the values of some of their paths.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use crate::derive::{Subject, Subjects};
use crate::expr::compile::Join;
use crate::expr::path::Found;
use crate::expr::{Candidates, Path, Value, World};
use crate::model::{Scope, Text};
use crate::rules::Instance;

/// All indices that the instances need; equal ones are built once.
pub struct Joins<'a> {
    indices: Vec<Index<'a>>,
    // Per instance: its joins' positions in `indices`; none where the source is not there.
    instances: Vec<Vec<Option<usize>>>,
}

struct Index<'a> {
    subjects: &'a Subjects,
    // The first key is the region.
    scoped: bool,
    // The key that is the region or namespace, if one is.
    scope_at: Option<usize>,
    by_key: HashMap<String, Vec<u32>, FixedState>,
    // Where some key could not be read, so that a subject may be missing, and why. The region is none if it is not known, or if
    // regions do not matter.
    unreadable: Vec<(Option<Value>, Text)>,
}

impl<'a> Joins<'a> {
    /// Builds the indices of all joins.
    pub fn new(sources: &'a BTreeMap<&str, Subjects>, instances: &[Instance]) -> Joins<'a> {
        let mut known: BTreeMap<(String, bool, String), usize> = BTreeMap::new();
        let mut indices = Vec::new();
        let mut positions = Vec::new();
        for instance in instances {
            let mut own = Vec::new();
            for join in &instance.compiled.joins {
                // Predicates name their joins by position, so one without a source keeps its place.
                own.push(sources.get(join.source.as_str()).map(|subjects| {
                    let paths = join.theirs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                    *known.entry((join.source.clone(), join.scoped, paths)).or_insert_with(|| {
                        indices.push(Index::new(subjects, join));
                        indices.len() - 1
                    })
                }));
            }
            positions.push(own);
        }
        Joins { indices, instances: positions }
    }

    /// The world as the instance at this position sees it.
    pub fn of(&self, instance: usize) -> InstanceWorld<'_> {
        InstanceWorld { joins: self, instance }
    }
}

impl<'a> Index<'a> {
    fn new(subjects: &'a Subjects, join: &Join) -> Index<'a> {
        let scope = Path::keys(&["metadata", "namespace"]);
        let mut index = Index {
            subjects,
            scoped: join.scoped,
            scope_at: join.theirs.iter().position(|path| *path == scope),
            by_key: HashMap::default(),
            unreadable: Vec::new(),
        };
        for (at, subject) in subjects.subjects.iter().enumerate() {
            index.add(u32::try_from(at).unwrap_or(u32::MAX), &subject.value, &join.theirs);
        }
        index
    }

    fn add(&mut self, at: u32, value: &Value, theirs: &[Path]) {
        // All keys of the subject: several of a path with a wildcard.
        let mut keys: Vec<Vec<&Value>> = vec![Vec::with_capacity(theirs.len())];
        let mut region = None;
        for (position, path) in theirs.iter().enumerate() {
            let mut values = Vec::new();
            let mut unread = |why: Text| {
                if !self.unreadable.iter().any(|(known, _)| *known == region) {
                    self.unreadable.push((region.clone(), why));
                }
            };
            path.expand(value, &mut |_, found| match found {
                // What has no region is in one place with all else that has none.
                Found::Absent | Found::Value(Value::Null) if self.scoped && position == 0 => values.push(&Value::Null),
                Found::Absent | Found::Value(Value::Null) => {}
                Found::Value(value) => match value.unread() {
                    Some(why) => unread(why.clone()),
                    None => values.push(value),
                },
                Found::Unknown(why) => unread(why),
            });
            if self.scoped && position == 0 {
                region = values.first().map(|region| (*region).clone());
            }
            keys = keys
                .into_iter()
                .flat_map(|key| values.iter().map(move |value| key.iter().copied().chain([*value]).collect()))
                .collect();
        }
        for values in keys {
            let subjects = self.by_key.entry(key(values)).or_default();
            // The same value may stand in it twice.
            if subjects.last() != Some(&at) {
                subjects.push(at);
            }
        }
    }
}

// Text and the spelling of a number are the same key, as in comparisons. The lengths keep what two values hold apart,
// whatever stands in them.
fn key<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let mut out = String::new();
    for value in values {
        let before = out.len();
        match value {
            Value::Str(text) => out.push_str(text),
            other => out.push_str(&other.to_json(usize::MAX)),
        }
        let length = out.len() - before;
        out.push_str(&format!("\u{0}{length}\u{0}"));
    }
    out
}

/// See [`Joins::of`].
pub struct InstanceWorld<'a> {
    joins: &'a Joins<'a>,
    instance: usize,
}

impl World for InstanceWorld<'_> {
    fn candidates(&self, join: usize, keys: &[Value]) -> Candidates<'_> {
        let index = self.joins.instances.get(self.instance).and_then(|own| *own.get(join)?);
        let Some(index) = index.and_then(|at| self.joins.indices.get(at)) else {
            return Candidates { values: Vec::new(), incomplete: Some("the join has no source".into()) };
        };
        index.candidates(keys)
    }
}

impl Index<'_> {
    fn candidates(&self, keys: &[Value]) -> Candidates<'_> {
        let found = self.by_key.get(&key(keys)).map_or(&[][..], Vec::as_slice);
        let value = |at: &u32| {
            let subject: &Subject = self.subjects.subjects.get(*at as usize)?;
            Some((&subject.resource, &subject.value))
        };
        Candidates { values: found.iter().filter_map(value).collect(), incomplete: self.incomplete(keys) }
    }

    // Why there may be more for these keys than is known.
    fn incomplete(&self, keys: &[Value]) -> Option<Text> {
        let region = keys.first().filter(|_| self.scoped);
        let concerns = |scope: Option<&str>| match (scope, self.scope_at.and_then(|at| keys.get(at))) {
            (Some(scope), Some(Value::Str(region))) => *scope == **region,
            _ => true,
        };
        let gap = self.subjects.gaps.iter().find(|gap| concerns(gap.scope.as_deref()));
        let gap = gap.map(|gap| Text::from(format!("could not read {gap}")));
        // In file input a kind without any object may just not be there.
        let none = self.subjects.none.as_deref().map(Text::from);
        // Only some regions were wanted, and the question is about others too.
        let read = |scope: &Scope| region.and_then(Value::as_str).is_some_and(|region| scope.has_namespace(region));
        let elsewhere = self.subjects.regions.as_ref().filter(|(scope, _)| !read(scope));
        let elsewhere = elsewhere.map(|(_, why)| Text::from(why.as_str()));
        let here = |(at, _): &&(Option<Value>, Text)| at.is_none() || at.as_ref() == region;
        gap.or(none).or(elsewhere).or_else(|| self.unreadable.iter().find(here).map(|(_, why)| why.clone()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::base::diagnostic::Diagnostics;
    use crate::base::yaml;
    use crate::expr::testing::compile;
    use crate::expr::{Environment, Truth};
    use crate::model::{Gap, GapReason, ResourceRef};
    use crate::rules::Check;

    struct Only<'a>(Vec<Index<'a>>);

    impl World for Only<'_> {
        fn candidates(&self, join: usize, keys: &[Value]) -> Candidates<'_> {
            self.0[join].candidates(keys)
        }
    }

    fn others(others: &[Json], gaps: &[Option<&str>]) -> Subjects {
        let subject = |(at, json): (usize, &Json)| Subject {
            resource: ResourceRef { kind: "regional other".into(), scope: None, name: at.to_string().into() },
            element: None,
            value: Value::from(json.clone()),
            origin: None,
        };
        let gap = |scope: &Option<&str>| Gap {
            kind: "regional other".into(),
            scope: scope.map(str::to_owned),
            reason: GapReason::NotCollected,
            detail: String::new(),
            permission: None,
        };
        Subjects {
            subjects: others.iter().enumerate().map(subject).collect(),
            gaps: gaps.iter().map(gap).collect(),
            ..Subjects::default()
        }
    }

    // The truth of a join from a source, and the names of the others that its evidence shows.
    fn join(source: &str, related: Json, own: Json, subjects: &Subjects) -> Result<(Truth, Vec<String>), String> {
        let (predicate, joins) = compile(source, &json!({ "related": related }))?;
        let world = Only(joins.iter().map(|join| Index::new(subjects, join)).collect());
        let environment = Environment { now: jiff::Timestamp::UNIX_EPOCH, world: &world };
        let own = Value::from(own);
        let truth = predicate.truth(&own, environment);
        let traces = predicate.explain(&own, environment, truth);
        Ok((truth, traces.into_iter().filter_map(|trace| trace.related).collect()))
    }

    fn at(region: &str, mut json: Json) -> Json {
        json["metadata"] = json!({ "namespace": region });
        json
    }

    #[test]
    fn wildcards_on_either_side_lead_to_each_other_once() {
        let topics = others(
            &[json!({"arn": "a", "ok": true}), json!({"arn": "b", "ok": true}), json!({"arn": "c", "ok": false})],
            &[],
        );
        let related = |how: Json| {
            let mut related = json!({"resource": "other", "on": {"arn": "actions[*]"}});
            related.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
            related
        };
        for (actions, how, expected) in [
            (json!(["a", "b"]), json!({"all": {"ok": true}}), Truth::True),
            (json!(["a", "c"]), json!({"all": {"ok": true}}), Truth::False),
            (json!(["x", "c", "a"]), json!({"any": {"ok": true}}), Truth::True),
            (json!(["x"]), json!({"any": {}}), Truth::False),
            (json!([]), json!({"any": {}}), Truth::False),
            (json!(null), json!({"any": {}}), Truth::False),
            (json!(["a", "a", "b", null]), json!({"count": {"equals": 2}}), Truth::True),
        ] {
            let own = json!({ "actions": actions });
            let (truth, _) = join("own", related(how.clone()), own, &topics).unwrap();
            assert_eq!(truth, expected, "{actions} {how}");
        }
        let interfaces = others(
            &[
                json!({"groups": [{"id": "x"}, {"id": "y"}, {"id": "x"}]}),
                json!({"groups": [{"id": "z"}]}),
                json!({"groups": null}),
            ],
            &[],
        );
        let count = |id: &str| {
            let related = json!({"resource": "other", "on": {"groups[*].id": "id"}, "count": {"equals": 1}});
            join("own", related, json!({ "id": id }), &interfaces).unwrap().0
        };
        assert_eq!(
            (count("x"), count("y"), count("z"), count("w")),
            (Truth::True, Truth::True, Truth::True, Truth::False)
        );
    }

    #[test]
    fn an_unknown_value_among_many_leaves_it_open() {
        let topics = others(&[json!({"arn": "a"})], &[]);
        let own = |actions: Value| Value::map([("actions", actions)]);
        let related = Join { source: "other".into(), scoped: false, theirs: vec![Path::keys(&["arn"])] };
        let index = Index::new(&topics, &related);
        assert!(index.candidates(&[Value::str("a")]).incomplete.is_none());
        let rule = json!({"related": {"resource": "o", "on": {"arn": "actions[*]"}, "any": {}}});
        let (predicate, _) = compile("own", &rule).unwrap();
        let world = Only(vec![index]);
        let environment = Environment { now: jiff::Timestamp::UNIX_EPOCH, world: &world };
        let truth = |actions: Value| predicate.truth(&own(actions), environment);
        assert_eq!(truth(Value::list([Value::unknown("denied"), Value::str("a")])), Truth::True);
        assert_eq!(truth(Value::list([Value::unknown("denied"), Value::str("b")])), Truth::Unknown);
        assert_eq!(truth(Value::unknown("denied")), Truth::Unknown);
        // So does an unknown one among theirs.
        let half = Value::map([("ids", Value::list([Value::str("a"), Value::unknown("denied")]))]);
        let mut subjects = others(&[json!({})], &[]);
        subjects.subjects[0].value = half;
        let join = Join { source: "other".into(), scoped: false, theirs: vec!["ids[*]".parse().unwrap()] };
        let index = Index::new(&subjects, &join);
        let of = |id: &str| index.candidates(&[Value::str(id)]);
        assert_eq!(of("a").values.len(), 1);
        assert!(of("b").values.is_empty() && of("b").incomplete.is_some());
        // And one inside of a value that is compared as a whole.
        let join = Join { source: "other".into(), scoped: false, theirs: vec!["ids".parse().unwrap()] };
        assert!(Index::new(&subjects, &join).candidates(&[Value::str("b")]).incomplete.is_some());
    }

    #[test]
    fn regional_resources_meet_in_their_region_only() {
        let logs = || [at("eu", json!({"id": "v"})), at("us", json!({"id": "v"})), at("us", json!({"id": "w"}))];
        let ask = |source: &str, own: Json, scope: Option<&str>, gaps: &[Option<&str>]| {
            let mut related = json!({"resource": "regional other", "on": {"id": "id"}, "any": {}});
            if let Some(scope) = scope {
                related["scope"] = json!(scope);
            }
            join(source, related, own, &others(&logs(), gaps)).map(|(truth, _)| truth)
        };
        let own = |region: &str, id: &str| at(region, json!({ "id": id }));
        assert_eq!(ask("regional", own("eu", "v"), None, &[]), Ok(Truth::True));
        assert_eq!(ask("regional", own("eu", "w"), None, &[]), Ok(Truth::False));
        assert_eq!(ask("regional", own("eu", "w"), Some("region"), &[]), Ok(Truth::False));
        assert_eq!(ask("regional", own("eu", "w"), Some("account"), &[]), Ok(Truth::True));
        assert_eq!(ask("global", own("eu", "w"), None, &[]), Ok(Truth::True));
        // What is missing elsewhere does not matter.
        assert_eq!(ask("regional", own("eu", "w"), None, &[Some("us")]), Ok(Truth::False));
        assert_eq!(ask("regional", own("eu", "w"), None, &[Some("us"), Some("eu")]), Ok(Truth::Unknown));
        // Nor does it where a rule joins by namespace.
        let in_namespace = |name: &str, gap: Option<&str>| {
            let related = json!({"resource": "regional other", "on": {"metadata.namespace": "name"}, "any": {}});
            join("own", related, json!({ "name": name }), &others(&logs(), &[gap])).unwrap().0
        };
        assert_eq!(in_namespace("asia", Some(Gap::ELSEWHERE)), Truth::False);
        assert_eq!(in_namespace("asia", Some("asia")), Truth::Unknown);
        assert_eq!(in_namespace("asia", None), Truth::Unknown);
        assert_eq!(ask("regional", own("eu", "w"), None, &[None]), Ok(Truth::Unknown));
        assert_eq!(ask("regional", own("eu", "x"), Some("account"), &[Some("us")]), Ok(Truth::Unknown));
        assert_eq!(ask("global", own("eu", "x"), None, &[Some("us")]), Ok(Truth::Unknown));
        // Nobody wanted to look at more than one region, so that what there is in the whole account is not known.
        let only = |source: &str, region: &str, id: &str, scope: Option<&str>| {
            let mut related = json!({"resource": "regional other", "on": {"id": "id"}, "any": {}});
            scope.into_iter().for_each(|scope| related["scope"] = json!(scope));
            let mut scope = Scope::default();
            scope.narrow(&["eu".to_owned()], &[]);
            let all = Subjects { regions: Some((scope, "only the region eu".to_owned())), ..others(&logs()[..1], &[]) };
            join(source, related, own(region, id), &all).unwrap().0
        };
        assert_eq!(only("regional", "eu", "w", None), Truth::False);
        assert_eq!(only("regional", "eu", "w", Some("account")), Truth::Unknown);
        assert_eq!(only("regional", "us", "w", None), Truth::Unknown);
        assert_eq!(only("global", "eu", "w", None), Truth::Unknown);
        assert_eq!(only("global", "eu", "v", None), Truth::True);
        // Examples of rules need no regions.
        let none = others(&[json!({"id": "v"})], &[]);
        let related = || json!({"resource": "regional other", "on": {"id": "id"}, "any": {}});
        assert_eq!(join("regional", related(), json!({"id": "v"}), &none).unwrap().0, Truth::True);
        assert_eq!(join("regional", related(), own("eu", "v"), &none).unwrap().0, Truth::False);
        assert!(ask("global", own("eu", "v"), Some("region"), &[]).unwrap_err().contains("do not both lie in regions"));
        assert!(ask("regional", own("eu", "v"), Some("regoin"), &[]).unwrap_err().contains("did you mean \"region\"?"));
    }

    #[test]
    fn what_stands_in_a_value_makes_no_other_key_of_it() {
        let text = |text: &str| Value::str(text);
        let keys = [
            key(&[text("a\0b"), text("c")]),
            key(&[text("a"), text("b\0c")]),
            key(&[text("a\u{0}1\0"), text("")]),
            key(&[text("a"), text("\u{0}1\0")]),
            key(&[text(&"x".repeat(20_000))]),
            key(&[text(&"x".repeat(20_001))]),
            key(&[Value::list([text(&"x".repeat(20_000))])]),
            key(&[Value::list([text(&"x".repeat(20_001))])]),
        ];
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(key(&[text("7")]), key(&[Value::Int(7)]));
    }

    #[test]
    fn chains_and_elements_know_the_region_of_their_resource() {
        let all = others(&[at("eu", json!({"id": "a", "next": "b"})), at("us", json!({"id": "b"}))], &[]);
        let next = json!({"resource": "regional other", "on": {"id": "next"}, "any": {}});
        let related = json!({"resource": "regional other", "on": {"id": "id"}, "any": { "related": next }});
        // The second step starts from the other resource, in its region.
        assert_eq!(join("regional", related, at("eu", json!({"id": "a"})), &all).unwrap().0, Truth::False);
        let node =
            json!({"parts": {"any": {"related": {"resource": "regional other", "on": {"id": "ref"}, "any": {}}}}});
        let rule = json!({"resource": "regional other", "on": {}, "any": node});
        let subjects = others(
            &[
                at("eu", json!({"id": "a", "parts": [{"ref": "b"}]})),
                at("us", json!({"id": "b", "parts": [{"ref": "b"}]})),
            ],
            &[],
        );
        assert_eq!(join("regional", rule.clone(), at("eu", json!({})), &subjects).unwrap().0, Truth::False);
        assert_eq!(join("regional", rule, at("us", json!({})), &subjects).unwrap().0, Truth::True);
    }

    const CHECK: &str = "
id: two-joins
title: Both are there
resource: Namespace
assert:
  all:
    - related: { resource: ResourceQuota, on: {}, any: {} }
    - related: { resource: LimitRange, on: {}, any: {} }
ccss: AV:N/AC:L/Au:N/C:N/I:N/A:P/PL:A/EM:A
control: prevent
themes: [hardening]
why: To see whether a join that has no source takes the place of another one.
fix: Nothing to fix, this is a test of the joins only.
links: [https://kubernetes.io/docs/]
examples: { passed: [{}], failed: [{}], manual: [{ gap: metadata }] }
";

    #[test]
    fn a_join_without_a_source_keeps_its_place() {
        let mut diagnostics = Diagnostics::new("two-joins.yaml");
        let node = yaml::parse("two-joins.yaml", CHECK).unwrap();
        let check = Check::read(&node, "two-joins", &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics:?}"));
        let compiled = check.compile(&BTreeMap::new(), &mut diagnostics).unwrap();
        let instance = Instance { check: check.into(), params: BTreeMap::new(), customised: Vec::new(), compiled };
        let resource = ResourceRef { kind: "LimitRange".into(), scope: None, name: "x".into() };
        let subject = Subject { resource, element: None, value: Value::map([]), origin: None };
        let sources = BTreeMap::from([("LimitRange", Subjects { subjects: vec![subject], ..Subjects::default() })]);
        let instances = [instance];
        let joins = Joins::new(&sources, &instances);
        let world = joins.of(0);
        let quotas = world.candidates(0, &[]);
        assert!(quotas.values.is_empty() && quotas.incomplete.is_some());
        let limits = world.candidates(1, &[]);
        assert_eq!(limits.values.len(), 1);
        assert!(limits.incomplete.is_none());
    }
}

//! Hash joins: the subjects of a source by the values of some of their paths.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use crate::derive::{Subject, Subjects};
use crate::expr::path::Found;
use crate::expr::{Candidates, Path, Value, World};
use crate::model::Text;
use crate::rules::Instance;

/// All indices that the instances need; equal ones are built once.
pub struct Joins<'a> {
    indices: Vec<Index<'a>>,
    // Per instance: its joins' positions in `indices`; none where the source is not there.
    instances: Vec<Vec<Option<usize>>>,
}

struct Index<'a> {
    subjects: &'a Subjects,
    by_key: HashMap<String, Vec<u32>, FixedState>,
    // Some key could not be read, so any subject may be missing.
    unreadable: Option<Text>,
}

impl<'a> Joins<'a> {
    /// Builds the indices of all joins.
    pub fn new(sources: &'a BTreeMap<&str, Subjects>, instances: &[Instance]) -> Joins<'a> {
        let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut indices = Vec::new();
        let mut positions = Vec::new();
        for instance in instances {
            let mut own = Vec::new();
            for join in &instance.compiled.joins {
                // Predicates name their joins by position, so one without a source keeps its place.
                own.push(sources.get(join.source.as_str()).map(|subjects| {
                    let paths = join.theirs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                    *known.entry((join.source.clone(), paths)).or_insert_with(|| {
                        indices.push(Index::new(subjects, &join.theirs));
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
    fn new(subjects: &'a Subjects, theirs: &[Path]) -> Index<'a> {
        let mut by_key: HashMap<String, Vec<u32>, FixedState> = HashMap::default();
        let mut unreadable = None;
        'subjects: for (at, subject) in subjects.subjects.iter().enumerate() {
            let mut values = Vec::with_capacity(theirs.len());
            for path in theirs {
                match path.find(&subject.value) {
                    Found::Value(Value::Null) | Found::Absent => continue 'subjects,
                    Found::Value(value) => values.push(value.clone()),
                    Found::Unknown(why) => {
                        unreadable = Some(why);
                        continue 'subjects;
                    }
                }
            }
            by_key.entry(key(&values)).or_default().push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Index { subjects, by_key, unreadable }
    }
}

// Text and the spelling of a number are the same key, as in comparisons.
fn key(values: &[Value]) -> String {
    let mut out = String::new();
    for value in values {
        match value {
            Value::Str(text) => out.push_str(text),
            other => out.push_str(&other.to_json(10_000)),
        }
        out.push('\u{0}');
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
        let found = index.by_key.get(&key(keys)).map_or(&[][..], Vec::as_slice);
        let value = |at: &u32| {
            let subject: &Subject = index.subjects.subjects.get(*at as usize)?;
            Some((subject.resource.to_string(), &subject.value))
        };
        Candidates { values: found.iter().filter_map(value).collect(), incomplete: index.incomplete() }
    }
}

impl Index<'_> {
    fn incomplete(&self) -> Option<Text> {
        let gap = self.subjects.gaps.first().map(|gap| Text::from(format!("could not read {gap}")));
        // In file input a kind without any object may just not be there.
        let none = self.subjects.none.as_deref().map(Text::from);
        gap.or(none).or_else(|| self.unreadable.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Joins;
    use crate::base::diagnostic::Diagnostics;
    use crate::base::yaml;
    use crate::derive::{Subject, Subjects};
    use crate::expr::{Value, World};
    use crate::model::ResourceRef;
    use crate::rules::{Check, Instance};

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

//! Hash joins: the subjects of a source by the values of some of their paths.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use crate::derive::{Subject, Subjects};
use crate::expr::compile::Join;
use crate::expr::path::Found;
use crate::expr::{Candidates, Path, Value, World};
use crate::model::Text;
use crate::rules::Instance;

/// All indices that the instances need; equal ones are built once.
pub struct Joins<'a> {
    indices: Vec<Index<'a>>,
    // Per instance: its joins' positions in `indices`.
    instances: Vec<Vec<usize>>,
}

struct Index<'a> {
    subjects: &'a Subjects,
    // The first key is the region.
    scoped: bool,
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
                let Some(subjects) = sources.get(join.source.as_str()) else { continue };
                let paths = join.theirs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                let at = *known.entry((join.source.clone(), join.scoped, paths)).or_insert_with(|| {
                    indices.push(Index::new(subjects, join));
                    indices.len() - 1
                });
                own.push(at);
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
        let mut index = Index { subjects, scoped: join.scoped, by_key: HashMap::default(), unreadable: Vec::new() };
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
            path.expand(value, &mut |_, found| match found {
                // What has no region is in one place with all else that has none.
                Found::Absent | Found::Value(Value::Null) if self.scoped && position == 0 => values.push(&Value::Null),
                Found::Absent | Found::Value(Value::Null) => {}
                Found::Value(value) => values.push(value),
                Found::Unknown(why) => {
                    if !self.unreadable.iter().any(|(known, _)| *known == region) {
                        self.unreadable.push((region.clone(), why));
                    }
                }
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

// Text and the spelling of a number are the same key, as in comparisons.
fn key<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
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
        let index = self.joins.instances.get(self.instance).and_then(|own| own.get(join));
        let Some(index) = index.and_then(|at| self.joins.indices.get(*at)) else {
            return Candidates { values: Vec::new(), incomplete: Some("the join has no source".into()) };
        };
        let found = index.by_key.get(&key(keys)).map_or(&[][..], Vec::as_slice);
        let value = |at: &u32| {
            let subject: &Subject = index.subjects.subjects.get(*at as usize)?;
            Some((subject.resource.to_string(), &subject.value))
        };
        Candidates { values: found.iter().filter_map(value).collect(), incomplete: index.incomplete(keys) }
    }
}

impl Index<'_> {
    // Why there may be more for these keys than is known.
    fn incomplete(&self, keys: &[Value]) -> Option<Text> {
        let region = keys.first().filter(|_| self.scoped);
        let concerns = |scope: Option<&str>| match (scope, region) {
            (Some(scope), Some(Value::Str(region))) => *scope == **region,
            _ => true,
        };
        let gap = self.subjects.gaps.iter().find(|gap| concerns(gap.scope.as_deref()));
        let gap = gap.map(|gap| Text::from(format!("could not read {gap}")));
        // In file input a kind without any object may just not be there.
        let none = self.subjects.none.as_deref().map(Text::from);
        let here = |(at, _): &&(Option<Value>, Text)| at.is_none() || at.as_ref() == region;
        gap.or(none).or_else(|| self.unreadable.iter().find(here).map(|(_, why)| why.clone()))
    }
}

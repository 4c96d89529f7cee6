//! Joins: which other resources a statement is about, and what it is worth on them.

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::judge::count_holds_open;
use super::{Amount, Candidates, Related, Scene};
use crate::expr::path::{Found, Path};
use crate::expr::{Truth, Value};
use crate::model::Text;

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

    pub(super) fn candidates<'e>(&self, value: &Value, scene: Scene<'e>) -> Result<Candidates<'e>, Text> {
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

    pub(super) fn truth(&self, value: &Value, scene: Scene<'_>) -> Truth {
        match self.candidates(value, scene) {
            Ok(candidates) => self.judge(&candidates, scene),
            Err(_) => Truth::Unknown,
        }
    }

    fn judge(&self, candidates: &Candidates<'_>, scene: Scene<'_>) -> Truth {
        let truths = candidates.values.iter().map(|(_, value)| self.predicate.holds(value, scene.of(value)));
        // A candidate that nobody has seen could be anything.
        let unseen = candidates.incomplete.is_some().then_some(Truth::Unknown);
        match &self.amount {
            Amount::Quantifier(quantifier) => quantifier.over(truths.chain(unseen)),
            Amount::Count(comparisons) => {
                let truths: Vec<Truth> = truths.collect();
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
        Found::Value(value) => match value.unread() {
            Some(why) => Err(why.clone()),
            None => Ok(Some(value.clone())),
        },
        Found::Unknown(why) => Err(why),
    }
}

//! The scan that another is compared with: a file of `spm scan --format json`, or one of the history.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::str::FromStr;

use super::{Fault, stored, warn};
use crate::assess::diff::diff;
use crate::base::text::{count, sanitise};
use crate::cli::{ScanRef, StoreArgs, Threshold};
use crate::model::{Assessment, Diff, DiffItem};
use crate::report::{self, ReadBack};
use crate::store::{SystemKey, Which};

/// What the user compares with.
pub enum Baseline<'a> {
    /// What a file holds.
    File(&'a str, ReadBack),
    /// A scan of the history.
    Stored(&'a StoreArgs, ScanRef),
}

impl<'a> Baseline<'a> {
    /// Reads what can be read before the scan.
    pub fn new(text: &'a str, store: &'a StoreArgs) -> Result<Baseline<'a>, Fault> {
        match ScanRef::from_str(text) {
            Ok(which) if !Path::new(text).exists() => {
                if let ScanRef::Id(id) = &which {
                    // A wrong id is known without a scan.
                    let store = stored::need(store)?;
                    stored::load(&store, &store.systems()?, Some(&ScanRef::Id(id.clone())), |_| false)?;
                }
                Ok(Baseline::Stored(store, which))
            }
            _ => Ok(Baseline::File(text, read(Path::new(text))?)),
        }
    }

    /// Filters kept some of it out of the file.
    pub fn is_partial(&self) -> bool {
        matches!(self, Baseline::File(_, ReadBack { partial: true, .. }))
    }

    /// The assessment of the same system to compare with, once for each; none for the first scan of a system with the
    /// baseline `latest`.
    pub fn before(&mut self, after: &Assessment) -> Result<Option<Assessment>, Fault> {
        let key = SystemKey::from(&after.system);
        match self {
            Baseline::File(file, ReadBack { assessments, .. }) => {
                match assessments.iter().position(|assessment| SystemKey::from(&assessment.system) == key) {
                    Some(at) => Ok(Some(assessments.swap_remove(at))),
                    None => {
                        let names: Vec<&str> = assessments.iter().map(|other| other.system.name.as_str()).collect();
                        let but =
                            if names.is_empty() { String::new() } else { format!(" (but of {})", names.join(", ")) };
                        Err(Fault(format!("{file} holds no assessment of {}{but}; name it with --system", key.name)))
                    }
                }
            }
            Baseline::Stored(args, which) => {
                let store = match which {
                    ScanRef::Latest => stored::open(args)?,
                    _ => Some(stored::need(args)?),
                };
                let id = match (&store, &*which) {
                    (Some(store), ScanRef::Latest) => {
                        let scans = store.scans(&key)?;
                        // One that looked at the same parts says most.
                        let same = scans.iter().find(|scan| scan.scope == after.scope);
                        same.or(scans.first()).map(|scan| scan.id.clone())
                    }
                    (Some(store), which) => stored::find(store, &key, which)?,
                    (None, _) => None,
                };
                match (store, id, which) {
                    (Some(store), Some(id), _) => Ok(store.at(&key, Which::Scan(&id))?),
                    (_, None, ScanRef::Latest) | (None, ..) => Ok(None),
                    (_, None, _) => Err(Fault(format!("{} has no such scan to compare with", key.name))),
                }
            }
        }
    }
}

/// The assessments of a file that `--format json` wrote.
pub fn read(path: &Path) -> Result<ReadBack, Fault> {
    let fault = |error: &dyn std::fmt::Display| Fault(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| fault(&error))?;
    let read = report::read_json(BufReader::new(file)).map_err(|error| fault(&error))?;
    if read.partial {
        warn(&format!(
            "spm: filters kept some rules out of {}: what failed there is not known",
            sanitise(&path.display().to_string())
        ));
    }
    Ok(read)
}

/// Findings that changed, of the standards that the user asked for.
pub struct Changes<'a> {
    diff: Diff<'a>,
    before: &'a Assessment,
}

/// What changed between the two, in the standards that were asked for now.
pub fn compare<'a>(before: &'a Assessment, after: &'a Assessment) -> Result<Changes<'a>, Fault> {
    let mut diff = diff(before, after)?;
    let (earlier, now) = (asked_for(before), asked_for(after));
    let key = |item: &DiffItem<'a>| (item.check.check.id.as_str(), &item.check.params);
    diff.new.retain(|item| now.contains(&key(item)));
    diff.open.retain(|item| now.contains(&key(item)));
    diff.fixed.retain(|item| now.contains(&key(item)) || earlier.contains(&key(item)));
    diff.coverage.newly_assessed.retain(|item| now.contains(&key(item)));
    diff.coverage.became_manual.retain(|item| now.contains(&key(item)));
    Ok(Changes { diff, before })
}

/// Checks with their parameters that the standards which the user asked for map to.
fn asked_for(assessment: &Assessment) -> BTreeSet<(&str, &BTreeMap<String, String>)> {
    let standards = assessment.standards.iter().filter(|standard| standard.selected);
    let rules = standards.flat_map(|standard| &standard.rules).filter(|rule| !rule.out_of_scope);
    let checks = rules.flat_map(|rule| &rule.checks).filter_map(|at| assessment.checks.get(*at as usize));
    checks.map(|check| (check.check.id.as_str(), &check.params)).collect()
}

impl<'a> Changes<'a> {
    /// What counts as new for a gate. What checks find that the baseline does not have is not new, unless it may be `partial`
    /// and only lack them.
    pub fn counted(&self, threshold: Option<Threshold>, partial: bool) -> Vec<DiffItem<'a>> {
        let coverage = &self.diff.coverage;
        let manual = (threshold == Some(Threshold::Manual)).then_some(&coverage.became_manual);
        let more = [manual, partial.then_some(&coverage.newly_assessed)].into_iter().flatten().flatten();
        self.diff.new.iter().chain(more).copied().collect()
    }
}

/// New findings that are named on standard error.
const NAMED: usize = 10;

/// Says on standard error what changed.
pub fn tell(changes: &Changes<'_>) {
    let Changes { diff, before } = changes;
    warn(&format!(
        "spm: compared with the scan of {}: {}, {} fixed, {} still open",
        report::minute(&before.assessed_at),
        count(diff.new.len(), "new finding"),
        diff.fixed.len(),
        diff.open.len()
    ));
    for item in diff.new.iter().take(NAMED) {
        let element = item.outcome.element.as_ref().map_or_else(String::new, |element| format!(" {element}"));
        let waived = if item.waived() { " (waived)" } else { "" };
        warn(&format!("  new: {:8} {} {}{element}{waived}", item.severity(), item.check.check.id, item.resource));
    }
    if let Some(more) = diff.new.len().checked_sub(NAMED).filter(|more| *more > 0) {
        warn(&format!("  and {more} more: spm diff"));
    }
    match diff.coverage.newly_assessed.len() {
        0 => {}
        n => warn(&format!("  {} by checks that the baseline does not have", count(n, "finding"))),
    }
}

//! `spm diff`: what is new, fixed and still open.

use super::page::style;
use super::{Exit, Fault, Outcome, baseline, print, stored};
use crate::assess::diff::diff;
use crate::cli::{DiffArgs, GlobalArgs, ScanRef};
use crate::model::Assessment;
use crate::report::changes::{self, Changes};
use crate::report::{Layout, ReadBack};
use crate::store::{Store, SystemKey, Which};

/// Runs the command.
pub fn run(args: &DiffArgs, global: &GlobalArgs) -> Outcome {
    let baseline = args.baseline.as_deref().map(baseline::read).transpose()?;
    let store = stored::need(&args.store)?;
    let mut pairs = Vec::new();
    for system in stored::systems(&store, &args.system)? {
        pairs.extend(pair(args, &store, &system, baseline.as_ref())?);
    }
    if pairs.is_empty() {
        return Err(Fault(
            "there are no two scans of a system to compare; `spm history` lists what there is".to_owned(),
        ));
    }
    let mut all = Vec::new();
    for (before, after) in &pairs {
        let mut diff = diff(before, after)?;
        if baseline.as_ref().is_some_and(|file| file.partial) {
            // What the view of the file left out was there all the same.
            let coverage = &mut diff.coverage;
            coverage.standards_added.clear();
            coverage.rules_added.clear();
            coverage.checks_added.clear();
        }
        all.push(Changes { before, after, diff });
    }
    let style = style(global, Layout::Page);
    print(|out| if args.json { changes::write_json(&all, out) } else { changes::write_text(&all, &style, out) })?;
    Ok(Exit::Done)
}

/// The two scans of a system that are meant, if it has both.
fn pair(
    args: &DiffArgs,
    store: &Store,
    system: &SystemKey,
    baseline: Option<&ReadBack>,
) -> Result<Option<(Assessment, Assessment)>, Fault> {
    let Some(later) = stored::find(store, system, args.after.as_ref().unwrap_or(&ScanRef::Latest))? else {
        return Ok(None);
    };
    let before = match (baseline, &args.before) {
        (Some(file), _) => file.assessments.iter().find(|a| SystemKey::from(&a.system) == *system).cloned(),
        (None, Some(which)) => match stored::find(store, system, which)? {
            Some(id) => store.at(system, Which::Scan(&id))?,
            None => None,
        },
        (None, None) => {
            let scans = store.scans(system)?;
            let mut older = scans.iter().skip_while(|scan| scan.id != later);
            let scope = older.next().map(|scan| &scan.scope);
            let older: Vec<_> = older.collect();
            // One that looked at the same parts says most.
            match older.iter().find(|scan| Some(&scan.scope) == scope).or(older.first()) {
                Some(scan) => store.at(system, Which::Scan(&scan.id))?,
                None => None,
            }
        }
    };
    let after = store.at(system, Which::Scan(&later))?;
    Ok(before.zip(after))
}

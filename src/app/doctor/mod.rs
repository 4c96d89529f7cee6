//! `spm doctor`: whether a scan will see everything, before it runs: the system, the standards that will be chosen, the rights
//! that the identity lacks and the rules that this costs.

#[cfg(feature = "aws")]
mod account;
#[cfg(feature = "kubernetes")]
mod cluster;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::settings::{Settings, places};
use super::{Outcome, library};
use crate::base::text::{count, shorten};
use crate::cli::{DoctorArgs, GlobalArgs, WAIVER_FILE};
use crate::expr::Wanted;
use crate::model::Technology;
use crate::report::Paper;
use crate::rules::Plan;

/// Runs the command.
pub fn run(args: &DoctorArgs, global: &GlobalArgs) -> Outcome {
    let settings = Settings::load(global)?;
    let mut library = library(global)?;
    library.override_params(settings.parameters_of(None));
    let wishes = settings.wishes(&args.standards.standard, None);
    let technology = if args.aws.asked() { Technology::Aws } else { Technology::Kubernetes };
    Plan::check_wishes(&library, technology, &wishes)?;
    match technology {
        #[cfg(feature = "kubernetes")]
        Technology::Kubernetes => cluster::run(args, global, &settings, &library, &wishes),
        #[cfg(not(feature = "kubernetes"))]
        Technology::Kubernetes => Err(super::no_clusters()),
        #[cfg(feature = "aws")]
        Technology::Aws => account::run(args, global, &settings, &library, &wishes),
        #[cfg(not(feature = "aws"))]
        Technology::Aws => Err(super::no_accounts()),
    }
}

fn standards(page: &mut Paper<'_>, plan: &Plan) -> io::Result<()> {
    for planned in &plan.standards {
        let info = &planned.standard.info;
        let applies = &planned.standard.applies.versions_text;
        let why = if applies.is_empty() { String::new() } else { format!(", for Kubernetes {applies}") };
        page.labelled("Standard", &format!("{} {}{why}", info.name, info.version))?;
    }
    Ok(())
}

/// Files that a scan will use.
fn files(page: &mut Paper<'_>, args: &DoctorArgs, settings: &Settings) -> io::Result<()> {
    let there = |path: &Path| if path.exists() { "" } else { ", not there yet" };
    match args.store.path() {
        Some(path) => page.labelled("History", &format!("{}{}", path.display(), there(&path)))?,
        None => page.labelled("History", "none: there is no home directory; name a file with --store")?,
    }
    match Path::new(WAIVER_FILE) {
        file if file.exists() => page.labelled("Waivers", WAIVER_FILE)?,
        _ => page.labelled("Waivers", &format!("none: no {WAIVER_FILE} here, name files with --waivers"))?,
    }
    match &settings.file {
        Some(file) => page.labelled("Settings", &file.display().to_string()),
        None => {
            let places: Vec<String> = places().iter().map(|place| place.display().to_string()).collect();
            page.labelled("Settings", &format!("none: looked for {}", places.join(", ")))
        }
    }
}

/// Which rules need what: a kind that they read, an action that reading takes.
struct Costs<'p> {
    plan: &'p Plan,
    // Per instance.
    needs: Vec<BTreeSet<String>>,
}

impl<'p> Costs<'p> {
    #[cfg(feature = "kubernetes")]
    fn of_kinds(plan: &'p Plan) -> Costs<'p> {
        Costs::new(plan, |wanted| wanted.kinds().map(str::to_owned).collect())
    }

    fn new(plan: &'p Plan, needs: impl Fn(&Wanted) -> BTreeSet<String>) -> Costs<'p> {
        Costs { plan, needs: plan.wanted_by_instance().iter().map(needs).collect() }
    }

    /// Per standard: the rules that cannot be decided, or not in full, without `need`.
    fn of(&self, need: &str) -> Vec<String> {
        let mut lines = BTreeMap::new();
        for planned in &self.plan.standards {
            let info = &planned.standard.info;
            let reads = |at: &u32| self.needs.get(*at as usize).is_some_and(|needs| needs.contains(need));
            let rules = planned.standard.rules.iter().zip(&planned.rules);
            let ids: Vec<&str> =
                rules.filter(|(_, uses)| uses.iter().any(reads)).map(|(rule, _)| rule.id.as_str()).collect();
            if !ids.is_empty() {
                let list = ids.join(", ");
                lines.insert(&info.id, format!("{} {}: {}", info.short, count(ids.len(), "rule"), shorten(&list, 400)));
            }
        }
        lines.into_values().collect()
    }
}

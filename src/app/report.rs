//! `spm report`: what has been scanned, from the history.

use super::page::{Outputs, style};
use super::{Exit, Fault, Outcome, decisions, print, query, stored, warn};
use crate::base::spelling;
use crate::cli::{GlobalArgs, ReportArgs};
use crate::model::Assessment;
#[cfg(feature = "kubernetes")]
use crate::model::Technology;
#[cfg(feature = "kubernetes")]
use crate::report::OtherStatus;
use crate::report::{Layout, OtherSystem, Report, View, argument, names_standard};
use crate::store::SystemKey;

/// Runs the command.
pub fn run(args: &ReportArgs, global: &GlobalArgs) -> Outcome {
    let outputs = Outputs::new(&args.output, global)?;
    let store = stored::need(&args.stored.store)?;
    let systems = stored::systems(&store, &args.stored.system)?;
    let view = View {
        standards: args.standard.clone(),
        systems: args.stored.system.clone(),
        namespaces: args.namespace.clone(),
        ..args.view.view()
    };
    let today = decisions::today();
    // A scan of the past is shown with the decisions that held then, which are stored with it.
    let asked = args.stored.at.is_none() || !args.waivers.waivers.is_empty();
    let decisions = if asked { decisions::read(&args.waivers, today)? } else { Default::default() };
    let decided = !decisions.waivers.is_empty() || !decisions.attestations.is_empty();
    // Counts of rules stand in the history by themselves.
    let narrowed = view.resource.is_some() || !view.namespaces.is_empty();
    let counts_only = args.query || (outputs.is_page_only() && !narrowed && !decided);
    let mut loaded = stored::load(&store, &systems, args.stored.at.as_ref(), |_| !counts_only)?;
    known_standards(&view.standards, &loaded.assessments)?;
    if args.query {
        let sql = query::sql(&view, &loaded.assessments, args.stored.at.is_none());
        print(|out| out.write_all(sql.as_bytes()))?;
        return Ok(Exit::Done);
    }
    let mut usage = crate::assess::waivers::WaiverReport::default();
    for assessment in &mut loaded.assessments {
        let day = if args.stored.at.is_some() { decisions::day(assessment) } else { None };
        usage.merge(&decisions::apply(&decisions, &args.waivers, assessment, day.unwrap_or(today)));
    }
    if args.stored.system.is_empty() && args.stored.at.is_none() {
        loaded.others.extend(not_enabled(&systems));
    }
    let command = command(args);
    let report = Report { assessments: &loaded.assessments, others: &loaded.others, command: &command };
    let layout = if args.view.rules { Layout::Rules } else { Layout::Overview };
    // The overview shows the standards, whatever the filters leave of their rules.
    outputs.write(&report, &view, &style(global, layout))?;
    if !global.quiet {
        decisions::remarks(&decisions, &usage).iter().for_each(|remark| warn(&format!("spm: {remark}")));
    }
    Ok(Exit::Done)
}

/// A standard that no scan was asked for shows nothing, which must not look like nothing to report.
fn known_standards(names: &[String], assessments: &[Assessment]) -> Result<(), Fault> {
    let standards = || assessments.iter().flat_map(|assessment| &assessment.standards).map(|result| &result.standard);
    for name in names {
        let one = std::slice::from_ref(name);
        if standards().any(|standard| names_standard(one, standard)) {
            continue;
        }
        let mut known: Vec<String> = standards().map(|standard| standard.short.to_lowercase()).collect();
        known.sort();
        known.dedup();
        let near = spelling::nearest(name, known.iter().map(String::as_str));
        let help = near.map_or_else(
            || format!("the scans have {}; `spm scan --standard {}` adds it", known.join(", "), argument(name)),
            |near| format!("did you mean \"{near}\"?"),
        );
        return Err(Fault(format!("no stored scan has the standard \"{name}\" ({help})")));
    }
    Ok(())
}

/// Clusters of the kubeconfig that were never scanned.
#[cfg(feature = "kubernetes")]
fn not_enabled(scanned: &[SystemKey]) -> Vec<OtherSystem> {
    // Without a kubeconfig that can be read, no further system is known.
    let contexts = crate::collect::kubernetes::contexts(None).unwrap_or_default();
    let known = |name: &String| scanned.iter().any(|key| key.technology == Technology::Kubernetes && key.name == *name);
    let other = |name| OtherSystem { technology: Technology::Kubernetes, name, status: OtherStatus::NotEnabled };
    contexts.into_iter().filter(|name| !known(name)).map(other).collect()
}

#[cfg(not(feature = "kubernetes"))]
fn not_enabled(_: &[SystemKey]) -> Vec<OtherSystem> {
    Vec::new()
}

/// The command that shows the same again, for hints.
fn command(args: &ReportArgs) -> String {
    let mut command = "spm report".to_owned();
    let lists = [("--system", &args.stored.system), ("--standard", &args.standard), ("--namespace", &args.namespace)];
    for (option, values) in lists {
        if !values.is_empty() {
            command.push_str(&format!(" {option} {}", argument(&values.join(","))));
        }
    }
    command
}

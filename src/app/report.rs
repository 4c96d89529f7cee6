//! `spm report`: what has been scanned, from the history.

use std::collections::BTreeSet;

use super::dql::dql;
use super::page::{Outputs, style};
use super::settings::Settings;
use super::{Exit, Fault, Outcome, decisions, print, query, stored, warn};
use crate::base::spelling;
use crate::base::text::sanitise;
use crate::cli::{GlobalArgs, QueryLanguage, ReportArgs};
use crate::model::{Assessment, Technology};
use crate::report::{FailedScan, Layout, OtherStatus, OtherSystem, Report, View, argument, names_standard};
use crate::store::{Failure, Store, SystemKey};

/// Runs the command.
pub fn run(args: &ReportArgs, global: &GlobalArgs) -> Outcome {
    let outputs = Outputs::new(&args.output, global)?;
    let settings = Settings::load(global)?;
    let store = stored::need(&args.stored.store)?;
    let systems = stored::systems(&store, &args.stored.system)?;
    let view = View {
        standards: args.standards.standard.clone(),
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
    let counts_only = args.query.is_some() || (outputs.is_page_only() && !narrowed && !decided);
    let at = args.stored.at.as_ref();
    let mut loaded = stored::load(&store, &systems, at, |_| !counts_only)?;
    if counts_only && args.query.is_none() {
        // A waiver may be over since the scan: where there are some, the outcomes are needed after all.
        let checks = loaded.assessments.iter().flat_map(|assessment| &assessment.checks);
        let waived: BTreeSet<String> =
            checks.filter(|check| check.counts.waived > 0).map(|check| check.check.id.clone()).collect();
        if !waived.is_empty() {
            loaded = stored::load(&store, &systems, at, |check| waived.contains(&check.id))?;
        }
    }
    known_standards(&view.standards, &loaded.assessments)?;
    if let Some(language) = args.query {
        let latest = args.stored.at.is_none();
        let (sql, dql) = (query::sql(&view, &loaded.assessments, latest), dql(&view, &loaded.assessments, latest));
        let text = match language {
            QueryLanguage::Sql => sql,
            QueryLanguage::Dql => dql,
            QueryLanguage::Both => {
                let comment: String = dql.lines().map(|line| format!("-- {line}\n")).collect();
                format!(
                    "-- For {}.\n{sql}\n-- The same as DQL:\n{comment}",
                    sanitise(&store.path().display().to_string())
                )
            }
        };
        print(|out| out.write_all(text.as_bytes()))?;
        return Ok(Exit::Done);
    }
    let mut usage = crate::assess::waivers::WaiverReport::default();
    for assessment in &mut loaded.assessments {
        let day = if args.stored.at.is_some() { decisions::day(assessment) } else { None };
        usage.merge(&decisions::apply(&decisions, &args.waivers, assessment, None, day.unwrap_or(today)));
    }
    let mut failed = Vec::new();
    if args.stored.at.is_none() {
        failed = failures(&store, &args.stored.system)?;
        let others = others(&settings, &systems, &failed);
        let asked = |other: &OtherSystem| {
            args.stored.system.is_empty() || stored::names_system(&args.stored.system, &other.name)
        };
        loaded.others.extend(others.into_iter().filter(asked));
    }
    let command = command(args);
    let report =
        Report { assessments: &loaded.assessments, others: &loaded.others, failed: &failed, command: &command };
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
            || format!("the scans have {}; `spm standards` lists what `spm scan --standard` adds", known.join(", ")),
            |near| format!("did you mean \"{near}\"?"),
        );
        return Err(Fault(format!("no stored scan has the standard \"{name}\" ({help})")));
    }
    Ok(())
}

/// Systems whose last scan failed, of those that are asked for.
fn failures(store: &Store, names: &[String]) -> Result<Vec<FailedScan>, Fault> {
    let asked = |failure: &Failure| names.is_empty() || stored::names_system(names, &failure.system.name);
    let failed = |failure: Failure| FailedScan {
        technology: failure.system.technology,
        name: failure.system.name,
        at: failure.at,
        why: failure.why,
    };
    Ok(store.failures()?.into_iter().filter(asked).map(failed).collect())
}

/// Systems that are known and have no assessment: of the settings, with a failed scan, of the kubeconfig.
fn others(settings: &Settings, scanned: &[SystemKey], failed: &[FailedScan]) -> Vec<OtherSystem> {
    let mut others: Vec<OtherSystem> = Vec::new();
    let mut add = |technologies: &[Technology], name: &str, status: OtherStatus, why: Option<String>| {
        let is_scanned = scanned.iter().any(|key| technologies.contains(&key.technology) && key.name == name);
        if !is_scanned && !others.iter().any(|other| other.name == name) {
            let technology = technologies.first().copied().unwrap_or(Technology::Kubernetes);
            others.push(OtherSystem { technology, name: name.to_owned(), status, why });
        }
    };
    for failed in failed {
        let time = failed.at.get(..10).unwrap_or_default();
        let why = format!("the scan of {time} failed: {}", failed.why);
        add(&[failed.technology], &failed.name, OtherStatus::NoData, Some(why));
    }
    for system in &settings.systems {
        let technologies = match (&system.aws, system.from.is_empty()) {
            (Some(_), _) => &[Technology::Aws][..],
            // What files hold shows when they are read.
            (None, false) => &[Technology::Kubernetes, Technology::Aws],
            (None, true) => &[Technology::Kubernetes],
        };
        add(technologies, &system.name, OtherStatus::NoData, Some("never scanned".to_owned()));
    }
    for context in contexts() {
        // A context that the settings give a name of its own is known by that.
        if !settings.systems.iter().any(|system| system.context.as_ref() == Some(&context)) {
            add(&[Technology::Kubernetes], &context, OtherStatus::NotEnabled, None);
        }
    }
    others
}

/// Clusters of the kubeconfig.
#[cfg(feature = "kubernetes")]
fn contexts() -> Vec<String> {
    // Without a kubeconfig that can be read, no further system is known.
    crate::collect::kubernetes::contexts(None).unwrap_or_default()
}

#[cfg(not(feature = "kubernetes"))]
fn contexts() -> Vec<String> {
    Vec::new()
}

/// The command that shows the same again, for hints.
fn command(args: &ReportArgs) -> String {
    let mut command = "spm report".to_owned();
    let lists =
        [("--system", &args.stored.system), ("--standard", &args.standards.standard), ("--namespace", &args.namespace)];
    for (option, values) in lists {
        if !values.is_empty() {
            command.push_str(&format!(" {option} {}", argument(&values.join(","))));
        }
    }
    command
}

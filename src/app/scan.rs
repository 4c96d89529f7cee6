//! `spm scan`: read, evaluate, assess, report.

use std::collections::BTreeMap;

use super::baseline::{self, Baseline, compare};
use super::page::{Outputs, style};
use super::progress::Spinner;
use super::{Exit, Fault, Outcome, decisions, library, warn};
use crate::assess::{ManualMode, standard_result};
use crate::base::{digest, text};
use crate::cli::{GlobalArgs, InputArgs, KeepArgs, Manual, ScanArgs};
use crate::collect;
use crate::evaluate::evaluate;
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, Wanted};
use crate::model::{Assessment, Technology};
use crate::report::{self, Format, Layout, Report};
use crate::rules::{Library, Plan, Wish};
use crate::store::Store;

/// Runs the command.
pub fn run(args: &ScanArgs, global: &GlobalArgs) -> Outcome {
    // Before anything is read: a typing error must not cost a scan.
    let outputs = Outputs::new(&args.output, global)?;
    let library = library(global)?;
    let wishes: Vec<Wish> = args.standards.standard.iter().map(|text| Wish::new(text)).collect();
    let candidates = Plan::candidates(&library, Technology::Kubernetes, &wishes)?;
    let today = decisions::today();
    let decisions = decisions::read(&args.waivers, today)?;
    let baseline = args.gate.baseline.as_deref().map(|text| Baseline::new(text, &args.keep.store)).transpose()?;

    let spinner = Spinner::new(global);
    let now = jiff::Timestamp::now();
    let mut inventory = read(&args.input, &candidates.wanted(), now, &spinner)?;
    inventory.keep_namespaces(&args.input.namespace, &args.input.exclude_namespace);
    spinner.say("evaluating");
    let mut assessment = assess(&inventory, &library, &wishes, args.standards.manual)?;
    // Millions of small values: giving them back one by one takes longer than writing the page, and the process ends soon.
    std::mem::forget(inventory);
    let usage = decisions::apply(&decisions, &args.waivers, &mut assessment, today);
    let remarks = decisions::remarks(&decisions, &usage);
    assessment.notes.extend(remarks.iter().cloned());
    // The baseline may be the last scan, so it is looked up before this one is kept.
    let before = baseline.map(|baseline| baseline.before(&assessment)).transpose();
    spinner.say("keeping the scan");
    let kept = keep(&args.keep, &assessment);
    spinner.finish();

    let assessments = [assessment];
    let [assessment] = &assessments;
    let command = match &kept {
        Ok(true) => format!("spm report --system {}", report::argument(&assessment.system.name)),
        _ => command(&args.input),
    };
    let report = Report { assessments: &assessments, others: &[], command: &command };
    let layout = if args.view.rules { Layout::Rules } else { Layout::Page };
    outputs.write(&report, &args.view.view(), &style(global, layout))?;
    if !global.quiet && outputs.page != Some(Format::Table) {
        remarks.iter().for_each(|remark| warn(&format!("spm: {remark}")));
        let gaps: usize = assessments.iter().map(|assessment| assessment.gaps.len()).sum();
        if gaps > 0 {
            warn(&format!("spm: {} could not be read; rules that need them are Manual", text::count(gaps, "part")));
        }
    }
    match kept {
        // A file that the user names is there to be relied on.
        Err(Fault(fault)) if args.keep.store.store.is_some() => return Err(Fault(fault)),
        Err(Fault(fault)) => warn(&format!("spm: this scan is not in the history: {fault}")),
        Ok(_) => {}
    }
    let before = before?.flatten();
    let changes = before.as_ref().map(|before| compare(before, assessment)).transpose()?;
    if let Some(changes) = changes.as_ref().filter(|_| !global.quiet) {
        baseline::tell(changes);
    }
    let new = changes.as_ref().map(|changes| changes.counted(args.gate.fail_on_new));
    Ok(Exit::of(&assessments, &args.gate, new.as_deref()))
}

/// Keeps the assessment in the history, unless the user does not want it; tells whether it did.
fn keep(args: &KeepArgs, assessment: &Assessment) -> Result<bool, Fault> {
    if args.no_store {
        return Ok(false);
    }
    let path =
        args.store.path().ok_or_else(|| Fault("there is no home directory; name a file with --store".to_owned()))?;
    Store::open(&path)?.save(assessment)?;
    Ok(true)
}

fn read(input: &InputArgs, wanted: &Wanted, now: jiff::Timestamp, spinner: &Spinner) -> Result<Inventory, Fault> {
    if input.from.is_empty() {
        #[cfg(feature = "kubernetes")]
        return super::live::read(input, wanted, now, spinner);
        #[cfg(not(feature = "kubernetes"))]
        return Err(super::no_clusters());
    }
    if input.nodes.nodes.is_some() {
        return Err(Fault("--nodes asks a running cluster; for files give node facts with --node-facts".to_owned()));
    }
    let files = collect::files::FileInput {
        paths: input.from.clone(),
        node_facts: input.node_facts.clone(),
        system_name: input.system.clone(),
    };
    let mut writer = match &input.save {
        Some(path) => Some(
            SnapshotWriter::create(path, Mode::Files, now)
                .map_err(|error| Fault(format!("{}: {error}", path.display())))?,
        ),
        None => None,
    };
    let inventory = collect::files::read(&files, wanted, now, writer.as_mut(), spinner)?;
    if let Some(writer) = writer {
        writer.finish(&inventory)?;
    }
    Ok(inventory)
}

/// Evaluates what was read against the wanted standards.
pub fn assess(inventory: &Inventory, library: &Library, wishes: &[Wish], manual: Manual) -> Result<Assessment, Fault> {
    let plan = Plan::for_system(library, &inventory.system, wishes)?;
    let evaluation = evaluate(inventory, &plan.instances);
    let mode = match manual {
        Manual::Decide => ManualMode::Decide,
        Manual::Strict => ManualMode::Strict,
    };
    let standards = plan.standards.iter().map(|planned| standard_result(planned, &evaluation.checks, mode)).collect();
    let assessed_at = inventory.now.to_string();
    // To the nanosecond, so two starts differ. A snapshot has the time at which it was read: evaluated again it is the same
    // scan, and takes the place of the first in the history.
    let system = inventory.system.clone();
    let parts = [system.technology.as_str(), &system.name, &assessed_at];
    Ok(Assessment {
        id: digest::hex(parts, 8),
        system,
        assessed_at,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        resources: evaluation.resources,
        checks: evaluation.checks,
        standards,
        gaps: inventory.gaps().to_vec(),
        notes: inventory.notes.iter().chain(&plan.notes).cloned().collect(),
        read: inventory.counts().into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(),
    })
}

/// The command that shows the same again, for hints.
fn command(input: &InputArgs) -> String {
    let mut command = "spm scan".to_owned();
    for path in &input.from {
        command.push_str(&format!(" --from {}", report::argument(&path.to_string_lossy())));
    }
    for path in &input.node_facts {
        command.push_str(&format!(" --node-facts {}", report::argument(&path.to_string_lossy())));
    }
    if let Some(context) = &input.context {
        command.push_str(&format!(" --context {}", report::argument(context)));
    }
    command
}

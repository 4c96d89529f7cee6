//! `spm scan`: read, evaluate, assess, report.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::{self, Baseline, compare};
use super::exit::{Verdict, unread};
use super::page::{Outputs, style};
use super::progress::Spinner;
use super::saver::{Saver, sink};
use super::settings::Settings;
use super::targets::{Target, targets};
use super::{Fault, Outcome, again, decisions, failures, in_source, warn};
use crate::assess::in_source::Annotations;
use crate::assess::selector::Labels;
use crate::assess::waiver_file::Decisions;
use crate::assess::waivers::WaiverReport;
use crate::assess::{ManualMode, standard_result};
use crate::base::{digest, text};
use crate::cli::{GlobalArgs, InputArgs, KeepArgs, Manual, ScanArgs};
use crate::collect;
use crate::collect::aws::folder;
use crate::derive;
use crate::evaluate::evaluate;
use crate::inventory::{Inventory, Mode, Resource, Wanted};
use crate::model::{Assessment, Technology};
use crate::report::{self, Format, Layout, OtherStatus, OtherSystem, Report};
use crate::rules::{Library, Pack, Plan, Wish};
use crate::store::Store;

/// Runs the command.
pub fn run(args: &ScanArgs, global: &GlobalArgs) -> Outcome {
    // Before anything is read: a typing error must not cost a scan.
    let outputs = Outputs::new(&args.output, global)?;
    let settings = Settings::load(global)?;
    let targets = targets(args, global, &settings)?;
    for target in &targets {
        Plan::check_wishes(&target.library, target.technology, &target.wishes)?;
    }
    let today = decisions::today();
    let decisions = decisions::read(&args.waivers, today)?;
    let in_source = in_source::Use::new(args, settings.in_source_waivers);
    let mut baseline = args.gate.baseline.as_deref().map(|text| Baseline::new(text, &args.keep.store)).transpose()?;

    let spinner = Spinner::new(global);
    let scan = Scan { args, settings: &settings, in_source, decisions: &decisions, today, spinner: &spinner };
    let Scanned { mut assessments, annotations, labels, others } = scan.all(&targets)?;
    let mut usage = WaiverReport::default();
    for (assessment, labels) in assessments.iter_mut().zip(&labels) {
        usage.merge(&decisions::apply(&decisions, &args.waivers, assessment, Some(labels), today));
    }
    let remarks = decisions::remarks(&decisions, &usage);
    let mut befores = Vec::new();
    let mut kept = Vec::new();
    spinner.say("keeping the scan");
    let mut told = remarks.clone();
    for (assessment, own) in assessments.iter_mut().zip(&annotations) {
        let notes = in_source.apply(own, assessment, today);
        told.extend(notes.iter().cloned());
        assessment.notes.extend(remarks.iter().chain(&notes).cloned());
        // The baseline may be the last scan, so it is looked up before this one is kept.
        befores.push(baseline.as_mut().map_or(Ok(None), |baseline| baseline.before(assessment)));
        kept.push(keep(&args.keep, assessment));
    }
    spinner.finish();
    if !global.quiet {
        unevaluated(global, &targets, &assessments)?.iter().for_each(|words| warn(words));
    }

    let is_kept = kept.iter().all(|kept| matches!(kept, Ok(true)));
    let command = match (is_kept, &assessments[..]) {
        (true, [assessment]) => format!("spm report --system {}", report::argument(&assessment.system.name)),
        (true, _) => "spm report".to_owned(),
        (false, _) => again::command(args, global),
    };
    let report = Report { assessments: &assessments, others: &others, failed: &[], command: &command };
    let layout = if args.view.rules { Layout::Rules } else { Layout::Page };
    outputs.write(&report, &args.view.view(), &style(global, layout))?;
    if !global.quiet && outputs.page != Some(Format::Table) {
        told.iter().for_each(|remark| warn(&format!("spm: {remark}")));
        let gaps: usize = assessments.iter().map(unread).sum();
        if gaps > 0 {
            warn(&format!("spm: {} could not be read; rules that need them are Manual", text::count(gaps, "part")));
        }
    }
    for kept in kept {
        match kept {
            // A file that the user names is there to be relied on.
            Err(Fault(fault)) if args.keep.store.store.is_some() => return Err(Fault(fault)),
            Err(Fault(fault)) => warn(&format!("spm: this scan is not in the history: {fault}")),
            Ok(_) => {}
        }
    }
    let befores: Vec<Option<Assessment>> = befores.into_iter().collect::<Result<_, _>>()?;
    let partial = baseline.as_ref().is_some_and(Baseline::is_partial);
    let mut new = Vec::new();
    for (before, assessment) in befores.iter().zip(&assessments) {
        let Some(before) = before else { continue };
        let changes = compare(before, assessment)?;
        if !global.quiet {
            baseline::tell(&changes);
        }
        new.extend(changes.counted(args.gate.fail_on_new, partial));
    }
    let Verdict { exit, why } = Verdict::of(&assessments, &args.gate, &new, others.len());
    if let Some(why) = why.filter(|_| !global.quiet) {
        warn(&format!("spm: {why}"));
    }
    Ok(exit)
}

/// Says which checks of `--pack` were left, because no standard of the scan asks for them.
fn unevaluated(global: &GlobalArgs, targets: &[Target], assessments: &[Assessment]) -> Result<Option<String>, Fault> {
    let evaluated: BTreeSet<&str> =
        assessments.iter().flat_map(|a| &a.checks).map(|check| check.check.id.as_str()).collect();
    let mut left = BTreeSet::new();
    for dir in &global.pack {
        let pack = Pack::read(dir)?;
        for id in pack.check_ids().filter(|id| !evaluated.contains(id)) {
            for target in targets {
                let check = target.library.check(id)?.filter(|check| check.source.technology() == target.technology);
                left.extend(check.map(|check| check.info.id.clone()));
            }
        }
    }
    let ids: Vec<&str> = left.iter().map(String::as_str).collect();
    Ok((!ids.is_empty()).then(|| {
        let ids = text::shorten(&ids.join(", "), 300).into_owned();
        format!("spm: not evaluated, as no standard of this scan asks for it (see --standard): {ids}")
    }))
}

/// What became of the systems.
#[derive(Default)]
struct Scanned {
    assessments: Vec<Assessment>,
    /// The waivers in what was read, of each assessment.
    annotations: Vec<Annotations>,
    /// Labels that decisions ask for, of each assessment.
    labels: Vec<Labels>,
    /// Those that could not be read.
    others: Vec<OtherSystem>,
}

/// What holds for every system of a run.
struct Scan<'a> {
    args: &'a ScanArgs,
    settings: &'a Settings,
    in_source: in_source::Use,
    decisions: &'a Decisions,
    today: jiff::civil::Date,
    spinner: &'a Spinner,
}

impl Scan<'_> {
    /// Scans one system after the other. One that cannot be read does not keep the rest from being scanned; if none can be
    /// read, that is the fault.
    fn all(&self, targets: &[Target]) -> Result<Scanned, Fault> {
        let mut scanned = Scanned::default();
        for (at, target) in targets.iter().enumerate() {
            match self.one(target, at + 1 == targets.len()) {
                Ok((assessment, own, labels)) => {
                    scanned.assessments.push(assessment);
                    scanned.annotations.push(own);
                    scanned.labels.push(labels);
                }
                Err(fault) if is_interrupted() => return Err(fault),
                Err(fault) => {
                    failures::keep(&self.args.keep, target, self.settings, &fault);
                    if targets.len() == 1 {
                        return Err(fault);
                    }
                    let Fault(why) = fault;
                    warn(&format!("spm: {}: {why}", target.name()));
                    scanned.others.push(OtherSystem {
                        technology: target.technology,
                        name: target.name().to_owned(),
                        status: OtherStatus::NoData,
                        why: Some(why),
                    });
                }
            }
        }
        if scanned.assessments.is_empty() {
            return Err(Fault(format!("none of {} could be read", text::count(targets.len(), "system"))));
        }
        Ok(scanned)
    }

    /// Reads and evaluates a system; also gives the waivers and the labels in what was read. After the `last` the process
    /// ends soon.
    fn one(&self, target: &Target, last: bool) -> Result<(Assessment, Annotations, Labels), Fault> {
        let Target { input, wishes, library, technology } = target;
        let mut wanted = Plan::candidates(library, *technology, wishes)?.wanted();
        self.in_source.want(&mut wanted);
        decisions::want_labels(self.decisions, &mut wanted);
        let now = jiff::Timestamp::now();
        let mut inventory = read(input, *technology, &wanted, now, self.spinner)?;
        inventory.narrow(&input.namespace, &input.exclude_namespace);
        self.spinner.say("evaluating");
        let assessment = assess(&inventory, library, wishes, self.args.standards.manual)?;
        let annotations = self.in_source.find(&inventory, &wanted, self.today);
        let labels = decisions::labels(self.decisions, &inventory, &wanted);
        if last {
            // Millions of small values: giving them back one by one takes longer than writing the page.
            std::mem::forget(inventory);
        }
        Ok((assessment, annotations, labels))
    }
}

/// Whether the user stopped a scan that had something to clear up first.
fn is_interrupted() -> bool {
    #[cfg(feature = "kubernetes")]
    return collect::kubernetes::nodes::is_interrupted();
    #[cfg(not(feature = "kubernetes"))]
    return false;
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

/// Reads what the options name.
pub fn read(
    input: &InputArgs,
    technology: Technology,
    wanted: &Wanted,
    now: jiff::Timestamp,
    spinner: &Spinner,
) -> Result<Inventory, Fault> {
    if technology == Technology::Aws && input.from.is_empty() {
        #[cfg(feature = "aws")]
        return super::aws::read(input, wanted, now, spinner);
        #[cfg(not(feature = "aws"))]
        return Err(super::no_accounts());
    }
    if technology == Technology::Aws && folder::is_folder(&input.from) {
        return folder(input, wanted, now, spinner);
    }
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
    // Files tell by their objects what they hold; nothing more is asked for.
    let mut saver = Saver::begin(input, technology, Mode::Files, now, &Wanted::default())?;
    let writer = saver.as_mut().map(|saver| &mut saver.writer);
    let inventory = collect::files::read(&files, wanted, now, writer, spinner)?;
    if let Some(saver) = saver {
        saver.finish(&inventory)?;
    }
    Ok(inventory)
}

// Answers of the command line of AWS.
fn folder(input: &InputArgs, wanted: &Wanted, now: jiff::Timestamp, spinner: &Spinner) -> Result<Inventory, Fault> {
    let mut saver = Saver::begin(input, Technology::Aws, Mode::Files, now, wanted)?;
    let inventory = folder::read(&input.from, input.system.as_deref(), wanted, now, sink(&mut saver), spinner)?;
    if let Some(saver) = saver {
        saver.finish(&inventory)?;
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
    // Other namespaces of a snapshot are another scan.
    let scope = inventory.scope.clone();
    let narrowing = scope.narrowing(system.technology);
    let parts = [system.technology.as_str(), &system.name, &assessed_at];
    Ok(Assessment {
        id: digest::hex(parts.into_iter().chain(narrowing.as_deref()), 8),
        system,
        assessed_at,
        scope,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        resources: evaluation.resources,
        checks: evaluation.checks,
        standards,
        gaps: inventory.gaps().iter().filter(|gap| !gap.is_by_choice()).cloned().collect(),
        notes: inventory.notes.iter().chain(&plan.notes).cloned().collect(),
        read: counts(inventory),
    })
}

// Objects read, per kind, of the part that the scan is about.
fn counts(inventory: &Inventory) -> BTreeMap<String, usize> {
    let mut counts = inventory.counts();
    if inventory.part.is_narrowed() {
        for (kind, count) in &mut counts {
            let looked_at = |resource: &&Resource| derive::looks_at(inventory, &resource.reference(kind));
            *count = inventory.of(kind).iter().filter(looked_at).count();
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}

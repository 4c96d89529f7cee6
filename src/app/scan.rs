//! `spm scan`: read, evaluate, assess, report.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stdout};
use std::path::Path;

use super::files::write_atomic;
use super::progress::Spinner;
use super::{Exit, Fault, Outcome, library, print, warn};
use crate::assess::{ManualMode, standard_result};
use crate::base::{digest, text};
use crate::cli::{Colour, GlobalArgs, InputArgs, Manual, ScanArgs};
use crate::collect;
use crate::evaluate::evaluate;
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, Wanted};
use crate::model::{Assessment, Technology};
use crate::report::{self, Format, Report, TableStyle};
use crate::rules::{Library, Plan, Wish};

/// Runs the command.
pub fn run(args: &ScanArgs, global: &GlobalArgs) -> Outcome {
    // Before anything is read: a typing error must not cost a scan.
    let outputs: Vec<(Format, &Path)> = args
        .output
        .output
        .iter()
        .map(|file| Ok((file.format(args.output.format)?, file.path.as_path())))
        .collect::<Result<_, String>>()
        .map_err(Fault)?;
    let library = library(global)?;
    let wishes: Vec<Wish> = args.standards.standard.iter().map(|text| Wish::new(text)).collect();
    let candidates = Plan::candidates(&library, Technology::Kubernetes, &wishes)?;

    let spinner = Spinner::new(global);
    let now = jiff::Timestamp::now();
    let mut inventory = read(&args.input, &candidates.wanted(), now, &spinner)?;
    inventory.keep_namespaces(&args.input.namespace, &args.input.exclude_namespace);
    spinner.say("evaluating");
    let assessment = assess(&inventory, &library, &wishes, args.standards.manual)?;
    // Millions of small values: giving them back one by one takes longer than writing the page, and the process ends soon.
    std::mem::forget(inventory);
    spinner.finish();

    let assessments = [assessment];
    let command = command(&args.input);
    let report = Report { assessments: &assessments, others: &[], command: &command };
    let view = args.view.view();
    let style = style(global);
    for (format, path) in &outputs {
        write_atomic(path, |out| report::write(*format, &report, &view, &style, out))
            .map_err(|error| Fault(format!("{}: {error}", path.display())))?;
    }
    let page = match (outputs.is_empty(), args.output.format) {
        (true, format) => Some(format.unwrap_or(Format::Table)),
        (false, _) if global.quiet => None,
        (false, _) => Some(Format::Table),
    };
    if let Some(format) = page {
        print(|out| report::write(format, &report, &view, &style, out))?;
    }
    let gaps: usize = assessments.iter().map(|assessment| assessment.gaps.len()).sum();
    if gaps > 0 && !global.quiet && page != Some(Format::Table) {
        warn(&format!("spm: {} could not be read; rules that need them are Manual", text::count(gaps, "part")));
    }
    Ok(Exit::of(&assessments, args.output.fail_on, args.output.require_complete, false))
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

fn style(global: &GlobalArgs) -> TableStyle {
    let terminal = stdout().is_terminal();
    let colour = match global.color {
        Colour::Always => true,
        Colour::Never => false,
        // https://no-color.org: any value but an empty one.
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let width = comfy_table::Table::new().width().filter(|_| terminal).map_or(100, usize::from);
    TableStyle { width, colour, verbose: global.verbose, ..TableStyle::default() }
}

// The command that shows the same again, for hints.
fn command(input: &InputArgs) -> String {
    let mut command = "spm scan".to_owned();
    for path in &input.from {
        command.push_str(&format!(" --from {}", path.display()));
    }
    for path in &input.node_facts {
        command.push_str(&format!(" --node-facts {}", path.display()));
    }
    if let Some(context) = &input.context {
        command.push_str(&format!(" --context {context}"));
    }
    command
}

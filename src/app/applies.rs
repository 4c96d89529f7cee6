//! `spm standards --system`: which standards a scan of a system evaluates, and why.

use super::page::{paper, table};
use super::progress::Spinner;
use super::scan::read;
use super::settings::{Settings, SystemSettings};
use super::targets::targets;
use super::{Exit, Fault, Outcome, print};
use crate::base::text::sanitise;
use crate::cli::{Cli, Command, GlobalArgs};
use crate::expr::Wanted;
use crate::model::{System, Technology};
use crate::report::Line;
use crate::rules::{ALWAYS, Plan, Standard, Wish};

/// Columns of names and of reasons, which may wrap.
const WIDE: [usize; 2] = [0, 3];

/// Runs the command for the system `name` of the settings file.
pub fn run(name: &str, global: &GlobalArgs) -> Outcome {
    let settings = Settings::load(global)?;
    let Some(system) = settings.system(name)? else {
        return Err(Fault("there is no settings file with systems; see `spm help scan` for --config".to_owned()));
    };
    // What `spm scan --system` would do, environment included.
    let Ok(Cli { command: Command::Scan(args), .. }) = Cli::read(["spm", "scan", "--system", name].map(Into::into))
    else {
        return Err(Fault(format!("\"{name}\" cannot be given as --system")));
    };
    let mut targets = targets(&args, global, &settings)?;
    let Some(target) = targets.pop() else { return Ok(Exit::Done) };
    let candidates = Plan::candidates(&target.library, target.technology, &target.wishes)?;
    // A cluster tells its version unasked; in files it stands in objects.
    let wanted = if target.input.from.is_empty() { Wanted::default() } else { candidates.wanted() };
    let spinner = Spinner::new(global);
    let inventory = read(&target.input, target.technology, &wanted, jiff::Timestamp::now(), &spinner)?;
    spinner.finish();
    let plan = Plan::for_system(&target.library, &inventory.system, &target.wishes)?;

    let origin = Origin { settings: &settings, system, asked: !args.standards.standard.is_empty() };
    let mut table = table(&["Standard", "Version", "Evaluated", "Why"], &WIDE);
    for id in target.library.standard_ids() {
        let Some(standard) = target.library.header(id)? else { continue };
        if standard.applies.technology != inventory.system.technology {
            continue;
        }
        let chosen = plan.standards.iter().find(|planned| planned.standard.info.id == standard.info.id);
        let why = match chosen {
            Some(_) => format!("{}; {}", origin.of(&standard), fits(&standard, &inventory.system)),
            None => origin.why_not(&standard, &inventory.system, &target.wishes),
        };
        let evaluated = if chosen.is_some() { "yes" } else { "no" };
        let row = [&standard.info.short, &standard.info.version, evaluated, &why];
        table.add_row(row.map(|cell| sanitise(cell).into_owned()));
    }
    print(|out| {
        let paper = &mut paper(out, global);
        let System { name, version, distribution, .. } = &inventory.system;
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let kind = match inventory.system.technology {
            Technology::Kubernetes => format!("Kubernetes {}, distribution {}", or(version), or(distribution)),
            Technology::Aws => format!("AWS account, partition {}", or(distribution)),
        };
        paper.line(0, &Line::new().plain(&format!("{name}: {kind}")))?;
        paper.table(&table, &WIDE)?;
        plan.notes.iter().try_for_each(|note| paper.line(0, &Line::new().plain(&format!("Note: {note}"))))
    })?;
    Ok(Exit::Done)
}

/// Who switched standards on.
struct Origin<'a> {
    settings: &'a Settings,
    system: &'a SystemSettings,
    asked: bool,
}

impl Origin<'_> {
    fn of(&self, standard: &Standard) -> String {
        let list = self.system.standards.as_ref().unwrap_or(&self.settings.standards);
        let named = list.iter().any(|text| Wish::new(text).means(standard));
        let file = self.settings.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        if self.asked {
            "asked for by SPM_STANDARD".to_owned()
        } else if named && self.system.standards.is_some() {
            format!("named for this system in {file}")
        } else if named {
            format!("named for every system in {file}")
        } else {
            "always evaluated".to_owned()
        }
    }

    fn why_not(&self, standard: &Standard, system: &System, wishes: &[Wish]) -> String {
        let applies = &standard.applies;
        let on = standard.info.short == ALWAYS || wishes.iter().any(|wish| wish.means(standard));
        if !applies.fits_distribution(system.distribution.as_deref()) {
            match &applies.distributions[..] {
                [] => format!("it is not for {}", applies.except.join(", ")),
                some => format!("it is for {}", some.join(", ")),
            }
        } else if !applies.fits_version(system.version.as_deref()) {
            format!("it is for Kubernetes {}", applies.versions_text)
        } else if on {
            "another version of it fits better".to_owned()
        } else {
            "nobody switched it on: add it to `standards`".to_owned()
        }
    }
}

fn fits(standard: &Standard, system: &System) -> String {
    let applies = &standard.applies;
    match &system.version {
        None if applies.versions_text.is_empty() => "it is for all versions".to_owned(),
        None => "the version of the system is unknown".to_owned(),
        Some(_) if applies.versions_text.is_empty() => "it is for all versions".to_owned(),
        Some(version) if applies.fits_version(Some(version)) => {
            format!("it is for Kubernetes {}", applies.versions_text)
        }
        Some(_) => format!("the nearest there is: it is for Kubernetes {}", applies.versions_text),
    }
}

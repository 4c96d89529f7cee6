//! `spm store`: the file of the history itself.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Exit, Fault, Outcome, print, stored};
use crate::base::text::{count, sanitise};
use crate::cli::{StoreArgs, StoreCommand};
use crate::report::minute;
use crate::store::{Keep, Pruned, Store};

/// Runs the command.
pub fn run(command: &StoreCommand) -> Outcome {
    match command {
        StoreCommand::Info { json, store } => info(store, *json),
        StoreCommand::Prune { keep, older_than, system, store } => {
            let since = older_than.map(|age| {
                let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
                Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN)
            });
            let last = keep.map_or(0, |keep| usize::try_from(keep).unwrap_or(usize::MAX));
            prune(store, system, Keep { last, since })
        }
    }
}

fn info(args: &StoreArgs, as_json: bool) -> Outcome {
    let Some(store) = stored::open(args)? else {
        let path = args.path().map_or_else(String::new, |path| path.display().to_string());
        return Err(Fault(format!("there is no history {path}; `spm scan` begins one")));
    };
    let info = store.info()?;
    print(|out| {
        if as_json {
            let systems = info.systems.iter().map(|(key, scans, first, last)| {
                json!({"technology": key.technology, "name": key.name, "scans": scans, "first": first, "last": last})
            });
            let systems: Vec<_> = systems.collect();
            let value = json!({"path": info.path.to_string_lossy(), "layout": info.layout, "bytes": info.bytes, "systems": systems});
            return writeln!(out, "{value:#}");
        }
        let path = info.path.display().to_string();
        writeln!(out, "{} ({}, layout {})", sanitise(&path), size(info.bytes), info.layout)?;
        for (key, scans, first, last) in &info.systems {
            let name = sanitise(&key.name);
            let (first, last) = (minute(first), minute(last));
            let when = if first == last { first } else { format!("{first} to {last}") };
            writeln!(out, "{name} ({}): {}, {when}", key.technology, count(*scans, "scan"))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn prune(args: &StoreArgs, names: &[String], keep: Keep) -> Outcome {
    let systems = stored::systems(&stored::need(args)?, names)?;
    let Some(path) = args.path() else { return Ok(Exit::Done) };
    let mut store = Store::open(&path)?;
    let mut pruned = Pruned::default();
    if names.is_empty() {
        pruned = store.prune(None, keep)?;
    }
    for system in systems.iter().filter(|_| !names.is_empty()) {
        let one = store.prune(Some(system), keep)?;
        pruned.deleted += one.deleted;
        pruned.freed += one.freed;
        pruned.kept = one.kept;
    }
    let Pruned { deleted, kept, freed } = pruned;
    print(|out| writeln!(out, "deleted {}, kept {kept}, freed {}", count(deleted, "scan"), size(freed)))?;
    Ok(Exit::Done)
}

/// `1.4 MiB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

//! Scans of the history, as the options of several commands name them.

use super::Fault;
use crate::base::{spelling, text};
use crate::cli::{ScanRef, StoreArgs};
use crate::model::{Assessment, CheckInfo};
use crate::report::{OtherStatus, OtherSystem, minute};
use crate::store::{Store, SystemKey, Which};

/// What an empty history means.
const EMPTY: &str =
    "nothing has been scanned yet: `spm scan` reads the cluster of your kubeconfig, `spm scan --from DIR` files";

/// The history, if there is one.
pub fn open(args: &StoreArgs) -> Result<Option<Store>, Fault> {
    match args.path() {
        Some(path) => Ok(Store::open_to_read(&path)?),
        None => Ok(None),
    }
}

/// The history; without one it is said what to do.
pub fn need(args: &StoreArgs) -> Result<Store, Fault> {
    match open(args)? {
        // A scan that failed is something to report.
        Some(store) if !store.systems()?.is_empty() || !store.failures()?.is_empty() => Ok(store),
        Some(store) => Err(Fault(format!("{EMPTY} (the history {} is empty)", store.path().display()))),
        None => {
            let path =
                args.path().map_or_else(String::new, |path| format!(" (there is no history {})", path.display()));
            Err(Fault(format!("{EMPTY}{path}")))
        }
    }
}

/// The systems of the history with one of these names, in any case; all of them if there are no names.
pub fn systems(store: &Store, names: &[String]) -> Result<Vec<SystemKey>, Fault> {
    let known = store.systems()?;
    for name in names {
        if !known.iter().any(|key| same(&key.name, name)) {
            let near = spelling::nearest(name, known.iter().map(|key| key.name.as_str()));
            let names: Vec<&str> = known.iter().map(|key| key.name.as_str()).collect();
            let help = near.map_or_else(
                || format!("known are {}", text::shorten(&names.join(", "), 300)),
                |near| format!("did you mean \"{near}\"?"),
            );
            return Err(Fault(format!("the system \"{name}\" has never been scanned ({help})")));
        }
    }
    Ok(known.into_iter().filter(|key| names.is_empty() || names.iter().any(|name| same(&key.name, name))).collect())
}

/// Whether one of the names, in any case, is this one.
pub fn names_system(names: &[String], name: &str) -> bool {
    names.iter().any(|known| same(known, name))
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The id of the scan of `system` that is meant, if there is one.
pub fn find(store: &Store, system: &SystemKey, which: &ScanRef) -> Result<Option<String>, Fault> {
    let begin = match which {
        ScanRef::Latest => return Ok(store.find(system, Which::Latest)?.map(|scan| scan.id)),
        ScanRef::At(time) => return Ok(store.find(system, Which::At(*time))?.map(|scan| scan.id)),
        ScanRef::Id(begin) => begin,
    };
    let ids: Vec<String> =
        store.scans(system)?.into_iter().map(|scan| scan.id).filter(|id| id.starts_with(begin.as_str())).collect();
    match ids.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Err(Fault(format!("several scans of {} begin with {begin}: {}", system.name, several.join(", ")))),
    }
}

/// Assessments of the history.
pub struct Loaded {
    /// One per system.
    pub assessments: Vec<Assessment>,
    /// Systems that have none at that time.
    pub others: Vec<OtherSystem>,
}

/// The scan of each system that is meant, with the outcomes of the wanted checks.
pub fn load(
    store: &Store,
    systems: &[SystemKey],
    at: Option<&ScanRef>,
    wanted: impl Fn(&CheckInfo) -> bool,
) -> Result<Loaded, Fault> {
    let mut loaded = Loaded { assessments: Vec::new(), others: Vec::new() };
    for system in systems {
        let id = find(store, system, at.unwrap_or(&ScanRef::Latest))?;
        let found = match &id {
            Some(id) => store.at_with(system, Which::Scan(id), &wanted)?,
            None => None,
        };
        match (found, at) {
            (Some(assessment), _) => loaded.assessments.push(assessment),
            // A scan belongs to one system; the others have nothing to do with it.
            (None, Some(ScanRef::Id(_))) => {}
            (None, _) => loaded.others.push(OtherSystem {
                technology: system.technology,
                name: system.name.clone(),
                status: OtherStatus::NoData,
                why: Some("not scanned by then".to_owned()),
            }),
        }
    }
    match (at, loaded.assessments.is_empty()) {
        (Some(ScanRef::Id(id)), true) => {
            Err(Fault(format!("no stored scan begins with {id}; `spm history` lists them")))
        }
        (Some(ScanRef::At(time)), true) => {
            let first = store.info()?.systems.into_iter().map(|(_, _, first, _)| first).min().unwrap_or_default();
            let (time, first) = (minute(&time.to_string()), minute(&first));
            Err(Fault(format!("nothing had been scanned by {time}; the first scan is of {first}")))
        }
        _ => Ok(loaded),
    }
}

//! Waivers in the configuration itself: found in what was read, applied, and what became of them said.

use jiff::civil::Date;

use crate::assess::in_source::{self, ANNOTATION, Annotations};
use crate::assess::waivers::Usage;
use crate::base::symbol::Symbol;
use crate::base::text::count;
use crate::catalog;
use crate::cli::{InSourceMode, ScanArgs};
use crate::derive;
use crate::expr::path::Step;
use crate::expr::{Path, Value, Wanted};
use crate::inventory::Inventory;
use crate::model::Assessment;

/// Waivers and faults that are told one by one.
const NAMED: usize = 20;

const KEYS: [&str; 3] = ["metadata", "annotations", ANNOTATION];

/// What a run does with the annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// They are not even read.
    Ignore,
    /// They are read and do what the mode says.
    Read(InSourceMode),
}

impl Use {
    /// What the options ask for; else the settings file.
    pub fn new(args: &ScanArgs, settings: Option<InSourceMode>) -> Use {
        if args.waivers.ignore_waivers {
            return Use::Ignore;
        }
        Use::Read(args.in_source_waivers.or(settings).unwrap_or_default())
    }

    /// Asks for the annotation of every object that is read anyway.
    pub fn want(self, wanted: &mut Wanted) {
        if self == Use::Ignore {
            return;
        }
        let path = Path::keys(&KEYS);
        // What spm writes itself (facts of nodes) has none.
        let kinds = wanted.kinds().filter(|kind| catalog::kind(kind).is_some_and(|kind| !kind.plural.is_empty()));
        for kind in kinds.collect::<Vec<_>>() {
            wanted.add(kind, &path);
        }
    }

    /// The annotations in what was read.
    pub fn find(self, inventory: &Inventory, wanted: &Wanted, today: Date) -> Annotations {
        let mut found = Annotations::default();
        if self == Use::Ignore {
            return found;
        }
        let steps = KEYS.map(|key| Step::Key(Symbol::new(key)));
        for kind in wanted.kinds() {
            for resource in inventory.of(kind) {
                let Some(value) = resource.value.at(&KEYS) else { continue };
                let place = resource.place.as_ref().map(|place| place.locate(&steps));
                let reference = resource.reference(kind);
                if !derive::looks_at(inventory, &reference) {
                    continue;
                }
                match value {
                    Value::Str(text) => found.add(&reference, text, place.as_ref(), today),
                    Value::Unknown(_) => {}
                    _ => found.add_no_text(&reference, place.as_ref()),
                }
            }
        }
        found
    }

    /// Applies the annotations; gives what the user should know of them.
    pub fn apply(self, found: &Annotations, assessment: &mut Assessment, today: Date) -> Vec<String> {
        let mut notes = Vec::new();
        match self {
            Use::Read(InSourceMode::Refuse) if !found.waivers.is_empty() => {
                let named = found.waivers.iter().map(|own| format!("{} of {}", own.waiver.rule, own.resource));
                notes.push(format!(
                    "{} in annotations {ANNOTATION} refused: {}",
                    count(found.waivers.len(), "waiver"),
                    some(named.collect(), ", ")
                ));
            }
            Use::Read(InSourceMode::Refuse) | Use::Ignore => {}
            Use::Read(InSourceMode::Allow) => {
                let usages = in_source::apply(assessment, &found.waivers, today);
                let remarks = found.waivers.iter().zip(usages).filter_map(|(own, usage)| {
                    let became = match (usage, own.waiver.expires) {
                        (Usage::Applied(_) | Usage::OtherSystem, _) => return None,
                        (Usage::UnknownRule, _) => "no evaluated rule or check has this name".to_owned(),
                        (Usage::Unmatched, _) => "matches no failed finding, remove it if it is fixed".to_owned(),
                        (Usage::Expired, Some(day)) => format!("holds until {day} only and is not applied"),
                        (Usage::Expired, None) => "is not applied".to_owned(),
                    };
                    let place = &own.waiver.place;
                    let place = if place.file.is_empty() { String::new() } else { format!(" ({place})") };
                    Some(format!("waiver of {} in an annotation of {}{place}: {became}", own.waiver.rule, own.resource))
                });
                notes.extend(shorten(remarks.collect(), "waivers in annotations are not applied or not needed"));
            }
        }
        notes.extend(shorten(found.faults.clone(), "faults in annotations"));
        notes
    }
}

fn some(mut all: Vec<String>, separator: &str) -> String {
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    let named = all.join(separator);
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn shorten(mut all: Vec<String>, what: &str) -> Vec<String> {
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    all.extend((more > 0).then(|| format!("{more} more {what}")));
    all
}

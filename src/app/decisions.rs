//! Waivers and attestations: read from their files, applied, and what became of them said.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::Fault;
use super::files::read_limited;
use crate::assess::selector::{Labels, Selector};
use crate::assess::waiver_file::{self, Decisions};
use crate::assess::waivers::{self, Usage, WaiverReport};
use crate::base::symbol::Symbol;
use crate::base::text::count;
use crate::catalog;
use crate::cli::{WAIVER_FILE, WaiverArgs};
use crate::expr::{Path as Property, Value, Wanted};
use crate::inventory::Inventory;
use crate::model::{Assessment, Location};

const LABELS: [&str; 2] = ["metadata", "labels"];

/// Today, in UTC.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The decisions of the files that the user names, or of the file that stands where it is looked for. Every fault of every
/// file is reported at once.
pub fn read(args: &WaiverArgs, today: Date) -> Result<Decisions, Fault> {
    let usual = Path::new(WAIVER_FILE);
    let mut files: Vec<&Path> = args.waivers.iter().map(AsRef::as_ref).collect();
    if files.is_empty() && usual.exists() {
        files.push(usual);
    }
    let mut all = Decisions::default();
    let mut faults = Vec::new();
    for file in files {
        let text = read_limited(file).map_err(Fault)?;
        match waiver_file::parse(&file.display().to_string(), &text, today) {
            Ok(decisions) => {
                all.waivers.extend(decisions.waivers);
                all.attestations.extend(decisions.attestations);
            }
            Err(found) => faults.extend(found.iter().map(ToString::to_string)),
        }
    }
    if !faults.is_empty() {
        return Err(Fault(faults.join("\n")));
    }
    if args.ignore_waivers {
        all.waivers.clear();
    }
    Ok(all)
}

/// Asks for the labels of every object that is read anyway, if a decision selects by labels.
pub fn want_labels(decisions: &Decisions, wanted: &mut Wanted) {
    if by_labels(decisions).next().is_none() {
        return;
    }
    let path = Property::keys(&LABELS);
    // What spm writes itself (facts of nodes) has none.
    let kinds = wanted.kinds().filter(|kind| catalog::kind(kind).is_some_and(|kind| !kind.plural.is_empty()));
    for kind in kinds.collect::<Vec<_>>() {
        wanted.add(kind, &path);
    }
}

/// The labels in what was read, of resources that some decision selects by them.
pub fn labels(decisions: &Decisions, inventory: &Inventory, wanted: &Wanted) -> Labels {
    let selectors: Vec<&Selector> = by_labels(decisions).collect();
    let mut found = Labels::new();
    for kind in wanted.kinds().filter(|_| !selectors.is_empty()) {
        for resource in inventory.of(kind) {
            let Some(map) = resource.value.at(&LABELS).and_then(Value::as_map) else { continue };
            let text = |(key, value): (Symbol, &Value)| Some((key.to_string(), value.as_str()?.to_owned()));
            let own: BTreeMap<String, String> = map.iter().filter_map(text).collect();
            if selectors.iter().any(|selector| selector.wants_labels(&own)) {
                found.insert(resource.reference(kind), own);
            }
        }
    }
    found
}

fn by_labels(decisions: &Decisions) -> impl Iterator<Item = &Selector> {
    let waivers = decisions.waivers.iter().map(|waiver| &waiver.selector);
    let all = waivers.chain(decisions.attestations.iter().map(|attestation| &attestation.selector));
    all.filter(|selector| !selector.labels.is_empty())
}

/// Applies the decisions of `day` to an assessment, with the labels of what was read if it was read just now. Flags that are
/// there already go if they are over, or with `--ignore-waivers`.
pub fn apply(
    decisions: &Decisions,
    args: &WaiverArgs,
    assessment: &mut Assessment,
    labels: Option<&Labels>,
    day: Date,
) -> WaiverReport {
    if args.ignore_waivers {
        waivers::remove(assessment);
    }
    let expired = waivers::expire(assessment, day);
    if expired > 0 {
        let findings = count(expired, "finding");
        assessment.notes.push(format!("the waiver of {findings} is over since the scan and is not applied any more"));
    }
    waivers::apply(assessment, &decisions.waivers, &decisions.attestations, labels, day)
}

/// What the user should know of decisions that did nothing.
pub fn remarks(decisions: &Decisions, report: &WaiverReport) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut say = |what: &str, place: &Location, rule: &str, expires: Option<Date>, usage: Usage| {
        let became = match (usage, expires) {
            (Usage::Applied(_) | Usage::OtherSystem, _) => return,
            (Usage::UnknownRule, _) => "no evaluated rule or check has this name".to_owned(),
            (Usage::Unmatched, _) if what == "waiver" => {
                "matches no failed finding, remove it if it is fixed".to_owned()
            }
            (Usage::Unmatched, _) => "matches nothing that is Manual".to_owned(),
            (Usage::NeedsLabels, _) => {
                "selects by labels, which only a scan sees: what the last scan said holds".to_owned()
            }
            (Usage::Expired, Some(expires)) => format!("holds until {expires} only and is not applied"),
            (Usage::Expired, None) => "does not hold yet".to_owned(),
        };
        remarks.push(format!("{what} of {rule} ({place}): {became}"));
    };
    for (waiver, usage) in decisions.waivers.iter().zip(&report.waivers) {
        say("waiver", &waiver.place, &waiver.rule, waiver.expires, *usage);
    }
    for (attestation, usage) in decisions.attestations.iter().zip(&report.attestations) {
        say("attestation", &attestation.place, &attestation.rule, attestation.expires, *usage);
    }
    remarks
}

/// How much the first waiver accepts, in words.
pub fn effect(report: &WaiverReport, system: &str) -> Option<String> {
    match report.waivers.first() {
        Some(Usage::Applied(n)) => Some(format!("{} of the last scan of {system}", count(*n, "finding"))),
        _ => None,
    }
}

/// The day of an assessment, in UTC.
pub fn day(assessment: &Assessment) -> Option<Date> {
    assessment.assessed_at.get(..10)?.parse().ok()
}

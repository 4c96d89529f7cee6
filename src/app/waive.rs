//! `spm waive`: a waiver appended to the waiver file.

use super::files::{read_limited, write_whole};
use super::{Exit, Fault, Outcome, decisions, library, print, stored};
use crate::assess::selector::Selector;
use crate::assess::waiver_file;
use crate::assess::waivers::{WaiverRule, apply};
use crate::base::new_file::Readers;
use crate::base::spelling;
use crate::base::text::sanitise;
use crate::cli::{GlobalArgs, ScanRef, WaiveArgs};
use crate::model::{Assessment, Location, ResourceRef};
use crate::rules::{Library, LoadError};

/// Begins a new file.
const HEADER: &str =
    "# Findings that are accepted for a while, and answers to what is Manual. `spm waive` appends to it.\n";

/// Runs the command.
pub fn run(args: &WaiveArgs, global: &GlobalArgs) -> Outcome {
    let today = decisions::today();
    if args.expires < today {
        return Err(Fault(format!("--expires {} is over already", args.expires)));
    }
    let rule = rule(&args.rule, &library(global)?)?;
    let mut assessments = last_scans(args)?;
    let file = args.file.display().to_string();
    let (kind, namespace, name) = resource(&args.resource, &assessments);
    let waiver = WaiverRule {
        rule,
        selector: Selector {
            system: args.system.clone(),
            kind,
            namespace,
            name,
            element: args.element.clone(),
            ..Selector::default()
        },
        reason: args.reason.clone(),
        owner: args.owner.clone(),
        expires: Some(args.expires),
        place: Location { file: file.as_str().into(), line: 1 },
    };
    let text = match args.file.try_exists() {
        Ok(false) => HEADER.to_owned(),
        _ => read_limited(&args.file).map_err(Fault)?,
    };
    let text = waiver_file::append(&file, &text, &waiver, today)
        .map_err(|faults| Fault(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let written = write_whole(&args.file, Readers::Default, |out| out.write_all(text.as_bytes()));
    written.map_err(|error| Fault(format!("{file}: {error}")))?;

    let mut effects = Vec::new();
    for assessment in &mut assessments {
        let report = apply(assessment, std::slice::from_ref(&waiver), &[], None, today);
        effects.extend(decisions::effect(&report, &assessment.system.name));
    }
    print(|out| {
        writeln!(out, "{}: waives {} until {}", sanitise(&file), sanitise(&waiver.rule), args.expires)?;
        match effects.as_slice() {
            [] if assessments.is_empty() => Ok(()),
            [] => {
                writeln!(out, "It matches no failed finding of the last scans; look at the names with `spm explain`.")
            }
            effects => effects.iter().try_for_each(|effect| writeln!(out, "It accepts {}.", sanitise(effect))),
        }
    })?;
    Ok(Exit::Done)
}

/// `STANDARD/RULE` or the id of a check, from all that the user may write for it. Patterns stay as they are.
fn rule(text: &str, library: &Library) -> Result<String, Fault> {
    let text = text.trim();
    if text.contains(['*', '?']) {
        return Ok(text.to_owned());
    }
    if library.check_ids().contains(&text) {
        return Ok(text.to_owned());
    }
    let (standard, id) = match text.split_once('/').or_else(|| text.rsplit_once(' ')) {
        Some((standard, id)) => (Some(standard.trim()), id.trim()),
        None => (None, text),
    };
    let all = rules(library)?;
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    let fits = |rule: &&KnownRule| {
        let named = |name: &str| same(name, &rule.short) || same(name, &rule.standard);
        standard.is_none_or(named) && same(&rule.id, id)
    };
    let mut names: Vec<String> = all
        .iter()
        .filter(fits)
        .map(|rule| match standard {
            // An id of a standard means this version only.
            Some(name) if same(name, &rule.standard) => format!("{}/{}", rule.standard, rule.id),
            _ => format!("{}/{}", rule.short, rule.id),
        })
        .collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            let known: Vec<String> = all.iter().map(|rule| format!("{}/{}", rule.short, rule.id)).collect();
            let known = known.iter().map(String::as_str).chain(library.check_ids());
            let near = spelling::nearest(text, known);
            let help = near.map_or_else(
                || "expected STANDARD/RULE or the id of a check".to_owned(),
                |n| format!("did you mean \"{n}\"?"),
            );
            Err(Fault(format!("no rule or check is called \"{text}\" ({help})")))
        }
        several => Err(Fault(format!("several standards have a rule {id}; name one: {}", several.join(", ")))),
    }
}

struct KnownRule {
    standard: String,
    short: String,
    id: String,
}

fn rules(library: &Library) -> Result<Vec<KnownRule>, LoadError> {
    let mut all = Vec::new();
    for id in library.standard_ids() {
        let Some(standard) = library.standard(id)? else { continue };
        let (short, standard_id) = (&standard.info.short, &standard.info.id);
        let known = |rule: &crate::rules::Rule| KnownRule {
            standard: standard_id.clone(),
            short: short.clone(),
            id: rule.id.clone(),
        };
        all.extend(standard.rules.iter().map(known));
    }
    Ok(all)
}

/// The last scans of the systems that the waiver may be about; none if there is no history.
fn last_scans(args: &WaiveArgs) -> Result<Vec<Assessment>, Fault> {
    let Some(store) = stored::open(&args.store)? else { return Ok(Vec::new()) };
    Ok(stored::load(&store, &store.systems()?, Some(&ScanRef::Latest), |_| true)?.assessments)
}

/// Kind, namespace or region, and name of `Kind namespace/name`. A name may have a slash itself: what was scanned tells.
fn resource(text: &str, assessments: &[Assessment]) -> (Option<String>, Option<String>, Option<String>) {
    let text = text.trim();
    let known = |resource: &&ResourceRef| resource.to_string() == text;
    if let Some(known) = assessments.iter().flat_map(|assessment| &assessment.resources).find(known) {
        return (
            Some(known.kind.to_string()),
            known.scope.as_ref().map(ToString::to_string),
            Some(known.name.to_string()),
        );
    }
    let part = |text: &str| Some(text.trim().to_owned()).filter(|text| text != "*");
    match text.split_once(' ') {
        None => (part(text), None, None),
        // No namespace or region has a colon, but many names of AWS and RBAC do.
        Some((kind, place)) => match place.split_once('/').filter(|(namespace, _)| !namespace.contains(':')) {
            Some((namespace, name)) => (part(kind), part(namespace), part(name)),
            None => (part(kind), None, part(place)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn resources_are_read_as_they_are_printed() {
        let text = |text: &str| resource(text, &[]);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(text("Deployment shop/cart"), (some("Deployment"), some("shop"), some("cart")));
        assert_eq!(text("ClusterRole system:x"), (some("ClusterRole"), None, some("system:x")));
        let policies = text("AWS::IAM::ManagedPolicy arn:aws:iam::*:policy/admin*");
        assert_eq!(policies, (some("AWS::IAM::ManagedPolicy"), None, some("arn:aws:iam::*:policy/admin*")));
        let trails = text("AWS::CloudTrail::Trail eu-west-1/arn:aws:cloudtrail:*:trail/local");
        assert_eq!(trails.1, some("eu-west-1"));
        assert_eq!(text("DaemonSet */node-*"), (some("DaemonSet"), None, some("node-*")));
        assert_eq!(text("Pod"), (some("Pod"), None, None));
        assert_eq!(text("*"), (None, None, None));
    }
}

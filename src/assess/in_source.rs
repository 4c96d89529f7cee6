//! Waivers in the configuration itself: the annotation `spm.dev/waive` of a resource accepts failed findings of exactly this
//! resource, never of another one.
//!
//! The text of the annotation is YAML as in a waiver file, without what selects resources: one waiver, or a list of them, with
//! `rule`, `reason` and `expires` (all three are required), `owner` and `element`.
//!
//! ```yaml
//! metadata:
//!   annotations:
//!     spm.dev/waive: |
//!       - rule: CIS/5.2.2
//!         reason: The agent loads a kernel module
//!         expires: 2027-03-31
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::selector::{Selector, follows};
use super::waiver_file::{self, Entry, Reader};
use super::waivers::{Target, Usage, WaiverRule, recount, resum, rule_states, validate};
use crate::base::diagnostic::Diagnostic;
use crate::base::text::sanitise;
use crate::base::yaml::{self, Node};
use crate::model::{Assessment, Location, ResourceRef, State, Waiver, WaiverSource};

/// Key of the annotation.
pub const ANNOTATION: &str = "spm.dev/waive";

/// Longest text that is read, in bytes.
const MAX_SIZE: usize = 16 << 10;
/// Waivers of one annotation.
const MAX_WAIVERS: usize = 50;

const KEYS: [&str; 5] = ["rule", "reason", "owner", "expires", "element"];

/// A waiver of an annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InSource {
    /// The resource that has the annotation.
    pub resource: ResourceRef,
    /// The waiver. Of its selector only the element counts.
    pub waiver: WaiverRule,
}

/// The annotations of a system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations {
    /// What can be applied.
    pub waivers: Vec<InSource>,
    /// What is wrong with the others, in words.
    pub faults: Vec<String>,
}

impl Annotations {
    /// Reads the annotation of a resource; `place` is where it stands in file input.
    pub fn add(&mut self, resource: &ResourceRef, text: &str, place: Option<&Location>, today: Date) {
        let fault = |line: u32, message: &str| {
            let place = place.map_or_else(String::new, |place| format!(" ({place})"));
            sanitise(&format!("annotation {ANNOTATION} of {resource}{place}, line {line}: {message}")).into_owned()
        };
        match parse(text, place, today) {
            Ok(waivers) => {
                let own = waivers.into_iter().map(|waiver| InSource { resource: resource.clone(), waiver });
                self.waivers.extend(own);
            }
            Err(faults) => self.faults.extend(faults.iter().map(|found| {
                let help = found.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
                fault(found.place.line, &format!("{}{help}", found.message))
            })),
        }
    }

    /// States that the annotation of a resource is no text.
    pub fn add_no_text(&mut self, resource: &ResourceRef, place: Option<&Location>) {
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        let fault =
            format!("annotation {ANNOTATION} of {resource}{place}: it must be text, write `{ANNOTATION}: |` before it");
        self.faults.push(sanitise(&fault).into_owned());
    }
}

fn parse(text: &str, place: Option<&Location>, today: Date) -> Result<Vec<WaiverRule>, Vec<Diagnostic>> {
    let mut reader = Reader::new("");
    if text.len() > MAX_SIZE {
        reader.fault(Default::default(), format!("more than {} KiB", MAX_SIZE >> 10));
        return Err(reader.into_faults());
    }
    let root = yaml::parse("", text).map_err(|fault| vec![fault])?;
    let items: &[Node] = root.list().unwrap_or(std::slice::from_ref(&root));
    if items.is_empty() || items.len() > MAX_WAIVERS {
        reader.fault(root.place, format!("expected 1 to {MAX_WAIVERS} waivers, found {}", items.len()));
    }
    let waivers = reader.items(items, &KEYS, "waiver", waiver);
    for (location, message) in validate(&waivers, &[], today) {
        reader.fault_at_line(location.line, message);
    }
    let every = |rule: &str| {
        let id = rule.rsplit('/').next().unwrap_or_default();
        !id.is_empty() && id.chars().all(|c| matches!(c, '*' | '?'))
    };
    for waiver in waivers.iter().filter(|waiver| every(&waiver.rule)) {
        reader.fault_at_line(waiver.place.line, "it would waive every rule: name one".to_owned());
    }
    let faults = reader.into_faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let placed = |waiver: WaiverRule| match place {
        Some(place) => WaiverRule { place: place.clone(), ..waiver },
        None => waiver,
    };
    Ok(waivers.into_iter().map(placed).collect())
}

fn waiver(reader: &mut Reader, entry: &Entry<'_>) -> Option<WaiverRule> {
    let (rule, reason) = (reader.required(entry, "rule"), reader.required(entry, "reason"));
    let (element, owner) = (reader.optional(entry, "element"), reader.optional(entry, "owner"));
    let expires = reader.required(entry, "expires").and_then(|_| reader.date(entry, "expires"));
    Some(WaiverRule {
        rule: rule?,
        selector: Selector { element, ..Selector::default() },
        reason: reason?,
        owner,
        expires: Some(expires?),
        place: reader.location(entry),
    })
}

/// Flags the findings that the annotations waive, and counts anew. Flags that are there already stay: a decision in a file
/// is that of the organisation. Tells what became of each waiver; of one on a resource at which nothing is reported (a
/// ReplicaSet has the annotations of its Deployment) it says [`Usage::OtherSystem`].
pub fn apply(assessment: &mut Assessment, waivers: &[InSource], today: Date) -> Vec<Usage> {
    // Equal rules are looked up once: whole applications share their annotation.
    let mut targets: BTreeMap<(&str, bool), Target> = BTreeMap::new();
    let mut by_resource: BTreeMap<&ResourceRef, Vec<usize>> = BTreeMap::new();
    let mut usages = Vec::with_capacity(waivers.len());
    for (at, InSource { resource, waiver }) in waivers.iter().enumerate() {
        let holds = waiver.expires.is_none_or(|expires| today <= expires);
        let target = || Target::of(assessment, &waiver.rule, &Selector::default(), None, holds);
        usages.push(targets.entry((&waiver.rule, holds)).or_insert_with(target).usage(0));
        by_resource.entry(resource).or_default().push(at);
    }
    let mut of_index: BTreeMap<u32, &Vec<usize>> = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for (index, resource) in (0..).zip(&assessment.resources) {
        if let Some(own) = by_resource.get(resource) {
            of_index.insert(index, own);
            reported.extend(own.iter().copied());
        }
    }
    for (_, usage) in usages.iter_mut().enumerate().filter(|(at, _)| !reported.contains(at)) {
        *usage = Usage::OtherSystem;
    }
    let mut flags: BTreeMap<usize, Arc<Waiver>> = BTreeMap::new();
    let mut touched = BTreeSet::new();
    for (check_at, check) in assessment.checks.iter_mut().enumerate() {
        for outcome in check.outcomes.iter_mut().filter(|outcome| outcome.state == State::Failed) {
            let Some(own) = of_index.get(&outcome.resource) else { continue };
            for (at, waiver) in own.iter().filter_map(|at| Some((*at, &waivers.get(*at)?.waiver))) {
                let holds = waiver.expires.is_none_or(|expires| today <= expires);
                let target = targets.get(&(waiver.rule.as_str(), holds));
                let meant = target.is_some_and(|target| target.checks.contains(&check_at))
                    && follows(waiver.selector.element.as_deref(), outcome.element.as_deref());
                let Some(usage) = usages.get_mut(at).filter(|_| meant) else { continue };
                *usage = match *usage {
                    Usage::Applied(n) => Usage::Applied(n + 1),
                    _ => Usage::Applied(1),
                };
                if outcome.waiver.is_none() {
                    let flag = flags.entry(at).or_insert_with(|| Arc::new(flag(waiver)));
                    outcome.waiver = Some(Arc::clone(flag));
                    touched.insert(check_at);
                }
            }
        }
    }
    let states = rule_states(assessment);
    recount(assessment, &touched);
    resum(assessment, &states);
    usages
}

fn flag(waiver: &WaiverRule) -> Waiver {
    Waiver { source: WaiverSource::Annotation, ..waiver_file::flag(waiver) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;
    use crate::model::sample::{bare, check, outcome, resource, rule, standard};

    const TODAY: Date = Date::constant(2026, 11, 21);

    fn annotations(resource: &ResourceRef, text: &str) -> Annotations {
        let mut all = Annotations::default();
        all.add(resource, text, None, TODAY);
        all
    }

    /// `cart` and a resource named `*`, with a failed container each, and a rule over them.
    fn shop() -> Assessment {
        let resources = vec![resource("Deployment", "shop", "*"), resource("Deployment", "shop", "cart")];
        let outcomes =
            (0..2).flat_map(|at| [outcome(at, Some("web"), State::Failed), outcome(at, Some("log"), State::Failed)]);
        let mut assessment = bare("prod", 1, resources, vec![check("privileged", true, outcomes.collect())]);
        let rules = vec![rule("5.2.2", Severity::High, &assessment.checks, &[0])];
        assessment.standards = vec![standard("cis-kubernetes-1.12.0", "CIS", rules)];
        assessment
    }

    fn waived(assessment: &Assessment) -> Vec<String> {
        let outcomes = assessment.checks.iter().flat_map(|check| &check.outcomes).filter(|o| o.waiver.is_some());
        let name = |o: &crate::model::Outcome| {
            format!("{} {}", assessment.resources[o.resource as usize].name, o.element.as_deref().unwrap_or_default())
        };
        outcomes.map(name).collect()
    }

    #[test]
    fn it_holds_for_its_own_resource_only() {
        let text = "{rule: cis/5.2.2, reason: agreed, expires: 2026-11-21}";
        // A name that would be a pattern elsewhere.
        for (name, expected) in [("*", ["* web", "* log"]), ("cart", ["cart web", "cart log"])] {
            let mut assessment = shop();
            let own = annotations(&resource("Deployment", "shop", name), text);
            assert_eq!(apply(&mut assessment, &own.waivers, TODAY), [Usage::Applied(2)]);
            assert_eq!(waived(&assessment), expected);
            assert_eq!(assessment.standards[0].rules[0].counts.waived, 2);
            assert_eq!(assessment.standards[0].totals.rules.waived, 0, "the other resource still fails");
        }
        let mut assessment = shop();
        for (kind, scope, name) in
            [("Deployment", "other", "cart"), ("DaemonSet", "shop", "cart"), ("Pod", "shop", "x")]
        {
            let own = annotations(&resource(kind, scope, name), text);
            assert_eq!(apply(&mut assessment, &own.waivers, TODAY), [Usage::OtherSystem]);
        }
        let unscoped = ResourceRef { scope: None, ..resource("Deployment", "", "cart") };
        apply(&mut assessment, &annotations(&unscoped, text).waivers, TODAY);
        assert!(waived(&assessment).is_empty());
    }

    #[test]
    fn rules_elements_and_dates_decide() {
        let cart = resource("Deployment", "shop", "cart");
        for (text, usage, expected) in [
            ("[{rule: privileged, element: web, reason: a, expires: 2099-01-01}]", Usage::Applied(1), vec!["cart web"]),
            ("{rule: CIS/5.2.*, element: none, reason: a, expires: 2099-01-01}", Usage::Unmatched, vec![]),
            ("{rule: CIS/5.2.3, reason: a, expires: 2099-01-01}", Usage::UnknownRule, vec![]),
            ("{rule: CIS/5.2.2, reason: a, expires: 2026-11-20}", Usage::Expired, vec![]),
        ] {
            let mut assessment = shop();
            let own = annotations(&cart, text);
            assert_eq!((apply(&mut assessment, &own.waivers, TODAY), own.faults), (vec![usage], vec![]), "{text}");
            assert_eq!(waived(&assessment), expected, "{text}");
        }
    }

    #[test]
    fn a_decision_in_a_file_stays() {
        let mut assessment = shop();
        let file = Waiver {
            source: WaiverSource::File,
            ..flag(
                &annotations(&resource("A", "b", "c"), "{rule: x, reason: first, expires: 2099-01-01}").waivers[0]
                    .waiver,
            )
        };
        assessment.checks[0].outcomes[2].waiver = Some(Arc::new(file.clone()));
        let own = annotations(
            &resource("Deployment", "shop", "cart"),
            "{rule: privileged, reason: second, expires: 2099-01-01}",
        );
        apply(&mut assessment, &own.waivers, TODAY);
        assert_eq!(assessment.checks[0].outcomes[2].waiver.as_deref(), Some(&file));
        assert_eq!(assessment.checks[0].outcomes[3].waiver.as_ref().unwrap().source, WaiverSource::Annotation);
    }

    #[test]
    fn faults_name_resource_and_line() {
        let fault = |text: &str| {
            let own = annotations(&resource("Deployment", "shop", "cart"), text);
            assert!(own.waivers.is_empty());
            own.faults.join("\n")
        };
        assert_eq!(
            fault("- rule: CIS/5.2.2\n  expires: soon\n- rule: '*'\n  reason: b\n  name: x\n  expires: 2099-01-01"),
            "annotation spm.dev/waive of Deployment shop/cart, line 1: \"reason\" is missing\n\
             annotation spm.dev/waive of Deployment shop/cart, line 2: \"expires\" is no date: \"soon\" (expected a date such as 2027-03-31)\n\
             annotation spm.dev/waive of Deployment shop/cart, line 3: it would waive every finding of every system: name a rule, or what it is about\n\
             annotation spm.dev/waive of Deployment shop/cart, line 3: it would waive every rule: name one\n\
             annotation spm.dev/waive of Deployment shop/cart, line 5: unknown key of a waiver \"name\" (expected one of rule, reason, owner, expires, element)"
        );
        assert!(fault("{rule: 'CIS/*', reason: b, element: web, expires: 2099-01-01}").contains("every rule"));
        assert!(fault("{rule: CIS/5.2.2, reason: for ever}").contains("\"expires\" is missing"));
        assert!(fault("true").contains("expected a waiver"));
        assert!(fault("").contains("line 1"));
        assert!(fault("[]").contains("found 0"));
        assert!(fault("a: [").contains("Deployment shop/cart, line "));
        assert!(fault(&"x".repeat(20_000)).contains("more than 16 KiB"));
        assert!(fault(&"- {rule: a, reason: b, expires: 2099-01-01}\n".repeat(60)).contains("found 60"));
        assert!(!fault("{rule: \"\u{1b}[31m\", reason: ' ', expires: 2099-01-01}").contains('\u{1b}'));
    }
}

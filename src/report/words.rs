//! Sentences that several formats share.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::view::{Row, Selection};
use crate::base::text::count;
pub use crate::base::text::shorten as short;
use crate::model::{
    Assessment, Detail, Evidence, RuleResult, StandardKind, StandardResult, State, System, Technology, Waiver,
    WaiverSource,
};

/// What a system is: technology, version and distribution, or for an account its partition.
pub fn kind_of(system: &System) -> String {
    match (system.technology, &system.distribution) {
        (Technology::Aws, Some(partition)) => format!("AWS account, partition {}", short(partition, 60)),
        (Technology::Aws, None) => "AWS account".to_owned(),
        (Technology::Kubernetes, _) => {
            let parts = [&system.version, &system.distribution].into_iter().flatten();
            parts.fold(system.technology.to_string(), |text, part| format!("{text} {}", short(part, 60)))
        }
    }
}

/// The property that decided: its path, or that it is about other resources than the assessed one.
pub fn property(evidence: &Evidence) -> &str {
    if evidence.path.is_empty() { "related resource" } else { &evidence.path }
}

/// Why a resource has its state, unless that only says once more what the first deciding property does.
pub fn reason(detail: &Detail) -> Option<&str> {
    let repeats = |first: &Evidence| detail.reason.strip_prefix(&first.path).is_some_and(|rest| rest.starts_with(": "));
    Some(detail.reason.as_str()).filter(|reason| !reason.is_empty() && !detail.evidence.first().is_some_and(repeats))
}

/// `2026-11-21 22:12 UTC` of an RFC 3339 time in UTC; what is no such time stays as it is.
pub fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(day), Some("T"), Some(minute)) if time.ends_with('Z') => format!("{day} {minute} UTC"),
        _ => time.to_owned(),
    }
}

/// How much of the standard the checks answer.
pub fn coverage(assessment: &Assessment, result: &StandardResult) -> String {
    let assessable: Vec<_> = result.rules.iter().filter(|rule| !rule.out_of_scope).collect();
    // One that is asked for with several parameters is one check.
    let check = |at: &u32| assessment.checks.get(*at as usize).map(|check| check.check.id.as_str());
    let checks: BTreeSet<&str> = assessable.iter().flat_map(|rule| rule.checks.iter().filter_map(check)).collect();
    let answered = assessable.iter().filter(|rule| !rule.checks.is_empty()).count();
    let people = assessable.len() - answered;
    let all = result.standard.assessable.unwrap_or_default().max(assessable.len());
    let mut text = format!(
        "{} answer{} {answered} of the {all} technically assessable requirements",
        count(checks.len(), "check"),
        if checks.len() == 1 { "s" } else { "" },
    );
    if people > 0 {
        text.push_str(&format!("; {people} need{} a person", if people == 1 { "s" } else { "" }));
    }
    if all > assessable.len() {
        text.push_str(&format!("; no check answers the other {}", all - assessable.len()));
    }
    let outside = result.rules.len() - assessable.len();
    if outside > 0 {
        text.push_str(&format!("; {outside} more {} out of scope", if outside == 1 { "is" } else { "are" }));
    }
    text.push('.');
    text
}

/// What its standard says of a rule, by name; last who says that its checks answer it.
pub fn metadata(rule: &RuleResult) -> impl Iterator<Item = (&str, &str)> {
    let own = rule.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(rule.source.as_deref().map(|source| ("mapping", source)))
}

/// What a passed rule does not prove.
pub fn caution(kind: StandardKind) -> Option<&'static str> {
    match kind {
        StandardKind::Benchmark => None,
        StandardKind::Catalogue | StandardKind::Law => {
            Some("A passed rule is supporting evidence for the requirement, not proof of compliance with it.")
        }
    }
}

/// What is missing to decide a Manual rule: the reason of its first Manual resource, or what a person must look at.
pub fn missing(selection: &Selection<'_>, row: &Row<'_>) -> String {
    let manual = selection.findings(row).find(|finding| finding.outcome.state == State::Manual);
    manual
        .and_then(|finding| finding.outcome.detail.as_deref())
        .map(|detail| detail.reason.clone())
        .filter(|reason| !reason.is_empty())
        .or_else(|| row.rule.hint.clone())
        .unwrap_or_else(|| "not decided".to_owned())
}

/// `until 2027-03-31, by team-network: reason`.
pub fn waiver(waiver: &Waiver) -> String {
    let mut text = String::new();
    if let Some(expires) = &waiver.expires {
        text.push_str(&format!("until {expires}"));
    }
    if let Some(owner) = &waiver.owner {
        text.push_str(if text.is_empty() { "by " } else { ", by " });
        text.push_str(owner);
    }
    if waiver.source == WaiverSource::Annotation {
        text.push_str(if text.is_empty() { "in its annotation" } else { ", in its annotation" });
    }
    text.push_str(if text.is_empty() { "" } else { ": " });
    text + &waiver.reason
}

/// Text as an argument that a POSIX shell takes for one word.
pub fn argument(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':' | '@' | '+' | ',');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", short(text, 80).replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::{argument, coverage, kind_of, minute, reason};
    use crate::model::Technology;
    use crate::report::testing;

    #[test]
    fn accounts_are_called_accounts() {
        let mut system = testing::cluster().system;
        assert!(kind_of(&system).starts_with("kubernetes 1."), "{}", kind_of(&system));
        system.technology = Technology::Aws;
        system.version = None;
        system.distribution = Some("aws-cn".to_owned());
        assert_eq!(kind_of(&system), "AWS account, partition aws-cn");
    }

    #[test]
    fn says_how_much_is_covered() {
        let cluster = testing::cluster();
        assert_eq!(
            coverage(&cluster, &cluster.standards[0]),
            "7 checks answer 8 of the 10 technically assessable requirements; 2 need a person; 1 more is out of scope."
        );
        // A catalogue whose file lists only what is mapped.
        let mut catalogue = cluster.standards[0].clone();
        catalogue.standard.assessable = Some(325);
        assert_eq!(
            coverage(&cluster, &catalogue),
            "7 checks answer 8 of the 325 technically assessable requirements; 2 need a person; \
             no check answers the other 315; 1 more is out of scope."
        );
    }

    #[test]
    fn a_reason_is_said_once_and_never_lost() {
        let mut detail = testing::failure("spec.hostPID", Some("true"), "false");
        detail.reason = "spec.hostPID: true, expected false, and 1 more".to_owned();
        assert_eq!(reason(&detail), None);
        detail.reason = "attested as Failed by ann on 2026-03-01".to_owned();
        assert_eq!(reason(&detail), Some(detail.reason.as_str()));
        detail.evidence.clear();
        assert_eq!(reason(&detail), Some(detail.reason.as_str()));
    }

    #[test]
    fn arguments_are_one_word() {
        assert_eq!(argument("1.2.3"), "1.2.3");
        assert_eq!(argument("AC-3(3)"), "'AC-3(3)'");
        assert_eq!(argument("a'b; rm"), "'a'\\''b; rm'");
    }

    #[test]
    fn times_are_short_if_they_are_times() {
        assert_eq!(minute("2026-11-21T22:12:05Z"), "2026-11-21 22:12 UTC");
        assert_eq!(minute("yesterday"), "yesterday");
    }
}

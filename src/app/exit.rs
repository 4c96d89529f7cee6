//! The exit code, decided here and nowhere else.

use std::cmp::Reverse;
use std::process::ExitCode;

use crate::base::text::count;
use crate::cli::{GateArgs, Threshold};
use crate::model::{Assessment, DiffItem, GapReason, RuleResult, Severity, State};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, and there are unwaived findings at or above the threshold.
    Findings,
    /// Could not run.
    Failed,
    /// Done, but a whole system could not be read; or a part of one, and completeness was asked for.
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Incomplete => 3,
        })
    }
}

/// Whether a result counts for the threshold.
fn counts(threshold: Threshold, state: State, severity: Option<Severity>) -> bool {
    match state {
        State::Failed => severity.is_none_or(|severity| severity >= threshold.severity()),
        State::Manual => threshold == Threshold::Manual,
        State::Passed | State::NotRelevant => false,
    }
}

/// How much of what was asked for could not be read.
pub fn unread(assessment: &Assessment) -> usize {
    assessment.gaps.iter().filter(|gap| gap.reason != GapReason::NotAsked).count()
}

/// The severity of what failed in a rule and is not waived.
fn unwaived_severity(assessment: &Assessment, rule: &RuleResult) -> Option<Severity> {
    let checks = rule.checks.iter().filter_map(|check| assessment.checks.get(*check as usize));
    let failed = checks.filter(|check| check.counts.failed > check.counts.waived);
    failed.map(|check| check.check.severity()).max().or(rule.severity)
}

/// How a run ended, and in words why, unless it is just done.
pub struct Verdict {
    /// The code.
    pub exit: Exit,
    /// For standard error.
    pub why: Option<String>,
}

/// Rules that are named where they trip a gate.
const NAMED: usize = 5;

impl Verdict {
    /// How a run with these assessments ended. Only the standards that the user asked for count. `new` are the findings that
    /// the baseline has not, if there is one. `lost` systems could not be read at all, which no gate may take for good: they
    /// make a run incomplete unasked. What the user did not ask to be read never does.
    pub fn of(assessments: &[Assessment], gate: &GateArgs, new: &[DiffItem<'_>], lost: usize) -> Verdict {
        let tripping = gate.fail_on.map_or_else(Vec::new, |threshold| tripping(assessments, threshold));
        let open = |item: &&DiffItem<'_>, threshold: Threshold| {
            !item.waived() && counts(threshold, item.outcome.state, Some(item.severity()))
        };
        let new = gate.fail_on_new.map_or(0, |threshold| new.iter().filter(|item| open(item, threshold)).count());
        let parts: usize = assessments.iter().map(unread).sum();
        let (exit, why) = if !tripping.is_empty() {
            let dots = if tripping.len() > NAMED { ", ..." } else { "" };
            let names = tripping.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            (Exit::Findings, format!("--fail-on is met by {}: {names}{dots}", count(tripping.len(), "rule")))
        } else if new > 0 {
            (Exit::Findings, format!("--fail-on-new is met by {}", count(new, "finding")))
        } else if lost > 0 {
            let all = count(lost + assessments.len(), "system");
            (Exit::Incomplete, format!("{lost} of {all} could not be read"))
        } else if gate.require_complete && parts > 0 {
            (
                Exit::Incomplete,
                format!("{} could not be read, and --require-complete asks for all", count(parts, "part")),
            )
        } else {
            return Verdict { exit: Exit::Done, why: None };
        };
        Verdict { exit, why: Some(why) }
    }
}

/// The rules that count for the threshold, by name, the worst first.
fn tripping(assessments: &[Assessment], threshold: Threshold) -> Vec<String> {
    let several = assessments.len() > 1;
    let mut names = Vec::new();
    for assessment in assessments {
        for standard in assessment.standards.iter().filter(|standard| standard.selected) {
            for rule in standard.rules.iter().filter(|rule| !rule.out_of_scope) {
                // A rule that a person attested as failed has no failed resource that could be waived.
                let waived = rule.counts.failed > 0 && rule.counts.waived == rule.counts.failed;
                let state = match rule.state {
                    State::Failed if waived && rule.counts.manual > 0 => State::Manual,
                    State::Failed if waived => State::Passed,
                    state => state,
                };
                let severity = unwaived_severity(assessment, rule);
                if counts(threshold, state, severity) {
                    let of = if several { format!(" of {}", assessment.system.name) } else { String::new() };
                    names.push((Reverse(severity), format!("{} {}{of}", standard.standard.short, rule.id)));
                }
            }
        }
    }
    names.sort_by_key(|(severity, _)| *severity);
    names.into_iter().map(|(_, name)| name).collect()
}

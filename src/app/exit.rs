//! The exit code, decided here and nowhere else.

use std::process::ExitCode;

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
    /// Done, but something could not be read, and completeness was asked for.
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

impl Exit {
    /// How a run with these assessments ended. Only the standards that the user asked for count. `new` are the findings that
    /// the baseline has not, if there is one. With `lost` some system could not be read at all. What the user did not ask to be
    /// read does not make a run incomplete.
    pub fn of(assessments: &[Assessment], gate: &GateArgs, new: Option<&[DiffItem<'_>]>, lost: bool) -> Exit {
        let mut rules = assessments.iter().flat_map(|assessment| {
            let selected = assessment.standards.iter().filter(|standard| standard.selected);
            let rules = selected.flat_map(|standard| standard.rules.iter().filter(|rule| !rule.out_of_scope));
            rules.map(move |rule| (assessment, rule))
        });
        let failed = gate.fail_on.is_some_and(|threshold| {
            rules.any(|(assessment, rule)| {
                // A rule that a person attested as failed has no failed resource that could be waived.
                let waived = rule.counts.failed > 0 && rule.counts.waived == rule.counts.failed;
                let state = match rule.state {
                    State::Failed if waived && rule.counts.manual > 0 => State::Manual,
                    State::Failed if waived => State::Passed,
                    state => state,
                };
                counts(threshold, state, unwaived_severity(assessment, rule))
            })
        });
        let failed_new = gate.fail_on_new.is_some_and(|threshold| {
            let mut open = new.unwrap_or_default().iter().filter(|item| !item.waived());
            open.any(|item| counts(threshold, item.outcome.state, Some(item.severity())))
        });
        if failed || failed_new {
            Exit::Findings
        } else if gate.require_complete && (lost || assessments.iter().any(|assessment| unread(assessment) > 0)) {
            Exit::Incomplete
        } else {
            Exit::Done
        }
    }
}

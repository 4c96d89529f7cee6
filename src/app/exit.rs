//! The exit code, decided here and nowhere else.

use std::process::ExitCode;

use crate::cli::{GateArgs, Threshold};
use crate::model::{Assessment, DiffItem, Severity, State};

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

impl Exit {
    /// How a run with these assessments ended. Only the standards that the user asked for count. `new` are the findings that
    /// the baseline has not, if there is one.
    pub fn of(assessments: &[Assessment], gate: &GateArgs, new: Option<&[DiffItem<'_>]>) -> Exit {
        let selected = || {
            assessments.iter().flat_map(|assessment| assessment.standards.iter().filter(|standard| standard.selected))
        };
        let mut rules = selected().flat_map(|standard| standard.rules.iter().filter(|rule| !rule.out_of_scope));
        let failed = gate.fail_on.is_some_and(|threshold| {
            rules.any(|rule| {
                // A rule that a person attested as failed has no failed resource that could be waived.
                let waived = rule.counts.failed > 0 && rule.counts.waived == rule.counts.failed;
                let state = match rule.state {
                    State::Failed if waived && rule.counts.manual > 0 => State::Manual,
                    State::Failed if waived => State::Passed,
                    state => state,
                };
                counts(threshold, state, rule.severity)
            })
        });
        let failed_new = gate.fail_on_new.is_some_and(|threshold| {
            let mut open = new.unwrap_or_default().iter().filter(|item| !item.waived());
            open.any(|item| counts(threshold, item.outcome.state, Some(item.severity())))
        });
        if failed || failed_new {
            Exit::Findings
        } else if gate.require_complete && assessments.iter().any(|assessment| !assessment.gaps.is_empty()) {
            Exit::Incomplete
        } else {
            Exit::Done
        }
    }
}

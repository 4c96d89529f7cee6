//! The exit code, decided here and nowhere else.

use std::process::ExitCode;

use crate::cli::Threshold;
use crate::model::{Assessment, Severity, State};

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

impl Exit {
    /// How a run with these assessments ended. Only the standards that the user asked for count.
    pub fn of(
        assessments: &[Assessment],
        fail_on: Option<Threshold>,
        require_complete: bool,
        ignore_waivers: bool,
    ) -> Exit {
        let mut rules = assessments
            .iter()
            .flat_map(|assessment| assessment.standards.iter().filter(|standard| standard.selected))
            .flat_map(|standard| standard.rules.iter().filter(|rule| !rule.out_of_scope));
        let counts = |threshold: Threshold, state: State, severity: Option<Severity>, open: bool| match state {
            State::Failed => open && severity.is_none_or(|severity| severity >= threshold.severity()),
            State::Manual => threshold == Threshold::Manual,
            State::Passed | State::NotRelevant => false,
        };
        let found = fail_on.is_some_and(|threshold| {
            rules.any(|rule| {
                let open = ignore_waivers || rule.counts.waived < rule.counts.failed;
                counts(threshold, rule.state, rule.severity, open)
            })
        });
        if found {
            Exit::Findings
        } else if require_complete && assessments.iter().any(|assessment| !assessment.gaps.is_empty()) {
            Exit::Incomplete
        } else {
            Exit::Done
        }
    }
}

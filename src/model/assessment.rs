//! A finished assessment of one system: everything that reports, the store and gates need, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CheckInfo, Gap, Outcome, ResourceRef, Scope, Severity, StandardInfo, State, System};

/// The assessment of one system at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Random-free id of this scan, unique per system and start.
    pub id: String,
    /// What was assessed.
    pub system: System,
    /// When the configuration was read, RFC 3339 in UTC; ages are judged against it.
    pub assessed_at: String,
    /// How much of the system was looked at.
    pub scope: Scope,
    /// Version of spm that made it.
    pub tool_version: String,
    /// Resources that outcomes point to by index.
    pub resources: Vec<ResourceRef>,
    /// Results of the evaluated checks; a check with two sets of parameters stands here twice.
    pub checks: Vec<CheckResult>,
    /// Results per standard.
    pub standards: Vec<StandardResult>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What the user should know about this run (version unknown, benchmark newer than the cluster, broken documents).
    pub notes: Vec<String>,
    /// Resources read, per kind.
    pub read: BTreeMap<String, usize>,
}

/// One check with one set of parameters, evaluated on every resource that it concerns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// What people read of the check.
    pub check: Arc<CheckInfo>,
    /// Parameters in effect, as JSON text by name.
    pub params: BTreeMap<String, String>,
    /// Names of parameters that the user or system changed from what the standard asks.
    pub customised: Vec<String>,
    /// One outcome per resource (or element of it), sorted by resource and element.
    pub outcomes: Vec<Outcome>,
    /// Outcomes per state.
    pub counts: Counts,
}

/// How many outcomes there are per state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Failed, waived ones included.
    pub failed: usize,
    /// Failed and waived.
    pub waived: usize,
    /// Manual.
    pub manual: usize,
    /// Passed.
    pub passed: usize,
    /// Not relevant.
    pub not_relevant: usize,
}

impl Counts {
    /// Counts the outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Counts {
        let mut counts = Counts::default();
        for outcome in outcomes {
            counts.add(outcome.state);
            counts.waived += usize::from(outcome.state == State::Failed && outcome.waiver.is_some());
        }
        counts
    }

    /// Counts one more state.
    pub fn add(&mut self, state: State) {
        match state {
            State::Failed => self.failed += 1,
            State::Manual => self.manual += 1,
            State::Passed => self.passed += 1,
            State::NotRelevant => self.not_relevant += 1,
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Counts) {
        self.failed += other.failed;
        self.waived += other.waived;
        self.manual += other.manual;
        self.passed += other.passed;
        self.not_relevant += other.not_relevant;
    }

    /// The state of a rule over these outcomes: Failed before Manual before Passed; without any of them Not relevant.
    pub fn state(&self) -> State {
        if self.failed > 0 {
            State::Failed
        } else if self.manual > 0 {
            State::Manual
        } else if self.passed > 0 {
            State::Passed
        } else {
            State::NotRelevant
        }
    }

    /// All outcomes.
    pub fn total(&self) -> usize {
        self.failed + self.manual + self.passed + self.not_relevant
    }
}

/// The result of a requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Requirement id in the standard (`1.2.16`, `V-242390`, `AC-3(3)`).
    pub id: String,
    /// Title in own words.
    pub title: String,
    /// Level, category, maturity and the like, as the fact sheet names them, in file order.
    pub metadata: Vec<(String, String)>,
    /// Highest severity of the mapped checks, of a Failed rule of those that failed; without checks from the rule's own
    /// vector; none for requirements out of scope.
    pub severity: Option<Severity>,
    /// The state.
    pub state: State,
    /// Outcomes over all mapped checks.
    pub counts: Counts,
    /// Indices into [`Assessment::checks`].
    pub checks: Vec<u32>,
    /// For rules without checks, and for Not relevant: why, and what to look at.
    pub hint: Option<String>,
    /// No configuration can show it: listed, counted nowhere.
    pub out_of_scope: bool,
    /// The checks show a part of the requirement only.
    pub partly: bool,
    /// Where the mapping comes from (`stig-cci`, `proposed`), if it is not the standard itself.
    pub source: Option<String>,
}

/// The results of one standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandardResult {
    /// Which standard.
    pub standard: StandardInfo,
    /// Asked for by the user (shown and gated), or evaluated beside (CIS is always evaluated).
    pub selected: bool,
    /// One result per requirement, sorted by what deserves attention.
    pub rules: Vec<RuleResult>,
    /// Sums over the rules.
    pub totals: Totals,
}

/// Sums over rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Rules per state; `waived` counts failed rules whose failed outcomes are all waived.
    pub rules: Counts,
    /// Requirements that no configuration can show.
    pub out_of_scope: usize,
    /// Rules without any check: answered by a person only.
    pub without_check: usize,
    /// Failed rules by severity: critical, high, medium, low.
    pub failed_by_severity: [usize; 4],
}

impl Totals {
    /// floor(100 * passed / (passed + manual + failed)); none if there is nothing to divide by.
    pub fn posture(&self) -> Option<u32> {
        let assessed = self.rules.passed + self.rules.manual + self.rules.failed;
        (assessed > 0).then(|| u32::try_from(100 * self.rules.passed / assessed).unwrap_or(100))
    }

    /// The posture if waived rules counted as passed.
    pub fn posture_with_waivers(&self) -> Option<u32> {
        let assessed = self.rules.passed + self.rules.manual + self.rules.failed;
        (assessed > 0).then(|| u32::try_from(100 * (self.rules.passed + self.rules.waived) / assessed).unwrap_or(100))
    }

    /// Sums the rules.
    pub fn of(rules: &[RuleResult]) -> Totals {
        let mut totals = Totals::default();
        for rule in rules {
            if rule.out_of_scope {
                totals.out_of_scope += 1;
                continue;
            }
            totals.rules.add(rule.state);
            totals.without_check += usize::from(rule.checks.is_empty());
            if rule.state == State::Failed {
                // A person may have attested a failure: then no outcome failed, and none can be waived.
                let all_waived = rule.counts.failed > 0 && rule.counts.waived == rule.counts.failed;
                totals.rules.waived += usize::from(all_waived);
                if let Some(severity) = rule.severity {
                    let place = Severity::ALL.iter().position(|s| *s == severity).unwrap_or(3);
                    totals.failed_by_severity[place] += 1;
                }
            }
        }
        totals
    }
}

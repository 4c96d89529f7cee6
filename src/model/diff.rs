//! What changed between two assessments of a system.

use super::{CheckResult, Gap, Identity, Outcome, ResourceRef, RuleResult, Severity, StandardInfo, State};

/// What changed. Items are sorted by severity, check, resource and element.
#[derive(Debug, Default, PartialEq)]
pub struct Diff<'a> {
    /// Failed now and not before, by a check that was there before.
    pub new: Vec<DiffItem<'a>>,
    /// Failed before; now passed, not relevant, or gone with its resource.
    pub fixed: Vec<DiffItem<'a>>,
    /// Failed before and now.
    pub open: Vec<DiffItem<'a>>,
    /// What the two assessments could judge.
    pub coverage: Coverage<'a>,
}

/// Changes of what could be judged.
#[derive(Debug, Default, PartialEq)]
pub struct Coverage<'a> {
    /// Manual now and not before.
    pub became_manual: Vec<DiffItem<'a>>,
    /// Manual before; now passed or not relevant. (What was Manual and failed now is new.)
    pub became_readable: Vec<DiffItem<'a>>,
    /// Failed before; now nobody looked: the check is gone, the scan left that part of the system out, or something that
    /// may hide the resource could not be read.
    pub no_longer_assessed: Vec<DiffItem<'a>>,
    /// Failed now; before, nobody looked: the check was not evaluated with any parameters. Rules that are new, in a version of spm,
    /// a pack or another choice of standards, say nothing of what changed in the system.
    pub newly_assessed: Vec<DiffItem<'a>>,
    /// Checks, or other parameters of checks, that are evaluated now and were not before.
    pub checks_added: Vec<&'a CheckResult>,
    /// Checks, or other parameters of checks, that were evaluated before and are not now.
    pub checks_removed: Vec<&'a CheckResult>,
    /// Standards that are in the later assessment only.
    pub standards_added: Vec<&'a StandardInfo>,
    /// Standards that are in the earlier assessment only.
    pub standards_removed: Vec<&'a StandardInfo>,
    /// Rules that are in the later assessment only, of standards that are in both.
    pub rules_added: Vec<(&'a StandardInfo, &'a RuleResult)>,
    /// Rules that are in the earlier assessment only, of standards that are in both.
    pub rules_removed: Vec<(&'a StandardInfo, &'a RuleResult)>,
    /// What cannot be read any more.
    pub gaps_added: Vec<&'a Gap>,
    /// What can be read by now.
    pub gaps_removed: Vec<&'a Gap>,
}

/// A finding that changed or stayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiffItem<'a> {
    /// Its check, with parameters.
    pub check: &'a CheckResult,
    /// Its resource.
    pub resource: &'a ResourceRef,
    /// The outcome in the later assessment, or in the earlier one if the later has none.
    pub outcome: &'a Outcome,
    /// State in the earlier assessment; none if it was not assessed.
    pub before: Option<State>,
    /// State in the later assessment; none if it is not assessed.
    pub after: Option<State>,
    /// What made the difference.
    pub cause: Cause,
}

impl<'a> DiffItem<'a> {
    /// What it is recognised by.
    pub fn identity(&self) -> Identity<'a> {
        Identity::new(self.check, self.resource, self.outcome)
    }

    /// Severity of the check.
    pub fn severity(&self) -> Severity {
        self.check.check.severity()
    }

    /// Failed and waived.
    pub fn waived(&self) -> bool {
        self.outcome.state == State::Failed && self.outcome.waiver.is_some()
    }
}

/// What made the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Assessed both times; the configuration or what can be read of it changed, or nothing did.
    State,
    /// The resource is in one of the assessments only.
    Resource,
    /// The check is in one of the assessments only, or has other parameters.
    Check,
    /// Something that may hide the resource could not be read this time.
    Gap,
    /// One of the scans left out the part of the system that the resource is in, or a part that the result depends on.
    Scope,
}

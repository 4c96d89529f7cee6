//! The words of the product as plain data: systems, states, severities, findings, evidence, assessments.

mod assessment;
mod ccss;
mod diff;
mod finding;
#[cfg(test)]
pub(crate) mod sample;
mod standard;
mod system;

pub use assessment::{Assessment, CheckResult, Counts, RuleResult, StandardResult, Totals};
pub use ccss::{Ccss, CcssError, Metric};
pub use diff::{Cause, Coverage, Diff, DiffItem};
pub use finding::{Detail, Evidence, Location, Outcome, ResourceRef, State, Text, Waiver};
pub use standard::{CheckInfo, Control, StandardInfo, StandardKind};
pub use system::{Gap, GapReason, Severity, System, Technology};

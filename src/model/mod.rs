//! The words of the product as plain data: systems, states, severities, findings, evidence, assessments.

mod assessment;
mod ccss;
mod diff;
mod finding;
mod identity;
#[cfg(test)]
pub(crate) mod sample;
mod scope;
mod standard;
mod system;

pub use assessment::{Assessment, CheckResult, Counts, RuleResult, StandardResult, Totals};
pub use ccss::{Ccss, CcssError, Metric};
pub use diff::{Cause, Coverage, Diff, DiffItem};
pub use finding::{Detail, Evidence, Location, Outcome, ResourceRef, State, Text, Waiver, WaiverSource};
pub use identity::Identity;
pub use scope::{Scope, is_of_the_whole_system};
pub use standard::{CheckInfo, Control, StandardInfo, StandardKind};
pub use system::{Gap, GapReason, Severity, System, Technology};

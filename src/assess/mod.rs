//! From outcomes to the results of rules and standards, and what follows from them: decisions of people about findings, and
//! what changed between two assessments.

pub mod diff;
pub mod in_source;
mod results;
pub mod selector;
pub mod waiver_file;
pub mod waivers;

pub use results::{ManualMode, standard_result};

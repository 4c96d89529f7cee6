//! What follows from findings: decisions of people about them, and what changed between two assessments.

pub mod diff;
pub mod waivers;

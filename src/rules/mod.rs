//! Rules as data: checks and standards, read from YAML, validated as a whole, compiled for evaluation.

pub mod authoring;
mod check;
mod embedded;
mod library;
mod plan;
mod schema;
mod standard;

pub use check::{Check, Compiled, Each, Example, Instance, Param};
pub use library::{Library, LoadError, Pack, Parameters};
pub use plan::{ALWAYS, Plan, PlanError, Planned, Wish};
pub use schema::{CatalogSchema, wanted};
pub use standard::{Applies, Rule, Standard, Use};

//! AWS: kinds under the names of CloudFormation, with the calls that read them and the fields that the vendor's command line
//! prints.
//!
//! Every object also has `metadata`: `name`, `namespace` (its region; none for what belongs to the account as a whole) and
//! `account`, so that identity reads the same in every technology.

pub mod fields;
pub mod kinds;
pub mod model;

pub use kinds::{Row, kinds, row, rows};

/// `apiVersion` of objects in snapshots.
pub const API_VERSION: &str = "spm.aws/v1";

//! Security posture management: reads the configuration of a system and assesses it against compliance standards.
//!
//! One crate, data flowing one way; every module is a layer and imports only the ones below it. `tests/architecture.rs`
//! holds the table.

pub mod base;
pub mod catalog;
pub mod collect;
pub mod derive;
pub mod expr;
pub mod inventory;
pub mod model;

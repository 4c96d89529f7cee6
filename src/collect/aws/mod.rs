//! AWS accounts: answers of the API, from the network or from files, become objects of the inventory.

mod actions;
mod credential_report;
pub mod folder;
mod objects;

pub use actions::actions;

//! Views of Kubernetes, see `catalog::kubernetes`.

mod common;
mod container;
mod live;
mod ownership;
mod podspec;
mod workload;

#[cfg(test)]
mod tests;

use super::Subjects;
use crate::catalog::View;
use crate::inventory::Inventory;

/// The subjects of a view.
pub fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    match view.name {
        "workload" => workload::subjects(inventory, view),
        "container" => container::subjects(inventory, view),
        _ => Subjects::default(),
    }
}

//! Views of Kubernetes, see `catalog::kubernetes`.

mod common;
mod container;
mod live;
mod ownership;
mod podspec;
mod rbac;
mod rbac_views;
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
        "rbac_subject" => rbac_views::rbac_subject(inventory, view),
        "rbac_role" => rbac_views::rbac_role(inventory, view),
        "rbac_binding" => rbac_views::rbac_binding(inventory, view),
        _ => Subjects::default(),
    }
}

//! Views of Kubernetes, see `catalog::kubernetes`.

mod apiserver;
mod audit_policy;
mod component;
mod etcd;
mod flags;
mod instances;
mod k3s;
mod kubelet;
mod layers;
mod node;
mod nodes;
mod proxy;
mod shell;
#[cfg(test)]
mod system_tests;

use super::Subjects;
use crate::catalog::View;
use crate::inventory::Inventory;

/// The subjects of a view.
pub fn subjects(inventory: &Inventory, view: &'static View) -> Subjects {
    match view.name {
        "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "etcd" => {
            component::subjects(inventory, view)
        }
        "kube-proxy" => proxy::subjects(inventory, view),
        "kubelet" => kubelet::subjects(inventory, view),
        "node" => node::subjects(inventory, view),
        _ => Subjects::default(),
    }
}

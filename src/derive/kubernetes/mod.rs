//! Views of Kubernetes, see `catalog::kubernetes`.

mod admission;
mod cluster;
mod common;
mod container;
mod image_repository;
mod live;
mod namespace;
mod network;
mod ownership;
mod pod_security;
mod podspec;
mod rbac;
mod rbac_views;
mod service_account;
mod workload;

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
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use super::Subjects;
use crate::catalog::View;
use crate::inventory::Inventory;

/// What several views need of one inventory.
#[derive(Debug, Default)]
pub struct Shared<'a> {
    workloads: OnceLock<Vec<ownership::Workload<'a>>>,
}

/// The subjects of a view; `shared` is that of the inventory.
pub fn subjects<'a>(inventory: &'a Inventory, shared: &Shared<'a>, view: &'static View) -> Subjects {
    let workloads = || shared.workloads.get_or_init(|| ownership::workloads(inventory)).as_slice();
    match view.name {
        "workload" => workload::subjects(inventory, workloads(), view),
        "container" => container::subjects(inventory, workloads(), view),
        "image_repository" => image_repository::subjects(inventory, workloads(), view),
        "rbac_subject" => rbac_views::rbac_subject(inventory, view),
        "rbac_role" => rbac_views::rbac_role(inventory, view),
        "rbac_binding" => rbac_views::rbac_binding(inventory, view),
        "service_account" => service_account::subjects(inventory, workloads(), view),
        "namespace" => namespace::subjects(inventory, workloads(), view),
        "cluster" => cluster::subjects(inventory, view),
        "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "etcd" => {
            component::subjects(inventory, view)
        }
        "kube-proxy" => proxy::subjects(inventory, view),
        "kubelet" => kubelet::subjects(inventory, view),
        "node" => node::subjects(inventory, view),
        _ => Subjects::default(),
    }
}

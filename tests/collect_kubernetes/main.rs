//! The live collector against a server that misbehaves on request. Loopback only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

mod configuration;
mod faults;
mod kubelets;
mod nodes;
mod reading;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use spm::collect::kubernetes::{ClusterAccess, ClusterError, collect};
use spm::inventory::{Inventory, Wanted};

use server::Server;

const TOKEN: &str = "hunter2-token";

/// A folder with a kubeconfig for `url`; it has to be kept as long as the file is needed.
fn kubeconfig(url: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: test, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {{token: {TOKEN}}}}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    (dir, file)
}

/// Pages of ten objects, and little patience.
fn access(file: PathBuf) -> ClusterAccess {
    ClusterAccess { kubeconfig: Some(file), page: 10, timeout: Duration::from_secs(5), ..ClusterAccess::default() }
}

fn wanted(paths: &[(&'static str, &str)]) -> Wanted {
    let mut wanted = Wanted::default();
    for (kind, path) in paths {
        wanted.add(kind, &path.parse().unwrap());
    }
    wanted
}

fn try_read(server: &Server, wanted: &Wanted, change: impl Fn(&mut ClusterAccess)) -> Result<Inventory, ClusterError> {
    let (_dir, file) = kubeconfig(&server.url);
    let mut access = access(file);
    change(&mut access);
    collect(&access, wanted, Timestamp::UNIX_EPOCH, None, &())
}

fn read(server: &Server, wanted: &Wanted, change: impl Fn(&mut ClusterAccess)) -> Inventory {
    try_read(server, wanted, change).unwrap()
}

/// Objects named `prefix-000`, `prefix-001`, ... in a namespace.
fn objects(prefix: &str, namespace: &str, count: usize) -> Vec<Json> {
    (0..count)
        .map(|n| {
            json!({"metadata": {"name": format!("{prefix}-{n:03}"), "namespace": namespace, "uid": n.to_string()},
                   "spec": {"hostNetwork": n % 2 == 0, "nodeName": "n1"}})
        })
        .collect()
}

fn names(inventory: &Inventory, kind: &str) -> Vec<String> {
    inventory.of(kind).iter().map(|resource| resource.name.to_string()).collect()
}

/// The names that [`objects`] gives.
fn all(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}-{n:03}")).collect()
}

fn gaps(inventory: &Inventory) -> Vec<String> {
    inventory.gaps().iter().map(ToString::to_string).collect()
}

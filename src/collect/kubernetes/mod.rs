//! Reads a running cluster through its API server. Only reads: lists and single objects by GET, and for `spm doctor` the
//! review of the own rights, which stores nothing. The one part that also writes is [`nodes`], which runs only if asked for.

mod client;
mod config;
mod discovery;
mod error;
mod kubeconfig;
mod kubelets;
mod list;
pub mod nodes;
mod page;
mod proxy;
mod review;
mod scan;

pub use discovery::installed;
pub use error::ClusterError;
pub use review::{Right, Verdict, review_access};

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::Progress;
use crate::inventory::{Inventory, ObjectSink, Wanted};

/// Which cluster, as whom, and how.
#[derive(Debug, Clone)]
pub struct ClusterAccess {
    /// Kubeconfig file; those of KUBECONFIG or the home directory if none, or the service account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; the current one if none.
    pub context: Option<String>,
    /// Namespaces to read; all if empty.
    pub namespaces: Vec<String>,
    /// Kubelets may be asked through the API server, which needs a right that also allows to run commands in pods.
    pub allow_node_proxy: bool,
    /// Longest wait for a complete answer to one call.
    pub timeout: Duration,
    /// Certificates (PEM) to trust besides those of the kubeconfig.
    pub ca_file: Option<PathBuf>,
    /// Certificates (PEM) of who signed those of the kubelets, if it was not the cluster's authority.
    pub kubelet_ca: Option<PathBuf>,
    /// Calls at the same time.
    pub concurrency: usize,
    /// Objects per page of a list.
    pub page: usize,
}

impl Default for ClusterAccess {
    /// The current context, all namespaces, four calls at a time of at most 30 seconds and 500 objects each.
    fn default() -> ClusterAccess {
        ClusterAccess {
            kubeconfig: None,
            context: None,
            namespaces: Vec::new(),
            allow_node_proxy: false,
            timeout: Duration::from_secs(30),
            ca_file: None,
            kubelet_ca: None,
            concurrency: 4,
            page: 500,
        }
    }
}

/// Reads what is wanted of a cluster. `save` gets every object as it was read, `progress` learns of every page.
pub fn collect(
    access: &ClusterAccess,
    wanted: &Wanted,
    now: Timestamp,
    save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) -> Result<Inventory, ClusterError> {
    run(access, scan::scan(access, wanted, now, save, progress))
}

/// Names of the contexts of a kubeconfig (of those of KUBECONFIG or the home directory if none), in the order of the file.
pub fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, ClusterError> {
    config::contexts(kubeconfig)
}

/// Does asynchronous work on threads of its own.
fn run<T>(access: &ClusterAccess, work: impl Future<Output = Result<T, ClusterError>>) -> Result<T, ClusterError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // One decoder per call, and as many for look-ups of host names.
        .max_blocking_threads(2 * access.concurrency.max(1))
        .enable_all()
        .build()
        .map_err(ClusterError::Runtime)?;
    let done = runtime.block_on(work);
    // A look-up of a host name that is given up cannot be stopped, and is not waited for.
    runtime.shutdown_background();
    done
}

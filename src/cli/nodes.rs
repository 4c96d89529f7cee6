//! Options about the nodes of a cluster, and those of the commands that prepare or clear up a scan.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::scan::duration;
use super::{AwsArgs, StandardArgs, StoreArgs};

/// Where the facts of nodes come from, beside files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NodeSource {
    /// Pods that are created for this scan on every node, and deleted when they have answered.
    Daemonset,
    /// The logs of the permanent DaemonSet that `spm collect node --print-daemonset` prints.
    Facts,
}

/// Whose nodes, and where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Nodes")]
pub struct NodeSourceArgs {
    /// Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent
    /// DaemonSet. Without it nothing is ever created
    #[arg(long, value_enum, value_name = "HOW", env = "SPM_NODES")]
    pub nodes: Option<NodeSource>,
    /// Namespace of these pods; created for the scan if it is not there
    #[arg(long, value_name = "NAME", default_value = "spm-system", env = "SPM_NODE_NAMESPACE")]
    pub node_namespace: String,
}

/// See [`super::Command::Doctor`].
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Which cluster.
    #[command(flatten)]
    pub access: AccessArgs,
    /// Which account instead.
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Standards that will be evaluated
    #[command(flatten)]
    pub standards: StandardArgs,
    /// Only these namespaces
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "SPM_NAMESPACE", help_heading = "Cluster")]
    pub namespace: Vec<String>,
    /// Also ask about the right to ask kubelets through the API server
    #[arg(long, value_parser = super::switch, env = "SPM_ALLOW_NODE_PROXY", help_heading = "Cluster")]
    pub allow_node_proxy: bool,
    /// Where the facts of nodes will come from.
    #[command(flatten)]
    pub nodes: NodeSourceArgs,
    /// Where the history is.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// See [`super::Command::Cleanup`].
#[derive(Debug, Args)]
pub struct CleanupArgs {
    /// Namespace of the pods
    #[arg(long, value_name = "NAME", default_value = "spm-system", env = "SPM_NODE_NAMESPACE")]
    pub node_namespace: String,
    /// Also what a scan that may still run has created
    #[arg(long)]
    pub all: bool,
    /// Which cluster.
    #[command(flatten)]
    pub access: AccessArgs,
}

/// Which cluster, for commands that do not scan.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub struct AccessArgs {
    /// Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; the current one if none
    #[arg(long, value_name = "NAME", env = "SPM_CONTEXT")]
    pub context: Option<String>,
    /// Certificate authority to trust beside the kubeconfig's
    #[arg(long, value_name = "FILE", env = "SPM_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Longest time that one call may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration, env = "SPM_TIMEOUT")]
    pub timeout: Duration,
}

//! Options of `spm collect`: facts for later scans.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::scan::duration;

/// See [`super::Command::Collect`].
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// What to collect.
    #[command(subcommand)]
    pub command: CollectCommand,
}

/// What to collect.
#[derive(Debug, Subcommand)]
pub enum CollectCommand {
    /// Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets
    Node(Box<NodeArgs>),
}

/// See [`CollectCommand::Node`].
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// File to write; standard output if none
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Root of the node's file system: a mounted image, `/host` in a pod
    #[arg(long, value_name = "DIR", default_value = "/", env = "SPM_NODE_ROOT")]
    pub root: PathBuf,
    /// Name of the node in the cluster; what the machine itself tells if none
    #[arg(long, value_name = "NAME", env = "SPM_NODE_NAME")]
    pub node_name: Option<String>,
    /// When to stop and hand over what there is
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub deadline: Duration,
    /// Collect again each time this has passed, until stopped; one line per document on standard output, for the log of a
    /// pod
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "output")]
    pub every: Option<Duration>,
    /// Print a DaemonSet that does this on every node, hourly, instead
    #[arg(long, requires = "node_image", conflicts_with_all = ["output", "every"])]
    pub print_daemonset: bool,
    /// Image with spm for the pods
    #[arg(long, value_name = "IMAGE", env = "SPM_NODE_IMAGE")]
    pub node_image: Option<String>,
    /// Namespace of the pods
    #[arg(long, value_name = "NAME", default_value = "spm-system")]
    pub namespace: String,
}

//! The command line: what can be said, and nothing done. Options can also be given by the environment variable that their
//! help names.

mod aws;
mod collect;
mod environment;
mod nodes;
mod review;
mod scan;

pub use aws::AwsArgs;
pub use collect::{CollectArgs, CollectCommand, NodeArgs};
pub use nodes::{AccessArgs, CleanupArgs, DoctorArgs, NodeSource, NodeSourceArgs};
pub use review::{
    DiffArgs, ExplainArgs, ExplainFormat, HistoryArgs, QueryLanguage, ReportArgs, ScanRef, StandardFilterArgs,
    StoreArgs, StoreCommand, StoredArgs, WaiveArgs, WaiverArgs,
};
pub use scan::{
    GateArgs, InSourceMode, InputArgs, KeepArgs, Manual, OutputArgs, OutputFile, ScanArgs, StandardArgs, Threshold,
    ViewArgs,
};

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::model::Technology;

/// File of waivers that is read without being named, in the current directory.
pub const WAIVER_FILE: &str = "spm-waivers.yaml";

/// Security posture management: are we compliant, where not, why, what to change.
#[derive(Debug, Parser)]
#[command(name = "spm", version, max_term_width = 110, arg_required_else_help = true)]
#[command(
    after_help = "First steps: `spm scan` reads the cluster of your kubeconfig, `spm scan --from DIR` manifests or a dump.\n\
    Exit codes: 0 done, 1 findings at or above --fail-on, 2 could not run, 3 incomplete: one of several systems could not \
    be read, or with --require-complete a part of one."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Every command")]
pub struct GlobalArgs {
    /// Nothing on standard error but errors, and no page on standard output beside files
    #[arg(short, long, global = true, value_parser = switch, env = "SPM_QUIET")]
    pub quiet: bool,
    /// More: leaves nothing out of the page; twice also says what is being read
    #[arg(short, long, global = true, action = ArgAction::Count, env = "SPM_VERBOSE")]
    pub verbose: u8,
    /// Colours on standard output
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, env = "SPM_COLOR", value_name = "WHEN")]
    pub color: Colour,
    /// Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable
    #[arg(long, global = true, env = "SPM_PACK", value_delimiter = ',', value_name = "DIR")]
    pub pack: Vec<PathBuf>,
    /// Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config,
    /// /etc/spm/spm.yaml
    #[arg(long, global = true, env = "SPM_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a system and assess it
    Scan(Box<ScanArgs>),
    /// Show what has been scanned: coverage and posture of the known systems, or with --rules the results
    Report(Box<ReportArgs>),
    /// Explain a rule: what it means, how each resource does, what is missing, why it matters, how to fix it
    Explain(Box<ExplainArgs>),
    /// Accept a failed finding for a while: append a waiver to the waiver file
    Waive(WaiveArgs),
    /// Say what is new, fixed and still open between two scans
    Diff(DiffArgs),
    /// Show the posture over time
    History(HistoryArgs),
    /// Look at the file of the history, or delete old scans from it
    Store {
        /// What to do with it.
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// List standards: version, systems, how many requirements are answered by how many checks
    Standards(StandardsArgs),
    /// List, show, check and write rules
    Rules(RulesArgs),
    /// Collect facts for later scans
    Collect(CollectArgs),
    /// Print the least rights that a scan needs
    Permissions(PermissionsArgs),
    /// Say what a scan will not see: rights that the identity lacks, and which rules that costs
    Doctor(DoctorArgs),
    /// Delete what a scan with `--nodes daemonset` left in a cluster because it was killed
    Cleanup(CleanupArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write generated files of the repository: completions, man pages, schema, reference
    #[command(hide = true)]
    Generate {
        /// Root of the repository
        root: PathBuf,
    },
}

/// See [`Command::Standards`].
#[derive(Debug, Args)]
pub struct StandardsArgs {
    /// Only those for this technology
    #[arg(long, value_parser = technologies(), value_name = "TECHNOLOGY")]
    pub technology: Option<Technology>,
    /// Say which apply to this system of the settings file, and why
    #[arg(long, value_name = "NAME", conflicts_with_all = ["technology", "json"])]
    pub system: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

fn technologies() -> impl TypedValueParser<Value = Technology> {
    PossibleValuesParser::new(Technology::ALL.map(Technology::as_str)).try_map(|word| {
        let known = Technology::ALL.into_iter().find(|technology| technology.as_str() == word);
        known.ok_or("no technology has this name")
    })
}

/// The value of an environment variable that stands for an option without a value. An empty one is off; a word that is
/// neither is no guess to make: some of these options lower a guard.
fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
        "" | "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
        _ => Err("expected true or false (or 1, 0, yes, no, on, off)".to_owned()),
    }
}

/// See [`Command::Rules`].
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the checks
    List {
        /// Only checks whose id, title, resource or theme contains this
        text: Option<String>,
        /// List the resources (kinds and views) with the fields that rules can read instead
        #[arg(long)]
        resources: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a check: what, why, how to fix, severity, parameters, who asks for it
    Show {
        /// Id of the check
        id: String,
        /// The file itself
        #[arg(long)]
        source: bool,
    },
    /// Find every fault in the rule files of a directory
    Validate {
        /// Directory with `checks`, `standards`, `parameters.yaml`
        dir: PathBuf,
    },
    /// Run the examples of the checks of a directory
    Test {
        /// Directory; the embedded checks if none
        dir: Option<PathBuf>,
    },
    /// Print the skeleton of a check, or write it below a directory
    New {
        /// Id of the check
        id: String,
        /// Kind or view that it assesses
        #[arg(long, default_value = "container")]
        resource: String,
        /// Directory of the pack; standard output if none
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Print the JSON Schema of rule files, for editors
    Schema {
        /// Of checks or of standards
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

/// The two kinds of rule files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Check files.
    Check,
    /// Standard files.
    Standard,
}

/// See [`Command::Permissions`].
#[derive(Debug, Args)]
pub struct PermissionsArgs {
    /// Technology of the system
    #[arg(value_parser = technologies())]
    pub technology: Technology,
    /// Include the right to ask kubelets through the API server, as `scan --allow-node-proxy` does
    #[arg(long)]
    pub allow_node_proxy: bool,
    /// Only for these namespaces, as `scan --namespace`
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub namespace: Vec<String>,
    /// Name of the roles
    #[arg(long, default_value = "spm-reader")]
    pub name: String,
    /// Also bind them to this service account (NAMESPACE/NAME)
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub bind: Option<String>,
    /// Standards that will be evaluated
    #[command(flatten)]
    pub standards: StandardArgs,
    /// Where the facts of nodes will come from
    #[command(flatten)]
    pub nodes: NodeSourceArgs,
}

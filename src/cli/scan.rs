//! Options of `spm scan`: where from, which standards, what to show, where to.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::{AwsArgs, NodeSourceArgs, StoreArgs, WaiverArgs};
use crate::model::{Severity, State};
use crate::report::{Column, Format, Sort, View};

/// See [`super::Command::Scan`].
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub input: InputArgs,
    /// Which standards.
    #[command(flatten)]
    pub standards: StandardArgs,
    /// What to show.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Where to.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What the exit code says.
    #[command(flatten)]
    pub gate: GateArgs,
    /// Which decisions of people hold.
    #[command(flatten)]
    pub waivers: WaiverArgs,
    /// Take waivers in the configuration itself (annotation `spm.dev/waive` of a resource), or refuse them and say where they
    /// are; else what the settings file says, else `allow`
    #[arg(long, value_enum, value_name = "MODE", env = "SPM_IN_SOURCE_WAIVERS", help_heading = "Waivers")]
    pub in_source_waivers: Option<InSourceMode>,
    /// What is kept.
    #[command(flatten)]
    pub keep: KeepArgs,
}

/// What waivers in the configuration itself are worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum InSourceMode {
    /// As much as those in a waiver file.
    #[default]
    Allow,
    /// Nothing: who changes the configuration may not accept its faults.
    Refuse,
}

/// What is kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "History")]
pub struct KeepArgs {
    /// Which file.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Do not keep this scan
    #[arg(long, value_parser = super::switch, env = "SPM_NO_STORE")]
    pub no_store: bool,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Files or directories instead of a running system: manifests, dumps (`kubectl get -A -o json`), snapshots; `-` for
    /// standard input
    #[arg(long, num_args = 1.., value_name = "PATH", conflicts_with = "AwsArgs", env = "SPM_FROM", value_delimiter = ',')]
    pub from: Vec<PathBuf>,
    /// Node facts, written by `spm collect node`: files or directories
    #[arg(long, num_args = 1.., value_name = "PATH", env = "SPM_NODE_FACTS", value_delimiter = ',')]
    pub node_facts: Vec<PathBuf>,
    /// System of the settings file to scan; or the name in reports and history of what the other options name, else the
    /// context or directory
    #[arg(long, value_name = "NAME", env = "SPM_SYSTEM")]
    pub system: Option<String>,
    /// Scan every system of the settings file; one that cannot be read does not stop the others, but the exit code is 3
    #[arg(long, conflicts_with_all = ["system", "from", "kubeconfig", "context", "all_contexts", "AwsArgs"],
        value_parser = super::switch, env = "SPM_ALL")]
    pub all: bool,
    /// Scan every context of the kubeconfig; one that cannot be read does not stop the others, but the exit code is 3
    #[arg(long, conflicts_with_all = ["system", "from", "context", "AwsArgs"], value_parser = super::switch,
        env = "SPM_ALL_CONTEXTS")]
    pub all_contexts: bool,
    /// Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "AwsArgs"], env = "SPM_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; the current one if none
    #[arg(long, value_name = "NAME", conflicts_with_all = ["from", "AwsArgs"], env = "SPM_CONTEXT")]
    pub context: Option<String>,
    /// Only what lies in these namespaces, and what lies in none, judged by all that was read: of files everything, of a running
    /// cluster no other namespace but for its roles and bindings; of an account regions, see --region to read no others
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "SPM_NAMESPACE")]
    pub namespace: Vec<String>,
    /// Not these namespaces (regions)
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "SPM_EXCLUDE_NAMESPACE")]
    pub exclude_namespace: Vec<String>,
    /// Ask kubelets for their configuration through the API server; needs `get nodes/proxy`, a right that also allows to run
    /// commands in pods
    #[arg(long, conflicts_with = "from", value_parser = super::switch, env = "SPM_ALLOW_NODE_PROXY")]
    pub allow_node_proxy: bool,
    /// Do not ask the cloud that runs the cluster: of EKS, AWS with the credentials of the environment
    #[arg(long, value_parser = super::switch, env = "SPM_NO_CLOUD")]
    pub no_cloud: bool,
    /// Certificate authority to trust beside the kubeconfig's
    #[arg(long, value_name = "FILE", conflicts_with = "from", env = "SPM_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Certificate authority of the kubelets, which are asked for their configuration if the identity may `get nodes/configz`;
    /// that of the kubeconfig if none
    #[arg(long, value_name = "FILE", conflicts_with = "from", env = "SPM_KUBELET_CA")]
    pub kubelet_ca: Option<PathBuf>,
    /// Longest time that one call to the system may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration, env = "SPM_TIMEOUT")]
    pub timeout: Duration,
    /// An AWS account.
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Facts of nodes from pods.
    #[command(flatten)]
    pub nodes: NodeSourceArgs,
    /// Image with spm for the pods of `--nodes daemonset`
    #[arg(long, value_name = "IMAGE", env = "SPM_NODE_IMAGE", help_heading = "Nodes")]
    pub node_image: Option<String>,
    /// Longest wait for the facts of nodes; those that do not come are told
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration, env = "SPM_NODE_TIMEOUT",
        help_heading = "Nodes")]
    pub node_timeout: Duration,
    /// Keep what was read, without secrets, for evaluation at any later time
    #[arg(long, value_name = "FILE", env = "SPM_SAVE", help_heading = "Input")]
    pub save: Option<PathBuf>,
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = crate::expr::typed::duration(text).filter(|seconds| (0.001..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "expected a duration such as 30s or 2m".to_owned())
}

/// Which standards.
#[derive(Debug, Args)]
#[command(next_help_heading = "Standards")]
pub struct StandardArgs {
    /// Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`
    #[arg(short, long, value_name = "NAME[@VERSION]", value_delimiter = ',', env = "SPM_STANDARD")]
    pub standard: Vec<String>,
    /// `strict` leaves every requirement that the standard calls manual to a person
    #[arg(long, value_enum, default_value_t = Manual::Decide, env = "SPM_MANUAL", value_name = "MODE")]
    pub manual: Manual,
}

/// How requirements that a standard calls manual are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Manual {
    /// What can be decided is decided.
    Decide,
    /// The standard's word.
    Strict,
}

/// What to show.
#[derive(Debug, Args)]
#[command(next_help_heading = "View")]
pub struct ViewArgs {
    /// One line per rule
    #[arg(long, value_parser = super::switch, env = "SPM_RULES")]
    pub rules: bool,
    /// Only these results
    #[arg(long, value_delimiter = ',', value_parser = states(), ignore_case = true, value_name = "RESULT", env = "SPM_RESULT")]
    pub result: Vec<State>,
    /// Only rules of these severities
    #[arg(long, value_delimiter = ',', value_parser = severities(), ignore_case = true, value_name = "SEVERITY",
        env = "SPM_SEVERITY")]
    pub severity: Vec<Severity>,
    /// Only rules whose id, title or check contains this
    #[arg(long, value_name = "TEXT", env = "SPM_RULE")]
    pub rule: Option<String>,
    /// Only resources whose `Kind namespace/name` contains this
    #[arg(long, value_name = "TEXT", env = "SPM_RESOURCE")]
    pub resource: Option<String>,
    /// `complete` also shows what is not relevant
    #[arg(long, value_enum, default_value_t = ViewKind::Recommended, value_name = "VIEW", env = "SPM_VIEW")]
    pub view: ViewKind,
    /// Order of the rules, by one of the columns
    #[arg(long, value_parser = Sort::from_str, value_name = "COLUMN[:desc]", env = "SPM_SORT", help = sort_help())]
    pub sort: Option<Sort>,
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ViewKind {
    /// Without what is not relevant.
    Recommended,
    /// Everything.
    Complete,
}

impl ViewArgs {
    /// The view that these options ask for.
    pub fn view(&self) -> View {
        View {
            results: self.result.clone(),
            severities: self.severity.clone(),
            rule: self.rule.clone(),
            resource: self.resource.clone(),
            complete: self.view == ViewKind::Complete,
            sort: self.sort,
            ..View::default()
        }
    }
}

/// One of the results, in any case.
pub(super) fn states() -> impl TypedValueParser<Value = State> {
    let known = State::ALL.map(|state| {
        let shown = if state == State::NotRelevant { "not-relevant" } else { state.as_str() };
        PossibleValue::new(shown).alias(state.as_str())
    });
    PossibleValuesParser::new(known).try_map(|word| {
        let word = word.replace('-', "_").to_lowercase();
        State::ALL.into_iter().find(|state| state.as_str() == word).ok_or("no result has this name")
    })
}

fn severities() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(Severity::ALL.map(Severity::as_str)).try_map(|word| {
        let word = word.to_lowercase();
        Severity::ALL.into_iter().find(|severity| severity.as_str() == word).ok_or("no severity has this name")
    })
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let known = Format::ALL.map(|format| PossibleValue::new(format.as_str()).help(format.help()));
    PossibleValuesParser::new(known).try_map(|word| word.parse::<Format>())
}

fn sort_help() -> String {
    format!("Order of the rules, by one of the columns {}", Column::ALL.map(Column::as_str).join(", "))
}

/// Where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Format of standard output, or of --output files that name none
    #[arg(long, value_parser = formats(), value_name = "FORMAT", env = "SPM_FORMAT")]
    pub format: Option<Format>,
    /// Write a file beside the page on standard output; its format is that of --format or its ending; repeatable
    #[arg(short, long, value_name = "[FORMAT=]FILE", value_parser = OutputFile::from_str, env = "SPM_OUTPUT")]
    pub output: Vec<OutputFile>,
}

/// What the exit code says.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate")]
pub struct GateArgs {
    /// Exit with 1 if something failed at or above this severity and is not waived (or, with `manual`, could not be decided)
    #[arg(long, value_enum, value_name = "SEVERITY", env = "SPM_FAIL_ON")]
    pub fail_on: Option<Threshold>,
    /// Exit with 3 if some part of a system could not be read; what is only read on demand (nodes, kubelets) counts only if
    /// it was asked for
    #[arg(long, value_parser = super::switch, env = "SPM_REQUIRE_COMPLETE")]
    pub require_complete: bool,
    /// Compare with an earlier scan: a file that `spm scan --format json` wrote, or a stored scan by date, time, id or
    /// `latest`
    #[arg(long, value_name = "FILE|SCAN", env = "SPM_BASELINE")]
    pub baseline: Option<String>,
    /// Exit with 1 if something failed at or above this severity that had not failed in the baseline, by a check that is in
    /// the baseline
    #[arg(long, value_enum, value_name = "SEVERITY", requires = "baseline", env = "SPM_FAIL_ON_NEW")]
    pub fail_on_new: Option<Threshold>,
}

/// From what on a run has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Failed rules of critical severity.
    Critical,
    /// High and above.
    High,
    /// Medium and above.
    Medium,
    /// Any failed rule.
    Low,
    /// Any failed rule, and any that could not be decided.
    Manual,
}

impl Threshold {
    /// The lowest severity that counts.
    pub fn severity(self) -> Severity {
        match self {
            Threshold::Critical => Severity::Critical,
            Threshold::High => Severity::High,
            Threshold::Medium => Severity::Medium,
            Threshold::Low | Threshold::Manual => Severity::Low,
        }
    }
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its format, if the argument names one.
    pub format: Option<Format>,
    /// Where.
    pub path: PathBuf,
}

impl FromStr for OutputFile {
    type Err = String;

    fn from_str(text: &str) -> Result<OutputFile, String> {
        if let Some((format, path)) = text.split_once('=')
            && let Ok(format) = format.parse::<Format>()
        {
            return Ok(OutputFile { format: Some(format), path: path.into() });
        }
        if text.is_empty() {
            return Err("expected a file".to_owned());
        }
        Ok(OutputFile { format: None, path: text.into() })
    }
}

impl OutputFile {
    /// The format: the one that is named, else `asked`, else the one whose ending the file has.
    ///
    /// # Errors
    /// Nothing names one.
    pub fn format(&self, asked: Option<Format>) -> Result<Format, String> {
        let ending = self.path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let by_ending = || Format::ALL.into_iter().find(|format| Some(format.extension()) == ending.as_deref());
        self.format.or(asked).or_else(by_ending).ok_or_else(|| {
            let known = Format::ALL.map(Format::as_str).join(", ");
            format!("{}: the ending names no format; write FORMAT=FILE with one of {known}", self.path.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_files() {
        let format = |text: &str, asked| text.parse::<OutputFile>().unwrap().format(asked);
        assert_eq!(format("a.csv", None), Ok(Format::Csv));
        assert_eq!(format("json=a.csv", None), Ok(Format::Json));
        assert_eq!(format("a.out", Some(Format::Csv)), Ok(Format::Csv));
        assert!(format("a.out", None).unwrap_err().contains("names no format"));
        // Not a format, so part of the name.
        assert_eq!("x=y.json".parse::<OutputFile>().unwrap().path, PathBuf::from("x=y.json"));
    }
}

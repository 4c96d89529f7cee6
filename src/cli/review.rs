//! Options of the commands about what has been scanned: the history, waivers, comparison.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::{OutputArgs, ViewArgs};
use crate::model::State;

/// Where the history is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "History")]
pub struct StoreArgs {
    /// File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share
    #[arg(long, value_name = "FILE", env = "SPM_STORE")]
    pub store: Option<PathBuf>,
}

impl StoreArgs {
    /// The file; none if none is named and there is no home directory.
    pub fn path(&self) -> Option<PathBuf> {
        let data = || {
            let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
            xdg.or_else(|| Some(std::env::home_dir().filter(|home| home.is_absolute())?.join(".local/share")))
        };
        self.store.clone().or_else(|| Some(data()?.join("spm/history.db")))
    }
}

/// Which decisions of people hold.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Waivers")]
pub struct WaiverArgs {
    /// Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named
    #[arg(long, num_args = 1.., value_name = "FILE", env = "SPM_WAIVERS", value_delimiter = ',')]
    pub waivers: Vec<PathBuf>,
    /// Take what is waived as any other finding, in the page and in gates
    #[arg(long, value_parser = super::switch, env = "SPM_IGNORE_WAIVERS")]
    pub ignore_waivers: bool,
}

/// A scan as the user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanRef {
    /// The last one: `latest`.
    Latest,
    /// The last one that was made at this moment or before: a date (to its end, UTC) or an RFC 3339 time.
    At(jiff::Timestamp),
    /// The one whose id begins so.
    Id(String),
}

impl FromStr for ScanRef {
    type Err = String;

    fn from_str(text: &str) -> Result<ScanRef, String> {
        if text == "latest" {
            return Ok(ScanRef::Latest);
        }
        if let Ok(day) = text.parse::<Date>() {
            let end = day.at(23, 59, 59, 999_999_999).to_zoned(jiff::tz::TimeZone::UTC);
            return end.map(|end| ScanRef::At(end.timestamp())).map_err(|error| error.to_string());
        }
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Ok(ScanRef::At(time));
        }
        if text.len() >= 4 && text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(ScanRef::Id(text.to_lowercase()));
        }
        Err("expected a date (2026-03-01), a time (2026-03-01T12:00:00Z), the id of a scan, or latest".to_owned())
    }
}

/// Which stored scans.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Which scans")]
pub struct StoredArgs {
    /// Only these systems
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "SPM_SYSTEM")]
    pub system: Vec<String>,
    /// Of each system the last scan at this date or time, or the scan with this id; without it, the last one
    #[arg(long, value_name = "DATE|SCAN", value_parser = ScanRef::from_str, env = "SPM_AT")]
    pub at: Option<ScanRef>,
    /// Where from.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Of which standards the results of scans are shown.
#[derive(Debug, Clone, Args)]
pub struct StandardFilterArgs {
    /// Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan
    #[arg(
        short,
        long,
        value_name = "NAME[@VERSION]",
        value_delimiter = ',',
        env = "SPM_STANDARD",
        help_heading = "View"
    )]
    pub standard: Vec<String>,
}

/// See [`super::Command::Report`].
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Which scans.
    #[command(flatten)]
    pub stored: StoredArgs,
    /// Of which standards.
    #[command(flatten)]
    pub standards: StandardFilterArgs,
    /// Only resources in these namespaces or regions
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "SPM_NAMESPACE", help_heading = "View")]
    pub namespace: Vec<String>,
    /// What to show.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Which decisions hold.
    #[command(flatten)]
    pub waivers: WaiverArgs,
    /// Where to.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Print the same filter as a query instead: SQL for the history file, to be run with any SQLite tool, and in its
    /// comments DQL for a security platform with the findings as events; or one of the two
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "both", value_name = "LANGUAGE",
        conflicts_with_all = ["format", "output"], env = "SPM_QUERY", help_heading = "Output")]
    pub query: Option<QueryLanguage>,
}

/// Languages in which a filter can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryLanguage {
    /// SQL on the views of the history file.
    Sql,
    /// DQL on compliance events.
    Dql,
    /// SQL, with DQL in comments.
    Both,
}

/// See [`super::Command::Explain`].
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Rule (`5.2.2`, `CIS 5.2.2`) or check (`kubernetes-container-not-privileged`)
    #[arg(required = true, num_args = 1.., value_name = "RULE")]
    pub rule: Vec<String>,
    /// Of which standards.
    #[command(flatten)]
    pub standards: StandardFilterArgs,
    /// Only resources whose `Kind namespace/name` contains this
    #[arg(long, value_name = "TEXT", env = "SPM_RESOURCE", help_heading = "View")]
    pub resource: Option<String>,
    /// Only resources with these results; without it, all that are relevant
    #[arg(long, value_delimiter = ',', value_parser = super::scan::states(), ignore_case = true, value_name = "RESULT",
        env = "SPM_RESULT", help_heading = "View")]
    pub result: Vec<State>,
    /// Also show how it was decided: the logic of the checks, their parameters, what they read, what could not be read
    #[arg(long, value_parser = super::switch, env = "SPM_TRACE", help_heading = "Output")]
    pub trace: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text, value_name = "FORMAT",
        env = "SPM_EXPLAIN_FORMAT", help_heading = "Output")]
    pub format: ExplainFormat,
    /// Which scans.
    #[command(flatten)]
    pub stored: StoredArgs,
    /// Which decisions hold.
    #[command(flatten)]
    pub waivers: WaiverArgs,
}

/// Forms of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people at a terminal.
    Text,
    /// For tickets.
    Markdown,
    /// For tools.
    Json,
}

/// See [`super::Command::Waive`].
#[derive(Debug, Args)]
pub struct WaiveArgs {
    /// Rule (`CIS/5.2.2`, `5.2.2`) or check; `*` and `?` are patterns
    pub rule: String,
    /// What of it, as reports print it: `Kind namespace/name`, of AWS `Kind region/name`; `*` and `?` are patterns, `*` alone is everything
    #[arg(long, value_name = "RESOURCE")]
    pub resource: String,
    /// Element of the resource (container)
    #[arg(long, value_name = "NAME")]
    pub element: Option<String>,
    /// Only in this system
    #[arg(long, value_name = "NAME")]
    pub system: Option<String>,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Last day on which it holds
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub expires: Date,
    /// File to append to; made if there is none
    #[arg(long, value_name = "FILE", default_value = super::WAIVER_FILE)]
    pub file: PathBuf,
    /// Where findings are looked up.
    #[command(flatten)]
    pub store: StoreArgs,
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "expected a date such as 2027-03-31".to_owned())
}

/// See [`super::Command::Diff`].
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Earlier scan: a date, a time, an id; the one before the later if none
    #[arg(value_parser = ScanRef::from_str, value_name = "BEFORE")]
    pub before: Option<ScanRef>,
    /// Later scan; the last one if none
    #[arg(value_parser = ScanRef::from_str, value_name = "AFTER")]
    pub after: Option<ScanRef>,
    /// Compare with a file that `spm scan --format json` wrote instead of an earlier scan
    #[arg(long, value_name = "FILE", conflicts_with_all = ["before", "after"])]
    pub baseline: Option<PathBuf>,
    /// Only these systems
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "SPM_SYSTEM")]
    pub system: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Where from.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// See [`super::Command::History`].
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only these systems
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "SPM_SYSTEM")]
    pub system: Vec<String>,
    /// Of which standards.
    #[command(flatten)]
    pub standards: StandardFilterArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Where from.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// What to do with the file of the history.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Say where it is, how large, and what is in it
    Info {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Which file.
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Delete old scans; what either option keeps stays, and always the last scan of each system
    #[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
    Prune {
        /// Keep this many of the newest scans of each system
        #[arg(long, group = "which", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        keep: Option<u32>,
        /// Delete only scans that are older
        #[arg(long, group = "which", value_name = "AGE", value_parser = age)]
        older_than: Option<std::time::Duration>,
        /// Only of these systems
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        system: Vec<String>,
        /// Which file.
        #[command(flatten)]
        store: StoreArgs,
    },
}

fn age(text: &str) -> Result<std::time::Duration, String> {
    // Up to a thousand years.
    let seconds = crate::expr::typed::duration(text).filter(|seconds| (0.0..=3.2e10).contains(seconds));
    seconds.map(std::time::Duration::from_secs_f64).ok_or_else(|| "expected an age such as 90d or 12h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_are_named_by_date_time_or_id() {
        let parse = |text: &str| text.parse::<ScanRef>();
        assert_eq!(parse("latest"), Ok(ScanRef::Latest));
        assert_eq!(parse("2026-03-01"), Ok(ScanRef::At("2026-03-01T23:59:59.999999999Z".parse().unwrap())));
        assert_eq!(parse("2026-03-01T12:00:00Z"), Ok(ScanRef::At("2026-03-01T12:00:00Z".parse().unwrap())));
        assert_eq!(parse("20Ab34"), Ok(ScanRef::Id("20ab34".to_owned())));
        for wrong in ["", "abc", "2026-02-30", "yesterday", "0123'; DROP"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

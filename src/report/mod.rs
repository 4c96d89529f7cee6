//! Finished assessments written for people and tools: one small file per format.
//!
//! Everything here is pure: assessments in, text out. What is shown is decided in one place for all formats ([`View`]),
//! so that the CSV equals the shown table. No format knows a technology.

mod cards;
pub mod changes;
mod csv;
pub mod explain;
pub mod history;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod terminal;
#[cfg(test)]
mod testing;
mod view;
mod words;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

pub use cards::{Card, cards};
pub use json::{ReadBack, ReadError, SCHEMA as JSON_SCHEMA, read as read_json};
pub use terminal::paper::{Ink, Line, Paper, Room};
pub use terminal::{Layout, TableStyle};
pub use view::{Column, Finding, Row, Selection, Sort, Tally, View, names_standard};
pub use words::{argument, minute};

use serde::{Serialize, Serializer};

use crate::base::spelling;
use crate::model::{Assessment, Technology};

/// A form in which assessments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// For people at a terminal.
    Table,
    /// Everything, versioned.
    Json,
    /// One row per rule and resource.
    Csv,
    /// One self-contained page for a browser.
    Html,
    /// Summary for pull requests and tickets.
    Markdown,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
}

impl Format {
    /// Every format, in the order in which they are listed to users.
    pub const ALL: [Format; 7] =
        [Format::Table, Format::Json, Format::Csv, Format::Html, Format::Markdown, Format::Sarif, Format::Junit];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Html => "html",
            Format::Markdown => "markdown",
            Format::Sarif => "sarif",
            Format::Junit => "junit",
        }
    }

    /// One line of help.
    pub fn help(self) -> &'static str {
        match self {
            Format::Table => "Readable page for a terminal: posture, what failed and why, what could not be decided",
            Format::Json => "Everything in one document, what is Not relevant too, format spm.assessment/v1",
            Format::Csv => "One row per rule and resource, for spreadsheets",
            Format::Html => "Interactive page in one file for a browser, works offline",
            Format::Markdown => "Summary for pull requests and tickets",
            Format::Sarif => "SARIF 2.1.0 for code scanning: what failed, with file and line where known",
            Format::Junit => "JUnit XML for pipelines: a suite per standard, a test case per rule and resource",
        }
    }

    /// Usual ending of files in this format, without dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Table => "txt",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Html => "html",
            Format::Markdown => "md",
            Format::Sarif => "sarif",
            Format::Junit => "xml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that stands for nothing that reports know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} \"{word}\", {hint}")]
pub struct UnknownWord {
    what: &'static str,
    word: String,
    hint: String,
}

impl UnknownWord {
    fn new(what: &'static str, word: &str, known: &[&str]) -> UnknownWord {
        let hint = spelling::nearest(word, known.iter().copied()).map_or_else(
            || format!("expected one of {}", known.join(", ")),
            |near| format!("did you mean \"{near}\"?"),
        );
        UnknownWord { what, word: word.to_owned(), hint }
    }
}

impl FromStr for Format {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Format, UnknownWord> {
        Format::ALL
            .into_iter()
            .find(|format| format.as_str() == word)
            .ok_or_else(|| UnknownWord::new("format", word, &Format::ALL.map(Format::as_str)))
    }
}

/// What is written: the assessments of one run, or the latest ones of the known systems.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// One assessment per system.
    pub assessments: &'a [Assessment],
    /// Systems that are known and have no assessment here; they count in the coverage of the overview.
    pub others: &'a [OtherSystem],
    /// Systems whose last scan failed and that are shown as they were before.
    pub failed: &'a [FailedScan],
    /// Command that shows these assessments again; options of the view are appended to it in hints (`spm report`,
    /// `spm scan --from rendered/`).
    pub command: &'a str,
}

/// A known system without an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSystem {
    /// Technology of the system.
    pub technology: Technology,
    /// Its name.
    pub name: String,
    /// Why there is none.
    pub status: OtherStatus,
    /// What went wrong, in words, if something did.
    pub why: Option<String>,
}

/// A scan that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedScan {
    /// Technology of the system.
    pub technology: Technology,
    /// Its name.
    pub name: String,
    /// When it was tried, RFC 3339 in UTC.
    pub at: String,
    /// What went wrong, in words.
    pub why: String,
}

impl Report<'_> {
    /// The failed scan of the system that this assessment is of, if it is younger.
    pub fn failed_since(&self, assessment: &Assessment) -> Option<&FailedScan> {
        let system = &assessment.system;
        self.failed.iter().find(|failed| failed.technology == system.technology && failed.name == system.name)
    }
}

/// Why a known system has no assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherStatus {
    /// Nobody asked for it.
    NotEnabled,
    /// It was asked for, and nothing could be read.
    NoData,
}

impl OtherStatus {
    /// The words that people read.
    pub fn label(self) -> &'static str {
        match self {
            OtherStatus::NotEnabled => "Not enabled",
            OtherStatus::NoData => "No data",
        }
    }
}

/// Writes the part of the report that the view selects. `style` matters for [`Format::Table`] only.
pub fn write(
    format: Format,
    report: &Report<'_>,
    view: &View,
    style: &TableStyle,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    // The page itself switches between the complete and the recommended view: it needs what both show. The document is what
    // later scans are compared with.
    let wide = View { complete: view.complete || matches!(format, Format::Html | Format::Json), ..view.clone() };
    let selection = wide.select(report);
    match format {
        Format::Table => terminal::write(report, &selection, style, &mut out)?,
        Format::Json => json::write(report, &selection, &mut out)?,
        Format::Csv => csv::write(&selection, &mut out)?,
        Format::Html => html::write(report, &selection, view.complete, &mut out)?,
        Format::Markdown => markdown::write(report, &selection, &mut out)?,
        Format::Sarif => sarif::write(report, &selection, &mut out)?,
        Format::Junit => junit::write(report, &selection, &mut out)?,
    }
    out.flush()
}

/// Serialises what an iterator gives, one by one: nothing is collected.
struct Each<F>(F);

impl<I, F> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[cfg(test)]
mod tests;

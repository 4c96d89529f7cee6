//! What a finished assessment says of checks and standards: the parts of rule files that people read.

use serde::{Deserialize, Serialize};

use super::{Ccss, Severity, Technology};

/// The kind of document that a standard is; decides what a passed rule proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StandardKind {
    /// Configuration requirements (CIS, STIG): a passed rule is compliance with that requirement.
    Benchmark,
    /// A catalogue of controls (NIST 800-53, ISO 27001): a passed rule is supporting evidence.
    Catalogue,
    /// A law or regulation (GDPR, DORA): a passed rule is supporting evidence.
    Law,
}

impl StandardKind {
    /// Every kind of document.
    pub const ALL: [StandardKind; 3] = [StandardKind::Benchmark, StandardKind::Catalogue, StandardKind::Law];

    /// The word for it in rule files and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            StandardKind::Benchmark => "benchmark",
            StandardKind::Catalogue => "catalogue",
            StandardKind::Law => "law",
        }
    }
}

/// A standard in one version for one technology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandardInfo {
    /// File stem of the standard, unique (`cis-kubernetes-1.12.0`).
    pub id: String,
    /// Short name (`CIS`), shared by the versions and technologies of a standard.
    pub short: String,
    /// Full name.
    pub name: String,
    /// Version of the document.
    pub version: String,
    /// Public page of the publisher.
    pub url: String,
    /// Kind of document.
    pub kind: StandardKind,
    /// Technology that this file maps it to.
    pub technology: Technology,
    /// Requirements of the whole document that configuration can show, where the file lists only those that it maps.
    #[serde(default)]
    pub assessable: Option<usize>,
}

/// Which kind of control a check weakens when it fails; the configuration-impact view of the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// Keeps an attacker out or an action impossible.
    Prevent,
    /// Makes an attack visible.
    Detect,
    /// Limits what a successful attacker reaches.
    Contain,
    /// Restores service or evidence.
    Recover,
}

impl Control {
    /// Every kind of control.
    pub const ALL: [Control; 4] = [Control::Prevent, Control::Detect, Control::Contain, Control::Recover];

    /// The word for it in rule files and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Control::Prevent => "prevent",
            Control::Detect => "detect",
            Control::Contain => "contain",
            Control::Recover => "recover",
        }
    }
}

/// What people read of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInfo {
    /// Stable id, the file name of the check.
    pub id: String,
    /// A statement that is true when passed.
    pub title: String,
    /// Kind or view that it assesses.
    pub resource: String,
    /// Severity vector.
    pub ccss: Ccss,
    /// Control that is weakened.
    pub control: Control,
    /// Themes that horizontal standards select by.
    pub themes: Vec<String>,
    /// Why it matters.
    pub why: String,
    /// How to fix it.
    pub fix: String,
    /// What a person must look at when it is Manual.
    pub hint: Option<String>,
    /// The vendor's public documentation.
    pub links: Vec<String>,
}

impl CheckInfo {
    /// Severity computed from the vector.
    pub fn severity(&self) -> Severity {
        self.ccss.severity()
    }
}

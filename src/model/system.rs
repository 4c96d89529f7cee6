//! What is assessed, and what of it could not be read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A family of systems with a collector of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Technology {
    /// Kubernetes clusters, upstream and managed.
    Kubernetes,
    /// Amazon Web Services accounts.
    Aws,
}

impl Technology {
    /// Every technology, in the order in which they are listed to users.
    pub const ALL: [Technology; 2] = [Technology::Kubernetes, Technology::Aws];

    /// The name in rule files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Technology::Kubernetes => "kubernetes",
            Technology::Aws => "aws",
        }
    }
}

impl fmt::Display for Technology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One assessed system: a cluster, an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Technology of the system.
    pub technology: Technology,
    /// Name that the user sees and that keeps a history together: context name, account id, `--system`.
    pub name: String,
    /// Version that the system reports, without vendor suffix (`1.34.1`); absent if nothing told it.
    pub version: Option<String>,
    /// Distribution (`upstream`, `eks`, `aks`, `gke`, `k3s`, `rke2`, ...) or partition.
    pub distribution: Option<String>,
    /// Where it was read from, in words (`https://10.0.0.1:6443`, `3 files below rendered/`).
    pub origin: String,
}

/// How much a failed rule matters; always computed from a [`super::Ccss`] vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Score 0.1 to 3.9.
    Low,
    /// Score 4.0 to 6.9.
    Medium,
    /// Score 7.0 to 8.9.
    High,
    /// Score 9.0 and above.
    Critical,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// Lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The identity may not read it.
    Forbidden,
    /// No answer within the deadline, or no connection.
    Unreachable,
    /// The server answered with an error until the retries were used up.
    ServerError,
    /// The answer or file could not be understood.
    Malformed,
    /// Only a part was read.
    Truncated,
    /// Nothing was there to collect it with (no node data, no cloud access).
    NotCollected,
    /// It is only read if the user wants it, and the user did not: a limit of the scan, not a failure of it.
    NotAsked,
}

impl GapReason {
    /// Every reason.
    pub const ALL: [GapReason; 7] = [
        GapReason::Forbidden,
        GapReason::Unreachable,
        GapReason::ServerError,
        GapReason::Malformed,
        GapReason::Truncated,
        GapReason::NotCollected,
        GapReason::NotAsked,
    ];

    /// Lower-case words.
    pub fn as_str(self) -> &'static str {
        match self {
            GapReason::Forbidden => "forbidden",
            GapReason::Unreachable => "unreachable",
            GapReason::ServerError => "server error",
            GapReason::Malformed => "malformed",
            GapReason::Truncated => "truncated",
            GapReason::NotCollected => "not collected",
            GapReason::NotAsked => "not asked for",
        }
    }
}

/// Something that the chosen rules needed and that could not be read. A gap makes exactly the rules that needed it Manual.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Resource kind that is incomplete.
    pub kind: String,
    /// The part of the system (namespace, region, file) that is missing; all of it if absent.
    pub scope: Option<String>,
    /// Class of the cause.
    pub reason: GapReason,
    /// The cause in words, safe to print.
    pub detail: String,
    /// The permission that would have helped (`list networkpolicies.networking.k8s.io`).
    pub permission: Option<String>,
}

impl Gap {
    /// Kind of the gaps of documents that could not be read: they may have held any kind.
    pub const DOCUMENT: &'static str = "document";
    /// As [`Gap::scope`]: every namespace but those that were named. No namespace can have this name.
    pub const ELSEWHERE: &'static str = "other namespaces";

    /// Nothing is amiss: the user named the namespaces to read, and this is the rest.
    pub fn is_by_choice(&self) -> bool {
        self.reason == GapReason::NotAsked && self.scope.as_deref() == Some(Gap::ELSEWHERE)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(scope) = &self.scope {
            write!(f, " in {scope}")?;
        }
        write!(f, ": {}", self.reason.as_str())?;
        // Before the words of the system, which can be long and are cut where there is no room.
        if let Some(permission) = &self.permission {
            write!(f, " (needs {permission})")?;
        }
        if !self.detail.is_empty() {
            write!(f, ", {}", self.detail)?;
        }
        Ok(())
    }
}

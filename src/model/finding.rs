//! The result of one check on one resource, and the evidence for it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Shared immutable text.
pub type Text = Arc<str>;

/// The state of a resource under a check, and of a rule over its resources. Ordered by what deserves attention first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Does not follow the rule.
    Failed,
    /// Cannot be decided automatically; the hint says what is needed.
    Manual,
    /// Follows the rule.
    Passed,
    /// Does not meet a criterion for assessment; the reason says which.
    NotRelevant,
}

impl State {
    /// Every state, the one that deserves attention first at the front.
    pub const ALL: [State; 4] = [State::Failed, State::Manual, State::Passed, State::NotRelevant];

    /// The machine word (`not_relevant`).
    pub fn as_str(self) -> &'static str {
        match self {
            State::Failed => "failed",
            State::Manual => "manual",
            State::Passed => "passed",
            State::NotRelevant => "not_relevant",
        }
    }

    /// The word that people read (`Not relevant`).
    pub fn label(self) -> &'static str {
        match self {
            State::Failed => "Failed",
            State::Manual => "Manual",
            State::Passed => "Passed",
            State::NotRelevant => "Not relevant",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// The resource that a finding is reported at: stable across pod restarts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceRef {
    /// Native kind (`Deployment`, `AWS::EC2::Instance`).
    pub kind: Text,
    /// Namespace or region; none for what belongs to the whole system.
    pub scope: Option<Text>,
    /// Name or native id.
    pub name: Text,
}

impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Some(scope) => write!(f, "{} {}/{}", self.kind, scope, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A place in an input file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Path as the user gave it.
    pub file: Text,
    /// Line, from 1.
    pub line: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One property that decided a state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// Real path in the object (`spec.template.spec.containers[2].securityContext.privileged`).
    pub path: String,
    /// The value as JSON text, redacted and shortened; none if absent.
    pub actual: Option<String>,
    /// What was expected, in words.
    pub expected: String,
    /// Where the value came from if not from the object itself (`default`, `flag`, `file /etc/...`).
    pub source: Option<String>,
    /// File and line in file input.
    pub location: Option<Location>,
}

/// Why a resource has its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Detail {
    /// One sentence: the reason of Not relevant, what is missing for Manual, the summary of Failed.
    pub reason: String,
    /// For Manual: what a person must look at.
    pub hint: Option<String>,
    /// The deciding properties, at most [`Detail::EVIDENCE_LIMIT`] of them.
    pub evidence: Vec<Evidence>,
    /// How many further properties decided and are not listed.
    pub omitted: usize,
}

impl Detail {
    /// Evidence entries kept for one outcome.
    pub const EVIDENCE_LIMIT: usize = 50;
}

/// Where a waiver is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WaiverSource {
    /// In a waiver file.
    #[default]
    File,
    /// In an annotation of the resource itself.
    Annotation,
}

impl WaiverSource {
    /// The machine word.
    pub fn as_str(self) -> &'static str {
        match self {
            WaiverSource::File => "file",
            WaiverSource::Annotation => "annotation",
        }
    }
}

/// A decision to accept a failed finding for a while. It never changes a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Where it is written.
    #[serde(default)]
    pub source: WaiverSource,
}

/// The state of one resource (or of a named element in it) under one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Index into [`super::Assessment::resources`].
    pub resource: u32,
    /// Name of the element inside the resource (container name).
    pub element: Option<Text>,
    /// The state.
    pub state: State,
    /// Present for Failed, Manual and Not relevant.
    pub detail: Option<Arc<Detail>>,
    /// Set on waived Failed outcomes.
    pub waiver: Option<Arc<Waiver>>,
}

//! Domain operators: questions about values that need more than a comparison (does this policy let strangers in, does this
//! filter see these events). One file each, one table: the compiler, the JSON Schema for editors, the reference page and the
//! tests of every row's example are made from it.

mod acl_allows_from;
mod allows_from;
mod arguments;
mod denies_plain_http;
mod escalates;
mod escalation_data;
mod filter_pattern_covers;
mod filter_syntax;
pub mod grants;
mod holds_secret;
mod network;
mod policy;
mod policy_allows;
mod policy_cross_account;
mod policy_public;
pub mod searched;
mod secret_data;
#[cfg(test)]
mod tests;
mod trust_lacks_source;
mod trust_open_federation;
mod wildcard;

use std::fmt;

use super::path::Steps;
use super::{Truth, Value};
use crate::model::Text;

pub use arguments::{Argument, Arguments, Key, Takes};

/// A domain operator: what it is called, what it takes, what it means.
#[derive(Debug)]
pub struct Domain {
    /// Name in rule files.
    pub name: &'static str,
    /// What it means, for the reference.
    pub doc: &'static str,
    /// The keys of its operand.
    pub keys: &'static [Key],
    /// Truth when the value is absent or null, unless the rule says `unset`.
    pub absent: Truth,
    /// Paths of the resource that it reads beside the value.
    pub reads: &'static [&'static [&'static str]],
    /// Operand, a value for which it holds, a value for which it does not; all JSON. Every row is tested.
    pub example: (&'static str, &'static str, &'static str),
    /// The question that an operand asks, or what is wrong with the operand.
    pub parse: fn(&Arguments) -> Result<Asked, String>,
}

/// A question with its operand.
#[derive(Debug)]
pub struct Asked {
    /// The question.
    pub question: Box<dyn Question>,
    /// What is expected, in words that follow a path (`a grant to get secrets`).
    pub expected: String,
}

/// Decides on one value.
pub trait Question: fmt::Debug + Send + Sync {
    /// The answer for a value that is there. What is not collected inside of it never decides.
    fn ask(&self, value: &Value, about: About<'_>) -> Answer;

    /// The answer for a value of which only is known why it was not read.
    fn unread(&self, why: &Text) -> Answer {
        Answer::unknown(why.clone())
    }
}

/// What a question may look at beside the value.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The resource as a whole; an element of it where a check judges elements (`each`).
    pub resource: &'a Value,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether it holds.
    pub truth: Truth,
    /// Why nobody knows, if it is unknown.
    pub why: Option<Text>,
    /// What decided; nothing if it was the value as a whole.
    pub decided: Vec<Decided>,
}

/// A part of the value that decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Where it is, below the value.
    pub steps: Steps,
    /// What people are shown of it.
    pub shown: Value,
}

impl Answer {
    /// It holds because of these.
    pub fn yes(decided: Vec<Decided>) -> Answer {
        Answer { truth: Truth::True, why: None, decided }
    }

    /// It does not hold.
    pub fn no() -> Answer {
        Answer { truth: Truth::False, why: None, decided: Vec::new() }
    }

    /// Nobody knows.
    pub fn unknown(why: impl Into<Text>) -> Answer {
        Answer { truth: Truth::Unknown, why: Some(why.into()), decided: Vec::new() }
    }

    /// Holds if something was found; what could not be read might have been it.
    pub fn some(found: Vec<Decided>, unread: Option<Text>) -> Answer {
        match (found.is_empty(), unread) {
            (false, _) => Answer::yes(found),
            (true, Some(why)) => Answer::unknown(why),
            (true, None) => Answer::no(),
        }
    }
}

/// Every domain operator.
pub static DOMAIN: &[&Domain] = &[
    &grants::GRANTS_ACCESS,
    &policy_allows::POLICY_ALLOWS,
    &policy_public::POLICY_PUBLIC,
    &policy_cross_account::POLICY_CROSS_ACCOUNT,
    &denies_plain_http::DENIES_PLAIN_HTTP,
    &trust_lacks_source::TRUST_LACKS_SOURCE,
    &trust_open_federation::TRUST_OPEN_FEDERATION,
    &escalates::ESCALATES,
    &filter_pattern_covers::FILTER_PATTERN_COVERS,
    &allows_from::ALLOWS_FROM,
    &acl_allows_from::ACL_ALLOWS_FROM,
    &holds_secret::HOLDS_SECRET,
];

/// The domain operator `name`.
pub fn domain(name: &str) -> Option<&'static Domain> {
    DOMAIN.iter().copied().find(|row| row.name == name)
}

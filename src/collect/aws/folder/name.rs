//! What the name and content of a saved answer tell of it: operation, object, region, account.

use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::catalog::aws::kinds::Ask;
use crate::catalog::aws::{Row, rows};

/// What a path tells of an answer.
pub struct FileName {
    /// The name without ending, for the operation: lower case without hyphens.
    operation: String,
    /// The object that it is about.
    pub about: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Account.
    pub account: Option<String>,
}

impl FileName {
    /// What the path tells.
    pub fn of(path: &Path) -> FileName {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let (operation, about) = match name.split_once('.') {
            Some((operation, about)) => (operation.to_owned(), Some(about.to_owned())),
            None => (name, None),
        };
        let parts: Vec<String> = path
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let in_name = || about.as_deref().filter(|about| is_region(about)).map(str::to_owned);
        let region = parts.iter().rev().find(|part| is_region(part)).cloned().or_else(in_name);
        let about = about.filter(|about| !is_region(about));
        let account = parts.iter().rev().find(|part| is_account(part)).cloned();
        FileName { operation: operation.to_lowercase().replace(['-', '_'], ""), about, region, account }
    }

    /// Whether it names the operation.
    pub fn names(&self, operation: &str) -> bool {
        self.operation.ends_with(&operation.to_lowercase())
    }

    /// Asks of the rows that the name means: the longest operation that it ends with. What a row asks in several ways is told
    /// apart by the field that it becomes (`list-entities-for-policy.SupportAccess.json`).
    pub fn asks(&self) -> impl Iterator<Item = (&'static Row, usize)> + '_ {
        let all = || rows().iter().flat_map(|row| row.asks.iter().enumerate().map(move |(at, ask)| (row, at, ask)));
        let named = |ask: &Ask| self.names(&ask.call.operation);
        let longest = all().filter(|(.., ask)| named(ask)).map(|(.., ask)| ask.call.operation.len()).max();
        all()
            .filter(move |(_, _, ask)| named(ask) && Some(ask.call.operation.len()) == longest)
            .filter(|(row, _, ask)| {
                let alike = row.asks.iter().filter(|other| other.call.operation == ask.call.operation).count();
                alike == 1 || (row.lists.is_empty() && ask.field.as_deref() == self.about.as_deref())
            })
            .map(|(row, at, _)| (row, at))
    }

    /// Whether it names a call about one object, and the object.
    pub fn operation_is_about_one(&self) -> bool {
        self.about.is_some() && self.asks().next().is_some()
    }
}

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts.next_back().is_some_and(|last| last.len() == 1 && last.bytes().all(|b| b.is_ascii_digit()));
    let words: Vec<&str> = parts.collect();
    number && words.len() >= 2 && words[0].len() == 2 && words.iter().all(|w| w.bytes().all(|b| b.is_ascii_lowercase()))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The region of the first ARN, or of an availability zone.
pub fn region_in(answer: &Map<String, Json>) -> Option<String> {
    find_text(&Json::Object(answer.clone()), 0, &|key, text| {
        if key == "AvailabilityZone" {
            let zone = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
            return is_region(zone).then(|| zone.to_owned());
        }
        let region = text.strip_prefix("arn:")?.split(':').nth(2)?;
        is_region(region).then(|| region.to_owned())
    })
}

/// The account of the first ARN, or of an owner.
pub fn account_in(answer: &Map<String, Json>) -> Option<String> {
    find_text(&Json::Object(answer.clone()), 0, &|key, text| {
        if key == "OwnerId" && is_account(text) {
            return Some(text.to_owned());
        }
        let account = text.strip_prefix("arn:")?.split(':').nth(3)?;
        is_account(account).then(|| account.to_owned())
    })
}

// The first text, in the first elements of lists, of which something can be told.
fn find_text(value: &Json, depth: usize, tell: &dyn Fn(&str, &str) -> Option<String>) -> Option<String> {
    if depth > 8 {
        return None;
    }
    match value {
        Json::Object(map) => map.iter().find_map(|(key, value)| match value {
            Json::String(text) => tell(key, text),
            value => find_text(value, depth + 1, tell),
        }),
        Json::Array(items) => items.iter().take(3).find_map(|item| match item {
            Json::String(text) => tell("", text),
            item => find_text(item, depth + 1, tell),
        }),
        _ => None,
    }
}

/// `DescribeDBInstances` as the command line writes it: `describe-db-instances`.
pub fn kebab(operation: &str) -> String {
    let letters: Vec<char> = operation.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && !letters[at - 1].is_uppercase();
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase() && *next != 's');
        if letter.is_uppercase() && at > 0 && (after_lower || before_lower) {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_spelled_as_on_the_command_line() {
        for (operation, command) in [
            ("DescribeDBInstances", "describe-db-instances"),
            ("GetBucketPolicy", "get-bucket-policy"),
            ("ListWebACLs", "list-web-acls"),
            ("ListSAMLProviders", "list-saml-providers"),
            ("DescribeSSLPolicies", "describe-ssl-policies"),
        ] {
            assert_eq!(kebab(operation), command);
        }
    }
}

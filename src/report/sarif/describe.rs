//! Rules, messages and addresses in the words of SARIF.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::base::text::sanitise;
use crate::model::{Assessment, CheckInfo, Evidence, Outcome, Severity, State};
use crate::report::markdown::prose;
use crate::report::view::Row;
use crate::report::words;

/// Tags per rule that code scanning accepts.
const TAGS: usize = 20;

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// `CIS 1.12.0 5.2.2`.
pub(super) fn requirement(row: &Row<'_>) -> String {
    let standard = &row.standard.standard;
    format!("{} {} {}", standard.short, standard.version, row.rule.id)
}

pub(super) fn person_rule(row: &Row<'_>) -> String {
    format!("{}/{}", row.standard.standard.id, sanitise(&row.rule.id))
}

pub(super) fn descriptor<'t>(check: &CheckInfo, requirements: impl Iterator<Item = &'t str>) -> Value {
    let mut tags = vec!["security".to_owned()];
    tags.extend(requirements.map(|tag| sanitise(tag).into_owned()));
    tags.extend(check.themes.iter().map(|tag| sanitise(tag).into_owned()));
    tags.truncate(TAGS);
    let mut links = String::new();
    for link in check.links.iter().filter_map(|link| web(link)) {
        // Writing to a String cannot fail.
        _ = write!(links, "\n\n{link}");
    }
    let mut descriptor = json!({
        "id": check.id,
        "name": pascal(&check.id),
        "shortDescription": {"text": text(&check.title)},
        "fullDescription": {"text": text(&check.why)},
        "help": {
            "text": format!("{}\n\nHow to fix it: {}{links}", text(&check.why), text(&check.fix)),
            "markdown": format!("{}\n\n**How to fix it:** {}{links}", prose(&check.why), prose(&check.fix)),
        },
        "defaultConfiguration": {"level": level(check.severity())},
        "properties": {
            "tags": tags,
            "precision": "very-high",
            "problem.severity": level(check.severity()),
            "security-severity": format!("{:.1}", check.ccss.base()),
            "ccss": check.ccss.to_string(),
        },
    });
    if let (Some(link), Some(descriptor)) = (check.links.iter().find_map(|link| web(link)), descriptor.as_object_mut())
    {
        descriptor.insert("helpUri".to_owned(), Value::from(link));
    }
    descriptor
}

/// Level of a rule that a person answers.
pub(super) fn person_level(row: &Row<'_>) -> &'static str {
    match row.state {
        State::Failed => row.rule.severity.map_or("warning", level),
        _ => "none",
    }
}

pub(super) fn person_descriptor(id: &str, row: &Row<'_>) -> Value {
    let hint = row.rule.hint.as_deref().unwrap_or("A person has to look.");
    let standard = &row.standard.standard;
    json!({
        "id": id,
        "name": pascal(id),
        "shortDescription": {"text": text(&row.rule.title)},
        "fullDescription": {"text": text(&format!("{} {} {}: {}", standard.short, standard.version, row.rule.id, row.rule.title))},
        "help": {"text": text(hint), "markdown": prose(hint)},
        "defaultConfiguration": {"level": person_level(row)},
        "properties": {"tags": ["security", sanitise(&requirement(row))]},
    })
}

pub(super) fn notifications(assessment: &Assessment) -> Vec<Value> {
    let gaps =
        assessment.gaps.iter().map(|gap| json!({"level": "warning", "message": {"text": text(&gap.to_string())}}));
    gaps.chain(assessment.notes.iter().map(|note| json!({"level": "note", "message": {"text": text(note)}}))).collect()
}

pub(super) fn message(name: &str, check: &CheckInfo, outcome: &Outcome) -> String {
    let mut out = format!("{name}: ");
    let Some(detail) = outcome.detail.as_deref() else {
        return text(&(out + &check.title)) + ".";
    };
    let reason = words::reason(detail).map(str::to_owned);
    let parts: Vec<String> = reason.into_iter().chain(detail.evidence.iter().map(property)).collect();
    out.push_str(&parts.join("; "));
    if detail.omitted > 0 {
        _ = write!(out, "; and {} more properties", detail.omitted);
    }
    if let Some(hint) = &detail.hint {
        _ = write!(out, ". {hint}");
    }
    if !out.ends_with('.') {
        out.push('.');
    }
    text(&out)
}

pub(super) fn property(evidence: &Evidence) -> String {
    let actual = evidence.actual.as_ref().map_or_else(|| " is absent".to_owned(), |actual| format!(" = {actual}"));
    format!("{}{actual}, expected {}", words::property(evidence), evidence.expected)
}

/// Message text: nothing in it is a link or a control character.
pub(super) fn text(raw: &str) -> String {
    words::short(&sanitise(raw), 10_000).replace("](", "] (")
}

/// `kubernetes-file-mode` as `KubernetesFileMode`.
pub(super) fn pascal(id: &str) -> String {
    let mut out = String::new();
    for word in id.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// The link, if it is a plain web address.
pub(super) fn web(link: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    (link.starts_with("https://") && link.chars().all(plain)).then_some(link)
}

/// A file path as a URI reference.
pub(super) fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    match path.strip_prefix('/') {
        Some(rest) => format!("file:///{}", encode(rest)),
        None => encode(path.trim_start_matches("./")),
    }
}

// Everything that is not plain is percent-encoded, `:` too: at the front it would look like a scheme.
pub(super) fn encode(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

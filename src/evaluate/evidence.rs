//! From the leaves that decided to what people read: reasons and evidence.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use foldhash::fast::FixedState;

use crate::base::text::count;
use crate::base::{command_line, redact};
use crate::catalog::ELEMENT_NAMES;
use crate::derive::Subject;
use crate::expr::path::{Step, Steps, write_steps};
use crate::expr::{Actual, Map, Trace, Value};
use crate::model::{Detail, Evidence, State, Text};
use crate::rules::{Each, Instance};

/// Longest value shown, in bytes.
const VALUE_LIMIT: usize = 300;

/// Makes the details of one instance. Equal details (the same reason for a thousand resources) are kept once.
pub struct Evidences<'a> {
    hint: Option<&'a String>,
    shared: Mutex<HashSet<Arc<Detail>, FixedState>>,
}

impl<'a> Evidences<'a> {
    /// For an instance.
    pub fn new(instance: &'a Instance) -> Evidences<'a> {
        Evidences { hint: instance.check.info.hint.as_ref(), shared: Mutex::default() }
    }

    /// Why a resource failed.
    pub fn failed(&self, subject: &Subject, traces: &[Trace]) -> Arc<Detail> {
        let (evidence, omitted) = self.evidence(subject, traces);
        let reason = evidence.first().map_or_else(String::new, |first| {
            let more = evidence.len() - 1 + omitted;
            let also = if more > 0 { format!(", and {more} more") } else { String::new() };
            let actual = first.actual.as_deref().unwrap_or("not set");
            [&first.path, ": ", actual, ", expected ", &first.expected, &also].concat()
        });
        self.share(Detail { reason, hint: None, evidence, omitted })
    }

    /// Why it cannot be decided.
    pub fn manual(&self, subject: &Subject, traces: &[Trace]) -> Arc<Detail> {
        let mut reasons: Vec<&str> = Vec::new();
        for trace in traces {
            if let Actual::Unknown(why) = &trace.actual
                && !reasons.contains(&why.as_str())
            {
                reasons.push(why);
            }
        }
        let reason = match reasons[..] {
            [] => "not enough was read to decide".to_owned(),
            [only] => only.to_owned(),
            [first, ..] => format!("{first}; and {}", count(reasons.len() - 1, "more reason")),
        };
        // Values that nobody read are no evidence; what was read beside them is.
        let known: Vec<Trace> = traces.iter().filter(|t| !matches!(t.actual, Actual::Unknown(_))).cloned().collect();
        let (evidence, omitted) = self.evidence(subject, &known);
        self.share(Detail { reason, hint: self.hint.cloned(), evidence, omitted })
    }

    /// Why a resource is not assessed.
    pub fn not_relevant(&self, subject: &Subject, traces: &[Trace]) -> Arc<Detail> {
        let words = |trace: &Trace| {
            let actual = match &trace.actual {
                Actual::Value(value) => shown(&trace.steps, value),
                _ => "not set".to_owned(),
            };
            match subject.locate(&trace.steps).path {
                // What other resources there are, not what this one has.
                path if path.is_empty() => format!("assessed only where there is {}", trace.expected),
                path => format!("{path} is {actual}, assessed only where {}", trace.expected),
            }
        };
        let reason = traces.first().map_or_else(|| "not applicable".to_owned(), words);
        self.share(Detail { reason, ..Detail::default() })
    }

    /// What a check that can only find violations says when it finds none.
    pub fn partial(&self) -> Arc<Detail> {
        let reason = "no violation is visible, but the configuration alone cannot prove compliance".to_owned();
        self.share(Detail { reason, hint: self.hint.cloned(), ..Detail::default() })
    }

    /// What none of the elements means.
    pub fn no_elements(&self, each: &Each, state: State) -> Arc<Detail> {
        let hint = if state == State::Manual { self.hint.cloned() } else { None };
        self.share(Detail { reason: format!("nothing at {}", each.path), hint, ..Detail::default() })
    }

    fn share(&self, detail: Detail) -> Arc<Detail> {
        // The line in a file is the resource's own.
        if detail.evidence.iter().any(|evidence| evidence.location.is_some()) {
            return Arc::new(detail);
        }
        let mut shared = self.shared.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = shared.get(&detail) {
            return known.clone();
        }
        let detail = Arc::new(detail);
        shared.insert(detail.clone());
        detail
    }

    fn evidence(&self, subject: &Subject, traces: &[Trace]) -> (Vec<Evidence>, usize) {
        let mut all: Vec<Evidence> = Vec::with_capacity(traces.len().min(Detail::EVIDENCE_LIMIT));
        let mut omitted = 0;
        for trace in traces {
            if all.len() >= Detail::EVIDENCE_LIMIT {
                omitted += 1;
                continue;
            }
            let evidence = evidence(subject, trace);
            if !all.contains(&evidence) {
                all.push(evidence);
            }
        }
        (all, omitted)
    }
}

fn evidence(subject: &Subject, trace: &Trace) -> Evidence {
    let (actual, why) = match &trace.actual {
        Actual::Value(value) => (Some(shown(&trace.steps, value)), None),
        Actual::Absent => (None, None),
        Actual::Unknown(why) => (None, Some(why.clone())),
    };
    let expected = trace.expected.clone();
    if let Some(related) = &trace.related {
        let mut path = String::new();
        write_steps(&trace.steps, &mut path);
        return Evidence { path, actual, expected, source: Some(related.clone()), location: None };
    }
    let origin = subject.locate(&trace.steps);
    let source = why.map(Text::from).or(origin.source).map(|source| source.to_string());
    Evidence { path: origin.path, actual, expected, source, location: origin.location }
}

// A value as evidence shows it: short, without secrets.
fn shown(steps: &[Step], value: &Value) -> String {
    let key = steps.iter().rev().find_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None });
    match (key, value) {
        (Some(key), Value::Str(_)) if redact::is_secret_name(key) => redact::MASK.to_owned(),
        // Each part takes at least one byte of the text, so that no more of them can be shown.
        (_, value) => without_secrets(value, &mut { VALUE_LIMIT }).to_json(VALUE_LIMIT),
    }
}

// The value with secrets taken out of it, wherever they stand: by the name of a key or flag, of an environment variable, and
// in addresses. Of a large value only as many parts as are left.
fn without_secrets(value: &Value, left: &mut usize) -> Value {
    if *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    match value {
        Value::Str(text) => Value::str(command_line::title(&command_line::text(text))),
        Value::List(items) if items.iter().all(|item| item.as_str().is_some()) => {
            let clean = command_line::arguments(items.iter().filter_map(Value::as_str).take(*left));
            *left -= clean.len();
            Value::list(clean.iter().map(Value::str))
        }
        Value::List(items) => Value::list(items.iter().take(*left).map(|item| without_secrets(item, left))),
        Value::Map(map) => {
            let named = value.get("name").and_then(Value::as_str).is_some_and(redact::is_secret_name);
            let is_secret = |key: &str| redact::is_secret_name(key) || (named && key == "value");
            let clean = map.iter().take(*left).map(|(key, value)| match value {
                Value::Str(_) if is_secret(key.as_str()) => (key, Value::str(redact::MASK)),
                value => (key, without_secrets(value, left)),
            });
            Value::Map(Arc::new(Map::new(clean.collect())))
        }
        other => other.clone(),
    }
}

/// Traces of an element, with its place and its name.
pub fn below(steps: &[Step], element: &Value, traces: Vec<Trace>) -> Vec<Trace> {
    let name = ELEMENT_NAMES.iter().find_map(|key| element.get(key).and_then(Value::as_str));
    traces
        .into_iter()
        .map(|mut trace| {
            if trace.related.is_none() {
                trace.steps = steps.iter().cloned().chain(trace.steps).collect();
                if let Some(name) = name {
                    trace.expected = format!("{} ({name})", trace.expected);
                }
            }
            trace
        })
        .collect()
}

/// The trace of an element that could not be read.
pub fn unknown_element(steps: Steps, why: &str) -> Trace {
    Trace { steps, actual: Actual::Unknown(why.to_owned()), expected: String::new(), related: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_value_shows_a_secret() {
        let json = |text: &str| Value::from(serde_json::from_str::<serde_json::Value>(text).unwrap());
        for (value, text) in [
            (
                r#"[{"name":"DB_PASSWORD","value":"s3cret"},{"name":"HOME","value":"/"}]"#,
                r#"[{"name":"DB_PASSWORD","value":"(masked)"},{"name":"HOME","value":"/"}]"#,
            ),
            (
                r#"["serve","--token","s3cret","--db=postgres://u:s3cret@h/x","--v=2"]"#,
                r#"["serve","--token","(redacted)","--db=postgres://(redacted)@h/x","--v=2"]"#,
            ),
            (
                r#"{"a":{"clientSecret":"s3cret","secretName":"web"}}"#,
                r#"{"a":{"clientSecret":"(masked)","secretName":"web"}}"#,
            ),
            (r#""exec app --password=s3cret -v""#, r#""exec app --password=(redacted) -v""#),
            (r#"["ALL", null, 1, [true, {}]]"#, r#"["ALL",null,1,[true,{}]]"#),
        ] {
            assert_eq!(shown(&[], &json(value)), text);
        }
        // What is cut is shown to be cut, and costs no more than what is shown.
        for long in [Value::list((0..10_000).map(Value::Int)), Value::list(vec![Value::str(""); 10_000])] {
            let text = shown(&[], &long);
            assert!(text.ends_with("...") && text.len() < VALUE_LIMIT + 5, "{text}");
        }
    }
}

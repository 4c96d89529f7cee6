//! The filter of a report as DQL, for a security platform that keeps the findings as events: `COMPLIANCE_FINDING`, one per
//! rule and resource, and `COMPLIANCE_SCAN_COMPLETED`, one per scan, with the same `scan.id`.
//!
//! Values are those of the events: states and severities in capitals, rules as `CIS-5.2.2`, standards by name and version.
//! Waivers are no part of these events.

use crate::model::{Assessment, StandardInfo, State};
use crate::report::{Column, View, names_standard};

/// How far back the last scans of systems are looked for.
const SINCE: &str = "now() - 30d";

/// The query that finds what the view shows of these assessments: its rules; or, if it narrows rules to some of their
/// resources, the findings there. `latest` asks for the last scan of each system instead of for these very scans.
pub fn dql(view: &View, assessments: &[Assessment], latest: bool) -> String {
    let narrowed = view.resource.is_some() || !view.namespaces.is_empty();
    let first = assessments.iter().map(|assessment| assessment.assessed_at.as_str()).min().filter(|_| !latest);
    let from = format!("fetch security.events, from: {}", first.map_or_else(|| SINCE.to_owned(), quote));
    let asked = (!latest).then(|| any(assessments.iter().map(|a| format!("scan.id == {}", quote(&a.id)))));
    let mut query = vec![from.clone()];
    let mut conditions = vec!["event.type == \"COMPLIANCE_FINDING\"".to_owned()];
    conditions.extend(asked.clone());
    conditions.push(standards(view, assessments));
    if !view.severities.is_empty() {
        let level = |word: &str| format!("compliance.rule.severity.level == {}", quote(&word.to_uppercase()));
        conditions.push(any(view.severities.iter().map(|severity| level(severity.as_str()))));
    }
    conditions.extend(view.rule.as_deref().map(rule));
    if !view.namespaces.is_empty() {
        conditions.push(any(view.namespaces.iter().map(|name| format!("k8s.namespace.name == {}", quote(name)))));
    }
    conditions.extend(view.resource.as_deref().map(resource));
    if narrowed {
        conditions.extend(results(view, "compliance.result.status.level"));
    }
    query.push(format!("| filter {}", conditions.join("\n    AND ")));
    query.push(scans(view, asked.as_deref(), &from));
    let columns = "system = right.object.name, standard = compliance.standard.name, rule = compliance.rule.id";
    if narrowed {
        query.push(format!(
            "| fields {columns}, title = compliance.rule.title,\n    severity = compliance.rule.severity.level, \
             severity_score = compliance.rule.severity.score,\n    result = compliance.result.status.level, \
             result_score = compliance.result.status.score,\n    type = object.type, namespace = k8s.namespace.name, \
             name = object.name, reason = compliance.result.description,\n    assessed = timestamp"
        ));
    } else {
        let count = |state: State| {
            let word = state.as_str();
            format!("{word} = countIf(compliance.result.status.level == {})", quote(&word.to_uppercase()))
        };
        let counts: Vec<String> = State::ALL.into_iter().map(count).collect();
        query.push(format!(
            "| summarize {{{},\n    title = takeAny(compliance.rule.title), severity = takeAny(compliance.rule.severity.level),\n    \
             severity_score = takeMax(compliance.rule.severity.score), result_score = takeMax(compliance.result.status.score),\n    \
             assessed = takeMax(timestamp)}},\n    by: {{{columns}}}",
            counts.join(",\n    ")
        ));
        let result = "if(failed > 0, \"FAILED\", else: if(manual > 0, \"MANUAL\", else: if(passed > 0, \"PASSED\", \
                      else: \"NOT_RELEVANT\")))";
        query.push(format!("| fieldsAdd result = {result}"));
        query.extend(results(view, "result").map(|condition| format!("| filter {condition}")));
    }
    query.push(format!("| sort {}", order(view, narrowed)));
    query.join("\n") + "\n"
}

/// The scans that findings must be of: these very scans, or the last one of each system.
fn scans(view: &View, asked: Option<&str>, from: &str) -> String {
    let mut conditions = vec!["event.type == \"COMPLIANCE_SCAN_COMPLETED\"".to_owned()];
    conditions.extend(asked.map(str::to_owned));
    if !view.systems.is_empty() {
        let own = |name: &String| format!("lower(object.name) == {}", quote(&name.to_lowercase()));
        conditions.push(any(view.systems.iter().map(own)));
    }
    let dedup = if asked.is_none() { "\n    | dedup {object.id}, sort: {timestamp desc}" } else { "" };
    format!(
        "| join [\n    {from}\n    | filter {}{dedup}\n    | fields scan.id, object.name\n  ], on: {{scan.id}}",
        conditions.join("\n        AND ")
    )
}

/// The standards that the view shows, each by name and version, as the events have them.
fn standards(view: &View, assessments: &[Assessment]) -> String {
    let results = assessments.iter().flat_map(|assessment| &assessment.standards);
    let shown = results.filter(|result| match view.standards.as_slice() {
        [] => result.selected,
        names => names_standard(names, &result.standard),
    });
    let name = |standard: &StandardInfo| format!("{} {}", standard.name, standard.version);
    let mut names: Vec<String> = shown.map(|result| name(&result.standard)).collect();
    names.sort();
    names.dedup();
    any(names.iter().map(|name| format!("compliance.standard.name == {}", quote(name))))
}

fn results(view: &View, field: &str) -> Option<String> {
    if !view.results.is_empty() {
        let states = view.results.iter().map(|state| format!("{field} == {}", quote(&state.as_str().to_uppercase())));
        return Some(any(states));
    }
    (!view.complete).then(|| format!("{field} != \"NOT_RELEVANT\""))
}

/// Part of the id, from the beginning of a number; or of the title.
fn rule(text: &str) -> String {
    let text = text.to_lowercase();
    let id = if text.starts_with(|c: char| c.is_ascii_digit()) { format!("-{text}") } else { text.clone() };
    any([
        format!("contains(lower(compliance.rule.id), {})", quote(&id)),
        format!("contains(lower(compliance.rule.title), {})", quote(&text)),
    ])
}

/// Part of `namespace/name`; the events spell kinds in their own way.
fn resource(text: &str) -> String {
    let text = text.to_lowercase();
    let place = text.rsplit(' ').next().unwrap_or(&text);
    any([
        format!("contains(lower(object.name), {})", quote(place)),
        format!("contains(lower(concat(k8s.namespace.name, \"/\", object.name)), {})", quote(place)),
    ])
}

fn order(view: &View, narrowed: bool) -> String {
    let mut keys = vec![("result_score", true), ("severity_score", true), ("standard", false), ("rule", false)];
    if let Some(sort) = view.sort {
        let column = match sort.column {
            Column::System => Some("system"),
            Column::Standard => Some("standard"),
            Column::Rule => Some("rule"),
            Column::Title => Some("title"),
            Column::Severity => Some("severity_score"),
            Column::Result => Some("result_score"),
            Column::Assessed => Some("assessed"),
            Column::Failed if !narrowed => Some("failed"),
            Column::Manual if !narrowed => Some("manual"),
            Column::Passed if !narrowed => Some("passed"),
            Column::NotRelevant if !narrowed => Some("not_relevant"),
            _ => None,
        };
        if let Some(column) = column {
            keys.retain(|(key, _)| *key != column);
            // Ascending begins with what failed, which has the highest score.
            keys.insert(0, (column, sort.descending != (column == "result_score")));
        }
    }
    let keys: Vec<String> =
        keys.iter().map(|(key, descending)| format!("{key} {}", if *descending { "desc" } else { "asc" })).collect();
    keys.join(", ")
}

/// Alternatives. None of them are never true.
fn any(conditions: impl IntoIterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.into_iter().collect();
    match conditions.as_slice() {
        [] => "false".to_owned(),
        [one] => one.clone(),
        several => format!("({})", several.join(" OR ")),
    }
}

/// A literal, on one line.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;
    use crate::model::sample::{Size, cluster};

    fn query(view: &View, latest: bool) -> String {
        dql(view, &[cluster(Size::SMALL, "prod", 1)], latest)
    }

    #[test]
    fn rules_of_the_last_scans() {
        let view = View {
            systems: vec!["Prod \"1\"".to_owned()],
            standards: vec!["cis".to_owned()],
            results: vec![State::Failed, State::Manual],
            severities: vec![Severity::High],
            rule: Some("5.2".to_owned()),
            ..View::default()
        };
        insta::assert_snapshot!(query(&view, true));
    }

    #[test]
    fn findings_of_some_resources_in_these_scans() {
        let view = View {
            namespaces: vec!["shop".to_owned()],
            resource: Some("Deployment shop/Cart".to_owned()),
            sort: Some("severity:desc".parse().unwrap()),
            ..View::default()
        };
        insta::assert_snapshot!(query(&view, false));
    }

    #[test]
    fn hostile_text_stays_in_its_literal() {
        assert_eq!(quote("a\"b\\c\n| x"), "\"a\\\"b\\\\c | x\"");
        let view = View { rule: Some("\" OR true // \n".to_owned()), ..View::default() };
        let query = query(&view, true);
        assert!(query.contains("\"\\\" or true //  \""), "{query}");
    }
}

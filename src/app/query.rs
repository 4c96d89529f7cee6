//! The filter of a report as SQL on the views of the history.

use crate::model::{Assessment, State};
use crate::report::{Column, View};

/// The query that finds what the view shows of these assessments: its rules; or, if it narrows rules to some of their
/// resources, the failed and Manual findings there (what passed is kept in a form that SQL does not read).
pub fn sql(view: &View, assessments: &[Assessment], latest: bool) -> String {
    let narrowed = view.resource.is_some() || !view.namespaces.is_empty();
    let mut conditions = Vec::new();
    if latest {
        conditions.push("r.scan_id IN (SELECT scan_id FROM latest_scans)".to_owned());
    } else {
        conditions.push(format!("r.scan IN ({})", list(assessments.iter().map(|assessment| assessment.id.clone()))));
    }
    if !view.systems.is_empty() {
        conditions.push(format!("lower(r.system) IN ({})", lower(&view.systems)));
    }
    conditions.push(match view.standards.as_slice() {
        [] => "r.selected = 1".to_owned(),
        names => {
            let names = lower(names);
            let columns = [
                "r.short",
                "r.standard_name",
                "r.standard",
                "r.short || '@' || r.standard_version",
                "r.standard_name || '@' || r.standard_version",
            ];
            format!("({})", columns.map(|column| format!("lower({column}) IN ({names})")).join(" OR "))
        }
    });
    if !view.complete {
        conditions.push("r.out_of_scope = 0".to_owned());
    }
    let state = if narrowed { "f.state" } else { "r.state" };
    if !view.results.is_empty() {
        conditions.push(format!("{state} IN ({})", list(view.results.iter().map(|state| state.as_str().to_owned()))));
    } else if !view.complete {
        conditions.push(format!("{state} <> {}", quote(State::NotRelevant.as_str())));
    }
    if !view.severities.is_empty() {
        let severities = view.severities.iter().map(|severity| severity.as_str().to_owned());
        conditions.push(format!("r.severity IN ({})", list(severities)));
    }
    conditions.extend(view.rule.as_deref().map(rule));
    if !view.namespaces.is_empty() {
        conditions.push(format!("f.scope IN ({})", list(view.namespaces.iter().cloned())));
    }
    if let Some(text) = &view.resource {
        let shown = "f.kind || ' ' || coalesce(f.scope || '/', '') || f.name";
        conditions.push(format!("instr(lower({shown}), {}) > 0", quote(&text.to_lowercase())));
    }
    let conditions = conditions.join("\n  AND ");
    let order = order(view);
    if narrowed {
        format!(
            "-- Failed and Manual findings of the filter.\n\
             SELECT r.system, r.short AS standard, r.rule, r.title, r.severity, f.state, f.kind, f.scope, f.name, f.element,\n    \
             f.reason, f.waived_until, f.waived_because, r.assessed_at\nFROM rule_view AS r\nJOIN finding_view AS f ON f.scan_id = r.scan_id \
             AND f.check_result IN (SELECT value FROM json_each(r.checks))\nWHERE {conditions}\nORDER BY {order}, f.kind, \
             f.scope, f.name, f.element;\n"
        )
    } else {
        format!(
            "SELECT r.system, r.short AS standard, r.standard_version, r.rule, r.title, r.severity, r.state, r.failed, r.waived,\n    \
             r.manual, r.passed, r.not_relevant, r.assessed_at\nFROM rule_view AS r\nWHERE {conditions}\nORDER BY {order};\n"
        )
    }
}

/// Part of the id, not in the middle of a number; of the title; of the id of a check.
fn rule(text: &str) -> String {
    let text = text.to_lowercase();
    let (plain, pattern) = (quote(&text), glob(&text));
    format!(
        "(lower(r.rule) GLOB {} OR lower(r.rule) GLOB {} OR instr(lower(r.title), {plain}) > 0\n       \
         OR EXISTS (SELECT 1 FROM json_each(r.checks) AS own JOIN check_results AS c ON c.scan = r.scan_id\n           \
         AND c.position = own.value WHERE instr(lower(c.check_id), {plain}) > 0))",
        quote(&format!("{pattern}*")),
        quote(&format!("*[^.0-9]{pattern}*")),
    )
}

fn order(view: &View) -> String {
    const SEVERITY: &str =
        "CASE r.severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END";
    const STATE: &str = "CASE r.state WHEN 'failed' THEN 0 WHEN 'manual' THEN 1 WHEN 'passed' THEN 2 ELSE 3 END";
    let attention = format!("{STATE}, r.failed > 0 AND r.waived = r.failed, {SEVERITY} DESC, r.standard, r.rule");
    let Some(sort) = view.sort.filter(|sort| sort.column != Column::Attention) else { return attention };
    let column = match sort.column {
        Column::Severity => SEVERITY.to_owned(),
        Column::Result => STATE.to_owned(),
        Column::NotRelevant => "r.not_relevant".to_owned(),
        Column::Assessed => "r.assessed_at".to_owned(),
        other => format!("r.{}", other.as_str()),
    };
    format!("{column}{}, {attention}", if sort.descending { " DESC" } else { "" })
}

fn lower(texts: &[String]) -> String {
    list(texts.iter().map(|text| text.to_lowercase()))
}

fn list(texts: impl Iterator<Item = String>) -> String {
    texts.map(|text| quote(&text)).collect::<Vec<_>>().join(", ")
}

/// A literal. SQL ends text at a zero byte, so there is none in it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

/// The text as a pattern of GLOB that means itself.
fn glob(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '*' | '?' | '[') { format!("[{c}]") } else { c.to_string() }).collect()
}

//! Says what is wrong with a kubeconfig that the client refuses. Values are never quoted: they are credentials.

use std::path::Path;

use serde_yaml::Value;

/// What a field holds.
enum Shape {
    Text,
    Truth,
    /// A list of entries.
    List(&'static Shape),
    /// A map with these fields, and whether they have to be there; others are left alone.
    Fields(&'static [(&'static str, bool, Shape)]),
}

use Shape::{Fields, List, Text, Truth};

const CONFIG: Shape = Fields(&[
    ("current-context", false, Text),
    ("clusters", false, List(&CLUSTER)),
    ("contexts", false, List(&CONTEXT)),
    ("users", false, List(&USER)),
]);
const CLUSTER: Shape = Fields(&[
    ("name", true, Text),
    (
        "cluster",
        false,
        Fields(&[
            ("server", false, Text),
            ("certificate-authority", false, Text),
            ("certificate-authority-data", false, Text),
            ("insecure-skip-tls-verify", false, Truth),
            ("disable-compression", false, Truth),
            ("tls-server-name", false, Text),
            ("proxy-url", false, Text),
        ]),
    ),
]);
const CONTEXT: Shape = Fields(&[
    ("name", true, Text),
    ("context", false, Fields(&[("cluster", true, Text), ("user", false, Text), ("namespace", false, Text)])),
]);
const USER: Shape = Fields(&[
    ("name", true, Text),
    (
        "user",
        false,
        Fields(&[
            ("token", false, Text),
            ("tokenFile", false, Text),
            ("username", false, Text),
            ("password", false, Text),
            ("client-certificate", false, Text),
            ("client-certificate-data", false, Text),
            ("client-key", false, Text),
            ("client-key-data", false, Text),
            ("as", false, Text),
            ("as-groups", false, List(&Text)),
            ("auth-provider", false, Fields(&[("name", true, Text)])),
            (
                "exec",
                false,
                Fields(&[
                    ("apiVersion", false, Text),
                    ("command", false, Text),
                    ("args", false, List(&Text)),
                    ("env", false, List(&Fields(&[("name", true, Text), ("value", true, Text)]))),
                    ("interactiveMode", false, Text),
                    ("provideClusterInfo", false, Truth),
                ]),
            ),
        ]),
    ),
]);

/// The field at fault, or the place where the file is no YAML; none if nothing is found.
pub(super) fn diagnose(file: &Path) -> Option<String> {
    problem(&std::fs::read_to_string(file).ok()?)
}

fn problem(text: &str) -> Option<String> {
    match serde_yaml::from_str::<Value>(text) {
        Ok(value) => misfit(&CONFIG, &value, ""),
        // The message of the parser may quote the text, so only the place is told.
        Err(error) => {
            error.location().map(|place| format!("line {}, column {}: not YAML", place.line(), place.column()))
        }
    }
}

fn misfit(shape: &Shape, value: &Value, path: &str) -> Option<String> {
    let wrong = |expected: &str| Some(format!("{}: {expected} is expected here, not {}", at(path), named(value)));
    match (shape, value) {
        (Text, Value::String(_)) | (Truth, Value::Bool(_)) => None,
        (Text, _) => wrong("text"),
        (Truth, _) => wrong("true or false"),
        (List(_) | Fields(_), Value::Null) => None,
        (List(each), Value::Sequence(items)) => {
            items.iter().enumerate().find_map(|(index, item)| misfit(each, item, &format!("{path}[{index}]")))
        }
        (List(_), _) => wrong("a list"),
        (Fields(fields), Value::Mapping(map)) => fields.iter().find_map(|(name, required, shape)| {
            let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
            match map.get(*name) {
                None | Some(Value::Null) => required.then(|| format!("{path} is missing")),
                Some(value) => misfit(shape, value, &path),
            }
        }),
        (Fields(_), _) => wrong("a map"),
    }
}

fn at(path: &str) -> &str {
    if path.is_empty() { "the file" } else { path }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a map",
        Value::Tagged(_) => "a tagged value",
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn names_the_field_and_quotes_no_value() {
        let said = |text: &str| problem(text).unwrap_or_default();
        assert_eq!(
            said("users: [{name: a, user: {token: [hunter2]}}]"),
            "users[0].user.token: text is expected here, not a list"
        );
        assert_eq!(said("users: [{name: a, user: hunter2}]"), "users[0].user: a map is expected here, not text");
        assert_eq!(said("contexts: [{name: a, context: {user: b}}]"), "contexts[0].context.cluster is missing");
        assert_eq!(said("clusters: [{cluster: {server: x}}]"), "clusters[0].name is missing");
        assert_eq!(said("hunter2"), "the file: a map is expected here, not text");
        assert_eq!(said("users:\n- name: a\n  user: {token: 'hunter2\n"), "line 4, column 1: not YAML");
        assert_eq!(problem("users: [{name: a, user: {token: t}}]"), None);
    }
}

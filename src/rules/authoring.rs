//! What authors of rules need: the JSON Schema for their editor, a skeleton, the reference page. All of it comes from the
//! tables of the language and the catalog, so it cannot go stale.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::catalog::{self, Source};
use crate::expr::domain::{self, DOMAIN, Key};
use crate::expr::operators::{MODIFIERS, NESTED, OPERATORS, TYPE_NAMES, Takes};
use crate::expr::predicate::Comparison;
use crate::model::{Control, StandardKind, Technology};

use super::check::THEMES;

// The name of a parameter, which may stand instead of a value.
fn parameter() -> Value {
    json!({"type": "string", "pattern": "^\\$[A-Za-z0-9_]+$"})
}

fn operand(takes: Takes) -> Value {
    let scalar = json!({"type": ["string", "number", "boolean"]});
    let own = match takes {
        Takes::Scalar => return scalar,
        Takes::Text | Takes::Pattern | Takes::Mode | Takes::Duration => return json!({"type": ["string", "number"]}),
        Takes::Scalars => json!({"type": "array", "items": scalar}),
        Takes::Number => json!({"type": "number"}),
        Takes::Range => json!({"type": "array", "minItems": 2, "maxItems": 2}),
        Takes::Flag => json!({"type": "boolean"}),
        Takes::TypeName => json!({"enum": TYPE_NAMES}),
    };
    json!({"anyOf": [own, parameter()]})
}

// The operand of a domain operator: a map with known keys.
fn keys(keys: &[Key]) -> Value {
    let properties: serde_json::Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut schema = argument(key.takes);
            schema["description"] = key.doc.into();
            (key.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn argument(takes: domain::Takes) -> Value {
    let text = json!({"type": ["string", "number"]});
    let own = match takes {
        domain::Takes::Text => return text,
        domain::Takes::Texts => json!({"anyOf": [text, {"type": "array", "items": text}]}),
        domain::Takes::Flag => json!({"type": "boolean"}),
        domain::Takes::Number => json!({"type": "integer"}),
        domain::Takes::Numbers => json!({"type": ["integer", "array"], "items": {"type": ["integer", "string"]}}),
        domain::Takes::OneOf(words) => json!({"enum": words}),
        domain::Takes::Map(inner) => keys(inner),
        domain::Takes::Maps(inner) => json!({"type": "array", "items": keys(inner)}),
    };
    json!({"anyOf": [own, parameter()]})
}

fn definitions() -> Value {
    let mut operators = serde_json::Map::new();
    for operator in OPERATORS {
        let mut schema = operand(operator.takes);
        schema["description"] = operator.doc.into();
        operators.insert(operator.name.to_owned(), schema);
    }
    for (name, doc) in NESTED {
        operators.insert((*name).to_owned(), json!({"description": doc}));
    }
    for row in DOMAIN {
        let schema = json!({"anyOf": [keys(row.keys), parameter()], "description": row.doc});
        operators.insert(row.name.to_owned(), schema);
    }
    operators.insert("ignore_case".to_owned(), json!({"type": "boolean", "description": MODIFIERS[0].1}));
    operators.insert(
        "unset".to_owned(),
        json!({
            "anyOf": [{"enum": [true, false, "unknown", "true", "false"]}, parameter()],
            "description": MODIFIERS[1].1,
        }),
    );
    json!({
        "operators": {"type": "object", "properties": operators, "additionalProperties": false},
        "condition": {"anyOf": [
            {"type": ["string", "number", "boolean"], "description": "equals"},
            {"type": "array", "description": "one of"},
            {"$ref": "#/$defs/operators"},
        ]},
        "predicates": {"type": "array", "items": {"$ref": "#/$defs/predicate"}},
        "predicate": {
            "type": "object",
            "description": "Paths with conditions, and combinators; all of them must hold.",
            "properties": {
                "any": {"$ref": "#/$defs/predicates", "description": "At least one holds."},
                "all": {"$ref": "#/$defs/predicates", "description": "Every one holds."},
                "none": {"$ref": "#/$defs/predicates", "description": "None holds."},
                "not": {"$ref": "#/$defs/predicate", "description": "It does not hold."},
                "related": {"$ref": "#/$defs/related"},
                "undecided": {
                    "description": "Unknown, for this reason: what no configuration tells.",
                    "anyOf": [
                        {"type": "string"},
                        {
                            "type": "object",
                            "required": ["unless", "why"],
                            "additionalProperties": false,
                            "properties": {
                                "unless": {"description": "A parameter that tells it; false where that is not empty."},
                                "why": {"type": "string"},
                            },
                        },
                    ],
                },
            },
            "additionalProperties": {"$ref": "#/$defs/condition"},
        },
        "related": {
            "type": "object",
            "description": "Other resources whose values equal ours.",
            "required": ["resource", "on"],
            "properties": {
                "resource": {"enum": sources()},
                "on": {"type": "object", "additionalProperties": {"type": "string"}, "description": "their path: our path"},
                "scope": {"enum": ["region", "account"], "description": "Between resources that lie in regions only those of the same region count, unless this is `account`."},
                "any": {"$ref": "#/$defs/predicate"},
                "all": {"$ref": "#/$defs/predicate"},
                "none": {"$ref": "#/$defs/predicate"},
                "count": {"type": "object", "properties": comparisons()},
            },
            "additionalProperties": false,
        },
    })
}

fn comparisons() -> Value {
    let mut properties: serde_json::Map<String, Value> =
        Comparison::NAMED.iter().map(|(name, _)| ((*name).to_owned(), json!({}))).collect();
    properties.insert("where".to_owned(), json!({"$ref": "#/$defs/predicate"}));
    Value::Object(properties)
}

fn sources() -> Vec<&'static str> {
    catalog::views().map(|view| view.name).chain(catalog::kinds().map(|kind| kind.name)).collect()
}

/// The JSON Schema of check files.
pub fn check_schema() -> Value {
    let text = |doc: &str| json!({"type": "string", "description": doc});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "spm check",
        "type": "object",
        "required": ["id", "title", "resource", "assert", "control", "ccss", "themes", "why", "fix", "links", "examples"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "The file name without ending."},
            "title": text("A statement that is true when passed."),
            "resource": {"enum": sources(), "description": "Kind or view; one result per subject of it."},
            "where": {"$ref": "#/$defs/predicate", "description": "Which subjects are assessed; the others are Not relevant."},
            "each": {
                "type": "object",
                "required": ["path"],
                "additionalProperties": false,
                "description": "Elements inside of the subject; assert is about each of them.",
                "properties": {
                    "path": {"type": "string"},
                    "where": {"$ref": "#/$defs/predicate"},
                    "empty": {"enum": ["not_relevant", "passed", "failed", "manual"]},
                },
            },
            "assert": {"$ref": "#/$defs/predicate", "description": "True: Passed. False: Failed. Unknown: Manual."},
            "params": {"type": "object", "additionalProperties": {
                "type": "object", "required": ["doc"], "additionalProperties": false,
                "properties": {"default": {}, "required": {"const": true}, "doc": {"type": "string"}},
            }},
            "partial": {"type": "boolean", "description": "May prove Failed, never Passed."},
            "hint": text("What a person must look at when it is Manual."),
            "control": {"enum": Control::ALL.map(Control::as_str)},
            "ccss": {"type": "string", "pattern": "^AV:[LAN]/AC:[HML]/Au:[MSN]/C:[NPC]/I:[NPC]/A:[NPC]/PL:(R|U|A|ND)/EM:[AP]"},
            "themes": {"type": "array", "minItems": 1, "items": {"enum": THEMES}},
            "why": text("Why it matters."),
            "fix": text("How to fix it, with the exact field or command."),
            "links": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^https://"}},
            "examples": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "passed": {"type": "array"}, "failed": {"type": "array"},
                    "manual": {"type": "array"}, "not_relevant": {"type": "array"},
                },
            },
        },
        "$defs": definitions(),
    })
}

/// The JSON Schema of standard files.
pub fn standard_schema() -> Value {
    let scalar = json!({"type": ["string", "number"]});
    let names = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "spm standard",
        "type": "object",
        "required": ["standard", "applies", "rules"],
        "additionalProperties": false,
        "properties": {
            "standard": {
                "type": "object",
                "required": ["short", "name", "version", "url", "kind"],
                "additionalProperties": false,
                "properties": {
                    "short": {"type": "string"}, "name": {"type": "string"}, "version": scalar,
                    "url": {"type": "string"}, "kind": {"enum": StandardKind::ALL.map(StandardKind::as_str)},
                    "assessable": {"type": "integer", "minimum": 1, "description": "Requirements of the whole document that configuration can show, where the file lists only those that it maps."},
                },
            },
            "applies": {
                "type": "object",
                "required": ["technology"],
                "additionalProperties": false,
                "properties": {
                    "technology": {"enum": Technology::ALL.map(Technology::as_str)},
                    "distribution": {"anyOf": [
                        {"type": "string"}, names.clone(),
                        {"type": "object", "required": ["not"], "additionalProperties": false, "properties": {"not": names}},
                    ]},
                    "version": {"type": "string", "description": "For example \">=1.32, <1.35\"."},
                },
            },
            "rules": {"type": "array", "minItems": 1, "items": {
                "type": "object",
                "required": ["id", "title"],
                "additionalProperties": false,
                "properties": {
                    "id": scalar, "title": {"type": "string"},
                    "level": scalar, "cat": scalar, "stig": scalar, "maturity": scalar, "profile": scalar,
                    "assessment": {"enum": ["automated", "manual"]},
                    "checks": {"type": "array", "items": {"anyOf": [{"type": "string"}, {
                        "type": "object", "required": ["check"], "additionalProperties": false,
                        "properties": {"check": {"type": "string"}, "with": {"type": "object"}},
                    }]}},
                    "select": {"type": "object", "properties": {"themes": {"type": "array", "items": {"enum": THEMES}}}},
                    "manual": {"type": "string"}, "ccss": {"type": "string"}, "partly": {"type": "boolean"},
                    "technical": {"type": "boolean"}, "source": {"type": "string"},
                },
            }},
        },
    })
}

/// A check file to begin with: it loads, and its examples hold.
pub fn skeleton(id: &str, source: Source) -> String {
    let path = match source.name() {
        "container" => "securityContext.privileged",
        "workload" => "hostNetwork",
        _ => "metadata.labels['example']",
    };
    let subject = |value: &str| match source.name() {
        "container" => format!("{{ securityContext: {{ privileged: {value} }} }}"),
        "workload" => format!("{{ hostNetwork: {value} }}"),
        _ => format!("{{ metadata: {{ labels: {{ example: \"{value}\" }} }} }}"),
    };
    let path = if catalog_has(source, path) { path.to_owned() } else { first_field(source) };
    let own = path != "securityContext.privileged" && path != "hostNetwork" && !path.starts_with("metadata.labels");
    let subject = |value: &str| if own { nested(&path, value) } else { subject(value) };
    format!(
        "id: {id}\n\
         title: State here what is true when the check passes\n\
         resource: {resource}\n\
         assert:\n  {path}: {{ not: true }}\n\
         hint: Say what a person has to look at when this cannot be decided.\n\
         control: prevent # prevent, detect, contain or recover\n\
         ccss: AV:N/AC:L/Au:S/C:P/I:P/A:N/PL:ND/EM:A\n\
         themes: [hardening]\n\
         why: Say why this matters to somebody who runs the system.\n\
         fix: Say which field or command changes it, exactly.\n\
         links: [https://kubernetes.io/docs/concepts/security/]\n\
         examples:\n  passed: [{passed}]\n  failed: [{failed}]\n  manual: [{{ gap: \"{path}\" }}]\n",
        resource = source.name(),
        passed = subject("false"),
        failed = subject("true"),
    )
}

fn catalog_has(source: Source, path: &str) -> bool {
    use crate::expr::Schema;
    path.parse().is_ok_and(|path| super::CatalogSchema.path(source.name(), &path).is_ok())
}

fn first_field(source: Source) -> String {
    match source {
        Source::Kind(kind) => kind.fields.last().copied().unwrap_or("metadata").to_owned(),
        Source::View(view) => view
            .fields
            .iter()
            .find(|field| !field.path.is_empty() && !field.path.contains('*') && !field.open)
            .map_or("metadata", |field| field.path)
            .to_owned(),
    }
}

fn nested(path: &str, value: &str) -> String {
    path.rsplit('.').fold(value.to_owned(), |inner, key| format!("{{ {key}: {inner} }}"))
}

const DOMAIN_WORDS: &str = "\n## Domain operators\n\n\
    Questions that need more than a comparison; each takes a map. Evidence is the part of the value that decided.\n";

const JOIN_WORDS: &str = "\n## Joins\n\n\
    `related: { resource: KIND, on: { their.path: our.path }, any: ... }` is about the resources of another kind whose values \
    equal ours. One path of each side may have a wildcard: `on: { TopicArn: \"AlarmActions[*]\" }` leads to the topics of all of \
    the actions, each once. Between kinds that lie in regions only resources of the same region count, and only what could not \
    be read there leaves the answer open; `scope: account` takes all regions. Inside of `each` such a join needs \
    `scope: account`, since an element does not say where it lies.\n\n\
    ## What no configuration tells\n\n\
    `undecided: REASON` is a predicate that is always unknown. Beside others it leaves open exactly what they do not decide: \
    `any: [ { receiver: { empty: false } }, { type: mail, undecided: who reads the mail } ]`. If a \
    parameter tells it, `undecided: { unless: $readers, why: who reads the mail }` is unknown while that is empty, else false.\n";

fn key_rows(keys: &[Key], above: &str, out: &mut String) {
    for key in keys {
        let name = format!("{above}{}", key.name);
        let (takes, inner): (_, &[Key]) = match key.takes {
            domain::Takes::Map(inner) => ("a map".to_owned(), inner),
            domain::Takes::Maps(inner) => ("a list of maps".to_owned(), inner),
            other => (other.wants(), &[]),
        };
        let required = if key.required { " Required." } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| `{name}` | {takes} | {}{required} |", key.doc);
        key_rows(inner, &format!("{name}."), out);
    }
}

/// The reference page of the language: operators, resources, themes.
pub fn reference() -> String {
    let mut out = String::from(
        "# Reference of the rule language\n\n\
         Generated from the tables of the program; do not edit. How to write a rule is in the README and in CONTRIBUTING.\n\n\
         ## Operators\n\n\
         A condition is a scalar (equals), a list (one of) or a map of operators, all of which must hold. *Absent* is the truth \
         when the value is absent or null, unless the rule says `unset: true|false|unknown`. A value that was not collected is \
         always unknown, and so is a value of a type that the operator cannot judge.\n\n\
         | operator | absent | meaning | example | holds for | does not hold for |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    // Writing to a String cannot fail.
    for o in OPERATORS {
        let absent = match (o.name, o.absent) {
            ("exists" | "empty", _) => "decided".to_owned(),
            (_, truth) => format!("{truth:?}").to_lowercase(),
        };
        let (example, yes, no) = o.example;
        let _ = writeln!(out, "| `{}` | {absent} | {} | `{}: {example}` | `{yes}` | `{no}` |", o.name, o.doc, o.name);
    }
    out.push_str("\nOperators that hold further conditions, and modifiers:\n\n| word | meaning |\n| --- | --- |\n");
    for (name, doc) in NESTED.iter().chain(MODIFIERS) {
        let _ = writeln!(out, "| `{name}` | {doc} |");
    }
    out.push_str(DOMAIN_WORDS);
    for row in DOMAIN {
        let absent = format!("{:?}", row.absent).to_lowercase();
        let (example, yes, no) = row.example;
        let _ = write!(
            out,
            "\n### `{}`\n\n{} Of an absent value: {absent}, unless `unset` says otherwise.\n",
            row.name, row.doc
        );
        if !row.keys.is_empty() {
            out.push_str("\n| key | takes | meaning |\n| --- | --- | --- |\n");
            key_rows(row.keys, "", &mut out);
        }
        let _ = write!(out, "\n```yaml\n{}: {example}\n# holds for\n{yes}\n# does not hold for\n{no}\n```\n", row.name);
    }
    out.push_str(JOIN_WORDS);
    let _ = write!(out, "\n## Themes\n\n{}\n\n## Resources\n\n", THEMES.map(|theme| format!("`{theme}`")).join(", "));
    for view in catalog::views() {
        let _ = write!(
            out,
            "### {}\n\n{} view: {}.\n\n| field | what it holds |\n| --- | --- |\n",
            view.name, view.technology, view.subject
        );
        for field in view.fields {
            let path = if field.path.is_empty() { "*any*".to_owned() } else { format!("`{}`", field.path) };
            let _ = writeln!(out, "| {path} | {} |", field.doc);
        }
        out.push('\n');
    }
    out.push_str("### Kinds as they are read\n\n| kind | technology | fields |\n| --- | --- | --- |\n");
    for kind in catalog::kinds() {
        let _ = writeln!(out, "| `{}` | {} | {} |", kind.name, kind.technology, kind.fields.join(", "));
    }
    out
}

//! Whether a list of grants allows an access, decided as the authorizer of Kubernetes decides it: by verb, group and
//! resource with its wildcards, for any object of the resource.

use super::{About, Answer, Asked, Decided, Domain, Key, Question, Takes};
use crate::expr::path::Step;
use crate::expr::{Map, Truth, Value};
use crate::model::Text;

/// `grants_access`.
pub static GRANTS_ACCESS: Domain = Domain {
    name: "grants_access",
    doc: "Some grant of the list allows one of the verbs on the resource, as the RBAC authorizer decides.",
    keys: &[
        Key { name: "verbs", takes: Takes::Texts, required: true, doc: "Verbs; any of them is enough." },
        Key { name: "group", takes: Takes::Text, required: false, doc: "API group; the core group if left out." },
        Key {
            name: "resource",
            takes: Takes::Text,
            required: true,
            doc: "Resource, with its subresource if one is meant (`pods/exec`).",
        },
        Key {
            name: "scope",
            takes: Takes::OneOf(&["cluster", "any"]),
            required: false,
            doc: "`cluster`: only grants for the whole cluster count. Default `any`.",
        },
        Key {
            name: "builtin",
            takes: Takes::Flag,
            required: false,
            doc: "false: grants that the cluster makes itself do not count. Default true.",
        },
        Key {
            name: "names",
            takes: Takes::Texts,
            required: false,
            doc: "Objects of which one is as good as all: a grant that is narrowed to others does not count. Default none.",
        },
    ],
    absent: Truth::False,
    reads: &[],
    example: (
        r#"{"verbs": ["get"], "group": "", "resource": "secrets", "scope": "any", "builtin": false}"#,
        r#"[{"verbs": ["*"], "apiGroups": [""], "resources": ["secrets"], "scope": "shop", "builtin": false}]"#,
        r#"[{"verbs": ["*"], "apiGroups": [""], "resources": ["pods"], "scope": "shop", "builtin": false}]"#,
    ),
    parse: |arguments| {
        let access = Access {
            verbs: arguments.texts("verbs").to_vec(),
            group: arguments.text("group").unwrap_or_default().to_owned(),
            resource: arguments.text("resource").unwrap_or_default().to_owned(),
            cluster_only: arguments.text("scope") == Some("cluster"),
            ignore_builtin: arguments.flag("builtin") == Some(false),
            names: arguments.texts("names").to_vec(),
        };
        if access.verbs.is_empty() || access.resource.is_empty() {
            return Err("`verbs` and `resource` may not be empty".to_owned());
        }
        let group = if access.group.is_empty() { String::new() } else { format!(".{}", access.group) };
        let scope = if access.cluster_only { " in the whole cluster" } else { "" };
        let expected = format!("a grant to {} {}{group}{scope}", access.verbs.join(", "), access.resource);
        Ok(Asked { question: Box::new(access), expected })
    },
};

/// An access to ask about. Any of the verbs is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Verbs (`get`, `create`).
    pub verbs: Vec<String>,
    /// API group, empty for the core group.
    pub group: String,
    /// Resource with its subresource, if any (`pods`, `pods/exec`).
    pub resource: String,
    /// Only grants for the whole cluster count.
    pub cluster_only: bool,
    /// Grants that the cluster makes itself do not count.
    pub ignore_builtin: bool,
    /// Objects of which one is as good as all, so that a grant narrowed to it counts.
    pub names: Vec<String>,
}

impl Question for Access {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let (granted, deciding) = grants_access(value, self);
        let decided = deciding
            .into_iter()
            .filter_map(|at| Some(Decided { steps: vec![Step::Index(at)], shown: as_written(value.items().get(at)?) }));
        match granted {
            Granted::Yes => Answer::yes(decided.collect()),
            Granted::No => Answer::no(),
            Granted::Unknown(why) => Answer { decided: decided.collect(), ..Answer::unknown(why) },
        }
    }
}

/// Whether an access is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// By the grants whose indices stand beside.
    Yes,
    /// By none.
    No,
    /// Not by what is known; nobody knows about the rest, for this reason.
    Unknown(Text),
}

/// Verbs of requests that name no object.
const NAMELESS: [&str; 4] = ["create", "list", "watch", "deletecollection"];

/// Whether `grants`, a list of maps with `verbs`, `apiGroups`, `resources`, `resourceNames`, `scope` and `builtin`, allow the
/// access, with the indices of the grants that decide. A grant that names its objects is narrowed and allows no access in
/// general, unless it names one that is as good as all.
pub fn grants_access(grants: &Value, access: &Access) -> (Granted, Vec<usize>) {
    let items = match grants {
        Value::List(items) => items,
        Value::Null => return (Granted::No, Vec::new()),
        Value::Unknown(why) => return (Granted::Unknown(why.clone()), Vec::new()),
        other => {
            let why = format!("expected a list of grants, found {}", other.kind());
            return (Granted::Unknown(why.into()), Vec::new());
        }
    };
    let mut granting = Vec::new();
    let mut unknown = Vec::new();
    let mut reason = None;
    for (at, grant) in items.iter().enumerate() {
        match allows(grant, access) {
            Ok(true) => granting.push(at),
            Ok(false) => {}
            Err(why) => {
                unknown.push(at);
                reason.get_or_insert(why);
            }
        }
    }
    match (granting.is_empty(), reason) {
        (false, _) => (Granted::Yes, granting),
        (true, Some(why)) => (Granted::Unknown(why), unknown),
        (true, None) => (Granted::No, Vec::new()),
    }
}

// A grant as its role writes it, for evidence: what views add to it (see `rbac_subject`) the source of the evidence says.
fn as_written(grant: &Value) -> Value {
    const ADDED: [&str; 4] = ["scope", "role", "binding", "builtin"];
    match grant {
        Value::Map(map) => {
            let own = map.iter().filter(|(key, _)| !ADDED.contains(&key.as_str()));
            Value::Map(Map::new(own.map(|(key, value)| (key, value.clone())).collect()).into())
        }
        other => other.clone(),
    }
}

// Whether one grant allows it, or why nobody knows. What rules it out counts before what is unknown.
fn allows(grant: &Value, access: &Access) -> Result<bool, Text> {
    match grant {
        Value::Map(_) => {}
        Value::Unknown(why) => return Err(why.clone()),
        other => return Err(format!("expected a grant, found {}", other.kind()).into()),
    }
    let subresource = access.resource.split_once('/').map(|(_, subresource)| subresource);
    let resource = |granted: &str| {
        granted == "*"
            || granted == access.resource
            || subresource.is_some_and(|subresource| granted.strip_prefix("*/") == Some(subresource))
    };
    let verb = |granted: &str| granted == "*" || access.verbs.iter().any(|verb| verb == granted);
    let parts = [
        access.ignore_builtin.then(|| flag(grant, "builtin").map(|builtin| !builtin)),
        access.cluster_only.then(|| scope(grant)),
        Some(some(grant, "verbs", verb)),
        Some(some(grant, "apiGroups", |granted| granted == "*" || granted == access.group)),
        Some(some(grant, "resources", resource)),
        Some(any_name(grant, access)),
    ];
    let mut unknown = None;
    for part in parts.into_iter().flatten() {
        match part {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    unknown.map_or(Ok(true), Err)
}

fn flag(grant: &Value, key: &str) -> Result<bool, Text> {
    match grant.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::Unknown(why)) => Err(why.clone()),
        Some(other) => Err(format!("expected true or false in \"{key}\" of a grant, found {}", other.kind()).into()),
    }
}

fn scope(grant: &Value) -> Result<bool, Text> {
    match grant.get("scope") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Str(scope)) => Ok(**scope == *"cluster"),
        Some(Value::Unknown(why)) => Err(why.clone()),
        Some(other) => Err(format!("expected text in \"scope\" of a grant, found {}", other.kind()).into()),
    }
}

// Whether some text of a list fits.
fn some(grant: &Value, key: &str, fits: impl Fn(&str) -> bool) -> Result<bool, Text> {
    let items = match grant.get(key) {
        None | Some(Value::Null) => return Ok(false),
        Some(Value::List(items)) => items,
        Some(Value::Unknown(why)) => return Err(why.clone()),
        Some(other) => return Err(format!("expected a list in \"{key}\" of a grant, found {}", other.kind()).into()),
    };
    let mut unknown = None;
    for item in items.iter() {
        match item {
            Value::Str(text) if fits(text) => return Ok(true),
            Value::Str(_) => {}
            Value::Unknown(why) => unknown = Some(why.clone()),
            other => unknown = Some(format!("expected text in \"{key}\" of a grant, found {}", other.kind()).into()),
        }
    }
    unknown.map_or(Ok(false), Err)
}

// Whether the grant is not narrowed to named objects. The empty name is the one of requests that name no object.
fn any_name(grant: &Value, access: &Access) -> Result<bool, Text> {
    match grant.get("resourceNames") {
        None | Some(Value::Null) => Ok(true),
        Some(Value::List(names)) if names.is_empty() => Ok(true),
        Some(_) => {
            let nameless = |granted: &str| {
                NAMELESS
                    .iter()
                    .any(|verb| (granted == "*" || granted == *verb) && access.verbs.iter().any(|v| v == verb))
            };
            Ok(some(grant, "resourceNames", |name| access.names.iter().any(|all| all == name))?
                || some(grant, "resourceNames", str::is_empty)? && some(grant, "verbs", nameless)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(grant: serde_json::Value, verbs: &[&str], resource: &str) -> Granted {
        let access = Access {
            verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
            resource: resource.to_owned(),
            ..Access::default()
        };
        grants_access(&Value::from(json!([grant])), &access).0
    }

    fn grant(verbs: &[&str], resources: &[&str]) -> serde_json::Value {
        json!({"verbs": verbs, "apiGroups": [""], "resources": resources, "scope": "cluster", "builtin": false})
    }

    #[test]
    fn wildcards_are_those_of_the_authorizer() {
        let cases = [
            ("secrets", "secrets", true),
            ("*", "secrets", true),
            ("*", "pods/exec", true),
            ("pods/exec", "pods/exec", true),
            ("*/exec", "pods/exec", true),
            ("*/exec", "exec", false),
            ("*/x/exec", "pods/exec", false),
            ("pods/*", "pods/exec", false),
            ("pods/*", "pods", false),
            ("pods", "pods/exec", false),
            ("pods/exec", "pods", false),
            ("secret", "secrets", false),
        ];
        for (granted, asked, expected) in cases {
            let expected = if expected { Granted::Yes } else { Granted::No };
            assert_eq!(ask(grant(&["get"], &[granted]), &["get", "list"], asked), expected, "{granted} for {asked}");
        }
        assert_eq!(ask(grant(&["*"], &["pods"]), &["create"], "pods"), Granted::Yes);
        assert_eq!(ask(grant(&["watch"], &["pods"]), &["create"], "pods"), Granted::No);
    }

    #[test]
    fn groups_do_not_mix() {
        let access = |group: &str| Access {
            verbs: vec!["create".into()],
            group: group.into(),
            resource: "deployments".into(),
            ..Access::default()
        };
        let grants = Value::from(json!([
            {"verbs": ["create"], "apiGroups": ["apps"], "resources": ["deployments"]},
            {"verbs": ["create"], "apiGroups": ["*"], "resources": ["deployments"]},
        ]));
        assert_eq!(grants_access(&grants, &access("apps")), (Granted::Yes, vec![0, 1]));
        assert_eq!(grants_access(&grants, &access("")), (Granted::Yes, vec![1]));
    }

    #[test]
    fn named_objects_narrow_a_grant() {
        let narrowed = |names: serde_json::Value, verbs: &[&str]| {
            let mut grant = grant(&["*"], &["secrets"]);
            grant["resourceNames"] = names;
            ask(grant, verbs, "secrets")
        };
        assert_eq!(narrowed(json!(["one"]), &["get", "create"]), Granted::No);
        assert_eq!(narrowed(json!([]), &["get"]), Granted::Yes);
        assert_eq!(narrowed(json!(null), &["get"]), Granted::Yes);
        assert_eq!(narrowed(json!([""]), &["get"]), Granted::No);
        assert_eq!(narrowed(json!([""]), &["list"]), Granted::Yes);
    }

    #[test]
    fn a_name_that_is_as_good_as_all_does_not_narrow() {
        let access = Access {
            verbs: vec!["bind".into()],
            resource: "clusterroles".into(),
            names: vec!["cluster-admin".into()],
            ..Access::default()
        };
        let mut grant = grant(&["bind"], &["clusterroles"]);
        grant["resourceNames"] = json!(["view"]);
        assert_eq!(grants_access(&Value::from(json!([grant])), &access).0, Granted::No);
        grant["resourceNames"] = json!(["view", "cluster-admin"]);
        assert_eq!(grants_access(&Value::from(json!([grant])), &access).0, Granted::Yes);
        grant["resourceNames"] = json!([7]);
        assert!(matches!(grants_access(&Value::from(json!([grant])), &access).0, Granted::Unknown(_)));
    }

    #[test]
    fn scope_and_origin_of_grants() {
        let mut local = grant(&["get"], &["secrets"]);
        local["scope"] = json!("shop");
        let mut own = grant(&["get"], &["secrets"]);
        own["builtin"] = json!(true);
        let grants = Value::from(json!([local, own]));
        let access = Access { verbs: vec!["get".into()], resource: "secrets".into(), ..Access::default() };
        assert_eq!(grants_access(&grants, &access), (Granted::Yes, vec![0, 1]));
        let cluster = Access { cluster_only: true, ..access.clone() };
        assert_eq!(grants_access(&grants, &cluster), (Granted::Yes, vec![1]));
        let theirs = Access { ignore_builtin: true, ..access.clone() };
        assert_eq!(grants_access(&grants, &theirs), (Granted::Yes, vec![0]));
        assert_eq!(grants_access(&grants, &Access { cluster_only: true, ..theirs }), (Granted::No, vec![]));
    }

    #[test]
    fn what_is_unknown_is_never_a_no() {
        let access = Access { verbs: vec!["get".into()], resource: "secrets".into(), ..Access::default() };
        let known = Value::from(grant(&["get"], &["secrets"]));
        let unknown = Value::unknown("forbidden");
        let yes = Value::list([unknown.clone(), known]);
        assert_eq!(grants_access(&yes, &access), (Granted::Yes, vec![1]));
        let other = Value::from(grant(&["get"], &["pods"]));
        assert_eq!(
            grants_access(&Value::list([other, unknown.clone()]), &access),
            (Granted::Unknown("forbidden".into()), vec![1])
        );
        assert_eq!(grants_access(&unknown, &access).0, Granted::Unknown("forbidden".into()));
        for wrong in [json!([{"verbs": "get", "apiGroups": [""], "resources": ["secrets"]}]), json!(["get"]), json!(7)]
        {
            assert!(matches!(grants_access(&Value::from(wrong), &access).0, Granted::Unknown(_)));
        }
        // Ruled out by what is known.
        let other = json!([{"verbs": 1, "apiGroups": ["apps"], "resources": ["secrets"]}]);
        assert_eq!(grants_access(&Value::from(other), &access).0, Granted::No);
        assert_eq!(grants_access(&Value::list([]), &access).0, Granted::No);
    }
}

//! What an audit policy does not log as it should. A request is logged at the level of the first rule that matches it.

use crate::expr::Value;

/// Requests that have to be logged, and whether their bodies must stay out of the log.
struct Wanted {
    what: &'static str,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    bodies_are_secret: bool,
}

const READ_AND_WRITE: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
// A web socket begins with GET, SPDY with POST.
const CONNECT: &[&str] = &["get", "create"];
const PROXY: &[&str] = &["get", "create", "update", "patch", "delete"];

const fn wanted(
    what: &'static str,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    bodies_are_secret: bool,
) -> Wanted {
    Wanted { what, group, resource, verbs, bodies_are_secret }
}

const WANTED: &[Wanted] = &[
    wanted("access to Secrets", "", "secrets", READ_AND_WRITE, true),
    wanted("access to ConfigMaps", "", "configmaps", READ_AND_WRITE, true),
    wanted("token reviews", "authentication.k8s.io", "tokenreviews", &["create"], true),
    wanted("changes of Pods", "", "pods", WRITE, false),
    wanted("changes of Deployments", "apps", "deployments", WRITE, false),
    wanted("exec into Pods", "", "pods/exec", CONNECT, false),
    wanted("port forwarding to Pods", "", "pods/portforward", CONNECT, false),
    wanted("the proxy to Pods", "", "pods/proxy", PROXY, false),
    wanted("the proxy to Services", "", "services/proxy", PROXY, false),
];

/// What of [`WANTED`] the policy does not log, or logs with bodies that hold secrets; in words, in a stable order.
pub fn gaps(policy: &Value) -> Vec<String> {
    let rules = policy.get("rules").map(Value::items).unwrap_or_default();
    let mut gaps = Vec::new();
    for wanted in WANTED {
        let mut silent = Vec::new();
        let mut loud = Vec::new();
        for verb in wanted.verbs {
            for level in levels(policy, rules, wanted, verb) {
                match level {
                    Level::None => push(&mut silent, verb),
                    Level::Bodies if wanted.bodies_are_secret => push(&mut loud, verb),
                    Level::Metadata | Level::Bodies => {}
                }
            }
        }
        let what = wanted.what;
        if !silent.is_empty() {
            gaps.push(format!("{what} is not logged ({})", silent.join(", ")));
        }
        if !loud.is_empty() {
            gaps.push(format!("{what} is logged with content ({})", loud.join(", ")));
        }
    }
    gaps
}

fn push<'v>(list: &mut Vec<&'v str>, verb: &'v str) {
    if !list.contains(&verb) {
        list.push(verb);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    None,
    Metadata,
    Bodies,
}

// Levels that requests of this sort may get: those of rules that match some of them, up to the first that matches all.
fn levels(policy: &Value, rules: &[Value], wanted: &Wanted, verb: &str) -> Vec<Level> {
    let mut levels = Vec::new();
    for rule in rules {
        // `*` is no wildcard among verbs: it matches no request.
        if !has(rule.get("verbs"), |v| v == verb) || !matches_resource(rule, wanted) {
            continue;
        }
        let level = level(policy, rule);
        if !is_partial(rule, wanted) {
            levels.push(level);
            return levels;
        }
        if level != Level::None || !is_for_system_only(rule) {
            levels.push(level);
        }
    }
    // Requests that no rule matches are not logged.
    levels.push(Level::None);
    levels
}

fn level(policy: &Value, rule: &Value) -> Level {
    let omits = |stage: &str| {
        [policy, rule].into_iter().any(|value| texts(value.get("omitStages")).any(|omitted| omitted == stage))
    };
    match rule.get("level").and_then(Value::as_str) {
        _ if omits("RequestReceived") && omits("ResponseComplete") => Level::None,
        Some("Metadata") => Level::Metadata,
        Some("Request" | "RequestResponse") => Level::Bodies,
        _ => Level::None,
    }
}

fn matches_resource(rule: &Value, wanted: &Wanted) -> bool {
    let groups = rule.get("resources").map(Value::items).unwrap_or_default();
    if groups.is_empty() {
        // Rules for paths only do not match resources.
        return rule.get("nonResourceURLs").map(Value::items).unwrap_or_default().is_empty();
    }
    groups.iter().any(|group| group_matches(group, wanted))
}

fn group_matches(group: &Value, wanted: &Wanted) -> bool {
    let (resource, subresource) = wanted.resource.split_once('/').unwrap_or((wanted.resource, ""));
    // As the API server compares them: `pods/*` is also `pods` itself, and `*/*` is nothing.
    let name = |pattern: &str| {
        pattern == "*"
            || pattern == wanted.resource
            || (!subresource.is_empty() && pattern.strip_prefix("*/") == Some(subresource))
            || pattern.strip_suffix("/*") == Some(resource)
    };
    let same_group = group.get("group").and_then(Value::as_str).unwrap_or_default() == wanted.group;
    same_group && has(group.get("resources"), name)
}

// Matches only a part of the requests: certain users, namespaces, or object names.
fn is_partial(rule: &Value, wanted: &Wanted) -> bool {
    let restricts = |key: &str| texts(rule.get(key)).next().is_some();
    let groups = rule.get("resources").map(Value::items).unwrap_or_default();
    let whole = |group: &Value| group_matches(group, wanted) && texts(group.get("resourceNames")).next().is_none();
    ["users", "userGroups", "namespaces"].into_iter().any(restricts)
        || (!groups.is_empty() && !groups.iter().any(whole))
}

// Leaving out the cluster's own components is usual; leaving out people or workloads is not.
fn is_for_system_only(rule: &Value) -> bool {
    const EVERYBODY: [&str; 4] =
        ["system:authenticated", "system:unauthenticated", "system:masters", "system:serviceaccounts"];
    let system = |name: &str| {
        name.starts_with("system:")
            && name != "system:anonymous"
            && !EVERYBODY.iter().any(|all| name == *all || name.starts_with("system:serviceaccounts:"))
            && (!name.starts_with("system:serviceaccount:") || name.starts_with("system:serviceaccount:kube-system:"))
    };
    let mut names = texts(rule.get("users")).chain(texts(rule.get("userGroups"))).peekable();
    names.peek().is_some() && {
        // Both lists must hold, so one that names only the system is enough.
        let only = |key: &str| texts(rule.get(key)).next().is_some() && texts(rule.get(key)).all(system);
        only("users") || only("userGroups")
    }
}

// An absent or empty list matches everything.
fn has(list: Option<&Value>, test: impl Fn(&str) -> bool) -> bool {
    let mut texts = texts(list).peekable();
    texts.peek().is_none() || texts.any(test)
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.map(Value::items).unwrap_or_default().iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps_of(policy: &str) -> Vec<String> {
        gaps(&serde_yaml::from_str::<Value>(policy).unwrap())
    }

    const GOOD: &str = "
omitStages: [RequestReceived]
rules:
- {level: None, users: ['system:kube-proxy'], verbs: [watch], resources: [{group: '', resources: [endpoints, configmaps]}]}
- {level: None, nonResourceURLs: ['/healthz*']}
- level: Metadata
  resources:
  - {group: '', resources: [secrets, configmaps]}
  - {group: authentication.k8s.io, resources: [tokenreviews]}
- level: RequestResponse
  resources: [{group: ''}, {group: apps}]
- level: Metadata
";

    #[test]
    fn a_good_policy_has_no_gaps() {
        assert_eq!(gaps_of(GOOD), Vec::<String>::new());
        assert_eq!(gaps_of("{rules: [{level: Metadata}]}"), Vec::<String>::new());
    }

    #[test]
    fn the_first_matching_rule_decides() {
        assert_eq!(
            gaps_of(
                "{rules: [{level: RequestResponse, verbs: [update], resources: [{group: '', resources: [secrets]}]}, {level: Metadata}]}"
            ),
            ["access to Secrets is logged with content (update)"]
        );
        assert_eq!(gaps_of("{rules: [{level: Metadata}, {level: RequestResponse}]}"), Vec::<String>::new());
        // `pods/*` covers `pods` and `pods/exec`, another group does not.
        assert_eq!(
            gaps_of(
                "{rules: [{level: None, resources: [{group: '', resources: ['pods/*']}, {group: extensions, resources: [deployments]}]}, {level: Metadata}]}"
            ),
            [
                "changes of Pods is not logged (create, update, patch, delete, deletecollection)",
                "exec into Pods is not logged (get, create)",
                "port forwarding to Pods is not logged (get, create)",
                "the proxy to Pods is not logged (get, create, update, patch, delete)",
            ]
        );
    }

    #[test]
    fn what_looks_like_a_wildcard_may_be_none() {
        let one = |rule: &str| gaps_of(&format!("{{rules: [{rule}]}}"));
        assert_eq!(one("{level: Metadata, verbs: ['*']}").len(), WANTED.len());
        assert_eq!(one("{level: None, verbs: ['*']}, {level: Metadata}"), Vec::<String>::new());
        // `pods` is only itself, `*/exec` the subresource of everything, `*/*` nothing at all.
        let all = "{group: '', resources: [secrets, configmaps, services/proxy, pods/portforward, pods/proxy, NAME]}";
        let others = "{group: apps}, {group: authentication.k8s.io}";
        let with =
            |name: &str| one(&format!("{{level: Metadata, resources: [{}, {others}]}}", all.replace("NAME", name)));
        assert_eq!(with("pods"), ["exec into Pods is not logged (get, create)"]);
        assert_eq!(
            with("'*/exec'"),
            ["changes of Pods is not logged (create, update, patch, delete, deletecollection)"]
        );
        assert_eq!(with("'*/*'").len(), 2);
        assert_eq!(with("'pods/*'"), Vec::<String>::new());
    }

    #[test]
    fn carving_people_out_is_a_gap() {
        let policy = |who: &str| {
            format!(
                "{{rules: [{{level: None, {who}, resources: [{{group: '', resources: [secrets]}}], verbs: [get]}}, {{level: Metadata}}]}}"
            )
        };
        for system in ["users: ['system:apiserver']", "userGroups: ['system:nodes']"] {
            assert_eq!(gaps_of(&policy(system)), Vec::<String>::new(), "{system}");
        }
        for people in [
            "users: [bob]",
            "userGroups: ['system:authenticated']",
            "namespaces: [prod]",
            "users: ['system:anonymous']",
        ] {
            assert_eq!(gaps_of(&policy(people)), ["access to Secrets is not logged (get)"], "{people}");
        }
    }

    #[test]
    fn an_empty_policy_logs_nothing() {
        assert_eq!(gaps_of("{rules: []}").len(), WANTED.len());
        assert_eq!(
            gaps_of("{omitStages: [RequestReceived, ResponseComplete], rules: [{level: Metadata}]}").len(),
            WANTED.len()
        );
    }
}

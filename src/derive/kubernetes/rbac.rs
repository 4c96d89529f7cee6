//! The join of bindings with their roles, as the authorizer does it.

use std::sync::Arc;

use crate::catalog::kubernetes::builtin;
use crate::derive::{not_collected, why_unknown};
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Mode, Presence, Resource};
use crate::model::{Gap, ResourceRef, Text};

use super::common::{Index, namespace_of};

/// A user, group or service account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Identity {
    /// User, Group or ServiceAccount.
    pub kind: Text,
    /// Of a service account.
    pub namespace: Option<Text>,
    pub name: Text,
}

impl Identity {
    /// How findings name it.
    pub(super) fn reference(&self) -> ResourceRef {
        ResourceRef { kind: self.kind.clone(), scope: self.namespace.clone(), name: self.name.clone() }
    }

    pub(super) fn parts(&self) -> (&str, Option<&str>, &str) {
        (&self.kind, self.namespace.as_deref(), &self.name)
    }

    /// The entry of a list of subjects, as the authorizer reads it: a service account without namespace is one of the
    /// binding's, and a user with the name of a service account is that account.
    fn read(subject: &Value, binding: Option<&Text>) -> Option<Identity> {
        let text = |key: &str| match subject.get(key) {
            Some(Value::Str(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let (kind, name) = (text("kind")?, text("name")?);
        if &*kind == "ServiceAccount" {
            let namespace = text("namespace").or_else(|| binding.cloned())?;
            return Some(Identity { kind, namespace: Some(namespace), name });
        }
        let account = name.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
        if let ("User", Some((namespace, account))) = (&*kind, account) {
            return Some(Identity {
                kind: "ServiceAccount".into(),
                namespace: Some(namespace.into()),
                name: account.into(),
            });
        }
        Some(Identity { kind, namespace: None, name })
    }
}

/// The role that a binding refers to.
pub(super) enum Role<'a> {
    Found(&'a Resource),
    /// Built into every API server with rules that never change.
    ClusterAdmin,
    Missing,
    Unknown(Text),
}

/// A binding with its role and subjects.
pub(super) struct Binding<'a> {
    /// RoleBinding or ClusterRoleBinding.
    pub kind: &'static str,
    pub object: &'a Resource,
    /// Namespace that it is limited to.
    pub namespace: Option<Text>,
    pub role_kind: &'a str,
    pub role_name: &'a str,
    pub role: Role<'a>,
    pub subjects: Vec<Identity>,
    /// What the names of the provider's own users begin with.
    provider: Option<&'static str>,
}

impl Binding<'_> {
    /// `ClusterRoleBinding x`, `RoleBinding shop/x`.
    pub(super) fn label(&self) -> String {
        label(self.kind, self.namespace.as_deref(), &self.object.name)
    }

    /// `ClusterRole x`, `Role shop/x`.
    pub(super) fn role_label(&self) -> String {
        let namespace = if self.role_kind == "Role" { self.namespace.as_deref() } else { None };
        label(self.role_kind, namespace, self.role_name)
    }

    /// Whether the cluster itself makes this binding for this subject, or the provider for itself.
    pub(super) fn is_builtin(&self, subject: &Identity) -> bool {
        let role = (self.role_kind, self.role_name);
        builtin::binds(self.namespace.as_deref(), &self.object.name, role, subject.parts())
            || self.is_of_provider(subject)
    }

    /// Whether a subject is the provider of the cluster.
    pub(super) fn is_of_provider(&self, subject: &Identity) -> bool {
        &*subject.kind == "User" && self.provider.is_some_and(|prefix| subject.name.starts_with(prefix))
    }
}

fn label(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// All bindings.
pub(super) struct Rbac<'a> {
    pub bindings: Vec<Binding<'a>>,
    /// Subjects that could not be understood.
    pub gaps: Vec<Gap>,
    /// Why there may be bindings that nobody saw.
    pub unseen: Option<Text>,
}

impl<'a> Rbac<'a> {
    /// Joins bindings with roles.
    pub(super) fn new(inventory: &'a Inventory) -> Rbac<'a> {
        let cluster_roles: Index<&str, &Resource> =
            inventory.of("ClusterRole").iter().map(|role| (&*role.name, role)).collect();
        let roles: Index<(&str, &str), &Resource> =
            inventory.of("Role").iter().map(|role| ((namespace_of(role), &*role.name), role)).collect();
        let provider = inventory.system.distribution.as_deref().and_then(builtin::users_of_provider);
        let mut rbac = Rbac { bindings: Vec::new(), gaps: Vec::new(), unseen: None };
        for kind in ["ClusterRoleBinding", "RoleBinding"] {
            for object in inventory.of(kind) {
                let namespace: Option<Text> = (kind == "RoleBinding").then(|| namespace_of(object).into());
                let reference = |key| object.value.at(&["roleRef", key]).and_then(Value::as_str).unwrap_or_default();
                let (role_kind, role_name) = (reference("kind"), reference("name"));
                let found = match (role_kind, namespace.as_deref()) {
                    ("ClusterRole", _) => cluster_roles.get(role_name).copied(),
                    ("Role", Some(namespace)) => roles.get(&(namespace, role_name)).copied(),
                    _ => None,
                };
                let role = found.map_or_else(
                    || unseen_role(inventory, object, role_kind, role_name, namespace.as_deref()),
                    Role::Found,
                );
                let subjects = rbac.subjects(kind, object, namespace.as_ref());
                rbac.bindings.push(Binding { kind, object, namespace, role_kind, role_name, role, subjects, provider });
            }
            if let Presence::Gap(gap) = inventory.presence(kind, None) {
                rbac.unseen.get_or_insert_with(|| format!("could not read {gap}").into());
            }
        }
        rbac
    }

    fn subjects(&mut self, kind: &str, object: &Resource, namespace: Option<&Text>) -> Vec<Identity> {
        let mut malformed = |detail: String| {
            let gap = not_collected(kind, object.scope.as_deref(), format!("subjects of {}: {detail}", object.name));
            self.gaps.push(gap);
        };
        let items = match object.value.get("subjects") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::List(items)) => items,
            Some(Value::Unknown(why)) => {
                malformed(why.to_string());
                return Vec::new();
            }
            Some(other) => {
                malformed(format!("expected a list, found {}", other.kind()));
                return Vec::new();
            }
        };
        let mut subjects = Vec::with_capacity(items.len());
        for item in items.iter() {
            match Identity::read(item, namespace) {
                Some(subject) if !subjects.contains(&subject) => subjects.push(subject),
                Some(_) => {}
                None => malformed(format!("{item} names nobody")),
            }
        }
        subjects
    }
}

fn unseen_role<'a>(
    inventory: &Inventory,
    object: &Resource,
    kind: &str,
    name: &str,
    namespace: Option<&str>,
) -> Role<'a> {
    if object.value.get("roleRef").is_some_and(|reference| matches!(reference, Value::Unknown(_))) {
        return Role::Unknown("the reference to the role was not read".into());
    }
    let known = match (kind, namespace) {
        ("ClusterRole", _) => "ClusterRole",
        ("Role", Some(_)) => "Role",
        _ => return Role::Missing,
    };
    if kind == "ClusterRole" && name == "cluster-admin" {
        return Role::ClusterAdmin;
    }
    let scope = if known == "Role" { namespace } else { None };
    match (inventory.mode, why_unknown(inventory, known, scope)) {
        (Mode::Files, _) => Role::Unknown(format!("{} is not in the input", label(kind, scope, name)).into()),
        (Mode::Live, Some(why)) => Role::Unknown(why.into()),
        (Mode::Live, None) => Role::Missing,
    }
}

/// What a binding grants: the rules of its role as far as they hold there, each with its index in the role; or why nobody
/// knows.
pub(super) fn effective_rules(inventory: &Inventory, binding: &Binding<'_>) -> Vec<(usize, Result<Arc<Map>, Text>)> {
    let rules = match &binding.role {
        Role::Missing => return Vec::new(),
        Role::Unknown(why) => return vec![(0, Err(why.clone()))],
        Role::ClusterAdmin => cluster_admin_rules(),
        Role::Found(role) => rules_of(inventory, role),
    };
    let items = match &rules {
        Value::Null => return Vec::new(),
        Value::List(items) => items,
        Value::Unknown(why) => return vec![(0, Err(why.clone()))],
        other => {
            return vec![(
                0,
                Err(format!("expected rules of {}, found {}", binding.role_label(), other.kind()).into()),
            )];
        }
    };
    let local = binding.namespace.is_some();
    items
        .iter()
        .enumerate()
        .filter_map(|(at, rule)| match rule {
            Value::Map(rule) if local => within_namespace(rule).map(|rule| (at, Ok(rule))),
            Value::Map(rule) => Some((at, Ok(Arc::clone(rule)))),
            Value::Unknown(why) => Some((at, Err(why.clone()))),
            other => {
                Some((at, Err(format!("expected a rule of {}, found {}", binding.role_label(), other.kind()).into())))
            }
        })
        .collect()
}

/// The rules of a role. Those of an aggregated role in a file are filled in by the cluster.
pub(super) fn rules_of(inventory: &Inventory, role: &Resource) -> Value {
    let rules = role.value.get("rules").cloned().unwrap_or_default();
    let aggregated = role.value.get("aggregationRule").is_some_and(|rule| *rule != Value::Null);
    if aggregated && inventory.mode == Mode::Files && rules.items().is_empty() {
        return Value::unknown(format!("the cluster fills in the rules of ClusterRole {} from other roles", role.name));
    }
    rules
}

fn cluster_admin_rules() -> Value {
    let all = || Value::list([Value::str("*")]);
    Value::list([
        Value::map([("apiGroups", all()), ("resources", all()), ("verbs", all())]),
        Value::map([("nonResourceURLs", all()), ("verbs", all())]),
    ])
}

// What of a rule holds inside of a namespace: neither paths of the server nor resources that belong to no namespace.
fn within_namespace(rule: &Arc<Map>) -> Option<Arc<Map>> {
    let key = |name| crate::base::symbol::Symbol::new(name);
    let (resources, urls) = (key("resources"), key("nonResourceURLs"));
    let groups: Vec<&str> =
        rule.get(key("apiGroups")).map_or(&[][..], Value::items).iter().filter_map(Value::as_str).collect();
    let own_groups = groups.iter().all(|group| builtin::GROUPS.contains(group));
    let reaches = |resource: &Value| {
        let Some(name) = resource.as_str() else { return true };
        let name = name.split('/').next().unwrap_or(name);
        !(own_groups && groups.iter().any(|group| builtin::CLUSTER_SCOPED.contains(&(*group, name))))
    };
    let listed = match rule.get(resources) {
        None | Some(Value::Null) => return None,
        Some(Value::List(items)) => items,
        // Not readable, so nobody knows what it reaches.
        Some(_) => return Some(Arc::clone(rule)),
    };
    if listed.iter().all(reaches) && rule.get(urls).is_none() {
        return (!listed.is_empty()).then(|| Arc::clone(rule));
    }
    let kept: Vec<Value> = listed.iter().filter(|resource| reaches(resource)).cloned().collect();
    if kept.is_empty() {
        return None;
    }
    let entries = rule.iter().filter(|(key, _)| *key != urls);
    Some(Arc::new(Map::new(
        entries
            .map(|(key, value)| (key, if key == resources { Value::list(kept.clone()) } else { value.clone() }))
            .collect(),
    )))
}

/// Whether a rule only lets its subject learn about itself and the API, as the cluster's own grants to everybody do.
pub(super) fn is_harmless(rule: &Map) -> bool {
    let texts = |key: &str| rule.get(crate::base::symbol::Symbol::new(key)).map_or(&[][..], Value::items);
    let all = |items: &[Value], fits: &dyn Fn(&str) -> bool| items.iter().all(|item| item.as_str().is_some_and(fits));
    let (resources, urls, verbs) = (texts("resources"), texts("nonResourceURLs"), texts("verbs"));
    let reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];
    all(resources, &|name| reviews.contains(&name))
        && all(urls, &|url| url != "*" && url != "/*")
        && all(verbs, &|verb| verb == if resources.is_empty() { "get" } else { "create" })
}

/// The steps to a rule in its role.
pub(super) fn rule_path(at: usize) -> Vec<Step> {
    let mut path = crate::derive::subject::keys(&["rules"]);
    path.push(Step::Index(at));
    path
}

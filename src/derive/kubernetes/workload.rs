//! The view `workload`: pod specs at the object that a person would change.

use std::sync::Arc;

use crate::catalog::View;
use crate::catalog::kubernetes::{SYSTEM_NAMESPACES, Template};
use crate::derive::subject::{OriginPart, keys};
use crate::derive::{Layout, Origin, Subject, Subjects, why_unknown};
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Mode, Place, Resource};
use crate::model::Text;

use super::common::{DEFAULT_NAMESPACE, Index, KEYS, Seen, computed, get, namespace_of, part};
use super::live;
use super::ownership::Workload;
use super::podspec::{podspec, podspec_path, template_of};

/// Subjects of the view.
pub(super) fn subjects(inventory: &Inventory, workloads: &[Workload<'_>], view: &'static View) -> Subjects {
    let mut making = Making {
        accounts: Accounts::new(inventory),
        facts: Facts::default(),
        layouts: Index::default(),
        origins: Index::default(),
        tokens: Index::default(),
    };
    let mut all = Subjects::default();
    for workload in workloads {
        let spec = podspec(&workload.object.value, workload.template);
        all.subjects.push(match &spec {
            Ok(spec) => making.subject(workload, spec),
            Err(why) => unreadable(workload, why.clone()),
        });
        let mut seen = Seen::default();
        for pod in &workload.live {
            all.subjects.extend(making.live_subject(workload, spec.as_ref().ok().copied(), pod, &mut seen));
        }
    }
    all.note_presence(inventory, view.sources);
    all
}

/// A workload whose pod spec is not there or not readable: nothing about it is known.
pub(super) fn unreadable(workload: &Workload<'_>, why: Text) -> Subject {
    let origin = Origin {
        layout: Some(Arc::new(Layout { prefix: podspec_path(workload.template, &[]), parts: Vec::new() })),
        parts: Vec::new(),
        source: workload.source.clone(),
        place: workload.object.place.clone(),
        ..Origin::default()
    };
    Subject {
        resource: workload.resource.clone(),
        element: None,
        value: Value::Unknown(why),
        origin: Some(Arc::new(origin)),
    }
}

// Makes subjects; what many of them have in common is kept once.
struct Making<'a> {
    accounts: Accounts<'a>,
    facts: Facts,
    // Where the values of a kind of workload stand, by whether the pod decides about the token.
    layouts: Index<(&'static str, bool), Arc<Layout>>,
    // Of workloads without a place and words of their own, by what decides about the token.
    origins: Index<(&'static str, Option<Text>, bool), Arc<Origin>>,
    // What `token` says, by whether there is one and the account.
    tokens: Index<(bool, String), Value>,
}

impl Making<'_> {
    fn subject(&mut self, workload: &Workload<'_>, spec: &Map) -> Subject {
        let token = self.accounts.token(workload, spec);
        let value = self.value(workload, spec, &token);
        let place = &workload.object.place;
        let origin = match (&workload.source, place) {
            (None, None) => {
                let key = (workload.template.kind, token.source.clone(), token.in_pod);
                let known = self.origins.get(&key).cloned();
                known.unwrap_or_else(|| {
                    let made = Arc::new(self.origin(workload.template, &token, None, None));
                    self.origins.insert(key, Arc::clone(&made));
                    made
                })
            }
            (source, place) => Arc::new(self.origin(workload.template, &token, source.clone(), place.clone())),
        };
        Subject { resource: workload.resource.clone(), element: None, value, origin: Some(origin) }
    }

    // A live pod that differs from its template.
    fn live_subject(
        &mut self,
        workload: &Workload<'_>,
        template: Option<&Map>,
        pod: &Resource,
        seen: &mut Seen,
    ) -> Option<Subject> {
        let spec = get(&pod.value, KEYS.spec).and_then(Value::as_map)?;
        if template.is_some_and(|template| live::same_spec(template, spec)) || !seen.insert(&live::own_spec(spec)) {
            return None;
        }
        let token = self.accounts.token(workload, spec);
        let origin = self.origin(template_of("Pod")?, &token, Some(live::source(pod)), pod.place.clone());
        Some(Subject {
            resource: workload.resource.clone(),
            element: None,
            value: self.value(workload, spec, &token),
            origin: Some(Arc::new(origin)),
        })
    }

    fn origin(
        &mut self,
        template: &'static Template,
        token: &Token,
        source: Option<Text>,
        place: Option<Arc<Place>>,
    ) -> Origin {
        let layout =
            self.layouts.entry((template.kind, token.in_pod)).or_insert_with(|| layout(template, token.in_pod));
        // What decides instead of the pod is not in the pod.
        let parts = if token.in_pod {
            Vec::new()
        } else {
            let real = token.in_account.then(|| keys(&["automountServiceAccountToken"]));
            vec![OriginPart { view: keys(&["token", "automount"]), real, source: token.source.clone() }]
        };
        Origin { layout: Some(Arc::clone(layout)), parts, source, place, ..Origin::default() }
    }

    fn value(&mut self, workload: &Workload<'_>, spec: &Map, token: &Token) -> Value {
        let mut entries = Vec::with_capacity(spec.len() + 3);
        let own = [KEYS.metadata, KEYS.workload, KEYS.token];
        entries.extend(spec.iter().filter(|(key, _)| !own.contains(key)).map(|(key, value)| (key, value.clone())));
        if let Some(metadata) = get(&workload.object.value, KEYS.metadata) {
            entries.push((KEYS.metadata, metadata.clone()));
        }
        entries.push((KEYS.workload, self.facts.of(workload, spec)));
        let make = |account| Value::map([("automount", token.value.clone()), ("account", account)]);
        entries.push((
            KEYS.token,
            match (account_name(spec), &token.value) {
                (Some(account), Value::Bool(mounted)) => {
                    let key = (*mounted, account.to_owned());
                    self.tokens.entry(key).or_insert_with(|| make(Value::str(account))).clone()
                }
                (Some(account), _) => make(Value::str(account)),
                (None, _) => make(Value::unknown("the name of the service account is no text")),
            },
        ));
        Value::Map(Arc::new(Map::new(entries)))
    }
}

/// What `workload` says in the views of workloads and containers. Workloads of a namespace mostly say the same.
#[derive(Default)]
pub(super) struct Facts(Index<(Text, Text, bool, bool, Option<i64>), Value>);

impl Facts {
    pub(super) fn of(&mut self, workload: &Workload<'_>, spec: &Map) -> Value {
        let namespace = match &workload.object.scope {
            Some(scope) if !scope.is_empty() => scope.clone(),
            _ => DEFAULT_NAMESPACE.into(),
        };
        let windows = is_windows(spec);
        let replicas = workload.template.scaled.then(|| {
            let written = get(&workload.object.value, KEYS.spec).and_then(|spec| get(spec, KEYS.replicas));
            written.filter(|replicas| **replicas != Value::Null).cloned().unwrap_or(Value::Int(1))
        });
        let make = || {
            let mut entries = vec![
                ("kind", Value::Str(workload.resource.kind.clone())),
                ("namespace", Value::Str(namespace.clone())),
                ("system", Value::Bool(SYSTEM_NAMESPACES.contains(&&*namespace))),
                ("static", Value::Bool(workload.is_static)),
                ("windows", Value::Bool(windows)),
            ];
            entries.extend(replicas.clone().map(|replicas| ("replicas", replicas)));
            Value::map(entries)
        };
        let number = match &replicas {
            None => None,
            Some(Value::Int(number)) => Some(*number),
            Some(_) => return make(),
        };
        let key = (workload.resource.kind.clone(), namespace.clone(), workload.is_static, windows, number);
        self.0.entry(key).or_insert_with(make).clone()
    }
}

// Declared, or scheduled to nodes with Windows only.
fn is_windows(spec: &Map) -> bool {
    let named = spec.get(KEYS.os).and_then(|os| get(os, KEYS.name)).filter(|name| **name != Value::Null);
    let selected = || spec.get(KEYS.node_selector).and_then(|selector| get(selector, KEYS.os_label));
    named.or_else(selected).and_then(Value::as_str) == Some("windows")
}

/// Where the entries of `workload` really stand.
pub(super) fn facts_parts() -> Vec<OriginPart> {
    vec![
        computed(&["workload"], None),
        part(&["workload", "kind"], keys(&["kind"])),
        part(&["workload", "namespace"], keys(&["metadata", "namespace"])),
        part(&["workload", "replicas"], keys(&["spec", "replicas"])),
    ]
}

fn layout(template: &Template, token_in_pod: bool) -> Arc<Layout> {
    let mut parts = facts_parts();
    parts.push(part(&["metadata"], keys(&["metadata"])));
    parts.push(part(&["token", "account"], podspec_path(template, &["serviceAccountName"])));
    if token_in_pod {
        parts.push(part(&["token", "automount"], podspec_path(template, &["automountServiceAccountToken"])));
    }
    Arc::new(Layout { prefix: podspec_path(template, &[]), parts })
}

/// The service account that a pod spec names; none if it names none that could be read.
pub(super) fn account_name(spec: &Map) -> Option<&str> {
    let named = |key| match spec.get(key) {
        Some(Value::Str(name)) if !name.is_empty() => Some(Some(&**name)),
        None | Some(Value::Null | Value::Str(_)) => Some(None),
        Some(_) => None,
    };
    named(KEYS.service_account_name)?.or(named(KEYS.service_account)?).or(Some(DEFAULT_ACCOUNT))
}

/// The account that pods get if they name none.
pub(super) const DEFAULT_ACCOUNT: &str = "default";

// Whether pods get a token, and what says so.
struct Token {
    value: Value,
    source: Option<Text>,
    in_pod: bool,
    in_account: bool,
}

struct Accounts<'a> {
    inventory: &'a Inventory,
    by_name: Index<(&'a str, &'a str), &'a Resource>,
}

impl<'a> Accounts<'a> {
    fn new(inventory: &'a Inventory) -> Accounts<'a> {
        let accounts = inventory.of("ServiceAccount").iter();
        Accounts {
            inventory,
            by_name: accounts.map(|account| ((namespace_of(account), &*account.name), account)).collect(),
        }
    }

    fn token(&self, workload: &Workload<'_>, spec: &Map) -> Token {
        let decided = |value: Value, source: String| Token {
            value,
            source: Some(source.into()),
            in_pod: false,
            in_account: false,
        };
        if workload.is_static {
            return decided(Value::Bool(false), "static pods get no token".to_owned());
        }
        match spec.get(KEYS.automount) {
            None | Some(Value::Null) => {}
            Some(written) => {
                return Token { value: boolean(written), source: None, in_pod: true, in_account: false };
            }
        }
        let namespace = namespace_of(workload.object);
        let Some(name) = account_name(spec) else {
            return decided(Value::unknown("the name of the service account is no text"), "service account".to_owned());
        };
        let account = format!("ServiceAccount {namespace}/{name}");
        if let Some(found) = self.by_name.get(&(namespace, name)) {
            return match found.value.get("automountServiceAccountToken") {
                None | Some(Value::Null) => decided(Value::Bool(true), "default".to_owned()),
                Some(written) => Token { in_account: true, ..decided(boolean(written), account) },
            };
        }
        match (self.inventory.mode, why_unknown(self.inventory, "ServiceAccount", Some(namespace))) {
            (Mode::Files, _) => decided(Value::Bool(true), format!("default, {account} not in input")),
            (Mode::Live, Some(why)) => decided(Value::unknown(why), account),
            (Mode::Live, None) => decided(Value::Bool(true), format!("default, {account} does not exist")),
        }
    }
}

fn boolean(written: &Value) -> Value {
    match written {
        Value::Bool(_) | Value::Unknown(_) => written.clone(),
        other => Value::unknown(format!("expected true or false, found {}", other.kind())),
    }
}

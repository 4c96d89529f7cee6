//! The views `rbac_subject`, `rbac_role` and `rbac_binding`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::symbol::Symbol;
use crate::catalog::View;
use crate::catalog::kubernetes::builtin;
use crate::derive::subject::{OriginPart, keys};
use crate::derive::{Origin, Subject, Subjects, why_unknown};
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Place, Resource};
use crate::model::Text;

use super::common::{Index, computed, namespace_of, part};
use super::rbac::{Binding, Identity, Rbac, Role, effective_rules, is_harmless, rule_path, rules_of};

/// Subjects of the view `rbac_subject`: everybody that some binding names.
pub(super) fn rbac_subject(inventory: &Inventory, view: &'static View) -> Subjects {
    let rbac = Rbac::new(inventory);
    let mut named: BTreeMap<&Identity, Vec<&Binding<'_>>> = BTreeMap::new();
    for binding in &rbac.bindings {
        for subject in &binding.subjects {
            named.entry(subject).or_default().push(binding);
        }
    }
    let mut all = Subjects::default();
    // The rules of a binding are the same for all its subjects.
    let mut rules = Index::default();
    for (identity, bindings) in named {
        let mut grants = Vec::new();
        let mut parts = vec![computed(&["subject"], None)];
        let mut places = Vec::new();
        let mut unknown = None;
        for binding in &bindings {
            let rules = rules
                .entry(std::ptr::from_ref(*binding) as usize)
                .or_insert_with(|| effective_rules(inventory, binding));
            let made = Made::new(binding, identity);
            for (at, rule) in rules.iter() {
                let grant = match rule {
                    Ok(rule) => made.grant(rule),
                    Err(why) => {
                        unknown.get_or_insert_with(|| why.clone());
                        Value::Unknown(why.clone())
                    }
                };
                let mut view = keys(&["grants"]);
                view.push(Step::Index(grants.len()));
                places.extend(made.place.clone().map(|place| (view.clone(), place)));
                parts.push(OriginPart { view, real: Some(rule_path(*at)), source: Some(made.source.clone()) });
                grants.push(grant);
            }
        }
        if let Some(why) = &rbac.unseen {
            grants.push(Value::Unknown(why.clone()));
            unknown.get_or_insert_with(|| why.clone());
        }
        let grants = match unknown {
            Some(why) if grants.iter().all(|grant| matches!(grant, Value::Unknown(_))) => Value::Unknown(why),
            _ => Value::list(grants),
        };
        let known = |binding: &Binding<'_>| builtin::is_identity(identity.parts()) || binding.is_of_provider(identity);
        let own = bindings.iter().all(|binding| known(binding) && binding.is_builtin(identity));
        let mut subject = identity_value(identity);
        subject.push(("builtin", Value::Bool(own)));
        all.subjects.push(Subject {
            resource: identity.reference(),
            element: None,
            value: Value::map([("subject", Value::map(subject)), ("grants", grants)]),
            origin: Some(Arc::new(Origin {
                parts,
                place: bindings.iter().find_map(|binding| binding.object.place.clone()),
                places,
                ..Origin::default()
            })),
        });
    }
    all.gaps.extend(rbac.gaps);
    all.note_presence(inventory, view.sources);
    all
}

// What all grants of a binding to a subject have in common.
struct Made {
    scope: Value,
    role: Value,
    binding: Value,
    builtin: bool,
    everybody: bool,
    source: Text,
    // What a person would change: the rule of a role of their own, else the binding.
    place: Option<Arc<Place>>,
}

impl Made {
    fn new(binding: &Binding<'_>, subject: &Identity) -> Made {
        let (label, role) = (binding.label(), binding.role_label());
        let own_role = match binding.role {
            Role::Found(role) => {
                let namespace = if binding.role_kind == "Role" { binding.namespace.as_deref() } else { None };
                role.place.clone().filter(|_| !builtin::is_role(namespace, &role.name))
            }
            _ => None,
        };
        let bound_at = binding.object.place.as_ref().map(|place| place.locate(&[]));
        // Said only where the evidence does not stand there itself.
        let stands = match (&own_role, bound_at) {
            (Some(role), Some(at)) if role.file == at.file => format!(" (line {})", at.line),
            (Some(_), Some(at)) => format!(" ({at})"),
            _ => String::new(),
        };
        Made {
            scope: Value::str(binding.namespace.as_deref().unwrap_or("cluster")),
            source: format!("{label}{stands} -> {role}").into(),
            place: own_role.or_else(|| binding.object.place.clone()),
            role: Value::str(role),
            binding: Value::str(label),
            builtin: binding.is_builtin(subject),
            everybody: builtin::EVERYBODY.contains(&&*subject.name),
        }
    }

    fn grant(&self, rule: &Map) -> Value {
        // An API server repairs its own roles, but leaves in them what somebody added.
        let builtin = self.builtin && (!self.everybody || is_harmless(rule));
        let added = [
            ("scope", self.scope.clone()),
            ("role", self.role.clone()),
            ("binding", self.binding.clone()),
            ("builtin", Value::Bool(builtin)),
        ];
        let entries = rule.iter().map(|(key, value)| (key, value.clone()));
        Value::Map(Arc::new(Map::new(entries.chain(added.map(|(key, value)| (Symbol::new(key), value))).collect())))
    }
}

fn identity_value(identity: &Identity) -> Vec<(&'static str, Value)> {
    let mut entries = vec![("kind", Value::Str(identity.kind.clone())), ("name", Value::Str(identity.name.clone()))];
    entries.extend(identity.namespace.clone().map(|namespace| ("namespace", Value::Str(namespace))));
    entries
}

/// Subjects of the view `rbac_role`.
pub(super) fn rbac_role(inventory: &Inventory, view: &'static View) -> Subjects {
    let rbac = Rbac::new(inventory);
    let bound: Index<*const Resource, ()> = rbac
        .bindings
        .iter()
        .filter_map(|binding| match binding.role {
            Role::Found(role) => Some((std::ptr::from_ref(role), ())),
            _ => None,
        })
        .collect();
    let mut all = Subjects::default();
    for kind in ["Role", "ClusterRole"] {
        for object in inventory.of(kind) {
            let namespace = (kind == "Role").then(|| namespace_of(object));
            // A ClusterRole can be bound in any namespace, a Role only in its own.
            let unseen = || {
                let cluster =
                    (kind == "ClusterRole").then(|| why_unknown(inventory, "ClusterRoleBinding", None)).flatten();
                cluster.or_else(|| why_unknown(inventory, "RoleBinding", namespace))
            };
            let is_bound = match bound.contains_key(&std::ptr::from_ref(object)) {
                true => Value::Bool(true),
                false => unseen().map_or(Value::Bool(false), Value::unknown),
            };
            let role = Value::map([
                ("kind", Value::str(kind)),
                ("builtin", Value::Bool(builtin::is_role(namespace, &object.name))),
                ("bound", is_bound),
            ]);
            let replaced = [("role", role), ("rules", rules_of(inventory, object))];
            let mut subject = with(kind, object, replaced);
            subject.origin = Some(Arc::new(Origin {
                parts: vec![computed(&["role"], None), part(&["role", "kind"], keys(&["kind"]))],
                place: object.place.clone(),
                ..Origin::default()
            }));
            all.subjects.push(subject);
        }
    }
    all.note_presence(inventory, view.sources);
    all
}

// An object with entries of the view's own.
fn with(kind: &str, object: &Resource, own: [(&str, Value); 2]) -> Subject {
    let mut subject = Subject::of_resource(kind, object);
    let entries = object.value.as_map().into_iter().flat_map(Map::iter).map(|(key, value)| (key, value.clone()));
    let own = own.map(|(key, value)| (Symbol::new(key), value));
    subject.value = Value::Map(Arc::new(Map::new(entries.chain(own).collect())));
    subject
}

/// Subjects of the view `rbac_binding`.
pub(super) fn rbac_binding(inventory: &Inventory, view: &'static View) -> Subjects {
    let rbac = Rbac::new(inventory);
    let mut all = Subjects::default();
    for binding in &rbac.bindings {
        let exists = match &binding.role {
            Role::Found(_) | Role::ClusterAdmin => Value::Bool(true),
            Role::Missing => Value::Bool(false),
            Role::Unknown(why) => Value::Unknown(why.clone()),
        };
        let origin = Arc::new(Origin {
            parts: vec![
                computed(&["binding", "builtin"], None),
                part(&["binding", "kind"], keys(&["kind"])),
                part(&["binding"], keys(&["metadata"])),
                part(&["role"], keys(&["roleRef"])),
                part(&["subject"], keys(&["subjects"])),
            ],
            place: binding.object.place.clone(),
            ..Origin::default()
        });
        for subject in &binding.subjects {
            let mut made = vec![
                ("kind", Value::str(binding.kind)),
                ("name", Value::Str(binding.object.name.clone())),
                ("builtin", Value::Bool(binding.is_builtin(subject))),
            ];
            made.extend(binding.namespace.clone().map(|namespace| ("namespace", Value::Str(namespace))));
            let role = [
                ("kind", Value::str(binding.role_kind)),
                ("name", Value::str(binding.role_name)),
                ("exists", exists.clone()),
            ];
            all.subjects.push(Subject {
                resource: binding.object.reference(binding.kind),
                element: Some(subject.reference().to_string().into()),
                value: Value::map([
                    ("binding", Value::map(made)),
                    ("role", Value::map(role)),
                    ("subject", Value::map(identity_value(subject))),
                ]),
                origin: Some(Arc::clone(&origin)),
            });
        }
    }
    all.gaps.extend(rbac.gaps);
    all.note_presence(inventory, view.sources);
    all
}

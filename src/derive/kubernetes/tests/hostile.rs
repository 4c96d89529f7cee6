//! Objects of any shape: views never panic on them, and never take what they cannot read for nothing.

use proptest::prelude::*;

use super::*;
use crate::catalog::kubernetes::{KINDS, VIEWS, custom};

/// Words that the derivations look for, so that random objects reach them.
const WORDS: &[&str] = &[
    "metadata",
    "name",
    "namespace",
    "ownerReferences",
    "controller",
    "kind",
    "apiVersion",
    "uid",
    "spec",
    "template",
    "jobTemplate",
    "containers",
    "initContainers",
    "ephemeralContainers",
    "securityContext",
    "windowsOptions",
    "volumes",
    "volumeMounts",
    "subjects",
    "roleRef",
    "rules",
    "verbs",
    "resources",
    "apiGroups",
    "resourceNames",
    "webhooks",
    "namespaceSelector",
    "matchExpressions",
    "podSelector",
    "policyTypes",
    "ingress",
    "egress",
    "documents",
    "content",
    "plugins",
    "annotations",
    "labels",
    "pods",
    "Pod",
    "ReplicaSet",
    "Role",
    "ClusterRole",
    "User",
    "ServiceAccount",
    "a",
    "*",
    "default",
    "kyverno",
    "replicas",
    "serviceAccountName",
    "automountServiceAccountToken",
    "operations",
    "aggregationRule",
    "workloadRef",
    "Deployment",
];

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(WORDS)
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3..3i64).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        word().prop_map(Value::str),
        Just(Value::unknown("not collected")),
    ];
    leaf.prop_recursive(7, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::vec((word(), inner), 0..5).prop_map(Value::map),
        ]
    })
}

// An object with parts of the right shape here and there, so that derivations get deep into it.
fn shaped() -> impl Strategy<Value = Value> {
    let podspec = (anything(), anything()).prop_map(|(containers, context)| {
        Value::map([
            ("containers", Value::list([containers.clone(), Value::map([("name", Value::str("a"))])])),
            ("initContainers", containers),
            ("securityContext", context),
        ])
    });
    let owner = (word(), word()).prop_map(|(kind, name)| {
        let reference = [("kind", Value::str(kind)), ("name", Value::str(name)), ("controller", Value::Bool(true))];
        Value::map([("ownerReferences", Value::list([Value::map(reference)]))])
    });
    (podspec, owner, anything(), anything()).prop_map(|(podspec, metadata, spec, rest)| {
        let template = Value::map([("spec", podspec.clone()), ("metadata", rest.clone())]);
        let mut entries = vec![("metadata", metadata)];
        entries.push(match &rest {
            Value::Bool(true) => ("spec", podspec),
            Value::Bool(false) => ("spec", spec.clone()),
            _ => ("spec", Value::map([("template", template)])),
        });
        entries.extend(["rules", "subjects", "roleRef", "webhooks", "documents"].map(|key| (key, spec.clone())));
        Value::map(entries)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_object_breaks_a_view(
        objects in prop::collection::vec((0..KINDS.len() + custom::KINDS.len(), prop_oneof![anything(), shaped()], word()), 0..14),
        files in any::<bool>(),
    ) {
        let mut world = if files { World::files(&[]) } else { World::live(&[]) };
        for (kind, value, name) in objects {
            let kind = KINDS.iter().chain(custom::KINDS).nth(kind).unwrap();
            let scope = kind.namespaced.then(|| "default".into());
            world.0.add(kind.name, [Resource { scope, name: name.into(), value, place: None }]);
        }
        world.0.finish();
        for view in VIEWS {
            let first = world.view(view.name);
            let names = |subjects: &Subjects| subjects.subjects.iter().map(name).collect::<Vec<_>>();
            prop_assert_eq!(names(&first), names(&world.view(view.name)));
            for subject in &first.subjects {
                for path in ["grants[*].verbs", "securityContext.runAsUser", "containers[*].name", "token.automount", "."] {
                    path.parse::<Path>().unwrap().expand(&subject.value, &mut |steps, _| _ = subject.locate(steps));
                }
            }
        }
    }
}

//! Tests of the views of components, kubelets and nodes over small inventories.

mod components;
mod kubelets;
mod node_files;

use crate::catalog;
use crate::derive::{Subject, Subjects};
use crate::expr::{Path, Value, path::Found};
use crate::inventory::{Inventory, Mode, Resource};
use crate::model::{Gap, GapReason, System, Technology};

pub struct World(Inventory);

impl World {
    pub fn new(mode: Mode) -> World {
        let system = System {
            technology: Technology::Kubernetes,
            name: "test".to_owned(),
            version: None,
            distribution: None,
            origin: "test".to_owned(),
        };
        World(Inventory::new(system, mode, "2026-01-01T00:00:00Z".parse().unwrap()))
    }

    pub fn live() -> World {
        World::new(Mode::Live)
    }

    pub fn version(mut self, version: &str) -> World {
        self.0.system.version = Some(version.to_owned());
        self
    }

    pub fn distribution(mut self, distribution: &str) -> World {
        self.0.system.distribution = Some(distribution.to_owned());
        self
    }

    pub fn gap(self, kind: &str) -> World {
        self.lacking(kind, None, GapReason::Forbidden)
    }

    /// Of this kind only the objects of some namespaces were wanted.
    pub fn narrowed(self, kind: &str) -> World {
        self.lacking(kind, Some(Gap::ELSEWHERE), GapReason::NotAsked)
    }

    fn lacking(mut self, kind: &str, scope: Option<&str>, reason: GapReason) -> World {
        let (kind, scope) = (kind.to_owned(), scope.map(str::to_owned));
        self.0.add_gap(Gap { kind, scope, reason, detail: String::new(), permission: None });
        self
    }

    /// Adds an object, written as YAML.
    pub fn with(mut self, yaml: &str) -> World {
        let value: Value = serde_yaml::from_str(yaml).expect(yaml);
        let text = |path: &[&str]| value.at(path).and_then(Value::as_str).map(Into::into);
        let kind = catalog::kind(value.get("kind").and_then(Value::as_str).unwrap()).unwrap().name;
        let resource = Resource {
            scope: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]).unwrap(),
            value,
            place: None,
        };
        self.0.add(kind, [resource]);
        self
    }

    pub fn node(self, name: &str, labels: &str) -> World {
        self.with(&format!(
            "{{kind: Node, metadata: {{name: {name}, labels: {{{labels}}}}}, status: {{nodeInfo: {{kubeletVersion: v1.34.1}}}}}}"
        ))
    }

    pub fn mirror(self, component: &str, node: &str, args: &str) -> World {
        self.with(&format!(
            "{{kind: Pod, metadata: {{name: {component}-{node}, namespace: kube-system, annotations: {{kubernetes.io/config.mirror: x}}}}, spec: {{nodeName: {node}, containers: [{{name: {component}, image: 'registry.k8s.io/{component}:v1.34.1', command: [{component}, {args}]}}]}}}}"
        ))
    }

    pub fn derive(mut self, view: &str) -> Subjects {
        self.0.finish();
        crate::derive::subjects(&self.0, catalog::source(view).unwrap())
    }
}

/// What a path of a subject leads to, as JSON, `absent`, or `unknown: why`.
pub fn at(subject: &Subject, path: &str) -> String {
    match path.parse::<Path>().unwrap().find(&subject.value) {
        Found::Value(value) => value.to_json(2000),
        Found::Absent => "absent".to_owned(),
        Found::Unknown(why) => format!("unknown: {why}"),
    }
}

/// Real path and provenance of a path of a subject.
pub fn origin(subject: &Subject, path: &str) -> (String, String) {
    let mut place = None;
    path.parse::<Path>().unwrap().expand(&subject.value, &mut |steps, _| place = Some(subject.locate(steps)));
    let place = place.unwrap();
    (place.path, place.source.map(|source| source.to_string()).unwrap_or_default())
}

pub fn names(subjects: &Subjects) -> Vec<String> {
    subjects.subjects.iter().map(|subject| subject.resource.to_string()).collect()
}

pub const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane: ''";

// Rules may read exactly the fields of the catalog.
#[test]
fn views_have_the_fields_of_the_catalog() {
    let facts = "{kind: NodeFacts, metadata: {name: cp-0}, processes: [{component: etcd, pid: 1, argv: [etcd, --trusted-ca-file=/a]}, {component: kube-apiserver, pid: 2, argv: [kube-apiserver, --audit-policy-file=/a, --encryption-provider-config=/b]}, {component: kubelet, pid: 3, argv: [kubelet]}, {component: kube-scheduler, pid: 4, argv: [kube-scheduler]}, {component: kube-controller-manager, pid: 5, argv: [kube-controller-manager]}, {component: kube-proxy, pid: 6, argv: [kube-proxy]}]}";
    for name in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy", "kubelet", "node"]
    {
        let catalog::Source::View(view) = catalog::source(name).unwrap() else { panic!("{name} is no view") };
        // One node with facts, one without.
        let found = World::live().node("cp-0", CONTROL_PLANE).node("cp-1", CONTROL_PLANE).with(facts).derive(name);
        assert!(!found.subjects.is_empty(), "{name}");
        for subject in &found.subjects {
            for (key, _) in subject.value.as_map().unwrap().iter() {
                let known = |field: &catalog::Field| field.path.split('.').next() == Some(key.as_str());
                assert!(view.fields.iter().any(known) || (name == "node" && key.as_str() == "kind"), "{name} {key}");
            }
        }
    }
}

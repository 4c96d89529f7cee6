//! `spm permissions`: the least rights for the chosen standards, made from what their rules read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Exit, Fault, Outcome, library, print};
use crate::catalog::{self, Kind};
use crate::cli::{GlobalArgs, PermissionsArgs};
use crate::expr::Wanted;
use crate::model::Technology;
use crate::rules::{Plan, Wish};

/// Runs the command.
pub fn run(args: &PermissionsArgs, global: &GlobalArgs) -> Outcome {
    let library = library(global)?;
    let wishes: Vec<Wish> = args.standards.standard.iter().map(|text| Wish::new(text)).collect();
    let plan = Plan::candidates(&library, args.technology, &wishes)?;
    match args.technology {
        Technology::Kubernetes => kubernetes(args, &plan.wanted()),
        Technology::Aws => Err(Fault("no check reads AWS yet".to_owned())),
    }
}

fn kubernetes(args: &PermissionsArgs, wanted: &Wanted) -> Outcome {
    let mut documents = vec![role(args, wanted)];
    // ConfigMaps only by name and only there: their content is nobody else's business.
    let config_maps = wanted.kinds().any(|kind| kind == "ConfigMap");
    if config_maps {
        documents.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": args.name, "namespace": "kube-system"},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"],
                "resourceNames": catalog::kubernetes::CONFIG_MAPS, "verbs": ["get"]}],
        }));
    }
    if let Some(account) = &args.bind {
        let Some((namespace, name)) = account.split_once('/') else {
            return Err(Fault(format!("\"{account}\" is no service account (expected NAMESPACE/NAME)")));
        };
        let subjects = json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
        let reference = |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": args.name});
        documents.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": args.name}, "roleRef": reference("ClusterRole"), "subjects": subjects,
        }));
        if config_maps {
            documents.push(json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": args.name, "namespace": "kube-system"},
                "roleRef": reference("Role"), "subjects": subjects,
            }));
        }
    }
    let mut text = String::new();
    for (at, document) in documents.iter().enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        text.push_str(&serde_yaml::to_string(document)?);
    }
    print(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Done)
}

fn role(args: &PermissionsArgs, wanted: &Wanted) -> Value {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let asked = |kind: &&Kind| !kind.plural.is_empty() && kind.name != "ConfigMap";
    // Nodes tell version and distribution, whatever the rules read.
    let kinds = wanted.kinds().chain(["Node"]).filter_map(catalog::kind);
    for kind in kinds.filter(|kind| asked(kind)) {
        groups.entry(kind.group).or_default().insert(kind.plural.to_owned());
    }
    let mut rules: Vec<Value> = groups
        .iter()
        .map(|(group, resources)| json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list"]}))
        .collect();
    if args.allow_node_proxy {
        rules.push(json!({"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]}));
    }
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": args.name}, "rules": rules,
    })
}

//! `spm permissions`: the least rights for the chosen standards, made from what their rules read.

use serde_json::{Value as Json, json};

use super::rights::{Intent, Role, needed};
use super::{Exit, Fault, Outcome, library, print};
use crate::cli::{GlobalArgs, NodeSource, PermissionsArgs};
use crate::collect::node_pods::{NodePods, PERMANENT};
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

/// A document with the comment above it.
struct Document {
    comment: String,
    body: Json,
}

fn kubernetes(args: &PermissionsArgs, wanted: &Wanted) -> Outcome {
    let account = match &args.bind {
        None => None,
        Some(account) => match account.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Some((namespace, name)),
            _ => return Err(Fault(format!("\"{account}\" is no service account (expected NAMESPACE/NAME)"))),
        },
    };
    let namespace = args.nodes.node_namespace.as_str();
    let roles = needed(&Intent {
        wanted,
        namespaces: &args.namespace,
        node_proxy: args.allow_node_proxy,
        nodes: args.nodes.nodes.map(|source| (source, namespace)),
    });
    let mut documents = Vec::new();
    if args.nodes.nodes == Some(NodeSource::Daemonset) {
        let pods = NodePods { name: PERMANENT, namespace, image: "", deadline: 0, expires: None };
        documents.push(Document {
            comment: "Tier 2: the namespace of the node collector, made here so that scans need no right to make one."
                .into(),
            body: pods.namespace(),
        });
    }
    for role in &roles {
        documents.push(Document { comment: role.tier.clone(), body: role_object(role, &args.name) });
        if let Some((namespace, name)) = account {
            let comment = format!("Grants it to the service account {namespace}/{name}.");
            documents.push(Document { comment, body: binding(role, &args.name, namespace, name) });
        }
    }
    print(|out| {
        for (at, document) in documents.iter().enumerate() {
            let separator = if at > 0 { "---\n" } else { "" };
            let body = serde_yaml::to_string(&document.body).map_err(std::io::Error::other)?;
            write!(out, "{separator}# {}\n{body}", document.comment)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

const GROUP: &str = "rbac.authorization.k8s.io";

fn object(role: &Role, kind: &str, base: &str) -> Json {
    let (kind, metadata) = match &role.namespace {
        None => (format!("Cluster{kind}"), json!({"name": format!("{base}{}", role.suffix)})),
        Some(namespace) => (kind.to_owned(), json!({"name": format!("{base}{}", role.suffix), "namespace": namespace})),
    };
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": metadata})
}

fn role_object(role: &Role, base: &str) -> Json {
    let mut object = object(role, "Role", base);
    object["rules"] = role.rules.iter().map(|rule| rule.to_json()).collect();
    object
}

fn binding(role: &Role, base: &str, namespace: &str, name: &str) -> Json {
    let mut object = object(role, "RoleBinding", base);
    let kind = if role.namespace.is_some() { "Role" } else { "ClusterRole" };
    object["roleRef"] = json!({"apiGroup": GROUP, "kind": kind, "name": format!("{base}{}", role.suffix)});
    object["subjects"] = json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
    object
}

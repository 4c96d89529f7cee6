//! `spm permissions`: the least rights for the chosen standards, made from what their rules read.

use serde_json::{Value as Json, json};

use super::rights::{Intent, Role, needed};
use super::settings::Settings;
use super::{Exit, Fault, Outcome, library, print, warn};
use crate::cli::{GlobalArgs, NodeSource, PermissionsArgs};
use crate::collect::aws::actions;
use crate::collect::node_pods::{NodePods, PERMANENT};
use crate::expr::Wanted;
use crate::model::Technology;
use crate::rules::Plan;

/// Runs the command.
pub fn run(args: &PermissionsArgs, global: &GlobalArgs) -> Outcome {
    let library = library(global)?;
    let wishes = Settings::load(global)?.wishes(&args.standards.standard, None);
    let plan = Plan::candidates(&library, args.technology, &wishes)?;
    match args.technology {
        Technology::Kubernetes => kubernetes(args, &plan.wanted()),
        Technology::Aws => {
            let of_clusters = [
                ("--bind", args.bind.is_some()),
                ("--namespace", !args.namespace.is_empty()),
                ("--allow-node-proxy", args.allow_node_proxy),
            ];
            match of_clusters.iter().find(|(_, given)| *given) {
                Some((option, _)) => {
                    Err(Fault(format!("{option} is about clusters; a policy of an account knows none")))
                }
                None => aws(&args.name, &plan.wanted()),
            }
        }
    }
}

/// What IAM accepts as one managed policy: characters without white space.
const POLICY_LIMIT: usize = 6144;

// The exact actions, in as many policies as IAM needs.
fn aws(name: &str, wanted: &Wanted) -> Outcome {
    let actions: Vec<String> = actions(wanted).into_keys().collect();
    let policy = |actions: &[String]| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "ReadConfiguration", "Effect": "Allow", "Action": actions, "Resource": "*"}]})
    };
    let mut policies: Vec<Vec<String>> = vec![Vec::new()];
    for action in actions {
        let full = policies.last().is_some_and(|last| {
            let with: Vec<String> = last.iter().cloned().chain([action.clone()]).collect();
            policy(&with).to_string().len() > POLICY_LIMIT
        });
        if full {
            policies.push(Vec::new());
        }
        policies.last_mut().into_iter().for_each(|last| last.push(action.clone()));
    }
    if policies.len() > 1 {
        warn(&format!(
            "spm: IAM accepts {POLICY_LIMIT} characters as one policy, so these are {}, by name; attach all of them",
            policies.len()
        ));
    }
    let document = match &policies[..] {
        [one] => policy(one),
        several => several.iter().enumerate().map(|(at, one)| (format!("{name}-{}", at + 1), policy(one))).collect(),
    };
    print(|out| writeln!(out, "{document:#}"))?;
    Ok(Exit::Done)
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

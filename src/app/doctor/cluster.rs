//! The doctor of a cluster.

use std::io;

use super::{Costs, files, standards};
use crate::app::page::paper;
use crate::app::rights::{Intent, Role, needed};
use crate::app::settings::Settings;
use crate::app::{Exit, Outcome, live, print};
use crate::base::text::count;
use crate::catalog::kubernetes::custom;
use crate::cli::{DoctorArgs, GlobalArgs};
use crate::collect::kubernetes::{ClusterAccess, Right, Verdict, collect, installed, review_access};
use crate::expr::Wanted;
use crate::inventory::Inventory;
use crate::report::Paper;
use crate::rules::{Library, Plan, Wish};

/// Examines the cluster that the options name.
pub fn run(args: &DoctorArgs, global: &GlobalArgs, settings: &Settings, library: &Library, wishes: &[Wish]) -> Outcome {
    let access = ClusterAccess { allow_node_proxy: args.allow_node_proxy, ..live::access(&args.access) };
    // Wanting nothing still tells version and distribution.
    let inventory = collect(&access, &Wanted::default(), jiff::Timestamp::now(), None, &())?;
    let plan = Plan::for_system(library, &inventory.system, wishes)?;
    let wanted = plan.wanted();
    let roles = needed(&Intent {
        wanted: &wanted,
        namespaces: &args.namespace,
        node_proxy: args.allow_node_proxy,
        nodes: args.nodes.nodes.map(|source| (source, args.nodes.node_namespace.as_str())),
    });
    // What the cluster does not have needs no right.
    let installed = installed(&access)?;
    let mut asked = questions(&roles);
    asked.retain(|(_, kind)| !custom::is_custom(kind) || installed.contains(kind));
    let rights: Vec<Right> = asked.iter().map(|(right, _)| right.clone()).collect();
    let verdicts = review_access(&access, &rights)?;
    let missing: Vec<(&Right, &str, &Verdict)> = asked
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| **verdict != Verdict::Allowed)
        .map(|((right, kind), verdict)| (right, *kind, verdict))
        .collect();
    print(|out| {
        let page = &mut paper(out, global);
        cluster(page, &inventory, &plan)?;
        lacking(page, &plan, asked.len(), &missing)?;
        unasked(page, &plan, args)?;
        files(page, args, settings)
    })?;
    Ok(Exit::Done)
}

/// Every single right of the roles, with the kind that cannot be read without it.
fn questions(roles: &[Role]) -> Vec<(Right, &'static str)> {
    let mut all = Vec::new();
    for role in roles {
        for rule in &role.rules {
            for (resource, kind) in &rule.resources {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let names = if rule.names.is_empty() { &[String::new()][..] } else { &rule.names };
                for (verb, name) in rule.verbs.iter().flat_map(|verb| names.iter().map(move |name| (verb, name))) {
                    let right = Right {
                        verb: (*verb).to_owned(),
                        group: rule.group.to_owned(),
                        resource: resource.to_owned(),
                        subresource: subresource.to_owned(),
                        namespace: role.namespace.clone().unwrap_or_default(),
                        name: name.clone(),
                    };
                    all.push((right, *kind));
                }
            }
        }
    }
    all
}

fn cluster(page: &mut Paper<'_>, inventory: &Inventory, plan: &Plan) -> io::Result<()> {
    let system = &inventory.system;
    let version = system.version.as_deref().unwrap_or("of unknown version");
    let distribution = system.distribution.as_deref().unwrap_or("of unknown distribution");
    page.labelled("Cluster", &format!("{} at {}", system.name, system.origin))?;
    page.labelled("", &format!("Kubernetes {version}, {distribution}"))?;
    standards(page, plan)?;
    plan.notes.iter().chain(&inventory.notes).try_for_each(|note| page.labelled("Note", note))
}

fn lacking(page: &mut Paper<'_>, plan: &Plan, asked: usize, missing: &[(&Right, &str, &Verdict)]) -> io::Result<()> {
    if missing.is_empty() {
        return page.labelled("Rights", &format!("all {} that the rules need", count(asked, "right")));
    }
    page.labelled(
        "Rights",
        &format!("{} of {asked} are missing; `spm permissions kubernetes` prints the roles", missing.len()),
    )?;
    let costs = Costs::of_kinds(plan);
    for (right, kind, verdict) in missing {
        let why = match verdict {
            Verdict::Unknown(why) => format!(" (could not be asked: {why})"),
            Verdict::Denied(why) if !why.is_empty() => format!(" ({why})"),
            Verdict::Denied(_) | Verdict::Allowed => String::new(),
        };
        page.labelled("  missing", &format!("{}{why}", words(right)))?;
        for line in costs.of(kind) {
            page.labelled("", &format!("costs {line}"))?;
        }
    }
    Ok(())
}

/// `list networkpolicies.networking.k8s.io in namespace a`.
fn words(right: &Right) -> String {
    let Right { verb, group, resource, subresource, namespace, name } = right;
    let mut text = format!("{verb} {resource}");
    for (before, part) in [("/", subresource), (".", group), (" named ", name), (" in namespace ", namespace)] {
        if !part.is_empty() {
            text.push_str(before);
            text.push_str(part);
        }
    }
    text
}

/// What has not to do with rights.
fn unasked(page: &mut Paper<'_>, plan: &Plan, args: &DoctorArgs) -> io::Result<()> {
    if args.nodes.nodes.is_some() {
        return Ok(());
    }
    let costs = Costs::of_kinds(plan).of("NodeFacts");
    if !costs.is_empty() {
        page.labelled("Nodes", "files and processes of nodes are not read without --node-facts or --nodes")?;
    }
    costs.iter().try_for_each(|line| page.labelled("", &format!("not decided, or only from the API: {line}")))
}

//! `spm doctor`: whether a scan will see everything, before it runs: the cluster, the standards that will be chosen, the
//! rights that the identity lacks and the rules that this costs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use super::rights::{Intent, Role, needed};
use super::settings::{Settings, places};
use super::{Exit, Outcome, library, print};
use crate::base::text::{count, sanitise, shorten};
use crate::catalog::kubernetes::custom;
use crate::cli::{AccessArgs, DoctorArgs, GlobalArgs, WAIVER_FILE};
use crate::collect::kubernetes::{ClusterAccess, Right, Verdict, collect, installed, review_access};
use crate::expr::Wanted;
use crate::inventory::Inventory;
use crate::rules::Plan;

/// Runs the command.
pub fn run(args: &DoctorArgs, global: &GlobalArgs) -> Outcome {
    let settings = Settings::load(global)?;
    let mut library = library(global)?;
    library.override_params(settings.parameters_of(None));
    let wishes = settings.wishes(&args.standards.standard, None);
    Plan::candidates(&library, crate::model::Technology::Kubernetes, &wishes)?;
    let access = ClusterAccess { allow_node_proxy: args.allow_node_proxy, ..access(&args.access) };
    // Wanting nothing still tells version and distribution.
    let inventory = collect(&access, &Wanted::default(), jiff::Timestamp::now(), None, &())?;
    let plan = Plan::for_system(&library, &inventory.system, &wishes)?;
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
        cluster(out, &inventory, &plan)?;
        lacking(out, &plan, asked.len(), &missing)?;
        unasked(out, &plan, args)?;
        files(out, args, &settings)
    })?;
    Ok(Exit::Done)
}

/// How to reach the cluster that the options name.
pub fn access(args: &AccessArgs) -> ClusterAccess {
    ClusterAccess {
        kubeconfig: args.kubeconfig.clone(),
        context: args.context.clone(),
        timeout: args.timeout,
        ca_file: args.ca_file.clone(),
        ..ClusterAccess::default()
    }
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

fn cluster(out: &mut dyn Write, inventory: &Inventory, plan: &Plan) -> io::Result<()> {
    let system = &inventory.system;
    let version = system.version.as_deref().unwrap_or("of unknown version");
    let distribution = system.distribution.as_deref().unwrap_or("of unknown distribution");
    writeln!(out, "Cluster    {} at {}", sanitise(&system.name), sanitise(&system.origin))?;
    writeln!(out, "           Kubernetes {version}, {distribution}")?;
    for planned in &plan.standards {
        let info = &planned.standard.info;
        let applies = &planned.standard.applies.versions_text;
        let why = if applies.is_empty() { String::new() } else { format!(", for Kubernetes {applies}") };
        writeln!(out, "Standard   {} {}{why}", info.name, info.version)?;
    }
    for note in plan.notes.iter().chain(&inventory.notes) {
        writeln!(out, "Note       {}", sanitise(note))?;
    }
    Ok(())
}

fn lacking(out: &mut dyn Write, plan: &Plan, asked: usize, missing: &[(&Right, &str, &Verdict)]) -> io::Result<()> {
    if missing.is_empty() {
        return writeln!(out, "Rights     all {} that the rules need", count(asked, "right"));
    }
    writeln!(
        out,
        "Rights     {} of {asked} are missing; `spm permissions kubernetes` prints the roles",
        missing.len()
    )?;
    let costs = Costs::new(plan);
    for (right, kind, verdict) in missing {
        let why = match verdict {
            Verdict::Unknown(why) => format!(" (could not be asked: {why})"),
            Verdict::Denied(why) if !why.is_empty() => format!(" ({why})"),
            Verdict::Denied(_) | Verdict::Allowed => String::new(),
        };
        writeln!(out, "  missing  {}{}", words(right), sanitise(&why))?;
        for line in costs.of(kind) {
            writeln!(out, "           costs {line}")?;
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
fn unasked(out: &mut dyn Write, plan: &Plan, args: &DoctorArgs) -> io::Result<()> {
    if args.nodes.nodes.is_some() {
        return Ok(());
    }
    let costs = Costs::new(plan).of("NodeFacts");
    if !costs.is_empty() {
        writeln!(out, "Nodes      files and processes of nodes are not read without --node-facts or --nodes")?;
    }
    for line in costs {
        writeln!(out, "           not decided, or only from the API: {line}")?;
    }
    Ok(())
}

/// Files that a scan will use.
fn files(out: &mut dyn Write, args: &DoctorArgs, settings: &Settings) -> io::Result<()> {
    let there = |path: &Path| if path.exists() { "" } else { ", not there yet" };
    match args.store.path() {
        Some(path) => writeln!(out, "History    {}{}", path.display(), there(&path))?,
        None => writeln!(out, "History    none: there is no home directory; name a file with --store")?,
    }
    match Path::new(WAIVER_FILE) {
        file if file.exists() => writeln!(out, "Waivers    {}", file.display())?,
        file => writeln!(out, "Waivers    none: no {} here, name files with --waivers", file.display())?,
    }
    match &settings.file {
        Some(file) => writeln!(out, "Settings   {}", file.display()),
        None => {
            let places: Vec<String> = places().iter().map(|place| place.display().to_string()).collect();
            writeln!(out, "Settings   none: looked for {}", places.join(", "))
        }
    }
}

/// Which rules read which kinds.
struct Costs<'p> {
    plan: &'p Plan,
    // Per instance.
    kinds: Vec<BTreeSet<&'static str>>,
}

impl<'p> Costs<'p> {
    fn new(plan: &'p Plan) -> Costs<'p> {
        Costs { plan, kinds: plan.wanted_by_instance().iter().map(|wanted| wanted.kinds().collect()).collect() }
    }

    /// Per standard: the rules that cannot be decided, or not in full, without `kind`.
    fn of(&self, kind: &str) -> Vec<String> {
        let mut lines = BTreeMap::new();
        for planned in &self.plan.standards {
            let info = &planned.standard.info;
            let reads = |at: &u32| self.kinds.get(*at as usize).is_some_and(|kinds| kinds.contains(kind));
            let rules = planned.standard.rules.iter().zip(&planned.rules);
            let ids: Vec<&str> =
                rules.filter(|(_, uses)| uses.iter().any(reads)).map(|(rule, _)| rule.id.as_str()).collect();
            if !ids.is_empty() {
                let list = ids.join(", ");
                lines.insert(&info.id, format!("{} {}: {}", info.short, count(ids.len(), "rule"), shorten(&list, 400)));
            }
        }
        lines.into_values().collect()
    }
}

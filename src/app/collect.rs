//! `spm collect`: facts for later scans.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::files::write_whole;
use super::{Exit, Fault, Outcome, print, warn};
use crate::base::new_file::Readers;
use crate::base::text::count;
use crate::cli::{CollectArgs, CollectCommand, GlobalArgs, NodeArgs};
use crate::collect::node::{NodeOptions, collect};
use crate::collect::node_log;
use crate::collect::node_pods::{NodePods, PERMANENT};

/// Runs the command.
pub fn run(args: &CollectArgs, global: &GlobalArgs) -> Outcome {
    match &args.command {
        CollectCommand::Node(args) if args.print_daemonset => daemon_set(args),
        CollectCommand::Node(args) => node(args, global),
    }
}

fn node(args: &NodeArgs, global: &GlobalArgs) -> Outcome {
    if !args.root.is_dir() {
        return Err(Fault(format!("{}: not a directory that can be read", args.root.display())));
    }
    let Some(every) = args.every else {
        let document = document(args, global)?;
        match &args.output {
            Some(path) => write(path, &document)?,
            None => print(|out| out.write_all(&[document.as_slice(), b"\n"].concat()))?,
        }
        return Ok(Exit::Done);
    };
    loop {
        let began = Instant::now();
        let line = node_log::pack(&document(args, global)?)?;
        // Ends when nobody reads any more.
        io::stdout().lock().write_all(&[line.as_slice(), b"\n"].concat())?;
        io::stdout().lock().flush()?;
        std::thread::sleep(every.saturating_sub(began.elapsed()).max(Duration::from_secs(1)));
    }
}

fn document(args: &NodeArgs, global: &GlobalArgs) -> Result<Vec<u8>, Fault> {
    let options = NodeOptions {
        root: args.root.clone(),
        deadline: args.deadline,
        node_name: args.node_name.clone(),
        now: jiff::Timestamp::now(),
    };
    let facts = collect(&options);
    let unread: usize = facts.errors.len() + facts.files.values().map(|files| files.unreadable.len()).sum::<usize>();
    if unread > 0 && !global.quiet {
        warn(&format!("spm: {} could not be read; the document says which and why", count(unread, "part")));
    }
    Ok(serde_json::to_vec(&facts)?)
}

fn write(path: &Path, document: &[u8]) -> Result<(), Fault> {
    let written = write_whole(path, Readers::Owner, |out| {
        out.write_all(document)?;
        out.write_all(b"\n")
    });
    written.map_err(|error| Fault(format!("{}: {error}", path.display())))
}

fn daemon_set(args: &NodeArgs) -> Outcome {
    let pods = NodePods {
        name: PERMANENT,
        namespace: &args.namespace,
        // The options say that it is there.
        image: args.node_image.as_deref().unwrap_or_default(),
        deadline: args.deadline.as_secs().max(1),
        expires: None,
    };
    let objects = [pods.namespace()].into_iter().chain(pods.guards()).chain([pods.daemon_set()]);
    let documents = objects.map(|object| serde_yaml::to_string(&object)).collect::<Result<Vec<_>, _>>()?;
    let waivers: String = FINDINGS
        .iter()
        .map(|(check, kind, why)| {
            let name = if *kind == "Namespace" { pods.namespace } else { pods.name };
            let place = if *kind == "Namespace" { String::new() } else { format!("namespace: {}, ", pods.namespace) };
            format!("#   - {{ rule: {check}, kind: {kind}, {place}name: {name}, reason: {why:?} }}\n")
        })
        .collect();
    print(|out| writeln!(out, "{HEADER}\n{waivers}{}", documents.join("---\n")))?;
    Ok(Exit::Done)
}

/// What a scan says of the permanent DaemonSet and its namespace: what it needs for its work, and nothing else. Check, kind,
/// why it is accepted.
const FINDINGS: [(&str, &str, &str); 6] = [
    ("kubernetes-namespace-pod-policy", "Namespace", "the node collector mounts the node's files"),
    ("kubernetes-namespace-resource-quota", "Namespace", "one pod with limits per node, and nothing else"),
    ("kubernetes-workload-no-host-path", "DaemonSet", "reads the node's files, read-only"),
    ("kubernetes-workload-volume-types", "DaemonSet", "reads the node's files, read-only"),
    ("kubernetes-container-not-root", "DaemonSet", "reads files that belong to root"),
    ("kubernetes-container-no-added-capabilities", "DaemonSet", "reads files and processes of others; cannot write"),
];

const HEADER: &str = "\
# Collects the facts of every Linux node each hour; `spm scan --nodes facts` reads them from the logs of the pods.
# The pods run as user 0 with two capabilities: DAC_READ_SEARCH reads files that are not everybody's, SYS_PTRACE the
# environment of processes. They write nothing, hold no token, and the node's files are mounted read-only.
# Where SELinux is enforced, add `seLinuxOptions: {type: spc_t}` to the securityContext; where AppArmor is, add
# `appArmorProfile: {type: Unconfined}` if the environment of etcd is to be seen.
#
# Scans report what these pods need for that. To accept it, put this into spm-waivers.yaml, with an owner and a last day:
# waivers:";

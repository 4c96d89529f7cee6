//! `spm collect`: facts for later scans.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::files::write_private;
use super::{Exit, Fault, Outcome, print, warn};
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
    let written = write_private(path, |out| {
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
    let (namespace, set) = (serde_yaml::to_string(&pods.namespace())?, serde_yaml::to_string(&pods.daemon_set())?);
    print(|out| writeln!(out, "{HEADER}\n{namespace}---\n{set}"))?;
    Ok(Exit::Done)
}

const HEADER: &str = "\
# Collects the facts of every Linux node each hour; `spm scan --nodes facts` reads them from the logs of the pods.
# The pods run as user 0 with two capabilities: DAC_READ_SEARCH reads files that are not everybody's, SYS_PTRACE the
# environment of processes. They write nothing, hold no token, and the node's files are mounted read-only.
# Where SELinux is enforced, add `seLinuxOptions: {type: spc_t}` to the securityContext; where AppArmor is, add
# `appArmorProfile: {type: Unconfined}` if the environment of etcd is to be seen.";

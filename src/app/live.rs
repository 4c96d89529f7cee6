//! Reading a running cluster, with what belongs to it: facts of its nodes, from files or from pods, and a snapshot.

use super::Fault;
use super::progress::Spinner;
use super::saver::{Saver, sink};
use crate::cli::{AccessArgs, InputArgs, NodeSource};
use crate::collect::files::{self, FileInput};
use crate::collect::kubernetes::nodes::{NodeRun, Pods, collect_nodes};
use crate::collect::kubernetes::{ClusterAccess, collect};
use crate::inventory::{Inventory, Mode, Wanted};
use crate::model::Technology;

/// Reads the cluster that the options name.
pub fn read(input: &InputArgs, wanted: &Wanted, now: jiff::Timestamp, spinner: &Spinner) -> Result<Inventory, Fault> {
    let pods = pods(input)?;
    let asked = asked(input, wanted);
    let wanted = &asked;
    let mut saver = Saver::begin(input, Technology::Kubernetes, Mode::Live, now, wanted)?;
    // Before the cluster is asked: a wrong path must not cost a scan.
    let facts = match input.node_facts.as_slice() {
        [] => None,
        paths => {
            let files = FileInput { node_facts: paths.to_vec(), ..FileInput::default() };
            Some(files::read(&files, wanted, now, saver.as_mut().map(|saver| &mut saver.writer), spinner)?)
        }
    };
    let access = ClusterAccess {
        kubeconfig: input.kubeconfig.clone(),
        context: input.context.clone(),
        namespaces: input.namespace.clone(),
        allow_node_proxy: input.allow_node_proxy,
        timeout: input.timeout,
        ca_file: input.ca_file.clone(),
        kubelet_ca: input.kubelet_ca.clone(),
        ..ClusterAccess::default()
    };
    let mut inventory = collect(&access, wanted, now, sink(&mut saver), spinner)?;
    if let Some(name) = &input.system {
        inventory.system.name.clone_from(name);
    }
    if let Some(facts) = facts {
        inventory.absorb(facts);
    }
    if let Some(pods) = pods {
        let run =
            NodeRun { access: &access, pods, namespace: &input.nodes.node_namespace, timeout: input.node_timeout, now };
        collect_nodes(&run, wanted, &mut inventory, sink(&mut saver), spinner)?;
    }
    #[cfg(feature = "aws")]
    if !input.no_cloud {
        super::aws::read_cluster(input, wanted, &mut inventory, sink(&mut saver), spinner);
    }
    // Before the snapshot is finished, which then says so too.
    inventory.scope.narrow(&input.namespace, &[]);
    inventory.finish();
    if let Some(saver) = saver {
        saver.finish(&inventory)?;
    }
    Ok(inventory)
}

// What the cloud is asked about stands in objects of the cluster.
#[cfg(feature = "aws")]
fn asked(input: &InputArgs, wanted: &Wanted) -> Wanted {
    if input.no_cloud { wanted.clone() } else { crate::collect::aws::eks::with_marks(wanted) }
}

#[cfg(not(feature = "aws"))]
fn asked(_: &InputArgs, wanted: &Wanted) -> Wanted {
    wanted.clone()
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

fn pods(input: &InputArgs) -> Result<Option<Pods<'_>>, Fault> {
    match (input.nodes.nodes, &input.node_image) {
        (None, _) => Ok(None),
        (Some(NodeSource::Facts), _) => Ok(Some(Pods::Permanent)),
        (Some(NodeSource::Daemonset), Some(image)) => Ok(Some(Pods::Temporary { image })),
        (Some(NodeSource::Daemonset), None) => {
            Err(Fault("--nodes daemonset needs --node-image: an image with spm that the nodes can pull".to_owned()))
        }
    }
}

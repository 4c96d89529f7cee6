//! Reading a running cluster, with what belongs to it: facts of its nodes, from files or from pods, and a snapshot.

use super::Fault;
use super::progress::Spinner;
use super::saver::Saver;
use crate::cli::{InputArgs, NodeSource};
use crate::collect::files::{self, FileInput};
use crate::collect::kubernetes::nodes::{NodeRun, Pods, collect_nodes};
use crate::collect::kubernetes::{ClusterAccess, collect};
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, ObjectSink, Wanted};
use crate::model::Technology;

/// Reads the cluster that the options name.
pub fn read(input: &InputArgs, wanted: &Wanted, now: jiff::Timestamp, spinner: &Spinner) -> Result<Inventory, Fault> {
    let pods = pods(input)?;
    let mut saver = match &input.save {
        Some(path) => {
            let writer = SnapshotWriter::create(path, Technology::Kubernetes, Mode::Live, now)
                .map_err(|error| Fault(format!("{}: {error}", path.display())))?;
            Some(Saver::new(writer, wanted))
        }
        None => None,
    };
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
        ..ClusterAccess::default()
    };
    let mut inventory =
        collect(&access, wanted, now, saver.as_mut().map(|saver| saver as &mut dyn ObjectSink), spinner)?;
    if let Some(name) = &input.system {
        inventory.system.name.clone_from(name);
    }
    if let Some(facts) = facts {
        inventory.absorb(facts);
    }
    if let Some(pods) = pods {
        let run =
            NodeRun { access: &access, pods, namespace: &input.nodes.node_namespace, timeout: input.node_timeout, now };
        let sink = saver.as_mut().map(|saver| saver as &mut dyn ObjectSink);
        collect_nodes(&run, wanted, &mut inventory, sink, spinner)?;
    }
    // Before the snapshot is finished, which then says so too.
    inventory.scope.narrow(&input.namespace, &[]);
    inventory.finish();
    if let (Some(saver), Some(path)) = (saver, &input.save) {
        saver.finish(&inventory).map_err(|error| Fault(format!("{}: {error}", path.display())))?;
    }
    Ok(inventory)
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

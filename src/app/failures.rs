//! Scans that could not be made: kept, so that the overview names systems that nobody has data of.

use super::settings::Settings;
use super::targets::Target;
use super::{Fault, warn};
use crate::cli::KeepArgs;
use crate::store::{Failure, Store, SystemKey};

/// Keeps that the scan of a system failed, if the history is kept. Only of systems that are known to exist, from the
/// settings or the kubeconfig: a typing error is none.
pub fn keep(args: &KeepArgs, target: &Target, settings: &Settings, fault: &Fault) {
    let (Some(name), Some(path), false) = (known(target, settings), args.store.path(), args.no_store) else { return };
    let system = SystemKey { technology: target.technology, name };
    let failure = Failure { system, at: jiff::Timestamp::now().to_string(), why: fault.0.clone() };
    if let Err(error) = Store::open(&path).and_then(|mut store| store.save_failure(&failure)) {
        warn(&format!("spm: that this scan failed is not in the history: {error}"));
    }
}

/// The name under which a scan of the system would be in the history.
fn known(target: &Target, settings: &Settings) -> Option<String> {
    let input = &target.input;
    let system = input.system.as_ref().filter(|name| settings.systems.iter().any(|system| system.name == **name));
    let context = input.context.as_ref().filter(|name| contexts(input.kubeconfig.as_deref()).contains(name));
    match (system, context) {
        (Some(name), _) => Some(name.clone()),
        (None, Some(context)) => Some(input.system.as_ref().unwrap_or(context).clone()),
        (None, None) => None,
    }
}

#[cfg(feature = "kubernetes")]
fn contexts(kubeconfig: Option<&std::path::Path>) -> Vec<String> {
    // Without a kubeconfig that can be read, no context is known.
    crate::collect::kubernetes::contexts(kubeconfig).unwrap_or_default()
}

#[cfg(not(feature = "kubernetes"))]
fn contexts(_: Option<&std::path::Path>) -> Vec<String> {
    Vec::new()
}

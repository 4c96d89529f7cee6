//! Reading AWS accounts: which ones, as whom, and a snapshot of what was read.

use std::path::Path;
use std::time::Duration;

use super::Fault;
use super::progress::Spinner;
use super::saver::{Saver, sink};
use crate::cli::{AwsArgs, InputArgs};
#[cfg(feature = "kubernetes")]
use crate::collect::aws::eks;
use crate::collect::aws::{AccountAccess, collect, organization};
#[cfg(feature = "kubernetes")]
use crate::inventory::ObjectSink;
use crate::inventory::{Inventory, Mode, Wanted};
use crate::model::Technology;

/// Reads the account that the options name.
pub fn read(input: &InputArgs, wanted: &Wanted, now: jiff::Timestamp, spinner: &Spinner) -> Result<Inventory, Fault> {
    let mut saver = Saver::begin(input, Technology::Aws, Mode::Live, now, wanted)?;
    let access = access(&input.aws, input.timeout, input.ca_file.as_deref());
    let mut inventory = collect(&access, wanted, now, sink(&mut saver), spinner)?;
    if let Some(name) = &input.system {
        inventory.system.name.clone_from(name);
    }
    inventory.finish();
    if let Some(saver) = saver {
        saver.finish(&inventory)?;
    }
    Ok(inventory)
}

/// Adds to a cluster of EKS what AWS says of it, with the credentials of the environment.
#[cfg(feature = "kubernetes")]
pub fn read_cluster(
    input: &InputArgs,
    wanted: &Wanted,
    cluster: &mut Inventory,
    save: Option<&mut dyn ObjectSink>,
    spinner: &Spinner,
) {
    let is_eks = cluster.system.distribution.as_deref() == Some(eks::DISTRIBUTION);
    if is_eks && !eks::kinds(wanted).is_empty() {
        // The file is for the API server.
        let access = access(&AwsArgs::default(), input.timeout, None);
        eks::collect_cluster(&access, wanted, cluster.now, cluster, save, spinner);
    }
}

/// The ids of the accounts that `--accounts` names.
pub fn accounts(aws: &AwsArgs, timeout: Duration, ca_file: Option<&Path>) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::new();
    for named in &aws.accounts {
        if named == "organization" {
            ids.extend(organization(&access(aws, timeout, ca_file))?);
        } else if named.len() == 12 && named.bytes().all(|byte| byte.is_ascii_digit()) {
            ids.push(named.clone());
        } else {
            return Err(Fault(format!(
                "\"{named}\" is no account (expected an id of twelve digits, or `organization`)"
            )));
        }
    }
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Err(Fault("the organization lists no active account".to_owned()));
    }
    Ok(ids)
}

/// As whom and where to read.
pub fn access(aws: &AwsArgs, timeout: Duration, ca_file: Option<&Path>) -> AccountAccess {
    // Of several accounts one is left here, see `targets`.
    let account = match (&aws.accounts[..], &aws.account_role) {
        ([account], Some(role)) if account != "organization" => Some((account.clone(), role.clone())),
        _ => None,
    };
    AccountAccess {
        profile: aws.profile.clone(),
        role_arn: aws.role_arn.clone(),
        external_id: aws.external_id.clone(),
        account,
        regions: aws.region.clone(),
        exclude_regions: aws.exclude_region.clone(),
        timeout,
        ca_file: ca_file.map(Path::to_owned),
    }
}

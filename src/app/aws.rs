//! Reading AWS accounts: which ones, as whom, and a snapshot of what was read.

use super::Fault;
use super::progress::Spinner;
use super::saver::Saver;
use crate::cli::InputArgs;
use crate::collect::aws::{AccountAccess, collect, organization};
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, ObjectSink, Wanted};
use crate::model::Technology;

/// Reads the account that the options name.
pub fn read(input: &InputArgs, wanted: &Wanted, now: jiff::Timestamp, spinner: &Spinner) -> Result<Inventory, Fault> {
    let mut saver = match &input.save {
        Some(path) => {
            let writer = SnapshotWriter::create(path, Technology::Aws, Mode::Live, now)
                .map_err(|error| Fault(format!("{}: {error}", path.display())))?;
            Some(Saver::new(writer, wanted))
        }
        None => None,
    };
    let sink = saver.as_mut().map(|saver| saver as &mut dyn ObjectSink);
    let mut inventory = collect(&access(input), wanted, now, sink, spinner)?;
    if let Some(name) = &input.system {
        inventory.system.name.clone_from(name);
    }
    inventory.finish();
    if let (Some(saver), Some(path)) = (saver, &input.save) {
        saver.finish(&inventory).map_err(|error| Fault(format!("{}: {error}", path.display())))?;
    }
    Ok(inventory)
}

/// The ids of the accounts that `--accounts` names.
pub fn accounts(input: &InputArgs) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::new();
    for named in &input.aws.accounts {
        if named == "organization" {
            ids.extend(organization(&access(input))?);
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
    Ok(ids)
}

/// As whom and where to read.
pub fn access(input: &InputArgs) -> AccountAccess {
    let aws = &input.aws;
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
        timeout: input.timeout,
        ca_file: input.ca_file.clone(),
    }
}

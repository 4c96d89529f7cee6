//! Reading one account: who asks, which regions there are, then what is wanted of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::credentials::ConnectError;
use super::scan::{Extent, scan};
use super::{Access, CallError, Caller, Identity};
use crate::base::text::sanitise;
use crate::catalog::aws::kinds::Call;
use crate::collect::Progress;
use crate::inventory::{Inventory, Mode, ObjectSink, Wanted};
use crate::model::{Gap, System, Technology};

/// Which account, as whom, and where.
#[derive(Debug, Clone, Default)]
pub struct AccountAccess {
    /// Profile of the shared configuration; that of the environment if none.
    pub profile: Option<String>,
    /// Role to assume first.
    pub role_arn: Option<String>,
    /// What the owners of roles ask for.
    pub external_id: Option<String>,
    /// Another account, with the name of the role to assume there.
    pub account: Option<(String, String)>,
    /// Regions to read; all that are enabled if empty.
    pub regions: Vec<String>,
    /// Regions not to read.
    pub exclude_regions: Vec<String>,
    /// Longest time of one call.
    pub timeout: Duration,
    /// Certificates to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
}

/// Why an account cannot be read at all. Everything less is a gap.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No runtime to read with.
    #[error("cannot start")]
    Start(#[source] std::io::Error),
    /// Nothing to call with.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Nobody knows who asks.
    #[error("cannot tell which AWS account this is{}", hint(error, profile.as_deref()))]
    Identity {
        /// The profile that was asked for.
        profile: Option<String>,
        /// What the service said, or why it was not asked.
        #[source]
        error: Box<CallError>,
    },
    /// Every region was excluded.
    #[error("no region is left to read: --region and --exclude-region leave none")]
    NoRegion,
    /// The accounts of the organization cannot be listed.
    #[error("cannot list the accounts of the organization")]
    Organization(#[source] CallError),
}

fn hint(error: &CallError, profile: Option<&str>) -> String {
    match (error.code.as_str(), profile) {
        ("NoCredentials", Some(profile)) => format!(
            " (the profile `{}` gives no credentials: `aws configure list-profiles` shows the profiles, `aws sso login \
            --profile NAME` logs in)",
            sanitise(profile)
        ),
        ("NoCredentials", None) => " (set AWS_PROFILE or --profile, or log in with `aws sso login`)".to_owned(),
        _ => String::new(),
    }
}

/// Reads what is wanted of the account.
pub fn collect(
    access: &AccountAccess,
    wanted: &Wanted,
    now: Timestamp,
    save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) -> Result<Inventory, AwsError> {
    runtime()?.block_on(async {
        progress.reading("identity", 0);
        let (caller, identity) = connect(access).await?;
        let system = System {
            technology: Technology::Aws,
            name: identity.account.clone(),
            version: None,
            distribution: Some(identity.partition.clone()),
            origin: format!("account {} as {}", identity.account, identity.arn),
        };
        let mut inventory = Inventory::new(system, Mode::Live, now);
        let (regions, lost) = enabled_regions(access, &caller).await;
        if let Some(error) = lost {
            for kind in wanted.kinds() {
                inventory.add_gap(Gap {
                    kind: kind.to_owned(),
                    scope: None,
                    reason: error.reason(),
                    detail: format!("only {} was read: {error}", caller.region()),
                    permission: Some("ec2:DescribeRegions".to_owned()),
                });
            }
        }
        if regions.is_empty() {
            return Err(AwsError::NoRegion);
        }
        let chosen = !access.regions.is_empty() || !access.exclude_regions.is_empty();
        if chosen {
            inventory.scope.narrow(&access.regions, &access.exclude_regions);
            inventory.notes.push(format!("of what lies in regions, only {} was read", regions.join(", ")));
        }
        let home = caller.region().to_owned();
        let Identity { account, partition, .. } = identity;
        let extent = Extent { account, partition, home, regions, chosen, only: BTreeMap::new(), placed: true };
        scan(Arc::new(caller), extent, wanted, &mut inventory, save, progress).await;
        inventory.finish();
        Ok(inventory)
    })
}

/// The regions to read, sorted, and the error because of which they may not be all: then what lies in others is unseen, whatever
/// its kind.
pub(super) async fn enabled_regions(access: &AccountAccess, caller: &Caller) -> (Vec<String>, Option<CallError>) {
    let (mut regions, mut lost) = (access.regions.clone(), None);
    if regions.is_empty() {
        match caller.regions().await {
            Ok(enabled) => regions = enabled.into_iter().map(|region| region.name).collect(),
            Err(error) => {
                regions = vec![caller.region().to_owned()];
                lost = Some(error);
            }
        }
    }
    regions.retain(|region| !access.exclude_regions.contains(region));
    regions.sort();
    regions.dedup();
    (regions, lost)
}

/// Ids of the active accounts of the organization that the identity belongs to.
pub fn organization(access: &AccountAccess) -> Result<Vec<String>, AwsError> {
    runtime()?.block_on(async {
        let (caller, _) = connect(access).await?;
        let call = Call {
            service: "organizations".to_owned(),
            operation: "ListAccounts".to_owned(),
            with: Map::new(),
            action: "organizations:ListAccounts".to_owned(),
        };
        let answer = caller.call(&call, Map::new(), caller.region()).await.map_err(AwsError::Organization)?;
        let accounts = answer.get("Accounts").and_then(Json::as_array).cloned().unwrap_or_default();
        let text = |account: &Json, key: &str| account.get(key).and_then(Json::as_str).map(str::to_owned);
        let active = accounts.iter().filter(|account| text(account, "Status").as_deref() == Some("ACTIVE"));
        Ok(active.filter_map(|account| text(account, "Id")).collect())
    })
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, AwsError> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(AwsError::Start)
}

pub(super) async fn connect(access: &AccountAccess) -> Result<(Caller, Identity), AwsError> {
    let settings = Access {
        profile: access.profile.clone(),
        region: access.regions.first().cloned(),
        role_arn: access.role_arn.clone(),
        external_id: access.external_id.clone(),
        ca_file: access.ca_file.clone(),
        timeout: access.timeout,
        ..Access::default()
    };
    let caller = Caller::connect(&settings).await?;
    let unknown = |error: CallError| AwsError::Identity { profile: access.profile.clone(), error: Box::new(error) };
    let identity = caller.identity().await.map_err(unknown)?;
    match &access.account {
        // In its own account the identity needs no role.
        Some((account, role)) if *account != identity.account => {
            let role = format!("arn:{}:iam::{account}:role/{role}", identity.partition);
            let caller = caller.assume(&role, access.external_id.as_deref(), None);
            let identity = caller.identity().await.map_err(unknown)?;
            Ok((caller, identity))
        }
        _ => Ok((caller, identity)),
    }
}

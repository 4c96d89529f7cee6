//! What a server has of the kinds that it need not have, by its discovery documents.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::{Api, Class, Failure, is_name};
use super::{ClusterAccess, ClusterError, config, run};
use crate::catalog::Kind;
use crate::catalog::kubernetes::custom;

/// Custom resources of the catalog that the cluster has.
pub fn installed(access: &ClusterAccess) -> Result<BTreeSet<&'static str>, ClusterError> {
    run(access, async {
        let target = config::target(access).await?;
        let api = Api::new(target.client, target.server, target.program, access.timeout);
        Ok(served(&api, custom::KINDS.iter()).await.into_keys().collect())
    })
}

/// The kinds that the server has, each with the version to read it in. If the server does not tell, a kind stands with its
/// usual version: reading it shows whether it is there.
pub(super) async fn served(api: &Api, kinds: impl Iterator<Item = &'static Kind>) -> BTreeMap<&'static str, String> {
    let mut served = BTreeMap::new();
    let mut kinds = kinds.peekable();
    if kinds.peek().is_none() {
        return served;
    }
    let groups = match groups(api).await {
        Ok(groups) => groups,
        Err(failure) if failure.class == Class::NotFound => return served,
        Err(_) => return kinds.map(|kind| (kind.name, kind.version.to_owned())).collect(),
    };
    // By path of group and version.
    let mut known: BTreeMap<String, Result<Vec<String>, Failure>> = BTreeMap::new();
    for kind in kinds {
        let Some(group) = groups.iter().find(|group| group.name == kind.group) else { continue };
        let mut versions: Vec<&str> = group.versions.iter().map(|version| version.version.as_str()).collect();
        // The server prefers the first of them; the one that is known to hold what is read comes before it.
        versions.sort_by_key(|version| *version != kind.version);
        for version in versions.into_iter().filter(|version| is_name(version)) {
            let path = format!("/apis/{}/{version}", kind.group);
            if !known.contains_key(&path) {
                known.insert(path.clone(), resources(api, &path).await);
            }
            let has = match known.get(&path) {
                Some(Ok(plurals)) => plurals.iter().any(|plural| plural == kind.plural),
                Some(Err(failure)) => failure.class != Class::NotFound,
                None => false,
            };
            if has {
                served.insert(kind.name, version.to_owned());
                break;
            }
        }
    }
    served
}

#[derive(Deserialize)]
struct Group {
    name: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

async fn groups(api: &Api) -> Result<Vec<Group>, Failure> {
    #[derive(Deserialize)]
    struct Groups {
        groups: Vec<Group>,
    }
    let body = api.get("/apis").await?;
    let unreadable = |_| Failure::new(Class::Malformed, "the answer is no list of API groups");
    serde_json::from_slice::<Groups>(&body).map(|found| found.groups).map_err(unreadable)
}

/// Plurals of the resources that the server has at `path` (`/apis/apps/v1`).
pub(super) async fn resources(api: &Api, path: &str) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct Resources {
        resources: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let body = api.get(path).await?;
    let unreadable = |_| Failure::new(Class::Malformed, "the answer is no list of resources");
    let found = serde_json::from_slice::<Resources>(&body).map_err(unreadable)?;
    Ok(found.resources.into_iter().map(|resource| resource.name).collect())
}

//! Which permissions reading needs: the calls that a scan makes, as IAM names them.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::needed;
use crate::catalog::aws::kinds::{Call, Scope};
use crate::catalog::aws::row;
use crate::inventory::Wanted;

/// Every action that reading what is wanted takes, with the kinds that it is for.
pub fn actions(wanted: &Wanted) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut all: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for kind in wanted.kinds() {
        let (Some(row), Some(projection)) = (row(kind), wanted.of(kind)) else { continue };
        let asks = needed(row, projection).into_iter().filter_map(|at| row.asks.get(at)).map(|ask| &ask.call);
        let locate = row.locate.as_ref().map(|locate| &locate.ask.call);
        let parents = row.each.as_deref().and_then(crate::catalog::aws::row);
        let lists = row.lists.iter().chain(parents.into_iter().flat_map(|parent| &parent.lists));
        for call in lists.map(|list| &list.call).chain(locate).chain(asks) {
            for action in actions_of(call) {
                all.entry(action).or_default().insert(row.kind.name);
            }
        }
        if row.scope == Scope::Region {
            all.entry("ec2:DescribeRegions".to_owned()).or_default().insert(row.kind.name);
        }
    }
    all
}

fn actions_of(call: &Call) -> Vec<String> {
    // The report is made before it is read.
    let before = call.is_credential_report().then(|| "iam:GenerateCredentialReport".to_owned());
    before.into_iter().chain([call.action.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Path;

    #[test]
    fn only_what_is_read_needs_permissions() {
        let mut wanted = Wanted::default();
        wanted.add("AWS::S3::Bucket", &Path::keys(&["Versioning", "MFADelete"]));
        wanted.add("AWS::IAM::RootUser", &Path::keys(&["CredentialReport", "password_last_used"]));
        wanted.add("AWS::Lambda::Url", &Path::keys(&["AuthType"]));
        let all: Vec<String> = actions(&wanted).into_keys().collect();
        assert_eq!(
            all,
            [
                "ec2:DescribeRegions",
                "iam:GenerateCredentialReport",
                "iam:GetCredentialReport",
                "lambda:ListFunctionUrlConfigs",
                "lambda:ListFunctions",
                "s3:GetBucketLocation",
                "s3:GetBucketVersioning",
                "s3:ListAllMyBuckets",
            ]
        );
    }
}

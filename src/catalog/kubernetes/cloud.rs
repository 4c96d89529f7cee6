//! What the API of a cloud says of a managed cluster: kinds under the names of the provider, with properties spelled as its
//! command line prints them (`aws eks describe-cluster`, `az aks show`).
//!
//! They belong to Kubernetes because they hold what concerns one cluster: itself, what runs its nodes, where its images
//! come from. No Kubernetes API serves them. A collector that reads a cloud fills them; it always gives the object of the
//! cluster itself, so that a kind without objects beside it means that there are none.

use super::Kind;
use crate::model::Technology::Kubernetes;

/// A provider of managed clusters.
#[derive(Debug)]
pub struct Cloud {
    /// Distribution of its clusters.
    pub distribution: &'static str,
    /// Kind of the cluster itself: there if and only if the cloud could be asked.
    pub cluster: &'static str,
    /// What people call its API.
    pub api: &'static str,
    /// Kinds with the permission that reading them needs.
    pub kinds: &'static [(&'static str, &'static str)],
}

/// The providers.
pub const CLOUDS: &[Cloud] = &[
    Cloud {
        distribution: "eks",
        cluster: "AWS::EKS::Cluster",
        api: "AWS",
        kinds: &[
            ("AWS::EKS::Cluster", "eks:DescribeCluster"),
            ("AWS::EKS::Addon", "eks:DescribeAddon"),
            ("AWS::EC2::RouteTable", "ec2:DescribeRouteTables"),
            ("AWS::ECR::Repository", "ecr:DescribeRepositories"),
            ("AWS::ECR::RegistryScanningConfiguration", "ecr:GetRegistryScanningConfiguration"),
        ],
    },
    Cloud {
        distribution: "aks",
        cluster: "Microsoft.ContainerService/managedClusters",
        api: "Azure",
        kinds: &[
            ("Microsoft.ContainerService/managedClusters", "Microsoft.ContainerService/managedClusters/read"),
            ("Microsoft.Insights/diagnosticSettings", "Microsoft.Insights/diagnosticSettings/read"),
            ("Microsoft.Security/pricings", "Microsoft.Security/pricings/read"),
        ],
    },
];

/// The provider of a kind, and the permission that reading it needs.
pub fn of(kind: &str) -> Option<(&'static Cloud, &'static str)> {
    CLOUDS.iter().find_map(|cloud| {
        let (_, permission) = cloud.kinds.iter().find(|(name, _)| *name == kind)?;
        Some((cloud, *permission))
    })
}

const fn kind(name: &'static str, group: &'static str, fields: &'static [&'static str]) -> Kind {
    Kind { name, technology: Kubernetes, group, version: "", plural: "", namespaced: false, fields }
}

/// The kinds of Azure; those of AWS are in [`crate::catalog::aws`]. Of a cluster, route tables are those in effect for subnets of
/// its nodes, repositories those that its images come from.
pub const KINDS: &[Kind] = &[
    kind(
        "Microsoft.ContainerService/managedClusters",
        "Microsoft.ContainerService",
        &[
            "id",
            "name",
            "aadProfile",
            "addonProfiles",
            "agentPoolProfiles",
            "apiServerAccessProfile",
            "disableLocalAccounts",
            "diskEncryptionSetId",
            "enableRbac",
            "kubernetesVersion",
            "networkProfile",
            "securityProfile",
        ],
    ),
    kind(
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Insights",
        &["id", "name", "eventHubAuthorizationRuleId", "logs", "metrics", "storageAccountId", "workspaceId"],
    ),
    kind("Microsoft.Security/pricings", "Microsoft.Security", &["id", "name", "pricingTier", "subPlan"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_provider_and_every_provider_its_kinds() {
        for kind in KINDS {
            assert!(of(kind.name).is_some(), "{} has no provider", kind.name);
        }
        for cloud in CLOUDS {
            assert!(cloud.kinds.iter().any(|(name, _)| *name == cloud.cluster));
            for (name, _) in cloud.kinds {
                assert!(crate::catalog::kind(name).is_some(), "{name} is no kind");
            }
        }
    }
}

//! Which distribution a cluster is, from what it says about itself.

/// Suffixes of the API server's `gitVersion` (`v1.34.1-eks-d48a2`), as a part of what follows the version.
const SUFFIXES: &[(&str, &str)] = &[
    ("-eks-", "eks"),
    ("-gke.", "gke"),
    ("+k3s", "k3s"),
    ("+rke2", "rke2"),
    ("+vmware", "tanzu"),
    ("-aliyun", "ack"),
    ("+IKS", "iks"),
    ("+iks", "iks"),
    ("+k0s", "k0s"),
];

/// Beginnings of node label keys that only one distribution sets.
const LABELS: &[(&str, &str)] = &[
    ("eks.amazonaws.com/", "eks"),
    ("alpha.eksctl.io/", "eks"),
    ("kubernetes.azure.com/", "aks"),
    ("cloud.google.com/gke-", "gke"),
    ("microk8s.io/", "microk8s"),
    ("node.openshift.io/", "openshift"),
    ("doks.digitalocean.com/", "doks"),
    ("oke.oraclecloud.com/", "oke"),
    ("ibm-cloud.kubernetes.io/", "iks"),
    ("rke.cattle.io/", "rke2"),
    ("k3s.io/", "k3s"),
];

/// Beginnings of `spec.providerID` that belong to a distribution. Those of clouds do not: anybody can run machines there.
const PROVIDERS: &[(&str, &str)] = &[("k3s://", "k3s"), ("rke2://", "rke2")];

/// The distribution, from the API server's version and from the provider ids and label keys of nodes; `upstream` if a
/// version is known and nothing points to a vendor.
pub fn distribution<'a>(
    git_version: Option<&str>,
    provider_ids: impl IntoIterator<Item = &'a str>,
    labels: impl IntoIterator<Item = &'a str>,
) -> Option<&'static str> {
    let by_version = git_version.and_then(|version| {
        SUFFIXES.iter().find(|(suffix, _)| version.contains(suffix)).map(|(_, distribution)| *distribution)
    });
    let begins = |table: &'static [(&'static str, &'static str)], text: &str| {
        table.iter().find(|(start, _)| text.starts_with(start)).map(|(_, distribution)| *distribution)
    };
    by_version
        .or_else(|| labels.into_iter().find_map(|label| begins(LABELS, label)))
        .or_else(|| provider_ids.into_iter().find_map(|id| begins(PROVIDERS, id)))
        .or_else(|| git_version.and_then(plain_version).map(|_| "upstream"))
}

/// The three numbers of a `gitVersion` or image tag: `v1.34.1-eks-abc` is `1.34.1`; none if it does not begin with three.
pub fn plain_version(git_version: &str) -> Option<String> {
    let text = git_version.strip_prefix('v').unwrap_or(git_version);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let numbers: Vec<u32> = text[..end].split('.').map(|n| n.parse().ok()).collect::<Option<_>>()?;
    match numbers[..] {
        [major, minor, patch] => Some(format!("{major}.{minor}.{patch}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(version: Option<&str>, provider: &str, label: &str) -> Option<&'static str> {
        distribution(version, [provider], ["kubernetes.io/hostname", label])
    }

    #[test]
    fn vendors_are_told_by_version_then_label_then_provider() {
        assert_eq!(found(Some("v1.34.1-eks-d48a2"), "aws:///eu-west-1a/i-0", ""), Some("eks"));
        assert_eq!(found(Some("v1.33.2-gke.1234"), "gce://p/z/n", ""), Some("gke"));
        assert_eq!(found(Some("v1.34.1+k3s1"), "", ""), Some("k3s"));
        assert_eq!(found(Some("v1.34.1+rke2r1"), "", ""), Some("rke2"));
        assert_eq!(found(Some("v1.34.1"), "azure:///x", "kubernetes.azure.com/cluster"), Some("aks"));
        assert_eq!(found(Some("v1.34.1"), "", "microk8s.io/cluster"), Some("microk8s"));
        assert_eq!(found(None, "k3s://n", ""), Some("k3s"));
    }

    #[test]
    fn machines_of_a_cloud_do_not_make_its_distribution() {
        assert_eq!(
            found(Some("v1.34.1"), "aws:///eu-west-1a/i-0", "node-role.kubernetes.io/control-plane"),
            Some("upstream")
        );
        assert_eq!(found(None, "aws:///eu-west-1a/i-0", ""), None);
        assert_eq!(found(Some("nonsense"), "", ""), None);
    }

    #[test]
    fn versions_lose_their_suffix() {
        assert_eq!(plain_version("v1.34.1-eks-abc").as_deref(), Some("1.34.1"));
        assert_eq!(plain_version("1.34.1+k3s1").as_deref(), Some("1.34.1"));
        assert_eq!(plain_version("v1.34.0-rc.1").as_deref(), Some("1.34.0"));
        assert_eq!(plain_version("latest"), None);
        assert_eq!(plain_version("v1.34"), None);
        assert_eq!(plain_version(""), None);
    }
}

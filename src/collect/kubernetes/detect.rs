//! Which version and distribution the answers of the API server and the nodes speak of.

use crate::expr::Value;

/// `1.34.1` of `v1.34.1-eks-113cf36`; none if that is no version.
pub(super) fn plain_version(git_version: &str) -> Option<String> {
    let number = git_version.trim_start_matches('v').split(['-', '+']).next()?;
    let parts: Vec<&str> = number.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(numeric)).then(|| number.to_owned())
}

/// The distribution, from what its builds write into versions, labels and provider ids.
pub(super) fn distribution<'a>(git_version: &str, nodes: impl IntoIterator<Item = &'a Value>) -> &'static str {
    const SUFFIXES: [(&str, &str); 4] = [("-eks-", "eks"), ("-gke.", "gke"), ("+k3s", "k3s"), ("+rke2", "rke2")];
    const LABELS: [(&str, &str); 3] = [
        ("eks.amazonaws.com/nodegroup", "eks"),
        ("kubernetes.azure.com/cluster", "aks"),
        ("cloud.google.com/gke-nodepool", "gke"),
    ];
    let by_version = |version: &str| SUFFIXES.iter().find(|(mark, _)| version.contains(mark)).map(|(_, name)| *name);
    let by_node = |node: &Value| {
        let kubelet = node.at(&["status", "nodeInfo", "kubeletVersion"]).and_then(Value::as_str);
        let labels = node.at(&["metadata", "labels"]);
        let labelled = LABELS.iter().find(|(label, _)| labels.is_some_and(|labels| labels.get(label).is_some()));
        kubelet.and_then(by_version).or(labelled.map(|(_, name)| *name))
    };
    by_version(git_version).or_else(|| nodes.into_iter().find_map(by_node)).unwrap_or("upstream")
}

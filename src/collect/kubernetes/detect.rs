//! Which version and distribution a cluster speaks of: what this scan needs of `catalog::kubernetes::distribution`.

/// The distribution, from the API server's version and from the provider ids and label keys of nodes.
pub(super) fn distribution<'a>(
    git_version: Option<&str>,
    provider_ids: impl IntoIterator<Item = &'a str>,
    labels: impl IntoIterator<Item = &'a str>,
) -> Option<&'static str> {
    const SUFFIXES: [(&str, &str); 4] = [("-eks-", "eks"), ("-gke.", "gke"), ("+k3s", "k3s"), ("+rke2", "rke2")];
    const LABELS: [(&str, &str); 3] =
        [("eks.amazonaws.com/", "eks"), ("kubernetes.azure.com/", "aks"), ("cloud.google.com/gke-", "gke")];
    const PROVIDERS: [(&str, &str); 2] = [("k3s://", "k3s"), ("rke2://", "rke2")];
    let begins = |table: &[(&str, &'static str)], text: &str| {
        table.iter().find(|(start, _)| text.starts_with(start)).map(|(_, name)| *name)
    };
    let version = git_version?;
    let by_version = SUFFIXES.iter().find(|(mark, _)| version.contains(mark)).map(|(_, name)| *name);
    by_version
        .or_else(|| labels.into_iter().find_map(|label| begins(&LABELS, label)))
        .or_else(|| provider_ids.into_iter().find_map(|id| begins(&PROVIDERS, id)))
        .or(Some("upstream"))
}

/// `1.34.1` of `v1.34.1-eks-113cf36`; none if that is no version.
pub(super) fn plain_version(git_version: &str) -> Option<String> {
    let number = git_version.trim_start_matches('v').split(['-', '+']).next()?;
    let parts: Vec<&str> = number.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(numeric)).then(|| number.to_owned())
}

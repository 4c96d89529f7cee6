//! Which cluster the objects of an input come from, as far as they tell.

use crate::catalog::kubernetes::distribution::{distribution, plain_version};
use crate::expr::Value;
use crate::inventory::Inventory;

/// Where the cluster's own pods lie.
pub(super) const NAMESPACE: &str = "kube-system";

/// Fills in version and distribution: of the API server's own pod if it is there, else of the kubelets, which are never
/// newer than the API server.
pub(super) fn detect(inventory: &mut Inventory) {
    let nodes = inventory.of("Node");
    let text = |value: &Value, keys: &[&str]| value.at(keys).and_then(Value::as_str).map(str::to_owned);
    let kubelet = nodes
        .iter()
        .filter_map(|node| text(&node.value, &["status", "nodeInfo", "kubeletVersion"]))
        .max_by_key(|version| numbers(version));
    let server = inventory
        .of("Pod")
        .iter()
        .filter(|pod| pod.scope.as_deref() == Some(NAMESPACE) && pod.name.starts_with("kube-apiserver-"))
        .flat_map(|pod| pod.value.at(&["spec", "containers"]).map_or(&[][..], Value::items))
        .filter_map(|container| image_tag(container.get("image")?.as_str()?).map(str::to_owned))
        // Releases are tagged `v1.34.1`; a house that rebuilds the image may count otherwise.
        .filter(|tag| tag.starts_with('v') && numbers(tag).is_some())
        .max_by_key(|version| numbers(version));
    // Kubelets are never newer than the API server: an older tag is not that of Kubernetes.
    let server = server.filter(|server| numbers(server) >= kubelet.as_deref().and_then(numbers));
    let told = server.as_deref().or(kubelet.as_deref());
    let labels: Vec<&str> = nodes
        .iter()
        .filter_map(|node| node.value.at(&["metadata", "labels"]).and_then(Value::as_map))
        .flat_map(|labels| labels.iter().map(|(key, _)| key.as_str()))
        .collect();
    let providers: Vec<String> = nodes.iter().filter_map(|node| text(&node.value, &["spec", "providerID"])).collect();
    // The version of a kubelet has the vendor's suffix too; an image tag has none.
    let suffixed = kubelet.as_deref().or(server.as_deref());
    let found = distribution(suffixed, providers.iter().map(String::as_str), labels);
    let version = told.and_then(plain_version);
    if let (None, Some(version)) = (&server, &version) {
        inventory
            .notes
            .push(format!("the version of the cluster is taken from its nodes: the newest kubelet is {version}"));
    }
    inventory.system.version = version;
    inventory.system.distribution = found.map(str::to_owned);
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    plain_version(version)?.split('.').map(|n| n.parse().ok()).collect()
}

// `registry:5000/kube-apiserver:v1.34.1@sha256:...` has the tag `v1.34.1`.
fn image_tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    let last = name.rsplit('/').next()?;
    last.split_once(':').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Mode, Resource};
    use crate::model::{System, Technology};

    fn detected(objects: &[(&'static str, Option<&str>, &str, serde_json::Value)]) -> (Option<String>, Option<String>) {
        let system = System {
            technology: Technology::Kubernetes,
            name: String::new(),
            version: None,
            distribution: None,
            origin: String::new(),
        };
        let mut inventory = Inventory::new(system, Mode::Files, jiff::Timestamp::UNIX_EPOCH);
        for (kind, scope, name, value) in objects {
            let resource = Resource {
                scope: scope.map(Into::into),
                name: (*name).into(),
                value: Value::from(value.clone()),
                place: None,
            };
            inventory.add(kind, [resource]);
        }
        detect(&mut inventory);
        (inventory.system.version, inventory.system.distribution)
    }

    fn node(version: &str, label: &str) -> (&'static str, Option<&'static str>, &'static str, serde_json::Value) {
        let value = serde_json::json!({
            "metadata": {"labels": {label: "x"}}, "status": {"nodeInfo": {"kubeletVersion": version}}});
        ("Node", None, "n", value)
    }

    #[test]
    fn the_api_server_knows_best_then_the_newest_kubelet() {
        let pod =
            serde_json::json!({"spec": {"containers": [{"image": "registry:5000/kube-apiserver:v1.34.1@sha256:0"}]}});
        let server = ("Pod", Some("kube-system"), "kube-apiserver-cp-0", pod);
        assert_eq!(detected(&[node("v1.33.9", "a"), server]), (Some("1.34.1".to_owned()), Some("upstream".to_owned())));
        assert_eq!(
            detected(&[node("v1.9.9+k3s1", "a"), node("v1.33.2+k3s1", "a")]),
            (Some("1.33.2".to_owned()), Some("k3s".to_owned()))
        );
        let pod = serde_json::json!({"spec": {"containers": [{"image": "own/kube-apiserver:v1.12.3"}]}});
        let own_tag = ("Pod", Some("kube-system"), "kube-apiserver-cp-0", pod);
        assert_eq!(detected(&[node("v1.33.9", "a"), own_tag]).0.as_deref(), Some("1.33.9"));
        assert_eq!(detected(&[node("v1.33.2", "kubernetes.azure.com/cluster")]).1.as_deref(), Some("aks"));
        assert_eq!(detected(&[]), (None, None));
    }
}

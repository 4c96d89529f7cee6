//! What pods say about themselves: on which node they run, and why they do not.

use serde::Deserialize;

use crate::collect::kubernetes::error::safe;
use crate::collect::node_pods::CONTAINER;

/// A list of pods, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct PodList {
    pub items: Vec<Pod>,
}

/// A pod.
#[derive(Debug, Deserialize)]
pub(super) struct Pod {
    pub metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

/// Its metadata.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    node_name: Option<String>,
    affinity: Affinity,
}

// The controller says by affinity for which node a pod is, before it runs there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Affinity {
    node_affinity: NodeAffinity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeAffinity {
    required_during_scheduling_ignored_during_execution: NodeSelector,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeSelector {
    node_selector_terms: Vec<Term>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Term {
    match_fields: Vec<Requirement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Requirement {
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    reason: String,
    message: String,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    r#type: String,
    status: String,
    reason: String,
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    name: String,
    restart_count: u32,
    state: State,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Reason>,
    running: Option<serde::de::IgnoredAny>,
    terminated: Option<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reason {
    reason: String,
    message: String,
    exit_code: Option<i32>,
}

impl Pod {
    /// The node that it runs on, or is meant for.
    pub(super) fn node(&self) -> Option<&str> {
        let terms = &self.spec.affinity.node_affinity.required_during_scheduling_ignored_during_execution;
        let meant = || {
            let fields = terms.node_selector_terms.iter().flat_map(|term| &term.match_fields);
            let names = fields.filter(|field| field.key == "metadata.name");
            names.flat_map(|field| &field.values).map(String::as_str).next()
        };
        self.spec.node_name.as_deref().or_else(meant)
    }

    /// Its container runs, or ran: there may be a log.
    pub(super) fn has_started(&self) -> bool {
        self.container().is_some_and(|container| {
            container.state.running.is_some() || container.state.terminated.is_some() || container.restart_count > 0
        })
    }

    /// Why there is no answer of it yet.
    pub(super) fn trouble(&self) -> String {
        let told = |words: &str, reason: &str, message: &str| {
            let parts = [words, reason, message].into_iter().filter(|part| !part.is_empty());
            safe(&parts.collect::<Vec<_>>().join(": "))
        };
        if let Some(container) = self.container() {
            if let Some(ended) = &container.state.terminated {
                let code = ended.exit_code.map_or_else(String::new, |code| format!(" with {code}"));
                return told(&format!("the collector ended{code}"), &ended.reason, &ended.message);
            }
            if let Some(waiting) = &container.state.waiting {
                return told("the pod does not start", &waiting.reason, &waiting.message);
            }
            if container.state.running.is_some() {
                return "the collector has not answered yet".to_owned();
            }
        }
        let unscheduled = self.status.conditions.iter().find(|c| c.r#type == "PodScheduled" && c.status == "False");
        match unscheduled {
            Some(condition) => told("the pod finds no room", &condition.reason, &condition.message),
            None => told("the pod does not start", &self.status.reason, &self.status.message),
        }
    }

    fn container(&self) -> Option<&ContainerStatus> {
        self.status.container_statuses.iter().find(|container| container.name == CONTAINER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(json: serde_json::Value) -> Pod {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_pod_says_where_it_belongs_and_why_it_does_not_run() {
        let waiting = pod(serde_json::json!({"metadata": {"name": "p"},
            "spec": {"nodeName": "n", "containers": []},
            "status": {"containerStatuses": [{"name": "collect", "restartCount": 0, "state": {"waiting":
                {"reason": "ImagePullBackOff", "message": "no\u{1b}[31m such image"}}}]}}));
        assert_eq!((waiting.node(), waiting.has_started()), (Some("n"), false));
        assert_eq!(waiting.trouble(), "the pod does not start: ImagePullBackOff: no\\u{1b}[31m such image");
        let unscheduled = pod(serde_json::json!({"metadata": {"name": "p"},
            "spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["m"]}]}]}}}},
            "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "too many pods"}]}}));
        assert_eq!(unscheduled.node(), Some("m"));
        assert_eq!(unscheduled.trouble(), "the pod finds no room: Unschedulable: too many pods");
        let ended = pod(serde_json::json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [
            {"name": "collect", "restartCount": 2, "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}}));
        assert!(ended.has_started());
        assert_eq!(ended.trouble(), "the collector ended with 137: OOMKilled");
    }
}

//! Asks the API server what the own identity may do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::{Api, Call, Class, Failure};
use super::error::{ClusterError, safe};
use super::{ClusterAccess, config, run};

/// A right on a kind of object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Right {
    /// `get`, `list`, ...
    pub verb: String,
    /// API group, empty for the core group.
    pub group: String,
    /// Plural of the kind.
    pub resource: String,
    /// Part of an object (`proxy` of `nodes`), empty for the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// Namespace, empty for all of them and for kinds that live in none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name of the one object that the right is for, empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// What the API server says of a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The identity has it.
    Allowed,
    /// It does not, for the reason that the server gives (often none).
    Denied(String),
    /// It could not be asked.
    Unknown(String),
}

/// Asks for each of `rights` whether the identity has it. The verdicts stand in the order of the rights.
pub fn review_access(access: &ClusterAccess, rights: &[Right]) -> Result<Vec<Verdict>, ClusterError> {
    run(access, async {
        let target = config::target(access).await?;
        let api = Arc::new(Api::new(target.client, target.server, target.program, access.timeout));
        let slots = Arc::new(Semaphore::new(access.concurrency.max(1)));
        let mut asking = JoinSet::new();
        for (index, right) in rights.iter().cloned().enumerate() {
            let (api, slots) = (Arc::clone(&api), Arc::clone(&slots));
            asking.spawn(async move {
                let _slot = slots.acquire().await;
                (index, ask(&api, &right).await)
            });
        }
        let mut verdicts = vec![Verdict::Unknown("not asked".into()); rights.len()];
        let mut failed = None;
        while let Some(answer) = asking.join_next().await {
            let Ok((index, answer)) = answer else { continue };
            let verdict = answer.unwrap_or_else(|failure| {
                let detail = failure.detail.clone();
                failed = Some(failure);
                Verdict::Unknown(detail)
            });
            if let Some(place) = verdicts.get_mut(index) {
                *place = verdict;
            }
        }
        match failed {
            Some(failure) if !api.is_known() => Err(failure.fatal(&api.server)),
            _ => Ok(verdicts),
        }
    })
}

/// Asks for one right.
pub(super) async fn ask(api: &Api, right: &Right) -> Result<Verdict, Failure> {
    #[derive(Deserialize)]
    struct Review {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        allowed: bool,
        #[serde(default)]
        reason: String,
    }
    let question = serde_json::json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": right },
    });
    let body = api.call(Call::Review(&question.to_string())).await?;
    let Ok(Review { status }) = serde_json::from_slice(&body) else {
        return Err(Failure::new(Class::Malformed, "the answer is no SelfSubjectAccessReview"));
    };
    api.understood();
    Ok(if status.allowed { Verdict::Allowed } else { Verdict::Denied(safe(&status.reason)) })
}

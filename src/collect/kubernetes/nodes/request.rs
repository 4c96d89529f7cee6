//! The requests that change something in a cluster, all of them: make and delete a DaemonSet and its namespace. Reading
//! elsewhere has no way to say these.

use std::time::Duration;

use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request};
use kube::client::Body;
use serde::Deserialize;

use crate::collect::kubernetes::client::{AGENT, Class, Failure, query};
use crate::collect::kubernetes::error::{innermost, safe};

/// Tries per request.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);
/// Lines of a log to look at: the document is the last one that is whole.
const LOG_LINES: u32 = 50;
/// Most of a log that is asked for, in bytes.
const LOG_BYTES: u32 = 16 << 20;

/// What is asked of the API server. Names are those of the program's own objects.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    /// Makes a namespace.
    CreateNamespace { body: &'a str },
    /// Makes a DaemonSet.
    CreateDaemonSet { namespace: &'a str, body: &'a str },
    /// Deletes a DaemonSet, and with it its pods.
    DeleteDaemonSet { namespace: &'a str, name: &'a str },
    /// Deletes a namespace.
    DeleteNamespace { name: &'a str },
    /// Objects with a label.
    List { path: &'a str, selector: &'a str },
    /// The end of a container's log.
    Log { namespace: &'a str, pod: &'a str, container: &'a str },
}

impl Ask<'_> {
    fn parts(self) -> (Method, String, Option<String>) {
        const DELETE: &str = r#"{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"}"#;
        let body = |body: &str| Some(body.to_owned());
        match self {
            Ask::CreateNamespace { body: object } => (Method::POST, "/api/v1/namespaces".to_owned(), body(object)),
            Ask::CreateDaemonSet { namespace, body: object } => {
                (Method::POST, format!("/apis/apps/v1/namespaces/{namespace}/daemonsets"), body(object))
            }
            Ask::DeleteDaemonSet { namespace, name } => {
                (Method::DELETE, format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}"), body(DELETE))
            }
            Ask::DeleteNamespace { name } => (Method::DELETE, format!("/api/v1/namespaces/{name}"), body(DELETE)),
            Ask::List { path, selector } => (Method::GET, format!("{path}?labelSelector={}", query(selector)), None),
            Ask::Log { namespace, pod, container } => (
                Method::GET,
                format!(
                    "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&tailLines={LOG_LINES}&limitBytes={LOG_BYTES}"
                ),
                None,
            ),
        }
    }
}

/// A connection over which a cluster can be changed.
pub(super) struct Server {
    pub client: kube::Client,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl Server {
    /// Asks; what may be a passing trouble is tried again. What is there already gives an empty answer.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Vec<u8>, Failure> {
        let mut tries = 1;
        loop {
            let answer = match tokio::time::timeout(self.timeout, self.once(ask)).await {
                Ok(answer) => answer,
                Err(_) => {
                    Err(Failure::new(Class::Unreachable, format!("no complete answer within {:?}", self.timeout)))
                }
            };
            match answer {
                Err(failure)
                    if tries < ATTEMPTS && matches!(failure.class, Class::Unreachable | Class::ServerError) =>
                {
                    tokio::time::sleep(PAUSE * tries).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn once(&self, ask: Ask<'_>) -> Result<Vec<u8>, Failure> {
        #[derive(Deserialize)]
        struct Status {
            message: String,
        }
        let (method, path, body) = ask.parts();
        let mut request = Request::builder().method(method).uri(path).header(USER_AGENT, AGENT);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Body::from(body.unwrap_or_default().into_bytes()))
            .map_err(|_| Failure::new(Class::Malformed, "the address cannot be asked for"))?;
        let no_answer = |error: &kube::Error| Failure::new(Class::Unreachable, innermost(error));
        let answer = self.client.send(request).await.map_err(|error| no_answer(&error))?;
        let status = answer.status();
        let body = answer.into_body().collect_bytes().await.map_err(|error| no_answer(&error))?;
        if status.is_success() {
            return Ok(body.into());
        }
        let words = serde_json::from_slice::<Status>(&body).map(|status| safe(&status.message)).unwrap_or_default();
        let detail = if words.is_empty() { format!("the server answered {status}") } else { words };
        let class = match status.as_u16() {
            401 => Class::Unauthenticated,
            403 => Class::Forbidden,
            404 => Class::NotFound,
            // Mostly made by a try before, whose answer was lost.
            409 => return Ok(Vec::new()),
            429 | 500..=599 => Class::ServerError,
            _ => Class::Malformed,
        };
        Err(Failure::new(class, detail))
    }
}

//! The one place where a request is made: what is sent, how long an answer may take, when it is asked for again.

use std::collections::hash_map::RandomState;
use std::future::poll_fn;
use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, StatusCode};
use http_body::Body as _;
use kube::client::Body;
use serde::Deserialize;

use super::error::{ClusterError, innermost, login_problem, safe};
use crate::model::GapReason;

/// The API server indents its answers for clients that look like a browser or curl, so this names the program itself.
pub(super) const AGENT: &str = concat!("spm/", env!("CARGO_PKG_VERSION"));

/// Begins what is said if the server's certificate is not accepted.
pub(super) const UNTRUSTED: &str = "no trusted connection";

/// Tries per call while the server answers at all.
const ATTEMPTS: u32 = 6;
/// Wait before the second try; doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// No try begins later than this many deadlines after the first one.
const PATIENCE: u32 = 3;

/// The requests that exist. Nothing that changes a cluster can be said with them.
#[derive(Clone, Copy)]
pub(super) enum Call<'a> {
    /// Reads a path.
    Get(&'a str),
    /// Asks what the own identity may do; the server stores nothing.
    Review(&'a str),
}

/// Why a call gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The login itself failed.
    Login,
    /// 401.
    Unauthenticated,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 410: the list has become too old to be continued.
    Gone,
    /// No connection, or no complete answer in time.
    Unreachable,
    /// Any other status that is no success.
    ServerError,
    /// The answer cannot be understood.
    Malformed,
    /// The answer broke off.
    Truncated,
}

/// A call that gave nothing, with the cause in words that are safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub class: Class,
    pub detail: String,
}

impl Failure {
    pub(super) fn new(class: Class, detail: impl Into<String>) -> Failure {
        Failure { class, detail: detail.into() }
    }

    /// The class as gaps know it.
    pub(super) fn reason(&self) -> GapReason {
        match self.class {
            Class::Login | Class::Unauthenticated | Class::Forbidden => GapReason::Forbidden,
            Class::Unreachable => GapReason::Unreachable,
            Class::NotFound | Class::Gone | Class::ServerError => GapReason::ServerError,
            Class::Malformed => GapReason::Malformed,
            Class::Truncated => GapReason::Truncated,
        }
    }

    /// The failure as the reason why there is no scan.
    pub(super) fn fatal(self, server: &str) -> ClusterError {
        let (server, problem) = (server.to_owned(), self.detail);
        match self.class {
            Class::Login => ClusterError::Login { server, problem },
            Class::Unauthenticated => ClusterError::NotAuthenticated { server, problem },
            _ => ClusterError::NoAnswer { server, problem },
        }
    }
}

/// A try that gave nothing.
struct Try {
    failure: Failure,
    again: Again,
}

/// Whether asking again may help.
enum Again {
    No,
    /// After the usual wait.
    Soon,
    /// After the wait that the server asks for.
    After(Duration),
}

impl Try {
    fn last(class: Class, detail: impl Into<String>) -> Try {
        Try { failure: Failure::new(class, detail), again: Again::No }
    }

    fn retry(class: Class, detail: impl Into<String>) -> Try {
        Try { failure: Failure::new(class, detail), again: Again::Soon }
    }
}

/// A connection to an API server.
pub(super) struct Api {
    client: kube::Client,
    /// Address, for messages.
    pub server: String,
    /// Program that logs in, for messages.
    program: Option<String>,
    timeout: Duration,
    attempts: u32,
    /// Longest answer that is read, in bytes.
    longest: usize,
    // How many answers the server gave, and how many those were when a call found it down: until one more comes, one try per
    // call is enough. A call that fails while others are answered says nothing about them.
    answers: AtomicU64,
    down_at: AtomicU64,
    known: AtomicBool,
}

impl Api {
    pub(super) fn new(client: kube::Client, server: String, program: Option<String>, timeout: Duration) -> Api {
        Api {
            client,
            server,
            program,
            timeout,
            attempts: ATTEMPTS,
            longest: usize::MAX,
            answers: AtomicU64::new(0),
            down_at: AtomicU64::new(u64::MAX),
            known: AtomicBool::new(false),
        }
    }

    /// The same for a server that is trusted less than an API server: one try, and answers of at most so many bytes.
    pub(super) fn wary(self, longest: usize) -> Api {
        Api { attempts: 1, longest, ..self }
    }

    /// The server gave an answer as a Kubernetes API server gives it to an identity that it knows.
    pub(super) fn understood(&self) {
        self.known.store(true, Ordering::Relaxed);
    }

    /// It did so at least once.
    pub(super) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Reads a path; transient failures are tried again.
    pub(super) async fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.call(Call::Get(path)).await
    }

    /// Makes a call; transient failures are tried again, with growing pauses and not before the server wants it.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Vec<u8>, Failure> {
        let (began, answers) = (Instant::now(), self.answers.load(Ordering::Relaxed));
        let mut wait = FIRST_WAIT;
        let mut tries = 1;
        loop {
            let failed = match tokio::time::timeout(self.timeout, self.ask(call)).await {
                Ok(Ok(body)) => return Ok(body),
                Ok(Err(failed)) => failed,
                Err(_) => Try::retry(Class::Unreachable, format!("no complete answer within {:?}", self.timeout)),
            };
            let pause = match failed.again {
                Again::No => return Err(failed.failure),
                Again::Soon => jitter(wait),
                Again::After(pause) => pause,
            };
            let late = began.elapsed() + pause > self.timeout * PATIENCE;
            let unreachable = failed.failure.class == Class::Unreachable;
            if late || tries >= self.attempts || (unreachable && self.is_down()) {
                if unreachable && self.answers.load(Ordering::Relaxed) == answers {
                    self.down_at.store(answers, Ordering::Relaxed);
                }
                let detail = match tries {
                    1 => failed.failure.detail,
                    tries => format!("{} ({tries} tries)", failed.failure.detail),
                };
                return Err(Failure { detail, ..failed.failure });
            }
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            tries += 1;
        }
    }

    fn is_down(&self) -> bool {
        self.down_at.load(Ordering::Relaxed) == self.answers.load(Ordering::Relaxed)
    }

    async fn ask(&self, call: Call<'_>) -> Result<Vec<u8>, Try> {
        let request = Request::builder().header(USER_AGENT, AGENT).header(ACCEPT, "application/json");
        let request = match call {
            Call::Get(path) => request.method(Method::GET).uri(path).body(Body::empty()),
            Call::Review(body) => request
                .method(Method::POST)
                .uri("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(body.as_bytes().to_vec())),
        };
        let request = request.map_err(|_| Try::last(Class::Malformed, "the address cannot be asked for"))?;
        let answer = self.client.send(request).await.map_err(|error| self.no_answer(&error))?;
        let status = answer.status();
        let headers = answer.headers();
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let content = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let body = whole(answer.into_body(), self.longest).await;
        self.answers.fetch_add(body.is_ok().into(), Ordering::Relaxed);
        if !status.is_success() {
            // The words of the server are an extra: without them the status says enough.
            return Err(self.refusal(status, retry_after, body.as_deref().unwrap_or_default()));
        }
        let body = body?;
        if !content.to_ascii_lowercase().contains("json") {
            let content = if content.is_empty() { "no content type".into() } else { safe(&content) };
            return Err(Try::retry(Class::Malformed, format!("the answer is not JSON but {content}")));
        }
        Ok(body)
    }

    fn refusal(&self, status: StatusCode, retry_after: Option<u64>, body: &[u8]) -> Try {
        #[derive(Deserialize)]
        struct Status {
            message: String,
        }
        let words = serde_json::from_slice::<Status>(body).map(|status| safe(&status.message)).unwrap_or_default();
        let code = status.as_u16();
        let detail = if words.is_empty() { format!("the server answered {status}") } else { words.clone() };
        match code {
            401 => Try::last(Class::Unauthenticated, detail),
            403 => {
                // Not so if it is the page of a proxy.
                if !words.is_empty() {
                    self.understood();
                }
                Try::last(Class::Forbidden, detail)
            }
            404 => Try::last(Class::NotFound, detail),
            410 => Try::last(Class::Gone, detail),
            408 | 429 | 500..=599 => {
                let failure = Failure::new(Class::ServerError, format!("{code}, {detail}"));
                let again = retry_after.map_or(Again::Soon, |seconds| Again::After(Duration::from_secs(seconds)));
                Try { failure, again }
            }
            300..=399 => Try::last(Class::ServerError, format!("the server answered {status}: is this an API server?")),
            _ => Try::last(Class::ServerError, format!("{code}, {detail}")),
        }
    }

    fn no_answer(&self, error: &kube::Error) -> Try {
        if let Some(problem) = login_problem(error, self.program.as_deref()) {
            return Try::last(Class::Login, problem);
        }
        let cause = innermost(error);
        // A certificate does not become valid by asking again.
        if cause.contains("certificate") {
            Try::last(Class::Unreachable, format!("{UNTRUSTED}: {cause}"))
        } else {
            Try::retry(Class::Unreachable, format!("no connection: {cause}"))
        }
    }
}

async fn whole(body: Body, longest: usize) -> Result<Vec<u8>, Try> {
    let broken = |error| Try::retry(Class::Truncated, format!("the answer broke off: {}", innermost(&error)));
    if longest == usize::MAX {
        return body.collect_bytes().await.map(Vec::from).map_err(broken);
    }
    let (mut body, mut bytes) = (pin!(body), Vec::new());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if data.len() > longest.saturating_sub(bytes.len()) {
            return Err(Try::last(Class::Malformed, format!("the answer is longer than {longest} bytes")));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Half to all of `wait`, so that many scanners do not come back at the same moment.
fn jitter(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 512;
    wait.mul_f64(0.5 + random as f64 / 1024.0)
}

/// Text as a part of a query.
pub(super) fn query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether `name` can stand in a path as the name of an object (names of objects are DNS names).
pub(super) fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
        && !name.starts_with('.')
}

//! Reads all objects of a kind, page by page: a page is decoded while the next one is on its way, and then dropped.

use std::ops::Range;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::task::{JoinError, spawn_blocking};

use super::client::{Api, Class, Failure, query};
use super::page::{Page, Reading, decode, decode_object, peek_next};
use crate::catalog::Kind;
use crate::expr::Projection;
use crate::expr::projection::Sharing;
use crate::inventory::Resource;
use crate::model::Gap;

/// How often a list is begun anew because it became too old while it was read.
const RESTARTS: usize = 3;
/// How often a page is asked for if its text cannot be decoded.
const READINGS: usize = 3;

/// What a reader tells while it reads.
pub(super) enum News {
    /// Objects that were read.
    Read {
        kind: &'static str,
        count: usize,
        /// Their texts, if they are to be kept.
        texts: Option<Texts>,
    },
    /// What was read of the kind (in a scope) is void.
    Restart { kind: &'static str, scope: Option<String>, count: usize },
}

/// Objects as they were read: a text and the places of the objects in it.
pub(super) struct Texts {
    pub body: Vec<u8>,
    pub places: Vec<Range<usize>>,
}

impl Texts {
    /// One object that is the whole text.
    fn one(body: Vec<u8>) -> Texts {
        let whole = 0..body.len();
        Texts { body, places: Vec::from([whole]) }
    }
}

/// What reading gave.
#[derive(Default)]
pub(super) struct Found {
    pub kind: &'static str,
    pub resources: Vec<Resource>,
    pub gaps: Vec<Gap>,
    pub notes: Vec<String>,
    /// A namespace that the user named and that does not exist.
    pub absent_namespace: Option<String>,
    /// A failure behind the gaps, for the case that nothing at all can be read.
    pub failure: Option<Failure>,
}

impl Found {
    /// Nothing yet.
    pub(super) fn of(kind: &'static Kind) -> Found {
        Found { kind: kind.name, ..Found::default() }
    }

    /// Adds the gap that a failure leaves.
    pub(super) fn miss(&mut self, scope: Option<&str>, failure: Failure, detail: String, permission: Option<String>) {
        self.gaps.push(Gap {
            kind: self.kind.to_owned(),
            scope: scope.map(str::to_owned),
            reason: failure.reason(),
            detail,
            permission,
        });
        self.failure = Some(failure);
    }
}

/// Reads objects of one kind.
#[derive(Clone)]
pub(super) struct Reader {
    pub api: Arc<Api>,
    pub kind: &'static Kind,
    pub projection: Arc<Projection>,
    /// Objects per page.
    pub limit: usize,
    /// The texts of the objects are to be kept.
    pub keep_text: bool,
    pub news: Sender<News>,
}

/// A list that could not be read to its end.
struct Broken {
    failure: Failure,
    read: Vec<Resource>,
}

impl Reader {
    /// Reads every object, of one namespace if `scope` names it. What cannot be read is a gap.
    pub(super) async fn list(&self, scope: Option<&str>) -> Found {
        let mut restarts = 0;
        let mut found = Found::of(self.kind);
        loop {
            let Broken { failure, read } = match self.pages(scope).await {
                Ok(resources) => {
                    found.resources = resources;
                    return found;
                }
                Err(broken) => broken,
            };
            if failure.class == Class::Gone && restarts < RESTARTS {
                restarts += 1;
                let scope = scope.map(str::to_owned);
                self.tell(News::Restart { kind: self.kind.name, scope, count: read.len() }).await;
                continue;
            }
            if failure.class == Class::NotFound && read.is_empty() && self.serves().await == Ok(false) {
                found.notes.push(format!("the server does not know {}", resource(self.kind)));
                return found;
            }
            let detail = match read.len() {
                0 => failure.detail.clone(),
                read => format!("{} (after {})", failure.detail, crate::base::text::count(read, "object")),
            };
            let permission = (failure.class == Class::Forbidden).then(|| format!("list {}", resource(self.kind)));
            found.miss(scope, failure, detail, permission);
            found.resources = read;
            return found;
        }
    }

    /// Reads the object at `path`; `shape` turns the answer into the text of an object. None if there is no such object.
    pub(super) async fn object(
        &self,
        path: &str,
        shape: impl Fn(Vec<u8>) -> Vec<u8>,
    ) -> Result<Option<Resource>, Failure> {
        let mut bad = None;
        for _ in 0..READINGS {
            let body = match self.api.get(path).await {
                Ok(body) => shape(body),
                Err(failure) if failure.class == Class::NotFound => return Ok(None),
                Err(failure) => return Err(failure),
            };
            // One small object: not worth a thread.
            match decode_object(&body, self.reading(), &Sharing::new()) {
                Ok(resource) => {
                    self.api.understood();
                    let texts = self.keep_text.then(|| Texts::one(body));
                    self.tell(News::Read { kind: self.kind.name, count: 1, texts }).await;
                    return Ok(Some(resource));
                }
                Err(error) => bad = Some(unreadable(&error)),
            }
        }
        Err(bad.unwrap_or_else(|| Failure::new(Class::Malformed, "no answer")))
    }

    async fn pages(&self, scope: Option<&str>) -> Result<Vec<Resource>, Broken> {
        let mut read = Vec::new();
        let mut sharing = Sharing::new();
        // Token of the page at hand, and how often it was read in vain.
        let (mut token, mut vain) = (None::<String>, 0);
        let mut ahead = None;
        loop {
            let answer = match ahead.take() {
                Some(answer) => answer,
                None => self.api.get(&self.path(scope, token.as_deref())).await,
            };
            let body = match answer {
                Ok(body) => body,
                Err(failure) => return Err(Broken { failure, read }),
            };
            let early = peek_next(&body).flatten();
            let decoding = self.decode(body, sharing);
            let done = match &early {
                Some(next) => {
                    let path = self.path(scope, Some(next));
                    let (done, answer) = tokio::join!(decoding, self.api.get(&path));
                    ahead = Some(answer);
                    done
                }
                None => decoding.await,
            };
            let (result, body, kept) = match done {
                Ok(done) => done,
                Err(panic) => return Err(Broken { failure: internal(&panic), read }),
            };
            sharing = kept;
            let page = match result {
                Ok(page) => page,
                Err(error) => {
                    vain += 1;
                    ahead = None;
                    if vain < READINGS {
                        continue;
                    }
                    return Err(Broken { failure: unreadable(&error), read });
                }
            };
            vain = 0;
            self.api.understood();
            // A key that stands twice: the page that was asked for early is not the next one.
            if page.next != early {
                ahead = None;
            }
            let texts = self.keep_text.then_some(Texts { body, places: page.places });
            self.tell(News::Read { kind: self.kind.name, count: page.resources.len(), texts }).await;
            read.extend(page.resources);
            match page.next {
                None => return Ok(read),
                Some(next) if token.as_ref() == Some(&next) => {
                    let failure = Failure::new(Class::Malformed, "the server gives the same page again and again");
                    return Err(Broken { failure, read });
                }
                next => token = next,
            }
        }
    }

    async fn decode(
        &self,
        body: Vec<u8>,
        sharing: Sharing,
    ) -> Result<(Result<Page, serde_json::Error>, Vec<u8>, Sharing), JoinError> {
        let (kind, keep_text, projection) = (self.kind, self.keep_text, Arc::clone(&self.projection));
        spawn_blocking(move || {
            let page = decode(&body, Reading { kind, projection: &projection, keep_text }, &sharing);
            // Only kept texts travel on.
            let body = if keep_text { body } else { Vec::new() };
            (page, body, sharing)
        })
        .await
    }

    /// Whether the server has the kind at all, by its discovery document.
    async fn serves(&self) -> Result<bool, Failure> {
        #[derive(serde::Deserialize)]
        struct Resources {
            resources: Vec<Named>,
        }
        #[derive(serde::Deserialize)]
        struct Named {
            name: String,
        }
        match self.api.get(&group_path(self.kind)).await {
            Ok(body) => serde_json::from_slice::<Resources>(&body)
                .map(|found| found.resources.iter().any(|resource| resource.name == self.kind.plural))
                .map_err(|error| unreadable(&error)),
            Err(failure) if failure.class == Class::NotFound => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn reading(&self) -> Reading<'_> {
        Reading { kind: self.kind, projection: &self.projection, keep_text: self.keep_text }
    }

    fn path(&self, scope: Option<&str>, token: Option<&str>) -> String {
        let mut path = collection_path(self.kind, scope);
        path.push_str(&format!("?limit={}", self.limit));
        if let Some(token) = token {
            path.push_str("&continue=");
            path.push_str(&query(token));
        }
        path
    }

    // Nobody listens any more only when the whole scan is being dropped.
    async fn tell(&self, news: News) {
        _ = self.news.send(news).await;
    }
}

/// `/api/v1/namespaces/a/pods`.
pub(super) fn collection_path(kind: &Kind, scope: Option<&str>) -> String {
    let group = group_path(kind);
    match scope {
        Some(namespace) => format!("{group}/namespaces/{namespace}/{}", kind.plural),
        None => format!("{group}/{}", kind.plural),
    }
}

fn group_path(kind: &Kind) -> String {
    if kind.group.is_empty() {
        format!("/api/{}", kind.version)
    } else {
        format!("/apis/{}/{}", kind.group, kind.version)
    }
}

/// `networkpolicies.networking.k8s.io`.
pub(super) fn resource(kind: &Kind) -> String {
    if kind.group.is_empty() { kind.plural.to_owned() } else { format!("{}.{}", kind.plural, kind.group) }
}

// The message of the decoder may quote what it read, so only the place is told.
fn unreadable(error: &serde_json::Error) -> Failure {
    let place = format!("line {}, column {}", error.line(), error.column());
    if error.is_eof() {
        Failure::new(Class::Truncated, format!("the answer ends too early ({place})"))
    } else {
        Failure::new(Class::Malformed, format!("the answer is not what the API specifies ({place})"))
    }
}

/// A reader stopped by a defect of its own.
pub(super) fn internal(error: &JoinError) -> Failure {
    let what = if error.is_panic() { "an internal error" } else { "an interruption" };
    Failure::new(Class::Malformed, format!("{what} stopped the reading"))
}

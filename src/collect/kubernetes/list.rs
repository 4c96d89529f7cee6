//! Reads all objects of a kind, page by page: a page is decoded while the next one is on its way, and then dropped.

use std::ops::Range;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::task::{JoinError, spawn_blocking};

use super::client::{Api, Class, Failure};
use super::discovery::resources;
use super::page::{Page, Reading, decode, decode_object, peek_next};
use crate::base::text;
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
    /// So many more objects were read.
    Read { kind: &'static str, count: usize },
    /// So many objects that were read are void, since their list is begun anew.
    Void { kind: &'static str, count: usize },
    /// Objects to keep.
    Keep { kind: &'static str, texts: Texts },
}

/// Objects as they were read: a text and the places of the objects in it.
pub(super) struct Texts {
    pub body: Vec<u8>,
    pub places: Vec<Range<usize>>,
}

/// The texts of a list that is not complete yet: only then it is sure that it is not begun anew. Compressed, since whole
/// lists are large.
#[derive(Default)]
struct Held(Vec<Texts>);

/// Fast rather than small: pages repeat themselves so much that they shrink to a fraction anyway.
const LEVEL: i32 = 1;

/// A list as far as it was read.
#[derive(Default)]
struct Pages {
    read: Vec<Resource>,
    held: Held,
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
    /// Version to read it in, if not the one of the catalog.
    pub version: Option<String>,
    pub projection: Arc<Projection>,
    /// Objects per page.
    pub limit: usize,
    /// The texts of the objects are to be kept.
    pub keep_text: bool,
    pub news: Sender<News>,
}

/// A page that went through the decoder, which hands back what it was lent.
struct Decoded {
    page: Result<Page, serde_json::Error>,
    /// The text, compressed, if it is to be kept.
    packed: std::io::Result<Vec<u8>>,
    sharing: Sharing,
}

impl Reader {
    /// Reads every object, of one namespace if `scope` names it. What cannot be read is a gap.
    pub(super) async fn list(&self, scope: Option<&str>) -> Found {
        let mut restarts = 0;
        let mut found = Found::of(self.kind);
        loop {
            let mut pages = Pages::default();
            let ended = self.pages(scope, &mut pages).await;
            let read = pages.read.len();
            if let Err(failure) = ended {
                if failure.class == Class::Gone && restarts < RESTARTS {
                    restarts += 1;
                    self.tell(News::Void { kind: self.kind.name, count: read }).await;
                    continue;
                }
                if failure.class == Class::NotFound && read == 0 && self.serves().await == Ok(false) {
                    found.notes.push(format!("the server does not know {}", resource(self.kind)));
                    return found;
                }
                let detail = match read {
                    0 => failure.detail.clone(),
                    read => format!("{} (after {})", failure.detail, text::count(read, "object")),
                };
                let permission = (failure.class == Class::Forbidden).then(|| format!("list {}", resource(self.kind)));
                found.miss(scope, failure, detail, permission);
            }
            found.resources = pages.read;
            if let Err(failure) = self.hand_over(pages.held).await {
                let detail = failure.detail.clone();
                found.miss(scope, failure, detail, None);
            }
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
                    self.tell(News::Read { kind: self.kind.name, count: 1 }).await;
                    if self.keep_text {
                        let whole = 0..body.len();
                        let places = Vec::from([whole]);
                        self.tell(News::Keep { kind: self.kind.name, texts: Texts { body, places } }).await;
                    }
                    return Ok(Some(resource));
                }
                Err(error) => bad = Some(unreadable(&error)),
            }
        }
        Err(bad.unwrap_or_else(|| Failure::new(Class::Malformed, "no answer")))
    }

    /// Reads page after page into `pages`.
    async fn pages(&self, scope: Option<&str>, pages: &mut Pages) -> Result<(), Failure> {
        let mut sharing = Sharing::new();
        // Token of the page at hand, and how often it was read in vain.
        let (mut token, mut vain) = (None::<String>, 0);
        let mut ahead = None;
        loop {
            let body = match ahead.take() {
                Some(answer) => answer,
                None => self.api.get(&self.path(scope, token.as_deref())).await,
            }?;
            let early = peek_next(&body).flatten();
            let decoding = self.decode(body, sharing);
            let decoded = match &early {
                Some(next) => {
                    let path = self.path(scope, Some(next));
                    let (decoded, answer) = tokio::join!(decoding, self.api.get(&path));
                    ahead = Some(answer);
                    decoded
                }
                None => decoding.await,
            };
            let decoded = decoded.map_err(|panic| internal(&panic))?;
            sharing = decoded.sharing;
            let page = match decoded.page {
                Ok(page) => page,
                Err(error) => {
                    vain += 1;
                    ahead = None;
                    if vain < READINGS {
                        continue;
                    }
                    return Err(unreadable(&error));
                }
            };
            vain = 0;
            self.api.understood();
            // A key that stands twice: the page that was asked for early is not the next one.
            if page.next != early {
                ahead = None;
            }
            self.tell(News::Read { kind: self.kind.name, count: page.resources.len() }).await;
            pages.read.extend(page.resources);
            if self.keep_text {
                let body = decoded.packed.map_err(|_| Failure::new(Class::Malformed, "the texts to keep were lost"))?;
                pages.held.0.push(Texts { body, places: page.places });
            }
            match page.next {
                None => return Ok(()),
                Some(next) if token.as_ref() == Some(&next) => {
                    return Err(Failure::new(Class::Malformed, "the server gives the same page again and again"));
                }
                next => token = next,
            }
        }
    }

    async fn decode(&self, body: Vec<u8>, sharing: Sharing) -> Result<Decoded, JoinError> {
        let (kind, keep_text, projection) = (self.kind, self.keep_text, Arc::clone(&self.projection));
        spawn_blocking(move || {
            let page = decode(&body, Reading { kind, projection: &projection, keep_text }, &sharing);
            let packed = if keep_text { zstd::bulk::compress(&body, LEVEL) } else { Ok(Vec::new()) };
            Decoded { page, packed, sharing }
        })
        .await
    }

    /// Gives the texts of a list to whoever keeps them.
    async fn hand_over(&self, held: Held) -> Result<(), Failure> {
        for Texts { body, places } in held.0 {
            let length = places.last().map_or(0, |last| last.end);
            let unpacking = spawn_blocking(move || {
                let mut text = Vec::with_capacity(length);
                std::io::copy(&mut zstd::Decoder::new(body.as_slice())?, &mut text)?;
                std::io::Result::Ok(text)
            });
            let unpacked = unpacking.await.map_err(|panic| internal(&panic))?;
            let body = unpacked.map_err(|_| Failure::new(Class::Malformed, "the texts to keep were lost"))?;
            self.tell(News::Keep { kind: self.kind.name, texts: Texts { body, places } }).await;
        }
        Ok(())
    }

    /// Whether the server has the kind at all, by its discovery document.
    async fn serves(&self) -> Result<bool, Failure> {
        match resources(&self.api, &group_path(self.kind, self.version.as_deref())).await {
            Ok(plurals) => Ok(plurals.iter().any(|plural| plural == self.kind.plural)),
            Err(failure) if failure.class == Class::NotFound => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn reading(&self) -> Reading<'_> {
        Reading { kind: self.kind, projection: &self.projection, keep_text: self.keep_text }
    }

    fn path(&self, scope: Option<&str>, token: Option<&str>) -> String {
        let mut path = versioned_path(self.kind, self.version.as_deref(), scope);
        path.push_str(&format!("?limit={}", self.limit));
        if let Some(token) = token {
            path.push_str("&continue=");
            path.push_str(&text::percent_encoded(token));
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
    versioned_path(kind, None, scope)
}

fn versioned_path(kind: &Kind, version: Option<&str>, scope: Option<&str>) -> String {
    let group = group_path(kind, version);
    match scope {
        Some(namespace) => format!("{group}/namespaces/{namespace}/{}", kind.plural),
        None => format!("{group}/{}", kind.plural),
    }
}

fn group_path(kind: &Kind, version: Option<&str>) -> String {
    let version = version.unwrap_or(kind.version);
    if kind.group.is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", kind.group) }
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

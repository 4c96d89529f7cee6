//! The one place where calls are made: what is sent when, as whom, how often, and what becomes of what comes back.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Map, Value as Json};

use super::credentials::{self, Access, ConnectError, Keys, Role};
use super::decode::{Answer, decode};
use super::endpoint::{Endpoint, Endpoints, partition};
use super::error::{self, CallError, Class, Failure, scrub};
use super::http::{Http, NoAnswer};
use super::pace::{Breaker, Pace, Trouble};
use super::pages::{self, Next};
use super::request::{Request, request};
use super::{ec2, report, sign};
use crate::catalog::aws::kinds::Call;
use crate::catalog::aws::model::{self, Operation, Service};

/// Region of calls that belong to none, if nothing says which.
const HOME: &str = "us-east-1";
/// Wait before the second try; doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// Wait before the second try to connect.
const CONNECT_WAIT: Duration = Duration::from_millis(100);
/// Tries to connect, and tries that get no answer in time.
const SILENT_TRIES: u32 = 2;
/// No try begins later than this many deadlines after the first one.
const PATIENCE: u32 = 3;
/// Pages of one list.
const MOST_PAGES: usize = 20_000;
/// Regions that a bucket may be looked for in.
const MOST_MOVES: u32 = 2;

/// Calls the operations of one account. Cheap to clone; all clones share credentials, pace and sockets.
#[derive(Clone)]
pub struct Caller(Arc<Inner>);

struct Inner {
    http: Http,
    keys: Arc<Keys>,
    endpoints: Endpoints,
    region: String,
    timeout: Duration,
    attempts: u32,
    pace: Mutex<Pace>,
    // What cannot be reached cannot be reached for other accounts either.
    breaker: Arc<Mutex<Breaker>>,
    buckets: Mutex<BTreeMap<String, String>>,
    ec2: Mutex<BTreeMap<String, aws_sdk_ec2::Client>>,
    // The credentials were good for something.
    accepted: AtomicBool,
}

/// Shows no credentials.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("region", &self.0.region).finish_non_exhaustive()
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account, twelve digits.
    pub account: String,
    /// ARN of the user or the role's session.
    pub arn: String,
    /// Partition, the second part of every ARN of the account.
    pub partition: String,
}

/// A region that the account can use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnabledRegion {
    /// Name.
    pub name: String,
    /// `opt-in-not-required` or `opted-in`.
    pub opt_in_status: String,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An operation and where it is called.
struct Target<'a> {
    id: &'a str,
    service: &'a Service,
    name: &'a str,
    operation: &'a Operation,
    endpoint: Endpoint,
    // Region whose health and pace count.
    region: &'a str,
}

impl Target<'_> {
    // Whether the vendor's own list leaves the service out in the region. It says nothing of addresses that the user set, and of
    // the further ones with validated cryptography or IPv6.
    fn may_not_exist(&self) -> bool {
        self.endpoint.plain && self.service.lacks.iter().any(|region| region == self.region)
    }

    fn not_offered(&self) -> Failure {
        let words = "the service has no address in this region, and AWS lists none: it is not offered there";
        Failure::new(Class::NotOffered, "NotOffered", words)
    }
}

impl Caller {
    /// A caller by the settings and credentials that the vendor's tools would use. Credentials are first asked for by the first
    /// call.
    ///
    /// # Errors
    /// What in the settings cannot be used.
    pub async fn connect(access: &Access) -> Result<Caller, ConnectError> {
        let http = Http::new(access.ca_file.as_deref()).map_err(ConnectError::Trust)?;
        let settings = credentials::settings(access, &http).await;
        let endpoints = credentials::endpoints(access, &settings);
        let region = settings.region().map(|region| region.as_ref().to_owned());
        let none = || SharedCredentialsProvider::new(credentials::Nobody);
        let keys = Keys::new(settings.credentials_provider().unwrap_or_else(none));
        let caller = Caller::new(access, http, keys, endpoints, region);
        Ok(match &access.role_arn {
            Some(role) => caller.assume(role, access.external_id.as_deref(), access.session_name.as_deref()),
            None => caller,
        })
    }

    /// A caller with credentials from elsewhere; settings of files and the environment do not matter.
    ///
    /// # Errors
    /// What in the settings cannot be used.
    pub fn with_credentials(access: &Access, source: SharedCredentialsProvider) -> Result<Caller, ConnectError> {
        let http = Http::new(access.ca_file.as_deref()).map_err(ConnectError::Trust)?;
        let endpoints = Endpoints { all: access.endpoint_url.clone(), ..Endpoints::default() };
        Ok(Caller::new(access, http, Keys::new(source), endpoints, access.region.clone()))
    }

    /// A caller that sends with this client.
    #[cfg(test)]
    pub(super) fn with_http(http: Http, source: SharedCredentialsProvider) -> Caller {
        let access = Access { attempts: 2, timeout: Duration::from_secs(5), ..Access::default() };
        Caller::new(&access, http, Keys::new(source), Endpoints::default(), None)
    }

    fn new(access: &Access, http: Http, keys: Keys, endpoints: Endpoints, region: Option<String>) -> Caller {
        Caller(Arc::new(Inner {
            http,
            keys: Arc::new(keys),
            endpoints,
            region: region.unwrap_or_else(|| HOME.to_owned()),
            timeout: access.timeout,
            attempts: access.attempts.max(1),
            pace: Mutex::default(),
            breaker: Arc::default(),
            buckets: Mutex::default(),
            ec2: Mutex::default(),
            accepted: AtomicBool::new(false),
        }))
    }

    /// A caller that assumes a role with the credentials of this one, mostly in another account.
    pub fn assume(&self, role_arn: &str, external_id: Option<&str>, session_name: Option<&str>) -> Caller {
        let role = Role {
            base: self.clone(),
            arn: role_arn.to_owned(),
            external_id: external_id.map(str::to_owned),
            session_name: session_name.unwrap_or("spm").to_owned(),
        };
        Caller(Arc::new(Inner {
            http: self.0.http.clone(),
            keys: Arc::new(Keys::new(SharedCredentialsProvider::new(role))),
            endpoints: self.0.endpoints.clone(),
            region: self.0.region.clone(),
            timeout: self.0.timeout,
            attempts: self.0.attempts,
            pace: Mutex::default(),
            breaker: Arc::clone(&self.0.breaker),
            buckets: Mutex::default(),
            ec2: Mutex::default(),
            accepted: AtomicBool::new(false),
        }))
    }

    /// The region of calls that belong to none.
    pub fn region(&self) -> &str {
        &self.0.region
    }

    /// Who calls.
    pub async fn identity(&self) -> Result<Identity, CallError> {
        let answer = self.own("sts", "GetCallerIdentity", Map::new()).await?;
        let (account, arn) = (credentials::text(&answer, "Account"), credentials::text(&answer, "Arn"));
        let partition = arn.split(':').nth(1).filter(|id| !id.is_empty()).map(str::to_owned);
        let partition = partition.unwrap_or_else(|| partition_of(&self.0.region));
        Ok(Identity { account, arn, partition })
    }

    /// The regions that are enabled, sorted by name.
    pub async fn regions(&self) -> Result<Vec<EnabledRegion>, CallError> {
        let answer = self.own("ec2", "DescribeRegions", Map::new()).await?;
        let listed = answer.get("Regions").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut regions: Vec<EnabledRegion> = listed
            .iter()
            .map(|region| EnabledRegion {
                name: credentials::text(region, "RegionName"),
                opt_in_status: credentials::text(region, "OptInStatus"),
            })
            .filter(|region| !region.name.is_empty() && region.opt_in_status != "not-opted-in")
            .collect();
        regions.sort();
        if regions.is_empty() {
            let failure = Failure::new(Class::Malformed, "NoRegions", "the account has no region, which cannot be");
            return Err(failure.of("ec2", "DescribeRegions", &self.0.region));
        }
        Ok(regions)
    }

    /// Makes a call in a region with these parameters (not those of `call`, which are templates) and follows its pages. The
    /// answer has the names of the vendor's command line; the credential report is one object per user, see
    /// [`super::credential_report`].
    ///
    /// # Errors
    /// What went wrong. A list of which a page is missing is an error.
    pub async fn call(&self, call: &Call, with: Map<String, Json>, region: &str) -> Result<Json, CallError> {
        if call.is_credential_report() {
            return report::read(self, region).await;
        }
        self.list(&call.service, &call.operation, with, region).await
    }

    /// A call of the program's own, for no kind.
    pub(super) async fn own(&self, service: &str, operation: &str, with: Map<String, Json>) -> Result<Json, CallError> {
        self.list(service, operation, with, &self.0.region).await
    }

    /// An operation with all its pages.
    pub(super) async fn list(
        &self,
        id: &str,
        name: &str,
        mut with: Map<String, Json>,
        region: &str,
    ) -> Result<Json, CallError> {
        let failed = |failure: Failure| failure.of(id, name, region);
        let service = model::service(id);
        let Some((service, operation)) = service.as_ref().and_then(|service| Some((service, service.operation(name)?)))
        else {
            return Err(failed(Failure::new(Class::Refused, "UnknownOperation", "the catalog does not have it")));
        };
        let paging = operation.paging.as_ref();
        let mut whole: Option<Json> = None;
        let mut seen = BTreeSet::new();
        for _ in 0..MOST_PAGES {
            let page = self.one(id, service, name, operation, &with, region).await.map_err(failed)?;
            let next = pages::next(id, name, paging, &page);
            match &mut whole {
                Some(answer) => pages::append(answer, page),
                None => whole = Some(page),
            }
            let lost = |why: &str| failed(Failure::new(Class::Truncated, "IncompleteList", why));
            match next {
                Next::End => {
                    let mut answer = whole.unwrap_or_default();
                    if !seen.is_empty() {
                        pages::finish(&mut answer, paging);
                    }
                    return Ok(answer);
                }
                Next::Page(parameter, token) => {
                    if !seen.insert(token.to_string()) {
                        return Err(lost("the service names the same next page again and again"));
                    }
                    with.insert(parameter, token);
                }
                Next::Lost => return Err(lost("the list goes on, but the service does not say where")),
            }
        }
        Err(failed(Failure::new(Class::Truncated, "IncompleteList", format!("it has more than {MOST_PAGES} pages"))))
    }

    // One page, with as many tries as it takes and is allowed.
    async fn one(
        &self,
        id: &str,
        service: &Service,
        name: &str,
        operation: &Operation,
        with: &Map<String, Json>,
        region: &str,
    ) -> Result<Json, Failure> {
        let request = request(service, name, operation, with)
            .map_err(|bad| Failure::new(Class::Refused, "BadParameter", bad.to_string()))?;
        let inner = &*self.0;
        let bucket = with.get("Bucket").and_then(Json::as_str).filter(|_| id == "s3");
        let known = bucket.and_then(|bucket| locked(&inner.buckets).get(bucket).cloned());
        let mut region = known.unwrap_or_else(|| region.to_owned());
        let began = Instant::now();
        let mut wait = FIRST_WAIT;
        let (mut tries, mut silent_tries, mut moves, mut refused) = (0, 0, 0, None);
        loop {
            let endpoint = inner.endpoints.of(id, service, &region);
            let endpoint = endpoint.map_err(|problem| Failure::new(Class::Refused, "BadEndpoint", problem))?;
            let target = Target { id, service, name, operation, endpoint, region: &region };
            if locked(&inner.breaker).is_dead(&region, &target.endpoint.url) {
                let words = "not tried, as nothing could be reached there before";
                return Err(Failure::new(Class::Unreachable, "NoConnection", words));
            }
            let turn = locked(&inner.pace).reserve(&region, id, Instant::now());
            tokio::time::sleep(turn).await;
            let (credentials, generation) = inner.keys.get(refused).await?;
            tries += 1;
            let mut failure = match self.attempt(&target, &request, with, &credentials).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            drop(target);
            if failure.class == Class::Expired && refused.is_none() {
                refused = Some(generation);
                continue;
            }
            if let (Some(bucket), Some(elsewhere)) = (bucket, failure.elsewhere.take())
                && is_redirect(&failure.code)
                && elsewhere != region
                && moves < MOST_MOVES
            {
                locked(&inner.buckets).insert(bucket.to_owned(), elsewhere.clone());
                region = elsewhere;
                moves += 1;
                continue;
            }
            silent_tries += u32::from(failure.class == Class::Unreachable);
            let pause = match failure.retry_after {
                Some(seconds) => Duration::from_secs(seconds.min(60)),
                None if failure.code == NO_CONNECTION => CONNECT_WAIT,
                None => jitter(wait),
            };
            let late = began.elapsed() + pause > inner.timeout * PATIENCE;
            if !failure.is_transient() || late || tries >= inner.attempts || silent_tries >= SILENT_TRIES {
                if tries > 1 {
                    failure.message = format!("{} ({tries} tries)", failure.message);
                }
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    // One try.
    async fn attempt(
        &self,
        target: &Target<'_>,
        request: &Request,
        with: &Map<String, Json>,
        credentials: &Credentials,
    ) -> Result<Json, Failure> {
        let inner = &*self.0;
        let host = &target.endpoint.url;
        let sent = tokio::time::timeout(inner.timeout, self.send(target, request, with, credentials)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                if matches!(error, NoAnswer::Unreachable(Trouble::NoName, _)) && target.may_not_exist() {
                    return Err(target.not_offered());
                }
                if let NoAnswer::Unreachable(trouble, _) = &error {
                    locked(&inner.breaker).failed(target.region, host, *trouble);
                }
                return Err(no_answer(&error));
            }
            Err(_) => {
                locked(&inner.breaker).failed(target.region, host, Trouble::Silence);
                let words = format!("no complete answer within {:?}", inner.timeout);
                return Err(Failure::new(Class::Unreachable, "Timeout", words));
            }
        };
        locked(&inner.breaker).answered(target.region, host);
        if (200..300).contains(&answer.status) {
            inner.accepted.store(true, Ordering::Relaxed);
            locked(&inner.pace).answered(target.region, target.id, Instant::now());
            return Ok(decode(target.service, target.name, target.operation, &answer)?);
        }
        let mut failure = error::read(&answer, inner.accepted.load(Ordering::Relaxed));
        match failure.class {
            Class::Throttled => locked(&inner.pace).throttled(target.region, target.id, Instant::now()),
            // Whom the service does not know it does not deny anything.
            Class::Denied { .. } if !failure.code.starts_with("Http") => inner.accepted.store(true, Ordering::Relaxed),
            _ => {}
        }
        let secrets = [
            credentials.access_key_id(),
            credentials.secret_access_key(),
            credentials.session_token().unwrap_or_default(),
        ];
        failure.message = scrub(&failure.message, &secrets);
        Err(failure)
    }

    async fn send(
        &self,
        target: &Target<'_>,
        request: &Request,
        with: &Map<String, Json>,
        credentials: &Credentials,
    ) -> Result<Answer, NoAnswer> {
        let inner = &*self.0;
        if target.id == "ec2" {
            let client = locked(&inner.ec2)
                .entry(target.region.to_owned())
                .or_insert_with(|| ec2::client(&target.endpoint, inner.http.clone(), Arc::clone(&inner.keys)))
                .clone();
            return ec2::send(&client, target.name, with).await;
        }
        let url = url(&target.endpoint, request);
        let scope = sign::Scope {
            service: target.service.signing_name(),
            region: &target.endpoint.region,
            time: SystemTime::now(),
        };
        let signature = sign::headers(request, &url, credentials.clone(), &scope).ok_or(NoAnswer::BadRequest)?;
        let headers = request.headers.iter().chain(&signature).map(|(name, value)| (name.as_str(), value.as_str()));
        inner.http.send(&request.method, &url, headers, request.body.clone()).await
    }
}

const NO_CONNECTION: &str = "NoConnection";

fn no_answer(error: &NoAnswer) -> Failure {
    let (class, code) = match error {
        NoAnswer::Unreachable(..) => (Class::Unreachable, NO_CONNECTION),
        NoAnswer::Untrusted(_) => (Class::Unreachable, error::UNTRUSTED),
        NoAnswer::Broken(_) => (Class::Server, "BrokenConnection"),
        NoAnswer::Cut(_) => (Class::Truncated, "TruncatedAnswer"),
        NoAnswer::TooLong => (Class::Malformed, "MalformedAnswer"),
        NoAnswer::BadRequest => (Class::Refused, "BadRequest"),
    };
    Failure::new(class, code, error.to_string())
}

fn url(endpoint: &Endpoint, request: &Request) -> String {
    let mut url = endpoint.url.clone();
    if !endpoint.given
        && let Some((scheme, host)) = endpoint.url.split_once("://")
    {
        url = format!("{scheme}://{}{host}", request.host_prefix);
    }
    url.push_str(&request.path);
    if !request.query.is_empty() {
        url.push('?');
        url.push_str(&request.query);
    }
    url
}

// S3 says so where the region is not that of the bucket.
fn is_redirect(code: &str) -> bool {
    matches!(
        code,
        "PermanentRedirect"
            | "TemporaryRedirect"
            | "Redirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException"
            | "Http301"
            | "Http307"
            | "Http308"
    )
}

fn partition_of(region: &str) -> String {
    partition(region).id.to_owned()
}

/// Half to all of `wait`, so that many scanners do not come back at the same moment.
fn jitter(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 512;
    wait.mul_f64(0.5 + random as f64 / 1024.0)
}

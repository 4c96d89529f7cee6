//! As whom an account is read: settings and credentials in the vendor's usual places, roles on top of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_types::service_config::ServiceConfigKey;
use serde_json::{Map, Value as Json};
use tokio::sync::Mutex;

use super::client::Caller;
use super::endpoint::{Endpoints, settings_name};
use super::error::{CallError, Class, Failure, safe};
use super::http::Http;
use crate::catalog::aws::model;

/// Which account, as whom, and how.
#[derive(Debug, Clone)]
pub struct Access {
    /// Profile of the shared configuration; that of AWS_PROFILE or the default one if none.
    pub profile: Option<String>,
    /// Region of calls that belong to none; that of the settings if none, else us-east-1.
    pub region: Option<String>,
    /// Role to assume with the credentials.
    pub role_arn: Option<String>,
    /// What the role's owner asks for.
    pub external_id: Option<String>,
    /// Name of the session in the account's logs; `spm` if none.
    pub session_name: Option<String>,
    /// Address of all services, instead of the vendor's.
    pub endpoint_url: Option<String>,
    /// Certificates (PEM) to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for a complete answer to one try.
    pub timeout: Duration,
    /// Tries per call.
    pub attempts: u32,
}

impl Default for Access {
    /// The credentials of the environment, 30 seconds and 6 tries per call.
    fn default() -> Access {
        Access {
            profile: None,
            region: None,
            role_arn: None,
            external_id: None,
            session_name: None,
            endpoint_url: None,
            ca_file: None,
            timeout: Duration::from_secs(30),
            attempts: 6,
        }
    }
}

/// Why there is nothing to call with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The file of trusted certificates is unusable.
    #[error("{0}")]
    Trust(String),
}

/// The settings of the shared configuration and the environment.
pub(super) async fn settings(access: &Access, http: &Http) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let settings = loader.load().await;
    let Some(profile) = &access.profile else { return settings };
    // A profile that was asked for comes before keys of the environment, as for the vendor's command line: they may be those of
    // another account.
    let surroundings = ProviderConfig::without_region()
        .with_http_client(http.clone())
        .with_region(settings.region().cloned())
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_use_fips(settings.use_fips())
        .with_use_dual_stack(settings.use_dual_stack());
    let source = ProfileFileCredentialsProvider::builder().configure(&surroundings).profile_name(profile).build();
    settings.into_builder().credentials_provider(SharedCredentialsProvider::new(source)).build()
}

/// Where services answer by these settings.
pub(super) fn endpoints(access: &Access, settings: &SdkConfig) -> Endpoints {
    let mut endpoints = Endpoints {
        all: access.endpoint_url.clone().or_else(|| settings.endpoint_url().map(str::to_owned)),
        fips: settings.use_fips().unwrap_or(false),
        dual_stack: settings.use_dual_stack().unwrap_or(false),
        ..Endpoints::default()
    };
    // An address on the command line is for everything.
    if access.endpoint_url.is_none()
        && let Some(per_service) = settings.service_config()
    {
        for id in model::services() {
            let name = settings_name(id);
            let key = ServiceConfigKey::builder().service_id(&name).env("AWS_ENDPOINT_URL").profile("endpoint_url");
            if let Some(url) = key.build().ok().and_then(|key| per_service.load_config(key)) {
                endpoints.services.insert(id.to_owned(), url);
            }
        }
    }
    endpoints
}

/// Credentials that end within this time are renewed.
const NEARLY: Duration = Duration::from_secs(5 * 60);
/// A source that gives only such is not asked more often than this, nor one that fails.
const AGAIN: Duration = Duration::from_secs(30);
/// Longest wait for credentials; people may have to touch a token.
const PATIENCE: Duration = Duration::from_secs(60);

/// The current credentials and where new ones come from.
pub(super) struct Keys {
    source: SharedCredentialsProvider,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Held>,
    generation: u64,
    failed: Option<(Instant, Failure)>,
}

#[derive(Clone)]
struct Held {
    credentials: Credentials,
    since: Instant,
}

/// Never shows what it holds.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    pub(super) fn new(source: SharedCredentialsProvider) -> Keys {
        Keys { source, state: Mutex::new(State::default()) }
    }

    /// Credentials that are good for a call, with their number; `refused` is the number of those that the server says have
    /// expired, whatever their date says.
    pub(super) async fn get(&self, refused: Option<u64>) -> Result<(Credentials, u64), Failure> {
        let mut state = self.state.lock().await;
        let usable = state.current.clone().filter(|_| refused != Some(state.generation));
        if let Some(held) = &usable
            && !held.ends_within(NEARLY)
        {
            return Ok((held.credentials.clone(), state.generation));
        }
        if let Some(held) = &usable
            && held.since.elapsed() < AGAIN
            && !held.ends_within(Duration::ZERO)
        {
            return Ok((held.credentials.clone(), state.generation));
        }
        let recent = state.failed.as_ref().filter(|(at, _)| at.elapsed() < AGAIN).map(|(_, failure)| failure.clone());
        let failure = match recent {
            Some(failure) => failure,
            None => match self.load().await {
                Ok(credentials) => {
                    state.generation += 1;
                    state.failed = None;
                    state.current = Some(Held { credentials: credentials.clone(), since: Instant::now() });
                    return Ok((credentials, state.generation));
                }
                Err(failure) => {
                    state.failed = Some((Instant::now(), failure.clone()));
                    failure
                }
            },
        };
        // What is left of the old ones' life is used.
        match usable.filter(|held| !held.ends_within(Duration::ZERO)) {
            Some(held) => Ok((held.credentials, state.generation)),
            None => Err(failure),
        }
    }

    async fn load(&self) -> Result<Credentials, Failure> {
        match tokio::time::timeout(PATIENCE, self.source.provide_credentials()).await {
            Ok(loaded) => loaded.map_err(|error| login_failure(&error)),
            Err(_) => Err(Failure::new(Class::Login, "NoCredentials", "credentials did not come in time")),
        }
    }
}

impl Held {
    fn ends_within(&self, time: Duration) -> bool {
        self.credentials.expiry().is_some_and(|end| end <= SystemTime::now() + time)
    }
}

/// The credentials of a [`Keys`] for the SDK, which caches none of its own.
#[derive(Debug, Clone)]
pub(super) struct ForSdk(pub Arc<Keys>);

impl ProvideCredentials for ForSdk {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            match self.0.get(None).await {
                Ok((credentials, _)) => Ok(credentials),
                Err(failure) => Err(CredentialsError::provider_error(failure.message)),
            }
        })
    }
}

/// Credentials of a role that others may assume.
#[derive(Debug)]
pub(super) struct Role {
    pub base: Caller,
    pub arn: String,
    pub external_id: Option<String>,
    pub session_name: String,
}

impl ProvideCredentials for Role {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let mut with = Map::new();
            with.insert("RoleArn".to_owned(), self.arn.as_str().into());
            with.insert("RoleSessionName".to_owned(), self.session_name.as_str().into());
            if let Some(id) = &self.external_id {
                with.insert("ExternalId".to_owned(), id.as_str().into());
            }
            let answer = self.base.own("sts", "AssumeRole", with).await.map_err(CredentialsError::provider_error)?;
            let given = &answer["Credentials"];
            let text = |key: &str| given[key].as_str().map(str::to_owned);
            let (Some(id), Some(secret), token) = (text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"))
            else {
                return Err(CredentialsError::unhandled("the answer holds no credentials"));
            };
            let end: Option<jiff::Timestamp> = given["Expiration"].as_str().and_then(|text| text.parse().ok());
            Ok(Credentials::new(id, secret, token, end.map(SystemTime::from), "assumed role"))
        })
    }
}

// Messages of login programs and of services that give credentials are shown only where they cannot hold secrets.
fn login_failure(error: &CredentialsError) -> Failure {
    let own: &(dyn std::error::Error + 'static) = error;
    let chain = || std::iter::successors(Some(own), |error| error.source());
    if let Some(call) = chain().find_map(|cause| cause.downcast_ref::<CallError>()) {
        let class = if call.class == Class::Unreachable { Class::Unreachable } else { Class::Login };
        return Failure::new(class, &call.code, format!("no credentials of the role: {call}"));
    }
    let last = chain().last().map(ToString::to_string).unwrap_or_default();
    let cause = safe(last.split("Stderr").next().unwrap_or_default());
    let words = match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "no credentials were found, neither of a profile nor in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor of an \
             attached role"
                .to_owned()
        }
        CredentialsError::ProviderTimedOut(_) => "credentials did not come in time".to_owned(),
        CredentialsError::InvalidConfiguration(_) => format!("the profile is not valid: {cause}"),
        _ => format!(
            "the credentials could not be loaded ({cause}); `aws sts get-caller-identity` shows whether it is so there too"
        ),
    };
    Failure::new(Class::Login, "NoCredentials", words)
}

/// The text at a key of an answer.
pub(super) fn text(answer: &Json, key: &str) -> String {
    answer.get(key).and_then(Json::as_str).map(safe).unwrap_or_default()
}

/// The source of credentials where settings have none at all.
#[derive(Debug)]
pub(super) struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded_no_source()))
    }
}

//! The one HTTP client of all calls, those of the SDK included: same sockets, same proxies, same trust, same limits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method};

use super::decode::{Answer, LONGEST};
use super::error::safe;
use super::pace::Trouble;

const AGENT: &str = concat!("spm/", env!("CARGO_PKG_VERSION"));

/// Twice this and a pause is what a region that cannot be reached costs at most.
const CONNECT: Duration = Duration::from_millis(2300);
const IDLE_SOCKETS_PER_HOST: usize = 4;
const IDLE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The server could not be reached.
    #[error("no connection: {1}")]
    Unreachable(Trouble, String),
    /// The server's certificate is not trusted.
    #[error("no trusted connection: {0}")]
    Untrusted(String),
    /// The connection ended before there was an answer.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer broke off.
    #[error("the answer broke off: {0}")]
    Cut(String),
    /// The answer is longer than any that is read.
    #[error("the answer is longer than {} MiB", LONGEST / 1024 / 1024)]
    TooLong,
    /// The request is none.
    #[error("the address cannot be asked for")]
    BadRequest,
}

/// Sends requests.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    // Servers that give credentials to machines are asked without proxies.
    direct: reqwest::Client,
}

impl Http {
    /// A client that trusts the certificates of the file (PEM) besides those of the system.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn new(ca_file: Option<&Path>) -> Result<Http, String> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(AGENT)
                .connect_timeout(CONNECT)
                .pool_max_idle_per_host(IDLE_SOCKETS_PER_HOST)
                .pool_idle_timeout(IDLE)
                // A redirected request would carry its signature to another server.
                .redirect(Policy::none())
        };
        let mut trusting = builder();
        if let Some(file) = ca_file {
            let shown = safe(&file.display().to_string());
            let pem = std::fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
            let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(format!("{shown}: holds no certificate (PEM)"));
            }
            trusting = trusting.tls_certs_merge(certificates);
        }
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| format!("the HTTPS client cannot be set up: {}", cause(&error)))
        };
        Ok(Http { client: build(trusting)?, direct: build(builder().no_proxy())? })
    }

    /// A client that looks up names in this way.
    #[cfg(test)]
    pub fn with_names(names: impl reqwest::dns::Resolve + 'static) -> Http {
        let client = reqwest::Client::builder().no_proxy().dns_resolver(names).build().unwrap();
        Http { direct: client.clone(), client }
    }

    /// Sends one request.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: impl Iterator<Item = (&str, &str)>,
        body: Vec<u8>,
    ) -> Result<Answer, NoAnswer> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| NoAnswer::BadRequest)?;
            let mut value = HeaderValue::from_str(value).map_err(|_| NoAnswer::BadRequest)?;
            // So that nothing that prints headers prints these.
            value.set_sensitive(true);
            map.insert(name, value);
        }
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| NoAnswer::BadRequest)?;
        let local = url.starts_with("http://169.254.") || url.starts_with("http://[fd00:ec2:");
        let client = if local { &self.direct } else { &self.client };
        let request = client.request(method, url).headers(map).body(body);
        let mut response = request.send().await.map_err(|error| no_answer(&error))?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut answer = Answer { status: response.status().as_u16(), headers, body: Vec::new() };
        while let Some(chunk) = response.chunk().await.map_err(|error| NoAnswer::Cut(cause(&error)))? {
            if answer.body.len() + chunk.len() > LONGEST {
                return Err(NoAnswer::TooLong);
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let cause = cause(error);
    if error.is_builder() {
        NoAnswer::BadRequest
    } else if cause.contains("certificate") {
        NoAnswer::Untrusted(cause)
    } else if error.is_connect() {
        let name = chain(error).any(|error| error.to_string().starts_with("dns error"));
        let trouble = match name {
            true if NO_NAME.iter().any(|words| cause.ends_with(words)) => Trouble::NoName,
            true => Trouble::Name,
            false => Trouble::Connection,
        };
        NoAnswer::Unreachable(trouble, cause)
    } else {
        NoAnswer::Broken(cause)
    }
}

/// How C libraries (glibc, musl, that of macOS) say that a name has no address. Other words say that they could not find out;
/// the number behind them is not handed on by Rust.
const NO_NAME: &[&str] = &[
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided, or not known",
];

// The innermost cause says most, and names neither the address nor what was sent.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    safe(&chain(error).skip(1).last().map(ToString::to_string).unwrap_or_default())
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let own: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(own), |error| error.source())
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(Arc::new(self.clone())))
    }
}

#[derive(Debug)]
struct Connector(Arc<Http>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let body = request.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
            // The agent of the client is said once.
            let headers = request.headers().iter().filter(|(name, _)| *name != "user-agent");
            let answer = http.send(request.method(), request.uri(), headers, body).await.map_err(connector_error)?;
            let status = answer.status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
            let mut response = HttpResponse::new(status, answer.body.into());
            for (name, value) in answer.headers {
                // The body is no longer as these say.
                if name != "content-encoding" && name != "content-length" {
                    let _ = response.headers_mut().try_append(name, value);
                }
            }
            Ok(response)
        })
    }
}

fn connector_error(error: NoAnswer) -> ConnectorError {
    match error {
        NoAnswer::BadRequest | NoAnswer::TooLong | NoAnswer::Untrusted(_) => ConnectorError::user(Box::new(error)),
        error => ConnectorError::io(Box::new(error)),
    }
}

//! What went wrong with a call, in words that are safe to print, and what that means for the scan. Pure.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value as Json;

use super::decode::{Answer, Undecodable};
use crate::base::text::{sanitise, shorten};
use crate::catalog::aws::kinds::ErrorCode;
use crate::model::GapReason;

/// What an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The identity may not do it.
    Denied {
        /// A policy of the organisation forbids it, so that no policy of the account can allow it.
        by_scp: bool,
    },
    /// The region is not enabled for the account.
    RegionOff,
    /// The vendor does not offer the service in the region, so that nothing of it exists there.
    NotOffered,
    /// Too many calls, in spite of waiting.
    Throttled,
    /// The service failed, in spite of all tries.
    Server,
    /// No connection, or no complete answer in time.
    Unreachable,
    /// The credentials have expired and new ones are not to be had.
    Expired,
    /// There are no credentials, or they are not accepted.
    Login,
    /// The answer cannot be understood.
    Malformed,
    /// The answer, or the list of pages, is not complete.
    Truncated,
    /// The service refuses the call: anything else, also what says that a configuration is absent.
    Refused,
}

/// A call that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service} {operation} in {region}: {code}{}{message}", if message.is_empty() { "" } else { ": " })]
pub struct CallError {
    /// What it means.
    pub class: Class,
    /// The vendor's code, or a word of our own (`NoConnection`, `Timeout`).
    pub code: String,
    /// The vendor's message or our own words; without secrets, in one line of bounded length.
    pub message: String,
    /// Service, as in the catalog.
    pub service: Box<str>,
    /// Operation.
    pub operation: Box<str>,
    /// Region that was asked.
    pub region: Box<str>,
    /// What the vendor's support asks for.
    pub request_id: Option<Box<str>>,
}

impl CallError {
    /// Whether it is one of the errors of a row (`absent`, `off`).
    pub fn is_any(&self, codes: &[ErrorCode]) -> bool {
        codes.iter().any(|code| code.is(&self.code, &self.message))
    }

    /// As gaps know it.
    pub fn reason(&self) -> GapReason {
        match self.class {
            Class::Denied { .. } | Class::Expired | Class::Login => GapReason::Forbidden,
            Class::RegionOff | Class::NotOffered => GapReason::NotCollected,
            Class::Throttled | Class::Server | Class::Refused => GapReason::ServerError,
            Class::Unreachable => GapReason::Unreachable,
            Class::Malformed => GapReason::Malformed,
            Class::Truncated => GapReason::Truncated,
        }
    }
}

/// Code of a server whose certificate is not trusted; it does not become so by asking again.
pub const UNTRUSTED: &str = "UntrustedServer";

/// An error before it is known whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub class: Class,
    /// Code.
    pub code: String,
    /// Message, safe to print.
    pub message: String,
    /// Id of the request.
    pub request_id: Option<String>,
    /// The region that the service says to ask instead (S3).
    pub elsewhere: Option<String>,
    /// Seconds that the service wants to be left alone.
    pub retry_after: Option<u64>,
}

impl Failure {
    /// An error of our own.
    pub fn new(class: Class, code: &str, message: impl Into<String>) -> Failure {
        let (code, message) = (code.to_owned(), message.into());
        Failure { class, code, message, request_id: None, elsewhere: None, retry_after: None }
    }

    /// The error of a call.
    pub fn of(self, service: &str, operation: &str, region: &str) -> CallError {
        CallError {
            class: self.class,
            code: self.code,
            message: self.message,
            service: service.into(),
            operation: operation.into(),
            region: safe(region).into(),
            request_id: self.request_id.map(Into::into),
        }
    }

    /// Whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self.class, Class::Throttled | Class::Server | Class::Unreachable | Class::Truncated)
            && self.code != UNTRUSTED
    }
}

impl From<Undecodable> for Failure {
    fn from(error: Undecodable) -> Failure {
        let (class, code) = match error {
            Undecodable::Truncated => (Class::Truncated, "TruncatedAnswer"),
            Undecodable::TooLong | Undecodable::Malformed(_) => (Class::Malformed, "MalformedAnswer"),
        };
        Failure::new(class, code, error.to_string())
    }
}

/// Foreign text in one safe line of bounded length.
pub fn safe(text: &str) -> String {
    // Of use only to who may decode it, and long.
    let text = text.split(" Encoded authorization failure message").next().unwrap_or_default();
    let words = text.split_whitespace().map(|word| if has_access_key(word) { "[access key]" } else { word });
    shorten(&sanitise(&words.collect::<Vec<_>>().join(" ")), 400).into_owned()
}

/// Text without any of the secrets.
pub fn scrub(text: &str, secrets: &[&str]) -> String {
    let known = secrets.iter().filter(|secret| secret.len() >= 8);
    known.fold(text.to_owned(), |text, secret| text.replace(secret, "[secret]"))
}

// Ids of access keys are 16 to 128 capitals and digits behind these letters.
fn has_access_key(word: &str) -> bool {
    ["AKIA", "ASIA"].iter().any(|start| {
        word.match_indices(start).any(|(at, _)| {
            let key = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            word.get(at..).unwrap_or_default().chars().take_while(|c| key(*c)).count() >= 16
        })
    })
}

/// The error in an answer that is no success. `accepted` says whether the credentials are known to be good: then a region that
/// does not know them is one that is not enabled.
pub fn read(answer: &Answer, accepted: bool) -> Failure {
    let mut found = Found::default();
    found.read_json(&answer.body);
    if found.code.is_empty() {
        found.read_xml(&answer.body);
    }
    if let Some(kind) = answer.header("x-amzn-errortype") {
        found.code = kind.to_owned();
    }
    // Services that spoke the query protocol keep the codes of old beside those of JSON.
    if let Some((code, _)) = answer.header("x-amzn-query-error").and_then(|value| value.split_once(';')) {
        found.code = code.to_owned();
    }
    // `namespace#Code:address`
    let code = found.code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default().trim();
    let status = answer.status;
    let vendor = !code.is_empty();
    let code = if vendor { safe(code) } else { format!("Http{status}") };
    let class = class(&code, &found.message, status, accepted);
    let message = match class {
        // These messages may repeat the request as it was signed, token and all.
        Class::Login if code.contains("Signature") => {
            "the signature is not accepted: the secret key is wrong, or something on the way changes requests"
                .to_owned()
        }
        Class::Login if matches!(code.as_str(), "RequestTimeTooSkewed" | "RequestInTheFuture") => {
            "the clock of this machine is wrong".to_owned()
        }
        _ if !vendor && (300..400).contains(&status) => {
            format!("the server answered {status}, a redirection: is this an endpoint of AWS?")
        }
        _ if !vendor => {
            let content = answer.header("content-type").map(safe).unwrap_or_else(|| "no content type".to_owned());
            format!("the server answered {status} without an error that AWS would give ({content})")
        }
        _ => safe(&found.message),
    };
    let id = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"].iter().find_map(|name| answer.header(name));
    Failure {
        class,
        code,
        message,
        request_id: id.map(str::to_owned).or(found.request_id).map(|id| safe(&id)).filter(|id| !id.is_empty()),
        elsewhere: answer.header("x-amz-bucket-region").map(str::to_owned).or(found.region),
        retry_after: answer.header("retry-after").and_then(|value| value.trim().parse().ok()),
    }
}

fn class(code: &str, message: &str, status: u16, accepted: bool) -> Class {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "AccessDeniedFault"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "UnauthorizedException"
        | "UnauthorizedAccess"
        | "NotAuthorized"
        | "NotAuthorizedException"
        | "ForbiddenException"
        | "AllAccessDisabled" => {
            Class::Denied { by_scp: message.to_ascii_lowercase().contains("service control policy") }
        }
        "OptInRequired" | "RegionDisabledException" => Class::RegionOff,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "AuthFailure"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "InvalidSecurity" => {
            if accepted {
                Class::RegionOff
            } else {
                Class::Login
            }
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => Class::Expired,
        "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestTimeTooSkewed"
        | "RequestInTheFuture" => Class::Login,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "Throttled"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "TooManyRequests"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "BandwidthLimitExceeded"
        | "EC2ThrottledException"
        | "ProvisionedThroughputExceededException"
        | "RateExceeded" => Class::Throttled,
        "RequestTimeout"
        | "RequestTimeoutException"
        | "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "InternalServiceError"
        | "InternalServiceException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "Unavailable" => Class::Server,
        _ => match status {
            429 => Class::Throttled,
            501 => Class::Refused,
            500.. => Class::Server,
            401 | 403 if code.starts_with("Http") => Class::Denied { by_scp: false },
            _ => Class::Refused,
        },
    }
}

#[derive(Default)]
struct Found {
    code: String,
    message: String,
    request_id: Option<String>,
    region: Option<String>,
}

/// No error is longer.
const LONGEST: usize = 256 * 1024;

impl Found {
    fn read_json(&mut self, body: &[u8]) {
        if body.len() > LONGEST || body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return;
        }
        let Ok(value) = serde_json::from_slice::<Json>(body) else { return };
        let text =
            |names: &[&str]| names.iter().find_map(|name| value.get(*name).and_then(Json::as_str)).map(str::to_owned);
        self.code = text(&["__type", "code", "Code"]).unwrap_or_default();
        self.message = text(&["message", "Message", "errorMessage"]).unwrap_or_default();
    }

    // The first of each, wherever it stands: `ErrorResponse/Error/Code`, `Response/Errors/Error/Code`, `Error/Code`.
    fn read_xml(&mut self, body: &[u8]) {
        let mut reader = Reader::from_reader(body.get(..LONGEST).unwrap_or(body));
        let mut name = String::new();
        let mut in_error = false;
        let mut text = String::new();
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(open) => {
                    name = String::from_utf8_lossy(open.local_name().as_ref()).into_owned();
                    in_error |= name == "Error";
                    if !in_error && !matches!(name.as_str(), "ErrorResponse" | "Response" | "Errors") {
                        return;
                    }
                    text.clear();
                }
                Event::Text(part) => text.push_str(&part.decode().unwrap_or_default()),
                Event::CData(part) => text.push_str(&part.decode().unwrap_or_default()),
                Event::GeneralRef(part) => {
                    let entity = part.decode().unwrap_or_default();
                    let c = part.resolve_char_ref().ok().flatten().map(String::from);
                    let known = quick_xml::escape::resolve_predefined_entity(&entity).map(str::to_owned);
                    text.push_str(&c.or(known).unwrap_or_default());
                }
                Event::End(_) => {
                    let value = std::mem::take(&mut text);
                    match name.as_str() {
                        "Code" if self.code.is_empty() => self.code = value,
                        "Message" if self.message.is_empty() => self.message = value,
                        "RequestId" | "RequestID" if self.request_id.is_none() => self.request_id = Some(value),
                        "Region" if self.region.is_none() => self.region = Some(value),
                        _ => {}
                    }
                    name.clear();
                }
                Event::Eof => return,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Signatures of requests (SigV4).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4::SigningParams;

use super::request::Request;

/// For whom a request is signed.
pub struct Scope<'a> {
    /// Name of the service in signatures.
    pub service: &'a str,
    /// Region.
    pub region: &'a str,
    /// When.
    pub time: SystemTime,
}

/// The headers that make `request`, sent to `url`, one of who owns the credentials. None if the request cannot be signed, which
/// happens only for addresses that are none.
pub fn headers(
    request: &Request,
    url: &str,
    credentials: Credentials,
    scope: &Scope<'_>,
) -> Option<Vec<(String, String)>> {
    let mut settings = SigningSettings::default();
    if scope.service == "s3" {
        // Paths are names of buckets: they are neither encoded twice nor simplified, and the body's hash is sent along.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let own = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new(&request.method, url, own, SignableBody::Bytes(&request.body)).ok()?;
    let (instructions, _) = sign(signable, &params).ok()?.into_parts();
    let (signed, _) = instructions.into_parts();
    Some(signed.into_iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}

//! Certificates: subject, authority, expiry and a hash of the public key. Other PEM blocks, private keys above all, are
//! passed over.

use sha2::{Digest, Sha256};
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::facts::Cert;

/// Most certificates of one file.
const LIMIT: usize = 100;

/// All certificates in a file. Some of them are none: who compares them would miss the others.
///
/// # Errors
/// What is wrong with the file.
pub fn parse(path: &str, component: Option<&str>, bytes: &[u8]) -> Result<Vec<Cert>, String> {
    let begun = memchr::memmem::find_iter(bytes, b"-----BEGIN CERTIFICATE-----").count();
    if begun > LIMIT {
        return Err(format!("more than {LIMIT} certificates"));
    }
    let blocks = Pem::iter_from_buffer(bytes).filter_map(Result::ok).filter(|block| block.label == "CERTIFICATE");
    let certs: Vec<Cert> = blocks.filter_map(|block| cert(path, component, &block)).collect();
    if certs.len() == begun { Ok(certs) } else { Err("not all of its certificates can be understood".to_owned()) }
}

fn cert(path: &str, component: Option<&str>, block: &Pem) -> Option<Cert> {
    let cert: X509Certificate<'_> = block.parse_x509().ok()?;
    let key = cert.public_key();
    Some(Cert {
        path: path.to_owned(),
        component: component.map(str::to_owned),
        subject: cert.subject().to_string(),
        issuer: cert.issuer().to_string(),
        not_after: jiff::Timestamp::from_second(cert.validity().not_after.timestamp()).ok()?.to_string(),
        key: match key.parsed() {
            Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
            Ok(PublicKey::EC(point)) => format!("EC {}", point.key_size()),
            Ok(PublicKey::DSA(_)) => "DSA".to_owned(),
            _ => "other".to_owned(),
        },
        ca: cert.is_ca(),
        public_key_sha256: Sha256::digest(key.raw).iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// The node's name in a kubelet's client certificate.
pub fn node_name(certs: &[Cert]) -> Option<&str> {
    certs.iter().find_map(|cert| cert.subject.split(", ").find_map(|part| part.strip_prefix("CN=system:node:")))
}

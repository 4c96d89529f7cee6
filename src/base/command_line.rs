//! Finds secrets in command lines and what they read: by the name of a flag, key or variable, and by what a text looks like.

use serde_json::Value;

/// Stands for the part of a command line or document that may be secret.
pub const REDACTED: &str = "(redacted)";

/// Words that make the value of a flag, key or variable a secret.
const SECRET_WORDS: &[&str] = &[
    "accesskey",
    "apikey",
    "authdata",
    "clientkeydata",
    "credential",
    "datastoreendpoint",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "staticpodurlheader",
    "token",
    "vpnauth",
];
/// Ends of such names whose values are paths, settings and numbers instead.
const HARMLESS_ENDS: &[&str] = &[
    "dir",
    "encryption",
    "encryptionprovider",
    "expiration",
    "file",
    "files",
    "path",
    "period",
    "strategy",
    "syncs",
    "ttl",
    "webhook",
    "webhookversion",
];

/// Whether the value of this flag, key or variable may be a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_WORDS.iter().any(|word| name.contains(word)) && !HARMLESS_ENDS.iter().any(|end| name.ends_with(end))
}

/// Text without what looks like a secret in it: private keys, user names and passwords in URLs.
pub fn text(text: &str) -> String {
    if text.contains("PRIVATE KEY-----") {
        return REDACTED.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        out.push_str(before);
        // User information ends at the last `@` before the path.
        let end = behind.find(['/', ' ', ',', '"', '\'']).unwrap_or(behind.len());
        let (authority, tail) = behind.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str(REDACTED);
                out.push('@');
                out.push_str(host);
            }
            // A password may hold a slash itself.
            None if tail.split([' ', ',', '"', '\'']).next().is_some_and(|word| word.contains('@')) => {
                let end = tail.find([' ', ',', '"', '\'']).unwrap_or(tail.len());
                out.push_str(REDACTED);
                rest = &tail[end..];
                continue;
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The value of the flag, key or variable `name`.
pub fn named(name: &str, value: &str) -> String {
    if is_secret_name(name) && !matches!(value, "true" | "false" | "") { REDACTED.to_owned() } else { text(value) }
}

/// A command line; also the flags that k3s hands on (`--kubelet-arg=token=...`).
pub fn arguments<'a>(argv: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut secret_follows = false;
    let mut out = Vec::new();
    for argument in argv {
        if std::mem::take(&mut secret_follows) && !argument.starts_with("--") {
            out.push(REDACTED.to_owned());
            continue;
        }
        let (dashes, body) = argument.split_at(argument.len() - argument.trim_start_matches('-').len());
        match body.split_once('=') {
            Some((name, value)) if name.ends_with("-arg") => {
                let (inner, value) = value.split_once('=').map_or((value, None), |(inner, value)| (inner, Some(value)));
                let value = value.map(|value| format!("={}", named(inner, value))).unwrap_or_default();
                out.push(format!("{dashes}{name}={inner}{value}"));
            }
            Some((name, value)) => out.push(format!("{dashes}{name}={}", named(name, value))),
            None => {
                secret_follows = !dashes.is_empty() && is_secret_name(body);
                out.push(text(argument));
            }
        }
    }
    out
}

/// A title that a process gave itself instead of a command line: words in one text.
pub fn title(title: &str) -> String {
    arguments(title.split(' ')).join(" ")
}

/// A document: values of secret keys at any depth, and what looks like a secret.
pub fn document(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::Bool(_) | Value::Null => {}
                    value if is_secret_name(key) => *value = Value::String(REDACTED.to_owned()),
                    value => document(value),
                }
            }
        }
        // A list of arguments stands in a list, too.
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let clean = arguments(items.iter().filter_map(Value::as_str));
            *items = clean.into_iter().map(Value::String).collect();
        }
        Value::Array(items) => items.iter_mut().for_each(document),
        Value::String(string) => *string = text(string),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "token",
            "--agent-token",
            "K3S_TOKEN",
            "etcd-s3-secret-key",
            "etcd-s3-access-key",
            "password",
            "datastore-endpoint",
            "client-key-data",
            "aadClientSecret",
            "initial-cluster-token",
            "vpn-auth",
            "secret",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "token-auth-file",
            "token-file",
            "secrets-encryption",
            "service-account-private-key-file",
            "tlsPrivateKeyFile",
            "service-account-extend-token-expiration",
            "authentication-token-webhook",
            "key-file",
            "client-ca-file",
            "imageCredentialProviderConfigFile",
            "profiling",
            "concurrent-serviceaccount-token-syncs",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn command_lines() {
        let clean = arguments([
            "k3s",
            "server",
            "--token",
            "s3cret",
            "--agent-token=s3cret",
            "--kubelet-arg=bootstrap-token=s3cret",
            "--datastore-endpoint",
            "mysql://u:s3cret@tcp(h)/db",
            "--token-auth-file=/etc/t",
            "--etcd-servers=https://u:s3cret@h:2379/x",
        ]);
        assert_eq!(
            clean,
            [
                "k3s",
                "server",
                "--token",
                REDACTED,
                "--agent-token=(redacted)",
                "--kubelet-arg=bootstrap-token=(redacted)",
                "--datastore-endpoint",
                REDACTED,
                "--token-auth-file=/etc/t",
                "--etcd-servers=https://(redacted)@h:2379/x",
            ]
        );
        assert_eq!(title("k3s server --token s3cret"), "k3s server --token (redacted)");
    }

    #[test]
    fn urls_and_keys() {
        assert_eq!(
            text("https://u:p@h/x and http://v@w,https://h"),
            "https://(redacted)@h/x and http://(redacted)@w,https://h"
        );
        assert_eq!(text("postgres://u:p/w@h/db"), "postgres://(redacted)");
        assert_eq!(text("-----BEGIN RSA PRIVATE KEY-----\nabc"), REDACTED);
        assert_eq!(text("no url"), "no url");
    }

    #[test]
    fn documents() {
        let mut value = serde_json::json!({
            "token": 12345, "nested": [{"password": {"a": "b"}}], "featureGates": {"ServiceAccountTokenX": true},
            "arg": ["--token=s3cret", "--a=b"], "url": "https://u:s3cret@h",
        });
        document(&mut value);
        assert_eq!(
            value,
            serde_json::json!({
                "token": REDACTED, "nested": [{"password": REDACTED}], "featureGates": {"ServiceAccountTokenX": true},
                "arg": ["--token=(redacted)", "--a=b"], "url": "https://(redacted)@h",
            })
        );
    }
}

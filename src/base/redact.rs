//! Secrets are recognised by the names that they go by, so that no report ever shows one.

/// Stands where a secret stood.
pub const MASK: &str = "(masked)";

/// Whether a property of this name holds a secret itself, not the name or place of one.
pub fn is_secret_name(name: &str) -> bool {
    const SECRETS: [&str; 12] = [
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "apikey",
        "api_key",
        "api-key",
        "privatekey",
        "credential",
        "client-key-data",
        "connectionstring",
    ];
    const REFERENCES: [&str; 12] =
        ["name", "file", "path", "ref", "arn", "id", "uri", "url", "policy", "enabled", "type", "age"];
    let lower = name.to_lowercase();
    let holds = SECRETS.iter().any(|word| lower.ends_with(word) || lower.ends_with(&format!("{word}s")));
    let refers = REFERENCES.iter().any(|word| lower.ends_with(word));
    // Switches about tokens are no tokens.
    let switch = lower.starts_with("automount") || lower.starts_with("allow") || lower.starts_with("enable");
    holds && !refers && !switch
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn names_of_secrets_are_not_secrets() {
        for name in ["password", "DB_PASSWORD", "clientSecret", "token", "client-key-data", "ApiKey"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["secretName", "automountServiceAccountToken", "token-auth-file", "image", "secretRef", "keys"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}

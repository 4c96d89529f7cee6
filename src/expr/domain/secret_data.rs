//! Data of `holds_secret`: how secrets look, and what only looks like one. Version 1.

/// A kind of secret that is known by its form.
#[derive(Debug)]
pub struct Form {
    /// What it is, for evidence.
    pub kind: &'static str,
    /// Regular expression; if it has a group, the group is the secret itself.
    pub pattern: &'static str,
}

/// Kinds of secrets that are known by their form. The first that fits at a place names it.
pub static FORMS: &[Form] = &[
    Form { kind: "private key", pattern: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----" },
    Form { kind: "AWS access key", pattern: r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b" },
    Form {
        kind: "AWS secret access key",
        pattern: r#"(?i:aws_?secret_?access_?key|secretaccesskey)["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    },
    Form { kind: "GitHub token", pattern: r"\b(gh[pousr]_[A-Za-z0-9]{36,})" },
    Form { kind: "GitHub token", pattern: r"\b(github_pat_[A-Za-z0-9_]{60,})" },
    Form { kind: "GitLab token", pattern: r"\b(gl(?:pat|ptt|dt|rt|soat|cbt)-[A-Za-z0-9_-]{20,})" },
    Form { kind: "Slack token", pattern: r"\b(xox[abeoprs]-[A-Za-z0-9-]{10,})" },
    Form {
        kind: "Slack webhook",
        pattern: r"(https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9_]+/[A-Za-z0-9_]+/[A-Za-z0-9_]{16,})",
    },
    Form { kind: "Google API key", pattern: r"\b(AIza[0-9A-Za-z_-]{35})" },
    Form { kind: "Google OAuth secret", pattern: r"\b(GOCSPX-[0-9A-Za-z_-]{28})" },
    Form { kind: "Stripe key", pattern: r"\b((?:sk|rk)_live_[0-9A-Za-z]{20,})" },
    Form { kind: "SendGrid key", pattern: r"\b(SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64})" },
    Form { kind: "Twilio key", pattern: r"\b(SK[0-9a-f]{32})\b" },
    Form { kind: "Mailgun key", pattern: r"\b(key-[0-9a-f]{32})\b" },
    Form { kind: "npm token", pattern: r"\b(npm_[A-Za-z0-9]{36})\b" },
    Form { kind: "PyPI token", pattern: r"\b(pypi-[A-Za-z0-9_-]{50,})" },
    Form { kind: "Docker Hub token", pattern: r"\b(dckr_[op]at_[A-Za-z0-9_-]{20,})" },
    Form { kind: "Anthropic key", pattern: r"\b(sk-ant-[A-Za-z0-9_-]{20,})" },
    Form { kind: "OpenAI key", pattern: r"\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,})" },
    Form { kind: "Vault token", pattern: r"\b(hv[sbr]\.[A-Za-z0-9_-]{24,})" },
    Form { kind: "Terraform token", pattern: r"\b([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,})" },
    Form { kind: "DigitalOcean token", pattern: r"\b(do[opr]_v1_[0-9a-f]{64})" },
    Form { kind: "Databricks token", pattern: r"\b(dapi[0-9a-f]{32})\b" },
    Form { kind: "Shopify token", pattern: r"\b(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})\b" },
    Form { kind: "Dynatrace token", pattern: r"\b(dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b" },
    Form { kind: "New Relic key", pattern: r"\b(NRAK-[A-Z0-9]{27})\b" },
    Form { kind: "Azure storage key", pattern: r"AccountKey=([A-Za-z0-9+/]{86}==)" },
    Form { kind: "age key", pattern: r"\b(AGE-SECRET-KEY-1[0-9A-Z]{58})" },
    Form { kind: "JSON web token", pattern: r"\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,})" },
    Form {
        kind: "password in a URL",
        pattern: r#"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'"]{1,128}:([^\s/@'"]{3,256})@[A-Za-z0-9.\[-]"#,
    },
];

/// A setting whose name says that its value is a secret: name and value. What is in the value is judged separately.
pub const ASSIGNMENT: &str = r#"(?i)([a-z0-9_.-]{0,60}(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|secret[_-]?key|auth[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?))["']?\s{0,4}(?::=|=>|[:=])\s{0,4}(?:"([^"\r\n]{1,512})"|'([^'\r\n]{1,512})'|([^\s"',;]{1,512}))"#;

/// Ends of names, in lower case, whose value is a secret although the name does not say so outright.
pub static SECRET_ENDS: &[&str] = &[
    "passphrase",
    "access_key",
    "accesskey",
    "secret_key",
    "secretkey",
    "private_key",
    "auth_key",
    "authkey",
    "signing_key",
    "encryption_key",
];

/// Parts of values, in lower case, that no real secret has.
pub static PLACEHOLDERS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "changethis",
    "example",
    "placeholder",
    "redacted",
    "masked",
    "replace",
    "insert",
    "your-",
    "your_",
    "yourpass",
    "yoursecret",
    "dummy",
    "sample",
    "xxxx",
    "****",
    "....",
    "todo",
    "undefined",
    "not_used",
    "notused",
    "not-a-",
];

/// What stands around the name of a secret (`<password>`, `{{password}}`, `%PASSWORD%`). Passwords only begin so.
pub static AROUND: &[(char, char)] =
    &[('{', '}'), ('<', '>'), ('[', ']'), ('(', ')'), ('`', '`'), ('%', '%'), ('@', '@'), ('$', '$')];

/// Beginnings of values, in lower case, that name a secret or say how to get it.
pub static REFERENCES: &[&str] = &[
    "arn:",
    "ssm:",
    "ssm/",
    "resolve:",
    "vault:",
    "vault/",
    "secret:",
    "secret/",
    "secretsmanager",
    "aws:",
    "kms:",
    "ref:",
    "ref+",
    "env:",
    "env.",
    "file:",
    "data.",
    "var.",
    "local.",
    "module.",
    "os.",
    "process.",
    "config.",
    "/",
    "./",
    "~/",
    "http://",
    "https://",
    "projects/",
    "awskms",
    "self.",
    "this.",
    "params.",
    "aws_",
    "none",
    "null",
    "true",
    "false",
];

//! `holds_secret`: whether text, or any text in a list or map, holds a secret in the clear. The secret is never shown.

use super::searched::Searched;
use super::{About, Answer, Asked, Decided, Domain, Key, Question, Takes};
use crate::base::redact;
use crate::expr::path::{Step, Steps};
use crate::expr::{Truth, Value};
use crate::model::Text;

/// The row of the table.
pub static HOLDS_SECRET: Domain = Domain {
    name: "holds_secret",
    doc: "The text, or some text in the list or map, holds a secret in the clear: a key or token of a known form, or a password \
          in a setting whose name says so. Placeholders, references (`${DB_PASSWORD}`, `arn:...`) and words that are no random \
          text do not count. Of entries with a name and a value the name counts as well. Evidence is the kind and the line, \
          never the secret.",
    keys: &[Key {
        name: "decode",
        takes: Takes::OneOf(&["base64"]),
        required: false,
        doc: "Text is base64 (user data); what it holds may be packed with gzip.",
    }],
    absent: Truth::False,
    reads: &[],
    example: (
        "{}",
        r#"{"LOG_LEVEL": "info", "DB_PASSWORD": "tr0ub4dor&3x"}"#,
        r#"{"LOG_LEVEL": "info", "DB_PASSWORD": "${DB_PASSWORD}", "DB_SECRET_ARN": "arn:aws:secretsmanager:x"}"#,
    ),
    parse: |arguments| {
        let question = HoldsSecret { base64: arguments.text("decode").is_some() };
        Ok(Asked { question: Box::new(question), expected: "a secret in the clear".to_owned() })
    },
};

#[derive(Debug)]
struct HoldsSecret {
    base64: bool,
}

/// Lists in lists; deeper values are not read.
const MAX_DEPTH: usize = 64;

impl Question for HoldsSecret {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        if !matches!(value, Value::Str(_) | Value::List(_) | Value::Map(_) | Value::Unknown(_)) {
            return Answer::unknown(format!("expected text, a list or a map, found {}", value.kind()));
        }
        self.search(value)
    }

    fn unread(&self, why: &Text) -> Answer {
        // A mask tells what was found before the text was left out.
        self.search(&Value::Unknown(why.clone()))
    }
}

impl HoldsSecret {
    fn search(&self, value: &Value) -> Answer {
        let mut search = Search { base64: self.base64, steps: Vec::new(), found: Vec::new(), unread: None };
        search.value(value, None, 0);
        if search.found.is_empty() && search.unread.is_none() {
            // What was searched may hold a secret that nobody knows the form of.
            let nothing = Decided { steps: Vec::new(), shown: Value::str("no secret of a known form") };
            return Answer { decided: vec![nothing], ..Answer::no() };
        }
        Answer::some(search.found, search.unread)
    }
}

struct Search {
    base64: bool,
    steps: Steps,
    found: Vec<Decided>,
    unread: Option<Text>,
}

impl Search {
    // `name`: what the value is called.
    fn value(&mut self, value: &Value, name: Option<&str>, depth: usize) {
        if depth > MAX_DEPTH {
            self.unread.get_or_insert_with(|| "nested too deeply to be searched for secrets".into());
            return;
        }
        match value {
            Value::Str(text) => self.text(text, name),
            Value::Unknown(why) => match Searched::of_words(why, self.base64) {
                Some(searched) => self.searched(searched, name),
                None => _ = self.unread.get_or_insert_with(|| why.clone()),
            },
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.below(Step::Index(at), item, name, depth);
                }
            }
            Value::Map(map) => {
                let named = NameAndValue::of(value);
                for (key, inner) in map.iter() {
                    match &named {
                        // The value lies elsewhere; this is the name of the place.
                        Some(named) if named.refers && named.value == key.as_str() => {}
                        Some(named) if named.value == key.as_str() => {
                            self.below(Step::Key(key), inner, Some(named.name), depth);
                        }
                        _ => self.below(Step::Key(key), inner, Some(key.as_str()), depth),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
        }
    }

    fn below(&mut self, step: Step, value: &Value, name: Option<&str>, depth: usize) {
        self.steps.push(step);
        self.value(value, name, depth + 1);
        self.steps.pop();
    }

    fn text(&mut self, text: &str, name: Option<&str>) {
        match Searched::new(text, self.base64) {
            Ok(searched) => self.searched(searched, name),
            Err(why) => _ = self.unread.get_or_insert_with(|| why.into()),
        }
    }

    fn searched(&mut self, searched: Searched, name: Option<&str>) {
        for (kind, line) in searched.called(name) {
            let shown = [("kind", Value::str(kind)), ("line", Value::Int(line)), ("value", Value::str(redact::MASK))];
            self.found.push(Decided { steps: self.steps.clone(), shown: Value::map(shown) });
        }
    }
}

// A map that holds one setting: its name under one key, its value under another.
struct NameAndValue<'v> {
    name: &'v str,
    value: &'static str,
    refers: bool,
}

impl<'v> NameAndValue<'v> {
    fn of(value: &'v Value) -> Option<NameAndValue<'v>> {
        const KEYS: [(&str, &str); 6] = [
            ("name", "value"),
            ("Name", "Value"),
            ("key", "value"),
            ("Key", "Value"),
            ("OutputKey", "OutputValue"),
            ("ParameterKey", "ParameterValue"),
        ];
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let kind = value.get("type").or_else(|| value.get("Type"));
        // What is not known may refer as well; the search tells that it met something unknown.
        let refers = match kind {
            Some(Value::Unknown(_)) => true,
            kind => matches!(kind.and_then(Value::as_str), Some("PARAMETER_STORE" | "SECRETS_MANAGER")),
        };
        KEYS.into_iter().find_map(|(name, own)| {
            value.get(own)?;
            Some(NameAndValue { name: text(name)?, value: own, refers })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided};
    use super::*;

    // Put together here, so that no scanner of this repository takes them for real.
    fn samples() -> Vec<(&'static str, String)> {
        let hex = "0123456789abcdef".repeat(4);
        let mixed = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zC0";
        vec![
            ("private key", ["-----BEGIN RSA PRIVATE", " KEY-----\nMIIE"].concat()),
            ("private key", ["-----BEGIN PRIVATE", " KEY-----"].concat()),
            ("private key", ["-----BEGIN OPENSSH PRIVATE", " KEY-----"].concat()),
            ("AWS access key", ["AK", "IAQ3EGRIEB7VTZ5XKD"].concat()),
            ("AWS secret access key", ["aws_secret_access_key = ", mixed, "Zx9Yv8Wu7T"].concat()),
            ("GitHub token", ["gh", "p_", mixed, "aB3dE5"].concat()),
            ("GitLab token", ["gl", "pat-", &mixed[..20]].concat()),
            ("Slack token", ["xox", "b-1234567890-", &mixed[..12]].concat()),
            ("Google API key", ["AI", "za", mixed, "aB3dE"].concat()),
            ("Stripe key", ["sk", "_live_", &mixed[..24]].concat()),
            ("SendGrid key", ["SG", ".", &mixed[..22], ".", mixed, "aB3dE5gH7jK9m"].concat()),
            ("npm token", ["npm", "_", mixed, "aB3dE5"].concat()),
            ("Vault token", ["hv", "s.", &mixed[..24]].concat()),
            ("DigitalOcean token", ["dop", "_v1_", &hex].concat()),
            ("JSON web token", ["ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxMjM0NSJ9.", mixed].concat()),
            ("password in a URL", "postgres://app:Xk29vLq7@db.internal:5432/x".to_owned()),
            ("Dynatrace token", ["dt0", "c01.", &"A1B2C3D4".repeat(3), ".", &"Z9Y8X7W6".repeat(8)].concat()),
        ]
    }

    fn kinds(value: Json) -> Vec<String> {
        let lines = decided("holds_secret", json!({}), value);
        lines.into_iter().filter(|line| line.contains("kind")).collect()
    }

    #[test]
    fn known_forms_are_found() {
        for (kind, secret) in samples() {
            let text = format!("#!/bin/sh\n\nrun --with {secret} now\n");
            let found = kinds(json!(text));
            assert!(
                found.iter().any(|line| line.contains(&format!(r#""kind":"{kind}","line":3"#))),
                "{kind}: {found:?}"
            );
            assert!(found.iter().all(|line| !line.contains(&secret)), "{kind} is shown");
        }
    }

    #[test]
    fn passwords_by_the_name_of_their_setting() {
        for value in [
            json!({"DB_PASSWORD": "Sup3rS3cret!"}),
            json!({"STRIPE_API_KEY": "9f8a7b6c5d4e3f2a1b0c"}),
            json!([{"name": "DB_PASSWORD", "value": "tr0ub4dor&3x"}]),
            json!([{"Key": "ApiToken", "Value": "Zx81-Qw92-Er73"}]),
            json!([{"OutputKey": "AdminPassword", "OutputValue": "Xy7!kLm2Pq"}]),
            json!([{"name": "TOKEN", "type": "PLAINTEXT", "value": "a8Kd92mXz01q"}]),
            json!("export DB_PASSWORD=Sup3rS3cret!\n"),
            json!("  password: \"Sup3rS3cret!\""),
            json!("mysql_root_passwd='x9$Kq!2mvb'"),
            json!("{\"clientSecret\": \"q8Lz~0pQ.mN4v\"}"),
            json!({"ENCRYPTION_KEY": "c2VjcmV0LWtleS1mb3ItdGVzdHM9"}),
            // Passwords that are made at random begin with anything.
            json!({"DB_PASSWORD": "@x9Kq2mvbT7!"}),
            json!({"DB_PASSWORD": "!Vb7mQ2xK9p"}),
            json!({"DB_PASSWORD": "&u8Lz0pQmN4"}),
            json!({"DB_PASSWORD": "%r4Tz8LmQ1w"}),
            json!({"DB_PASSWORD": "<k2Nq7WzX5p"}),
            json!({"DB_PASSWORD": "{k2Nq7WzX5p"}),
            json!({"DB_PASSWORD": "[k2Nq7WzX5p"}),
            json!({"DB_PASSWORD": "(k2Nq7WzX5p"}),
            json!({"DB_PASSWORD": "$9k2Nq7WzX5p"}),
            json!("db_password: \"(k2Nq7WzX5p\"\n"),
        ] {
            assert_eq!(ask("holds_secret", json!({}), value.clone()), Truth::True, "{value}");
        }
    }

    #[test]
    fn what_is_no_secret() {
        for value in [
            json!({}),
            json!(""),
            json!({"DB_PASSWORD": ""}),
            json!({"DB_PASSWORD": "${DB_PASSWORD}"}),
            json!({"DB_PASSWORD": "changeme"}),
            json!({"DB_PASSWORD": "CHANGEME_123!"}),
            json!({"DB_PASSWORD": "<your password here>"}),
            json!({"DB_PASSWORD": "{{resolve:secretsmanager:prod/db:SecretString:password}}"}),
            json!({"DB_PASSWORD": "{{Vault1_Password}}"}),
            json!({"DB_PASSWORD": "[Password1_Here]"}),
            json!({"DB_PASSWORD": "%Db1Password%"}),
            json!({"DB_PASSWORD": "@Db1Password@"}),
            json!({"DB_PASSWORD": "$Db1Password"}),
            json!({"DB_PASSWORD": "$(Db1Password)"}),
            json!({"DB_PASSWORD": "!Vault.Password"}),
            json!({"DB_PASSWORD": "%(Db1Password)s"}),
            json!({"DB_PASSWORD": "xxxxxxxxxxxx"}),
            json!({"DB_PASSWORD": "********"}),
            json!({"API_TOKEN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf"}),
            json!({"Output": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3"}),
            json!("aws secretsmanager get-secret-value --secret-id arn:aws:secretsmanager:x:1:secret:Prod1-Db2X"),
            json!({"DB_SECRET": "prod/db/password"}),
            json!({"DB_SECRET": "my-application-secret"}),
            json!({"DB_SECRET_NAME": "Sup3rS3cret!"}),
            json!({"TOKEN_URL": "https://login.internal/oauth2/token"}),
            json!({"PASSWORD_FILE": "/run/secrets/Db1Password"}),
            json!({"SECRET": "/run/secrets/Db1Password"}),
            json!({"USE_TOKEN": "true"}),
            json!({"PASSWORD_LENGTH": 32}),
            json!([{"name": "DB_PASSWORD", "type": "SECRETS_MANAGER", "value": "Prod1:db2Password"}]),
            json!([{"name": "DB_PASSWORD", "type": "PARAMETER_STORE", "value": "Prod1DbPassword"}]),
            json!(
                "TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600')"
            ),
            json!("TOKEN=`curl -s http://169.254.169.254/latest/api/token`"),
            json!("curl -H \"X-aws-ec2-metadata-token: $TOKEN\" http://169.254.169.254/"),
            json!("aws ecr get-login-password | docker login --username AWS --password-stdin 1.dkr.ecr"),
            json!("password = get_password(\"db\")"),
            json!("secret = boto3.client('secretsmanager').get_secret_value(SecretId='x')"),
            json!("postgres://app:${DB_PASSWORD}@db.internal/x"),
            json!("https://example.com:8080/path@2"),
            json!(["AK", "IAIOSFODNN7EXAMPLE"].concat()),
            json!("commit 0123456789abcdef0123456789abcdef01234567"),
            json!("-----BEGIN CERTIFICATE-----"),
            json!("-----BEGIN PUBLIC KEY-----"),
            json!({"BUCKET": "my-bucket-8f3a9c", "REGION": "eu-west-1", "KMS_KEY_ID": "1234abcd-12ab-34cd-56ef-1234567890ab"}),
        ] {
            assert_eq!(
                ask("holds_secret", json!({}), value.clone()),
                Truth::False,
                "{value}: {:?}",
                kinds(value.clone())
            );
        }
    }

    #[test]
    fn user_data_is_decoded() {
        let script = format!("#!/bin/bash\nexport DB_PASSWORD={}\n", "Sup3rS3cret!");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(script.as_bytes()).unwrap();
        let decode = || json!({"decode": "base64"});
        for bytes in [script.as_bytes().to_vec(), packed.finish().unwrap()] {
            let mut text = BASE64_STANDARD.encode(&bytes);
            text.insert(20, '\n');
            assert_eq!(
                decided("holds_secret", decode(), json!(text)),
                [r#": {"kind":"password or key by its name","line":2,"value":"(masked)"}"#]
            );
            // Without being asked nothing is decoded.
            assert_eq!(ask("holds_secret", json!({}), json!(text)), Truth::False);
        }
        assert_eq!(ask("holds_secret", decode(), json!("echo hello")), Truth::Unknown);
        assert_eq!(
            ask("holds_secret", decode(), json!(BASE64_STANDARD.encode([0x1f, 0x8b, 8, 0, 1, 2]))),
            Truth::Unknown
        );
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        bomb.write_all(&vec![b'a'; (4 << 20) + 10]).unwrap();
        let bomb = BASE64_STANDARD.encode(bomb.finish().unwrap());
        assert_eq!(ask("holds_secret", decode(), json!(bomb)), Truth::Unknown);
    }

    #[test]
    fn nothing_of_the_value_is_shown_in_any_verdict() {
        for value in [json!({"PASSWORD": "Sup3rS3cret!"}), json!({"x": "harmless-text"}), json!("harmless-text")] {
            let lines = decided("holds_secret", json!({}), value).concat();
            assert!(!lines.contains("Sup3r") && !lines.contains("harmless"), "{lines}");
        }
        let lines = decided("holds_secret", json!({"decode": "base64"}), json!("Sup3r S3cret!")).concat();
        assert!(lines.contains("not base64") && !lines.contains("Sup3r"), "{lines}");
    }

    #[test]
    fn masked_text_is_judged_by_what_was_found_in_it() {
        let masked = |text: &str, base64: bool| Value::unknown(Searched::mask(text, base64));
        for (name, text) in [("DB_PASSWORD", "tr0ub4dor&3x"), ("LEVEL", "tr0ub4dor&3x"), ("K", &samples()[3].1)] {
            let question = HoldsSecret { base64: false };
            let ask = |value: Value| question.ask(&Value::map([(name, value)]), About { resource: &Value::Null });
            assert_eq!(ask(masked(text, false)), ask(Value::str(text)), "{name}");
            assert_eq!(ask(masked(text, true)).truth, Truth::Unknown, "searched in another way");
        }
        let text = BASE64_STANDARD.encode("#!/bin/sh\nexport DB_PASSWORD=Sup3rS3cret!\n");
        let question = HoldsSecret { base64: true };
        let Value::Unknown(why) = masked(&text, true) else { panic!("not masked") };
        assert_eq!(question.unread(&why), question.ask(&Value::str(&text), About { resource: &Value::Null }));
        assert_eq!(question.unread(&"denied".into()).truth, Truth::Unknown);
    }

    #[test]
    fn unread_parts_leave_it_open() {
        let value = |inner: Value| Value::map([("a", Value::str("x")), ("b", inner)]);
        let question = HoldsSecret { base64: false };
        let ask = |inner: Value| question.ask(&value(inner), About { resource: &Value::Null }).truth;
        assert_eq!(ask(Value::unknown("denied")), Truth::Unknown);
        assert_eq!(ask(Value::list([Value::unknown("denied"), Value::str(&samples()[3].1)])), Truth::True);
        let deep = (0..200).fold(Value::str("x"), |inner, _| Value::list([inner]));
        assert_eq!(ask(deep), Truth::Unknown);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_shows(text in "\\PC{0,200}", name in "[A-Za-z_]{0,12}") {
            let lines = decided("holds_secret", json!({}), json!({format!("{name}password"): text})).concat();
            prop_assert!(text.len() < 8 || !lines.contains(&text));
        }
    }
}

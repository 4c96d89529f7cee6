//! `denies_plain_http`: whether the policy of a bucket refuses requests without TLS.

use super::policy::{Document, Names, Statement, with_note};
use super::policy_public::positive;
use super::{About, Answer, Asked, Decided, Domain, Question};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static DENIES_PLAIN_HTTP: Domain = Domain {
    name: "denies_plain_http",
    doc: "Statements of the bucket policy deny everybody to read, write, delete and list, on the bucket and on all of its \
          objects, where the request does not use TLS (`aws:SecureTransport` is false, or `s3:TlsVersion` below at least 1.2) \
          and nothing else has to hold. If they only deny a part of this it does not hold, and the evidence says what is \
          lacking.",
    keys: &[],
    absent: Truth::False,
    reads: &[],
    example: (
        "{}",
        r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}"#,
        r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}"#,
    ),
    parse: |_| {
        Ok(Asked { question: Box::new(DeniesPlainHttp), expected: "a statement that denies plain HTTP".to_owned() })
    },
};

#[derive(Debug)]
struct DeniesPlainHttp;

/// What is done to the bucket itself.
const ON_BUCKET: [&str; 1] = ["s3:listbucket"];
/// What is done to its objects.
const ON_OBJECTS: [&str; 3] = ["s3:getobject", "s3:putobject", "s3:deleteobject"];

impl Question for DeniesPlainHttp {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        let (mut denying, mut faulty): (Vec<(&Statement, Decided)>, Vec<Decided>) = (Vec::new(), Vec::new());
        for (statement, decided) in document.denies() {
            match narrowed(statement) {
                None => denying.push((statement, decided)),
                Some(note) if is_about_transport(statement) => faulty.push(with_note(decided, "lacks", note)),
                Some(_) => {}
            }
        }
        let lacks = |actions: &[&str], covers: fn(&Names) -> bool| {
            !actions.iter().all(|action| {
                denying.iter().any(|(denied, _)| denied.actions.denies(action) && covers(&denied.resources))
            })
        };
        let lacking = match (lacks(&ON_BUCKET, covers_bucket), lacks(&ON_OBJECTS, covers_objects)) {
            (false, false) => return Answer::yes(denying.into_iter().map(|(_, decided)| decided).collect()),
            (true, true) => "all actions on the bucket and on its objects",
            (true, false) => "all actions on the bucket itself",
            (false, true) => "all actions on all objects",
        };
        // What could not be read may be what is lacking.
        if let Some(why) = document.unread_deny() {
            return Answer::unknown(why);
        }
        let partial = denying.into_iter().map(|(_, decided)| with_note(decided, "lacks", lacking));
        Answer { decided: partial.chain(faulty).collect(), ..Answer::no() }
    }
}

// Why a statement does not deny everybody every request without TLS.
fn narrowed(statement: &Statement) -> Option<&'static str> {
    if !statement.principals.is_everyone() {
        return Some("everybody as the principal");
    }
    match &statement.conditions[..] {
        [] => None,
        [only] => {
            let plain = match (positive(only.operator.trim_end_matches("ifexists")), only.key.as_str()) {
                (Some("bool"), "aws:securetransport") => {
                    only.values.iter().any(|value| value.eq_ignore_ascii_case("false"))
                }
                (Some("numericlessthan"), "s3:tlsversion") => {
                    only.values.iter().any(|value| value.trim().parse::<f64>().is_ok_and(|version| version >= 1.2))
                }
                _ => false,
            };
            (!plain).then_some("a condition that holds for every request without TLS")
        }
        _ => Some("a condition on nothing but the transport"),
    }
}

fn is_about_transport(statement: &Statement) -> bool {
    statement
        .conditions
        .iter()
        .any(|condition| matches!(condition.key.as_str(), "aws:securetransport" | "s3:tlsversion"))
}

impl Names {
    // Whether all that `action` stands for is among them; of all others, only if it is surely none of those left out.
    fn denies(&self, action: &str) -> bool {
        match self {
            Names::Only(_) => self.cover(action),
            Names::AllBut(left_out) => !left_out.iter().any(|name| super::wildcard::overlap(name, action)),
        }
    }
}

// The policy of a bucket can only name that bucket, so its name need not be known.
fn bucket_and_object(resource: &str) -> (&str, Option<&str>) {
    let path = resource.rsplit_once(":::").map_or(resource, |(_, path)| path);
    path.split_once('/').map_or((path, None), |(bucket, object)| (bucket, Some(object)))
}

fn covers_bucket(resources: &Names) -> bool {
    let covers = |resource: &String| bucket_and_object(resource).1.is_none();
    matches!(resources, Names::Only(names) if names.iter().any(covers))
}

fn covers_objects(resources: &Names) -> bool {
    let covers = |resource: &String| match bucket_and_object(resource) {
        (_, Some(object)) => !object.is_empty() && object.bytes().all(|byte| byte == b'*'),
        (bucket, None) => bucket.ends_with('*'),
    };
    matches!(resources, Names::Only(names) if names.iter().any(covers))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided};
    use super::*;

    fn deny() -> Json {
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    }

    fn denies(statements: Json) -> Truth {
        ask("denies_plain_http", json!({}), json!({ "Statement": statements }).to_string().into())
    }

    #[test]
    fn one_part_changed() {
        for (key, value, expected) in [
            ("Principal", json!({"AWS": "*"}), true),
            ("Principal", json!({"AWS": "123456789012"}), false),
            ("Effect", json!("Allow"), false),
            ("Action", json!("*"), true),
            ("Action", json!(["s3:GetObject", "s3:PutObject"]), false),
            ("Action", json!(["s3:Get*", "s3:Put*", "s3:Delete*", "s3:List*"]), true),
            ("Resource", json!("*"), true),
            ("Resource", json!("arn:aws:s3:::*"), true),
            ("Resource", json!("arn:aws-cn:s3:::b*"), true),
            ("Resource", json!("arn:aws:s3:::b"), false),
            ("Resource", json!("arn:aws:s3:::b/*"), false),
            ("Resource", json!(["arn:aws:s3:::b", "arn:aws:s3:::b/private/*"]), false),
            ("Resource", json!(["arn:aws:s3:::b", "arn:aws:s3:::b/"]), false),
            ("Condition", json!({"Bool": {"aws:SecureTransport": false}}), true),
            ("Condition", json!({"Bool": {"AWS:securetransport": ["false"]}}), true),
            ("Condition", json!({"BoolIfExists": {"aws:SecureTransport": "false"}}), true),
            ("Condition", json!({"Bool": {"aws:SecureTransport": "true"}}), false),
            ("Condition", json!({"NumericLessThan": {"s3:TlsVersion": "1.2"}}), true),
            ("Condition", json!({"NumericLessThan": {"s3:TlsVersion": 1.3}}), true),
            ("Condition", json!({"NumericLessThan": {"s3:TlsVersion": 1.1}}), false),
            ("Condition", json!({"StringNotEquals": {"aws:SecureTransport": "false"}}), false),
            (
                "Condition",
                json!({"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}),
                false,
            ),
            ("Condition", json!({"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}), false),
            ("Condition", json!(null), true),
        ] {
            let mut statement = deny();
            statement[key] = value.clone();
            assert_eq!(denies(json!([statement])), Truth::from(expected), "{key} {value}");
        }
        let mut others = deny();
        others.as_object_mut().unwrap().remove("Action");
        others["NotAction"] = json!("s3:GetBucketLocation");
        assert_eq!(denies(json!(others)), Truth::True);
        others["NotAction"] = json!("s3:Get*");
        assert_eq!(denies(json!(others)), Truth::False);
    }

    #[test]
    fn several_statements_together() {
        let (mut bucket, mut objects) = (deny(), deny());
        bucket["Resource"] = json!("arn:aws:s3:::b");
        objects["Resource"] = json!("arn:aws:s3:::b/*");
        assert_eq!(denies(json!([bucket, objects])), Truth::True);
        assert_eq!(denies(json!([bucket, bucket])), Truth::False);
        assert_eq!(denies(json!([bucket, {"Effect": "Deny"}])), Truth::Unknown);
        assert_eq!(denies(json!([])), Truth::False);
    }

    #[test]
    fn evidence_says_what_is_lacking() {
        let mut objects = deny();
        objects["Resource"] = json!("arn:aws:s3:::b/*");
        let evidence = decided("denies_plain_http", json!({}), json!({ "Statement": [objects] }));
        assert!(
            evidence[0].starts_with(r#"Statement[0]: {"lacks":"all actions on the bucket itself","Effect":"Deny""#)
        );
        let mut some = deny();
        some["Principal"] = json!({"AWS": "123456789012"});
        let evidence = decided("denies_plain_http", json!({}), json!({ "Statement": [some] }));
        assert!(evidence[0].starts_with(r#"Statement[0]: {"lacks":"everybody as the principal""#), "{evidence:?}");
    }
}

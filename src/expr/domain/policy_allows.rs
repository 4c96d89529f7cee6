//! `policy_allows`: whether a policy document allows an action.

use super::policy::{Document, Names, Statement};
use super::policy_public::Limits;
use super::{About, Answer, Asked, Domain, Key, Question, Takes};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static POLICY_ALLOWS: Domain = Domain {
    name: "policy_allows",
    doc: "Some Allow statement of the policy document allows one of the actions. The document is a map, JSON text or \
          URL-encoded JSON text. A statement that denies the same to everybody, without a condition, cancels it. `NotAction` \
          and `NotResource` allow what they do not leave out.",
    keys: &[
        Key {
            name: "action",
            takes: Takes::Texts,
            required: true,
            doc: "Actions; any of them is enough. A wildcard asks for all that it stands for: `*` for everything, `kms:*` \
                  for all of the service.",
        },
        Key {
            name: "resource",
            takes: Takes::Text,
            required: false,
            doc: "Only statements count whose resources cover this; `*` asks for all resources. Of an ARN neither partition, \
                  region nor account matters: `arn:aws:kms:*:*:key/*` asks for all keys of some account in some region.",
        },
        Key {
            name: "principal",
            takes: Takes::OneOf(&["any", "public"]),
            required: false,
            doc: "`public`: only statements count that let strangers in, as for `policy_public`. Default `any`.",
        },
        Key {
            name: "unconditional",
            takes: Takes::Flag,
            required: false,
            doc: "true: only statements without a condition count.",
        },
    ],
    absent: Truth::False,
    reads: &[],
    example: (
        r#"{"action": "*", "resource": "*", "unconditional": true}"#,
        r#"{"Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#,
    ),
    parse: |arguments| {
        let actions = arguments.texts("action");
        if actions.is_empty() || actions.iter().any(String::is_empty) {
            return Err("`action` may not be empty".to_owned());
        }
        let question = Allows {
            actions: actions
                .iter()
                .map(|action| if action == "*:*" { "*".to_owned() } else { action.to_ascii_lowercase() })
                .collect(),
            resource: arguments.text("resource").map(str::to_owned),
            public: arguments.text("principal") == Some("public"),
            unconditional: arguments.flag("unconditional") == Some(true),
        };
        let to = if question.public { " to anybody" } else { "" };
        let on = question.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
        let freely = if question.unconditional { " without a condition" } else { "" };
        let expected = format!("a statement that allows {}{on}{to}{freely}", actions.join(" or "));
        Ok(Asked { question: Box::new(question), expected })
    },
};

#[derive(Debug)]
struct Allows {
    actions: Vec<String>,
    resource: Option<String>,
    public: bool,
    unconditional: bool,
}

impl Question for Allows {
    fn ask(&self, value: &Value, about: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        let limits = Limits::new(about.resource);
        let allowing = document.allows().filter(|(statement, _)| {
            self.concerns(statement, &limits)
                && self.actions.iter().any(|action| {
                    self.allows(statement, action) && !document.cancels(statement, &Names::Only(vec![action.clone()]))
                })
        });
        Answer::allowing(allowing.map(|(_, decided)| decided).collect(), &document)
    }
}

impl Allows {
    fn concerns(&self, statement: &Statement, limits: &Limits) -> bool {
        (!self.unconditional || statement.conditions.is_empty())
            && self.resource.as_ref().is_none_or(|resource| statement.resources.cover_kind(resource))
            && (!self.public || limits.is_public(statement))
    }

    fn allows(&self, statement: &Statement, action: &str) -> bool {
        // "All but these" is everything only where it is about everything.
        let bounded = matches!(statement.actions, Names::AllBut(_)) && action == "*" && !statement.resources.cover("*");
        statement.actions.cover(action) && !bounded
    }
}

impl Answer {
    /// Holds by these statements. One that could not be read might be another of them, or the denial that cancels them.
    pub(super) fn allowing(found: Vec<super::Decided>, document: &Document) -> Answer {
        match (found.is_empty(), document.unread_allow(), document.unread_deny()) {
            (true, Some(why), _) | (false, _, Some(why)) => Answer::unknown(why),
            (true, None, _) => Answer::no(),
            (false, _, None) => Answer::yes(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided};
    use super::*;

    fn allows(operand: Json, statements: Json) -> Truth {
        ask("policy_allows", operand, json!({ "Statement": statements }))
    }

    #[test]
    fn everything_is_asked_for_by_a_star() {
        let everything = || json!({"action": "*", "resource": "*", "unconditional": true});
        let allow = |action: Json, resource: Json| json!([{"Effect": "Allow", "Action": action, "Resource": resource}]);
        for (statements, expected) in [
            (allow(json!("*"), json!("*")), true),
            (allow(json!("*:*"), json!("*")), true),
            (allow(json!(["s3:Get*", "*"]), json!(["arn:aws:s3:::b", "*"])), true),
            (allow(json!("s3:*"), json!("*")), false),
            (allow(json!("*"), json!("arn:aws:s3:::b")), false),
            (json!({"Effect": "Allow", "Action": "*", "Resource": "*"}), true),
            (json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]), false),
            (json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]), true),
            (json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::b"}]), false),
            (json!([{"Effect": "Allow", "NotAction": "*", "Resource": "*"}]), false),
            (json!([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b"}]), true),
            (json!([{"Effect": "Allow", "Action": "*", "NotResource": "*"}]), false),
            (json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]), true),
            (
                json!([{"Effect": "Allow", "Action": "*", "Resource": "*",
                    "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]),
                false,
            ),
        ] {
            assert_eq!(allows(everything(), statements.clone()), Truth::from(expected), "{statements}");
        }
    }

    #[test]
    fn actions_match_without_case_and_with_wildcards() {
        for (asked, granted, expected) in [
            ("s3:GetObject", "S3:getobject", true),
            ("s3:GetObject", "s3:Get*", true),
            ("s3:GetObject", "s3:GetObjec?", true),
            ("s3:GetObject", "s3:GetObjectAcl", false),
            ("kms:*", "kms:Decrypt", false),
            ("kms:*", "kms:*", true),
            ("kms:*", "*", true),
        ] {
            let statements = json!([{"Effect": "Allow", "Action": granted, "Resource": "x"}]);
            assert_eq!(allows(json!({"action": asked}), statements), Truth::from(expected), "{asked} by {granted}");
        }
        let statements = json!([{"Effect": "Allow", "NotAction": ["s3:Delete*"], "Resource": "x"}]);
        assert_eq!(allows(json!({"action": "s3:GetObject"}), statements.clone()), Truth::True);
        assert_eq!(allows(json!({"action": "s3:DeleteObject"}), statements), Truth::False);
    }

    #[test]
    fn resources_of_a_kind_wherever_they_are() {
        let decrypt = |resources: Json| {
            let statements = json!([{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": resources}]);
            allows(json!({"action": "kms:Decrypt", "resource": "arn:aws:kms:*:*:key/*"}), statements)
        };
        for (resources, expected) in [
            (json!("*"), true),
            (json!("arn:aws:kms:*:*:key/*"), true),
            (json!("arn:aws:kms:*:123456789012:key/*"), true),
            (json!("arn:aws-cn:kms:cn-north-1:123456789012:key/*"), true),
            (json!("arn:aws:kms:*:123456789012:*"), true),
            (json!("arn:aws:kms:*"), true),
            (json!(["arn:aws:s3:::*", "arn:aws:*:*:*:*"]), true),
            (json!("arn:aws:kms:*:123456789012:key/1234abcd-*"), false),
            (json!("arn:aws:kms:*:123456789012:alias/*"), false),
            (json!("arn:aws:s3:::*"), false),
        ] {
            assert_eq!(decrypt(resources.clone()), Truth::from(expected), "{resources}");
        }
        let but = json!([{"Effect": "Allow", "Action": "kms:*", "NotResource": "arn:aws:kms:eu-west-1:123456789012:key/one"}]);
        assert_eq!(allows(json!({"action": "kms:Decrypt", "resource": "arn:aws:kms:*:*:key/*"}), but), Truth::True);
    }

    #[test]
    fn only_a_denial_without_conditions_cancels() {
        let with = |deny: Json| {
            let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"});
            allows(json!({"action": "s3:GetObject"}), json!([allow, deny]))
        };
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": "*"});
        assert_eq!(with(deny.clone()), Truth::False);
        for (key, value) in [
            ("Condition", json!({"Bool": {"aws:SecureTransport": "false"}})),
            ("Principal", json!({"AWS": "123456789012"})),
            ("Action", json!("s3:Put*")),
            ("Resource", json!("arn:aws:s3:::b/private/*")),
        ] {
            let mut narrowed = deny.clone();
            narrowed[key] = value;
            assert_eq!(with(narrowed), Truth::True, "{key}");
        }
        // It cancels only what it denies.
        let statements = json!([{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "x"},
            {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}]);
        assert_eq!(allows(json!({"action": ["s3:PutObject", "s3:GetObject"]}), statements.clone()), Truth::True);
        assert_eq!(allows(json!({"action": ["s3:PutObject"]}), statements), Truth::False);
    }

    #[test]
    fn only_strangers_count_if_asked_for() {
        let operand = || json!({"action": ["s3:PutObject", "s3:DeleteObject"], "principal": "public"});
        let statement = |principal: Json| json!([{"Effect": "Allow", "Principal": principal, "Action": "s3:Put*", "Resource": "x"}]);
        assert_eq!(allows(operand(), statement(json!("*"))), Truth::True);
        assert_eq!(allows(operand(), statement(json!({"AWS": ["1", "*"]}))), Truth::True);
        assert_eq!(allows(operand(), statement(json!({"AWS": "arn:aws:iam::123456789012:root"}))), Truth::False);
        assert_eq!(allows(operand(), statement(json!({"Service": "s3.amazonaws.com"}))), Truth::False);
    }

    #[test]
    fn what_cannot_be_read_decides_nothing() {
        let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        assert_eq!(allows(json!({"action": "*"}), json!([allow, {"Effect": "Allow", "Action": 7}])), Truth::True);
        assert_eq!(allows(json!({"action": "*"}), json!([allow, {"Effect": "Deny", "Action": []}, 7])), Truth::Unknown);
        assert_eq!(allows(json!({"action": "*"}), json!([7])), Truth::Unknown);
        assert_eq!(ask("policy_allows", json!({"action": "*"}), json!("not a policy")), Truth::Unknown);
    }

    #[test]
    fn evidence_is_the_statement() {
        let statements = json!([{"Effect": "Deny", "Action": "*", "Resource": "x"},
            {"Effect": "Allow", "Action": "*", "Resource": "*", "Sid": "Admin"}]);
        let document = json!({ "Statement": statements }).to_string();
        assert_eq!(
            decided("policy_allows", json!({"action": "*"}), document.into()),
            [r#"Statement[1]: {"Sid":"Admin","Effect":"Allow","Action":"*","Resource":"*"}"#]
        );
    }
}

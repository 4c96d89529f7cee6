//! `trust_lacks_source`: whether a role trusts a service whoever it acts for.

use super::policy::Document;
use super::policy_public::names_source;
use super::{About, Answer, Asked, Domain, Question};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static TRUST_LACKS_SOURCE: Domain = Domain {
    name: "trust_lacks_source",
    doc: "Some statement of the trust policy lets a service assume the role without a condition that says for whom it may act \
          (`aws:SourceAccount`, `aws:SourceArn`, `aws:SourceOrgID` or `aws:SourceOrgPaths`), so that others can make the \
          service use the role for them. Operators that end in `IfExists` (without `Null` beside them, which says that there is a \
          value), negated ones and wildcards in the place of the account are no such condition. EC2 uses a role for instances of its own account only, and names no source.",
    keys: &[],
    absent: Truth::False,
    reads: &[],
    example: (
        "{}",
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}"#,
    ),
    parse: |_| {
        let expected = "a statement that trusts a service for whomever it acts".to_owned();
        Ok(Asked { question: Box::new(LacksSource), expected })
    },
};

#[derive(Debug)]
struct LacksSource;

/// Services that nobody can make use the role of another account.
const OWN_ACCOUNT: [&str; 2] = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"];

impl Question for LacksSource {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        let open = document.allows().filter(|(statement, _)| {
            statement.principals.of("Service").any(|service| !OWN_ACCOUNT.contains(&service))
                && statement.actions.touch("sts:assumerole*")
                && !statement.conditions.iter().any(|condition| names_source(condition, statement))
                && !document.cancels(statement, &statement.actions)
        });
        Answer::allowing(open.map(|(_, decided)| decided).collect(), &document)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::ask;
    use super::*;

    fn lacks(principal: Json, action: Json, condition: Json) -> Truth {
        let statement = json!({"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition});
        ask("trust_lacks_source", json!({}), json!({ "Statement": [statement] }))
    }

    #[test]
    fn services_need_a_source() {
        let service = || json!({"Service": ["ec2.amazonaws.com", "sns.amazonaws.com"]});
        let assume = || json!(["sts:AssumeRole", "sts:TagSession"]);
        assert_eq!(lacks(service(), assume(), json!(null)), Truth::True);
        assert_eq!(lacks(service(), json!("sts:*"), json!(null)), Truth::True);
        assert_eq!(lacks(service(), json!("sts:TagSession"), json!(null)), Truth::False);
        assert_eq!(lacks(json!({"AWS": "123456789012"}), assume(), json!(null)), Truth::False);
        assert_eq!(lacks(json!({"Federated": "x"}), json!("sts:AssumeRoleWithSAML"), json!(null)), Truth::False);
        assert_eq!(lacks(json!({"Service": "ec2.amazonaws.com"}), assume(), json!(null)), Truth::False);
        assert_eq!(lacks(json!({"Service": "ec2.amazonaws.com.cn"}), assume(), json!(null)), Truth::False);
        for (operator, key, value, expected) in [
            ("StringEquals", "aws:SourceAccount", json!("123456789012"), false),
            ("ArnLike", "AWS:SourceArn", json!("arn:aws:sns:*:123456789012:*"), false),
            ("StringEquals", "aws:SourceOrgID", json!("o-abc"), false),
            ("ForAnyValue:StringLike", "aws:SourceOrgPaths", json!(["o-abc/*"]), false),
            ("StringEqualsIfExists", "aws:SourceAccount", json!("123456789012"), true),
            ("StringNotEquals", "aws:SourceAccount", json!("123456789012"), true),
            ("StringLike", "aws:SourceAccount", json!("*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:sns:*:*:*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::bucket"), false),
            ("StringEquals", "sts:ExternalId", json!("x"), true),
            ("Null", "aws:SourceAccount", json!("false"), true),
        ] {
            let condition = json!({operator: {key: value}});
            assert_eq!(lacks(service(), assume(), condition), Truth::from(expected), "{operator} {key}");
        }
    }
}

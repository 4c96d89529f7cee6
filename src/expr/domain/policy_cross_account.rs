//! `policy_cross_account`: whether a policy document lets another account in.

use super::policy::{Document, Statement, account, is_account};
use super::policy_public::{ACCOUNTS, ARNS, positive};
use super::{About, Answer, Asked, Decided, Domain, Key, Question, Takes};
use crate::expr::{Truth, Value};
use crate::model::Text;

/// The row of the table.
pub static POLICY_CROSS_ACCOUNT: Domain = Domain {
    name: "policy_cross_account",
    doc: "Some Allow statement of the policy document names a principal of another account that is not trusted: an ARN, a \
          bare account id, or everybody under a condition on such an account. Everybody without a condition is for \
          `policy_public`. Whose a canonical user is nobody can tell.",
    keys: &[
        Key {
            name: "account",
            takes: Takes::Text,
            required: false,
            doc: "The own account. Default: `metadata.account` of the resource.",
        },
        Key { name: "trusted", takes: Takes::Texts, required: false, doc: "Account ids that may be let in." },
    ],
    absent: Truth::False,
    reads: &[&["metadata", "account"]],
    example: (
        r#"{"account": "111111111111", "trusted": ["222222222222"]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::333333333333:root"}, "Action": "kms:*", "Resource": "*"}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["111111111111", "222222222222"]}, "Action": "kms:*", "Resource": "*"}]}"#,
    ),
    parse: |arguments| {
        let (own, trusted) = (arguments.text("account"), arguments.texts("trusted"));
        if let Some(wrong) = own.into_iter().chain(trusted.iter().map(String::as_str)).find(|id| !is_account(id)) {
            return Err(format!("an account id has twelve digits, found \"{wrong}\""));
        }
        let question = CrossAccount { own: own.map(str::to_owned), trusted: trusted.to_vec() };
        let but = if trusted.is_empty() { String::new() } else { format!(" other than {}", trusted.join(", ")) };
        Ok(Asked { question: Box::new(question), expected: format!("a statement that lets another account in{but}") })
    },
};

#[derive(Debug)]
struct CrossAccount {
    own: Option<String>,
    trusted: Vec<String>,
}

impl Question for CrossAccount {
    fn ask(&self, value: &Value, about: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        // Whom the resource belongs to only matters where somebody is named who is not trusted anyhow.
        let named: Vec<(Vec<&str>, Decided)> = document
            .allows()
            .filter(|(statement, _)| !document.cancels(statement, &statement.actions))
            .map(|(statement, decided)| (self.strangers(statement), decided))
            .filter(|(strangers, _)| !strangers.is_empty())
            .collect();
        let own: Result<&str, Text> = match (&self.own, about.resource.at(&["metadata", "account"])) {
            (Some(own), _) => Ok(own),
            (None, Some(Value::Str(own))) => Ok(own),
            (None, Some(Value::Unknown(why))) => Err(why.clone()),
            (None, _) => Err("nothing says which account the resource belongs to".into()),
        };
        let own = match own {
            Ok(own) => own,
            Err(why) if !named.is_empty() => return Answer::unknown(why),
            // Nobody is named, whosever it is.
            Err(_) => "",
        };
        let others = named.into_iter().filter(|(strangers, _)| strangers.iter().any(|id| *id != own));
        let others: Vec<Decided> = others.map(|(_, decided)| decided).collect();
        let mut allows = document.allows().filter(|(statement, _)| !document.cancels(statement, &statement.actions));
        if others.is_empty() && allows.any(|(statement, _)| statement.principals.of("CanonicalUser").next().is_some()) {
            return Answer::unknown("a statement names a canonical user, and nothing says of which account it is");
        }
        Answer::allowing(others, &document)
    }
}

impl CrossAccount {
    // The accounts that are let in and not trusted; the own one may be among them.
    fn strangers<'s>(&self, statement: &'s Statement) -> Vec<&'s str> {
        let mut all: Vec<&str> = statement.principals.of("AWS").filter_map(account).collect();
        if statement.principals.is_everyone() {
            let naming = statement.conditions.iter().filter(|condition| {
                let key = condition.key.as_str();
                (ACCOUNTS.contains(&key) || ARNS.contains(&key)) && positive(&condition.operator).is_some()
            });
            all.extend(naming.flat_map(|condition| condition.values.iter().filter_map(|value| account(value))));
        }
        all.retain(|id| !self.trusted.iter().any(|trusted| trusted == id));
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, ask_of, fault};
    use super::*;

    fn to(principal: Json) -> Json {
        json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sqs:*", "Resource": "*"}]})
    }

    #[test]
    fn who_is_of_another_account() {
        let resource = json!({"metadata": {"account": "111111111111"}});
        for (principal, expected) in [
            (json!({"AWS": "arn:aws:iam::111111111111:root"}), false),
            (json!({"AWS": "111111111111"}), false),
            (json!({"AWS": "222222222222"}), true),
            (json!({"AWS": ["111111111111", "arn:aws-us-gov:iam::222222222222:user/x"]}), true),
            (json!({"AWS": "arn:aws:iam::333333333333:role/x"}), false),
            (json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity X"}), false),
            (json!({"AWS": "AROAEXAMPLE"}), false),
            (json!({"Service": "sns.amazonaws.com"}), false),
            (json!("*"), false),
        ] {
            let truth =
                ask_of(&resource, "policy_cross_account", json!({"trusted": 333333333333_i64}), to(principal.clone()));
            assert_eq!(truth, Truth::from(expected), "{principal}");
        }
    }

    #[test]
    fn everybody_of_another_account() {
        let by = |operator: &str, key: &str, value: &str| {
            let mut document = to(json!("*"));
            document["Statement"][0]["Condition"] = json!({operator: {key: value}});
            ask("policy_cross_account", json!({"account": "111111111111"}), document)
        };
        assert_eq!(by("StringEquals", "aws:PrincipalAccount", "222222222222"), Truth::True);
        assert_eq!(by("StringEquals", "aws:PrincipalAccount", "111111111111"), Truth::False);
        assert_eq!(by("ArnLike", "aws:PrincipalArn", "arn:aws:iam::222222222222:role/*"), Truth::True);
        assert_eq!(by("StringNotEquals", "aws:PrincipalAccount", "222222222222"), Truth::False);
    }

    #[test]
    fn the_own_account_matters_only_where_one_is_named() {
        assert_eq!(ask("policy_cross_account", json!({}), to(json!({"AWS": "222222222222"}))), Truth::Unknown);
        assert_eq!(
            ask("policy_cross_account", json!({"trusted": ["222222222222"]}), to(json!({"AWS": "222222222222"}))),
            Truth::False
        );
        assert_eq!(ask("policy_cross_account", json!({}), to(json!({"Service": "sns.amazonaws.com"}))), Truth::False);
        assert!(fault("policy_cross_account", json!({"account": "12"})).contains("twelve digits"));
        let own = || json!({"account": "111111111111"});
        let canonical =
            to(json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}));
        assert_eq!(ask("policy_cross_account", own(), canonical.clone()), Truth::Unknown);
        let mut both = canonical;
        both["Statement"][0]["Principal"]["AWS"] = json!("222222222222");
        assert_eq!(ask("policy_cross_account", own(), both), Truth::True);
    }
}

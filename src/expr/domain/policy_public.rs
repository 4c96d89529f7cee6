//! `policy_public`: whether a policy document lets strangers in.

use super::network::{Network, cover_everything};
use super::policy::{Condition, Document, Names, Principals, Statement, account as account_of, is_account};
use super::{About, Answer, Asked, Decided, Domain, Key, Question, Takes};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static POLICY_PUBLIC: Domain = Domain {
    name: "policy_public",
    doc: "Some Allow statement of the policy document is for everybody, and no condition limits it to known accounts, \
          organizations, networks or resources. Operators that end in `IfExists` or begin with `ForAllValues` limit only beside \
          `Null`, which says that there is a value; negated ones, wildcards in the place of an id and variables that the caller \
          fills do not limit. Services are not strangers. A statement that denies the same to everybody, without a condition, \
          cancels it.",
    keys: &[
        Key {
            name: "trusted",
            takes: Takes::Texts,
            required: false,
            doc: "Account ids. If given, a condition on accounts limits only to these and the resource's own account.",
        },
        Key {
            name: "actions",
            takes: Takes::Texts,
            required: false,
            doc: "Only statements count that touch one of these actions.",
        },
        Key {
            name: "min_prefix_v4",
            takes: Takes::Number,
            required: false,
            doc: "Shortest prefix of an IPv4 range that still limits. Default 8; of IPv6 it is always 32.",
        },
    ],
    absent: Truth::False,
    reads: &[&["metadata", "account"]],
    example: (
        "{}",
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:SendMessage", "Resource": "*"}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}"#,
    ),
    parse: |arguments| {
        let trusted = arguments.texts("trusted");
        if let Some(wrong) = trusted.iter().find(|id| !is_account(id)) {
            return Err(format!("`trusted` takes account ids of twelve digits, found \"{wrong}\""));
        }
        let min_prefix_v4 = match arguments.number("min_prefix_v4").map(u8::try_from) {
            None => DEFAULT_PREFIX,
            Some(Ok(prefix @ 1..=32)) => prefix,
            Some(_) => return Err("`min_prefix_v4` takes a number from 1 to 32".to_owned()),
        };
        let actions = arguments.texts("actions");
        let what = if actions.is_empty() { String::new() } else { format!(" to {}", actions.join(" or ")) };
        let question = Public {
            trusted: trusted.to_vec(),
            actions: actions.iter().map(|action| action.to_ascii_lowercase()).collect(),
            min_prefix_v4,
        };
        Ok(Asked { question: Box::new(question), expected: format!("a statement that lets strangers in{what}") })
    },
};

/// Shortest prefixes for which S3 does not call a policy public, of IPv4 and of IPv6.
const DEFAULT_PREFIX: u8 = 8;
const PREFIX_V6: u8 = 32;

#[derive(Debug)]
struct Public {
    trusted: Vec<String>,
    actions: Vec<String>,
    min_prefix_v4: u8,
}

impl Question for Public {
    fn ask(&self, value: &Value, about: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        let limits = Limits { min_prefix_v4: self.min_prefix_v4, ..Limits::new(about.resource) };
        let found = self.public(&document, Limits { trusted: &self.trusted, ..limits });
        // If nobody knows the own account, one that is not trusted may be it.
        if !found.is_empty() && !self.trusted.is_empty() && limits.own.is_none() {
            let surely = self.public(&document, limits);
            return match surely.is_empty() {
                true => Answer::unknown("nothing says which account the resource belongs to"),
                false => Answer::allowing(surely, &document),
            };
        }
        Answer::allowing(found, &document)
    }
}

impl Public {
    fn public(&self, document: &Document, limits: Limits<'_>) -> Vec<Decided> {
        let public = document.allows().filter(|(statement, _)| {
            limits.is_public(statement)
                && (self.actions.is_empty() || self.actions.iter().any(|action| statement.actions.touch(action)))
                && !document.cancels(statement, &statement.actions)
                && !self.cancelled(document, statement)
        });
        public.map(|(_, decided)| decided).collect()
    }

    // Where some actions are asked for, it is enough that those of them are denied which the statement touches.
    fn cancelled(&self, document: &Document, statement: &Statement) -> bool {
        let mut touched = self.actions.iter().filter(|action| statement.actions.touch(action)).peekable();
        touched.peek().is_some()
            && touched.all(|action| document.cancels(statement, &Names::Only(vec![action.clone()])))
    }
}

/// What keeps strangers out although everybody is named.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    own: Option<&'a str>,
    trusted: &'a [String],
    min_prefix_v4: u8,
}

/// Context keys whose value names an account.
pub const ACCOUNTS: [&str; 6] = [
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:principalaccount",
    "aws:vpceaccount",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
];
/// Context keys whose value is an ARN.
pub const ARNS: [&str; 4] = ["aws:sourcearn", "aws:principalarn", "aws:sourcevpcarn", "s3:dataaccesspointarn"];
/// Context keys that name something of the owner, or a service.
const OWN: [&str; 11] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
];

impl<'a> Limits<'a> {
    /// Any known account limits.
    pub fn new(resource: &'a Value) -> Limits<'a> {
        let own = resource.at(&["metadata", "account"]).and_then(Value::as_str);
        Limits { own, trusted: &[], min_prefix_v4: DEFAULT_PREFIX }
    }

    /// Whether the statement is for strangers.
    pub fn is_public(&self, statement: &Statement) -> bool {
        matches!(statement.principals, Principals::Everyone | Principals::AllBut)
            && !statement.conditions.iter().any(|condition| self.limits(condition, statement))
    }

    fn limits(&self, condition: &Condition, statement: &Statement) -> bool {
        let Condition { key, values, .. } = condition;
        if values.is_empty() || values.iter().any(|value| is_filled_by_caller(value)) {
            return false;
        }
        let Some(operator) = demanded(condition, statement) else { return false };
        let named =
            matches!(operator, "stringequals" | "stringequalsignorecase" | "stringlike" | "arnequals" | "arnlike");
        match key.as_str() {
            "aws:sourceip" => operator == "ipaddress" && self.narrow(values),
            "elasticfilesystem:accessedviamounttarget" | "aws:principalisawsservice" => {
                operator == "bool" && values.iter().all(|value| value.eq_ignore_ascii_case("true"))
            }
            key if ACCOUNTS.contains(&key) => named && values.iter().all(|value| self.known_account(value)),
            key if ARNS.contains(&key) => named && values.iter().all(|value| self.known_arn(value)),
            key if OWN.contains(&key) => named && values.iter().all(|value| is_named(value)),
            _ => false,
        }
    }

    fn is_trusted(&self, account: &str) -> bool {
        // The variables that are left are those of the resource.
        self.trusted.is_empty()
            || self.own == Some(account)
            || account.starts_with(VARIABLE)
            || self.trusted.iter().any(|id| id == account)
    }

    fn known_account(&self, value: &str) -> bool {
        is_named(value) && self.is_trusted(value)
    }

    // Whoever likes can have a role, topic or queue of some name in an own account. Only the names of buckets are one of a kind.
    fn known_arn(&self, value: &str) -> bool {
        let mut parts = value.splitn(6, ':');
        let (service, account, name) = (parts.nth(2), parts.nth(1), parts.next());
        match (value.starts_with("arn:"), account, name) {
            (true, Some(id), _) if is_account(id) => self.is_trusted(id),
            (true, Some(""), Some(name)) => is_one(service, name),
            (true, Some(id), Some(name)) if id.contains(WILD) => service == Some("s3") && is_one(service, name),
            (true, Some(_), Some(_)) => true,
            (true, ..) => false,
            (false, ..) if value.contains(WILD) => {
                value.split(':').find(|part| is_account(part)).is_some_and(|id| self.is_trusted(id))
            }
            (false, ..) => account_of(value).is_none_or(|id| self.is_trusted(id)),
        }
    }

    // Whether the ranges are small enough to be those of somebody.
    fn narrow(&self, values: &[String]) -> bool {
        let Some(networks) = values.iter().map(|value| Network::parse(value)).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let narrow = |network: &Network| match network {
            Network::V4(_, prefix) => *prefix >= self.min_prefix_v4,
            Network::V6(_, prefix) => *prefix >= PREFIX_V6,
        };
        networks.iter().all(narrow) && !cover_everything(&networks)
    }
}

const WILD: [char; 2] = ['*', '?'];
const VARIABLE: &str = "${";

// Whoever calls brings his own tag, name or organization along; the account and organization of the resource are not his.
fn is_filled_by_caller(value: &str) -> bool {
    let mut variables = value.split(VARIABLE).skip(1);
    variables.any(|variable| !variable.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("aws:resource")))
}

// A name without an account that only one can have: `bucket` or `bucket/*`, not `bucket*`; `/restapis/id/*` elsewhere.
fn is_one(service: Option<&str>, name: &str) -> bool {
    let Some((before, _)) = name.split_once(WILD) else { return !name.is_empty() };
    let whole = before.trim_start_matches('/').matches('/').count();
    whole >= if service == Some("s3") { 1 } else { 2 }
}

// What tells whose it is (all of an id; the organization of a path, the user of a session) is spelled out.
fn is_named(value: &str) -> bool {
    value.split(['/', ':']).next().is_some_and(|id| !id.is_empty() && !id.contains(WILD))
}

/// Whether the condition says for whom a service acts.
pub fn names_source(condition: &Condition, statement: &Statement) -> bool {
    let anybody = Limits { own: None, trusted: &[], min_prefix_v4: DEFAULT_PREFIX };
    condition.key.starts_with("aws:source") && condition.key != "aws:sourceip" && anybody.limits(condition, statement)
}

/// The operator of a condition that holds only for a value that is there: it says so itself, or `Null` beside it does.
pub fn demanded<'c>(condition: &'c Condition, statement: &Statement) -> Option<&'c str> {
    let there = statement.conditions.iter().any(|other| {
        let values = &other.values;
        other.operator == "null"
            && other.key == condition.key
            && !values.is_empty()
            && values.iter().all(|value| value.eq_ignore_ascii_case("false"))
    });
    let operator = condition.operator.as_str();
    if !there {
        return positive(operator);
    }
    let operator = operator.strip_prefix("forallvalues:").unwrap_or(operator);
    positive(operator.strip_suffix("ifexists").unwrap_or(operator))
}

/// The operator without the quantifier of keys with several values; none if it holds for what is absent or other.
pub fn positive(operator: &str) -> Option<&str> {
    let operator = operator.strip_prefix("foranyvalue:").unwrap_or(operator);
    let loose = operator.ends_with("ifexists") || operator.contains("not") || operator.starts_with("forallvalues:");
    (!loose).then_some(operator)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, ask_of, decided};
    use super::*;

    fn statement(principal: Json, condition: Json) -> Json {
        json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "x:Y", "Resource": "*", "Condition": condition}]})
    }

    #[test]
    fn who_is_a_stranger() {
        for (principal, expected) in [
            (json!("*"), true),
            (json!(["123456789012", "*"]), true),
            (json!({"AWS": "*"}), true),
            (json!({"AWS": ["arn:aws:iam::123456789012:root", "*"]}), true),
            (json!({"AWS": "123456789012"}), false),
            (json!({"Service": "events.amazonaws.com"}), false),
            (json!({"Service": "*"}), false),
            (json!({"Federated": "*"}), false),
            (json!(null), false),
        ] {
            let document = statement(principal.clone(), json!(null));
            assert_eq!(ask("policy_public", json!({}), document), Truth::from(expected), "{principal}");
        }
        let others =
            json!({"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "*", "Resource": "*"}});
        assert_eq!(ask("policy_public", json!({}), others), Truth::True);
        assert_eq!(ask("policy_public", json!({}), json!("")), Truth::False);
    }

    #[test]
    fn what_limits_and_what_only_looks_so() {
        for (operator, key, value, public) in [
            ("StringEquals", "aws:SourceAccount", json!("123456789012"), false),
            ("StringEquals", "AWS:SourceOwner", json!(["123456789012"]), false),
            ("StringEquals", "aws:SourceAccount", json!("*"), true),
            ("StringLike", "aws:SourceAccount", json!(["123456789012", "*"]), true),
            ("StringEqualsIfExists", "aws:SourceAccount", json!("123456789012"), true),
            ("StringNotEquals", "aws:SourceAccount", json!("123456789012"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:*:*:bucket"), false),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:*:*:*:*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:*:*:*"), true),
            ("ArnLike", "aws:SourceArn", json!("*:s3:::*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::bucket"), false),
            // Whoever likes can have a bucket whose name begins so.
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::acme-*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:*:*:acme-*"), true),
            ("ArnLike", "s3:DataAccessPointArn", json!("arn:aws:s3:*:123456789012:accesspoint/*"), false),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::acme/*"), false),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:apigateway:eu-west-1::/restapis/a1b2c3/*"), false),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:apigateway:eu-west-1::/restapis/*"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:sns:*:*:orders"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:sns:*:123456789012:*"), false),
            ("ArnLike", "aws:SourceArn", json!("*:123456789012:*"), false),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:sns:*:1234*:orders"), true),
            ("StringLike", "aws:SourceAccount", json!("1*"), true),
            ("StringLike", "aws:PrincipalOrgID", json!("o-*"), true),
            ("StringLike", "aws:PrincipalOrgPaths", json!("o-*/r-ab12/*"), true),
            ("StringLike", "aws:SourceVpce", json!("vpce-*"), true),
            ("StringLike", "aws:userid", json!("AROAEXAMPLE:*"), false),
            ("StringLike", "aws:userid", json!("*:admin"), true),
            ("ArnNotLike", "aws:SourceArn", json!("arn:aws:s3:::bucket"), true),
            ("ArnEquals", "aws:PrincipalArn", json!("arn:aws:iam::123456789012:role/x"), false),
            ("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::*:role/x"), true),
            ("StringEquals", "aws:PrincipalOrgID", json!("o-abc"), false),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", json!("o-abc/*"), false),
            ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", json!("o-abc/*"), true),
            ("StringEquals", "aws:SourceVpce", json!("vpce-1"), false),
            ("StringEquals", "aws:VpceAccount", json!("123456789012"), false),
            ("StringEquals", "aws:VpceOrgID", json!("o-abc"), false),
            ("ArnEquals", "aws:SourceVpcArn", json!("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"), false),
            ("ArnLike", "aws:SourceVpcArn", json!("arn:aws:ec2:*:*:vpc/*"), true),
            // A service is no stranger, whether it is the principal or stands in a condition.
            ("Bool", "aws:PrincipalIsAWSService", json!("true"), false),
            ("Bool", "aws:PrincipalIsAWSService", json!("false"), true),
            ("StringEquals", "aws:PrincipalServiceName", json!("logging.s3.amazonaws.com"), false),
            ("StringLike", "aws:PrincipalServiceName", json!("*"), true),
            // Variables: the caller fills in what is his, so that it is always equal.
            ("StringEquals", "aws:PrincipalOrgID", json!("${aws:PrincipalOrgID}"), true),
            ("StringEquals", "aws:PrincipalAccount", json!("${aws:PrincipalTag/account}"), true),
            ("StringLike", "aws:userid", json!("${aws:userid}"), true),
            ("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::${aws:PrincipalAccount}:role/x"), true),
            ("StringEquals", "aws:PrincipalOrgID", json!("${aws:ResourceOrgID}"), false),
            ("StringEquals", "aws:SourceAccount", json!("${aws:ResourceAccount}"), false),
            ("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::${AWS:ResourceAccount}:role/*"), false),
            ("StringEquals", "kms:CallerAccount", json!("123456789012"), false),
            ("StringEquals", "kms:ViaService", json!("s3.eu-west-1.amazonaws.com"), true),
            ("StringEquals", "s3:DataAccessPointAccount", json!("123456789012"), false),
            // Everybody who has any account at AWS can sign a request.
            ("StringEquals", "lambda:FunctionUrlAuthType", json!("AWS_IAM"), true),
            ("StringEquals", "lambda:FunctionUrlAuthType", json!("NONE"), true),
            ("Bool", "elasticfilesystem:AccessedViaMountTarget", json!("true"), false),
            ("Bool", "elasticfilesystem:AccessedViaMountTarget", json!(false), true),
            ("Bool", "aws:SecureTransport", json!(true), true),
            ("IpAddress", "aws:SourceIp", json!("203.0.113.0/24"), false),
            ("IpAddress", "aws:SourceIp", json!("203.0.113.7"), false),
            ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24", "0.0.0.0/0"]), true),
            ("IpAddress", "aws:SourceIp", json!(["0.0.0.0/1", "128.0.0.0/1"]), true),
            ("IpAddress", "aws:SourceIp", json!("::/0"), true),
            ("IpAddress", "aws:SourceIp", json!("2000::/3"), true),
            ("IpAddress", "aws:SourceIp", json!("2001:db8::/32"), false),
            ("IpAddress", "aws:SourceIp", json!("2600::/12"), true),
            ("IpAddress", "aws:SourceIp", json!("::ffff:0.0.0.0/96"), true),
            ("IpAddress", "aws:SourceIp", json!("::ffff:203.0.113.0/120"), false),
            ("IpAddress", "aws:SourceIp", json!("nonsense"), true),
            ("NotIpAddress", "aws:SourceIp", json!("203.0.113.0/24"), true),
            ("StringEquals", "aws:SourceAccount", json!([]), true),
        ] {
            let document = statement(json!("*"), json!({operator: {key: value.clone()}}));
            assert_eq!(ask("policy_public", json!({}), document), Truth::from(public), "{operator} {key} {value}");
        }
    }

    #[test]
    fn a_value_that_must_be_there() {
        for (there, public) in [
            (json!({"aws:PrincipalOrgPaths": "false"}), false),
            (json!({"AWS:principalorgpaths": [false]}), false),
            (json!({"aws:PrincipalOrgPaths": "true"}), true),
            (json!({"aws:PrincipalOrgPaths": ["false", "true"]}), true),
            (json!({"aws:PrincipalOrgID": "false"}), true),
            (json!({"aws:PrincipalOrgPaths": []}), true),
        ] {
            for operator in ["ForAllValues:StringLike", "StringLikeIfExists", "ForAllValues:StringLikeIfExists"] {
                let condition = json!({operator: {"aws:PrincipalOrgPaths": "o-abc/*"}, "Null": there});
                let document = statement(json!("*"), condition);
                assert_eq!(ask("policy_public", json!({}), document), Truth::from(public), "{operator} {there}");
            }
        }
        // Alone it says only that there is one.
        let document = statement(json!("*"), json!({"Null": {"aws:PrincipalOrgID": "false"}}));
        assert_eq!(ask("policy_public", json!({}), document), Truth::True);
    }

    #[test]
    fn trusted_accounts_are_the_only_ones_that_limit() {
        let by = |key: &str, value: &str| statement(json!("*"), json!({"StringEquals": {key: value}}));
        let resource = json!({"metadata": {"account": "111111111111"}});
        for (key, value, public) in [
            ("aws:SourceAccount", "111111111111", false),
            ("aws:SourceAccount", "222222222222", false),
            ("aws:SourceAccount", "333333333333", true),
            ("aws:SourceArn", "arn:aws:sns:eu-west-1:333333333333:t", true),
            ("aws:SourceArn", "arn:aws:s3:::bucket", false),
            ("aws:SourceVpc", "vpc-1", false),
            ("aws:PrincipalAccount", "${aws:ResourceAccount}", false),
            ("aws:PrincipalAccount", "${aws:PrincipalAccount}", true),
        ] {
            let truth = ask_of(&resource, "policy_public", json!({"trusted": [222222222222_i64]}), by(key, value));
            assert_eq!(truth, Truth::from(public), "{key} {value}");
        }
        // It may be the own account.
        let ask =
            |value: &str| ask("policy_public", json!({"trusted": ["222222222222"]}), by("aws:SourceAccount", value));
        assert_eq!((ask("333333333333"), ask("222222222222"), ask("*")), (Truth::Unknown, Truth::False, Truth::True));
    }

    #[test]
    fn a_full_range_needs_the_given_prefix() {
        let document = || statement(json!("*"), json!({"IpAddress": {"aws:SourceIp": "52.0.0.0/11"}}));
        assert_eq!(ask("policy_public", json!({}), document()), Truth::False);
        assert_eq!(ask("policy_public", json!({"min_prefix_v4": 16}), document()), Truth::True);
    }

    #[test]
    fn only_asked_actions_and_no_cancelled_statement_count() {
        let document = json!({"Statement": [
            {"Sid": "Read", "Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectVersion", "Resource": "*"},
        ]});
        let ask = |actions: Json| ask("policy_public", json!({ "actions": actions }), document.clone());
        assert_eq!(ask(json!(["s3:GetObject"])), Truth::True);
        assert_eq!(ask(json!(["s3:*"])), Truth::True);
        assert_eq!(ask(json!(["s3:PutObject", "s3:Delete*"])), Truth::False);
        assert_eq!(ask(json!("s3:GetObjectVersion")), Truth::False);
        assert!(decided("policy_public", json!({}), document)[0].starts_with(r#"Statement[0]: {"Sid":"Read""#));
    }

    #[test]
    fn large_documents_stay_quick() {
        let statements: Vec<Json> = (0..400)
            .map(|at| {
                json!({"Effect": if at % 2 == 0 { "Deny" } else { "Allow" }, "Principal": "*",
                "Action": format!("s3:{}*", "*a".repeat(40)), "Resource": format!("{at}{}", "*a?".repeat(40))})
            })
            .collect();
        let start = std::time::Instant::now();
        assert_eq!(ask("policy_public", json!({"actions": ["s3:*"]}), json!({ "Statement": statements })), Truth::True);
        assert!(start.elapsed().as_secs() < 10);
    }
}

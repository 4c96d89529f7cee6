//! `escalates`: whether a policy document lets its holder take more rights than it names.

use super::escalation_data::{AS_ANOTHER, COMBINATIONS, KINDS, NARROWING, RECEIVERS, UNBOUND};
use super::policy::{Condition, Document, Names, Statement};
use super::policy_public::demanded;
use super::wildcard::{covers, is_bare, overlap};
use super::{About, Answer, Asked, Decided, Domain, Question};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static ESCALATES: Domain = Domain {
    name: "escalates",
    doc: "The Allow statements of the policy document together hold a known combination of actions with which the holder can \
          take further rights (a new version of a policy; a role passed to a function that one writes oneself). Statements on \
          resources of another kind do not count, nor do those under a condition on what may be passed or changed (`iam:...`, \
          tags; to which service a role is passed narrows only where it is another one), keys and passwords of oneself \
          (`${aws:username}`), and roles and functions that are named in full. A denial on all resources without a condition \
          takes an action away.",
    keys: &[],
    absent: Truth::False,
    reads: &[],
    example: (
        "{}",
        r#"{"Statement": [{"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Action": ["lambda:Get*", "iam:PassRole"], "Resource": "*"}]}"#,
    ),
    parse: |_| Ok(Asked { question: Box::new(Escalates), expected: "a way to more rights than it names".to_owned() }),
};

#[derive(Debug)]
struct Escalates;

impl Question for Escalates {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        let statements: Vec<(&Statement, Decided)> = document.allows().collect();
        let grants = |action: &str, receivers: &[String]| {
            let asked = Names::Only(vec![action.to_owned()]);
            let mut granting = statements.iter().filter(|(statement, _)| {
                statement.actions.cover(action)
                    && on_its_kind(&statement.resources, action)
                    && (!UNBOUND.contains(&action) || is_open(&statement.resources))
                    && !(AS_ANOTHER.contains(&action) && on_oneself(&statement.resources))
                    && !narrowed(statement, action, receivers)
                    && !document.cancels(statement, &asked)
            });
            granting.next().map(|(_, decided)| decided)
        };
        // Who may do everything needs no way around; that is one finding, not all of them.
        if let Some(all) = statements.iter().find(|(statement, _)| {
            matches!(&statement.actions, Names::Only(names) if names.iter().any(|name| covers(name, "*")))
                && statement.resources.cover("*")
                && !narrowed(statement, "*", &[])
                && !document.cancels(statement, &statement.actions)
        }) {
            return Answer::allowing(vec![named(&["every action"], [&all.1])], &document);
        }
        let mut found = Vec::new();
        for combination in COMBINATIONS {
            let receivers = receivers(combination);
            let granting: Option<Vec<&Decided>> =
                combination.iter().map(|action| grants(&action.to_ascii_lowercase(), &receivers)).collect();
            if let Some(granting) = granting {
                found.push(named(combination, granting));
            }
        }
        Answer::allowing(found, &document)
    }
}

// The combination, and where the statements are that hold it.
fn named<'d>(combination: &[&str], granting: impl IntoIterator<Item = &'d Decided>) -> Decided {
    let mut granting = granting.into_iter();
    let first = granting.next();
    let sid = |decided: &Decided| decided.shown.get("Sid").cloned();
    let mut entries = vec![("combination", Value::str(combination.join(" + ")))];
    entries.extend(first.and_then(sid).map(|sid| ("Sid", sid)));
    Decided { steps: first.map(|decided| decided.steps.clone()).unwrap_or_default(), shown: Value::map(entries) }
}

// The services that take the role which is passed.
fn receivers(combination: &[&str]) -> Vec<String> {
    let services = combination.iter().filter_map(|action| action.split_once(':')).map(|(service, _)| service);
    let named = services.filter(|service| *service != "iam").map(|service| {
        RECEIVERS.iter().find(|(own, _)| *own == service).map_or(service, |(_, receiver)| receiver).to_owned()
    });
    named.flat_map(|name| [format!("{name}.amazonaws.com"), format!("{name}.amazonaws.com.cn")]).collect()
}

// Under a condition on what may be passed or changed.
fn narrowed(statement: &Statement, action: &str, receivers: &[String]) -> bool {
    let lets_pass = |condition: &Condition| {
        let takes = |value: &String| receivers.iter().any(|service| covers(&value.to_ascii_lowercase(), service));
        action == "iam:passrole" && condition.key == "iam:passedtoservice" && condition.values.iter().any(takes)
    };
    statement.conditions.iter().any(|condition| {
        demanded(condition, statement).is_some()
            && NARROWING.iter().any(|prefix| condition.key.starts_with(prefix))
            && !condition.values.iter().any(|value| is_bare(value))
            && !lets_pass(condition)
    })
}

// About nobody but the holder.
fn on_oneself(resources: &Names) -> bool {
    match resources {
        Names::Only(names) => {
            let own = |name: &String| name.to_ascii_lowercase().contains("${aws:username}");
            !names.is_empty() && names.iter().all(own)
        }
        Names::AllBut(_) => false,
    }
}

// Some of the resources can be what the action is about: a bucket is no policy.
fn on_its_kind(resources: &Names, action: &str) -> bool {
    let service = action.split_once(':').map_or("", |(service, _)| service);
    let (service, kind) = match service {
        "iam" | "sts" => ("iam", KINDS.iter().find(|(part, _)| action.contains(part)).map_or("*", |(_, kind)| kind)),
        other => (other, "*"),
    };
    let is = |name: &String| {
        let mut parts = name.splitn(6, ':').skip(2);
        let (of, behind) = (parts.next(), parts.nth(2));
        !name.starts_with("arn:")
            || of.is_none_or(|of| overlap(of, service)) && behind.is_none_or(|behind| overlap(behind, kind))
    };
    match resources {
        Names::Only(names) => names.iter().any(is),
        Names::AllBut(_) => true,
    }
}

// More than resources named in full.
fn is_open(resources: &Names) -> bool {
    match resources {
        Names::Only(names) => names.iter().any(|name| name.contains(['*', '?'])),
        Names::AllBut(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided};
    use super::*;

    fn escalates(statements: Json) -> Truth {
        ask("escalates", json!({}), json!({ "Statement": statements }))
    }

    fn allow(actions: Json, resource: &str) -> Json {
        json!({"Effect": "Allow", "Action": actions, "Resource": resource})
    }

    #[test]
    fn combinations_are_whole() {
        for (statements, expected) in [
            (json!([allow(json!("iam:CreatePolicyVersion"), "arn:aws:iam::123456789012:policy/mine")]), true),
            (json!([allow(json!("iam:Create*"), "*")]), true),
            (json!([allow(json!("iam:PassRole"), "*")]), false),
            (json!([allow(json!("iam:PassRole"), "*"), allow(json!("ec2:RunInstances"), "*")]), true),
            (json!([allow(json!(["iam:PassRole", "ec2:Run*"]), "arn:aws:iam::123456789012:role/app")]), false),
            (
                json!([
                    allow(json!("iam:PassRole"), "arn:aws:iam::123456789012:role/*"),
                    allow(json!("ec2:Run*"), "*")
                ]),
                true,
            ),
            // Instances are no roles.
            (json!([allow(json!(["iam:PassRole", "ec2:Run*"]), "arn:aws:iam::123456789012:role/*")]), false),
            (
                json!([allow(
                    json!("lambda:UpdateFunctionCode"),
                    "arn:aws:lambda:eu-west-1:123456789012:function:app"
                )]),
                false,
            ),
            (json!([allow(json!("lambda:UpdateFunctionCode"), "*")]), true),
            (json!([allow(json!("iam:UpdateAssumeRolePolicy"), "*")]), false),
            (json!([allow(json!(["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"]), "*")]), true),
            (json!([allow(json!("iam:CreateAccessKey"), "arn:aws:iam::*:user/${aws:username}")]), false),
            // Keys of oneself are no gain; rights of oneself are.
            (json!([allow(json!("iam:*"), "arn:aws:iam::*:user/${aws:username}")]), true),
            (json!([allow(json!("iam:PutUserPolicy"), "arn:aws:iam::*:user/${aws:username}")]), true),
            (
                json!([allow(json!(["iam:*LoginProfile", "iam:*AccessKey*"]), "arn:aws:iam::*:user/${aws:username}")]),
                false,
            ),
            // Everything on a bucket is nothing on policies and roles.
            (json!([allow(json!("*"), "arn:aws:s3:::uploads/*")]), false),
            (json!([allow(json!(["*"]), "arn:aws:dynamodb:*:123456789012:table/*")]), false),
            (json!([allow(json!("*"), "arn:aws:iam::123456789012:*")]), true),
            (json!([allow(json!("*"), "arn:aws:iam::*:policy/team/*")]), true),
            (json!([allow(json!("iam:Create*"), "arn:aws:iam::*:role/app-*")]), false),
            (json!([allow(json!("iam:*"), "arn:aws:iam::*:role/app-*")]), true),
            (json!([allow(json!("iam:*"), "arn:aws:iam::*:mfa/*")]), false),
            (
                json!([
                    allow(json!("iam:PassRole"), "arn:aws:iam::*:role/*"),
                    allow(json!("lambda:*"), "arn:aws:lambda:*:*:function:*")
                ]),
                true,
            ),
            (
                json!([allow(json!("iam:PassRole"), "arn:aws:iam::*:role/*"), allow(json!("*"), "arn:aws:s3:::*")]),
                false,
            ),
            (json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]), true),
            (
                json!([{"Effect": "Allow", "NotAction": ["iam:*", "lambda:*", "glue:*", "sts:*"], "Resource": "*"}]),
                false,
            ),
            (json!([allow(json!("iam:Get*"), "*"), allow(json!("s3:*"), "*")]), false),
        ] {
            assert_eq!(escalates(statements.clone()), Truth::from(expected), "{statements}");
        }
    }

    #[test]
    fn denials_and_conditions() {
        let mut pass = allow(json!(["iam:PassRole", "ec2:RunInstances"]), "*");
        let deny = json!({"Effect": "Deny", "Action": "iam:*", "Resource": "*"});
        assert_eq!(escalates(json!([pass, deny])), Truth::False);
        pass["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
        assert_eq!(escalates(json!([pass])), Truth::True);
        // The condition holds for no request to run instances.
        pass["Condition"] = json!({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}});
        assert_eq!(escalates(json!([pass])), Truth::False);
        assert_eq!(escalates(json!([pass, 7])), Truth::Unknown);
    }

    #[test]
    fn the_service_that_gets_the_role() {
        let with = |operator: &str, key: &str, value: Json, start: &str| {
            let mut pass = allow(json!("iam:PassRole"), "*");
            pass["Condition"] = json!({operator: {key: value}});
            escalates(json!([pass, allow(json!(start), "*")]))
        };
        for (operator, key, value, start, expected) in [
            ("StringEquals", "iam:PassedToService", json!("ec2.amazonaws.com"), "ec2:RunInstances", true),
            ("StringEquals", "iam:PassedToService", json!("ec2.amazonaws.com.cn"), "ec2:RunInstances", true),
            (
                "StringLike",
                "iam:PassedToService",
                json!(["x.amazonaws.com", "*.amazonaws.com"]),
                "ec2:RunInstances",
                true,
            ),
            ("StringEquals", "iam:PassedToService", json!("lambda.amazonaws.com"), "ec2:RunInstances", false),
            ("StringEquals", "iam:PassedToService", json!("lambda.amazonaws.com"), "lambda:*", true),
            ("StringEquals", "iam:PassedToService", json!("ecs-tasks.amazonaws.com"), "ecs:*", true),
            ("StringLike", "iam:PassedToService", json!("*"), "ec2:RunInstances", true),
            ("StringEqualsIfExists", "iam:PassedToService", json!("lambda.amazonaws.com"), "ec2:RunInstances", true),
            (
                "StringEquals",
                "iam:AssociatedResourceArn",
                json!("arn:aws:ec2:*:*:instance/i-1"),
                "ec2:RunInstances",
                false,
            ),
            ("StringEquals", "iam:ResourceTag/team", json!("shop"), "ec2:RunInstances", false),
            ("StringLike", "aws:ResourceTag/team", json!("*"), "ec2:RunInstances", true),
        ] {
            let truth = with(operator, key, value.clone(), start);
            assert_eq!(truth, Truth::from(expected), "{operator} {key} {value} {start}");
        }
    }

    #[test]
    fn evidence_names_the_combination() {
        let statements = json!([allow(json!("s3:*"), "*"), {"Sid": "Deploy", "Effect": "Allow",
            "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}]);
        assert_eq!(
            decided("escalates", json!({}), json!({ "Statement": statements })),
            [
                r#"Statement[1]: {"combination":"iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction","Sid":"Deploy"}"#
            ]
        );
        let all = decided("escalates", json!({}), json!({"Statement": [allow(json!("*"), "*")]}));
        assert_eq!(all, [r#"Statement[0]: {"combination":"every action"}"#]);
    }

    #[test]
    fn data_is_sound() {
        for (at, combination) in COMBINATIONS.iter().enumerate() {
            assert!(combination.iter().all(|action| action.split_once(':').is_some_and(|(service, name)| {
                service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric())
            })));
            // None holds another, or both would always be found together.
            let holds = |other: &&[&str]| other.iter().all(|action| combination.contains(action));
            let others = COMBINATIONS.iter().enumerate().filter(|(other, _)| *other != at);
            assert_eq!(others.filter(|(_, other)| holds(other)).count(), 0, "{combination:?}");
        }
    }
}

//! `escalates`: whether a policy document lets its holder take more rights than it names.

use super::escalation_data::{COMBINATIONS, NARROWING, UNBOUND};
use super::policy::{Document, Names, Statement};
use super::wildcard::covers;
use super::{About, Answer, Asked, Decided, Domain, Question};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static ESCALATES: Domain = Domain {
    name: "escalates",
    doc: "The Allow statements of the policy document together hold a known combination of actions with which the holder can \
          take further rights (a new version of a policy; a role passed to a function that one writes oneself). Statements \
          about oneself only (`${aws:username}`) or under a condition on what may be passed or changed (`iam:...`, tags) do \
          not count, nor do passing roles and changing functions that are named in full. A denial on all resources without a \
          condition takes an action away.",
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
        let mut statements: Vec<(&Statement, Decided)> = document.allows().collect();
        statements.retain(|(statement, _)| !narrowed(statement));
        let grants = |action: &str| {
            let asked = Names::Only(vec![action.to_owned()]);
            let mut granting = statements.iter().filter(|(statement, _)| {
                statement.actions.cover(action)
                    && (!UNBOUND.contains(&action) || is_open(&statement.resources))
                    && !document.cancels(statement, &asked)
            });
            granting.next().map(|(_, decided)| decided)
        };
        // Who may do everything needs no way around; that is one finding, not all of them.
        if let Some(all) = statements.iter().find(|(statement, _)| {
            matches!(&statement.actions, Names::Only(names) if names.iter().any(|name| covers(name, "*")))
                && !document.cancels(statement, &statement.actions)
                && is_open(&statement.resources)
        }) {
            return Answer::allowing(vec![named(&["every action"], [&all.1])], &document);
        }
        let mut found = Vec::new();
        for combination in COMBINATIONS {
            let granting: Option<Vec<&Decided>> =
                combination.iter().map(|action| grants(&action.to_ascii_lowercase())).collect();
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

// About oneself, or under a condition on what may be passed or changed.
fn narrowed(statement: &Statement) -> bool {
    let oneself = match &statement.resources {
        Names::Only(names) => !names.is_empty() && names.iter().all(|name| name.contains("${aws:username}")),
        Names::AllBut(_) => false,
    };
    let conditional = statement.conditions.iter().any(|condition| {
        super::policy_public::positive(&condition.operator).is_some()
            && NARROWING.iter().any(|prefix| condition.key.starts_with(prefix))
    });
    oneself || conditional
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
            (json!([allow(json!(["iam:PassRole", "ec2:Run*"]), "arn:aws:iam::123456789012:role/*")]), true),
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
        pass["Condition"] = json!({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}});
        assert_eq!(escalates(json!([pass])), Truth::False);
        assert_eq!(escalates(json!([pass, 7])), Truth::Unknown);
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

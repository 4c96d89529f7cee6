//! `filter_pattern_covers`: whether a metric filter sees the events that it should see.

use super::filter_syntax::{Clause, Constant, Filter, Test, all_of, field, parse, same};
use super::{About, Answer, Arguments, Asked, Decided, Domain, Key, Question, Takes};
use crate::expr::{Truth, Value};

const TERM: &[Key] = &[
    Key { name: "field", takes: Takes::Text, required: true, doc: "Field of the event (`$.eventName`)." },
    Key { name: "equals", takes: Takes::Text, required: false, doc: "Its value; `*` stands for any text." },
    Key { name: "not_equals", takes: Takes::Text, required: false, doc: "What its value is not." },
    Key { name: "exists", takes: Takes::Flag, required: false, doc: "false: the event does not have it." },
    Key {
        name: "is",
        takes: Takes::OneOf(&["null", "true", "false"]),
        required: false,
        doc: "A constant, written in quotes.",
    },
];

/// The row of the table.
pub static FILTER_PATTERN_COVERS: Domain = Domain {
    name: "filter_pattern_covers",
    doc: "The metric filter, in CloudWatch's syntax for JSON events, matches at least the events of which all `terms` and one \
          value of `any_of` hold, and asks for each of the terms. Names are compared whole; the order does not matter; \
          further alternatives (`||`) are fine. A further clause that narrows (`&&`) is only allowed if it stands under \
          `optional`. A filter in another syntax is unknown.",
    keys: &[
        Key {
            name: "terms",
            takes: Takes::Maps(TERM),
            required: false,
            doc: "Clauses that the filter must have. Each has a field and one of the other keys.",
        },
        Key {
            name: "any_of",
            takes: Takes::Map(&[
                Key { name: "field", takes: Takes::Text, required: true, doc: "Field of the event." },
                Key { name: "values", takes: Takes::Texts, required: true, doc: "Values; each must be matched." },
            ]),
            required: false,
            doc: "Values of one field, every one of which the filter must see.",
        },
        Key {
            name: "optional",
            takes: Takes::Maps(TERM),
            required: false,
            doc: "Clauses that the filter may have as well, written as `terms`.",
        },
    ],
    absent: Truth::False,
    reads: &[],
    example: (
        r#"{"any_of": {"field": "$.eventName", "values": ["DisableKey", "ScheduleKeyDeletion"]}, "terms": [{"field": "$.eventSource", "equals": "kms.amazonaws.com"}]}"#,
        r#""{ ($.eventSource = kms.amazonaws.com) && (($.eventName = ScheduleKeyDeletion) || ($.eventName = \"DisableKey\")) }""#,
        r#""{ ($.eventSource = kms.amazonaws.com) && ($.eventName = DisableKey) }""#,
    ),
    parse: |arguments| {
        let terms = |name: &str| arguments.maps(name).iter().map(term).collect::<Result<Vec<_>, _>>();
        let any_of = match arguments.map("any_of") {
            None => Vec::new(),
            Some(group) => {
                let field = known_field(group)?;
                let values = group.texts("values");
                values.iter().map(|value| (field.clone(), Known::Equals(value.clone()))).collect()
            }
        };
        let question = Covers { terms: terms("terms")?, any_of, optional: terms("optional")? };
        if question.terms.is_empty() && question.any_of.is_empty() {
            return Err("needs `terms` or `any_of`".to_owned());
        }
        let words: Vec<String> = question.terms.iter().chain(&question.any_of).map(words).collect();
        let more = words.len().saturating_sub(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let first = words.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
        Ok(Asked { question: Box::new(question), expected: format!("a filter for {first}{more}") })
    },
};

// What is assumed of a field.
#[derive(Debug, Clone, PartialEq)]
enum Known {
    Equals(String),
    NotEquals(String),
    Missing,
    Is(Constant),
}

type Term = (String, Known);

#[derive(Debug)]
struct Covers {
    terms: Vec<Term>,
    any_of: Vec<Term>,
    optional: Vec<Term>,
}

fn known_field(arguments: &Arguments) -> Result<String, String> {
    let text = arguments.text("field").unwrap_or_default();
    field(text).ok_or_else(|| format!("expected a field such as $.eventName, found \"{text}\""))
}

fn term(arguments: &Arguments) -> Result<Term, String> {
    let text = |name| arguments.text(name).map(str::to_owned);
    let missing = match arguments.flag("exists") {
        Some(true) => Some(Known::Equals("*".to_owned())),
        Some(false) => Some(Known::Missing),
        None => None,
    };
    let is = arguments.text("is").map(|constant| {
        Known::Is(match constant {
            "true" => Constant::True,
            "false" => Constant::False,
            _ => Constant::Null,
        })
    });
    let all = [text("equals").map(Known::Equals), text("not_equals").map(Known::NotEquals), missing, is];
    let mut given = all.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(known), None) => Ok((known_field(arguments)?, known)),
        _ => Err("a term has one of `equals`, `not_equals`, `exists` and `is`".to_owned()),
    }
}

fn words((field, known): &Term) -> String {
    match known {
        Known::Equals(value) => format!("$.{field} = {value}"),
        Known::NotEquals(value) => format!("$.{field} != {value}"),
        Known::Missing => format!("$.{field} NOT EXISTS"),
        Known::Is(constant) => format!("$.{field} IS {}", format!("{constant:?}").to_uppercase()),
    }
}

impl Question for Covers {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let pattern = match value {
            Value::Str(pattern) => pattern,
            Value::Unknown(why) => return Answer::unknown(why.clone()),
            other => return Answer::unknown(format!("expected a filter pattern, found {}", other.kind())),
        };
        // The empty pattern matches all events and asks for nothing.
        if pattern.trim().is_empty() {
            return Answer::no();
        }
        let filter = match parse(pattern) {
            Ok(filter) => filter,
            Err(error) => {
                let shown = crate::base::text::shorten(pattern, 300);
                return Answer::unknown(format!("the filter pattern {shown} cannot be read: {error}"));
            }
        };
        let lacking = self.lacking(&filter);
        if lacking.is_empty() {
            return Answer::yes(Vec::new());
        }
        let entries =
            [("lacks", Value::list(lacking.iter().map(Value::str))), ("pattern", Value::Str(pattern.clone()))];
        Answer { decided: vec![Decided { steps: Vec::new(), shown: Value::map(entries) }], ..Answer::no() }
    }
}

impl Covers {
    fn lacking(&self, filter: &Filter) -> Vec<String> {
        let clauses = filter.clauses();
        let asks_for = |term: &Term| clauses.iter().any(|clause| follows(term, clause) == Some(true));
        let mut lacking: Vec<String> =
            self.terms.iter().chain(&self.any_of).filter(|term| !asks_for(term)).map(words).collect();
        // Then whether it matches, when all that is asked for holds.
        let matches = |event: Option<&Term>| {
            let known = |clause: &Clause| {
                let all = self.terms.iter().chain(&self.optional).chain(event);
                let truths: Vec<bool> = all.filter_map(|term| follows(term, clause)).collect();
                // What is certain of one alternative is certain, whatever is optional says.
                match event.and_then(|event| follows(event, clause)) {
                    Some(truth) => Some(truth),
                    None if truths.contains(&false) => Some(false),
                    None => truths.contains(&true).then_some(true),
                }
            };
            filter.follows(&known) == Some(true)
        };
        if self.any_of.is_empty() {
            if lacking.is_empty() && !matches(None) {
                lacking.push("a match where only these hold: another clause narrows it".to_owned());
            }
        } else {
            let missed: Vec<String> = self.any_of.iter().filter(|event| !matches(Some(event))).map(words).collect();
            lacking.extend(missed.iter().filter(|words| !lacking.contains(words)).cloned().collect::<Vec<_>>());
        }
        lacking
    }
}

// Whether the clause holds for every event of which the term holds; none if that depends.
fn follows((field, known): &Term, clause: &Clause) -> Option<bool> {
    if *field != clause.field {
        return None;
    }
    let plain = |value: &str| !value.contains('*');
    match (known, &clause.test) {
        (Known::Equals(value), Test::Equals(pattern)) if plain(value) => Some(same(pattern, value)),
        (Known::Equals(value), Test::Equals(pattern)) => all_of(pattern, value).then_some(true),
        (Known::Equals(value), Test::NotEquals(pattern)) if plain(value) => Some(!same(pattern, value)),
        (Known::Equals(value), Test::NotEquals(pattern)) => all_of(pattern, value).then_some(false),
        (Known::Equals(value), Test::Matches(regex)) if plain(value) => Some(regex.is_match(value)),
        (Known::Equals(_), Test::Missing | Test::Is(Constant::Null)) => Some(false),
        (Known::NotEquals(value), Test::NotEquals(pattern)) => all_of(value, pattern).then_some(true),
        (Known::NotEquals(value), Test::Equals(pattern)) => all_of(value, pattern).then_some(false),
        (Known::Missing, Test::Missing) => Some(true),
        (Known::Missing, Test::Equals(_) | Test::Matches(_) | Test::Compares | Test::Is(_)) => Some(false),
        (Known::Is(own), Test::Is(other)) => Some(own == other),
        (Known::Is(_), Test::Missing) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided, fault};
    use super::*;

    fn covered(operand: &Json, pattern: &str) -> Truth {
        ask("filter_pattern_covers", operand.clone(), json!(pattern))
    }

    fn names(names: &[&str]) -> Json {
        json!({"any_of": {"field": "$.eventName", "values": names}})
    }

    #[test]
    fn every_rule_of_the_benchmark_can_be_said() {
        let unauthorized = json!({"any_of": {"field": "$.errorCode", "values": ["*UnauthorizedOperation", "AccessDenied*"]},
            "optional": [{"field": "$.sourceIPAddress", "not_equals": "delivery.logs.amazonaws.com"}, {"field": "$.eventName", "not_equals": "HeadBucket"}]});
        let mfa = json!({"terms": [{"field": "$.eventName", "equals": "ConsoleLogin"}, {"field": "$.additionalEventData.MFAUsed", "not_equals": "Yes"}],
            "optional": [{"field": "$.userIdentity.type", "equals": "IAMUser"}, {"field": "$.responseElements.ConsoleLogin", "equals": "Success"}]});
        let root = json!({"terms": [{"field": "$.userIdentity.type", "equals": "Root"}, {"field": "$.userIdentity.invokedBy", "exists": false},
            {"field": "$.eventType", "not_equals": "AwsServiceEvent"}]});
        let failed = json!({"terms": [{"field": "$.eventName", "equals": "ConsoleLogin"}, {"field": "$.errorMessage", "equals": "Failed authentication"}]});
        let s3 = json!({"terms": [{"field": "$.eventSource", "equals": "s3.amazonaws.com"}], "any_of": {"field": "$.eventName", "values": ["PutBucketAcl", "PutBucketPolicy"]}});
        for (operand, pattern, expected) in [
            (&unauthorized, r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }"#, true),
            (&unauthorized, r#"{($.errorCode="AccessDenied*")||($.errorCode="*UnauthorizedOperation")}"#, true),
            (
                &unauthorized,
                r#"{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }"#,
                true,
            ),
            (&unauthorized, r#"{ ($.errorCode = "UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }"#, false),
            (&unauthorized, r#"{ ($.errorCode = "AccessDenied*") }"#, false),
            (&mfa, r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }"#, true),
            (
                &mfa,
                r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }"#,
                true,
            ),
            (&mfa, r#"{ ($.eventName = "ConsoleLogin") }"#, false),
            (&mfa, r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed = "Yes") }"#, false),
            (
                &root,
                r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
                true,
            ),
            (
                &root,
                r#"{ ($.eventType != "AwsServiceEvent") && (($.userIdentity.invokedBy NOT EXISTS) && ($.userIdentity.type = Root)) }"#,
                true,
            ),
            (&root, r#"{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }"#, false),
            (
                &root,
                r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" && $.awsRegion = "us-east-1" }"#,
                false,
            ),
            (&failed, r#"{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }"#, true),
            (
                &s3,
                r#"{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = DeleteBucketCors)) }"#,
                true,
            ),
            (&s3, r#"{ (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy)) }"#, false),
            (
                &s3,
                r#"{ ($.eventSource = s3.amazonaws.com) && ($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) }"#,
                true,
            ),
            (
                &s3,
                r#"{ ($.eventSource = ec2.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy)) }"#,
                false,
            ),
        ] {
            assert_eq!(covered(operand, pattern), Truth::from(expected), "{pattern}");
        }
    }

    #[test]
    fn names_are_compared_whole_and_in_any_order() {
        let route = names(&["CreateRoute", "DeleteRoute"]);
        for (pattern, expected) in [
            ("{ ($.eventName = DeleteRoute) || ($.eventName = CreateRoute) }", true),
            ("{ $.eventName = DeleteRoute || $.eventName = CreateRoute || $.eventName = ReplaceRoute }", true),
            ("{ ($.eventName = CreateRouteTable) || ($.eventName = DeleteRoute) }", false),
            ("{ ($.eventName = CreateRoute*) || ($.eventName = \"*Route\") }", true),
            ("{ ($.eventName = CreateRoute) && ($.eventName = DeleteRoute) }", false),
            ("{ $.eventName = %^(Create|Delete)Route$% }", true),
            ("{ $.eventName = %^CreateRoute$% }", false),
            ("{ $.other = CreateRoute || $.other = DeleteRoute }", false),
            (
                "{ (($.eventName = DeleteRoute) || ($.eventName = CreateRoute)) && $.eventSource = ec2.amazonaws.com }",
                false,
            ),
            ("{ (($.eventName = DeleteRoute) || ($.eventName = CreateRoute)) && $.eventName != DeleteRoute }", false),
            ("", false),
        ] {
            assert_eq!(covered(&route, pattern), Truth::from(expected), "{pattern}");
        }
        let mut with_source = route;
        with_source["optional"] = json!([{"field": "$['eventSource']", "equals": "ec2.amazonaws.com"}]);
        let pattern =
            "{ (($.eventName = DeleteRoute) || ($.eventName = CreateRoute)) && $.eventSource = ec2.amazonaws.com }";
        assert_eq!(covered(&with_source, pattern), Truth::True);
    }

    #[test]
    fn another_syntax_is_unknown_with_the_pattern() {
        for pattern in ["[ip, user, eventName = CreateRoute]", "CreateRoute", "{ $.eventName = }", "{"] {
            assert_eq!(covered(&names(&["CreateRoute"]), pattern), Truth::Unknown, "{pattern}");
            let why = decided("filter_pattern_covers", names(&["CreateRoute"]), json!(pattern)).concat();
            assert!(why.contains(pattern), "{why}");
        }
        assert_eq!(ask("filter_pattern_covers", names(&["x"]), json!(7)), Truth::Unknown);
    }

    #[test]
    fn evidence_says_what_is_lacking() {
        let lines = decided("filter_pattern_covers", names(&["A", "B"]), json!("{ $.eventName = A }"));
        assert_eq!(lines, [r#": {"lacks":["$.eventName = B"],"pattern":"{ $.eventName = A }"}"#]);
        let lines = decided("filter_pattern_covers", names(&["A"]), json!("{ $.eventName = A && $.x = 1 }"));
        assert!(lines.concat().contains(r#""lacks":["$.eventName = A"]"#), "{lines:?}");
    }

    #[test]
    fn faulty_operands_are_told() {
        for (operand, part) in [
            (json!({}), "needs `terms` or `any_of`"),
            (json!({"optional": [{"field": "$.a", "equals": "x"}]}), "needs `terms` or `any_of`"),
            (json!({"terms": [{"field": "a", "equals": "x"}]}), "expected a field"),
            (json!({"terms": [{"field": "$.a"}]}), "a term has one of"),
            (json!({"terms": [{"field": "$.a", "equals": "x", "exists": false}]}), "a term has one of"),
            (json!({"terms": [{"equals": "x"}]}), "needs `field`"),
            (json!({"terms": [{"field": "$.a", "equal": "x"}]}), "did you mean \"equals\"?"),
        ] {
            let fault = fault("filter_pattern_covers", operand);
            assert!(fault.contains(part), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn all_names_and_only_all_names_are_enough(order in Just(vec!["A", "AB", "ABC", "B", "BC"]).prop_shuffle(), keep in 0usize..6) {
            let pattern = order.iter().take(keep).map(|n| format!("($.eventName = {n})")).collect::<Vec<_>>().join(" || ");
            let whole = keep == order.len();
            if keep > 0 {
                prop_assert_eq!(covered(&names(&order), &format!("{{ {pattern} }}")), Truth::from(whole));
            }
        }
    }
}

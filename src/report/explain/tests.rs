use super::{Filter, Form, Trace, find, names, write};
use crate::model::{Assessment, State};
use crate::report::{TableStyle, testing};

fn page(form: Form, assessments: &[Assessment], query: &str, filter: &Filter) -> String {
    let found = find(assessments, query, &[], true);
    let mut out = Vec::new();
    write(form, &found, filter, &[], &TableStyle::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn found(query: &str, standards: &[&str]) -> Vec<String> {
    let set = [testing::cluster(), testing::hostile()];
    let standards: Vec<String> = standards.iter().map(|name| (*name).to_owned()).collect();
    let found = find(&set, query, &standards, true);
    found.iter().map(|explanation| format!("{} on {}", explanation.name(), explanation.systems.len())).collect()
}

#[test]
fn rules_are_found_by_every_name_and_no_part_of_one() {
    for query in ["5.2.2", "CIS 5.2.2", "cis/5.2.2", "  CIS   5.2.2 "] {
        assert_eq!(found(query, &[]), ["CIS 5.2.2 on 1"], "{query}");
    }
    for query in ["2.2", "5.2", "15.2.2", "x 5.2.2", "CIS", ""] {
        assert_eq!(found(query, &[]), Vec::<String>::new(), "{query}");
    }
    assert_eq!(found("5.2.2", &["no such"]), Vec::<String>::new());
}

#[test]
fn a_check_stands_for_itself() {
    let cluster = testing::cluster();
    let id = cluster.checks[0].check.id.clone();
    let set = [cluster];
    let found = find(&set, &id, &[], true);
    assert_eq!(found.len(), 1);
    assert!(found[0].rule.is_none() && !found[0].asked_by.is_empty());
    assert!(names(&set).contains(&id));
}

#[test]
fn a_failed_rule() {
    insta::assert_snapshot!(page(Form::Text, &[testing::cluster()], "5.2.2", &Filter::default()));
}

#[test]
fn a_failed_rule_as_markdown() {
    let filter = Filter { results: vec![State::Failed], ..Filter::default() };
    insta::assert_snapshot!(page(Form::Markdown, &[testing::cluster()], "5.2.2", &filter));
}

#[test]
fn what_is_missing_is_said() {
    let set = [testing::cluster()];
    let manual: Vec<String> = set[0]
        .standards
        .iter()
        .flat_map(|s| &s.rules)
        .filter(|r| r.state == State::Manual)
        .map(|r| r.id.clone())
        .collect();
    for rule in manual {
        let page = page(Form::Text, &set, &rule, &Filter::default());
        assert!(page.contains("missing: ") || page.contains("manual: "), "{rule}: {page}");
    }
}

#[test]
fn every_resource_is_listed_or_counted() {
    for set in [[testing::cluster()], [testing::hostile()], [testing::large(3, 30)]] {
        for name in names(&set) {
            for explanation in find(&set, &name, &[], true) {
                for part in &explanation.systems {
                    let all: usize = part.checks.iter().map(|(_, check)| check.outcomes.len()).sum();
                    for results in [vec![], vec![State::Passed], State::ALL.to_vec()] {
                        let (listed, left_out) = part.findings(&Filter { results, resource: None });
                        assert_eq!(listed.len() + left_out, all, "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn hostile_names_are_harmless_in_every_form() {
    let set = [testing::hostile()];
    let trace =
        [Trace { check: set[0].checks[0].check.id.clone(), logic: format!("a: {}", testing::HOSTILE), reads: vec![] }];
    for name in names(&set) {
        for form in [Form::Text, Form::Markdown, Form::Json] {
            let mut out = Vec::new();
            let found = find(&set, &name, &[], true);
            write(form, &found, &Filter::default(), &trace, &TableStyle::default(), &mut out).unwrap();
            let page = String::from_utf8(out).unwrap();
            assert!(
                form == Form::Json || !page.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')),
                "{page}"
            );
            if form == Form::Json {
                serde_json::from_str::<serde_json::Value>(&page).unwrap();
            }
        }
    }
}

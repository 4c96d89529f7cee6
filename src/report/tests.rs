use super::view::{Column, Sort, View};
use super::{Format, TableStyle, testing, write};
use crate::model::{Severity, State};

fn ids(view: &View) -> Vec<String> {
    let set = [testing::cluster()];
    let report = testing::report(&set);
    view.select(&report).rows.iter().map(|row| row.rule.id.clone()).collect()
}

fn view() -> View {
    View { standards: vec!["CIS".to_owned()], ..View::default() }
}

#[test]
fn attention_first() {
    let complete = View { complete: true, ..view() };
    let order = ["5.1.1", "5.2.2", "1.2.15", "5.2.5", "1.1.9", "1.1.10", "3.1.1", "5.4.2", "1.2.1", "2.4", "0.1"];
    assert_eq!(ids(&complete), order, "waived last of the failed, natural order of ids, out of scope at the end");
    assert_eq!(ids(&view()), order[..9], "recommended hides what is not relevant");
}

#[test]
fn filters_combine() {
    let text = |text: &str| Some(text.to_owned());
    let list = |word: &str| vec![word.to_owned()];
    assert_eq!(ids(&View { results: vec![State::Manual], ..view() }), ["1.1.9", "1.1.10", "3.1.1", "5.4.2"]);
    assert_eq!(ids(&View { severities: vec![Severity::Critical], ..view() }), ["5.1.1", "1.2.1"]);
    assert_eq!(ids(&View { rule: text("5.2"), ..view() }), ["5.2.2", "5.2.5"]);
    assert_eq!(ids(&View { rule: text("2.1"), ..view() }), [""; 0], "not in the middle of 1.2.15");
    assert_eq!(ids(&View { rule: text("PROFILING"), ..view() }), ["1.2.15"]);
    assert_eq!(ids(&View { rule: text("kubernetes-file-mode"), ..view() }), ["1.1.9", "1.1.10"]);
    assert_eq!(ids(&View { systems: list("PROD-eu-1"), rule: text("5.2.2"), ..view() }), ["5.2.2"]);
    assert_eq!(ids(&View { systems: list("other"), ..view() }), [""; 0]);
    assert_eq!(
        ids(&View { standards: list("digital operational resilience act"), ..View::default() }),
        ["9.4(b)", "9.4(c)"]
    );
    assert_eq!(ids(&View { standards: list("cis@1.11.1"), ..View::default() }), [""; 0]);
    assert_eq!(
        ids(&View { standards: list("cis@1.12.0"), rule: text("2.4"), complete: true, ..View::default() }),
        ["2.4"]
    );
}

#[test]
fn a_namespace_narrows_rules_to_it() {
    let set = [testing::cluster()];
    let report = testing::report(&set);
    let view = View { namespaces: vec!["web".to_owned()], ..view() };
    let selection = view.select(&report);
    let [row] = selection.rows.as_slice() else { panic!("{:?}", selection.rows) };
    assert_eq!(
        (row.rule.id.as_str(), row.state, row.counts.passed, row.counts.failed),
        ("5.2.2", State::Passed, 50, 0)
    );
    assert_eq!(selection.findings(row).count(), 50);
    let view = View { resource: Some("daemonset ingress/".to_owned()), ..self::view() };
    let selection = view.select(&report);
    assert_eq!(selection.rows.iter().map(|row| row.rule.id.as_str()).collect::<Vec<_>>(), ["5.2.2", "5.2.5"]);
    assert!(selection.rows.iter().all(super::Row::is_waived));
}

#[test]
fn unselected_standards_are_shown_when_asked_for_only() {
    let mut assessment = testing::cluster();
    assessment.standards[0].selected = false;
    let set = [assessment];
    let report = testing::report(&set);
    let names = |view: &View| {
        let mut names: Vec<String> =
            view.select(&report).rows.iter().map(|r| r.standard.standard.short.clone()).collect();
        names.dedup();
        names
    };
    assert_eq!(names(&View::default()), ["DORA"]);
    assert_eq!(names(&view()), ["CIS"]);
}

#[test]
fn sorts_by_every_column_both_ways() {
    let set = [testing::cluster(), testing::large(3, 40)];
    let report = testing::report(&set);
    for column in Column::ALL {
        let sorted = |direction: &str| {
            let sort: Sort = format!("{}:{direction}", column.as_str()).parse().unwrap();
            assert_eq!(sort.to_string().parse(), Ok(sort));
            let view = View { sort: Some(sort), complete: true, ..View::default() };
            let selection = view.select(&report);
            let key = |row: &super::Row<'_>| match column {
                Column::Failed => row.counts.failed,
                Column::Passed => row.counts.passed,
                Column::Severity => row.rule.severity.map_or(0, |s| s as usize + 1),
                Column::Result => row.state as usize,
                _ => 0,
            };
            (selection.rows.len(), selection.rows.iter().map(key).collect::<Vec<_>>())
        };
        let (up, down) = (sorted("asc"), sorted("desc"));
        assert_eq!(up.0, 16);
        assert!(up.1.is_sorted(), "{column:?}");
        assert!(down.1.iter().rev().is_sorted(), "{column:?}");
    }
    assert_eq!("Not_Relevant".parse::<Sort>(), "not-relevant".parse());
    assert_eq!(
        "severty".parse::<Sort>().unwrap_err().to_string(),
        "unknown column \"severty\", did you mean \"severity\"?"
    );
    assert_eq!(
        "rule:up".parse::<Sort>().unwrap_err().to_string(),
        "unknown direction \"up\", expected one of asc, desc"
    );
}

#[test]
fn nothing_is_lost_between_shown_and_left_out() {
    let view = |change: &dyn Fn(&mut View)| {
        let mut view = View::default();
        change(&mut view);
        view
    };
    let views = [
        view(&|_| {}),
        view(&|v| v.complete = true),
        view(&|v| v.results = vec![State::Failed]),
        view(&|v| v.results = vec![State::NotRelevant, State::Passed]),
        view(&|v| v.namespaces = vec!["shop".to_owned(), "team-3".to_owned()]),
        view(&|v| v.resource = Some("cart".to_owned())),
        view(&|v| v.standards = vec!["dora".to_owned()]),
    ];
    for (name, set) in testing::sets() {
        let report = testing::report(&set);
        let rules: usize = set.iter().flat_map(|a| &a.standards).map(|s| s.rules.len()).sum();
        let findings: usize =
            set.iter().flat_map(|a| &a.standards).flat_map(|s| &s.rules).map(|r| r.counts.total()).sum();
        for view in &views {
            let selection = view.select(&report);
            let listed: usize = selection.rows.iter().map(|row| selection.findings(row).count()).sum();
            assert_eq!(listed, selection.shown.findings, "{name} {view:?}");
            assert_eq!(selection.shown.findings + selection.left_out.findings, findings, "{name} {view:?}");
            assert_eq!(selection.shown.rules + selection.left_out.rules, rules, "{name} {view:?}");
        }
    }
}

#[test]
fn what_a_person_decided_is_in_every_format() {
    let mut assessment = testing::cluster();
    let rule = assessment.standards[0].rules.iter_mut().find(|rule| rule.id == "1.2.1").unwrap();
    assert_eq!(rule.state, State::Passed);
    rule.state = State::Failed;
    rule.hint = Some("attested as Failed by ann on 2026-11-01, see minutes 7".to_owned());
    let set = [assessment];
    let report = testing::report(&set);
    let text = |format: Format, view: &View| {
        let mut out = Vec::new();
        write(format, &report, view, &TableStyle::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let view = View { rule: Some("1.2.1".to_owned()), ..view() };
    for format in Format::ALL {
        assert!(text(format, &view).contains("see minutes 7"), "{format}");
    }
    let junit = text(Format::Junit, &view);
    assert!(junit.contains("<failure type=\"critical\"") && junit.contains(">attested as Failed by ann"), "{junit}");
    let sarif: serde_json::Value = serde_json::from_str(&text(Format::Sarif, &view)).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"].as_str().unwrap().ends_with("/1.2.1")).unwrap();
    assert_eq!((&result["kind"], &result["level"]), (&"fail".into(), &"error".into()));
    // A view of some resources does not change what a person said of the rule.
    let rule = set[0].standards[0].rules.iter().find(|rule| rule.id == "1.2.1").unwrap();
    let outcome = &set[0].checks[rule.checks[0] as usize].outcomes[0];
    let narrow = View { resource: Some(set[0].resources[outcome.resource as usize].to_string()), ..view };
    let selection = narrow.select(&report);
    assert_eq!(selection.rows.iter().find(|row| row.rule.id == "1.2.1").unwrap().state, State::Failed);
}

#[test]
fn formats_have_names_and_equal_input_gives_equal_bytes() {
    let set = [testing::cluster(), testing::hostile()];
    let report = testing::report(&set);
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
        assert!(!format.help().is_empty() && !format.extension().is_empty());
        let bytes = || {
            let mut out = Vec::new();
            write(format, &report, &View::default(), &TableStyle::default(), &mut out).unwrap();
            out
        };
        assert_eq!(bytes(), bytes());
        assert!(bytes().ends_with(b"\n"), "{format}");
    }
    assert_eq!("jsn".parse::<Format>().unwrap_err().to_string(), "unknown format \"jsn\", did you mean \"json\"?");
}

/// Samples for validators that are not written in Rust, see `tests/tools/check-report-formats`.
#[test]
#[ignore = "writes files to the folder that SPM_REPORT_SAMPLES names"]
fn writes_samples() {
    let folder = std::path::PathBuf::from(std::env::var_os("SPM_REPORT_SAMPLES").unwrap());
    let others = testing::others();
    let mut sets = testing::sets();
    sets.push(("huge", vec![testing::large(100, 1000)]));
    for (name, set) in sets {
        let report = super::Report { others: &others, ..testing::report(&set) };
        for format in Format::ALL {
            let file = folder.join(format!("{}.{}", name.replace(' ', "-"), format.extension()));
            let mut file = std::fs::File::create(file).unwrap();
            write(format, &report, &View::default(), &TableStyle::default(), &mut file).unwrap();
        }
    }
}

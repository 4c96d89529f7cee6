//! SARIF 2.1.0, shaped for code scanning: one run per system, one result per check and resource that failed, and per rule
//! that a person answered so.
//!
//! GitHub shows every result as an open alert, whatever its `kind`; so what is Manual is a result only if the view asks for it by
//! `--result`. What is Passed or Not relevant never is. All of them are counted in the run's `properties.leftOut`, as is what
//! goes beyond the number of results that code scanning accepts (the worst are kept). Contract: `ruleId` is the check id (or
//! standard id and rule id of what a person answers), `partialFingerprints["spm/v1"]` is the identity of the finding,
//! stable across runs; a waiver is a suppression.

mod describe;

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use describe::{
    descriptor, encode, level, message, notifications, person_descriptor, person_level, person_rule, requirement, text,
    uri,
};

use super::view::{Finding, Row, Selection};
use super::{Each, Report};
use crate::base::digest;
use crate::base::text::sanitise;
use crate::model::{Assessment, CheckResult, Identity, Location, Outcome, State, WaiverSource};

/// Results per run that code scanning accepts.
const RESULTS: usize = 25_000;

pub fn write(report: &Report<'_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    let runs: Vec<Run<'_>> = report.assessments.iter().enumerate().map(|(at, a)| Run::new(at, a, selection)).collect();
    let document = Document {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: Each(|| runs.iter().map(Run::wire)),
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: R,
}

#[derive(Serialize)]
struct WireRun<R> {
    tool: Value,
    #[serde(rename = "automationDetails")]
    automation: Value,
    invocations: Value,
    #[serde(rename = "columnKind")]
    column_kind: &'static str,
    results: R,
    properties: Value,
}

/// What a run says of one system.
struct Run<'a> {
    assessment: &'a Assessment,
    /// Findings that become results, the worst first.
    findings: Vec<Finding<'a>>,
    /// Rules that a person answered, or has to.
    people: Vec<&'a Row<'a>>,
    /// Descriptors: position by id.
    rules: BTreeMap<String, usize>,
    descriptors: Vec<Value>,
    left_out: Value,
}

impl<'a> Run<'a> {
    fn new(system: usize, assessment: &'a Assessment, selection: &'a Selection<'a>) -> Run<'a> {
        let mut rows: Vec<&Row<'_>> = selection.rows_of(system).collect();
        // The requirements that each check answers.
        let mut answers: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        for row in &rows {
            for check in &row.rule.checks {
                answers.entry(*check).or_default().insert(requirement(row));
            }
        }
        let mut checks: Vec<(u32, &CheckResult)> = answers
            .keys()
            .filter_map(|index| Some((*index, assessment.checks.get(usize::try_from(*index).ok()?)?)))
            .collect();
        checks.sort_by(|(_, a), (_, b)| {
            b.check.severity().cmp(&a.check.severity()).then_with(|| a.check.id.cmp(&b.check.id))
        });

        let mut tags: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (index, check) in &checks {
            let requirements = answers.get(index).into_iter().flatten().map(String::as_str);
            tags.entry(&check.check.id).or_default().extend(requirements);
        }
        let with_manual = selection.view.results.contains(&State::Manual);
        rows.retain(|row| row.is_overruled() && !row.rule.out_of_scope);
        let all_people = rows.iter().filter(|row| matches!(row.state, State::Failed | State::Manual)).count();
        let mut people = rows;
        people.retain(|row| row.state == State::Failed || with_manual && row.state == State::Manual);
        let mut rules = BTreeMap::new();
        let mut descriptors = Vec::new();
        for (_, check) in &checks {
            let check = &*check.check;
            if let Entry::Vacant(entry) = rules.entry(check.id.clone()) {
                entry.insert(descriptors.len());
                descriptors.push(descriptor(check, tags.get(check.id.as_str()).into_iter().flatten().copied()));
            }
        }
        for row in &people {
            let id = person_rule(row);
            if let Entry::Vacant(entry) = rules.entry(id) {
                let described = person_descriptor(entry.key(), row);
                entry.insert(descriptors.len());
                descriptors.push(described);
            }
        }

        let room = RESULTS.saturating_sub(people.len());
        let mut findings = Vec::new();
        let mut eligible = 0;
        let mut groups = vec![is_open as fn(&Outcome) -> bool, is_waived];
        if with_manual {
            groups.push(|outcome| outcome.state == State::Manual);
        }
        for wanted in groups {
            for (check_index, check) in &checks {
                for outcome in check.outcomes.iter().filter(|o| wanted(o) && selection.lists(system, o)) {
                    let resource = usize::try_from(outcome.resource).ok().and_then(|at| assessment.resources.get(at));
                    if let Some(resource) = resource {
                        eligible += 1;
                        if findings.len() < room {
                            findings.push(Finding { check_index: *check_index, check, outcome, resource });
                        }
                    }
                }
            }
        }
        let all: usize = assessment.checks.iter().map(|check| check.outcomes.len()).sum();
        let listed = |state: State| -> usize {
            let of = |check: &CheckResult| {
                check.outcomes.iter().filter(|o| o.state == state && selection.lists(system, o)).count()
            };
            checks.iter().map(|(_, check)| of(check)).sum()
        };
        let (passed, not_relevant) = (listed(State::Passed), listed(State::NotRelevant));
        let manual = if with_manual { 0 } else { listed(State::Manual) };
        let left_out = json!({
            "manual": manual,
            "manualRules": all_people - people.len(),
            "passed": passed,
            "notRelevant": not_relevant,
            "beyondLimit": eligible - findings.len(),
            "byFilters": all - eligible - manual - passed - not_relevant,
        });
        Run { assessment, findings, people, rules, descriptors, left_out }
    }

    fn wire(&self) -> impl Serialize + '_ {
        let assessment = self.assessment;
        let posture: BTreeMap<&str, Option<u32>> =
            assessment.standards.iter().map(|s| (s.standard.id.as_str(), s.totals.posture())).collect();
        WireRun {
            tool: json!({"driver": {
                "name": "spm",
                "semanticVersion": assessment.tool_version,
                "informationUri": "https://github.com/spm-scanner/spm",
                "rules": self.descriptors,
            }}),
            automation: json!({"id": format!("spm/{}/", sanitise(&assessment.system.name))}),
            invocations: json!([{
                "executionSuccessful": true,
                "endTimeUtc": assessment.assessed_at,
                "toolExecutionNotifications": notifications(assessment),
            }]),
            column_kind: "unicodeCodePoints",
            results: Each(|| {
                let findings = self.findings.iter().map(|finding| self.result(finding));
                findings.chain(self.people.iter().map(|row| self.person_result(row)))
            }),
            properties: json!({
                "system": sanitise(&assessment.system.name),
                "technology": assessment.system.technology.as_str(),
                "posturePercent": posture,
                "leftOut": self.left_out,
            }),
        }
    }

    fn result(&self, finding: &Finding<'_>) -> Value {
        let (check, outcome) = (&finding.check.check, finding.outcome);
        let failed = outcome.state == State::Failed;
        let place = outcome.detail.iter().flat_map(|detail| &detail.evidence).find_map(|e| e.location.as_ref());
        let name = match &outcome.element {
            Some(element) => format!("{} {element}", finding.resource),
            None => finding.resource.to_string(),
        };
        let identity = Identity::new(finding.check, finding.resource, outcome).digest(&self.assessment.system);
        let mut result = json!({
            "ruleId": check.id,
            "ruleIndex": self.rules.get(&check.id),
            "kind": if failed { "fail" } else { "review" },
            "level": if failed { level(check.severity()) } else { "none" },
            "message": {"text": message(&name, check, outcome)},
            "locations": [self.location(place, Some((&name, &finding.resource.kind)))],
            "partialFingerprints": fingerprints(&identity, place.is_some()),
            "suppressions": [],
        });
        if let (Some(waiver), Some(slot)) = (&outcome.waiver, result.get_mut("suppressions")) {
            *slot = json!([{
                "kind": match waiver.source {
                    WaiverSource::File => "external",
                    WaiverSource::Annotation => "inSource",
                },
                "status": "accepted",
                "justification": text(&waiver.reason),
                "properties": {"owner": waiver.owner, "expires": waiver.expires},
            }]);
        }
        result
    }

    fn person_result(&self, row: &Row<'_>) -> Value {
        let id = person_rule(row);
        let hint = row.rule.hint.as_deref().unwrap_or("A person has to look.");
        let identity = digest::hex([self.assessment.system.name.as_str(), &id], 16);
        let failed = row.state == State::Failed;
        json!({
            "ruleId": id,
            "ruleIndex": self.rules.get(&id),
            "kind": if failed { "fail" } else { "review" },
            "level": person_level(row),
            "message": {"text": text(&format!("{}: {hint}", row.rule.title))},
            "locations": [self.location(None, None)],
            "partialFingerprints": fingerprints(&identity, false),
            "suppressions": [],
        })
    }

    // Code scanning wants a file and a line for everything: without a file the system stands for it.
    fn location(&self, place: Option<&Location>, object: Option<(&str, &str)>) -> Value {
        let system = &self.assessment.system;
        let uri =
            place.map_or_else(|| format!("{}/{}", system.technology, encode(&system.name)), |place| uri(&place.file));
        let line = place.map_or(1, |place| place.line.max(1));
        let mut location = json!({
            "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}},
        });
        if let (Some((name, kind)), Some(location)) = (object, location.as_object_mut()) {
            let logical = json!([{"fullyQualifiedName": sanitise(name), "kind": sanitise(kind)}]);
            location.insert("logicalLocations".to_owned(), logical);
        }
        location
    }
}

/// GitHub takes results of one rule at one place for one unless they say what tells them apart. For a line of a file it works
/// that out itself, and minds what is there already; it cannot for what is no file.
fn fingerprints(identity: &str, in_file: bool) -> Value {
    let mut fingerprints = json!({"spm/v1": identity});
    if let Some(map) = fingerprints.as_object_mut().filter(|_| !in_file) {
        map.insert("primaryLocationLineHash".to_owned(), Value::from(format!("{identity}:1")));
    }
    fingerprints
}

fn is_open(outcome: &Outcome) -> bool {
    outcome.state == State::Failed && outcome.waiver.is_none()
}

fn is_waived(outcome: &Outcome) -> bool {
    outcome.state == State::Failed && outcome.waiver.is_some()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::Value;

    use crate::model::State;
    use crate::report::{Format, Report, TableStyle, View, testing, write};

    fn sarif(report: &Report<'_>, view: &View) -> Value {
        let mut out = Vec::new();
        write(Format::Sarif, report, view, &TableStyle::default(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    // The schema of OASIS ships in crate serde-sarif, where cargo has put it.
    fn schema() -> Value {
        let version = Command::new("rustc").arg("-vV").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host, "--manifest-path"];
        // Packages of other platforms need not be on this machine.
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let output = Command::new(env!("CARGO")).args(arguments).arg(manifest).output().unwrap();
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
        let folder = std::path::Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        serde_json::from_slice(&std::fs::read(folder.join("src/schema.json")).unwrap()).unwrap()
    }

    #[test]
    fn follows_the_schema_of_oasis() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for (name, set) in testing::sets() {
            let json = sarif(&testing::report(&set), &View::default());
            let errors: Vec<String> =
                validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path)).collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        }
        let mut wrong = sarif(&testing::report(&[testing::cluster()]), &View::default());
        wrong["runs"][0]["results"][0]["kind"] = "bad".into();
        assert!(!validator.is_valid(&wrong));
    }

    #[test]
    fn every_outcome_is_a_result_or_counted() {
        let mut sets = testing::sets();
        // More failures than a run may hold.
        let mut large = testing::large(1, super::RESULTS + 700);
        large.checks[0].outcomes.iter_mut().for_each(|outcome| outcome.state = State::Failed);
        sets.push(("limit", vec![large]));
        let with_manual = View { results: State::ALL.to_vec(), ..View::default() };
        for ((name, set), view) in sets.iter().flat_map(|set| [(set, View::default()), (set, with_manual.clone())]) {
            let json = sarif(&testing::report(set), &view);
            for (assessment, run) in set.iter().zip(json["runs"].as_array().unwrap()) {
                let results = run["results"].as_array().unwrap();
                let manual = results.iter().filter(|r| r["kind"] == "review").count();
                assert!(manual == 0 || !view.results.is_empty(), "{name}: only on request");
                let mut people = results.iter().filter(|r| r["ruleId"].as_str().unwrap().contains('/')).count();
                let number = |n: &Value| usize::try_from(n.as_u64().unwrap()).unwrap();
                let mut left_out = run["properties"]["leftOut"].as_object().unwrap().clone();
                let rules_left_out = number(&left_out.remove("manualRules").unwrap());
                let left_out: usize = left_out.values().map(number).sum();
                let all: usize = assessment.checks.iter().map(|c| c.outcomes.len()).sum();
                assert_eq!(results.len() - people + left_out, all, "{name}");
                assert!(results.len() <= super::RESULTS);
                people += rules_left_out;
                let manual = |s: &crate::model::StandardResult| {
                    s.rules
                        .iter()
                        .filter(|r| r.checks.is_empty() && r.state == State::Manual && !r.out_of_scope)
                        .count()
                };
                assert_eq!(people, assessment.standards.iter().map(manual).sum::<usize>(), "{name}");
            }
        }
    }

    #[test]
    fn fingerprints_are_unique_and_do_not_depend_on_order() {
        let mut assessment = testing::cluster();
        let fingerprints = |assessment: &crate::model::Assessment| {
            let json = sarif(&testing::report(std::slice::from_ref(assessment)), &View::default());
            let results = json["runs"][0]["results"].as_array().unwrap().clone();
            let mut all: Vec<String> = results.iter().map(|r| r["partialFingerprints"]["spm/v1"].to_string()).collect();
            all.sort();
            all
        };
        let before = fingerprints(&assessment);
        assessment.checks.iter_mut().for_each(|check| check.outcomes.reverse());
        assert_eq!(fingerprints(&assessment), before);
        let mut unique = before.clone();
        unique.dedup();
        assert_eq!(unique.len(), before.len());
    }

    #[test]
    fn file_and_line_suppressions_and_kinds() {
        let view = View { results: vec![State::Failed, State::Manual], ..View::default() };
        let json = sarif(&testing::report(&[testing::cluster()]), &view);
        let results = json["runs"][0]["results"].as_array().unwrap();
        let find =
            |name: &str| results.iter().find(|r| r["message"]["text"].as_str().unwrap().starts_with(name)).unwrap();
        let placed = find("Deployment shop/cart app: ");
        assert_eq!(placed["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "deploy/cart.yaml");
        assert_eq!(placed["locations"][0]["physicalLocation"]["region"]["startLine"], 31);
        assert_eq!((&placed["kind"], &placed["level"]), (&"fail".into(), &"error".into()));
        let waived = find("DaemonSet ingress/router router");
        assert_eq!(waived["suppressions"][0]["properties"]["expires"], "2027-03-31");
        assert_eq!(waived["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "kubernetes/prod-eu-1");
        assert!(placed["partialFingerprints"]["primaryLocationLineHash"].is_null(), "the line tells");
        let waived = waived["partialFingerprints"].as_object().unwrap();
        assert_eq!(waived["primaryLocationLineHash"], format!("{}:1", waived["spm/v1"].as_str().unwrap()));
        let review = find("Node worker-3: no node data");
        assert_eq!((&review["kind"], &review["level"]), (&"review".into(), &"none".into()));
        let rules = json["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let rule = &rules[usize::try_from(placed["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], placed["ruleId"]);
        assert_eq!(rule["properties"]["security-severity"], "7.2");
        let tags = rule["properties"]["tags"].as_array().unwrap();
        assert_eq!(tags[..3], ["security", "CIS 1.12.0 5.2.2", "DORA 2022/2554 9.4(b)"]);
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(super::uri("./a b/c:d.yaml"), "a%20b/c%3Ad.yaml");
        assert_eq!(super::uri("/tmp/x.yaml"), "file:///tmp/x.yaml");
        assert_eq!(super::uri("a\\b"), "a/b");
    }
}

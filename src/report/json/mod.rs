//! JSON, format `spm.assessment/v1`: everything that the view shows, written as it is walked.
//!
//! The types of `wire` are the public contract, with `schema.json` beside them; they are not the model, so that the
//! model may change. A key is never removed or given another meaning within v1; new keys may appear. Absent optional values
//! are null. `actual` of evidence is JSON text, redacted and possibly shortened (`...` at its end).

mod read;
mod wire;

pub use read::{ReadBack, ReadError, read};

use std::io::{self, Write};

use serde::Serialize;

use super::view::{Row, Selection};
use super::{Each, Report};
use crate::model::{Assessment, CheckResult, StandardResult};
use wire::{
    Document, LeftOut, WireAssessment, WireCheck, WireCounts, WireFailed, WireGap, WireOther, WireOutcome, WireRule,
    WireScope, WireStandard, WireSystem, WireTotals,
};

/// Value of the key `format`.
pub const FORMAT: &str = "spm.assessment/v1";

/// The JSON Schema of the format.
pub const SCHEMA: &str = include_str!("schema.json");

pub fn write(report: &Report<'_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<Shown<'_>> =
        report.assessments.iter().enumerate().map(|(at, a)| Shown::new(at, a, selection)).collect();
    let outcomes: usize = shown.iter().map(|s| s.outcomes).sum();
    let all: usize = report.assessments.iter().flat_map(|a| &a.checks).map(|c| c.outcomes.len()).sum();
    let document = Document {
        format: FORMAT,
        left_out: LeftOut { rules: selection.left_out.rules, outcomes: all - outcomes },
        assessments: Each(|| shown.iter().map(|s| s.wire(selection))),
        other_systems: Each(|| report.others.iter().map(WireOther::new)),
        failed_scans: Each(|| report.failed.iter().map(WireFailed::new)),
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// Rows and checks of one assessment that the view shows.
struct Shown<'a> {
    system: usize,
    assessment: &'a Assessment,
    rows: Vec<&'a Row<'a>>,
    // Positions in the assessment, ascending.
    checks: Vec<usize>,
    outcomes: usize,
}

impl<'a> Shown<'a> {
    fn new(system: usize, assessment: &'a Assessment, selection: &'a Selection<'a>) -> Shown<'a> {
        let rows: Vec<&Row<'_>> = selection.rows_of(system).collect();
        let mut wanted = vec![false; assessment.checks.len()];
        for at in rows.iter().flat_map(|row| &row.rule.checks) {
            if let Some(wanted) = usize::try_from(*at).ok().and_then(|at| wanted.get_mut(at)) {
                *wanted = true;
            }
        }
        let checks: Vec<usize> = wanted.iter().enumerate().filter(|(_, wanted)| **wanted).map(|(at, _)| at).collect();
        let listed = |check: &CheckResult| check.outcomes.iter().filter(|o| selection.lists(system, o)).count();
        let outcomes = checks.iter().filter_map(|at| assessment.checks.get(*at)).map(listed).sum();
        Shown { system, assessment, rows, checks, outcomes }
    }

    fn wire(&'a self, selection: &'a Selection<'a>) -> impl Serialize + 'a {
        let a = self.assessment;
        WireAssessment {
            id: &a.id,
            assessed_at: &a.assessed_at,
            scope: WireScope::new(&a.scope),
            tool_version: &a.tool_version,
            system: WireSystem::new(&a.system),
            resources_read: &a.read,
            notes: &a.notes,
            gaps: Each(|| a.gaps.iter().map(WireGap::new)),
            standards: Each(|| {
                let shown = |s: &&StandardResult| self.rows.iter().any(|row| std::ptr::eq(row.standard, *s));
                a.standards.iter().filter(shown).map(|standard| self.standard(standard))
            }),
            checks: Each(|| {
                self.checks
                    .iter()
                    .filter_map(|at| Some((*at, a.checks.get(*at)?)))
                    .map(|(at, check)| self.check(at, check, selection))
            }),
        }
    }

    fn standard(&'a self, result: &'a StandardResult) -> impl Serialize + 'a {
        let standard = &result.standard;
        WireStandard {
            id: &standard.id,
            short_name: &standard.short,
            name: &standard.name,
            version: &standard.version,
            url: &standard.url,
            kind: standard.kind.as_str(),
            technology: standard.technology.as_str(),
            assessable_requirements: standard.assessable,
            selected: result.selected,
            totals: WireTotals::new(&result.totals),
            rules: Each(move || {
                self.rows.iter().filter(|row| std::ptr::eq(row.standard, result)).map(|row| WireRule::new(row))
            }),
        }
    }

    fn check(&'a self, index: usize, result: &'a CheckResult, selection: &'a Selection<'a>) -> impl Serialize + 'a {
        let check = &*result.check;
        WireCheck {
            index,
            id: &check.id,
            title: &check.title,
            resource: &check.resource,
            severity: check.severity().as_str(),
            score: check.ccss.base(),
            vector: check.ccss.to_string(),
            likelihood: check.ccss.likelihood(),
            technical_impact: check.ccss.technical_impact(),
            weakens: check.control.as_str(),
            themes: &check.themes,
            why: &check.why,
            fix: &check.fix,
            hint: check.hint.as_deref(),
            links: &check.links,
            parameters: &result.params,
            customised: &result.customised,
            counts: WireCounts::new(result.counts),
            outcomes: Each(move || {
                result.outcomes.iter().filter(|outcome| selection.lists(self.system, outcome)).filter_map(|outcome| {
                    let at = usize::try_from(outcome.resource).ok()?;
                    Some(WireOutcome::new(outcome, self.assessment.resources.get(at)?))
                })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::{Format, Report, TableStyle, View, testing, write};

    fn json(report: &Report<'_>, view: &View) -> Value {
        let mut out = Vec::new();
        write(Format::Json, report, view, &TableStyle::default(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn outcomes(json: &Value) -> usize {
        let assessments = json["assessments"].as_array().unwrap();
        let checks = assessments.iter().flat_map(|a| a["checks"].as_array().unwrap());
        checks.map(|c| c["outcomes"].as_array().unwrap().len()).sum()
    }

    #[test]
    fn follows_its_schema() {
        let schema = serde_json::from_str(super::SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let others = testing::others();
        for (name, set) in testing::sets() {
            let report = Report { others: &others, ..testing::report(&set) };
            let json = json(&report, &View { complete: true, ..View::default() });
            let errors: Vec<String> =
                validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path)).collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        }
        let mut wrong = json(&testing::report(&[testing::cluster()]), &View::default());
        wrong["assessments"][0]["checks"][0]["outcomes"][0]["result"] = "fine".into();
        assert!(!validator.is_valid(&wrong));
    }

    #[test]
    fn every_outcome_is_written_or_counted_as_left_out() {
        for (name, set) in testing::sets() {
            let all: usize = set.iter().flat_map(|a| &a.checks).map(|c| c.outcomes.len()).sum();
            for view in [
                View::default(),
                View { complete: true, ..View::default() },
                View { resource: Some("cart".to_owned()), ..View::default() },
            ] {
                let json = json(&testing::report(&set), &view);
                let left_out = usize::try_from(json["left_out"]["outcomes"].as_u64().unwrap()).unwrap();
                assert_eq!(outcomes(&json) + left_out, all, "{name} {view:?}");
            }
        }
    }

    #[test]
    fn an_outcome_with_everything() {
        let set = [testing::cluster()];
        let view = View {
            rule: Some("5.2.2".to_owned()),
            namespaces: vec!["shop".to_owned(), "ingress".to_owned()],
            ..View::default()
        };
        let json = json(&testing::report(&set), &view);
        let check = &json["assessments"][0]["checks"][0];
        assert_eq!(check["counts"]["failed"], 10);
        insta::assert_snapshot!(serde_json::to_string_pretty(&check["outcomes"]).unwrap());
        assert_eq!(json["assessments"][0]["standards"][0]["rules"][0]["counts"]["failed"], 2);
    }
}

//! JSON, format `spm.assessment/v1`: everything that the view shows, written as it is walked.
//!
//! The wire types below are the public contract, with `schema.json` beside them; they are not the model, so that the
//! model may change. A key is never removed or given another meaning within v1; new keys may appear. Absent optional values
//! are null. `actual` of evidence is JSON text, redacted and possibly shortened (`...` at its end).

mod read;

pub use read::{ReadBack, ReadError, read};

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::view::{Row, Selection};
use super::{Each, FailedScan, OtherSystem, Report, words};
use crate::model::{
    Assessment, CheckResult, Counts, Evidence, Gap, Outcome, ResourceRef, Scope, StandardKind, StandardResult, System,
    Totals, Waiver,
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
            kind: match standard.kind {
                StandardKind::Benchmark => "benchmark",
                StandardKind::Catalogue => "catalogue",
                StandardKind::Law => "law",
            },
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
            weakens: words::control(check.control),
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

#[derive(Serialize)]
struct Document<A, O, F> {
    format: &'static str,
    left_out: LeftOut,
    assessments: A,
    other_systems: O,
    failed_scans: F,
}

#[derive(Serialize)]
struct LeftOut {
    rules: usize,
    outcomes: usize,
}

#[derive(Serialize)]
struct WireAssessment<'a, G, S, C> {
    id: &'a str,
    assessed_at: &'a str,
    scope: WireScope<'a>,
    tool_version: &'a str,
    system: WireSystem<'a>,
    resources_read: &'a BTreeMap<String, usize>,
    notes: &'a [String],
    gaps: G,
    standards: S,
    checks: C,
}

#[derive(Serialize)]
struct WireSystem<'a> {
    technology: &'static str,
    name: &'a str,
    version: Option<&'a str>,
    distribution: Option<&'a str>,
    origin: &'a str,
}

impl<'a> WireSystem<'a> {
    fn new(system: &'a System) -> WireSystem<'a> {
        WireSystem {
            technology: system.technology.as_str(),
            name: &system.name,
            version: system.version.as_deref(),
            distribution: system.distribution.as_deref(),
            origin: &system.origin,
        }
    }
}

#[derive(Serialize)]
struct WireScope<'a> {
    files: Option<&'a [String]>,
    namespaces: Option<&'a [String]>,
    excluded_namespaces: &'a [String],
}

impl<'a> WireScope<'a> {
    fn new(scope: &'a Scope) -> WireScope<'a> {
        let Scope { files, namespaces, excluded_namespaces } = scope;
        WireScope { files: files.as_deref(), namespaces: namespaces.as_deref(), excluded_namespaces }
    }
}

#[derive(Serialize)]
struct WireOther<'a> {
    technology: &'static str,
    name: &'a str,
    status: &'static str,
    why: Option<&'a str>,
}

impl<'a> WireOther<'a> {
    fn new(other: &'a OtherSystem) -> WireOther<'a> {
        let status = match other.status {
            super::OtherStatus::NotEnabled => "not_enabled",
            super::OtherStatus::NoData => "no_data",
        };
        WireOther { technology: other.technology.as_str(), name: &other.name, status, why: other.why.as_deref() }
    }
}

#[derive(Serialize)]
struct WireFailed<'a> {
    technology: &'static str,
    name: &'a str,
    at: &'a str,
    why: &'a str,
}

impl<'a> WireFailed<'a> {
    fn new(failed: &'a FailedScan) -> WireFailed<'a> {
        let FailedScan { technology, name, at, why } = failed;
        WireFailed { technology: technology.as_str(), name, at, why }
    }
}

#[derive(Serialize)]
struct WireGap<'a> {
    kind: &'a str,
    scope: Option<&'a str>,
    reason: &'static str,
    detail: &'a str,
    permission: Option<&'a str>,
}

impl<'a> WireGap<'a> {
    fn new(gap: &'a Gap) -> WireGap<'a> {
        WireGap {
            kind: &gap.kind,
            scope: gap.scope.as_deref(),
            reason: gap.reason.as_str(),
            detail: &gap.detail,
            permission: gap.permission.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct WireStandard<'a, R> {
    id: &'a str,
    short_name: &'a str,
    name: &'a str,
    version: &'a str,
    url: &'a str,
    kind: &'static str,
    technology: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    assessable_requirements: Option<usize>,
    selected: bool,
    totals: WireTotals,
    rules: R,
}

/// Over all rules of the standard, whatever the view shows.
#[derive(Serialize)]
struct WireTotals {
    rules: WireCounts,
    out_of_scope: usize,
    without_check: usize,
    failed_by_severity: BySeverity,
    posture_percent: Option<u32>,
    posture_percent_with_waivers: Option<u32>,
}

impl WireTotals {
    fn new(totals: &Totals) -> WireTotals {
        let [critical, high, medium, low] = totals.failed_by_severity;
        WireTotals {
            rules: WireCounts::new(totals.rules),
            out_of_scope: totals.out_of_scope,
            without_check: totals.without_check,
            failed_by_severity: BySeverity { critical, high, medium, low },
            posture_percent: totals.posture(),
            posture_percent_with_waivers: totals.posture_with_waivers(),
        }
    }
}

#[derive(Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

#[derive(Serialize)]
struct WireCounts {
    failed: usize,
    waived: usize,
    manual: usize,
    passed: usize,
    not_relevant: usize,
}

impl WireCounts {
    fn new(counts: Counts) -> WireCounts {
        let Counts { failed, waived, manual, passed, not_relevant } = counts;
        WireCounts { failed, waived, manual, passed, not_relevant }
    }
}

#[derive(Serialize)]
struct WireRule<'a> {
    id: &'a str,
    title: &'a str,
    metadata: Pairs<'a>,
    severity: Option<&'static str>,
    result: &'static str,
    waived: bool,
    counts: WireCounts,
    checks: &'a [u32],
    hint: Option<&'a str>,
    out_of_scope: bool,
    partly: bool,
    mapping_source: Option<&'a str>,
}

impl<'a> WireRule<'a> {
    fn new(row: &Row<'a>) -> WireRule<'a> {
        let rule = row.rule;
        WireRule {
            id: &rule.id,
            title: &rule.title,
            metadata: Pairs(&rule.metadata),
            severity: rule.severity.map(|severity| severity.as_str()),
            result: row.state.as_str(),
            waived: row.is_waived(),
            counts: WireCounts::new(row.counts),
            checks: &rule.checks,
            hint: rule.hint.as_deref(),
            out_of_scope: rule.out_of_scope,
            partly: rule.partly,
            mapping_source: rule.source.as_deref(),
        }
    }
}

/// An object in the order of the pairs.
struct Pairs<'a>(&'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct WireCheck<'a, O> {
    index: usize,
    id: &'a str,
    title: &'a str,
    resource: &'a str,
    severity: &'static str,
    score: f64,
    vector: String,
    likelihood: String,
    technical_impact: String,
    weakens: &'static str,
    themes: &'a [String],
    why: &'a str,
    fix: &'a str,
    hint: Option<&'a str>,
    links: &'a [String],
    parameters: &'a BTreeMap<String, String>,
    customised: &'a [String],
    counts: WireCounts,
    outcomes: O,
}

#[derive(Serialize)]
struct WireOutcome<'a> {
    kind: &'a str,
    scope: Option<&'a str>,
    name: &'a str,
    element: Option<&'a str>,
    result: &'static str,
    reason: Option<&'a str>,
    hint: Option<&'a str>,
    evidence: Evidences<'a>,
    evidence_omitted: usize,
    waiver: Option<WireWaiver<'a>>,
}

impl<'a> WireOutcome<'a> {
    fn new(outcome: &'a Outcome, resource: &'a ResourceRef) -> WireOutcome<'a> {
        let detail = outcome.detail.as_deref();
        WireOutcome {
            kind: &resource.kind,
            scope: resource.scope.as_deref(),
            name: &resource.name,
            element: outcome.element.as_deref(),
            result: outcome.state.as_str(),
            reason: detail.map(|detail| detail.reason.as_str()),
            hint: detail.and_then(|detail| detail.hint.as_deref()),
            evidence: Evidences(detail.map_or(&[], |detail| &detail.evidence)),
            evidence_omitted: detail.map_or(0, |detail| detail.omitted),
            waiver: outcome.waiver.as_deref().map(WireWaiver::new),
        }
    }
}

struct Evidences<'a>(&'a [Evidence]);

impl Serialize for Evidences<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WireEvidence::new))
    }
}

#[derive(Serialize)]
struct WireEvidence<'a> {
    path: &'a str,
    actual: Option<&'a str>,
    expected: &'a str,
    source: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
}

impl<'a> WireEvidence<'a> {
    fn new(evidence: &'a Evidence) -> WireEvidence<'a> {
        WireEvidence {
            path: &evidence.path,
            actual: evidence.actual.as_deref(),
            expected: &evidence.expected,
            source: evidence.source.as_deref(),
            file: evidence.location.as_ref().map(|location| &*location.file),
            line: evidence.location.as_ref().map(|location| location.line),
        }
    }
}

#[derive(Serialize)]
struct WireWaiver<'a> {
    reason: &'a str,
    owner: Option<&'a str>,
    expires: Option<&'a str>,
    source: &'static str,
}

impl<'a> WireWaiver<'a> {
    fn new(waiver: &'a Waiver) -> WireWaiver<'a> {
        WireWaiver {
            reason: &waiver.reason,
            owner: waiver.owner.as_deref(),
            expires: waiver.expires.as_deref(),
            source: waiver.source.as_str(),
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

//! Reading `spm.assessment/v1` back, to compare a scan with an earlier one. What the file left out (its view decides) is
//! not there; indices of checks are those of the file.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use super::FORMAT;
use crate::model::{
    Assessment, CheckInfo, CheckResult, Control, Counts, Detail, Evidence, Gap, GapReason, Location, Outcome,
    ResourceRef, RuleResult, Scope, Severity, StandardInfo, StandardKind, StandardResult, State, System, Technology,
    Text, Totals, Waiver, WaiverSource,
};

/// Files above this size are refused, in bytes.
const LIMIT: u64 = 2 << 30;

/// A file that is no assessment.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not of this form.
    #[error("not an assessment that `spm scan --format json` wrote: {0}")]
    Form(#[from] serde_json::Error),
    /// Of another format.
    #[error("the format is \"{0}\", expected \"{FORMAT}\"")]
    Format(String),
    /// A value that stands for nothing.
    #[error("not an assessment that `spm scan --format json` wrote: {0}")]
    Value(String),
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct ReadBack {
    /// One assessment per system.
    pub assessments: Vec<Assessment>,
    /// The view of the document left rules out.
    pub partial: bool,
}

/// The assessments of a document.
pub fn read(input: impl Read) -> Result<ReadBack, ReadError> {
    let document: Document = serde_json::from_reader(input.take(LIMIT))?;
    if document.format != FORMAT {
        return Err(ReadError::Format(document.format));
    }
    let assessments = document.assessments.into_iter().map(WireAssessment::assessment);
    Ok(ReadBack { assessments: assessments.collect::<Result<_, _>>()?, partial: document.left_out.rules > 0 })
}

#[derive(Deserialize)]
struct Document {
    format: String,
    left_out: LeftOut,
    assessments: Vec<WireAssessment>,
}

#[derive(Deserialize)]
struct LeftOut {
    rules: usize,
}

#[derive(Deserialize)]
struct WireAssessment {
    id: String,
    assessed_at: String,
    // Files of versions that did not say it are of the whole system.
    #[serde(default)]
    scope: Scope,
    tool_version: String,
    system: WireSystem,
    resources_read: BTreeMap<String, usize>,
    notes: Vec<String>,
    gaps: Vec<WireGap>,
    standards: Vec<WireStandard>,
    checks: Vec<WireCheck>,
}

impl WireAssessment {
    fn assessment(self) -> Result<Assessment, ReadError> {
        let system = self.system;
        let mut assessment = Assessment {
            id: self.id,
            system: System {
                technology: technology(&system.technology)?,
                name: system.name,
                version: system.version,
                distribution: system.distribution,
                origin: system.origin,
            },
            assessed_at: self.assessed_at,
            scope: self.scope,
            tool_version: self.tool_version,
            resources: Vec::new(),
            checks: Vec::new(),
            standards: Vec::new(),
            gaps: self.gaps.into_iter().map(WireGap::gap).collect::<Result<_, _>>()?,
            notes: self.notes,
            read: self.resources_read,
        };
        let mut resources = BTreeMap::new();
        // The positions that rules name, and where the checks stand now.
        let mut places = BTreeMap::new();
        for check in self.checks {
            places.insert(check.index, u32::try_from(assessment.checks.len()).unwrap_or(u32::MAX));
            assessment.checks.push(check.result(&mut resources)?);
        }
        let mut sorted: Vec<(ResourceRef, u32)> = resources.into_iter().collect();
        sorted.sort_by_key(|(_, at)| *at);
        assessment.resources = sorted.into_iter().map(|(resource, _)| resource).collect();
        let standards = self.standards.into_iter().map(|standard| standard.result(&places));
        assessment.standards = standards.collect::<Result<_, _>>()?;
        Ok(assessment)
    }
}

#[derive(Deserialize)]
struct WireSystem {
    technology: String,
    name: String,
    version: Option<String>,
    distribution: Option<String>,
    origin: String,
}

#[derive(Deserialize)]
struct WireGap {
    kind: String,
    scope: Option<String>,
    reason: String,
    detail: String,
    permission: Option<String>,
}

impl WireGap {
    fn gap(self) -> Result<Gap, ReadError> {
        let WireGap { kind, scope, reason, detail, permission } = self;
        let reason = word("reason", &reason, &GapReason::ALL, |reason| reason.as_str())?;
        Ok(Gap { kind, scope, reason, detail, permission })
    }
}

#[derive(Deserialize)]
struct WireStandard {
    id: String,
    short_name: String,
    name: String,
    version: String,
    url: String,
    kind: StandardKind,
    technology: String,
    #[serde(default)]
    assessable_requirements: Option<usize>,
    selected: bool,
    totals: WireTotals,
    rules: Vec<WireRule>,
}

impl WireStandard {
    fn result(self, places: &BTreeMap<u32, u32>) -> Result<StandardResult, ReadError> {
        let standard = StandardInfo {
            id: self.id,
            short: self.short_name,
            name: self.name,
            version: self.version,
            url: self.url,
            kind: self.kind,
            technology: technology(&self.technology)?,
            assessable: self.assessable_requirements,
        };
        let rules = self.rules.into_iter().map(|rule| rule.result(places)).collect::<Result<_, _>>()?;
        let BySeverity { critical, high, medium, low } = self.totals.failed_by_severity;
        let totals = Totals {
            rules: self.totals.rules.into(),
            out_of_scope: self.totals.out_of_scope,
            without_check: self.totals.without_check,
            failed_by_severity: [critical, high, medium, low],
        };
        Ok(StandardResult { standard, selected: self.selected, rules, totals })
    }
}

#[derive(Deserialize)]
struct WireTotals {
    rules: WireCounts,
    out_of_scope: usize,
    without_check: usize,
    failed_by_severity: BySeverity,
}

#[derive(Deserialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

#[derive(Deserialize)]
struct WireCounts {
    failed: usize,
    waived: usize,
    manual: usize,
    passed: usize,
    not_relevant: usize,
}

impl From<WireCounts> for Counts {
    fn from(wire: WireCounts) -> Counts {
        let WireCounts { failed, waived, manual, passed, not_relevant } = wire;
        Counts { failed, waived, manual, passed, not_relevant }
    }
}

#[derive(Deserialize)]
struct WireRule {
    id: String,
    title: String,
    metadata: serde_json::Map<String, serde_json::Value>,
    severity: Option<Severity>,
    result: State,
    counts: WireCounts,
    checks: Vec<u32>,
    hint: Option<String>,
    out_of_scope: bool,
    partly: bool,
    mapping_source: Option<String>,
}

impl WireRule {
    fn result(self, places: &BTreeMap<u32, u32>) -> Result<RuleResult, ReadError> {
        let place = |at: &u32| {
            let known = places.get(at).copied();
            known.ok_or_else(|| ReadError::Value(format!("rule {} names the missing check {at}", self.id)))
        };
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok(RuleResult {
            checks: self.checks.iter().map(place).collect::<Result<_, _>>()?,
            metadata: self.metadata.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            id: self.id,
            title: self.title,
            severity: self.severity,
            state: self.result,
            counts: self.counts.into(),
            hint: self.hint,
            out_of_scope: self.out_of_scope,
            partly: self.partly,
            source: self.mapping_source,
        })
    }
}

#[derive(Deserialize)]
struct WireCheck {
    index: u32,
    id: String,
    title: String,
    resource: String,
    vector: String,
    weakens: Control,
    themes: Vec<String>,
    why: String,
    fix: String,
    hint: Option<String>,
    links: Vec<String>,
    parameters: BTreeMap<String, String>,
    customised: Vec<String>,
    counts: WireCounts,
    outcomes: Vec<WireOutcome>,
}

impl WireCheck {
    fn result(self, resources: &mut BTreeMap<ResourceRef, u32>) -> Result<CheckResult, ReadError> {
        let ccss = self.vector.parse();
        let check = CheckInfo {
            ccss: ccss.map_err(|error| ReadError::Value(format!("the vector of {}: {error}", self.id)))?,
            id: self.id,
            title: self.title,
            resource: self.resource,
            control: self.weakens,
            themes: self.themes,
            why: self.why,
            fix: self.fix,
            hint: self.hint,
            links: self.links,
        };
        let outcomes = self.outcomes.into_iter().map(|outcome| outcome.outcome(resources)).collect();
        let (params, customised) = (self.parameters, self.customised);
        Ok(CheckResult { check: Arc::new(check), params, customised, outcomes, counts: self.counts.into() })
    }
}

#[derive(Deserialize)]
struct WireOutcome {
    kind: Text,
    scope: Option<Text>,
    name: Text,
    element: Option<Text>,
    result: State,
    reason: Option<String>,
    hint: Option<String>,
    evidence: Vec<WireEvidence>,
    evidence_omitted: usize,
    waiver: Option<WireWaiver>,
}

impl WireOutcome {
    fn outcome(self, resources: &mut BTreeMap<ResourceRef, u32>) -> Outcome {
        let next = u32::try_from(resources.len()).unwrap_or(u32::MAX);
        let resource = ResourceRef { kind: self.kind, scope: self.scope, name: self.name };
        let evidence: Vec<Evidence> = self.evidence.into_iter().map(WireEvidence::evidence).collect();
        let (hint, omitted) = (self.hint, self.evidence_omitted);
        Outcome {
            resource: *resources.entry(resource).or_insert(next),
            element: self.element,
            state: self.result,
            detail: self.reason.map(|reason| Arc::new(Detail { reason, hint, evidence, omitted })),
            waiver: self.waiver.map(|WireWaiver { reason, owner, expires, source }| {
                Arc::new(Waiver { reason, owner, expires, source })
            }),
        }
    }
}

#[derive(Deserialize)]
struct WireEvidence {
    path: String,
    actual: Option<String>,
    expected: String,
    source: Option<String>,
    file: Option<Text>,
    line: Option<u32>,
}

impl WireEvidence {
    fn evidence(self) -> Evidence {
        let WireEvidence { path, actual, expected, source, file, line } = self;
        let location = file.zip(line).map(|(file, line)| Location { file, line });
        Evidence { path, actual, expected, source, location }
    }
}

#[derive(Deserialize)]
struct WireWaiver {
    reason: String,
    owner: Option<String>,
    expires: Option<String>,
    #[serde(default)]
    source: WaiverSource,
}

fn technology(text: &str) -> Result<Technology, ReadError> {
    word("technology", text, &Technology::ALL, |technology| technology.as_str())
}

fn word<T: Copy>(what: &str, text: &str, known: &[T], name: impl Fn(&T) -> &'static str) -> Result<T, ReadError> {
    let found = known.iter().find(|known| name(known) == text).copied();
    found.ok_or_else(|| ReadError::Value(format!("unknown {what} \"{text}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Format, TableStyle, View, testing, write};

    #[test]
    fn what_was_written_is_read() {
        for (name, set) in testing::sets() {
            let mut out = Vec::new();
            let view = View { complete: true, ..View::default() };
            write(Format::Json, &testing::report(&set), &view, &TableStyle::default(), &mut out).unwrap();
            let read = read(out.as_slice()).unwrap_or_else(|error| panic!("{name}: {error}")).assessments;
            // Written again it says the same, whatever the order of the resources inside.
            let mut again = Vec::new();
            write(Format::Json, &testing::report(&read), &view, &TableStyle::default(), &mut again).unwrap();
            let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
            let (mut first, mut second) = (json(&out), json(&again));
            for document in [&mut first, &mut second] {
                document["left_out"] = serde_json::Value::Null;
                for assessment in document["assessments"].as_array_mut().unwrap() {
                    // Checks that no rule maps to are not in the file, so the others are numbered anew.
                    for check in assessment["checks"].as_array_mut().unwrap() {
                        check["index"] = serde_json::Value::Null;
                    }
                    for standard in assessment["standards"].as_array_mut().unwrap() {
                        for rule in standard["rules"].as_array_mut().unwrap() {
                            rule["checks"] = serde_json::Value::Null;
                        }
                    }
                }
            }
            assert_eq!(first, second, "{name}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        let error = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert!(error("kind: Pod").starts_with("not an assessment"));
        assert!(error("[]").starts_with("not an assessment"));
        assert_eq!(
            error(r#"{"format":"spm.assessment/v9","left_out":{"rules":0},"assessments":[]}"#),
            "the format is \"spm.assessment/v9\", expected \"spm.assessment/v1\""
        );
    }
}

//! The wire types of the format, in the order of the document.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::model::{Counts, Evidence, Gap, Outcome, ResourceRef, Scope, System, Totals, Waiver};
use crate::report::view::Row;
use crate::report::{FailedScan, OtherStatus, OtherSystem};

#[derive(Serialize)]
pub(super) struct Document<A, O, F> {
    pub(super) format: &'static str,
    pub(super) left_out: LeftOut,
    pub(super) assessments: A,
    pub(super) other_systems: O,
    pub(super) failed_scans: F,
}

#[derive(Serialize)]
pub(super) struct LeftOut {
    pub(super) rules: usize,
    pub(super) outcomes: usize,
}

#[derive(Serialize)]
pub(super) struct WireAssessment<'a, G, S, C> {
    pub(super) id: &'a str,
    pub(super) assessed_at: &'a str,
    pub(super) scope: WireScope<'a>,
    pub(super) tool_version: &'a str,
    pub(super) system: WireSystem<'a>,
    pub(super) resources_read: &'a BTreeMap<String, usize>,
    pub(super) notes: &'a [String],
    pub(super) gaps: G,
    pub(super) standards: S,
    pub(super) checks: C,
}

#[derive(Serialize)]
pub(super) struct WireSystem<'a> {
    pub(super) technology: &'static str,
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) distribution: Option<&'a str>,
    pub(super) origin: &'a str,
}

impl<'a> WireSystem<'a> {
    pub(super) fn new(system: &'a System) -> WireSystem<'a> {
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
pub(super) struct WireScope<'a> {
    pub(super) files: Option<&'a [String]>,
    pub(super) namespaces: Option<&'a [String]>,
    pub(super) excluded_namespaces: &'a [String],
}

impl<'a> WireScope<'a> {
    pub(super) fn new(scope: &'a Scope) -> WireScope<'a> {
        let Scope { files, namespaces, excluded_namespaces } = scope;
        WireScope { files: files.as_deref(), namespaces: namespaces.as_deref(), excluded_namespaces }
    }
}

#[derive(Serialize)]
pub(super) struct WireOther<'a> {
    pub(super) technology: &'static str,
    pub(super) name: &'a str,
    pub(super) status: &'static str,
    pub(super) why: Option<&'a str>,
}

impl<'a> WireOther<'a> {
    pub(super) fn new(other: &'a OtherSystem) -> WireOther<'a> {
        let status = match other.status {
            OtherStatus::NotEnabled => "not_enabled",
            OtherStatus::NoData => "no_data",
        };
        WireOther { technology: other.technology.as_str(), name: &other.name, status, why: other.why.as_deref() }
    }
}

#[derive(Serialize)]
pub(super) struct WireFailed<'a> {
    pub(super) technology: &'static str,
    pub(super) name: &'a str,
    pub(super) at: &'a str,
    pub(super) why: &'a str,
}

impl<'a> WireFailed<'a> {
    pub(super) fn new(failed: &'a FailedScan) -> WireFailed<'a> {
        let FailedScan { technology, name, at, why } = failed;
        WireFailed { technology: technology.as_str(), name, at, why }
    }
}

#[derive(Serialize)]
pub(super) struct WireGap<'a> {
    pub(super) kind: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) reason: &'static str,
    pub(super) detail: &'a str,
    pub(super) permission: Option<&'a str>,
}

impl<'a> WireGap<'a> {
    pub(super) fn new(gap: &'a Gap) -> WireGap<'a> {
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
pub(super) struct WireStandard<'a, R> {
    pub(super) id: &'a str,
    pub(super) short_name: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) url: &'a str,
    pub(super) kind: &'static str,
    pub(super) technology: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) assessable_requirements: Option<usize>,
    pub(super) selected: bool,
    pub(super) totals: WireTotals,
    pub(super) rules: R,
}

/// Over all rules of the standard, whatever the view shows.
#[derive(Serialize)]
pub(super) struct WireTotals {
    pub(super) rules: WireCounts,
    pub(super) out_of_scope: usize,
    pub(super) without_check: usize,
    pub(super) failed_by_severity: BySeverity,
    pub(super) posture_percent: Option<u32>,
    pub(super) posture_percent_with_waivers: Option<u32>,
}

impl WireTotals {
    pub(super) fn new(totals: &Totals) -> WireTotals {
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
pub(super) struct BySeverity {
    pub(super) critical: usize,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
}

#[derive(Serialize)]
pub(super) struct WireCounts {
    pub(super) failed: usize,
    pub(super) waived: usize,
    pub(super) manual: usize,
    pub(super) passed: usize,
    pub(super) not_relevant: usize,
}

impl WireCounts {
    pub(super) fn new(counts: Counts) -> WireCounts {
        let Counts { failed, waived, manual, passed, not_relevant } = counts;
        WireCounts { failed, waived, manual, passed, not_relevant }
    }
}

#[derive(Serialize)]
pub(super) struct WireRule<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) metadata: Pairs<'a>,
    pub(super) severity: Option<&'static str>,
    pub(super) result: &'static str,
    pub(super) waived: bool,
    pub(super) counts: WireCounts,
    pub(super) checks: &'a [u32],
    pub(super) hint: Option<&'a str>,
    pub(super) out_of_scope: bool,
    pub(super) partly: bool,
    pub(super) mapping_source: Option<&'a str>,
}

impl<'a> WireRule<'a> {
    pub(super) fn new(row: &Row<'a>) -> WireRule<'a> {
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
pub(super) struct Pairs<'a>(pub(super) &'a [(String, String)]);

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
pub(super) struct WireCheck<'a, O> {
    pub(super) index: usize,
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) resource: &'a str,
    pub(super) severity: &'static str,
    pub(super) score: f64,
    pub(super) vector: String,
    pub(super) likelihood: String,
    pub(super) technical_impact: String,
    pub(super) weakens: &'static str,
    pub(super) themes: &'a [String],
    pub(super) why: &'a str,
    pub(super) fix: &'a str,
    pub(super) hint: Option<&'a str>,
    pub(super) links: &'a [String],
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) customised: &'a [String],
    pub(super) counts: WireCounts,
    pub(super) outcomes: O,
}

#[derive(Serialize)]
pub(super) struct WireOutcome<'a> {
    pub(super) kind: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) element: Option<&'a str>,
    pub(super) result: &'static str,
    pub(super) reason: Option<&'a str>,
    pub(super) hint: Option<&'a str>,
    pub(super) evidence: Evidences<'a>,
    pub(super) evidence_omitted: usize,
    pub(super) waiver: Option<WireWaiver<'a>>,
}

impl<'a> WireOutcome<'a> {
    pub(super) fn new(outcome: &'a Outcome, resource: &'a ResourceRef) -> WireOutcome<'a> {
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

pub(super) struct Evidences<'a>(pub(super) &'a [Evidence]);

impl Serialize for Evidences<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WireEvidence::new))
    }
}

#[derive(Serialize)]
pub(super) struct WireEvidence<'a> {
    pub(super) path: &'a str,
    pub(super) actual: Option<&'a str>,
    pub(super) expected: &'a str,
    pub(super) source: Option<&'a str>,
    pub(super) file: Option<&'a str>,
    pub(super) line: Option<u32>,
}

impl<'a> WireEvidence<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> WireEvidence<'a> {
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
pub(super) struct WireWaiver<'a> {
    pub(super) reason: &'a str,
    pub(super) owner: Option<&'a str>,
    pub(super) expires: Option<&'a str>,
    pub(super) source: &'static str,
}

impl<'a> WireWaiver<'a> {
    pub(super) fn new(waiver: &'a Waiver) -> WireWaiver<'a> {
        WireWaiver {
            reason: &waiver.reason,
            owner: waiver.owner.as_deref(),
            expires: waiver.expires.as_deref(),
            source: waiver.source.as_str(),
        }
    }
}

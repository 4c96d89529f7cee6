//! The explanation for tools, format `spm.explanation/v1`. Words and keys are those of `spm.assessment/v1`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Explanation, Filter, SystemPart, Trace};
use crate::model::{CheckInfo, Counts};
use crate::report::view::Finding;

pub fn write(
    explanations: &[Explanation<'_>],
    filter: &Filter,
    traces: &[Trace],
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = json!({
        "format": "spm.explanation/v1",
        "explanations": explanations.iter().map(|explanation| value(explanation, filter, traces)).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn value(explanation: &Explanation<'_>, filter: &Filter, traces: &[Trace]) -> Value {
    let rule = explanation.rule.map(|(standard, rule)| {
        json!({
            "id": rule.id, "title": rule.title,
            "standard": {"id": standard.id, "short_name": standard.short, "name": standard.name,
                "version": standard.version, "url": standard.url, "kind": standard.kind},
            "metadata": rule.metadata.iter().map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect::<serde_json::Map<String, Value>>(),
            "severity": rule.severity, "out_of_scope": rule.out_of_scope, "partly": rule.partly, "hint": rule.hint,
            "mapping_source": rule.source,
        })
    });
    let own = traces.iter().filter(|trace| explanation.checks.iter().any(|check| check.id == trace.check));
    json!({
        "name": explanation.name(),
        "rule": rule,
        "asked_by": explanation.asked_by,
        "checks": explanation.checks.iter().map(|info| check(info)).collect::<Vec<_>>(),
        "systems": explanation.systems.iter().map(|part| system(part, filter)).collect::<Vec<_>>(),
        "trace": own.map(|trace| json!({"check": trace.check, "logic": trace.logic,
            "reads": trace.reads.iter().map(|(source, paths)| json!({"source": source, "paths": paths})).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn check(check: &CheckInfo) -> Value {
    json!({
        "id": check.id, "title": check.title, "resource": check.resource, "severity": check.severity(),
        "score": check.ccss.base(), "vector": check.ccss.to_string(), "likelihood": check.ccss.likelihood(),
        "technical_impact": check.ccss.technical_impact(), "weakens": check.control.as_str(),
        "themes": check.themes, "why": check.why, "fix": check.fix, "hint": check.hint, "links": check.links,
    })
}

fn system(part: &SystemPart<'_>, filter: &Filter) -> Value {
    let Counts { failed, waived, manual, passed, not_relevant } = part.counts;
    let system = &part.assessment.system;
    let (findings, left_out) = part.findings(filter);
    json!({
        "name": system.name, "technology": system.technology, "version": system.version,
        "distribution": system.distribution, "assessed_at": part.assessment.assessed_at, "scan_id": part.assessment.id,
        "result": part.state, "hint": part.hint,
        "counts": {"failed": failed, "waived": waived, "manual": manual, "passed": passed, "not_relevant": not_relevant},
        "checks": part.checks.iter().map(|(_, check)| json!({"id": check.check.id, "parameters": check.params,
            "customised": check.customised})).collect::<Vec<_>>(),
        "resources": findings.iter().map(resource).collect::<Vec<_>>(),
        "left_out": left_out,
    })
}

fn resource(finding: &Finding<'_>) -> Value {
    let detail = finding.outcome.detail.as_deref();
    let evidence = detail.map_or(&[][..], |detail| &detail.evidence);
    let evidence = evidence.iter().map(|evidence| {
        json!({"path": evidence.path, "actual": evidence.actual, "expected": evidence.expected,
            "source": evidence.source, "file": evidence.location.as_ref().map(|location| &*location.file),
            "line": evidence.location.as_ref().map(|location| location.line)})
    });
    json!({
        "check": finding.check.check.id,
        "kind": &*finding.resource.kind, "scope": finding.resource.scope, "name": &*finding.resource.name,
        "element": finding.outcome.element, "result": finding.outcome.state,
        "reason": detail.map(|detail| &detail.reason), "hint": detail.and_then(|detail| detail.hint.as_ref()),
        "evidence": evidence.collect::<Vec<_>>(), "evidence_omitted": detail.map_or(0, |detail| detail.omitted),
        "waiver": finding.outcome.waiver.as_ref().map(|waiver| {
            json!({"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires,
                "source": waiver.source.as_str()})
        }),
    })
}

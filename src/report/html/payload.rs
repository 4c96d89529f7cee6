//! The data of the page, compact: text is kept once in a table, resources and details are numbers.
//!
//! Resources are added in the order of attention until the page would grow beyond [`BUDGET`]; the rest is counted, per check.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;

use crate::base::text::sanitise;
use crate::model::{CheckInfo, CheckResult, Detail, Outcome, Severity, State, Waiver};
use crate::report::view::Selection;
use crate::report::{Report, words};

/// Bytes of JSON from which on no further resources are added. Readers open the file in a browser.
const BUDGET: usize = 17_000_000;
/// Bytes of the numbers of one outcome.
const OUTCOME: usize = 16;

/// Number of something that may be absent: 0, else its position + 1.
type Optional = usize;

#[derive(Default)]
struct Texts {
    known: HashMap<String, usize>,
    list: Vec<String>,
    bytes: usize,
}

impl Texts {
    fn add(&mut self, text: &str) -> usize {
        let text = sanitise(text);
        if let Some(at) = self.known.get(text.as_ref()) {
            return *at;
        }
        self.bytes += text.len() + 4;
        self.list.push(text.clone().into_owned());
        self.known.insert(text.into_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    fn optional(&mut self, text: Option<&str>) -> Optional {
        text.map_or(0, |text| self.add(text) + 1)
    }
}

/// Values that repeat, by their JSON text.
#[derive(Default)]
struct Pool {
    known: HashMap<String, usize>,
    list: Vec<String>,
    bytes: usize,
}

impl Pool {
    fn add(&mut self, value: &impl Serialize) -> usize {
        let text = serde_json::to_string(value).unwrap_or_default();
        if let Some(at) = self.known.get(&text) {
            return *at;
        }
        self.bytes += text.len() + 1;
        self.list.push(text.clone());
        self.known.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }

    fn json(&self) -> String {
        format!("[{}]", self.list.join(","))
    }
}

/// One check on one system.
#[derive(Serialize)]
struct Evaluation {
    check: usize,
    params: String,
    customised: Vec<String>,
    /// Resources, differences to the one before.
    r: Vec<i64>,
    /// Elements, as optional texts; empty if none has one.
    e: Vec<Optional>,
    /// States, one digit each.
    s: String,
    /// Details, optional.
    d: Vec<Optional>,
    /// Waivers, optional; empty if there are none.
    w: Vec<Optional>,
    /// Outcomes that are not in the page.
    left: usize,
}

#[derive(Default)]
struct Builder {
    texts: Texts,
    details: Pool,
    waivers: Pool,
    resources: Pool,
    checks: Pool,
    spent: usize,
}

/// The JSON text; `complete` says which view the page begins with.
pub fn json(report: &Report<'_>, selection: &Selection<'_>, complete: bool) -> String {
    let mut builder = Builder::default();
    let mut numbers: HashMap<(usize, u32), usize> = HashMap::new();
    let mut picked: Vec<(usize, &CheckResult)> = Vec::new();
    for row in &selection.rows {
        for index in &row.rule.checks {
            let check = usize::try_from(*index).ok().and_then(|at| row.assessment.checks.get(at));
            if let (Some(check), false) = (check, numbers.contains_key(&(row.system, *index))) {
                numbers.insert((row.system, *index), picked.len());
                picked.push((row.system, check));
            }
        }
    }
    let mut evaluations: Vec<Evaluation> = picked.iter().map(|(_, check)| builder.evaluation(check)).collect();
    let mut last = vec![0; evaluations.len()];
    for state in State::ALL {
        for (at, (system, check)) in picked.iter().enumerate() {
            let (Some(evaluation), Some(last)) = (evaluations.get_mut(at), last.get_mut(at)) else { continue };
            let Some(assessment) = report.assessments.get(*system) else { continue };
            for outcome in check.outcomes.iter().filter(|o| o.state == state && selection.lists(*system, o)) {
                let resource = usize::try_from(outcome.resource).ok().and_then(|at| assessment.resources.get(at));
                match resource {
                    Some(resource) if builder.bytes() < BUDGET => {
                        let parts = [&*resource.kind, resource.scope.as_deref().unwrap_or_default()];
                        let [kind, scope] = parts.map(|part| builder.texts.add(part));
                        let scope = if resource.scope.is_some() { scope + 1 } else { 0 };
                        let name = sanitise(&resource.name);
                        let number = builder.resources.add(&(*system, kind, scope, name));
                        builder.outcome(evaluation, last, number, outcome);
                    }
                    _ => evaluation.left += 1,
                }
            }
        }
    }
    for evaluation in &mut evaluations {
        for column in [&mut evaluation.e, &mut evaluation.w] {
            if column.iter().all(|n| *n == 0) {
                column.clear();
            }
        }
    }

    let mut standards = Pool::default();
    let rules: Vec<_> = selection
        .rows
        .iter()
        .map(|row| {
            let rule = row.rule;
            let standard = &row.standard.standard;
            let known = json!({
                "short": sanitise(&standard.short),
                "name": sanitise(&standard.name),
                "version": sanitise(&standard.version),
                "url": link(&standard.url),
            });
            let counts = row.counts;
            let evaluations: Vec<usize> =
                rule.checks.iter().filter_map(|check| numbers.get(&(row.system, *check)).copied()).collect();
            let metadata: Vec<(String, String)> =
                rule.metadata.iter().map(|(k, v)| (sanitise(k).into_owned(), sanitise(v).into_owned())).collect();
            json!({
                "system": row.system,
                "standard": standards.add(&known),
                "id": sanitise(&rule.id),
                "title": sanitise(&rule.title),
                "severity": rule.severity.map_or(4, severity),
                "state": row.state as usize,
                "n": [counts.failed, counts.waived, counts.manual, counts.passed, counts.not_relevant],
                "checks": evaluations,
                "hint": rule.hint.as_deref().map(sanitise),
                "out": rule.out_of_scope,
                "partly": rule.partly,
                "source": rule.source.as_deref().map(sanitise),
                "metadata": metadata,
            })
        })
        .collect();
    let systems: Vec<_> = report
        .assessments
        .iter()
        .map(|a| json!({"name": sanitise(&a.system.name), "technology": a.system.technology.as_str(), "at": sanitise(&a.assessed_at)}))
        .collect();
    let part = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "null".to_owned());
    format!(
        "{{\"complete\":{complete},\"systems\":{},\"standards\":{},\"rules\":{},\"evaluations\":{},\"checks\":{},\
         \"resources\":{},\"details\":{},\"waivers\":{},\"texts\":{}}}",
        part(serde_json::to_string(&systems)),
        standards.json(),
        part(serde_json::to_string(&rules)),
        part(serde_json::to_string(&evaluations)),
        builder.checks.json(),
        builder.resources.json(),
        builder.details.json(),
        builder.waivers.json(),
        part(serde_json::to_string(&builder.texts.list)),
    )
}

impl Builder {
    fn bytes(&self) -> usize {
        self.texts.bytes
            + self.details.bytes
            + self.waivers.bytes
            + self.resources.bytes
            + self.checks.bytes
            + self.spent
    }

    fn evaluation(&mut self, result: &CheckResult) -> Evaluation {
        let params: Vec<String> = result.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        Evaluation {
            check: self.checks.add(&check(&result.check)),
            params: sanitise(&params.join(", ")).into_owned(),
            customised: result.customised.iter().map(|name| sanitise(name).into_owned()).collect(),
            r: Vec::new(),
            e: Vec::new(),
            s: String::new(),
            d: Vec::new(),
            w: Vec::new(),
            left: 0,
        }
    }

    fn outcome(&mut self, evaluation: &mut Evaluation, last: &mut i64, resource: usize, outcome: &Outcome) {
        let resource = i64::try_from(resource).unwrap_or_default();
        evaluation.r.push(resource - *last);
        *last = resource;
        evaluation.e.push(self.texts.optional(outcome.element.as_deref()));
        evaluation.s.push_str(["0", "1", "2", "3"].get(outcome.state as usize).copied().unwrap_or_default());
        let detail = outcome.detail.as_deref().map_or(0, |detail| self.detail(detail) + 1);
        evaluation.d.push(detail);
        let waiver = outcome.waiver.as_deref().map_or(0, |waiver| self.waiver(waiver) + 1);
        evaluation.w.push(waiver);
        self.spent += OUTCOME;
    }

    fn detail(&mut self, detail: &Detail) -> usize {
        let texts = &mut self.texts;
        let evidence: Vec<[usize; 6]> = detail
            .evidence
            .iter()
            .map(|evidence| {
                let place = evidence.location.as_ref();
                [
                    texts.add(words::property(evidence)),
                    texts.optional(evidence.actual.as_deref()),
                    texts.add(&evidence.expected),
                    texts.optional(evidence.source.as_deref()),
                    texts.optional(place.map(|place| &*place.file)),
                    place.and_then(|place| usize::try_from(place.line).ok()).unwrap_or(0),
                ]
            })
            .collect();
        let head = (
            texts.add(words::reason(detail).unwrap_or_default()),
            texts.optional(detail.hint.as_deref()),
            detail.omitted,
        );
        self.details.add(&(head.0, head.1, head.2, evidence))
    }

    fn waiver(&mut self, waiver: &Waiver) -> usize {
        let optional = |text: &Option<String>| text.as_deref().map(|text| sanitise(text).into_owned());
        let source = waiver.source.as_str();
        self.waivers.add(&(sanitise(&waiver.reason), optional(&waiver.owner), optional(&waiver.expires), source))
    }
}

// The worst is 0.
fn severity(severity: Severity) -> usize {
    Severity::ALL.iter().position(|known| *known == severity).unwrap_or(3)
}

fn check(check: &CheckInfo) -> serde_json::Value {
    json!({
        "id": sanitise(&check.id),
        "title": sanitise(&check.title),
        "resource": sanitise(&check.resource),
        "severity": severity(check.severity()),
        "score": check.ccss.base(),
        "vector": check.ccss.to_string(),
        "likelihood": check.ccss.likelihood(),
        "impact": check.ccss.technical_impact(),
        "control": check.control.as_str(),
        "why": sanitise(&check.why),
        "fix": sanitise(&check.fix),
        "hint": check.hint.as_deref().map(sanitise),
        "links": check.links.iter().filter_map(|url| link(url)).collect::<Vec<_>>(),
    })
}

// Only plain web addresses become links.
fn link(url: &str) -> Option<&str> {
    (url.starts_with("https://") && url.chars().all(|c| c.is_ascii_graphic())).then_some(url)
}

//! Reading a scan back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use rusqlite::{CachedStatement, Connection, Row, params};

use super::codec::{Decoder, expand};
use super::error::Fault;
use super::{StandardPoint, SystemKey};
use crate::model::{
    Assessment, CheckInfo, CheckResult, Counts, Detail, Evidence, Location, Outcome, ResourceRef, RuleResult, Severity,
    StandardResult, State, System, Text, Totals, Waiver,
};

/// Subjects of a check: place of the resource, element.
type Subjects = Arc<[(u32, Option<Text>)]>;

/// An outcome without its subject.
type Verdict = (State, Option<Arc<Detail>>, Option<Arc<Waiver>>);

/// The scan in row `scan` with the outcomes of the `wanted` checks.
pub(super) fn load(
    connection: &Connection,
    system: &SystemKey,
    scan: i64,
    wanted: &dyn Fn(&CheckInfo) -> bool,
) -> Result<Assessment, Fault> {
    let mut reader = Reader::new(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT scan, assessed_at, tool_version, version, distribution, origin, resources, gaps, notes, read, scope
         FROM scans WHERE id = ?1",
    )?;
    let mut rows = statement.query([scan])?;
    let row = rows.next()?.ok_or_else(|| Fault::Damaged("a scan is gone".to_owned()))?;
    let resources: i64 = row.get(6)?;
    let mut assessment = Assessment {
        id: row.get(0)?,
        system: System {
            technology: system.technology,
            name: system.name.clone(),
            version: row.get(3)?,
            distribution: row.get(4)?,
            origin: row.get(5)?,
        },
        assessed_at: row.get(1)?,
        scope: serde_json::from_str(text(row, 10)?)?,
        tool_version: row.get(2)?,
        resources: Vec::new(),
        checks: Vec::new(),
        standards: Vec::new(),
        gaps: serde_json::from_str(text(row, 7)?)?,
        notes: serde_json::from_str(text(row, 8)?)?,
        read: serde_json::from_str(text(row, 9)?)?,
    };
    let (checks, any) = reader.checks(scan, wanted)?;
    assessment.checks = checks;
    // Without checks there is nobody to ask, so all of the scan is wanted.
    if any || assessment.checks.is_empty() {
        assessment.resources = reader.resources(resources)?;
    }
    if let Some(check) = assessment
        .checks
        .iter()
        .find(|check| check.outcomes.iter().any(|outcome| outcome.resource as usize >= assessment.resources.len()))
    {
        return Err(Fault::Damaged(format!("an outcome of {} points to a missing resource", check.check.id)));
    }
    for (position, StandardPoint { standard, selected, totals }) in standards(connection, scan)? {
        let rules = reader.rules(scan, position)?;
        assessment.standards.push(StandardResult { standard, selected, rules, totals });
    }
    Ok(assessment)
}

/// The standards of a scan with their sums, without their rules.
pub(super) fn standards(connection: &Connection, scan: i64) -> Result<Vec<(i64, StandardPoint)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT position, text, selected, failed, waived, manual, passed, not_relevant, out_of_scope, without_check,
             critical, high, medium, low
         FROM standard_results JOIN texts ON texts.id = info WHERE scan = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([scan])?;
    let mut standards = Vec::new();
    while let Some(row) = rows.next()? {
        let totals = Totals {
            rules: counts(row, 3)?,
            out_of_scope: count(row, 8)?,
            without_check: count(row, 9)?,
            failed_by_severity: [count(row, 10)?, count(row, 11)?, count(row, 12)?, count(row, 13)?],
        };
        let standard = serde_json::from_str(text(row, 1)?)?;
        standards.push((row.get(0)?, StandardPoint { standard, selected: row.get(2)?, totals }));
    }
    Ok(standards)
}

/// The ids of the resources of a scan.
pub(super) fn resource_ids(connection: &Connection, list: i64) -> Result<Vec<i64>, Fault> {
    let bytes = list_bytes(connection, list)?;
    let mut decoder = Decoder::new(&bytes);
    let n = decoder.count()?;
    let mut ids = Vec::with_capacity(n);
    let mut before = 0;
    for _ in 0..n {
        before = decoder.delta(before)?;
        ids.push(before);
    }
    Ok(ids)
}

fn list_bytes(connection: &Connection, list: i64) -> Result<Vec<u8>, Fault> {
    let mut statement = connection.prepare_cached("SELECT body FROM lists WHERE id = ?1")?;
    let mut rows = statement.query([list])?;
    let row = rows.next()?.ok_or_else(|| Fault::Damaged(format!("list {list} is missing")))?;
    let body = row.get_ref(0)?.as_blob().map_err(|e| Fault::Damaged(e.to_string()))?;
    expand(body)
}

/// What is shared by outcomes is read once.
struct Reader<'c> {
    connection: &'c Connection,
    find_text: CachedStatement<'c>,
    find_detail: CachedStatement<'c>,
    texts: HashMap<i64, Text, FixedState>,
    details: HashMap<i64, Arc<Detail>, FixedState>,
    waivers: HashMap<i64, Arc<Waiver>, FixedState>,
    infos: HashMap<i64, Arc<CheckInfo>, FixedState>,
    subjects: HashMap<i64, Subjects, FixedState>,
}

impl<'c> Reader<'c> {
    fn new(connection: &'c Connection) -> Result<Reader<'c>, Fault> {
        Ok(Reader {
            connection,
            find_text: connection.prepare_cached("SELECT text FROM texts WHERE id = ?1")?,
            find_detail: connection
                .prepare_cached("SELECT reason, hint, omitted, evidence FROM details WHERE id = ?1")?,
            texts: HashMap::default(),
            details: HashMap::default(),
            waivers: HashMap::default(),
            infos: HashMap::default(),
            subjects: HashMap::default(),
        })
    }

    fn text(&mut self, id: i64) -> Result<Text, Fault> {
        if let Some(text) = self.texts.get(&id) {
            return Ok(text.clone());
        }
        let mut rows = self.find_text.query([id])?;
        let row = rows.next()?.ok_or_else(|| Fault::Damaged(format!("text {id} is missing")))?;
        let found: Text = text(row, 0)?.into();
        self.texts.insert(id, found.clone());
        Ok(found)
    }

    fn optional_text(&mut self, id: Option<i64>) -> Result<Option<String>, Fault> {
        id.map(|id| Ok(self.text(id)?.to_string())).transpose()
    }

    fn detail(&mut self, id: i64) -> Result<Arc<Detail>, Fault> {
        if let Some(detail) = self.details.get(&id) {
            return Ok(detail.clone());
        }
        let (reason, hint, omitted, rows) = {
            let mut rows = self.find_detail.query([id])?;
            let row = rows.next()?.ok_or_else(|| Fault::Damaged(format!("detail {id} is missing")))?;
            let evidence: Vec<Vec<Option<i64>>> = serde_json::from_str(text(row, 3)?)?;
            (row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, count(row, 2)?, evidence)
        };
        let mut evidence = Vec::with_capacity(rows.len());
        for row in rows {
            let column = |at: usize| row.get(at).copied().flatten();
            let need = |at: usize| column(at).ok_or_else(|| Fault::Damaged(format!("detail {id} is incomplete")));
            let location = match (column(4), column(5)) {
                (Some(file), Some(line)) => Some(Location {
                    file: self.text(file)?,
                    line: u32::try_from(line).map_err(|_| Fault::Damaged(format!("line {line}")))?,
                }),
                _ => None,
            };
            evidence.push(Evidence {
                path: self.text(need(0)?)?.to_string(),
                actual: self.optional_text(column(1))?,
                expected: self.text(need(2)?)?.to_string(),
                source: self.optional_text(column(3))?,
                location,
            });
        }
        let reason = self.text(reason)?.to_string();
        let detail = Arc::new(Detail { reason, hint: self.optional_text(hint)?, evidence, omitted });
        self.details.insert(id, detail.clone());
        Ok(detail)
    }

    fn waiver(&mut self, id: i64) -> Result<Arc<Waiver>, Fault> {
        if let Some(waiver) = self.waivers.get(&id) {
            return Ok(waiver.clone());
        }
        let waiver: Arc<Waiver> = Arc::new(serde_json::from_str(&self.text(id)?)?);
        self.waivers.insert(id, waiver.clone());
        Ok(waiver)
    }

    fn info(&mut self, id: i64) -> Result<Arc<CheckInfo>, Fault> {
        if let Some(info) = self.infos.get(&id) {
            return Ok(info.clone());
        }
        let info: Arc<CheckInfo> = Arc::new(serde_json::from_str(&self.text(id)?)?);
        self.infos.insert(id, info.clone());
        Ok(info)
    }

    fn subjects(&mut self, list: i64) -> Result<Subjects, Fault> {
        if let Some(subjects) = self.subjects.get(&list) {
            return Ok(subjects.clone());
        }
        let bytes = list_bytes(self.connection, list)?;
        let mut decoder = Decoder::new(&bytes);
        let names = decoder.count()?;
        let names = (0..names).map(|_| Ok(decoder.text()?.into())).collect::<Result<Vec<Text>, Fault>>()?;
        let n = decoder.count()?;
        let mut subjects = Vec::with_capacity(n);
        let mut before = 0;
        for _ in 0..n {
            before = decoder.delta(before)?;
            let resource = u32::try_from(before).map_err(|_| Fault::Damaged(format!("resource {before} in a list")))?;
            subjects.push((resource, None));
        }
        for (_, element) in &mut subjects {
            let code = usize::try_from(decoder.number()?).unwrap_or(usize::MAX);
            if code > 0 {
                let name = names.get(code - 1).ok_or_else(|| Fault::Damaged(format!("element {code} in a list")))?;
                *element = Some(name.clone());
            }
        }
        let subjects: Subjects = subjects.into();
        self.subjects.insert(list, subjects.clone());
        Ok(subjects)
    }

    fn resources(&self, list: i64) -> Result<Vec<ResourceRef>, Fault> {
        let mut find = self.connection.prepare_cached("SELECT kind, scope, name FROM resources WHERE id = ?1")?;
        // Kinds and scopes repeat.
        let mut words: HashSet<Text, FixedState> = HashSet::default();
        let mut shared = |word: &str| match words.get(word) {
            Some(text) => text.clone(),
            None => {
                let text: Text = word.into();
                words.insert(text.clone());
                text
            }
        };
        let mut resources = Vec::new();
        for id in resource_ids(self.connection, list)? {
            let mut rows = find.query([id])?;
            let row = rows.next()?.ok_or_else(|| Fault::Damaged(format!("resource {id} is missing")))?;
            let scope = row.get_ref(1)?.as_str_or_null().map_err(|e| Fault::Damaged(e.to_string()))?;
            resources.push(ResourceRef {
                kind: shared(text(row, 0)?),
                scope: scope.map(&mut shared),
                name: text(row, 2)?.into(),
            });
        }
        Ok(resources)
    }

    /// All checks, and whether any is wanted.
    fn checks(&mut self, scan: i64, wanted: &dyn Fn(&CheckInfo) -> bool) -> Result<(Vec<CheckResult>, bool), Fault> {
        let mut statement = self.connection.prepare_cached(
            "SELECT position, info, params, customised, subjects, palette, failed, waived, manual, passed, not_relevant,
                 verdicts
             FROM check_results WHERE scan = ?1 ORDER BY position",
        )?;
        let mut rows = statement.query([scan])?;
        let mut checks = Vec::new();
        let mut any = false;
        while let Some(row) = rows.next()? {
            let check = self.info(row.get(1)?)?;
            let outcomes = if wanted(&check) {
                any = true;
                self.outcomes(scan, row)?
            } else {
                Vec::new()
            };
            let params = serde_json::from_str(&self.text(row.get(2)?)?)?;
            let customised = serde_json::from_str(&self.text(row.get(3)?)?)?;
            checks.push(CheckResult { check, params, customised, outcomes, counts: counts(row, 6)? });
        }
        Ok((checks, any))
    }

    fn outcomes(&mut self, scan: i64, check: &Row<'_>) -> Result<Vec<Outcome>, Fault> {
        let palette: Vec<(i64, Option<i64>, Option<i64>)> = serde_json::from_str(text(check, 5)?)?;
        let palette = palette
            .into_iter()
            .map(|(state, detail, waiver)| self.verdict(state, detail, waiver))
            .collect::<Result<Vec<_>, _>>()?;
        let subjects = self.subjects(check.get(4)?)?;
        let codes = expand(check.get_ref(11)?.as_blob().map_err(|e| Fault::Damaged(e.to_string()))?)?;
        let mut codes = Decoder::new(&codes);
        let mut statement = self.connection.prepare_cached(
            "SELECT position, state, detail, waiver FROM findings
             WHERE scan = ?1 AND check_result = ?2 ORDER BY position",
        )?;
        let position: i64 = check.get(0)?;
        let mut findings = statement.query(params![scan, position])?;
        let mut outcomes = Vec::with_capacity(subjects.len());
        for (at, (resource, element)) in subjects.iter().enumerate() {
            let (state, detail, waiver) = match usize::try_from(codes.number()?).unwrap_or(usize::MAX) {
                0 => match findings.next()? {
                    Some(row) if row.get::<_, u32>(0)? as usize == at => {
                        self.verdict(row.get(1)?, row.get(2)?, row.get(3)?)?
                    }
                    _ => return Err(Fault::Damaged(format!("finding {at} of check {position} is missing"))),
                },
                code => palette
                    .get(code - 1)
                    .cloned()
                    .ok_or_else(|| Fault::Damaged(format!("verdict {code} of check {position} is missing")))?,
            };
            outcomes.push(Outcome { resource: *resource, element: element.clone(), state, detail, waiver });
        }
        Ok(outcomes)
    }

    fn verdict(&mut self, number: i64, detail: Option<i64>, waiver: Option<i64>) -> Result<Verdict, Fault> {
        let detail = detail.map(|id| self.detail(id)).transpose()?;
        Ok((state(number)?, detail, waiver.map(|id| self.waiver(id)).transpose()?))
    }

    fn rules(&mut self, scan: i64, standard: i64) -> Result<Vec<RuleResult>, Fault> {
        let mut statement = self.connection.prepare_cached(
            "SELECT rule, title, metadata, severity, state, checks, hint, out_of_scope, partly, source,
                 failed, waived, manual, passed, not_relevant
             FROM rule_results WHERE scan = ?1 AND standard = ?2 ORDER BY position",
        )?;
        let mut rows = statement.query(params![scan, standard])?;
        let mut rules = Vec::new();
        while let Some(row) = rows.next()? {
            rules.push(RuleResult {
                id: row.get(0)?,
                title: self.text(row.get(1)?)?.to_string(),
                metadata: serde_json::from_str(&self.text(row.get(2)?)?)?,
                severity: row.get::<_, Option<i64>>(3)?.map(severity).transpose()?,
                state: state(row.get(4)?)?,
                counts: counts(row, 10)?,
                checks: serde_json::from_str(text(row, 5)?)?,
                hint: self.optional_text(row.get(6)?)?,
                out_of_scope: row.get(7)?,
                partly: row.get(8)?,
                source: self.optional_text(row.get(9)?)?,
            });
        }
        Ok(rules)
    }
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, Fault> {
    row.get_ref(column)?.as_str().map_err(|e| Fault::Damaged(format!("column {column}: {e}")))
}

fn count(row: &Row<'_>, column: usize) -> Result<usize, Fault> {
    let n: i64 = row.get(column)?;
    usize::try_from(n).map_err(|_| Fault::Damaged(format!("a count of {n}")))
}

/// Five columns from `first` on.
fn counts(row: &Row<'_>, first: usize) -> Result<Counts, Fault> {
    Ok(Counts {
        failed: count(row, first)?,
        waived: count(row, first + 1)?,
        manual: count(row, first + 2)?,
        passed: count(row, first + 3)?,
        not_relevant: count(row, first + 4)?,
    })
}

fn state(number: i64) -> Result<State, Fault> {
    let known = usize::try_from(number).ok().and_then(|at| State::ALL.get(at).copied());
    known.ok_or_else(|| Fault::Damaged(format!("unknown state {number}")))
}

fn severity(number: i64) -> Result<Severity, Fault> {
    let known = usize::try_from(number).ok().and_then(|at| Severity::ALL.get(at).copied());
    known.ok_or_else(|| Fault::Damaged(format!("unknown severity {number}")))
}

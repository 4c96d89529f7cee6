//! Writing a scan.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::codec::{Encoder, compress};
use super::error::Fault;
use super::intern::{self, Details, Texts};
use crate::model::{Assessment, CheckResult, Counts, Outcome, RuleResult, Severity, State, Waiver};

/// Stores the assessment in one transaction; one with the same system and id gives way to it.
pub(super) fn save(connection: &mut Connection, assessment: &Assessment) -> Result<(), Fault> {
    let instant = assessment
        .assessed_at
        .parse::<jiff::Timestamp>()
        .map_err(|e| Fault::Invalid(format!("its time \"{}\": {e}", assessment.assessed_at)))?
        .as_microsecond();
    // All that can be done before the file is locked for others.
    let scan = Scan::of(assessment)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    scan.write(&transaction, instant)?;
    transaction.commit()?;
    Ok(())
}

/// A count as SQLite keeps it.
pub(super) fn integer(n: usize) -> Result<i64, Fault> {
    i64::try_from(n).map_err(|_| Fault::Invalid(format!("{n} is more than the store can count")))
}

/// An assessment with places of texts and details instead of them.
#[derive(Debug)]
struct Scan<'a> {
    assessment: &'a Assessment,
    texts: Texts<'a>,
    details: Details,
    waivers: HashMap<*const Waiver, u32, FixedState>,
    lists: Vec<SubjectList<'a>>,
    checks: Vec<CheckRow>,
    findings: Vec<Finding>,
    standards: Vec<StandardRow>,
}

/// A distinct list of subjects; most checks share theirs with others.
#[derive(Debug)]
struct SubjectList<'a> {
    example: &'a [Outcome],
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct CheckRow {
    info: u32,
    params: u32,
    customised: u32,
    list: usize,
    palette: Vec<Verdict>,
    verdicts: Vec<u8>,
    // Into `Scan::findings`.
    findings: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Verdict {
    state: State,
    detail: Option<u32>,
    waiver: Option<u32>,
}

#[derive(Debug)]
struct Finding {
    position: u32,
    resource: u32,
    element: Option<u32>,
    verdict: Verdict,
}

#[derive(Debug)]
struct StandardRow {
    info: u32,
    rules: Vec<RuleRow>,
}

#[derive(Debug)]
struct RuleRow {
    title: u32,
    metadata: u32,
    hint: Option<u32>,
    source: Option<u32>,
}

impl<'a> Scan<'a> {
    fn of(assessment: &'a Assessment) -> Result<Scan<'a>, Fault> {
        let mut scan = Scan {
            assessment,
            texts: Texts::default(),
            details: Details::default(),
            waivers: HashMap::default(),
            lists: Vec::new(),
            checks: Vec::with_capacity(assessment.checks.len()),
            findings: Vec::new(),
            standards: Vec::with_capacity(assessment.standards.len()),
        };
        for check in &assessment.checks {
            let row = scan.check(check)?;
            scan.checks.push(row);
        }
        for standard in &assessment.standards {
            let info = scan.texts.place_owned(serde_json::to_string(&standard.standard)?);
            let rules = standard.rules.iter().map(|rule| scan.rule(rule)).collect::<Result<_, _>>()?;
            scan.standards.push(StandardRow { info, rules });
        }
        Ok(scan)
    }

    fn rule(&mut self, rule: &'a RuleResult) -> Result<RuleRow, Fault> {
        Ok(RuleRow {
            title: self.texts.place(&rule.title),
            metadata: self.texts.place_owned(serde_json::to_string(&rule.metadata)?),
            hint: rule.hint.as_deref().map(|hint| self.texts.place(hint)),
            source: rule.source.as_deref().map(|source| self.texts.place(source)),
        })
    }

    fn check(&mut self, check: &'a CheckResult) -> Result<CheckRow, Fault> {
        let first = self.findings.len();
        let mut palette = Vec::new();
        let mut codes: HashMap<Verdict, u64, FixedState> = HashMap::default();
        let mut verdicts = Encoder::default();
        for (position, outcome) in check.outcomes.iter().enumerate() {
            if outcome.resource as usize >= self.assessment.resources.len() {
                let (check, resource) = (&check.check.id, outcome.resource);
                return Err(Fault::Invalid(format!("an outcome of {check} points to the missing resource {resource}")));
            }
            let verdict = self.verdict(outcome)?;
            match outcome.state {
                State::Failed | State::Manual => {
                    verdicts.number(0);
                    self.findings.push(Finding {
                        position: u32::try_from(position)
                            .map_err(|_| Fault::Invalid(format!("{} has too many outcomes", check.check.id)))?,
                        resource: outcome.resource,
                        element: outcome.element.as_deref().map(|element| self.texts.place(element)),
                        verdict,
                    });
                }
                State::Passed | State::NotRelevant => {
                    let code = *codes.entry(verdict).or_insert_with(|| {
                        palette.push(verdict);
                        palette.len() as u64
                    });
                    verdicts.number(code);
                }
            }
        }
        Ok(CheckRow {
            info: self.texts.place_owned(serde_json::to_string(&*check.check)?),
            params: self.texts.place_owned(serde_json::to_string(&check.params)?),
            customised: self.texts.place_owned(serde_json::to_string(&check.customised)?),
            list: self.list(&check.outcomes),
            palette,
            verdicts: compress(&verdicts.into_bytes())?,
            findings: first..self.findings.len(),
        })
    }

    fn verdict(&mut self, outcome: &'a Outcome) -> Result<Verdict, Fault> {
        let detail = match &outcome.detail {
            Some(detail) => Some(self.details.place(detail, &mut self.texts)?),
            None => None,
        };
        let waiver = match &outcome.waiver {
            Some(waiver) => Some(self.waiver(waiver)?),
            None => None,
        };
        Ok(Verdict { state: outcome.state, detail, waiver })
    }

    fn waiver(&mut self, waiver: &'a Arc<Waiver>) -> Result<u32, Fault> {
        if let Some(place) = self.waivers.get(&Arc::as_ptr(waiver)) {
            return Ok(*place);
        }
        let place = self.texts.place_owned(serde_json::to_string(&**waiver)?);
        self.waivers.insert(Arc::as_ptr(waiver), place);
        Ok(place)
    }

    /// The place of the list of subjects in `lists`.
    fn list(&mut self, outcomes: &'a [Outcome]) -> usize {
        let same = |a: &Outcome, b: &Outcome| a.resource == b.resource && a.element == b.element;
        let known = self.lists.iter().position(|list| {
            list.example.len() == outcomes.len() && list.example.iter().zip(outcomes).all(|(a, b)| same(a, b))
        });
        known.unwrap_or_else(|| {
            self.lists.push(SubjectList { example: outcomes, bytes: subjects(outcomes) });
            self.lists.len() - 1
        })
    }

    fn write(&self, transaction: &Transaction<'_>, instant: i64) -> Result<(), Fault> {
        let assessment = self.assessment;
        let system = &assessment.system;
        let technology = system.technology.as_str();
        transaction.execute(
            "INSERT INTO systems (technology, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![technology, system.name],
        )?;
        let system_id: i64 = transaction.query_row(
            "SELECT id FROM systems WHERE technology = ?1 AND name = ?2",
            params![technology, system.name],
            |row| row.get(0),
        )?;
        let old: Option<i64> = transaction
            .query_row(
                "SELECT id FROM scans WHERE system = ?1 AND scan = ?2",
                params![system_id, assessment.id],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(old) = old {
            super::prune::delete_scan(transaction, old)?;
        }

        let texts = self.texts.resolve(transaction)?;
        let details = self.details.resolve(transaction, &texts)?;
        let resources = intern::resources(transaction, &assessment.resources)?;
        let lists: Vec<i64> =
            self.lists.iter().map(|list| intern::list(transaction, &list.bytes)).collect::<Result<_, _>>()?;
        let ids = Ids { texts, details, resources, lists };

        let scan = transaction
            .prepare_cached(
                "INSERT INTO scans (system, scan, assessed_at, instant, tool_version, version, distribution, origin,
                     resources, gaps, notes, read, scope)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .insert(params![
                system_id,
                assessment.id,
                assessment.assessed_at,
                instant,
                assessment.tool_version,
                system.version,
                system.distribution,
                system.origin,
                intern::list(transaction, &numbers(&ids.resources))?,
                serde_json::to_string(&assessment.gaps)?,
                serde_json::to_string(&assessment.notes)?,
                serde_json::to_string(&assessment.read)?,
                serde_json::to_string(&assessment.scope)?,
            ])?;
        super::failures::forget(transaction, technology, &system.name)?;
        self.write_standards(transaction, scan, &ids)?;
        self.write_checks(transaction, scan, &ids)
    }

    fn write_standards(&self, transaction: &Transaction<'_>, scan: i64, ids: &Ids) -> Result<(), Fault> {
        let mut insert_standard = transaction.prepare_cached(
            "INSERT INTO standard_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        let mut insert_rule = transaction.prepare_cached(
            "INSERT INTO rule_results
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?;
        for (at, (standard, row)) in self.assessment.standards.iter().zip(&self.standards).enumerate() {
            let position = integer(at)?;
            let counts = columns(standard.totals.rules)?;
            let [critical, high, medium, low] = standard.totals.failed_by_severity;
            insert_standard.execute(params![
                scan,
                position,
                standard.standard.id,
                ids.text(row.info),
                standard.selected,
                counts[0],
                counts[1],
                counts[2],
                counts[3],
                counts[4],
                integer(standard.totals.out_of_scope)?,
                integer(standard.totals.without_check)?,
                integer(critical)?,
                integer(high)?,
                integer(medium)?,
                integer(low)?,
            ])?;
            for (rule_at, (rule, row)) in standard.rules.iter().zip(&row.rules).enumerate() {
                let counts = columns(rule.counts)?;
                insert_rule.execute(params![
                    scan,
                    position,
                    integer(rule_at)?,
                    rule.id,
                    ids.text(row.title),
                    ids.text(row.metadata),
                    rule.severity.map(severity_number),
                    state_number(rule.state),
                    counts[0],
                    counts[1],
                    counts[2],
                    counts[3],
                    counts[4],
                    serde_json::to_string(&rule.checks)?,
                    row.hint.map(|hint| ids.text(hint)),
                    rule.out_of_scope,
                    rule.partly,
                    row.source.map(|source| ids.text(source)),
                ])?;
            }
        }
        Ok(())
    }

    fn write_checks(&self, transaction: &Transaction<'_>, scan: i64, ids: &Ids) -> Result<(), Fault> {
        let mut insert_check = transaction.prepare_cached(
            "INSERT INTO check_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?;
        let mut insert_finding =
            transaction.prepare_cached("INSERT INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        for (at, (check, row)) in self.assessment.checks.iter().zip(&self.checks).enumerate() {
            let position = integer(at)?;
            let counts = columns(check.counts)?;
            let palette: Vec<(i64, Option<i64>, Option<i64>)> = row.palette.iter().map(|v| ids.verdict(*v)).collect();
            insert_check.execute(params![
                scan,
                position,
                check.check.id,
                ids.text(row.info),
                ids.text(row.params),
                ids.text(row.customised),
                severity_number(check.check.severity()),
                counts[0],
                counts[1],
                counts[2],
                counts[3],
                counts[4],
                ids.lists.get(row.list),
                serde_json::to_string(&palette)?,
                row.verdicts,
            ])?;
            for finding in self.findings.get(row.findings.clone()).unwrap_or_default() {
                let (state, detail, waiver) = ids.verdict(finding.verdict);
                insert_finding.execute(params![
                    scan,
                    position,
                    finding.position,
                    state,
                    ids.resources.get(finding.resource as usize),
                    finding.element.map(|element| ids.text(element)),
                    detail,
                    waiver,
                ])?;
            }
        }
        Ok(())
    }
}

/// The ids that the store gave to places.
struct Ids {
    texts: Vec<i64>,
    details: Vec<i64>,
    resources: Vec<i64>,
    lists: Vec<i64>,
}

impl Ids {
    /// Null, which the layout refuses, if there were no such place.
    fn text(&self, place: u32) -> Option<i64> {
        self.texts.get(place as usize).copied()
    }

    fn verdict(&self, verdict: Verdict) -> (i64, Option<i64>, Option<i64>) {
        let detail = verdict.detail.and_then(|place| self.details.get(place as usize).copied());
        (state_number(verdict.state), detail, verdict.waiver.and_then(|place| self.text(place)))
    }
}

fn columns(counts: Counts) -> Result<[i64; 5], Fault> {
    let Counts { failed, waived, manual, passed, not_relevant } = counts;
    Ok([integer(failed)?, integer(waived)?, integer(manual)?, integer(passed)?, integer(not_relevant)?])
}

fn state_number(state: State) -> i64 {
    state as i64
}

/// 0 critical to 3 low: the worst first, as in [`Severity::ALL`].
fn severity_number(severity: Severity) -> i64 {
    3 - severity as i64
}

/// A list of numbers.
fn numbers(ids: &[i64]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.number(ids.len() as u64);
    let mut before = 0;
    for &id in ids {
        encoder.delta(before, id);
        before = id;
    }
    encoder.into_bytes()
}

/// Resource and element of each outcome: the element names, the resources, then the elements, 0 for none.
fn subjects(outcomes: &[Outcome]) -> Vec<u8> {
    let mut names: Vec<&str> = Vec::new();
    let mut codes: HashMap<&str, u64, FixedState> = HashMap::default();
    let mut elements = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        elements.push(outcome.element.as_deref().map_or(0, |element| {
            *codes.entry(element).or_insert_with(|| {
                names.push(element);
                names.len() as u64
            })
        }));
    }
    let mut encoder = Encoder::default();
    encoder.number(names.len() as u64);
    names.iter().for_each(|name| encoder.text(name));
    encoder.number(outcomes.len() as u64);
    let mut before = 0;
    for outcome in outcomes {
        encoder.delta(before, i64::from(outcome.resource));
        before = i64::from(outcome.resource);
    }
    elements.into_iter().for_each(|element| encoder.number(element));
    encoder.into_bytes()
}

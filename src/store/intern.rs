//! What scans share: texts, details, resources and lists are kept once and found by the hash of their content.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;
use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::codec::compress;
use super::error::Fault;
use crate::base::digest;
use crate::model::{Detail, Evidence, ResourceRef};

/// The distinct texts of a scan, each with its place; the store gives them ids all at once.
#[derive(Debug, Default)]
pub(super) struct Texts<'a> {
    places: HashMap<Cow<'a, str>, u32, FixedState>,
}

impl<'a> Texts<'a> {
    /// The place of `text`.
    pub(super) fn place(&mut self, text: &'a str) -> u32 {
        let next = self.places.len() as u32;
        *self.places.entry(Cow::Borrowed(text)).or_insert(next)
    }

    /// The place of a text that was made for the store.
    pub(super) fn place_owned(&mut self, text: String) -> u32 {
        let next = self.places.len() as u32;
        *self.places.entry(Cow::Owned(text)).or_insert(next)
    }

    /// The id of each place.
    pub(super) fn resolve(&self, connection: &Connection) -> Result<Vec<i64>, Fault> {
        let mut texts = vec![""; self.places.len()];
        for (text, place) in &self.places {
            if let Some(slot) = texts.get_mut(*place as usize) {
                *slot = text;
            }
        }
        let mut find = connection.prepare("SELECT id FROM texts WHERE hash = ?1 AND text = ?2")?;
        let mut insert = connection.prepare("INSERT INTO texts (hash, text) VALUES (?1, ?2)")?;
        resolve(
            &texts,
            |text| digest::number([text.as_bytes()]),
            |text, hash| id(&mut find, params![hash, text]),
            |text, hash| Ok(insert.insert(params![hash, text])?),
        )
    }
}

/// The distinct details of a scan.
#[derive(Debug, Default)]
pub(super) struct Details {
    rows: Vec<DetailRow>,
    // Outcomes share details by pointer; equal ones behind different pointers meet when they are resolved.
    places: HashMap<*const Detail, u32, FixedState>,
}

/// A detail with places of texts.
#[derive(Debug)]
struct DetailRow {
    reason: u32,
    hint: Option<u32>,
    omitted: i64,
    evidence: Vec<EvidenceRow>,
}

#[derive(Debug)]
struct EvidenceRow {
    path: u32,
    // Actual, expected, source, file.
    others: [Option<u32>; 4],
    line: Option<u32>,
}

impl Details {
    /// The place of `detail`, whose texts go to `texts`. The detail must stay where it is until the end.
    pub(super) fn place<'a>(&mut self, detail: &'a Detail, texts: &mut Texts<'a>) -> Result<u32, Fault> {
        if let Some(place) = self.places.get(&std::ptr::from_ref(detail)) {
            return Ok(*place);
        }
        let place = self.rows.len() as u32;
        self.places.insert(detail, place);
        let mut evidence_row = |e: &'a Evidence| EvidenceRow {
            path: texts.place(&e.path),
            others: [
                e.actual.as_deref().map(|text| texts.place(text)),
                Some(texts.place(&e.expected)),
                e.source.as_deref().map(|text| texts.place(text)),
                e.location.as_ref().map(|location| texts.place(&location.file)),
            ],
            line: e.location.as_ref().map(|location| location.line),
        };
        let evidence = detail.evidence.iter().map(&mut evidence_row).collect();
        self.rows.push(DetailRow {
            reason: texts.place(&detail.reason),
            hint: detail.hint.as_deref().map(|hint| texts.place(hint)),
            omitted: super::save::integer(detail.omitted)?,
            evidence,
        });
        Ok(place)
    }

    /// The id of each place.
    pub(super) fn resolve(&self, connection: &Connection, texts: &[i64]) -> Result<Vec<i64>, Fault> {
        let id_of = |place: u32| texts.get(place as usize).copied().unwrap_or_default();
        let mut distinct: HashMap<Key, u32, FixedState> = HashMap::default();
        let mut places = Vec::with_capacity(self.rows.len());
        type Key = (i64, Option<i64>, i64, String);
        for row in &self.rows {
            let key = (id_of(row.reason), row.hint.map(id_of), row.omitted, evidence_json(&row.evidence, id_of));
            let next = distinct.len() as u32;
            places.push(*distinct.entry(key).or_insert(next));
        }
        let mut keys: Vec<(&Key, u32)> = distinct.iter().map(|(key, place)| (key, *place)).collect();
        keys.sort_unstable_by_key(|(_, place)| *place);
        let mut find = connection.prepare(
            "SELECT id FROM details WHERE hash = ?1 AND reason = ?2 AND hint IS ?3 AND omitted = ?4 AND evidence = ?5",
        )?;
        let mut insert = connection
            .prepare("INSERT INTO details (hash, reason, hint, omitted, evidence) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let ids = resolve(
            &keys,
            |((reason, hint, omitted, evidence), _)| {
                let numbers = [*reason, hint.unwrap_or_default(), *omitted].map(i64::to_le_bytes);
                digest::number([numbers.as_flattened(), evidence.as_bytes()])
            },
            |((reason, hint, omitted, evidence), _), hash| {
                id(&mut find, params![hash, reason, hint, omitted, evidence])
            },
            |((reason, hint, omitted, evidence), _), hash| {
                Ok(insert.insert(params![hash, reason, hint, omitted, evidence])?)
            },
        )?;
        Ok(places.into_iter().map(|place| ids.get(place as usize).copied().unwrap_or_default()).collect())
    }
}

/// `[[1,2,3],[4,null,6,7]]`; see `schema_1.sql`.
fn evidence_json(evidence: &[EvidenceRow], id_of: impl Fn(u32) -> i64) -> String {
    use std::fmt::Write as _;
    let mut json = String::with_capacity(2 + 24 * evidence.len());
    let mut separator = '[';
    for row in evidence {
        // Writing to a String cannot fail.
        let _ = write!(json, "{separator}[{}", id_of(row.path));
        let mut nulls = 0;
        for number in row.others.iter().map(|place| place.map(&id_of)).chain([row.line.map(i64::from)]) {
            match number {
                Some(number) => {
                    let _ = write!(json, "{},{number}", ",null".repeat(std::mem::take(&mut nulls)));
                }
                None => nulls += 1,
            }
        }
        json.push(']');
        separator = ',';
    }
    json.push_str(if evidence.is_empty() { "[]" } else { "]" });
    json
}

/// The id of each resource.
pub(super) fn resources(connection: &Connection, resources: &[ResourceRef]) -> Result<Vec<i64>, Fault> {
    let mut distinct: HashMap<&ResourceRef, u32, FixedState> = HashMap::default();
    let mut rows = Vec::with_capacity(resources.len());
    let mut places = Vec::with_capacity(resources.len());
    for resource in resources {
        let place = *distinct.entry(resource).or_insert(rows.len() as u32);
        if place as usize == rows.len() {
            rows.push(resource);
        }
        places.push(place);
    }
    let mut find =
        connection.prepare("SELECT id FROM resources WHERE hash = ?1 AND kind = ?2 AND scope IS ?3 AND name = ?4")?;
    let mut insert = connection.prepare("INSERT INTO resources (hash, kind, scope, name) VALUES (?1, ?2, ?3, ?4)")?;
    let ids = resolve(
        &rows,
        |r| digest::number([&r.kind, r.scope.as_ref().unwrap_or(&r.kind), &r.name].map(|part| part.as_bytes())),
        |r, hash| id(&mut find, params![hash, &*r.kind, r.scope.as_deref(), &*r.name]),
        |r, hash| Ok(insert.insert(params![hash, &*r.kind, r.scope.as_deref(), &*r.name])?),
    )?;
    Ok(places.into_iter().map(|place| ids.get(place as usize).copied().unwrap_or_default()).collect())
}

/// The id of a list.
pub(super) fn list(connection: &Connection, bytes: &[u8]) -> Result<i64, Fault> {
    let body = compress(bytes)?;
    let hash = digest::number([body.as_slice()]);
    let mut find = connection.prepare_cached("SELECT id FROM lists WHERE hash = ?1 AND body = ?2")?;
    if let Some(id) = id(&mut find, params![hash, body])? {
        return Ok(id);
    }
    Ok(connection.prepare_cached("INSERT INTO lists (hash, body) VALUES (?1, ?2)")?.insert(params![hash, body])?)
}

fn id(find: &mut Statement<'_>, params: impl rusqlite::Params) -> Result<Option<i64>, Fault> {
    Ok(find.query_row(params, |row| row.get(0)).optional()?)
}

/// The id of each row. They are looked up in the order of the index, so that a page is visited once, and inserted in the
/// order given, so that what is read together stands together.
fn resolve<T>(
    rows: &[T],
    hash: impl Fn(&T) -> i64,
    mut find: impl FnMut(&T, i64) -> Result<Option<i64>, Fault>,
    mut insert: impl FnMut(&T, i64) -> Result<i64, Fault>,
) -> Result<Vec<i64>, Fault> {
    let hashes: Vec<i64> = rows.iter().map(hash).collect();
    let mut order: Vec<(i64, usize)> = hashes.iter().copied().enumerate().map(|(at, hash)| (hash, at)).collect();
    order.sort_unstable();
    let mut ids = vec![None; rows.len()];
    for (hash, at) in order {
        ids[at] = find(&rows[at], hash)?;
    }
    rows.iter().zip(ids).zip(hashes).map(|((row, found), hash)| found.map_or_else(|| insert(row, hash), Ok)).collect()
}

//! What scans share: texts, details, resources and lists are kept once and found by the hash of their content.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

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
        #[expect(clippy::iter_over_hash_type, reason = "each text goes to its own place, so the order does not matter")]
        for (text, place) in &self.places {
            if let Some(slot) = texts.get_mut(*place as usize) {
                *slot = text;
            }
        }
        let mut find =
            connection.prepare("SELECT id FROM texts_by_hash JOIN texts USING (id) WHERE hash = ?1 AND text = ?2")?;
        let mut insert = connection.prepare("INSERT INTO texts (id, text) VALUES (?1, ?2)")?;
        let shared = Shared {
            table: "texts",
            all: "SELECT id, text FROM texts",
            place_of: |row: &Row<'_>| Ok(self.places.get(str_of(row, 1)?).copied()),
            hash: |text: &&str| digest::number([text.as_bytes()]),
            find: |text: &&str, hash| id(&mut find, params![hash, text]),
            insert: |text: &&str, id| Ok(insert.execute(params![id, text]).map(|_| ())?),
        };
        shared.resolve(connection, &texts)
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
        type Key = (i64, Option<i64>, i64, String);
        let mut distinct: HashMap<Key, u32, FixedState> = HashMap::default();
        let mut places = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let key = (id_of(row.reason), row.hint.map(id_of), row.omitted, evidence_json(&row.evidence, id_of));
            let next = distinct.len() as u32;
            places.push(*distinct.entry(key).or_insert(next));
        }
        let mut keys: Vec<(&Key, u32)> = distinct.iter().map(|(key, place)| (key, *place)).collect();
        keys.sort_unstable_by_key(|(_, place)| *place);
        let keys: Vec<&Key> = keys.into_iter().map(|(key, _)| key).collect();
        let mut find = connection.prepare(
            "SELECT id FROM details_by_hash JOIN details USING (id)
             WHERE hash = ?1 AND reason = ?2 AND hint IS ?3 AND omitted = ?4 AND evidence = ?5",
        )?;
        let mut insert = connection
            .prepare("INSERT INTO details (id, reason, hint, omitted, evidence) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let shared = Shared {
            table: "details",
            all: "SELECT id, reason, hint, omitted, evidence FROM details",
            place_of: |row: &Row<'_>| {
                let key: Key = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                Ok(distinct.get(&key).copied())
            },
            hash: |(reason, hint, omitted, evidence): &&Key| {
                let numbers = [*reason, hint.unwrap_or_default(), *omitted].map(i64::to_le_bytes);
                digest::number([numbers.as_flattened(), evidence.as_bytes()])
            },
            find: |(reason, hint, omitted, evidence): &&Key, hash| {
                id(&mut find, params![hash, reason, hint, omitted, evidence])
            },
            insert: |(reason, hint, omitted, evidence): &&Key, id| {
                Ok(insert.execute(params![id, reason, hint, omitted, evidence]).map(|_| ())?)
            },
        };
        let ids = shared.resolve(connection, &keys)?;
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
    type Key<'k> = (&'k str, Option<&'k str>, &'k str);
    let mut distinct: HashMap<Key<'_>, u32, FixedState> = HashMap::default();
    let mut rows: Vec<Key<'_>> = Vec::with_capacity(resources.len());
    let mut places = Vec::with_capacity(resources.len());
    for resource in resources {
        let key: Key<'_> = (&resource.kind, resource.scope.as_deref(), &resource.name);
        let place = *distinct.entry(key).or_insert(rows.len() as u32);
        if place as usize == rows.len() {
            rows.push(key);
        }
        places.push(place);
    }
    let mut find = connection.prepare(
        "SELECT id FROM resources_by_hash JOIN resources USING (id)
         WHERE hash = ?1 AND kind = ?2 AND scope IS ?3 AND name = ?4",
    )?;
    let mut insert = connection.prepare("INSERT INTO resources (id, kind, scope, name) VALUES (?1, ?2, ?3, ?4)")?;
    let shared = Shared {
        table: "resources",
        all: "SELECT id, kind, scope, name FROM resources",
        place_of: |row: &Row<'_>| {
            let scope = row.get_ref(2)?.as_str_or_null().map_err(|e| Fault::Damaged(e.to_string()))?;
            Ok(distinct.get(&(str_of(row, 1)?, scope, str_of(row, 3)?)).copied())
        },
        hash: |(kind, scope, name): &Key<'_>| {
            digest::number([kind, scope.unwrap_or_default(), name].map(|part| part.as_bytes()))
        },
        find: |(kind, scope, name): &Key<'_>, hash| id(&mut find, params![hash, kind, scope, name]),
        insert: |(kind, scope, name): &Key<'_>, id| Ok(insert.execute(params![id, kind, scope, name]).map(|_| ())?),
    };
    let ids = shared.resolve(connection, &rows)?;
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

fn str_of<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, Fault> {
    row.get_ref(column)?.as_str().map_err(|e| Fault::Damaged(e.to_string()))
}

/// A table whose rows scans share, and how to find some rows in it.
struct Shared<P, H, F, I> {
    table: &'static str,
    /// Every row, the id first.
    all: &'static str,
    /// The place of a row of `all` among the wanted ones.
    place_of: P,
    hash: H,
    /// The id of the row that is equal and has this hash.
    find: F,
    /// Adds a row with this id.
    insert: I,
}

impl<P, H, F, I> Shared<P, H, F, I> {
    /// The id of each row; those that are not there yet are added.
    fn resolve<T>(mut self, connection: &Connection, rows: &[T]) -> Result<Vec<i64>, Fault>
    where
        P: Fn(&Row<'_>) -> Result<Option<u32>, Fault>,
        H: Fn(&T) -> i64,
        F: FnMut(&T, i64) -> Result<Option<i64>, Fault>,
        I: FnMut(&T, i64) -> Result<(), Fault>,
    {
        let table = self.table;
        let last: Option<i64> = connection.query_row(&format!("SELECT max(id) FROM {table}"), [], |row| row.get(0))?;
        let mut last = last.unwrap_or_default();
        let mut ids: Vec<Option<i64>> = vec![None; rows.len()];
        // To walk over a row takes an eighth of the time of a search.
        if usize::try_from(last).is_ok_and(|last| last / 8 <= rows.len()) {
            let mut all = connection.prepare(self.all)?;
            let mut all = all.query([])?;
            while let Some(row) = all.next()? {
                if let Some(place) = (self.place_of)(row)?
                    && let Some(slot) = ids.get_mut(place as usize)
                {
                    *slot = Some(row.get(0)?);
                }
            }
        } else {
            let mut hashes: Vec<(i64, usize)> = rows.iter().map(&self.hash).zip(0..).collect();
            // In the order of the index, so that each of its pages is visited once.
            hashes.sort_unstable();
            for (hash, at) in hashes {
                ids[at] = (self.find)(&rows[at], hash)?;
            }
        }
        // In the order given, so that what is read together stands together; and the index in its own order.
        let mut hashes = Vec::new();
        let mut complete = Vec::with_capacity(rows.len());
        for (row, found) in rows.iter().zip(ids) {
            let id = match found {
                Some(id) => id,
                None => {
                    last += 1;
                    (self.insert)(row, last)?;
                    hashes.push(((self.hash)(row), last));
                    last
                }
            };
            complete.push(id);
        }
        hashes.sort_unstable();
        let mut insert = connection.prepare(&format!("INSERT INTO {table}_by_hash (hash, id) VALUES (?1, ?2)"))?;
        for (hash, id) in hashes {
            insert.execute(params![hash, id])?;
        }
        Ok(complete)
    }
}

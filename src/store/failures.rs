//! Scans that could not be made: the last of each system, until one succeeds.

use rusqlite::{Connection, params};

use super::error::Fault;
use super::{SystemKey, technology};

/// A scan that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Of which system.
    pub system: SystemKey,
    /// When it was tried, RFC 3339 in UTC.
    pub at: String,
    /// Why it failed, in words.
    pub why: String,
}

pub(super) fn save(connection: &Connection, failure: &Failure) -> Result<(), Fault> {
    connection.execute(
        "INSERT OR REPLACE INTO failures (technology, name, at, why) VALUES (?1, ?2, ?3, ?4)",
        params![failure.system.technology.as_str(), failure.system.name, failure.at, failure.why],
    )?;
    Ok(())
}

/// A scan of the system succeeded.
pub(super) fn forget(connection: &Connection, technology: &str, name: &str) -> Result<(), Fault> {
    connection.execute("DELETE FROM failures WHERE technology = ?1 AND name = ?2", params![technology, name])?;
    Ok(())
}

pub(super) fn all(connection: &Connection) -> Result<Vec<Failure>, Fault> {
    let mut statement = connection.prepare_cached("SELECT technology, name, at, why FROM failures")?;
    let mut rows = statement.query([])?;
    let mut failures = Vec::new();
    while let Some(row) = rows.next()? {
        let system = SystemKey { technology: technology(row, 0)?, name: row.get(1)? };
        failures.push(Failure { system, at: row.get(2)?, why: row.get(3)? });
    }
    failures.sort_by(|a, b| a.system.cmp(&b.system));
    Ok(failures)
}

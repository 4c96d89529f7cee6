//! Deleting old scans, and what no scan needs any more.

use std::collections::HashSet;
use std::path::Path;

use foldhash::fast::FixedState;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::Fault;
use super::load::resource_ids;
use super::{SystemKey, bytes_on_disk, scans, systems};

/// Which scans of each system stay: those that either of the two keeps, and always the newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// This many of the newest.
    pub last: usize,
    /// Those made at this moment or later.
    pub since: Option<jiff::Timestamp>,
}

/// What pruning did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Scans deleted.
    pub deleted: usize,
    /// Scans that stayed, of all systems.
    pub kept: usize,
    /// Bytes given back to the file system.
    pub freed: u64,
}

pub(super) fn prune(
    connection: &mut Connection,
    path: &Path,
    system: Option<&SystemKey>,
    keep: Keep,
) -> Result<Pruned, Fault> {
    // Folds the log into the file first, so that the sizes before and after compare; a busy log is folded later.
    let _ = fold_log(connection);
    let before = bytes_on_disk(path);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut pruned = Pruned::default();
    for (_, key) in systems(&transaction)? {
        let asked = system.is_none_or(|system| *system == key);
        for (age, scan) in scans(&transaction, &key)?.into_iter().enumerate() {
            let instant: i64 =
                transaction.query_row("SELECT instant FROM scans WHERE id = ?1", [scan.row], |row| row.get(0))?;
            let young = keep.since.is_some_and(|since| instant >= since.as_microsecond());
            if !asked || age < keep.last.max(1) || young {
                pruned.kept += 1;
            } else {
                delete_scan(&transaction, scan.row)?;
                pruned.deleted += 1;
            }
        }
    }
    // Also after scans that were replaced.
    delete_orphans(&transaction)?;
    transaction.commit()?;
    // Needs the file for itself and room for a copy. Without, the pages stay in the file for the scans to come.
    let _ = connection.execute_batch("VACUUM").map_err(Fault::from).and_then(|()| fold_log(connection));
    pruned.freed = before.saturating_sub(bytes_on_disk(path));
    Ok(pruned)
}

fn fold_log(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// Deletes what belongs to one scan only.
pub(super) fn delete_scan(transaction: &Transaction<'_>, scan: i64) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM findings WHERE scan = ?1",
        "DELETE FROM check_results WHERE scan = ?1",
        "DELETE FROM rule_results WHERE scan = ?1",
        "DELETE FROM standard_results WHERE scan = ?1",
        "DELETE FROM scans WHERE id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([scan])?;
    }
    Ok(())
}

/// Deletes what is shared and that no scan refers to: first details, then the texts that only they had.
fn delete_orphans(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction.execute_batch(
        "DELETE FROM details WHERE id NOT IN (
             SELECT detail FROM findings WHERE detail IS NOT NULL
             UNION SELECT json_extract(value, '$[1]') FROM check_results, json_each(palette)
                 WHERE json_extract(value, '$[1]') IS NOT NULL);

         DELETE FROM texts WHERE id NOT IN (
             SELECT info FROM standard_results
             UNION SELECT title FROM rule_results
             UNION SELECT metadata FROM rule_results
             UNION SELECT hint FROM rule_results WHERE hint IS NOT NULL
             UNION SELECT source FROM rule_results WHERE source IS NOT NULL
             UNION SELECT info FROM check_results
             UNION SELECT params FROM check_results
             UNION SELECT customised FROM check_results
             UNION SELECT json_extract(value, '$[2]') FROM check_results, json_each(palette)
                 WHERE json_extract(value, '$[2]') IS NOT NULL
             UNION SELECT element FROM findings WHERE element IS NOT NULL
             UNION SELECT waiver FROM findings WHERE waiver IS NOT NULL
             UNION SELECT reason FROM details
             UNION SELECT hint FROM details WHERE hint IS NOT NULL
             UNION SELECT number.value FROM details, json_each(evidence) AS property, json_each(property.value) AS number
                 WHERE number.key < 5 AND number.value IS NOT NULL);

         DELETE FROM lists WHERE id NOT IN (SELECT resources FROM scans UNION SELECT subjects FROM check_results);

         DELETE FROM systems WHERE id NOT IN (SELECT system FROM scans);",
    )?;
    delete_resources(transaction)
}

/// Resources that no scan has, and the hashes of all that was deleted. The resources of a scan stand in a compressed list,
/// which only this program reads.
fn delete_resources(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let ids = |sql: &str| -> Result<Vec<i64>, Fault> {
        Ok(transaction.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    let mut used: HashSet<i64, FixedState> = HashSet::default();
    for list in ids("SELECT DISTINCT resources FROM scans")? {
        used.extend(resource_ids(transaction, list)?);
    }
    let mut delete = transaction.prepare("DELETE FROM resources WHERE id = ?1")?;
    for id in ids("SELECT id FROM resources")?.into_iter().filter(|id| !used.contains(id)) {
        delete.execute([id])?;
    }
    for table in ["texts", "details", "resources"] {
        let sql = format!("DELETE FROM {table}_by_hash WHERE id NOT IN (SELECT id FROM {table})");
        transaction.execute(&sql, [])?;
    }
    Ok(())
}

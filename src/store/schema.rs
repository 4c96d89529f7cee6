//! The layout of the file, in versions: opening an older file brings it to the current one.

use rusqlite::{Connection, TransactionBehavior};

use super::error::Fault;

/// `MIGRATIONS[n]` takes layout `n` to `n + 1`; 0 is an empty file. What has been released is never edited.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql"), include_str!("schema_2.sql")];

/// Layout that this version writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Marks the file as ours in the header of SQLite ("spm" and a byte).
const APPLICATION: i64 = 0x7370_6d01;

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Without any table.
    Empty,
    /// A store with this layout.
    Store(i64),
    /// Somebody else's database.
    Foreign,
}

/// What the open file is.
pub(super) fn kind(connection: &Connection) -> Result<Kind, Fault> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let version = number("PRAGMA user_version")?;
    match number("PRAGMA application_id")? {
        APPLICATION => Ok(Kind::Store(version)),
        0 if version == 0 && number("SELECT count(*) FROM sqlite_master")? == 0 => Ok(Kind::Empty),
        _ => Ok(Kind::Foreign),
    }
}

/// Brings an empty file or an older layout to the current one. All or nothing, and safe against another process that
/// does the same: the layout is looked at again once the file is locked.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = match kind(&transaction)? {
        Kind::Empty => 0,
        Kind::Store(version) => usize::try_from(version).unwrap_or_default(),
        // Became so between two looks; the caller's next look reports it.
        Kind::Foreign => return Ok(()),
    };
    for step in migrations.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    if done < migrations.len() {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_missing_steps_are_taken_and_a_failed_one_leaves_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        connection.execute("INSERT INTO a VALUES (7)", []).unwrap();
        let broken = ["not run again", "CREATE TABLE b (y); no SQL at all"];
        assert!(apply(&mut connection, &broken).is_err());
        assert_eq!(kind(&connection).unwrap(), Kind::Store(1));
        assert!(connection.execute("SELECT y FROM b", []).is_err());

        let steps = ["not run again", "ALTER TABLE a ADD COLUMN y DEFAULT 8"];
        apply(&mut connection, &steps).unwrap();
        apply(&mut connection, &steps).unwrap();
        assert_eq!(kind(&connection).unwrap(), Kind::Store(2));
        let sum: i64 = connection.query_row("SELECT x + y FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 15);
    }

    #[test]
    fn somebody_elses_database_is_seen() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(kind(&connection).unwrap(), Kind::Empty);
        connection.execute_batch("CREATE TABLE moz_places (url)").unwrap();
        assert_eq!(kind(&connection).unwrap(), Kind::Foreign);
    }
}

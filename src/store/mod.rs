//! The history of assessments: one SQLite file, embedded, readable by any SQLite tool.
//!
//! A scan is written in one transaction, so the file holds all of it or nothing, whenever the process is killed; readers
//! and writers of other processes work beside it (write-ahead log). Reading a scan gives back the same [`Assessment`].
//!
//! # Layout
//! `PRAGMA user_version` is the layout's version; `schema_1.sql` and what follows it have the columns.
//!
//! | table | one row is | size |
//! | --- | --- | --- |
//! | `systems` | a system: technology and name | once |
//! | `scans` | an assessment of a system | per scan |
//! | `failures` | the last scan of a system, if it failed | once |
//! | `standard_results` | a standard in a scan, with its sums: the history of the posture | per scan |
//! | `rule_results` | a requirement in a scan | per scan |
//! | `check_results` | a check with its parameters in a scan; what passed or was not relevant as one compressed list | per scan |
//! | `findings` | an outcome that failed or is manual, all of it numbers | per scan |
//! | `details` | why: reason, hint, evidence (numbers of texts, as JSON) | once, shared by scans |
//! | `resources`, `texts` | a resource; a text that repeats (titles, reasons, paths, values, descriptions of checks as JSON) | once, shared by scans |
//! | `lists` | the resources of a scan, the subjects of a check; equal lists are kept once | once, shared by scans |
//!
//! What is shared is found by the hash of its content and compared in full. The descriptions of checks and standards are in
//! the file too, so that an old scan can be read when its rules no longer exist. The views `rule_view`, `finding_view`,
//! `evidence_view` and `latest_scans` say the same in words, for people with a SQLite shell.

mod codec;
mod error;
mod failures;
mod intern;
mod load;
mod prune;
mod save;
mod schema;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Row, params};

pub use error::StoreError;
pub use failures::Failure;
pub use prune::{Keep, Pruned};

use crate::model::{Assessment, CheckInfo, Scope, StandardInfo, System, Technology, Totals};
use error::Fault;
use schema::Kind;

/// How long a reader or writer waits for another process. Writing a scan takes a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

/// The history of assessments in one file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// What keeps a history together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemKey {
    /// Technology of the system.
    pub technology: Technology,
    /// Its name.
    pub name: String,
}

impl From<&System> for SystemKey {
    fn from(system: &System) -> SystemKey {
        SystemKey { technology: system.technology, name: system.name.clone() }
    }
}

/// A stored scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanInfo {
    /// Id of the assessment.
    pub id: String,
    /// When the configuration was read, RFC 3339 in UTC.
    pub assessed_at: String,
    /// Version of spm that made it.
    pub tool_version: String,
    /// How much of the system was looked at.
    pub scope: Scope,
    row: i64,
}

/// Which scan of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// The last one.
    Latest,
    /// The last one that was made at this moment or before.
    At(jiff::Timestamp),
    /// The one with this id.
    Scan(&'a str),
}

/// The posture of a system at one scan.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPoint {
    /// The scan.
    pub scan: ScanInfo,
    /// Its standards, in the order of the assessment.
    pub standards: Vec<StandardPoint>,
}

/// The posture of a standard at one scan.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardPoint {
    /// Which standard.
    pub standard: StandardInfo,
    /// Asked for by the user.
    pub selected: bool,
    /// Sums over the rules.
    pub totals: Totals,
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreInfo {
    /// The file.
    pub path: PathBuf,
    /// Version of its layout.
    pub layout: i64,
    /// Bytes on disk, with the write-ahead log.
    pub bytes: u64,
    /// Each system, sorted, with its number of scans and when the first and the last of them were made.
    pub systems: Vec<(SystemKey, usize, String, String)>,
}

impl Store {
    /// Opens the store at `path`, to read and to write; makes it (mode 0600, directories 0700) if there is none.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        create(path).map_err(|e| error::of_io(path, &e))?;
        let mut store = Store::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if store.layout()? != Kind::Store(schema::VERSION) {
            use_write_ahead_log(&store.connection)
                .and_then(|()| schema::migrate(&mut store.connection))
                .map_err(|fault| fault.at(path))?;
        }
        Ok(store)
    }

    /// Opens an existing store only to read it; none if there is no file.
    pub fn open_to_read(path: &Path) -> Result<Option<Store>, StoreError> {
        if !path.try_exists().map_err(|e| error::of_io(path, &e))? {
            return Ok(None);
        }
        let opened =
            Store::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|store| Ok((store.layout()?, store)));
        let (kind, store) = match opened {
            Err(StoreError::ReadOnly { .. } | StoreError::Open { .. }) if path.is_file() => {
                Store::open_immutable(path)?
            }
            opened => opened?,
        };
        match kind {
            Kind::Store(version) if version == schema::VERSION => Ok(Some(store)),
            // Made, but never written to; or of an older spm: both become readable by opening them once to write.
            Kind::Store(found) => match Store::open(path) {
                Err(StoreError::ReadOnly { .. } | StoreError::Open { .. }) => {
                    Err(StoreError::Older { path: path.to_owned(), found })
                }
                opened => opened.map(Some),
            },
            Kind::Empty | Kind::Foreign => Store::open(path).map(Some),
        }
    }

    /// In a directory that cannot be written (a backup, another user's) SQLite cannot share the log of a store. Without a log
    /// nobody is writing, and the file is all there is.
    fn open_immutable(path: &Path) -> Result<(Kind, Store), StoreError> {
        if std::fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0) {
            let why = "its directory cannot be written, and the log beside it is not folded in: copy both to read them";
            return Err(StoreError::Open { path: path.to_owned(), why: why.to_owned() });
        }
        let absolute = std::path::absolute(path).map_err(|e| error::of_io(path, &e))?;
        let mut uri = String::from("file:");
        for byte in absolute.as_os_str().as_encoded_bytes() {
            match byte {
                b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
                byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
                byte => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection =
            connection(Path::new(&format!("{uri}?immutable=1")), access).map_err(|fault| fault.at(path))?;
        let store = Store { connection, path: path.to_owned() };
        Ok((store.layout()?, store))
    }

    fn connect(path: &Path, access: OpenFlags) -> Result<Store, StoreError> {
        if path.is_dir() {
            // SQLite would only say that reading it failed.
            return Err(StoreError::Open { path: path.to_owned(), why: "it is a directory".to_owned() });
        }
        let connection = connection(path, access).map_err(|fault| fault.at(path))?;
        Ok(Store { connection, path: path.to_owned() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file is, if this version can work with it.
    fn layout(&self) -> Result<Kind, StoreError> {
        let path = self.path.clone();
        match schema::kind(&self.connection).map_err(|fault| fault.at(&path))? {
            Kind::Foreign => {
                Err(StoreError::NotAStore { path, why: "it is the database of another program".to_owned() })
            }
            Kind::Store(found) if found > schema::VERSION => Err(StoreError::Newer { path, found }),
            kind => Ok(kind),
        }
    }

    /// Stores an assessment, all of it or nothing. One with the same system and id is replaced: it is the same scan,
    /// evaluated again.
    pub fn save(&mut self, assessment: &Assessment) -> Result<(), StoreError> {
        save::save(&mut self.connection, assessment).map_err(|fault| fault.at(&self.path))
    }

    /// The scan of `system` that `which` means, with everything; none if there is no such scan.
    pub fn at(&self, system: &SystemKey, which: Which<'_>) -> Result<Option<Assessment>, StoreError> {
        self.at_with(system, which, |_| true)
    }

    /// As [`Store::at`], with the outcomes of the `wanted` checks only. The other checks keep their counts and have no
    /// outcomes; if none is wanted, the resources are left out too. That is the quick way to an overview.
    pub fn at_with(
        &self,
        system: &SystemKey,
        which: Which<'_>,
        wanted: impl Fn(&CheckInfo) -> bool,
    ) -> Result<Option<Assessment>, StoreError> {
        self.read(|connection| {
            let Some(scan) = find(connection, system, which)? else { return Ok(None) };
            load::load(connection, system, scan.row, &wanted).map(Some)
        })
    }

    /// The scan of `system` that `which` means.
    pub fn find(&self, system: &SystemKey, which: Which<'_>) -> Result<Option<ScanInfo>, StoreError> {
        self.read(|connection| find(connection, system, which))
    }

    /// Every system that was ever scanned and not pruned away, sorted.
    pub fn systems(&self) -> Result<Vec<SystemKey>, StoreError> {
        self.read(|connection| Ok(systems(connection)?.into_iter().map(|(_, key)| key).collect()))
    }

    /// Keeps that a scan of a system failed, until one succeeds.
    pub fn save_failure(&mut self, failure: &Failure) -> Result<(), StoreError> {
        failures::save(&self.connection, failure).map_err(|fault| fault.at(&self.path))
    }

    /// Systems whose last scan failed, sorted.
    pub fn failures(&self) -> Result<Vec<Failure>, StoreError> {
        self.read(failures::all)
    }

    /// The scans of a system, the newest first.
    pub fn scans(&self, system: &SystemKey) -> Result<Vec<ScanInfo>, StoreError> {
        self.read(|connection| scans(connection, system))
    }

    /// The posture of a system over time, the oldest scan first.
    pub fn history(&self, system: &SystemKey) -> Result<Vec<HistoryPoint>, StoreError> {
        self.read(|connection| {
            let point = |scan: ScanInfo| {
                let standards = load::standards(connection, scan.row)?;
                Ok(HistoryPoint { scan, standards: standards.into_iter().map(|(_, standard)| standard).collect() })
            };
            scans(connection, system)?.into_iter().rev().map(point).collect()
        })
    }

    /// What the file holds.
    pub fn info(&self) -> Result<StoreInfo, StoreError> {
        let systems = self.read(|connection| {
            let with_scans = |(_, key): (i64, SystemKey)| {
                let scans = scans(connection, &key)?;
                let time = |scan: Option<&ScanInfo>| scan.map_or_else(String::new, |scan| scan.assessed_at.clone());
                let (first, last) = (time(scans.last()), time(scans.first()));
                Ok((key, scans.len(), first, last))
            };
            systems(connection)?.into_iter().map(with_scans).collect()
        })?;
        Ok(StoreInfo { path: self.path.clone(), layout: schema::VERSION, bytes: bytes_on_disk(&self.path), systems })
    }

    /// Deletes scans that `keep` does not keep, of one system or of all, and what no scan needs any more.
    pub fn prune(&mut self, system: Option<&SystemKey>, keep: Keep) -> Result<Pruned, StoreError> {
        prune::prune(&mut self.connection, &self.path, system, keep).map_err(|fault| fault.at(&self.path))
    }

    /// Runs `read` on one state of the file, whatever others write meanwhile.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let run = || -> Result<T, Fault> {
            let transaction = self.connection.unchecked_transaction()?;
            let value = read(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|fault| fault.at(&self.path))
    }
}

fn connection(path: &Path, access: OpenFlags) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    // The log survives a killed process in any case; "normal" syncs it when it is folded into the file.
    connection.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;
         PRAGMA journal_size_limit = 16777216; PRAGMA trusted_schema = OFF;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The write-ahead log beside a store.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Makes the file and its directories for the owner alone. Only a new file is touched: closing any handle to a file would
/// release the locks that this process holds on it.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// Turns the write-ahead log on. Of several processes that open a new file at once one succeeds and SQLite tells the
/// others at once that it is busy, so they try again.
fn use_write_ahead_log(connection: &Connection) -> Result<(), Fault> {
    let start = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Err(e)
                if start.elapsed() < PATIENCE && e.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            // A file system without shared memory keeps its own mode: slower, and as safe.
            other => return Ok(other.map(|_| ())?),
        }
    }
}

/// Size of the file and of its log.
fn bytes_on_disk(path: &Path) -> u64 {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    size(path) + size(&log_of(path))
}

fn systems(connection: &Connection) -> Result<Vec<(i64, SystemKey)>, Fault> {
    let mut statement = connection.prepare_cached("SELECT id, technology, name FROM systems")?;
    let mut rows = statement.query([])?;
    let mut systems = Vec::new();
    while let Some(row) = rows.next()? {
        systems.push((row.get(0)?, SystemKey { technology: technology(row, 1)?, name: row.get(2)? }));
    }
    systems.sort_by(|(_, a), (_, b)| a.cmp(b));
    Ok(systems)
}

fn technology(row: &Row<'_>, column: usize) -> Result<Technology, Fault> {
    let word: String = row.get(column)?;
    let known = Technology::ALL.into_iter().find(|technology| technology.as_str() == word);
    known.ok_or_else(|| Fault::Damaged(format!("unknown technology \"{word}\"")))
}

const SCAN: &str = "SELECT scans.scan, scans.assessed_at, scans.tool_version, scans.scope, scans.id FROM scans
    JOIN systems ON systems.id = scans.system WHERE systems.technology = ?1 AND systems.name = ?2";

fn scan_info(row: &Row<'_>) -> Result<ScanInfo, Fault> {
    let scope = serde_json::from_str(&row.get::<_, String>(3)?)?;
    Ok(ScanInfo { id: row.get(0)?, assessed_at: row.get(1)?, tool_version: row.get(2)?, scope, row: row.get(4)? })
}

fn scans(connection: &Connection, system: &SystemKey) -> Result<Vec<ScanInfo>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{SCAN} ORDER BY scans.instant DESC, scans.id DESC"))?;
    let rows = statement.query_and_then(params![system.technology.as_str(), system.name], scan_info)?;
    rows.collect()
}

fn find(connection: &Connection, system: &SystemKey, which: Which<'_>) -> Result<Option<ScanInfo>, Fault> {
    let (technology, name) = (system.technology.as_str(), &system.name);
    let newest = format!("{SCAN} AND scans.instant <= ?3 ORDER BY scans.instant DESC, scans.id DESC LIMIT 1");
    let one = |sql: &str, third: &dyn rusqlite::ToSql| -> Result<Option<ScanInfo>, Fault> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query_and_then(params![technology, name, third], scan_info)?;
        rows.next().transpose()
    };
    match which {
        Which::Latest => one(&newest, &i64::MAX),
        Which::At(time) => one(&newest, &time.as_microsecond()),
        Which::Scan(id) => one(&format!("{SCAN} AND scans.scan = ?3"), &id),
    }
}

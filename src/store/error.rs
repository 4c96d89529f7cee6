//! What can go wrong with the store, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::schema;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or its directory cannot be made or opened.
    #[error("cannot open the store {}: {why}; name another one with --store", .path.display())]
    Open {
        /// File of the store.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The file is something else.
    #[error("{} is not a store of spm: {why}; name another file with --store", .path.display())]
    NotAStore {
        /// File of the store.
        path: PathBuf,
        /// What it is.
        why: String,
    },
    /// A later spm has written it.
    #[error(
        "the store {} has layout {found}, this spm knows layouts up to {}: use the newer spm, or another file with --store",
        .path.display(), schema::VERSION
    )]
    Newer {
        /// File of the store.
        path: PathBuf,
        /// Its layout.
        found: i64,
    },
    /// An earlier spm has written it, and it cannot be brought up to date.
    #[error(
        "the store {} has layout {found} of an older spm and cannot be written: make it writable once, or copy it and name \
         the copy with --store",
        .path.display()
    )]
    Older {
        /// File of the store.
        path: PathBuf,
        /// Its layout.
        found: i64,
    },
    /// It may only be read.
    #[error("the store {} cannot be written: it is read-only; name another file with --store, or use --no-store", .path.display())]
    ReadOnly {
        /// File of the store.
        path: PathBuf,
    },
    /// No room left; nothing of the scan was stored.
    #[error("no space left for the store {}: nothing was stored; free some, or run `spm store prune`", .path.display())]
    Full {
        /// File of the store.
        path: PathBuf,
    },
    /// Another process writes for longer than anyone should wait.
    #[error("the store {} is in use by another process for more than {} s", .path.display(), super::PATIENCE.as_secs())]
    Busy {
        /// File of the store.
        path: PathBuf,
    },
    /// What was read makes no sense.
    #[error("the store {} is damaged: {what}; restore it from a backup, or move it away to begin a new one", .path.display())]
    Damaged {
        /// File of the store.
        path: PathBuf,
        /// What makes no sense.
        what: String,
    },
    /// The assessment contradicts itself, so it could not be read back as it is.
    #[error("the assessment cannot be stored: {what}")]
    Invalid {
        /// What contradicts.
        what: String,
    },
    /// Anything else that SQLite says.
    #[error("the store {} failed", .path.display())]
    Sqlite {
        /// File of the store.
        path: PathBuf,
        /// SQLite's words.
        source: rusqlite::Error,
    },
}

/// A fault inside the store, before it is known which file it belongs to.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Damaged(String),
    Invalid(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        match error {
            // A column of another type than the layout has.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::QueryReturnedNoRows => Fault::Damaged(error.to_string()),
            other => Fault::Sqlite(other),
        }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Fault {
        Fault::Damaged(error.to_string())
    }
}

impl Fault {
    /// The fault as an error of the store at `path`.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        let source = match self {
            Fault::Damaged(what) => return StoreError::Damaged { path, what },
            Fault::Invalid(what) => return StoreError::Invalid { what },
            Fault::Sqlite(source) => source,
        };
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StoreError::NotAStore { path, why: "it is no SQLite file".to_owned() },
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path },
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, what: source.to_string() },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                let why = "this user may not read it, or may not write in its directory".to_owned();
                StoreError::Open { path, why }
            }
            _ => StoreError::Sqlite { path, source },
        }
    }
}

/// A failure of the file system as an error of the store at `path`.
pub(super) fn of_io(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { path: path.to_owned() },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path: path.to_owned() },
        _ => StoreError::Open { path: path.to_owned(), why: error.to_string() },
    }
}

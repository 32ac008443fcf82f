use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or a file cannot be made or opened.
    #[error("cannot open the store {}: {source}; check that the folder exists, is writable and has space", path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process owns it.
    #[error("the store {} is in use by another sayso; stop that one first, or give this one its own folder with --data", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The database is gone, and its log is not.
    #[error(
        "the store {} is missing or empty, and its log {} is not; put the database back, or move the log away as well to begin with an empty store",
        path.display(), log.display()
    )]
    Lost {
        /// The database.
        path: PathBuf,
        /// Its write-ahead log.
        log: PathBuf,
    },
    /// A copy was put in its place, beside the log of the database that was there before.
    #[error(
        "the store {} is a copy, and its log {} is that of another state of it, which would ruin the copy; delete the log, and the file that ends in -shm beside it, to begin with the copy, or have `sayso restore` put it there",
        path.display(), log.display()
    )]
    Restored {
        /// The database.
        path: PathBuf,
        /// The log of the one before.
        log: PathBuf,
    },
    /// A newer sayso wrote it.
    #[error(
        "the store {} has tables of version {found}, and this sayso knows versions up to {known}; run a newer sayso, \
         or give this one another folder with --data",
        path.display()
    )]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The newest version known here.
        known: i32,
    },
    /// An older sayso wrote it, and nobody has opened it to write since.
    #[error("the store {} has tables of an older sayso; start `sayso serve` on it once, which brings them up to date", path.display())]
    TooOld {
        /// The database.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a sayso store; move it away, or give sayso another folder with --data", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what was written.
    #[error(
        "the store {} is damaged ({source}), and a restart will not help; put a copy of it in its place with `sayso restore`, or give sayso another folder with --data",
        path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// No space is left for what a start writes.
    #[error("cannot open the store {}: its disk is full; free some space there", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// SQLite refused.
    #[error("cannot open the store {}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            _ => Self::Sqlite { path, source },
        }
    }
}

/// Why an operation on the open store failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left, or a write was refused; nothing of the operation was kept, and later ones may succeed.
    #[error("{0}; free some space on its disk")]
    Full(String),
    /// The operation failed, and nothing of it is known to be kept. Where [`super::Store::failure`] says something,
    /// the store takes no more writes until it is opened anew.
    #[error("{0}")]
    Failed(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error.to_string()),
            _ if is_refused_write(&error) => Self::Full(format!(
                "the disk refused a write ({error}), as it does where a quota or a limit on the size of files is reached"
            )),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Whether the system refused a write, for another reason than that no space is left: SQLite does not say which. It rolls
/// back as it does when the disk is full; what was written of the transaction lies behind the end of the log.
fn is_refused_write(error: &rusqlite::Error) -> bool {
    error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_WRITE)
}

/// Why the store takes no more writes after an error that [`is_fatal`].
pub(super) fn reason(error: &rusqlite::Error) -> String {
    if is_damage(error) {
        return format!(
            "{error}: its file is damaged, or its disk could not be read; restart sayso, which looks at the file, and restore a copy only if it is refused then"
        );
    }
    error.to_string()
}

/// Whether the file is not what was written.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether nobody knows what is on the disk after this, so that carrying on could lose what was answered.
pub(super) fn is_fatal(error: &rusqlite::Error) -> bool {
    use ErrorCode as E;
    if is_refused_write(error) {
        return false;
    }
    match error.sqlite_error_code() {
        Some(
            E::SystemIoFailure
            | E::DatabaseCorrupt
            | E::NotADatabase
            | E::ReadOnly
            | E::PermissionDenied
            | E::CannotOpen
            | E::OutOfMemory
            | E::InternalMalfunction
            | E::FileLockingProtocolFailed
            | E::DatabaseBusy
            | E::DatabaseLocked,
        ) => true,
        // The rest is the operation's own: a value that is too big, a constraint.
        _ => false,
    }
}

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::OpenError;

/// Another process can hold SQLite's own locks for a moment only, for example to read with the `sqlite3` shell.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Of the connection that writes. What is not in it is in the system's memory; and after most commits SQLite goes through
/// all of its slots, since to sort the pages of a tree it gives them the highest number for a moment.
const WRITER_CACHE_KIB: i64 = 4 << 10;
/// Of a reader of short reads. Whatever it holds is void after the next commit, and SQLite keeps the first 20 pages in
/// one block for good, so that a small cache saves it from allocating and freeing the rest over and over.
pub(super) const HOT_CACHE_KIB: i64 = 80;
/// Of a reader of lists and aggregates, within which it comes by the same pages again.
pub(super) const QUERY_CACHE_KIB: i64 = 2 << 10;
/// To how much the log is cut when it begins anew, after a reader let it grow.
const LOG_KEPT_BYTES: i64 = 64 << 20;
/// Statements kept prepared on a connection; the queue and the records have fewer.
const STATEMENTS: usize = 96;

/// Held as long as this process owns the store.
pub(super) struct Lock(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

/// Makes the folder and the file where they do not exist, and takes the lock.
pub(super) fn prepare(path: &Path) -> Result<Lock, OpenError> {
    let io = |source| OpenError::io(path, source);
    let lock = lock(path)?;
    super::copy::discard_part(path)?;
    let log = beside(path, "-wal");
    if len(path).map_err(io)? > 0 {
        if is_copy(path).map_err(io)? && len(&log).map_err(io)? > 0 {
            return Err(OpenError::Restored { path: path.to_owned(), log });
        }
        return Ok(lock);
    }
    if len(&log).map_err(io)? > 0 {
        // SQLite would drop the log, and with it what is not in the database yet.
        return Err(OpenError::Lost { path: path.to_owned(), log });
    }
    let was_there = [path, &log, &beside(path, "-shm")].into_iter().any(|file| file.exists());
    // SQLite gives the log the permissions of the database, so these are set before it sees the file.
    private_file().open(path).and_then(|file| file.sync_all()).map_err(io)?;
    sync_folder(folder(path)).map_err(io)?;
    let path = path.display();
    if was_there {
        tracing::warn!(%path, "the store is gone or empty, though there was one here; made a new one: if that was not meant, stop sayso and put the database back");
    } else {
        tracing::info!(%path, "there was no store; made a new one");
    }
    Ok(lock)
}

/// Whether it is no database that was last open with a log, as a copy made by `VACUUM INTO` is: the versions for writing and
/// reading in the header are 1 then (SQLite's file format, section 1.3.3). SQLite would fold any log beside it into it.
fn is_copy(path: &Path) -> io::Result<bool> {
    let mut header = [0; 20];
    match File::open(path)?.read_exact(&mut header) {
        Ok(()) => Ok(header[18..] == [1, 1]),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes the lock, and makes the folder where it does not exist.
pub(super) fn lock(path: &Path) -> Result<Lock, OpenError> {
    let io = |source| OpenError::io(path, source);
    private_folder().create(folder(path)).map_err(io)?;
    let name = beside(path, ".lock");
    let lock = match private_file().create_new(true).open(&name) {
        Ok(new) => {
            hand_over(&new, folder(path));
            new
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => private_file().open(&name).map_err(io)?,
        Err(error) => return Err(io(error)),
    };
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::Locked { path: path.to_owned() },
        TryLockError::Error(source) => io(source),
    })?;
    Ok(Lock(lock))
}

/// Gives a file that this process has just made to the owner of another: what an administrator does to a store as root must
/// not keep its service from it. Where the system does not allow that, the process is the service.
pub(super) fn hand_over(new: &File, like: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        if let (Ok(own), Ok(other)) = (new.metadata(), like.metadata())
            && (own.uid(), own.gid()) != (other.uid(), other.gid())
            && let Err(error) = fchown(new, Some(other.uid()), Some(other.gid()))
        {
            tracing::debug!(%error, "a file keeps its owner");
        }
    }
}

/// Removes the files of a store that nobody has open, but for the lock.
pub(super) fn discard(path: &Path) -> Result<(), OpenError> {
    let _lock = lock(path)?;
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match std::fs::remove_file(&file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(OpenError::io(&file, source)),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// How long a file is, in bytes; 0 where there is none.
fn len(path: &Path) -> io::Result<u64> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Where the database is, where `path` is a link to it, also to one that is not there yet: its log and its lock are beside
/// itself, as SQLite has it.
pub(super) fn resolved(path: &Path) -> PathBuf {
    if let Ok(there) = path.canonicalize() {
        return if path.is_symlink() { there } else { path.to_owned() };
    }
    match path.read_link() {
        Ok(target) => folder(path).join(target),
        Err(_) => path.to_owned(),
    }
}

/// `path` with `suffix` behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes the name of a new file durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The connection that writes. Changes nothing yet, since the file may be somebody else's.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, flags, WRITER_CACHE_KIB).map_err(|source| OpenError::sqlite(path, source))
}

/// The write-ahead log, to be synced: SQLite keeps the same file for as long as a connection is open.
pub(super) fn log(path: &Path) -> io::Result<File> {
    File::open(beside(path, "-wal"))
}

/// Makes the connection write as the store has to be written.
pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit does not sync the log: see [`super::settle`].
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // On macOS a plain fsync leaves data in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // The writer folds the log itself, because SQLite's own way of doing it passes over errors.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT_BYTES)?;
    connection.pragma_update(None, "secure_delete", true)
}

/// A connection that reads.
pub(super) fn reader(path: &Path, cache_kib: i64) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, flags, cache_kib).map_err(|source| OpenError::sqlite(path, source))
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: i64) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Otherwise SQLite plans a statement anew whenever other values are bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

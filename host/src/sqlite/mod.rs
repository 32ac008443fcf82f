//! The one SQLite file of the embedded backends: the queue and the records share it, and this process owns it.
//!
//! # On disk
//! `NAME` is the database, `NAME-wal` its write-ahead log, `NAME-shm` the index of the log, and `NAME.lock` is held
//! by the process that owns them. All are readable by their owner alone. The database carries sayso's
//! `application_id` and the version of its tables in `user_version`; `migrations/` says what is in them. [`copy`] makes
//! copies while sayso runs, and puts them back: a plain copy of the files is not consistent.
//!
//! # Writing
//! One thread writes. It takes what waits in its inbox (at most 512 operations), and runs it in one transaction. Then it
//! syncs the log, and answers ([`settle`]); where more is to be done at once, groups of up to a millisecond share a sync.
//! One who writes alone waits for no company; while a crowd writes, groups begin a third of a millisecond apart. What
//! somebody outside waits for goes first ([`backlog::Haste`]), and [`backlog`] says how the stages get their share. A group in
//! which an operation fails is rolled back, and its operations run again one by one, so that each fails for itself alone.
//!
//! What follows an operation in memory, its `then`, comes after the sync, in the order of the writes: operations that
//! shared the sync ran before it.
//!
//! # Limits
//! SQLite's: 2^32 pages of 4 KiB, 1 GB in a value. The log is folded into the database when it has more than
//! 4,000 pages, and grows past that only while a reader holds on to an old state. The connections cache some 20 MiB in
//! all.
//!
//! # Recovery
//! After a crash SQLite replays the log up to the last whole commit that reached the disk: what was answered is there,
//! and of an operation that was not answered either all or nothing. Leases live in memory, so every message that was not settled waits
//! again. A store that is full refuses the operation and goes on; one whose disk fails, or that finds itself corrupt,
//! is poisoned: it takes no more writes until it is opened anew, because nobody knows what reached the disk.
//!
//! # Erasure
//! `secure_delete` overwrites with zeros what is deleted. Two kinds of traces are left: the log may hold older images of
//! pages, and pages copies of rows that SQLite moved ([`scrub`]). [`Store::scrub`] removes both; the log goes also when
//! nothing is written for some seconds. The index of words may keep
//! the beginning of a word, as far as it tells it from its neighbour in the alphabet, until its parts are merged. Temporary
//! tables are in memory. Copies that the file system or the disk keeps are beyond reach.

mod backlog;
pub mod copy;
mod error;
mod migrations;
mod open;
mod readers;
mod scrub;
mod settle;
#[cfg(test)]
mod tests;
pub(crate) mod time;
mod writer;

pub(crate) use backlog::Haste;
pub use error::{OpenError, StoreError};
pub(crate) use writer::Wakes;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::{runtime::Handle, sync::oneshot};

use readers::Readers;
use writer::{Call, Fold, Folded, Job, Writer};

/// Connections for reads that workers wait for.
const HOT_READERS: usize = 2;
/// Connections for lists, searches and aggregates, which can take seconds and must not hold up the others.
const QUERY_READERS: usize = 2;

/// How long to wait for a reader that is in the way of a fold, before the next look.
const PAUSE: Duration = Duration::from_millis(20);
/// While pages are cleared, others have the writer for so many times as long.
const REST: u32 = 4;

/// Which connections a read uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pool {
    /// Short reads by key, which workers wait for.
    Hot,
    /// Reads whose length depends on what is asked.
    Query,
}

/// The open store. Cheap to clone; the last clone to go finishes what waits, and closes it.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    // Fields are dropped in this order: the writer finishes, then the readers close, then the file, then the lock is released.
    writer: Writer,
    hot: Readers,
    query: Readers,
    _pages: Arc<scrub::Pages>,
    _lock: open::Lock,
    path: PathBuf,
}

impl Store {
    /// Opens the store at `path`, and makes it and its folder where they do not exist. Blocks on the disk.
    ///
    /// # Errors
    /// When another process has it open, when a newer sayso wrote it, when it is no store, or when the disk fails.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let path = &*open::resolved(path);
        let lock = open::prepare(path)?;
        let mut connection = open::writer(path)?;
        migrations::check(&connection, path)?;
        open::configure(&connection).map_err(|source| OpenError::sqlite(path, source))?;
        migrations::run(&mut connection).map_err(|source| OpenError::sqlite(path, source))?;
        writer::drop_log(&connection, writer::PATIENCE).map_err(|source| OpenError::sqlite(path, source))?;
        let failure = Arc::<OnceLock<String>>::default();
        let hot = Readers::open(path, HOT_READERS, open::HOT_CACHE_KIB, failure.clone())?;
        let query = Readers::open(path, QUERY_READERS, open::QUERY_CACHE_KIB, failure.clone())?;
        let pages = Arc::new(scrub::Pages::open(path).map_err(|source| OpenError::io(path, source))?);
        let writer = open::log(path)
            .and_then(|log| Writer::start(connection, log, pages.clone(), failure))
            .map_err(|source| OpenError::io(path, source))?;
        Ok(Self(Arc::new(Shared { writer, hot, query, _pages: pages, _lock: lock, path: path.to_owned() })))
    }

    /// Deletes the store at `path`, if there is one. Blocks on the disk.
    ///
    /// # Errors
    /// When a process has it open, or when a file cannot be deleted.
    pub fn discard(path: &Path) -> Result<(), OpenError> {
        open::discard(path)
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Why the store takes no more writes, if it does not.
    pub fn failure(&self) -> Option<String> {
        self.0.writer.failure()
    }

    /// Folds the write-ahead log into the database, and drops it. False where a reader, perhaps of another process, still
    /// looks at an older state: then it is to be called again.
    pub async fn fold_wal(&self) -> Result<bool, StoreError> {
        Ok(self.fold(None).await? != Folded::Blocked)
    }

    /// Overwrites what is left of deleted rows anywhere in the store's files, page by page, and drops the log. False where a
    /// reader was in the way for so long: then it is to be called again.
    pub(crate) async fn scrub(&self, patience: Duration) -> Result<bool, StoreError> {
        let mut left = patience;
        let mut first = Some(1);
        loop {
            let began = Instant::now();
            match self.fold(first).await? {
                Folded::Done(_) if first.is_none() => return Ok(true),
                // The log goes last: until then it may have older images of what is cleared.
                Folded::Done(next) => {
                    first = next;
                    tokio::time::sleep(began.elapsed() * REST).await;
                }
                Folded::Blocked if left.is_zero() => return Ok(false),
                Folded::Blocked => {
                    let pause = PAUSE.min(left);
                    left -= pause;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn fold(&self, clear_from: Option<u32>) -> Result<Folded, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.writer.send(Job::Fold(Fold { clear_from, reply }));
        answer.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Runs `run` in a transaction, perhaps with others and perhaps twice (when its group had to be rolled back, so
    /// it must not carry anything over from one run to the next), and answers when it is durable. `then` runs on a
    /// thread of the store after that, whether or not the caller still waits.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        haste: Haste,
        run: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(&T, &mut Wakes) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let done = move |outcome: Result<&T, &StoreError>, wakes: &mut Wakes| {
            if let Ok(value) = outcome {
                then(value, wakes);
            }
        };
        // A caller that went away needs no answer.
        let mut call = Call::new(run, done, move |outcome| drop(reply.send(outcome)));
        call.home = Handle::try_current().ok();
        self.send(haste, call);
        answer.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Like [`Self::write`] without waiting: `done` gets the outcome on a thread of the store.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        haste: Haste,
        run: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        done: impl FnOnce(Result<&T, &StoreError>, &mut Wakes) + Send + 'static,
    ) {
        self.send(haste, Call::new(run, done, drop));
    }

    /// Like [`Self::write`], and blocks; for the start of the process.
    pub(crate) fn write_blocking<T: Send + 'static>(
        &self,
        run: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = std::sync::mpsc::channel();
        let answer_with = move |outcome| drop(reply.send(outcome));
        self.send(Haste::Soon, Call::new(run, |_: Result<&T, &StoreError>, _: &mut Wakes| {}, answer_with));
        answer.recv().unwrap_or_else(|_| Err(self.stopped()))
    }

    fn send(&self, haste: Haste, operation: impl writer::Operation + 'static) {
        self.0.writer.send(Job::Operation(haste, Box::new(operation)));
    }

    /// Runs `read` on a connection that sees everything committed before the call.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        pool: Pool,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = match pool {
            Pool::Hot => &self.0.hot,
            Pool::Query => &self.0.query,
        };
        readers.run(read).await
    }

    fn stopped(&self) -> StoreError {
        StoreError::Failed(self.failure().unwrap_or_else(|| "its writer has stopped".into()))
    }
}

/// Opens the store at `path` to read beside the process that owns it, if there is one: nothing is locked or written.
///
/// # Errors
/// When there is none, or when it is not of this sayso's version.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    let connection = open::reader(path, open::QUERY_CACHE_KIB)?;
    migrations::check_whole(&connection, path)?;
    Ok(connection)
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.0.path).finish_non_exhaustive()
    }
}

use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    OpenError, StoreError,
    error::{is_damage, reason},
    open,
};

/// After so many steps of SQLite's machine is looked whether anybody still waits: some microseconds.
const STEPS: i32 = 1_000;

/// Connections that read, each used by one caller at a time.
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Reader>>>,
    /// Why the store takes no more writes.
    failure: Arc<OnceLock<String>>,
}

struct Reader {
    connection: Connection,
    /// Makes what it runs end with an error.
    is_abandoned: Arc<AtomicBool>,
}

impl Readers {
    pub(super) fn open(
        path: &Path,
        count: usize,
        cache_kib: i64,
        failure: Arc<OnceLock<String>>,
    ) -> Result<Self, OpenError> {
        let idle = (0..count).map(|_| Reader::open(path, cache_kib)).collect::<Result<_, _>>()?;
        Ok(Self { permits: Arc::new(Semaphore::new(count)), idle: Arc::new(Mutex::new(idle)), failure })
    }

    /// Waits for a connection, and runs `read` where blocking is allowed. When nobody waits for the outcome any more, the
    /// query is ended: others want the connection.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        let reader = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = reader.expect("there are as many permits as connections");
        reader.is_abandoned.store(false, Ordering::Relaxed);
        let wanted = Wanted(Arc::new(Mutex::new(Some(reader.is_abandoned.clone()))));
        let running = wanted.0.clone();
        let borrowed = Borrowed { reader: Some(reader), running, idle: self.idle.clone(), _permit: permit };
        let outcome = tokio::task::spawn_blocking(move || borrowed.reader.as_ref().map(|own| read(&own.connection)));
        match outcome.await {
            Ok(Some(outcome)) => outcome.map_err(|error| {
                if is_damage(&error) && self.failure.set(reason(&error)).is_ok() {
                    tracing::error!(%error, "the store is damaged, and takes no more writes");
                }
                error.into()
            }),
            Ok(None) => unreachable!("a borrowed connection is there until it is given back"),
            Err(error) => Err(StoreError::Failed(format!("a read stopped halfway: {error}"))),
        }
    }
}

impl Reader {
    fn open(path: &Path, cache_kib: i64) -> Result<Self, OpenError> {
        let mut connection = open::reader(path, cache_kib)?;
        let is_abandoned = Arc::new(AtomicBool::new(false));
        let flag = is_abandoned.clone();
        let installed = connection.progress_handler(STEPS, Some(move || flag.load(Ordering::Relaxed)));
        installed.map_err(|source| OpenError::sqlite(path, source))?;
        Ok(Self { connection, is_abandoned })
    }
}

/// The flag of the connection, as long as it runs what one caller wants.
type Running = Arc<Mutex<Option<Arc<AtomicBool>>>>;

/// What somebody waits for. Dropped before it has ended, it ends.
struct Wanted(Running);

impl Drop for Wanted {
    fn drop(&mut self) {
        if let Some(is_abandoned) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            is_abandoned.store(true, Ordering::Relaxed);
        }
    }
}

/// A connection on loan; goes back when dropped, even by a panic.
struct Borrowed {
    reader: Option<Reader>,
    running: Running,
    idle: Arc<Mutex<Vec<Reader>>>,
    // Released after the connection is back: fields are dropped after `drop` has run.
    _permit: OwnedSemaphorePermit,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        // From here on it would be the next caller who is abandoned.
        self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.reader.take());
    }
}

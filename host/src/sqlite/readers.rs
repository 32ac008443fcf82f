use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{OpenError, StoreError, open};

/// Connections that read, each used by one caller at a time.
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn open(path: &Path, count: usize, cache_kib: i64) -> Result<Self, OpenError> {
        let idle = (0..count).map(|_| open::reader(path, cache_kib)).collect::<Result<_, _>>()?;
        Ok(Self { permits: Arc::new(Semaphore::new(count)), idle: Arc::new(Mutex::new(idle)) })
    }

    /// Waits for a connection, and runs `read` where blocking is allowed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let borrowed = Borrowed {
            connection: Some(connection.expect("there are as many permits as connections")),
            idle: self.idle.clone(),
            _permit: permit,
        };
        let outcome = tokio::task::spawn_blocking(move || borrowed.connection.as_ref().map(read));
        match outcome.await {
            Ok(Some(outcome)) => Ok(outcome?),
            Ok(None) => unreachable!("a borrowed connection is there until it is given back"),
            Err(error) => Err(StoreError::Failed(format!("a read stopped halfway: {error}"))),
        }
    }
}

/// A connection on loan; goes back when dropped, even by a panic.
struct Borrowed {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    // Released after the connection is back: fields are dropped after `drop` has run.
    _permit: OwnedSemaphorePermit,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.connection.take());
    }
}

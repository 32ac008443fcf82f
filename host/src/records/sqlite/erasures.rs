//! What is being forgotten, or was lately.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    super::{Erasure, RecordsError, Subject},
    SqliteRecords, residue,
};
use crate::{
    feedback::FeedbackId,
    sqlite::{Haste, Pool, time::nanos},
};

type Digest = [u8; 32];

/// As of which era each subject is forgotten, by the digest of its identifier: as the table has it, for the writer's thread
/// to look at with every feedback that is saved.
#[derive(Default)]
pub(super) struct Erasures {
    all: Mutex<HashMap<Digest, i64>>,
    era: AtomicI64,
    begun: Notify,
}

impl Erasures {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare("SELECT digest, era FROM erasure")?;
        let all = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        let era: i64 = connection.query_row("SELECT now FROM era", [], |row| row.get(0))?;
        Ok(Self { all: Mutex::new(all), era: era.into(), begun: Notify::new() })
    }

    pub(super) fn era(&self) -> i64 {
        self.era.load(Ordering::Acquire)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, i64>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, digest: Digest, era: i64) {
        let mut all = self.all();
        let known = all.entry(digest).or_insert(era);
        *known = era.max(*known);
        self.era.fetch_max(era, Ordering::AcqRel);
        drop(all);
        self.begun.notify_waiters();
    }

    pub(super) async fn after(&self, era: i64) {
        loop {
            let mut begun = std::pin::pin!(self.begun.notified());
            begun.as_mut().enable();
            if self.era() > era {
                return;
            }
            begun.await;
        }
    }

    /// Whether this feedback is forgotten, or what its customer said then.
    pub(super) fn cover(&self, feedback: FeedbackId, customer: Option<&str>, era: i64) -> bool {
        let all = self.all();
        if all.is_empty() {
            return false;
        }
        let of_customer = customer.and_then(|customer| all.get(&digest_of_customer(customer)));
        of_customer.is_some_and(|forgotten| era < *forgotten) || all.contains_key(&digest_of_feedback(feedback))
    }
}

fn digest(subject: &Subject) -> Digest {
    match subject {
        Subject::Customer(customer) => digest_of_customer(customer),
        Subject::Feedback(id) => digest_of_feedback(*id),
    }
}

fn digest_of_customer(customer: &str) -> Digest {
    Sha256::digest(customer).into()
}

/// No customer's identifier begins so.
fn digest_of_feedback(id: FeedbackId) -> Digest {
    Sha256::new().chain_update(b"\0feedback\0").chain_update(id.0.as_bytes()).finalize().into()
}

/// What the two columns of the table tell of a subject.
fn columns(subject: &Subject) -> (Option<String>, Option<[u8; 16]>) {
    match subject {
        Subject::Customer(customer) => (Some(customer.clone()), None),
        Subject::Feedback(id) => (None, Some(id.0.into_bytes())),
    }
}

fn erasure(row: &rusqlite::Row<'_>) -> rusqlite::Result<Erasure> {
    let feedback: Option<[u8; 16]> = row.get(1)?;
    let subject = match feedback {
        Some(id) => Subject::Feedback(FeedbackId(Uuid::from_bytes(id))),
        None => Subject::Customer(row.get(0)?),
    };
    Ok(Erasure { subject, era: row.get(2)? })
}

impl SqliteRecords {
    pub(super) async fn put_erasure(&self, subject: &Subject) -> Result<Erasure, RecordsError> {
        let (digest, at, erasures) = (digest(subject), nanos(Timestamp::now()), self.erasures.clone());
        let (customer, feedback) = columns(subject);
        let run = move |connection: &Connection| {
            let era = connection
                .prepare_cached("UPDATE era SET now = now + 1 RETURNING now")?
                .query_row([], |row| row.get::<_, i64>(0))?;
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO erasure (digest, customer, feedback, at, era) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![digest, customer, feedback, at, era])?;
            Ok(era)
        };
        let era = self.store.write(Haste::Later, run, move |era, _| erasures.begin(digest, *era)).await?;
        Ok(Erasure { subject: subject.clone(), era })
    }

    pub(super) async fn open_erasures(&self) -> Result<Vec<Erasure>, RecordsError> {
        let read = |connection: &Connection| {
            let mut select = connection.prepare(
                "SELECT customer, feedback, era FROM erasure WHERE customer IS NOT NULL OR feedback IS NOT NULL",
            )?;
            select.query_map([], erasure)?.collect()
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    /// Drops the identifier, unless the subject is being forgotten anew.
    pub(super) async fn close_erasure(&self, erasure: &Erasure) -> Result<(), RecordsError> {
        let (digest, era) = (digest(&erasure.subject), erasure.era);
        let run = move |connection: &Connection| {
            residue::leave(connection)?;
            connection.execute(
                "UPDATE erasure SET customer = NULL, feedback = NULL WHERE digest = ?1 AND era = ?2",
                params![digest, era],
            )
        };
        self.store.write(Haste::Later, run, |_, _| {}).await?;
        Ok(())
    }

    pub(super) async fn forget_erasures(&self, before: Timestamp) -> Result<(), RecordsError> {
        let (before, erasures) = (nanos(before), self.erasures.clone());
        let run = move |connection: &Connection| -> rusqlite::Result<Vec<Digest>> {
            let mut delete = connection.prepare_cached(
                "DELETE FROM erasure WHERE customer IS NULL AND feedback IS NULL AND at < ?1 RETURNING digest",
            )?;
            delete.query_map([before], |row| row.get(0))?.collect()
        };
        let then = move |dropped: &Vec<Digest>, _: &mut _| {
            let mut all = erasures.all();
            for digest in dropped {
                all.remove(digest);
            }
        };
        self.store.write(Haste::Later, run, then).await?;
        Ok(())
    }
}

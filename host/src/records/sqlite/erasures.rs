//! Customers who are being forgotten, or were lately.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use super::{
    super::{Erasure, RecordsError},
    SqliteRecords, residue,
};
use crate::sqlite::{
    Haste, Pool,
    time::{nanos, timestamp},
};

type Digest = [u8; 32];

/// Until when what each of them said is forgotten, by the digest of the identifier: as the table has it, for the writer's
/// thread to look at with every feedback that is saved.
#[derive(Default)]
pub(super) struct Erasures(Mutex<HashMap<Digest, i64>>);

impl Erasures {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare("SELECT digest, at FROM erasure")?;
        let all = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(Self(Mutex::new(all)))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what this customer said then is forgotten.
    pub(super) fn cover(&self, customer: Option<&str>, accepted_at: i64) -> bool {
        let all = self.all();
        let Some(customer) = customer.filter(|_| !all.is_empty()) else { return false };
        all.get(&digest(customer)).is_some_and(|at| accepted_at <= *at)
    }
}

fn digest(customer: &str) -> Digest {
    Sha256::digest(customer).into()
}

impl SqliteRecords {
    pub(super) async fn put_erasure(&self, customer: &str) -> Result<Erasure, RecordsError> {
        let erasure = Erasure { customer: customer.to_owned(), at: Timestamp::now() };
        let (digest, at, erasures) = (digest(customer), nanos(erasure.at), self.erasures.clone());
        let customer = customer.to_owned();
        let run = move |connection: &Connection| {
            connection.execute(
                "INSERT INTO erasure (digest, customer, at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (digest) DO UPDATE SET customer = excluded.customer, at = max(at, excluded.at)",
                params![digest, customer, at],
            )
        };
        let then = move |_: &usize, _: &mut _| {
            let mut all = erasures.all();
            let known = all.entry(digest).or_insert(at);
            *known = at.max(*known);
        };
        self.store.write(Haste::Later, run, then).await?;
        Ok(erasure)
    }

    pub(super) async fn open_erasures(&self) -> Result<Vec<Erasure>, RecordsError> {
        let read = |connection: &Connection| {
            let mut select = connection.prepare("SELECT customer, at FROM erasure WHERE customer IS NOT NULL")?;
            let one = |row: &rusqlite::Row<'_>| Ok(Erasure { customer: row.get(0)?, at: timestamp(row.get(1)?) });
            select.query_map([], one)?.collect()
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    /// Drops the identifier, unless the customer is being forgotten anew.
    pub(super) async fn close_erasure(&self, erasure: &Erasure) -> Result<(), RecordsError> {
        let (digest, at) = (digest(&erasure.customer), nanos(erasure.at));
        let run = move |connection: &Connection| {
            residue::leave(connection)?;
            connection.execute("UPDATE erasure SET customer = NULL WHERE digest = ?1 AND at <= ?2", params![digest, at])
        };
        self.store.write(Haste::Later, run, |_, _| {}).await?;
        Ok(())
    }

    pub(super) async fn forget_erasures(&self, before: Timestamp) -> Result<(), RecordsError> {
        let (before, erasures) = (nanos(before), self.erasures.clone());
        let run = move |connection: &Connection| -> rusqlite::Result<Vec<Digest>> {
            let mut delete =
                connection.prepare_cached("DELETE FROM erasure WHERE customer IS NULL AND at < ?1 RETURNING digest")?;
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

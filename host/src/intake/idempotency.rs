//! Requests that carry an `Idempotency-Key`: one at a time, and a repetition gets the first answer again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::idempotency::UNIT_SEPARATOR;
use crate::api::problem::{Problem, ProblemType};

/// An `Idempotency-Key` of one caller: those of others are theirs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key(String);

impl Key {
    pub(super) fn new(caller: &str, key: &str) -> Self {
        Self(format!("{caller}{UNIT_SEPARATOR}{key}"))
    }

    /// Under which the answer is kept.
    pub(super) fn stored(&self) -> &str {
        &self.0
    }

    /// What the identities of the request's items begin with, where they have none of their own.
    pub(super) fn identity_lead(&self) -> String {
        format!("idempotency:{}", self.0)
    }
}

/// The keys of the requests under way in this process.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<Key>>>);

/// A request under way.
#[derive(Debug)]
pub(super) struct Guard {
    keys: InFlight,
    key: Key,
}

impl InFlight {
    /// Begins a request, unless one with the same key is under way.
    pub(super) fn begin(&self, key: &Key) -> Result<Guard, Problem> {
        if !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            let detail = "A request with this Idempotency-Key is under way; try again when it has ended.";
            return Err(Problem::new(ProblemType::IdempotencyConflict, detail).retry_after(1));
        }
        Ok(Guard { keys: self.clone(), key: key.clone() })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_until_its_request_ends() {
        let in_flight = InFlight::default();
        let guard = in_flight.begin(&Key::new("shop", "k")).expect("is free");
        let problem = in_flight.begin(&Key::new("shop", "k")).expect_err("is taken");
        assert_eq!(problem.kind, ProblemType::IdempotencyConflict);
        in_flight.begin(&Key::new("crm", "k")).expect("another caller's key is another key");
        drop(guard);
        in_flight.begin(&Key::new("shop", "k")).expect("is free again");
    }
}

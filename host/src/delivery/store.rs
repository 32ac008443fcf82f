//! Steps on the queue and the records that have to work before a webhook goes on.

use std::{fmt::Display, time::Duration};

use tokio_util::sync::CancellationToken;

use super::events::Events;
use crate::{queue::QueueError, records::RecordsError};

/// Why the store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// First and longest wait between two tries of a step.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Repeats a step until it works, and returns its result. None if it failed while sayso shuts down: what was leased
/// comes back after the restart.
///
/// Going on without it would deliver what cannot be recorded, so a store that fails holds the webhook up.
pub(super) async fn insist<T, E, F>(
    events: &Events,
    shutdown: &CancellationToken,
    what: &str,
    mut step: impl FnMut() -> F,
) -> Option<T>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let (first, longest) = WAITS;
    let mut wait = first;
    loop {
        match step().await {
            Ok(result) => {
                if wait > first {
                    events.store_works(what);
                }
                return Some(result);
            }
            Err(error) if wait == first => events.store_fails(what, &error),
            Err(_) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return None,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(longest),
        }
    }
}

//! Grant `http`: requests to the hosts that the operator listed, and to no others.
//!
//! - [`hosts`]: whom a plugin may call, and [`headers`] that are added for them.
//! - [`client`]: carries requests out, by the address policy of webhooks, within the operator's bounds; [`failure`]: what
//!   a plugin is told where there is no answer.
//! - [`recorded`]: answers out of a golden case.
//!
//! Requests run in a runtime of their own, so that they take nothing from intake and delivery, and the thread of the
//! chain waits for them. What it waits does not count towards the plugin's deadline, but has a bound of its own: for each
//! item of a call as long as one request may take.

mod client;
mod failure;
mod headers;
mod hosts;
mod recorded;

pub(in crate::plugins) use client::Client;
pub(in crate::plugins) use recorded::Answers;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{State, wit};
use wit::http::{Error, Request, Response};

/// Most requests for one item of a batch.
const REQUESTS_PER_ITEM: usize = 16;

/// What became of one request.
pub(in crate::plugins) type Exchanged = Result<Response, Error>;

/// Where the answers come from.
#[derive(Debug)]
pub(in crate::plugins) enum Source {
    /// From the hosts themselves.
    Hosts(Client),
    /// From a golden case.
    Recorded(Answers),
}

/// What an instance may ask for.
#[derive(Default)]
pub(in crate::plugins) struct Scope {
    source: Option<Arc<Source>>,
    /// Only while a batch is processed.
    budget: Option<Budget>,
    waited: Duration,
}

/// What is left of what one call may ask for.
struct Budget {
    requests: usize,
    wait: Duration,
    /// Bytes of answers at once: what does not fit into the plugin's memory need not be read.
    bytes: usize,
}

impl Scope {
    pub(super) fn new(source: Option<Arc<Source>>) -> Self {
        Self { source, ..Self::default() }
    }

    /// Allows what a batch of so many items may ask for.
    pub(in crate::plugins) fn open(&mut self, items: usize, memory_bytes: usize) {
        let timeout = match self.source.as_deref() {
            Some(Source::Hosts(client)) => client.timeout(),
            Some(Source::Recorded(_)) | None => Duration::ZERO,
        };
        self.budget = Some(Budget {
            requests: items.saturating_mul(REQUESTS_PER_ITEM),
            wait: timeout.saturating_mul(u32::try_from(items).unwrap_or(u32::MAX)),
            bytes: memory_bytes,
        });
        self.waited = Duration::ZERO;
    }

    /// How long the call at hand has waited for answers.
    pub(in crate::plugins) const fn waited(&self) -> Duration {
        self.waited
    }

    fn exchange(&mut self, requests: Vec<Request>) -> Vec<Exchanged> {
        let count = requests.len();
        let all = |error: Error| (0..count).map(|_| Err(error.clone())).collect();
        let Some(budget) = &mut self.budget else {
            return all(Error::Denied("requests can be made while `process` runs, and not before".into()));
        };
        if count > budget.requests {
            return all(Error::Denied(format!(
                "these are more than {REQUESTS_PER_ITEM} requests for each item of the batch; make fewer"
            )));
        }
        budget.requests -= count;
        match self.source.as_deref() {
            None => all(Error::Denied("the plugin's [[plugin]] lists no hosts under `http`".into())),
            Some(Source::Recorded(answers)) => requests.iter().map(|request| answers.answer(request)).collect(),
            Some(Source::Hosts(_)) if budget.wait.is_zero() => {
                all(Error::Timeout("the call has waited as long as `http.timeout` allows for all of its items".into()))
            }
            Some(Source::Hosts(client)) => {
                let started = Instant::now();
                let (answers, is_sent) = client.exchange(requests, budget.wait, budget.bytes);
                // What is refused before it is sent is work, and counts as that.
                if is_sent {
                    let waited = started.elapsed();
                    budget.wait = budget.wait.saturating_sub(waited);
                    self.waited += waited;
                }
                answers
            }
        }
    }
}

impl wit::http::Host for State {
    fn send(&mut self, request: Request) -> Exchanged {
        let answer = self.http.exchange(vec![request]).pop();
        answer.unwrap_or_else(|| Err(Error::Other("a defect in sayso: there is no answer to a request".into())))
    }

    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Exchanged> {
        self.http.exchange(requests)
    }
}

impl Error {
    /// For metrics.
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::Timeout(_) => "timeout",
            Self::Connection(_) => "connection",
            Self::TooLarge(_) => "too_large",
            Self::Other(_) => "other",
        }
    }
}

#[cfg(test)]
mod tests;

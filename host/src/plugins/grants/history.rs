//! Grant `history`: what the customer of a feedback in the batch said before, in summary.

use std::sync::Arc;

use super::{State, wit};
use crate::{feedback::FeedbackId, records::History};

/// Where histories come from. Called on the worker's own thread, and may block it.
pub trait HistorySource: Send + Sync + 'static {
    /// What the customer said before this feedback; none if it cannot be had.
    fn before(&self, customer: &str, feedback: FeedbackId) -> Option<History>;
}

/// No history: for plugins that run without records, as in tests and `sayso check`.
#[derive(Clone, Copy, Debug)]
pub struct NoHistory;

impl HistorySource for NoHistory {
    fn before(&self, _: &str, _: FeedbackId) -> Option<History> {
        None
    }
}

/// Which customers a plugin may ask for: those of the batch at hand.
pub(in crate::plugins) struct Scope {
    source: Arc<dyn HistorySource>,
    /// By the index of the item.
    customers: Vec<Option<(FeedbackId, String)>>,
}

impl Scope {
    pub(super) fn new(source: Arc<dyn HistorySource>) -> Self {
        Self { source, customers: Vec::new() }
    }

    /// Opens the customers of a batch, by the index of the item.
    pub(in crate::plugins) fn open(&mut self, customers: Vec<Option<(FeedbackId, String)>>) {
        self.customers = customers;
    }
}

impl wit::history::Host for State {
    fn before(&mut self, item: u32) -> Option<wit::history::Summary> {
        let (id, customer) = self.history.customers.get(usize::try_from(item).ok()?)?.as_ref()?;
        let history = self.history.source.before(customer, *id)?;
        Some(wit::history::Summary {
            earlier: history.earlier,
            first_seen: history.first_seen.map(|at| at.as_millisecond()),
            last_seen: history.last_seen.map(|at| at.as_millisecond()),
            sentiment_mean: history.sentiment_mean,
            sentiment_trend: history.sentiment_trend,
        })
    }
}

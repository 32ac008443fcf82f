//! Histories of customers, from the records.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::{
    feedback::FeedbackId,
    plugins::grants::HistorySource,
    records::{History, Records},
};

/// Asks the records, and blocks the worker's thread meanwhile.
pub(super) struct RecordsHistory {
    records: Arc<dyn Records>,
    runtime: Handle,
}

impl RecordsHistory {
    pub(super) fn new(records: Arc<dyn Records>, runtime: Handle) -> Self {
        Self { records, runtime }
    }
}

impl HistorySource for RecordsHistory {
    fn before(&self, customer: &str, feedback: FeedbackId) -> Option<History> {
        match self.runtime.block_on(self.records.history(customer, feedback)) {
            Ok(history) => Some(history),
            Err(error) => {
                super::events::records_failed(&error);
                None
            }
        }
    }
}

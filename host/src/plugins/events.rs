//! What the plugin host tells operators: metrics and log lines. A failure is logged once, here.

use std::time::Duration;

use super::loader::Plugin;
use crate::feedback::FeedbackId;

/// A plugin went over a batch.
pub(super) fn ran(plugin: &Plugin, items: usize, each: Duration) {
    let name = plugin.name.to_string();
    metrics::counter!("sayso_plugin_items_total", "plugin" => name.clone()).increment(items as u64);
    metrics::histogram!("sayso_plugin_item_seconds", "plugin" => name).record(each.as_secs_f64());
}

/// A plugin failed on an item.
pub(super) fn failed(plugin: &Plugin, feedback: FeedbackId, reason: &str) {
    metrics::counter!("sayso_plugin_faults_total", "plugin" => plugin.name.to_string()).increment(1);
    tracing::warn!(plugin = &*plugin.name, %feedback, reason, "a plugin failed on an item");
}

//! What the plugin host tells operators: metrics and log lines. A failure is logged once, here.

use std::time::Duration;

use super::{Chain, live::Trigger, loader::Plugin};
use crate::feedback::{FeedbackId, PluginStatus};

/// A plugin went over a batch.
pub(super) fn ran(plugin: &Plugin, items: usize, each: Duration) {
    let name = plugin.name.to_string();
    metrics::counter!("sayso_plugin_batches_total", "plugin" => name.clone()).increment(1);
    metrics::counter!("sayso_plugin_items_total", "plugin" => name.clone()).increment(items as u64);
    metrics::histogram!("sayso_plugin_item_seconds", "plugin" => name).record_many(each.as_secs_f64(), items);
}

/// A plugin failed on an item; the reason, unless that is in the plugin's words, which may quote the feedback.
pub(super) fn failed(plugin: &Plugin, feedback: FeedbackId, reason: Option<&String>) {
    metrics::counter!("sayso_plugin_faults_total", "plugin" => plugin.name.to_string()).increment(1);
    let reason = reason.map_or("in its own words; GET /v1/feedback/ID shows them", String::as_str);
    tracing::warn!(plugin = &*plugin.name, %feedback, reason, "a plugin failed on an item");
}

/// A request of a plugin ended.
pub(super) fn requested(plugin: &str, outcome: &'static str, time: Duration) {
    let name = plugin.to_owned();
    metrics::counter!("sayso_plugin_http_requests_total", "plugin" => name.clone(), "outcome" => outcome).increment(1);
    metrics::histogram!("sayso_plugin_http_request_seconds", "plugin" => name).record(time.as_secs_f64());
}

/// A plugin asked for a host that is not its own, for the first time.
pub(super) fn denied(plugin: &str, host: &str) {
    tracing::warn!(plugin, host, "a plugin may not call a host that its `http` does not list; nothing was sent");
}

/// A plugin in the shadow went over an item.
pub(super) fn shadowed(plugin: &Plugin, status: PluginStatus) {
    let status = match status {
        PluginStatus::Ok => "ok",
        PluginStatus::Unsupported => "unsupported",
        PluginStatus::Skipped => "fault",
    };
    metrics::counter!("sayso_shadow_items_total", "plugin" => plugin.name.to_string(), "status" => status).increment(1);
}

/// Another chain took the place of the old one.
pub(super) fn swapped(trigger: Trigger, old: &Chain, new: &Chain, time: Duration) {
    metrics::counter!("sayso_chain_reloads_total", "outcome" => "swapped").increment(1);
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (old, new) = (old.digest(), new.digest());
    tracing::info!(trigger = trigger.as_str(), digest = new, changed = old != new, ms, "the chain is loaded anew");
}

/// A new chain cannot run.
pub(super) fn refused(trigger: Trigger, reason: &str) {
    metrics::counter!("sayso_chain_reloads_total", "outcome" => "refused").increment(1);
    tracing::error!(trigger = trigger.as_str(), reason, "the new chain is refused, and the old one goes on");
}

//! Logs and metrics, set up once at start. Each stage names its own in an `events.rs`.

use std::{io::IsTerminal, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Metadata;
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt::format::FmtSpan, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Buckets of every histogram of times, in seconds: from a plugin's microseconds to a webhook's time limit.
const SECONDS: [f64; 14] = [1e-6, 5e-6, 2.5e-5, 1e-4, 5e-4, 2.5e-3, 1e-2, 2.5e-2, 0.1, 0.25, 1.0, 2.5, 5.0, 15.0];

/// How often histograms are folded, so that they do not grow between two scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Sends logs to standard error: for people in a terminal, as JSON otherwise. `SAYSO_LOG` filters (`info`,
/// `sayso=debug`), `SAYSO_LOG_FORMAT` (`text`, `json`) decides.
pub fn start_logs() {
    let filter =
        EnvFilter::try_from_env("SAYSO_LOG").unwrap_or_else(|_| EnvFilter::new("info,wasmtime=warn,cranelift=warn"));
    let format = std::env::var("SAYSO_LOG_FORMAT").ok();
    let as_json = format.map_or_else(|| !std::io::stderr().is_terminal(), |format| format == "json");
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    if as_json {
        logs.json().flatten_event(true).finish().with(filter_fn(tells_no_secret)).init();
    } else {
        logs.with_target(false).finish().with(filter_fn(tells_no_secret)).init();
    }
}

/// The client of registries writes the tokens that it gets into its debug lines: none of its lines counts, whatever
/// `SAYSO_LOG` says.
fn tells_no_secret(line: &Metadata<'_>) -> bool {
    !line.target().starts_with("oci_client")
}

/// Starts counting. The handle renders what was counted for Prometheus.
///
/// # Errors
/// Where counting was started before in this process.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("metrics were started before"))?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

/// Sends logs to standard error in plain lines, and only what is wrong unless `SAYSO_LOG` says otherwise: for commands
/// that print something else.
pub fn start_logs_for_people() {
    let filter = EnvFilter::try_from_env("SAYSO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    logs.finish().with(filter_fn(tells_no_secret)).init();
}

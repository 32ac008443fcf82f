//! Logs and metrics, set up once at start. Each stage names its own in an `events.rs`.

mod seldom;

use std::{io::IsTerminal, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Metadata;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter,
    filter::{LevelFilter, filter_fn},
    fmt::format::FmtSpan,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

pub(crate) use seldom::Seldom;

/// Buckets of every histogram of times, in seconds: from a plugin's microseconds to a webhook's time limit.
const SECONDS: [f64; 14] = [1e-6, 5e-6, 2.5e-5, 1e-4, 5e-4, 2.5e-3, 1e-2, 2.5e-2, 0.1, 0.25, 1.0, 2.5, 5.0, 15.0];

/// How often histograms are folded, so that they do not grow between two scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// What writes logs; when dropped, it writes the last ones.
#[must_use]
pub struct Logs(#[expect(dead_code, reason = "it lasts as long as there is something to log")] WorkerGuard);

/// Lines that wait to be written. Where more come, because nobody reads them, they are dropped: whoever collects logs holds
/// up nothing else.
const WAITING_LINES: usize = 16_384;

/// Compilers, whose lines of each instruction are for those who write compilers.
const COMPILERS: [&str; 3] = ["cranelift", "regalloc2", "wasmtime_internal_cranelift"];

/// The levels of `SAYSO_LOG`.
const LEVELS: &str = "off, error, warn, info, debug and trace";

/// Sends logs to standard error: for people in a terminal, as JSON otherwise. `SAYSO_LOG` filters (`info`,
/// `sayso=debug`), `SAYSO_LOG_FORMAT` (`text`, `json`) decides.
pub fn start_logs() -> Logs {
    let (filter, mistake) = filter("info,wasmtime=warn");
    let format = std::env::var("SAYSO_LOG_FORMAT").ok().filter(|format| !format.is_empty());
    let is_terminal = std::io::stderr().is_terminal();
    let (as_json, unknown) = match format.as_deref() {
        None => (!is_terminal, None),
        Some(format) if format.eq_ignore_ascii_case("json") => (true, None),
        Some(format) if format.eq_ignore_ascii_case("text") => (false, None),
        Some(_) => (!is_terminal, Some("there are `text` and `json`".into())),
    };
    let (writer, guard) =
        NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES).finish(std::io::stderr());
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(is_terminal)
        .log_internal_errors(false)
        .with_span_events(FmtSpan::NONE);
    if as_json {
        logs.json().flatten_event(true).finish().with(filter_fn(tells_no_secret)).init();
    } else {
        logs.with_target(false).finish().with(filter_fn(tells_no_secret)).init();
    }
    tell("SAYSO_LOG", mistake);
    tell("SAYSO_LOG_FORMAT", unknown);
    Logs(guard)
}

/// What `SAYSO_LOG` says, or this where it says nothing; and what is wrong with it.
fn filter(otherwise: &str) -> (EnvFilter, Option<String>) {
    let given = std::env::var("SAYSO_LOG").unwrap_or_default();
    let (text, mistake) = match EnvFilter::try_new(&given) {
        Ok(_) if given.trim().is_empty() => (otherwise, None),
        Ok(_) => match given.split(',').find(|part| is_misspelt_level(part)) {
            Some(part) => (
                otherwise,
                Some(format!("`{}` is no level; there are {LEVELS}, and PART=LEVEL for a part", part.trim())),
            ),
            None => (&*given, None),
        },
        Err(error) => (otherwise, Some(error.to_string())),
    };
    let compilers = COMPILERS.iter().filter(|name| !text.contains(**name)).map(|name| format!("{name}=warn"));
    let all: Vec<_> = compilers.chain([text.to_owned()]).collect();
    (EnvFilter::new(all.join(",")), mistake)
}

/// What people see of the log by default.
const PEOPLE: &str = "warn,sayso::plugins::grants::log=info";

/// A word by itself that is neither a level nor a part of sayso: as a filter it would let nothing through, without a word.
fn is_misspelt_level(part: &str) -> bool {
    let part = part.trim();
    let is_word = !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    is_word && part != "sayso" && part.parse::<LevelFilter>().is_err()
}

fn tell(variable: &str, mistake: Option<String>) {
    if let Some(error) = mistake {
        tracing::warn!(%error, "{variable} cannot be read, and is left aside");
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

/// Sends logs to standard error in plain lines, and only what is wrong and what plugins have to say unless `SAYSO_LOG` says
/// otherwise: for commands that print something else.
pub fn start_logs_for_people() {
    let (filter, mistake) = filter(PEOPLE);
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false)
        .with_target(false);
    logs.finish().with(filter_fn(tells_no_secret)).init();
    tell("SAYSO_LOG", mistake);
}

//! `sayso serve`

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::ConfigArgs;
use crate::{
    app,
    config::{Config, Source},
    plugins::{LiveChain, live::Trigger},
    telemetry,
};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Address to listen on; wins over the configuration. Port 0 takes a free one, named in the log.
    #[arg(long, value_name = "ADDR", value_parser = crate::config::parse_address)]
    listen: Option<SocketAddr>,
    /// Load the chain anew whenever the configuration file or a plugin that it names changes.
    #[arg(long)]
    watch: bool,
}

const EXAMPLES: &str = "\
Examples:
  sayso serve
  sayso serve --config sayso.toml --listen 0.0.0.0:8080
  SAYSO_SERVER__LISTEN=127.0.0.1:9090 sayso serve --data /var/lib/sayso
  sayso serve --config sayso.toml --watch    # load what is changed

The chain is loaded anew, without a pause, by SIGHUP, by POST /v1/chain/reload, and with --watch when a file changes; a \
chain that cannot run is refused, and the old one goes on. Of the configuration, [[plugin]] and [[key]] are read again; a \
change of anything else counts from the next start, and the log says so.";

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let _logs = telemetry::start_logs();
    let prometheus = telemetry::start_metrics()?;
    let source = Source { listen: args.listen, ..args.config.source() };
    let config = source.read()?;
    let shutdown = CancellationToken::new();
    stop_on_signals(shutdown.clone())?;
    let hangup = signal(SignalKind::hangup())?;
    let watch = args.watch.then(|| app::Watch::start(source.clone())).transpose()?;
    let listener = app::bind(&config).await?;
    let address = listener.local_addr()?;
    let opened = tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        opened = open(config, source, prometheus, &listener) => Some(opened?),
    };
    let Some(app) = opened else {
        tracing::info!("stopped before the chain of plugins was loaded");
        return Ok(ExitCode::SUCCESS);
    };
    for plugin in app.chain().current().plugins() {
        tracing::info!(plugin = &*plugin.name, version = &*plugin.version, digest = &*plugin.digest, "loaded");
    }
    tokio::spawn(reload_on_hangup(hangup, app.chain().clone()));
    if let Some(watch) = watch {
        tokio::spawn(watch.run(app.chain().clone()));
    }
    tracing::info!(%address, "listening");
    app.run(listener, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the service, and answers meanwhile that it is not ready.
async fn open(
    config: Config,
    source: Source,
    prometheus: PrometheusHandle,
    listener: &TcpListener,
) -> Result<app::App, app::AppError> {
    let loaded = CancellationToken::new();
    let opening = async {
        let opened = app::App::open(config, source, prometheus).await;
        loaded.cancel();
        opened
    };
    let (opened, answered) = tokio::join!(opening, app::answer_while_loading(listener, loaded.clone()));
    answered.and(opened)
}

/// Has the chain loaded anew at every SIGHUP; what came of it is in the log.
async fn reload_on_hangup(mut hangup: Signal, chain: Arc<LiveChain>) {
    while hangup.recv().await.is_some() {
        drop(chain.reload(Trigger::Hangup).await);
    }
}

/// Cancels `shutdown` at the first SIGTERM or SIGINT; the second ends the process at once.
pub(super) fn stop_on_signals(shutdown: CancellationToken) -> std::io::Result<()> {
    // With a handler, a file that would become too large (`ulimit -f`) is an error of its write, and no end.
    drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(())
}

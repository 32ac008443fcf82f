//! `sayso serve`

use std::{net::SocketAddr, process::ExitCode};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::ConfigArgs;
use crate::{app, telemetry};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso serve\n  sayso serve --config sayso.toml --listen 0.0.0.0:8080\n  SAYSO_SERVER__LISTEN=127.0.0.1:9090 sayso serve --data /var/lib/sayso"
)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Address to listen on; wins over the configuration. Port 0 takes a free one, named in the log.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    telemetry::start_logs();
    let prometheus = telemetry::start_metrics()?;
    let (mut config, base) = args.config.load()?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    let shutdown = CancellationToken::new();
    stop_on_signals(shutdown.clone())?;
    let listener = app::bind(&config).await?;
    let address = listener.local_addr()?;
    let app = app::App::open(config, &base, prometheus).await?;
    for plugin in app.chain().plugins() {
        tracing::info!(plugin = &*plugin.name, version = &*plugin.version, digest = &*plugin.digest, "loaded");
    }
    tracing::info!(%address, "listening");
    app.run(listener, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// Cancels `shutdown` at the first SIGTERM or SIGINT; the second ends the process at once.
pub(super) fn stop_on_signals(shutdown: CancellationToken) -> std::io::Result<()> {
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

//! `sayso demo`: the whole of it at work, with real parts: the server, its webhooks, and a receiver that verifies.

mod show;

use std::{
    collections::HashMap,
    io::IsTerminal,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{receiver, serve};
use crate::{
    app::App,
    config::{self, Secret, Webhook},
    sqlite::Store,
    telemetry,
};

const SAMPLES: &str = include_str!("samples.json");

/// Where the demo keeps its data if nothing else is said.
const FOLDER: &str = "sayso-data/demo";

/// The file that says that a store is a demo's.
const MARK: &str = "made-by-sayso-demo";

/// How long the demo waits for all deliveries.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso demo          # stays up in a terminal, until Ctrl-C\n  sayso demo | cat    # ends once every delivery was verified\n  sayso demo --exit --listen 127.0.0.1:0"
)]
pub(super) struct Args {
    /// Address to listen on; a free port is taken where this one is not.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = crate::config::parse_address)]
    listen: SocketAddr,
    /// Folder for the data of the demo; the data of an earlier demo there is replaced, and no other.
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    data: PathBuf,
    /// End once every delivery was verified, in a terminal too.
    #[arg(long)]
    exit: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    telemetry::start_logs_for_people();
    let prometheus = telemetry::start_metrics()?;
    let shutdown = CancellationToken::new();
    serve::stop_on_signals(shutdown.clone())?;

    let secret = receiver::new_secret();
    let mut receiver = receiver::start(SocketAddr::from(([127, 0, 0, 1], 0)), &secret).await?;
    let config = configuration(&args, &receiver.url(), &secret)?;
    let listener = bind(args.listen).await?;
    clear(&args.data)?;
    let url = format!("http://{}", listener.local_addr()?);
    anstream::println!("sayso demo: loading the plugins (the first time they are compiled, which takes some seconds)");
    let app = App::open(config, config::Source::default(), prometheus).await?;
    show::started(&url, &receiver.url(), &app.chain().current());
    let stop = shutdown.clone();
    let server = tokio::spawn(async move { app.run(listener, stop).await });

    let shown = show_samples(&url, &mut receiver, &shutdown).await;
    let stays = std::io::stdout().is_terminal() && !args.exit;
    if stays && shown.as_ref().is_ok_and(|all_verified| *all_verified) {
        show::stays_up(&url);
        shutdown.cancelled().await;
    }
    shutdown.cancel();
    server.await.context("the server ended by a defect")??;
    Ok(if shown? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The default configuration, with the receiver as its webhook.
fn configuration(args: &Args, receiver: &str, secret: &str) -> anyhow::Result<config::Config> {
    let mut config = config::load(None, [])?;
    config.data.dir.clone_from(&args.data);
    let webhook = Webhook::new("demo-receiver", receiver, Secret::new(secret.into()));
    config.webhooks = vec![Webhook { allow_private: true, ..webhook }];
    Ok(config)
}

/// Drops the store of an earlier demo, and no other; compiled plugins stay.
fn clear(dir: &Path) -> anyhow::Result<()> {
    let (store, mark) = (dir.join("sayso.db"), dir.join(MARK));
    // Demos of before there was a mark left theirs in the folder that is for nothing else.
    let is_ours = dir == Path::new(FOLDER) || mark.exists();
    anyhow::ensure!(
        is_ours || !store.exists(),
        "{} has a store that no demo made; give the demo another folder with --data",
        dir.display()
    );
    Store::discard(&store)?;
    std::fs::write(&mark, "sayso demo made the store beside this file, and the next demo deletes it.\n")
        .with_context(|| mark.display().to_string())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    anyhow::ensure!(
        address.ip().is_loopback(),
        "the demo has no keys, so it listens on loopback alone; {address} is not"
    );
    match TcpListener::bind(address).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            anstream::println!("{address} is in use; taking a free port");
            Ok(TcpListener::bind((address.ip(), 0)).await?)
        }
        listener => listener.with_context(|| format!("cannot listen on {address}")),
    }
}

/// Posts the samples, and shows each as its delivery arrives. True if every one arrived and was verified.
async fn show_samples(url: &str, receiver: &mut receiver::Receiver, stop: &CancellationToken) -> anyhow::Result<bool> {
    let client = crate::http_client::new()?;
    let samples: Vec<Value> = serde_json::from_str(SAMPLES).context("the samples are JSON")?;
    let mut expected = HashMap::new();
    for (number, sample) in samples.iter().enumerate() {
        let response = client.post(format!("{url}/v1/feedback")).json(sample).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        anyhow::ensure!(status == 202, "sample {} was refused: {answer}", number + 1);
        expected.insert(answer["id"].as_str().unwrap_or_default().to_owned(), number + 1);
    }
    show::posted(samples.len());
    let mut verified = 0;
    let deadline = tokio::time::sleep(PATIENCE);
    tokio::pin!(deadline);
    while !expected.is_empty() {
        let event = tokio::select! {
            event = receiver.next() => event,
            () = &mut deadline => None,
            () = stop.cancelled() => None,
        };
        let Some(event) = event else { break };
        let body: Value = serde_json::from_slice(&event.body).unwrap_or(Value::Null);
        let id = body["data"]["feedback"]["id"].as_str().unwrap_or_default();
        if let Some(number) = expected.remove(id) {
            verified += usize::from(event.verdict.is_ok());
            show::delivery(number, &body["data"], &event.id, &event.verdict);
        }
    }
    show::summary(samples.len(), verified);
    Ok(verified == samples.len())
}

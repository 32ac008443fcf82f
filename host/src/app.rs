//! Puts the rooms together: opens the store, loads the chain, serves, and drains.

mod chain;
mod connections;
mod descriptors;
mod lingering;
mod moving;
mod reload;
mod server;
mod stages;
mod threads;
mod watch;

pub use chain::{cautions, engine, load_chain, loader};
pub use watch::Watch;

use stages::Stages;
use threads::Threads;

use std::{net::SocketAddr, path::PathBuf, pin::pin, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    api::{
        self, Readiness,
        auth::{Auth, KeyError},
    },
    config::{self, Config, ConfigError, Source},
    console,
    delivery::{
        self, Dispatcher, WebhookError,
        webhooks::{Live, Registry},
    },
    dictionary::ManifestError,
    pipeline::Pipeline,
    plugins::{LiveChain, LoadError, signature::SignatureError},
    privacy::{self, Keeper},
    queue::{Queue, QueueError, sqlite::SqliteQueue},
    records::{Records, RecordsError, sqlite::SqliteRecords},
    sqlite::{OpenError, Store},
};

/// How long answers that say that the chain is not loaded may take to go out once it is.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Why sayso cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address is open to others, and nothing says who may do what.
    #[error(
        "refusing to listen on {0} without keys: anybody who reaches it could read and post. Make one with `sayso key new` and put it into the configuration, or listen on 127.0.0.1"
    )]
    OpenToOthers(SocketAddr),
    /// A file that is being written is empty for a moment.
    #[error(
        "the configuration names no [[plugin]] any more; name those that shall run, or start sayso again to have the built-in ones"
    )]
    NamesNoPlugins,
    /// The same of keys, without which everything would be open.
    #[error(
        "the configuration names no [[key]] any more, and everything would be open; name those that shall be known, or start sayso again to go on without keys"
    )]
    NamesNoKeys,
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}{}", taken(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder or a file of the data cannot be used.
    #[error("{}: {source}", .path.display())]
    Data {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The queue in the store cannot be read.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The records in the store cannot be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The configuration cannot be read again.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The engine of the plugins does not start.
    #[error("the plugin engine does not start on this machine: {0:#}")]
    Engine(wasmtime::Error),
    /// A plugin cannot join the chain.
    #[error(transparent)]
    Plugin(#[from] LoadError),
    /// The chain grew, while sayso runs, beyond what its engine has room for.
    #[error(
        "the chain has {plugins} plugins, and there is room for {most} in this process; restart sayso to make more"
    )]
    NoRoom {
        /// How many plugins.
        plugins: usize,
        /// How many can run at once on every thread of the pipeline.
        most: usize,
    },
    /// A key that signatures are held against cannot be read.
    #[error("[plugins] require_signature: {0}")]
    Trust(SignatureError),
    /// A dictionary is damaged.
    #[error(transparent)]
    Dictionary(#[from] ManifestError),
    /// A webhook cannot be used.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A thread or task could not be started, or ended by a defect.
    #[error("{0}")]
    Stage(String),
}

/// What to do about an address that somebody else has.
fn taken(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "; another program has it: end that, or take another address with --listen",
        _ => "",
    }
}

/// Everything, opened and loaded, before it serves.
pub struct App {
    config: Arc<Config>,
    store: Store,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    chain: Arc<LiveChain>,
    webhooks: Live,
    dispatcher: Dispatcher,
    readiness: Arc<Readiness>,
    state: api::State,
}

impl App {
    /// Reads the keys, opens the store and loads the chain; a reload takes keys and chain from what `source` says then.
    ///
    /// # Errors
    /// See [`AppError`].
    pub async fn open(config: Config, source: Source, prometheus: PrometheusHandle) -> Result<Self, AppError> {
        delivery::describe();
        privacy::describe();
        let config = Arc::new(config);
        let auth = Arc::new(Auth::new(&config.keys)?);
        let store = {
            let path = config.data.store();
            blocking(move || Store::open(&path)).await??
        };
        let (queue, records) = {
            let store = store.clone();
            blocking(move || backends(store)).await??
        };
        let readiness = Arc::new(Readiness::default());
        let chain = {
            let (config, auth, readiness) = (config.clone(), auth.clone(), readiness.clone());
            blocking(move || reload::live_chain(&config, source, auth, readiness)).await??
        };
        let registry = Registry::open(&config, records.clone(), queue.clone()).await?;
        let webhooks = registry.live();
        let dispatcher = Dispatcher::new(&config.delivery, webhooks.clone(), queue.clone(), records.clone())?;
        let state = {
            let backends = (queue.clone(), records.clone());
            let webhooks = (registry, dispatcher.switchboard());
            api::State::new(config.clone(), auth, backends, chain.clone(), webhooks, readiness.clone(), prometheus)
        };
        Ok(Self { config, store, queue, records, chain, webhooks, dispatcher, readiness, state })
    }

    /// The plugins.
    pub const fn chain(&self) -> &Arc<LiveChain> {
        &self.chain
    }

    /// Serves on `listener` until `shutdown` and for `server.drain_notice` more, then drains: no more connections, the requests
    /// and batches at hand end, each within `server.drain`.
    ///
    /// # Errors
    /// Where a stage ends by a defect. What was accepted is in the store.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), AppError> {
        // Before the stages, and after them: what a request began, such as an erasure, may go on in the background.
        let threads = threads()?;
        let mut stages = Stages::default();
        let pipeline = Pipeline {
            queue: self.queue.clone(),
            records: self.records.clone(),
            chain: self.chain.clone(),
            webhooks: self.webhooks,
            config: self.config.pipeline.clone(),
        };
        stages.start("pipeline", async |stop| {
            pipeline.run(stop).await.map_err(|error| format!("a thread did not start: {error}"))
        });
        let dispatcher = self.dispatcher;
        stages.start("delivery", async |stop| {
            dispatcher.run(stop).await;
            Ok(())
        });
        let keeper = Keeper::new(self.queue.clone(), self.records.clone(), self.config.data.clone());
        stages.start("retention", async |stop| {
            keeper.run(stop).await;
            Ok(())
        });
        let router = api::router_with(self.state, console::routes());
        let readiness = self.readiness;
        let config::Server { drain_notice, drain, .. } = self.config.server;
        let stop_listening = CancellationToken::new();
        let stop = stop_listening.clone();
        tokio::spawn(async move {
            shutdown.cancelled().await;
            readiness.draining();
            tokio::time::sleep(drain_notice).await;
            stop.cancel();
        });
        let mut failed = None;
        {
            let mut serving = pin!(server::serve(listener, &threads, router, stop_listening.clone(), drain));
            tokio::select! {
                () = &mut serving => {}
                stage = stages.failed() => {
                    failed = Some(stage);
                    stop_listening.cancel();
                    serving.await;
                }
            }
        }
        tracing::info!("draining");
        let failed_late = stages.end(drain).await;
        blocking(move || drop(threads)).await?;
        drop((self.queue, self.records));
        close(self.store).await?;
        tracing::info!("stopped");
        failed.or(failed_late).map_or(Ok(()), |stage| Err(AppError::Stage(stage)))
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// Where work waits, and what is remembered.
type Backends = (Arc<dyn Queue>, Arc<dyn Records>);

/// The queue and the records in the store.
fn backends(store: Store) -> Result<Backends, AppError> {
    Ok((Arc::new(SqliteQueue::new(store.clone())?), Arc::new(SqliteRecords::new(store)?)))
}

/// Checks that there are keys where the configured address is open to others.
///
/// # Errors
/// Where there are none.
pub fn check_address(config: &Config) -> Result<(), AppError> {
    let address = config.server.listen;
    if !address.ip().is_loopback() && config.keys.is_empty() {
        return Err(AppError::OpenToOthers(address));
    }
    Ok(())
}

/// Binds the configured address.
///
/// # Errors
/// Where it is open to others and there are no keys, or where the system refuses.
pub async fn bind(config: &Config) -> Result<TcpListener, AppError> {
    check_address(config)?;
    let address = config.server.listen;
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, source })
}

/// Answers on `listener` that sayso lives and is not ready, until `loaded`.
///
/// # Errors
/// Where no thread can be started.
pub async fn answer_while_loading(listener: &TcpListener, loaded: CancellationToken) -> Result<(), AppError> {
    let threads = threads()?;
    server::serve(listener, &threads, api::loading(), loaded, LAST_ANSWERS).await;
    blocking(move || drop(threads)).await
}

fn threads() -> Result<Threads, AppError> {
    Threads::start().map_err(|error| AppError::Stage(format!("no thread for connections: {error}")))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| AppError::Stage(format!("start-up ended by a defect: {error}")))
}

/// Closes the store. Its last handle waits for the disk.
async fn close(store: Store) -> Result<(), AppError> {
    match store.fold_wal().await {
        Ok(true) => {}
        Ok(false) => tracing::warn!("another program reads the store; the next start folds its log"),
        Err(error) => tracing::warn!(%error, "the store's log could not be folded; the next start does it"),
    }
    blocking(move || drop(store)).await
}

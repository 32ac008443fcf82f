//! One wasmtime engine for all plugins: its settings, its pool of memories, and the ticker of its epoch.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// Length of an epoch: the grain of every deadline.
pub const TICK: Duration = Duration::from_millis(10);

/// Largest memory that any plugin can be given, in bytes.
pub const MAX_MEMORY_BYTES: usize = 128 << 20;

/// How many instances of plugins every engine has room for, at least.
pub const MIN_INSTANCES: usize = 64;

/// Most core instances of one component: one of CPython is some thirty.
pub(super) const MAX_CORE_INSTANCES: u32 = 64;
/// Most memories of one component.
pub(super) const MAX_MEMORIES: u32 = 16;
/// Most tables of one component.
pub(super) const MAX_TABLES: u32 = 32;
/// Most elements of one table.
pub(super) const MAX_TABLE_ELEMENTS: usize = 50_000;

/// Most memories of one engine: each takes more than 4 of the 131,072 GiB of addresses that a process has.
const MAX_TOTAL_MEMORIES: u32 = 8_192;

/// The engine that every plugin runs on; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    ticker: Arc<Ticker>,
    room: usize,
}

impl Engine {
    /// Starts the engine and its ticker, with room for [`MIN_INSTANCES`].
    ///
    /// # Errors
    /// Where this machine or system cannot run the engine as configured.
    pub fn new() -> wasmtime::Result<Self> {
        Self::with_room_for(MIN_INSTANCES)
    }

    /// Like [`Engine::new`], with room for so many instances at once. Every thread that runs a chain has one of each of
    /// its plugins; where there is no room, a plugin fails on its items through no fault of its own.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_room_for(instances: usize) -> wasmtime::Result<Self> {
        let room = instances.max(MIN_INSTANCES);
        let inner = wasmtime::Engine::new(&config(u32::try_from(room).unwrap_or(u32::MAX)))?;
        let ticker = Arc::new(Ticker::start(inner.clone())?);
        Ok(Self { inner, ticker, room })
    }

    /// How many instances can run at once.
    pub const fn room(&self) -> usize {
        self.room
    }

    /// The engine itself.
    pub(super) fn wasm(&self) -> &wasmtime::Engine {
        &self.inner
    }

    /// How many epochs cover this time, at least one whole one.
    pub(super) fn ticks(time: Duration) -> u64 {
        let ticks = time.as_millis().div_ceil(TICK.as_millis()) + 1;
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("ticker", &self.ticker).finish_non_exhaustive()
    }
}

/// Every instance can have as much as one may have, so that none takes it from another.
///
/// Memory reservation and guard stay at their defaults: a smaller reservation forces bounds checks, which cost a fifth.
fn config(instances: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(MAX_CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MAX_MEMORIES).min(MAX_TOTAL_MEMORIES))
        .total_tables(instances.saturating_mul(MAX_TABLES).min(2 * MAX_TOTAL_MEMORIES))
        .max_memory_size(MAX_MEMORY_BYTES)
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(MAX_TABLES)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_component_instance_size(2 << 20)
        .max_core_instance_size(2 << 20)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10);
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// The thread that counts the epochs; it ends with the last clone of the engine.
#[derive(Debug)]
struct Ticker {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: wasmtime::Engine) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let thread = std::thread::Builder::new().name("epoch".into()).spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

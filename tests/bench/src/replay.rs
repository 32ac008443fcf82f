//! A replay of parked deliveries that is killed in the middle: whether each arrives, how far it had come, how long it takes,
//! and how much memory.

use std::{
    collections::HashSet,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use sayso::{
    feedback::DeliveryId,
    queue::{Lane, Queue, sqlite::SqliteQueue},
    records::{Attempt, Attempted, DeliveryStatus, Records, sqlite::SqliteRecords},
};
use serde_json::Value;

use crate::{
    deliver::{Load, WEBHOOK, store},
    process::{Process, folder, scratch},
};

/// How long the whole may take.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// Parked together.
const CHUNK: usize = 500;
/// Attempts that the schedule made before it parked them.
const ATTEMPTS: u32 = 10;

pub(crate) async fn run(items: usize) -> anyhow::Result<()> {
    let dir = folder(&scratch()?)?;
    Load::new()?.make_due(items, dir.path()).await?;
    let parked = park_all(dir.path()).await?;
    anyhow::ensure!(parked.len() == items, "{} of {items} are parked", parked.len());
    let sink = Sink::start().await?;
    let config = format!(
        "[[webhook]]\nname = \"{WEBHOOK}\"\nurl = \"http://{}/\"\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\nallow_private = true\n",
        sink.address
    );
    let mut watch = Watch::new(Process::sayso_in(dir, &config)?)?;
    let began = Instant::now();
    watch.start_replay().await?;
    while sink.count() < items * 2 / 5 {
        watch.look().await?;
    }
    let halfway = watch.look().await?;
    let (before_kill, received) = (watch.take(), sink.count());
    let dir = watch.process.kill()?;
    let killed = Instant::now();
    let mut watch = Watch::new(Process::sayso_in(dir, &config)?)?;
    watch.path = before_kill.path;
    let back = killed.elapsed();
    loop {
        let replay = watch.look().await?;
        if replay["state"] == "finished" && replay["outcomes"]["delivered"].as_u64() == Some(items as u64) {
            break;
        }
        anyhow::ensure!(began.elapsed() < PATIENCE, "it does not end: {replay:#}");
    }
    let time = began.elapsed();
    let (seen, requests) = sink.seen();
    anyhow::ensure!(parked.is_subset(&seen), "{} of {items} arrived", parked.intersection(&seen).count());
    anyhow::ensure!(seen.is_subset(&parked), "something else arrived");
    println!(
        "replay     {items} parked deliveries, killed after {received} had arrived and {} were put back: each arrived, {} of \
         them twice, in {:.1} s ({:.0}/s; restart {:.1} s of it)",
        halfway["done"],
        requests - items,
        time.as_secs_f64(),
        items as f64 / time.as_secs_f64(),
        back.as_secs_f64()
    );
    println!("replay     progress seen before the kill {:?}, after it {:?}", before_kill.steps, watch.steps);
    println!(
        "replay     resident memory at the start and at most: {} before the kill, {} after it",
        before_kill.memory,
        watch.memory()
    );
    Ok(())
}

/// Parks everything that is due, with its attempts, as the worker of a webhook does whose schedule is spent.
async fn park_all(dir: &Path) -> anyhow::Result<HashSet<String>> {
    let store = store(dir)?;
    let (queue, records) = (SqliteQueue::new(store.clone())?, SqliteRecords::new(store)?);
    let (lane, mut parked) = (Lane::Delivery(WEBHOOK.into()), HashSet::new());
    loop {
        let leases = queue.pull(&lane, CHUNK, Duration::ZERO).await?;
        if leases.is_empty() {
            return Ok(parked);
        }
        let ids: Vec<_> = leases.iter().map(|lease| DeliveryId(lease.id)).collect();
        let attempts = ids.iter().flat_map(|id| (1..=ATTEMPTS).map(|number| failed(*id, number)));
        records.record(attempts.collect()).await?;
        try_join_all(leases.into_iter().map(|lease| queue.park(lease, "the last of 10 attempts: status 503".into())))
            .await?;
        parked.extend(ids.iter().map(ToString::to_string));
    }
}

fn failed(delivery: DeliveryId, number: u32) -> Attempted {
    let attempt = Attempt {
        number,
        at: Timestamp::now(),
        address: Some("203.0.113.7:443".into()),
        status: Some(503),
        latency_ms: 12,
        response: Some("<html><body>503 Service Temporarily Unavailable</body></html>".into()),
        error: Some("status 503: the receiver is overloaded or down; sayso slows down".into()),
    };
    let status = if number == ATTEMPTS { DeliveryStatus::Parked } else { DeliveryStatus::Pending };
    Attempted { delivery, attempt, status, next_attempt_at: None }
}

/// A server whose replay is watched.
struct Watch {
    process: Process,
    client: reqwest::Client,
    /// Of the replay.
    path: String,
    /// Resident memory at the start and at most, in bytes.
    start: u64,
    peak: u64,
    /// What was put back, at some of the looks.
    steps: Vec<u64>,
}

/// What a watch has seen.
struct Seen {
    path: String,
    steps: Vec<u64>,
    memory: String,
}

impl Watch {
    fn new(process: Process) -> anyhow::Result<Self> {
        // Whoever comes first installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let start = process.resident()?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { process, client, path: String::new(), start, peak: start, steps: Vec::new() })
    }

    async fn start_replay(&mut self) -> anyhow::Result<()> {
        let url = format!("http://{}/v1/webhooks/{WEBHOOK}/replay", self.process.address);
        let response = self.client.post(url).send().await?;
        anyhow::ensure!(response.status() == 202, "the replay does not start: {}", response.status());
        let location = response.headers().get("location").context("it says where")?;
        location.to_str()?.clone_into(&mut self.path);
        Ok(())
    }

    /// How the replay stands, and how much memory there is, a moment later.
    async fn look(&mut self) -> anyhow::Result<Value> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.peak = self.peak.max(self.process.resident()?);
        let url = format!("http://{}{}", self.process.address, self.path);
        let replay: Value = serde_json::from_str(&self.client.get(url).send().await?.text().await?)?;
        let done = replay["done"].as_u64().unwrap_or_default();
        let step = replay["total"].as_u64().unwrap_or_default() / 8;
        if done > 0 && self.steps.last().is_none_or(|last| done >= last + step) {
            self.steps.push(done);
        }
        Ok(replay)
    }

    fn memory(&self) -> String {
        format!("{} and {} MiB", self.start >> 20, self.peak >> 20)
    }

    fn take(&mut self) -> Seen {
        Seen { path: self.path.clone(), steps: std::mem::take(&mut self.steps), memory: self.memory() }
    }
}

/// The ids that arrived, and how many requests.
type Arrived = (HashSet<String>, usize);

/// The receiver: notes ids, and answers 204.
struct Sink {
    address: SocketAddr,
    arrived: Arc<Mutex<Arrived>>,
}

impl Sink {
    async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let arrived: Arc<Mutex<Arrived>> = Arc::default();
        let router = Router::new().route("/", post(receive)).with_state(arrived.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, arrived })
    }

    /// How many different deliveries arrived.
    fn count(&self) -> usize {
        self.arrived.lock().expect("no panic while locked").0.len()
    }

    fn seen(&self) -> Arrived {
        self.arrived.lock().expect("no panic while locked").clone()
    }
}

async fn receive(State(arrived): State<Arc<Mutex<Arrived>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    drop(body);
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let mut arrived = arrived.lock().expect("no panic while locked");
    arrived.0.insert(id);
    arrived.1 += 1;
    StatusCode::NO_CONTENT
}

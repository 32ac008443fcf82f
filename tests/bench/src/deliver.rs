//! Deliveries that are due, against a loop that posts the same bodies from a process of its own to the same receiver; and
//! whether the store slows it down when it has delivered a great deal already.

use std::{
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use sayso::{
    delivery::{formats::standard, owed_message},
    feedback::{Analysis, DeliveryId, Feedback, FeedbackId},
    queue::{Queue, sqlite::SqliteQueue},
    records::{Analyzed, Payload, Records, sqlite::SqliteRecords},
    sqlite::Store,
};
use tempfile::TempDir;

use crate::{
    load, median,
    process::{Process, folder, scratch},
};

/// Made due together.
const CHUNK: usize = 500;
/// How long a measurement may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Webhook of the deliveries.
pub(crate) const WEBHOOK: &str = "sink";

/// Feedback with its analysis, again and again.
pub(crate) struct Load(Vec<(Feedback, Analysis)>);

pub(crate) async fn run(rounds: usize, items: usize, rows: u64) -> anyhow::Result<()> {
    let load = Load::new()?;
    let scratch = scratch()?;
    let sink = Sink::start().await?;
    let bodies = scratch.join("bodies.ndjson");
    load.write_bodies(&bodies)?;
    let mut full = if rows > 0 { Some(filled(rows, &scratch)?) } else { None };
    let (mut plain, mut ours, mut ratios, mut beside_rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let without = sink.rate(items, || poster(&sink, &bodies, items)).await?;
        let (with, _) = delivered(&sink, &load, items, folder(&scratch)?).await?;
        plain.push(without);
        ours.push(with);
        ratios.push(with / without);
        if let Some(dir) = full.take() {
            let (over_rows, dir) = delivered(&sink, &load, items, dir).await?;
            beside_rows.push(over_rows / with);
            full = Some(dir);
        }
    }
    println!(
        "deliver    {items} due deliveries: {:.0}/s; a client's loop {:.0}/s; ratio {:.2} (goal 0.5)",
        median(ours),
        median(plain),
        median(ratios)
    );
    if rows > 0 {
        println!("deliver    over {rows} delivered rows: {:.3} of the rate without (goal 0.9)", median(beside_rows));
    }
    Ok(())
}

/// The plain client, as a process of its own.
fn poster(sink: &Sink, bodies: &Path, items: usize) -> anyhow::Result<impl Sized> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["poster", "--to", &sink.url(), "--items", &items.to_string(), "--bodies"]).arg(bodies);
    Ok(Child(command.stdin(Stdio::null()).spawn()?))
}

/// Killed when it is no longer needed.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

/// Makes `items` deliveries due in the store of this folder, and has them delivered: how many a second, and the folder.
async fn delivered(sink: &Sink, load: &Load, items: usize, dir: TempDir) -> anyhow::Result<(f64, TempDir)> {
    load.make_due(items, dir.path()).await?;
    let config = format!(
        "[[webhook]]\nname = \"{WEBHOOK}\"\nurl = \"{}\"\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\nallow_private = true\n",
        sink.url()
    );
    let mut process = None;
    let rate = sink
        .rate(items, || {
            process = Some(Process::sayso_in(dir, &config)?);
            Ok(())
        })
        .await?;
    let dir = process.map(Process::end).transpose()?;
    Ok((rate, dir.ok_or_else(|| anyhow::anyhow!("it ran"))?))
}

/// The store of a folder.
pub(crate) fn store(dir: &Path) -> anyhow::Result<Store> {
    Ok(Store::open(&dir.join("sayso-data/sayso.db"))?)
}

/// A folder with a store that has delivered `rows` times, one a millisecond until a day ago.
fn filled(rows: u64, scratch: &Path) -> anyhow::Result<TempDir> {
    let dir = folder(scratch)?;
    drop(store(dir.path())?);
    let mut connection = Connection::open(dir.path().join("sayso-data/sayso.db"))?;
    let first = u64::try_from(Timestamp::now().as_millisecond())?.saturating_sub(86_400_000 + rows);
    let transaction = connection.transaction()?;
    {
        let mut delivery = transaction.prepare(
            "INSERT INTO delivery (id, feedback, revision, webhook, status, created_at) VALUES (?1, ?2, 1, ?3, 1, ?4)",
        )?;
        let mut attempt = transaction.prepare(
            "INSERT INTO attempt (delivery, number, at, address, status, latency_ms) \
             VALUES (?1, 1, ?2, '127.0.0.1:443', 204, 3)",
        )?;
        for millisecond in first..first + rows {
            let uuid = uuid::Builder::from_unix_timestamp_millis(millisecond, &[7; 10]).into_uuid();
            let id = DeliveryId::of(FeedbackId(uuid), 1, WEBHOOK).0;
            let at = i64::try_from(millisecond)? * 1_000_000;
            delivery.execute(params![id.as_bytes(), uuid.as_bytes(), WEBHOOK, at])?;
            attempt.execute(params![id.as_bytes(), at])?;
        }
    }
    transaction.commit()?;
    Ok(dir)
}

impl Load {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let analysis: Analysis = serde_json::from_str(include_str!("../../../host/benches/analysis.json"))?;
        let mut reviews = load::reviews()?;
        reviews.truncate(1_000);
        let with_analysis = |review| Ok((serde_json::from_value(review)?, analysis.clone()));
        Ok(Self(reviews.into_iter().map(with_analysis).collect::<anyhow::Result<_>>()?))
    }

    /// A new feedback like the nth.
    fn feedback(&self, number: usize) -> (Feedback, Analysis) {
        let (mut feedback, analysis) = self.0[number % self.0.len()].clone();
        (feedback.id, feedback.revision, feedback.received_at) = (FeedbackId::now(), 1, Timestamp::now());
        (feedback, analysis)
    }

    /// The bodies of deliveries, a line each.
    fn write_bodies(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for number in 0..self.0.len() {
            let (feedback, analysis) = self.feedback(number);
            let payload = Payload::new(&feedback, &analysis)?;
            file.write_all(&standard::event(Timestamp::now(), &payload)?)?;
            file.write_all(b"\n")?;
        }
        Ok(file.flush()?)
    }

    /// Makes so many deliveries due, as the pipeline does.
    pub(crate) async fn make_due(&self, items: usize, dir: &Path) -> anyhow::Result<()> {
        let store = store(dir)?;
        let (queue, records) = (SqliteQueue::new(store.clone())?, SqliteRecords::new(store)?);
        let webhook: Arc<str> = WEBHOOK.into();
        for first in (0..items).step_by(CHUNK) {
            let (mut analyzed, mut owed) = (Vec::new(), Vec::new());
            for number in first..items.min(first + CHUNK) {
                let (feedback, analysis) = self.feedback(number);
                owed.push(owed_message(feedback.id, 1, &webhook, None));
                analyzed.push(Analyzed { feedback, analysis, webhooks: vec![webhook.clone()], era: 0 });
            }
            records.save(analyzed).await?;
            queue.publish_all(owed).await?;
        }
        Ok(())
    }
}

/// What arrives, and when the first and the last did.
#[derive(Default)]
struct Arrivals {
    count: usize,
    span: Option<(Instant, Instant)>,
}

/// The receiver: reads bodies, and answers 204.
struct Sink {
    address: SocketAddr,
    arrivals: Arc<Mutex<Arrivals>>,
}

impl Sink {
    async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let arrivals: Arc<Mutex<Arrivals>> = Arc::default();
        let router = Router::new().route("/", post(receive)).with_state(arrivals.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, arrivals })
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many arrive a second, from the first to the last of `items`, after `begin`.
    async fn rate<T>(&self, items: usize, begin: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<f64> {
        *self.arrivals.lock().expect("no panic while locked") = Arrivals::default();
        let deadline = Instant::now() + PATIENCE;
        let sender = begin()?;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let Arrivals { count, span } = &*self.arrivals.lock().expect("no panic while locked");
            if let (true, Some((first, last))) = (*count >= items, span) {
                drop(sender);
                return Ok((*count as f64 - 1.0) / (*last - *first).as_secs_f64());
            }
            anyhow::ensure!(Instant::now() < deadline, "only {count} of {items} arrived");
        }
    }
}

async fn receive(State(arrivals): State<Arc<Mutex<Arrivals>>>, body: Bytes) -> StatusCode {
    drop(body);
    let now = Instant::now();
    let mut arrivals = arrivals.lock().expect("no panic while locked");
    arrivals.count += 1;
    let (_, last) = arrivals.span.get_or_insert((now, now));
    *last = now;
    StatusCode::NO_CONTENT
}

//! What the embedded store costs: rows a second, and time of the processor for each.
//!
//! `cargo bench -p sayso --bench store -- [ITEMS]`; the store goes to `$STORE_BENCH_DIR`, by default the system's
//! folder for temporary files, whose disk should be the one that is to be measured.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use sayso::{
    feedback::{Analysis, DeliveryId, Feedback, FeedbackId},
    queue::{Lane, Lease, Message, Queue, sqlite::SqliteQueue},
    records::{Analyzed, Attempt, Attempted, DeliveryStatus, Filter, Records, sqlite::SqliteRecords},
    sqlite::Store,
};

// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLERS: usize = 64;
const BATCH: usize = 64;
const WEBHOOK: &str = "crm";
/// Kernels count a process's time in ticks of 1/100 s.
const TICKS: f64 = 100.0;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let items = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    let folder = std::env::var_os("STORE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("sayso-store-bench-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(measure(&folder, items));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn measure(folder: &Path, items: usize) -> Result<(), Failure> {
    {
        let bench = Bench::open(&folder.join("publish.db"))?;
        stage("publish, one row a call", items, bench.publish(items, 1)).await?;
        stage("publish, 64 rows a call", items, bench.publish(items, BATCH)).await?;
    }
    {
        let bench = Bench::open(&folder.join("stages.db"))?;
        stage("publish", items, bench.publish(items, 1)).await?;
        stage("pull, save, publish delivery, ack", items, bench.analyze(items)).await?;
        stage("pull, read, record, ack", items, bench.deliver(items)).await?;
        bench.query().await?;
    }
    let bench = Bench::open(&folder.join("cycle.db"))?;
    let cycle = async {
        let (published, analyzed, delivered) =
            tokio::join!(bench.publish(items, 1), bench.analyze(items), bench.deliver(items));
        published.and(analyzed).and(delivered)
    };
    stage("all of it at once", items, cycle).await?;
    println!("{:40} {:>9.1} MiB", "resident", resident()? / f64::from(1 << 20));
    Ok(())
}

/// Runs one stage, and prints what it cost.
async fn stage(name: &str, items: usize, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let (start, cpu) = (Instant::now(), cpu_seconds()?);
    work.await?;
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let items = items as f64;
    println!("{name:40} {:>9.0} items/s {:>7.1} µs CPU/item", items / wall, cpu * 1e6 / items);
    Ok(())
}

fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / TICKS)
}

fn resident() -> Result<f64, Failure> {
    let pages: f64 = std::fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).unwrap_or_default().parse()?;
    Ok(pages * 4096.0)
}

struct Bench {
    queue: Arc<SqliteQueue>,
    records: Arc<SqliteRecords>,
    feedback: Feedback,
    analysis: Analysis,
}

impl Bench {
    fn open(path: &Path) -> Result<Self, Failure> {
        let store = Store::open(path)?;
        Ok(Self {
            queue: Arc::new(SqliteQueue::new(store.clone())?),
            records: Arc::new(SqliteRecords::new(store)?),
            feedback: serde_json::from_str(include_str!("feedback.json"))?,
            analysis: serde_json::from_str(include_str!("analysis.json"))?,
        })
    }

    async fn publish(&self, items: usize, batch: usize) -> Result<(), Failure> {
        let calls = items / CALLERS / batch;
        let callers = (0..CALLERS).map(|_| {
            let queue = self.queue.clone();
            tokio::spawn(async move {
                for _ in 0..calls {
                    queue.publish(&Lane::Intake, (0..batch).map(|_| message()).collect()).await?;
                }
                Ok::<_, Failure>(())
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await??;
        }
        Ok(())
    }

    async fn analyze(&self, items: usize) -> Result<(), Failure> {
        let mut left = items / CALLERS * CALLERS;
        while left > 0 {
            let leases = self.queue.pull(&Lane::Intake, BATCH, Duration::from_secs(60)).await?;
            left -= leases.len();
            let analyzed: Vec<_> = leases.iter().map(|lease| self.analyzed(lease)).collect();
            let owed = leases.iter().map(delivery).collect();
            self.records.save(analyzed).await?;
            self.queue.publish_all(owed).await?;
            self.queue.ack(leases).await?;
        }
        Ok(())
    }

    async fn deliver(&self, items: usize) -> Result<(), Failure> {
        let mut left = items / CALLERS * CALLERS;
        let lane = Lane::Delivery(WEBHOOK.into());
        while left > 0 {
            let leases = self.queue.pull(&lane, BATCH, Duration::from_secs(60)).await?;
            left -= leases.len();
            let wanted: Vec<_> = leases.iter().map(|lease| wanted(&lease.body)).collect::<Result<_, _>>()?;
            let payloads = self.records.payloads(&wanted).await?;
            assert!(payloads.iter().all(Option::is_some), "what is owed is on record");
            self.records.record(leases.iter().map(|lease| attempted(DeliveryId(lease.id))).collect()).await?;
            self.queue.ack(leases).await?;
        }
        Ok(())
    }

    fn analyzed(&self, lease: &Lease) -> Analyzed {
        let mut feedback = self.feedback.clone();
        (feedback.id, feedback.revision, feedback.received_at) = (FeedbackId(lease.id), 1, lease.published_at);
        if let Some(customer) = &mut feedback.customer {
            customer.id = Some(format!("c-{}", lease.id.as_u128() % 10_007));
        }
        Analyzed { feedback, analysis: self.analysis.clone(), webhooks: vec![WEBHOOK.into()], era: lease.era }
    }

    async fn query(&self) -> Result<(), Failure> {
        let search = Filter { q: Some("battery".into()), ..Filter::default() };
        let tag = Filter { tag: Some("delivery/*".into()), ..Filter::default() };
        for (name, filter) in [("list, newest 50", Filter::default()), ("list, a word", search), ("list, a tag", tag)] {
            let start = Instant::now();
            self.records.list(&filter, None, 50).await?;
            println!("{name:40} {:>9.1} ms", start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            self.records.aggregate(&filter, sayso::records::Facet::Tag).await?;
            println!("{:40} {:>9.1} ms", "  by tag", start.elapsed().as_secs_f64() * 1e3);
        }
        Ok(())
    }
}

fn message() -> Message {
    Message {
        id: FeedbackId::now().0,
        revision: 1,
        identity: None,
        series: None,
        era: 0,
        body: vec![b'x'; 1024].into(),
    }
}

fn delivery(lease: &Lease) -> (Lane, Message) {
    let id = FeedbackId(lease.id);
    let mut body = id.0.as_bytes().to_vec();
    body.extend(lease.revision.to_be_bytes());
    let message = Message {
        id: DeliveryId::of(id, lease.revision, WEBHOOK).0,
        revision: 1,
        identity: None,
        series: None,
        era: 0,
        body: body.into(),
    };
    (Lane::Delivery(WEBHOOK.into()), message)
}

fn wanted(body: &[u8]) -> Result<(FeedbackId, u32), Failure> {
    let (id, revision) = body.split_at(16);
    Ok((FeedbackId(uuid::Uuid::from_slice(id)?), u32::from_be_bytes(revision.try_into()?)))
}

fn attempted(delivery: DeliveryId) -> Attempted {
    Attempted {
        delivery,
        attempt: Attempt {
            number: 1,
            at: Timestamp::now(),
            address: Some("203.0.113.7:443".into()),
            status: Some(200),
            latency_ms: 12,
            response: None,
            error: None,
        },
        status: DeliveryStatus::Delivered,
        next_attempt_at: None,
    }
}

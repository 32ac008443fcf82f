//! From the post to the webhook: every item through the chain and to one webhook, with the generator and the sink on the
//! same machine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};

use crate::{
    load,
    post::Connection,
    process::{Process, scratch},
};

/// Items in one post.
const CHUNK: usize = 200;
/// Connections that post.
const CONNECTIONS: usize = 2;
/// How far the generator runs ahead of the sink, so that the backlog stays small and the flow steady.
const AHEAD: usize = 8_000;

pub(crate) async fn run(items: usize) -> anyhow::Result<()> {
    let reviews: Vec<String> = load::reviews()?.iter().map(ToString::to_string).collect();
    let delivered = Arc::new(AtomicUsize::new(0));
    let sink = sink(delivered.clone()).await?;
    let config = format!(
        "[[webhook]]\nname = \"sink\"\nurl = \"http://{sink}/\"\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\nallow_private = true\n"
    );
    let sayso = Process::sayso(&config, &scratch()?)?;
    let started = Instant::now();
    let posted = Arc::new(AtomicUsize::new(0));
    let reviews: Arc<[String]> = reviews.into();
    let generators: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            tokio::spawn(generate(sayso.address.clone(), reviews.clone(), posted.clone(), delivered.clone(), items))
        })
        .collect();
    let mut resident = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while delivered.load(Ordering::Relaxed) < items {
        tick.tick().await;
        resident.push(sayso.resident()?);
        anyhow::ensure!(
            started.elapsed() < Duration::from_secs(300),
            "delivered only {}",
            delivered.load(Ordering::Relaxed)
        );
    }
    let time = started.elapsed();
    for generator in generators {
        generator.await??;
    }
    report(items, time, &resident, &sayso)
}

fn report(items: usize, time: Duration, resident: &[u64], sayso: &Process) -> anyhow::Result<()> {
    let mebibytes = |at: usize| resident.get(at.min(resident.len().saturating_sub(1))).copied().unwrap_or(0) >> 20;
    let peak = resident.iter().copied().max().unwrap_or(0) >> 20;
    let quarters: Vec<_> = (1..=4).map(|quarter| mebibytes((resident.len() * quarter / 4).saturating_sub(1))).collect();
    println!(
        "flow       {items} items in {:.1} s: {:.0} items/s (goal 8,000); processor time of sayso {:.0} µs an item",
        time.as_secs_f64(),
        items as f64 / time.as_secs_f64(),
        sayso.cpu()? * 1e6 / items as f64,
    );
    println!("flow       resident memory: peak {peak} MiB (goal 150), by quarter of the run {quarters:?} MiB");
    let store = std::fs::metadata(sayso.dir().join("sayso-data/sayso.db"))?.len() >> 20;
    println!("flow       store {store} MiB");
    Ok(())
}

async fn generate(
    address: String,
    reviews: Arc<[String]>,
    posted: Arc<AtomicUsize>,
    delivered: Arc<AtomicUsize>,
    items: usize,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(&address).await?;
    loop {
        let first = posted.fetch_add(CHUNK, Ordering::Relaxed);
        if first >= items {
            return Ok(());
        }
        while first > delivered.load(Ordering::Relaxed) + AHEAD {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let count = CHUNK.min(items - first);
        let mut body = String::with_capacity(count * 300);
        for number in first..first + count {
            body.push_str(&reviews[number % reviews.len()]);
            body.push('\n');
        }
        let status = connection.post("application/x-ndjson", body.into()).await?;
        anyhow::ensure!(status == 202, "answered {status}");
    }
}

async fn sink(delivered: Arc<AtomicUsize>) -> anyhow::Result<std::net::SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/", post(receive)).with_state(delivered);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn receive(State(delivered): State<Arc<AtomicUsize>>, body: Bytes) -> StatusCode {
    drop(body);
    delivered.fetch_add(1, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

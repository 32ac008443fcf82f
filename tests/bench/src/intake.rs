//! Single posts from 64 connections with durable writes, against a server that answers 202 without storing, and against
//! one that checks them as sayso does, and appends them to a file: what is left if a server does nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    load, median,
    post::Connection,
    process::{Process, scratch},
};

const CONNECTIONS: usize = 64;
const TIME: Duration = Duration::from_secs(4);

pub(crate) async fn run(rounds: usize) -> anyhow::Result<()> {
    let bodies: Arc<[Bytes]> = load::reviews()?.iter().map(|review| Bytes::from(review.to_string())).collect();
    let scratch = scratch()?;
    drop(Process::sayso("", &scratch)?);
    let (mut rates, mut plain, mut appended) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (which, rates) in [("bare", &mut plain), ("bare-durable", &mut appended)] {
            let bare = Process::bare(which, &scratch)?;
            rates.push(rate(&bare.address, &bodies).await?);
        }
        let sayso = Process::sayso("[server]\nmax_backlog = 100000000\n", &scratch)?;
        rates.push(rate(&sayso.address, &bodies).await?);
    }
    let to = |others: &[f64]| median(rates.iter().zip(others).map(|(with, without)| with / without).collect());
    println!(
        "intake     {CONNECTIONS} connections, durable: {:.0} posts/s; plain server {:.0} posts/s; ratio {:.2} (goal 0.5); \
         server that checks them and appends to a file {:.0} posts/s; ratio {:.2}",
        median(rates.clone()),
        median(plain.clone()),
        to(&plain),
        median(appended.clone()),
        to(&appended)
    );
    Ok(())
}

/// Posts accepted a second.
async fn rate(address: &str, bodies: &Arc<[Bytes]>) -> anyhow::Result<f64> {
    let stop = Arc::new(AtomicBool::new(false));
    let accepted = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for number in 0..CONNECTIONS {
        let mut connection = Connection::open(address).await?;
        let (bodies, stop, accepted) = (bodies.clone(), stop.clone(), accepted.clone());
        tasks.push(tokio::spawn(async move {
            let mut next = number * 37;
            while !stop.load(Ordering::Relaxed) {
                let body = bodies[next % bodies.len()].clone();
                next += 1;
                let status = connection.post("application/json", body).await?;
                anyhow::ensure!(status == 202, "answered {status}");
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }));
    }
    let started = Instant::now();
    tokio::time::sleep(TIME).await;
    let rate = accepted.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok(rate)
}

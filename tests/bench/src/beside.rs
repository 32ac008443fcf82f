//! A webhook that never answers beside a healthy one: the time from post to delivery of the healthy one, with and
//! without the other.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};

use crate::{
    median,
    post::Connection,
    process::{Process, scratch},
};

/// Posts a second; steady, so that the times are those of a service that keeps up.
const RATE: u64 = 400;
const POSTS: usize = 2_000;

type Times = Arc<Mutex<Vec<f64>>>;

pub(crate) async fn run(rounds: usize) -> anyhow::Result<()> {
    let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let without = p99(false).await?;
        let with = p99(true).await?;
        alone.push(without);
        beside.push(with);
        ratios.push(with / without);
    }
    println!(
        "beside     p99 from post to delivery at {RATE} posts/s: {:.1} ms alone, {:.1} ms beside a webhook that never answers; ratio {:.2}",
        median(alone),
        median(beside),
        median(ratios)
    );
    Ok(())
}

/// Milliseconds.
async fn p99(with_dead: bool) -> anyhow::Result<f64> {
    let times: Times = Arc::default();
    let healthy = sink(times.clone()).await?;
    // Takes connections into the system's queue, and never answers.
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let mut config = webhook("healthy", &healthy.to_string());
    if with_dead {
        config += &webhook("dead", &dead.local_addr()?.to_string());
    }
    let sayso = Process::sayso(&config, &scratch()?)?;
    let mut connection = Connection::open(&sayso.address).await?;
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
    for number in 0..POSTS {
        tick.tick().await;
        let body = json!({"kind": "review", "text": format!("Great tea, slow delivery, number {number}."), "language": "en", "metadata": {"sent": now()}});
        let status = connection.post("application/json", body.to_string().into()).await?;
        anyhow::ensure!(status == 202, "answered {status}");
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while times.lock().expect("no panic while locked").len() < POSTS {
        anyhow::ensure!(
            tokio::time::Instant::now() < deadline,
            "the healthy webhook got only {} of {POSTS}",
            times.lock().expect("no panic while locked").len()
        );
        tick.tick().await;
    }
    let mut times = times.lock().expect("no panic while locked").clone();
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() * 99 / 100])
}

fn webhook(name: &str, address: &str) -> String {
    format!(
        "[[webhook]]\nname = \"{name}\"\nurl = \"http://{address}/\"\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\nallow_private = true\n"
    )
}

/// Milliseconds since the epoch.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

async fn sink(times: Times) -> anyhow::Result<std::net::SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/", post(receive)).with_state(times);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn receive(State(times): State<Times>, body: Bytes) -> StatusCode {
    let event: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if let Some(sent) = event["data"]["feedback"]["metadata"]["sent"].as_f64() {
        times.lock().expect("no panic while locked").push(now() - sent);
    }
    StatusCode::NO_CONTENT
}

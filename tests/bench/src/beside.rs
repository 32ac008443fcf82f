//! Healthy webhooks with and without others beside them that misbehave: the time from post to delivery of the healthy
//! ones. First one beside one that never answers, then fifty beside one that never answers and one that is slow.

use std::{
    fmt::Write,
    net::SocketAddr,
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

/// How long the slow one takes to answer.
const SLOW: Duration = Duration::from_secs(5);

/// One comparison. The rate is steady, so that the times are those of a service that keeps up.
struct Case {
    healthy: usize,
    has_slow: bool,
    /// Posts a second.
    rate: u64,
    posts: usize,
    beside: &'static str,
}

const CASES: [Case; 2] = [
    Case { healthy: 1, has_slow: false, rate: 400, posts: 2_000, beside: "one that never answers" },
    Case { healthy: 50, has_slow: true, rate: 20, posts: 400, beside: "one that never answers and one that takes 5 s" },
];

type Times = Arc<Mutex<Vec<f64>>>;

/// At most `items` deliveries to healthy webhooks in each measurement.
pub(crate) async fn run(rounds: usize, items: usize) -> anyhow::Result<()> {
    for case in CASES {
        let case = Case { posts: case.posts.min(items.div_ceil(case.healthy)), ..case };
        let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let without = case.p99(false).await?;
            let with = case.p99(true).await?;
            alone.push(without);
            beside.push(with);
            ratios.push(with / without);
        }
        println!(
            "beside     p99 from post to delivery of {} healthy at {} posts/s: {:.1} ms alone, {:.1} ms beside {}; ratio {:.2} (goal 1.2)",
            case.healthy,
            case.rate,
            median(alone),
            median(beside),
            case.beside,
            median(ratios)
        );
    }
    Ok(())
}

impl Case {
    /// Milliseconds.
    async fn p99(&self, with_bad: bool) -> anyhow::Result<f64> {
        let times: Times = Arc::default();
        let healthy = serve(Router::new().route("/", post(receive)).with_state(times.clone())).await?;
        // Takes connections into the system's queue, and never answers.
        let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let slow = serve(Router::new().route("/", post(answer_slowly))).await?;
        let mut config = String::new();
        for number in 0..self.healthy {
            config += &webhook(&format!("healthy-{number}"), healthy)?;
        }
        if with_bad {
            config += &webhook("dead", dead.local_addr()?)?;
        }
        if with_bad && self.has_slow {
            config += &webhook("slow", slow)?;
        }
        let sayso = Process::sayso(&config, &scratch()?)?;
        self.post(&sayso.address).await?;
        let expected = self.posts * self.healthy;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            let mut times = times.lock().expect("no panic while locked");
            if times.len() >= expected {
                times.sort_by(f64::total_cmp);
                return Ok(times[times.len() * 99 / 100]);
            }
            let now = tokio::time::Instant::now();
            anyhow::ensure!(now < deadline, "the healthy webhooks got only {} of {expected}", times.len());
        }
    }

    async fn post(&self, address: &str) -> anyhow::Result<()> {
        let mut connection = Connection::open(address).await?;
        let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / self.rate));
        for number in 0..self.posts {
            tick.tick().await;
            let text = format!("Great tea, slow delivery, number {number}.");
            let body = json!({"kind": "review", "text": text, "language": "en", "metadata": {"sent": now()}});
            let status = connection.post("application/json", body.to_string().into()).await?;
            anyhow::ensure!(status == 202, "answered {status}");
        }
        Ok(())
    }
}

fn webhook(name: &str, address: SocketAddr) -> anyhow::Result<String> {
    let mut lines = String::new();
    writeln!(lines, "[[webhook]]\nname = \"{name}\"\nurl = \"http://{address}/\"")?;
    writeln!(lines, "secret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\nallow_private = true")?;
    Ok(lines)
}

/// Milliseconds since the epoch.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn answer_slowly() -> StatusCode {
    tokio::time::sleep(SLOW).await;
    StatusCode::NO_CONTENT
}

async fn receive(State(times): State<Times>, body: Bytes) -> StatusCode {
    let event: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if let Some(sent) = event["data"]["feedback"]["metadata"]["sent"].as_f64() {
        times.lock().expect("no panic while locked").push(now() - sent);
    }
    StatusCode::NO_CONTENT
}

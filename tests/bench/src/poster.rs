//! The loop that deliveries are compared with: an ordinary HTTP client posts bodies, with as many requests under way as a
//! webhook has by default. Nothing is signed, recorded or settled.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::Context;
use bytes::Bytes;

/// Requests under way at once.
const CONCURRENCY: usize = 16;

/// Posts `items` bodies, those of the file again and again, to `to`.
pub(crate) async fn run(to: Option<&str>, bodies: Option<&Path>, items: usize) -> anyhow::Result<()> {
    let to: Arc<str> = to.context("--to")?.into();
    let text = std::fs::read_to_string(bodies.context("--bodies")?)?;
    let bodies: Arc<[Bytes]> = text.lines().map(|line| Bytes::copy_from_slice(line.as_bytes())).collect();
    // Whoever comes first installs it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..CONCURRENCY {
        let (to, bodies, client, next) = (to.clone(), bodies.clone(), client.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= items {
                    return Ok(());
                }
                let body = bodies[number % bodies.len()].clone();
                let request = client.post(&*to).header("content-type", "application/json").body(body);
                let response = request.send().await?.error_for_status()?;
                response.bytes().await?;
            }
        }));
    }
    for task in tasks {
        task.await?.map_err(|error: reqwest::Error| anyhow::anyhow!(error))?;
    }
    Ok(())
}

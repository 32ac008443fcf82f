mod bad_input;
mod batch;
mod idempotency;
mod pressure;
mod single;
mod wait;

use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use tokio::io::AsyncWriteExt;

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

/// `count` reviews, one a line.
fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{{\"kind\":\"review\",\"text\":\"tea number {n}\"}}\n")).collect()
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(bytes).await.expect("is packed");
    encoder.shutdown().await.expect("is packed");
    encoder.into_inner()
}

pub(super) async fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZstdEncoder::new(Vec::new());
    encoder.write_all(bytes).await.expect("is packed");
    encoder.shutdown().await.expect("is packed");
    encoder.into_inner()
}

//! The plain servers that intake is compared with: axum, reads the body, answers 202 with an id. One stores nothing; the
//! other checks the body as sayso does, and first appends it to a file and syncs that, many bodies together.

use std::{
    fs::File,
    io::{Seek as _, Write as _},
    sync::mpsc::{Receiver, Sender, channel},
};

use axum::{Json, Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use sayso::feedback::{
    canonical,
    validate::{Limits, validate},
};
use tokio::sync::oneshot;

/// Size of the file, in bytes. It is written before, so that a sync has no new size or blocks to write down.
const LOG: u64 = 256 << 20;
/// Where the file begins anew, in bytes.
const TURN: u64 = LOG - (16 << 20);

/// Larger than anything that is posted.
const LIMITS: Limits = Limits { item_bytes: 1 << 20, text_bytes: 1 << 20 };

/// A body, and whom to tell that it is on the disk.
type Append = (Bytes, oneshot::Sender<()>);

/// What a server answers.
type Answer = (StatusCode, Json<serde_json::Value>);

/// The server that stores nothing.
pub(crate) async fn serve() -> anyhow::Result<()> {
    listen(post(accept)).await
}

/// The server that appends to `log` in the current folder.
pub(crate) async fn serve_durable() -> anyhow::Result<()> {
    let mut log = File::create("log")?;
    let zeros = vec![0; 1 << 20];
    (0..LOG >> 20).try_for_each(|_| log.write_all(&zeros))?;
    log.sync_all()?;
    log.rewind()?;
    let (inbox, appends) = channel();
    std::thread::spawn(move || append(log, &appends));
    listen(post(accept_durably).with_state(inbox)).await
}

async fn listen(accept: axum::routing::MethodRouter) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{}", serde_json::json!({"message": "listening", "address": listener.local_addr()?.to_string()}));
    axum::serve(listener, Router::new().route("/v1/feedback", accept)).await?;
    Ok(())
}

fn accepted() -> Answer {
    (StatusCode::ACCEPTED, Json(serde_json::json!({"id": "0190f5c8-0000-7000-8000-000000000000", "revision": 1})))
}

async fn accept(body: Bytes) -> Answer {
    drop(body);
    accepted()
}

async fn accept_durably(State(inbox): State<Sender<Append>>, body: Bytes) -> Result<Answer, StatusCode> {
    let feedback = validate(&body, &LIMITS).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    let (done, synced) = oneshot::channel();
    inbox.send((canonical(&feedback).body, done)).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    synced.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(accepted())
}

/// Writes what has come since the last sync, syncs, and tells those who wait.
fn append(mut log: File, appends: &Receiver<Append>) {
    let (mut bytes, mut waiting) = (Vec::new(), Vec::new());
    while let Ok(first) = appends.recv() {
        for (body, done) in std::iter::once(first).chain(appends.try_iter()) {
            bytes.extend_from_slice(&body);
            waiting.push(done);
        }
        let at = log.stream_position().expect("it is a file");
        if at + bytes.len() as u64 > TURN {
            log.rewind().expect("it is a file");
        }
        log.write_all(&bytes).expect("it is written");
        log.sync_data().expect("it is synced");
        bytes.clear();
        // A caller that went away needs no answer.
        waiting.drain(..).for_each(|done| {
            done.send(()).ok();
        });
    }
}

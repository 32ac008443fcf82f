//! A receiver of deliveries that verifies each, independently of what signs them.
//! `sayso webhook listen` and `sayso demo` are made of it.

use std::{
    collections::{HashSet, VecDeque},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use super::verifier::Verifier;
use crate::delivery::{signing, trial::TEST_HEADER};

/// Largest delivery that is taken, in bytes.
const MAX_BODY: usize = 16 << 20;

/// How many deliveries may wait to be looked at; then the receiver answers no more until some were.
const MAX_WAITING: usize = 1_024;

/// How many ids are remembered to tell a repetition.
const MAX_IDS: usize = 10_000;

/// How the receiver answers what it could verify.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behaviour {
    /// The status, or that of the failures where `failures` says how many.
    pub(super) status: StatusCode,
    /// How many answers have that status before all others are 200; all if absent.
    pub(super) failures: Option<u64>,
    /// How long each answer takes.
    pub(super) delay: Duration,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { status: StatusCode::OK, failures: None, delay: Duration::ZERO }
    }
}

/// One request that came in.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The `webhook-id`; empty where there was none.
    pub(super) id: String,
    /// Whether the id was seen before: another attempt of the same delivery.
    pub(super) is_repeat: bool,
    /// Whether it says that it is a test delivery.
    pub(super) is_test: bool,
    /// Whether the signature holds, or why not.
    pub(super) verdict: Result<(), String>,
    /// What was answered.
    pub(super) status: StatusCode,
    /// The body as it came.
    pub(super) body: Bytes,
}

/// A receiver that listens until it is dropped.
pub(super) struct Receiver {
    address: SocketAddr,
    events: mpsc::Receiver<Event>,
    server: JoinHandle<()>,
}

struct Shared {
    verifier: Verifier,
    behaviour: Behaviour,
    answered: AtomicU64,
    seen: Mutex<Seen>,
    events: mpsc::Sender<Event>,
}

/// The ids of late, oldest first.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

/// A new secret.
pub(super) fn new_secret() -> String {
    signing::new_secret().expose().to_owned()
}

/// Starts a receiver that answers 200 to what it can verify.
///
/// # Errors
/// If the address is taken or not of this machine, or the secret cannot be verified with.
pub(super) async fn start(listen: SocketAddr, secret: &str) -> anyhow::Result<Receiver> {
    start_with(listen, secret, Behaviour::default()).await
}

/// Starts a receiver that answers 401 to what it cannot verify, and the rest as `behaviour` says.
///
/// # Errors
/// If the address is taken or not of this machine, or the secret cannot be verified with.
pub(super) async fn start_with(listen: SocketAddr, secret: &str, behaviour: Behaviour) -> anyhow::Result<Receiver> {
    let verifier = Verifier::new(secret)?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let (sender, events) = mpsc::channel(MAX_WAITING);
    let shared = Shared { verifier, behaviour, answered: AtomicU64::new(0), seen: Mutex::default(), events: sender };
    let app = Router::new()
        .route("/", post(receive))
        .route("/{*path}", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(shared));
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "the receiver ended");
        }
    });
    Ok(Receiver { address, events, server })
}

impl Receiver {
    /// Where to send deliveries.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The next request; none if the receiver has ended.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let verdict = shared.verifier.verify(&body, &headers);
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let status = if verdict.is_ok() { shared.answer() } else { StatusCode::UNAUTHORIZED };
    let is_repeat = verdict.is_ok() && shared.is_repeat(&id);
    let is_test = headers.contains_key(TEST_HEADER);
    tokio::time::sleep(shared.behaviour.delay).await;
    // Nobody looks any more while the receiver is being dropped.
    drop(shared.events.send(Event { id, is_repeat, is_test, verdict, status, body }).await);
    status
}

impl Shared {
    fn answer(&self) -> StatusCode {
        let before = self.answered.fetch_add(1, Ordering::Relaxed);
        match self.behaviour.failures {
            Some(failures) if before >= failures => StatusCode::OK,
            _ => self.behaviour.status,
        }
    }

    fn is_repeat(&self, id: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.ids.insert(id.to_owned()) {
            return true;
        }
        seen.order.push_back(id.to_owned());
        if seen.order.len() > MAX_IDS
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.ids.remove(&oldest);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        config::Secret,
        delivery::signing::Signer,
        delivery::{client::Client, client::Verdict, endpoint::Endpoint},
        feedback::*,
        records::Payload,
    };

    const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    fn client(receiver: &Receiver, secret: &str) -> Client {
        let signer = Signer::new([&Secret::new(secret.into())]).unwrap();
        let endpoint = Endpoint::parse(&receiver.url(), true).unwrap();
        Client::new(endpoint, signer, 1, &crate::config::Delivery::default()).unwrap()
    }

    async fn deliver(client: &Client, id: DeliveryId, number: u32) -> Verdict {
        let feedback: Feedback = serde_json::from_value(serde_json::json!({ "kind": "review" })).unwrap();
        let payload = Payload::new(&feedback, &Analysis::default()).unwrap();
        let body = crate::delivery::formats::standard::event(Timestamp::now(), &payload).unwrap();
        client.attempt(id, number, body).await.verdict
    }

    #[tokio::test]
    async fn a_signed_delivery_is_verified_and_a_repetition_is_told() {
        let secret = new_secret();
        let mut receiver = start(LOCAL, &secret).await.unwrap();
        let client = client(&receiver, &secret);
        let id = DeliveryId::of(FeedbackId::now(), 1, "crm");
        for is_repeat in [false, true] {
            assert_eq!(deliver(&client, id, 1).await, Verdict::Delivered);
            let event = receiver.next().await.unwrap();
            assert_eq!((event.verdict, event.is_repeat, event.id), (Ok(()), is_repeat, id.to_string()));
        }
    }

    #[tokio::test]
    async fn a_delivery_signed_with_another_secret_is_refused_with_the_reason() {
        let mut receiver = start(LOCAL, &new_secret()).await.unwrap();
        let client = client(&receiver, &new_secret());
        let verdict = deliver(&client, DeliveryId::of(FeedbackId::now(), 1, "crm"), 1).await;
        assert!(matches!(verdict, Verdict::Failed { .. }));
        let event = receiver.next().await.unwrap();
        assert_eq!(event.verdict, Err("signature invalid".to_owned()));
        assert_eq!(event.status, 401);
    }

    #[tokio::test]
    async fn the_first_answers_fail_where_that_is_asked_for() {
        let secret = new_secret();
        let behaviour = Behaviour { status: StatusCode::GONE, failures: Some(1), delay: Duration::from_millis(1) };
        let mut receiver = start_with(LOCAL, &secret, behaviour).await.unwrap();
        let client = client(&receiver, &secret);
        let id = DeliveryId::of(FeedbackId::now(), 1, "crm");
        assert_eq!(deliver(&client, id, 1).await, Verdict::Gone);
        assert_eq!(deliver(&client, id, 2).await, Verdict::Delivered);
        assert_eq!(receiver.next().await.unwrap().status, 410);
        assert!(receiver.next().await.unwrap().is_repeat);
    }
}

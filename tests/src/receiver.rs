//! A receiver of webhooks on loopback, whose answers can be switched. It verifies with the crate `standardwebhooks`.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Instant,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use crate::PATIENCE;

/// The secret that receivers verify with.
pub const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// One delivery that arrived.
#[derive(Clone, Debug)]
pub struct Event {
    /// `webhook-id`.
    pub id: String,
    /// Whether the signature is right.
    pub is_verified: bool,
    /// What was answered.
    pub answered: u16,
    /// When it arrived.
    pub at: Instant,
    /// The body.
    pub body: Value,
}

impl Event {
    /// `data.feedback.id`.
    pub fn feedback_id(&self) -> &str {
        self.body["data"]["feedback"]["id"].as_str().unwrap_or_default()
    }
}

struct Shared {
    events: Mutex<Vec<Event>>,
    count: watch::Sender<usize>,
    status: AtomicU16,
    verifier: standardwebhooks::Webhook,
}

/// A receiver; it ends with the runtime of its test.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// A receiver that answers 200 with an empty body.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            events: Mutex::default(),
            count: watch::Sender::new(0),
            status: AtomicU16::new(200),
            verifier: standardwebhooks::Webhook::new(SECRET).expect("the secret is well formed"),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        let address = listener.local_addr().expect("it has an address");
        let router = Router::new().route("/hook", post(receive)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers with this status from here on.
    pub fn answer_with(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    /// What arrived so far.
    pub fn events(&self) -> Vec<Event> {
        self.shared.events.lock().expect("no panic while locked").clone()
    }

    /// Waits until `enough` of what arrived.
    ///
    /// # Panics
    /// If that takes longer than [`PATIENCE`].
    pub async fn wait_until(&self, what: &str, enough: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let mut count = self.shared.count.subscribe();
        let wait = async {
            loop {
                count.borrow_and_update();
                let events = self.events();
                if enough(&events) {
                    return events;
                }
                count.changed().await.expect("the receiver runs");
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        waited.unwrap_or_else(|_| panic!("waited in vain for {what}; {} events arrived", self.events().len()))
    }

    /// Waits for so many deliveries.
    pub async fn wait_for(&self, count: usize) -> Vec<Event> {
        self.wait_until(&format!("{count} deliveries"), |events| events.len() >= count).await
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let answered = shared.status.load(Ordering::SeqCst);
    let event = Event {
        id,
        is_verified: shared.verifier.verify(&body, &headers).is_ok(),
        answered,
        at: Instant::now(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    shared.events.lock().expect("no panic while locked").push(event);
    shared.count.send_modify(|count| *count += 1);
    StatusCode::from_u16(answered).unwrap_or(StatusCode::OK)
}

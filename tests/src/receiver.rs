//! A receiver of webhooks on loopback, whose answers can be switched. It verifies with the crate `standardwebhooks`.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::{Duration, Instant},
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
    /// The body as it came.
    pub raw: Bytes,
    /// The headers.
    pub headers: HeaderMap,
}

impl Event {
    /// `data.feedback.id`.
    pub fn feedback_id(&self) -> &str {
        self.body["data"]["feedback"]["id"].as_str().unwrap_or_default()
    }
}

/// How many requests are under way, and were at most.
#[derive(Default)]
struct UnderWay {
    now: usize,
    most: usize,
}

/// What to answer to an event, knowing those that came before it.
type Answer = dyn Fn(&Event, &[Event]) -> u16 + Send + Sync;

struct Shared {
    events: Mutex<Vec<Event>>,
    count: watch::Sender<usize>,
    status: AtomicU16,
    echoes: AtomicBool,
    delay: Duration,
    under_way: Mutex<UnderWay>,
    answer: Mutex<Option<Arc<Answer>>>,
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
        Self::start_slow(Duration::ZERO).await
    }

    /// Likewise, each answer after this time.
    pub async fn start_slow(delay: Duration) -> Self {
        let (mut receiver, router) = Self::routed(delay);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        receiver.address = listener.local_addr().expect("it has an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// A receiver without an address, to be served by others.
    pub(crate) fn unbound() -> (Self, Router) {
        Self::routed(Duration::ZERO)
    }

    fn routed(delay: Duration) -> (Self, Router) {
        let shared = Arc::new(Shared {
            events: Mutex::default(),
            count: watch::Sender::new(0),
            status: AtomicU16::new(200),
            echoes: AtomicBool::new(false),
            delay,
            under_way: Mutex::default(),
            answer: Mutex::default(),
            verifier: standardwebhooks::Webhook::new(SECRET).expect("the secret is well formed"),
        });
        let router = Router::new().route("/hook", post(receive)).with_state(shared.clone());
        (Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), shared }, router)
    }

    /// The most requests that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.shared.under_way.lock().expect("no panic while locked").most
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers with this status from here on.
    pub fn answer_with(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    /// Answers with the body that it got from here on.
    pub fn echo(&self) {
        self.shared.echoes.store(true, Ordering::SeqCst);
    }

    /// Answers as this says from here on; it gets the event and those before it.
    pub fn answer_by(&self, answer: impl Fn(&Event, &[Event]) -> u16 + Send + Sync + 'static) {
        *self.shared.answer.lock().expect("no panic while locked") = Some(Arc::new(answer));
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

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> (StatusCode, Bytes) {
    {
        let mut under_way = shared.under_way.lock().expect("no panic while locked");
        under_way.now += 1;
        under_way.most = under_way.most.max(under_way.now);
    }
    if !shared.delay.is_zero() {
        tokio::time::sleep(shared.delay).await;
    }
    shared.under_way.lock().expect("no panic while locked").now -= 1;
    let answer_body = if shared.echoes.load(Ordering::SeqCst) { body.clone() } else { Bytes::new() };
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let answered = shared.status.load(Ordering::SeqCst);
    let mut event = Event {
        id,
        is_verified: shared.verifier.verify(&body, &headers).is_ok(),
        answered,
        at: Instant::now(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        raw: body,
        headers,
    };
    let answer = shared.answer.lock().expect("no panic while locked").clone();
    let answered = {
        let mut events = shared.events.lock().expect("no panic while locked");
        event.answered = answer.map_or(answered, |answer| answer(&event, &events));
        let answered = event.answered;
        events.push(event);
        answered
    };
    shared.count.send_modify(|count| *count += 1);
    (StatusCode::from_u16(answered).unwrap_or(StatusCode::OK), answer_body)
}

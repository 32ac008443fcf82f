//! A service that plugins call, on loopback: it answers, redirects, hangs, drips and floods, and remembers who called.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::Response,
    routing::{any, get},
};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_rustls::TlsAcceptor;

use crate::TlsListener;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<Call>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

/// A service; it ends with the runtime of its test.
#[derive(Clone)]
pub struct Upstream {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

impl Upstream {
    /// A service on a port of its own: `/ok`, `/mirror` (the credentials it got), `/wait/MS`, `/hang`, `/drip`, `/flood`,
    /// `/to/HOST` (a redirect).
    ///
    /// # Panics
    /// Where loopback cannot be listened on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        let address = listener.local_addr().expect("it has an address");
        let (shared, router) = service();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, scheme: "http", shared }
    }

    /// Likewise over TLS.
    ///
    /// # Panics
    /// Likewise.
    pub async fn start_tls(acceptor: TlsAcceptor) -> Self {
        let listener = TlsListener::bind(acceptor).await;
        let address = listener.address();
        let (shared, router) = service();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, scheme: "https", shared }
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// What arrived so far.
    ///
    /// # Panics
    /// Never, unless another thread panicked.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().expect("no panic while locked").clone()
    }

    /// How many requests were under way at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }
}

/// The service, and what it remembers.
fn service() -> (Arc<Shared>, Router) {
    let shared = Arc::new(Shared::default());
    let router =
        Router::new()
            .route("/ok", any(|| async { "ok" }))
            .route(
                "/mirror",
                any(|headers: HeaderMap| async move {
                    headers
                        .get("authorization")
                        .cloned()
                        .map(|value| value.to_str().unwrap_or_default().to_owned())
                        .unwrap_or_default()
                }),
            )
            .route(
                "/wait/{ms}",
                get(|Path(ms): Path<u64>| async move {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    "waited"
                }),
            )
            .route("/hang", get(std::future::pending::<StatusCode>))
            .route("/drip", get(|| async { stream(1, Duration::from_millis(50)) }))
            .route("/flood", get(|| async { stream(64 << 10, Duration::ZERO) }))
            .route(
                "/to/{host}",
                get(|Path(host): Path<String>| async move {
                    (StatusCode::FOUND, [("location", format!("http://{host}/ok"))])
                }),
            )
            .layer(middleware::from_fn_with_state(shared.clone(), note))
            .with_state(());
    (shared, router)
}

async fn note(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let call = Call { path: request.uri().to_string(), headers: request.headers().clone() };
    shared.calls.lock().expect("no panic while locked").push(call);
    let under_way = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most.fetch_max(under_way, Ordering::SeqCst);
    let answer = next.run(request).await;
    shared.under_way.fetch_sub(1, Ordering::SeqCst);
    answer
}

/// A body of such pieces without an end.
fn stream(size: usize, pause: Duration) -> Body {
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        while sender.send(Bytes::from(vec![b'x'; size])).await.is_ok() {
            tokio::time::sleep(pause).await;
        }
    });
    let next = |mut receiver: mpsc::Receiver<Bytes>| async move {
        let piece = receiver.recv().await?;
        Some((Ok::<_, Infallible>(piece), receiver))
    };
    Body::from_stream(futures_util::stream::unfold(receiver, next))
}

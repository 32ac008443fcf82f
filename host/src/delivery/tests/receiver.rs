//! A receiver whose behaviour a test sets, and one that speaks raw TCP.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::HeaderMap;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

/// Longest wait of a test for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect(name).to_str().unwrap()
    }
}

type Behaviour = Arc<dyn Fn(&Call, usize) -> Response + Send + Sync>;

struct Shared {
    behaviour: Mutex<(Behaviour, usize)>,
    calls: mpsc::UnboundedSender<Call>,
}

/// An HTTP receiver on loopback.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    calls: mpsc::UnboundedReceiver<Call>,
}

impl Receiver {
    /// A receiver that answers 204.
    pub(crate) async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// Likewise, at the address of this socket.
    pub(crate) fn start_on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, calls) = mpsc::unbounded_channel();
        let ok: Behaviour = Arc::new(|_, _| status(204));
        let shared = Arc::new(Shared { behaviour: Mutex::new((ok, 0)), calls: sender });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, shared, calls }
    }

    /// From now on answers are made by `behaviour`, which gets the request and how many came before it since.
    pub(crate) fn behave(&self, behaviour: impl Fn(&Call, usize) -> Response + Send + Sync + 'static) {
        *self.shared.behaviour.lock().unwrap() = (Arc::new(behaviour), 0);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next request, in the order of their arrival.
    pub(crate) async fn call(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("a request comes in").expect("the receiver runs")
    }

    /// The requests that came in and were not asked for yet.
    pub(crate) fn calls_so_far(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.calls.try_recv().ok()).collect()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 8 << 20).await.unwrap();
    let call = Call { at, headers: parts.headers, body };
    let (behaviour, before) = {
        let mut behaviour = shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
        behaviour.1 += 1;
        (Arc::clone(&behaviour.0), behaviour.1 - 1)
    };
    let response = behaviour(&call, before);
    drop(shared.calls.send(call));
    response
}

/// An answer with this status and nothing else.
pub(crate) fn status(status: u16) -> Response {
    http::StatusCode::from_u16(status).unwrap().into_response()
}

/// An answer with this status, whose body ends once the gate is open.
pub(crate) fn status_behind(status: u16, gate: &watch::Sender<bool>) -> Response {
    let mut gate = gate.subscribe();
    let end = async move {
        drop(gate.wait_for(|is_open| *is_open).await);
        Ok::<_, std::io::Error>(Bytes::new())
    };
    Response::builder().status(status).body(Body::from_stream(futures_util::stream::once(end))).unwrap()
}

/// An answer with this status and header.
pub(crate) fn status_with(status: u16, name: &'static str, value: &str) -> Response {
    let response = Response::builder().status(status).header(name, value);
    response.body(Body::empty()).unwrap()
}

/// A receiver that does with each connection what `script` says.
pub(crate) async fn raw<F, Fut>(script: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// Reads a request up to the end of its headers.
pub(crate) async fn read_head(stream: &mut TcpStream) {
    use tokio::io::AsyncReadExt;
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut byte = [0; 1_024];
        match stream.read(&mut byte).await {
            Ok(0) | Err(_) => return,
            Ok(read) => head.extend_from_slice(&byte[..read]),
        }
    }
}

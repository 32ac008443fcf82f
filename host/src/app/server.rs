//! The HTTP server: bounded connections, time limits for headers and for silence, HTTP/1.1 and HTTP/2, graceful end.

use std::{borrow::Borrow, convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    connections::{Connection, Connections},
    descriptors,
    lingering::Lingering,
    moving::{Moving, Patience},
    threads::Threads,
};
use crate::telemetry::Seldom;

/// Connections open at once.
const MAX_CONNECTIONS: usize = 4096;

/// Connections take one in so many descriptors: the rest is for the store, for plugins and for webhooks, which go on while
/// somebody outside takes all connections.
const SHARE: usize = 2;

/// Descriptors that sayso has open before anybody connects, with some to spare.
const OWN: usize = 32;

/// How long a client may take to send the head of a request: a slow one must not hold a connection for ever.
const HEADER_TIME: Duration = Duration::from_secs(15);

/// Longest head of a request, in bytes: whoever sends no more than that, on every connection, holds so much memory.
const MAX_HEAD: usize = 32 << 10;

/// For how long nothing may move: longer than what an answer has to wait for.
const PATIENCE: Patience = Patience { first: HEADER_TIME, later: Duration::from_secs(120) };

/// Pause after the system refused to accept, for example for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves on `threads` until `shutdown`, then lets requests at hand end within `drain`. A listener of its own is closed before
/// that.
pub(super) async fn serve(
    listener: impl Borrow<TcpListener>,
    threads: &Threads,
    router: Router,
    shutdown: CancellationToken,
    drain: Duration,
) {
    serve_with(listener, threads, router, shutdown, drain, PATIENCE).await;
}

/// Connections open at once, where so many descriptors may be.
fn most_connections(descriptors: Option<usize>) -> usize {
    descriptors
        .map_or(MAX_CONNECTIONS, |descriptors| (descriptors.saturating_sub(OWN) / SHARE).clamp(1, MAX_CONNECTIONS))
}

async fn serve_with(
    listener: impl Borrow<TcpListener>,
    threads: &Threads,
    router: Router,
    shutdown: CancellationToken,
    drain: Duration,
    patience: Patience,
) {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).max_buf_size(MAX_HEAD);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(100);
    let server = Arc::new(server);
    let connections = Connections::new(most_connections(descriptors::raise_limit()));
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(listener.borrow()) => accepted,
        };
        let Some(stream) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let connection = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            connection = connections.enter() => connection,
        };
        let place = threads.place();
        let (server, router, thread) = (server.clone(), router.clone(), place.handle.clone());
        let served = async move {
            // Here, so that it is this thread that hears of what comes.
            let served = match TcpStream::from_std(stream) {
                Ok(stream) => {
                    serve_one(&server, Moving::new(stream, patience, connection.movement()), router, &connection).await
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((connection, place));
        };
        connections.tasks().spawn_on(served, &thread);
    }
    drop(listener);
    if tokio::time::timeout(drain, connections.close()).await.is_err() {
        tracing::warn!("requests were still open when the time to drain was over");
    }
}

/// Serves one connection until it ends, or has to close.
async fn serve_one(
    server: &auto::Builder<TokioExecutor>,
    stream: Moving<TcpStream>,
    router: Router,
    connection: &Connection,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let service = service_fn(|request: Request<Incoming>| {
        let (router, asked) = (router.clone(), connection.request());
        async move {
            let answer = answer(router, request).await;
            drop(asked);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut served = pin!(server.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        served = served.as_mut() => return served,
        () = connection.closing() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        biased;
        served = served => served,
        () = connection.cut() => Ok(()),
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> axum::response::Response {
    match router.oneshot(request.map(|body| Body::new(Lingering::new(body)))).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn accept(listener: &TcpListener) -> Option<std::net::TcpStream> {
    match listener.accept().await.and_then(|(stream, _)| stream.into_std()) {
        Ok(stream) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection without TCP_NODELAY");
            }
            Some(stream)
        }
        Err(error) => {
            // It goes on for as long as descriptors are used up, ten times a second.
            static TOLD: Seldom = Seldom::new();
            if TOLD.is_due() {
                tracing::warn!(%error, "connections cannot be accepted");
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SHORT: Patience = Patience { first: Duration::from_millis(50), later: Duration::from_millis(50) };

    /// What comes back over a connection that sends `bytes` and then nothing, until it is closed.
    async fn silent_after(bytes: &[u8]) -> Vec<u8> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        let router = Router::new().route("/", axum::routing::get(async || "here"));
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let server = tokio::spawn(async move {
            let threads = Threads::start().expect("start");
            serve_with(listener, &threads, router, stop, Duration::from_secs(5), SHORT).await;
        });
        let mut client = TcpStream::connect(address).await.expect("connects");
        client.write_all(bytes).await.expect("is sent");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("is closed, and not reset");
        shutdown.cancel();
        server.await.expect("ends");
        answer
    }

    #[test]
    fn connections_leave_half_of_the_descriptors_to_the_rest_of_the_process() {
        assert_eq!(most_connections(Some(1024)), 496);
        assert_eq!(most_connections(Some(1 << 20)), MAX_CONNECTIONS);
        assert_eq!(most_connections(None), MAX_CONNECTIONS);
        assert_eq!(most_connections(Some(1)), 1, "one is served, or nobody would hear why");
    }

    #[tokio::test]
    async fn a_connection_that_sends_nothing_is_closed() {
        assert!(silent_after(b"").await.is_empty());
    }

    #[tokio::test]
    async fn a_connection_that_stops_in_the_middle_of_the_preface_of_http_2_is_closed() {
        assert!(silent_after(b"PRI * HTTP/2").await.is_empty());
    }

    #[tokio::test]
    async fn an_http_2_connection_without_a_request_is_closed() {
        let answer = silent_after(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
        assert_eq!(answer.get(3), Some(&4), "the server's own settings came first");
    }

    #[tokio::test]
    async fn who_is_refused_while_still_sending_gets_to_read_why() {
        const SENT: usize = 32 << 20;
        let head = format!("POST / HTTP/1.1\r\nhost: here\r\ncontent-length: {SENT}\r\n\r\n");
        let answer = silent_after(&[head.into_bytes(), vec![b'x'; SENT]].concat()).await;
        assert!(answer.starts_with(b"HTTP/1.1 405"), "{}", String::from_utf8_lossy(&answer));
    }

    #[tokio::test]
    async fn a_request_is_answered_before_its_connection_is_closed_for_silence() {
        let answer = silent_after(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await;
        assert!(answer.ends_with(b"here"), "{}", String::from_utf8_lossy(&answer));
    }
}

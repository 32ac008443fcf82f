//! Attempts against real receivers.

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::io::AsyncWriteExt;

use super::*;
use crate::{
    delivery::{
        signing,
        tests::receiver::{Receiver, raw, read_head, status, status_with},
    },
    feedback::{DeliveryId, FeedbackId},
};

const BODY: &[u8] = br#"{"type":"feedback.analyzed"}"#;

fn limits(timeout_ms: u64) -> config::Delivery {
    config::Delivery { timeout: Duration::from_millis(timeout_ms), ..config::Delivery::default() }
}

fn client(url: &str, timeout_ms: u64) -> Client {
    let signer = Signer::new([&signing::new_secret()]).unwrap();
    Client::new(Endpoint::parse(url, true).unwrap(), signer, 4, &limits(timeout_ms)).unwrap()
}

async fn try_once(client: &Client) -> Tried {
    let delivery = DeliveryId::of(FeedbackId::now(), 1, "crm");
    client.attempt(delivery, 1, Bytes::from_static(BODY)).await
}

/// An attempt that fails, with its error.
async fn fail(url: &str, timeout_ms: u64) -> (Tried, String) {
    let tried = try_once(&client(url, timeout_ms)).await;
    assert!(matches!(tried.verdict, Verdict::Failed { .. }), "{tried:?}");
    let error = tried.attempt.error.clone().expect("a failure has an error");
    (tried, error)
}

const UNANSWERED: Verdict = Verdict::Failed { retry_after: None, slows: false, answered: false };

#[tokio::test]
async fn a_delivery_is_posted_signed_and_its_address_recorded() {
    let mut receiver = Receiver::start().await;
    let secret = signing::new_secret();
    let endpoint = Endpoint::parse(&receiver.url(), true).unwrap();
    let client = Client::new(endpoint, Signer::new([&secret]).unwrap(), 4, &limits(5_000)).unwrap();
    let delivery = DeliveryId::of(FeedbackId::now(), 1, "crm");
    let tried = client.attempt(delivery, 3, Bytes::from_static(BODY)).await;

    assert_eq!(tried.verdict, Verdict::Delivered);
    assert_eq!(tried.attempt.number, 3);
    assert_eq!(tried.attempt.status, Some(204));
    assert_eq!(tried.attempt.address, Some(receiver.address.to_string()));
    assert_eq!(tried.attempt.error, None);
    let call = receiver.call().await;
    assert_eq!(call.header("webhook-id"), delivery.to_string());
    assert_eq!(call.header("content-type"), "application/json");
    assert_eq!(call.header("user-agent"), concat!("sayso/", env!("CARGO_PKG_VERSION")));
    assert_eq!(call.body, BODY);
    standardwebhooks::Webhook::new(secret.expose()).unwrap().verify(&call.body, &call.headers).unwrap();
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_delivery() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let address = raw(move |mut stream| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            loop {
                read_head(&mut stream).await;
                if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let client = client(&format!("http://{address}/"), 5_000);
    for _ in 0..5 {
        assert_eq!(try_once(&client).await.verdict, Verdict::Delivered);
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_refused_connection_is_named() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (tried, error) = fail(&format!("http://{address}/"), 5_000).await;
    assert_eq!(tried.verdict, UNANSWERED);
    assert!(error.starts_with(&format!("connecting to {address} failed: Connection refused")), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_named() {
    // RFC 6761 keeps `.invalid` from ever existing.
    let (tried, error) = fail("https://no-such-receiver.invalid/", 15_000).await;
    assert_eq!(tried.verdict, UNANSWERED);
    assert_eq!(tried.attempt.address, None);
    assert!(error.starts_with("resolving `no-such-receiver.invalid:443` failed"), "{error}");
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_and_nothing_is_sent() {
    let mut receiver = Receiver::start().await;
    let signer = Signer::new([&signing::new_secret()]).unwrap();
    // The check of URLs knows `localhost`, as it does not know other names of this machine.
    let url = Url::parse(&format!("http://localhost:{}/hook", receiver.address.port())).unwrap();
    let client = Client::new(Endpoint { url, allow_private: false }, signer, 4, &limits(5_000)).unwrap();
    let tried = try_once(&client).await;
    let error = tried.attempt.error.expect("refused");
    assert!(error.starts_with("address refused: `localhost:"), "{error}");
    assert!(error.contains("loopback") && error.contains("allow_private"), "{error}");
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn tls_to_a_plain_port_is_named() {
    let receiver = Receiver::start().await;
    let (tried, error) = fail(&format!("https://{}/", receiver.address), 5_000).await;
    assert_eq!(tried.verdict, UNANSWERED);
    assert!(error.starts_with(&format!("TLS with {} failed", receiver.address)), "{error}");
}

#[tokio::test]
async fn tls_that_is_closed_at_once_is_named() {
    let address = raw(|stream| async { drop(stream) }).await;
    let (_, error) = fail(&format!("https://{address}/"), 5_000).await;
    assert!(error.starts_with("TLS with"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_a_timeout_while_connecting() {
    let address = raw(|stream| async move {
        pending::<()>().await;
        drop(stream);
    })
    .await;
    let (_, error) = fail(&format!("https://{address}/"), 300).await;
    assert!(error.starts_with("timeout while connecting to"), "{error}");
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_a_timeout_while_waiting() {
    let address = raw(|mut stream| async move {
        read_head(&mut stream).await;
        pending::<()>().await;
    })
    .await;
    let (tried, error) = fail(&format!("http://{address}/"), 200).await;
    assert_eq!(tried.verdict, UNANSWERED);
    assert_eq!(tried.attempt.address, Some(address.to_string()));
    assert!(error.starts_with("timeout while waiting for the answer: 200ms are over"), "{error}");
    assert!(tried.attempt.latency_ms >= 200);
}

#[tokio::test]
async fn an_answer_that_drips_is_cut_off_at_the_limit() {
    let address = raw(|mut stream| async move {
        read_head(&mut stream).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let mut wrote = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
        while wrote.is_ok() {
            ticks.tick().await;
            wrote = stream.write_all(b".").await;
        }
    })
    .await;
    let (tried, error) = fail(&format!("http://{address}/"), 200).await;
    assert_eq!(tried.attempt.status, Some(200));
    assert!(error.starts_with("timeout while reading the answer (status 200)"), "{error}");
    assert!(tried.attempt.latency_ms < 5_000);
}

#[tokio::test]
async fn of_an_endless_answer_64_kib_are_read() {
    let receiver = Receiver::start().await;
    let sent = Arc::new(AtomicUsize::new(0));
    for code in [500, 200] {
        let sent = Arc::clone(&sent);
        receiver.behave(move |_, _| {
            let sent = Arc::clone(&sent);
            let gigabyte = stream::repeat(Bytes::from_static(&[b'x'; 16 << 10])).take(1 << 16).inspect(move |chunk| {
                sent.fetch_add(chunk.len(), Ordering::Relaxed);
            });
            let body = axum::body::Body::from_stream(gigabyte.map(Ok::<_, std::io::Error>));
            axum::response::Response::builder().status(code).body(body).unwrap()
        });
        let tried = try_once(&client(&receiver.url(), 10_000)).await;
        assert_eq!(tried.attempt.status, Some(code));
        assert_eq!(tried.attempt.response.map(|text| text.len()), Some(64 << 10));
    }
    // What the sockets buffer is sent, no more.
    assert!(sent.load(Ordering::Relaxed) < 64 << 20, "{} bytes were sent", sent.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_reset_in_the_middle_of_the_answer_is_a_failure() {
    let address = raw(|mut stream| async move {
        read_head(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
        stream.write_all(head).await.unwrap();
        stream.flush().await.unwrap();
    })
    .await;
    let (tried, error) = fail(&format!("http://{address}/"), 5_000).await;
    assert_eq!(tried.verdict, Verdict::Failed { retry_after: None, slows: false, answered: true });
    assert_eq!(tried.attempt.status, Some(200));
    assert!(error.starts_with("the connection broke while reading the answer (status 200)"), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_a_failure() {
    let address = raw(|mut stream| async move { read_head(&mut stream).await }).await;
    let (tried, error) = fail(&format!("http://{address}/"), 5_000).await;
    assert_eq!(tried.verdict, UNANSWERED);
    assert_eq!(tried.attempt.address, Some(address.to_string()));
    assert!(error.starts_with(&format!("the connection to {address} broke before the answer")), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_a_failure() {
    let address = raw(|mut stream| async move {
        stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await.unwrap();
        pending::<()>().await;
    })
    .await;
    let (tried, error) = fail(&format!("http://{address}/"), 5_000).await;
    assert_eq!(tried.verdict, UNANSWERED, "{error}");
    assert!(error.starts_with(&format!("what {address} answered is not HTTP")), "{error}");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_its_target_sees_no_request() {
    let mut target = Receiver::start().await;
    let mut receiver = Receiver::start().await;
    let to = target.url();
    for code in [301, 302, 303, 307, 308] {
        let to = to.clone();
        receiver.behave(move |_, _| status_with(code, "location", &to));
        let (tried, error) = fail(&receiver.url(), 5_000).await;
        assert_eq!(tried.attempt.status, Some(code));
        assert!(error.contains("redirects are not followed"), "{error}");
        receiver.call().await;
    }
    assert!(target.calls_so_far().is_empty());
}

#[tokio::test]
async fn gone_is_told_from_other_failures_and_an_answer_is_kept() {
    let receiver = Receiver::start().await;
    receiver.behave(|_, _| status(410));
    assert_eq!(try_once(&client(&receiver.url(), 5_000)).await.verdict, Verdict::Gone);
    receiver.behave(|_, _| http::Response::builder().status(400).body("no such field".into()).unwrap());
    let (tried, error) = fail(&receiver.url(), 5_000).await;
    assert!(error.starts_with("status 400: the receiver does not understand"), "{error}");
    assert_eq!(tried.attempt.response.as_deref(), Some("no such field"));
}

#[tokio::test]
async fn a_receiver_that_is_overloaded_is_given_the_time_it_asks_for() {
    let receiver = Receiver::start().await;
    for code in [429, 502, 503, 504] {
        receiver.behave(move |_, _| status_with(code, "retry-after", "7"));
        let (tried, _) = fail(&receiver.url(), 5_000).await;
        assert_eq!(
            tried.verdict,
            Verdict::Failed { retry_after: Some(Duration::from_secs(7)), slows: true, answered: true }
        );
    }
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&(Timestamp::now() + jiff::SignedDuration::from_secs(60)))
        .unwrap();
    receiver.behave(move |_, _| status_with(429, "retry-after", &date));
    let (tried, _) = fail(&receiver.url(), 5_000).await;
    let Verdict::Failed { retry_after: Some(wait), .. } = tried.verdict else { panic!("{tried:?}") };
    assert!((55..=60).contains(&wait.as_secs()), "{wait:?}");

    receiver.behave(|_, _| status_with(500, "retry-after", "7"));
    let (tried, _) = fail(&receiver.url(), 5_000).await;
    let retry_after = Some(Duration::from_secs(7));
    assert_eq!(tried.verdict, Verdict::Failed { retry_after, slows: false, answered: true }, "of this delivery alone");
}

#[tokio::test]
async fn no_message_shows_the_path_or_the_query_of_the_url() {
    let receiver = Receiver::start().await;
    receiver.behave(|_, _| status(500));
    let plain = raw(|stream| async { drop(stream) }).await;
    for base in [receiver.address, plain] {
        for scheme in ["http", "https"] {
            let (_, error) = fail(&format!("{scheme}://{base}/tok3n?key=s3cret"), 5_000).await;
            assert!(!error.contains("tok3n") && !error.contains("s3cret"), "{error}");
        }
    }
}

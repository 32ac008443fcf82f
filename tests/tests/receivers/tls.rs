//! Receivers whose TLS is not in order.

use std::sync::atomic::Ordering;

use axum::{Router, extract::Request, routing::post as post_to};
use http::{StatusCode, Version};
use rcgen::{CertificateParams, date_time_ymd};
use sayso_tests::{
    Authority, RawReceiver, TlsListener,
    raw::{behave, hang, write},
};
use serde_json::Value;
use tokio::{io::AsyncReadExt, sync::mpsc};

use crate::{assert_failed, delivered_to, post, tries};

/// A receiver on loopback with a certificate of this authority, changed like this.
async fn serve(authority: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> RawReceiver {
    let acceptor = authority.acceptor(name, &[], change);
    RawReceiver::start(move |_, stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                behave(stream).await;
            }
        }
    })
    .await
}

/// The first attempt to deliver to the receiver over TLS, by a sayso that trusts the authority; and the second, since it
/// has to be tried again.
async fn two_attempts(receiver: &RawReceiver, trusted: &Authority) -> Value {
    let (_dir, file) = trusted.file();
    let url = format!("https://{}/hook", receiver.address());
    let server = tries("10s").variable("SSL_CERT_FILE", &file).webhook("desk", &url, "").start().await;
    post(&server).await;
    let list = server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][1].is_object()).await;
    let delivery = list["items"][0].clone();
    // What an expired certificate is told of counts the seconds.
    let error = |number: usize| {
        let text = delivery["attempts"][number]["error"].as_str().expect("text");
        text.split(": verification time").next().expect("has a beginning").to_owned()
    };
    assert_eq!(error(0), error(1), "{delivery:#}");
    delivery
}

#[tokio::test]
async fn a_certificate_in_order_is_taken() {
    let authority = Authority::new();
    let receiver = serve(&authority, "127.0.0.1", |_| {}).await;
    let (_dir, file) = authority.file();
    let url = format!("https://{}/hook", receiver.address());
    let (_server, delivery) = delivered_to(&url, tries("10s").variable("SSL_CERT_FILE", &file)).await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "{delivery:#}");
}

#[tokio::test]
async fn an_expired_certificate() {
    let authority = Authority::new();
    let expire = |params: &mut CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    };
    let receiver = serve(&authority, "127.0.0.1", expire).await;
    let delivery = two_attempts(&receiver, &authority).await;
    let begins = format!("TLS with {} failed: invalid peer certificate: certificate expired", receiver.address());
    assert_failed(&delivery, 0, &begins, "it has to renew its certificate");
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_not_trusted() {
    let receiver = serve(&Authority::new(), "127.0.0.1", |_| {}).await;
    let delivery = two_attempts(&receiver, &Authority::new()).await;
    let begins = format!("TLS with {} failed: invalid peer certificate: UnknownIssuer", receiver.address());
    assert_failed(&delivery, 0, &begins, "from an authority that this machine trusts");
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let receiver = serve(&authority, "crm.example.com", |_| {}).await;
    let delivery = two_attempts(&receiver, &authority).await;
    let begins =
        format!("TLS with {} failed: invalid peer certificate: certificate not valid for name", receiver.address());
    assert_failed(&delivery, 0, &begins, "its certificate has to name the host in the URL");
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls() {
    let receiver = RawReceiver::start(|_, mut stream| async move {
        // The beginning of a handshake is no request: it is answered as web servers answer that.
        drop(stream.read(&mut [0; 1_024]).await);
        write(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        hang(stream).await;
    })
    .await;
    let delivery = two_attempts(&receiver, &Authority::new()).await;
    let begins = format!("TLS with {} failed: received corrupt message", receiver.address());
    assert_failed(&delivery, 0, &begins, "check that it speaks TLS on this port");
}

#[tokio::test]
async fn the_newest_version_of_http_that_the_receiver_offers_is_spoken_and_connections_are_kept() {
    for (protocols, version) in [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"][..], Version::HTTP_11)] {
        let authority = Authority::new();
        let listener = TlsListener::bind(authority.acceptor("127.0.0.1", protocols, |_| {})).await;
        let (address, connections) = (listener.address(), listener.connections());
        let (versions, mut seen) = mpsc::unbounded_channel();
        let receive = post_to(move |request: Request| async move {
            versions.send(request.version()).ok();
            StatusCode::NO_CONTENT
        });
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", receive)).await });
        let (_dir, file) = authority.file();
        let server = tries("10s").variable("SSL_CERT_FILE", &file);
        let server = server.webhook("desk", &format!("https://{address}/hook"), "").start().await;
        for number in 1..=5 {
            post(&server).await;
            assert_eq!(seen.recv().await, Some(version));
            // Until the answer was read the connection is not free.
            let is_over = |list: &Value| {
                let items = list["items"].as_array().expect("a list");
                items.len() == number && items.iter().all(|delivery| delivery["status"] == "delivered")
            };
            server.wait_until("/v1/deliveries", is_over).await;
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1, "one connection for deliveries one after another");
    }
}

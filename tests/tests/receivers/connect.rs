//! Receivers that cannot be connected to.

use std::time::Duration;

use sayso_tests::{
    RawReceiver,
    raw::{behave, hang},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use crate::{assert_failed, assert_recovered, post, tries, wait_for};

#[tokio::test]
async fn refused() {
    let address = TcpListener::bind("127.0.0.1:0").await.expect("bound").local_addr().expect("bound");
    let server = tries("5s").webhook("desk", &format!("http://{address}/"), "").start().await;
    post(&server).await;
    server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][0].is_object()).await;
    let _back =
        RawReceiver::start_on(TcpListener::bind(address).await.expect("it is free"), |_, stream| behave(stream));
    let delivery = wait_for(&server, "delivered").await;
    let begins = format!("connecting to {address} failed: Connection refused");
    assert_recovered(&delivery, &begins, "check that the receiver runs");
}

#[tokio::test]
async fn a_name_that_is_not_known() {
    // RFC 6761 keeps `.invalid` from ever existing.
    let server = tries("15s").webhook("desk", "https://no-such-receiver.invalid/hook", "").start().await;
    post(&server).await;
    let list = server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][0].is_object()).await;
    let delivery = &list["items"][0];
    let begins = "resolving `no-such-receiver.invalid:443` failed";
    assert_failed(delivery, 0, begins, "check the host in `url`, and that this machine can resolve it");
    assert!(delivery["attempts"][0]["address"].is_null(), "{delivery:#}");
}

#[tokio::test]
async fn hangs_at_connect() {
    // A queue of connections that is full: the system takes no more, and says nothing.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("bound");
    let listener = socket.listen(1).expect("listens");
    let address = listener.local_addr().expect("bound");
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream.expect("connects"));
        assert!(waiting.len() < 100, "the queue does not fill");
    }
    let server = tries("900ms").webhook("desk", &format!("http://{address}/"), "").start().await;
    post(&server).await;
    server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][0].is_object()).await;
    drop(waiting);
    let _back = RawReceiver::start_on(listener, |_, stream| behave(stream));
    let delivery = wait_for(&server, "delivered").await;
    let begins = format!("timeout while connecting to {address}: 600ms are over");
    assert_recovered(&delivery, &begins, "no firewall stands between");
}

#[tokio::test]
async fn hangs_in_the_handshake_of_tls() {
    let receiver = RawReceiver::start(|_, stream| hang(stream)).await;
    let url = format!("https://{}/", receiver.address());
    let server = tries("900ms").webhook("desk", &url, "").start().await;
    post(&server).await;
    let list = server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][1].is_object()).await;
    let begins = format!("timeout while connecting to {}: 600ms are over", receiver.address());
    assert_failed(&list["items"][0], 0, &begins, "");
    assert_failed(&list["items"][0], 1, &begins, "");
}

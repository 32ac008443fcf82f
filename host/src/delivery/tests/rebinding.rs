//! Names whose addresses change between two look-ups.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::{limits, receiver::read_head};
use crate::{
    delivery::{
        client::{Client, Extras, Tried, Verdict},
        endpoint::Endpoint,
        resolver::Resolver,
        signing::{self, Signer},
    },
    feedback::{DeliveryId, FeedbackId},
};

/// A name server whose answers are given one after another, the last one again and again. Counts its look-ups.
#[derive(Clone)]
struct NameServer {
    answers: Arc<[Vec<IpAddr>]>,
    lookups: Arc<AtomicUsize>,
}

impl NameServer {
    fn new(answers: &[&[&str]]) -> Self {
        let answer = |answer: &&[&str]| answer.iter().map(|text| text.parse().expect("an address")).collect();
        Self { answers: answers.iter().map(answer).collect(), lookups: Arc::default() }
    }

    fn answer(&self) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let number = self.lookups.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[number.min(self.answers.len() - 1)].clone();
        std::future::ready(Ok(answer)).boxed()
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    /// A client that asks it for the addresses of `hooks.example`.
    fn client(&self, port: u16, allow_private: bool) -> Client {
        let server = self.clone();
        let resolver = Resolver::new(allow_private, Duration::from_secs(5), move |name| {
            assert_eq!(name, "hooks.example");
            server.answer()
        });
        let url = format!("http://hooks.example:{port}/").parse().expect("a URL");
        let signer = Signer::new([&signing::new_secret()]).expect("a secret");
        Client::resolving(Endpoint { url, allow_private }, signer, 4, &limits(&[0]), Extras::default(), resolver)
            .expect("a client")
    }
}

/// Receivers on several addresses of this machine with the same port; notes which of them was connected to. Each takes
/// one request a connection.
async fn receivers(addresses: &[&str]) -> (u16, Arc<Mutex<Vec<IpAddr>>>) {
    let connected = Arc::new(Mutex::new(Vec::new()));
    let mut port = 0;
    for address in addresses {
        let address: IpAddr = address.parse().expect("an address");
        let listener = TcpListener::bind(SocketAddr::new(address, port)).await.expect("the port is free on each");
        port = listener.local_addr().expect("bound").port();
        let connected = Arc::clone(&connected);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connected.lock().expect("ours").push(address);
                answer(stream).await;
            }
        });
    }
    (port, connected)
}

async fn answer(mut stream: TcpStream) {
    read_head(&mut stream).await;
    drop(stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await);
}

async fn attempt(client: &Client) -> Tried {
    client.attempt(DeliveryId::of(FeedbackId::now(), 1, "crm"), 1, Bytes::from_static(b"{}")).await
}

fn refusal(tried: &Tried) -> &str {
    assert!(matches!(tried.verdict, Verdict::Failed { answered: false, .. }), "{tried:?}");
    tried.attempt.error.as_deref().expect("a failure has an error")
}

#[tokio::test]
async fn a_connection_goes_to_the_address_that_was_vetted_without_a_second_look_up() {
    let (port, connected) = receivers(&["127.0.0.2", "127.0.0.3"]).await;
    let names = NameServer::new(&[&["127.0.0.2"], &["127.0.0.3"]]);
    let client = names.client(port, true);
    for (number, expected) in [(1, "127.0.0.2"), (2, "127.0.0.3")] {
        let tried = attempt(&client).await;
        assert_eq!(tried.verdict, Verdict::Delivered, "{tried:?}");
        assert_eq!(tried.attempt.address, Some(format!("{expected}:{port}")));
        assert_eq!(names.lookups(), number, "one look-up a connection");
    }
    assert_eq!(
        *connected.lock().expect("ours"),
        ["127.0.0.2", "127.0.0.3"].map(|text| text.parse::<IpAddr>().unwrap())
    );
}

#[tokio::test]
async fn a_name_that_leads_inside_at_the_second_look_up_is_refused_then() {
    let (port, connected) = receivers(&["127.0.0.2"]).await;
    for (later, what) in
        [("169.254.169.254", "metadata"), ("::ffff:127.0.0.2", "IPv4-mapped"), ("0.0.0.0", "unspecified")]
    {
        let names = NameServer::new(&[&["127.0.0.2"], &[later]]);
        let client = names.client(port, true);
        assert_eq!(attempt(&client).await.verdict, Verdict::Delivered);
        let tried = attempt(&client).await;
        let error = refusal(&tried);
        assert!(error.starts_with(&format!("address refused: `hooks.example:{port}` leads to {later}")), "{error}");
        assert!(error.contains(what), "{error}");
        assert_eq!(tried.attempt.address, None, "no connection was made");
    }
    assert_eq!(connected.lock().expect("ours").len(), 3, "the first attempt of each");
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_connected_to_however_often_it_is_tried() {
    let (port, connected) = receivers(&["127.0.0.2"]).await;
    let names = NameServer::new(&[&["127.0.0.2"], &["93.184.216.34", "127.0.0.2"], &["127.0.0.2", "93.184.216.34"]]);
    let client = names.client(port, false);
    for _ in 0..4 {
        let tried = attempt(&client).await;
        assert!(refusal(&tried).contains("127.0.0.2 is loopback"), "{tried:?}");
    }
    assert_eq!(names.lookups(), 4, "each attempt looked again");
    assert!(connected.lock().expect("ours").is_empty());
}

//! Receivers whose TLS is not in order.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, extract::Request, routing::post as post_to};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, Version};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use sayso_tests::{
    RawReceiver, folder,
    raw::{behave, hang, write},
};
use serde_json::Value;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use uuid::Uuid;

use crate::{assert_failed, delivered_to, post, tries};

/// An authority of the test's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        // Another name for each, by which clients look for who signed.
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", Uuid::now_v7()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// A server on loopback with a certificate of this authority, changed like this.
    async fn serve(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> RawReceiver {
        let acceptor = self.acceptor(name, &[], change);
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

    /// What a server with a certificate of this authority needs.
    fn acceptor(&self, name: &str, protocols: &[&str], change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        // Tests run in parallel, and whoever comes first installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let chain = vec![certificate.der().clone()];
        let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("they fit");
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Its certificate in a file, as operators add authorities to a machine.
    fn file(&self) -> (tempfile::TempDir, String) {
        let dir = folder();
        let path = dir.path().join("authority.pem");
        let text = BASE64_STANDARD.encode(self.0.der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        std::fs::write(&path, pem).expect("written");
        (dir, path.to_str().expect("text").to_owned())
    }
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
    let receiver = authority.serve("127.0.0.1", |_| {}).await;
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
    let receiver = authority.serve("127.0.0.1", expire).await;
    let delivery = two_attempts(&receiver, &authority).await;
    let begins = format!("TLS with {} failed: invalid peer certificate: certificate expired", receiver.address());
    assert_failed(&delivery, 0, &begins, "the receiver has to renew its certificate");
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_not_trusted() {
    let receiver = Authority::new().serve("127.0.0.1", |_| {}).await;
    let delivery = two_attempts(&receiver, &Authority::new()).await;
    let begins = format!("TLS with {} failed: invalid peer certificate: UnknownIssuer", receiver.address());
    assert_failed(&delivery, 0, &begins, "from an authority that this machine trusts");
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let receiver = authority.serve("crm.example.com", |_| {}).await;
    let delivery = two_attempts(&receiver, &authority).await;
    let begins =
        format!("TLS with {} failed: invalid peer certificate: certificate not valid for name", receiver.address());
    assert_failed(&delivery, 0, &begins, "has to be one that the receiver's certificate names");
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
    assert_failed(&delivery, 0, &begins, "check that the receiver speaks TLS on this port");
}

/// Takes connections for axum, which speaks the version that was agreed on.
struct Listener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connections: Arc<AtomicUsize>,
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.expect("it listens");
            if let Ok(stream) = self.acceptor.accept(stream).await {
                self.connections.fetch_add(1, Ordering::SeqCst);
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

#[tokio::test]
async fn the_newest_version_of_http_that_the_receiver_offers_is_spoken_and_connections_are_kept() {
    for (protocols, version) in [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"][..], Version::HTTP_11)] {
        let authority = Authority::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let (address, connections) = (listener.local_addr().expect("bound"), Arc::new(AtomicUsize::new(0)));
        let acceptor = authority.acceptor("127.0.0.1", protocols, |_| {});
        let listener = Listener { listener, acceptor, connections: Arc::clone(&connections) };
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

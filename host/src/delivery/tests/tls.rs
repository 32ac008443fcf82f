//! Attempts over TLS against a real server with a certificate of its own.

use axum::{Router, extract::Request, routing::post};
use bytes::Bytes;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use reqwest::Certificate;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{
    delivery::signing,
    feedback::{DeliveryId, FeedbackId},
};

/// A TLS server on loopback whose certificate is for `name`, speaking these protocols; and the certificate.
async fn serve(name: &str, protocols: &[&str]) -> (SocketAddr, Certificate) {
    serve_with(name, protocols, |_| Arc::new(NoClientAuth)).await
}

/// Likewise; it asks clients for what `clients` makes of its own certificate.
async fn serve_with(
    name: &str,
    protocols: &[&str],
    clients: impl FnOnce(&CertificateDer<'static>) -> Arc<dyn ClientCertVerifier>,
) -> (SocketAddr, Certificate) {
    install_crypto();
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(clients(made.cert.der()))
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // The answer says over which version of HTTP the request came.
    let app =
        Router::new().route("/", post(|request: Request| async move { (StatusCode::ACCEPTED, version(&request)) }));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, app) = (acceptor.clone(), TowerToHyperService::new(app.clone()));
            tokio::spawn(async move {
                // A client that refuses the certificate ends the handshake.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let server = auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), app).await);
            });
        }
    });
    (address, Certificate::from_der(made.cert.der()).unwrap())
}

fn version(request: &Request) -> [(&'static str, String); 1] {
    [("x-version", format!("{:?}", request.version()))]
}

fn client(address: SocketAddr, authorities: Vec<Certificate>) -> Client {
    let signer = Signer::new([&signing::new_secret()]).unwrap();
    let endpoint = Endpoint::parse(&format!("https://{address}/"), true).unwrap();
    Client::with(endpoint, signer, 4, &config::Delivery::default(), trusting(authorities)).unwrap()
}

fn trusting(authorities: Vec<Certificate>) -> Extras {
    Extras { tls: Tls { authorities: Some(authorities), identity: None }, ..Extras::default() }
}

async fn try_once(client: &Client) -> Tried {
    client.attempt(DeliveryId::of(FeedbackId::now(), 1, "crm"), 1, Bytes::from_static(b"{}")).await
}

#[tokio::test]
async fn a_receiver_with_a_certificate_of_a_known_authority_is_delivered_to() {
    for (protocols, expected) in [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"][..], "HTTP/1.1")] {
        let (address, authority) = serve("127.0.0.1", protocols).await;
        let client = client(address, vec![authority]);
        let tried = try_once(&client).await;
        assert_eq!((tried.verdict, tried.attempt.status), (Verdict::Delivered, Some(202)), "{tried:?}");
        assert_eq!(tried.attempt.address, Some(address.to_string()));
        let request =
            client.request(DeliveryId::of(FeedbackId::now(), 1, "crm"), Timestamp::now(), Bytes::new().into());
        let answer = client.exchange(request, Instant::now() + client.limit).await;
        assert_eq!(answer.headers["x-version"], expected);
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (address, _) = serve("127.0.0.1", &["h2"]).await;
    let (_, other) = serve("127.0.0.1", &["h2"]).await;
    let error = try_once(&client(address, vec![other])).await.attempt.error.expect("refused");
    assert!(error.starts_with(&format!("TLS with {address} failed: invalid peer certificate")), "{error}");
}

#[tokio::test]
async fn a_receiver_that_wants_a_client_certificate_is_said_to_want_it_or_perhaps_to() {
    for protocols in [&["h2"][..], &["http/1.1"]] {
        let (address, authority) = serve_with("127.0.0.1", protocols, |certificate| {
            let mut known = RootCertStore::empty();
            known.add(certificate.clone()).unwrap();
            WebPkiClientVerifier::builder(known.into()).build().unwrap()
        })
        .await;
        let tried = try_once(&client(address, vec![authority])).await;
        let error = tried.attempt.error.as_deref().unwrap_or_default();
        assert!(error.contains("asks for a client certificate"), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (address, authority) = serve("crm.example.com", &["h2"]).await;
    let error = try_once(&client(address, vec![authority])).await.attempt.error.expect("refused");
    assert!(error.contains("not valid for name") && error.contains("crm.example.com"), "{error}");
}

/// Passes on what connections say, until they are frozen: from then on those that were there say nothing, while new ones
/// do.
async fn proxy(to: SocketAddr) -> (SocketAddr, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, freeze) = (listener.local_addr().unwrap(), Arc::new(Notify::new()));
    let frozen = Arc::clone(&freeze);
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let frozen = Arc::clone(&frozen);
            tokio::spawn(async move {
                let mut there = TcpStream::connect(to).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut here, &mut there) => {}
                    () = frozen.notified() => std::future::pending().await,
                }
            });
        }
    });
    (address, freeze)
}

#[tokio::test]
async fn a_connection_of_http_2_that_is_dead_is_found_out_and_takes_no_second_delivery() {
    let (server, authority) = serve("127.0.0.1", &["h2"]).await;
    let (address, freeze) = proxy(server).await;
    let signer = Signer::new([&signing::new_secret()]).unwrap();
    let endpoint = Endpoint::parse(&format!("https://{address}/"), true).unwrap();
    let limits = config::Delivery { timeout: Duration::from_secs(4), ..config::Delivery::default() };
    let client = Client::with(endpoint, signer, 4, &limits, trusting(vec![authority])).unwrap();
    assert_eq!(try_once(&client).await.verdict, Verdict::Delivered);
    freeze.notify_waiters();
    let tried = try_once(&client).await;
    assert_eq!(tried.verdict, Verdict::Failed { retry_after: None, slows: false, answered: false });
    assert!(tried.attempt.latency_ms < 4_000, "before the attempt's own time is over: {tried:?}");
    assert_eq!(try_once(&client).await.verdict, Verdict::Delivered, "over a new one");
}

//! A receiver over TLS with a certificate of a private authority, which lets in only who has one of it too.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::Receiver;

/// A receiver over mutual TLS; it ends with the runtime of its test.
pub struct TlsReceiver {
    address: SocketAddr,
    receiver: Receiver,
    authority: String,
    client: (String, String),
}

/// A private authority.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is fine");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A certificate for this name, and its key.
    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (CertificateDer<'static>, Vec<u8>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.der().clone(), key.serialize_der())
    }
}

impl TlsReceiver {
    /// A receiver that answers 200.
    ///
    /// # Panics
    /// If loopback cannot be listened on.
    pub async fn start() -> Self {
        Self::speaking(&[]).await
    }

    /// Likewise, over HTTP/2 for who speaks it.
    ///
    /// # Panics
    /// If loopback cannot be listened on.
    pub async fn start_http2() -> Self {
        Self::speaking(&[b"h2", b"http/1.1"]).await
    }

    async fn speaking(protocols: &[&[u8]]) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let authority = Authority::new();
        let (certificate, key) = authority.issue("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).expect("a root");
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("there is a root");
        let mut config = ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key).expect("a key"))
            .expect("they belong together");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let (receiver, router) = Receiver::unbound();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        let address = listener.local_addr().expect("it has an address");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
                tokio::spawn(async move {
                    // Who has no certificate ends here.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let server = auto::Builder::new(TokioExecutor::new());
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        let (certificate, key) = authority.issue("sayso", ExtendedKeyUsagePurpose::ClientAuth);
        let client = (pem("CERTIFICATE", &certificate), pem("PRIVATE KEY", &key));
        Self { address, receiver, authority: pem("CERTIFICATE", &authority.certificate), client }
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("https://{}/hook", self.address)
    }

    /// What arrived.
    pub const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// The authority's certificate in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// A certificate in PEM that is let in.
    pub fn client_certificate(&self) -> &str {
        &self.client.0
    }

    /// Its key in PEM.
    pub fn client_key(&self) -> &str {
        &self.client.1
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

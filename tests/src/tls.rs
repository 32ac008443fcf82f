//! TLS for servers on loopback: an authority of a test's own, and a listener for axum.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use uuid::Uuid;

use crate::folder;

/// An authority that nobody trusts who is not told to.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// Where there is no randomness.
    pub fn new() -> Self {
        // Tests run in parallel, and whoever comes first installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        // Another name for each, by which clients look for who signed.
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", Uuid::now_v7()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// A certificate for this name, changed like this, and its key.
    ///
    /// # Panics
    /// If the name is none.
    pub fn issue(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
    }

    /// What a server needs that has such a certificate, speaks these protocols and lets everybody in.
    ///
    /// # Panics
    /// Likewise.
    pub fn acceptor(&self, name: &str, protocols: &[&str], change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let (certificate, key) = self.issue(name, change);
        let config = ServerConfig::builder().with_no_client_auth();
        acceptor(config.with_single_cert(vec![certificate], key).expect("they belong together"), protocols)
    }

    /// Its own certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.0.der()
    }

    /// Its own certificate in a file, as operators add authorities to a machine.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn file(&self) -> (TempDir, String) {
        let dir = folder();
        let path = dir.path().join("authority.pem");
        std::fs::write(&path, pem("CERTIFICATE", self.certificate())).expect("written");
        (dir, path.to_str().expect("text").to_owned())
    }
}

/// What a server of this configuration needs that speaks these protocols.
pub(crate) fn acceptor(mut config: ServerConfig, protocols: &[&str]) -> TlsAcceptor {
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// PEM of something in DER.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Takes connections on loopback for axum, which speaks the protocol that was agreed on.
pub struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connections: Arc<AtomicUsize>,
}

impl TlsListener {
    /// On a port of its own.
    ///
    /// # Panics
    /// If loopback cannot be listened on.
    pub async fn bind(acceptor: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        Self { listener, acceptor, connections: Arc::default() }
    }

    /// Where it listens.
    ///
    /// # Panics
    /// Never.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("it has an address")
    }

    /// How many connections it has taken; who does not agree on TLS has none.
    pub fn connections(&self) -> Arc<AtomicUsize> {
        self.connections.clone()
    }
}

impl axum::serve::Listener for TlsListener {
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

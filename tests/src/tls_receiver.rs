//! A receiver over TLS with a certificate of a private authority, which lets in only who has one of it too.

use std::{net::SocketAddr, sync::Arc};

use rcgen::ExtendedKeyUsagePurpose;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};

use crate::{
    Authority, Receiver, TlsListener,
    tls::{acceptor, pem},
};

/// A receiver over mutual TLS; it ends with the runtime of its test.
pub struct TlsReceiver {
    address: SocketAddr,
    receiver: Receiver,
    authority: String,
    client: (String, String),
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
        Self::speaking(&["h2", "http/1.1"]).await
    }

    async fn speaking(protocols: &[&str]) -> Self {
        let authority = Authority::new();
        let issue = |name, usage| authority.issue(name, |params| params.extended_key_usages = vec![usage]);
        let (certificate, key) = issue("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate().clone()).expect("a root");
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("there is a root");
        let config = ServerConfig::builder().with_client_cert_verifier(verifier);
        let config = config.with_single_cert(vec![certificate], key).expect("they belong together");
        let listener = TlsListener::bind(acceptor(config, protocols)).await;
        let address = listener.address();
        let (receiver, router) = Receiver::unbound();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (certificate, key) = issue("sayso", ExtendedKeyUsagePurpose::ClientAuth);
        let client = (pem("CERTIFICATE", &certificate), pem("PRIVATE KEY", key.secret_der()));
        Self { address, receiver, authority: pem("CERTIFICATE", authority.certificate()), client }
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

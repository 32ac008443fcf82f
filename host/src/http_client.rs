//! What HTTP clients share: rustls with ring, and the client of the commands that call sayso itself, without proxy and
//! redirects.

use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A client for sayso's own API.
///
/// # Errors
/// Where TLS cannot be set up.
pub(crate) fn new() -> reqwest::Result<reqwest::Client> {
    install_crypto();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIME)
        .user_agent(concat!("sayso/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Uses ring for TLS in this process, unless something else was chosen already.
pub(crate) fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // It fails only if another thread was faster, which installs the same.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

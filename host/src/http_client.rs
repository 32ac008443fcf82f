//! The HTTP client of the commands that call sayso itself: no proxy, no redirects, rustls with ring.

use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A client for sayso's own API.
///
/// # Errors
/// Where TLS cannot be set up.
pub(crate) fn new() -> reqwest::Result<reqwest::Client> {
    // Whoever comes first installs it; the outcome is the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIME)
        .user_agent(concat!("sayso/", env!("CARGO_PKG_VERSION")))
        .build()
}

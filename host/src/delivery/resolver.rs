//! The resolver of the HTTP client: it hands on vetted addresses only.
//!
//! The connection is made to what this returned, with no second look-up, so a name cannot lead to a public address
//! while it is vetted and to a private one when it is connected to (DNS rebinding). It runs for every new connection.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{self, Forbidden};

/// Why a name gave no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// There was no answer, or a negative one.
    #[error("{0}")]
    Failed(#[from] io::Error),
    /// The answer held no address.
    #[error("it has no address")]
    Empty,
    /// The answer did not come in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// One of the addresses is refused, and with it all.
    #[error("{0}")]
    Forbidden(#[from] Forbidden),
}

/// Looks up the addresses of a name.
type Lookup = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync;

/// Resolves names, and refuses a name if **any** of its addresses is refused.
pub(crate) struct Resolver {
    lookup: Box<Lookup>,
    allow_private: bool,
    limit: Duration,
    led_to: Mutex<LedTo>,
}

/// Which addresses were handed on so far.
#[derive(Clone, Copy)]
enum LedTo {
    Nothing,
    One(IpAddr),
    Several,
}

impl Resolver {
    /// A resolver that asks the system, for at most `limit`.
    pub(crate) fn system(allow_private: bool, limit: Duration) -> Self {
        Self::new(allow_private, limit, |name| {
            Box::pin(async move {
                let addresses = tokio::net::lookup_host((name, 0)).await?;
                Ok(addresses.map(|address| address.ip()).collect())
            })
        })
    }

    /// A resolver that asks `lookup`, for at most `limit`.
    pub(crate) fn new<F>(allow_private: bool, limit: Duration, lookup: F) -> Self
    where
        F: Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static,
    {
        Self { lookup: Box::new(lookup), allow_private, limit, led_to: Mutex::new(LedTo::Nothing) }
    }

    /// The address that every connection so far went to, if it was always the same one.
    pub(super) fn only_address(&self) -> Option<IpAddr> {
        match *self.led_to.lock().unwrap_or_else(PoisonError::into_inner) {
            LedTo::One(address) => Some(address),
            LedTo::Nothing | LedTo::Several => None,
        }
    }

    async fn addresses(&self, name: String) -> Result<Vec<SocketAddr>, ResolveError> {
        let looking_up = tokio::time::timeout(self.limit, (self.lookup)(name));
        let addresses = looking_up.await.map_err(|_| ResolveError::TimedOut(self.limit))??;
        if addresses.is_empty() {
            return Err(ResolveError::Empty);
        }
        for address in &addresses {
            address::vet(*address, self.allow_private)?;
        }
        self.remember(&addresses);
        // Port 0 stands for the port of the URL.
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
    }

    fn remember(&self, addresses: &[IpAddr]) {
        let mut led_to = self.led_to.lock().unwrap_or_else(PoisonError::into_inner);
        for address in addresses {
            *led_to = match *led_to {
                LedTo::Nothing => LedTo::One(*address),
                LedTo::One(known) if known == *address => LedTo::One(known),
                LedTo::One(_) | LedTo::Several => LedTo::Several,
            };
        }
    }
}

/// The form in which reqwest takes a resolver.
pub(crate) struct Shared(pub(crate) Arc<Resolver>);

impl Resolve for Shared {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str().to_owned()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A resolver whose names have these addresses.
    fn resolver(allow_private: bool, addresses: &[&str]) -> Resolver {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().expect(text)).collect();
        Resolver::new(allow_private, LIMIT, move |_| Box::pin(std::future::ready(Ok(addresses.clone()))))
    }

    #[tokio::test]
    async fn a_name_with_public_addresses_leads_to_exactly_these() {
        let addresses =
            resolver(false, &["8.8.8.8", "2001:4860:4860::8888"]).addresses("a.example".into()).await.unwrap();
        assert_eq!(
            addresses,
            ["8.8.8.8:0", "[2001:4860:4860::8888]:0"].map(|text| text.parse::<SocketAddr>().unwrap())
        );
    }

    #[tokio::test]
    async fn a_name_with_both_a_public_and_a_private_address_is_refused() {
        for answer in [["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "::ffff:127.0.0.1"]] {
            let error = resolver(false, &answer).addresses("a.example".into()).await.expect_err("refused");
            assert!(matches!(error, ResolveError::Forbidden(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn allow_private_leads_to_private_addresses_but_not_to_metadata() {
        assert!(resolver(true, &["127.0.0.1", "8.8.8.8"]).addresses("a.example".into()).await.is_ok());
        assert!(resolver(true, &["127.0.0.1", "169.254.169.254"]).addresses("a.example".into()).await.is_err());
    }

    #[tokio::test]
    async fn the_system_finds_localhost_and_refuses_it_without_allow_private() {
        let error = Resolver::system(false, LIMIT).addresses("localhost".into()).await.expect_err("refused");
        assert!(error.to_string().contains("loopback"), "{error}");
        assert!(Resolver::system(true, LIMIT).addresses("localhost".into()).await.is_ok());
    }

    #[tokio::test]
    async fn an_empty_answer_and_a_late_one_are_errors() {
        let error = resolver(true, &[]).addresses("a.example".into()).await.expect_err("empty");
        assert!(matches!(error, ResolveError::Empty));
        let silent = Resolver::new(true, Duration::from_millis(1), |_| Box::pin(std::future::pending()));
        let error = silent.addresses("a.example".into()).await.expect_err("late");
        assert!(matches!(error, ResolveError::TimedOut(_)));
    }

    #[tokio::test]
    async fn the_only_address_is_known_until_there_is_a_second() {
        let one = resolver(false, &["8.8.8.8"]);
        assert_eq!(one.only_address(), None, "nothing was resolved yet");
        for _ in 0..2 {
            one.addresses("a.example".into()).await.unwrap();
        }
        assert_eq!(one.only_address(), Some("8.8.8.8".parse().unwrap()));
        let two = resolver(false, &["8.8.8.8", "8.8.4.4"]);
        two.addresses("a.example".into()).await.unwrap();
        assert_eq!(two.only_address(), None);
    }
}

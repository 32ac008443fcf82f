//! The check of a webhook's URL, before anything is sent to it.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::{self, Forbidden};

/// Longest URL of a webhook, in bytes.
const MAX_URL: usize = 2_048;

/// Why a URL is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    /// It cannot be read.
    #[error("it is not a URL ({0}); write for example `https://crm.example.com/hooks/sayso`")]
    Unreadable(#[from] url::ParseError),
    /// It is too long.
    #[error("it is {0} bytes long; at most 2048 are allowed")]
    TooLong(usize),
    /// It is neither https nor http.
    #[error("`{0}:` is not allowed; use https")]
    Scheme(String),
    /// Its http would go unencrypted over the Internet.
    #[error(
        "http sends customers' words unencrypted; use https, or set `allow_private = true` for a receiver in your own network"
    )]
    Unencrypted,
    /// It holds credentials.
    #[error("it holds a user name or password; take them out: the receiver knows sayso by the signature")]
    Credentials,
    /// It has a fragment.
    #[error("it has a fragment (`#…`), which is never sent; take it out")]
    Fragment,
    /// It names port 0.
    #[error("port 0 cannot be connected to")]
    Port,
    /// It names an address that is refused.
    #[error("{0}, where nothing may be sent to{hint}", hint = hint(*.0))]
    Forbidden(#[from] Forbidden),
    /// It names this machine.
    #[error("`{0}` is this machine; set `allow_private = true` if that is meant")]
    Localhost(String),
}

/// What to do about a refused address, as the end of a sentence.
pub(super) fn hint(forbidden: Forbidden) -> &'static str {
    if forbidden.is_private { "; set `allow_private = true` if the receiver is in your own network" } else { "" }
}

/// A URL that may be called, as far as the URL itself tells: the addresses behind a name are vetted when it is
/// resolved, for every connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The URL in normal form.
    pub url: Url,
    /// Whether private addresses are allowed.
    pub allow_private: bool,
}

impl Endpoint {
    /// Checks a URL. Every way to write an IPv4 address (decimal, octal, hexadecimal, shortened) is one after
    /// parsing by the rules of WHATWG, so it is the address that is vetted, not its form.
    ///
    /// # Errors
    /// [`EndpointError`] says what to change.
    pub fn parse(text: &str, allow_private: bool) -> Result<Self, EndpointError> {
        if text.len() > MAX_URL {
            return Err(EndpointError::TooLong(text.len()));
        }
        let mut url = Url::parse(text)?;
        match url.scheme() {
            "https" => {}
            "http" if allow_private => {}
            "http" => return Err(EndpointError::Unencrypted),
            scheme => return Err(EndpointError::Scheme(scheme.into())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        if url.port() == Some(0) {
            return Err(EndpointError::Port);
        }
        if let Some(Host::Domain(name)) = url.host() {
            // `example.com.` is the same name in full, but certificates are made out to it without the dot.
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            url.set_host(Some(&name))?;
            if !allow_private && is_localhost(&name) {
                return Err(EndpointError::Localhost(name));
            }
        }
        let endpoint = Self { url, allow_private };
        if let Some(ip) = endpoint.literal() {
            address::vet(ip, allow_private)?;
        }
        Ok(endpoint)
    }

    /// Whether it names this machine itself.
    pub fn is_local(&self) -> bool {
        self.literal().is_some_and(|ip| ip.is_loopback()) || self.url.domain().is_some_and(is_localhost)
    }

    /// The address, where the URL names one instead of a host.
    pub fn literal(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
        }
    }
}

/// Names that stand for this machine everywhere (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str, allow_private: bool) -> EndpointError {
        Endpoint::parse(url, allow_private).expect_err(url)
    }

    #[test]
    fn https_to_a_name_or_a_public_address_is_allowed() {
        for url in [
            "https://crm.example.com/hook?x=1",
            "https://crm.example.com:8443/",
            "https://8.8.8.8/",
            "https://[2a00:1450::1]/",
        ] {
            assert_eq!(Endpoint::parse(url, false).expect(url).url.as_str(), url);
        }
    }

    #[test]
    fn http_needs_allow_private() {
        assert_eq!(refusal("http://crm.example.com/", false), EndpointError::Unencrypted);
        assert!(Endpoint::parse("http://crm.internal/", true).is_ok());
        assert!(Endpoint::parse("http://127.0.0.1:9000/", true).is_ok());
    }

    #[test]
    fn every_way_to_write_loopback_is_refused() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://0x7f000001/",
            "https://127.0.0.1./",
            "https://①②⑦.0.0.1/",
            "https://127%2e0%2e0%2e1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[0:0:0:0:0:0:0:1]/",
        ] {
            assert!(matches!(refusal(url, false), EndpointError::Forbidden(_)), "{url}");
        }
        for url in ["https://localhost/", "https://LOCALHOST:8443/", "https://localhost./", "https://a.localhost/"] {
            assert!(matches!(refusal(url, false), EndpointError::Localhost(_)), "{url}");
        }
    }

    #[test]
    fn metadata_is_refused_even_with_allow_private() {
        for url in ["http://169.254.169.254/latest/meta-data/", "http://0xa9fea9fe/", "http://[fd00:ec2::254]/"] {
            assert!(matches!(refusal(url, true), EndpointError::Forbidden(_)), "{url}");
        }
    }

    #[test]
    fn a_url_with_what_does_not_belong_there_is_refused() {
        assert_eq!(refusal("https://user@example.com/", false), EndpointError::Credentials);
        assert_eq!(refusal("https://:pw@example.com/", false), EndpointError::Credentials);
        assert_eq!(refusal("https://example.com/#top", false), EndpointError::Fragment);
        assert_eq!(refusal("https://example.com:0/", false), EndpointError::Port);
        assert_eq!(refusal("ftp://example.com/", true), EndpointError::Scheme("ftp".into()));
        assert_eq!(refusal("file:///etc/passwd", true), EndpointError::Scheme("file".into()));
        assert!(matches!(refusal("crm.example.com/hook", false), EndpointError::Unreadable(_)));
        assert!(matches!(refusal("https://", false), EndpointError::Unreadable(_)));
        assert!(matches!(
            refusal(&format!("https://example.com/{}", "x".repeat(2_048)), false),
            EndpointError::TooLong(_)
        ));
    }

    #[test]
    fn a_dot_at_the_end_of_the_name_is_dropped() {
        assert_eq!(Endpoint::parse("https://example.com./x", false).unwrap().url.as_str(), "https://example.com/x");
    }

    #[test]
    fn the_message_for_a_private_address_says_how_to_allow_it() {
        let message = refusal("https://10.0.0.7/", false).to_string();
        assert!(message.contains("10.0.0.7 is private (RFC 1918)") && message.contains("allow_private"), "{message}");
    }
}

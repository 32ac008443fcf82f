//! Who may do what.
//!
//! With configured keys, every request but those for health needs one: `Authorization: Bearer sk_…`. Only digests of
//! keys are configured and kept. Without keys everything is open, and the host listens on loopback alone; what is
//! left to keep out then are web sites that the operator's own browser visits, by the names in `Host` and `Origin`.

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use rand::Rng;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::State;
use super::problem::{Problem, ProblemType};
use crate::config::{self, Scope};

/// What every key begins with.
const PREFIX: &str = "sk_";

/// A configured key cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("[[key]] `{name}`: `hash` has to be `sha256:` and 64 hexadecimal digits, as `sayso key new` prints it")]
pub struct KeyError {
    /// The key's name.
    pub name: String,
}

/// The configured keys, which a reload replaces.
#[derive(Debug, Default)]
pub struct Auth {
    keys: RwLock<Vec<Key>>,
    /// Whether keys are named, though none of them may be one.
    is_closed: AtomicBool,
}

/// By name, what became of the keys at a reload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Known from now on.
    pub added: Vec<Arc<str>>,
    /// Known no more.
    pub removed: Vec<Arc<str>>,
    /// Of another hash or other scopes than before.
    pub changed: Vec<Arc<str>>,
}

impl Change {
    /// Whether everything is as it was.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

#[derive(Debug)]
struct Key {
    name: Arc<str>,
    digest: [u8; 32],
    scopes: Vec<Scope>,
}

/// Who makes a request: the name of the key; none where no key is configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller(pub Option<Arc<str>>);

/// Who posts feedback. A handler that asks for it runs only for requests whose key covers [`Scope::Ingest`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender(pub Caller);

impl FromRequestParts<State> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, state: &State) -> Result<Self, Problem> {
        state.auth.allow(&head.headers, Scope::Ingest).map(Self)
    }
}

impl Auth {
    /// Reads the configured keys.
    ///
    /// # Errors
    /// A key whose `hash` is not of the form `sha256:` and 64 hexadecimal digits.
    pub fn new(keys: &[config::Key]) -> Result<Self, KeyError> {
        let read = |key: &config::Key| {
            let digest =
                key.hash.strip_prefix("sha256:").and_then(unhex).ok_or_else(|| KeyError { name: key.name.clone() })?;
            Ok(Key { name: key.name.as_str().into(), digest, scopes: key.scopes.clone() })
        };
        let keys = keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { is_closed: (!keys.is_empty()).into(), keys: RwLock::new(keys) })
    }

    /// Reads those of the configured keys that can be used; where there are none, nobody is let in.
    pub fn of_sound(keys: &[config::Key]) -> Self {
        let read = keys.iter().filter_map(|key| Self::new(std::slice::from_ref(key)).ok());
        let keys = read.flat_map(|auth| auth.keys.into_inner().unwrap_or_else(PoisonError::into_inner));
        Self { keys: RwLock::new(keys.collect()), is_closed: true.into() }
    }

    /// Takes the keys of `other` in the place of its own, for every request from now on.
    pub fn replace(&self, other: Self) -> Change {
        let Self { keys: new, is_closed } = other;
        let new = new.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *keys, new);
        self.is_closed.store(is_closed.into_inner(), Ordering::Release);
        let mut change = Change::default();
        for key in &*keys {
            match old.iter().find(|other| other.name == key.name) {
                None => change.added.push(key.name.clone()),
                Some(other) if (other.digest, &other.scopes) != (key.digest, &key.scopes) => {
                    change.changed.push(key.name.clone());
                }
                Some(_) => {}
            }
        }
        let is_gone = |key: &&Key| keys.iter().all(|other| other.name != key.name);
        change.removed = old.iter().filter(is_gone).map(|key| key.name.clone()).collect();
        change
    }

    fn keys(&self) -> RwLockReadGuard<'_, Vec<Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything is open to this machine.
    pub fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::Acquire)
    }

    /// Who makes the request, if it may do what `scope` covers.
    ///
    /// # Errors
    /// 401 without a key or with one that is not known, 403 with one that does not cover the scope.
    pub fn allow(&self, headers: &HeaderMap, scope: Scope) -> Result<Caller, Problem> {
        if self.is_open() {
            return Ok(Caller(None));
        }
        let keys = self.keys();
        let Some(token) = bearer(headers) else {
            return Err(unauthorized("Send a key: -H 'authorization: Bearer sk_…'. `sayso key new` makes one.", ""));
        };
        let digest: [u8; 32] = Sha256::digest(token).into();
        // Every key is compared, in full, so that the time tells nothing of which one came near.
        let mut found = None;
        for key in &*keys {
            let equal: Choice = key.digest.ct_eq(&digest);
            if bool::from(equal) {
                found = Some(key);
            }
        }
        let Some(key) = found else {
            return Err(unauthorized(
                "The key is not known here. `[[key]]` in sayso.toml lists the digests of those that are.",
                "invalid_token",
            ));
        };
        if !key.scopes.iter().any(|own| *own == scope || *own == Scope::Admin) {
            let (needed, name) = (scope.as_str(), &key.name);
            let detail = format!(
                "The key `{name}` does not have the scope `{needed}`; add it to the key's `scopes` in sayso.toml."
            );
            return Err(Problem::new(ProblemType::Forbidden, detail).header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"sayso\", error=\"insufficient_scope\""),
            ));
        }
        Ok(Caller(Some(key.name.clone())))
    }

    /// Keeps other web sites out where there are no keys.
    ///
    /// # Errors
    /// 403 where `Host` is no name of this machine (DNS rebinding), or where the request comes from a page of another
    /// origin (cross-site request forgery).
    pub fn allow_origin(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.is_open() {
            return Ok(());
        }
        let host = uri.authority().map(|authority| authority.as_str()).or_else(|| header_text(headers, header::HOST));
        let Some(host) = host.filter(|host| is_loopback(host)) else {
            return Err(Problem::new(
                ProblemType::Forbidden,
                "Without keys, sayso answers only to names of this machine, such as localhost or 127.0.0.1. Configure a `[[key]]` to use other names.",
            ));
        };
        let foreign_origin = headers.get(header::ORIGIN).is_some_and(|origin| !is_origin_of(origin, host));
        let cross_site = header_text(headers, SEC_FETCH_SITE).is_some_and(|site| site == "cross-site");
        // Whoever follows a link comes here from another site too, to read with their own eyes.
        let follows_link =
            method == Method::GET && header_text(headers, SEC_FETCH_MODE).is_none_or(|mode| mode == "navigate");
        if foreign_origin || (cross_site && !follows_link) {
            return Err(Problem::new(
                ProblemType::Forbidden,
                "Without keys, sayso takes no requests from the pages of other web sites. Configure a `[[key]]` and send it.",
            ));
        }
        Ok(())
    }
}

const SEC_FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: header::HeaderName = header::HeaderName::from_static("sec-fetch-mode");

fn unauthorized(detail: &str, error: &str) -> Problem {
    let challenge = match error {
        "" => HeaderValue::from_static("Bearer realm=\"sayso\""),
        _ => HeaderValue::from_static("Bearer realm=\"sayso\", error=\"invalid_token\""),
    };
    Problem::new(ProblemType::Unauthorized, detail).header(header::WWW_AUTHENTICATE, challenge)
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header_text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whether `host`, with or without a port, is a name or address of this machine.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_end_matches('.');
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let is_name = name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    is_name || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

fn is_origin_of(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// A new key, and the `hash` to configure for it. The key has 256 random bits and is kept nowhere.
pub fn new_key() -> (String, String) {
    let mut random = [0; 32];
    rand::rng().fill_bytes(&mut random);
    let key = format!("{PREFIX}{}", hex(&random));
    let hash = hash(&key);
    (key, hash)
}

/// The `hash` to configure for a key.
pub fn hash(key: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(key)))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(bytes)
}

//! What went wrong with an attempt: which step failed, and what to do.

use std::{error::Error, io, iter, net::SocketAddr, time::Duration};

use http::{Extensions, StatusCode};
use hyper_util::client::legacy;

use super::{address::Forbidden, endpoint::hint, resolver::ResolveError};

/// Why an attempt failed. The messages are for the operator; they name host and port, never path, query or payload.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The name has no address, or nobody answered.
    #[error("resolving `{host}` failed: {why}; check the host in `url`, and that this machine can resolve it")]
    Resolve { host: String, why: String },
    /// The name leads to an address that is refused.
    #[error("address refused: `{host}` leads to {forbidden}; nothing was sent{hint}", hint = hint(*.forbidden))]
    Refused { host: String, forbidden: Forbidden },
    /// There is no connection.
    #[error("connecting to {host} failed: {why}; check that the receiver runs and that no firewall stands between")]
    Connect { host: String, why: String },
    /// There is no connection in time.
    #[error(
        "timeout while connecting to {host}: {limit:?} are over; check that the receiver runs and that no firewall stands between"
    )]
    ConnectTimeout { host: String, limit: Duration },
    /// There is no encrypted connection.
    #[error("TLS with {host} failed: {why}; check that the receiver speaks TLS on this port, and its certificate")]
    Tls { host: String, why: String },
    /// The connection ended without an answer.
    #[error("the connection to {host} broke before the answer: {why}")]
    NoAnswer { host: String, why: String },
    /// No answer in time.
    #[error(
        "timeout while waiting for the answer: {limit:?} are over; the receiver should answer first and work afterwards"
    )]
    AnswerTimeout { limit: Duration },
    /// The answer ended early.
    #[error("the connection broke while reading the answer (status {status}): {why}")]
    AnswerBroken { status: u16, why: String },
    /// The answer did not end in time.
    #[error(
        "timeout while reading the answer (status {status}): {limit:?} are over; the receiver should end its answer"
    )]
    AnswerEndless { status: u16, limit: Duration },
    /// The receiver said no.
    #[error("status {status}{advice}", advice = advice(*.status))]
    Status { status: u16 },
}

/// What to do about a status, as the end of a sentence.
fn advice(status: u16) -> &'static str {
    match status {
        300..=399 => ": redirects are not followed; put the URL that it leads to into `url`",
        401 | 403 => ": the receiver refuses sayso; check that it verifies with the secret of this webhook",
        404 | 405 => ": check the path in `url`",
        410 => ": the receiver wants nothing more; take the webhook out, or correct `url`",
        413 => ": the receiver takes no body of this size; raise its limit",
        429 => ": the receiver is asked too much; sayso slows down",
        502..=504 => ": the receiver is overloaded or down; sayso slows down",
        _ => "",
    }
}

impl Failure {
    /// Reads an error that came instead of the status. `host` is host and port of the URL, `limit` the time that the
    /// connection may take.
    pub(super) fn before_status(error: &reqwest::Error, host: &str, limit: Duration) -> Self {
        let host = host.to_owned();
        if let Some(unresolved) = find::<ResolveError>(error) {
            return match unresolved {
                ResolveError::Forbidden(forbidden) => Self::Refused { host, forbidden: *forbidden },
                other => Self::Resolve { host, why: other.to_string() },
            };
        }
        if !error.is_connect() {
            return Self::NoAnswer { host, why: root(error) };
        }
        // hyper-util's error type for this step has no name; its message begins so.
        let in_tcp = causes(error).any(|cause| cause.to_string().starts_with("tcp "));
        match (error.is_timeout(), in_tcp) {
            (true, false) => Self::ConnectTimeout { host, limit },
            (_, true) => Self::Connect { host, why: root(error) },
            (false, false) => Self::Tls { host, why: root(error) },
        }
    }

    /// Reads an error that came instead of the end of the answer.
    pub(super) fn after_status(error: &reqwest::Error, status: StatusCode) -> Self {
        Self::AnswerBroken { status: status.as_u16(), why: root(error) }
    }
}

/// The address of the connection that the error came over, if there was one.
pub(super) fn address(error: &reqwest::Error) -> Option<SocketAddr> {
    let mut extensions = Extensions::new();
    find::<legacy::Error>(error)?.connect_info()?.get_extras(&mut extensions);
    let info: &legacy::connect::HttpInfo = extensions.get()?;
    Some(info.remote_addr())
}

/// The error and its causes. An `io::Error` that only wraps another error is passed through to that.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |error: &&'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    };
    iter::successors(Some(error), next)
}

/// The first of the causes that is of this type.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The message of the innermost cause, which says what happened.
pub(crate) fn root(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

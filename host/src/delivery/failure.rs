//! What went wrong with an attempt: which step failed, and what to do.

use std::{error::Error, io, iter, net::SocketAddr, time::Duration};

use http::{Extensions, StatusCode};
use hyper_util::client::legacy;
use rustls::AlertDescription;

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
    /// There is no connection, for want of something on this side.
    #[error(
        "no connection to {host} could be begun: {why}; sayso itself has used up its descriptors, so raise its limit of open files (`ulimit -n`, LimitNOFILE), or lower `concurrency`"
    )]
    Exhausted { host: String, why: String },
    /// There is no connection in time.
    #[error(
        "timeout while connecting to {host}: {limit:?} are over; check that the receiver runs and that no firewall stands between"
    )]
    ConnectTimeout { host: String, limit: Duration },
    /// There is no encrypted connection.
    #[error("TLS with {host} failed: {why}; {todo}")]
    Tls { host: String, why: String, todo: &'static str },
    /// The connection ended without an answer.
    #[error("the connection to {host} broke before the answer: {why}; see in the receiver's log {what}")]
    NoAnswer { host: String, why: String, what: &'static str },
    /// What came is no answer.
    #[error("what {host} answered is not HTTP: {why}; check the port in `url`")]
    NotHttp { host: String, why: String },
    /// No answer in time.
    #[error(
        "timeout while waiting for the answer: {limit:?} are over; the receiver should answer first and work afterwards"
    )]
    AnswerTimeout { limit: Duration },
    /// The answer ended early.
    #[error(
        "the connection broke while reading the answer (status {status}): {why}; the receiver should end its answer as it announces it"
    )]
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
        400 | 422 => ": the receiver does not understand the delivery; its answer may say what it minds",
        401 | 403 => {
            ": the receiver refuses sayso; check that it verifies with the secret of this webhook, and that its clock is right"
        }
        404 | 405 => ": check the path in `url`",
        410 => ": the receiver wants nothing more; take the webhook out, or correct `url`",
        413 => ": the receiver takes no body of this size; raise its limit",
        429 => ": the receiver is asked too much; sayso slows down",
        500 => ": the receiver failed; see its log",
        502..=504 => ": the receiver is overloaded or down; sayso slows down",
        _ => "",
    }
}

const WANTS_CERTIFICATE: &str = "it asks for a client certificate that it knows";
/// How servers say so.
const WANTING: [AlertDescription; 3] =
    [AlertDescription::CertificateRequired, AlertDescription::BadCertificate, AlertDescription::UnknownCA];

const SPEAKS_TLS: &str = "check that it speaks TLS on this port";

/// What to do where there is no encrypted connection. `it` is the server, which was named before.
pub(crate) fn tls_advice(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as Bad, Error};
    match error {
        Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "it has to renew its certificate (or the clock of this machine is wrong)"
        }
        Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; check the clock of this machine"
        }
        Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "its certificate has to name the host in the URL"
        }
        Error::InvalidCertificate(Bad::UnknownIssuer) => {
            "it has to send its whole chain, from an authority that this machine trusts"
        }
        Error::InvalidCertificate(_) => "it needs another certificate",
        Error::AlertReceived(alert) if WANTING.contains(alert) => WANTS_CERTIFICATE,
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            "it has to speak TLS 1.2 or 1.3"
        }
        _ => SPEAKS_TLS,
    }
}

/// What to look for where the connection broke.
fn what(error: &reqwest::Error) -> &'static str {
    let is_broken = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
        )
    };
    let is_https = error.url().is_some_and(|url| url.scheme() == "https");
    // Where sending fails before it is read, the alert is lost that says that a certificate is missing.
    if is_https && find::<io::Error>(error).is_some_and(is_broken) {
        "whether it ended, what it minds, or whether it asks for a client certificate"
    } else {
        "whether it ended, or what it minds"
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
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::Tls { host, why: tls.to_string(), todo: tls_advice(tls) };
        }
        if !error.is_connect() {
            let (why, what) = (root(error), what(error));
            // TLS 1.3 looks for the client's certificate when the client is done, and h2 keeps the text alone of what it
            // then reads.
            if WANTING.iter().any(|alert| why == rustls::Error::AlertReceived(*alert).to_string()) {
                return Self::Tls { host, why, todo: WANTS_CERTIFICATE };
            }
            // The second is what speaks first, as mail and SSH do; hyper tells that by its message alone.
            let is_no_http = find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
                || why.starts_with("received unexpected message");
            return if is_no_http { Self::NotHttp { host, why } } else { Self::NoAnswer { host, why, what } };
        }
        // hyper-util's error type for this step has no name; its message begins so.
        let in_tcp = causes(error).any(|cause| cause.to_string().starts_with("tcp "));
        // The connector's own limit is an error that no system call made.
        let is_over = |cause: &io::Error| cause.kind() == io::ErrorKind::TimedOut && cause.raw_os_error().is_none();
        match (error.is_timeout() || find::<io::Error>(error).is_some_and(is_over), in_tcp) {
            (true, _) => Self::ConnectTimeout { host, limit },
            (false, true) if find::<io::Error>(error).is_some_and(is_own_want) => {
                Self::Exhausted { host, why: root(error) }
            }
            (false, true) => Self::Connect { host, why: root(error) },
            (false, false) => Self::Tls { host, why: root(error), todo: SPEAKS_TLS },
        }
    }

    /// Reads an error that came instead of the end of the answer.
    pub(super) fn after_status(error: &reqwest::Error, status: StatusCode) -> Self {
        Self::AnswerBroken { status: status.as_u16(), why: root(error) }
    }
}

/// Whether a connection failed for want of descriptors or memory on this side.
fn is_own_want(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let wants = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error.raw_os_error().is_some_and(|code| wants.iter().any(|want| want.raw_os_error() == code))
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

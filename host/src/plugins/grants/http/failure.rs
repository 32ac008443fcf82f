//! What a plugin is told where there is no answer. The texts are for the operator, who finds them in the analysis where
//! the plugin gives up on the item: they name host and port, never path, query, header or body.

use std::{fmt, time::Duration};

use reqwest::Url;

use super::wit::http::Error;
use crate::delivery::{
    endpoint::EndpointError,
    failure::{find, root, tls_advice},
    resolver::ResolveError,
};

/// Longest host in a message, in bytes.
const MAX_HOST: usize = 253;

/// Host and port of a request, as they stand in `hosts`.
#[derive(Clone, Debug)]
pub(super) struct Target(String);

impl Target {
    pub(super) fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let host = &host[..host.floor_char_boundary(MAX_HOST)];
        Self(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn denied(plugin: &str, target: &Target) -> Error {
    Error::Denied(format!(
        "`{target}` is not among the hosts of plugin `{plugin}`; if it may be called, add it to its [[plugin]]: http = {{ hosts = [\"{target}\"] }}"
    ))
}

/// The URL may not be called, though the host may.
pub(super) fn not_allowed(plugin: &str, target: &Target, error: &EndpointError) -> Error {
    match error {
        EndpointError::Unencrypted => Error::Denied(format!(
            "http to {target} is not encrypted; use https, or, for a host in your own network, set allow_private = true under `http` of plugin `{plugin}`"
        )),
        EndpointError::Localhost(_) => Error::Denied(private(plugin, target, "this machine", true)),
        EndpointError::Forbidden(forbidden) => {
            Error::Denied(private(plugin, target, &forbidden.to_string(), forbidden.is_private))
        }
        EndpointError::Credentials => {
            Error::Invalid(format!("the URL to {target} holds a user name or password; send a header instead"))
        }
        other => Error::Invalid(format!("the URL to {target} cannot be called: {other}")),
    }
}

fn private(plugin: &str, target: &Target, why: &str, can_be_allowed: bool) -> String {
    let hint = match can_be_allowed {
        true => format!("; if it is in your own network, set allow_private = true under `http` of plugin `{plugin}`"),
        false => String::new(),
    };
    format!("`{target}` is or leads to {why}, so nothing was sent{hint}")
}

pub(super) fn late(target: &Target, step: &str, limit: Duration) -> Error {
    Error::Timeout(format!(
        "{target}: {limit:.1?} were over while {step}; http.timeout is the limit, and as much for each item of a call"
    ))
}

/// Reads an error that came instead of the status.
pub(super) fn before_status(plugin: &str, target: &Target, error: &reqwest::Error, limit: Duration) -> Error {
    match find::<ResolveError>(error) {
        Some(ResolveError::Forbidden(forbidden)) => {
            return Error::Denied(private(plugin, target, &forbidden.to_string(), forbidden.is_private));
        }
        Some(other) => {
            return Error::Connection(format!(
                "{target} cannot be resolved: {other}; check the host, and that this machine can resolve it"
            ));
        }
        None => {}
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return Error::Connection(format!("TLS with {target} failed: {tls}; {}", tls_advice(tls)));
    }
    if error.is_timeout() {
        return late(target, "connecting", limit);
    }
    let step = if error.is_connect() { "cannot be connected to" } else { "broke the connection before it answered" };
    Error::Connection(format!("{target} {step}: {}", root(error)))
}

pub(super) fn broken(target: &Target, error: &reqwest::Error) -> Error {
    Error::Connection(format!("{target} broke the connection in its answer: {}", root(error)))
}

pub(super) fn too_large(target: &Target, max: usize) -> Error {
    Error::TooLarge(format!("the answer of {target} is larger than http.max_response_bytes = {max}"))
}

/// The answers of one call together are larger than the memory of the plugin.
pub(super) fn too_much(target: &Target) -> Error {
    Error::TooLarge(format!(
        "the answers together, that of {target} among them, are larger than limits.memory_bytes; ask for fewer at once"
    ))
}

/// The answer holds what the plugin must not see.
pub(super) fn echoed(target: &Target) -> Error {
    Error::Other(format!(
        "the answer of {target} holds a secret that sayso sent in a header, so the plugin is not given it"
    ))
}

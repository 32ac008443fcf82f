//! One HTTP client a webhook, and one attempt with it.

use std::{fmt::Display, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use reqwest::{Method, Request, Response, Url, redirect::Policy};
use tokio::time::{Instant, timeout_at};

use super::{
    endpoint::Endpoint,
    failure::{self, Failure},
    formats::Outgoing,
    resolver::{Resolver, Shared},
    retry_after,
    signing::Signer,
    veil::Veil,
    webhooks::Tls,
};
use crate::{
    config::{self, Secret},
    http_client::install_crypto,
    records::Attempt,
};

/// How long a connection is kept for the next delivery. Less than the 5 s after which common servers close one, so
/// that no delivery goes out into a connection that is just being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(4);

/// Name under which sayso calls.
const USER_AGENT: &str = concat!("sayso/", env!("CARGO_PKG_VERSION"));

/// The header that only a test delivery has, with the value `true`.
pub const TEST_HEADER: &str = "sayso-test";

/// How the receiver took an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// 2xx.
    Delivered,
    /// 410: it wants nothing more.
    Gone,
    /// Anything else; it is worth another try.
    Failed {
        /// How long the receiver asks to wait.
        retry_after: Option<Duration>,
        /// Whether it is overloaded or down as a whole (429, 502, 503, 504).
        slows: bool,
        /// Whether there was a status at all.
        answered: bool,
    },
}

/// An attempt, for the records, and how it was taken.
#[derive(Clone, PartialEq, Debug)]
pub struct Tried {
    /// What happened.
    pub attempt: Attempt,
    /// How the receiver took it.
    pub verdict: Verdict,
}

/// What a webhook wants beyond the common.
#[derive(Clone, Default)]
pub struct Extras {
    /// Headers to send with every delivery.
    pub headers: HeaderMap,
    /// Client certificate and private authorities.
    pub tls: Tls,
    /// What its signer signs with, which no answer and no error may show.
    pub keys: Vec<Secret>,
}

/// Calls one webhook.
pub struct Client {
    http: reqwest::Client,
    url: Url,
    /// Host and port, for messages.
    host: String,
    literal: Option<SocketAddr>,
    port: u16,
    resolver: Arc<Resolver>,
    signer: Signer,
    /// The headers that every request has; those that are secret are marked as sensitive.
    headers: HeaderMap,
    /// Takes secrets out of what comes back.
    veil: Veil,
    limit: Duration,
    connect_limit: Duration,
    max_response: usize,
}

/// A test delivery: what was sent, and what happened.
pub(super) struct Tested {
    /// The headers of the request, but those that the connection adds (`host`, `content-length`).
    pub(super) headers: HeaderMap,
    /// As of any attempt.
    pub(super) tried: Tried,
}

/// What came back, as far as it came.
struct Answer {
    address: Option<SocketAddr>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Whether there may be more of the body than was read.
    is_cut: bool,
    result: Result<(), Failure>,
}

impl Client {
    /// A client for an endpoint, keeping up to `concurrency` connections, with the limits of `[delivery]`.
    ///
    /// # Errors
    /// If the system's certificate authorities cannot be read.
    pub fn new(
        endpoint: Endpoint,
        signer: Signer,
        concurrency: usize,
        limits: &config::Delivery,
    ) -> reqwest::Result<Self> {
        Self::with(endpoint, signer, concurrency, limits, Extras::default())
    }

    /// Like `new`, with what the webhook wants beyond the common.
    ///
    /// # Errors
    /// If the system's certificate authorities cannot be read, or if the client certificate is not that of its key.
    pub fn with(
        endpoint: Endpoint,
        signer: Signer,
        concurrency: usize,
        limits: &config::Delivery,
        extras: Extras,
    ) -> reqwest::Result<Self> {
        let resolver = Resolver::system(endpoint.allow_private, connect_limit(limits) / 2);
        Self::resolving(endpoint, signer, concurrency, limits, extras, resolver)
    }

    /// Likewise, with this resolver.
    pub(super) fn resolving(
        endpoint: Endpoint,
        signer: Signer,
        concurrency: usize,
        limits: &config::Delivery,
        extras: Extras,
        resolver: Resolver,
    ) -> reqwest::Result<Self> {
        install_crypto();
        let (resolver, connect_limit) = (Arc::new(resolver), connect_limit(limits));
        let Extras { mut headers, tls, keys } = extras;
        let veil = Veil::new(&endpoint.url, &headers, &keys);
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let builder = reqwest::Client::builder()
            .default_headers(headers.clone())
            .no_proxy()
            .referer(false)
            .redirect(Policy::none())
            .dns_resolver(Shared(Arc::clone(&resolver)))
            .connect_timeout(connect_limit)
            .pool_idle_timeout(KEEP_ALIVE)
            // An HTTP/2 connection outlives an attempt that timed out. One that is dead has to be found out before the
            // attempts over it time out, or every further delivery would go into it.
            .http2_keep_alive_interval(limits.timeout / 4)
            .http2_keep_alive_timeout(limits.timeout / 4)
            .pool_max_idle_per_host(concurrency);
        let builder = match tls.authorities {
            Some(authorities) => builder.tls_certs_only(authorities),
            // A plain connection needs no authorities, which a small container may not have.
            None if endpoint.url.scheme() == "http" => builder.tls_certs_only([]),
            None => builder,
        };
        let builder = match tls.identity {
            Some(identity) => builder.identity(identity),
            None => builder,
        };
        let port = endpoint.url.port_or_known_default().unwrap_or_default();
        Ok(Self {
            http: builder.build()?,
            host: format!("{}:{port}", endpoint.url.host_str().unwrap_or_default()),
            literal: endpoint.literal().map(|address| SocketAddr::new(address, port)),
            port,
            url: endpoint.url,
            resolver,
            signer,
            headers,
            veil,
            limit: limits.timeout,
            connect_limit,
            max_response: limits.max_response_bytes,
        })
    }

    /// Makes attempt `number` (from 1) of the delivery or batch with this id; bytes alone are JSON. It ends
    /// within the time limit, whatever the receiver does, and reads no more of the answer than the limit says.
    pub async fn attempt(&self, id: impl Display, number: u32, outgoing: impl Into<Outgoing>) -> Tried {
        let at = Timestamp::now();
        let (answer, latency_ms) = self.send(self.request(id, at, outgoing.into())).await;
        answer.judge(number, at, latency_ms, &self.veil)
    }

    /// Likewise, marked as a test by a header, and telling what was sent.
    pub(super) async fn test(&self, id: impl Display, outgoing: Outgoing) -> Tested {
        let at = Timestamp::now();
        let mut request = self.request(id, at, outgoing);
        request.headers_mut().insert(TEST_HEADER, HeaderValue::from_static("true"));
        let mut headers = self.headers.clone();
        headers.extend(request.headers().clone());
        let (answer, latency_ms) = self.send(request).await;
        Tested { headers, tried: answer.judge(1, at, latency_ms, &self.veil) }
    }

    /// Sends a request: what came back within the time limit, and how long it took in milliseconds.
    async fn send(&self, request: Request) -> (Answer, u32) {
        let began = Instant::now();
        let answer = self.exchange(request, began + self.limit).await;
        (answer, u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX))
    }

    fn request(&self, id: impl Display, at: Timestamp, outgoing: Outgoing) -> Request {
        let (id, Outgoing { content_type, headers: of_format, body }) = (id.to_string(), outgoing);
        let signature = self.signer.sign(&id, at.as_second(), &body);
        let mut request = Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.extend(of_format);
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert("webhook-id", header_value(id));
        headers.insert("webhook-timestamp", at.as_second().into());
        headers.insert("webhook-signature", header_value(signature));
        *request.body_mut() = Some(body.into());
        request
    }

    async fn exchange(&self, request: Request, deadline: Instant) -> Answer {
        let failed = |address, failure| Answer::without_status(address, failure);
        match timeout_at(deadline, self.http.execute(request)).await {
            Err(_) => failed(self.known_address(), Failure::AnswerTimeout { limit: self.limit }),
            Ok(Err(error)) => {
                failed(failure::address(&error), Failure::before_status(&error, &self.host, self.connect_limit))
            }
            Ok(Ok(response)) => self.read(response, deadline).await,
        }
    }

    /// Reads the answer up to the limits. What is left of it is never read: dropping the response closes an HTTP/1.1
    /// connection, and resets an HTTP/2 stream.
    async fn read(&self, mut response: Response, deadline: Instant) -> Answer {
        let status = response.status();
        let (mut body, mut is_cut) = (Vec::new(), true);
        let result = loop {
            match timeout_at(deadline, response.chunk()).await {
                Err(_) => break Err(Failure::AnswerEndless { status: status.as_u16(), limit: self.limit }),
                Ok(Err(error)) => break Err(Failure::after_status(&error, status)),
                Ok(Ok(None)) => {
                    is_cut = false;
                    break Ok(());
                }
                Ok(Ok(Some(chunk))) => {
                    let room = self.max_response - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        break Ok(());
                    }
                }
            }
        };
        let address = response.remote_addr();
        Answer { address, status: Some(status), headers: std::mem::take(response.headers_mut()), body, is_cut, result }
    }

    /// The address that a connection of this client leads to, where there can be only one.
    fn known_address(&self) -> Option<SocketAddr> {
        self.literal.or_else(|| Some(SocketAddr::new(self.resolver.only_address()?, self.port)))
    }
}

impl Answer {
    fn without_status(address: Option<SocketAddr>, failure: Failure) -> Self {
        let (headers, body) = Default::default();
        Self { address, status: None, headers, body, is_cut: true, result: Err(failure) }
    }

    fn judge(self, number: u32, at: Timestamp, latency_ms: u32, veil: &Veil) -> Tried {
        let status = self.status.map(|status| status.as_u16());
        let failure = match (self.result, self.status) {
            (Err(failure), _) => Some(failure),
            (Ok(()), Some(code)) if !code.is_success() => Some(Failure::Status { status: code.as_u16() }),
            (Ok(()), _) => None,
        };
        let verdict = match (&failure, self.status) {
            (None, _) => Verdict::Delivered,
            (Some(_), Some(StatusCode::GONE)) => Verdict::Gone,
            (Some(_), code) => {
                let retry_after = retry_after::read(&self.headers, Timestamp::now());
                Verdict::Failed { retry_after, slows: code.is_some_and(retry_after::slows), answered: code.is_some() }
            }
        };
        let response = (!self.body.is_empty()).then(|| veil.over(&self.body, self.is_cut));
        let address = self.address.map(|address| address.to_string());
        let error = failure.map(|failure| veil.over_text(&failure.to_string()));
        Tried { attempt: Attempt { number, at, address, status, latency_ms, response, error }, verdict }
    }
}

/// Time for a connection. Each step has less than the whole, so that a timeout tells which step it was.
fn connect_limit(limits: &config::Delivery) -> Duration {
    limits.timeout.mul_f64(2.0 / 3.0)
}

fn header_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("ids and signatures are letters, digits and base64")
}

#[cfg(test)]
#[path = "tests/client.rs"]
mod tests;
#[cfg(test)]
#[path = "tests/tls.rs"]
mod tls_tests;

//! Carries requests of one plugin out.

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::{Method, Url, redirect::Policy};
use tokio::{
    runtime::Runtime,
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use super::{
    Exchanged,
    failure::{self, Target},
    headers,
    hosts::Hosts,
    wit::http::{Error, Header, Method as Verb, Request, Response},
};
use crate::{
    config::{self, Secret},
    delivery::{
        endpoint::Endpoint,
        resolver::{Resolver, Shared},
    },
    http_client::install_crypto,
    plugins::events,
};

/// Under which name sayso calls.
const USER_AGENT: &str = concat!("sayso/", env!("CARGO_PKG_VERSION"));
/// How long a connection is kept for the next request; less than the 5 s after which common servers close one.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Most bytes of the headers of an answer over HTTP/2; over HTTP/1.1 they are bounded by hyper's buffer.
const MAX_HEADER_BYTES: u32 = 64 << 10;
/// Hosts that were refused and are told to the operator once; of what comes beyond them, the plugin alone hears.
const MAX_TOLD: usize = 64;

/// Where requests of all plugins run: apart from intake and delivery, and whether or not the caller has a runtime.
static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("plugin-http").enable_io().enable_time().build()
});

/// Carries out the requests of one plugin, over all of its instances.
#[derive(Debug)]
pub(in crate::plugins) struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plugin: Arc<str>,
    http: reqwest::Client,
    hosts: Hosts,
    slots: Semaphore,
    limits: config::Http,
    told: Mutex<HashSet<String>>,
}

/// A request that may be made.
struct Prepared {
    request: reqwest::Request,
    target: Target,
    secrets: Vec<Secret>,
    limit: Option<Duration>,
}

impl Client {
    /// A client for a plugin. `variable` tells the variables that its headers name.
    ///
    /// # Errors
    /// What in the configuration is at fault.
    pub(in crate::plugins) fn new(
        plugin: Arc<str>,
        limits: &config::Http,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let resolver = Resolver::system(limits.allow_private, connect_limit(limits) / 2);
        Self::with(plugin, limits, variable, resolver)
    }

    /// Like `new`, resolving by `resolver`.
    pub(super) fn with(
        plugin: Arc<str>,
        limits: &config::Http,
        variable: &dyn Fn(&str) -> Option<String>,
        resolver: Resolver,
    ) -> Result<Self, String> {
        if let Err(error) = &*RUNTIME {
            return Err(format!("http: the threads for requests do not start: {error}"));
        }
        install_crypto();
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .referer(false)
            .redirect(Policy::none())
            .dns_resolver(Shared(Arc::new(resolver)))
            .connect_timeout(connect_limit(limits))
            .pool_idle_timeout(KEEP_ALIVE)
            .pool_max_idle_per_host(limits.concurrency)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .build();
        let http = http.map_err(|error| {
            format!(
                "http: cannot set up TLS: {error}; install the system's certificate authorities (`ca-certificates`)"
            )
        })?;
        let hosts = Hosts::read(limits, variable)?;
        let slots = Semaphore::new(limits.concurrency);
        let told = Mutex::default();
        Ok(Self(Arc::new(Inner { plugin, http, hosts, slots, limits: limits.clone(), told })))
    }

    /// The time limit of a request.
    pub(super) fn timeout(&self) -> Duration {
        self.0.limits.timeout
    }

    /// Makes requests at the same time, for at most `wait` and with at most `bytes` of answers, and blocks the thread
    /// meanwhile. Tells as well whether any of them was sent.
    pub(super) fn exchange(&self, requests: Vec<Request>, wait: Duration, bytes: usize) -> (Vec<Exchanged>, bool) {
        let prepared: Vec<_> = requests.into_iter().map(|request| self.0.prepare(request)).collect();
        let is_sent = prepared.iter().any(Result::is_ok);
        let count = prepared.len();
        let answers = if is_sent { run(self.0.clone(), prepared, wait, bytes) } else { refused(prepared) };
        if answers.len() == count {
            return (answers, is_sent);
        }
        let defect = || Err(Error::Other("a defect in sayso: the requests ended without an answer".into()));
        ((0..count).map(|_| defect()).collect(), is_sent)
    }
}

/// Waits until all have ended: each does, within its limit.
fn run(client: Arc<Inner>, prepared: Vec<Result<Prepared, Error>>, wait: Duration, bytes: usize) -> Vec<Exchanged> {
    let Ok(runtime) = &*RUNTIME else { return Vec::new() };
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        let (asked, room) = (Instant::now(), AtomicUsize::new(bytes));
        let one = |prepared| client.one(prepared, asked, wait, &room);
        let answers = join_all(prepared.into_iter().map(one)).await;
        // Whoever asked may be gone with the process.
        drop(sender.send(answers));
    });
    receiver.recv().unwrap_or_default()
}

fn refused(prepared: Vec<Result<Prepared, Error>>) -> Vec<Exchanged> {
    prepared.into_iter().filter_map(|refused| refused.err().map(Err)).collect()
}

/// Each step has less time than the whole, so that a timeout tells which step it was.
fn connect_limit(limits: &config::Http) -> Duration {
    limits.timeout.mul_f64(2.0 / 3.0)
}

impl Inner {
    /// Holds a request against what the operator allows.
    fn prepare(&self, request: Request) -> Result<Prepared, Error> {
        let prepared = self.check(request);
        if let Err(error) = &prepared {
            events::requested(&self.plugin, error.outcome(), Duration::ZERO);
        }
        prepared
    }

    fn check(&self, request: Request) -> Result<Prepared, Error> {
        let Request { method, url, headers, body, timeout_ms } = request;
        let parsed = Url::parse(&url).map_err(|error| Error::Invalid(format!("the URL cannot be read: {error}")))?;
        let target = Target::of(&parsed);
        let allowed = self.hosts.allow(&parsed).ok_or_else(|| self.deny(&target))?;
        let endpoint = Endpoint::parse(&url, self.limits.allow_private)
            .map_err(|error| failure::not_allowed(&self.plugin, &target, &error))?;
        let body = body.unwrap_or_default();
        if body.len() > self.limits.max_request_bytes {
            return Err(Error::Invalid(format!(
                "the body of the request to {target} has {} bytes, more than http.max_request_bytes = {}",
                body.len(),
                self.limits.max_request_bytes
            )));
        }
        let mut request = reqwest::Request::new(verb(&method).map_err(Error::Invalid)?, endpoint.url);
        *request.headers_mut() = headers::of_plugin(&headers).map_err(Error::Invalid)?;
        // `insert` takes out what the plugin had under the same name.
        for (name, value) in &allowed.headers {
            request.headers_mut().insert(name, value.clone());
        }
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        let limit = timeout_ms.map(|ms| Duration::from_millis(ms.into()));
        Ok(Prepared { request, target, secrets: allowed.secrets, limit })
    }

    fn deny(&self, target: &Target) -> Error {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_TOLD && told.insert(target.to_string()) {
            events::denied(&self.plugin, &target.to_string());
        }
        failure::denied(&self.plugin, target)
    }

    async fn one(
        &self,
        prepared: Result<Prepared, Error>,
        asked: Instant,
        wait: Duration,
        room: &AtomicUsize,
    ) -> Exchanged {
        let prepared = prepared?;
        let own = prepared.limit.unwrap_or(Duration::MAX).min(self.limits.timeout);
        let limit = own.min(wait);
        let answer = self.send(prepared, asked + limit, limit, room).await;
        let outcome = answer.as_ref().map_or_else(Error::outcome, |_| "answered");
        events::requested(&self.plugin, outcome, asked.elapsed());
        answer
    }

    async fn send(&self, prepared: Prepared, deadline: Instant, limit: Duration, room: &AtomicUsize) -> Exchanged {
        let Prepared { request, target, secrets, .. } = prepared;
        let late = |step| failure::late(&target, step, limit);
        let slot = timeout_at(deadline, self.slots.acquire()).await;
        // A turn that comes at the last moment, when others give up, is none.
        let slot = slot
            .ok()
            .filter(|_| Instant::now() < deadline)
            .ok_or_else(|| late("waiting for its turn (http.concurrency requests of the plugin are under way)"))?;
        let sent = timeout_at(deadline, self.http.execute(request)).await;
        let response = sent
            .map_err(|_| late("waiting for the answer"))?
            .map_err(|error| failure::before_status(&self.plugin, &target, &error, limit))?;
        let answer = timeout_at(deadline, self.read(response, &target, room)).await;
        drop(slot);
        let answer = answer.map_err(|_| late("reading the answer"))??;
        if secrets.iter().any(|secret| holds(&answer, secret)) {
            return Err(failure::echoed(&target));
        }
        Ok(answer)
    }

    /// Reads the answer up to the limits. What is left of it is never read: dropping the response ends the connection or
    /// resets the stream.
    async fn read(&self, mut response: reqwest::Response, target: &Target, room: &AtomicUsize) -> Exchanged {
        let max = self.limits.max_response_bytes;
        let announced = response.content_length().unwrap_or_default();
        if usize::try_from(announced).unwrap_or(usize::MAX) > max {
            return Err(failure::too_large(target, max));
        }
        let headers = response.headers().iter().map(|(name, value)| Header {
            name: name.as_str().into(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        });
        let (status, headers) = (response.status().as_u16(), headers.collect());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure::broken(target, &error))? {
            if body.len() + chunk.len() > max {
                return Err(failure::too_large(target, max));
            }
            let taken = room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(chunk.len()));
            taken.map_err(|_| failure::too_much(target))?;
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body })
    }
}

fn verb(method: &Verb) -> Result<Method, String> {
    let other = match method {
        Verb::Get => return Ok(Method::GET),
        Verb::Head => return Ok(Method::HEAD),
        Verb::Post => return Ok(Method::POST),
        Verb::Put => return Ok(Method::PUT),
        Verb::Patch => return Ok(Method::PATCH),
        Verb::Delete => return Ok(Method::DELETE),
        Verb::Other(other) => other,
    };
    let is_word =
        (1..=32).contains(&other.len()) && other.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    match Method::from_bytes(other.as_bytes()) {
        Ok(method) if is_word && ![Method::CONNECT, Method::TRACE].contains(&method) => Ok(method),
        _ => {
            Err("the method is none that may be asked for; write one in capitals, other than CONNECT and TRACE".into())
        }
    }
}

/// Whether a secret came back.
fn holds(answer: &Response, secret: &Secret) -> bool {
    let secret = secret.expose();
    answer.headers.iter().any(|header| header.value.contains(secret) || header.name.contains(secret))
        || memchr::memmem::find(&answer.body, secret.as_bytes()).is_some()
}

//! A whole service over the real store, for tests: requests go in without a connection, and the test plays the chain.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use rusqlite::Connection;
use serde_json::Value;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use super::auth::Auth;
use super::openapi::document::{self, Document};
use super::{Readiness, State, router_with};
use crate::config::Config;
use crate::delivery::{Dispatcher, webhooks::Registry};
use crate::feedback::{Analysis, Feedback, FeedbackId, Tag};
use crate::plugins::{Chain, LiveChain};
use crate::queue::{Lane, Lease, sqlite::SqliteQueue};
use crate::records::{Analyzed, sqlite::SqliteRecords};
use crate::sqlite::{Haste, Store};

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The description of the API, which every answer is held against.
static DESCRIPTION: LazyLock<Document> = LazyLock::new(|| {
    let state = Service::start().state;
    Document::new(serde_json::from_slice(&state.openapi.json()).expect("it is JSON"))
});

pub(crate) struct Service {
    pub(crate) state: State,
    pub(crate) router: Router,
    store: Store,
    // Behind the others: the store is closed before its folder goes.
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// With a configuration other than the default.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_routes(change, Router::new())
    }

    pub(crate) fn with_routes(change: impl FnOnce(&mut Config), routes: impl Into<OpenApiRouter<State>>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.data.dir = folder.path().to_owned();
        change(&mut config);
        let store = Store::open(&folder.path().join("sayso.db")).expect("the store opens");
        let queue = Arc::new(SqliteQueue::new(store.clone()).expect("the queue opens"));
        let records = Arc::new(SqliteRecords::new(store.clone()).expect("the records open"));
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
        let readiness = Arc::new(Readiness::default());
        let chain = Arc::new(LiveChain::new(Chain::default(), || Err("plugin `a`: no such file".into())));
        let webhooks = open_webhooks(&config, records.clone(), queue.clone());
        let dispatcher = Dispatcher::new(&config.delivery, webhooks.live(), queue.clone(), records.clone());
        let switchboard = dispatcher.expect("the limits make sense").switchboard();
        let auth = Arc::new(Auth::new(&config.keys).expect("the keys are valid"));
        let webhooks = (webhooks, switchboard);
        let state = State::new(Arc::new(config), auth, (queue, records), chain, webhooks, readiness, metrics);
        Self { router: router_with(state.clone(), routes), state, store, _folder: folder }
    }

    /// What comes back, which has to be what the API's description says.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let answer = self.exchange(request).await;
        // Routes that a test brings are no part of the API.
        if DESCRIPTION.operation(&method, &path).is_some() {
            let (status, content_type) = (answer.status.as_u16(), answer.header("content-type"));
            let shown = document::Answer { status, content_type, body: &answer.text };
            DESCRIPTION.check_answer(&method, &path, shown).unwrap_or_else(|drift| panic!("{drift}"));
        }
        answer
    }

    async fn exchange(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("a router never fails");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body is whole").to_bytes();
        Answer { status: head.status, headers: head.headers, text: String::from_utf8(bytes.into()).expect("is UTF-8") }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, &[]).body(Body::empty()).expect("is a request")).await
    }

    /// Posts feedback of this content type, with more headers.
    pub(crate) async fn post(&self, content_type: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.post_to("/v1/feedback", content_type, headers, body).await
    }

    pub(crate) async fn post_to(
        &self,
        path: &str,
        content_type: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let request = request("POST", path, headers).header("content-type", content_type);
        self.send(request.body(body.into()).expect("is a request")).await
    }

    pub(crate) async fn post_json(&self, body: impl Into<Body>) -> Answer {
        self.post("application/json", &[], body).await
    }

    /// Leaves the store this room, in pages, as a disk that fills up does.
    pub(crate) async fn leave_room(&self, pages: i64) {
        let set = move |connection: &Connection| {
            let now: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.query_row(&format!("PRAGMA max_page_count = {}", now + pages), [], |_| Ok(()))
        };
        self.store.write(Haste::Later, set, |(), _| {}).await.expect("is set");
    }

    /// Leases up to `max` items that wait for the chain; waits for the first.
    pub(crate) async fn pull(&self, max: usize) -> Vec<Lease> {
        self.state.queue.pull(&Lane::Intake, max, PATIENCE).await.expect("the queue works")
    }

    /// How many items wait for the chain.
    pub(crate) fn waiting(&self) -> u64 {
        let depths = self.state.queue.depths();
        depths.iter().find(|(lane, _)| *lane == Lane::Intake).map_or(0, |(_, depth)| depth.waiting)
    }

    /// Plays the chain for what was leased: every item gets one tag.
    pub(crate) async fn analyze(&self, leases: Vec<Lease>) {
        let analyzed = leases.iter().map(|lease| {
            let mut feedback = feedback_of(lease);
            (feedback.id, feedback.revision) = (FeedbackId(lease.id), lease.revision);
            let tag = Tag { name: "played".into(), class: None, confidence: 1.0, spans: Vec::new() };
            Analyzed {
                feedback,
                analysis: Analysis { tags: vec![tag], ..Analysis::default() },
                webhooks: Vec::new(),
                era: 0,
            }
        });
        self.state.records.save(analyzed.collect()).await.expect("the records work");
        self.state.queue.ack(leases).await.expect("the queue works");
    }
}

/// Opens the registry, on a thread of its own: the test's may be one that must not block.
fn open_webhooks(config: &Config, records: Arc<SqliteRecords>, queue: Arc<SqliteQueue>) -> Registry {
    let open = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(Registry::open(config, records, queue)).expect("the webhooks are valid")
    };
    std::thread::scope(|scope| scope.spawn(open).join().expect("it does not panic"))
}

pub(crate) fn feedback_of(lease: &Lease) -> Feedback {
    serde_json::from_slice(&lease.body).expect("is feedback")
}

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> http::request::Builder {
    let request = Request::builder().method(method).uri(path).header("host", "localhost:8080");
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The problem of this type and status, after a look at what every problem has to have.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:sayso:problem:{kind}"), "{problem:#}");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem:#}");
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("is text"))
    }
}

//! The stack that every request goes through: an id, the origin check, a net for panics, and problems written out.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State as With};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use metrics::{counter, histogram};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use uuid::Uuid;

use super::State;
use super::problem::{Problem, ProblemType};
use crate::config::Scope;

/// How long a query may take.
const QUERY_LIMIT: Duration = Duration::from_secs(30);
/// Longest request id that is taken over from the client, in bytes.
const MAX_REQUEST_ID: usize = 128;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id: the client's own `x-request-id` where it sent one, else a new one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestId(pub String);

/// Puts the stack around the routes.
pub(super) fn stack(routes: Router<State>, state: &State) -> Router<State> {
    routes.layer(CatchPanicLayer::custom(on_panic)).layer(from_fn_with_state(state.clone(), outermost))
}

#[expect(clippy::needless_pass_by_value, reason = "CatchPanicLayer takes a function of this form")]
fn on_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("without a text"))).into_response()
}

async fn outermost(With(state): With<State>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // Only the pattern of the path: the rest of it, and the query, may name customers.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request_id = %id, %method, route);
    let response = match state.auth.allow_origin(&method, request.uri(), request.headers()) {
        Ok(()) => next.run(request).instrument(span.clone()).await,
        Err(problem) => problem.into_response(),
    };
    let mut response = span.in_scope(|| write_problem(response, &id));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID.clone(), id);
    }
    let labels = [("route", route.to_owned()), ("status", response.status().as_str().to_owned())];
    counter!("sayso_http_requests_total", &labels).increment(1);
    histogram!("sayso_http_request_duration_seconds", &labels).record(started.elapsed());
    response
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_sane =
        |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    given.filter(is_sane).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// Writes the problem out that a handler left, or makes one of an error answer that another library wrote.
fn write_problem(mut response: Response, id: &str) -> Response {
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if status.is_client_error() || status.is_server_error() => Problem::of_status(status),
        None => return response,
    };
    if let Some(internal) = &problem.more.internal {
        tracing::error!(problem = problem.kind.name(), internal, "a request failed");
    } else {
        // Not the detail: it repeats pieces of what the customer wrote.
        tracing::debug!(problem = problem.kind.name(), "a request was refused");
    }
    let mut written = problem.write(id);
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            written.headers_mut().insert(name, value.clone());
        }
    }
    written
}

/// Lets requests through whose key covers the scope, and tells the handler whose key it is.
pub(super) async fn authorize(
    With((state, scope)): With<(State, Scope)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = state.auth.allow(request.headers(), scope)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Ends a query that takes too long.
pub(super) async fn deadline(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(QUERY_LIMIT, next.run(request)).await.map_err(|_| {
        let detail = format!("The answer took longer than {} s; ask for less at once.", QUERY_LIMIT.as_secs());
        Problem::new(ProblemType::Unavailable, detail).retry_after(5)
    })
}

//! The stack that every request goes through: an id, the origin check, a net for panics, and problems written out.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State as With};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
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
    routes.layer(from_fn_with_state(state.clone(), outermost))
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
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
    let span = tracing::debug_span!("request", request_id = %id, %method, route);
    let response = match state.auth.allow_origin(&method, request.uri(), request.headers()) {
        // What a handler works on is the request's own, or behind locks that stand a panic.
        Ok(()) => match AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span).await {
            Ok(response) => response,
            Err(panic) => panicked(&*panic),
        },
        Err(problem) => problem.into_response(),
    };
    let mut response = write_problem(response, &id, route);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID.clone(), id);
    }
    state.traffic.answered(route, response.status(), started.elapsed());
    response
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_sane =
        |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    given.filter(is_sane).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// Writes the problem out that a handler left, or makes one of an error answer that another library wrote.
fn write_problem(mut response: Response, id: &str, route: &str) -> Response {
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if status.is_client_error() || status.is_server_error() => Problem::of_status(status),
        None => return response,
    };
    if let Some(internal) = &problem.more.internal {
        tracing::error!(request_id = id, route, problem = problem.kind.name(), internal, "a request failed");
    } else {
        // Not the detail: it repeats pieces of what the customer wrote.
        tracing::debug!(request_id = id, route, problem = problem.kind.name(), "a request was refused");
    }
    let mut written = problem.write(id);
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            written.headers_mut().insert(name, value.clone());
        }
    }
    written
}

/// Lets requests through whose key covers the scope.
pub(super) async fn authorize(
    With((state, scope)): With<(State, Scope)>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    state.auth.allow(request.headers(), scope)?;
    Ok(next.run(request).await)
}

/// Ends a query that takes too long.
pub(super) async fn deadline(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(QUERY_LIMIT, next.run(request)).await.map_err(|_| {
        let detail = format!("The answer took longer than {} s; ask for less at once.", QUERY_LIMIT.as_secs());
        Problem::new(ProblemType::Unavailable, detail).retry_after(5)
    })
}

//! The stack that every request goes through: an id, the origin check, a net for panics, and problems written out.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State as With};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::Either;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower::{Layer, Service};
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

/// Puts the stack around the routes.
pub(super) fn stack(routes: Router<State>, state: &State) -> Router<State> {
    routes.layer(Outermost(state.clone()))
}

/// The layer itself. A function as middleware would box another future and clone what is inside for every request.
#[derive(Clone)]
struct Outermost(State);

impl<S> Layer<S> for Outermost {
    type Service = Around<S>;

    fn layer(&self, inner: S) -> Around<S> {
        Around { state: self.0.clone(), inner }
    }
}

/// What is around a route.
#[derive(Clone)]
struct Around<S> {
    state: State,
    inner: S,
}

impl<S> Service<Request> for Around<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let state = self.state.clone();
        let head = Head::of(&request);
        let answer = match state.auth.allow_origin(&head.method, request.uri(), request.headers()) {
            // What a handler works on is the request's own, or behind locks that stand a panic.
            Ok(()) => Either::Left(AssertUnwindSafe(self.inner.call(request)).catch_unwind()),
            Err(problem) => Either::Right(problem),
        };
        Box::pin(async move {
            let span = head.span();
            let response = match answer {
                Either::Left(answer) => match answer.instrument(span).await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(panic) => panicked(&*panic),
                },
                Either::Right(problem) => problem.into_response(),
            };
            Ok(head.finish(response, &state))
        })
    }
}

/// What is kept of a request until it is answered.
struct Head {
    started: Instant,
    /// The client's own `x-request-id` where it sent one, else a new one; visible ASCII.
    id: HeaderValue,
    method: Method,
    route: Option<MatchedPath>,
}

impl Head {
    fn of(request: &Request) -> Self {
        // Only the pattern of the path: the rest of it, and the query, may name customers.
        let route = request.extensions().get::<MatchedPath>().cloned();
        let id = request_id(request.headers());
        Self { started: Instant::now(), id, method: request.method().clone(), route }
    }

    fn id(&self) -> &str {
        self.id.to_str().expect("it is visible ASCII")
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    fn span(&self) -> tracing::Span {
        tracing::debug_span!("request", request_id = self.id(), method = %self.method, route = self.route())
    }

    fn finish(&self, response: Response, state: &State) -> Response {
        let mut response = write_problem(response, self.id(), self.route());
        response.headers_mut().insert(X_REQUEST_ID.clone(), self.id.clone());
        state.traffic.answered(self.route(), response.status(), self.started.elapsed());
        response
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("without a text"))).into_response()
}

fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_sane =
        |id: &&HeaderValue| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic);
    headers.get(&X_REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(|| {
        let mut digits = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut digits);
        HeaderValue::from_str(id).expect("digits and hyphens are visible ASCII")
    })
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

/// Writes a problem out as the answer to a request that goes through no more of this stack.
pub(super) fn write_out(headers: &HeaderMap, problem: &Problem) -> Response {
    let id = request_id(headers);
    let mut response = problem.write(id.to_str().expect("it is visible ASCII"));
    response.headers_mut().insert(X_REQUEST_ID.clone(), id);
    response
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

/// Carries a change out to its end, also where the client goes away meanwhile: what is written would not be published.
pub(super) async fn to_the_end(request: Request, next: Next) -> Result<Response, Problem> {
    let changing = tokio::spawn(next.run(request).in_current_span());
    changing.await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => Problem::internal(format!("a change was given up: {error}")),
    })
}

/// Ends a query that takes too long.
pub(super) async fn deadline(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(QUERY_LIMIT, next.run(request)).await.map_err(|_| {
        let detail = format!("The answer took longer than {} s; ask for less at once.", QUERY_LIMIT.as_secs());
        Problem::new(ProblemType::Unavailable, detail).retry_after(5)
    })
}

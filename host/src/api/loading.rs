//! What is answered while the chain of plugins is being loaded, which may mean to compile it: that sayso lives, and is not
//! ready.

use axum::{
    Router,
    extract::Request,
    response::Response,
    routing::{any, get},
};

use super::{
    handlers::health,
    middleware,
    problem::{Problem, ProblemType},
};

/// When to ask again, in seconds.
const RETRY_AFTER: u64 = 2;

/// The routes of that time.
pub fn router() -> Router {
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", any(async |request: Request| refuse(&request, &health::loading(not_yet()))))
        .fallback(async |request: Request| refuse(&request, &not_yet()))
}

fn not_yet() -> Problem {
    Problem::new(ProblemType::Unavailable, "The chain of plugins is not loaded yet.").retry_after(RETRY_AFTER)
}

fn refuse(request: &Request, problem: &Problem) -> Response {
    middleware::write_out(request.headers(), problem)
}

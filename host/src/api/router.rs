//! Every route of the service, by the scope that it needs.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{delete, get, patch, post};
use http::StatusCode;

use super::handlers::{aggregate, chain, customers, deliveries, feedback, health, metrics, parked, replays, webhooks};
use super::problem::Problem;
use super::{State, middleware};
use crate::config::Scope;
use crate::intake;

/// The whole service.
pub fn router(state: State) -> Router {
    router_with(state, Router::new())
}

/// The whole service, with routes of others (the console) behind the same middleware. They need no key.
pub fn router_with(state: State, open: Router<State>) -> Router {
    // It checks its scope itself: see `auth::Sender`.
    let ingest = Router::new().route("/v1/feedback", post(intake::post));
    let read = Router::new()
        .route("/v1/feedback", get(feedback::list))
        .route("/v1/feedback/{id}", get(feedback::get))
        .route("/v1/aggregate", get(aggregate::get))
        .route("/v1/chain", get(chain::get))
        .route("/v1/deliveries", get(deliveries::list))
        .route("/v1/deliveries/{id}", get(deliveries::get))
        .route("/v1/replays", get(replays::list))
        .route("/v1/replays/{id}", get(replays::show))
        .route("/v1/webhooks", get(webhooks::list))
        .route("/v1/webhooks/{id}", get(webhooks::show))
        .route("/v1/parked", get(parked::list))
        .route("/metrics", get(metrics::get))
        .route_layer(axum::middleware::from_fn(middleware::deadline));
    let admin = Router::new()
        .route("/v1/chain/reload", post(chain::reload))
        .route("/v1/webhooks", post(webhooks::create))
        .route("/v1/webhooks/{id}", patch(webhooks::change).delete(webhooks::delete))
        .route("/v1/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/v1/webhooks/{id}/enable", post(webhooks::enable))
        .route("/v1/webhooks/{id}/replay", post(webhooks::replay))
        .route("/v1/deliveries/{id}/replay", post(deliveries::replay))
        .route("/v1/replays/{id}", delete(replays::cancel))
        .route("/v1/parked/{id}/retry", post(parked::retry))
        .route("/v1/customers/{id}", delete(customers::erase));
    let open = open.route("/healthz", get(health::live)).route("/readyz", get(health::ready));
    let routes = open
        .merge(ingest)
        .merge(scoped(&state, Scope::Read, read))
        .merge(scoped(&state, Scope::Admin, admin))
        .fallback(async || Problem::of_status(StatusCode::NOT_FOUND).into_response())
        .method_not_allowed_fallback(async || Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response());
    middleware::stack(routes, &state).with_state(state)
}

fn scoped(state: &State, scope: Scope, routes: Router<State>) -> Router<State> {
    routes.route_layer(from_fn_with_state((state.clone(), scope), middleware::authorize))
}

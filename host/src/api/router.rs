//! Every route of the service, by the scope that it needs. A route is its handler with `#[utoipa::path(…)]`: what is not
//! described does not compile.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::handlers::{
    aggregate, chain, deliveries, erasure, feedback, health, metrics, openapi, parked, replays, webhooks,
};
use super::openapi::Group;
use super::problem::Problem;
use super::{State, middleware};
use crate::config::Scope;
use crate::intake;

/// The whole service.
pub fn router(state: State) -> Router {
    router_with(state, Router::new())
}

/// The whole service, with routes of others (the console) behind the same middleware. They need no key.
pub fn router_with(state: State, open: impl Into<OpenApiRouter<State>>) -> Router {
    let open = open.into().routes(routes!(health::live)).routes(routes!(health::ready)).routes(routes!(openapi::get));
    // It checks its scope itself: see `auth::Sender`.
    let ingest = OpenApiRouter::default().routes(routes!(intake::post));
    let read = OpenApiRouter::default()
        .routes(routes!(feedback::list))
        .routes(routes!(feedback::get))
        .routes(routes!(aggregate::get))
        .routes(routes!(chain::get))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(replays::list))
        .routes(routes!(replays::show))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::show))
        .routes(routes!(parked::list))
        .routes(routes!(metrics::get))
        .route_layer(axum::middleware::from_fn(middleware::deadline));
    let admin = OpenApiRouter::default()
        .routes(routes!(chain::reload))
        .routes(routes!(webhooks::create))
        .routes(routes!(webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::enable))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::replay))
        .routes(routes!(deliveries::replay))
        .routes(routes!(replays::cancel))
        .routes(routes!(parked::retry))
        .routes(routes!(parked::retry_all))
        .routes(routes!(erasure::customer))
        .routes(routes!(erasure::feedback))
        .route_layer(axum::middleware::from_fn(middleware::to_the_end));
    let (open, of_open) = open.split_for_parts();
    let (ingest, of_ingest) = ingest.split_for_parts();
    let (read, of_read) = read.split_for_parts();
    let (admin, of_admin) = admin.split_for_parts();
    state.openapi.describe(vec![
        Group { scope: None, routes: of_open },
        Group { scope: Some(Scope::Ingest), routes: of_ingest },
        Group { scope: Some(Scope::Read), routes: of_read },
        Group { scope: Some(Scope::Admin), routes: of_admin },
    ]);
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

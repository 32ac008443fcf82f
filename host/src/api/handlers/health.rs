//! `GET /healthz` (the process lives) and `GET /readyz` (it can work).

use axum::Json;
use axum::extract::State as With;
use serde::Serialize;

use super::super::State;
use super::super::problem::{Problem, ProblemType};

/// The process lives.
#[derive(Serialize)]
pub(in crate::api) struct Live {
    status: &'static str,
}

pub(in crate::api) async fn live() -> Json<Live> {
    Json(Live { status: "ok" })
}

/// The service can work.
#[derive(Serialize)]
pub(in crate::api) struct Ready {
    ready: bool,
    store: &'static str,
    chain: &'static str,
    notes: Vec<String>,
}

pub(in crate::api) async fn ready(With(state): With<State>) -> Result<Json<Ready>, Problem> {
    let view = state.readiness.view();
    let failure = state.queue.failure();
    let store = if failure.is_some() { "failed" } else { "ok" };
    let chain = if view.chain_loaded { "loaded" } else { "loading" };
    let why = if failure.is_some() {
        "The store failed, and takes nothing until sayso is restarted."
    } else if view.draining {
        "sayso is about to stop."
    } else if !view.chain_loaded {
        "The chain of plugins is not loaded yet."
    } else {
        return Ok(Json(Ready { ready: true, store, chain, notes: view.notes }));
    };
    let mut problem = Problem::new(ProblemType::Unavailable, why);
    problem.more.internal = failure;
    Err(problem.with("ready", false).with("store", store).with("chain", chain).with("notes", view.notes))
}

//! `GET /healthz` (the process lives) and `GET /readyz` (it can work).

use axum::Json;
use axum::extract::State as With;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::problem::{Problem, ProblemType};

/// The process lives.
#[derive(Serialize, ToSchema)]
#[schema(as = Alive)]
pub(in crate::api) struct Live {
    status: &'static str,
}

/// Whether the process lives.
#[utoipa::path(
    get, path = "/healthz", operation_id = "is_alive", tag = "operations",
    responses((status = 200, description = "It lives.", body = Live, example = json!(Live { status: "ok" }))),
)]
pub(in crate::api) async fn live() -> Json<Live> {
    Json(Live { status: "ok" })
}

/// The service can work.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Ready {
    ready: bool,
    store: &'static str,
    chain: &'static str,
    notes: Vec<String>,
}

impl Ready {
    fn example() -> Self {
        let notes = vec!["no dictionary for `ko`: its texts are parted at spaces".into()];
        Self { ready: true, store: "ok", chain: "loaded", notes }
    }
}

/// Whether the service can work.
#[utoipa::path(
    get, path = "/readyz", operation_id = "is_ready", tag = "operations",
    responses((status = 200, description = "It can.", body = Ready, example = json!(Ready::example()))),
    extensions(("x-problems" = json!(["unavailable"]))),
)]
pub(in crate::api) async fn ready(With(state): With<State>) -> Result<Json<Ready>, Problem> {
    let mut view = state.readiness.view();
    view.notes.append(&mut view.waiting);
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
        // What is there is analysed, delivered and shown all the same.
        let refusal = state.intake.refusal(&*state.queue, &state.config);
        view.notes.extend(refusal.map(|problem| format!("no feedback is taken: {}", problem.detail)));
        return Ok(Json(Ready { ready: true, store, chain, notes: view.notes }));
    };
    let mut problem = Problem::new(ProblemType::Unavailable, why);
    problem.more.internal = failure;
    Err(not_ready(problem, store, chain, view.notes))
}

/// Says that nothing is ready before the chain is.
pub(in crate::api) fn loading(problem: Problem) -> Problem {
    not_ready(problem, "ok", "loading", Vec::new())
}

fn not_ready(problem: Problem, store: &str, chain: &str, notes: Vec<String>) -> Problem {
    problem.with("ready", false).with("store", store).with("chain", chain).with("notes", notes)
}

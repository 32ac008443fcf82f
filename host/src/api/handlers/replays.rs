//! `/v1/replays`: the replays of many deliveries, which `POST /v1/webhooks/{id}/replay` starts.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::openapi::examples;
use super::super::problem::{Problem, ProblemType};
use super::super::query::{Paging, Params};
use super::webhooks;
use crate::records::{DeliveryFilter, Outcomes, Replay, ReplayId, ReplayState};

/// A replay of deliveries of one webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Replay)]
pub(in crate::api) struct View {
    id: ReplayId,
    /// The webhook's name.
    webhook: String,
    /// Which of its deliveries: status, and what else was asked for.
    filter: DeliveryFilter,
    /// `running` until every delivery that fits is back in the queue.
    state: ReplayState,
    /// How many deliveries fitted when it began; null until they are counted.
    #[schema(required = true)]
    total: Option<u64>,
    /// How many were put back into the queue.
    done: u64,
    /// What became of those; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<OutcomesView>,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// Why sayso cancelled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why nothing is sent now, and what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// How the deliveries stand that a replay has put back, but for those that were replayed again since.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayOutcomes)]
struct OutcomesView {
    /// Not tried yet.
    waiting: u64,
    /// Tried without success; they will be tried again.
    retrying: u64,
    delivered: u64,
    /// Tried without success for as long as the schedule says.
    parked: u64,
}

impl From<Outcomes> for OutcomesView {
    fn from(Outcomes { waiting, retrying, delivered, parked }: Outcomes) -> Self {
        Self { waiting, retrying, delivered, parked }
    }
}

impl View {
    pub(super) fn of(replay: Replay, outcomes: Option<Outcomes>, note: Option<String>) -> Self {
        let Replay { id, webhook, filter, state, reason, total, done, started_at, finished_at } = replay;
        // What was parked while it ran was not counted.
        let total = total.map(|total| total.max(done));
        let outcomes = outcomes.map(Into::into);
        Self { id, webhook, filter, state, total, done, outcomes, started_at, finished_at, reason, note }
    }
}

impl View {
    /// As the API's description shows it: one that runs.
    pub(super) fn example() -> Self {
        Self::of(examples::replay(), Some(Outcomes { waiting: 120, retrying: 3, delivered: 1_277, parked: 0 }), None)
    }

    /// Likewise, one that was cancelled.
    fn cancelled() -> Self {
        let (state, finished_at) = (ReplayState::Cancelled, Some(examples::at()));
        Self { state, finished_at, ..Self::example() }
    }
}

/// A page of replays, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayList)]
pub(in crate::api) struct List {
    items: Vec<View>,
    /// Give this back as `after` for the next page; null on the last.
    #[schema(required = true)]
    next: Option<String>,
}

impl List {
    fn example() -> Self {
        Self { items: vec![View { outcomes: None, ..View::example() }], next: None }
    }
}

/// List replays, newest first.
///
/// The newest thousand are kept.
#[utoipa::path(
    get, path = "/v1/replays", operation_id = "list_replays", tag = "replays",
    params(("webhook" = Option<String>, Query, description = "The webhook's name or id."), Paging),
    responses((status = 200, description = "A page of replays.", body = List, example = json!(List::example()))),
)]
pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let params = Params::read(query.as_deref(), &["webhook", "limit", "after"], &[])?;
    let after = params.parse("after", "a cursor that this list gave")?;
    let webhook = webhooks::listed(&state, params.get("webhook"))?;
    let page = state.records.replays(webhook.as_deref(), after, params.limit()?).await?;
    let items = page.items.into_iter().map(|replay| View::of(replay, None, None)).collect();
    Ok(Json(List { items, next: page.next }))
}

/// Show a replay.
///
/// How far it is, and what became of the deliveries that it has put back.
#[utoipa::path(
    get, path = "/v1/replays/{id}", operation_id = "show_replay", tag = "replays",
    params(("id" = ReplayId, Path, description = "The replay.")),
    responses((status = 200, description = "The replay.", body = View, example = json!(View::example()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn show(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    Ok(Json(view(&state, read(&id)?, &id).await?))
}

/// Cancel a replay that runs.
///
/// What it has put back is tried all the same. 409 where it is finished.
#[utoipa::path(
    delete, path = "/v1/replays/{id}", operation_id = "cancel_replay", tag = "replays",
    params(("id" = ReplayId, Path, description = "The replay.")),
    responses((status = 200, description = "The replay as it is now.", body = View, example = json!(View::cancelled()))),
    extensions(("x-problems" = json!(["not-found", "conflict"]))),
)]
pub(in crate::api) async fn cancel(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let of = read(&id)?;
    let is_cancelled = state.switchboard.replayer().cancel(of).await?;
    let view = view(&state, of, &id).await?;
    if !is_cancelled && view.state == ReplayState::Finished {
        let detail = format!("The replay `{id}` is finished: what it was to put back is in the queue.");
        return Err(Problem::new(ProblemType::Conflict, detail));
    }
    Ok(Json(view))
}

async fn view(state: &State, of: ReplayId, id: &str) -> Result<View, Problem> {
    let (replay, outcomes) = state.records.replay(of).await?.ok_or_else(|| missing(id))?;
    let is_waiting = replay.state == ReplayState::Running || outcomes.waiting > 0;
    let note = if is_waiting { note(state, &replay.webhook).await? } else { None };
    Ok(View::of(replay, Some(outcomes), note))
}

/// Why nothing is sent to the webhook of this name now.
async fn note(state: &State, webhook: &str) -> Result<Option<String>, Problem> {
    let set = state.webhooks.live().current();
    let Some(webhook) = set.by_name(webhook) else { return Ok(None) };
    let disabled = state.switchboard.health(webhook).await?.disabled;
    let disabled = disabled.map(|why| format!("The webhook `{}` is disabled: {}.", webhook.name(), why.reason));
    Ok(disabled.or_else(|| state.switchboard.replayer().waits_because(webhook)))
}

fn read(id: &str) -> Result<ReplayId, Problem> {
    id.parse().map_err(|_| missing(id))
}

fn missing(id: &str) -> Problem {
    Problem::new(ProblemType::NotFound, format!("There is no replay `{id}`; GET /v1/replays lists those there are."))
}

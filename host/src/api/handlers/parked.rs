//! `GET /v1/parked`: what was set aside for the operator; `POST /v1/parked/{id}/retry` and `POST /v1/parked/retry`: one
//! feedback or all of it, to be analysed again. Deliveries that were set aside are replayed.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::State;
use super::super::openapi::examples;
use super::super::problem::{Problem, ProblemType};
use super::super::query::{Paging, Params};
use crate::feedback::{Feedback, FeedbackId, Kind, sample};
use crate::queue::{Lane, Parked, Queue};

/// Most bytes of feedback or deliveries on a page, as of other lists; one that is larger comes alone.
const PAGE_BYTES: usize = 8 << 20;
/// So many are read at once: each may be as large as the operator allows.
const AT_ONCE: usize = 32;

/// A page of what was set aside.
#[derive(Serialize, ToSchema)]
#[schema(as = ParkedList)]
pub(in crate::api) struct List {
    lane: String,
    /// How many are set aside in the lane.
    total: u64,
    items: Vec<Item>,
    #[schema(required = true)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ParkedItem)]
struct Item {
    id: Uuid,
    revision: u32,
    parked_at: Timestamp,
    reason: String,
    /// The feedback, in the lane `intake`.
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<Feedback>,
}

impl List {
    fn example() -> Self {
        let (feedback, _) = sample(Kind::Review);
        let item = Item {
            id: feedback.id.0,
            revision: feedback.revision,
            parked_at: examples::at(),
            reason: "plugin `redact` ran out of time".into(),
            feedback: Some(feedback),
        };
        Self { lane: Lane::Intake.to_string(), total: 1, items: vec![item], next: None }
    }
}

/// List what was set aside for the operator.
///
/// Feedback that the chain could not analyse, or deliveries that were given up, oldest first.
#[utoipa::path(
    get, path = "/v1/parked", operation_id = "list_parked", tag = "parked",
    params(
        ("lane" = Option<String>, Query, description = "`intake`, or `delivery/NAME` with the name of a webhook; if absent, `intake`."),
        Paging,
    ),
    responses((status = 200, description = "A page of what is parked.", body = List, example = json!(List::example()))),
)]
pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let params = Params::read(query.as_deref(), &["lane", "limit", "after"], &[])?;
    let (lane, limit) = (lane(&params)?, params.limit()?);
    let after = params.get("after").map(cursor).transpose()?;
    let (items, next) = page(&*state.queue, &lane, after, limit).await?;
    let depth = state.queue.depths().into_iter().find(|(of, _)| *of == lane).map(|(_, depth)| depth);
    Ok(Json(List { lane: lane.to_string(), total: depth.unwrap_or_default().parked, items, next }))
}

/// A page that ends early where its items are large, and where the next one begins.
async fn page(
    queue: &dyn Queue,
    lane: &Lane,
    mut after: Option<(Uuid, u32)>,
    limit: usize,
) -> Result<(Vec<Item>, Option<String>), Problem> {
    let (mut items, mut bytes) = (Vec::new(), 0);
    loop {
        let parked = queue.parked(lane, after, AT_ONCE).await?;
        let is_all = parked.len() < AT_ONCE;
        for one in parked {
            bytes += one.body.len();
            if items.len() == limit || (bytes > PAGE_BYTES && !items.is_empty()) {
                return Ok((items, after.map(|(id, revision)| format!("{id}.{revision}"))));
            }
            after = Some((one.id, one.revision));
            items.push(item(lane, one));
        }
        if is_all {
            return Ok((items, None));
        }
    }
}

fn item(lane: &Lane, Parked { id, revision, parked_at, reason, body }: Parked) -> Item {
    let read = || serde_json::from_slice(&body).ok();
    // Which one it is, is written beside it in the queue, and not in it.
    let feedback = (*lane == Lane::Intake).then(read).flatten();
    let feedback = feedback.map(|feedback| Feedback { id: FeedbackId(id), revision, ..feedback });
    Item { id, revision, parked_at, reason, feedback }
}

fn lane(params: &Params<'_>) -> Result<Lane, Problem> {
    let text = params.get("lane").unwrap_or("intake");
    let bad = || {
        Problem::parameter(
            "lane",
            format!("`{text}` is neither `intake` nor `delivery/NAME` with the name of a webhook"),
        )
    };
    Lane::parse(text).ok_or_else(bad)
}

fn cursor(text: &str) -> Result<(Uuid, u32), Problem> {
    let read = text.split_once('.').and_then(|(id, revision)| Some((id.parse().ok()?, revision.parse().ok()?)));
    read.ok_or_else(|| Problem::parameter("after", format!("`{text}` is not a cursor that this list gave")))
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Retried {
    id: String,
    lane: String,
    status: &'static str,
}

impl Retried {
    fn example() -> Self {
        let (feedback, _) = sample(Kind::Review);
        Self { id: feedback.id.to_string(), lane: Lane::Intake.to_string(), status: "waiting" }
    }
}

/// Have feedback that was set aside analysed again.
///
/// Deliveries that were set aside are made again by POST /v1/deliveries/{id}/replay.
#[utoipa::path(
    post, path = "/v1/parked/{id}/retry", operation_id = "retry_parked", tag = "parked",
    params(
        ("id" = String, Path, description = "The feedback."),
        ("lane" = Option<String>, Query, description = "`intake`, as where it is absent."),
    ),
    responses((status = 200, description = "It waits for the chain.", body = Retried, example = json!(Retried::example()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn retry(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Retried>, Problem> {
    let params = Params::read(query.as_deref(), &["lane"], &[])?;
    let lane = lane(&params)?;
    let replay = || format!("deliveries are made again by POST /v1/deliveries/{id}/replay");
    if lane != Lane::Intake {
        return Err(Problem::parameter("lane", format!("is not `intake`; {}", replay())));
    }
    let missing = || {
        let what = if id.starts_with("dlv_") { replay() } else { "GET /v1/parked lists what is".into() };
        Problem::new(ProblemType::NotFound, format!("No feedback with the id `{id}` is parked; {what}."))
    };
    let uuid: Uuid = id.parse().map_err(|_| missing())?;
    if !state.queue.unpark(&lane, uuid).await? {
        return Err(missing());
    }
    Ok(Json(Retried { lane: lane.to_string(), id, status: "waiting" }))
}

/// How many wait again.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct AllRetried {
    lane: String,
    /// How many pieces of feedback wait for the chain again.
    retried: u64,
}

/// Have all feedback that was set aside analysed again.
///
/// For after the chain was mended: what fails again is set aside again. Deliveries that were set aside are made again by
/// POST /v1/webhooks/{id}/replay.
#[utoipa::path(
    post, path = "/v1/parked/retry", operation_id = "retry_all_parked", tag = "parked",
    responses((status = 200, description = "It waits for the chain.", body = AllRetried, example = json!(AllRetried { lane: Lane::Intake.to_string(), retried: 12 }))),
)]
pub(in crate::api) async fn retry_all(
    With(state): With<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<AllRetried>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let (lane, mut after, mut retried) = (Lane::Intake, None, 0);
    loop {
        let parked = state.queue.parked(&lane, after, AT_ONCE).await?;
        // By id, so that what is set aside again meanwhile is not met again.
        after = parked.last().map(|last| (last.id, last.revision));
        let mut ids: Vec<_> = parked.iter().map(|one| one.id).collect();
        ids.dedup();
        let back = try_join_all(ids.into_iter().map(|id| state.queue.unpark(&lane, id))).await?;
        retried += back.into_iter().map(u64::from).sum::<u64>();
        if parked.len() < AT_ONCE {
            return Ok(Json(AllRetried { lane: lane.to_string(), retried }));
        }
    }
}

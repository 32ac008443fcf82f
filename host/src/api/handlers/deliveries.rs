//! `GET /v1/deliveries`, `GET /v1/deliveries/{id}` and `POST /v1/deliveries/{id}/replay`.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::openapi::examples;
use super::super::problem::{Problem, ProblemType};
use super::super::query::{Paging, Params};
use super::webhooks;
use crate::delivery::replay::{NotReplayed, One};
use crate::feedback::DeliveryId;
use crate::records::{Delivery, DeliveryFilter, DeliveryStatus};

/// A page of deliveries, those that became due last first. Of each the newest 20 attempts are shown, without what was
/// answered: `GET /v1/deliveries/{id}` has that.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryList)]
pub(in crate::api) struct List {
    items: Vec<Delivery>,
    /// Give this back as `after` for the next page; null on the last.
    #[schema(required = true)]
    next: Option<String>,
}

impl List {
    fn example() -> Self {
        let mut delivery = examples::delivery();
        delivery.attempts.iter_mut().for_each(|attempt| attempt.response = None);
        Self { items: vec![delivery], next: None }
    }
}

/// List deliveries, those that became due last first.
///
/// Filters that are given together have all to fit. Of each delivery the newest 20 attempts are shown, without what was
/// answered.
#[utoipa::path(
    get, path = "/v1/deliveries", operation_id = "list_deliveries", tag = "deliveries",
    params(DeliveryFilter, Paging),
    responses((status = 200, description = "A page of deliveries.", body = List, example = json!(List::example()))),
)]
pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let known = ["webhook", "status", "feedback", "route", "kind", "event", "since", "until", "limit", "after"];
    let params = Params::read(query.as_deref(), &known, &[])?;
    let text = |name| params.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let filter = DeliveryFilter {
        webhook: webhooks::listed(&state, params.get("webhook"))?,
        status: params.word("status")?,
        feedback: params.parse("feedback", "an id of feedback")?,
        route: text("route"),
        kind: params.word("kind")?,
        event: text("event"),
        since: params.time("since")?,
        until: params.time("until")?,
    };
    let page = state.records.deliveries(&filter, params.get("after"), params.limit()?).await?;
    Ok(Json(List { items: page.items, next: page.next }))
}

/// Show a delivery with its attempts.
///
/// The newest 200, each with the beginning of what was answered.
#[utoipa::path(
    get, path = "/v1/deliveries/{id}", operation_id = "show_delivery", tag = "deliveries",
    params(("id" = DeliveryId, Path, description = "The delivery, as in `webhook-id`.")),
    responses((status = 200, description = "The delivery.", body = Delivery, example = json!(examples::delivery()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn get(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Delivery>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let of = read(&id)?;
    state.records.delivery(of).await?.map(Json).ok_or_else(|| missing(&id))
}

/// A delivery that is made again.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayedDelivery)]
pub(in crate::api) struct Replayed {
    /// The delivery, whose id is the `webhook-id` of every attempt.
    id: DeliveryId,
    webhook: String,
    /// How it stands now.
    status: DeliveryStatus,
    /// The number of the last attempt so far, 0 without one: the next ones have higher numbers.
    last_attempt: u32,
    /// Why it waits nevertheless, and for what.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Replayed {
    fn example() -> Self {
        let Delivery { id, webhook, .. } = examples::delivery();
        Self { id, webhook, status: DeliveryStatus::Pending, last_attempt: 2, note: None }
    }
}

/// Have a delivery made again, with the same `webhook-id`.
///
/// A new series of attempts where it was parked or delivered, the next attempt at once where it waits for its time. Each
/// request leads to another attempt. 409 where nothing can be sent: the webhook is disabled or gone, or the feedback
/// was erased.
#[utoipa::path(
    post, path = "/v1/deliveries/{id}/replay", operation_id = "replay_delivery", tag = "deliveries",
    params(("id" = DeliveryId, Path, description = "The delivery, as in `webhook-id`.")),
    responses((status = 202, description = "It is in the queue, on stable storage.", body = Replayed, example = json!(Replayed::example()))),
    extensions(("x-problems" = json!(["not-found", "conflict"]))),
)]
pub(in crate::api) async fn replay(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let One { before, note } = state.switchboard.replayer().one(read(&id)?).await.map_err(|why| refused(why, &id))?;
    let last_attempt = before.attempts.last().map_or(0, |attempt| attempt.number);
    let status = DeliveryStatus::Pending;
    Ok((StatusCode::ACCEPTED, Json(Replayed { id: before.id, webhook: before.webhook, status, last_attempt, note })))
}

fn read(id: &str) -> Result<DeliveryId, Problem> {
    id.parse().map_err(|_| missing(id))
}

fn missing(id: &str) -> Problem {
    Problem::new(ProblemType::NotFound, format!("There is no delivery with the id `{id}`."))
}

/// The problem that a refused replay of this delivery, or of those of this webhook, is.
pub(super) fn refused(why: NotReplayed, id: &str) -> Problem {
    let detail = match why {
        NotReplayed::Missing => return missing(id),
        NotReplayed::Queue(error) => return error.into(),
        NotReplayed::Records(error) => return error.into(),
        NotReplayed::NoWebhook(name) => {
            format!(
                "There is no webhook `{name}` any more. Where it stood in the configuration file, put it back there, and \
                 replay it then."
            )
        }
        NotReplayed::Disabled { webhook, reason } => format!(
            "The webhook `{webhook}` is disabled, so that nothing is sent: {reason}. When its receiver works again, \
             POST /v1/webhooks/{webhook}/enable, and replay then."
        ),
        NotReplayed::NoContent(why) => format!("There is nothing left to deliver: {why}."),
        NotReplayed::Waits => {
            "It waits already, and is tried as soon as its turn comes, which `health` of its webhook may put off, such as while it is paused.".to_owned()
        }
    };
    Problem::new(ProblemType::Conflict, detail)
}

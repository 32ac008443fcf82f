//! `POST /v1/webhooks/{id}/replay`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::super::State;
use super::super::super::problem::{Problem, ProblemType};
use super::super::super::query::{Params, time};
use super::super::{deliveries, replays::View};
use super::body;
use crate::delivery::webhooks::written;
use crate::feedback::Kind;
use crate::records::{Begun, DeliveryFilter, DeliveryStatus, Outcomes};

/// Which deliveries are replayed; what is not given does not filter.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReplayRequest)]
struct Wanted {
    /// How they stand; `parked` if absent. Those that are `pending` are tried at once.
    status: Option<DeliveryStatus>,
    /// A route of the analysis that is delivered.
    route: Option<String>,
    /// The kind of the feedback.
    kind: Option<Kind>,
    /// The type of the event.
    event: Option<String>,
    /// Due at or after this time or date.
    since: Option<String>,
    /// Due before this time or date; what becomes due after the request is left out in any case.
    until: Option<String>,
}

/// Start a replay of the webhook's deliveries that fit.
///
/// Each is made again with its `webhook-id`, the oldest first, in the background and over restarts. It takes the id or the
/// name of the webhook. 409 while another replay of it runs, which `replay` names, and where it is disabled.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    request_body(content = Option<Wanted>, description = "Which deliveries; those that are parked, where nothing is said.", example = json!({ "status": "parked", "route": "care", "since": "2026-01-01" })),
    responses((
        status = 202, description = "The replay, which runs.", body = View,
        headers(("location" = String, description = "Its path.")),
        example = json!(View::example()),
    )),
    extensions(("x-problems" = json!(["not-found", "conflict", "malformed-body", "too-large", "body-timeout", "unsupported-media-type"]))),
)]
pub(in crate::api) async fn replay(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let webhook = super::of(&state, &id)?;
    let filter = understand(body::object(&headers, body).await?)?;
    let replayer = state.switchboard.replayer();
    let begun = replayer.start(&webhook, filter).await;
    let replay = match begun.map_err(|why| deliveries::refused(why, &id))? {
        Begun::New(replay) => *replay,
        Begun::Running(running) => {
            let detail = format!(
                "The replay {running} of the webhook `{}` runs; wait for it (GET /v1/replays/{running}), or cancel it \
                 (DELETE /v1/replays/{running}).",
                webhook.name()
            );
            return Err(Problem::new(ProblemType::Conflict, detail).with("replay", running.to_string()));
        }
    };
    let location = [(header::LOCATION, format!("/v1/replays/{}", replay.id))];
    let view = View::of(replay, Some(Outcomes::default()), replayer.waits_because(&webhook));
    Ok((StatusCode::ACCEPTED, location, Json(view)).into_response())
}

fn understand(written: Map<String, Value>) -> Result<DeliveryFilter, Problem> {
    let wanted: Wanted = written::read(written).map_err(|fault| Problem::parameter(&fault.field, fault.message))?;
    let read = |name, text: Option<String>| text.map(|text| time(name, &text)).transpose();
    let (since, until) = (read("since", wanted.since)?, read("until", wanted.until)?);
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(Problem::parameter("until", "has to be later than `since`"));
    }
    let Wanted { status, route, kind, event, .. } = wanted;
    for (name, text) in [("route", &route), ("event", &event)] {
        if text.as_ref().is_some_and(String::is_empty) {
            return Err(Problem::parameter(name, "is empty, and would fit none; leave it out for all"));
        }
    }
    Ok(DeliveryFilter { status, route, kind, event, since, until, ..DeliveryFilter::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_filter_that_would_fit_none_is_refused() {
        for name in ["route", "event"] {
            let Value::Object(asked) = json!({ name: "" }) else { unreachable!("it is an object") };
            let Err(problem) = understand(asked) else { panic!("`{name}` is taken") };
            assert!(problem.detail.contains(name), "{problem:?}");
        }
        let Value::Object(asked) = json!({ "route": "care" }) else { unreachable!("it is an object") };
        assert!(understand(asked).is_ok());
    }
}

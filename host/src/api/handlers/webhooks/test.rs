//! `POST /v1/webhooks/{id}/test`

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::super::State;
use super::super::super::openapi::examples;
use super::super::super::problem::{Problem, ProblemType};
use super::super::super::query::Params;
use super::body;
use crate::delivery::formats::standard::ANALYZED;
use crate::delivery::shown::without_secrets;
use crate::delivery::trial::{self, About, NotTested, Trial, Wanted};
use crate::delivery::webhooks::{KNOWN_EVENTS, Webhook, WebhookId, written};
use crate::feedback::{FeedbackId, Kind, sample};
use crate::records::Attempt;

/// What the test is to send.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = TestRequest)]
struct Asked {
    /// The feedback to tell of; if absent, the newest on record that the webhook wants, or a sample where there is none.
    feedback: Option<FeedbackId>,
    /// The type of the event; if absent, the first that the webhook wants.
    event: Option<String>,
}

/// What came of a test delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = TestOutcome)]
pub(in crate::api) struct Outcome {
    /// Whether the receiver took it: it answered 2xx, whole and within the time limit. Nothing else is success.
    delivered: bool,
    /// What came of it, in words.
    explanation: String,
    webhook: Tested,
    /// The type of the event that was sent.
    event: String,
    /// What it was about; absent for an event about a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<Told>,
    /// Absent where nothing was sent, because the event cannot be put into the webhook's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Sent>,
    attempt: Attempt,
    /// What else there is to know, such as that the webhook is paused.
    notes: Vec<String>,
}

/// The webhook that was tested.
#[derive(Serialize, ToSchema)]
#[schema(as = TestedWebhook)]
struct Tested {
    id: WebhookId,
    name: String,
}

/// The feedback that a test delivery was about.
#[derive(Serialize, ToSchema)]
#[schema(as = TestedFeedback)]
struct Told {
    id: FeedbackId,
    /// Whether no customer gave it.
    sample: bool,
    /// Whether the webhook's filter lets it through.
    wanted: bool,
}

impl From<About> for Told {
    fn from(About { id, is_sample, is_wanted }: About) -> Self {
        Self { id, sample: is_sample, wanted: is_wanted }
    }
}

/// The request as it was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = TestSent)]
struct Sent {
    method: &'static str,
    /// As the webhook shows it: without what may be a credential.
    url: String,
    /// But those that the connection adds; `…` stands for a value that is secret.
    headers: BTreeMap<String, String>,
    /// Exactly what was signed.
    body: String,
}

/// Send a test delivery, and tell the true outcome.
///
/// A real delivery, built, signed and sent as every other, also where the webhook is paused or disabled. Its header
/// `sayso-test: true` and its `webhook-id`, which begins with `tst_`, tell it from others. It ends within the time
/// limit of an attempt, counts for nothing, and is not on record; one at a time for each webhook. The answer is 200
/// whatever the receiver does: `delivered` says whether it took it. It takes the id or the name.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    request_body(content = Option<Asked>, description = "What to send, where that matters.", example = json!({ "feedback": "0198c0de-0000-7000-8000-000000000001" })),
    responses((status = 200, description = "What came of it.", body = Outcome, examples(
        ("delivered" = (summary = "The receiver took it", value = json!(Outcome::example(200)))),
        ("refused" = (summary = "The receiver refused it", value = json!(Outcome::example(401)))),
    ))),
    extensions(("x-problems" = json!(["not-found", "conflict", "malformed-body", "too-large", "body-timeout", "unsupported-media-type"]))),
)]
pub(in crate::api) async fn test(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Outcome>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let asked = asked(&headers, body).await?;
    let webhook = super::of(&state, &id)?;
    let trial = state.switchboard.test(&webhook, &asked).await.map_err(|why| not_tested(why, &webhook))?;
    tracing::info!(webhook = %webhook.name(), delivered = trial.is_delivered, "a webhook was tested");
    let is_disabled = state.switchboard.health(&webhook).await?.disabled.is_some();
    Ok(Json(Outcome::of(&webhook, trial, is_disabled)))
}

async fn asked(headers: &HeaderMap, body: Body) -> Result<Wanted, Problem> {
    let written = body::object(headers, body).await?;
    let Asked { feedback, event } =
        written::read(written).map_err(|fault| Problem::parameter(&fault.field, fault.message))?;
    Ok(Wanted { event, feedback })
}

impl Outcome {
    /// As the API's description shows it: of a receiver that answers with this status.
    fn example(status: u16) -> Self {
        let (feedback, _) = sample(Kind::Review);
        let attempt = Attempt { number: 1, ..examples::attempt(status) };
        let headers = [
            ("content-type", "application/json"),
            ("sayso-test", "true"),
            ("webhook-id", "tst_0198c0de00007000800000000000000b"),
            ("webhook-timestamp", "1767323045"),
            ("webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
        ];
        let trial = Trial {
            id: headers[2].1.into(),
            event: ANALYZED.into(),
            feedback: Some(About { id: feedback.id, is_sample: false, is_wanted: true }),
            sent: Some(trial::Sent {
                headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                body: r#"{"type":"feedback.analyzed","timestamp":"2026-01-02T03:04:05.678Z","data":{…}}"#.into(),
            }),
            is_delivered: attempt.error.is_none(),
            attempt,
        };
        let webhook = Tested { id: examples::webhook_id(), name: "crm".into() };
        Self::new(webhook, "https://crm.example.com/hooks/sayso", trial, Vec::new())
    }

    fn of(webhook: &Webhook, trial: Trial, is_disabled: bool) -> Self {
        let notes = notes(webhook, &trial, is_disabled);
        let tested = Tested { id: webhook.id, name: webhook.name().to_string() };
        Self::new(tested, &webhook.settings.url, trial, notes)
    }

    fn new(webhook: Tested, url: &str, trial: Trial, notes: Vec<String>) -> Self {
        let sent = |trial::Sent { headers, body }| Sent { method: "POST", url: without_secrets(url), headers, body };
        Self {
            delivered: trial.is_delivered,
            explanation: explanation(&trial),
            webhook,
            event: trial.event,
            feedback: trial.feedback.map(Told::from),
            request: trial.sent.map(sent),
            attempt: trial.attempt,
            notes,
        }
    }
}

fn explanation(trial: &Trial) -> String {
    let (status, latency) = (trial.attempt.status.unwrap_or_default(), trial.attempt.latency_ms);
    match &trial.attempt.error {
        Some(error) if trial.sent.is_none() => format!("Not delivered: {error}."),
        None => format!("The receiver took it: status {status} after {latency} ms."),
        Some(error) => format!("Not delivered after {latency} ms: {error}."),
    }
}

fn notes(webhook: &Webhook, trial: &Trial, is_disabled: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if webhook.settings.paused {
        notes.push("The webhook is paused: deliveries wait until it is resumed.".to_owned());
    }
    if is_disabled {
        notes.push("The webhook is disabled: deliveries wait until POST /v1/webhooks/{id}/enable.".to_owned());
    }
    let is_wanted = trial.feedback.map_or_else(|| webhook.filter.wants_event(&trial.event), |about| about.is_wanted);
    if !is_wanted {
        notes.push("The webhook's filter does not let this one through: it is not delivered but in a test.".to_owned());
    }
    if trial.feedback.is_some_and(|about| about.is_sample) {
        notes.push("A sample was sent, since nothing on record is what the webhook wants.".to_owned());
    }
    notes
}

fn not_tested(why: NotTested, webhook: &Webhook) -> Problem {
    let detail = match &why {
        NotTested::Busy => format!("A test delivery to `{}` is under way; try again when it is over.", webhook.name()),
        NotTested::Faulty => {
            format!("The webhook `{}` cannot be called; `errors` says what to fix first.", webhook.name())
        }
        NotTested::UnknownEvent(event) => {
            format!("`event`: there is no event `{event}`; those there are: {}.", KNOWN_EVENTS.join(", "))
        }
        NotTested::NotOfFeedback(event) => {
            format!("`feedback`: `{event}` is sent of a sample; leave `feedback` out, or ask for `feedback.analyzed`.")
        }
        NotTested::NoFeedback(id) => {
            format!("There is no analysed feedback with the id `{id}`; GET /v1/feedback/{id} says where it is.")
        }
        NotTested::Records(_) | NotTested::Unwritable(_) => String::new(),
    };
    match why {
        NotTested::Busy => Problem::new(ProblemType::Conflict, detail).retry_after(1),
        NotTested::Faulty => {
            let mut problem = Problem::new(ProblemType::Conflict, detail);
            problem.more.errors.clone_from(&webhook.faults);
            problem
        }
        NotTested::UnknownEvent(_) | NotTested::NotOfFeedback(_) => Problem::new(ProblemType::InvalidRequest, detail),
        NotTested::NoFeedback(_) => Problem::new(ProblemType::NotFound, detail),
        NotTested::Records(error) => error.into(),
        NotTested::Unwritable(error) => Problem::internal(format!("a test delivery cannot be written: {error}")),
    }
}

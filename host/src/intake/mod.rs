//! HTTP in: `POST /v1/feedback` validates feedback and publishes it to the queue.
//!
//! ```text
//! ask (headers, query) ─▶ pressure ─▶ source (bytes, expanded, bounded) ─▶ items ─▶ validate ─▶ publisher ─▶ queue
//!                                                                                                  │
//!                                       answer ◀─ wait (for the analyses, if asked) ◀─ outcome ◀───┘
//! ```
//!
//! - [`ask`]: what the request's head asks for.
//! - [`source`]: the body, expanded, with limits on size and time.
//! - [`lines`]: NDJSON cut into lines; tables are cut by [`crate::feedback::csv`].
//! - [`read`]: every item of a body, validated and handed to the publisher.
//! - [`publisher`]: chunks of messages on their way to the queue while the body is still being read.
//! - [`outcome`]: what became of every item, 16 bytes each; [`answer`] writes it out.
//! - [`idempotency`]: requests that are sent again.
//! - [`wait`]: `Prefer: wait=N`.
//! - [`pressure`]: when to say 429 or 503.
//! - [`events`]: what is counted.
//! - [`described`]: bodies and answers, for the API's description.
//!
//! Invariants: an id is answered only after `publish` returned it. One bad item never loses another. A body is never
//! held as a whole unless it is one JSON document within `server.max_body_bytes`.

mod answer;
mod ask;
mod described;
mod events;
mod idempotency;
pub(crate) mod lines;
mod outcome;
mod pressure;
mod publisher;
mod read;
mod room;
mod source;
mod wait;

use axum::extract::{Request, State as With};
use axum::response::Response;
use http::HeaderValue;

use crate::api::State;
use crate::api::auth::{Caller, Sender};
use crate::api::idempotency::{REPLAYED, mismatch};
use crate::api::problem::Problem;
use crate::config::Config;
use crate::feedback::Kind;
use crate::feedback::validate::Limits;
use crate::queue::{ANSWERS_KEPT, Queue, StoredAnswer};

use ask::{Ask, Format};
use described::{AcceptedBody, AnalyzedBody, FeedbackBody};
use idempotency::{InFlight, Key};
use outcome::Outcome;
use pressure::Pressure;
use publisher::Publisher;
use room::Room;
use source::Source;

/// What intake remembers over requests.
#[derive(Debug, Default)]
pub struct Shared {
    in_flight: InFlight,
    pressure: Pressure,
    room: Room,
    items: events::Items,
}

impl Shared {
    /// Why nothing is taken now, where that is so.
    pub fn refusal(&self, queue: &dyn Queue, config: &Config) -> Option<Problem> {
        self.pressure.check(queue, config).err()
    }
}

/// Send feedback.
///
/// One JSON object, an array of them, NDJSON (also as `application/ndjson`, `application/jsonl` and
/// `application/x-jsonlines`) or a CSV table, plain or packed with gzip or zstd. The answer is 202 once every accepted
/// item is on stable storage. One bad item loses no other: of several, those that are refused are listed beside those
/// that are accepted. Feedback with the same `external_id` and `source.type` as before is the same feedback: unchanged
/// it is a duplicate, changed a new revision.
#[utoipa::path(
    post, path = "/v1/feedback", operation_id = "send_feedback", tag = "feedback",
    params(
        ("kind" = Option<Kind>, Query, description = "CSV only: the kind of every row, where the table has no column for it."),
        ("map" = Option<Vec<String>>, Query, description = "CSV only, may be repeated: `COLUMN:FIELD`, for example `Stars:rating.value`."),
        ("set" = Option<Vec<String>>, Query, description = "CSV only, may be repeated: `FIELD=VALUE` for rows that do not tell it, for example `source.type=trustpilot` or `rating.max=10`."),
        ("dates" = Option<String>, Query, description = "CSV only: `mdy` or `dmy`, for dates such as 05/01/2026. Others are read as they are written; times without an offset are in UTC."),
        ("delimiter" = Option<String>, Query, description = "CSV only: `comma`, `semicolon`, `tab` or `pipe`, where the header does not tell what parts the columns."),
        ("content-encoding" = Option<String>, Header, description = "`gzip` or `zstd`, where the body is packed."),
        ("prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the analyses, and answers 200 with them; 202 where they are not all there by then, or where there are more than 1,000 items."),
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters: the same request with the same key within 24 h has the same answer, and does nothing more.", max_length = 255),
    ),
    request_body(description = "The feedback.", content(
        (FeedbackBody = "application/json", examples(
            ("review" = (summary = "A review", value = json!(described::sent(Kind::Review)))),
            ("survey" = (summary = "A survey response", value = json!(described::sent(Kind::Survey)))),
            ("note" = (summary = "A note of a representative", value = json!(described::sent(Kind::CsrNote)))),
            ("several" = (summary = "Several at once", value = json!([described::sent(Kind::Review), described::sent(Kind::Survey)]))),
        )),
        (String = "application/x-ndjson", example = json!("{\"kind\":\"review\",\"text\":\"Lovely tea\"}\n{\"kind\":\"review\",\"text\":\"Cold tea\"}\n")),
        (String = "text/csv", example = json!("kind,text,rating.value\nreview,Lovely tea,5\nreview,Cold tea,2\n")),
    )),
    responses(
        (status = 202, description = "What was accepted is on stable storage, and waits for the chain.", body = AcceptedBody, headers(
            ("location" = String, description = "Where it is, where one object was sent."),
            ("idempotency-replayed" = String, description = "`true` where the answer is that of an earlier request."),
        ), examples(
            ("one" = (summary = "One object", value = json!(described::Accepted::example()))),
            ("several" = (summary = "Several", value = json!(described::AcceptedBatch::example()))),
        )),
        (status = 200, description = "The analyses, where `Prefer: wait` asked for them.", body = AnalyzedBody, headers(
            ("location" = String, description = "Where it is, where one object was sent."),
            ("preference-applied" = String, description = "The wait, for example `wait=10`."),
            ("idempotency-replayed" = String, description = "`true` where the answer is that of an earlier request."),
        ), examples(
            ("one" = (summary = "One object", value = json!(described::Analyzed::example()))),
            ("several" = (summary = "Several", value = json!(described::AnalyzedBatch::example()))),
        )),
    ),
    extensions(("x-problems" = json!([
        "invalid-feedback", "malformed-body", "unsupported-media-type", "too-large", "body-timeout",
        "idempotency-conflict", "idempotency-mismatch", "overloaded",
    ]))),
)]
pub(crate) async fn post(
    With(state): With<State>,
    Sender(caller): Sender,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let mut source = Source::new(body, &head.headers, &state.intake.room);
    let result = match Ask::read(&head) {
        Ok(ask) => take(&state, &caller, &ask, &mut source).await,
        Err(problem) => Err(problem),
    };
    result.inspect_err(|problem| events::refused(problem.kind))
}

/// Takes one request.
async fn take(state: &State, caller: &Caller, ask: &Ask, source: &mut Source) -> Result<Response, Problem> {
    state.intake.pressure.check(&*state.queue, &state.config)?;
    source.expand(ask.encoding)?;
    let Some(key) = &ask.idempotency_key else {
        let (outcome, _) = accept(state, ask, source, None).await?;
        return answer_to(state, ask, outcome).await;
    };
    let key = Key::new(caller.0.as_deref().unwrap_or_default(), key);
    let _guard = state.intake.in_flight.begin(&key)?;
    Box::pin(take_keyed(state, ask, source, &key)).await
}

/// Takes a request with an `Idempotency-Key`, which no other is being taken with.
async fn take_keyed(state: &State, ask: &Ask, source: &mut Source, key: &Key) -> Result<Response, Problem> {
    source.hash(&ask.fingerprint());
    if let Some(kept) = state.queue.recall(key.stored()).await? {
        return replay(state, ask, source, &kept).await;
    }
    let (outcome, digest) = accept(state, ask, source, Some(key)).await?;
    if let (Some(digest), Some(answer)) = (digest, outcome.to_bytes()) {
        state
            .queue
            .remember(key.stored(), StoredAnswer { digest, answer, details: outcome.details() }, ANSWERS_KEPT)
            .await?;
    }
    answer_to(state, ask, outcome).await
}

/// Publishes every item of the body.
async fn accept(
    state: &State,
    ask: &Ask,
    source: &mut Source,
    key: Option<&Key>,
) -> Result<(Outcome, Option<[u8; 32]>), Problem> {
    let limits = Limits::from(&state.config.server);
    let publisher = Publisher::new(state, key);
    let outcome = match &ask.format {
        Format::Json { sniffed } => {
            let body = source.all(state.config.server.max_body_bytes, *sniffed).await?;
            read::json(body, publisher, &limits).await?
        }
        // Boxed, so that the future of a single post, which is moved about, does not have their size.
        Format::Ndjson => Box::pin(read::ndjson(source.limited(&state.config.server), publisher, &limits)).await?,
        Format::Csv(mapping) => {
            Box::pin(read::csv(source.limited(&state.config.server), mapping, publisher, &limits)).await?
        }
    };
    Ok((outcome, source.digest()))
}

/// Answers a request that was answered before, if it is the same.
async fn replay(state: &State, ask: &Ask, source: &mut Source, kept: &StoredAnswer) -> Result<Response, Problem> {
    match &ask.format {
        Format::Json { sniffed } => drop(source.all(state.config.server.max_body_bytes, *sniffed).await?),
        Format::Ndjson | Format::Csv(_) => source.limited(&state.config.server).skip().await?,
    }
    if source.digest() != Some(kept.digest) {
        return Err(mismatch());
    }
    let outcome = Outcome::from_bytes(&kept.answer, kept.details.as_deref())
        .ok_or_else(|| Problem::internal("a kept answer cannot be read"))?;
    let mut response = answer_to(state, ask, outcome).await?;
    response.headers_mut().insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    Ok(response)
}

async fn answer_to(state: &State, ask: &Ask, outcome: Outcome) -> Result<Response, Problem> {
    let Some(time) = ask.wait else { return answer::accepted(outcome, wait::Parked::default()) };
    match Box::pin(wait::analyses(state, &outcome, time)).await? {
        wait::Waited::All(items) => answer::analysed(&outcome, &items, time),
        wait::Waited::NotAll(parked) => answer::accepted(outcome, parked),
    }
}

#[cfg(test)]
mod tests;

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
//!
//! Invariants: an id is answered only after `publish` returned it. One bad item never loses another. A body is never
//! held as a whole unless it is one JSON document within `server.max_body_bytes`.

mod answer;
mod ask;
mod events;
mod idempotency;
pub(crate) mod lines;
mod outcome;
mod pressure;
mod publisher;
mod read;
mod source;
mod wait;

use std::time::Duration;

use axum::extract::{Request, State as With};
use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::api::State;
use crate::api::auth::{Caller, Sender};
use crate::api::problem::{Problem, ProblemType};
use crate::feedback::validate::Limits;
use crate::queue::StoredAnswer;

use ask::{Ask, Format};
use idempotency::{InFlight, Key};
use outcome::Outcome;
use pressure::Pressure;
use publisher::Publisher;
use source::Source;

/// How long the answer to an `Idempotency-Key` is kept.
const KEEP: Duration = Duration::from_secs(24 * 3600);

static IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What intake remembers over requests.
#[derive(Debug, Default)]
pub struct Shared {
    in_flight: InFlight,
    pressure: Pressure,
    items: events::Items,
}

/// `POST /v1/feedback`
pub(crate) async fn post(
    With(state): With<State>,
    Sender(caller): Sender,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let mut source = Source::new(body, &head.headers);
    let result = match Ask::read(&head) {
        Ok(ask) => take(&state, &caller, &ask, &mut source).await,
        Err(problem) => Err(problem),
    };
    result.inspect_err(|problem| {
        events::refused(problem.kind);
        source.linger();
    })
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
        state.queue.remember(key.stored(), StoredAnswer { digest, answer, details: outcome.details() }, KEEP).await?;
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
            read::json(&body, publisher, &limits).await?
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
        let detail = "This Idempotency-Key was used for another request within the last 24 hours; use a new key for a new request.";
        return Err(Problem::new(ProblemType::IdempotencyMismatch, detail));
    }
    let outcome = Outcome::from_bytes(&kept.answer, kept.details.as_deref())
        .ok_or_else(|| Problem::internal("a kept answer cannot be read"))?;
    let mut response = answer_to(state, ask, outcome).await?;
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED.clone(), HeaderValue::from_static("true"));
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

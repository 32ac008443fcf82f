//! A test delivery: one real attempt at a webhook, by what makes every other delivery, to see whether it arrives.
//!
//! - The format of the webhook, the signature, the client with its address policy, and the limits are those of any
//!   delivery. A receiver tells it by the header [`TEST_HEADER`], and by its `webhook-id`, which is signed and begins with `tst_`: it is no
//!   repetition of the real delivery, nor is that one of it.
//! - It tells the feedback that is asked for; else the newest on record that the webhook wants; else a sample, whose
//!   source and customer are [`SAMPLE`](crate::feedback::SAMPLE), so that nobody takes it for a customer's.
//! - One at a time for each webhook. It counts for neither breaker nor health, and is no delivery in the records: its
//!   outcome is told to who asked, and nobody else has to wonder about it.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, PoisonError},
};

use http::HeaderMap;
use jiff::Timestamp;
use uuid::Uuid;

pub use super::{client::TEST_HEADER, shown::MASK};
use super::{
    client::{Tested, Verdict},
    formats::{Data, Event, EventId, Outgoing, Unfit, standard::ANALYZED},
    webhooks::{
        Candidate, KNOWN_EVENTS, Webhook, WebhookId,
        notice::{DISABLED, Notice, PARKED},
    },
};
use crate::{
    feedback::{Analysis, Feedback, FeedbackId, Kind, sample},
    records::{Attempt, Filter, Payload, Records, RecordsError},
};

/// How much of what is on record is looked through for something that the webhook wants.
const LOOK_BACK: usize = 100;

/// What a test delivery is to tell.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The type of the event; if absent, one that the webhook wants.
    pub event: Option<String>,
    /// The feedback; if absent, the newest that the webhook wants, or a sample.
    pub feedback: Option<FeedbackId>,
}

/// Why no test delivery was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotTested {
    /// Another one to the same webhook is under way.
    #[error("a test delivery to this webhook is under way")]
    Busy,
    /// Something is wrong with the webhook, so that it cannot be called.
    #[error("the webhook has faults, so that it cannot be called")]
    Faulty,
    /// There is no such event.
    #[error("there is no event `{0}` to send")]
    UnknownEvent(String),
    /// The event is not about feedback of the caller's choice.
    #[error("`{0}` is not told of a feedback that is on record")]
    NotOfFeedback(String),
    /// No analysis of the feedback is on record.
    #[error("there is no analysed feedback `{0}`")]
    NoFeedback(FeedbackId),
    /// The records failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The content cannot be written.
    #[error("the content cannot be written as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
}

/// What came of a test delivery.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Went out as `webhook-id`.
    pub id: String,
    /// The type of the event.
    pub event: String,
    /// The feedback that it was about; none where it was about a webhook.
    pub feedback: Option<About>,
    /// What was sent; none where the event cannot be put into the webhook's format, as the attempt says then.
    pub sent: Option<Sent>,
    /// What happened.
    pub attempt: Attempt,
    /// Whether the receiver took it: 2xx within the time limit, and nothing else.
    pub is_delivered: bool,
}

/// What was sent as a test delivery.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The headers, with [`MASK`] for what is secret.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// What a test delivery tells.
enum Content {
    Analysis { feedback: FeedbackId, payload: Payload },
    Notice(Notice),
}

impl Content {
    fn event(&self, id: EventId, due: Timestamp) -> Event<'_> {
        match self {
            Self::Analysis { feedback, payload } => {
                Event::new(id, ANALYZED, due, Data::Analysis { feedback: *feedback, payload })
            }
            Self::Notice(notice) => notice.event(id, due),
        }
    }
}

/// What feedback a test delivery was about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct About {
    /// Its id.
    pub id: FeedbackId,
    /// Whether no customer gave it.
    pub is_sample: bool,
    /// Whether the webhook's filter lets it through: if not, it is not delivered but in a test.
    pub is_wanted: bool,
}

/// Which webhooks are being tested.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashSet<WebhookId>>);

/// Ends the test of a webhook, also where who asked for it went away.
struct Guard<'a> {
    under_way: &'a UnderWay,
    id: WebhookId,
}

impl UnderWay {
    fn begin(&self, id: WebhookId) -> Option<Guard<'_>> {
        let is_first = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        is_first.then(|| Guard { under_way: self, id })
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// Why a test of what a customer said was broken off.
const ERASURE: &str = "it was broken off, since feedback was being erased meanwhile; test again";

/// Sends a test delivery, unless one is under way.
pub(super) async fn run(
    webhook: &Webhook,
    wanted: &Wanted,
    records: &dyn Records,
    under_way: &UnderWay,
) -> Result<Trial, NotTested> {
    let client = webhook.client.as_ref().ok_or(NotTested::Faulty)?;
    let _one = under_way.begin(webhook.id).ok_or(NotTested::Busy)?;
    let event = event_for(webhook, wanted);
    // Before the content is read, so that no erasure comes in between.
    let era = records.era();
    let (content, feedback) = content(webhook, &event, wanted.feedback, records).await?;
    let id = EventId::Test(Uuid::now_v7());
    let (sent, attempt, is_delivered) = match written(webhook, &content.event(id, Timestamp::now())).await {
        // As any delivery would be parked.
        Err(unfit) => (None, Attempt::not_sent(1, unfit.to_string()), false),
        Ok(outgoing) => {
            let body = String::from_utf8_lossy(&outgoing.body).into_owned();
            let is_of_customer = feedback.as_ref().is_some_and(|about| !about.is_sample);
            tokio::select! {
                biased;
                () = records.era_after(era), if is_of_customer => (None, Attempt::not_sent(1, ERASURE.into()), false),
                Tested { headers, tried } = client.test(id, outgoing) => {
                    (Some(Sent { headers: shown(&headers), body }), tried.attempt, tried.verdict == Verdict::Delivered)
                }
            }
        }
    };
    Ok(Trial { id: id.to_string(), event, feedback, sent, attempt, is_delivered })
}

/// The event that is asked for; else the first that the webhook wants.
fn event_for(webhook: &Webhook, wanted: &Wanted) -> String {
    if let Some(event) = &wanted.event {
        return event.clone();
    }
    let first = KNOWN_EVENTS.iter().find(|event| wanted.feedback.is_none() && webhook.filter.wants_event(event));
    (*first.unwrap_or(&ANALYZED)).to_owned()
}

/// What the delivery tells, and of which feedback.
async fn content(
    webhook: &Webhook,
    event: &str,
    feedback: Option<FeedbackId>,
    records: &dyn Records,
) -> Result<(Content, Option<About>), NotTested> {
    if let (Some(_), PARKED | DISABLED) = (feedback, event) {
        return Err(NotTested::NotOfFeedback(event.to_owned()));
    }
    match event {
        ANALYZED => analysis(webhook, feedback, records).await.map(|(payload, about)| {
            let content = Content::Analysis { feedback: about.id, payload };
            (content, Some(about))
        }),
        PARKED => {
            let (feedback, _) = sample(sample_kind(webhook));
            let reason = "plugin `sayso-test` failed: this is a test";
            let notice = Notice::parked(feedback.id, feedback.revision, Some(feedback.kind), reason);
            let is_wanted = webhook.filter.wants_event(PARKED) && webhook.filter.wants_kind(feedback.kind);
            Ok((Content::Notice(notice), Some(About { id: feedback.id, is_sample: true, is_wanted })))
        }
        DISABLED => {
            let notice = Notice::disabled((webhook.id, webhook.name()), Timestamp::now(), "this is a test");
            Ok((Content::Notice(notice), None))
        }
        other => Err(NotTested::UnknownEvent(other.to_owned())),
    }
}

/// The analysis to tell, as it is on record, or a sample.
async fn analysis(
    webhook: &Webhook,
    feedback: Option<FeedbackId>,
    records: &dyn Records,
) -> Result<(Payload, About), NotTested> {
    let is_wanted =
        |feedback: &Feedback, analysis: &Analysis| webhook.filter.wants(&Candidate::new(feedback, analysis));
    let found = match feedback {
        Some(id) => {
            let record = records.get(id).await?.ok_or(NotTested::NoFeedback(id))?;
            let is_wanted = is_wanted(&record.feedback, &record.analysis);
            Some((record.feedback, is_wanted))
        }
        None => {
            let newest = records.list(&Filter::default(), None, LOOK_BACK).await?.items;
            let fits = newest.into_iter().find(|(feedback, analysis)| is_wanted(feedback, analysis));
            fits.map(|(feedback, _)| (feedback, true))
        }
    };
    if let Some((Feedback { id, revision, .. }, is_wanted)) = found {
        let payload = records.payloads(&[(id, revision)]).await?.into_iter().next().flatten();
        // None where it was erased between the two looks.
        let payload = payload.ok_or(NotTested::NoFeedback(id))?;
        return Ok((payload, About { id, is_sample: false, is_wanted }));
    }
    let (feedback, analysis) = sample(sample_kind(webhook));
    let about = About { id: feedback.id, is_sample: true, is_wanted: is_wanted(&feedback, &analysis) };
    Ok((Payload::new(&feedback, &analysis)?, about))
}

/// A kind that the webhook wants.
fn sample_kind(webhook: &Webhook) -> Kind {
    webhook.settings.kinds.first().copied().unwrap_or(Kind::Review)
}

/// The request in the webhook's format, in a batch of one where the webhook takes batches.
async fn written(webhook: &Webhook, event: &Event<'_>) -> Result<Outgoing, Unfit> {
    let format = &webhook.format;
    match webhook.settings.batch {
        Some(_) => Ok(format.batch(event.timestamp, &[format.item(event)?])),
        None => format.write(event).await,
    }
}

fn shown(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = |value: &http::HeaderValue| match value.to_str() {
        Ok(text) if !value.is_sensitive() => text.to_owned(),
        _ => MASK.to_owned(),
    };
    headers.iter().map(|(name, value)| (name.to_string(), shown(value))).collect()
}

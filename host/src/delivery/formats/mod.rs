//! What a request to a webhook looks like: its content type, its body, and for CloudEvents headers too.
//!
//! | format | body | in a batch |
//! | --- | --- | --- |
//! | [`standard`] | `{"type", "timestamp", "data"}` | `{"type": "batch", …, "data": […]}` |
//! | [`cloudevents`], structured | the event with its attributes | a list of them |
//! | [`cloudevents`], binary | the data alone; the attributes are headers | – |
//! | [`slack`], [`teams`] | a message for people, made of a [`digest`] | – |
//! | [`mod@template`] | what the operator's template makes of the event | – |
//!
//! Every format is signed alike, over the body as it is sent. The first two are written from the JSON on record, which
//! is not taken apart; they cannot fail. What cannot be written is parked: sending it again would fail again.

mod cloudevents;
mod digest;
mod examples;
mod samples;
mod slack;
pub mod standard;
mod teams;
mod template;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

pub use self::examples::{BATCH, Bodies, examples};
use self::{cloudevents::CloudEvents, template::Template};
use super::webhooks::Filter;
use crate::{
    config,
    feedback::{DeliveryId, FeedbackId, validate::FieldError},
    records::Payload,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What an event goes out as: in `webhook-id`, unless it is one of a batch, and in its body where the format has it there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EventId {
    /// A delivery that is owed.
    Delivery(DeliveryId),
    /// One of a test, which is no repetition of any other: `tst_` and 32 hexadecimal digits.
    Test(Uuid),
}

impl From<DeliveryId> for EventId {
    fn from(id: DeliveryId) -> Self {
        Self::Delivery(id)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivery(id) => id.fmt(f),
            Self::Test(id) => write!(f, "tst_{}", id.simple()),
        }
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An event that a webhook gets.
pub(super) struct Event<'a> {
    /// What it goes out as.
    pub(super) id: EventId,
    /// Its type.
    pub(super) kind: &'a str,
    /// When it became due: the same for every attempt, whatever precision the queue keeps times in.
    pub(super) timestamp: Timestamp,
    /// What it tells.
    pub(super) data: Data<'a>,
}

/// What an event tells.
#[derive(Clone, Copy)]
pub(super) enum Data<'a> {
    /// An analysis, as it is on record.
    Analysis { feedback: FeedbackId, payload: &'a Payload },
    /// Anything else.
    Notice(&'a Value),
}

impl<'a> Event<'a> {
    /// An event that became due at `due`.
    pub(super) fn new(id: impl Into<EventId>, kind: &'a str, due: Timestamp, data: Data<'a>) -> Self {
        Self { id: id.into(), kind, timestamp: in_milliseconds(due), data }
    }
}

/// Cuts off what is below a millisecond.
fn in_milliseconds(due: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(due.as_millisecond()).unwrap_or(due)
}

/// What is posted, but for what signs it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// Headers of the format.
    pub headers: HeaderMap,
    /// The body, which is signed as it is.
    pub body: Bytes,
}

impl Outgoing {
    fn new(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { content_type, headers: HeaderMap::new(), body: body.into() }
    }
}

/// JSON without headers of its own.
impl From<Bytes> for Outgoing {
    fn from(body: Bytes) -> Self {
        Self::new(JSON, body)
    }
}

/// Why an event cannot be put into the format of its webhook. It quotes nothing of the event.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    /// The records hold what this sayso did not write.
    #[error("the content on record cannot be read (line {line}, column {column}); nothing was sent")]
    Unreadable { line: usize, column: usize },
    /// The template does not go with the event.
    #[error("`template`: {0}; nothing was sent")]
    Template(String),
    /// The template was not done in time, on this event or on an earlier one: perhaps the machine stood still. It is worth
    /// another try.
    #[error("`template`: it takes longer than {0:?}, on this event or an earlier one; nothing was sent")]
    Late(Duration),
}

impl From<serde_json::Error> for Unfit {
    // Not the library's message, which may repeat a value.
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable { line: error.line(), column: error.column() }
    }
}

/// The format of a webhook, checked and ready to be written in.
#[derive(Clone)]
pub(super) enum Format {
    Standard,
    CloudEvents(CloudEvents),
    Slack,
    Teams,
    Template(Arc<Template>),
}

impl Format {
    /// The format that a webhook asks for; a template is tried on samples of what the webhook wants.
    ///
    /// # Errors
    /// The fields at fault, and what is wrong with them.
    pub(super) fn new(
        webhook: &config::Webhook,
        limits: &config::Delivery,
        filter: &Filter,
    ) -> Result<Self, Vec<FieldError>> {
        let faults = combination(webhook);
        if !faults.is_empty() {
            return Err(faults);
        }
        let cloudevents =
            |is_binary| Self::CloudEvents(CloudEvents { is_binary, source: limits.source.as_str().into() });
        Ok(match webhook.format {
            config::Format::Standard => Self::Standard,
            config::Format::CloudeventsStructured => cloudevents(false),
            config::Format::CloudeventsBinary => cloudevents(true),
            config::Format::Slack => Self::Slack,
            config::Format::Teams => Self::Teams,
            config::Format::Template => Self::Template(template(webhook, filter).map_err(|fault| vec![fault])?),
        })
    }

    /// Writes one event.
    ///
    /// # Errors
    /// Where it cannot be written: then never, so that the delivery is to be parked.
    pub(super) async fn write(&self, event: &Event<'_>) -> Result<Outgoing, Unfit> {
        Ok(match self {
            Self::Standard => standard::write(event)?.into(),
            Self::CloudEvents(format) => format.write(event)?,
            Self::Slack => slack::write(event)?,
            Self::Teams => teams::write(event)?,
            Self::Template(template) => template.write(event).await?,
        })
    }

    /// Writes one event of a batch.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(super) fn item(&self, event: &Event<'_>) -> Result<Bytes, Unfit> {
        Ok(match self {
            Self::CloudEvents(format) => format.structured(event)?,
            // The others have no batches, which is checked.
            _ => standard::item(event)?,
        })
    }

    /// Puts written events together, the first of which became due at `due`.
    pub(super) fn batch(&self, due: Timestamp, items: &[Bytes]) -> Outgoing {
        match self {
            Self::CloudEvents(_) => cloudevents::batch(items),
            _ => standard::batch(in_milliseconds(due), items).into(),
        }
    }
}

/// What does not go together.
fn combination(webhook: &config::Webhook) -> Vec<FieldError> {
    use config::Format as F;
    let name = webhook.format.as_str();
    let mut faults = Vec::new();
    let why_no_batch = match webhook.format {
        F::Standard | F::CloudeventsStructured => None,
        F::CloudeventsBinary => Some("has one event a request; `cloudevents_structured` has batches"),
        F::Slack | F::Teams => Some("is one message a request"),
        F::Template => Some("renders one event a request"),
    };
    if let (Some(why), Some(_)) = (why_no_batch, webhook.batch) {
        faults.push(FieldError::new("batch", format!("the format `{name}` {why}; leave `batch` out")));
    }
    if webhook.format == F::Template {
        if webhook.template.is_none() {
            faults.push(FieldError::new(
                "template",
                "the format `template` needs one: Jinja over `type`, `timestamp`, `data`",
            ));
        }
        return faults;
    }
    let unused = [("template", &webhook.template), ("content_type", &webhook.content_type)];
    for (field, _) in unused.iter().filter(|(_, value)| value.is_some()) {
        let message = format!("it goes with `format = \"template\"`, and this one is `{name}`; leave one of them out");
        faults.push(FieldError::new(*field, message));
    }
    faults
}

fn template(webhook: &config::Webhook, filter: &Filter) -> Result<Arc<Template>, FieldError> {
    let source = webhook.template.as_deref().unwrap_or_default();
    let content_type = match webhook.content_type.as_deref() {
        None => JSON,
        Some(written) => template::content_type(written).map_err(|message| FieldError::new("content_type", message))?,
    };
    let samples = samples::wanted_by(filter);
    let template = Template::checked(source, content_type, samples);
    template.map(Arc::new).map_err(|message| FieldError::new("template", message))
}

#[cfg(test)]
mod tests;

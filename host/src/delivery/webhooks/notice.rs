//! Events that are no analyses: `feedback.parked` and `webhook.disabled`. They are deliveries like any other, with a
//! record, retries and a signature; only their content travels in the message itself.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Live, Webhook, WebhookId};
use crate::{
    delivery::{
        Owed,
        formats::{Data, Event, EventId},
    },
    feedback::{DeliveryId, FeedbackId, Kind},
    queue::{Lane, Message, Queue, QueueError},
    records::{Notified, Records, RecordsError},
};

/// `feedback.parked`
pub const PARKED: &str = "feedback.parked";
/// `webhook.disabled`
pub const DISABLED: &str = "webhook.disabled";

/// Why a notice could not be published. Publishing it again is safe: what was done is not done twice.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The records failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// An event to tell.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The same for every repetition.
    id: FeedbackId,
    revision: u32,
    event: &'static str,
    data: Value,
    to: To,
    /// When it happened before, to the same feedback.
    before: Option<Timestamp>,
}

/// Which of the webhooks that want the event get it.
#[derive(Clone, Debug)]
enum To {
    OfKind(Option<Kind>),
    AllBut(WebhookId),
}

impl Notice {
    /// A feedback was set aside by the pipeline, for this reason. What the customer said is not told: where it is the
    /// redaction that failed, nobody may see it; and of the reason only which plugin it was, since a plugin may quote.
    pub fn parked(id: FeedbackId, revision: u32, kind: Option<Kind>, reason: &str) -> Self {
        let data = json!({ "feedback": { "id": id, "revision": revision, "kind": kind }, "reason": in_short(reason) });
        Self { id, revision, event: PARKED, data, to: To::OfKind(kind), before: None }
    }

    /// Another event than the one of before, where the feedback was set aside then, taken back, and is set aside again.
    #[must_use]
    pub fn after(self, before: Option<Timestamp>) -> Self {
        Self { before, ..self }
    }

    /// A webhook was disabled for this reason, after it had failed since `since`: the same webhook and time make the
    /// same event.
    pub fn disabled((webhook, name): (WebhookId, &str), since: Timestamp, reason: &str) -> Self {
        let data = json!({
            "webhook": { "id": webhook, "name": name },
            "failing_since": since,
            "reason": reason,
        });
        let hash = Sha256::new().chain_update(webhook.0.as_bytes()).chain_update(since.to_string()).finalize();
        let mut random = [0; 10];
        random.copy_from_slice(&hash[..10]);
        let millisecond = u64::try_from(since.as_millisecond()).unwrap_or_default();
        // Its place among the deliveries is by time, as for those of feedback.
        let id = FeedbackId(uuid::Builder::from_unix_timestamp_millis(millisecond, &random).into_uuid());
        Self { id, revision: 1, event: DISABLED, data, to: To::AllBut(webhook), before: None }
    }

    /// Owes the event to every webhook that wants it. Returns when it is durable, and to how many it is owed; a
    /// repetition owes nothing more.
    ///
    /// # Errors
    /// Where the store does not keep it.
    pub async fn publish(&self, live: &Live, queue: &dyn Queue, records: &dyn Records) -> Result<usize, NoticeError> {
        let set = live.current();
        let names: Vec<Arc<str>> =
            set.webhooks.iter().filter(|webhook| self.is_for(webhook)).map(|webhook| webhook.name().clone()).collect();
        if names.is_empty() {
            return Ok(0);
        }
        let subject = (self.event != DISABLED).then_some(self.id);
        let notified = |webhook: &Arc<str>| Notified {
            delivery: DeliveryId(self.id_for(webhook)),
            event: self.event,
            feedback: subject,
            revision: self.revision,
            webhook: webhook.clone(),
        };
        records.owe(names.iter().map(notified).collect()).await?;
        queue.publish_all(names.iter().map(|webhook| self.message(webhook)).collect()).await?;
        Ok(names.len())
    }

    /// The event, as one webhook gets it under this id.
    pub(in crate::delivery) fn event(&self, id: impl Into<EventId>, due: Timestamp) -> Event<'_> {
        Event::new(id, self.event, due, Data::Notice(&self.data))
    }

    fn is_for(&self, webhook: &Webhook) -> bool {
        let filter = &webhook.filter;
        filter.wants_event(self.event)
            && match self.to {
                To::OfKind(Some(kind)) => filter.wants_kind(kind),
                To::OfKind(None) => true,
                To::AllBut(id) => webhook.id != id,
            }
    }

    /// Another than that of the analysis of the same feedback, which may follow once it is tried again.
    fn id_for(&self, webhook: &str) -> Uuid {
        let before = self.before.map(|before| format!("\0{before}")).unwrap_or_default();
        DeliveryId::of(self.id, self.revision, &format!("{webhook}\0{}{before}", self.event)).0
    }

    fn message(&self, webhook: &Arc<str>) -> (Lane, Message) {
        let body = Owed::Notice { event: self.event.into(), data: self.data.clone() }.encode();
        let message =
            Message { id: self.id_for(webhook), revision: self.revision, identity: None, series: None, era: 0, body };
        (Lane::Delivery(webhook.clone()), message)
    }
}

/// The reason for which feedback was set aside, without a plugin's own words.
pub(crate) fn in_short(reason: &str) -> String {
    let plugin = reason.strip_prefix("plugin `").and_then(|rest| rest.split('`').next());
    match plugin {
        Some(name) => format!("plugin `{name}` failed; GET /v1/parked says why"),
        None => "it could not be analysed; GET /v1/parked says why".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_does_not_quote_what_a_plugin_quotes() {
        assert_eq!(
            in_short("plugin `redact` failed on \"ann@example.org\""),
            "plugin `redact` failed; GET /v1/parked says why"
        );
        assert!(!in_short("ann@example.org").contains("ann"));
    }

    #[test]
    fn a_repetition_is_the_same_event_and_another_cause_another() {
        let id = FeedbackId::now();
        let parked = |revision| Notice::parked(id, revision, Some(Kind::Review), "x").id_for("crm");
        assert_eq!(parked(1), parked(1));
        assert_ne!(parked(1), parked(2));
        let again = |at| Notice::parked(id, 1, Some(Kind::Review), "x").after(Some(at)).id_for("crm");
        assert_eq!(again(Timestamp::UNIX_EPOCH), again(Timestamp::UNIX_EPOCH));
        assert_ne!(again(Timestamp::UNIX_EPOCH), parked(1), "it was set aside again");
        assert_ne!(again(Timestamp::UNIX_EPOCH), again(Timestamp::MAX));
        assert_ne!(parked(1), DeliveryId::of(id, 1, "crm").0, "the analysis that may follow is another delivery");
    }
}

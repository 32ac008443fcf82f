//! Chunks of messages on their way to the queue, while the body is still being read.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::{JoinHandle, consume_budget};

use super::events;
use super::idempotency::Key;
use super::outcome::Outcome;
use super::room::Held;
use crate::api::State;
use crate::api::auth::hex;
use crate::api::problem::{Problem, ProblemType};
use crate::feedback::{Feedback, FeedbackId, Kind, canonical};
use crate::queue::{ANSWERS_KEPT, Identity, Lane, Message, Queue, QueueError, Receipt};

/// Messages that are published at once: enough to share a commit, few enough to be quick.
const CHUNK: usize = 256;
/// Bytes after which a chunk has enough messages.
const CHUNK_BYTES: usize = 1 << 20;
/// Chunks under way at once; more of them only wait in memory.
const UNDER_WAY: usize = 4;
/// Most items of one request, as many as wait at most by default. What became of each is kept until it is answered.
const MAX_ITEMS: usize = 1_000_000;
/// Parts the members of an identity: a control character, which neither of them can hold.
const UNIT_SEPARATOR: char = '\u{1f}';

/// Publishes the items of one request, and notes what became of each. Others on the thread have their turn between items.
pub(super) struct Publisher {
    state: State,
    identity_lead: Option<String>,
    received_at: Timestamp,
    chunk: Chunk,
    under_way: VecDeque<UnderWay>,
    /// What the messages take that are not published yet.
    held: Held,
    outcome: Outcome,
    /// How many were accepted before the first chunk that was not: later ones may be, where they are smaller.
    before_failure: Option<u64>,
}

#[derive(Default)]
struct Chunk {
    messages: Vec<Message>,
    positions: Positions,
    bytes: usize,
}

/// Where the messages of a chunk stand in the request, and their kinds.
type Positions = Vec<(u32, Kind)>;

/// A chunk on its way.
struct UnderWay {
    positions: Positions,
    bytes: usize,
    task: JoinHandle<Result<Vec<Receipt>, QueueError>>,
}

impl Publisher {
    /// For the items of a request, with its `Idempotency-Key` if it has one.
    pub(super) fn new(state: &State, key: Option<&Key>) -> Self {
        Self {
            state: state.clone(),
            identity_lead: key.map(Key::identity_lead),
            received_at: now(),
            chunk: Chunk::default(),
            under_way: VecDeque::new(),
            held: state.intake.room.hold(),
            outcome: Outcome::default(),
            before_failure: None,
        }
    }

    /// Publishes the only item of a request, which [`Self::message`] made.
    pub(super) async fn single(mut self, (kind, message): (Kind, Message)) -> Result<Outcome, Problem> {
        let bytes = message.body.len();
        let receipts = self.state.queue.publish(&Lane::Intake, vec![message]).await?;
        let position = self.outcome.reserve();
        note(&mut self.outcome, &self.state, &[(position, kind)], bytes, &receipts)?;
        self.outcome.single = true;
        Ok(self.outcome)
    }

    /// Takes the next item.
    pub(super) async fn accept(&mut self, mut feedback: Feedback) -> Result<(), Problem> {
        consume_budget().await;
        self.check_count().await?;
        let (kind, message) = self.message(&mut feedback);
        self.hold(message.body.len()).await?;
        self.chunk.positions.push((self.outcome.reserve(), kind));
        self.chunk.bytes += message.body.len();
        self.chunk.messages.push(message);
        if self.chunk.messages.len() < CHUNK && self.chunk.bytes < CHUNK_BYTES {
            return Ok(());
        }
        if let Err(problem) = self.state.intake.pressure.check(&*self.state.queue, &self.state.config) {
            return Err(self.give_up(problem).await);
        }
        self.send();
        if self.under_way.len() >= UNDER_WAY {
            self.settle_oldest().await?;
        }
        Ok(())
    }

    /// Refuses the next item.
    pub(super) async fn reject(&mut self, problem: &Problem) -> Result<(), Problem> {
        consume_budget().await;
        self.check_count().await?;
        events::rejected(problem.kind);
        self.outcome.reject(problem);
        Ok(())
    }

    async fn check_count(&mut self) -> Result<(), Problem> {
        if self.outcome.len() < MAX_ITEMS {
            return Ok(());
        }
        self.send();
        let detail = format!("The body holds more than {MAX_ITEMS} items. Send it in smaller parts.");
        Err(self.give_up(Problem::new(ProblemType::TooLarge, detail)).await)
    }

    /// Counts a message that is on its way; where there is no room, those of this request make some first.
    async fn hold(&mut self, bytes: usize) -> Result<(), Problem> {
        while let Err(problem) = self.held.grow(bytes, 0) {
            self.send();
            if self.under_way.is_empty() {
                return Err(self.give_up(problem).await);
            }
            self.settle_oldest().await?;
        }
        Ok(())
    }

    /// Waits until everything is on stable storage.
    pub(super) async fn finish(mut self) -> Result<Outcome, Problem> {
        self.send();
        while !self.under_way.is_empty() {
            self.settle_oldest().await?;
        }
        Ok(self.outcome)
    }

    /// Ends the request early with `problem`, which says what is on stable storage all the same.
    pub(super) async fn give_up(&mut self, problem: Problem) -> Problem {
        while let Some(UnderWay { positions, bytes, task }) = self.under_way.pop_front() {
            let Ok(Ok(receipts)) = task.await else {
                self.before_failure.get_or_insert(self.outcome.accepted());
                continue;
            };
            if let Err(problem) = note(&mut self.outcome, &self.state, &positions, bytes, &receipts) {
                return problem;
            }
        }
        let all = self.outcome.accepted();
        let first = self.before_failure.unwrap_or(all);
        if all == 0 {
            return problem;
        }
        let mut problem = problem.with("accepted", first);
        let behind = match all - first {
            0 => String::new(),
            behind => format!(", and {behind} of those behind them, which would be taken again"),
        };
        let how = match &self.identity_lead {
            Some(_) => "Send it again with the same Idempotency-Key, and none of them is taken twice.",
            None => {
                "If every one has an `external_id`, send all of it again, and none is taken twice; if not, send what comes behind the first. With an Idempotency-Key from the start all of it can be sent again."
            }
        };
        problem.detail.push_str(&format!(" The first {first} items that were good are accepted{behind}. {how}"));
        problem
    }

    fn send(&mut self) {
        let Chunk { messages, positions, bytes } = std::mem::take(&mut self.chunk);
        if messages.is_empty() {
            return;
        }
        let queue: Arc<dyn Queue> = self.state.queue.clone();
        let task = tokio::spawn(async move { queue.publish(&Lane::Intake, messages).await });
        self.under_way.push_back(UnderWay { positions, bytes, task });
    }

    async fn settle_oldest(&mut self) -> Result<(), Problem> {
        let Some(UnderWay { positions, bytes, task }) = self.under_way.pop_front() else { return Ok(()) };
        let published = task.await;
        self.held.shrink(bytes);
        let problem = match published {
            Ok(Ok(receipts)) => match note(&mut self.outcome, &self.state, &positions, bytes, &receipts) {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            },
            Ok(Err(error)) => error.into(),
            Err(error) => Problem::internal(format!("publishing panicked: {error}")),
        };
        self.before_failure.get_or_insert(self.outcome.accepted());
        Err(self.give_up(problem).await)
    }

    /// The next item as a message.
    pub(super) fn message(&self, feedback: &mut Feedback) -> (Kind, Message) {
        feedback.received_at = self.received_at;
        let canonical = canonical(feedback);
        let identity = match (&feedback.external_id, &self.identity_lead) {
            (Some(external_id), _) => {
                let key = format!("feedback:{}{UNIT_SEPARATOR}{external_id}", feedback.source.kind);
                Some(Identity { key, digest: canonical.digest(), expires: None })
            }
            // So that a request that was cut off and is sent again takes none of its items twice. Whatever else stands in
            // the place of an item is another one, and no revision of it.
            (None, Some(lead)) => {
                let digest = canonical.digest();
                let key = format!("{lead}#{}#{}", self.outcome.len(), hex(&digest[..16]));
                Some(Identity { key, digest, expires: Some(ANSWERS_KEPT) })
            }
            (None, None) => None,
        };
        let (id, era) = (FeedbackId::now().0, self.state.records.era());
        (feedback.kind, Message { id, revision: 1, identity, series: None, era, body: canonical.body })
    }
}

/// Now, in whole milliseconds: what every store keeps.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Notes what became of the messages of a chunk, which have so many bytes.
fn note(
    outcome: &mut Outcome,
    state: &State,
    positions: &[(u32, Kind)],
    bytes: usize,
    receipts: &[Receipt],
) -> Result<(), Problem> {
    if positions.len() != receipts.len() {
        return Err(Problem::internal(format!(
            "the queue gave {} receipts for {} messages",
            receipts.len(),
            positions.len()
        )));
    }
    for ((position, kind), receipt) in positions.iter().zip(receipts) {
        outcome.accept(*position, receipt);
        state.intake.items.accepted(*kind, receipt.is_new);
    }
    let waiting = receipts.iter().filter(|receipt| receipt.is_new).count();
    state.intake.pressure.published(waiting as u64, bytes * waiting / receipts.len().max(1));
    Ok(())
}

//! Any sequence of calls and restarts leaves the queue as a simple model says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::queue::conformance::message;

#[derive(Clone, Debug)]
enum Step {
    /// Publish message number n, perhaps again.
    Publish(usize),
    Pull(usize),
    /// Acknowledge the nth lease that is held.
    Ack(usize),
    Retry(usize, u64),
    Park(usize),
    /// Take back message number n.
    Unpark(usize),
    /// Have message number n worked on again.
    Replay(usize),
    Forget(usize),
    /// Let so many seconds pass.
    Pass(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..MESSAGES).prop_map(Step::Publish),
        4 => (1..5_usize).prop_map(Step::Pull),
        3 => any::<usize>().prop_map(Step::Ack),
        2 => (any::<usize>(), 0..200_u64).prop_map(|(lease, delay)| Step::Retry(lease, delay)),
        2 => any::<usize>().prop_map(Step::Park),
        1 => (0..MESSAGES).prop_map(Step::Unpark),
        2 => (0..MESSAGES).prop_map(Step::Replay),
        1 => (0..MESSAGES).prop_map(Step::Forget),
        2 => (1..100_u64).prop_map(Step::Pass),
        1 => Just(Step::Reopen),
    ]
}

const MESSAGES: usize = 12;
const START: i64 = 1_700_000_000;

/// Where a message is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    /// Can be pulled from this second on, and was put back so often.
    Ready {
        from: i64,
        tries: u32,
    },
    /// Comes back at this second.
    Leased {
        until: i64,
        tries: u32,
    },
    Parked,
    Settled,
}

/// The queue as it should be: message by number.
#[derive(Default)]
struct Model {
    places: BTreeMap<usize, Place>,
    now: i64,
}

impl Model {
    fn ready(&self) -> BTreeSet<usize> {
        let is_ready = |place: &Place| match place {
            Place::Ready { from, .. } => *from <= self.now,
            Place::Leased { until, .. } => *until <= self.now,
            Place::Parked | Place::Settled => false,
        };
        self.places.iter().filter(|(_, place)| is_ready(place)).map(|(message, _)| *message).collect()
    }

    fn tries(&self, message: usize) -> u32 {
        match self.places[&message] {
            Place::Ready { tries, .. } | Place::Leased { tries, .. } => tries,
            Place::Parked | Place::Settled => 0,
        }
    }

    fn restart(&mut self) {
        for place in self.places.values_mut() {
            if let Place::Leased { tries, .. } = *place {
                *place = Place::Ready { from: self.now, tries };
            }
        }
    }

    fn counts(&self) -> (u64, u64) {
        let count = |is: fn(&Place) -> bool| self.places.values().filter(|place| is(place)).count() as u64;
        (
            count(|place| matches!(place, Place::Ready { .. } | Place::Leased { .. })),
            count(|place| *place == Place::Parked),
        )
    }
}

/// A queue, its model, and the leases that a worker holds, each with its message.
struct Run {
    folder: Folder,
    clock: Arc<AtomicI64>,
    queue: Option<SqliteQueue>,
    messages: Vec<Message>,
    model: Model,
    held: Vec<(usize, Lease)>,
}

impl Run {
    fn new() -> Self {
        let (folder, clock) = (Folder::new(), Arc::new(AtomicI64::new(START * 1_000_000_000)));
        let queue = Some(folder.queue_at(&clock));
        let model = Model { now: START, ..Model::default() };
        Self { folder, clock, queue, messages: (0..MESSAGES).map(|_| message("x")).collect(), model, held: Vec::new() }
    }

    fn queue(&self) -> &SqliteQueue {
        self.queue.as_ref().expect("is open")
    }

    /// Gives up the nth lease, as far as there are any that have not run out.
    fn take(&mut self, nth: usize) -> Option<(usize, Lease)> {
        let now = self.model.now;
        let places = &self.model.places;
        self.held
            .retain(|(message, _)| matches!(places.get(message), Some(Place::Leased { until, .. }) if *until > now));
        if self.held.is_empty() { None } else { Some(self.held.remove(nth % self.held.len())) }
    }

    async fn take_step(&mut self, step: Step) {
        match step {
            Step::Publish(number) => self.publish(number).await,
            Step::Pull(max) => self.pull(max).await,
            Step::Ack(nth) => {
                if let Some((message, lease)) = self.take(nth) {
                    self.queue().ack(vec![lease]).await.expect("settles");
                    self.model.places.insert(message, Place::Settled);
                }
            }
            Step::Retry(nth, delay) => {
                if let Some((message, lease)) = self.take(nth) {
                    let from = self.model.now + delay.cast_signed();
                    let place = Place::Ready { from, tries: lease.tries + 1 };
                    self.queue().retry(lease, Duration::from_secs(delay)).await.expect("puts back");
                    self.model.places.insert(message, place);
                }
            }
            Step::Park(nth) => {
                if let Some((message, lease)) = self.take(nth) {
                    self.queue().park(lease, "no".into()).await.expect("parks");
                    self.model.places.insert(message, Place::Parked);
                }
            }
            Step::Unpark(number) => self.unpark(number).await,
            Step::Replay(number) => self.replay(number).await,
            Step::Forget(number) => {
                self.queue().forget(&[(self.messages[number].id, None)]).await.expect("forgets");
                self.model.places.remove(&number);
                self.held.retain(|(message, _)| *message != number);
            }
            Step::Pass(seconds) => {
                advance(&self.clock, Duration::from_secs(seconds));
                self.model.now += seconds.cast_signed();
            }
            Step::Reopen => {
                self.held.clear();
                drop(self.queue.take());
                self.queue = Some(self.folder.queue_at(&self.clock));
                self.model.restart();
            }
        }
        let depth = self.queue().depths().first().map_or((0, 0), |(_, depth)| (depth.waiting, depth.parked));
        assert_eq!(depth, self.model.counts());
    }

    async fn publish(&mut self, number: usize) {
        let receipts =
            self.queue().publish(&Lane::Intake, vec![self.messages[number].clone()]).await.expect("publishes");
        assert_eq!(receipts[0].is_new, !self.model.places.contains_key(&number));
        self.model.places.entry(number).or_insert(Place::Ready { from: self.model.now, tries: 0 });
    }

    async fn pull(&mut self, max: usize) {
        let ready = self.model.ready();
        let leases = self.queue().pull(&Lane::Intake, max, Duration::ZERO).await.expect("pulls");
        assert_eq!(leases.len(), max.min(ready.len()), "as many as there are");
        for lease in leases {
            let message = self.messages.iter().position(|message| message.id == lease.id).expect("was published");
            assert!(ready.contains(&message), "{message} was not due");
            assert_eq!(lease.tries, self.model.tries(message));
            let until = self.model.now + LEASE.as_secs().cast_signed();
            self.model.places.insert(message, Place::Leased { until, tries: lease.tries });
            self.held.retain(|(held, _)| *held != message);
            self.held.push((message, lease));
        }
    }

    async fn unpark(&mut self, number: usize) {
        let is_parked = self.model.places.get(&number) == Some(&Place::Parked);
        assert_eq!(self.queue().unpark(&Lane::Intake, self.messages[number].id).await.expect("looks"), is_parked);
        if is_parked {
            self.model.places.insert(number, Place::Ready { from: self.model.now, tries: 0 });
        }
    }

    async fn replay(&mut self, number: usize) {
        let now = self.model.now;
        let Message { id, revision, body, .. } = self.messages[number].clone();
        let again = Again { id, revision, series: None, body: Some(body), published_at: Timestamp::UNIX_EPOCH };
        let replayed = self.queue().replay(&Lane::Intake, vec![again]).await.expect("replays");
        let place = self.model.places.get(&number).copied();
        let (expected, place) = match place {
            None | Some(Place::Parked | Place::Settled) => {
                (vec![Replayed::Anew], Some(Place::Ready { from: now, tries: 0 }))
            }
            Some(Place::Ready { from, tries }) if from > now => {
                (vec![Replayed::Sooner], Some(Place::Ready { from: now, tries }))
            }
            // The queue notices that a lease has run out when somebody pulls.
            Some(Place::Leased { until, .. }) if until <= now => (vec![Replayed::Leased, Replayed::Waits], place),
            Some(Place::Leased { .. }) => (vec![Replayed::Leased], place),
            Some(Place::Ready { .. }) => (vec![Replayed::Waits], place),
        };
        assert!(expected.contains(&replayed[0]), "{replayed:?} and not {expected:?}");
        self.model.places.extend(place.map(|place| (number, place)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_does_what_the_model_says(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut run = Run::new();
            for step in steps {
                run.take_step(step).await;
            }
            // Whatever happened, in the end each message that waits comes once.
            advance(&run.clock, Duration::from_secs(1_000));
            run.model.now += 1_000;
            run.pull(MESSAGES).await;
        });
    }
}

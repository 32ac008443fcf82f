//! One lane in memory: which messages are fresh, put back, leased.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    super::{Depth, Lane, Replayed},
    series::Series,
};

/// Bits of a message's key that hold its place in the lane: enough for 8,000 messages a second for 69 years.
const PLACE_BITS: u32 = 44;
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;
/// The lane's number takes the rest of the key, but for the sign.
const MAX_LANES: i64 = (1 << (63 - PLACE_BITS)) - 1;
/// A lease's generation shares a token of 64 bits with the place.
const GENERATION_MASK: u32 = (1 << (u64::BITS - PLACE_BITS)) - 1;

/// A lane.
pub(super) struct LaneState {
    pub(super) name: Lane,
    pub(super) wake: Arc<Notify>,
    /// Notified when messages were forgotten that somebody may be at work on.
    pub(super) forgot: Arc<Notify>,
    /// Its number in the table; 0 until it has had a message.
    number: AtomicI64,
    /// The last place that was given away. Used by the writer's thread alone.
    last_place: AtomicU64,
    /// Below this place settled messages are not kept.
    horizon: AtomicU64,
    inner: Mutex<Inner>,
}

/// A message in a lane, and the lease under which a worker has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Claim {
    pub(super) place: u64,
    pub(super) generation: u32,
}

/// What a worker wants of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Share {
    /// Most messages.
    pub(super) max: usize,
    /// Most of them that came back.
    pub(super) most_retries: usize,
}

/// A lease that is out.
struct Held {
    generation: u32,
    /// When it runs out.
    expiry: i64,
    /// Whether nobody had the message before.
    is_first: bool,
}

impl Claim {
    pub(super) const fn token(self) -> u64 {
        (self.generation as u64) << PLACE_BITS | self.place
    }

    pub(super) const fn of(token: u64) -> Self {
        Self { place: token & PLACE_MASK, generation: (token >> PLACE_BITS) as u32 }
    }
}

/// What of a lane changes with every message.
#[derive(Default)]
pub(super) struct Inner {
    /// Every message that is not settled or parked, leased or not, with the time of its publication.
    waiting: BTreeMap<u64, i64>,
    /// Those that nobody has had yet. A place that is not in `waiting` any more is passed over.
    fresh: VecDeque<u64>,
    /// Those that came back, by the time they are due. May name one that was settled meanwhile, likewise.
    returned: BTreeSet<(i64, u64)>,
    /// Those that a worker has.
    leases: HashMap<u64, Held>,
    /// When leases run out, soonest first: all last equally long. Settled and extended ones are passed over.
    expiries: VecDeque<(i64, Claim)>,
    generation: u32,
    series: Series,
    /// Whether the odd one of an odd number of places goes to a message that came back.
    odd: bool,
    pub(super) parked: u64,
    /// Settled messages that the table still has.
    pub(super) settled: u64,
}

impl LaneState {
    pub(super) fn new(name: Lane) -> Self {
        Self::load(name, 0, 0, 0, Inner::default())
    }

    pub(super) fn load(name: Lane, number: i64, last_place: u64, horizon: u64, inner: Inner) -> Self {
        Self {
            name,
            wake: Arc::default(),
            forgot: Arc::default(),
            number: number.into(),
            last_place: last_place.into(),
            horizon: horizon.into(),
            inner: inner.into(),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its number, if it has one.
    pub(super) fn number(&self) -> Option<i64> {
        Some(self.number.load(Ordering::Acquire)).filter(|number| *number != 0)
    }

    pub(super) fn set_number(&self, number: i64) {
        self.number.store(number, Ordering::Release);
    }

    /// A place that no other message has.
    pub(super) fn next_place(&self) -> u64 {
        self.last_place.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn horizon(&self) -> u64 {
        self.horizon.load(Ordering::Acquire)
    }

    pub(super) fn set_horizon(&self, place: u64) {
        self.horizon.store(place, Ordering::Release);
    }

    /// Gives messages back that were claimed in this order and not worked on: as if they had not been claimed.
    pub(super) fn release(&self, claims: &[Claim], now: i64) {
        let mut inner = self.inner();
        // From the last to the first, so that first tries are in their order again.
        claims.iter().rev().for_each(|claim| inner.release(*claim, now));
        drop(inner);
        self.wake.notify_waiters();
    }

    /// How much waits; none if the lane never had a message.
    pub(super) fn depth(&self, now: i64) -> Option<Depth> {
        self.number()?;
        let inner = self.inner();
        let oldest = inner.waiting.first_key_value().map(|(_, at)| now.saturating_sub(*at).max(0).unsigned_abs());
        Some(Depth {
            waiting: inner.waiting.len() as u64,
            parked: inner.parked,
            oldest: oldest.map(Duration::from_nanos),
        })
    }
}

/// The key in the table of the message at `place` of the lane with `number`. The first lane, which is `intake`, comes
/// last: SQLite adds cheaply, and without leaving pages half empty, at the end of a table only.
pub(super) const fn key(number: i64, place: u64) -> i64 {
    (MAX_LANES - number) << PLACE_BITS | (place & PLACE_MASK).cast_signed()
}

/// The keys of the messages of the lane with `number`, from `place` on.
pub(super) const fn keys_from(number: i64, place: u64) -> (i64, i64) {
    (key(number, place), key(number, PLACE_MASK))
}

/// The place in its lane of the message with `key`.
pub(super) const fn place(key: i64) -> u64 {
    key.cast_unsigned() & PLACE_MASK
}

impl Inner {
    /// Adds a message that nobody has had yet.
    pub(super) fn add_fresh(&mut self, place: u64, published_at: i64, series: Option<i64>) {
        self.waiting.insert(place, published_at);
        if self.join(place, series) {
            self.fresh.push_back(place);
        }
    }

    /// Adds a message that is due at `due`, or puts back one that a worker had.
    pub(super) fn put_back(&mut self, place: u64, published_at: i64, due: i64, series: Option<i64>) {
        self.waiting.insert(place, published_at);
        self.leases.remove(&place);
        // One that has to wait for others comes when they are done, whenever it was due.
        if self.join(place, series) {
            self.returned.insert((due, place));
        }
    }

    /// Takes out a message, whoever has it. Whether another one may be leased now.
    pub(super) fn remove(&mut self, place: u64) -> bool {
        self.leases.remove(&place);
        self.waiting.remove(&place);
        let next = self.series.leave(place);
        self.fresh.extend(next);
        next.is_some()
    }

    fn join(&mut self, place: u64, series: Option<i64>) -> bool {
        match series {
            Some(series) => self.series.join(place, series),
            // A member of a series that a worker had is still one.
            None => self.series.is_next(place),
        }
    }

    /// Has a message be due at `now` that was to be due at `due`; see [`Replayed`].
    pub(super) fn hasten(&mut self, place: u64, due: i64, now: i64) -> Replayed {
        // One that was acknowledged is done in memory before the table has it.
        if self.leases.contains_key(&place) || !self.waiting.contains_key(&place) {
            return Replayed::Leased;
        }
        if due <= now || !self.returned.remove(&(due, place)) {
            return Replayed::Waits;
        }
        self.returned.insert((now, place));
        Replayed::Sooner
    }

    /// Has all that came back be due at `now`, in the order in which they would have been.
    pub(super) fn hasten_all(&mut self, now: i64) {
        let later = self.returned.split_off(&(now, u64::MAX));
        self.returned.extend(later.into_iter().map(|(_, place)| (now, place)));
    }

    /// How many that came back are due, up to `most`.
    pub(super) fn due_again(&self, now: i64, most: usize) -> usize {
        self.returned.range(..=(now, u64::MAX)).take(most).count()
    }

    /// Whether nobody had the message before this lease, and it was not replayed.
    pub(super) fn is_first(&self, claim: Claim) -> bool {
        self.leases.get(&claim.place).is_some_and(|held| held.generation == claim.generation && held.is_first)
    }

    /// Whether this lease is still the one under which the message is out.
    pub(super) fn holds(&self, claim: Claim) -> bool {
        self.expiry(claim).is_some()
    }

    /// When this lease runs out, if it is still the one under which the message is out.
    pub(super) fn expiry(&self, claim: Claim) -> Option<i64> {
        self.leases.get(&claim.place).filter(|held| held.generation == claim.generation).map(|held| held.expiry)
    }

    /// Lets a lease run out at `expiry` instead, if it has not yet.
    pub(super) fn extend(&mut self, claim: Claim, expiry: i64) {
        if let Some(held) = self.leases.get_mut(&claim.place).filter(|held| held.generation == claim.generation) {
            held.expiry = expiry;
            self.expiries.push_back((expiry, claim));
        }
    }

    fn release(&mut self, claim: Claim, now: i64) {
        if !self.holds(claim) {
            return;
        }
        match self.leases.remove(&claim.place) {
            Some(Held { is_first: true, .. }) => self.fresh.push_front(claim.place),
            _ => drop(self.returned.insert((now, claim.place))),
        }
    }

    /// Leases a worker's share of messages until `expiry`. While there are both, fresh ones and such that came back
    /// share alike, so that neither starves the other.
    pub(super) fn claim(&mut self, Share { max, most_retries }: Share, now: i64, expiry: i64) -> Vec<Claim> {
        self.expire(now);
        let due = self.returned.range(..=(now, u64::MAX)).take(max.min(most_retries)).count();
        let half = (max + usize::from(self.odd)) / 2;
        self.odd ^= max % 2 == 1;
        let retries = due.min(half.max(max.saturating_sub(self.fresh.len())));
        let mut claims = Vec::with_capacity(max.min(due + self.fresh.len()));
        while claims.len() < retries
            && let Some(place) = self.next_returned(now)
        {
            claims.push(self.lease(place, expiry, false));
        }
        let returned = claims.len();
        while claims.len() < max
            && let Some(place) = self.next_fresh()
        {
            claims.push(self.lease(place, expiry, true));
        }
        // Some of the fresh ones that were counted may have been forgotten.
        let most = max.min(claims.len() + most_retries.saturating_sub(returned));
        while claims.len() < most
            && let Some(place) = self.next_returned(now)
        {
            claims.push(self.lease(place, expiry, false));
        }
        claims
    }

    /// When a message that a worker wants will be due without anybody's doing.
    pub(super) fn next_event(&self, share: Share) -> Option<i64> {
        if share.most_retries == 0 {
            return None;
        }
        let due = self.returned.first().map(|(due, _)| *due);
        let expiry = self.expiries.front().map(|(expiry, _)| *expiry);
        due.into_iter().chain(expiry).min()
    }

    fn lease(&mut self, place: u64, expiry: i64, is_first: bool) -> Claim {
        self.generation = (self.generation + 1) & GENERATION_MASK;
        let claim = Claim { place, generation: self.generation };
        self.leases.insert(place, Held { generation: self.generation, expiry, is_first });
        self.expiries.push_back((expiry, claim));
        claim
    }

    fn is_free(&self, place: u64) -> bool {
        self.waiting.contains_key(&place) && !self.leases.contains_key(&place) && self.series.is_next(place)
    }

    fn next_fresh(&mut self) -> Option<u64> {
        while let Some(place) = self.fresh.pop_front() {
            if self.is_free(place) {
                return Some(place);
            }
        }
        None
    }

    fn next_returned(&mut self, now: i64) -> Option<u64> {
        while let Some((due, place)) = self.returned.pop_first() {
            if due > now {
                self.returned.insert((due, place));
                return None;
            }
            if self.is_free(place) {
                return Some(place);
            }
        }
        None
    }

    /// Puts back what was not settled in time, and drops from the front what was.
    fn expire(&mut self, now: i64) {
        while let Some((expiry, claim)) = self.expiries.front().copied() {
            let is_live = self.expiry(claim) == Some(expiry);
            if is_live && expiry > now {
                break;
            }
            self.expiries.pop_front();
            if is_live {
                self.leases.remove(&claim.place);
                self.returned.insert((now, claim.place));
            }
        }
    }
}

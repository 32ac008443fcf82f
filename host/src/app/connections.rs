//! The connections that are open: no more than there are places. Where all are taken, the one on which nothing is handled
//! and nothing moved for longest is closed for whoever comes next, so that clients that keep connections open keep nobody out.
//! Who has just come is given the time to ask.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::telemetry::Seldom;

/// How long a connection that is asked to close may take, before the next one is asked too.
const GRACE: Duration = Duration::from_millis(20);
/// How long a connection may take to ask for something, before it counts as idle.
const FRESH: Duration = Duration::from_secs(1);
/// After what time one that is asked to close is cut off, such as one with half the head of a request, however it trickles.
const CUT_AFTER: Duration = Duration::from_secs(1);
/// And after what time where an answer is taken slowly.
const CUT_TAKEN_AFTER: Duration = Duration::from_secs(30);

/// All that are open.
#[derive(Clone)]
pub(super) struct Connections(Arc<Inner>);

struct Inner {
    places: Arc<Semaphore>,
    most: usize,
    begin: Instant,
    open: Mutex<BTreeMap<u64, Arc<Use>>>,
    next: AtomicU64,
    told: Seldom,
    closing: CancellationToken,
    tasks: TaskTracker,
}

/// How one is used.
struct Use {
    /// Requests that are being handled: their answers are not known yet.
    requests: AtomicUsize,
    /// Whether there ever was one.
    has_asked: AtomicBool,
    /// Whether what is written waits for the other side to take it.
    is_taken_slowly: AtomicBool,
    /// When it came, in milliseconds from the begin of all.
    came: u64,
    /// When bytes moved on it last, likewise.
    moved: AtomicU64,
    begin: Instant,
    closing: CancellationToken,
}

/// One that is open, for as long as it is kept.
pub(super) struct Connection {
    id: u64,
    usage: Arc<Use>,
    all: Connections,
    _place: OwnedSemaphorePermit,
}

/// A request that is being handled, for as long as it is kept.
pub(super) struct Request(Arc<Use>);

/// Notes when bytes move on a connection.
#[derive(Clone)]
pub(super) struct Movement(Arc<Use>);

impl Use {
    fn millis(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    /// Whether it has come so lately that its first request may be on its way.
    fn is_fresh(&self) -> bool {
        let age = Duration::from_millis(self.millis().saturating_sub(self.came));
        !self.has_asked.load(Ordering::Relaxed) && age < FRESH
    }

    fn unmoved(&self) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(self.moved.load(Ordering::Relaxed)))
    }
}

impl Movement {
    pub(super) fn note(&self) {
        self.0.moved.store(self.0.millis(), Ordering::Relaxed);
    }

    /// Notes whether what was written last has to wait.
    pub(super) fn note_write(&self, waits: bool) {
        self.0.is_taken_slowly.store(waits, Ordering::Relaxed);
    }
}

impl Connections {
    /// Room for `most` at once.
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(most)),
            most,
            begin: Instant::now(),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            told: Seldom::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// A place for one more. Where there is none, the longest idle ones are closed until there is.
    pub(super) async fn enter(&self) -> Connection {
        let places = &self.0.places;
        let place = loop {
            if let Ok(place) = places.clone().try_acquire_owned() {
                break place;
            }
            self.close_longest_idle();
            if let Ok(Ok(place)) = tokio::time::timeout(GRACE, places.clone().acquire_owned()).await {
                break place;
            }
        };
        let came = u64::try_from(self.0.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let usage = Arc::new(Use {
            requests: AtomicUsize::new(0),
            has_asked: AtomicBool::new(false),
            is_taken_slowly: AtomicBool::new(false),
            came,
            moved: AtomicU64::new(came),
            begin: self.0.begin,
            closing: self.0.closing.child_token(),
        });
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.open().insert(id, usage.clone());
        Connection { id, usage, all: self.clone(), _place: place }
    }

    /// What runs the connections, and is waited for at the end.
    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Asks all to close, each once its requests are answered, and waits until they have.
    pub(super) async fn close(&self) {
        self.0.closing.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn close_longest_idle(&self) {
        let longest = {
            let open = self.open();
            let idle = open.values().filter(|one| one.is_idle() && !one.is_fresh() && !one.closing.is_cancelled());
            idle.min_by_key(|one| one.moved.load(Ordering::Relaxed)).cloned()
        };
        if let Some(longest) = &longest {
            longest.closing.cancel();
        }
        self.tell(longest.is_some());
    }

    fn tell(&self, is_idle_one_closed: bool) {
        if !self.0.told.is_due() {
            return;
        }
        let what = if is_idle_one_closed { "the longest idle ones are closed" } else { "none is idle" };
        tracing::warn!(connections = self.0.most, what, "all connections are taken, and more come");
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Use>>> {
        // Every change is one insertion or removal, so that what a panic left behind is whole.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Notes a request until it is dropped.
    pub(super) fn request(&self) -> Request {
        self.usage.requests.fetch_add(1, Ordering::Relaxed);
        self.usage.has_asked.store(true, Ordering::Relaxed);
        Request(self.usage.clone())
    }

    /// Notes when bytes move.
    pub(super) fn movement(&self) -> Movement {
        Movement(self.usage.clone())
    }

    /// Waits until this one should close, once what was asked is answered.
    pub(super) async fn closing(&self) {
        self.usage.closing.cancelled().await;
    }

    /// Waits, after [`Self::closing`], until it is to be cut off: somebody waits for its place, and nothing is handled, and no
    /// answer is taken any more, or too slowly.
    pub(super) async fn cut(&self) {
        let asked = Instant::now();
        loop {
            tokio::time::sleep(CUT_AFTER).await;
            let is_taken = self.usage.is_taken_slowly.load(Ordering::Relaxed) && self.usage.unmoved() < CUT_AFTER;
            let is_stuck = !is_taken || asked.elapsed() >= CUT_TAKEN_AFTER;
            if is_stuck && self.usage.is_idle() && self.all.0.places.available_permits() == 0 {
                return;
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.open().remove(&self.id);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_closing(connection: &Connection) -> bool {
        connection.usage.closing.is_cancelled()
    }

    /// One on which something was asked.
    async fn used(connections: &Connections) -> Connection {
        let connection = connections.enter().await;
        drop(connection.request());
        connection
    }

    #[tokio::test]
    async fn who_has_just_come_is_given_the_time_to_ask() {
        let connections = Connections::new(1);
        let fresh = connections.enter().await;
        let next = connections.enter();
        tokio::pin!(next);
        tokio::select! {
            _ = &mut next => panic!("there is no place"),
            () = fresh.closing() => panic!("its request may be on its way"),
            () = tokio::time::sleep(FRESH / 2) => {}
        }
        drop(fresh);
        next.await;
    }

    #[tokio::test]
    async fn the_one_that_is_idle_for_longest_is_asked_to_close_for_the_next() {
        let connections = Connections::new(3);
        let busy = connections.enter().await;
        let _request = busy.request();
        let (asked, first) = (used(&connections).await, used(&connections).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
        asked.movement().note();
        let next = tokio::spawn({
            let connections = connections.clone();
            async move { connections.enter().await }
        });
        first.closing().await;
        assert!(!is_closing(&busy) && !is_closing(&asked));
        drop(first);
        drop(next.await.expect("has its place"));
        assert!(!is_closing(&busy) && !is_closing(&asked));
    }

    #[tokio::test]
    async fn where_one_takes_its_time_to_close_the_next_is_asked_too() {
        let connections = Connections::new(2);
        let (slow, quick) = (used(&connections).await, used(&connections).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
        quick.movement().note();
        let next = connections.enter();
        tokio::pin!(next);
        tokio::select! {
            _ = &mut next => panic!("there is no place"),
            () = async { slow.closing().await; quick.closing().await } => {}
        }
        drop(quick);
        next.await;
    }
}

use std::{
    fs::File,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use super::{
    StoreError,
    backlog::{Backlog, Filled, Haste},
    error::{is_fatal, reason},
    open::BUSY_TIMEOUT,
    scrub::Pages,
    settle::{Committed, Log},
};

/// Pages of the write-ahead log, of 4 KiB each, that are not in the database yet, above which they are put there. The
/// log begins anew when all of them are there and no reader uses it.
pub(super) const MAX_WAL_PAGES: i64 = 4_000;

/// How long readers are waited for when the log is dropped: short reads, and no others, since the writer has more to do.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// How long another program may hold the lock of the store, until it is given up.
const LOCKED: Duration = Duration::from_secs(60);

/// After how long without a write the log is dropped, so that what was deleted meanwhile is in the files no longer.
const LOG_QUIET: Duration = Duration::from_millis(if cfg!(test) { 100 } else { 5_000 });

/// How many groups are done between two looks at the log.
const LOOK_AT_LOG: u32 = 16;

/// How long a group that was committed may wait for others, which are there already, to be synced with it: some times as
/// long as a sync takes on a quick disk, and short beside the work of the stages, whose groups follow each other.
const SHARED_SYNC: Duration = Duration::from_millis(1);

/// Something to do inside a transaction.
pub(super) trait Operation: Send {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Takes in, in the order of the writes, how it came out.
    fn settle(&mut self, outcome: Result<(), StoreError>, wakes: &mut Wakes);
    /// Tells whoever waits, on any thread; it has been settled.
    fn answer(self: Box<Self>);
    /// The runtime on which somebody waits.
    fn home(&self) -> Option<&Handle>;
}

/// What the writer finds in its inbox.
pub(super) enum Job {
    Operation(Haste, Box<dyn Operation>),
    Fold(Fold),
}

/// The log is to be folded into the database.
pub(super) struct Fold {
    /// Then clear what is free in pages from this one on; otherwise drop the log.
    pub(super) clear_from: Option<u32>,
    /// Who waits for it.
    pub(super) reply: oneshot::Sender<Result<Folded, StoreError>>,
}

/// What came of a fold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Folded {
    /// Somebody reads an older state.
    Blocked,
    /// It is done; where to go on clearing.
    Done(Option<u32>),
}

impl Fold {
    fn run(&self, connection: &Connection, pages: &Pages) -> rusqlite::Result<Folded> {
        let Some(first) = self.clear_from else {
            return Ok(if drop_log(connection, PATIENCE)? { Folded::Done(None) } else { Folded::Blocked });
        };
        if unfolded_pages(connection)? > 0 {
            checkpoint(connection, "PASSIVE")?;
            if unfolded_pages(connection)? > 0 {
                return Ok(Folded::Blocked);
            }
        }
        let next = pages.clear(first).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        // Pages in memory are as they were, and would be written so again.
        connection.execute_batch("PRAGMA shrink_memory")?;
        Ok(Folded::Done(next))
    }
}

/// An operation made of closures.
pub(super) struct Call<T, R, D, A> {
    run: R,
    done: Option<D>,
    answer: A,
    value: Option<T>,
    outcome: Result<(), StoreError>,
    /// See [`Operation::home`].
    pub(super) home: Option<Handle>,
}

impl<T, R, D, A> Call<T, R, D, A> {
    pub(super) const fn new(run: R, done: D, answer: A) -> Self {
        Self { run, done: Some(done), answer, value: None, outcome: Ok(()), home: None }
    }
}

impl<T, R, D, A> Operation for Call<T, R, D, A>
where
    T: Send,
    R: FnMut(&Connection) -> rusqlite::Result<T> + Send,
    D: FnOnce(Result<&T, &StoreError>, &mut Wakes) + Send,
    A: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.value = Some((self.run)(connection)?);
        Ok(())
    }

    fn settle(&mut self, outcome: Result<(), StoreError>, wakes: &mut Wakes) {
        let Some(done) = self.done.take() else { return };
        done(outcome.as_ref().map(|()| self.value.as_ref().expect("an operation that succeeded has run")), wakes);
        self.outcome = outcome;
    }

    fn answer(self: Box<Self>) {
        let value = self.value;
        (self.answer)(self.outcome.map(|()| value.expect("an operation that succeeded has run")));
    }

    fn home(&self) -> Option<&Handle> {
        self.home.as_ref()
    }
}

/// Who is woken when the whole group is settled, so that a worker finds all of it and not only the first piece.
#[derive(Default)]
pub(crate) struct Wakes(Vec<Arc<Notify>>);

impl Wakes {
    /// Adds everyone who waits on `notify`.
    pub(crate) fn add(&mut self, notify: &Arc<Notify>) {
        if !self.0.iter().any(|known| Arc::ptr_eq(known, notify)) {
            self.0.push(notify.clone());
        }
    }

    pub(super) fn wake(self) {
        self.0.iter().for_each(|notify| notify.notify_waiters());
    }
}

/// The handle of the thread that writes. When dropped it waits until everything in the inbox is settled.
pub(super) struct Writer {
    inbox: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<OnceLock<String>>,
}

impl Writer {
    /// `log` is the write-ahead log of the connection's file; `failure` is why the store takes no more writes, once it does
    /// not.
    pub(super) fn start(
        connection: Connection,
        log: File,
        pages: Arc<Pages>,
        failure: Arc<OnceLock<String>>,
    ) -> std::io::Result<Self> {
        let (inbox, jobs) = channel();
        let log = Log { file: log, pages: pages.clone(), failure: failure.clone() };
        let scribe = Scribe { log, connection, pages, failure: failure.clone() };
        let thread = std::thread::Builder::new().name("sayso-store".into()).spawn(move || scribe.serve(&jobs))?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread), failure })
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.get().cloned()
    }

    pub(super) fn send(&self, job: Job) {
        let sent = self.inbox.as_ref().expect("the inbox is open until the writer is dropped").send(job);
        if let Err(unsent) = sent {
            let why = self.failure().unwrap_or_else(|| "its writer has stopped".into());
            settle(unsent.0, Err(StoreError::Failed(why)), &mut Wakes::default());
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.inbox.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the store panicked");
        }
    }
}

/// What runs on the thread.
struct Scribe {
    log: Log,
    connection: Connection,
    pages: Arc<Pages>,
    failure: Arc<OnceLock<String>>,
}

impl Drop for Scribe {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.failure.get_or_init(|| "the thread that writes the store panicked; please report this".into());
        }
    }
}

impl Scribe {
    fn serve(self, jobs: &Receiver<Job>) {
        let mut backlog = Backlog::default();
        let mut unsynced = Unsynced::default();
        let (mut groups, mut has_log) = (0u32, true);
        loop {
            if unsynced.is_due() || !backlog.has_more(jobs) {
                unsynced.settle(&self.log);
            }
            match backlog.fill(jobs, if has_log { LOG_QUIET } else { Duration::MAX }) {
                Filled::Work => {}
                Filled::Quiet => {
                    has_log = !self.drop_quiet_log();
                    continue;
                }
                Filled::Ended => return,
            }
            let began = Instant::now();
            let group = backlog.next_group();
            let company = group.company();
            if company.is_some() && unsynced.is_wanted_soon {
                unsynced.settle(&self.log);
            }
            if !group.operations.is_empty() {
                has_log = true;
                unsynced.is_wanted_soon |= company.is_none();
                self.commit(group.operations, &mut unsynced);
            }
            groups = groups.wrapping_add(1);
            let is_long = groups.is_multiple_of(LOOK_AT_LOG) && self.log_is_long();
            if is_long || group.fold.is_some() {
                // Nobody waits for what follows.
                unsynced.settle(&self.log);
            }
            if is_long {
                self.fold_log();
            }
            if let Some(fold) = group.fold {
                let outcome = self.guard(|connection| fold.run(connection, &self.pages));
                // A caller that went away needs no answer.
                fold.reply.send(outcome).ok();
            }
            backlog.done(company, began);
        }
    }

    /// Commits the operations together, or, where one of them fails, each for itself.
    fn commit(&self, mut operations: Vec<Box<dyn Operation>>, unsynced: &mut Unsynced) {
        match self.guard(|connection| transact(connection, &mut operations)) {
            Err(_) if operations.len() > 1 && self.failure.get().is_none() => {
                for operation in operations {
                    let mut operations = vec![operation];
                    let outcome = self.guard(|connection| transact(connection, &mut operations));
                    unsynced.push(Committed { operations, outcome });
                }
            }
            outcome => unsynced.push(Committed { operations, outcome }),
        }
    }

    /// Runs `work` unless the store is poisoned, and poisons it where `work` fails in a way that calls for it.
    fn guard<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        if let Some(failure) = self.failure.get() {
            return Err(StoreError::Failed(failure.clone()));
        }
        work(&self.connection).map_err(|error| {
            if is_fatal(&error) {
                let why = self.failure.get_or_init(|| reason(&error));
                tracing::error!(error = %why, "the store failed and takes no more writes until sayso is restarted");
                return StoreError::Failed(why.clone());
            }
            error.into()
        })
    }

    fn log_is_long(&self) -> bool {
        self.guard(unfolded_pages).is_ok_and(|pages| pages > MAX_WAL_PAGES)
    }

    /// Drops the log, unless somebody reads; whether it is gone.
    fn drop_quiet_log(&self) -> bool {
        self.guard(|connection| drop_log(connection, Duration::ZERO)).unwrap_or(false)
    }

    fn fold_log(&self) {
        if let Err(StoreError::Full(error)) = self.guard(|connection| checkpoint(connection, "PASSIVE")) {
            tracing::warn!(%error, "the store's log cannot be folded into the database, and keeps growing");
        }
    }
}

/// What is committed, and neither synced nor answered.
#[derive(Default)]
struct Unsynced {
    groups: Vec<Committed>,
    since: Option<Instant>,
    /// Whether somebody outside waits for any of it, and must not wait for a group of stages as well.
    is_wanted_soon: bool,
}

impl Unsynced {
    fn push(&mut self, committed: Committed) {
        self.since.get_or_insert_with(Instant::now);
        self.groups.push(committed);
    }

    /// Whether it must not wait any longer.
    fn is_due(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= SHARED_SYNC)
    }

    fn settle(&mut self, log: &Log) {
        let Self { groups, since, .. } = std::mem::take(self);
        if since.is_some() {
            log.settle(groups);
        }
    }
}

fn settle(job: Job, outcome: Result<(), StoreError>, wakes: &mut Wakes) {
    match job {
        Job::Operation(_, mut operation) => {
            operation.settle(outcome, wakes);
            operation.answer();
        }
        // A caller that went away needs no answer.
        Job::Fold(fold) => drop(fold.reply.send(outcome.map(|()| Folded::Blocked))),
    }
}

fn transact(connection: &Connection, group: &mut [Box<dyn Operation>]) -> rusqlite::Result<()> {
    begin(connection)?;
    let outcome = group
        .iter_mut()
        .try_for_each(|operation| operation.run(connection))
        .and_then(|()| connection.prepare_cached("COMMIT")?.execute([]).map(drop));
    // SQLite itself has rolled back after some errors.
    if outcome.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    outcome
}

/// Begins a transaction. Another program that writes the store, as an operator's may, is waited for.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    let mut is_told = false;
    loop {
        match connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < LOCKED => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!(longest = ?LOCKED, "another program has locked the store; everything waits for it");
                }
            }
            outcome => return outcome.map(drop),
        }
    }
}

/// Pages of the write-ahead log that are not in the database yet.
fn unfolded_pages(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
    statement.query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

/// Folds the log into the database and cuts it to nothing; false where a reader stands in the way for longer than
/// `patience`.
pub(super) fn drop_log(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(patience)?;
    let outcome = checkpoint(connection, "TRUNCATE");
    connection.busy_timeout(BUSY_TIMEOUT)?;
    outcome
}

/// Whether all of the log is in the database, and, where that was asked for, cut.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<bool> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

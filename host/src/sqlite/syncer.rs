//! Makes durable what the writer has committed, and answers it.
//!
//! A commit writes the log and does not sync it (`synchronous=NORMAL`: SQLite syncs where it folds the log, and keeps
//! the file whole by that). This thread does, before anyone is answered: while one group is being synced the next is
//! being written, and those that are written meanwhile are synced together.

use std::{
    fs::File,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use tokio::runtime::Handle;

use super::{
    StoreError,
    writer::{Operation, Wakes},
};

/// Groups that may wait to be synced; then the writer waits as well.
const MAX_UNSYNCED: usize = 16;

/// Operations of one transaction, and how it came out.
pub(super) struct Committed {
    pub(super) operations: Vec<Box<dyn Operation>>,
    pub(super) outcome: Result<(), StoreError>,
}

/// The handle of the thread. When dropped it waits until everything is answered.
pub(super) struct Syncer {
    inbox: Option<SyncSender<Committed>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// `log` is SQLite's write-ahead log, and `failure` why the store takes no more writes.
    pub(super) fn start(log: File, failure: Arc<OnceLock<String>>) -> std::io::Result<Self> {
        let (inbox, committed) = sync_channel(MAX_UNSYNCED);
        let sync = Sync { log, failure, runtime: Handle::try_current().ok() };
        let thread = std::thread::Builder::new().name("sayso-sync".into()).spawn(move || sync.serve(&committed))?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread) })
    }

    /// Hands a group over; the groups are answered in this order.
    pub(super) fn send(&self, committed: Committed) {
        let sent = self.inbox.as_ref().expect("the inbox is open until the syncer is dropped").send(committed);
        if let Err(unsent) = sent {
            let stopped = Err(StoreError::Failed("the thread that syncs the store has stopped".into()));
            settle(vec![unsent.0], &stopped, None);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.inbox.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that syncs the store panicked");
        }
    }
}

/// What runs on the thread.
struct Sync {
    log: File,
    failure: Arc<OnceLock<String>>,
    /// Where those run who wait for answers.
    runtime: Option<Handle>,
}

impl Drop for Sync {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.failure.get_or_init(|| "the thread that syncs the store panicked; please report this".into());
        }
    }
}

impl Sync {
    fn serve(self, committed: &Receiver<Committed>) {
        while let Ok(first) = committed.recv() {
            let mut groups = vec![first];
            groups.extend(committed.try_iter());
            let synced = self.sync();
            settle(groups, &synced, self.runtime.as_ref());
        }
    }

    /// Syncs the log. Where that fails nobody knows what the disk has, and the store is poisoned.
    fn sync(&self) -> Result<(), StoreError> {
        if let Some(failure) = self.failure.get() {
            return Err(StoreError::Failed(failure.clone()));
        }
        self.log.sync_data().map_err(|error| {
            let why = self.failure.get_or_init(|| format!("the log cannot be synced: {error}"));
            tracing::error!(error = %why, "the store failed and takes no more writes until sayso is restarted");
            StoreError::Failed(why.clone())
        })
    }
}

/// Tells the operations how they came out, in their order, and then whoever waits.
fn settle(groups: Vec<Committed>, synced: &Result<(), StoreError>, runtime: Option<&Handle>) {
    let mut wakes = Wakes::default();
    let mut settled = Vec::new();
    for Committed { mut operations, outcome } in groups {
        let outcome = outcome.and_then(|()| synced.clone());
        operations.iter_mut().for_each(|operation| operation.settle(outcome.clone(), &mut wakes));
        settled.append(&mut operations);
    }
    answer(settled, runtime);
    wakes.wake();
}

/// Answers from the threads that those run on who wait: to wake each of them from here costs this thread more than it
/// does otherwise.
fn answer(operations: Vec<Box<dyn Operation>>, runtime: Option<&Handle>) {
    match runtime {
        Some(runtime) if operations.len() > 1 => {
            drop(runtime.spawn(async move { operations.into_iter().for_each(Operation::answer) }));
        }
        _ => operations.into_iter().for_each(Operation::answer),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rusqlite::Connection;

    use super::*;
    use crate::sqlite::writer::Call;

    type Outcome = Result<(), StoreError>;

    /// Operations that tell how they came out.
    fn operations(count: usize) -> (Vec<Box<dyn Operation>>, Receiver<Outcome>) {
        let (tell, told) = mpsc::channel();
        let connection = Connection::open_in_memory().expect("opens");
        let operation = |_| -> Box<dyn Operation> {
            let tell = tell.clone();
            let answer = move |outcome| tell.send(outcome).expect("is listened to");
            let mut call = Call::new(|_: &Connection| Ok(()), |_: Result<&(), &StoreError>, _: &mut Wakes| {}, answer);
            call.run(&connection).expect("runs");
            Box::new(call)
        };
        ((0..count).map(operation).collect(), told)
    }

    fn syncer(log: File) -> (Syncer, Arc<OnceLock<String>>) {
        let failure = Arc::default();
        (Syncer::start(log, Arc::clone(&failure)).expect("starts"), failure)
    }

    #[test]
    fn what_was_committed_and_synced_is_answered_before_the_syncer_is_gone() {
        let (syncer, failure) = syncer(tempfile::tempfile().expect("a file"));
        let (operations, told) = operations(3);
        syncer.send(Committed { operations, outcome: Ok(()) });
        drop(syncer);
        assert!(told.iter().take(3).all(|outcome| outcome.is_ok()));
        assert!(failure.get().is_none());
    }

    #[test]
    fn what_failed_to_commit_fails_alone() {
        let (syncer, _) = syncer(tempfile::tempfile().expect("a file"));
        let ((failed, of_failed), (done, of_done)) = (operations(1), operations(1));
        syncer.send(Committed { operations: failed, outcome: Err(StoreError::Full("no space".into())) });
        syncer.send(Committed { operations: done, outcome: Ok(()) });
        assert!(matches!(of_failed.recv(), Ok(Err(StoreError::Full(_)))));
        assert!(matches!(of_done.recv(), Ok(Ok(()))));
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_synced_is_not_said_to_be_done_and_neither_is_anything_after_it() {
        // A pipe cannot be synced.
        let (_reader, pipe) = std::io::pipe().expect("a pipe");
        let (syncer, failure) = syncer(std::os::fd::OwnedFd::from(pipe).into());
        for _ in 0..2 {
            let (operations, told) = operations(2);
            syncer.send(Committed { operations, outcome: Ok(()) });
            assert!(told.iter().take(2).all(|outcome| matches!(outcome, Err(StoreError::Failed(_)))));
        }
        assert!(failure.get().is_some_and(|why| why.contains("cannot be synced")));
    }
}

//! Makes durable what the writer has committed, and tells those who wait.
//!
//! A commit writes the log and does not sync it (`synchronous=NORMAL`: SQLite syncs where it folds the log, and keeps
//! the file whole by that). The writer does, before anyone is answered: several groups may share a sync.

use std::{
    fs::File,
    sync::{Arc, OnceLock},
};

use tokio::runtime::Handle;

use super::{
    StoreError,
    scrub::{Pages, is_deleted},
    writer::{Operation, Wakes},
};

/// Operations of one transaction, and how it came out.
pub(super) struct Committed {
    pub(super) operations: Vec<Box<dyn Operation>>,
    pub(super) outcome: Result<(), StoreError>,
}

/// SQLite's write-ahead log.
pub(super) struct Log {
    pub(super) file: File,
    /// The database.
    pub(super) pages: Arc<Pages>,
    /// Why the store takes no more writes.
    pub(super) failure: Arc<OnceLock<String>>,
}

impl Log {
    /// Syncs the log, and tells the operations of `groups` how they came out, in their order, and then whoever waits.
    pub(super) fn settle(&self, groups: Vec<Committed>) {
        let synced = self.sync();
        let mut wakes = Wakes::default();
        let mut settled = Vec::new();
        for Committed { mut operations, outcome } in groups {
            let outcome = outcome.and_then(|()| synced.clone());
            operations.iter_mut().for_each(|operation| operation.settle(outcome.clone(), &mut wakes));
            settled.append(&mut operations);
        }
        answer(settled);
        wakes.wake();
    }

    /// Where that fails nobody knows what the disk has, and the store is poisoned.
    fn sync(&self) -> Result<(), StoreError> {
        if let Some(failure) = self.failure.get() {
            return Err(StoreError::Failed(failure.clone()));
        }
        let poison = |reason: String| {
            let why = self.failure.get_or_init(|| reason);
            tracing::error!(error = %why, "the store failed and takes no more writes until sayso is restarted");
            StoreError::Failed(why.clone())
        };
        self.file.sync_data().map_err(|error| poison(format!("the log cannot be synced: {error}")))?;
        // What is written into files without a name is gone when they are closed.
        match is_deleted(&self.file).and_then(|log| Ok(log || self.pages.is_gone()?)) {
            Ok(false) => Ok(()),
            Ok(true) => Err(poison("the files of the store were deleted or moved while sayso ran".into())),
            Err(error) => Err(poison(format!("the files of the store cannot be looked at: {error}"))),
        }
    }
}

/// Answers many on the threads that they wait on: to wake each of them from here costs more, this thread as well as them.
fn answer(operations: Vec<Box<dyn Operation>>) {
    let mut by_home: Vec<(Handle, Vec<Box<dyn Operation>>)> = Vec::new();
    for operation in operations {
        let Some(home) = operation.home() else {
            operation.answer();
            continue;
        };
        match by_home.iter_mut().find(|(known, _)| known.id() == home.id()) {
            Some((_, operations)) => operations.push(operation),
            None => by_home.push((home.clone(), vec![operation])),
        }
    }
    for (home, operations) in by_home {
        if operations.len() > 1 {
            drop(home.spawn(async move { operations.into_iter().for_each(Operation::answer) }));
        } else {
            operations.into_iter().for_each(Operation::answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver};

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
            call.home = Handle::try_current().ok();
            call.run(&connection).expect("runs");
            Box::new(call)
        };
        ((0..count).map(operation).collect(), told)
    }

    /// The files of a store, in a folder that is there as long as it is kept.
    struct Files {
        folder: tempfile::TempDir,
        log: Log,
    }

    fn files() -> Files {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name| File::create(folder.path().join(name)).expect("a file");
        let file = make("log");
        make("database");
        let pages = Arc::new(Pages::open(&folder.path().join("database")).expect("opens"));
        Files { folder, log: Log { file, pages, failure: Arc::default() } }
    }

    #[test]
    fn what_was_committed_is_answered_once_it_is_synced() {
        let Files { log, folder: _folder } = files();
        let (operations, told) = operations(3);
        log.settle(vec![Committed { operations, outcome: Ok(()) }]);
        assert!(told.iter().take(3).all(|outcome| outcome.is_ok()));
        assert!(log.failure.get().is_none());
    }

    #[test]
    fn what_failed_to_commit_fails_alone() {
        let Files { log, folder: _folder } = files();
        let ((failed, of_failed), (done, of_done)) = (operations(1), operations(1));
        let full = Err(StoreError::Full("no space".into()));
        log.settle(vec![
            Committed { operations: failed, outcome: full },
            Committed { operations: done, outcome: Ok(()) },
        ]);
        assert!(matches!(of_failed.recv(), Ok(Err(StoreError::Full(_)))));
        assert!(matches!(of_done.recv(), Ok(Ok(()))));
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_synced_is_not_said_to_be_done_and_neither_is_anything_after_it() {
        // A pipe cannot be synced.
        let (_reader, pipe) = std::io::pipe().expect("a pipe");
        let Files { mut log, folder: _folder } = files();
        log.file = std::os::fd::OwnedFd::from(pipe).into();
        for _ in 0..2 {
            let (operations, told) = operations(2);
            log.settle(vec![Committed { operations, outcome: Ok(()) }]);
            assert!(told.iter().take(2).all(|outcome| matches!(outcome, Err(StoreError::Failed(_)))));
        }
        assert!(log.failure.get().is_some_and(|why| why.contains("cannot be synced")));
    }

    #[test]
    fn what_is_written_into_deleted_files_is_not_said_to_be_done() {
        for name in ["log", "database"] {
            let Files { log, folder } = files();
            std::fs::remove_file(folder.path().join(name)).expect("deleted");
            let (operations, told) = operations(1);
            log.settle(vec![Committed { operations, outcome: Ok(()) }]);
            assert!(matches!(told.recv(), Ok(Err(StoreError::Failed(why))) if why.contains("deleted")));
        }
    }

    #[test]
    fn those_who_wait_on_several_runtimes_are_all_answered() {
        let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let runtimes = [runtime(), runtime()];
        let mut all = Vec::new();
        let told: Vec<_> = (0..6)
            .map(|number| {
                let _inside = (number % 3 != 2).then(|| runtimes[number % 2].enter());
                let (mut one, told) = operations(1);
                all.append(&mut one);
                told
            })
            .collect();
        files().log.settle(vec![Committed { operations: all, outcome: Ok(()) }]);
        assert!(told.iter().all(|told| matches!(told.recv(), Ok(Ok(())))));
    }
}

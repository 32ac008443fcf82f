//! Something to see while work takes its time.

use std::{
    io::{IsTerminal as _, stderr},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use indicatif::ProgressBar;

/// How long work may take before it is told of where no spinner turns.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does the work. Meanwhile a spinner turns; where standard error is no terminal, one line says what takes so long.
pub(super) fn during<T>(doing: String, work: impl FnOnce() -> T) -> T {
    if stderr().is_terminal() {
        let spinner = ProgressBar::new_spinner().with_message(doing);
        spinner.enable_steady_tick(Duration::from_millis(120));
        let done = work();
        spinner.finish_and_clear();
        return done;
    }
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if waits_too_long(&waiting, PATIENCE) {
                anstream::eprintln!("{doing} …");
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// Whether the other end is still there after so long.
fn waits_too_long(work: &mpsc::Receiver<()>, patience: Duration) -> bool {
    work.recv_timeout(patience) == Err(RecvTimeoutError::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_long_is_told_of() {
        let (done, waiting) = mpsc::channel();
        assert!(waits_too_long(&waiting, Duration::from_millis(10)));
        drop(done);
        assert!(!waits_too_long(&waiting, Duration::from_secs(60)));
    }

    #[test]
    fn the_result_of_the_work_is_returned() {
        assert_eq!(during("adding".into(), || 1 + 1), 2);
    }
}

//! Descriptors: what the system lets a process have open at once, of files, sockets and connections together.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as a process may by itself, as a server wants: what it begins with is kept low for the sake of
/// programs that use `select`. How many may be open then; none where there is no limit.
pub(super) fn raise_limit() -> Option<usize> {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    if limit.current != before
        && let Err(error) = setrlimit(Resource::Nofile, limit)
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
        limit.current = before;
    }
    limit.current.map(|current| usize::try_from(current).unwrap_or(usize::MAX))
}

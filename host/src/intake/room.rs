//! How much of bodies is held in memory, all requests together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::api::problem::{Problem, ProblemType};

/// Most that is held at once, in bytes, or one body as large as the operator allows: of bodies, of what is kept to expand
/// them, and of items on their way to the queue. A body that came in one piece, as most do, is not counted: connections are
/// bounded, and so is a piece.
const MOST: u64 = 256 << 20;
/// When to come back, in seconds: bodies are read in less, unless their senders are slow.
const RETRY_AFTER: u64 = 2;

/// The memory for bodies, and how much of it is taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Room(Arc<AtomicU64>);

/// What one body takes, until it is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    room: Room,
    bytes: u64,
}

impl Room {
    /// A body that takes nothing yet.
    pub(super) fn hold(&self) -> Held {
        Held { room: self.clone(), bytes: 0 }
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Held {
    /// Takes so many bytes more. `max`: how large one body may be.
    pub(super) fn grow(&mut self, bytes: usize, max: u64) -> Result<(), Problem> {
        let (bytes, most) = (bytes as u64, MOST.max(max));
        let within = |taken: u64| taken.checked_add(bytes).filter(|taken| *taken <= most);
        self.room.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).map_err(|_| {
            let detail = format!(
                "The bodies that are being read take {most} bytes already, all there is for them. Send this again later, or in \
                 smaller parts, or as application/x-ndjson, which is not held as a whole."
            );
            Problem::new(ProblemType::Overloaded, detail).retry_after(RETRY_AFTER)
        })?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives so many bytes back.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let bytes = self.bytes.min(bytes as u64);
        self.room.0.fetch_sub(bytes, Ordering::Relaxed);
        self.bytes -= bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: usize = MOST as usize / 2;

    #[test]
    fn bodies_are_taken_until_the_room_is_full_and_again_when_one_has_gone() {
        let room = Room::default();
        let (mut first, mut second) = (room.hold(), room.hold());
        first.grow(HALF, 1).expect("there is room");
        second.grow(HALF, 1).expect("there is room");
        let refused = second.grow(1, 1).expect_err("there is none");
        assert_eq!(refused.kind, ProblemType::Overloaded);
        drop(first);
        second.grow(1, 1).expect("there is room again");
        second.shrink(HALF);
        room.hold().grow(HALF, 1).expect("it was given back");
        drop(second);
        assert_eq!(room.taken(), 0);
    }

    #[test]
    fn one_body_as_large_as_the_operator_allows_is_always_taken() {
        let mut body = Room::default().hold();
        body.grow(2 * HALF + 1, MOST + 1).expect("it may be so large");
    }
}

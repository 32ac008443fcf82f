//! When to take no more: too much waits, or the disk is nearly full. Cheap enough to be asked for every request.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::problem::{Problem, ProblemType};
use crate::config::Config;
use crate::queue::{Lane, Queue};

/// How old a look at the queue or the disk may be.
const FRESH: Duration = Duration::from_secs(1);
/// Free space on the disk that the store needs in any case, in bytes: below it, it is as good as full.
const LEAST_FREE: u64 = 1 << 20;
/// What a piece of feedback that waits for the chain still takes of the disk, in bytes: so much, and so many times its size,
/// for its record, analysis, index and deliveries. (Measured, the log included: reviews of 7.4 KB took 28 KB each in the end,
/// of 0.5 KB 5.8 KB.)
const EACH: u64 = 4 << 10;
const GROWTH: u64 = 3;
/// How many of the last pieces of feedback make up most of the mean size.
const RECENT: f64 = 1_000.0;
/// Seconds to come back in, where the queue does not drain measurably, and at most.
const RETRY_DEFAULT: u64 = 5;
const RETRY_MAX: f64 = 60.0;

/// What was seen last.
#[derive(Debug, Default)]
pub(super) struct Pressure(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    queue_at: Option<Instant>,
    waiting: u64,
    /// What this process has published since then: with `waiting` an upper bound of what waits now.
    published: u64,
    /// Mean size of what was published lately, in bytes.
    mean_bytes: f64,
    /// How much left the queue since `queue_at`.
    left: u64,
    /// Messages a second that left the queue lately.
    drained: f64,
    disk_at: Option<Instant>,
    is_disk_full: bool,
}

impl Pressure {
    /// Whether there is room for more.
    pub(super) fn check(&self, queue: &dyn Queue, config: &Config) -> Result<(), Problem> {
        let now = Instant::now();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let max = config.server.max_backlog;
        if seen.waiting.saturating_add(seen.published) >= max || !is_fresh(seen.queue_at, now) {
            seen.look_at_queue(now, queue);
        }
        seen.look_at_disk(now, config);
        if seen.is_disk_full {
            let problem = Problem::new(
                ProblemType::Unavailable,
                "The disk of the store is nearly full (server.min_free_bytes, and what is needed for what waits to be analysed); sayso takes nothing more until the operator has made room, or less waits.",
            );
            return Err(problem.retry_after(30));
        }
        if seen.waiting < max {
            return Ok(());
        }
        let detail =
            format!("{} pieces of feedback wait for the chain already (server.max_backlog is {max}).", seen.waiting);
        Err(Problem::new(ProblemType::Overloaded, detail).retry_after(seen.retry_after(max)))
    }

    /// Notes how much was published, and the size of it all, in bytes.
    pub(super) fn published(&self, messages: u64, bytes: usize) {
        if messages == 0 {
            return;
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.published += messages;
        let weight = (messages as f64 / RECENT).min(1.0);
        seen.mean_bytes += weight * (bytes as f64 / messages as f64 - seen.mean_bytes);
    }
}

impl Seen {
    fn look_at_queue(&mut self, now: Instant, queue: &dyn Queue) {
        let depths = queue.depths();
        let waiting = depths.iter().find(|(lane, _)| *lane == Lane::Intake).map_or(0, |(_, depth)| depth.waiting);
        self.left += (self.waiting + self.published).saturating_sub(waiting);
        (self.waiting, self.published) = (waiting, 0);
        if let Some(before) = self.queue_at {
            let seconds = now.duration_since(before).as_secs_f64();
            if seconds < 0.05 {
                // Too short for a rate.
                return;
            }
            self.drained = 0.5 * self.drained + 0.5 * self.left as f64 / seconds;
        }
        (self.queue_at, self.left) = (Some(now), 0);
    }

    fn look_at_disk(&mut self, now: Instant, config: &Config) {
        if is_fresh(self.disk_at, now) {
            return;
        }
        self.disk_at = Some(now);
        let folder = &config.data.dir;
        let free = match rustix::fs::statvfs(folder) {
            Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
            Err(error) => {
                tracing::warn!(%error, folder = %folder.display(), "the free space of the disk cannot be told");
                u64::MAX
            }
        };
        let least = config.server.min_free_bytes.max(LEAST_FREE).saturating_add(self.still_needed());
        let was_full = std::mem::replace(&mut self.is_disk_full, free < least);
        // Once, and not for every request that is refused meanwhile.
        match (was_full, self.is_disk_full) {
            (false, true) => {
                let folder = folder.display();
                tracing::error!(%folder, free, least, "the disk of the store is nearly full; feedback is refused until there is room");
            }
            (true, false) => tracing::info!(free, "there is room on the disk of the store again; feedback is taken"),
            _ => {}
        }
    }

    /// What the disk needs, in bytes, until what waits is analysed. Of what a process before this one took in the size is not
    /// known before more comes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of sizes")]
    fn still_needed(&self) -> u64 {
        let each = EACH + GROWTH * self.mean_bytes as u64;
        self.waiting.saturating_add(self.published).saturating_mul(each)
    }

    /// Seconds until a tenth of the backlog has drained.
    fn retry_after(&self, max: u64) -> u64 {
        if self.drained < 1.0 {
            return RETRY_DEFAULT;
        }
        let surplus = self.waiting.saturating_sub(max - max / 10) as f64;
        (surplus / self.drained).ceil().clamp(1.0, RETRY_MAX) as u64
    }
}

fn is_fresh(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| now.duration_since(at) < FRESH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_needs_its_share_of_the_disk_by_the_size_of_what_came_lately() {
        let pressure = Pressure::default();
        pressure.published(3, 3 * 400);
        for _ in 0..20 {
            pressure.published(1_000, 1_000 * 8_000);
        }
        let seen = pressure.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(seen.still_needed(), 20_003 * (EACH + GROWTH * 8_000));
    }
}

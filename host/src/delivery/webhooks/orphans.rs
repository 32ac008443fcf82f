//! Deliveries that nobody makes, since their webhook was taken out of the file or renamed there.

use std::sync::Arc;

use super::Set;
use crate::queue::{Lane, Queue};

/// The webhooks that deliveries wait for, though there are none of these names; and how many.
pub(super) fn of(queue: &dyn Queue, set: &Set) -> Vec<(Arc<str>, u64)> {
    let mut orphans = Vec::new();
    for (lane, depth) in queue.depths() {
        let Lane::Delivery(name) = lane else { continue };
        if depth.waiting > 0 && set.by_name(&name).is_none() && !set.retired.contains(&name) {
            orphans.push((name, depth.waiting));
        }
    }
    orphans
}

/// Says which they are, and what can be done.
pub(super) fn tell(queue: &dyn Queue, set: &Set) {
    for (name, waiting) in of(queue, set) {
        tracing::warn!(
            webhook = %name, waiting,
            "deliveries wait for a webhook that is in the configuration no more; put it back under this name, or have them \
             parked: sayso webhook delete {name}"
        );
    }
}

//! Times as the store keeps them: nanoseconds since 1970 in a 64-bit integer, from 1677 to 2262.

use std::time::Duration;

use jiff::Timestamp;

/// `at` in nanoseconds; the nearest one that can be kept, for a time outside the range.
pub(crate) fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

/// The time that is `nanos` after 1970.
pub(crate) fn timestamp(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).expect("64 bits of nanoseconds lie within jiff's range")
}

/// `nanos` and `delay` later; the latest one that can be kept, where that is beyond the range.
pub(crate) fn after(nanos: i64, delay: Duration) -> i64 {
    nanos.saturating_add(i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX))
}

//! The hash of units and pairs. The build script lays the tables out with it.

/// Odd, and half of its bits set, in no pattern: the golden ratio's fraction in 64 bits.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes the characters of a unit.
#[inline]
pub(crate) fn of(form: impl Iterator<Item = char>) -> u64 {
    form.fold(FACTOR, |state, c| mix(state, c as u64))
}

/// The hash of a pair of units, from those of its two.
#[inline]
pub(crate) const fn pair(first: u64, second: u64) -> u64 {
    mix(mix(FACTOR, first), second)
}

#[inline]
const fn mix(state: u64, value: u64) -> u64 {
    let product = (state ^ value).wrapping_mul(FACTOR);
    product ^ (product >> 32)
}

/// The upper half of a hash; never 0, which marks what is empty.
#[inline]
pub(crate) const fn fingerprint(hash: u64) -> u32 {
    let upper = (hash >> 32) as u32;
    if upper == 0 { 1 } else { upper }
}

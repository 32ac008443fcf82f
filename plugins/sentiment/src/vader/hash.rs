//! The hash of a word without regard to the case of ASCII letters. The build script lays the table out with it.

/// Odd, and half of its bits set, in no pattern: the golden ratio's fraction in 64 bits.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes a word; capitals of ASCII count as small letters.
#[inline]
pub(crate) fn hash(word: &[u8]) -> u32 {
    let (chunks, rest) = word.as_chunks::<8>();
    let mut state = word.len() as u64;
    for chunk in chunks {
        state = mix(state, u64::from_le_bytes(*chunk));
    }
    if !rest.is_empty() {
        state = mix(state, partial(rest));
    }
    (state.wrapping_mul(FACTOR) >> 32) as u32
}

#[inline]
const fn mix(state: u64, chunk: u64) -> u64 {
    let product = (state ^ lower(chunk)).wrapping_mul(FACTOR);
    product ^ (product >> 32)
}

/// One to seven bytes in one number, all of them in it, and none of it from memory behind them.
#[inline]
fn partial(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (len - 4));
    }
    u64::from(bytes[0]) | u64::from(bytes[len / 2]) << (8 * (len / 2)) | u64::from(bytes[len - 1]) << (8 * (len - 1))
}

/// Eight bytes at once: each that is a capital of ASCII becomes the small letter.
#[inline]
const fn lower(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let ascii = !bytes & (0x80 * EACH);
    let low = bytes & (0x7F * EACH);
    let from_a = low + (0x80 - b'A' as u64) * EACH;
    let beyond_z = low + (0x7F - b'Z' as u64) * EACH;
    bytes | ((from_a ^ beyond_z) & ascii) >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_capitals_of_ascii_are_lowered() {
        for byte in 0..=u8::MAX {
            let expected = u64::from_le_bytes([byte.to_ascii_lowercase(); 8]);
            assert_eq!(lower(u64::from_le_bytes([byte; 8])), expected, "{byte:#x}");
        }
        assert_eq!(lower(u64::from_le_bytes(*b"aZ@[{\xC3 A")), u64::from_le_bytes(*b"az@[{\xC3 a"));
    }

    #[test]
    fn a_hash_depends_on_every_byte_and_not_on_case() {
        let word = *b"Sentimentalizations!";
        for len in 1..=word.len() {
            let of = |word: &[u8]| hash(&word[..len]);
            assert_eq!(of(&word), of(&word.map(|byte| byte.to_ascii_uppercase())));
            for at in 0..len {
                let mut other = word;
                other[at] = b'#';
                assert_ne!(of(&word), of(&other), "byte {at} of {len}");
            }
        }
    }
}

//! The weights that the build script laid out. They are part of the program's image: a fresh plugin reads nothing, and of
//! a language that never comes no page is touched.

use super::hash;

/// Bytes of a slot; see the build script.
const SLOT: usize = 6;

/// The weights of one language.
#[derive(Clone, Copy)]
pub struct Table {
    /// Whose negations turn them.
    pub(super) language: Language,
    slots: &'static [u8],
}

/// The languages whose weights were learned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Language {
    Korean,
    Chinese,
}

/// Korean.
pub const KOREAN: Table =
    Table { language: Language::Korean, slots: include_bytes!(concat!(env!("OUT_DIR"), "/ko.bin")) };
/// Chinese.
pub const CHINESE: Table =
    Table { language: Language::Chinese, slots: include_bytes!(concat!(env!("OUT_DIR"), "/zh.bin")) };

impl Table {
    /// The weight of a feature, in log-odds; 0 where it is not known. No two features of the table share a fingerprint
    /// in reach of one another. One that is not in the table is taken for one that is in fewer than one of 10⁸ look-ups:
    /// a search compares under 5 fingerprints of 32 bits on average.
    #[inline]
    pub(crate) fn weight(&self, key: u64) -> f64 {
        let count = self.slots.len() / SLOT;
        let print = hash::fingerprint(key);
        let mut slot = key as usize & (count - 1);
        // The table has empty slots, so the search ends.
        loop {
            let [a, b, c, d, low, high] = self.slot(slot);
            match u32::from_le_bytes([a, b, c, d]) {
                found if found == print => return f64::from(i16::from_le_bytes([low, high])) / 100.0,
                0 => return 0.0,
                _ => slot = (slot + 1) & (count - 1),
            }
        }
    }

    #[inline]
    fn slot(&self, slot: usize) -> [u8; SLOT] {
        self.slots[slot * SLOT..].first_chunk().copied().unwrap_or_default()
    }
}

/// By the language: to compare the weights would take longer than to read a text.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.language == other.language
    }
}

impl Eq for Table {}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("bytes", &self.slots.len()).finish()
    }
}

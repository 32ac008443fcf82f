//! A trie of bytes in a double array: to go on by a byte is one look-up. The build script lays out the built-in terms
//! with it, so that a fresh plugin builds nothing.
//!
//! A unit of 32 bits is a node: 8 bits for the byte that leads to it, a bit that tells whether a key ends there, and
//! 23 bits for where its children begin, which are at that place plus their byte. No two nodes' children begin at one
//! place, so that the byte alone tells whose child a unit is. A key's value is its node's child by byte 0, in 24 bits.

use std::collections::BTreeMap;

const ENDS_KEY: u32 = 1 << 8;
const MOST_UNITS: usize = 1 << 23;
/// How often a unit is looked at in vain before it is no longer looked at.
const MOST_TRIES: u8 = 16;

/// Bytes that count as one: capitals of ASCII as small letters; line ends, tabs, `-` and `_` as a space. Byte 0, which
/// is the mark of a value, counts as byte 1.
pub(crate) static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            0 => 1,
            b'\t' | b'\n' | b'\r' | b'-' | b'_' => b' ',
            byte => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    classes
};

/// Calls `found` with the value and the end of each key that begins at `start`, the shortest first. Spaces behind a
/// space are passed over.
#[inline]
pub(crate) fn walk(units: &[u32], text: &[u8], start: usize, mut found: impl FnMut(u32, usize)) {
    let Some(&root) = units.first() else { return };
    let (mut unit, mut last) = (root, 0);
    for (at, &byte) in text.iter().enumerate().skip(start) {
        let class = CLASSES[usize::from(byte)];
        if class == b' ' && last == b' ' {
            continue;
        }
        last = class;
        let children = (unit >> 9) as usize;
        match units.get(children + usize::from(class)) {
            Some(&next) if next & 0xFF == u32::from(class) => unit = next,
            _ => return,
        }
        if unit & ENDS_KEY != 0 {
            let value = units.get((unit >> 9) as usize).map_or(0, |value| value >> 8);
            found(value, at + 1);
        }
    }
}

/// The units of a trie with these keys, which are of classes already, not empty, and without byte 0.
///
/// # Errors
/// Where the keys are too many, or a value is of more than 24 bits.
pub(crate) fn build(keys: &BTreeMap<Vec<u8>, u32>) -> Result<Vec<u32>, String> {
    let keys: Vec<(&[u8], u32)> = keys.iter().map(|(key, &value)| (key.as_slice(), value)).collect();
    let mut builder =
        Builder { units: vec![0], tries: vec![MOST_TRIES], used: vec![true], is_base: vec![true], first: 1 };
    let mut waiting = vec![(0, 0, 0..keys.len())];
    while let Some((node, depth, range)) = waiting.pop() {
        let keys_here = &keys[range.clone()];
        let ends_key = keys_here.first().is_some_and(|(key, _)| key.len() == depth);
        let mut children: Vec<(u8, std::ops::Range<usize>)> = Vec::new();
        for (at, (key, _)) in keys_here.iter().enumerate() {
            let class = key.get(depth).copied().unwrap_or(0);
            match children.last_mut() {
                Some((last, range)) if *last == class => range.end = at + 1,
                _ => children.push((class, at..at + 1)),
            }
        }
        let Some(base) = builder.place(&children)? else { continue };
        builder.units[node] |= u32::try_from(base).map_err(|_| TOO_MANY)? << 9 | if ends_key { ENDS_KEY } else { 0 };
        for (class, part) in children {
            let child = base + usize::from(class);
            if class == 0 {
                let value = keys_here[0].1;
                builder.units[child] = if value < 1 << 24 { value << 8 } else { return Err(TOO_MANY.into()) };
            } else {
                builder.units[child] = u32::from(class);
                waiting.push((child, depth + 1, range.start + part.start..range.start + part.end));
            }
        }
    }
    Ok(builder.units)
}

const TOO_MANY: &str = "the terms are too many to be compiled; use fewer or shorter ones";

struct Builder {
    units: Vec<u32>,
    tries: Vec<u8>,
    used: Vec<bool>,
    is_base: Vec<bool>,
    /// No unit before it is worth a look.
    first: usize,
}

impl Builder {
    /// Finds a place for a node's children, and takes it.
    fn place(&mut self, children: &[(u8, std::ops::Range<usize>)]) -> Result<Option<usize>, String> {
        let Some(&(lowest, _)) = children.first() else { return Ok(None) };
        let lowest = usize::from(lowest);
        let mut at = self.first.max(lowest + 1);
        let base = loop {
            let base = at - lowest;
            self.grow(at + 256);
            if !self.used[at] {
                if !self.is_base[base] && children.iter().all(|(class, _)| !self.used[base + usize::from(*class)]) {
                    break base;
                }
                self.tries[at] = self.tries[at].saturating_add(1);
            }
            at += 1;
        };
        if base >= MOST_UNITS {
            return Err(TOO_MANY.into());
        }
        self.is_base[base] = true;
        for (class, _) in children {
            self.used[base + usize::from(*class)] = true;
        }
        while self.used.get(self.first).is_some_and(|&used| used || self.tries[self.first] >= MOST_TRIES) {
            self.first += 1;
        }
        Ok(Some(base))
    }

    fn grow(&mut self, len: usize) {
        if self.units.len() < len {
            self.units.resize(len, 0);
            self.tries.resize(len, 0);
            self.used.resize(len, false);
            self.is_base.resize(len, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(keys: &[&str]) -> Vec<u32> {
        build(&keys.iter().zip(0..).map(|(key, value)| (key.as_bytes().to_vec(), value)).collect()).unwrap()
    }

    fn find(units: &[u32], text: &str, start: usize) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        walk(units, text.as_bytes(), start, |value, end| found.push((value, end)));
        found
    }

    #[test]
    fn every_key_is_found_and_nothing_else() {
        let keys: Vec<String> = (0..3_000u32).map(|n| format!("{:x}配{}", n * 7_919, n % 13)).collect();
        let units = trie(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        for (key, value) in keys.iter().zip(0..) {
            assert!(find(&units, key, 0).contains(&(value, key.len())), "{key}");
            let other = format!("{}#", &key[..key.len() - 1]);
            assert!(!find(&units, &other, 0).iter().any(|&(_, end)| end == other.len()), "{other}");
        }
    }

    #[test]
    fn keys_that_begin_alike_are_found_the_shortest_first() {
        let units = trie(&["late", "late fee", "later"]);
        assert_eq!(find(&units, "a LATE \n-Fee", 2), [(0, 6), (1, 12)]);
        assert_eq!(find(&units, "late fee", 1), []);
        assert_eq!(find(&units, "la\0te", 0), []);
    }

    #[test]
    fn no_keys_make_a_trie_that_finds_nothing() {
        assert_eq!(find(&trie(&[]), "late", 0), []);
        assert_eq!(find(&[], "late", 0), []);
    }
}

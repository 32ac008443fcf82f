//! Lays out the learned weights as tables that are read where they lie.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use super::hash_of_units as hash;

/// Bytes of a slot: the upper half of a hash, and a weight in hundredths; both little-endian. All 0 where it is empty.
const SLOT: usize = 6;

/// Writes the table of a language: open addressing in a power of two of slots, of which two thirds are filled at most.
/// What was written by hand replaces what was learned, and takes it away where it weighs 0.
pub(crate) fn table(learned: &str, by_hand: &str, to: &Path) {
    let corrected: HashSet<_> = lines(by_hand).map(|(name, _)| name).collect();
    assert_eq!(corrected.len(), lines(by_hand).count(), "a name is corrected twice");
    let learned = lines(learned).filter(|(name, _)| !corrected.contains(name));
    let mut features = HashMap::<u64, (&str, i16)>::new();
    for (name, weight) in learned.chain(lines(by_hand).filter(|(_, weight)| *weight != 0.0)) {
        let hundredths = (weight * 100.0).round();
        assert!((-32_768.0..=32_767.0).contains(&hundredths) && hundredths != 0.0, "{name}\t{weight}");
        if let Some((other, _)) = features.insert(key(name), (name, hundredths as i16)) {
            panic!("`{name}` and `{other}` have one hash: leave one out");
        }
    }
    let count = (features.len() * 3 / 2).next_power_of_two();
    let mut slots = vec![0u8; count * SLOT];
    let mut in_order: Vec<_> = features.into_iter().collect();
    in_order.sort_unstable();
    let mut prints = vec![Vec::new(); count];
    for (key, (name, hundredths)) in in_order {
        let print = hash::fingerprint(key);
        let mut slot = key as usize % count;
        assert!(!prints[slot].contains(&print), "`{name}` has the fingerprint of another: leave one out");
        prints[slot].push(print);
        while slots[slot * SLOT..][..SLOT] != [0; SLOT] {
            slot = (slot + 1) % count;
        }
        slots[slot * SLOT..][..4].copy_from_slice(&print.to_le_bytes());
        slots[slot * SLOT + 4..][..2].copy_from_slice(&hundredths.to_le_bytes());
    }
    fs::write(to, slots).unwrap();
}

/// Names and weights. The lines of the head have no tab.
fn lines(weights: &str) -> impl Iterator<Item = (&str, f64)> {
    weights.lines().filter_map(|line| line.split_once('\t')).map(|(name, weight)| (name, weight.parse().unwrap()))
}

fn key(name: &str) -> u64 {
    match name.split_once(' ') {
        Some((first, second)) => hash::pair(hash::of(first.chars()), hash::of(second.chars())),
        None => hash::of(name.chars()),
    }
}

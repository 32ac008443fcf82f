//! Phrases that weigh otherwise than their words do.

use super::{
    rules::BOOST,
    tables::Name,
    window::{Window, Word},
};

/// Applies the idioms around a word of the lexicon that has at least three words before it.
pub(super) fn apply(window: &Window<'_>, at: usize, valence: f64) -> f64 {
    let before = |distance: usize| window.word(at - distance);
    let word = before(0);
    let mut valence = two(before(1), word)
        .or_else(|| three(before(2), before(1), word))
        .or_else(|| two(before(2), before(1)))
        .or_else(|| three(before(3), before(2), before(1)))
        .or_else(|| two(before(3), before(2)))
        .unwrap_or(valence);
    if let Some(next) = window.get(at + 1) {
        let behind = two(word, next);
        valence = behind.unwrap_or(valence);
        valence = window.get(at + 2).and_then(|third| three(word, next, third)).unwrap_or(valence);
    }
    for (first, second) in [(before(3), before(2)), (before(2), before(1))] {
        if is_dampener(first, second) {
            valence -= BOOST;
        }
    }
    valence
}

const fn two(first: &Word, second: &Word) -> Option<f64> {
    let (Some(first), Some(second)) = (first.row.name, second.row.name) else { return None };
    match (first, second) {
        (Name::The, Name::Shit | Name::Bomb) => Some(3.0),
        (Name::Bad, Name::Ass) => Some(1.5),
        (Name::Bus, Name::Stop) => Some(0.0),
        (Name::Yeah, Name::Right) => Some(-2.0),
        (Name::Beating, Name::Heart) => Some(3.5),
        _ => None,
    }
}

const fn three(first: &Word, second: &Word, third: &Word) -> Option<f64> {
    let (Some(first), Some(second), Some(third)) = (first.row.name, second.row.name, third.row.name) else {
        return None;
    };
    match (first, second, third) {
        (Name::Kiss, Name::Of, Name::Death) => Some(-1.5),
        (Name::To, Name::Die, Name::For) => Some(3.0),
        _ => None,
    }
}

const fn is_dampener(first: &Word, second: &Word) -> bool {
    matches!(
        (first.row.name, second.row.name),
        (Some(Name::Just), Some(Name::Enough)) | (Some(Name::Kind | Name::Sort), Some(Name::Of))
    )
}

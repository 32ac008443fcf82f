//! What a word weighs among its neighbours. The order of the steps, and of every operation on numbers, is that of the
//! reference, so that the same bits come out.

use super::{
    idioms,
    tables::{Class, Name},
    window::{Window, Word},
};

/// What a booster adds to the size of a valence; a dampener takes it away.
pub(super) const BOOST: f64 = 0.293;
/// What capitals among small letters add.
const CAPITALS: f64 = 0.733;
/// By what a negation multiplies.
const NEGATED: f64 = -0.74;
/// By what "never so" and "never this" multiply.
const NEVER_SO: f64 = 1.25;
/// By what a booster counts less if it is two or three words before rather than one.
const FADING: [f64; 3] = [1.0, 0.95, 0.9];

/// The valence of the word with this number, after everything but a "but".
pub(super) fn valence(window: &mut Window<'_>, at: usize) -> f64 {
    let word = *window.word(at);
    let Class::Lexicon(tenths) = word.row.class else { return 0.0 };
    if word.is(Name::Kind) && window.get(at + 1).is_some_and(|next| next.is(Name::Of)) {
        return 0.0;
    }
    let mut valence = after_no(window, at, &word, f64::from(tenths) / 10.0);
    if word.is_upper && window.is_emphasis() {
        valence += if valence > 0.0 { CAPITALS } else { -CAPITALS };
    }
    for distance in 1..=at.min(3) {
        let before = *window.word(at - distance);
        if before.is_in_lexicon() {
            continue;
        }
        valence += boost(window, &before, valence) * FADING[distance - 1];
        valence = negate(window, at, distance, valence);
        if distance == 3 {
            valence = idioms::apply(window, at, valence);
        }
    }
    after_least(window, at, valence)
}

/// "no" itself weighs nothing before a word of the lexicon, which it turns.
fn after_no(window: &Window<'_>, at: usize, word: &Word, valence: f64) -> f64 {
    let is_no = |distance| at >= distance && window.word(at - distance).is(Name::No);
    let is_or = || window.word(at - 1).is(Name::Or) || window.word(at - 1).is(Name::Nor);
    if is_no(1) || is_no(2) || (is_no(3) && is_or()) {
        valence * NEGATED
    } else if word.is(Name::No) && window.get(at + 1).is_some_and(Word::is_in_lexicon) {
        0.0
    } else {
        valence
    }
}

/// What a word adds to the valence of one behind it.
fn boost(window: &mut Window<'_>, word: &Word, valence: f64) -> f64 {
    let boost = match word.row.class {
        Class::Booster => BOOST,
        Class::Dampener => -BOOST,
        Class::Lexicon(_) | Class::Plain => return 0.0,
    };
    let boost = if valence < 0.0 { -boost } else { boost };
    match word.is_upper && window.is_emphasis() {
        true if valence > 0.0 => boost + CAPITALS,
        true => boost - CAPITALS,
        false => boost,
    }
}

/// Turns a valence if the word at this distance before is a negation, and strengthens it after "never so".
fn negate(window: &Window<'_>, at: usize, distance: usize, valence: f64) -> f64 {
    let before = |distance: usize| window.word(at - distance);
    let is_so = |distance| before(distance).is(Name::So) || before(distance).is(Name::This);
    let (is_never_so, is_without_doubt) = match distance {
        1 => (false, false),
        2 => (before(2).is(Name::Never) && is_so(1), before(2).is(Name::Without) && before(1).is(Name::Doubt)),
        _ => (
            // As the reference has it: "so" or "this" right before is enough, without a "never".
            (before(3).is(Name::Never) && is_so(2)) || is_so(1),
            before(3).is(Name::Without) && (before(2).is(Name::Doubt) || before(1).is(Name::Doubt)),
        ),
    };
    if is_never_so {
        valence * NEVER_SO
    } else if !is_without_doubt && before(distance).is_negation {
        valence * NEGATED
    } else {
        valence
    }
}

/// "least" turns what follows, but for "at least" and "very least".
fn after_least(window: &Window<'_>, at: usize, valence: f64) -> f64 {
    let before = |distance, name| at >= distance && window.word(at - distance).is(name);
    if before(1, Name::Least) && !before(2, Name::At) && !before(2, Name::Very) { valence * NEGATED } else { valence }
}

//! National identity numbers that have a check digit, by continent, and the Social Security number of the United
//! States, which has none but a form that nothing else has.
//!
//! One check digit lets through one number in ten, and parcels, orders and accounts have numbers of the same length. So a
//! number of digits alone with one check digit and no date in it counts with a word for it near, and not without.

mod america;
mod asia;
mod europe;

pub(crate) use asia::is_chinese;

use crate::{
    context::Near,
    fold,
    number::{Groups, Prefix},
};

/// Where the national identity number ends that these groups begin. `is_complete` is whether no letter goes on with it.
pub(crate) fn of_digits(text: &str, groups: &Groups<'_>, is_complete: bool) -> Option<usize> {
    let letter = Letter::behind(text, groups.end);
    if let Some(letter) = letter
        && (europe::is_spanish(groups, letter.ascii) || asia::is_chinese_with_x(groups, letter.ascii))
    {
        return Some(letter.end);
    }
    let is_found = is_complete
        && groups.is_plain()
        && (is_chinese(groups)
            || !groups.is_bare() && asia::is_korean(groups)
            || europe::is_french(groups)
            || europe::is_german(groups)
            || europe::is_belgian(groups)
            || europe::is_swedish(groups)
            || america::is_brazilian(groups)
            || america::is_social_security(groups));
    is_found.then_some(groups.end)
}

/// Whether a word near the number says which it is, and its check digit agrees.
pub(crate) fn is_named(groups: &Groups<'_>, near: impl Fn() -> Near) -> bool {
    let is_candidate = (9..=13).contains(&groups.digits.len()) && groups.is_plain() && groups.lengths.len() <= 4;
    is_candidate && {
        let near = near();
        asia::is_named(groups, &near) || europe::is_named(groups, &near) || america::is_named(groups, &near)
    }
}

/// Where the national identity number ends that begins with these letters, which the digit at `at` follows.
pub(crate) fn of_letters(text: &str, prefix: &Prefix, at: usize, near: impl Fn() -> Near) -> Option<usize> {
    if let [_, _] = prefix.letters()
        && let Some(end) = europe::insurance(text, prefix.start, &near)
    {
        return Some(end);
    }
    match prefix.letters() {
        [_] | [_, _] => asia::with_letters(text, prefix, at, near).or_else(|| europe::foreigner(text, prefix, at)),
        [_, _, _, _] => america::mexican(text, prefix),
        [_, _, _, _, _, _] => europe::italian(text, prefix),
        _ => None,
    }
}

/// Where a National Insurance number begins and ends whose first digit at `at` stands apart from its letters.
pub(crate) fn of_spaced_letters(text: &str, at: usize, near: impl Fn() -> Near) -> Option<(usize, usize)> {
    let space = fold::previous(text, at).filter(|sign| sign.ascii == b' ')?;
    let prefix = Prefix::before(text, space.start);
    let is_candidate = prefix.is_whole && matches!(prefix.letters(), [_, _]);
    is_candidate.then(|| europe::insurance(text, prefix.start, near).map(|end| (prefix.start, end)))?
}

/// A letter that ends a number: behind its last digit, with no more than a dash between.
struct Letter {
    /// In upper case.
    ascii: u8,
    end: usize,
}

impl Letter {
    fn behind(text: &str, end: usize) -> Option<Self> {
        let mut sign = fold::next(text, end)?;
        if sign.ascii == b'-' {
            sign = fold::next(text, sign.end)?;
        }
        let is_last = sign.ascii.is_ascii_alphabetic() && !fold::next(text, sign.end).is_some_and(fold::Sign::is_word);
        is_last.then(|| Self { ascii: sign.ascii.to_ascii_uppercase(), end: sign.end })
    }
}

/// The digits of a token of letters and digits, from and to; none where there is a letter among them.
fn digits_of<const N: usize>(token: &[u8]) -> Option<[u8; N]> {
    let digits: [u8; N] = token.try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then(|| digits.map(|digit| digit - b'0'))
}

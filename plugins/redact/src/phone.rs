//! Telephone numbers: the international form of ITU-T E.164 and E.123, and the national forms of Japan, Korea, China,
//! North America and of the countries whose numbers begin with a zero.

use crate::{
    checks,
    context::{self, Near},
    fold::{self, Sign},
    number::{Groups, Separator},
};

/// How near, in bytes, a word for an order has to stand to outweigh the form of a mobile number.
const ADJACENT: usize = 16;
/// Digits of the longest extension.
const LONGEST_EXTENSION: usize = 6;

/// A number with what touches it.
pub(crate) struct Candidate<'a> {
    pub(crate) groups: Groups<'a>,
    /// Whether a `+` stands before it.
    pub(crate) has_plus: bool,
    /// Whether letters, a dash, a slash or the like bind it to something before it, so that its form says nothing.
    pub(crate) is_bound: bool,
    /// Whether digits stand before it, with a space between.
    pub(crate) is_listed: bool,
    /// Whether the letters that touch it are a word for a telephone.
    pub(crate) has_word: bool,
}

/// What the form of a number says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// It is a telephone's.
    Written,
    /// It is most likely a telephone's: a mobile's without separators, or groups that other numbers come in too.
    Likely,
    /// It begins like a telephone's, and has the length of one.
    Bare,
    /// It is one among Han characters, or alone.
    Chinese,
    /// It is one among Hangul.
    Korean,
    /// It can be one, if a word says so.
    Possible,
    /// It is none.
    None,
}

/// Whether the candidate is a telephone number; `start` is where it begins.
pub(crate) fn is_phone(candidate: &Candidate<'_>, text: &str, start: usize, near: impl FnOnce() -> Near) -> bool {
    let groups = &candidate.groups;
    let form = if candidate.has_plus { international(groups.digits, groups) } else { national(groups) };
    if form == Form::None || context::is_money(text, start) || context::is_amount(text, groups.end) {
        return false;
    }
    if candidate.has_plus && form == Form::Written || candidate.has_word {
        return true;
    }
    let near = near();
    // Of several numbers in a row it cannot be told which spaces are within one.
    let is_in_row = candidate.is_listed && groups.is_spaced();
    if candidate.is_bound || is_in_row || form == Form::Possible {
        return near.is_phone();
    }
    match form {
        Form::Written => true,
        Form::Likely => !near.is_order(ADJACENT),
        Form::Bare => !near.is_order(usize::MAX),
        Form::Chinese => near.is_phone() || !near.is_order(ADJACENT) && (near.has_han || near.is_alone),
        Form::Korean => near.is_phone() || !near.is_order(ADJACENT) && near.has_hangul,
        Form::Possible | Form::None => false,
    }
}

/// Whether an extension touches the number that ends at `end`, as in `212-555-0123x45`.
pub(crate) fn has_extension(text: &str, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let is_there = |word: &&str| behind.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let Some(word) = ["extension", "ext", "x"].into_iter().find(is_there) else { return false };
    let extension = behind[word.len()..].trim_start_matches(['.', ' ']);
    let digits = extension.bytes().take(LONGEST_EXTENSION + 1).take_while(u8::is_ascii_digit).count();
    (1..=LONGEST_EXTENSION).contains(&digits) && !fold::next(extension, digits).is_some_and(Sign::is_word)
}

/// A number with its country code. E.164: at most fifteen digits, none of them 0 at the front.
fn international(digits: &[u8], groups: &Groups<'_>) -> Form {
    if !(8..=15).contains(&digits.len()) || is_round(digits) {
        return Form::None;
    }
    let is_valid = match digits {
        [1, rest @ ..] => is_american(rest),
        [8, 6, 1, rest @ ..] if rest.len() == 10 => rest[0] >= 3,
        // Codes that are not assigned (ITU Operational Bulletin, list of country codes).
        [0, ..] | [2, 8, ..] | [8, 3, ..] | [8, 9, ..] => false,
        _ => true,
    };
    match (is_valid, groups.is_bare(), digits.len()) {
        (false, ..) => Form::None,
        (true, true, 10..) | (true, false, 9..) => Form::Written,
        _ => Form::Possible,
    }
}

/// Whether it is a sum: so many zeros in a row has no telephone number.
fn is_round(digits: &[u8]) -> bool {
    digits.windows(6).any(|run| run == [0; 6])
}

fn national(groups: &Groups<'_>) -> Form {
    let form = match groups.digits {
        // 00 before the country code.
        [0, 0, rest @ ..] if groups.lengths[0] >= 2 => match international(rest, groups) {
            Form::Written if !groups.is_bare() => Form::Written,
            Form::Written => Form::Possible,
            _ => Form::None,
        },
        [0, ..] => with_zero(groups),
        [1, 3..=9, ..] if groups.digits.len() == 11 => chinese_mobile(groups),
        _ => american(groups),
    };
    let form = if form == Form::None { service(groups) } else { form };
    if form == Form::None && is_possible(groups) { Form::Possible } else { form }
}

/// A national number that begins with the trunk prefix 0: Japan, Korea, Taiwan, landlines of China, most of Europe.
fn with_zero(groups: &Groups<'_>) -> Form {
    let digits = groups.digits;
    match (groups.lengths, digits) {
        // Japan's 050 to 090, Korea's 010 to 019.
        ([11], [0, 5..=9, 0, ..] | [0, 1, 0 | 1 | 6..=9, ..]) => Form::Likely,
        // Korea's numbers for life and for one delivery, 0502 to 0508.
        ([4, 4, 4], [0, 5, 0, 2..=8, ..]) if groups.is_even() => Form::Likely,
        ([10 | 11], _) => Form::Bare,
        // A day and a month.
        ([2, 2, ..], _) if groups.separators[0].has(Separator::SLASH) => Form::None,
        // Seoul.
        ([2, 3, 4], [0, 2, ..]) if groups.is_even() || is_area_marked(groups) => Form::Written,
        // The numbers of customers and members are parted so as well, but mobile numbers of Australia (04) and Taiwan
        // (09) more often.
        ([4, 3, 3 | 4], [0, 1..=3 | 5..=8, ..]) if groups.is_spaced() => Form::Likely,
        (
            [2, 4, 4]
            | [3, 3, 4]
            | [3, 4, 4]
            | [4, 2, 4]
            | [4, 3, 3]
            | [4, 3, 4]
            | [5, 1, 4]
            | [5, 3, 3]
            | [4, 6]
            | [3, 8]
            | [3, 7]
            | [4, 7]
            | [4, 8]
            | [5, 6]
            | [5, 5]
            | [2, 8]
            | [2, 2, 2, 2, 2],
            _,
        ) if groups.is_even() || is_area_marked(groups) => Form::Written,
        _ if is_european(groups) => Form::Likely,
        _ => Form::None,
    }
}

/// The longer forms of Germany, Switzerland, Austria, Belgium, the Netherlands, Sweden and Turkey: an area code, and
/// groups of two and three digits (`0171 234 56 78`, `070-123 45 67`). Threes alone are the codes of other things.
fn is_european(groups: &Groups<'_>) -> bool {
    let [2..=5, rest @ ..] = groups.lengths else { return false };
    let are_short = (3..=4).contains(&rest.len()) && rest.contains(&2) && rest.iter().all(|n| (2..=3).contains(n));
    let is_dashed = is_area_dashed(groups);
    match (groups.digits, groups.lengths) {
        // Germany's mobile numbers.
        ([0, 1, 5..=7, ..], [4, 4, 4]) => groups.is_spaced(),
        (_, [2 | 3, 4, 4] | [3, 3, 4] | [2, 2, 2, 2, 2]) => is_dashed,
        // A day and a month before something else.
        (_, [2, 2, ..]) => false,
        (digits, _) => {
            are_short && (9..=12).contains(&digits.len()) && (is_dashed || groups.is_even() || is_area_marked(groups))
        }
    }
}

/// Whether a dash parts the area code, and spaces the rest.
fn is_area_dashed(groups: &Groups<'_>) -> bool {
    let [first, rest @ ..] = groups.separators else { return false };
    first.has(Separator::DASH) && rest.iter().all(|separator| *separator == Separator::SPACE)
}

/// Whether the first group is marked as the area code: `(03) 1234-5678`, `03(1234)5678`, `030/1234567`.
fn is_area_marked(groups: &Groups<'_>) -> bool {
    match groups.separators {
        [first, second] if first.has(Separator::OPEN) && second.has(Separator::CLOSE) => true,
        [first, rest @ ..] => {
            (first.has(Separator::CLOSE) || first.has(Separator::SLASH))
                && rest.iter().all(|separator| separator.is_plain())
        }
        [] => false,
    }
}

/// Eleven digits from 13 to 19 on: a mobile number of China, or one of North America with its 1.
fn chinese_mobile(groups: &Groups<'_>) -> Form {
    match groups.lengths {
        [3, 4, 4] if groups.is_even() => Form::Written,
        [11] | [3, 8] => Form::Chinese,
        _ => american(groups),
    }
}

/// The form of North America, with or without its 1.
fn american(groups: &Groups<'_>) -> Form {
    let (national, lengths) = match (groups.digits, groups.lengths) {
        ([1, rest @ ..], [1, lengths @ ..]) => (rest, lengths),
        (digits, lengths) => (digits, lengths),
    };
    let is_written = groups.is_even() || groups.separators.iter().any(|separator| separator.has(Separator::CLOSE));
    if lengths == [3, 3, 4] && is_written && is_american(national) { Form::Written } else { Form::None }
}

/// North American Numbering Plan: area code and exchange begin with 2 to 9; area codes N11 and N9X are not in use.
fn is_american(digits: &[u8]) -> bool {
    matches!(digits, [2..=9, middle, last, 2..=9, ..] if digits.len() == 10 && *middle != 9 && [*middle, *last] != [1, 1])
}

/// Numbers of businesses in China (400 and 800) and Korea (15xx, 16xx, 18xx), and Brazil's with the area code marked;
/// international numbers without their `+`, where the country code is a group of its own.
fn service(groups: &Groups<'_>) -> Form {
    match (groups.digits, groups.lengths) {
        ([4 | 8, 0, 0, ..], [3, 3, 4] | [3, 4, 3] | [4, 3, 3] | [10]) if groups.is_even() => Form::Chinese,
        ([1, 5 | 6 | 8, ..], [4, 4]) if groups.is_dashed() && !groups.is_years() => Form::Korean,
        ([8, 6, 1, 3..=9, ..], [2, 3, 4, 4] | [2, 11]) => Form::Written,
        ([8, 2, 1, 0, ..] | [8, 1, 7..=9, 0, ..], [2, 2, 4, 4]) => Form::Written,
        (_, [2, 4 | 5, 4]) if is_area_marked(groups) => Form::Written,
        _ => Form::None,
    }
}

/// Whether it can be a telephone number at all: seven to twelve digits in at most five groups that are no date, no list
/// of years, and no thousands.
fn is_possible(groups: &Groups<'_>) -> bool {
    let lengths = groups.lengths;
    let longest = if groups.digits.starts_with(&[0, 0]) { 17 } else { 12 };
    let has_form = lengths.len() <= 5
        && lengths[1..].iter().all(|&length| length >= 2)
        && groups.separators.iter().all(|separator| !separator.has(Separator::SLASH));
    (7..=longest).contains(&groups.digits.len())
        && has_form
        && !(is_round(groups.digits) || groups.is_thousands() || is_day(groups) || groups.is_years())
}

/// Whether it is a date: year first or last, in groups or eight digits.
fn is_day(groups: &Groups<'_>) -> bool {
    let is_year = |year: Option<&[u8]>| matches!(year, Some([1, 8 | 9, _, _] | [2, 0, _, _]));
    match groups.lengths {
        [8] => checks::is_date(groups.digits, 0),
        [4, 1 | 2, 1 | 2] | [4, 2, 2, ..] => is_year(groups.digits.get(..4)),
        [1 | 2, 1 | 2, 4] => is_year(groups.digits.len().checked_sub(4).and_then(|at| groups.digits.get(at..))),
        [2, 2, 4, ..] => is_year(groups.digits.get(4..8)),
        _ => false,
    }
}

//! France, Germany, Spain, Italy, Belgium, Sweden; the United Kingdom, the Netherlands and Poland by a word near.

use super::digits_of;
use crate::{
    checks::{is_date, is_month_day, luhn, mod_11_10, modulo, two, weighted},
    context::{Near, Word},
    fold,
    number::{Groups, Prefix},
};

/// France, the NIR: sex, year and month of birth, place, serial number; a key of two digits, 97 less the rest modulo 97.
/// Numbers of Corsica, whose place has a letter, are not known here.
pub(super) fn is_french(groups: &Groups<'_>) -> bool {
    let digits = groups.digits;
    matches!(groups.lengths, [15] | [13, 2] | [1, 2, 2, 2, 3, 3, 2])
        && matches!(digits[0], 1 | 2 | 7 | 8)
        && matches!(two(digits, 3), 1..=12 | 20 | 30..=42 | 50..=99)
        && 97 - modulo(&digits[..13], 97) == u64::from(two(digits, 13))
}

/// Germany, the tax identification number: of its first ten digits one stands twice or three times, the others once at
/// most; ISO/IEC 7064 MOD 11,10.
pub(super) fn is_german(groups: &Groups<'_>) -> bool {
    matches!(groups.lengths, [11] | [2, 3, 3, 3])
        && groups.digits[0] != 0
        && has_one_repeated(&groups.digits[..10])
        && mod_11_10(groups.digits)
}

fn has_one_repeated(digits: &[u8]) -> bool {
    let mut counts = [0u8; 10];
    digits.iter().for_each(|&digit| counts[usize::from(digit % 10)] += 1);
    counts.iter().filter(|&&count| count > 1).count() == 1 && counts.iter().all(|&count| count <= 3)
}

/// Belgium, the national register number: date of birth, serial number; 97 less the rest modulo 97, with a 2 before the
/// number for those born from 2000 on.
pub(super) fn is_belgian(groups: &Groups<'_>) -> bool {
    let digits = groups.digits;
    matches!(groups.lengths, [11] | [6, 3, 2] | [2, 2, 2, 3, 2]) && is_month_day(digits, 2) && {
        let (body, key) = (modulo(&digits[..9], u64::MAX >> 8), u64::from(two(digits, 9)));
        [body, body + 2_000_000_000].iter().any(|number| 97 - number % 97 == key)
    }
}

/// Sweden, the personal identity number with its dash or the whole year: date of birth, serial number, Luhn's check
/// digit over the last ten.
pub(super) fn is_swedish(groups: &Groups<'_>) -> bool {
    let digits = groups.digits;
    match groups.lengths {
        [6, 4] => groups.is_dashed() && is_month_day(digits, 2) && luhn(digits),
        [12] | [8, 4] => is_date(digits, 0) && luhn(&digits[2..]),
        _ => false,
    }
}

/// Spain's letters by the number modulo 23 (DNI and NIE).
const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Spain, the DNI: eight digits and the letter of the number modulo 23.
pub(super) fn is_spanish(groups: &Groups<'_>, letter: u8) -> bool {
    matches!(groups.lengths, [8] | [2, 3, 3]) && SPANISH.get(modulo(groups.digits, 23) as usize) == Some(&letter)
}

/// Where a NIE ends, Spain's number of foreigners: X, Y or Z stands for 0, 1 or 2; then as the DNI.
pub(super) fn foreigner(text: &str, prefix: &Prefix, at: usize) -> Option<usize> {
    let [letter @ b'X'..=b'Z'] = prefix.letters() else { return None };
    let (token, end) = fold::token::<8>(text, at, 8)?;
    let digits: [u8; 7] = digits_of(&token[..7])?;
    let number = u64::from(letter - b'X') * 10_000_000 + modulo(&digits, 100_000_000);
    (SPANISH.get((number % 23) as usize) == Some(&token[7])).then_some(end)
}

/// Where a codice fiscale of Italy ends (decree of 23 December 1976): name, date of birth, place, check letter. Digits may
/// be replaced by letters where two people would have the same, the first by none here.
pub(super) fn italian(text: &str, prefix: &Prefix) -> Option<usize> {
    const MONTHS: &[u8] = b"ABCDEHLMPRST";
    const REPLACED: &[u8] = b"LMNPQRSTUV";
    let (token, end) = fold::token::<16>(text, prefix.start, 16)?;
    let is_number = |at: usize| token[at].is_ascii_digit() || REPLACED.contains(&token[at]);
    let has_form = [6, 7, 9, 10, 12, 13, 14].into_iter().all(is_number)
        && MONTHS.contains(&token[8])
        && token[11].is_ascii_alphabetic();
    (has_form && italian_check(&token[..15]) == token[15]).then_some(end)
}

/// The check letter: characters in odd places (counted from one) by a table, in even places by their value; modulo 26.
fn italian_check(body: &[u8]) -> u8 {
    const ODD: [u8; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
    let odd = |value: u8| ODD.get(usize::from(value)).copied().unwrap_or_default();
    let sum = body.iter().enumerate().map(|(index, &byte)| match index % 2 {
        0 => u32::from(odd(value(byte))),
        _ => u32::from(value(byte)),
    });
    b'A' + u8::try_from(sum.sum::<u32>() % 26).unwrap_or_default()
}

/// Where a National Insurance number of the United Kingdom ends: two letters, six digits, in pairs or not, and a letter
/// from A to D. It has no check digit, so that it counts by a word for it near alone.
pub(super) fn insurance(text: &str, start: usize, near: impl Fn() -> Near) -> Option<usize> {
    let (mut at, mut count) = (start, 0_usize);
    let mut end = start;
    while count < 9 {
        let sign = fold::next(text, at)?;
        at = sign.end;
        let fits = match count {
            0 | 1 => sign.ascii.is_ascii_alphabetic(),
            2..=7 => sign.is_digit(),
            _ => matches!(sign.ascii, b'A'..=b'D' | b'a'..=b'd'),
        };
        match (fits, sign.ascii) {
            (true, _) => (count, end) = (count + 1, sign.end),
            (false, b' ') if count.is_multiple_of(2) && count > 0 && end == sign.start => {}
            _ => return None,
        }
    }
    let is_complete = !fold::next(text, end).is_some_and(fold::Sign::is_word);
    (is_complete && near().has(Word::Insurance)).then_some(end)
}

/// The NHS number, the BSN of the Netherlands, the PESEL of Poland.
pub(super) fn is_named(groups: &Groups<'_>, near: &Near) -> bool {
    let digits = groups.digits;
    match groups.lengths {
        // Weights 10 to 2; 11 less the rest, 11 counting 0.
        [10] | [3, 3, 4] if near.has(Word::Nhs) => {
            (11 - weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == u32::from(digits[9])
        }
        // Weights 9 to 2, and −1 for the last; a multiple of 11.
        [9] | [4, 2, 3] | [3, 3, 3] if near.has(Word::Bsn) => {
            weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == u32::from(digits[8]) && digits.iter().any(|&d| d != 0)
        }
        // Weights 1, 3, 7, 9; the century is in the month.
        [11] if near.has(Word::Pesel) => {
            let check = (10 - weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
            matches!(two(digits, 2) % 20, 1..=12) && check == u32::from(digits[10])
        }
        _ => false,
    }
}

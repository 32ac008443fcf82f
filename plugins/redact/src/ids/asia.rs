//! China, Japan, Korea, Taiwan, Hong Kong, Singapore, India.

use super::digits_of;
use crate::{
    checks::{is_date, is_month_day, two, verhoeff, weighted},
    context::{Near, Word},
    fold,
    number::{Groups, Prefix},
};

/// China, GB 11643: region, date of birth, serial number; ISO/IEC 7064 MOD 11-2, with X for 10.
pub(crate) fn is_chinese(groups: &Groups<'_>) -> bool {
    matches!(groups.lengths, [18] | [6, 8, 4])
        && groups.is_plain()
        && chinese(&groups.digits[..17], u32::from(groups.digits[17]))
}

/// The same, with X as the check digit.
pub(super) fn is_chinese_with_x(groups: &Groups<'_>, letter: u8) -> bool {
    letter == b'X' && matches!(groups.lengths, [17] | [6, 8, 3]) && chinese(groups.digits, 10)
}

fn chinese(body: &[u8], check: u32) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    (11..=91).contains(&two(body, 0)) && is_date(body, 6) && (12 - weighted(body, &WEIGHTS) % 11) % 11 == check
}

/// Korea, the resident registration number: date of birth, century and sex, serial number; check digit modulo 11.
/// Numbers given since October 2020 have no check digit; those count by the word for them alone. Without its dash it
/// looks like the barcode of an article, so that it counts among Hangul alone.
pub(super) fn is_korean(groups: &Groups<'_>) -> bool {
    const WEIGHTS: [u32; 12] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let digits = groups.digits;
    has_korean_form(groups) && (11 - weighted(&digits[..12], &WEIGHTS) % 11) % 10 == u32::from(digits[12])
}

fn has_korean_form(groups: &Groups<'_>) -> bool {
    matches!(groups.lengths, [6, 7] | [13]) && is_month_day(groups.digits, 2)
}

/// Japan's My Number, India's Aadhaar, Korea's number without its dash, or without regard to its last digit.
pub(super) fn is_named(groups: &Groups<'_>, near: &Near) -> bool {
    match groups.lengths {
        [12] | [4, 4, 4] if near.has(Word::MyNumber) => is_my_number(groups.digits),
        [12] | [4, 4, 4] if near.has(Word::Aadhaar) => groups.digits[0] >= 2 && verhoeff(groups.digits),
        [13] | [6, 7] if near.has(Word::Resident) => has_korean_form(groups),
        [13] if near.has_hangul => is_korean(groups),
        _ => false,
    }
}

/// Japan, order of the Ministry of Internal Affairs no. 85 of 2014, article 5: weights 2 to 7 and again from the right.
fn is_my_number(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 11] = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let check = match weighted(digits, &WEIGHTS) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    check == u32::from(digits[11])
}

/// Where a number with one or two letters at the front ends: Taiwan, Singapore, Hong Kong.
pub(super) fn with_letters(text: &str, prefix: &Prefix, at: usize, near: impl Fn() -> Near) -> Option<usize> {
    if let [letter] = prefix.letters() {
        if let Some((token, end)) =
            fold::token::<10>(text, prefix.start, 10).filter(|(_, end)| is_compact(*end, prefix, 10))
            && is_taiwanese(*letter, &token[1..])
        {
            return Some(end);
        }
        if let Some((token, end)) = fold::token::<9>(text, prefix.start, 9)
            && is_singaporean(*letter, &token[1..8], token[8])
        {
            return Some(end);
        }
    }
    hong_kong(text, prefix, at, near)
}

/// Whether a token of `length` characters has no separators in it, be it of full width or not.
const fn is_compact(end: usize, prefix: &Prefix, length: usize) -> bool {
    end - prefix.start == length || end - prefix.start == 3 * length
}

/// Taiwan: the letter stands for a place and counts as two digits; weights 1, 9 to 1 and 1, a multiple of ten.
fn is_taiwanese(letter: u8, rest: &[u8]) -> bool {
    // The letters in the order of their numbers, from A = 10 on.
    const PLACES: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let (Some(place), Some(digits)) = (PLACES.iter().position(|&known| known == letter), digits_of::<9>(rest)) else {
        return false;
    };
    let place = u32::try_from(place).unwrap_or_default() + 10;
    let sum = place / 10 + place % 10 * 9 + weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(digits[0], 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}

/// Singapore's NRIC and FIN: weights 2, 7 to 2; an offset and a row of check letters by the letter at the front.
fn is_singaporean(letter: u8, digits: &[u8], check: u8) -> bool {
    let (offset, letters) = match letter {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    let Some(digits) = digits_of::<7>(digits) else { return false };
    let rest = (weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
    letters.get(rest as usize) == Some(&check)
}

/// Hong Kong: letters from A = 10, a space counting 36, weights 9 to 2; modulo 11, with A for 10. The check digit stands
/// in brackets, or a word for the number near it.
fn hong_kong(text: &str, prefix: &Prefix, at: usize, near: impl Fn() -> Near) -> Option<usize> {
    let mut digits = [0; 6];
    let mut behind = at;
    for digit in &mut digits {
        let sign = fold::next(text, behind).filter(|sign| sign.is_digit())?;
        *digit = sign.ascii - b'0';
        behind = sign.end;
    }
    let open = fold::next(text, behind).filter(|sign| sign.ascii == b'(');
    let check = fold::next(text, open.map_or(behind, |open| open.end))?;
    let end = match open {
        Some(_) => fold::next(text, check.end).filter(|sign| sign.ascii == b')')?.end,
        None if fold::next(text, check.end).is_some_and(fold::Sign::is_word) => return None,
        None => check.end,
    };
    let value = match check.ascii.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        b'A' => 10,
        _ => return None,
    };
    let letter = |letter: u8| u32::from(letter - b'A') + 10;
    let front = match *prefix.letters() {
        [one] => 36 * 9 + letter(one) * 8,
        [one, two] => letter(one) * 9 + letter(two) * 8,
        _ => return None,
    };
    let is_right = (front + weighted(&digits, &[7, 6, 5, 4, 3, 2]) + value).is_multiple_of(11);
    (is_right && (open.is_some() || near().has(Word::HongKong))).then_some(end)
}

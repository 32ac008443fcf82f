//! The United States, Brazil, Mexico; Canada by a word near.

use crate::{
    checks::{is_month_day, luhn, weighted},
    context::{Near, Word},
    fold,
    number::{Groups, Prefix},
};

/// United States, the Social Security number as written, AAA-GG-SSSS.
pub(super) fn is_social_security(groups: &Groups<'_>) -> bool {
    groups.lengths == [3, 2, 4] && groups.is_dashed() && groups.is_even() && is_given(groups.digits)
}

/// Whether nine digits can be a Social Security number. It has no check digit; area 000, 666 and from 900 on, group 00 and
/// serial number 0000 are never given (Social Security Administration, RM 10201.035).
fn is_given(digits: &[u8]) -> bool {
    !matches!(digits[..3], [0, 0, 0] | [6, 6, 6] | [9, _, _]) && digits[3..5] != [0, 0] && digits[5..] != [0, 0, 0, 0]
}

/// Brazil, the CPF: two check digits with weights 10 to 2 and 11 to 2, modulo 11; not all digits alike.
pub(super) fn is_brazilian(groups: &Groups<'_>) -> bool {
    const WEIGHTS: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let digits = groups.digits;
    let check = |body: &[u8], weights: &[u32]| weighted(body, weights) * 10 % 11 % 10;
    matches!(groups.lengths, [11] | [3, 3, 3, 2] | [9, 2])
        && digits.iter().any(|digit| *digit != digits[0])
        && check(&digits[..9], &WEIGHTS[1..]) == u32::from(digits[9])
        && check(&digits[..10], &WEIGHTS) == u32::from(digits[10])
}

/// Where a CURP of Mexico ends: name, date of birth, sex, state, consonants, a sign that tells like from like, and a check
/// digit: weights 18 to 2 over the places of the signs in the alphabet, in which Ñ follows N.
pub(super) fn mexican(text: &str, prefix: &Prefix) -> Option<usize> {
    let (token, end) = fold::token::<18>(text, prefix.start, 18)?;
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte - b'A') + 11,
    };
    let mut digits = [0; 6];
    for (digit, &byte) in digits.iter_mut().zip(&token[4..10]) {
        *digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
    }
    let has_form = is_month_day(&digits, 2)
        && matches!(token[10], b'H' | b'M' | b'X')
        && token[11..16].iter().all(u8::is_ascii_alphabetic)
        && token[17].is_ascii_digit();
    let sum: u32 = token[..17].iter().zip((2..=18).rev()).map(|(&byte, weight)| value(byte) * weight).sum();
    (has_form && (10 - sum % 10) % 10 == value(token[17])).then_some(end)
}

/// Canada's social insurance number: Luhn's check digit. The Social Security number in other forms, unless a word for an
/// order is nearer than the one for it.
pub(super) fn is_named(groups: &Groups<'_>, near: &Near) -> bool {
    let digits = groups.digits;
    match groups.lengths {
        [9] | [3, 3, 3] if near.has(Word::Sin) && !matches!(digits[0], 0 | 8) && luhn(digits) => true,
        [9] | [3, 3, 3] | [3, 2, 4] => near.has(Word::SocialSecurity) && !near.is_order(usize::MAX) && is_given(digits),
        _ => false,
    }
}

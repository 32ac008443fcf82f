//! International bank account numbers: ISO 13616, with the lengths of SWIFT's IBAN registry.

use crate::fold;

/// Characters of the longest number that is in use.
const LONGEST: usize = 33;

/// Country codes by the length of their numbers.
const LENGTHS: [(usize, &str); 18] = [
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

/// Where the number ends that begins at `start` with these two letters.
pub(crate) fn end(text: &str, start: usize, country: &[u8]) -> Option<usize> {
    let country = str::from_utf8(country).ok()?;
    let (length, _) = LENGTHS.iter().find(|(_, countries)| countries.split(' ').any(|known| known == country))?;
    let (token, end) = fold::token::<LONGEST>(text, start, *length)?;
    let token = &token[..*length];
    (token[2..4].iter().all(u8::is_ascii_digit) && remainder(token) == 1).then_some(end)
}

/// ISO/IEC 7064 MOD 97-10: the first four characters go to the end, letters count from A = 10 to Z = 35.
fn remainder(token: &[u8]) -> u32 {
    let (head, body) = token.split_at(4);
    body.iter().chain(head).fold(0, |rest, &byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    })
}

//! Payment cards: the lengths and prefixes that the networks issue (ISO/IEC 7812-1), and Luhn's check digit.

use crate::{
    checks,
    context::{Near, Word},
    number::Groups,
};

/// Prefixes from and to, of as many digits as they have, and the lengths of the numbers.
const ISSUERS: [(u32, u32, &[usize]); 23] = [
    // Visa; its numbers of thirteen digits are out of use, and look like the barcodes of Japan.
    (4, 4, &[16, 19]),
    // Mastercard
    (51, 55, &[16]),
    (2221, 2720, &[16]),
    // American Express
    (34, 34, &[15]),
    (37, 37, &[15]),
    // Diners Club
    (300, 305, &[14, 16, 17, 18, 19]),
    (309, 309, &[14, 16, 17, 18, 19]),
    (36, 36, &[14, 16, 17, 18, 19]),
    (38, 39, &[14, 16, 17, 18, 19]),
    // Discover, RuPay
    (6011, 6011, &[16, 17, 18, 19]),
    (644, 649, &[16, 17, 18, 19]),
    (65, 65, &[16, 17, 18, 19]),
    (60, 60, &[16]),
    // UnionPay
    (62, 62, &[16, 17, 18, 19]),
    (81, 81, &[16]),
    // JCB
    (3528, 3589, &[16, 17, 18, 19]),
    // Mir
    (2200, 2204, &[16, 17, 18, 19]),
    // Maestro; its shorter numbers are out of use, and look like parts of longer ones.
    (5018, 5018, &[16, 17, 18, 19]),
    (5020, 5020, &[16, 17, 18, 19]),
    (5038, 5038, &[16, 17, 18, 19]),
    (5893, 5893, &[16, 17, 18, 19]),
    (6304, 6304, &[16, 17, 18, 19]),
    (6759, 6763, &[16, 17, 18, 19]),
];

/// Whether the groups are the number of a card. Groups are of three digits or more, but for the last, the first of four
/// or more. A number of thirteen digits that begins with 4 needs a word for a card.
pub(crate) fn is_card(groups: &Groups<'_>, near: impl FnOnce() -> Near) -> bool {
    let digits = groups.digits;
    let Some((_, body)) = groups.lengths.split_last() else { return false };
    if !(13..=19).contains(&digits.len()) || !groups.is_plain() || groups.lengths[0] < 4 || body.iter().any(|&n| n < 3)
    {
        return false;
    }
    let is_old_visa = digits.len() == 13 && digits[0] == 4;
    (is_old_visa || is_issued(digits)) && checks::luhn(digits) && (!is_old_visa || near().has(Word::Card))
}

fn is_issued(digits: &[u8]) -> bool {
    let prefix =
        |count: u32| digits.iter().take(count as usize).fold(0, |prefix, &digit| prefix * 10 + u32::from(digit));
    ISSUERS.iter().any(|(from, to, lengths)| {
        (*from..=*to).contains(&prefix(from.ilog10() + 1)) && lengths.contains(&digits.len())
    })
}

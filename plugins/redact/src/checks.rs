//! Check digits, and dates within numbers. Digits are 0 to 9, not their characters.

/// Luhn's check digit (ISO/IEC 7812-1, annex B): from the right every second digit doubled, digits of the products
/// added; the sum is a multiple of ten.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let value = |(place, &digit): (usize, &u8)| match (place % 2, u32::from(digit) * 2) {
        (0, _) => u32::from(digit),
        (_, doubled @ 0..=9) => doubled,
        (_, doubled) => doubled - 9,
    };
    digits.iter().rev().enumerate().map(value).sum::<u32>() % 10 == 0
}

/// The number modulo `divisor`, which must be below 2⁵⁶.
pub(crate) fn modulo(digits: &[u8], divisor: u64) -> u64 {
    digits.iter().fold(0, |rest, &digit| (rest * 10 + u64::from(digit)) % divisor)
}

/// The sum of digits by their weights, as far as both go.
pub(crate) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum()
}

/// ISO/IEC 7064 MOD 11,10 over all digits, the check digit last.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((&check, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10, |product, &digit| {
        let sum = (u32::from(digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(check)
}

/// Verhoeff's check digit over all digits, the check digit last: the dihedral group of order ten, with a permutation by
/// place (J. Verhoeff, Error Detecting Decimal Codes, 1969).
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let place = |place: usize, digit: u8| (0..place % 8).fold(digit, |digit, _| PERMUTATION[usize::from(digit % 10)]);
    digits.iter().rev().enumerate().fold(0, |sum, (index, &digit)| dihedral(sum, place(index, digit))) == 0
}

/// The product in the dihedral group of order ten: 0 to 4 are rotations, 5 to 9 reflections.
const fn dihedral(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Two digits as a number.
pub(crate) fn two(digits: &[u8], at: usize) -> u32 {
    match digits.get(at..at + 2) {
        Some([tens, ones]) => u32::from(*tens) * 10 + u32::from(*ones),
        _ => u32::MAX,
    }
}

/// Whether four digits from `at` on are a month and a day of it. 29 February always passes.
pub(crate) fn is_month_day(digits: &[u8], at: usize) -> bool {
    let day = two(digits, at + 2);
    match two(digits, at) {
        2 => (1..=29).contains(&day),
        4 | 6 | 9 | 11 => (1..=30).contains(&day),
        1..=12 => (1..=31).contains(&day),
        _ => false,
    }
}

/// Whether eight digits from `at` on are a day from 1850 to 2099.
pub(crate) fn is_date(digits: &[u8], at: usize) -> bool {
    let year = two(digits, at).saturating_mul(100).saturating_add(two(digits, at + 2));
    (1850..=2099).contains(&year) && is_month_day(digits, at + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&[u8]) -> bool;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn published_examples_pass_and_every_other_last_digit_fails() {
        // Wikipedia's worked examples: Luhn, Verhoeff; ISO/IEC 7064 MOD 11,10 as in the German tax number.
        let examples: [(&str, Check); 3] = [("17893729974", luhn), ("2363", verhoeff), ("86095742719", mod_11_10)];
        for (example, check) in examples {
            let mut number = digits(example);
            let (last, right) = (number.len() - 1, number[number.len() - 1]);
            for digit in 0..10 {
                number[last] = digit;
                assert_eq!(check(&number), digit == right, "{example} with {digit}");
            }
        }
        assert_eq!(modulo(&digits("1000000000000000003"), 97), 1_000_000_000_000_000_003 % 97);
    }

    #[test]
    fn dates_have_days_that_their_month_has() {
        assert!(is_date(&digits("20240229"), 0) && is_date(&digits("18991231"), 0));
        assert!(
            ["20241301", "20240431", "20240200", "17990101", "2024010"].iter().all(|date| !is_date(&digits(date), 0))
        );
    }
}

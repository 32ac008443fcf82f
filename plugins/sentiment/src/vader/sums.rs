//! From the weights of the words to the four numbers.

use super::Weight;
use crate::scale::Scored;

/// What each `!` adds to the size of the sum, up to four of them.
const EXCLAMATION: f64 = 0.292;
const MOST_EXCLAMATIONS: usize = 4;
/// What each `?` adds if there are two or three…
const QUESTION: f64 = 0.18;
/// …and what they add together if there are more.
const QUESTIONS: f64 = 0.96;
/// About the square of the largest sum that the reference's authors expect.
const ALPHA: f64 = 15.0;

/// The four numbers of a text with at least one word: the weights other than 0 in order, how many words weigh nothing,
/// and how many `!` and `?` there are.
pub(super) fn scored(weights: &[Weight], neutral: usize, marks: (usize, usize)) -> Scored {
    let emphasis = emphasis(marks);
    let (mut sum, mut positive, mut negative) = (0.0, 0.0, 0.0);
    for Weight { value, .. } in weights {
        sum += value;
        if *value > 0.0 {
            positive += value + 1.0;
        } else {
            negative += value - 1.0;
        }
    }
    if sum > 0.0 {
        sum += emphasis;
    } else if sum < 0.0 {
        sum -= emphasis;
    }
    let compound = (sum / (sum * sum + ALPHA).sqrt()).clamp(-1.0, 1.0);
    if positive > f64::abs(negative) {
        positive += emphasis;
    } else if positive < f64::abs(negative) {
        negative -= emphasis;
    }
    let negative = f64::abs(negative);
    let neutral = neutral as f64;
    let total = positive + negative + neutral;
    Scored {
        neg: rounded(negative / total, 1_000),
        neu: rounded(neutral / total, 1_000),
        pos: rounded(positive / total, 1_000),
        compound: rounded(compound, 10_000),
    }
}

fn emphasis((exclamations, questions): (usize, usize)) -> f64 {
    let questions = match questions {
        0 | 1 => 0.0,
        2 | 3 => questions as f64 * QUESTION,
        _ => QUESTIONS,
    };
    exclamations.min(MOST_EXCLAMATIONS) as f64 * EXCLAMATION + questions
}

/// Rounds a number from −1 to 1 to a power of ten's share, at most 10,000, as Python's `round` does: the number that
/// its bits stand for, exactly, and halves to the even one.
fn rounded(number: f64, scale: u32) -> f64 {
    const MANTISSA: u32 = 52;
    /// The exponent of what is certainly below half of the smallest share.
    const TINY: u64 = 1023 - 15;
    let bits = number.to_bits();
    let exponent = bits >> MANTISSA & 0x7FF;
    if exponent < TINY {
        return 0.0f64.copysign(number);
    }
    // The size of the number is `mantissa / 2^shift`, and all of this fits: 53 bits and 14 bits against 128.
    let mantissa = bits & ((1 << MANTISSA) - 1) | 1 << MANTISSA;
    let shift = 1023 + u64::from(MANTISSA) - exponent;
    let product = u128::from(mantissa) * u128::from(scale);
    let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
    let is_up = rest > half || (rest == half && whole & 1 == 1);
    let shares = whole as u32 + u32::from(is_up);
    (f64::from(shares) / f64::from(scale)).copysign(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_share_of_the_exact_number() {
        // Exact halves of a share, which have few bits, and numbers whose decimals look like halves but are not.
        let cases = [
            (0.0625, 1_000, 0.062),
            (0.1875, 1_000, 0.188),
            (-0.0625, 1_000, -0.062),
            (0.031_25, 10_000, 0.0312),
            (0.093_75, 10_000, 0.0938),
            (0.0005, 1_000, 0.001),
            (0.0015, 1_000, 0.002),
            (0.000_05, 10_000, 0.0001),
            (0.000_049_999, 10_000, 0.0),
            (0.2675, 1_000, 0.268),
            (0.9995, 1_000, 1.0),
            (1.0, 10_000, 1.0),
        ];
        for (number, scale, expected) in cases {
            assert_eq!(rounded(number, scale), expected, "{number}");
        }
    }

    #[test]
    fn the_sign_of_what_rounds_to_nothing_is_kept() {
        assert!(rounded(-1e-17, 10_000).is_sign_negative());
        assert!(rounded(-0.000_049, 10_000).is_sign_negative());
        assert!(rounded(0.0, 10_000).is_sign_positive());
    }

    #[test]
    fn rounding_agrees_with_the_decimals_of_the_exact_number() {
        let mut state = 7u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 11) as f64 / (1u64 << 53) as f64;
            let expected: f64 = format!("{number:.4}").parse().unwrap();
            assert_eq!(rounded(number, 10_000).to_bits(), expected.to_bits(), "{number}");
        }
    }

    #[test]
    fn marks_add_up_to_a_limit() {
        assert_eq!(emphasis((0, 1)), 0.0);
        assert_eq!(emphasis((5, 0)), 4.0 * 0.292);
        assert_eq!(emphasis((1, 3)), 0.292 + 3.0 * 0.18);
        assert_eq!(emphasis((0, 9)), 0.96);
    }
}

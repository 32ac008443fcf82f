//! "but": what comes before it counts half, what comes after it half more.

use std::collections::BTreeSet;

use super::Weight;

const BEFORE: f64 = 0.5;
const AFTER: f64 = 1.5;

/// Applies the first "but" of a text, the word with this number. `weights` are in the order of the words, none of them 0.
///
/// The reference goes through the weights and changes, for each, the first of all that has this value now, which may be
/// one that was changed before; then the one at hand is left as it is. So the weights passed by are kept by value and
/// place. Weights of 0 stay 0 and take no part.
pub(super) fn apply(weights: &mut [Weight], but: usize) {
    let mut passed = BTreeSet::<(u64, usize)>::new();
    for at in 0..weights.len() {
        let value = weights[at].value;
        let bits = value.to_bits();
        passed.insert((bits, at));
        let first = passed.range((bits, 0)..).next().map_or(at, |&(_, first)| first);
        let factor = if weights[first].word < but { BEFORE } else { AFTER };
        passed.remove(&(bits, first));
        weights[first].value = value * factor;
        passed.insert((weights[first].value.to_bits(), first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference does, step by step.
    fn naive(weights: &mut [Weight], but: usize) {
        for at in 0..weights.len() {
            let value = weights[at].value;
            let first = weights.iter().position(|weight| weight.value == value).unwrap();
            weights[first].value = value * if weights[first].word < but { 0.5 } else { 1.5 };
        }
    }

    fn weights(values: &[f64], but: usize) -> Vec<Weight> {
        let word = |at: usize| at + usize::from(at >= but);
        values.iter().enumerate().map(|(at, &value)| Weight { word: word(at), span: 0..0, value }).collect()
    }

    fn values(weights: &[Weight]) -> Vec<f64> {
        weights.iter().map(|weight| weight.value).collect()
    }

    #[test]
    fn what_comes_after_counts_more() {
        let mut weights = weights(&[2.0, -1.0, 3.0], 2);
        apply(&mut weights, 2);
        assert_eq!(values(&weights), [1.0, -0.5, 4.5]);
    }

    #[test]
    fn a_weight_that_became_equal_is_taken_for_the_first() {
        let mut weights = weights(&[2.0, 1.0, 1.0], 3);
        apply(&mut weights, 3);
        assert_eq!(values(&weights), [0.5, 0.5, 1.0]);
    }

    #[test]
    fn any_weights_get_what_the_reference_gives_them() {
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let of = [0.5, 0.75, 1.0, 1.5, 2.0, 2.25, 3.0, 4.0, -0.5, -1.0, -1.5, -3.0];
        for _ in 0..20_000 {
            let values: Vec<_> = (0..random(14)).map(|_| of[random(of.len() as u64) as usize]).collect();
            let but = random(14) as usize;
            let (mut quick, mut slow) = (weights(&values, but), weights(&values, but));
            apply(&mut quick, but);
            naive(&mut slow, but);
            assert_eq!(quick, slow, "{values:?} with a but at {but}");
        }
    }
}

//! The numbers of the contract, with label and comparison with a rating.

/// From here on, and from the negative of it down, the feedback is positive or negative: the threshold that VADER's
/// authors recommend.
const POLAR: f64 = 0.05;
/// From here on it is very positive or very negative.
const VERY: f64 = 0.6;
/// Both shares have to be at least this for the feedback to be mixed…
const MIXED_SHARE: f64 = 0.15;
/// …and the compound closer to 0 than this.
const MIXED_COMPOUND: f64 = 0.4;
/// A compound closer to 0 than this contradicts no rating…
const MISMATCH_COMPOUND: f64 = 0.3;
/// …and rating and compound, both on −1 to 1, have to lie at least this far apart.
const MISMATCH_DISTANCE: f64 = 1.0;

/// The numbers of a text. VADER rounds the shares to 3 decimals and the compound to 4.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Scored {
    /// Share of what is negative, 0 to 1.
    pub neg: f64,
    /// Share of what is neither, 0 to 1.
    pub neu: f64,
    /// Share of what is positive, 0 to 1.
    pub pos: f64,
    /// All together, −1 to 1.
    pub compound: f64,
}

impl Scored {
    /// `mixed` where `neg` and `pos` are both at least 0.15 and the compound is closer to 0 than 0.4. Else by the
    /// compound: `very_positive` from 0.6, `positive` from 0.05, `negative` from −0.05 down, `very_negative` from −0.6
    /// down, `neutral` between.
    pub(crate) fn label(&self) -> &'static str {
        let compound = self.compound;
        if self.neg >= MIXED_SHARE && self.pos >= MIXED_SHARE && compound.abs() < MIXED_COMPOUND {
            "mixed"
        } else if compound >= VERY {
            "very_positive"
        } else if compound >= POLAR {
            "positive"
        } else if compound <= -VERY {
            "very_negative"
        } else if compound <= -POLAR {
            "negative"
        } else {
            "neutral"
        }
    }
}

/// Whether a rating (0 to 1) says the opposite of the words: one is good and the other bad, the words are clear
/// (compound beyond ±0.3), and the two are at least 1 apart on −1 to 1.
pub(crate) fn is_mismatch(rating: f64, compound: f64) -> bool {
    let rating = rating * 2.0 - 1.0;
    rating * compound < 0.0 && compound.abs() >= MISMATCH_COMPOUND && (rating - compound).abs() >= MISMATCH_DISTANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(neg: f64, pos: f64, compound: f64) -> &'static str {
        Scored { neg, neu: 1.0 - neg - pos, pos, compound }.label()
    }

    #[test]
    fn the_label_follows_the_compound() {
        let expected = [
            (0.6, "very_positive"),
            (0.5999, "positive"),
            (0.05, "positive"),
            (0.0499, "neutral"),
            (0.0, "neutral"),
            (-0.0499, "neutral"),
            (-0.05, "negative"),
            (-0.5999, "negative"),
            (-0.6, "very_negative"),
        ];
        for (compound, name) in expected {
            assert_eq!(label(0.0, 0.0, compound), name, "{compound}");
        }
    }

    #[test]
    fn considerable_praise_and_blame_near_the_middle_are_mixed() {
        assert_eq!(label(0.2, 0.2, -0.1), "mixed");
        assert_eq!(label(0.2, 0.2, 0.4), "positive");
        assert_eq!(label(0.14, 0.3, 0.1), "positive");
    }

    #[test]
    fn a_rating_that_says_the_opposite_is_a_mismatch() {
        assert!(is_mismatch(0.0, 0.8), "one star, and happy");
        assert!(is_mismatch(1.0, -0.3), "five stars, and unhappy");
        assert!(!is_mismatch(1.0, -0.29), "five stars, and hardly unhappy");
        assert!(!is_mismatch(0.5, -0.9), "the middle contradicts nothing");
        assert!(!is_mismatch(0.75, -0.4), "four stars with a complaint");
        assert!(!is_mismatch(0.0, -0.8), "of one mind");
    }
}

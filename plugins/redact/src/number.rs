//! Numbers as people write them: groups of digits with separators between.

use crate::fold::{self, Sign};

/// Digits of the longest number that is looked at; a card has 19 at most.
const MOST_DIGITS: usize = 20;
const MOST_GROUPS: usize = 8;
/// Characters of the longest separator, for example `) - `.
const LONGEST_SEPARATOR: usize = 3;

/// What stands between two groups: a set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Separator(u8);

impl Separator {
    pub(crate) const SPACE: Self = Self(1);
    pub(crate) const DASH: Self = Self(2);
    pub(crate) const DOT: Self = Self(4);
    pub(crate) const OPEN: Self = Self(8);
    pub(crate) const CLOSE: Self = Self(16);
    pub(crate) const SLASH: Self = Self(32);

    const fn of(ascii: u8) -> Option<Self> {
        match ascii {
            b' ' => Some(Self::SPACE),
            b'-' => Some(Self::DASH),
            b'.' => Some(Self::DOT),
            b'(' => Some(Self::OPEN),
            b')' => Some(Self::CLOSE),
            b'/' => Some(Self::SLASH),
            _ => None,
        }
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is of spaces, dashes and dots alone.
    pub(crate) const fn is_plain(self) -> bool {
        !self.has(Self(Self::OPEN.0 | Self::CLOSE.0 | Self::SLASH.0))
    }

    /// Whether it binds its groups to one number: a dash or a dot without a space.
    pub(crate) const fn is_tight(self) -> bool {
        self.has(Self(Self::DASH.0 | Self::DOT.0)) && !self.has(Self::SPACE)
    }
}

/// A run of groups of digits, from the first of them on.
#[derive(Debug)]
pub(crate) struct Number {
    digits: [u8; MOST_DIGITS],
    lengths: [u8; MOST_GROUPS],
    /// Byte behind each group.
    ends: [usize; MOST_GROUPS],
    /// What follows each group; empty where no further group does.
    separators: [Separator; MOST_GROUPS],
    count: usize,
}

/// The first groups of a [`Number`], which may be a number of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups<'a> {
    /// All digits, 0 to 9.
    pub(crate) digits: &'a [u8],
    /// Digits of each group.
    pub(crate) lengths: &'a [u8],
    /// What stands between the groups.
    pub(crate) separators: &'a [Separator],
    /// Byte behind the last digit.
    pub(crate) end: usize,
    /// Whether the number breaks off here: no dash or dot binds it to further digits.
    pub(crate) is_whole: bool,
}

impl Number {
    /// Reads from the digit at `at` on: as many whole groups as fit.
    pub(crate) fn read(text: &str, mut at: usize) -> Self {
        let mut number = Self {
            digits: [0; MOST_DIGITS],
            lengths: [0; MOST_GROUPS],
            ends: [0; MOST_GROUPS],
            separators: [Separator::default(); MOST_GROUPS],
            count: 0,
        };
        let mut total = 0;
        while number.count < MOST_GROUPS {
            let first = total;
            while let Some(sign) = fold::next(text, at).filter(|sign| sign.is_digit()) {
                let Some(slot) = number.digits.get_mut(total) else { return number };
                *slot = sign.ascii - b'0';
                total += 1;
                at = sign.end;
            }
            number.lengths[number.count] = u8::try_from(total - first).unwrap_or(u8::MAX);
            number.ends[number.count] = at;
            number.count += 1;
            let Some((separator, behind)) = separator(text, at) else { break };
            number.separators[number.count - 1] = separator;
            at = behind;
        }
        number
    }

    /// The number of groups; 0 where the first is too long to be anything.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Byte behind the first group.
    pub(crate) const fn first_end(&self) -> usize {
        self.ends[0]
    }

    /// The first `count` groups, of at least one.
    pub(crate) fn groups(&self, count: usize) -> Groups<'_> {
        let lengths = &self.lengths[..count];
        let total = lengths.iter().map(|&length| usize::from(length)).sum();
        Groups {
            digits: &self.digits[..total],
            lengths,
            separators: &self.separators[..count - 1],
            end: self.ends[count - 1],
            is_whole: !self.separators[count - 1].is_tight(),
        }
    }
}

/// A separator with a digit behind it, and where that is.
fn separator(text: &str, mut at: usize) -> Option<(Separator, usize)> {
    let mut separator = Separator::default();
    for _ in 0..=LONGEST_SEPARATOR {
        let sign = fold::next(text, at)?;
        if sign.is_digit() {
            return (separator != Separator::default()).then_some((separator, at));
        }
        separator = separator.with(Separator::of(sign.ascii)?);
        at = sign.end;
    }
    None
}

impl Groups<'_> {
    /// Whether it is one run of digits.
    pub(crate) const fn is_bare(&self) -> bool {
        self.lengths.len() == 1
    }

    /// Whether each group parts from the next by a space, a dash or a dot, and all by the same.
    pub(crate) fn is_even(&self) -> bool {
        self.separators.windows(2).all(|pair| pair[0] == pair[1])
            && self.separators.first().is_none_or(|first| first.is_plain())
    }

    /// Whether every separator has a dash.
    pub(crate) fn is_dashed(&self) -> bool {
        self.separators.iter().all(|separator| separator.has(Separator::DASH))
    }

    /// Whether there are separators, and all are spaces.
    pub(crate) fn is_spaced(&self) -> bool {
        !self.is_bare() && self.separators.iter().all(|separator| *separator == Separator::SPACE)
    }

    /// Whether the separators are spaces, dashes and dots alone.
    pub(crate) fn is_plain(&self) -> bool {
        self.separators.iter().all(|separator| separator.is_plain())
    }

    /// Whether a bracket that was opened before the number closes within it.
    pub(crate) fn closes_bracket(&self) -> bool {
        let sides = self.separators.iter().find(|separator| separator.has(Separator::OPEN.with(Separator::CLOSE)));
        sides.is_some_and(|separator| !separator.has(Separator::OPEN))
    }

    /// Whether it is a sum whose thousands are parted by dots.
    pub(crate) fn is_thousands(&self) -> bool {
        let are_dots = self.separators.iter().all(|separator| *separator == Separator::DOT);
        !self.is_bare() && are_dots && self.lengths[0] <= 3 && self.lengths[1..].iter().all(|&length| length == 3)
    }

    /// Whether it can be a list of years, or a range of them.
    pub(crate) fn is_years(&self) -> bool {
        let is_year = |year: &[u8]| matches!(year, [1, 8 | 9, _, _] | [2, 0, _, _]);
        self.lengths.iter().all(|&length| length == 4) && self.digits.chunks(4).all(is_year)
    }
}

/// Letters that touch a number on its left.
#[derive(Debug)]
pub(crate) struct Prefix {
    /// In upper case, at most six; the first `count` are set.
    pub(crate) letters: [u8; 6],
    pub(crate) count: usize,
    /// Where the letters begin; the number itself where there are none.
    pub(crate) start: usize,
    /// Whether no further letter or digit stands before them.
    pub(crate) is_whole: bool,
}

impl Prefix {
    /// The letters before the number at `at`.
    pub(crate) fn before(text: &str, at: usize) -> Self {
        let mut prefix = Self { letters: [0; 6], count: 0, start: at, is_whole: true };
        while let Some(sign) = fold::previous(text, prefix.start).filter(|sign| sign.ascii.is_ascii_alphabetic()) {
            if prefix.count == prefix.letters.len() {
                break;
            }
            prefix.letters.rotate_right(1);
            prefix.letters[0] = sign.ascii.to_ascii_uppercase();
            prefix.count += 1;
            prefix.start = sign.start;
        }
        prefix.is_whole = !fold::previous(text, prefix.start).is_some_and(Sign::is_word);
        prefix
    }

    pub(crate) fn letters(&self) -> &[u8] {
        &self.letters[..self.count]
    }
}

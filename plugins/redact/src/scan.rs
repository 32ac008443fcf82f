//! Finds the places where personal data can be, and asks the rules about each.

use std::cell::OnceCell;

use crate::{
    card,
    config::{Class, Policy},
    context::{self, Near},
    email,
    fold::{self, Sign},
    iban, ids, ip,
    number::{Groups, Number, Prefix},
    phone::{self, Candidate},
};

/// A passage that is personal data: bytes from `start` to `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) class: Class,
}

/// Digits of the shortest number that any rule of groups takes; an IPv4 address has four.
const FEWEST_DIGITS: usize = 4;

/// The passages in `text` that the policy wants redacted, in their order and without overlaps. `label` is what the text
/// answers or is called.
pub(crate) fn find(text: &str, label: &str, policy: &Policy) -> Vec<Found> {
    let mut scan = Scan { text, label, policy, found: Vec::new() };
    let mut at = 0;
    while let Some(place) = next_place(text.as_bytes(), at) {
        at = match text.as_bytes()[place] {
            b'@' => scan.at_sign(place, place + 1),
            b':' => scan.colon(place),
            b'0'..=b'9' => scan.digit(place),
            // A full-width form, of three bytes.
            _ if fold::next(text, place).is_some_and(Sign::is_digit) => scan.digit(place),
            _ => scan.at_sign(place, place + 3),
        };
    }
    scan.found
}

/// The next digit, `@` or `:` from `at` on; digits and `@` also in full width. Eight bytes at a time, since most texts
/// have none.
fn next_place(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = bytes.get(at..)?;
        let offset = match rest.first_chunk::<8>() {
            Some(chunk) => match places(u64::from_le_bytes(*chunk)) {
                0 => {
                    at += 8;
                    continue;
                }
                mask => mask.trailing_zeros() as usize / 8,
            },
            None => rest.iter().position(|byte| matches!(byte, b'0'..=b':' | b'@' | 0xEF))?,
        };
        at += offset;
        match bytes[at..] {
            [0xEF, 0xBC, 0x90..=0x99 | 0xA0, ..] => return Some(at),
            [0xEF, ..] => at += 1,
            _ => return Some(at),
        }
    }
}

/// The high bit of each byte that is `0` to `:`, `@` or the first of a full-width form. No byte's sum carries into the next.
const fn places(word: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = word & !HIGH;
    let from_zero = low + ONES * (0x80 - b'0' as u64);
    let behind_colon = low + ONES * (0x80 - (b':' as u64 + 1));
    let at_sign = !((low ^ (ONES * b'@' as u64)) + ONES * 0x7F);
    let lead = word ^ (ONES * 0xEF);
    let full_width = !(((lead & !HIGH) + ONES * 0x7F) | lead);
    ((((from_zero & !behind_colon) | at_sign) & !word) | full_width) & HIGH
}

struct Scan<'a> {
    text: &'a str,
    label: &'a str,
    policy: &'a Policy,
    found: Vec<Found>,
}

impl Scan<'_> {
    fn at_sign(&mut self, place: usize, behind: usize) -> usize {
        if let Some((start, end)) = email::around(self.text, place, behind) {
            self.push(start, end, Class::Email);
        }
        behind
    }

    fn colon(&mut self, place: usize) -> usize {
        let (found, behind) = ip::v6(self.text, place);
        let Some((start, end)) = found else {
            // The run may end in a number of its own, as in `Tel:090`.
            return place + 1;
        };
        self.push(start, end, Class::IpAddress);
        behind
    }

    /// Everything that begins with this digit, or with the letters that touch it.
    fn digit(&mut self, place: usize) -> usize {
        // An `@` as links have it.
        if self.text[..place].ends_with('%') && self.text[place..].starts_with("40") {
            self.at_sign(place - 1, place + 2);
        }
        let prefix = Prefix::before(self.text, place);
        if prefix.count > 0 && prefix.is_whole {
            self.token(&prefix, place);
        }
        let near = || Near::of(self.text, place, place, self.label);
        if let Some((start, end)) = ids::of_spaced_letters(self.text, place, near) {
            self.push(start, end, Class::NationalId);
        }
        let number = Number::read(self.text, place);
        if number.count() == 0 {
            return end_of_digits(self.text, place);
        }
        let is_word = prefix.is_whole && context::is_phone_word(prefix.letters());
        let is_open = prefix.is_whole && (prefix.count == 0 || is_word);
        let passage = if is_open { self.number(&number, place, is_word) } else { None };
        match passage {
            // Nothing that begins within a card is longer.
            Some((_, end, Class::Card)) => end,
            _ => number.first_end(),
        }
    }

    /// What begins with letters.
    fn token(&mut self, prefix: &Prefix, place: usize) {
        if let [_, _] = prefix.letters()
            && let Some(end) = iban::end(self.text, prefix.start, prefix.letters())
        {
            self.push(prefix.start, end, Class::Iban);
        }
        let near = || Near::of(self.text, prefix.start, place, self.label);
        if let Some(end) = ids::of_letters(self.text, prefix, place, near) {
            self.push(prefix.start, end, Class::NationalId);
        }
    }

    /// What begins with a digit: the longest run of groups that a rule takes.
    fn number(&mut self, number: &Number, place: usize, has_word: bool) -> Option<(usize, usize, Class)> {
        let left = Left::of(self.text, place)?;
        let passage = (1..=number.count())
            .rev()
            .map(|count| number.groups(count))
            .take_while(|groups| groups.digits.len() >= FEWEST_DIGITS)
            .filter(|groups| groups.is_whole && !groups.is_years())
            .find_map(|groups| self.classify(groups, &left, has_word));
        if let Some((start, end, class)) = passage {
            self.push(start, end, class);
        }
        passage
    }

    fn classify(&self, groups: Groups<'_>, left: &Left, has_word: bool) -> Option<(usize, usize, Class)> {
        let is_complete = !fold::next(self.text, groups.end).is_some_and(Sign::is_word);
        let start = left.start_of(&groups);
        let near = OnceCell::new();
        let near = || *near.get_or_init(|| Near::of(self.text, start, groups.end, self.label));
        let wants = |class| self.policy.wants(class);
        if is_complete {
            // A date and a check digit modulo 11 say more than a prefix and Luhn's.
            if wants(Class::NationalId) && ids::is_chinese(&groups) {
                return Some((left.digit, groups.end, Class::NationalId));
            }
            if wants(Class::Card) && card::is_card(&groups, near) {
                return Some((left.digit, groups.end, Class::Card));
            }
            if wants(Class::IpAddress) && ip::is_v4(&groups, near) {
                return Some((left.digit, groups.end, Class::IpAddress));
            }
            if wants(Class::NationalId) && ids::is_named(&groups, near) {
                return Some((left.digit, groups.end, Class::NationalId));
            }
        }
        let has_extension = !is_complete && phone::has_extension(self.text, groups.end);
        if (is_complete || has_extension) && wants(Class::Phone) && !left.is_time {
            let candidate = Candidate {
                groups,
                has_plus: left.has_plus,
                // A run of digits may as well go on with how many of it there are.
                is_bound: left.is_bound || has_extension && groups.is_bare(),
                is_listed: left.is_listed,
                has_word,
            };
            if phone::is_phone(&candidate, self.text, start, near) {
                return Some((start, groups.end, Class::Phone));
            }
        }
        let end = wants(Class::NationalId).then(|| ids::of_digits(self.text, &groups, is_complete)).flatten()?;
        Some((left.digit, end, Class::NationalId))
    }

    /// Adds a passage: of those that overlap the longest stays, else the first.
    fn push(&mut self, start: usize, end: usize, class: Class) {
        if !self.policy.wants(class) || self.policy.keeps(&self.text[start..end]) {
            return;
        }
        let first = self.found.iter().rposition(|found| found.end <= start).map_or(0, |last| last + 1);
        if self.found[first..].iter().all(|found| found.end - found.start < end - start) {
            self.found.truncate(first);
            self.found.push(Found { start, end, class });
        }
    }
}

fn end_of_digits(text: &str, mut at: usize) -> usize {
    while let Some(sign) = fold::next(text, at).filter(|sign| sign.is_digit()) {
        at = sign.end;
    }
    at
}

/// What stands before a number.
struct Left {
    /// Its first digit.
    digit: usize,
    /// The `+` before it, if any, else its first digit.
    start: usize,
    /// The bracket before that, if any.
    bracket: Option<usize>,
    has_plus: bool,
    /// Whether something binds it so that it may be part of a name, a link or a number of an order.
    is_bound: bool,
    /// Whether digits stand before it, with a space between.
    is_listed: bool,
    /// Whether it goes on with a time.
    is_time: bool,
}

impl Left {
    /// None where the digits go on with those before: after a dash, a dot or a comma.
    fn of(text: &str, digit: usize) -> Option<Self> {
        let mut left = Self {
            digit,
            start: digit,
            bracket: None,
            has_plus: false,
            is_bound: false,
            is_listed: false,
            is_time: false,
        };
        let Some(mut sign) = fold::previous(text, digit) else { return Some(left) };
        let mut before = fold::previous(text, sign.start);
        let touches = |before: Option<Sign>| before.is_some_and(Sign::is_word);
        if sign.ascii == b'+' && !touches(before) {
            left.has_plus = true;
            left.start = sign.start;
            let Some(next) = before else { return Some(left) };
            sign = next;
            before = fold::previous(text, sign.start);
        }
        let is_number = before.is_some_and(Sign::is_digit);
        match sign.ascii {
            b'-' | b'.' | b',' if is_number && !left.has_plus => return None,
            b'-' | b'/' | b'=' | b'&' => left.is_bound = touches(before),
            b'#' => left.is_bound = true,
            b' ' => left.is_listed = is_number,
            b':' => left.is_time = is_number,
            b'(' => left.bracket = Some(sign.start),
            _ => {}
        }
        Some(left)
    }

    /// Where a passage of these groups begins: a bracket that is closed within them belongs to it.
    fn start_of(&self, groups: &Groups<'_>) -> usize {
        match self.bracket {
            Some(bracket) if groups.closes_bracket() => bracket,
            _ => self.start,
        }
    }
}

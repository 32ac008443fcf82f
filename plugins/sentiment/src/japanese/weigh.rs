//! What the words weigh.

use std::{iter::Peekable, ops::Range};

use super::{
    clauses, degrees,
    follow::{self, Follow},
    table::{self, Role, Row},
    tokens::{Gap, Token, gaps, part},
};

/// Tokens of the longest word of the lexicon, and more.
const LONGEST: usize = 16;
/// What a doubt leaves of a weight.
const DOUBT: f64 = 0.6;
/// What a condition leaves of it.
const CONDITION: f64 = 0.3;
/// What a wish makes of the praise before it: what is wished for is not there.
const WISH: f64 = -0.4;
/// What a relief makes of the blame before it.
const RELIEF: f64 = -0.5;
/// Praise from here on stays praise where there is too much of it: 便利すぎる, but not 早すぎる.
const CLEAR_PRAISE: f64 = 2.0;
/// What too much of anything else weighs.
const EXCESS: f64 = -1.5;
/// しか〜ない: less than there should be.
const ONLY: f64 = -1.0;

/// A word of the lexicon in the text.
pub(super) struct Hit {
    /// Its tokens, with those of an ending.
    pub(super) tokens: Range<usize>,
    /// The first byte of its ending, if it has one.
    ending: Option<usize>,
    row: &'static Row,
    /// What it weighs.
    pub(super) value: f64,
    follow: Follow,
}

/// What a text weighs.
pub(super) struct Weighed {
    /// Where in the text, and how much; in order, none of them 0.
    pub(super) weights: Vec<(Range<usize>, f64)>,
    /// How many words have a meaning of their own.
    pub(super) content: usize,
    /// How many of them are of the lexicon, whatever they weigh.
    pub(super) known: usize,
}

/// Weighs the words of a text.
pub(super) fn weigh(text: &str, tokens: &[Token]) -> Weighed {
    let marks: Vec<_> = table::marks(text).collect();
    let tokens = outside(tokens, &marks);
    let gaps = gaps(text, &tokens);
    let mut hits = hits(text, &tokens);
    value_each(text, &tokens, &gaps, &mut hits);
    neither(text, &tokens, &mut hits);
    make_good(&mut hits);
    wish(text, &tokens, &gaps, &mut hits);
    let only = only(text, &tokens, &gaps, &hits);
    clauses::shift(text, &tokens, &gaps, &mut hits);

    let content = |tokens: &[Token]| tokens.iter().filter(|token| token.is_content()).count();
    let known = hits.iter().map(|hit| content(&tokens[hit.tokens.clone()])).sum::<usize>() + marks.len();
    let content = content(&tokens) + marks.len();
    let span = |hit: &Hit| tokens[hit.tokens.start].start..tokens[hit.tokens.end - 1].end;
    let mut weights: Vec<_> = hits.iter().map(|hit| (span(hit), hit.value)).collect();
    weights.extend(only);
    weights.extend(marks);
    weights.retain(|(_, value)| *value != 0.0);
    weights.sort_by_key(|(span, _)| span.start);
    Weighed { weights, content, known }
}

/// The tokens that are no part of an emoji or emoticon.
fn outside(tokens: &[Token], marks: &[(Range<usize>, f64)]) -> Vec<Token> {
    let mut marks: Peekable<_> = marks.iter().map(|(span, _)| span).peekable();
    let is_outside = |token: &&Token| {
        while marks.next_if(|mark| mark.end <= token.start).is_some() {}
        marks.peek().is_none_or(|mark| token.end <= mark.start)
    };
    tokens.iter().filter(is_outside).copied().collect()
}

/// The words of the lexicon, each with the ending behind it.
fn hits(text: &str, tokens: &[Token]) -> Vec<Hit> {
    let (mut hits, mut at) = (Vec::<Hit>::new(), 0);
    while at < tokens.len() {
        let ahead = &tokens[at..tokens.len().min(at + LONGEST)];
        let Some((row, len)) = table::longest(text, ahead) else {
            at += 1;
            continue;
        };
        let start = tokens[at].start;
        let end = at + len;
        let takes_ending = |hit: &&mut Hit| hit.value != 0.0 && hit.row.role == Role::Polar && hit.tokens.end == at;
        match hits.last_mut().filter(takes_ending) {
            Some(hit) if row.role == Role::Ending && hit.ending.is_none() => {
                (hit.tokens.end, hit.ending) = (end, Some(start));
            }
            _ => {
                let value = row.weight();
                hits.push(Hit { tokens: at..end, ending: None, row, value, follow: Follow::default() });
            }
        }
        at = end;
    }
    hits
}

/// Gives each its value, by what is before and behind it.
fn value_each(text: &str, tokens: &[Token], gaps: &[Gap], hits: &mut [Hit]) {
    for at in 0..hits.len() {
        let bound = hits.get(at + 1).map_or(tokens.len(), |next| next.tokens.start);
        let hit = &mut hits[at];
        if let Some(start) = hit.ending {
            hit.value = with_ending(hit.value, &text[start..]);
        }
        hit.follow = follow::follow(text, tokens, gaps, hit.tokens.end, bound);
        if hit.follow.negations % 2 == 1 {
            hit.value = if hit.ending.is_some() { -0.5 * hit.value } else { hit.row.negated() };
        }
        if hit.follow.is_doubted {
            hit.value *= DOUBT;
        }
        if hit.follow.is_condition && hit.row.role != Role::Wish {
            hit.value *= CONDITION;
        }
        hit.value *= degree(text, tokens, gaps, hit.tokens.start);
    }
}

/// What an ending makes of the value of its verb or adjective.
fn with_ending(value: f64, ending: &str) -> f64 {
    let is_excess = ending.starts_with("すぎ") || ending.starts_with("過ぎ");
    let is_easy = ending.starts_with("やす") || ending.starts_with('易');
    match (is_excess, is_easy) {
        (true, _) if value >= CLEAR_PRAISE => value * 1.2,
        (true, _) => value.min(0.0) + EXCESS,
        (_, true) => value,
        _ if value < 0.0 => -0.8 * value,
        _ => -value,
    }
}

/// The factor of the words of degree before a token: one of the four before it, in the same clause.
fn degree(text: &str, tokens: &[Token], gaps: &[Gap], before: usize) -> f64 {
    let mut first = before;
    while first > 0 && before - first < 4 && gaps[first - 1] == Gap::None {
        first -= 1;
        if matches!(tokens[first].part, part::PARTICLE | part::AUXILIARY) {
            continue;
        }
        let ends = (first..before.min(first + 3)).rev();
        let mut words = ends.map(|last| &text[tokens[first].start..tokens[last].end]);
        if let Some(factor) = words.find_map(degrees::factor) {
            return factor;
        }
    }
    1.0
}

/// What is denied of the second of two is denied of the first as well: 不満も不安もない. Where one is praise and the other
/// blame, neither weighs anything: 良くも悪くもない.
fn neither(text: &str, tokens: &[Token], hits: &mut [Hit]) {
    let word = |at: usize| tokens.get(at).map_or("", |token| &text[token.start..token.end]);
    for at in 1..hits.len() {
        let [first, second] = &mut hits[at - 1..=at] else { return };
        let end = second.tokens.end;
        let is_joined = match word(end) {
            "も" | "とも" => true,
            "と" | "で" => word(end + 1) == "も",
            _ => false,
        };
        if !is_joined || second.follow.negations % 2 == 0 || first.ending.is_some() {
            continue;
        }
        let between = &text[tokens[first.tokens.end - 1].end..tokens[second.tokens.start].start];
        if !matches!(between.trim_end_matches('、'), "も" | "とも" | "でも" | "もなく" | "でもなく") {
            continue;
        }
        if first.row.weight() * second.row.weight() < 0.0 {
            (first.value, second.value) = (0.0, 0.0);
        } else if first.follow.negations == 0 {
            first.value = first.row.negated();
        }
    }
}

/// Turns blame that is made good at once: ストレスが解消した.
fn make_good(hits: &mut [Hit]) {
    for at in 1..hits.len() {
        let (before, rest) = hits.split_at_mut(at);
        let (Some(blame), Some(relief)) = (before.last_mut(), rest.first_mut()) else { return };
        let is_relief = relief.row.role == Role::Relief && relief.follow.negations % 2 == 0;
        if is_relief && blame.value < 0.0 && blame.follow.negations == 0 && blame.follow.end == relief.tokens.start {
            blame.value *= RELIEF;
            relief.value = relief.value.max(1.0);
        }
    }
}

/// Turns the praise in the clause before a wish, and takes that from the joy that a wish would be met with.
fn wish(text: &str, tokens: &[Token], gaps: &[Gap], hits: &mut [Hit]) {
    for at in 0..hits.len() {
        if is_joy_to_come(text, tokens, &hits[at]) {
            hits[at].value = 0.0;
        } else if hits[at].row.role != Role::Wish {
            continue;
        }
        let end = hits[at].tokens.start;
        for before in hits[..at].iter_mut().rev().take(4) {
            if before.row.role == Role::Wish || gaps[before.tokens.start..end].iter().any(|gap| *gap != Gap::None) {
                break;
            }
            if before.value > 0.0 {
                before.value *= WISH;
            }
        }
    }
}

/// Whether a word asks for what would please: 追加してくれると嬉しい, 対応していただけると助かります.
fn is_joy_to_come(text: &str, tokens: &[Token], hit: &Hit) -> bool {
    let start = hit.tokens.start;
    let before = |by: usize| start.checked_sub(by).map_or("", |at| &text[tokens[at].start..tokens[at].end]);
    let is_joy = ["嬉し", "うれし", "ありがた", "有難", "有り難", "助か", "幸い"]
        .iter()
        .any(|joy| text[tokens[start].start..].starts_with(joy));
    let is_past = tokens[hit.tokens.end..].iter().take(2).any(|next| &text[next.start..next.end] == "た");
    is_joy
        && !is_past
        && before(1) == "と"
        && matches!(before(2), "くれる" | "いただける" | "頂ける" | "もらえる" | "くださる" | "下さる" | "ある")
}

/// しか with a negation behind it, and no word of the lexicon between the two.
fn only(text: &str, tokens: &[Token], gaps: &[Gap], hits: &[Hit]) -> Vec<(Range<usize>, f64)> {
    let mut hits = hits.iter().peekable();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if &text[token.start..token.end] != "しか" || token.part != part::PARTICLE {
            continue;
        }
        while hits.next_if(|hit| hit.tokens.end < at).is_some() {}
        let is_praised = hits.peek().is_some_and(|hit| hit.tokens.end == at && hit.value != 0.0);
        let next_hit = hits.clone().map(|hit| hit.tokens.start).find(|start| *start > at).unwrap_or(tokens.len());
        let ahead = at + 1..next_hit.min(at + 9);
        let in_clause = ahead.take_while(|next| gaps[next - 1] == Gap::None);
        let mut words = in_clause.map(|next| (&text[tokens[next].start..tokens[next].end], tokens[next].part));
        if !is_praised && words.any(|(word, part)| follow::is_negation(word, part)) {
            found.push((token.start..token.end, ONLY));
        }
    }
    found
}

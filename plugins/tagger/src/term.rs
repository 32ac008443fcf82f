//! What a term looks like, and the phrases that it stands for.
//!
//! | written | meaning |
//! | --- | --- |
//! | `late delivery` | these words, in this order |
//! | `late\|slow delivery` | one of these words, and then that |
//! | `deliver~` | the English word and its forms: delivers, delivered, delivering |
//! | `crash*` | any ending |
//! | `^하자` | only where a word begins; of use in scripts that join words |
//! | `delivery + late` | both in one clause, in either order |
//! | `never again!` | a negation beside it changes nothing |

use crate::fold::Folded;

/// The most characters of a term.
pub(crate) const MOST_CHARACTERS: usize = 200;
/// The most phrases that one term may stand for.
const MOST_PHRASES: usize = 1024;

/// A term, as the phrases that it stands for.
#[derive(PartialEq, Debug)]
pub(crate) struct Term {
    /// One side, or the two sides of `+`.
    pub(crate) sides: Vec<Vec<Phrase>>,
    /// Whether a negation beside it changes nothing.
    pub(crate) is_firm: bool,
}

/// Words that are found in a text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Phrase {
    /// As compared: folded, and in small letters.
    pub(crate) text: String,
    /// Whether any ending may follow.
    pub(crate) is_open: bool,
    /// Whether it counts only where a word begins.
    pub(crate) at_word: bool,
}

impl Term {
    /// Reads a term.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(crate) fn parse(written: &str) -> Result<Self, String> {
        let length = written.chars().count();
        if length > MOST_CHARACTERS {
            return Err(format!("it is {length} characters long, and can be {MOST_CHARACTERS}; write several terms"));
        }
        let folded = Folded::of(written).text.to_ascii_lowercase();
        let folded = folded.trim();
        let (folded, is_firm) = folded.strip_suffix('!').map_or((folded, false), |rest| (rest.trim_end(), true));
        let sides = folded.split(" + ").map(side).collect::<Result<Vec<_>, _>>()?;
        match sides.len() {
            1 | 2 => Ok(Self { sides, is_firm }),
            _ => Err("` + ` joins two sides, and here are more; write two terms".into()),
        }
    }
}

fn side(written: &str) -> Result<Vec<Phrase>, String> {
    let (written, at_word) = written.strip_prefix('^').map_or((written, false), |rest| (rest, true));
    let mut phrases = vec![String::new()];
    for word in written.split_ascii_whitespace() {
        if phrases.iter().any(|phrase| phrase.ends_with('*')) {
            return Err("`*` stands for an ending, and words follow it; put it at the end".into());
        }
        let forms = forms(word)?;
        if phrases.len() * forms.len() > MOST_PHRASES {
            return Err(format!("it stands for more than {MOST_PHRASES} phrases; write several terms"));
        }
        let join = |phrase: &String, form: &String| {
            if phrase.is_empty() { form.clone() } else { format!("{phrase} {form}") }
        };
        phrases = phrases.iter().flat_map(|phrase| forms.iter().map(move |form| join(phrase, form))).collect();
    }
    let phrase = |text: String| {
        let (text, is_open) = text.strip_suffix('*').map_or((text.as_str(), false), |rest| (rest, true));
        if text.is_empty() || text.split(' ').any(|word| word == "+") || text.contains(['*', '^', '~']) {
            return Err("a word of it is empty; write at least one letter, and ` + ` only between two sides, `^`, `~` and `*` only at an end".into());
        }
        Ok(Phrase { text: text.into(), is_open, at_word })
    };
    let without_apostrophe: Vec<String> =
        phrases.iter().filter(|phrase| phrase.contains("n't")).map(|phrase| phrase.replace("n't", "nt")).collect();
    phrases.into_iter().chain(without_apostrophe).map(phrase).collect()
}

/// The forms of a word: its alternatives, and the inflections of those that ask for them.
fn forms(word: &str) -> Result<Vec<String>, String> {
    let mut forms = Vec::new();
    for alternative in word.split('|') {
        match alternative.strip_suffix('~') {
            Some(base) if base.len() >= 2 && base.is_ascii() => forms.extend(inflections(base)),
            Some(_) => {
                return Err(format!("`{alternative}`: `~` stands behind an English word of two letters or more"));
            }
            None if alternative.is_empty() => return Err("one of its alternatives is empty; take a `|` away".into()),
            None => forms.push(alternative.into()),
        }
    }
    Ok(forms)
}

/// An English word with -s, -ed and -ing, by the rules of spelling. Where a last consonant is doubled in some words and
/// not in others, both are made: a form that no one writes is never found.
fn inflections(base: &str) -> Vec<String> {
    let ends = |ends: &[&str]| ends.iter().any(|end| base.ends_with(end));
    let letters = base.as_bytes();
    let is_vowel =
        |at: usize| letters.len() >= at && matches!(letters[letters.len() - at], b'a' | b'e' | b'i' | b'o' | b'u');
    let stem = &base[..base.len() - 1];
    let mut forms = vec![String::from(base)];
    if base.ends_with('e') {
        forms.extend([format!("{base}s"), format!("{base}d"), format!("{stem}ing"), format!("{base}ing")]);
    } else if base.ends_with('y') && !is_vowel(2) {
        forms.extend([format!("{stem}ies"), format!("{stem}ied"), format!("{base}ing")]);
    } else {
        let plural = if ends(&["s", "x", "z", "ch", "sh", "o"]) { "es" } else { "s" };
        forms.extend([format!("{base}{plural}"), format!("{base}ed"), format!("{base}ing")]);
        if !is_vowel(1) && is_vowel(2) && !ends(&["w", "x", "y"]) {
            let last = &base[base.len() - 1..];
            forms.extend([format!("{base}{last}ed"), format!("{base}{last}ing")]);
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(term: &str) -> Vec<String> {
        Term::parse(term).unwrap().sides.remove(0).into_iter().map(|phrase| phrase.text).collect()
    }

    #[test]
    fn an_inflected_word_stands_for_its_forms() {
        assert_eq!(texts("charge~"), ["charge", "charges", "charged", "charging", "chargeing"]);
        assert_eq!(texts("delivery~"), ["delivery", "deliveries", "deliveried", "deliverying"]);
        assert_eq!(texts("ship~"), ["ship", "ships", "shiped", "shiping", "shipped", "shipping"]);
        assert_eq!(texts("crash~"), ["crash", "crashes", "crashed", "crashing"]);
    }

    #[test]
    fn alternatives_are_of_words() {
        assert_eq!(texts("late|slow Delivery"), ["late delivery", "slow delivery"]);
        assert_eq!(texts("配送|発送"), ["配送", "発送"]);
    }

    #[test]
    fn an_apostrophe_may_be_left_out_and_takes_any_form() {
        assert_eq!(texts("can’t wait"), ["can't wait", "cant wait"]);
    }

    #[test]
    fn marks_are_read() {
        let term = Term::parse("^하자|흠* + 너무!").unwrap();
        let phrase = |text: &str, is_open, at_word| Phrase { text: text.into(), is_open, at_word };
        let first = vec![phrase("하자", false, true), phrase("흠", true, true)];
        assert_eq!(term, Term { sides: vec![first, vec![phrase("너무", false, false)]], is_firm: true });
    }

    #[test]
    fn a_term_can_have_two_hundred_characters_of_any_script() {
        for letter in ["a", "é", "配", "𝒂"] {
            assert!(Term::parse(&letter.repeat(200)).is_ok(), "{letter}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_do() {
        for (term, message) in [
            ("", "at least one letter"),
            ("*", "at least one letter"),
            ("a + ", "at least one letter"),
            ("late||slow", "take a `|` away"),
            ("crash* app", "put it at the end"),
            ("a + b + c", "write two terms"),
            ("配送~", "English word"),
            (&"a|b|c|d|e ".repeat(10), "stands for more than 1024 phrases; write several terms"),
            (&"é".repeat(201), "it is 201 characters long, and can be 200; write several terms"),
        ] {
            let error = Term::parse(term).unwrap_err();
            assert!(error.contains(message), "{term}: {error}");
        }
    }
}

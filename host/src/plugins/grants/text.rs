//! Grant `text`: language detection and segmentation. Without a dictionary a text is segmented by the word boundaries
//! of Unicode, and scripts without spaces by pairs of characters.

use unicode_segmentation::UnicodeSegmentation;
use whatlang::{Lang, Script};

use super::{State, wit};
use crate::feedback::Language;

/// Code for a language that could not be told.
pub const UNKNOWN: &str = "und";

/// Most bytes of a text that detection looks at: more do not change the outcome, and cost time.
const DETECT_BYTES: usize = 512;

/// The language of `text`; none if there is too little to tell.
pub fn detect(text: &str) -> Option<Language> {
    let text = &text[..text.floor_char_boundary(DETECT_BYTES)];
    let script = whatlang::detect_script(text)?;
    // One script, one language: no need to compare trigrams. Kana decide for Japanese however many Han stand with them.
    let (code, confidence) = match script {
        Script::Hangul => ("ko", 1.0),
        Script::Hiragana | Script::Katakana => ("ja", 1.0),
        Script::Mandarin => (if has_kana(text) { "ja" } else { "zh" }, 0.9),
        Script::Latin if is_plainly_english(text) => ("en", ENGLISH_CONFIDENCE),
        _ => {
            let info = whatlang::detect(text)?;
            (code_of(info.lang()), info.confidence())
        }
    };
    Some(Language { code: code.into(), confidence })
}

/// Confidence for what [`is_plainly_english`] decides.
const ENGLISH_CONFIDENCE: f64 = 0.95;

/// Frequent English words that are words of no other language written in Latin letters with more than a few hundred
/// speakers' worth of feedback. Comparing trigrams with those of every such language costs as much as all the plugins
/// together, and most feedback in English is told by these.
const ENGLISH_WORDS: [&str; 48] = [
    "the", "and", "this", "that", "with", "have", "has", "had", "were", "would", "could", "should", "they", "their",
    "them", "you", "your", "not", "does", "doesn", "don", "didn", "isn", "wasn", "very", "which", "what", "when",
    "where", "because", "from", "been", "being", "than", "then", "there", "these", "those", "will", "it's", "i'm",
    "i've", "only", "other", "about", "after", "never", "really",
];

/// Whether a text in Latin letters is English beyond doubt: no letter beyond ASCII, and two of [`ENGLISH_WORDS`], or one
/// among at most eight words.
fn is_plainly_english(text: &str) -> bool {
    if text.chars().any(|c| !c.is_ascii() && c.is_alphabetic()) {
        return false;
    }
    let (mut words, mut hits) = (0u32, 0u32);
    for word in text.split(|c: char| !c.is_ascii_alphabetic() && c != '\'').filter(|word| !word.is_empty()) {
        words += 1;
        hits += u32::from(ENGLISH_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)));
        if hits == 2 {
            return true;
        }
    }
    hits == 1 && words <= 8
}

fn has_kana(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}'))
}

/// ISO 639-1 for the languages that have such a code, else ISO 639-3.
fn code_of(lang: Lang) -> &'static str {
    const TWO_LETTERS: &[(&str, &str)] = &[
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "nb"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
        ("uzb", "uz"),
        ("vie", "vi"),
        ("yid", "yi"),
        ("zul", "zu"),
    ];
    let three = lang.code();
    TWO_LETTERS.iter().find(|(known, _)| *known == three).map_or(three, |(_, two)| two)
}

/// Whether a script writes without spaces, so that only a dictionary finds its words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9D}' | '\u{20000}'..='\u{3FFFF}')
}

/// Start and end of each token, in bytes: words, and overlapping pairs of characters in scripts without spaces.
pub fn segment(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut run: Vec<(usize, usize)> = Vec::new();
    for (start, word) in text.unicode_word_indices() {
        if !word.chars().next().is_some_and(is_unspaced) {
            flush(&mut run, &mut tokens);
            tokens.push((start, start + word.len()));
            continue;
        }
        for (offset, c) in word.char_indices() {
            let at = start + offset;
            if run.last().is_some_and(|&(_, end)| end != at) {
                flush(&mut run, &mut tokens);
            }
            run.push((at, at + c.len_utf8()));
        }
    }
    flush(&mut run, &mut tokens);
    tokens
}

fn flush(run: &mut Vec<(usize, usize)>, tokens: &mut Vec<(usize, usize)>) {
    match run.as_slice() {
        [single] => tokens.push(*single),
        chars => tokens.extend(chars.windows(2).map(|pair| (pair[0].0, pair[1].1))),
    }
    run.clear();
}

impl wit::text::Host for State {
    fn detect(&mut self, text: String) -> Option<wit::types::Language> {
        detect(&text).map(|language| wit::types::Language { code: language.code, confidence: language.confidence })
    }

    fn method_of(&mut self, language: String) -> wit::text::Method {
        match language.as_str() {
            "ja" | "zh" => wit::text::Method::Bigrams,
            _ => wit::text::Method::Words,
        }
    }

    fn segment(&mut self, text: String, _language: String) -> Vec<u32> {
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        segment(&text).into_iter().flat_map(|(start, end)| [offset(start), offset(end), 0]).collect()
    }

    fn lemmas(&mut self, text: String, _language: String) -> Vec<String> {
        vec![String::new(); segment(&text).len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        detect(text).map_or_else(|| UNKNOWN.into(), |language| language.code)
    }

    #[test]
    fn the_four_languages_are_told_apart() {
        assert_eq!(code("The delivery was late and the box was damaged."), "en");
        assert_eq!(code("配送が遅くて、箱が壊れていました。"), "ja");
        assert_eq!(code("배송이 늦고 상자가 파손되었습니다."), "ko");
        assert_eq!(code("送货太慢,箱子也破了。"), "zh");
        assert_eq!(code(" … 12 !"), UNKNOWN);
    }

    #[test]
    fn languages_in_latin_letters_are_not_taken_for_english() {
        for text in [
            "Die Lieferung war sehr spaet und der Karton war kaputt, das ist nicht gut.",
            "La livraison est arrivee en retard et le carton est abime, je ne suis pas content.",
            "De levering was te laat en de doos was kapot, dat is niet goed.",
            "El pedido nunca llego y nadie contesta mis correos, que mal servicio.",
            "A entrega demorou muito e ninguem respondeu aos meus emails.",
        ] {
            assert_ne!(code(text), "en", "{text}");
        }
    }

    #[test]
    fn every_code_in_two_letters_is_a_language_that_can_be_detected() {
        for lang in Lang::all() {
            assert!((2..=3).contains(&code_of(*lang).len()));
        }
    }

    #[test]
    fn words_are_segmented_by_unicode_and_scripts_without_spaces_by_pairs() {
        let text = "Très bon, 配送が遅い!";
        let tokens: Vec<_> = segment(text).into_iter().map(|(start, end)| &text[start..end]).collect();
        assert_eq!(tokens, ["Très", "bon", "配送", "送が", "が遅", "遅い"]);
    }
}

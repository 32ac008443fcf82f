//! Segmentation by dictionary. The dictionaries are verified once at start, mapped into memory when the first
//! feedback in their language comes, and shared by all plugins and threads.
//!
//! Invariants: offsets are those of the text as given, whatever was changed for the look-up. Time is linear in the text:
//! it is looked up in pieces of at most [`MAX_PIECE`] bytes, so that no lattice grows beyond that.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use lindera::{
    dictionary::{WordId, load_dictionary},
    mode::Mode,
    segmenter::Segmenter,
    token::Token,
    worker::SegmentWorker,
};

use super::{pos::PartOfSpeech, width::Folded};
use crate::dictionary::{DictionaryLanguage, Manifest, ManifestError};

/// Longest piece that is looked up at once, in bytes; longer sentences than this are cut where a word may end.
const MAX_PIECE: usize = 4096;

/// The dictionaries that are installed.
#[derive(Default)]
pub struct Dictionaries {
    installed: Vec<Installed>,
}

/// One of them, and what it became when it was first asked for; none where it cannot be opened any more.
struct Installed {
    language: DictionaryLanguage,
    folder: PathBuf,
    /// `sha256:` and the digest of its manifest, which has those of its files.
    digest: String,
    opened: OnceLock<Option<Dictionary>>,
}

impl Dictionaries {
    /// Verifies the dictionaries in `folder`, each on a thread of its own. One that is not there is no error, nor is no
    /// folder at all.
    ///
    /// # Errors
    /// The first dictionary that is not as it was built.
    pub fn open(folder: Option<&Path>) -> Result<Self, ManifestError> {
        let Some(folder) = folder else { return Ok(Self::default()) };
        let places = DictionaryLanguage::ALL.map(|language| (language, folder.join(language.code())));
        let verdicts = std::thread::scope(|scope| {
            let there = places.into_iter().filter(|(_, place)| place.exists());
            let threads = there.map(|(language, folder)| {
                scope.spawn(move || {
                    let digest = Manifest::verify(&folder, language)?.digest();
                    Ok(Installed { language, folder, digest, opened: OnceLock::new() })
                })
            });
            let threads: Vec<_> = threads.collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
        });
        Ok(Self { installed: verdicts.into_iter().collect::<Result<_, _>>()? })
    }

    /// By the code of its language, the digest of each.
    pub fn digests(&self) -> BTreeMap<&str, &str> {
        self.installed.iter().map(|installed| (installed.language.code(), installed.digest.as_str())).collect()
    }

    /// The languages without a dictionary.
    pub fn missing(&self) -> Vec<DictionaryLanguage> {
        let is_there = |language| self.installed.iter().any(|installed| installed.language == language);
        DictionaryLanguage::ALL.into_iter().filter(|language| !is_there(*language)).collect()
    }

    /// Maps the dictionary of a language, if it has one and that is not done: a tenth of a second for Korean, which is not
    /// to count against the deadline of the plugin that asks first. One that nobody needs takes no memory.
    pub fn prepare(&self, code: &str) {
        self.of_code(code);
    }

    /// The dictionary of a language, by its ISO 639-1 code.
    pub(super) fn of_code(&self, code: &str) -> Option<&Dictionary> {
        let language = DictionaryLanguage::of_code(code)?;
        let installed = self.installed.iter().find(|installed| installed.language == language)?;
        installed.opened.get_or_init(|| installed.open()).as_ref()
    }
}

impl std::fmt::Debug for Dictionaries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.installed.iter().map(|installed| installed.language)).finish()
    }
}

impl Installed {
    fn open(&self) -> Option<Dictionary> {
        let opened = self.folder.to_str().ok_or_else(|| "its path is not UTF-8".to_owned()).and_then(|folder| {
            let loaded = load_dictionary(folder).map_err(|error| error.to_string())?;
            Ok(Segmenter::new(Mode::Normal, loaded, None))
        });
        match opened {
            Ok(segmenter) => {
                tracing::debug!(language = %self.language, folder = %self.folder.display(), "dictionary mapped");
                Some(Dictionary { language: self.language, segmenter, workers: Mutex::default() })
            }
            Err(error) => {
                let folder = self.folder.display();
                tracing::error!(language = %self.language, %folder, error, "dictionary changed since the start; restart");
                None
            }
        }
    }
}

/// A dictionary in memory.
pub(super) struct Dictionary {
    language: DictionaryLanguage,
    segmenter: Segmenter,
    /// Buffers that are not in use: as many as threads ever segmented at once.
    workers: Mutex<Vec<SegmentWorker>>,
}

/// A word in a text.
pub(super) struct Word<'a> {
    /// First byte, and the byte behind the last.
    pub(super) span: (usize, usize),
    pub(super) part: PartOfSpeech,
    /// As it was looked up.
    surface: &'a str,
    id: WordId,
}

impl Dictionary {
    /// Finds the words of a text, in order. White space and punctuation are none.
    pub(super) fn each_word(&self, text: &str, mut found: impl FnMut(Word<'_>)) {
        let mut worker = self.take_worker();
        for (start, piece) in pieces(text) {
            let folded = Folded::new(piece);
            // A defect in the look-up costs this piece its words; it must not end the thread, which would come back to
            // the same text after every restart.
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                for token in worker.segment(&folded.text).unwrap_or_default() {
                    if let Some(mut word) = self.word(&token) {
                        let (from, to) = word.span;
                        word.span = (start + folded.place(from), start + folded.place(to));
                        found(word);
                    }
                }
            }));
            if outcome.is_err() {
                tracing::error!(language = %self.language, "the dictionary failed on a text");
                worker.reset();
            }
        }
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    fn take_worker(&self) -> SegmentWorker {
        let idle = self.workers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| self.segmenter.new_worker())
    }

    fn word<'a>(&self, token: &'a Token<'_>) -> Option<Word<'a>> {
        let mut surface = &*token.surface;
        let mut start = token.byte_start;
        let is_word = surface.chars().any(char::is_alphanumeric);
        if !is_word {
            // Unknown characters come in runs, in which symbols stand among punctuation.
            let trimmed = surface.trim_start_matches(is_blank_or_punctuation);
            start += surface.len() - trimmed.len();
            surface = trimmed.trim_end_matches(is_blank_or_punctuation);
        }
        if surface.is_empty() {
            return None;
        }
        let part = match is_word {
            true => {
                let [tag, subtag] = self.details(token.word_id);
                PartOfSpeech::of(self.language, tag, subtag)
            }
            false => PartOfSpeech::Symbol,
        };
        Some(Word { span: (start, start + surface.len()), part, surface, id: token.word_id })
    }

    /// The first things that the dictionary says of a word; what it does not say is empty.
    fn details<const N: usize>(&self, id: WordId) -> [&str; N] {
        let dictionary = &self.segmenter.dictionary;
        let told = match id.is_unknown() {
            true => dictionary.unknown_word_details_iter(id.id() as usize),
            false => dictionary.word_details_iter(id.id() as usize),
        };
        let mut details = [""; N];
        details.iter_mut().zip(told).for_each(|(detail, told)| *detail = told);
        details
    }

    /// The dictionary form of a word of `text`; empty where it is as it stands there.
    pub(super) fn lemma(&self, word: &Word<'_>, text: &str) -> String {
        let lemma = match self.language {
            DictionaryLanguage::Ja => {
                let [_, _, _, _, _, _, base] = self.details(word.id);
                Some(base).filter(|base| !matches!(*base, "" | "*")).map(Into::into)
            }
            DictionaryLanguage::Ko => korean_lemma(word.surface, self.details(word.id)),
            DictionaryLanguage::Zh => None,
        };
        let lemma = lemma.unwrap_or_else(|| word.surface.to_owned());
        if text.get(word.span.0..word.span.1) == Some(&*lemma) { String::new() } else { lemma }
    }
}

/// The dictionary form of what is conjugated: the stem and `다`. The stem is the word itself, or where it has melted with
/// an ending, the first morpheme of its analysis, `춥/VA/*+어/EC/*` for `추워`.
fn korean_lemma(surface: &str, [tag, _, _, _, kind, _, _, analysis]: [&str; 8]) -> Option<String> {
    let first = tag.split('+').next()?;
    if !matches!(first, "VV" | "VA" | "VX" | "VCP" | "VCN" | "XSV" | "XSA") {
        return None;
    }
    let stem = match kind {
        "Inflect" => analysis.split('/').next()?,
        _ => surface,
    };
    Some(format!("{stem}다"))
}

/// Start and text of each piece of at most [`MAX_PIECE`] bytes. A longer text is cut behind white space or punctuation in
/// the latter half of the piece, else wherever the piece ends.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = &text[start..];
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.floor_char_boundary(MAX_PIECE);
        if end < rest.len() {
            let half = rest.floor_char_boundary(end / 2);
            let cut = rest[half..end].char_indices().rfind(|&(_, c)| is_blank_or_punctuation(c));
            end = cut.map_or(end, |(at, c)| half + at + c.len_utf8());
        }
        let piece = (start, &rest[..end]);
        start += end;
        Some(piece)
    })
}

/// White space, control characters, and the punctuation of the scripts that have a dictionary (general categories Z, C and
/// P in ASCII, Latin-1, General Punctuation, CJK Symbols, and their other widths).
fn is_blank_or_punctuation(c: char) -> bool {
    if c.is_whitespace() || c.is_control() {
        return true;
    }
    if c.is_ascii_punctuation() {
        return !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|');
    }
    matches!(c,
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿'
        | '\u{200B}'..='\u{200F}' | '\u{2010}'..='\u{2027}' | '\u{202A}'..='\u{205E}' | '\u{2060}'..='\u{206F}'
        | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}' | '〰' | '〽' | '゠' | '・'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FE10}'..='\u{FE1F}' | '\u{FE30}'..='\u{FE61}' | '\u{FE63}' | '\u{FE68}'
        | '\u{FEFF}' | '\u{FF01}'..='\u{FF03}' | '\u{FF05}'..='\u{FF0A}' | '\u{FF0C}'..='\u{FF0F}' | '：' | '；' | '？'
        | '＠' | '\u{FF3B}'..='\u{FF3D}' | '＿' | '｛' | '｝' | '\u{FF5F}'..='\u{FF65}' | '～')
}

#[cfg(test)]
#[path = "dictionary_tests.rs"]
mod tests;

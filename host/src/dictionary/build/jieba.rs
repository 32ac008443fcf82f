//! Chinese: the word list of jieba, as a dictionary in which a word costs what it is rare, and nothing else counts.
//!
//! The cheapest way through a sentence is then the likeliest one under independent words, which is what jieba computes.

use std::path::{Path, PathBuf};

use super::{BuildError, Matrix, Parts, find, folders, metadata, quoted, read, write, write_lines};

/// jieba's licence, which its package does not hold.
const LICENCE: &str = include_str!("jieba-licence.txt");

/// Cost of a natural logarithm of 1: the grain of costs, which are whole numbers.
const SCALE: f64 = 1000.0;

/// How unknown characters are taken: Han and everything else one by one, as jieba does without its hidden Markov model;
/// letters and digits in runs. A `DEFAULT` that groups would make one word of several marks of punctuation.
const CHARACTERS: &str = "\
DEFAULT 0 0 1
SPACE 0 1 0
KANJI 0 0 1
ALPHA 1 1 0
NUMERIC 1 1 0
0x0009..0x000D SPACE
0x0020 SPACE
0x00A0 SPACE
0x3000 SPACE
0x0030..0x0039 NUMERIC
0xFF10..0xFF19 NUMERIC
0x0041..0x005A ALPHA
0x0061..0x007A ALPHA
0x00C0..0x00D6 ALPHA
0x00D8..0x00F6 ALPHA
0x00F8..0x024F ALPHA
0xFF21..0xFF3A ALPHA
0xFF41..0xFF5A ALPHA
0x3400..0x4DBF KANJI
0x4E00..0x9FFF KANJI
0xF900..0xFAFF KANJI
";

pub(super) fn prepare(from: &Path, source: &Path) -> Result<Parts, BuildError> {
    let list = word_list(from).ok_or_else(|| BuildError::NotFound {
        from: from.into(),
        wanted: "dict.txt",
        package: "PyPI's jieba",
    })?;
    let bytes = read(&list)?;
    let malformed = |reason: String| BuildError::Malformed { path: list.clone(), reason };
    let text = std::str::from_utf8(&bytes).map_err(|error| malformed(format!("is not UTF-8: {error}")))?;
    let words = parse(text).map_err(malformed)?;
    let total: f64 = words.iter().map(|word| f64::from(word.frequency)).sum();
    let lines = words.iter().map(|word| {
        let cost = cost(f64::from(word.frequency), total);
        Ok(format!("{},0,0,{cost},{}", quoted(word.surface), quoted(word.tag)))
    });
    write_lines(&source.join("words.csv"), lines)?;
    let unknown = cost(1.0, total);
    let categories = ["DEFAULT,0,0,{},x", "SPACE,0,0,{},x", "KANJI,0,0,{},x", "ALPHA,0,0,{},eng", "NUMERIC,0,0,{},m"];
    let categories = categories.map(|line| line.replace("{}", &unknown.to_string()));
    write(&source.join("unk.def"), categories.join("\n").as_bytes())?;
    write(&source.join("char.def"), CHARACTERS.as_bytes())?;
    Ok(Parts {
        source: source.into(),
        metadata: metadata("jieba", "UTF-8", &["part_of_speech"]),
        matrix: Some(Matrix { right_size: 1, left_size: 1, costs: vec![0] }),
        licences: vec![("LICENSE".into(), LICENCE.into())],
    })
}

/// −ln of the share, in [`SCALE`]; within i16 for every list of less than e³² words.
fn cost(frequency: f64, total: f64) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let cost = (-(frequency / total).ln() * SCALE).round() as i16;
    cost
}

struct Word<'a> {
    surface: &'a str,
    frequency: u32,
    tag: &'a str,
}

/// Lines of word, frequency and part of speech. A word of frequency 0 is one that jieba was told to forget.
fn parse(text: &str) -> Result<Vec<Word<'_>>, String> {
    let mut words = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        // The word itself may hold a space.
        let mut fields = line.trim_end().rsplitn(3, ' ');
        let (tag, frequency, surface) = (fields.next(), fields.next(), fields.next());
        let frequency = frequency.and_then(|text| text.parse().ok());
        let (Some(tag), Some(frequency), Some(surface)) = (tag, frequency, surface) else {
            return Err(format!("line {} is no `word frequency part-of-speech`", number + 1));
        };
        if frequency > 0 {
            words.push(Word { surface, frequency, tag });
        }
    }
    if words.is_empty() { Err("holds no words".into()) } else { Ok(words) }
}

/// `dict.txt` in the package, wherever the folder given is in it.
fn word_list(from: &Path) -> Option<PathBuf> {
    let unpacked = folders(from, |name| name.starts_with("jieba-"));
    let places = unpacked.iter().map(PathBuf::as_path).chain([from]);
    places.into_iter().find_map(|folder| find(folder, &["jieba/dict.txt", "dict.txt"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequent_word_costs_less_and_a_word_may_hold_a_space() {
        let words = parse("的 90 uj\nA B 10 n\n忘 0 v\n").expect("parses");
        let shown: Vec<_> = words.iter().map(|word| (word.surface, word.frequency, word.tag)).collect();
        assert_eq!(shown, [("的", 90, "uj"), ("A B", 10, "n")]);
        assert_eq!(cost(90.0, 100.0), 105);
        assert_eq!(cost(10.0, 100.0), 2303);
    }

    #[test]
    fn a_line_that_is_no_word_is_named_by_its_number() {
        assert!(parse("的 90 uj\n好\n").err().expect("refused").contains("line 2"));
        assert!(parse("的 many uj\n").err().expect("refused").contains("line 1"));
        assert!(parse("\n").is_err());
    }
}

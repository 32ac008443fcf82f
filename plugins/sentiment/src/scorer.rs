//! Which scorer reads which language.

use std::ops::Range;

use sayso_plugin::{Fault, text};

use crate::{
    japanese,
    learned::{self, Table},
    scale::Scored,
    vader::{self, Apostrophes, Weight},
};

/// What comes of reading a text.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Reading {
    /// The four numbers; all 0 where there is no word.
    pub(crate) scored: Scored,
    /// The words that weigh something, in order.
    pub(crate) weights: Vec<Weight>,
    /// Share of the words with a meaning of their own that the lexicon knows, 0 to 1, where that is told: at 0, the score
    /// says nothing.
    pub(crate) coverage: Option<f64>,
}

impl From<vader::Reading> for Reading {
    fn from(vader::Reading { scored, weights }: vader::Reading) -> Self {
        Self { scored, weights, coverage: None }
    }
}

/// A way to score the words of a language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scorer {
    /// English.
    Vader(Apostrophes),
    /// Japanese, by a lexicon.
    Japanese,
    /// A language with learned weights, by its code.
    Learned(&'static str, Table),
}

impl Scorer {
    /// The scorer for a language; `apostrophes` are those of English. Text whose language is unknown counts as English if it has no letters beyond the basic
    /// Latin ones: short English is often too short for a detector.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a language that has none, or whose dictionary the host does not have: what it parts a
    /// text into without one is not what lexicon and weights are made for.
    pub(crate) fn for_language(code: &str, text: &str, apostrophes: Apostrophes) -> Result<Self, Fault> {
        let is_basic_latin = || text.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii());
        let scorer = match code.split(['-', '_']).next().unwrap_or(code) {
            "en" => return Ok(Self::Vader(apostrophes)),
            "und" if is_basic_latin() => return Ok(Self::Vader(apostrophes)),
            "ja" => Self::Japanese,
            "ko" => Self::Learned("ko", learned::KOREAN),
            "zh" => Self::Learned("zh", learned::CHINESE),
            _ => {
                let supported = "supported: en, ja, ko, zh";
                return Err(Fault::Unsupported(format!("sentiment: language `{code}` is not supported; {supported}")));
            }
        };
        let dictionary = scorer.dictionary();
        if has_dictionary(dictionary) {
            return Ok(scorer);
        }
        Err(Fault::Unsupported(format!(
            "sentiment: language `{code}` is read by its dictionary, which is not installed; \
             see `sayso dict build --help`"
        )))
    }

    /// The code of the dictionary that it reads by.
    const fn dictionary(self) -> &'static str {
        match self {
            Self::Vader(_) => "en",
            Self::Japanese => japanese::CODE,
            Self::Learned(code, _) => code,
        }
    }

    /// The tokens of a text, if it reads by those of the whole text; asked of the host once a text.
    pub(crate) fn tokens(self, text: &str) -> Vec<u32> {
        match self {
            // Japanese folds a text before it asks for tokens.
            Self::Vader(_) | Self::Japanese => Vec::new(),
            Self::Learned(code, _) => text::segment(text, code),
        }
    }

    /// Scores a text, or a passage of it: `tokens` are those of the whole text, and `passage` lies in it.
    pub(crate) fn read(self, text: &str, tokens: &[u32], passage: Range<usize>) -> Reading {
        let words = text.get(passage.clone()).unwrap_or_default();
        // In "Would I buy it again? No" the second sentence is blame; as the whole answer, it says that there is nothing.
        let may_say_nothing = !matches!(self, Self::Vader(_)) || words.len() == text.len();
        if may_say_nothing && says_nothing(words) {
            return Reading::default();
        }
        match self {
            Self::Vader(apostrophes) => vader::read_with(words, apostrophes).into(),
            Self::Japanese => japanese::read(words),
            Self::Learned(_, table) if words.len() == text.len() => learned::read(table, text, tokens).into(),
            Self::Learned(_, table) => learned::read(table, words, &within(tokens, passage)).into(),
        }
    }
}

/// Answers that say that there is nothing to say, in small letters. The numbers of the reference take an English one for
/// blame, since it has a "no".
const NOTHING: &[&str] = &[
    "n/a",
    "na",
    "nil",
    "no",
    "nope",
    "none",
    "nothing",
    "nothing to add",
    "nothing to say",
    "no comment",
    "no comments",
    "no further comments",
    "no idea",
    "no issue",
    "no issues",
    "no suggestion",
    "no suggestions",
    "no improvement needed",
    "no improvements needed",
    "no thanks",
    "no thank you",
    "なし",
    "特になし",
    "特に",
    "ありません",
    "特にありません",
    "特にございません",
    "ないです",
    "特にないです",
    "わかりません",
    "分かりません",
    "わからない",
    "分からない",
    "改善点はありません",
    "改善点はない",
    "要望はありません",
    "要望はない",
    "特に要望なし",
    "特に要望はありません",
    "없음",
    "없어요",
    "없습니다",
    "딱히 없음",
    "딱히 없어요",
    "딱히 없습니다",
    "특별히 없음",
    "특별히 없어요",
    "특별히 없습니다",
    "특별한 의견 없음",
    "건의사항 없음",
    "건의사항 없습니다",
    "개선할 점 없음",
    "개선할 점 없습니다",
    "해당 없음",
    "모르겠습니다",
    "잘 모르겠습니다",
    "모르겠어요",
    "잘 모르겠어요",
    "글쎄요",
    "없네요",
    "없다",
    "없어용",
    "딱히 없네요",
    "아직 없음",
    "아직 없어요",
    "아직 없습니다",
    "현재로서는 없습니다",
    "의견 없음",
    "의견 없어요",
    "의견 없습니다",
    "다른 의견 없음",
    "다른 의견 없습니다",
    "특별한 의견 없습니다",
    "특별한 의견은 없습니다",
    "특이사항 없음",
    "특이사항 없습니다",
    "요청사항 없음",
    "요청사항 없습니다",
    "개선점 없음",
    "개선점 없습니다",
    "무",
    "无",
    "無",
    "没有",
    "沒有",
    "没有了",
    "沒有了",
    "暂无",
    "暫無",
    "无意见",
    "無意見",
    "没有意见",
    "沒有意見",
    "没有建议",
    "沒有建議",
    "不知道",
    "不清楚",
    "没了",
    "沒了",
    "没啥",
    "没啥说的",
    "没什么说的",
    "没什么意见",
    "沒什麼意見",
    "没有特别的",
    "沒有特別的",
    "没有其他意见",
    "沒有其他意見",
    "无其他意见",
    "無其他意見",
    "暂时没有",
    "暫時沒有",
    "目前没有",
    "目前沒有",
];

/// Whether that is all that is said.
fn says_nothing(words: &str) -> bool {
    /// The bytes of the longest answer with marks around it, and more.
    const MOST: usize = 64;
    let said = words.trim_matches(|c: char| c.is_whitespace() || ".!。！~…、,，".contains(c));
    // Without the spaces, which many leave out in Korean: 의견없음.
    fn letters(text: &str) -> impl Iterator<Item = u8> + '_ {
        text.bytes().filter(|byte| *byte != b' ').map(|byte| byte.to_ascii_lowercase())
    }
    words.len() <= MOST && NOTHING.iter().any(|nothing| letters(said).eq(letters(nothing)))
}

/// Whether the host segments a language by a dictionary. Beyond WebAssembly there is no host to ask.
fn has_dictionary(code: &str) -> bool {
    cfg!(target_family = "wasm") && matches!(text::method_of(code), text::Method::Dictionary)
}

/// The tokens that lie in a passage, counted from its first byte.
fn within(tokens: &[u32], passage: Range<usize>) -> Vec<u32> {
    let (tokens, _) = tokens.as_chunks::<3>();
    let first = tokens.partition_point(|&[from, ..]| (from as usize) < passage.start);
    let inside = tokens[first..].iter().take_while(|&&[_, to, _]| to as usize <= passage.end);
    // A passage begins below 4 GiB, as its tokens do.
    let start = passage.start as u32;
    inside.flat_map(|&[from, to, part]| [from - start, to - start, part]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_there_is_nothing_to_say_is_no_blame_and_more_than_that_is_read() {
        for nothing in [
            "없음",
            " 딱히 없어요. ",
            "개선할 점 없음",
            "의견없음",
            "특별한 의견은 없습니다.",
            "글쎄요",
            "没了",
            "沒有其他意見。",
            "没有。",
            "无",
            "没有建议",
            "特になし",
            "改善点はありません。",
            "n/a",
            "N/A",
            "No.",
            "No comment",
            "none",
            "No suggestions",
        ] {
            assert!(says_nothing(nothing), "{nothing}");
        }
        for told in [
            "",
            "재미 없음",
            "의견 반영 없음",
            "글쎄요, 별로예요",
            "没有异味",
            "钱没了",
            "特になしとは言えない",
            "not good",
            "no refund",
            "No!!! Never",
        ] {
            assert!(!says_nothing(told), "{told}");
        }
    }

    #[test]
    fn an_english_answer_of_nothing_is_no_blame_alone_and_is_read_as_a_sentence_of_more() {
        let scorer = Scorer::Vader(Apostrophes::Reference);
        let read = |text: &str, passage| scorer.read(text, &[], passage).scored.compound;
        assert_eq!(read("No", 0..2), 0.0);
        let text = "Again? No";
        assert!(read(text, 7..text.len()) < 0.0 && read(text, 0..text.len()) < 0.0);
    }
}

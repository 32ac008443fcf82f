//! Where clauses end, in a folded text: at the end of a sentence or a line, and where a word or an ending sets one clause
//! against the next or joins it. And where phrases are joined, which may be clauses as well as the members of a list.

/// English words that begin a clause, with the space behind them.
const ENGLISH: &[&str] = &["but ", "however ", "however, ", "although ", "though ", "yet "];
/// Those that begin one only behind a comma.
const ENGLISH_BEHIND_COMMA: &[&str] = &["and ", "while ", "so ", "which "];
/// Chinese words that begin a clause.
const CHINESE: &[&str] = &["但", "可是", "不过", "不過", "而且", "然而"];
/// What stands before a Japanese comma that ends a clause.
const JAPANESE: &[&str] =
    &["が", "けど", "けれど", "けれども", "のに", "し", "て", "で", "から", "ので", "たら", "ば", "り"];
/// What stands before a space in Korean where a clause ends.
const KOREAN: &[&str] = &["지만", "는데", "은데", "인데", "한데", "운데", "고", "요"];
/// What stands behind such a space where the clause goes on: 「하고 싶다」, 「하고 있다」.
const KOREAN_AUXILIARIES: &[&str] = &["싶", "있", "나서", "보니"];
/// Korean nouns and adverbs that end in 고.
const KOREAN_NOUNS: &[&str] =
    &["재고", "광고", "중고", "창고", "사고", "최고", "참고", "경고", "신고", "보고", "냉장고", "그리고"];

/// The offsets behind each clause, in order; the last is the length of the text.
pub(crate) fn ends(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut ends = Vec::new();
    for (at, &byte) in bytes.iter().enumerate() {
        let rest = &bytes[at + 1..];
        match byte {
            b'\n' => ends.push(at + 1),
            b'.' | b'!' | b'?' | b';' if is_end_of_sentence(rest) => ends.push(at + 1),
            b' ' if is_end_before_space(text, at) => ends.push(at),
            // In Chinese, and by and large in Korean, a comma parts clauses.
            b',' if at > 0 && !bytes[at - 1].is_ascii() => ends.push(at + 1),
            0xE3 if rest.starts_with(&[0x80, 0x82]) => ends.push(at + 3),
            0xE3 if rest.starts_with(&[0x80, 0x81]) && ends_with(text, at, JAPANESE) => ends.push(at + 3),
            0xE4 | 0xE5 | 0xE7 | 0xE8
                if ends.last() != Some(&at) && CHINESE.iter().any(|word| bytes[at..].starts_with(word.as_bytes())) =>
            {
                ends.push(at);
            }
            _ => {}
        }
    }
    if ends.last() != Some(&bytes.len()) {
        ends.push(bytes.len());
    }
    ends
}

/// Words and marks that join phrases, with the spaces around them.
const JOINTS: &[&str] = &[" and ", " & ", " + ", " / ", " - ", " – ", " — ", "、"];

/// The offsets at which phrases are joined, in order: commas, and [`JOINTS`].
pub(crate) fn joints(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let is_joint = |at: usize| match bytes[at] {
        b',' => bytes.get(at + 1).is_some_and(|next| !next.is_ascii_digit()),
        b' ' | 0xE3 => JOINTS
            .iter()
            .any(|joint| bytes[at..].get(..joint.len()).is_some_and(|it| it.eq_ignore_ascii_case(joint.as_bytes()))),
        _ => false,
    };
    (0..bytes.len()).filter(|&at| is_joint(at)).collect()
}

/// A point inside a number or an address ends nothing, but in a script without spaces no space follows a mark.
fn is_end_of_sentence(rest: &[u8]) -> bool {
    rest.first().is_none_or(|&next| next.is_ascii_whitespace() || !next.is_ascii())
}

fn is_end_before_space(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let next = &bytes[at + 1..];
    let begins = |word: &&str| next.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word.as_bytes()));
    match next.first().map(u8::to_ascii_lowercase) {
        Some(b'b' | b'h' | b'a' | b't' | b'y') if ENGLISH.iter().any(&begins) => return true,
        _ => {}
    }
    match at.checked_sub(1).map(|before| bytes[before]) {
        Some(b',') => ENGLISH_BEHIND_COMMA.iter().any(&begins),
        Some(byte) if !byte.is_ascii() => {
            ends_with(text, at, KOREAN)
                && !ends_with(text, at, KOREAN_NOUNS)
                && !KOREAN_AUXILIARIES.iter().any(|word| next.starts_with(word.as_bytes()))
        }
        _ => false,
    }
}

fn ends_with(text: &str, at: usize, endings: &[&str]) -> bool {
    endings.iter().any(|ending| text.as_bytes()[..at].ends_with(ending.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses(text: &str) -> Vec<&str> {
        let mut start = 0;
        ends(text).into_iter().map(|end| &text[std::mem::replace(&mut start, end)..end]).collect()
    }

    #[test]
    fn sentences_and_lines_are_parted() {
        assert_eq!(clauses("One. Two!\nThree? Four"), ["One.", " Two!", "\n", "Three?", " Four"]);
        assert_eq!(clauses("遅い。最悪!なぜ?はい"), ["遅い。", "最悪!", "なぜ?", "はい"]);
    }

    #[test]
    fn a_point_inside_a_word_parts_nothing() {
        assert_eq!(clauses("It cost 3.50 at shop.example today."), ["It cost 3.50 at shop.example today."]);
    }

    #[test]
    fn english_words_begin_a_clause() {
        assert_eq!(clauses("Good, But slow butter"), ["Good,", " But slow butter"]);
        assert_eq!(
            clauses("Fish and chips, and nice although cold"),
            ["Fish and chips,", " and nice", " although cold"]
        );
    }

    #[test]
    fn phrases_are_joined_by_commas_words_and_dashes() {
        let joined = |text: &str| joints(text).iter().map(|&at| text[at..].to_owned()).collect::<Vec<_>>();
        assert_eq!(
            joined("Good, bad AND 1,000 - handy"),
            [", bad AND 1,000 - handy", " AND 1,000 - handy", " - handy"]
        );
        assert_eq!(joined("安い、遅い — ok"), ["、遅い — ok", " — ok"]);
    }

    #[test]
    fn a_japanese_comma_ends_a_clause_behind_some_endings() {
        assert_eq!(clauses("味は良いが、店は狭い"), ["味は良いが、", "店は狭い"]);
        assert_eq!(clauses("配送が遅くて、箱、袋"), ["配送が遅くて、", "箱、袋"]);
    }

    #[test]
    fn korean_endings_end_a_clause() {
        assert_eq!(
            clauses("배송은 빠르지만 포장이 엉망이고 재고 없음"),
            ["배송은 빠르지만", " 포장이 엉망이고", " 재고 없음"]
        );
        assert_eq!(clauses("반품하고 싶어요"), ["반품하고 싶어요"]);
    }

    #[test]
    fn chinese_commas_and_words_part_clauses() {
        assert_eq!(clauses("物流快,但是客服差不过能用"), ["物流快,", "但是客服差", "不过能用"]);
    }
}

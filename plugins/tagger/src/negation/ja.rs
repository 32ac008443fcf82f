//! Japanese: the negation ends the predicate that the statement begins.

use super::take;

/// What may stand between the statement and its negation.
const LINKS: &[&str] = &[
    "するつもり",
    "しようと",
    "しよう",
    "しなく",
    "すること",
    "するほど",
    "する",
    "し",
    "つもり",
    "気持ち",
    "気",
    "予定",
    "考えて",
    "考え",
    "必要",
    "理由",
    "わけ",
    "こと",
    "もの",
    "なんて",
    "など",
    "とは",
    "という",
    "と言う",
    "とまでは",
    "とも",
    "と",
    "では",
    "じゃ",
    "でも",
    "には",
    "に",
    "では",
    "で",
    "は",
    "が",
    "も",
    "を",
    "の",
    "点",
    "ところ",
    "部分",
    "全く",
    "まったく",
    "全然",
    "特に",
    "一切",
    "何も",
    "何一つ",
    "ひとつも",
    "一つも",
    "少しも",
    "あまり",
    "そこまで",
    "そんなに",
    "思わ",
    "思って",
    "思い",
    "思え",
    "言え",
    "検討して",
    "い",
    "でき",
    "出来",
    "られ",
    "られて",
    "ようと",
    "たいと",
    "たく",
    "たい",
    "よう",
    "く",
    "せ",
    "さ",
    "れ",
    "な",
    "だ",
    "っ",
    "られる",
    "できる",
];
const NEGATIONS: &[&str] =
    &["ありません", "ありませ", "ございません", "なかった", "なく", "ません", "ない", "無い", "なし", "ゼロ", "ず"];
/// What stands before ない where it negates nothing: 「かもしれない」「しかない」「間違いない」.
const EMPTY: &[&str] =
    &["しか", "かも", "間違い", "まちがい", "違い", "なら", "ならな", "もったい", "仕方", "過言では"];
/// What stands behind a negation that takes it back: 「ないわけにはいかない」「なければならない」「じゃないか」「ない理由がない」.
const TAKEN_BACK: &[&str] = &[
    "わけには",
    "わけでは",
    "わけじゃ",
    "けれ",
    "きゃ",
    "といけ",
    "とだめ",
    "とダメ",
    "てはいけ",
    "ては",
    "ちゃ",
    "くもな",
    "はな",
    "もな",
    "ことはな",
    "ことはあり",
    "理由がな",
    "理由はな",
    "理由があり",
    "理由はあり",
    "とは限",
    "か",
];

/// Whether a negation follows.
pub(super) fn follows(behind: &str) -> bool {
    let mut rest = behind;
    loop {
        if take(rest, EMPTY).is_some() {
            return false;
        }
        if let Some(rest) = take(rest, NEGATIONS) {
            let rest = rest.strip_prefix("です").unwrap_or(rest);
            return take(rest, TAKEN_BACK).is_none();
        }
        match take(rest, LINKS) {
            Some(shorter) => rest = shorter,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_negated;

    #[test]
    fn a_negation_behind_the_statement_counts() {
        for text in [
            "[解約]しません",
            "[解約]するつもりはない",
            "[解約]しようとは思いません",
            "[解約]は考えていません",
            "[不満]は特にありません",
            "[最高]とは言えない",
            "[満足]できませんでした",
            "[ひど]くはない",
            "[最悪]ではなかった",
            "[おすすめ]できない",
        ] {
            assert!(is_negated(text, true), "{text}");
        }
    }

    #[test]
    fn what_is_no_negation_or_is_taken_back_does_not() {
        for text in [
            "[解約]します",
            "[解約]しないわけにはいかない",
            "[解約]しなければならない",
            "[解約]するしかない",
            "[解約]するかもしれない",
            "[おすすめ]しない理由がない",
            "[最高]じゃないか",
            "[最高]で、忘れられない",
            "[最高]の店。不満はない",
            "[残念]でならない",
        ] {
            assert!(!is_negated(text, true), "{text}");
        }
    }
}

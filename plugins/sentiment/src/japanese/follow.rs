//! What the words behind a word make of it: Japanese denies, doubts and wishes behind the verb or the adjective.

use super::tokens::{Gap, Token, part};

/// The furthest a negation is looked for, in tokens: 便利とは言えないのではない.
const MOST: usize = 10;

/// What comes behind a word, up to the next one with a weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Follow {
    pub(super) negations: usize,
    /// かもしれない, らしい, そう: not certain.
    pub(super) is_doubted: bool,
    /// ば, たら, なら: not said to be so.
    pub(super) is_condition: bool,
    /// The token behind the last one looked at.
    pub(super) end: usize,
}

/// Looks at the tokens from `from` on, and before `bound`.
pub(super) fn follow(text: &str, tokens: &[Token], gaps: &[Gap], from: usize, bound: usize) -> Follow {
    let mut seen = Follow { end: from, ..Follow::default() };
    let word = |at: usize| tokens.get(at).map_or("", |token| &text[token.start..token.end]);
    for at in from..bound.min(from + MOST) {
        if at > 0 && gaps[at - 1] != Gap::None {
            break;
        }
        let token = tokens[at];
        match word(at) {
            "だけ" | "ばかり" | "のみ" if word(at + 1) == "で" => break,
            // しか makes of what is denied the only thing there is: 感謝しかない.
            "しか" => break,
            "けど" | "けれど" | "けれども" | "ものの" | "のに" | "ので" | "から" | "し"
                if token.part == part::PARTICLE =>
            {
                break;
            }
            "が" if is_predicate(&tokens[at - 1]) => break,
            "かも" | "らしい" | "みたい" | "そう" | "だろ" | "でしょ" | "はず" => {
                seen.is_doubted = true
            }
            "ば" | "たら" | "なら" if matches!(token.part, part::PARTICLE | part::AUXILIARY) => {
                // なければならない, なくてはならない: what is denied twice has to be.
                seen.is_condition = seen.negations == 0;
            }
            denial if is_negation(denial, token.part) => {
                seen.negations += usize::from(!is_hedged(&word, at));
            }
            other if !is_light(other, token.part) => break,
            _ => {}
        }
        seen.end = at + 1;
    }
    seen
}

/// Whether a negation is none in かもしれない, んじゃない and のではない.
fn is_hedged<'a>(word: &impl Fn(usize) -> &'a str, at: usize) -> bool {
    let before = |by: usize| at.checked_sub(by).map_or("", word);
    let is_asked = match before(1) {
        "じゃ" => matches!(before(2), "ん" | "の"),
        "は" => matches!(before(3), "ん" | "の"),
        _ => false,
    };
    is_asked || matches!(before(1), "しれ" | "知れ")
}

/// Whether a が behind it joins clauses, and does not mark the subject.
pub(super) fn is_predicate(before: &Token) -> bool {
    matches!(before.part, part::AUXILIARY | part::VERB)
}

/// Whether a word denies what is before it.
pub(super) fn is_negation(word: &str, part: u32) -> bool {
    match word {
        "ない" | "なく" | "なかっ" | "なけれ" | "なきゃ" | "無い" | "無く" | "無かっ" | "無し" | "なし" | "ねえ"
        | "ねー" | "がたい" | "難い" | "程遠い" | "ほど遠い" | "ゼロ" | "皆無" => true,
        "ん" | "ぬ" | "ず" | "ざる" | "まい" => part == part::AUXILIARY,
        _ => false,
    }
}

/// Whether a word leaves open what is said of the one before it.
fn is_light(word: &str, of: u32) -> bool {
    matches!(of, part::PARTICLE | part::AUXILIARY)
        || matches!(
            word,
            "し" | "さ"
                | "する"
                | "でき"
                | "出来"
                | "なっ"
                | "なる"
                | "なら"
                | "なり"
                | "あり"
                | "ある"
                | "あっ"
                | "い"
                | "おり"
                | "いる"
                | "いえ"
                | "言え"
                | "言い"
                | "思え"
                | "思わ"
                | "思い"
                // 良いと思ったことは一度もない.
                | "思っ"
                | "一"
                | "度"
                | "一度"
                | "感じ"
                | "感じる"
                | "感じられ"
                | "見え"
                | "ござい"
                | "いただけ"
                | "頂け"
                | "もらえ"
                | "ください"
                | "くださら"
                | "くれ"
                | "こと"
                | "事"
                | "ところ"
                | "所"
                | "点"
                | "わけ"
                | "もの"
                | "物"
                | "の"
                | "ん"
                | "よう"
                | "感"
                | "気"
                | "ほど"
                | "程"
                | "しれ"
                | "知れ"
                | "見つから"
                | "見当たら"
                | "られ"
                | "れ"
                | "た"
                | "来"
                | "き"
                | "こ"
                | "ひとつ"
                | "一つ"
                | "何"
                | "すぐ"
                | "まま"
                | "性"
                | "さえ"
                | "み"
                | "さん"
                | "的"
        )
}

//! Korean: 안 or 못 before the statement, or 않다, 없다, 못하다, 아니다 and 말다 behind it.

use super::take;

/// What may stand between the statement and its negation.
const LINKS: &[&str] = &[
    "하지는",
    "하지도",
    "하지",
    "하진",
    "스럽지는",
    "스럽지",
    "스럽진",
    "스러운",
    "해지지",
    "지는",
    "지도",
    "지",
    "진",
    "하고 싶지",
    "하려는",
    "하려고",
    "할",
    "할만한",
    "천하지",
    "천할",
    "했던",
    "하는",
    "한",
    "할 만한",
    "될",
    "되지",
    "될만한",
    "을",
    "를",
    "은",
    "는",
    "이",
    "가",
    "도",
    "생각",
    "계획",
    "마음",
    "의향",
    "의사",
    "이유",
    "필요",
    "일",
    "적",
    "것",
    "거",
    "건",
    "점",
    "수",
    "전혀",
    "조금도",
    "하나도",
    "별로",
    "딱히",
    "까지는",
    "까진",
    "라고는",
    "이라고는",
    "다고는",
    "하고",
    " ",
];
const NEGATIONS: &[&str] = &["않", "없", "못하", "못했", "못 하", "아니", "아닙"];
/// What stands behind a negation that takes it back: 「않을 수 없다」「없지 않다」「않으면 안 된다」.
const TAKEN_BACK: &[&str] =
    &["을 수 없", "을 수가 없", "을수 없", "을수없", "지 않", "진 않", "으면 안", "을 이유", "는 이유", "나요"];
const BEFORE: &[&str] = &["안", "못", "안 ", "못 ", "안 할 ", "안할 "];

/// Whether a negation is on either side.
pub(super) fn is_beside(before: &str, behind: &str) -> bool {
    let precedes = BEFORE.iter().any(|negation| {
        before.strip_suffix(negation).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', ',', '.', '\n']))
    });
    precedes != follows(behind)
}

fn follows(behind: &str) -> bool {
    // 「안 할」, 「안 해요」 behind a noun.
    let short = behind.strip_prefix(['을', '를', '은', '는', '이', '가', '도']).unwrap_or(behind);
    if ["안 ", "못 ", " 안 ", " 못 ", " 안해", " 안할", " 못해", " 안하", "안하", "안할"]
        .iter()
        .any(|word| short.starts_with(word))
    {
        return true;
    }
    let mut rest = behind;
    loop {
        if let Some(rest) = take(rest, NEGATIONS) {
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
    fn a_negation_on_either_side_counts() {
        for text in [
            "[해지]하지 않을게요",
            "[해지]할 생각 없어요",
            "[탈퇴]할 생각은 전혀 없습니다",
            "[불만]은 없습니다",
            "[만족]스럽지 않아요",
            "[해지] 안 할 거예요",
            "안 [좋아요]",
            "[후회]하지 않아요",
            "[최고]는 아니에요",
        ] {
            assert!(is_negated(text, false), "{text}");
        }
    }

    #[test]
    fn what_is_no_negation_or_is_taken_back_does_not() {
        for text in [
            "[해지]할게요",
            "[해지]하지 않을 수 없네요",
            "[추천]하지 않을 이유가 없어요",
            "[최고]예요. 불만 없어요",
            "미안 [좋아요]",
            "[좋아요] 흠이 없어요",
        ] {
            assert!(!is_negated(text, false), "{text}");
        }
    }
}

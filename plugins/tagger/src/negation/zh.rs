//! Chinese: the negation stands before the statement, with few words between.

use super::take_last;

/// What may stand between the negation and the statement.
const LINKS: &[&str] = &[
    "打算", "准备", "準備", "考虑", "考慮", "计划", "計劃", "觉得", "覺得", "感到", "可能", "需要", "任何", "什么",
    "什麼", "一点", "一點", "半点", "那么", "那麼", "怎么", "怎麼", "特别", "特別", "十分", "值得", "愿意", "願意",
    "敢说", "理由", "必要", "我们", "你们", "会", "會", "想", "要", "用", "必", "是", "算", "太", "很", "能", "可",
    "再", "有", "让", "讓", "人", "令", "得", "过", "過", "去", "我", "大", "够", "在", "这", "該",
];
const NEGATORS: &[&str] = &["从不", "毫无", "不", "没", "沒", "无", "無", "未", "别", "並非", "并非"];
/// Words that end in a negator, and negate nothing.
const EMPTY: &[&str] = &["不过", "不過", "差别", "要不", "好不", "分别", "级别", "無不"];

/// Whether a negation precedes. Two of them undo each other.
pub(super) fn precedes(before: &str) -> bool {
    let (mut rest, mut is_negated) = (before, false);
    loop {
        if take_last(rest, EMPTY).is_some() {
            return is_negated;
        } else if let Some(shorter) = take_last(rest, LINKS) {
            rest = shorter;
        } else if let Some(shorter) = take_last(rest, NEGATORS) {
            is_negated = !is_negated;
            rest = shorter;
        } else {
            return is_negated;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_negated;

    #[test]
    fn a_negation_before_the_statement_counts() {
        for text in [
            "我不会[退订]的",
            "不打算[取消订阅]",
            "这不是[投诉]",
            "没有什么[不满]",
            "不会让人[失望]",
            "不是很[好]",
            "并非[完美]",
            "没有打算[注销]账号",
        ] {
            assert!(is_negated(text, false), "{text}");
        }
    }

    #[test]
    fn two_negations_are_none_and_not_only_is_none() {
        for text in ["我不得不[退订]", "不能不[推荐]", "不仅[好吃]", "特别[满意]", "[退订]", "不过[很好]"]
        {
            assert!(!is_negated(text, false), "{text}");
        }
    }
}

//! Negations that turn the word they belong to, whatever was learned: 불만 없어요, 맛있지 않았어요, 没有让我失望, 谈不上满意.
//! What customers deny is seldom in what the weights were learned from, and single words do not add up to it.

use super::{
    hash,
    table::{Language, Table},
    units::Unit,
};

/// Blame that is denied is faint praise.
const FAINT: f64 = 0.8;
/// Praise of this weight is turned by a negation…
const PRAISE: f64 = 0.5;
/// …into at least so much blame.
const LEAST_BLAME: f64 = 1.0;
/// Blame of this weight is turned by one, if it is no word of [`KOREAN_FLAWS`] or [`CHINESE_FLAWS`] either.
const BLAME: f64 = -0.8;
/// Two characters whose pair weighs so much are one word, which the dictionary, of simplified forms, has parted.
const PAIR: f64 = 0.8;
/// The most words between a negation and what it turns.
const REACH: usize = 3;

/// What a shop is praised for not having. Sorted.
const KOREAN_FLAWS: [&str; 39] = [
    "거부감",
    "걱정",
    "고장",
    "곰팡이",
    "군더더기",
    "나무랄",
    "냄새",
    "단점",
    "렉",
    "문제",
    "버그",
    "벌레",
    "부담",
    "부작용",
    "부족",
    "불량",
    "불만",
    "불편",
    "비린내",
    "비싸",
    "소음",
    "스크래치",
    "스트레스",
    "실망",
    "아쉬운",
    "아쉬움",
    "악취",
    "에러",
    "오류",
    "이물질",
    "이상",
    "자극",
    "잡내",
    "잡음",
    "지연",
    "트러블",
    "파손",
    "후회",
    "흠집",
];

/// The same in Chinese, with what is said of things: 不贵, 不吵. Sorted.
const CHINESE_FLAWS: [&str; 53] = [
    "不便", "不满", "不滿", "不适", "划痕", "刮痕", "卡", "卡頓", "卡顿", "发霉", "变质", "后悔", "吵", "味儿", "問題",
    "噪声", "噪音", "坏", "壞", "失望", "差", "异味", "异响", "异常", "後悔", "故障", "杂音", "毛病", "油腻", "瑕疵",
    "異味", "異常", "發霉", "破损", "破損", "累", "缺点", "缺陷", "缺點", "脏", "腻", "臭", "色差", "貴", "贵", "遗憾",
    "遺憾", "问题", "难", "難", "霉味", "麻烦", "麻煩",
];

/// A unit with what its form weighs by itself, and what it was turned into: then it is in no pair.
pub(super) struct Turned {
    pub(super) unit: Unit,
    pub(super) key: u64,
    pub(super) own: f64,
    pub(super) turned: Option<f64>,
}

/// Turns what is negated.
pub(super) fn turn(table: Table, text: &str, units: &mut [Turned]) {
    let words = &mut Words { table, text, units };
    match table.language {
        Language::Korean => korean(words),
        Language::Chinese => chinese(words),
    }
}

struct Words<'a, 'b> {
    table: Table,
    text: &'a str,
    units: &'b mut [Turned],
}

impl<'a> Words<'a, '_> {
    /// A word or punctuation; empty beyond the ends.
    fn get(&self, at: usize) -> &'a str {
        self.units.get(at).map_or("", |turned| &self.text[turned.unit.span.clone()])
    }

    fn before(&self, at: usize, by: usize) -> &'a str {
        at.checked_sub(by).map_or("", |before| self.get(before))
    }

    fn value(&self, at: usize) -> f64 {
        self.units[at].turned.unwrap_or(self.units[at].own)
    }

    /// A word of two characters that are units of their own, as words in traditional characters mostly are.
    fn parted(&self, at: usize) -> Option<Parted<'a>> {
        let (first, second) = (self.units.get(at)?, self.units.get(at + 1)?);
        let word = self.text.get(first.unit.span.start..second.unit.span.end)?;
        let is_one = first.turned.is_none() && second.turned.is_none() && word.chars().count() == 2;
        is_one.then(|| Parted { word, pair: self.table.weight(hash::pair(first.key, second.key)) })
    }

    /// Makes these units weigh so much together, all of it on the one at `at`.
    fn set(&mut self, at: usize, value: f64, silent: impl IntoIterator<Item = usize>) {
        for silent in silent {
            self.units[silent].turned = Some(0.0);
        }
        self.units[at].turned = Some(value);
    }
}

/// See [`Words::parted`].
struct Parted<'a> {
    word: &'a str,
    /// What its two units weigh as a pair.
    pair: f64,
}

fn korean(words: &mut Words<'_, '_>) {
    for at in 0..words.units.len() {
        let word = words.get(at);
        match word {
            // 늦게까지 is how long, and no delay.
            "늦" if words.get(at + 1) == "게" && words.get(at + 2) == "까지" => words.set(at, 0.0, []),
            _ if word.starts_with(['안', '못']) && korean_refusal(words, at) => {}
            _ if word.starts_with('없') => korean_absence(words, at),
            _ if word.starts_with(['않', '못']) => korean_denial(words, at),
            "안" if at + 1 < words.units.len() => match words.value(at + 1) {
                praise if praise >= FAINT => words.set(at + 1, -2.0 * praise.max(LEAST_BLAME), [at]),
                _ if is_flaw(&KOREAN_FLAWS, words.get(at + 1)) => words.set(at + 1, FAINT, [at]),
                _ => {}
            },
            _ => {}
        }
    }
}

/// 불만 없어요, 문제가 하나도 없었습니다.
fn korean_absence(words: &mut Words<'_, '_>, at: usize) {
    let is_light = |word: &str| {
        matches!(
            word,
            "은" | "는"
                | "이"
                | "가"
                | "도"
                | "을"
                | "를"
                | "점"
                | "함"
                | "데"
                | "게"
                | "것"
                | "적"
                | "하나"
                | "전혀"
                | "거의"
                | "딱히"
                | "할"
                | "한"
        )
    };
    let light = (1..=REACH).take_while(|by| is_light(words.before(at, *by))).count();
    let Some(flaw) = at.checked_sub(light + 1) else { return };
    if is_flaw(&KOREAN_FLAWS, words.get(flaw)) {
        words.set(flaw, FAINT, flaw + 1..=korean_ending(words, at));
    }
}

/// 추천 안 해요, 추천은 못 하겠습니다, 도움이 안 돼요; 후회 안 해요. Tells whether there was a noun to turn.
fn korean_refusal(words: &mut Words<'_, '_>, at: usize) -> bool {
    let is_verb = match words.get(at) {
        // With the verb inside it.
        "안함" => true,
        "안" | "못" => {
            words.get(at + 1).starts_with(['하', '해', '한', '할', '함', '합', '했', '드', '돼', '되', '됩', '됐'])
        }
        joined => joined.starts_with('못'),
    };
    // 추천 안 할 이유가 없어요 refuses to refuse.
    let refused = (1..=6).map(|by| words.get(at + by)).find(|word| word.starts_with('없'));
    if refused.is_some() {
        return false;
    }
    let has_particle = matches!(words.before(at, 1), "은" | "는" | "을" | "를" | "이" | "가" | "도");
    let Some(noun) = at.checked_sub(1 + usize::from(has_particle)).filter(|_| is_verb) else { return false };
    let turned = match words.value(noun) {
        _ if is_flaw(&KOREAN_FLAWS, words.get(noun)) && words.get(at).starts_with('안') => FAINT,
        praise if praise >= PRAISE => -praise.max(LEAST_BLAME),
        _ => return false,
    };
    words.set(noun, turned, noun + 1..=at);
    true
}

/// 맛있지 않았어요, 만족스럽지는 못했습니다; not 좋지 않나요? nor 않을 수 없다.
fn korean_denial(words: &mut Words<'_, '_>, at: usize) {
    let has_particle = matches!(words.before(at, 1), "는" | "도" | "가" | "를");
    let Some(joint) = at.checked_sub(1 + usize::from(has_particle)) else { return };
    if !matches!(words.get(joint), "지" | "진" | "질") || matches!(words.get(at + 1), "나요" | "나" | "을까" | "냐")
    {
        return;
    }
    if words.get(at + 1) == "을" && words.get(at + 2) == "수" {
        return;
    }
    let is_light = |word: &str| matches!(word, "하" | "스럽" | "되" | "답" | "롭" | "은" | "는" | "이" | "가" | "도");
    let light = (1..=2).take_while(|by| is_light(words.before(joint, *by))).count();
    let Some(denied) = joint.checked_sub(light + 1) else { return };
    let value = words.value(denied);
    let turned = match value {
        praise if praise >= PRAISE => -praise.max(LEAST_BLAME),
        blame if blame <= BLAME || is_flaw(&KOREAN_FLAWS, words.get(denied)) => FAINT,
        _ => return,
    };
    words.set(denied, turned, denied + 1..=korean_ending(words, at));
}

/// The last of the endings behind a negation: they were learned with what it denies.
fn korean_ending(words: &Words<'_, '_>, at: usize) -> usize {
    let is_ending = |word: &str| {
        matches!(
            word,
            "았" | "었"
                | "어요"
                | "아요"
                | "습니다"
                | "네요"
                | "다"
                | "음"
                | "어"
                | "아"
                | "고"
                | "은"
                | "는데"
                | "지만"
        )
    };
    at + (1..=REACH).take_while(|by| is_ending(words.get(at + by))).count()
}

fn chinese(words: &mut Words<'_, '_>) {
    // From the end, so that what is denied twice is turned twice: 没什么不满意的.
    for at in (0..words.units.len()).rev() {
        let Some(reach) = Reach::of(words.get(at)) else { continue };
        // 好不好 asks.
        if at > 0 && words.before(at, 1) == words.get(at + 1) {
            continue;
        }
        let light = (1..=REACH).take_while(|by| reach.is_light(words.get(at + by))).count();
        let denied = at + light + 1;
        if denied < words.units.len() && reach.holds(words, light, denied) {
            chinese_denial(words, at, denied, reach);
        }
    }
}

/// Turns what a negation at `at` denies.
fn chinese_denial(words: &mut Words<'_, '_>, at: usize, denied: usize, reach: Reach) {
    let (word, value) = (words.get(denied), words.value(denied));
    let is_denied_twice = words.units[denied].turned.is_some_and(|turned| turned < 0.0);
    if is_denied_twice || is_flaw(&CHINESE_FLAWS, word) {
        return words.set(denied, FAINT, at..denied);
    }
    // 好 by itself weighs little, and with a degree before it is praise.
    if value >= PRAISE || (word == "好" && Reach::Degree.is_light(words.before(denied, 1))) {
        if !matches!(words.get(at), "不会" | "找不到" | "看不出" | "挑不出") {
            words.set(denied, -value.max(LEAST_BLAME), at..denied);
        }
        return;
    }
    match words.parted(denied) {
        Some(parted) if is_flaw(&CHINESE_FLAWS, parted.word) => {
            words.set(denied, FAINT, (at..denied).chain([denied + 1]));
        }
        // Not behind 没: 没得挑 is praise, and so is the pair in it.
        Some(parted) if parted.pair >= PAIR && !matches!(reach, Reach::Having) => {
            words.set(denied, -parted.pair.max(LEAST_BLAME), (at..denied).chain([denied + 1]));
        }
        _ => {}
    }
}

/// What may stand between a negation and what it turns.
#[derive(Clone, Copy)]
enum Reach {
    /// That there is none.
    Having,
    /// That something is not so.
    Being,
    /// That it is not so to a degree: 不是很满意. Without one, 不是 denies anything: 不是好评，而是…
    Degree,
}

impl Reach {
    /// That of a negation.
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "没有" | "没" | "沒有" | "沒" | "没什么" | "没啥" | "毫无" | "不会" | "挑不出" | "找不到" | "看不出" => {
                Self::Having
            }
            "谈不上" | "算不上" | "称不上" | "说不上" | "談不上" | "算不上是" => Self::Having,
            "不" | "并不" | "不太" | "不够" | "不怎么" | "不算" => Self::Being,
            "不是" | "并不是" => Self::Degree,
            _ => return None,
        })
    }

    /// Whether the words around a negation let it be one: 不是很好吗？ says that it is so.
    fn holds(self, words: &Words<'_, '_>, light: usize, denied: usize) -> bool {
        let asks = |by: usize| matches!(words.get(denied + by), "吗" | "嗎" | "嘛" | "么" | "呢" | "？" | "?");
        !matches!(self, Self::Degree) || (light > 0 && !(1..=REACH).any(asks))
    }

    fn is_light(self, word: &str) -> bool {
        match self {
            Self::Having => matches!(
                word,
                "让" | "讓"
                    | "我"
                    | "我们"
                    | "人"
                    | "任何"
                    | "什么"
                    | "一点"
                    | "一点儿"
                    | "一丝"
                    | "丝毫"
                    | "出现"
                    | "太多"
                    | "太大"
                    | "发现"
                    | "感到"
                    | "觉得"
                    | "啥"
                    | "明显"
                    | "有"
                    | "多少"
                    | "一个"
                    | "不"
                    | "很"
                    | "太"
                    | "那么"
                    | "想象"
                    | "中"
                    | "的"
                    | "令"
                    | "使"
                    | "质量"
                    | "多"
                    | "大"
            ),
            Self::Degree => matches!(
                word,
                "很" | "太" | "特别" | "特" | "別" | "非常" | "十分" | "那么" | "那麼" | "那" | "麼" | "怎么" | "多么"
            ),
            Self::Being => matches!(word, "太" | "够" | "是" | "很" | "那么" | "怎么" | "算" | "會" | "会"),
        }
    }
}

fn is_flaw(flaws: &[&str], word: &str) -> bool {
    flaws.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flaws_are_sorted_for_the_search() {
        assert!(KOREAN_FLAWS.is_sorted_by(|a, b| a < b));
        assert!(CHINESE_FLAWS.is_sorted_by(|a, b| a < b));
    }
}

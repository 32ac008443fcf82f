//! The tokens are those of IPADIC, so that these tests need no dictionary; the host's tests have the real thing.

use super::*;

/// Labelled reviews: `p`, `n` or `z` for neutral; the text; its tokens, each with its part of speech. They were written
/// for this project, by the author of the lexicon, before it: of such sentences it is likely to know more than of others.
const TUNING: &str = include_str!("reviews/tuning.tsv");
/// Reviews that no rule and no word was chosen by.
const HELD_OUT: &str = include_str!("reviews/held_out.tsv");

/// Finds tokens written as `word/part` in a text.
fn tokens(text: &str, written: &str) -> Vec<Token> {
    let mut at = 0;
    let place = |token: &str| {
        let (word, part) = token.rsplit_once('/').unwrap();
        let start = at + text[at..].find(word).unwrap_or_else(|| panic!("{word} is not in {text}"));
        at = start + word.len();
        Token { start, end: at, part: part.parse().unwrap() }
    };
    written.split(' ').filter(|token| !token.is_empty()).map(place).collect()
}

fn reading(text: &str, written: &str) -> Reading {
    let folded = Folded::of(text);
    let tokens = tokens(&folded.text, written);
    read_tokens(&folded, &tokens)
}

/// How well a set is read.
#[derive(PartialEq, Eq, Debug, Default)]
struct Tally {
    /// Reviews of either polarity, those with a word of the lexicon that weighs something, and those read right.
    polar: usize,
    covered: usize,
    right: usize,
    /// Of all three labels.
    all: usize,
    all_right: usize,
}

fn tally(reviews: &str) -> Tally {
    let mut tally = Tally::default();
    for line in reviews.lines() {
        let [label, text, written] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let reading = reading(text, written);
        let read = match reading.scored.compound {
            compound if compound >= 0.05 => "p",
            compound if compound <= -0.05 => "n",
            _ => "z",
        };
        tally.all += 1;
        tally.all_right += usize::from(read == label);
        if label != "z" {
            tally.polar += 1;
            tally.covered += usize::from(!reading.weights.is_empty());
            tally.right += usize::from(read == label);
        }
    }
    tally
}

#[test]
fn reviews_are_read_right_as_often_as_was_measured() {
    let tuning = tally(TUNING);
    assert_eq!(tuning, Tally { polar: 75, covered: 74, right: 74, all: 93, all_right: 89 });
    let held_out = tally(HELD_OUT);
    assert_eq!(held_out, Tally { polar: 165, covered: 162, right: 159, all: 200, all_right: 191 });
}

/// Scores what is written as `word/part` tokens without spaces between the words.
fn score(written: &str) -> f64 {
    let words = written.split(' ').map(|token| token.rsplit_once('/').map_or(token, |(word, _)| word));
    let text: String = words.collect();
    let tokens: Vec<_> = written.split(' ').filter(|token| token.contains('/')).collect();
    reading(&text, &tokens.join(" ")).scored.compound
}

#[track_caller]
fn assert_positive(written: &str) {
    assert!(score(written) >= 0.05, "{} for {written}", score(written));
}

#[track_caller]
fn assert_negative(written: &str) {
    assert!(score(written) <= -0.05, "{} for {written}", score(written));
}

#[test]
fn every_way_to_deny_turns_praise() {
    for denied in [
        "良く/5 ない/8",
        "良く/5 なかっ/8 た/8",
        "良く/5 あり/4 ませ/8 ん/8",
        "親切/5 で/8 は/7 ない/8",
        "親切/5 じゃ/7 ない/8",
        "満足/1 でき/4 ず/8",
        "満足/1 し/4 て/7 い/8 ませ/8 ん/8",
        "便利/5 と/7 は/7 言え/4 ない/8",
        "気に入ら/4 ぬ/8",
    ] {
        assert_negative(denied);
    }
}

#[test]
fn denied_blame_is_faint_praise_and_denied_twice_it_is_blame() {
    assert_positive("悪く/5 ない/8");
    assert_positive("不満/5 は/7 あり/4 ませ/8 ん/8");
    assert!(score("悪く/5 ない/8") < score("良い/5"));
    assert_positive("良く/5 ない/5 わけ/1 で/8 は/7 ない/5");
}

#[test]
fn what_sounds_like_a_negation_is_none() {
    assert_positive("良い/5 かも/7 しれ/4 ない/8");
    assert_positive("良い/5 の/1 で/8 は/7 ない/8 か/7 な/7");
    assert_positive("感謝/1 しか/7 ない/5");
    assert_positive("良い/5 だけ/7 で/8 なく/5");
}

#[test]
fn set_expressions_weigh_what_they_mean() {
    for praise in
        ["文句/1 なし/1", "申し分/1 ない/5", "問題/1 ない/5", "間違い/1 ない/5", "お/13 得/1", "リピ/1", "星/1 五つ/1"]
    {
        assert_positive(praise);
    }
    for blame in ["仕方/1 ない/5", "期待/1 外れ/1", "割に/6 合わ/4 ない/8", "星/1 一つ/1", "二度と/6 行か/4 ない/8"]
    {
        assert_negative(blame);
    }
}

#[test]
fn endings_change_what_the_word_says() {
    assert_negative("読み/4 にくい/5");
    assert_positive("滑り/4 にくい/5");
    assert_negative("壊れ/4 やすい/5");
    assert_negative("重/5 すぎる/8");
    assert_negative("早/5 すぎる/8");
    assert_positive("便利/5 すぎる/8");
    assert!(score("美味し/5 そう/14 だ/8") < score("美味しい/5"));
}

#[test]
fn a_wish_complains() {
    assert_negative("早く/5 し/4 て/7 ほしい/5");
    assert_negative("早く/5 し/4 て/7 ほしかっ/5 た/8");
    assert_negative("安く/5 す/4 べき/8");
    assert_positive("優しく/5 し/4 て/7 ください/8 ます/8");
}

#[test]
fn who_asks_or_encourages_complains_of_nothing() {
    for neutral in ["教え/4 て/7 ください/8", "いつ/3 届く/4 か/7 教え/4 て/7 ください/8", "頑張っ/4 て/7 ください/8"]
    {
        assert_eq!(score(neutral), 0.0, "{neutral}");
    }
    assert_eq!(score("教え/4 て/7 ください/8 まし/8 た/8"), 0.0);
    assert_negative("早く/5 し/4 て/7 ください/8");
    assert_negative("前/1 に/7 戻し/4 て/7 ください/8");
}

#[test]
fn what_is_to_be_bought_is_recommended_and_what_is_to_be_done_is_missing() {
    assert_positive("買う/4 べき/8");
    assert_positive("絶対/1 行く/4 べき/8 です/8");
    assert_negative("買う/4 べき/8 で/8 は/7 ない/5");
    assert_negative("他/1 を/7 買う/4 べき/8");
    assert_negative("改善/1 す/4 べき/8 です/8");
    assert_negative("種類/1 を/7 増やす/4 べき/8");
}

#[test]
fn joy_that_a_wish_would_be_met_with_is_no_praise() {
    assert_eq!(score("追加/1 し/4 て/7 くれる/8 と/7 嬉しい/5 です/8"), 0.0);
    assert_eq!(score("対応/1 し/4 て/7 いただける/4 と/7 助かり/4 ます/8"), 0.0);
    assert_positive("い/4 て/7 くれる/8 と/7 助かり/4 まし/8 た/8");
    assert_positive("食べる/4 と/7 嬉しい/5");
    assert_positive("助け/4 て/7 もらえ/8 て/7 嬉しい/5 です/8");
}

#[test]
fn what_is_neither_of_two_weighs_nothing_and_no_blame_of_two_is_praise() {
    for neither in [
        "良く/5 も/7 悪く/5 も/7 ない/5",
        "良い/5 とも/7 悪い/5 と/7 も/7 言え/4 ない/8",
        "美味しく/5 も/7 まずく/5 も/7 ない/5",
        "高く/5 も/7 なく/5 、 安く/5 も/7 ない/5",
    ] {
        assert_eq!(score(neither), 0.0, "{neither}");
    }
    assert_positive("不満/1 も/7 不安/5 も/7 ない/5");
    assert_negative("美味しく/5 も/7 安く/5 も/7 ない/5");
    assert_positive("味/1 も/7 良く/5 、 店員/1 も/7 悪く/5 ない/5");
    assert_positive("良く/5 、 悪く/5 も/7 ない/5");
}

#[test]
fn only_so_much_is_too_little() {
    assert_negative("一つ/1 しか/7 選ば/4 ない/8");
}

#[test]
fn words_of_degree_change_the_size() {
    assert!(score("とても/6 良い/5") > score("良い/5"));
    assert!(score("少し/6 悪い/5") > score("悪い/5"));
    assert!(score("本当に/6 悪い/5") < score("悪い/5"));
}

#[test]
fn what_is_behind_a_but_weighs_more() {
    assert_negative("安い/5 けど/7 遅い/5");
    assert_positive("遅い/5 が/7 、 安い/5");
    assert_negative("良い/5 。 しかし/10 悪い/5");
    assert_eq!(score("質/1 が/7 良い/5"), score("良い/5"), "a subject is no \"but\"");
}

#[test]
fn praise_in_a_question_is_hardly_any() {
    assert!(score("良い/5 です/8 か/7 ？") < 0.5 * score("良い/5 です/8"));
    assert!(score("良い/5 です/8 か/7") < 0.5 * score("良い/5 です/8"));
}

#[test]
fn blame_that_was_made_good_is_praise() {
    assert_positive("ストレス/1 が/7 解消/1 し/4 た/8");
    assert_negative("不具合/1 が/7 改善/1 さ/4 れ/8 ない/8");
}

#[test]
fn emoticons_and_other_widths_count() {
    assert_positive("(^_^)");
    assert_positive("届い/4 た/8 👍");
    assert_negative("また/6 orz");
    let text = "ﾃﾞｻﾞｲﾝがｶﾜｲｲ";
    let reading = reading(text, "デザイン/1 が/7 カワイイ/1");
    let words: Vec<_> = reading.weights.iter().map(|one| &text[one.span.clone()]).collect();
    assert_eq!(words, ["ｶﾜｲｲ"]);
}

#[test]
fn coverage_tells_words_that_are_not_known_from_neutral_ones() {
    let coverage = |text, written| reading(text, written).coverage;
    assert_eq!(coverage("昨日届きました", "昨日/1 届き/4 まし/8 た/8"), Some(0.5));
    assert_eq!(coverage("火曜日", "火曜日/1"), Some(0.0));
    assert_eq!(coverage("普通", "普通/1"), Some(1.0));
    assert_eq!(coverage("", ""), Some(0.0));
}

#[test]
fn every_hostile_text_is_read_in_linear_time() {
    let units = ["良", "ない", "しか", "良いが", "壊れやすい", "てほしい", "(", "^", "普通だが", "ﾞ", "ストレス解消"];
    for unit in units {
        let text = unit.repeat((1 << 20) / unit.len());
        let folded = Folded::of(&text);
        for len in [3, unit.len().max(3)] {
            let starts = (0..folded.text.len()).step_by(len);
            let spans = starts.map(|start| start..folded.text.len().min(start + len));
            let spans = spans.filter(|span| folded.text.get(span.clone()).is_some());
            let part = if len == 3 { 8 } else { 7 };
            let tokens: Vec<_> = spans.map(|span| Token { start: span.start, end: span.end, part }).collect();
            let started = std::time::Instant::now();
            let reading = read_tokens(&folded, &tokens);
            assert!((-1.0..=1.0).contains(&reading.scored.compound), "{unit}");
            assert!(started.elapsed().as_secs() < 10, "{unit} took {:?}", started.elapsed());
        }
    }
}

#[test]
fn once_is_never_where_it_is_denied() {
    assert_negative("良い/5 と/7 思っ/4 た/8 こと/1 は/7 一/11 度/14 も/7 ない/5");
    assert_positive("良い/5 と/7 思っ/4 た/8");
    assert_negative("アプ/1 デ/2 し/4 て/7 から/7 落ち/4 まくり/4");
    assert_negative("もう/6 いい/5 です/8");
    assert_positive("全然/6 アリ/1");
    assert_eq!(score("失礼/1 いたし/4 ます/8"), 0.0);
}

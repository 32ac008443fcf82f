use super::*;

/// Tokens parted at spaces, the punctuation left out: what the host's dictionaries find is told in the host's tests.
fn tokens(text: &str) -> Vec<u32> {
    let is_mark = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || "。！？".contains(c);
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_mark(c) {
            if let Some(from) = start.take() {
                tokens.extend([from, at as u32, 0]);
            }
        } else if start.is_none() {
            start = Some(at as u32);
        }
    }
    tokens
}

fn read_korean(text: &str) -> Reading {
    read(KOREAN, text, &tokens(text))
}

#[test]
fn without_a_known_word_a_text_is_neutral_and_nothing_is_evidence() {
    for text in ["", " ", "qzxv wwkq", "\0\0", "12345678"] {
        let reading = read_korean(text);
        assert_eq!((reading.scored.compound, reading.weights.len()), (0.0, 0), "{text}");
        assert_eq!(reading.scored.label(), "neutral");
    }
}

#[test]
fn the_weights_of_all_units_add_up_to_the_score() {
    let text = "정말 재미 없다 . 최악 !!";
    let units = weighed(KOREAN, text, &tokens(text));
    let sum: f64 = units.iter().map(|(_, weight)| weight).sum();
    let compound = read_korean(text).scored.compound;
    assert!((sum / (sum * sum + ALPHA).sqrt() - compound).abs() < 1e-4 && compound < -0.3, "{compound}");
    let spans: Vec<_> = units.iter().map(|(unit, _)| &text[unit.span.clone()]).collect();
    assert_eq!(spans, ["정말", "재미", "없다", ".", "최악", "!!"]);
}

#[test]
fn what_only_parts_words_is_no_evidence_and_what_stresses_them_is() {
    let text = "정말 재미 없다 . 최악 !!";
    let reading = read_korean(text);
    let evidence: Vec<_> = reading.weights.iter().map(|weight| &text[weight.span.clone()]).collect();
    assert!(evidence.contains(&"최악"), "{evidence:?}");
    let units = weighed(KOREAN, text, &tokens(text));
    let separators: Vec<_> =
        units.iter().filter(|(unit, _)| unit.is_separator(text)).map(|(unit, _)| &text[unit.span.clone()]).collect();
    assert_eq!(separators, ["."]);
    assert!(!evidence.contains(&"."), "{evidence:?}");
}

/// Names and weights.
fn lines(table: &str) -> impl Iterator<Item = (&str, f64)> {
    table.lines().filter_map(|line| line.split_once('\t')).map(|(name, weight)| (name, weight.parse().unwrap()))
}

#[test]
fn every_line_of_the_tables_is_found_with_its_weight_and_a_hand_outweighs_what_was_learned() {
    let korean = [include_str!("../../data/ko.tsv"), include_str!("../../data/ko.hand.tsv")];
    let chinese = [include_str!("../../data/zh.tsv"), include_str!("../../data/zh.hand.tsv")];
    for (table, [learned, by_hand]) in [(KOREAN, korean), (CHINESE, chinese)] {
        let corrected: std::collections::HashMap<_, _> = lines(by_hand).collect();
        let learned: Vec<_> = lines(learned).filter(|(name, _)| !corrected.contains_key(name)).collect();
        assert!(learned.len() > 10_000 && corrected.len() > 100, "{} {}", learned.len(), corrected.len());
        for (name, weight) in learned.into_iter().chain(corrected) {
            let key = match name.split_once(' ') {
                Some((first, second)) => hash::pair(hash::of(first.chars()), hash::of(second.chars())),
                None => hash::of(name.chars()),
            };
            assert!((table.weight(key) - weight).abs() < 1e-9, "{name}");
        }
    }
}

#[test]
fn what_is_fast_is_praised_and_what_broke_is_blamed_as_the_dictionary_parts_them() {
    assert!(read_korean("배송 이 빨 라요").scored.compound > 0.05);
    assert!(read_korean("세탁기 고장났 어요").scored.compound < -0.05);
}

#[test]
fn what_no_table_has_is_hardly_ever_found() {
    let found = (0..1_000_000u32).filter(|n| KOREAN.weight(hash::of(format!("{n}#").chars())) != 0.0).count();
    assert_eq!(found, 0);
}

#[test]
fn what_is_said_again_adds_nothing() {
    let once = read_korean("최악 재미 없다");
    let often = read_korean(&"최악 재미 없다 ".repeat(1_000));
    assert!((once.scored.compound - often.scored.compound).abs() < 0.1, "{once:?}");
    assert_eq!(often.weights.iter().filter(|weight| weight.span.start > 60).count(), 0);
}

#[test]
fn shares_add_up_to_one() {
    let scored = read_korean("정말 재미 없다 . 최악 !! 최고").scored;
    assert!((scored.neg + scored.neu + scored.pos - 1.0).abs() < 2e-3, "{scored:?}");
    assert!(scored.neg > 0.0 && scored.pos > 0.0, "{scored:?}");
}

#[test]
fn repetition_beyond_two_case_and_width_say_nothing_new() {
    let forms = |text: &str| {
        let mut forms = Vec::new();
        units::each(text, &tokens(text), |unit| forms.push(unit.form(text)));
        forms
    };
    assert_eq!(forms("ㅋㅋㅋㅋㅋㅋ GooooD!!!!"), ["ㅋㅋ", "good", "!!"]);
    assert_eq!(forms("a。b！"), ["a", ".", "b", "!"]);
}

#[test]
fn tokens_that_do_not_fit_the_text_are_passed_by() {
    let text = "최고 최악";
    for tokens in
        [vec![1, 2, 0], vec![5, 3, 0], vec![0, 99, 0], vec![u32::MAX, u32::MAX, 0], vec![0, 6], vec![7, 13, 0, 0, 6, 0]]
    {
        let reading = read(KOREAN, text, &tokens);
        assert!(reading.weights.iter().all(|weight| text.get(weight.span.clone()).is_some()), "{tokens:?}");
    }
}

#[test]
fn a_megabyte_takes_time_in_proportion() {
    for unit in ["최고 ", "ㅋ", "! ", "한", "a", "\0", "😀 "] {
        let mut seconds = Vec::new();
        for size in [1 << 18, 1 << 20] {
            let text = unit.repeat(size / unit.len());
            let tokens = tokens(&text);
            let started = std::time::Instant::now();
            let scored = read(KOREAN, &text, &tokens).scored;
            seconds.push(started.elapsed().as_secs_f64());
            assert!(scored.compound.abs() <= 1.0);
        }
        // Four times the text, with room for a machine that is busy; a quadratic way would take sixteen times.
        assert!(seconds[1] < 11.0 * seconds[0] + 0.5, "{unit}: {seconds:?}");
    }
}

#[test]
fn negations_turn_what_they_belong_to_and_nothing_else() {
    let korean = |text| read_korean(text).scored.compound;
    let chinese = |text: &str| read(CHINESE, text, &tokens(text)).scored.compound;
    for praise in ["불만 없 어요", "문제 가 하나 도 없 었 습니다", "비싸 지 않 아요", "친절 해요", "포장 꼼꼼 해요"]
    {
        assert!(korean(praise) > 0.05, "{praise} {}", korean(praise));
    }
    for blame in ["안 좋 아요", "맛있 지 않 았 어요", "친절 하 지 않 아요", "불 만족", "불만", "재미 없 어요"]
    {
        assert!(korean(blame) < -0.05, "{blame} {}", korean(blame));
    }
    for praise in ["没有 让 我 失望", "没有 异味", "没什么 不 满意 的", "没 得 挑", "不 贵", "好", "推 爆", "很 親 切"]
    {
        assert!(chinese(praise) > 0.05, "{praise} {}", chinese(praise));
    }
    for blame in ["谈不上 满意", "不 满意", "失望", "有 异味", "踩 雷", "没有 发票 。 失望"] {
        assert!(chinese(blame) < -0.05, "{blame} {}", chinese(blame));
    }
    assert!(korean("맛있 지 않 나요") > 0.05);
}

#[track_caller]
fn assert_signs(read: impl Fn(&str) -> f64, praises: &[&str], blames: &[&str]) {
    for praise in praises {
        assert!(read(praise) > 0.05, "{praise} {}", read(praise));
    }
    for blame in blames {
        assert!(read(blame) < -0.05, "{blame} {}", read(blame));
    }
}

fn korean(text: &str) -> f64 {
    read_korean(text).scored.compound
}

/// Reads words without the spaces between them, as Chinese is written.
fn chinese(parted: &str) -> f64 {
    let (mut text, mut tokens) = (String::new(), Vec::new());
    for word in parted.split(' ') {
        let start = text.len() as u32;
        text.push_str(word);
        if word != "？" {
            tokens.extend([start, text.len() as u32, 0]);
        }
    }
    read(CHINESE, &text, &tokens).scored.compound
}

#[test]
fn everyday_complaints_are_blame_however_politely_they_end() {
    let blames = [
        "배송 이 늦 어요",
        "늦 었 어요",
        "처리 가 느 립니 다",
        "많이 아쉬웠 어요",
        "마감 이 아쉬워 요",
        "시설 이 낡 았 어요",
        "양 이 너무 적 어요",
        "머리카락 나왔 어요",
        "사진 이랑 완전 딴판 이 에요",
        "안 맞 아요",
        "재 방문 의사 없 음",
    ];
    let praises = ["딱 맞 아요", "두께 감 도 적당 해요", "재 방문 할게요", "재 구매 했어요", "좋 았 어요"];
    assert_signs(korean, &praises, &blames);
    assert!(korean("늦 게 까지 영업 해서 좋 아요") > 0.5, "how long it is open is no delay");
    assert!(korean("늦 게 까지 영업 해요") > -0.05);
    for neutral in ["재 발급 요청", "재 설정 방법", "가 본 적 이 있"] {
        assert!(korean(neutral) < 0.2 && korean(neutral) > -0.2, "{neutral} {}", korean(neutral));
    }
}

#[test]
fn korean_refuses_behind_the_noun_and_denies_flaws_that_are_described() {
    let praises = [
        "불편 함 이 없 어요",
        "아쉬운 점 이 없 어요",
        "부족 한 점 이 없 어요",
        "불편 한 적 이 없 어요",
        "나무랄 데 없 어요",
        "후회 안 해요",
        "안 비싸 요",
        "추천 합니다",
    ];
    let blames = [
        "추천 안 해요",
        "추천 은 못 하 겠 습니다",
        "추천 못합니다",
        "도움 이 안 돼요",
        "서비스 가 부족 해요",
        "아쉬운 점 이 있 어요",
        "환불 못 받 았 어요",
    ];
    assert_signs(korean, &praises, &blames);
    assert!(korean("추천 안 받 고 산 게 좋 아요") > 0.05, "no verb of refusing");
    let (twice, once) = (korean("추천 안 할 이유 가 없 어요"), korean("안 할 이유 가 없 어요"));
    assert!(twice > once, "to refuse is refused, so that praise is none the less: {twice} {once}");
}

#[test]
fn not_very_is_blame_and_a_question_or_a_correction_is_none() {
    let praises = ["不是 很 好 吗", "不是 很 好 吗 ？", "是不是 很 好", "不是 很 贵", "不是 好评"];
    let blames = ["不是 很 满意", "不是 很 好", "不是 特别 满意", "不是 太 满意", "不是 特 別 滿 意", "没有 很 好"];
    assert_signs(chinese, &praises, &blames);
}

#[test]
fn words_in_traditional_characters_are_read_though_they_are_parted() {
    let praises =
        ["還 不 錯", "非常 不 錯", "蠻 不 錯 的", "感 謝", "謝 謝", "沒 有 異 味", "沒 有 問 題", "不 貴", "很 細 心"];
    let blames = ["態 度 惡 劣", "打 不 開", "不 滿 意", "不 推 薦", "不 親 切", "不 專 業", "送 錯 了", "品 質 不良"];
    assert_signs(chinese, &praises, &blames);
    assert!(chinese("没 得 挑") > 0.05 && chinese("沒 得 挑") > 0.05, "a pair behind 没 is no word that it denies");
    assert_eq!(chinese("錯"), 0.0);
}

#[test]
fn emoji_beside_words_weigh_something() {
    for read in [korean, chinese] {
        assert_signs(read, &["❤", "😍😍😍"], &["😡😡😡", "🤬"]);
    }
}

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

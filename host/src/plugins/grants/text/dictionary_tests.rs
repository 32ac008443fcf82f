//! With the real dictionaries, which `make dictionaries` builds.

use std::{sync::LazyLock, time::Instant};

use proptest::prelude::*;

use super::*;

/// A word, its part of speech, and its dictionary form.
type Row<'a> = (&'a str, PartOfSpeech, &'a str);

static INSTALLED: LazyLock<Dictionaries> = LazyLock::new(|| {
    let named = std::env::var_os("SAYSO_DATA__DICTIONARIES").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dictionaries"));
    let dictionaries = Dictionaries::open(Some(&folder)).expect("they are as built");
    assert_eq!(dictionaries.missing(), [], "not in {}; run `make dictionaries`", folder.display());
    dictionaries
});

fn dictionary(code: &str) -> &'static Dictionary {
    INSTALLED.of_code(code).expect("it is installed")
}

fn spans(code: &str, text: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    dictionary(code).each_word(text, |word| spans.push(word.span));
    spans
}

fn assert_words(code: &str, text: &str, expected: &[Row<'_>]) {
    let mut rows = Vec::new();
    let dictionary = dictionary(code);
    dictionary.each_word(text, |word| {
        rows.push((&text[word.span.0..word.span.1], word.part, dictionary.lemma(&word, text)));
    });
    let rows: Vec<Row<'_>> = rows.iter().map(|(word, part, lemma)| (*word, *part, &**lemma)).collect();
    assert_eq!(rows, expected, "{text}");
}

use PartOfSpeech as P;

#[test]
fn japanese_words_have_parts_of_speech_and_base_forms() {
    assert_words(
        "ja",
        "配送が遅くて、箱が壊れていました。",
        &[
            ("配送", P::Noun, ""),
            ("が", P::Particle, ""),
            ("遅く", P::Adjective, "遅い"),
            ("て", P::Particle, ""),
            ("箱", P::Noun, ""),
            ("が", P::Particle, ""),
            ("壊れ", P::Verb, "壊れる"),
            ("て", P::Particle, ""),
            ("い", P::Auxiliary, "いる"),
            ("まし", P::Auxiliary, "ます"),
            ("た", P::Auxiliary, ""),
        ],
    );
}

#[test]
fn korean_words_have_parts_of_speech_and_dictionary_forms() {
    assert_words(
        "ko",
        "배송이 늦고 날씨는 추워요!",
        &[
            ("배송", P::Noun, ""),
            ("이", P::Particle, ""),
            ("늦", P::Adjective, "늦다"),
            ("고", P::Suffix, ""),
            ("날씨", P::Noun, ""),
            ("는", P::Particle, ""),
            ("추워", P::Adjective, "춥다"),
            ("요", P::Particle, ""),
        ],
    );
}

#[test]
fn chinese_words_are_the_likeliest_ones() {
    assert_words(
        "zh",
        "送货太慢,包装也很差。",
        &[
            ("送货", P::Verb, ""),
            ("太慢", P::Adjective, ""),
            ("包装", P::Verb, ""),
            ("也", P::Adverb, ""),
            ("很", P::Adjective, ""),
            ("差", P::Adjective, ""),
        ],
    );
}

#[test]
fn characters_of_the_other_width_are_found_and_offsets_are_those_of_the_original() {
    let text = "このｱﾌﾟﾘは　Ｗｉｆｉが切れる。";
    assert_words(
        "ja",
        text,
        &[
            ("この", P::Determiner, ""),
            ("ｱﾌﾟﾘ", P::Noun, "アプリ"),
            ("は", P::Particle, ""),
            ("Ｗｉｆｉ", P::Noun, "Wifi"),
            ("が", P::Particle, ""),
            ("切れる", P::Verb, ""),
        ],
    );
}

#[test]
fn white_space_and_punctuation_are_no_tokens_and_an_emoji_is_a_symbol() {
    for code in ["ja", "ko", "zh"] {
        assert_eq!(spans(code, "。、！？…「」 \u{3000}\n\t!?.,~()"), [], "{code}");
        assert_eq!(spans(code, "!?♥)"), [(2, 5)], "{code}");
        let mut parts = Vec::new();
        dictionary(code).each_word("😀", |word| parts.push((word.span, word.part)));
        assert_eq!(parts, [((0, 4), P::Symbol)], "{code}");
        assert_eq!(spans(code, ""), [], "{code}");
    }
}

/// A megabyte of one character, or of a few in turn: what a lattice or a grouping of unknown words could choke on.
#[test]
fn a_megabyte_of_one_character_takes_time_in_proportion() {
    for pattern in ["あ", "ア", "ー", "一", "的", "ㅋ", "가", "a", "0", "!", " ", "😀", "ｶﾞ", "\u{309A}", "가 ", "a一"]
    {
        let mut seconds = Vec::new();
        for size in [1 << 18, 1 << 20] {
            let text = pattern.repeat(size / pattern.len());
            for code in ["ja", "ko", "zh"] {
                let started = Instant::now();
                let found = spans(code, &text);
                seconds.push(started.elapsed().as_secs_f64());
                assert!(found.iter().all(|span| text.get(span.0..span.1).is_some()), "{pattern} in {code}");
            }
        }
        for n in 0..3 {
            // Four times the text, with room for a machine that is busy; a quadratic way would take sixteen times.
            assert!(seconds[3 + n] < 11.0 * seconds[n] + 0.5, "{pattern}: {seconds:?}");
        }
    }
}

#[test]
fn a_long_sentence_is_cut_between_words_where_there_is_punctuation() {
    let text = "とても良い商品でした！".repeat(1000);
    let mut end = 0;
    for (start, piece) in pieces(&text) {
        assert_eq!(start, end);
        assert!(piece.len() <= MAX_PIECE && piece.ends_with('！'));
        end = start + piece.len();
    }
    assert_eq!(end, text.len());
    let words = spans("ja", &text);
    assert_eq!(words.len(), 1000 * spans("ja", "とても良い商品でした！").len());
}

#[test]
fn a_truncated_dictionary_is_refused_at_start() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("ko")).expect("made");
    let said = Dictionaries::open(Some(dir.path())).expect_err("refused").to_string();
    assert!(said.contains("ko/dictionary.json") && said.contains("sayso dict build ko"), "{said}");
    assert_eq!(Dictionaries::open(None).expect("none is no error").missing().len(), 3);
}

#[test]
fn threads_share_a_dictionary() {
    let expected = spans("ko", "배송이 늦고 상자가 파손되었습니다.");
    std::thread::scope(|scope| {
        let segment = || spans("ko", "배송이 늦고 상자가 파손되었습니다.");
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(segment)).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), expected);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn spans_are_in_order_and_on_characters_of_any_text(
        text in "([あ-んア-ヴｦ-ﾟ一-丠가-갠ㄱ-ㅣa-zＡ-ｚ0-9 。、!😀-😅\u{300}-\u{303}\u{3099}\u{309A}]|\\PC|\\s){0,80}",
    ) {
        for code in ["ja", "ko", "zh"] {
            let mut end = 0;
            for span in spans(code, &text) {
                prop_assert!(span.0 >= end && span.0 < span.1 && text.get(span.0..span.1).is_some(), "{:?}", span);
                end = span.1;
            }
        }
    }
}

//! Language detection: by script where a script has one language, by frequent words for plain English, else by trigrams.

use whatlang::{Lang, Script};

use super::{
    latin::{self, Told},
    width::Folded,
};
use crate::feedback::Language;

/// Code for a language that could not be told.
pub const UNKNOWN: &str = "und";

/// Most bytes of a text that detection looks at: more do not change the outcome, and cost time.
const DETECT_BYTES: usize = 512;

/// The language of `text`; none if there is too little to tell.
pub fn detect(text: &str) -> Option<Language> {
    // whatlang takes full-width letters for Hangul.
    let folded = Folded::new(&text[..text.floor_char_boundary(DETECT_BYTES)]);
    let text = &*folded.text;
    let (code, confidence) = match east_asian(text) {
        Some(told) => told,
        None if whatlang::detect_script(text)? == Script::Latin => latin(text)?,
        None => by_trigrams(text)?,
    };
    Some(Language { code: code.into(), confidence })
}

/// How many letters say as much as one character of Han, Hangul or kana does.
const LETTERS_A_CHARACTER: usize = 3;

/// Chinese, Japanese or Korean, where the text is more in their scripts than in another.
fn east_asian(text: &str) -> Option<(&'static str, f64)> {
    let (mut hangul, mut kana, mut han, mut letters) = (0, 0, 0, 0);
    for c in text.chars() {
        match c {
            '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' | '\u{AC00}'..='\u{D7A3}' => hangul += 1,
            '\u{3041}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}' => {
                kana += 1
            }
            '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
                han += 1
            }
            _ => letters += usize::from(c.is_alphabetic()),
        }
    }
    let characters = hangul + kana + han;
    if characters == 0 || characters * LETTERS_A_CHARACTER < letters {
        return None;
    }
    if hangul >= kana + han {
        return Some(("ko", 1.0));
    }
    if kana * LEAST_KANA >= han && kana > 0 {
        return Some(("ja", if hangul == 0 { 1.0 } else { 0.8 }));
    }
    Some(by_han(text, kana))
}

/// Japanese has at least one kana in so many Han; Chinese has at times a の for decoration.
const LEAST_KANA: usize = 8;

/// Han that neither Chinese script has: simplified in Japan alone (the Jōyō kanji list), or made there.
const JAPANESE_HAN: &str = "悪圧囲隠栄営円塩桜応仮価絵懐壊拡覚楽渇巻勧関観顔帰気亀犠戯拠挙郷暁駆経継軽鶏撃県検権顕験厳広鉱黒済砕剤雑\
    桟児歯実釈収渋従縦粛処奨焼剰縄畳嬢譲醸図穂酔粋髄瀬摂専銭繊巣総騒増臓蔵続対帯滝択沢単団弾遅鋳庁聴逓鉄転伝\
    闘徳読弐悩脳廃拝売発髪抜払仏塀変辺歩豊毎満黙訳薬様謡頼覧竜両猟緑塁霊齢労録働込峠畑枠匂込";

/// Han that Chinese sentences are made with, and Japanese ones are not: among them the simplified ones that are the most
/// frequent in reviews.
const CHINESE_HAN: &str = "的了是我你们這这那很吗嗎呢吧啊在没沒还還就都也和说說给給让讓把被为為什么\
    麼个個们們她它哪间时过错觉书务对较实样电买现开发经动问话设总热员盘别欢东\
    读单题统应该种两晚带值结评费门进观级标关显车质虽满头适长卡每态难边键订强\
    爱环换处选馆见货够确离宾记驱简风预议论钱认调场视另贵连华细卫节择计刚帮远\
    许办净讲识业语优运张饭钟烦图备厅线极马响续笔习复脑轻类价从广您";

/// Answers of kanji alone that are Japanese, though their Han are Chinese too.
const JAPANESE_ANSWERS: [&str; 7] = ["最高", "最低", "丁寧", "残念", "論外", "完璧", "素敵"];

/// Words of Han that are Japanese alone, and in no Chinese text by chance, where one word ends and the next begins.
const JAPANESE_WORDS: [&str; 7] = ["丁寧", "値段", "期待以上", "梱包", "残念", "素敵", "駐車場"];

/// How many characters are held against the lists.
const HAN_LOOKED_AT: usize = 64;

/// Confidence in Chinese where no Han of the text is known to be of one language alone.
const EITHER: f64 = 0.7;

/// Whether `told` is Chinese for want of anything that speaks for Japanese.
pub fn is_chinese_or_japanese(told: &Language) -> bool {
    told.code == "zh" && told.confidence <= EITHER
}

/// Texts of Han with few kana or none.
fn by_han(text: &str, kana: usize) -> (&'static str, f64) {
    let count = |of: &str| text.chars().take(HAN_LOOKED_AT).filter(|c| !c.is_ascii() && of.contains(*c)).count();
    // Whole answers that no Chinese would give; 親切 and 普通 are both.
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    if kana == 0 && words.all(|word| JAPANESE_ANSWERS.contains(&word)) {
        return ("ja", EITHER);
    }
    let (mut japanese, chinese) = (count(JAPANESE_HAN) + kana, count(CHINESE_HAN));
    if chinese == 0 {
        let end = text.char_indices().nth(HAN_LOOKED_AT).map_or(text.len(), |(at, _)| at);
        japanese += JAPANESE_WORDS.iter().filter(|word| text[..end].contains(**word)).count();
    }
    match japanese > chinese {
        true => ("ja", 0.8),
        false => ("zh", if chinese > 0 { 0.95 } else { EITHER }),
    }
}

/// By words, else by trigrams where these are sure of themselves, else English, the likeliest of all.
fn latin(text: &str) -> Option<(&'static str, f64)> {
    let english = match latin::by_words(text) {
        Told::Language { code, confidence } => return Some((code, confidence)),
        Told::Nothing { english } => english && text.chars().all(|c| c.is_ascii() || !c.is_alphabetic()),
    };
    let told = by_trigrams(text)?;
    Some(if english && told.1 < SURE { ("en", ENGLISH_BY_DEFAULT) } else { told })
}

/// Confidence from which trigrams alone are believed.
const SURE: f64 = 0.9;

/// Confidence where nothing speaks for English, and nothing for another language.
const ENGLISH_BY_DEFAULT: f64 = 0.4;

fn by_trigrams(text: &str) -> Option<(&'static str, f64)> {
    let info = whatlang::detect(text)?;
    Some((code_of(info.lang()), info.confidence()))
}

/// ISO 639-1 for the languages that have such a code, else ISO 639-3.
fn code_of(lang: Lang) -> &'static str {
    const TWO_LETTERS: &[(&str, &str)] = &[
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "nb"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
        ("uzb", "uz"),
        ("vie", "vi"),
        ("yid", "yi"),
        ("zul", "zu"),
    ];
    let three = lang.code();
    TWO_LETTERS.iter().find(|(known, _)| *known == three).map_or(three, |(_, two)| two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        detect(text).map_or_else(|| UNKNOWN.into(), |language| language.code)
    }

    #[test]
    fn the_four_languages_are_told_apart() {
        assert_eq!(code("The delivery was late and the box was damaged."), "en");
        assert_eq!(code("配送が遅くて、箱が壊れていました。"), "ja");
        assert_eq!(code("배송이 늦고 상자가 파손되었습니다."), "ko");
        assert_eq!(code("送货太慢,箱子也破了。"), "zh");
        assert_eq!(code(" … 12 !"), UNKNOWN);
    }

    #[test]
    fn short_texts_and_mixed_scripts_are_told() {
        let samples = [
            ("en", "Yay. Another good phone interview."),
            ("en", "great battery, 10/10"),
            ("en", "Bought it at the 東京 store, works fine."),
            ("en", "Ｖｅｒｙ　ｇｏｏｄ　ｓｅｒｖｉｃｅ，　ｔｈａｎｋ　ｙｏｕ！"),
            ("ja", "最悪"),
            ("ja", "最高！"),
            ("ja", "最低。最低"),
            ("zh", "最高温度很低"),
            ("zh", "最低價"),
            ("zh", "親切"),
            ("ja", "値段相応"),
            ("ja", "迅速丁寧！"),
            ("ja", "期待以上"),
            ("ja", "駐車場不足"),
            ("zh", "店内环境很差"),
            ("zh", "方案内容不错"),
            ("zh", "赠送料理包"),
            ("zh", "接客服电话"),
            ("zh", "價格太高,服務不佳"),
            ("zh", "要求解約"),
            ("ja", "ｻｲｺｰ"),
            ("ja", "iPhone 15 Pro Max のケースです"),
            ("ja", "東京駅で受け取り"),
            ("ja", "WiFiが切れる"),
            ("ko", "ㅋㅋㅋ"),
            ("ko", "good movie 좋아요 굿"),
            ("ko", "한국어와 日本語"),
            ("zh", "好"),
            ("zh", "很好"),
            ("zh", "鲜の每日坊的蛋糕很好吃,我们都喜欢"),
            ("zh", "iPhone 很好用"),
            ("zh", "觸控板不好用,鍵盤也很差"),
            ("de", "Sehr gut!"),
            ("fr", "Très bon produit"),
            ("es", "Muy bueno"),
            ("en", "Slow service"),
            ("en", "Fantastic service!"),
            ("en", "Super friendly staff"),
            ("en", "Super service"),
            ("fr", "Service rapide"),
            ("fr", "Super accueil"),
            ("de", "Schlechter Service"),
            ("nl", "Slechte service"),
            ("es", "Servicio pésimo"),
            ("pt", "Produto chegou quebrado"),
            ("it", "Ottima qualità"),
        ];
        for (expected, text) in samples {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    /// Texts and their column in the labelled files, where these are there.
    fn labelled(file: &str, column: usize) -> Option<Vec<String>> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/sentiment").join(file);
        let output = std::process::Command::new("gzip").args(["-dc"]).arg(path.canonicalize().ok()?).output();
        let text = String::from_utf8(output.expect("gzip runs").stdout).expect("UTF-8");
        Some(text.lines().skip(1).filter_map(|line| line.split('\t').nth(column).map(Into::into)).collect())
    }

    #[test]
    fn the_labelled_reviews_are_told_in_98_of_100() {
        let files = [
            ("en", "en-vader-amazon.tsv.gz", 5),
            ("en", "en-vader-tweets.tsv.gz", 5),
            ("ko", "ko-nsmc-dev.tsv.gz", 1),
            ("zh", "zh-reviews-dev.tsv.gz", 1),
        ];
        for (expected, file, column) in files {
            let Some(texts) = labelled(file, column) else { continue };
            let right = texts.iter().filter(|text| code(text) == expected).count();
            assert!(right * 100 >= texts.len() * 98, "{file}: {right} of {}", texts.len());
        }
    }

    #[test]
    fn a_text_of_one_character_or_of_nothing_known_is_no_panic() {
        for c in ["a", "é", "一", "が", "가", "\u{10FFFF}", "\0", "😀", "ß", "и"] {
            for length in [1, 2, 600] {
                let told = detect(&c.repeat(length));
                assert!(told.is_none_or(|language| (0.0..=1.0).contains(&language.confidence)), "{c}");
            }
        }
    }

    #[test]
    fn languages_in_latin_letters_are_not_taken_for_english() {
        for text in [
            "Die Lieferung war sehr spaet und der Karton war kaputt, das ist nicht gut.",
            "La livraison est arrivee en retard et le carton est abime, je ne suis pas content.",
            "De levering was te laat en de doos was kapot, dat is niet goed.",
            "El pedido nunca llego y nadie contesta mis correos, que mal servicio.",
            "A entrega demorou muito e ninguem respondeu aos meus emails.",
        ] {
            assert_ne!(code(text), "en", "{text}");
        }
    }

    #[test]
    fn every_code_in_two_letters_is_a_language_that_can_be_detected() {
        for lang in Lang::all() {
            assert!((2..=3).contains(&code_of(*lang).len()));
        }
    }
}

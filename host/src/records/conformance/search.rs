use super::*;

pub(crate) async fn all_words_of_a_query_have_to_be_there(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(1, "The parcel came late."), &review(2, "The parcel came."), &review(3, "Too late")])
        .await;
    assert_eq!(found(&records, "late parcel").await, ["The parcel came late."]);
    assert_eq!(found(&records, "parcel").await, ["The parcel came.", "The parcel came late."]);
    assert!(found(&records, "parc").await.is_empty(), "words, not pieces of them");
}

pub(crate) async fn words_are_found_in_title_and_text(backend: &impl Backend) {
    let records = backend.open().await;
    let mut titled = review(1, "It does not last.");
    titled.feedback.title = Some("Battery".into());
    save(&records, &[&titled]).await;
    assert_eq!(found(&records, "battery last").await.len(), 1);
}

pub(crate) async fn case_and_accents_do_not_matter(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(1, "CAFÉ très FRAÎCHE, für Übergrößen")]).await;
    for words in ["cafe", "Café tres", "FRAICHE", "uber", "Übergrößen", "fur"] {
        let expected = if words == "uber" { 0 } else { 1 };
        assert_eq!(found(&records, words).await.len(), expected, "{words}");
    }
}

pub(crate) async fn forms_of_one_word_do_not_matter(backend: &impl Backend) {
    let records = backend.open().await;
    let cases = [
        ("배터리 수명", "\u{1107}\u{1162}\u{1110}\u{1165}\u{1105}\u{1175}"),
        ("バッテリーが切れた", "ﾊﾞｯﾃﾘｰ"),
        ("ＧＡＬＡＸＹ　Ｓ２４", "galaxy"),
        ("Η μπαταρία χάλασε", "μπαταρια"),
        ("Всё отлично", "все"),
        ("the bat\u{ad}tery", "battery"),
        ("جوال مُحَمَّد", "محمد"),
        ("แบตเตอรี่หมดเร็วมาก", "หมดเร็ว"),
        ("बैटरी खराब है", "बैटरी"),
        ("cafe\u{301} noir", "café"),
    ];
    for (number, (text, _)) in (1..).zip(cases) {
        save(&records, &[&review(number, text)]).await;
    }
    for (text, words) in cases {
        assert_eq!(found(&records, words).await, [text], "{words}");
    }
    for (text, _) in cases {
        assert_eq!(found(&records, text).await, [text], "{text}");
    }
    for words in ["टर", "หมดแบต", "мои"] {
        assert!(found(&records, words).await.is_empty(), "{words}");
    }
}

pub(crate) async fn words_of_languages_without_spaces_are_found(backend: &impl Backend) {
    let records = backend.open().await;
    let texts = [
        "電池がすぐに切れます。iPhone用です",
        "快递太慢了，客服态度很差",
        "배터리 수명이 너무 짧아요",
        "カスタマーサポート",
    ];
    for (number, text) in (1..).zip(texts) {
        save(&records, &[&review(number, text)]).await;
    }
    let cases = [
        ("電池", 0),
        ("切れます", 0),
        ("すぐに切れ", 0),
        ("iphone用", 0),
        ("池", 0),
        ("す", 0),
        ("快递", 1),
        ("太慢", 1),
        ("客服态度", 1),
        ("态度 快递", 1),
        ("差", 1),
        ("배터리", 2),
        ("수명", 2),
        ("수명이", 2),
        ("너무 배터리", 2),
        ("サポート", 3),
        ("カスタマー", 3),
    ];
    for (words, index) in cases {
        assert_eq!(found(&records, words).await, [texts[index]], "{words}");
    }
    for words in ["電切", "慢快", "수배", "トーポサ", "快递 電池"] {
        assert!(found(&records, words).await.is_empty(), "{words}");
    }
}

pub(crate) async fn a_query_is_words_and_no_syntax(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(1, "cats AND dogs, don't you"), &review(2, "cats")]).await;
    let queries = [
        ("cats OR dogs", 0),
        ("cats AND dogs", 1),
        ("cats NOT dogs", 0),
        ("\"cats", 2),
        ("cat*", 0),
        ("text:cats", 0),
        ("(cats)", 2),
        ("^cats", 2),
        ("NEAR(cats dogs)", 0),
        ("don't", 1),
        ("cats -dogs", 1),
        ("cats' OR 1=1 --", 0),
        ("cats\0", 2),
        ("{cats}: + \\", 2),
    ];
    for (words, expected) in queries {
        assert_eq!(found(&records, words).await.len(), expected, "{words:?}");
    }
}

pub(crate) async fn a_query_without_words_finds_nothing(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(1, "!? yes")]).await;
    assert!(found(&records, "!?").await.is_empty());
}

pub(crate) async fn words_of_an_older_revision_are_not_found(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "good battery");
    save(&records, &[&first]).await;
    assert_eq!(found(&records, "good").await.len(), 1);
    save(&records, &[&first.clone().revised(2, "bad battery")]).await;
    save(&records, &[&first.clone().revised(3, "no battery")]).await;
    assert!(found(&records, "good").await.is_empty());
    assert!(found(&records, "bad").await.is_empty());
    assert_eq!(found(&records, "battery").await, ["no battery"]);
}

pub(crate) async fn a_search_goes_on_over_pages_and_restarts(backend: &impl Backend) {
    let records = backend.open().await;
    for number in 1..=5 {
        save(&records, &[&review(number, &format!("battery {number}")), &review(number, "screen")]).await;
    }
    let filter = Filter { q: Some("battery".into()), ..Filter::default() };
    let first = records.list(&filter, None, 3).await.expect("lists");
    assert_eq!(first.items.len(), 3);
    save(&records, &[&review(0, "battery 0")]).await;
    drop(records);
    let second = backend.open().await.list(&filter, first.next.as_deref(), 10).await.expect("lists");
    let texts: Vec<_> = second.items.iter().map(|(feedback, _)| &*feedback.text).collect();
    assert_eq!((texts, second.next), (vec!["battery 2", "battery 1", "battery 0"], None));
}

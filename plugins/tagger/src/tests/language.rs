//! Negations, inflections and forms of characters in four languages.

use sayso_plugin::Item;

use super::{has, names, tags};

#[test]
fn an_english_word_is_found_in_its_inflections_alone() {
    for text in [
        "They delivered late",
        "the delivery was terribly late",
        "late deliveries",
        "it is delivering so late",
        "Delivered later than promised",
        "SHIPPED LATE",
    ] {
        assert!(has("en", text, "delivery/speed"), "{text}");
    }
    for text in ["category", "a cat in the category", "late", "I was late", "deliverance, lately", "delivery of plates"]
    {
        assert_eq!(names("en", text), <[&str; 0]>::default(), "{text}");
    }
}

#[test]
fn a_pair_stays_in_its_clause_and_near() {
    assert!(!has("en", "The delivery was fine. I am late.", "delivery/speed"));
    assert!(!has("en", &format!("The delivery {} late", "and so on ".repeat(8)), "delivery/speed"));
}

#[test]
fn adjectives_and_verbs_are_found_in_their_inflections() {
    for (language, texts) in [
        ("ja", ["配送が遅い", "配送は遅かった", "配送がすごく遅くて"]),
        ("ko", ["배송이 느리다", "배송이 좀 느려요", "배송이 느렸다"]),
        ("zh", ["物流很慢", "物流慢死了", "物流真的是太慢了"]),
    ] {
        for text in texts {
            assert!(has(language, text, "delivery/speed"), "{text}");
        }
    }
}

#[test]
fn a_term_inside_another_word_is_passed_by() {
    for (language, text) in [
        ("zh", "他们吵架了"),
        ("zh", "赞助商"),
        ("zh", "差不多"),
        ("zh", "希望小学"),
        ("ko", "구매하자마자"),
        ("ko", "인상적이었다"),
        ("ko", "첫인상"),
        ("ja", "大気汚染"),
        ("ja", "最高値"),
    ] {
        assert_eq!(names(language, text), <[&str; 0]>::default(), "{text}");
    }
}

#[test]
fn negated_intents_are_none() {
    for (language, text, intent) in [
        ("en", "I would never leave you", "churn_threat"),
        ("en", "I have no complaints", "complaint"),
        ("en", "I'm not going anywhere", "churn_threat"),
        ("en", "I can't recommend it", "referral"),
        ("en", "not great", "praise"),
        ("ja", "解約しません", "churn_threat"),
        ("ja", "解約するつもりはない", "churn_threat"),
        ("ja", "不満はありません", "complaint"),
        ("ja", "おすすめできません", "referral"),
        ("ko", "해지하지 않을게요", "churn_threat"),
        ("ko", "해지할 생각 없어요", "churn_threat"),
        ("ko", "만족하지 않아요", "praise"),
        ("zh", "我不会退订", "churn_threat"),
        ("zh", "不打算取消订阅", "churn_threat"),
        ("zh", "这不是投诉", "complaint"),
        ("zh", "不推荐", "referral"),
    ] {
        assert!(!has(language, text, intent), "{text}: {intent}");
    }
}

#[test]
fn what_is_negated_twice_or_not_at_all_counts() {
    for (language, text, intent) in [
        ("en", "Not only great but cheap", "praise"),
        ("en", "I can't recommend it", "complaint"),
        ("en", "I can't not recommend it", "referral"),
        ("en", "I would not hesitate to recommend it", "referral"),
        ("ja", "解約しないわけにはいかない", "churn_threat"),
        ("ja", "おすすめしない理由がない", "referral"),
        ("ko", "해지하지 않을 수 없어요", "churn_threat"),
        ("zh", "我不得不退订", "churn_threat"),
        ("zh", "不能不推荐", "referral"),
    ] {
        assert!(has(language, text, intent), "{text}: {intent}");
    }
}

#[test]
fn a_request_is_no_question_for_its_mark() {
    assert_eq!(names("en", "Could you please call me back?"), ["request"]);
    assert_eq!(names("en", "Please call me back. Do you ship to Peru?"), ["question", "request"]);
}

#[test]
fn full_width_and_half_width_forms_are_found_where_they_stand() {
    for (language, text, name, passage) in [
        ("ja", "このｱﾌﾟﾘは…", "app/stability", "ｱﾌﾟﾘ"),
        ("ja", "ﾊﾟｽﾜｰﾄﾞを忘れた", "account/access", "ﾊﾟｽﾜｰﾄﾞ"),
        ("en", "ＬＡＴＥ　ＤＥＬＩＶＥＲＹ！", "delivery/speed", "ＬＡＴＥ　ＤＥＬＩＶＥＲＹ"),
        ("zh", "物流，ｗｅｂｓｉｔｅ", "website/usability", "ｗｅｂｓｉｔｅ"),
        ("en", "I can’t recommend it", "complaint", "can’t recommend"),
    ] {
        let tags = tags(&Item::of_text(language, text));
        let tag = tags.iter().find(|tag| tag.name == name).unwrap_or_else(|| panic!("{text}: {tags:?}"));
        assert_eq!(&text[tag.spans[0].range()], passage);
    }
}

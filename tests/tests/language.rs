//! Texts that are hard to read, in the four languages, from the post to the analysis.

use sayso_tests::{Server, dictionaries};
use serde_json::{Value, json};

async fn server() -> Server {
    let dictionaries = dictionaries().display().to_string();
    Server::builder().variable("SAYSO_DATA__DICTIONARIES", &dictionaries).start().await
}

/// The analysis of a text whose language is left to be detected.
async fn analysis(server: &Server, text: &str) -> Value {
    server.analyze(&json!({"kind": "review", "text": text})).await["analysis"].take()
}

fn names<'a>(analysis: &'a Value, list: &str) -> Vec<&'a str> {
    analysis[list].as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name")).collect()
}

/// The status of each plugin, by name.
fn status(analysis: &Value, plugin: &str) -> Value {
    let provenance = analysis["provenance"].as_array().expect("provenance");
    provenance.iter().find(|one| one["plugin"] == plugin).expect("it ran")["status"].clone()
}

/// A complaint about late delivery in each language.
const COMPLAINTS: [(&str, &str); 4] = [
    ("en", "The delivery was terribly late and the support was rude."),
    ("ja", "配送がとても遅くて、対応も最悪でした。"),
    ("ko", "배송이 너무 늦고 서비스도 최악이에요."),
    ("zh", "快递太慢了，客服态度非常差，很失望。"),
];

#[tokio::test]
async fn feedback_is_found_by_any_form_of_the_tag_that_it_was_sent_with() {
    let server = Server::builder().start().await;
    server.analyze(&json!({"kind": "review", "language": "pt-BR", "text": "Muito bom"})).await;
    for tag in ["pt", "pt-BR", "PT"] {
        let list = server.get(&format!("/v1/feedback?language={tag}")).await;
        assert_eq!(list["items"].as_array().expect("a list").len(), 1, "{tag}");
    }
}

#[tokio::test]
async fn parts_of_emoji_and_marks_of_direction_change_neither_language_nor_class() {
    let server = server().await;
    // A selector, a joiner and a skin tone without their emoji; marks and overrides of direction, closed and not.
    let disturbances = ["\u{FE0F}", "\u{200D}", "\u{1F3FD}", "\u{200F}", "\u{202E}", "\u{2067}\u{2069}", "\u{FEFF}"];
    for (language, text) in COMPLAINTS {
        let plain = analysis(&server, text).await;
        assert_eq!(plain["language"]["code"], language, "{plain:#}");
        assert!(plain["sentiment"]["score"].as_f64().expect("a score") < -0.05, "{plain:#}");
        assert!(names(&plain, "tags").contains(&"delivery/speed"), "{plain:#}");
        for mark in disturbances {
            let disturbed = analysis(&server, &format!("{mark} {text} {mark}")).await;
            assert_eq!(disturbed["language"]["code"], language, "{mark:?} {disturbed:#}");
            assert!(disturbed["sentiment"]["score"].as_f64().expect("a score") < -0.05, "{mark:?} {disturbed:#}");
            assert_eq!(names(&disturbed, "tags"), names(&plain, "tags"), "{mark:?}");
        }
    }
}

#[tokio::test]
async fn half_of_an_emoji_is_refused_where_it_stands_and_its_neighbours_are_taken() {
    let server = server().await;
    let lines = "{\"kind\":\"review\",\"text\":\"fine\"}\n{\"kind\":\"review\",\"text\":\"bad \\ud83d\"}\n{\"kind\":\"review\",\"text\":\"good\"}\n";
    let request = server.request(reqwest::Method::POST, "/v1/feedback").header("content-type", "application/x-ndjson");
    let answer: Value = request.body(lines).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["accepted"].as_array().map(Vec::len), Some(2), "{answer:#}");
    assert_eq!(answer["rejected"].as_array().map(Vec::len), Some(1), "{answer:#}");
    assert!(answer["rejected"][0].to_string().contains("line"), "{answer:#}");
}

#[tokio::test]
async fn half_width_kana_are_read_as_kana() {
    let server = server().await;
    let analysis = analysis(&server, "ｻｰﾋﾞｽが最悪で､配送も遅いです｡").await;
    assert_eq!(analysis["language"]["code"], "ja");
    assert!(analysis["sentiment"]["score"].as_f64().expect("a score") < -0.05, "{analysis:#}");
    assert!(names(&analysis, "tags").contains(&"delivery/speed"), "{analysis:#}");
}

#[tokio::test]
async fn of_mixed_languages_one_is_read_and_named() {
    let server = server().await;
    let texts = [
        ("en", "The delivery (配送) was terribly late and I am very disappointed with the support team."),
        ("ja", "iPhoneのdeliveryが遅くて、とても残念でした。サポートの対応も最悪です。"),
        ("ko", "delivery가 너무 늦어서 정말 실망했어요. 다시는 주문하지 않을 거예요."),
        ("zh", "这个App的delivery太慢了，客服也很差，非常失望。"),
    ];
    for (language, text) in texts {
        let analysis = analysis(&server, text).await;
        assert_eq!(analysis["language"]["code"], language, "{text}: {analysis:#}");
        assert!(analysis["sentiment"]["score"].as_f64().expect("a score") < -0.05, "{text}: {analysis:#}");
    }
}

#[tokio::test]
async fn a_rating_without_words_has_no_sentiment_and_says_why() {
    let server = server().await;
    for text in [json!(""), json!(" \n\t")] {
        let feedback = json!({"kind": "review", "text": text, "rating": {"value": 1}});
        let analysis = server.analyze(&feedback).await["analysis"].take();
        assert_eq!(analysis["sentiment"], Value::Null, "{analysis:#}");
        assert_eq!(status(&analysis, "sentiment"), "unsupported", "{analysis:#}");
        assert!(!analysis["routes"].as_array().expect("routes").is_empty(), "it is routed all the same: {analysis:#}");
    }
}

#[tokio::test]
async fn a_language_that_is_not_supported_is_said_to_be_so() {
    let server = server().await;
    let analysis = analysis(&server, "การจัดส่งล่าช้ามากและพนักงานหยาบคาย").await;
    assert_eq!(analysis["sentiment"], Value::Null, "{analysis:#}");
    let told = analysis["provenance"].to_string();
    assert!(told.contains("language `th` is not supported; supported: en, ja, ko, zh"), "{told}");
}

#[tokio::test]
async fn a_megabyte_of_one_character_is_analysed_where_it_is_allowed() {
    let dictionaries = dictionaries().display().to_string();
    let server = Server::builder()
        .config("[server]\nmax_text_bytes = 1_000_000\n")
        .variable("SAYSO_DATA__DICTIONARIES", &dictionaries)
        .start()
        .await;
    for unit in ["a", "!", "😀", "あ", "最", "가", "好", "ｱ", "\u{200F}"] {
        let feedback = json!({"kind": "review", "text": unit.repeat(1_000_000 / unit.len())});
        let request = server.request(reqwest::Method::POST, "/v1/feedback").header("prefer", "wait=30").json(&feedback);
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, 200, "{unit:?}: {}", answer.to_string().chars().take(500).collect::<String>());
        assert!(answer["analysis"]["provenance"].is_array(), "{unit:?}");
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_or_holds_a_nul_is_refused_with_its_field() {
    let server = server().await;
    for (text, reason) in [("あ".repeat(100_000), "server.max_text_bytes"), ("a\0b".into(), "NUL")] {
        let response = server.post(&json!({"kind": "review", "text": text})).await;
        assert_eq!(response.status(), 422);
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["field"], "text", "{answer:#}");
        assert!(answer["errors"][0]["message"].as_str().expect("a message").contains(reason), "{answer:#}");
    }
}

//! Personal data of every class, in the four languages: after the default chain it is nowhere.

use std::{fs, path::Path};

use sayso_tests::{Receiver, Server, dictionaries};
use serde_json::{Value, json};

/// Words that have to go, with their class.
type Secrets = &'static [(&'static str, &'static str)];

/// The language and text of what is posted, and what has to go from it.
const SAMPLES: [(&str, &str, Secrets); 8] = [
    (
        "en",
        "Write to jane.roe@example.org or call +1 212-555-0123, the delivery was late.",
        &[("jane.roe@example.org", "email"), ("212-555-0123", "phone")],
    ),
    (
        "en",
        "Paid with 4111 1111 1111 1111, refund to DE89 3704 0044 0532 0130 00 please.",
        &[("4111 1111 1111 1111", "card"), ("3704 0044 0532 0130", "iban")],
    ),
    (
        "en",
        "From 203.0.113.77 and 2a00:1450:4001:81b::200e it fails; SSN 219-09-9999.",
        &[("203.0.113.77", "ip_address"), ("2a00:1450:4001:81b::200e", "ip_address"), ("219-09-9999", "national_id")],
    ),
    (
        "ja",
        "電話は０９０－１２３４－５６７８、メールは taro＠example.jp です。配送が遅い。",
        &[("１２３４－５６７８", "phone"), ("taro＠example.jp", "email")],
    ),
    ("ja", "マイナンバーは1234 5678 9018です。", &[("1234 5678 9018", "national_id")]),
    (
        "ko",
        "제 번호는 010-9876-5432이고 주민번호는 900101-1234568입니다. 배송이 너무 늦어요.",
        &[("010-9876-5432", "phone"), ("900101-1234568", "national_id")],
    ),
    (
        "zh",
        "我的手机是13912345678，身份证11010519491231002X，快递太慢了。",
        &[("13912345678", "phone"), ("11010519491231002X", "national_id")],
    ),
    ("zh", "卡号４５３９５７８７６３６２１４８６被扣了两次款。", &[("４５３９５７８７６３６２１４８６", "card")]),
];

#[tokio::test]
async fn what_is_redacted_is_in_no_record_delivery_log_index_or_file() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder()
        .webhook("desk", &receiver.url(), "")
        .variable("SAYSO_DATA__DICTIONARIES", &dictionaries().display().to_string())
        .start()
        .await;
    for (language, text, secrets) in SAMPLES {
        let answer = server.analyze(&json!({"kind": "review", "language": language, "text": text})).await;
        let redactions = answer["analysis"]["redactions"].as_array().unwrap_or_else(|| panic!("{text}: {answer:#}"));
        let classes: Vec<_> = redactions.iter().map(|one| one["class"].as_str().expect("a class")).collect();
        assert_eq!(classes, secrets.iter().map(|(_, class)| *class).collect::<Vec<_>>(), "{text}");
        let path = format!("/v1/feedback/{}", answer["id"].as_str().expect("an id"));
        let record = server.wait_until(&path, |record| record["deliveries"][0]["status"] == "delivered").await;
        assert_free(&record.to_string(), secrets, "the record");
        for (secret, _) in secrets {
            assert_eq!(found(&server, secret).await, json!([]), "{secret} is found");
        }
    }
    let events = receiver.wait_for(SAMPLES.len()).await;
    let secrets: Vec<_> = SAMPLES.iter().flat_map(|(_, _, secrets)| secrets.iter().copied()).collect();
    for event in events {
        assert_free(&event.body.to_string(), &secrets, "a delivery");
    }
    assert_free(&server.log().join("\n"), &secrets, "the log");
    let dir = server.dir().to_owned();
    assert_eq!(server.terminate().await, Some(0));
    for file in files(&dir.join("sayso-data")) {
        let content = fs::read(&file).expect("read");
        for (secret, _) in &secrets {
            assert!(!contains(&content, secret.as_bytes()), "{secret} is in {}", file.display());
        }
    }
}

/// What a search for the words finds.
async fn found(server: &Server, words: &str) -> Value {
    let encoded: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut answer = server.get(&format!("/v1/feedback?q={encoded}")).await;
    assert!(answer["items"].is_array(), "{answer:#}");
    answer["items"].take()
}

fn assert_free(text: &str, secrets: &[(&str, &str)], what: &str) {
    for (secret, _) in secrets {
        assert!(!text.contains(secret), "{secret} is in {what}: {text}");
    }
}

/// The files of the store; the cache of compiled plugins is no place of feedback.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("read").map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    assert!(!files.is_empty(), "{} has no file", folder.display());
    files
}

fn contains(content: &[u8], words: &[u8]) -> bool {
    content.windows(words.len()).any(|window| window == words)
}

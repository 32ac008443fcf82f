//! Dictionaries, from the folder on disk to what a plugin gets of them.

use std::{fs, path::Path};

use sayso_tests::{Server, ServerBuilder, dictionaries, folder, guest, sayso};
use serde_json::{Value, json};

const VARIABLE: &str = "SAYSO_DATA__DICTIONARIES";

/// A chain of the plugin that says what it got.
fn config() -> String {
    format!("[[plugin]]\nname = \"nosy\"\nuse = \"{}\"\ngrants = [\"text\", \"history\"]\n", guest("nosy").display())
}

fn server(dictionaries: &Path) -> ServerBuilder {
    Server::builder().config(&config()).variable(VARIABLE, &dictionaries.display().to_string())
}

async fn notes(server: &Server, text: &str) -> Value {
    server.analyze(&json!({"kind": "review", "text": text})).await["analysis"]["other"].take()
}

#[tokio::test]
async fn a_plugin_with_the_grant_gets_words_parts_of_speech_and_lemmas() {
    let server = server(&dictionaries()).start().await;
    let samples = [
        ("ja", "このｱﾌﾟﾘは、遅い。", "この/9/ ｱﾌﾟﾘ/1/アプリ は/7/ 遅い/5/"),
        ("ko", "배송이 늦고 추워요!", "배송/1/ 이/7/ 늦/5/늦다 고/14/ 추워/5/춥다 요/7/"),
        ("zh", "我喜欢这个iPhone,性价比很高👍", "我/3/ 喜欢/4/ 这个/3/ iPhone/1/ 性价比/1/ 很/5/ 高/5/ 👍/15/"),
    ];
    for (language, text, words) in samples {
        let told = notes(&server, text).await;
        assert_eq!(told["detected"], language, "{told:#}");
        assert_eq!(told["method"], "Method::Dictionary", "{told:#}");
        assert_eq!(told["words"], words, "{told:#}");
    }
    let told = notes(&server, "The delivery was late.").await;
    assert_eq!(told["method"], "Method::Words", "{told:#}");
    assert_eq!(server.get("/readyz").await["notes"], json!([]));
    let chain = server.get("/v1/chain").await;
    let digests = chain["plugins"][0]["dictionaries"].as_object().expect("they decide what the plugin says");
    let languages: Vec<_> = digests.keys().collect();
    assert!(languages == ["ja", "ko", "zh"] && digests.values().all(|digest| digest.to_string().contains("sha256:")));
}

#[tokio::test]
async fn without_dictionaries_it_serves_by_pairs_of_characters_and_says_so() {
    let empty = tempfile::tempdir().expect("a folder");
    let server = server(empty.path()).start().await;
    let told = notes(&server, "配送が遅い").await;
    assert_eq!(told["method"], "Method::Bigrams", "{told:#}");
    assert_eq!(told["words"], "配送/0/ 送が/0/ が遅/0/ 遅い/0/", "{told:#}");
    let ready = server.get("/readyz").await;
    assert_eq!(ready["ready"], true);
    let notes = ready["notes"].as_array().expect("a list");
    assert_eq!(notes.len(), 3, "{ready:#}");
    assert!(notes[0].as_str().expect("text").contains("no dictionary for `ja`"), "{ready:#}");
    assert_eq!(server.log().iter().filter(|line| line.contains("no dictionary for `ja`")).count(), 1);
    assert_eq!(server.get("/v1/chain").await["plugins"][0]["dictionaries"], Value::Null);
}

/// What `sayso check` says with these dictionaries, which it has to refuse.
fn refusal(dictionaries: &Path) -> String {
    let dir = folder();
    fs::write(dir.path().join("sayso.toml"), config()).expect("written");
    let output = sayso().current_dir(dir.path()).arg("check").env(VARIABLE, dictionaries).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "it must be refused: {said}");
    said
}

#[test]
fn a_damaged_dictionary_is_refused_with_the_command_that_builds_it_again() {
    let damaged = tempfile::tempdir().expect("a folder");
    let copy = damaged.path().join("zh");
    fs::create_dir(&copy).expect("made");
    for entry in fs::read_dir(dictionaries().join("zh")).expect("read") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, copy.join(path.file_name().expect("a name"))).expect("copied");
    }
    let file = fs::OpenOptions::new().write(true).open(copy.join("dict.words")).expect("opened");
    file.set_len(1_000_000).expect("cut");
    let said = refusal(damaged.path());
    assert!(said.contains("zh/dict.words: has 1000000 bytes"), "{said}");
    assert!(said.contains(&format!("sayso dict build zh --from PACKAGE --to {}", damaged.path().display())), "{said}");
}

#[test]
fn a_folder_that_is_named_and_not_there_is_refused() {
    let said = refusal(Path::new("/no/such/folder"));
    assert!(said.contains("/no/such/folder") && said.contains("data.dictionaries"), "{said}");
}

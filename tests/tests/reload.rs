//! Another chain, and other keys, in the place of those that run: on request, by a signal, by a changed file; or none, if
//! they cannot.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use reqwest::Method;
use sayso_tests::{PATIENCE, Server, guest};
use serde_json::{Value, json};

/// A chain of two plugins that both tell which chain they belong to.
fn chain(name: &str) -> String {
    format!(
        "[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"\nconfig = {{ mode = \"replace\", topics = {{ \"{name}\" = [\"tea\"] }} }}\n\
         [[plugin]]\nname = \"router\"\nuse = \"builtin:router\"\nconfig = {{ rules = [], fallback = \"{name}\" }}\n"
    )
}

/// A chain of the hostile plugin, whose component lies at `path`.
fn hostile(path: &Path, more: &str) -> String {
    format!("[[plugin]]\nname = \"hostile\"\nuse = \"{}\"\n{more}\n", path.display())
}

fn review(text: &str) -> Value {
    json!({"kind": "review", "language": "en", "text": text})
}

async fn reload(server: &Server) -> (u16, Value) {
    let response = server.request(Method::POST, "/v1/chain/reload").send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

/// The digests of the plugins' configurations in a chain or a provenance.
fn configs(plugins: &Value) -> Vec<String> {
    let plugins = plugins.as_array().expect("a list");
    plugins.iter().map(|plugin| plugin["config"].as_str().expect("a digest").to_owned()).collect()
}

/// Waits until the chain has one plugin with this configuration key in its own digest, by asking for the chain.
async fn digest_other_than(server: &Server, digest: &Value) -> Value {
    server.wait_until("/v1/chain", |chain| chain["digest"] != *digest).await
}

#[tokio::test]
async fn the_chain_is_shown_with_what_decides_its_results() {
    let server = Server::builder().start().await;
    let chain = server.get("/v1/chain").await;
    let plugins = chain["plugins"].as_array().expect("plugins");
    let names: Vec<_> = plugins.iter().map(|plugin| plugin["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["redact", "sentiment", "tagger", "router"]);
    assert_eq!(plugins[0]["on_fault"], "park");
    assert_eq!(plugins[1]["grants"], json!(["text"]));
    assert!(plugins[3]["reads"].as_array().expect("a list").contains(&json!("tags")), "{:#}", plugins[3]);
    for plugin in plugins {
        for key in ["digest", "config"] {
            assert!(plugin[key].as_str().expect("a digest").starts_with("sha256:"), "{plugin:#}");
        }
    }
    let (status, again) = reload(&server).await;
    assert_eq!(status, 200);
    assert_eq!(again["digest"], chain["digest"], "the same configuration gives the same chain");
}

#[tokio::test]
async fn a_reload_under_load_loses_nothing_and_mixes_no_two_chains() {
    const SIZE: usize = 50;
    let server = Server::builder().config(&chain("one")).start().await;
    let one = configs(&server.get("/v1/chain").await["plugins"]);
    let is_over = AtomicBool::new(false);
    let posting = async {
        let mut sent = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            let batch: Vec<_> = (0..SIZE).map(|n| review(&format!("A cup of tea, {n}"))).collect();
            let answer = server.post(&Value::Array(batch)).await;
            assert_eq!(answer.status(), 202);
            let answer: Value = answer.json().await.expect("JSON");
            let accepted = answer["accepted"].as_array().expect("a list");
            assert_eq!(accepted.len(), SIZE);
            sent.extend(accepted.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sent
    };
    let reloading = async {
        let mut two = Vec::new();
        for turn in 0..4 {
            server.reconfigure(&chain(if turn % 2 == 0 { "two" } else { "one" }));
            let (status, chain) = reload(&server).await;
            assert_eq!(status, 200, "{chain:#}");
            if turn == 0 {
                two = configs(&chain["plugins"]);
            }
        }
        is_over.store(true, Ordering::Relaxed);
        two
    };
    let (sent, two) = tokio::join!(posting, reloading);
    // The last of the load goes through the last chain.
    server.analyze(&review("The last cup of tea")).await;
    let mut analyses = BTreeMap::new();
    for id in &sent {
        let record = server.wait_until(&format!("/v1/feedback/{id}"), |record| record["status"] == "analyzed").await;
        analyses.insert(id, record["analysis"].clone());
    }
    assert_eq!(analyses.len(), sent.len(), "every id is another");
    let mut by = BTreeMap::from([("one", 0), ("two", 0)]);
    for analysis in analyses.values() {
        let configs = configs(&analysis["provenance"]);
        let name = if configs == one { "one" } else { "two" };
        assert!(configs == one || configs == two, "half of each chain: {analysis:#}");
        assert_eq!((&analysis["tags"][0]["name"], &analysis["routes"][0]["name"]), (&json!(name), &json!(name)));
        *by.get_mut(name).expect("one of two") += 1;
    }
    println!("analysed by each chain: {by:?}");
    assert!(by.values().all(|count| *count > 0), "both chains had a part: {by:?}");
    let metrics = server.get("/metrics").await;
    assert!(metrics.as_str().expect("text").contains("sayso_chain_reloads_total{outcome=\"swapped\"} 4"), "{metrics}");
}

#[tokio::test]
async fn a_chain_that_cannot_run_is_refused_with_the_reason_and_the_old_one_goes_on() {
    let server = Server::builder().config(&chain("one")).start().await;
    let before = server.get("/v1/chain").await;
    let broken = [
        (chain("two").replace("builtin:router", "builtin:no-such"), "there is no built-in plugin `no-such`"),
        (chain("two").replace("fallback", "falback"), "falback"),
        (chain("two").replace("[[plugin]]", "[[plug]]"), "sayso.toml line 1"),
        (hostile(&guest("nosy"), ""), "grants = [\"history\"]"),
        (String::new(), "names no [[plugin]] any more"),
    ];
    for (config, reason) in &broken {
        server.reconfigure(config);
        let (status, problem) = reload(&server).await;
        assert_eq!((status, &problem["type"]), (422, &json!("urn:sayso:problem:chain-refused")), "{problem:#}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(reason) || reason.contains("history") && detail.contains("grants ="), "{detail}");
        assert_eq!(server.get("/v1/chain").await, before);
        let answer = server.analyze(&review("Some tea")).await;
        assert_eq!(answer["analysis"]["routes"][0]["name"], "one");
    }
    let metrics = server.get("/metrics").await;
    assert!(metrics.as_str().expect("text").contains("sayso_chain_reloads_total{outcome=\"refused\"} 5"), "{metrics}");
    assert!(server.log().iter().any(|line| line.contains("the old one goes on") && line.contains("no-such")));
}

#[tokio::test]
async fn only_an_admin_may_reload() {
    let server = Server::builder()
        .config("[[key]]\nname = \"reader\"\nscopes = [\"read\"]\n")
        .config(&format!("hash = \"{}\"", digest_of("sk_reader")))
        .start()
        .await;
    let with_key = |method, path| server.request(method, path).bearer_auth("sk_reader");
    let refused = with_key(Method::POST, "/v1/chain/reload").send().await.expect("an answer");
    assert_eq!(refused.status(), 403);
    let shown = with_key(Method::GET, "/v1/chain").send().await.expect("an answer");
    assert_eq!(shown.status(), 200);
    let anonymous = server.request(Method::GET, "/v1/chain").send().await.expect("an answer");
    assert_eq!(anonymous.status(), 401);
}

#[tokio::test]
async fn a_reload_takes_the_keys_of_the_file_and_tells_what_waits_for_a_start() {
    let key = |name: &str, more: &str| {
        format!(
            "[[key]]\nname = \"{name}\"\nhash = \"{}\"\nscopes = [\"admin\"]\n{more}",
            digest_of(&format!("sk_{name}"))
        )
    };
    let plugins = chain("one");
    let server = Server::builder().config(&key("old", "")).config(&plugins).start().await;
    let status = async |name: &str, method: Method, path: &str| {
        let request = server.request(method, path).bearer_auth(format!("sk_{name}"));
        request.send().await.expect("an answer").status().as_u16()
    };
    let webhook = "[[webhook]]\nname = \"desk\"\nurl = \"nowhere\"\nsecret = \"whsec_x\"\n";
    server.reconfigure(&format!("{}{plugins}{webhook}", key("new", "")));
    assert_eq!(status("new", Method::GET, "/v1/chain").await, 401, "nothing is read unasked");
    assert_eq!(status("old", Method::POST, "/v1/chain/reload").await, 200);
    assert_eq!(status("old", Method::GET, "/v1/chain").await, 401, "the key of before is gone");
    assert_eq!(status("new", Method::GET, "/v1/chain").await, 200);
    // The lines come by a pipe, the later one last.
    server.wait_for_log("[[webhook]] of the configuration is another than at the start").await;
    let log = server.log().join("\n");
    assert!(log.contains("\"added\":\"new\"") && log.contains("\"removed\":\"old\""), "{log}");
    assert!(log.contains("[[webhook]] of the configuration is another than at the start"), "{log}");
    let ready = server.get("/readyz").await;
    assert!(ready["notes"].to_string().contains("`sayso check`"), "{ready:#}");

    server.reconfigure(&plugins);
    assert_eq!(status("new", Method::POST, "/v1/chain/reload").await, 422, "everything would be open");
    let pipeline = "[pipeline]\nbatch = 7\n";
    let cannot_run = plugins.replace("builtin:router", "builtin:no-such");
    server.reconfigure(&format!("{}{cannot_run}{pipeline}", key("third", "")));
    assert_eq!(status("new", Method::POST, "/v1/chain/reload").await, 422, "the chain cannot run");
    let ready = server.get("/readyz").await;
    assert!(
        ready["notes"].to_string().contains("[pipeline]"),
        "what waits for a start is told all the same: {ready:#}"
    );
    assert_eq!(
        status("new", Method::GET, "/v1/chain").await,
        401,
        "a key that was taken out is known no more all the same"
    );
    assert_eq!(status("third", Method::GET, "/v1/chain").await, 200);
    server.reconfigure(&format!("{}{plugins}grants = [\"net\"]\n[nonsense]\n", key("fourth", "")));
    assert_eq!(status("third", Method::POST, "/v1/chain/reload").await, 422, "the file is no configuration");
    assert_eq!(status("third", Method::GET, "/v1/chain").await, 401, "its keys count nevertheless");
    assert_eq!(status("fourth", Method::GET, "/v1/chain").await, 200);
    let misspelt = "[[key]]\nname = \"misspelt\"\nhash = \"sha256:12\"\n";
    let unknown = "[[key]]\nname = \"unknown\"\nhash = \"\"\nscopes = [\"amdin\"]\n";
    for (before, name, other) in [("fourth", "fifth", misspelt), ("fifth", "sixth", unknown)] {
        server.reconfigure(&format!("{}{other}{plugins}", key(name, "")));
        assert_eq!(status(before, Method::POST, "/v1/chain/reload").await, 422, "another key is none");
        assert_eq!(status(before, Method::GET, "/v1/chain").await, 401, "a key that was taken out is known no more");
        assert_eq!(status(name, Method::GET, "/v1/chain").await, 200);
    }
    server.reconfigure(&format!("{misspelt}{plugins}"));
    assert_eq!(status("sixth", Method::POST, "/v1/chain/reload").await, 422, "the only key is none");
    assert_eq!(status("sixth", Method::GET, "/v1/chain").await, 401, "nobody is let in");
    server.reconfigure(&format!("{}{plugins}", key("sixth", "")));
    server.signal("HUP");
    let let_in = async {
        while status("sixth", Method::GET, "/v1/chain").await != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, let_in).await.expect("the keys are read again");
    server.reconfigure(&format!("{}{plugins}= no TOML", key("seventh", "")));
    assert_eq!(status("sixth", Method::POST, "/v1/chain/reload").await, 422);
    assert_eq!(status("sixth", Method::GET, "/v1/chain").await, 200, "nothing in it can be read");
    server.wait_for_log("the keys could not be read either, and are as before").await;
}

/// The hash of a key, by the command of the system.
fn digest_of(key: &str) -> String {
    let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {key} | sha256sum")]).output();
    let output = String::from_utf8(output.expect("sha256sum runs").stdout).expect("text");
    format!("sha256:{}", output.split_whitespace().next().expect("a digest"))
}

#[tokio::test]
async fn a_hangup_loads_the_chain_anew() {
    let server = Server::builder().config(&chain("one")).start().await;
    let before = server.get("/v1/chain").await;
    server.reconfigure(&chain("two"));
    server.signal("HUP");
    digest_other_than(&server, &before["digest"]).await;
    let answer = server.analyze(&review("Some tea")).await;
    assert_eq!(answer["analysis"]["routes"][0]["name"], "two");
}

#[tokio::test]
async fn with_watch_a_changed_configuration_or_plugin_is_taken_up_and_a_broken_one_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let component = dir.path().join("watched.wasm");
    std::fs::copy(guest("hostile"), &component).expect("copied");
    let server = Server::builder().config(&hostile(&component, "")).argument("--watch").start().await;
    let first = server.get("/v1/chain").await;
    server.reconfigure(&hostile(&component, "on_fault = \"park\""));
    let second = digest_other_than(&server, &first["digest"]).await;
    assert_eq!(second["plugins"][0]["on_fault"], "park");
    std::fs::write(&component, b"\0asm half a compon").expect("written");
    server.wait_for_log("the old one goes on").await;
    assert_eq!(server.get("/v1/chain").await, second);
    std::fs::write(&component, std::fs::read(guest("nosy")).expect("read")).expect("written");
    server.reconfigure(&hostile(&component, "grants = [\"text\", \"history\"]"));
    let third = digest_other_than(&server, &second["digest"]).await;
    assert_ne!(third["plugins"][0]["digest"], second["plugins"][0]["digest"], "the other component is taken up");
}

#[tokio::test]
async fn with_watch_another_link_and_another_folder_of_the_same_name_are_seen() {
    let dir = tempfile::tempdir().expect("a folder");
    let release = |name: &str, component: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).expect("made");
        std::fs::copy(guest(component), folder.join("plugin.wasm")).expect("copied");
    };
    let turn_to = |name: &str| {
        let new = dir.path().join("new");
        std::os::unix::fs::symlink(name, &new).expect("linked");
        std::fs::rename(new, dir.path().join("current")).expect("turned");
    };
    release("one", "hostile");
    release("two", "nosy");
    turn_to("one");
    let more = "grants = [\"text\", \"history\"]";
    let config = hostile(&dir.path().join("current/plugin.wasm"), more);
    let server = Server::builder().config(&config).argument("--watch").start().await;
    let first = server.get("/v1/chain").await;
    turn_to("two");
    let second = digest_other_than(&server, &first["digest"]).await;

    std::fs::rename(dir.path().join("two"), dir.path().join("old")).expect("renamed");
    release("two", "hostile");
    let third = digest_other_than(&server, &second["digest"]).await;
    assert_eq!(third["digest"], first["digest"]);
    std::fs::copy(guest("nosy"), dir.path().join("two/plugin.wasm")).expect("copied");
    let fourth = digest_other_than(&server, &third["digest"]).await;
    assert_eq!(fourth["digest"], second["digest"], "what changes in the new folder is seen");

    std::fs::remove_dir_all(dir.path().join("two")).expect("removed");
    // For longer than what tells of it.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let folder = dir.path().join("two");
    std::fs::create_dir(&folder).expect("made");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    std::fs::copy(guest("hostile"), folder.join("plugin.wasm")).expect("copied");
    let fifth = digest_other_than(&server, &fourth["digest"]).await;
    assert_eq!(fifth["digest"], first["digest"], "a folder that was gone for a while is found again");
}

#[tokio::test]
async fn a_chain_that_has_grown_to_the_most_that_there_is_room_for_can_be_loaded_anew() {
    let of = |plugins: usize| -> String {
        let plugin = |n| format!("[[plugin]]\nname = \"r{n}\"\nuse = \"builtin:router\"\n");
        (0..plugins).map(plugin).collect()
    };
    let one_worker = "[pipeline]\nworkers = 1\n";
    let server = Server::builder().config(&format!("{one_worker}{}", of(1))).start().await;
    server.reconfigure(&format!("{one_worker}{}", of(64)));
    let (status, problem) = reload(&server).await;
    let detail = problem["detail"].as_str().expect("a detail");
    let most: usize =
        detail.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).min().expect("a number");
    assert!(status == 422 && (32..64).contains(&most), "{problem:#}");
    server.reconfigure(&format!("{one_worker}{}", of(most)));
    for time in 1..=2 {
        assert_eq!(reload(&server).await.0, 200, "the {time}. time");
        let answer = server.analyze(&review("Some tea")).await;
        let provenance = answer["analysis"]["provenance"].as_array().expect("a list");
        assert!(provenance.iter().all(|plugin| plugin["status"] == "ok"), "{provenance:#?}");
    }
}

/// Writes a golden case beside the component: what the plugin says of a tame text.
fn golden_case(folder: &Path, expected: &Value) {
    let case = folder.join("cases/tame");
    std::fs::create_dir_all(&case).expect("a folder");
    std::fs::write(case.join("input.json"), review("A tame text").to_string()).expect("written");
    std::fs::write(case.join("expected.json"), expected.to_string()).expect("written");
}

#[tokio::test]
async fn with_watch_a_changed_golden_case_is_put_to_the_plugin() {
    let dir = tempfile::tempdir().expect("a folder");
    let component = dir.path().join("cased.wasm");
    std::fs::copy(guest("hostile"), &component).expect("copied");
    golden_case(dir.path(), &json!({"effects": [{"tag": {"name": "tame"}}]}));
    let server = Server::builder().config(&hostile(&component, "")).argument("--watch").start().await;
    let first = server.get("/v1/chain").await;
    golden_case(dir.path(), &json!({"effects": [{"tag": {"name": "wild"}}]}));
    server.wait_for_log("the old one goes on").await;
    assert_eq!(server.get("/v1/chain").await, first);
    golden_case(dir.path(), &json!({"effects": [{"tag": {"name": "tame"}}]}));
    let loaded_again = async {
        while server.get("/v1/chain").await["loaded_at"] == first["loaded_at"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, loaded_again).await.expect("the chain is loaded again");
}

#[tokio::test]
async fn a_plugin_that_fails_a_golden_case_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let component = dir.path().join("cased.wasm");
    std::fs::copy(guest("hostile"), &component).expect("copied");
    golden_case(dir.path(), &json!({"effects": [{"tag": {"name": "tame"}}]}));
    let attack = dir.path().join("cases/attack");
    std::fs::create_dir_all(&attack).expect("a folder");
    std::fs::write(attack.join("input.json"), review("ATTACK panic").to_string()).expect("written");
    let fault = json!({"fault": {"failed": "panicked (it executed `unreachable`)"}});
    std::fs::write(attack.join("expected.json"), fault.to_string()).expect("written");
    let server = Server::builder().config(&hostile(&component, "")).start().await;
    let (status, chain) = reload(&server).await;
    assert_eq!(status, 200, "it passes: {chain:#}");
    assert!(
        server.log().iter().any(|line| line.contains("golden cases") && line.contains("\"passed\":2")),
        "the log says that it ran"
    );
    golden_case(dir.path(), &json!({"effects": [{"tag": {"name": "wild"}}]}));
    let (status, problem) = reload(&server).await;
    assert_eq!(status, 422, "{problem:#}");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("cases/tame") && detail.contains("wild") && detail.contains("tame\""), "{detail}");
    let answer = server.analyze(&review("A tame text")).await;
    assert_eq!(answer["analysis"]["tags"][0]["name"], "tame", "the old chain goes on");
    std::fs::rename(dir.path().join("cases"), dir.path().join("elsewhere")).expect("renamed");
    assert_eq!(reload(&server).await.0, 200, "without cases there is nothing to fail");
    server.reconfigure(&hostile(&component, &format!("cases = \"{}\"", dir.path().join("elsewhere").display())));
    assert_eq!(reload(&server).await.0, 422, "cases can be named in the configuration");
}

//! Plugins that attack the host: each attack costs the item that carries it, is named, and costs nobody else anything.

use sayso_tests::{Server, guest, refusal};
use serde_json::{Value, json};

/// A chain of the hostile plugin and the scorer behind it.
fn chain(more: &str) -> String {
    let path = guest("hostile");
    format!(
        "[[plugin]]\nname = \"hostile\"\nuse = \"{}\"\n{more}\n[[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n",
        path.display()
    )
}

const LIMITS: &str = "limits = { deadline_ms = 200, memory_bytes = 33554432 }";

fn review(text: &str) -> Value {
    json!({"kind": "review", "text": text, "language": "en"})
}

/// What the plugin with this name did with the item, by the provenance of its analysis.
fn ran<'a>(analysis: &'a Value, plugin: &str) -> &'a Value {
    let provenance = analysis["provenance"].as_array().expect("provenance");
    provenance.iter().find(|entry| entry["plugin"] == plugin).expect("the plugin has an entry")
}

/// Posts an attack among tame items: the attack alone is skipped with this reason, and everything else is as without it.
async fn is_contained(attack: &str, reason: &str) -> Server {
    let server = Server::builder().config(&chain(LIMITS)).start().await;
    let mut batch: Vec<Value> = (0..40).map(|n| review(&format!("A great product, number {n}."))).collect();
    batch[17] = review(&format!("ATTACK {attack}"));
    let answer = server.analyze(&Value::Array(batch)).await;
    let results = answer["results"].as_array().expect("results");
    assert_eq!(results.len(), 40);
    for (n, result) in results.iter().enumerate() {
        let hostile = ran(&result["analysis"], "hostile");
        if n == 17 {
            assert_eq!(hostile["status"], "skipped", "{result:#}");
            let said = hostile["reason"].as_str().expect("a reason");
            assert!(said.contains(reason), "said `{said}`, not `{reason}`");
            assert_eq!(result["analysis"]["tags"], json!([]));
        } else {
            assert_eq!(hostile["status"], "ok", "item {n}: {result:#}");
            assert_eq!(result["analysis"]["tags"][0]["name"], "tame");
        }
        assert_eq!(ran(&result["analysis"], "sentiment")["status"], "ok");
    }
    let id = results[17]["id"].as_str().expect("an id");
    assert!(server.log().iter().any(|line| line.contains(id) && line.contains("hostile")), "the log names the item");
    let next = server.analyze(&review("Great, thank you!")).await;
    assert_eq!(next["analysis"]["tags"][0]["name"], "tame", "the server goes on");
    server
}

#[tokio::test]
async fn an_endless_loop_costs_its_item() {
    is_contained("loop", "limits.deadline_ms = 200").await;
}

#[tokio::test]
async fn a_memory_bomb_costs_its_item() {
    is_contained("memory", "limits.memory_bytes = 33554432").await;
}

#[tokio::test]
async fn a_stack_overflow_costs_its_item() {
    is_contained("stack", "recursion").await;
}

#[tokio::test]
async fn a_panic_costs_its_item() {
    is_contained("panic", "panicked").await.wait_for_log("panicked at").await;
}

#[tokio::test]
async fn a_giant_output_costs_its_item() {
    is_contained("giant", "limits.").await;
}

#[tokio::test]
async fn ten_million_effects_cost_their_item() {
    is_contained("many", "limits.").await;
}

#[tokio::test]
async fn a_thousand_effects_are_more_than_allowed() {
    is_contained("crowd", "limits.effects = 256").await;
}

#[tokio::test]
async fn a_span_outside_the_text_costs_its_item() {
    is_contained("span", "3..4000000").await;
}

#[tokio::test]
async fn a_score_that_is_no_number_costs_its_item() {
    is_contained("nan", "no finite number").await;
}

#[tokio::test]
async fn a_flood_of_log_lines_is_cut_and_forges_none() {
    let server = Server::builder().config(&chain("limits = { deadline_ms = 5000 }")).start().await;
    let answer = server.analyze(&review("ATTACK log")).await;
    assert_eq!(ran(&answer["analysis"], "hostile")["status"], "ok");
    let lines = server.log();
    let from_plugin = lines.iter().filter(|line| line.contains("forged")).count();
    assert!((1..=20).contains(&from_plugin), "{from_plugin} lines");
    assert!(lines.iter().all(|line| line.starts_with('{')), "every line is the host's own");
}

#[tokio::test]
async fn a_plugin_that_fails_again_and_again_writes_no_more_lines_than_another() {
    let server = Server::builder().config(&chain("limits = { deadline_ms = 5000 }")).start().await;
    let attacks: Vec<_> = (0..10).flat_map(|_| [review("ATTACK log"), review("ATTACK panic")]).collect();
    let request = server.request(reqwest::Method::POST, "/v1/feedback").header("prefer", "wait=30");
    let answer = request.json(&attacks).send().await.expect("sent");
    assert_eq!(answer.status(), 200);
    let from_plugin = server.log().iter().filter(|line| line.contains("forged")).count();
    assert!((1..=20).contains(&from_plugin), "{from_plugin} lines, where 20 are allowed in 10 s");
}

#[tokio::test]
async fn with_the_policy_park_the_item_is_set_aside_where_an_operator_sees_it() {
    let server = Server::builder().config(&chain("on_fault = \"park\"")).start().await;
    let good = review("A great product.");
    let request = server.request(reqwest::Method::POST, "/v1/feedback").header("prefer", "wait=30");
    let answer: Value =
        request.json(&json!([good, review("ATTACK panic")])).send().await.expect("sent").json().await.expect("JSON");
    let parked =
        server.wait_until("/v1/parked", |parked| !parked["items"].as_array().expect("a list").is_empty()).await;
    let item = &parked["items"][0];
    assert!(item["reason"].as_str().expect("a reason").contains("plugin `hostile` panicked"), "{item:#}");
    let id = item["id"].as_str().expect("an id");
    assert!(answer.to_string().contains(id), "{answer:#}");
    let feedback = server.get(&format!("/v1/feedback/{id}")).await;
    assert_eq!(feedback["status"], "parked");
}

#[test]
fn a_configuration_that_does_not_fit_the_schema_is_refused_with_the_key() {
    let said = refusal(&chain("config = { mood = 1 }"));
    assert!(said.contains("plugin `hostile`") && said.contains("mood"), "{said}");
}

#[test]
fn a_configuration_of_the_wrong_type_is_refused_with_the_key() {
    let said = refusal(&chain("config = { refuse = \"yes\" }"));
    assert!(said.contains("config.refuse"), "{said}");
}

#[test]
fn a_configuration_that_the_plugin_refuses_is_refused_with_its_reason() {
    let said = refusal(&chain("config = { refuse = true }"));
    assert!(said.contains("`refuse` is true"), "{said}");
}

#[test]
fn an_import_that_was_not_granted_is_refused_with_the_line_that_would_grant_it() {
    let path = guest("nosy");
    let said = refusal(&format!("[[plugin]]\nname = \"nosy\"\nuse = \"{}\"\ngrants = [\"text\"]\n", path.display()));
    assert!(said.contains("sayso:plugin/history@1.0.0") && said.contains("grants = [\"history\"]"), "{said}");
}

#[test]
fn a_file_that_is_no_component_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("junk.wasm");
    std::fs::write(&path, b"\0asm junk").expect("written");
    let said = refusal(&format!("[[plugin]]\nname = \"junk\"\nuse = \"{}\"\n", path.display()));
    assert!(said.contains("plugin `junk`") && said.contains("no component"), "{said}");
}

#[tokio::test]
async fn a_plugin_with_its_grants_learns_of_its_own_customers_and_no_others() {
    let path = guest("nosy");
    let config =
        format!("[[plugin]]\nname = \"nosy\"\nuse = \"{}\"\ngrants = [\"text\", \"history\"]\n", path.display());
    let server = Server::builder().config(&config).start().await;
    let feedback = json!({"kind": "review", "text": "The delivery was late again.", "customer": {"id": "c1"}});
    let first = server.analyze(&feedback).await;
    assert_eq!(first["analysis"]["other"]["detected"], "en");
    assert_eq!(first["analysis"]["other"]["tokens"], 5);
    assert_eq!(first["analysis"]["other"]["earlier"], 0);
    let second = server.analyze(&feedback).await;
    assert_eq!(second["analysis"]["other"]["earlier"], 1);
    assert_eq!(second["analysis"]["other"]["stranger"], false);
    let anonymous = server.analyze(&review("No customer here.")).await;
    assert_eq!(anonymous["analysis"]["other"]["earlier"], Value::Null);
}

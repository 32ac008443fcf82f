//! A plugin in the shadow: it runs on live traffic, and what it says is recorded and used nowhere.

use sayso_tests::{Receiver, Server, guest};
use serde_json::{Value, json};

/// The chain: a shadow plugin with more lines of its own, between a tagger and a router that would act on its tag.
fn chain(shadow: &str) -> String {
    format!(
        "[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"\n\
         [[plugin]]\nname = \"trial\"\nuse = \"{}\"\nshadow = true\n{shadow}\n\
         [[plugin]]\nname = \"router\"\nuse = \"builtin:router\"\n\
         config = {{ fallback = \"plain\", rules = [{{ name = \"r\", when = \"'tame' in tags\", route = \"seen\" }}] }}\n",
        guest("hostile").display()
    )
}

fn review(text: &str) -> Value {
    json!({"kind": "review", "language": "en", "text": text})
}

#[tokio::test]
async fn what_a_plugin_in_the_shadow_says_is_recorded_and_used_nowhere() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(&chain("")).webhook("desk", &receiver.url(), "").start().await;
    let answer = server.analyze(&review("The delivery was late.")).await;
    let id = answer["id"].as_str().expect("an id");
    let record = server.get(&format!("/v1/feedback/{id}")).await;
    let analysis = &record["analysis"];
    let trial = &analysis["shadow"]["trial"];
    assert_eq!((&trial["status"], &trial["tags"]), (&json!("ok"), &json!(["tame"])), "{analysis:#}");
    assert!(trial["us"].is_u64() && trial["digest"].as_str().expect("a digest").starts_with("sha256:"), "{trial:#}");
    let names =
        |list: &Value| list.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    assert!(!names(&analysis["tags"]).contains(&json!("tame")), "{analysis:#}");
    assert_eq!(names(&analysis["routes"]), ["plain"], "no later plugin sees it");
    assert_eq!(analysis["provenance"].as_array().expect("provenance").len(), 2);
    assert_eq!(server.get("/v1/feedback?tag=tame").await["items"], json!([]));
    let delivered = receiver.wait_for(1).await[0].body["data"]["analysis"].clone();
    assert_eq!(delivered["shadow"], Value::Null);
    let mut rest = analysis.clone();
    rest.as_object_mut().expect("an object").remove("shadow");
    assert_eq!(delivered, rest, "all else is delivered as it is on record");
    let metrics = server.get("/metrics").await;
    let metrics = metrics.as_str().expect("text");
    assert!(metrics.contains("sayso_shadow_items_total{plugin=\"trial\",status=\"ok\"} 1"), "{metrics}");
    assert_eq!(server.get("/v1/chain").await["plugins"][1]["shadow"], true);
}

#[tokio::test]
async fn a_fault_in_the_shadow_parks_nothing_and_is_on_record() {
    let server = Server::builder().config(&chain("on_fault = \"park\"")).start().await;
    let answer = server.analyze(&json!([review("ATTACK panic"), review("Fine")])).await;
    let analyses: Vec<_> = answer["results"].as_array().expect("results").iter().map(|one| &one["analysis"]).collect();
    let trial = &analyses[0]["shadow"]["trial"];
    assert_eq!(trial["status"], "skipped", "{trial:#}");
    assert!(trial["reason"].as_str().expect("a reason").contains("panicked"), "{trial:#}");
    assert_eq!(analyses[1]["shadow"]["trial"]["status"], "ok");
    for analysis in analyses {
        assert_eq!(analysis["routes"][0]["name"], "plain");
    }
    assert_eq!(server.get("/v1/parked").await["items"], json!([]));
}

#[tokio::test]
async fn a_redaction_in_the_shadow_is_counted_and_not_carried_out() {
    let config = "[[plugin]]\nname = \"trial\"\nuse = \"builtin:redact\"\nshadow = true\n";
    let server = Server::builder().config(config).start().await;
    let answer = server.analyze(&review("Write to ann@example.org")).await;
    assert_eq!(answer["analysis"]["shadow"]["trial"]["redactions"], 1, "{answer:#}");
    let id = answer["id"].as_str().expect("an id");
    let record = server.get(&format!("/v1/feedback/{id}")).await;
    assert_eq!(record["feedback"]["text"], "Write to ann@example.org");
    assert_eq!(record["analysis"]["redactions"], Value::Null);
}

//! Webhooks of the API that the configuration of now does not go with.

use std::{collections::BTreeSet, path::Path};

use reqwest::Method;
use sayso_tests::{
    Receiver, SECRET, Server, folder, sayso,
    webhooks::{LOOPBACK, call, change, create_to},
};
use serde_json::json;

fn desk() -> String {
    format!("[[webhook]]\nname = \"desk\"\nurl = \"https://desk.example\"\nsecret = \"{SECRET}\"\n")
}

/// What `sayso` with these arguments says where it is run in `dir`, and its exit code.
fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = sayso().current_dir(dir).args(args).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn files(dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir.join("sayso-data")).expect("there are data");
    entries.map(|entry| entry.expect("is read").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_name_that_a_webhook_of_the_api_has_already_is_refused_with_what_to_do_by_check_too() {
    let mut server = Server::builder().start().await;
    create_to(&server, "desk", "https://a.example", json!({})).await;
    server.reconfigure(&desk());
    let is_refused = |(code, said): (Option<i32>, String)| {
        assert!(code == Some(2) && said.contains("`sayso webhook delete desk`"), "{code:?} {said}");
    };
    is_refused(run(server.dir(), &["check"]));
    assert_eq!(server.terminate().await, Some(0));
    let before = files(server.dir());
    is_refused(run(server.dir(), &["check"]));
    assert_eq!(files(server.dir()), before, "nothing is left of the look");
    is_refused(run(server.dir(), &["serve", "--listen", "127.0.0.1:0"]));
    server.reconfigure("");
    server.restart().await;
    assert_eq!(call(&server, Method::DELETE, "/desk", None).await.0, 204);
    server.reconfigure(&desk());
    let (code, said) = run(server.dir(), &["check"]);
    assert_eq!(code, Some(0), "one that is deleted is in nobody's way: {said}");
}

#[tokio::test]
async fn what_waits_for_a_webhook_of_the_file_is_for_no_other_of_its_name() {
    let mut server = Server::builder().config(&desk()).config("paused = true").start().await;
    server.analyze(&json!({"kind": "review", "language": "en", "text": "For the desk alone"})).await;
    server.reconfigure("");
    assert_eq!(server.terminate().await, Some(0));
    server.restart().await;
    let new = json!({"name": "desk", "url": "https://other.example"});
    let (status, problem) = call(&server, Method::POST, "", Some(&new)).await;
    assert!(status == 409 && problem.to_string().contains("sayso webhook delete desk"), "{status} {problem:#}");
    assert_eq!(call(&server, Method::DELETE, "/desk", None).await.0, 204);
    server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "parked").await;
    let mut status = 409;
    while status == 409 {
        status = call(&server, Method::POST, "", Some(&new)).await.0;
    }
    assert_eq!(status, 201);
    assert_eq!(server.get("/v1/deliveries").await["items"][0]["status"], "parked", "the new one gets none of it");
}

#[test]
fn a_check_tells_what_may_not_be_meant_so() {
    let dir = folder();
    std::fs::write(dir.path().join("sayso.toml"), format!("{}events = [\"feedback.analysed\"]\n", desk()))
        .expect("written");
    let output = sayso().current_dir(dir.path()).arg("check").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("warning") && said.contains("feedback.analysed"), "{said}");
}

#[test]
fn a_check_makes_no_store() {
    let dir = folder();
    std::fs::write(dir.path().join("sayso.toml"), desk()).expect("written");
    let before = files(dir.path());
    let (code, said) = run(dir.path(), &["check"]);
    assert_eq!((code, files(dir.path())), (Some(0), before), "{said}");
}

#[tokio::test]
async fn a_webhook_that_does_not_fit_the_configuration_any_more_is_shown_as_faulty() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    assert_eq!((&webhook["health"]["state"], &webhook["allow_private"]), (&json!("works"), &json!(true)));
    server.reconfigure("");
    assert_eq!(server.terminate().await, Some(0));
    server.restart().await;
    let (_, shown) = call(&server, Method::GET, "/crm", None).await;
    assert_eq!(
        (&shown["health"]["state"], &shown["faults"][0]["field"]),
        (&json!("faulty"), &json!("url")),
        "{shown:#}"
    );
    assert_eq!(shown["allow_private"], false);
    let mended = change(&server, &webhook, json!({ "url": "https://a.example" })).await;
    assert_eq!(mended["health"]["state"], "works");
}

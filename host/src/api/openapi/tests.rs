use std::collections::BTreeSet;

use axum::body::Body;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::api::problem::ProblemType;
use crate::api::router_with;
use crate::api::testing::{Answer, Service, request};
use crate::console;

// The end-to-end tests read answers of the binary by the same file.
#[expect(unreachable_pub, reason = "it is public in the crate of the end-to-end tests")]
#[path = "../../../../tests/src/document.rs"]
pub(in crate::api) mod document;

use document::{Document, Operation};

/// A service with the console, as it is run, and its description.
async fn described() -> (Service, Document) {
    let service = Service::with_routes(|_| {}, console::routes());
    let json = service.get("/openapi.json").await.expect(200);
    (service, Document::new(json))
}

/// Calls an operation with something in the place of its parameters.
async fn call(service: &Service, operation: &Operation<'_>, method: &str, query: &str) -> Answer {
    let path = operation.path.replace("{id}", "0190a5c8-0000-7000-8000-000000000000");
    service.send(request(method, &format!("{path}{query}"), &[]).body(Body::empty()).expect("is a request")).await
}

#[tokio::test]
async fn every_path_of_the_router_is_described_and_no_other() {
    let (service, document) = described().await;
    // axum lists the paths of a router in this form alone.
    let router = format!("{:?}", router_with(service.state.clone(), console::routes()));
    let routed: BTreeSet<&str> = router
        .split("RouteId(")
        .filter_map(|rest| rest.split_once("): \"")?.1.split('"').next())
        .filter(|path| path.starts_with('/') && !path.contains("__private"))
        .collect();
    assert!(routed.contains("/v1/feedback/{id}"), "the router is not listed as it was: {router:.1000}");
    assert_eq!(document.operations().map(|operation| operation.path).collect::<BTreeSet<_>>(), routed);
}

#[tokio::test]
async fn every_method_that_is_described_is_answered_and_every_other_is_405() {
    let (service, document) = described().await;
    for operation in document.operations() {
        let answer = call(&service, &operation, operation.method, "").await;
        assert!(!answer.text.contains("There is nothing at this path"), "{} {}", operation.method, operation.path);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let is_described = document.operation(method, operation.path).is_some();
            let status = call(&service, &operation, method, "?").await.status;
            assert_eq!(status == 405, !is_described, "{method} {}", operation.path);
        }
    }
}

#[tokio::test]
async fn the_query_parameters_are_those_that_are_taken() {
    let (service, document) = described().await;
    let mut compared = 0;
    for operation in document.operations() {
        let answer = call(&service, &operation, operation.method, "?no_such_parameter=1").await;
        let Some((_, known)) = answer.text.split_once("is not a known parameter here; ") else { continue };
        let known = known.split('"').next().unwrap_or_default().trim_start_matches("known are ");
        let known: BTreeSet<&str> = known.split(", ").filter(|name| *name != "none is").collect();
        let parameters = operation.json["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<&str> =
            parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()).collect();
        // Those of tables are known for tables alone.
        if operation.json["operationId"] != "send_feedback" {
            assert_eq!(described, known, "{} {}", operation.method, operation.path);
        }
        compared += 1;
    }
    assert!(compared >= 12, "only {compared} operations say which parameters they know");
}

/// The object with these members, too.
fn with(base: &Value, more: &Value) -> Value {
    let mut whole = base.clone();
    let (Some(members), Some(more)) = (whole.as_object_mut(), more.as_object()) else { unreachable!("objects") };
    members.extend(more.clone());
    whole
}

#[tokio::test]
async fn what_the_server_refuses_for_its_size_or_form_the_description_refuses_too() {
    let (service, document) = described().await;
    let long = |bytes: usize| "x".repeat(bytes + 1);
    let many = vec!["a"; 101];
    let review = json!({ "kind": "review", "text": "x" });
    let survey = json!({ "kind": "survey", "text": "x" });
    let note = json!({ "kind": "csr_note", "text": "x" });
    let webhook = json!({ "name": "crm", "url": "https://crm.example/hook" });
    let of_feedback = [
        (&review, json!({ "external_id": "" })),
        (&review, json!({ "external_id": long(512) })),
        (&review, json!({ "source": { "type": "" } })),
        (&review, json!({ "source": { "type": "x", "id": long(512) } })),
        (&review, json!({ "language": "e" })),
        (&review, json!({ "language": "en_US" })),
        (&review, json!({ "customer": { "id": "" } })),
        (&review, json!({ "customer": { "id": long(512) } })),
        (&review, json!({ "customer": { "account_id": long(512) } })),
        (&review, json!({ "customer": { "segment": long(512) } })),
        (&review, json!({ "customer": { "value": { "currency": "EURO" } } })),
        (&review, json!({ "product": { "id": "" } })),
        (&review, json!({ "product": { "id": "p", "version": long(512) } })),
        (&review, json!({ "location_id": long(512) })),
        (&review, json!({ "order_ref": long(512) })),
        (&review, json!({ "source": { "type": "x", "name": long(4_096) } })),
        (&review, json!({ "source": { "type": "x", "url": long(4_096) } })),
        (&review, json!({ "customer": { "email": long(4_096) } })),
        (&review, json!({ "author_name": long(4_096) })),
        (&review, json!({ "territory": long(4_096) })),
        (&survey, json!({ "survey_id": long(512) })),
        (&survey, json!({ "answers": [{ "field_id": "", "field_type": "text", "value": "x" }] })),
        (
            &survey,
            json!({ "answers": [{ "field_id": "q", "field_label": long(4_096), "field_type": "text", "value": "x" }] }),
        ),
        (&note, json!({ "contact_reason": long(4_096) })),
        (&note, json!({ "case_id": long(512) })),
        (&note, json!({ "agent": { "id": long(512) } })),
        (&note, json!({ "agent": { "team": long(512) } })),
        (&note, json!({ "handle_time_s": 4_294_967_296_u64 })),
    ];
    let of_webhooks = [
        json!({ "name": "a b" }),
        json!({ "name": long(64) }),
        json!({ "description": long(1_000) }),
        json!({ "url": format!("https://crm.example/{}", long(2_048)) }),
        json!({ "events": [] }),
        json!({ "events": many }),
        json!({ "routes": many }),
        json!({ "tags": many }),
        json!({ "languages": many }),
        json!({ "min_priority": 101 }),
        json!({ "rate": 0.001 }),
        json!({ "rate": 10_001 }),
        json!({ "concurrency": 0 }),
        json!({ "concurrency": 1_025 }),
        json!({ "batch": { "max_items": 1 } }),
        json!({ "batch": { "max_items": 1_001 } }),
        json!({ "batch": { "max_items": 2, "max_wait_ms": 10_001 } }),
        json!({ "condition": "" }),
        json!({ "condition": format!("true{}", " ".repeat(2_000)) }),
        json!({ "ca": long(65_536) }),
        json!({ "client_certificate": long(65_536) }),
        json!({ "format": "template", "template": long(16_384) }),
    ];
    for (base, _) in &of_feedback {
        document.check_schema("NewFeedback", base).expect("is as described");
    }
    document.check_schema("WebhookSettings", &webhook).expect("is as described");
    let feedback = of_feedback.iter().map(|(base, more)| ("/v1/feedback", "NewFeedback", with(base, more)));
    let webhooks = of_webhooks.iter().map(|more| ("/v1/webhooks", "WebhookSettings", with(&webhook, more)));
    for (path, schema, body) in feedback.chain(webhooks) {
        let request = request("POST", path, &[]).header("content-type", "application/json");
        let answer = service.send(request.body(Body::from(body.to_string())).expect("is a request")).await;
        assert_eq!(answer.status, 422, "{body:.200} {}", answer.text);
        assert!(document.check_schema(schema, &body).is_err(), "the description allows {body:.200}");
    }
}

#[tokio::test]
async fn a_body_that_may_be_left_out_is_no_null() {
    let (_, document) = described().await;
    let mut optional = 0;
    for operation in document.operations() {
        let body = operation.json.get("requestBody").filter(|body| body["required"] != true);
        for content in body.and_then(|body| body["content"].as_object()).into_iter().flat_map(|all| all.values()) {
            assert!(content["schema"]["$ref"].is_string(), "{} {}: {content}", operation.method, operation.path);
            optional += 1;
        }
    }
    assert!(optional >= 3, "{optional}");
}

#[tokio::test]
async fn every_example_is_what_its_schema_says() {
    let (_, document) = described().await;
    let (count, wrong) = document.check_examples();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "{count}");
}

#[tokio::test]
async fn every_operation_shows_an_example_of_its_success() {
    let (_, document) = described().await;
    for operation in document.operations() {
        let id = operation.json["operationId"].as_str().expect("an id");
        let bodies = ["200", "201", "202"].iter().filter_map(|status| operation.json["responses"].get(*status));
        for content in bodies.flat_map(|response| response["content"].as_object()).flatten() {
            let has_one = content.1.get("example").is_some() || content.1.get("examples").is_some();
            // Pages and this document itself are what a look at them shows.
            let is_shown = id.starts_with("console") || id == "show_openapi";
            assert!(has_one || is_shown, "{id}: {}", content.0);
        }
        assert!(operation.json["summary"].is_string(), "{id}");
    }
}

#[tokio::test]
async fn every_type_of_problem_is_described_and_some_operation_has_it() {
    let (_, document) = described().await;
    let used = document.json()["paths"].to_string();
    for kind in ProblemType::value_variants() {
        let name = format!("{kind:?}Problem");
        let components = &document.json()["components"];
        assert!(components["schemas"][&name].is_object() && components["responses"][&name].is_object(), "{name}");
        // No operation has a method that its path does not take.
        let is_anywhere = used.contains(&name) || *kind == ProblemType::MethodNotAllowed;
        assert!(is_anywhere, "no operation says that it may answer {name}");
    }
}

#[tokio::test]
async fn operation_ids_are_unique_and_every_scope_is_named() {
    let (_, document) = described().await;
    let ids: Vec<&Value> = document.operations().map(|operation| &operation.json["operationId"]).collect();
    assert_eq!(ids.iter().map(|id| id.to_string()).collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for operation in document.operations() {
        let is_open = operation.json["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(is_open, !operation.path.starts_with("/v1/") && operation.path != "/metrics", "{}", operation.path);
    }
}

#[test]
fn what_is_not_described_is_found() {
    let document = Document::new(json!({
        "paths": { "/a/{id}": { "get": { "responses": { "200": { "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/A" },
        } } } } } } },
        "webhooks": {},
        "components": { "schemas": { "A": { "type": "object", "properties": { "b": { "type": "integer" } } } } },
    }));
    let check = |path, status, body| {
        document.check_answer("GET", path, document::Answer { status, content_type: "application/json", body })
    };
    assert_eq!(check("/a/1", 200, r#"{"b":1}"#), Ok(()));
    for (path, status, body) in [
        ("/a/1", 200, r#"{"b":"x"}"#),
        ("/a/1", 200, r#"{"b":1,"c":2}"#),
        ("/a/1", 201, r#"{"b":1}"#),
        ("/b", 200, r#"{"b":1}"#),
    ] {
        assert!(check(path, status, body).is_err(), "{path} {status} {body}");
    }
    assert!(document.check_delivery(&Value::Null, &json!({ "type": "x" })).is_err());
}

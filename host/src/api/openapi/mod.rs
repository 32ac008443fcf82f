//! The description of the API: an OpenAPI 3.1 document, made of what stands beside the handlers, served at
//! `/openapi.json`.
//!
//! A route exists by its `#[utoipa::path(…)]` alone ([`super::router()`]): path, method, parameters, bodies and answers
//! stand there, and schemas are derived from the types that are read and written. What is left is added here:
//!
//! - [`problems`]: every type of problem. A path names those of its own as `x-problems`; those that any may have are
//!   added, by the scope that it needs.
//! - [`events`]: what webhooks receive.
//! - [`schemas`]: what serde does and utoipa does not see.
//! - [`examples`]: values that several examples have.
//!
//! Tests hold the document against the router, against real answers and deliveries, and against OpenAPI itself.

mod events;
pub(super) mod examples;
mod problems;
mod schemas;

use std::sync::{LazyLock, OnceLock};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::config::Scope;

/// The methods of a path item.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

const DESCRIPTION: &str = "Takes in what customers say, runs it through a chain of sandboxed plugins that score, tag \
and route it, and delivers the results to webhooks.

Errors are `application/problem+json` (RFC 9457) of a closed set of types; a path that is not here is 404, another \
method 405. An unknown query parameter below /v1 is an error. Without a configured key everything is open to the machine itself, \
and to nobody else; with one, every request but those for health and this document needs a key that has the scope.

Fields may be added to answers and to events; what is here stays.";

/// Routes that need the same scope, none for those that are open, and what is said of them.
pub(super) struct Group {
    pub(super) scope: Option<Scope>,
    pub(super) routes: OpenApi,
}

/// The document, written when it is asked for first.
#[derive(Default)]
pub struct Document(OnceLock<Written>);

type Written = LazyLock<Bytes, Box<dyn FnOnce() -> Bytes + Send>>;

impl Document {
    /// Says what is to be described; the first time counts.
    pub(super) fn describe(&self, groups: Vec<Group>) {
        self.0.get_or_init(|| LazyLock::new(Box::new(move || document(groups).to_string().into())));
    }

    /// The JSON; empty before a router was made.
    pub(super) fn json(&self) -> Bytes {
        self.0.get().map(|written| Bytes::clone(written)).unwrap_or_default()
    }
}

/// The whole document.
fn document(groups: Vec<Group>) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for Group { scope, routes } in groups {
        let mut routes = serde_json::to_value(routes).expect("a description is JSON");
        merge(&mut schemas, routes["components"]["schemas"].take());
        let Value::Object(described) = routes["paths"].take() else { continue };
        for (path, item) in described {
            let known = paths.entry(path).or_insert_with(|| json!({}));
            let Value::Object(item) = item else { continue };
            for (name, member) in item {
                known[&name] = if METHODS.contains(&&*name) { finished(member, scope) } else { member };
            }
        }
    }
    merge(&mut schemas, problems::schemas());
    merge(&mut schemas, events::schemas());
    schemas::correct(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "sayso",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": env!("CARGO_PKG_DESCRIPTION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache License 2.0", "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(),
        "paths": paths,
        "webhooks": events::webhooks(),
        "components": {
            "schemas": schemas,
            "responses": problems::responses(),
            "headers": {
                "RequestId": {
                    "description": "The request's id: the client's own `x-request-id` where it sent one.",
                    "required": true,
                    "schema": { "type": "string" },
                },
            },
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "sk_…",
                    "description": "A key that `sayso key new` made. A requirement names the scope that the key needs: \
                                    `ingest` to send feedback, `read` to read, `admin` for everything.",
                },
            },
        },
    })
}

/// An operation with what every operation of its scope has.
fn finished(mut operation: Value, scope: Option<Scope>) -> Value {
    operation["security"] = match scope {
        None => json!([]),
        Some(Scope::Admin) => json!([{ "key": ["admin"] }]),
        Some(scope) => json!([{ "key": [scope.as_str()] }, { "key": ["admin"] }]),
    };
    problems::answer(&mut operation, scope);
    schemas::correct_body(&mut operation);
    for response in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if response.get("$ref").is_none() {
            response["headers"]["x-request-id"] = json!({ "$ref": "#/components/headers/RequestId" });
        }
    }
    operation
}

fn tags() -> Value {
    let tag = |(name, description): (&str, &str)| json!({ "name": name, "description": description });
    let tags = [
        ("feedback", "What customers say, and what the chain makes of it."),
        ("deliveries", "What webhooks are owed, and every attempt."),
        ("webhooks", "Who gets the results."),
        ("replays", "Deliveries that are made again, many at once."),
        ("parked", "What was set aside for the operator."),
        ("chain", "The plugins."),
        ("customers", "Whose feedback it is."),
        ("operations", "For those who run sayso."),
        (
            "events",
            "What webhooks receive. `application/json` is the format `standard`, and `application/cloudevents+json` is \
             `cloudevents_structured`, as it stands in the `format` of a webhook. With `cloudevents_binary` the body is \
             `data` alone, and the attributes are headers that begin with `ce-`. What `slack`, `teams` and `template` \
             get is what those read. The headers are the same for all.",
        ),
    ];
    tags.map(tag).into()
}

fn merge(into: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        into.extend(more);
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::document;

//! Every type of problem: its schema, the answer that it is, and an example that the real code wrote.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use super::super::problem::{Problem, ProblemType, Wire};
use crate::config::Scope;
use crate::feedback::validate::FieldError;

/// Which problems of its own an operation has; what is left of it in the document are the answers.
const OWN: &str = "x-problems";

/// What is said of a type of problem.
struct About {
    /// When it comes, and what to do.
    what: &'static str,
    example: Problem,
    /// Members that it may have beyond those of every problem: name and schema.
    members: Value,
    /// Headers that the answer may have: name and description.
    headers: &'static [(&'static str, &'static str)],
}

const RETRY_AFTER: (&str, &str) = ("retry-after", "Seconds to wait before the next try.");

fn about(kind: ProblemType) -> About {
    let of = |what, example, members, headers| About { what, example, members, headers };
    let plain = |what, detail: &str| of(what, Problem::new(kind, detail), json!({}), &[]);
    let again = |what, detail: &str| of(what, Problem::new(kind, detail).retry_after(5), json!({}), &[RETRY_AFTER]);
    match kind {
        ProblemType::InvalidFeedback => of(
            "Fields of the feedback have to be fixed; of several items, `rejected` says what to fix in each.",
            with_error(kind, "rating.value", "7 is not between 1 and 5"),
            json!({
                "accepted": {
                    "description": "What was accepted before, which is nothing where none is valid.",
                    "oneOf": [
                        { "type": "array", "items": { "$ref": "#/components/schemas/AcceptedItem" } }, { "type": "integer" },
                    ],
                },
                "rejected": { "type": "array", "items": { "$ref": "#/components/schemas/RejectedItem" } },
                "rejected_total": count("How many were refused, where that is more than are explained."),
                "errors_total": count("How many errors there are, where that is more than are listed."),
                "line": count("The line of the body, from 1."),
            }),
            &[],
        ),
        ProblemType::MalformedBody => of(
            "The body is not JSON, not UTF-8, or not packed as its header says.",
            Problem::new(kind, "this is not JSON: expected value at line 1 column 9").with("line", 1).with("column", 9),
            json!({
                "line": count("From 1."), "column": count("From 1."), "byte": count("The first that is wrong, from 0."),
                "accepted": count("How many items were accepted before the body broke off."),
            }),
            &[],
        ),
        ProblemType::InvalidRequest => of(
            "A query parameter, header or field is not as it should be.",
            with_error(kind, "limit", "0 is not a number from 1 to 500"),
            json!({}),
            &[],
        ),
        ProblemType::UnsupportedMediaType => of(
            "The content type or encoding of the body is not one that is taken.",
            Problem::new(kind, "Send JSON: -H 'content-type: application/json'."),
            json!({}),
            &[
                ("accept-post", "The content types that are taken."),
                ("accept-encoding", "The encodings that are taken."),
            ],
        ),
        ProblemType::TooLarge => of(
            "The body, or one item of it, is larger than a limit of the configuration.",
            Problem::new(
                kind,
                "one feedback may have at most 1048576 bytes of JSON (server.max_item_bytes); this one has more",
            )
            .with("limit_bytes", 1_048_576),
            json!({
                "limit_bytes": count("The limit."), "line": count("The line of the body, from 1."),
                "accepted": count("How many items were accepted before."),
            }),
            &[],
        ),
        ProblemType::BodyTimeout => of(
            "The body did not arrive in time.",
            Problem::new(kind, "The body sent nothing for 30 s."),
            json!({ "accepted": count("How many items were accepted before.") }),
            &[],
        ),
        ProblemType::Unauthorized => of(
            "There is no key, or one that is not known.",
            Problem::new(kind, "Send a key: -H 'authorization: Bearer sk_…'. `sayso key new` makes one."),
            json!({}),
            &[("www-authenticate", "How to authenticate.")],
        ),
        ProblemType::Forbidden => of(
            "The key does not have the scope; or, where there are no keys, the request comes from elsewhere.",
            Problem::new(
                kind,
                "The key `shop` does not have the scope `admin`; add it to the key's `scopes` in sayso.toml.",
            ),
            json!({}),
            &[("www-authenticate", "What the key lacks.")],
        ),
        ProblemType::NotFound => plain("There is no such thing.", "There is no feedback with the id `mine`."),
        ProblemType::MethodNotAllowed => of(
            "The path takes other methods.",
            Problem::of_status(http::StatusCode::METHOD_NOT_ALLOWED),
            json!({}),
            &[("allow", "The methods that it takes.")],
        ),
        ProblemType::IdempotencyConflict => again(
            "A request with the same `Idempotency-Key` is under way; try again when it is over.",
            "A request with this Idempotency-Key is under way.",
        ),
        ProblemType::IdempotencyMismatch => plain(
            "The `Idempotency-Key` was used for another request; use a new one.",
            "This Idempotency-Key was used for another request within the last 24 hours; use a new key for a new request.",
        ),
        ProblemType::ChainRefused => plain(
            "The new chain of plugins cannot run; the old one goes on.",
            "plugin `warranty`: no such file. The chain that was there goes on.",
        ),
        ProblemType::InvalidWebhook => of(
            "Fields of the webhook have to be fixed.",
            with_error(kind, "url", "`ftp:` is not allowed; use https"),
            json!({}),
            &[],
        ),
        ProblemType::Conflict => of(
            "It does not go together with what is there.",
            Problem::new(kind, "There is a webhook `crm` already; change it, or take another name."),
            json!({ "replay": { "description": "The replay of the webhook that runs.", "type": "string" } }),
            &[RETRY_AFTER],
        ),
        ProblemType::PreconditionFailed => plain(
            "It is not, or no more, as `If-Match` has it; nothing was changed.",
            "The webhook `crm` is not, or no more, as `If-Match` has it; GET /v1/webhooks/crm shows it as it is now, with its ETag. Nothing was changed.",
        ),
        ProblemType::Overloaded => of(
            "More feedback waits than the operator allows (`server.max_backlog`); try again later.",
            Problem::new(
                kind,
                "1000000 pieces of feedback wait for the chain already (server.max_backlog is 1000000).",
            )
            .retry_after(5),
            json!({ "accepted": count("How many items were accepted before.") }),
            &[RETRY_AFTER],
        ),
        ProblemType::Unavailable => of(
            "The store cannot take or give anything now, the answer takes too long, or sayso is not ready.",
            Problem::new(kind, "The answer took longer than 30 s; ask for less at once.").retry_after(5),
            json!({
                "ready": { "description": "Of `/readyz`.", "type": "boolean" },
                "store": { "description": "Of `/readyz`: `ok` or `failed`.", "type": "string" },
                "chain": { "description": "Of `/readyz`: `loading` or `loaded`.", "type": "string" },
                "notes": { "description": "Of `/readyz`.", "type": "array", "items": { "type": "string" } },
                "accepted": count("How many items were accepted before."),
            }),
            &[RETRY_AFTER],
        ),
        ProblemType::Internal => of(
            "A defect in sayso; its log has more under the request id.",
            Problem::internal("a handler panicked"),
            json!({}),
            &[],
        ),
    }
}

fn with_error(kind: ProblemType, field: &str, message: &str) -> Problem {
    let mut problem = Problem::new(kind, format!("`{field}`: {message}"));
    problem.more.errors.push(FieldError::new(field, message));
    problem
}

fn count(description: &str) -> Value {
    json!({ "description": description, "type": "integer", "minimum": 0 })
}

/// The name of its schema, and of its answer.
fn name(kind: ProblemType) -> String {
    format!("{kind:?}Problem")
}

fn urn(kind: ProblemType) -> String {
    format!("urn:sayso:problem:{}", kind.name())
}

fn all() -> &'static [ProblemType] {
    ProblemType::value_variants()
}

/// The schemas: that of every problem, and one a type.
pub(super) fn schemas() -> Value {
    let mut every = json!(Wire::schema());
    every["properties"]["type"]["enum"] = all().iter().map(|kind| urn(*kind)).collect();
    let mut schemas = Map::from_iter([("Problem".to_owned(), every)]);
    for kind in all() {
        let About { what, mut members, .. } = about(*kind);
        // Generators of clients do not know `const` by itself.
        members["type"] = json!({ "type": "string", "enum": [urn(*kind)] });
        members["status"] = json!({ "type": "integer", "enum": [kind.status().as_u16()] });
        let own = json!({ "type": "object", "properties": members });
        let schema = json!({ "description": what, "allOf": [{ "$ref": "#/components/schemas/Problem" }, own] });
        schemas.insert(name(*kind), schema);
    }
    schemas.into()
}

/// The answers, one a type.
pub(super) fn responses() -> Value {
    all().iter().map(|kind| (name(*kind), response(&[*kind]))).collect()
}

/// The answer that is one of these problems, which have the same status.
fn response(kinds: &[ProblemType]) -> Value {
    let schema = |kind: &ProblemType| json!({ "$ref": format!("#/components/schemas/{}", name(*kind)) });
    let (mut examples, mut headers, mut descriptions) = (Map::new(), Map::new(), Vec::new());
    headers.insert("x-request-id".into(), json!({ "$ref": "#/components/headers/RequestId" }));
    for kind in kinds {
        let about = about(*kind);
        let value: Value = serde_json::from_str(&about.example.to_json(Some("0198c0de-0000-7000-8000-0000000000ff")))
            .expect("a problem is JSON");
        examples.insert(kind.name().into(), json!({ "summary": value["title"], "value": value }));
        headers.extend(about.headers.iter().map(|(name, description)| {
            let kind = if *name == RETRY_AFTER.0 { "integer" } else { "string" };
            ((*name).to_owned(), json!({ "description": description, "schema": { "type": kind } }))
        }));
        descriptions.push(about.what);
    }
    let schema = match kinds {
        [one] => schema(one),
        several => json!({ "oneOf": several.iter().map(schema).collect::<Vec<_>>() }),
    };
    let content = json!({ "schema": schema, "examples": examples });
    json!({ "description": descriptions.join(" "), "headers": headers, "content": { "application/problem+json": content } })
}

/// Adds the answers that are problems to an operation: those that it names, and those that any of its scope may have.
pub(super) fn answer(operation: &mut Value, scope: Option<Scope>) {
    let own = operation.as_object_mut().and_then(|operation| operation.remove(OWN)).unwrap_or_default();
    let own = own.as_array().into_iter().flatten().map(|name| of_name(name.as_str().unwrap_or_default()));
    let common: &[ProblemType] = match scope {
        None => &[ProblemType::Forbidden, ProblemType::Internal],
        Some(_) => &[
            ProblemType::InvalidRequest,
            ProblemType::Unauthorized,
            ProblemType::Forbidden,
            ProblemType::Unavailable,
            ProblemType::Internal,
        ],
    };
    let mut by_status: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
    for kind in own.chain(common.iter().copied()) {
        let of_status = by_status.entry(kind.status().as_u16()).or_default();
        if !of_status.contains(&kind) {
            of_status.push(kind);
        }
    }
    for (status, kinds) in by_status {
        operation["responses"][status.to_string()] = match kinds[..] {
            [only] => json!({ "$ref": format!("#/components/responses/{}", name(only)) }),
            _ => response(&kinds),
        };
    }
}

/// The problem of this name. A test writes the document, so that a name that is none is found.
fn of_name(name: &str) -> ProblemType {
    let found = all().iter().find(|kind| kind.name() == name);
    *found.unwrap_or_else(|| panic!("`{OWN}` names `{name}`, which is no type of problem"))
}

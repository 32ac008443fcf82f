//! Holds what sayso really says against its own description, `/openapi.json`.
//!
//! Schemas are read strictly: a member that is not described is drift, though a client has to put up with it.
//! The unit tests of the host read this file too.

use serde_json::{Map, Value, json};

/// The prefix of references to schemas.
const SCHEMAS: &str = "#/components/schemas/";
/// The methods of a path item, as they stand there, and as they are sent.
const METHODS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("trace", "TRACE"),
];

/// The description of the API.
pub struct Document {
    json: Value,
    /// The schemas, without room for what is not described.
    strict: Value,
    /// Those that others are composed of: they are closed where they are used.
    composed: Vec<String>,
}

/// One operation of the description.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    /// In capitals.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'a str,
    /// Everything said of it.
    pub json: &'a Value,
}

/// An answer to be held against the description.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The content type; empty if there is none.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a str,
}

impl Document {
    /// The description as it was served.
    pub fn new(json: Value) -> Self {
        let mut composed = Vec::new();
        references_in_all_of(&json["components"]["schemas"], false, &mut composed);
        let strict = strict(&json["components"]["schemas"], &composed);
        Self { json, strict, composed }
    }

    /// The document.
    pub const fn json(&self) -> &Value {
        &self.json
    }

    /// Every operation.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.json["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let of_method = move |(name, method)| Some(Operation { method, path, json: item.get(name)? });
            METHODS.into_iter().filter_map(of_method)
        })
    }

    /// The operation of a request.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let path = path.split('?').next().unwrap_or_default();
        let method = if method == "HEAD" { "GET" } else { method };
        let found = self.operations().filter(|operation| operation.method == method && fits(operation.path, path));
        found.min_by_key(|operation| operation.path.matches('{').count())
    }

    /// Whether an answer is one that the description has.
    ///
    /// # Errors
    /// What of it is not described.
    pub fn check_answer(&self, method: &str, path: &str, answer: Answer<'_>) -> Result<(), String> {
        let at = format!("{method} {path}: {answer:.400?}");
        let Some(operation) = self.operation(method, path) else {
            // What is not there has an answer of its own.
            let name = match answer.status {
                404 => "NotFoundProblem",
                405 => "MethodNotAllowedProblem",
                403 => "ForbiddenProblem",
                other => return Err(format!("{at}: {other} of an operation that is not described")),
            };
            return self
                .check_body(&self.json["components"]["responses"][name], answer)
                .map_err(|e| format!("{at}: {e}"));
        };
        let response = &operation.json["responses"][answer.status.to_string()];
        if response.is_null() {
            return Err(format!("{at}: the status is not described"));
        }
        self.check_body(self.resolve(response), answer).map_err(|error| format!("{at}: {error}"))
    }

    fn check_body(&self, response: &Value, Answer { content_type, body, .. }: Answer<'_>) -> Result<(), String> {
        let Some(contents) = response["content"].as_object() else {
            return if body.is_empty() { Ok(()) } else { Err("no body is described".into()) };
        };
        let content = contents.get(content_type).ok_or_else(|| format!("`{content_type}` is not described"))?;
        self.check_content(content, content_type, body)
    }

    /// Whether text is a body that the content describes.
    fn check_content(&self, content: &Value, content_type: &str, body: &str) -> Result<(), String> {
        let value = if content_type.contains("json") && !content_type.contains("ndjson") {
            serde_json::from_str(body).map_err(|error| format!("it is not JSON: {error}"))?
        } else {
            Value::from(body)
        };
        self.check(&content["schema"], &value)
    }

    /// Whether a webhook's request is one that the description has.
    ///
    /// # Errors
    /// What of it is not described.
    pub fn check_delivery(&self, headers: &Value, body: &Value) -> Result<(), String> {
        let content_type = headers["content-type"].as_str().unwrap_or("application/json");
        let event = if body.is_array() { "batch" } else { body["type"].as_str().unwrap_or_default() };
        let webhook = &self.json["webhooks"][event]["post"];
        if webhook.is_null() {
            return Err(format!("the event `{event}` is not described"));
        }
        for parameter in webhook["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            match headers.get(name) {
                Some(value) => self.check(&parameter["schema"], value).map_err(|error| format!("{name}: {error}"))?,
                None if parameter["required"] == true => return Err(format!("the header `{name}` is missing")),
                None => {}
            }
        }
        let content = webhook["requestBody"]["content"].get(content_type);
        let content = content.ok_or_else(|| format!("{event}: `{content_type}` is not described"))?;
        self.check(&content["schema"], body).map_err(|error| format!("{event}: {error}"))
    }

    /// Whether a value is what the schema of this name allows.
    ///
    /// # Errors
    /// Where it is not: why.
    pub fn check_schema(&self, name: &str, value: &Value) -> Result<(), String> {
        self.check(&json!({ "$ref": format!("{SCHEMAS}{name}") }), value)
    }

    /// Every example that its own schema does not allow, and how many examples there are.
    pub fn check_examples(&self) -> (usize, Vec<String>) {
        let (mut count, mut wrong) = (0, Vec::new());
        self.visit_examples(&self.json, "#", &mut |at, schema, example| {
            count += 1;
            if let Err(error) = self.check(schema, example) {
                wrong.push(format!("{at}: {error}"));
            }
        });
        (count, wrong)
    }

    /// Calls `found` with every example that stands beside a schema.
    fn visit_examples(&self, json: &Value, at: &str, found: &mut impl FnMut(&str, &Value, &Value)) {
        let Value::Object(members) = json else {
            for (index, item) in json.as_array().into_iter().flatten().enumerate() {
                self.visit_examples(item, &format!("{at}/{index}"), found);
            }
            return;
        };
        if let Some(schema) = members.get("schema") {
            if let Some(example) = members.get("example") {
                found(&format!("{at}/example"), schema, example);
            }
            for (name, example) in members.get("examples").and_then(Value::as_object).into_iter().flatten() {
                found(&format!("{at}/examples/{name}"), schema, &example["value"]);
            }
        }
        for (name, member) in members.iter().filter(|(name, _)| *name != "example" && *name != "examples") {
            self.visit_examples(member, &format!("{at}/{name}"), found);
        }
    }

    /// Whether a value is what the schema allows.
    fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let mut schema = schema.clone();
        close(&mut schema);
        let of = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(SCHEMAS));
        let is_composed = of.is_some_and(|of| self.composed.iter().any(|name| name == of));
        let mut whole = json!({ "allOf": [schema], "components": { "schemas": self.strict } });
        if is_composed {
            whole["unevaluatedProperties"] = false.into();
        }
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&whole).map_err(|error| format!("the schema is none: {error}"))?;
        let errors: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error:.300}", error.instance_path())).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.json.pointer(pointer)).unwrap_or(value)
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

/// The schemas without room for what is not described.
fn strict(schemas: &Value, composed: &[String]) -> Value {
    let mut strict: Map<String, Value> = schemas.as_object().cloned().unwrap_or_default();
    let mut problem = strict.get("Problem").cloned().unwrap_or_default();
    if let Some(problem) = problem.as_object_mut() {
        // A problem of one type has no members but those that its type describes.
        problem.remove("additionalProperties");
    }
    for (name, schema) in &mut strict {
        if name.ends_with("Problem") && name != "Problem" {
            schema["allOf"][0] = problem.clone();
            schema["unevaluatedProperties"] = false.into();
        } else if composed.contains(name) {
            // Closed where it is used: here it would refuse what it is composed with.
            close_members(schema);
        } else {
            close(schema);
        }
    }
    strict.into()
}

fn references_in_all_of(schema: &Value, within: bool, found: &mut Vec<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| references_in_all_of(item, within, found)),
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().and_then(|text| text.strip_prefix(SCHEMAS)) {
                    Some(of) if within && name == "$ref" => found.push(of.to_owned()),
                    _ => references_in_all_of(member, name == "allOf" || (within && name == "oneOf"), found),
                }
            }
        }
        _ => {}
    }
}

/// Leaves no room in an object for what is not described, here and below.
fn close(schema: &mut Value) {
    close_members(schema);
    let is_open = schema.get("additionalProperties").is_none();
    if is_open && (schema.get("properties").is_some() || schema.get("allOf").is_some()) {
        schema["unevaluatedProperties"] = false.into();
    }
}

fn close_members(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    for (name, member) in schema {
        match name.as_str() {
            "properties" => member.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(close),
            "oneOf" | "anyOf" => member.as_array_mut().into_iter().flatten().for_each(close),
            "items" | "additionalProperties" if member.is_object() => close(member),
            _ => {}
        }
    }
}

//! Webhooks in a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::super::printable::{printable, printable_lines};

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Fields that a card shows first, or in a form of their own.
const NOT_LISTED: [&str; 7] = ["id", "name", "health", "secret", "keys", "warnings", "faults"];

/// A line for each webhook: name, state, source, what it wants, and where.
pub(super) fn table(webhooks: &[Value]) -> String {
    if webhooks.is_empty() {
        return "no webhooks; `sayso webhook create --help` says how to make one\n".into();
    }
    let rows: Vec<[String; 5]> = webhooks
        .iter()
        .map(|webhook| {
            let text = |name: &str| printable(webhook[name].as_str().unwrap_or_default());
            [text("name"), state(webhook).to_owned(), text("source"), wants(webhook), text("url")]
        })
        .collect();
    let head = ["NAME", "STATE", "SOURCE", "WANTS", "URL"];
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: [&str; 5]| {
        let cells = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = format!("{DIM}{}{DIM:#}\n", line(head));
    for row in &rows {
        writeln!(text, "{}", line(row.each_ref().map(String::as_str))).expect("a string takes it");
    }
    text
}

fn state(webhook: &Value) -> &'static str {
    match (webhook["active"].as_bool(), webhook["paused"].as_bool(), webhook["health"]["state"].as_str()) {
        (_, _, Some("disabled")) => "disabled",
        (Some(true), _, Some("failing")) => "failing",
        (Some(true), ..) => "active",
        (_, Some(true), _) => "paused",
        _ => "faulty",
    }
}

/// What narrows down what it gets.
fn wants(webhook: &Value) -> String {
    let mut parts = Vec::new();
    for name in ["events", "routes", "kinds", "tags", "languages"] {
        let list: Vec<&str> = webhook[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !list.is_empty() && list != ["feedback.analyzed"] {
            parts.push(printable(&list.join(",")));
        }
    }
    match webhook["min_priority"].as_u64() {
        None | Some(0) => {}
        Some(priority) => parts.push(format!("≥{priority}")),
    }
    if webhook["condition"].is_string() {
        parts.push("if …".into());
    }
    if parts.is_empty() { "everything".into() } else { parts.join(" ") }
}

/// Everything of one webhook.
pub(super) fn card(webhook: &Value) -> String {
    let text = |name: &str| webhook[name].as_str().unwrap_or_default();
    let style = if state(webhook) == "active" { GREEN } else { YELLOW };
    let mut card = format!("{BOLD}{}{BOLD:#}  {}  {style}{}{style:#}\n", text("name"), text("id"), state(webhook));
    let mut put = |name: &str, value: &str| {
        writeln!(card, "  {DIM}{name:<20}{DIM:#} {value}").expect("a string takes it");
    };
    for (name, value) in webhook.as_object().into_iter().flatten() {
        let is_empty = match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if !is_empty && !NOT_LISTED.contains(&name.as_str()) {
            put(name, &plain(value));
        }
    }
    for name in ["failing_since", "last_failure", "last_error", "breaker", "disabled_at", "reason"] {
        match webhook["health"][name].as_str() {
            None | Some("closed") => {}
            Some(value) => put(name, &printable(value)),
        }
    }
    for key in webhook["keys"].as_array().into_iter().flatten() {
        let shown = key["public_key"].as_str().or(key["hint"].as_str()).unwrap_or_default();
        let until = key["expires_at"].as_str().map(|until| format!(", until {until}")).unwrap_or_default();
        put("signed with", &format!("{} {shown}{until}", key["signature"].as_str().unwrap_or_default()));
    }
    for warning in webhook["warnings"].as_array().into_iter().flatten() {
        put("note", &plain(warning));
    }
    for fault in webhook["faults"].as_array().into_iter().flatten() {
        put("fault", &format!("`{}`: {}", plain(&fault["field"]), plain(&fault["message"])));
    }
    card
}

/// A card, and the secret that was made.
pub(super) fn with_secret(webhook: &Value) -> String {
    let secret = match webhook["secret"].as_str() {
        Some(secret) => format!("\n  The secret, shown this once: {BOLD}{secret}{BOLD:#}\n"),
        None => format!(
            "\n  Receivers verify with the public key: {BOLD}{}{BOLD:#}\n",
            webhook["keys"][0]["public_key"].as_str().unwrap_or_default()
        ),
    };
    card(webhook) + &secret
}

fn plain(value: &Value) -> String {
    match value {
        // Templates and certificates keep their lines, behind what they are called.
        Value::String(text) => printable_lines(text).replace('\n', "\n                       "),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_a_line_each_with_what_it_wants() {
        let webhooks = [
            json!({ "name": "crm", "active": true, "source": "file", "events": ["feedback.analyzed"], "url": "https://crm.example/" }),
            json!({ "name": "bi", "active": false, "paused": true, "source": "api", "tags": ["delivery/*"], "min_priority": 50, "condition": "true", "url": "https://bi.example/" }),
            json!({ "name": "old", "active": false, "health": { "state": "disabled" }, "source": "api", "url": "https://old.example/" }),
        ];
        let shown = anstream::adapter::strip_str(&table(&webhooks)).to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[1], "crm   active    file    everything           https://crm.example/");
        assert_eq!(lines[2], "bi    paused    api     delivery/* ≥50 if …  https://bi.example/");
        assert_eq!(lines[3], "old   disabled  api     everything           https://old.example/");
    }

    #[test]
    fn a_secret_is_shown_where_there_is_one_and_a_public_key_where_there_is_none() {
        let hmac =
            with_secret(&json!({ "name": "a", "secret": "whsec_x", "keys": [{ "signature": "hmac", "hint": "…x" }] }));
        assert!(hmac.contains("whsec_x"));
        let ed25519 =
            with_secret(&json!({ "name": "a", "keys": [{ "signature": "ed25519", "public_key": "whpk_y" }] }));
        assert!(ed25519.contains("whpk_y"));
    }
}

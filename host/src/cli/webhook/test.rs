//! What came of a test delivery, in a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::super::printable::printable;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// How much of an answer is shown, in characters; `--json` has all of it.
const SHOWN: usize = 400;

/// Verdict, request, answer and notes.
pub(super) fn explain(outcome: &Value) -> String {
    let word = |value: &Value| printable(value.as_str().unwrap_or("-"));
    let (request, attempt) = (&outcome["request"], &outcome["attempt"]);
    let (style, verdict) = if outcome["delivered"] == true { (GREEN, "delivered") } else { (RED, "NOT DELIVERED") };
    let name = word(&outcome["webhook"]["name"]);
    let mut text = format!("{BOLD}{name}{BOLD:#}  {style}{verdict}{style:#}\n  {}\n", word(&outcome["explanation"]));
    let mut put = |name: &str, value: &str| {
        writeln!(text, "  {DIM}{name:<10}{DIM:#} {value}").expect("a string takes it");
    };
    let of = match &outcome["feedback"] {
        Value::Null => String::new(),
        feedback if feedback["sample"] == true => " of a sample".to_owned(),
        feedback => format!(" of feedback {}", word(&feedback["id"])),
    };
    let event = format!("{}{of}", word(&outcome["event"]));
    if request.is_null() {
        put("event", &event);
    } else {
        put("sent", &format!("{} {}", word(&request["method"]), word(&request["url"])));
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            put("", &format!("{}: {}", printable(name), word(value)));
        }
        put("", &format!("{event}, {} bytes", request["body"].as_str().unwrap_or_default().len()));
        put("to", &word(&attempt["address"]));
        let status = attempt["status"].as_u64().map_or("no answer".to_owned(), |status| format!("status {status}"));
        put("answer", &format!("{status} after {} ms", attempt["latency_ms"]));
    }
    if let Some(answer) = attempt["response"].as_str() {
        let end = answer.char_indices().nth(SHOWN).map_or(answer.len(), |(at, _)| at);
        let more = if end < answer.len() { " …" } else { "" };
        put("", &format!("{}{more}", printable(&answer[..end])));
    }
    for note in outcome["notes"].as_array().into_iter().flatten() {
        put("note", &word(note));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(outcome: &Value) -> String {
        anstream::adapter::strip_str(&explain(outcome)).to_string()
    }

    #[test]
    fn a_failure_says_so_and_what_to_do_and_what_the_receiver_said() {
        let shown = shown(&json!({
            "delivered": false, "explanation": "Not delivered after 3 ms: status 401: check the secret.",
            "webhook": { "name": "crm" }, "event": "feedback.analyzed", "feedback": { "id": "f1", "sample": true },
            "request": { "method": "POST", "url": "https://crm.example/?…", "headers": { "sayso-test": "true" }, "body": "{}" },
            "attempt": { "status": 401, "latency_ms": 3, "response": "\u{1b}[2Jwho are you?" },
            "notes": ["The webhook is paused."],
        }));
        assert!(shown.starts_with("crm  NOT DELIVERED\n  Not delivered after 3 ms: status 401"), "{shown}");
        for part in [
            "POST https://crm.example/?…",
            "sayso-test: true",
            "of a sample, 2 bytes",
            "status 401 after 3 ms",
            "paused",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(shown.contains("who are you?") && !shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn where_nothing_was_sent_there_is_no_request_and_no_answer() {
        let shown = shown(&json!({
            "delivered": false, "explanation": "Not delivered: `template`: line 1; nothing was sent.",
            "webhook": { "name": "crm" }, "event": "feedback.analyzed", "feedback": { "id": "f1", "sample": false },
            "attempt": { "latency_ms": 0 }, "notes": [],
        }));
        assert!(shown.contains("nothing was sent") && shown.contains("feedback.analyzed of feedback f1"), "{shown}");
        assert!(!shown.contains("answer") && !shown.contains("bytes"), "{shown}");
    }

    #[test]
    fn without_an_answer_it_says_so_and_a_long_one_is_cut() {
        assert!(shown(&json!({ "request": {}, "attempt": { "latency_ms": 1 } })).contains("no answer after 1 ms"));
        let long = shown(
            &json!({ "delivered": true, "request": {}, "attempt": { "status": 200, "response": "é".repeat(1_000) } }),
        );
        assert!(long.contains("é …") && long.matches('é').count() == SHOWN, "{long}");
    }
}

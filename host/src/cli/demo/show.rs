//! What the demo prints.

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::plugins::Chain;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();

pub(super) fn started(url: &str, receiver: &str, chain: &Chain) {
    let names: Vec<_> = chain.plugins().iter().map(|plugin| &*plugin.name).collect();
    anstream::println!("  server    {url}");
    anstream::println!("  receiver  {receiver} (verifies each signature with the library `standardwebhooks`)");
    anstream::println!("  chain     {}", names.join(" → "));
}

pub(super) fn posted(count: usize) {
    anstream::println!("\nPosted {count} pieces of feedback in four languages. What happened to each:\n");
}

/// One delivery: what was said, what was made of it, and whether the receiver could verify it.
pub(super) fn delivery(number: usize, data: &Value, id: &str, verdict: &Result<(), String>) {
    let (feedback, analysis) = (&data["feedback"], &data["analysis"]);
    let text = feedback["text"].as_str().unwrap_or_default();
    let language = analysis["language"]["code"].as_str().unwrap_or("?");
    let kind = feedback["kind"].as_str().unwrap_or("?");
    anstream::println!("{BOLD}{number:>2}. {kind} · {language}{BOLD:#}  {}", text.replace('\n', " "));
    anstream::println!("    sentiment {}", sentiment(analysis, text));
    line("tags", &named(&analysis["tags"], "name", text));
    line("intents", &named(&analysis["intents"], "type", text));
    let routes: Vec<_> = list(&analysis["routes"]).iter().map(route).collect();
    let urgency = analysis["urgency"]["level"].as_str().unwrap_or("normal");
    let reasons: Vec<_> = list(&analysis["urgency"]["reasons"]).iter().filter_map(Value::as_str).collect();
    let why = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    anstream::println!("    routed    {} · urgency {urgency}{why}", routes.join(", "));
    match verdict {
        Ok(()) => anstream::println!("    delivered {GREEN}verified{GREEN:#} {DIM}{id}{DIM:#}\n"),
        Err(why) => anstream::println!("    delivered {RED}NOT VERIFIED: {why}{RED:#} {DIM}{id}{DIM:#}\n"),
    }
}

fn line(name: &str, items: &[String]) {
    if !items.is_empty() {
        anstream::println!("    {name:<9} {}", items.join(", "));
    }
}

fn route(route: &Value) -> String {
    let name = route["name"].as_str().unwrap_or("?");
    format!("{name} (priority {})", route["priority"])
}

/// Label and score with the words that decided, or why there is none.
fn sentiment(analysis: &Value, text: &str) -> String {
    let sentiment = &analysis["sentiment"];
    if sentiment.is_null() {
        let provenance = list(&analysis["provenance"]);
        let reason =
            provenance.iter().filter(|entry| entry["plugin"] == "sentiment").find_map(|entry| entry["reason"].as_str());
        return format!("{DIM}none: {}{DIM:#}", reason.unwrap_or("no plugin scored it"));
    }
    let words: Vec<_> = list(&sentiment["evidence"])
        .iter()
        .map(|one| {
            format!("{} {:+.1}", passage(text, &one["start"], &one["end"]), one["weight"].as_f64().unwrap_or(0.0))
        })
        .collect();
    let label = sentiment["label"].as_str().unwrap_or("?");
    let score = sentiment["score"].as_f64().unwrap_or(0.0);
    let because =
        if words.is_empty() { String::new() } else { format!("  {DIM}because of: {}{DIM:#}", words.join(", ")) };
    format!("{label} {score:+.2}{because}")
}

/// Names, each with the words that decided it.
fn named(entries: &Value, key: &str, text: &str) -> Vec<String> {
    list(entries)
        .iter()
        .map(|entry| {
            let name = entry[key].as_str().unwrap_or("?");
            let words: Vec<_> = list(&entry["spans"]).iter().map(|span| passage(text, &span[0], &span[1])).collect();
            if words.is_empty() {
                name.to_owned()
            } else {
                format!("{name} {DIM}“{}”{DIM:#}", words.join("”, “"))
            }
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn passage<'a>(text: &'a str, start: &Value, end: &Value) -> &'a str {
    let offset = |value: &Value| value.as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
    text.get(offset(start)..offset(end)).unwrap_or_default()
}

pub(super) fn summary(posted: usize, verified: usize) {
    let style = if posted == verified { GREEN } else { RED };
    anstream::println!("{style}{posted} posted, {verified} delivered and verified{style:#}");
}

pub(super) fn stays_up(url: &str) {
    anstream::println!("\nIt stays up until Ctrl-C. Look at it, or post something of your own:\n");
    anstream::println!("  console   {url}/");
    anstream::println!(
        "  curl {url}/v1/feedback -H 'prefer: wait=5' -d '{{\"kind\":\"review\",\"text\":\"Great tea, slow delivery.\"}}'\n"
    );
}

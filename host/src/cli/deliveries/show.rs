//! Deliveries in a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::super::printable::printable;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

const HEAD: [&str; 7] = ["ID", "STATUS", "WEBHOOK", "EVENT", "DUE", "TRIES", "LAST"];
/// What is shown of an error in a line, in characters.
const SHORT: usize = 80;
/// What is shown of an answer, in characters; `--json` has all.
const ANSWER: usize = 400;

/// Lines of one table, which may come page by page.
#[derive(Default)]
pub(super) struct Table {
    widths: [usize; HEAD.len()],
    has_head: bool,
}

impl Table {
    /// A line for each delivery, below those before; the first time with the names of the columns.
    pub(super) fn lines(&mut self, deliveries: &[Value]) -> String {
        if deliveries.is_empty() {
            return if self.has_head { String::new() } else { "no deliveries\n".into() };
        }
        let rows: Vec<_> = deliveries.iter().map(cells).collect();
        let mut text = String::new();
        for row in std::iter::once(&HEAD.map(str::to_owned)).chain(&rows) {
            let widths = row.iter().map(|cell| cell.chars().count());
            self.widths.iter_mut().zip(widths).for_each(|(width, cell)| *width = (*width).max(cell));
        }
        if !std::mem::replace(&mut self.has_head, true) {
            writeln!(text, "{DIM}{}{DIM:#}", self.line(&HEAD.map(str::to_owned))).expect("a string takes it");
        }
        for (row, delivery) in rows.iter().zip(deliveries) {
            let style = style(delivery);
            writeln!(text, "{style}{}{style:#}", self.line(row)).expect("a string takes it");
        }
        text
    }

    fn line(&self, cells: &[String; HEAD.len()]) -> String {
        let cells = cells.iter().zip(self.widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

fn cells(delivery: &Value) -> [String; HEAD.len()] {
    let text = |name: &str| printable(delivery[name].as_str().unwrap_or("-"));
    let last = delivery["attempts"].as_array().and_then(|attempts| attempts.last());
    let tries = last.map_or("0".into(), |last| last["number"].to_string());
    let due = text("created_at");
    let due = due.split('.').next().unwrap_or_default().trim_end_matches('Z').to_owned() + "Z";
    [text("id"), text("status"), text("webhook"), text("event"), due, tries, last.map_or_else(|| "-".into(), outcome)]
}

/// How an attempt went, in short.
fn outcome(attempt: &Value) -> String {
    match attempt["error"].as_str() {
        Some(error) => cut(&printable(error), SHORT),
        None => format!("{} in {} ms", attempt["status"], attempt["latency_ms"]),
    }
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn style(delivery: &Value) -> Style {
    match delivery["status"].as_str() {
        Some("delivered") => GREEN,
        Some("parked") => RED,
        _ => YELLOW,
    }
}

/// Everything of one delivery.
pub(super) fn card(delivery: &Value) -> String {
    let text = |name: &str| printable(delivery[name].as_str().unwrap_or_default());
    let style = style(delivery);
    let mut card = format!("{BOLD}{}{BOLD:#}  {style}{}{style:#}\n", text("id"), text("status"));
    for name in ["webhook", "event", "feedback_id", "created_at", "next_attempt_at"] {
        if delivery[name].is_string() {
            writeln!(card, "  {DIM}{name:<16}{DIM:#} {}", text(name)).expect("a string takes it");
        }
    }
    for attempt in delivery["attempts"].as_array().into_iter().flatten() {
        card.push_str(&attempt_lines(attempt));
    }
    card
}

fn attempt_lines(attempt: &Value) -> String {
    let text = |name: &str| printable(attempt[name].as_str().unwrap_or("-"));
    let error = attempt["error"].as_str();
    let style = if error.is_some() { RED } else { GREEN };
    let status = attempt["status"].as_u64().map_or_else(|| "-".to_owned(), |status| status.to_string());
    let mut lines = format!(
        "  {DIM}attempt {}{DIM:#}  {}  {}  {style}{status}{style:#}  {} ms\n",
        attempt["number"],
        text("at"),
        text("address"),
        attempt["latency_ms"]
    );
    let answer = attempt["response"].as_str().map(|answer| cut(&printable(answer), ANSWER));
    for more in error.map(printable).into_iter().chain(answer.map(|answer| format!("{DIM}{answer}{DIM:#}"))) {
        writeln!(lines, "    {more}").expect("a string takes it");
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn parked() -> Value {
        json!({
            "id": "dlv_2", "status": "parked", "webhook": "service-desk", "event": "feedback.analyzed",
            "created_at": "2026-05-01T08:00:00.123456Z",
            "attempts": [
                { "number": 10, "at": "2026-05-04T12:00:00Z", "address": "203.0.113.7:443", "status": 500,
                  "latency_ms": 12, "error": "status 500: the receiver failed; see its log", "response": "oops\u{1b}[2J" },
            ],
        })
    }

    #[test]
    fn a_table_has_a_line_each_whose_columns_stand_below_each_other_over_pages() {
        let delivered = json!({
            "id": "dlv_1", "status": "delivered", "webhook": "crm", "event": "feedback.analyzed",
            "created_at": "2026-05-01T08:00:00Z", "attempts": [{ "number": 1, "status": 204, "latency_ms": 3 }],
        });
        let mut table = Table::default();
        let text = plain(&(table.lines(&[parked()]) + &table.lines(&[delivered]) + &table.lines(&[])));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("ID     STATUS  WEBHOOK       EVENT"), "{text}");
        assert!(
            lines[1].ends_with("2026-05-01T08:00:00Z  10     status 500: the receiver failed; see its log"),
            "{text}"
        );
        assert!(lines[2].ends_with("2026-05-01T08:00:00Z  1      204 in 3 ms"), "{text}");
        assert!(lines[2].contains("crm           feedback"), "{text}");
        assert_eq!(Table::default().lines(&[]), "no deliveries\n");
    }

    #[test]
    fn a_card_has_each_attempt_with_address_status_time_error_and_answer() {
        let text = plain(&card(&parked()));
        assert!(text.contains("attempt 10  2026-05-04T12:00:00Z  203.0.113.7:443  500  12 ms"), "{text}");
        assert!(text.contains("see its log") && text.contains("oops\u{fffd}[2J"), "{text}");
        assert!(!card(&parked()).contains("\u{1b}[2J"), "an answer does not steer the terminal");
    }

    #[test]
    fn a_long_error_is_cut() {
        let attempt = json!({ "number": 1, "error": "é".repeat(200) });
        assert_eq!(outcome(&attempt).chars().count(), SHORT + 1);
    }
}

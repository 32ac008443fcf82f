//! What people are shown of an event, in a chat. It is text alone: what it means to Slack or Teams is up to their
//! formats, which escape it.
//!
//! A chat has more readers than the systems that work on feedback, so that of the customer it shows the words, the id
//! and the segment, and no e-mail address.

use serde_json::Value;
use url::Url;

use super::{Data, Event};
use crate::{
    delivery::webhooks::notice,
    feedback::{Analysis, Feedback, FieldType, Kind, UrgencyLevel},
};

/// Most facts: Slack takes no more fields in a section.
pub(super) const MAX_FACTS: usize = 10;
/// Longest link, in bytes: Slack takes 3,000 characters in all.
const MAX_LINK: usize = 1_000;
/// Most answers of a survey that are facts.
const MAX_ANSWERS: usize = 3;

/// What people are shown.
pub(super) struct Digest {
    /// What happened, in a line.
    pub(super) headline: String,
    /// What the customer said, or why it happened.
    pub(super) text: Option<String>,
    /// Name and value, the most important first; at most [`MAX_FACTS`].
    pub(super) facts: Vec<(String, String)>,
    /// Where the original is.
    pub(super) link: Option<String>,
    /// By what it is found in sayso.
    pub(super) reference: String,
}

impl Digest {
    /// # Errors
    /// Where the records hold what this sayso did not write.
    pub(super) fn of(event: &Event<'_>) -> Result<Self, serde_json::Error> {
        Ok(match event.data {
            Data::Analysis { payload, .. } => {
                let (feedback, analysis) = (&*payload.feedback, &*payload.analysis);
                analyzed(&serde_json::from_str(feedback)?, &serde_json::from_str(analysis)?)
            }
            Data::Notice(data) => notice_of(event.kind, data),
        })
    }
}

fn analyzed(feedback: &Feedback, analysis: &Analysis) -> Digest {
    let text = [feedback.title.as_deref().unwrap_or_default(), &feedback.text];
    let text = text.into_iter().map(clean).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    Digest {
        headline: headline(feedback, analysis),
        text: Some(text).filter(|text| !text.is_empty()),
        facts: facts(feedback, analysis),
        link: feedback.source.url.as_deref().and_then(link),
        reference: format!("feedback {} revision {}", feedback.id, feedback.revision),
    }
}

/// For example: `Very negative review, urgency high`.
fn headline(feedback: &Feedback, analysis: &Analysis) -> String {
    let kind = match feedback.kind {
        Kind::Survey => "survey response",
        Kind::Review => "review",
        Kind::CsrNote => "service note",
    };
    let said = match &analysis.sentiment {
        Some(sentiment) => format!("{} {kind}", sentiment.label.replace('_', " ")),
        None => kind.to_owned(),
    };
    let urgency = match analysis.urgency.level {
        UrgencyLevel::Low | UrgencyLevel::Normal => "",
        UrgencyLevel::High => ", urgency high",
        UrgencyLevel::Critical => ", urgency critical",
    };
    clean(&(capitalized(&said) + urgency))
}

fn facts(feedback: &Feedback, analysis: &Analysis) -> Vec<(String, String)> {
    let mut facts = Vec::with_capacity(MAX_FACTS);
    let mut put = |name: &str, value: String| {
        let (name, value) = (clean(name), clean(&value));
        if !name.is_empty() && !value.is_empty() && facts.len() < MAX_FACTS {
            facts.push((name, value));
        }
    };
    if let Some(rating) = &feedback.rating {
        put("Rating", format!("{} of {}", rating.value, rating.max));
    }
    if let Some(csat) = &feedback.csat {
        put("Satisfaction", format!("{} of {}", csat.value, csat.max));
    }
    let is_number = |field: FieldType| !matches!(field, FieldType::Text | FieldType::Categorical | FieldType::Date);
    for answer in feedback.answers.iter().filter(|answer| is_number(answer.field_type)).take(MAX_ANSWERS) {
        put(answer.field_label.as_deref().unwrap_or(&answer.field_id), shown(&answer.value));
    }
    if let Some(sentiment) = &analysis.sentiment {
        put("Sentiment", format!("{} ({:+.2})", sentiment.label.replace('_', " "), sentiment.score));
    }
    put("Routes", analysis.routes.iter().map(|route| route.name.as_str()).collect::<Vec<_>>().join(", "));
    let topics = analysis.tags.iter().filter(|tag| tag.class.is_none());
    put("Topics", topics.map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", "));
    put("Wants", analysis.intents.iter().map(|intent| intent.kind.replace('_', " ")).collect::<Vec<_>>().join(", "));
    put("Urgency", analysis.urgency.reasons.join("; "));
    if let Some(customer) = &feedback.customer {
        let known = [customer.id.as_deref(), customer.segment.as_deref()];
        put("Customer", known.into_iter().flatten().collect::<Vec<_>>().join(", "));
    }
    put("Source", feedback.source.name.as_deref().unwrap_or(&feedback.source.kind).to_owned());
    put("Language", analysis.language.as_ref().map(|language| language.code.clone()).unwrap_or_default());
    facts
}

fn notice_of(kind: &str, data: &Value) -> Digest {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    let fact = |name: &str, value: &Value| (name.to_owned(), clean(&shown(value)));
    let reason = Some(text(&data["reason"])).filter(|reason| !reason.is_empty());
    let (about, headline, facts) = match kind {
        notice::PARKED => {
            let feedback = &data["feedback"];
            let facts = vec![fact("Feedback", &feedback["id"]), fact("Kind", &feedback["kind"])];
            (format!("feedback {}", text(&feedback["id"])), "Feedback was set aside".to_owned(), facts)
        }
        notice::DISABLED => {
            let webhook = &data["webhook"];
            let facts = vec![fact("Webhook", &webhook["name"]), fact("Failing since", &data["failing_since"])];
            let headline = format!("The webhook {} was disabled", text(&webhook["name"]));
            (format!("webhook {}", text(&webhook["id"])), headline, facts)
        }
        other => (clean(other), clean(other), Vec::new()),
    };
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Digest { headline, text: reason, facts, link: None, reference: about }
}

/// A value for people to read; nothing for null.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The address of a page, in the form that has neither blanks nor quotes.
fn link(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.into()).filter(|url: &String| url.len() <= MAX_LINK)
}

/// The text without what would steer whatever shows it: control characters but for the ends of lines, and what turns the
/// direction of writing around. Blanks at both ends go too.
fn clean(text: &str) -> String {
    let steers = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let blank = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let text: String = text.replace("\r\n", "\n").chars().filter(|c| !steers(c)).map(blank).collect();
    text.trim().to_owned()
}

/// As much of the text as is at most `limit` wide, with `…` at the end where something is left out.
pub(super) fn cut(text: &str, limit: usize, width: impl Fn(char) -> usize) -> String {
    let mut used = 0;
    // Where to cut if the rest does not fit: `…` is one wide.
    let mut end = 0;
    for (index, c) in text.char_indices() {
        if used < limit {
            end = index;
        }
        used += width(c);
        if used > limit {
            return format!("{}…", &text[..end]);
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_its_limit_and_says_so() {
        let plain = |text: &str, limit| cut(text, limit, char::len_utf16);
        assert_eq!(plain("late", 4), "late");
        assert_eq!(plain("later", 4), "lat…");
        assert_eq!(plain("遅いです", 3), "遅い…");
        // An emoji is two wide, and is not cut in the middle.
        assert_eq!(plain("😀😀", 3), "😀…");
        assert_eq!(plain("😀😀😀", 4), "😀…");
        assert_eq!(cut("a&&", 6, |c| if c == '&' { 5 } else { 1 }), "a…");
        for limit in 1..40 {
            let text = "a😀遅&".repeat(9);
            assert!(plain(&text, limit).encode_utf16().count() <= limit, "{limit}");
        }
    }

    #[test]
    fn what_steers_a_terminal_or_turns_the_writing_around_is_taken_out() {
        assert_eq!(clean(" a\u{1b}[31mb\u{0}c\r\nd\u{202e}e\te\u{2066} "), "a [31mb c\nde e");
        assert_eq!(clean("家族👨‍👩‍👧"), "家族👨‍👩‍👧", "what joins emoji stays");
    }

    #[test]
    fn only_a_link_to_the_web_is_one() {
        assert!(link("https://example.com/r/1").is_some());
        for url in ["javascript:alert(1)", "slack://x", "file:///etc/passwd", "example.com", "data:text/html,x"] {
            assert!(link(url).is_none(), "{url}");
        }
        assert!(link(&format!("https://example.com/{}", "a".repeat(1_000))).is_none());
    }
}

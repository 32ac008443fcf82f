//! A message with an [Adaptive Card](https://adaptivecards.io), in the envelope that webhooks of Teams Workflows take
//! (the trigger "When a Teams webhook request is received").
//!
//! All text stands in `TextRun`s, in which Teams sees no Markdown, unlike in a `TextBlock` or a `FactSet`: no link, no
//! mention, no image.

use serde::Serialize;

use super::{
    Event, JSON, Outgoing, Unfit,
    digest::{Digest, cut},
};

/// Largest message that Teams takes, in bytes; the limits below keep to it, which a test proves.
#[cfg(test)]
pub(super) const MAX_BYTES: usize = 28 << 10;

// Longest texts, in characters of UTF-16, each of which takes up to three bytes.
const MAX_HEADLINE: usize = 200;
const MAX_TEXT: usize = 4_000;
const MAX_NAME: usize = 80;
const MAX_VALUE: usize = 240;
const MAX_REFERENCE: usize = 200;

/// What is posted.
#[derive(Serialize)]
struct Message {
    #[serde(rename = "type")]
    kind: &'static str,
    attachments: [Attachment; 1],
}

/// The card in its envelope.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    content_type: &'static str,
    content: Card,
}

/// An Adaptive Card.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
    /// What is shown where the card cannot be.
    fallback_text: String,
    body: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
}

/// A paragraph.
#[derive(Serialize)]
struct Line {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    spacing: Option<&'static str>,
    inlines: Vec<Run>,
}

/// A piece of a paragraph.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_subtle: Option<bool>,
}

/// A button.
#[derive(Serialize)]
#[serde(tag = "type")]
enum Action {
    /// Leads to a page.
    #[serde(rename = "Action.OpenUrl")]
    OpenUrl { title: &'static str, url: String },
}

impl Run {
    fn new(text: &str, limit: usize) -> Self {
        Self { kind: "TextRun", text: cut(text, limit, char::len_utf16), ..Self::default() }
    }

    fn bold(text: &str, limit: usize) -> Self {
        Self { weight: Some("Bolder"), ..Self::new(text, limit) }
    }
}

impl Line {
    const fn new(inlines: Vec<Run>) -> Self {
        Self { kind: "RichTextBlock", spacing: None, inlines }
    }
}

/// Writes an event.
pub(super) fn write(event: &Event<'_>) -> Result<Outgoing, Unfit> {
    let digest = Digest::of(event)?;
    Ok(Outgoing::new(JSON, serde_json::to_vec(&message(digest))?))
}

fn message(digest: Digest) -> Message {
    let Digest { headline, text, facts, link, reference } = digest;
    let mut body = vec![Line::new(vec![Run { size: Some("Large"), ..Run::bold(&headline, MAX_HEADLINE) }])];
    body.extend(text.map(|text| Line::new(vec![Run::new(&text, MAX_TEXT)])));
    body.extend(facts.iter().map(|(name, value)| {
        let name = Run::bold(&format!("{}: ", cut(name, MAX_NAME, char::len_utf16)), MAX_NAME + 2);
        Line { spacing: Some("Small"), ..Line::new(vec![name, Run::new(value, MAX_VALUE)]) }
    }));
    let reference = Run { is_subtle: Some(true), size: Some("Small"), ..Run::new(&reference, MAX_REFERENCE) };
    body.push(Line::new(vec![reference]));
    let card = Card {
        schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        kind: "AdaptiveCard",
        version: "1.4",
        fallback_text: cut(&headline, MAX_HEADLINE, char::len_utf16),
        body,
        actions: link.map(|url| Action::OpenUrl { title: "Open the original", url }).into_iter().collect(),
    };
    let attachment = Attachment { content_type: "application/vnd.microsoft.card.adaptive", content: card };
    Message { kind: "message", attachments: [attachment] }
}

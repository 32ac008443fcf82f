//! A message for an [incoming webhook of Slack](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks):
//! a text for notifications, and blocks.
//!
//! What customers say goes into `plain_text`, in which Slack sees no markup: no mention, no link, no emoji. Where there is
//! markup, `&`, `<` and `>` are escaped, which all of Slack's commands begin with, and `verbatim` turns off what it finds
//! by itself.

use serde::Serialize;

use super::{
    Event, JSON, Outgoing, Unfit,
    digest::{Digest, cut},
};

// Slack's limits, in characters.
const MAX_HEADER: usize = 150;
const MAX_SECTION: usize = 3_000;
const MAX_FIELD: usize = 2_000;
/// Of the text for notifications: Slack cuts off at 40,000, and asks for no more than 4,000.
const MAX_TEXT: usize = 3_000;

/// What is posted.
#[derive(Serialize)]
struct Message {
    /// For notifications, and for what shows no blocks.
    text: String,
    /// At most 50.
    blocks: Vec<Block>,
    /// Whether Slack fetches pages that are linked to, and shows them below.
    unfurl_links: bool,
    /// Likewise, images.
    unfurl_media: bool,
}

/// A part of a message.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    /// A line in large letters.
    Header { text: Text },
    /// A paragraph.
    #[serde(rename = "section")]
    Paragraph { text: Text },
    /// Up to ten short texts in two columns.
    #[serde(rename = "section")]
    Fields { fields: Vec<Text> },
    /// A line in small letters.
    Context { elements: Vec<Text> },
}

/// A text.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Text {
    /// Shown as it is.
    PlainText { text: String, emoji: bool },
    /// With markup.
    Mrkdwn { text: String, verbatim: bool },
}

impl Text {
    fn plain(text: &str, limit: usize) -> Self {
        Self::PlainText { text: cut(text, limit, char::len_utf16), emoji: false }
    }

    const fn marked(text: String) -> Self {
        Self::Mrkdwn { text, verbatim: true }
    }
}

/// Writes an event.
pub(super) fn write(event: &Event<'_>) -> Result<Outgoing, Unfit> {
    let digest = Digest::of(event)?;
    Ok(Outgoing::new(JSON, serde_json::to_vec(&message(&digest))?))
}

fn message(digest: &Digest) -> Message {
    let Digest { headline, text, facts, link, reference } = digest;
    let mut blocks = vec![Block::Header { text: Text::plain(headline, MAX_HEADER) }];
    blocks.extend(text.as_deref().map(|text| Block::Paragraph { text: Text::plain(text, MAX_SECTION) }));
    if !facts.is_empty() {
        blocks.push(Block::Fields { fields: facts.iter().map(|(name, value)| field(name, value)).collect() });
    }
    let reference = escaped(reference, MAX_FIELD);
    let reference = match link {
        // Of a link, `>` ends the address and `|` begins what is shown.
        Some(link) => {
            let address = link.replace('|', "%7C").replace('<', "%3C").replace('>', "%3E").replace('&', "&amp;");
            format!("<{address}|the original> · {reference}")
        }
        None => reference,
    };
    blocks.push(Block::Context { elements: vec![Text::marked(reference)] });
    let text = text.as_deref().map_or_else(|| headline.clone(), |text| format!("{headline}: {text}"));
    Message { text: escaped(&text, MAX_TEXT), blocks, unfurl_links: false, unfurl_media: false }
}

/// The name in bold over the value.
fn field(name: &str, value: &str) -> Text {
    let name = escaped(&name.replace(['*', '\n'], " "), MAX_FIELD / 4);
    Text::marked(format!("*{name}*\n{}", escaped(value, MAX_FIELD / 2)))
}

/// The text with Slack's three special characters escaped, at most `limit` characters long with that.
fn escaped(text: &str, limit: usize) -> String {
    let width = |c: char| match c {
        '&' => 5,
        '<' | '>' => 4,
        c => c.len_utf16(),
    };
    cut(text, limit, width).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

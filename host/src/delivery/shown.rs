//! What answers, logs and messages show of a webhook's URL.
//!
//! Of many an incoming webhook the path is the credential: `https://hooks.slack.com/services/T…/B…/…` is all that it
//! takes to post there, and so are those of Discord, Teams, Zapier and others. Which services do so cannot be listed, so
//! one rule holds for all: shown are scheme, host and port, and the first segment of the path where it is a plain word
//! ([`is_word`]); `…` stands for the rest of the path, and `?…` for a query. That tells webhooks apart well enough
//! beside their names, and nobody is shown more, since who may read is not always who may deliver.

use std::borrow::Cow;

use url::{Url, form_urlencoded};

/// What stands in the place of what is not shown.
pub const MASK: &str = "…";

/// Longest plain word, in bytes: what is longer may be a key.
const MAX_WORD: usize = 16;

/// A URL without what may be a credential: user, password, fragment, the query, and the path but a word at its
/// beginning. Empty where it cannot be read.
pub fn without_secrets(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return String::new() };
    let query = if url.query().is_some() { "?…" } else { "" };
    let (shown, hidden) = halves(url.path());
    let rest = if hidden.is_empty() { "" } else { MASK };
    format!("{}{shown}{rest}{query}", url.origin().ascii_serialization())
}

/// What is not shown of a URL, whole and in the pieces that a receiver may repeat one by one, also decoded.
pub(super) fn hidden(url: &Url) -> Vec<String> {
    let (_, path) = halves(url.path());
    let query = url.query().unwrap_or_default();
    let mut all = vec![path.to_owned(), query.to_owned()];
    // A plain word alone gives nothing away, and answers are full of them.
    let segments = path.split('/').filter(|segment| !is_word(segment));
    all.extend(segments.flat_map(|segment| [segment.to_owned(), decoded(segment)]));
    all.extend(query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())));
    all.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    all
}

/// Parts a path into what is shown and what is not.
fn halves(path: &str) -> (&str, &str) {
    let behind = path.len().min(1);
    let end = path[behind..].find('/').map_or(path.len(), |at| behind + at);
    let first = &path[behind..end];
    if first.is_empty() || is_word(first) { path.split_at((end + 1).min(path.len())) } else { path.split_at(behind) }
}

/// Whether a text is a plain word: up to 16 small letters, `-` and `_`. Keys have digits, capitals, or are longer.
fn is_word(text: &str) -> bool {
    text.len() <= MAX_WORD && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte))
}

/// A segment of a path with its `%XX` read.
fn decoded(segment: &str) -> String {
    // In a path, unlike in a form, these two stand for themselves.
    let pair = format!("={}", segment.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value): (_, Cow<'_, str>)| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLACK: &str = "https://hooks.slack.com/services/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";

    #[test]
    fn the_path_of_an_incoming_webhook_is_not_shown() {
        for (url, shown) in [
            (SLACK, "https://hooks.slack.com/services/…"),
            ("https://discord.com/api/webhooks/1234/aBc-dEf", "https://discord.com/api/…"),
            (
                "https://outlook.office.com/webhook/9a-1@2b/IncomingWebhook/3c/4d",
                "https://outlook.office.com/webhook/…",
            ),
            ("https://hook.eu1.make.com/abcdefghijklmnopqrstuvwxyz", "https://hook.eu1.make.com/…"),
            ("https://hook.eu1.make.com/a1b2c3", "https://hook.eu1.make.com/…"),
            ("https://api.telegram.org/bot12:aBc/sendMessage?chat_id=1", "https://api.telegram.org/…?…"),
            ("https://crm.example/Zx/", "https://crm.example/…"),
            ("https://crm.example//T0K3N", "https://crm.example//…"),
            ("https://user:pass@crm.example:8443/hook?token=abc#x", "https://crm.example:8443/hook?…"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }

    #[test]
    fn a_url_without_anything_that_may_be_a_credential_is_shown_whole() {
        for url in ["https://crm.example/hook", "https://crm.example/", "http://10.0.0.7:8080/in_box/"] {
            assert_eq!(without_secrets(url), url);
        }
        assert_eq!(without_secrets("no URL"), "");
    }

    #[test]
    fn what_is_hidden_is_known_in_its_pieces() {
        let url = Url::parse("https://a.example/hooks/sayso/Ab%3A12?sig=x%2By&v=1").unwrap();
        let hidden = hidden(&url);
        for piece in ["sayso/Ab%3A12", "Ab%3A12", "Ab:12", "sig=x%2By&v=1", "x%2By", "x+y"] {
            assert!(hidden.iter().any(|known| known == piece), "{piece} in {hidden:?}");
        }
        assert!(!hidden.iter().any(|known| known == "sayso" || known == "hooks"), "{hidden:?}");
        assert_eq!(decoded("a+b&c=d%20e"), "a+b&c=d e");
    }
}

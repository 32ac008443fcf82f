//! Headers that a webhook wants with every delivery.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Header;

/// Most headers of a webhook.
const MAX_HEADERS: usize = 32;
/// Longest value, in bytes.
const MAX_VALUE: usize = 4_096;

/// Headers that sayso or the connection sets (RFC 9110, section 7.6.1, among others).
const RESERVED: [&str; 19] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "sayso-test",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "forwarded",
];

/// Reads the headers.
///
/// # Errors
/// The header at fault, and what is wrong with it.
pub(super) fn read(written: &BTreeMap<String, Header>) -> Result<HeaderMap, (String, String)> {
    if written.len() > MAX_HEADERS {
        return Err((String::new(), format!("there are {}; {MAX_HEADERS} are the most", written.len())));
    }
    let mut headers = HeaderMap::with_capacity(written.len());
    for (name, header) in written {
        let wrong = |message: &str| Err((name.clone(), message.to_owned()));
        let Ok(parsed) = HeaderName::try_from(name.as_str()) else {
            return wrong("this is no name of a header: letters, digits and `-`");
        };
        // `ce-` would make a CloudEvent of whatever is sent.
        let is_prefixed = ["webhook-", "ce-"].iter().any(|prefix| parsed.as_str().starts_with(prefix));
        if RESERVED.contains(&parsed.as_str()) || is_prefixed {
            return wrong("sayso or the connection sets this one; take it out");
        }
        let Some(value) = &header.value else {
            return wrong("its value is missing: { \"value\": \"…\", \"secret\": true }");
        };
        if value.expose().len() > MAX_VALUE {
            return wrong("its value is longer than 4096 bytes");
        }
        let Ok(mut value) = HeaderValue::from_str(value.expose()) else {
            return wrong("its value has characters that a header cannot carry");
        };
        // Keeps it out of what HTTP libraries log, and out of HPACK's table.
        value.set_sensitive(header.is_secret);
        if headers.insert(parsed, value).is_some() {
            return wrong("it is given twice, in upper and lower case");
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn one(name: &str, value: &str) -> Result<HeaderMap, (String, String)> {
        let header = Header { value: Some(Secret::new(value.into())), is_secret: true };
        read(&BTreeMap::from([(name.to_owned(), header)]))
    }

    #[test]
    fn a_header_of_ones_own_is_taken_and_marked_as_sensitive() {
        let headers = one("X-Team", "care").unwrap();
        assert_eq!(headers["x-team"], "care");
        assert!(headers["x-team"].is_sensitive());
        assert!(one("authorization", "Bearer x").is_ok());
        assert!(one("user-agent", "ours").is_ok());
    }

    #[test]
    fn headers_that_are_not_the_webhooks_to_set_are_refused() {
        for name in [
            "Host",
            "content-length",
            "Content-Type",
            "connection",
            "TE",
            "transfer-encoding",
            "upgrade",
            "webhook-id",
            "Webhook-Signature",
            "webhook-anything",
            "ce-id",
            "proxy-authorization",
        ] {
            assert_eq!(one(name, "x").unwrap_err().0, name);
        }
    }

    #[test]
    fn what_would_break_out_of_the_header_is_refused_without_being_shown() {
        for value in ["a\r\nhost: evil", "a\nb", "a\0b"] {
            let (_, message) = one("x-a", value).unwrap_err();
            assert!(!message.contains("evil"), "{message}");
        }
        for name in ["", "a b", "a:b", "é", "a\r\n"] {
            assert!(one(name, "x").is_err(), "{name}");
        }
        assert!(one("x-a", &"x".repeat(4_097)).is_err());
    }

    #[test]
    fn a_name_in_two_spellings_is_given_twice() {
        let header = Header { value: Some(Secret::new("x".into())), is_secret: false };
        let twice = BTreeMap::from([("X-A".to_owned(), header.clone()), ("x-a".to_owned(), header)]);
        assert!(read(&twice).is_err());
    }
}

//! Headers of requests: which are the connection's own, and how the operator's are filled with secrets.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::wit;

/// Most headers of one request.
const MAX_HEADERS: usize = 64;
/// Most bytes of the names and values of the headers of one request.
const MAX_BYTES: usize = 16 << 10;
/// A shorter text may stand in an answer by chance.
const MIN_SECRET: usize = 8;

/// Whether a header is the connection's own. Answers come uncompressed, so that their size is what is read of them.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "host"
            | "content-length"
            | "transfer-encoding"
            | "connection"
            | "keep-alive"
            | "upgrade"
            | "http2-settings"
            | "te"
            | "trailer"
            | "expect"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "accept-encoding"
    )
}

/// The headers of a plugin's request.
///
/// # Errors
/// The header at fault.
pub(super) fn of_plugin(given: &[wit::http::Header]) -> Result<HeaderMap, String> {
    let bytes: usize = given.iter().map(|header| header.name.len() + header.value.len()).sum();
    if given.len() > MAX_HEADERS || bytes > MAX_BYTES {
        return Err(format!(
            "{} headers of {bytes} bytes are more than a request may have: {MAX_HEADERS}, of {MAX_BYTES} bytes",
            given.len()
        ));
    }
    let mut headers = HeaderMap::with_capacity(given.len());
    for wit::http::Header { name, value } in given {
        let short = &name[..name.floor_char_boundary(64)];
        let name: HeaderName =
            name.parse().map_err(|_| format!("`{}` is no name of a header", short.escape_debug()))?;
        if is_reserved(&name) {
            return Err(format!("the header `{name}` is the connection's own; leave it out"));
        }
        let value = HeaderValue::try_from(value)
            .map_err(|_| format!("the value of the header `{name}` has characters that no header may have"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// A value in which `${NAME}` is filled in, and what it was filled with.
///
/// # Errors
/// The variable that is not set.
pub(super) fn fill(template: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(String, Vec<String>), String> {
    let (mut text, mut filled, mut rest) = (String::new(), Vec::new(), template);
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind.split_once('}').ok_or("a `${` has no `}`; write ${NAME}")?;
        let value = variable(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("the environment has no variable {name}; set it where sayso is started"))?;
        text.push_str(before);
        text.push_str(value.trim());
        filled.push(value.trim().to_owned());
        rest = after;
    }
    text.push_str(rest);
    Ok((text, filled))
}

/// What of a header must not come back in an answer: what was filled in, and a credential that stands in the file.
pub(super) fn secrets(name: &HeaderName, text: &str, filled: Vec<String>) -> impl Iterator<Item = String> {
    let words = ["authorization", "cookie", "key", "token", "secret", "password"];
    let is_credential = words.iter().any(|word| name.as_str().contains(word));
    let literal = text.rsplit(' ').next().filter(|_| is_credential && filled.is_empty()).map(str::to_owned);
    filled.into_iter().chain(literal).filter(|secret| secret.len() >= MIN_SECRET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> wit::http::Header {
        wit::http::Header { name: name.into(), value: value.into() }
    }

    #[test]
    fn headers_of_the_connection_are_refused_whatever_their_case() {
        for name in ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "accept-encoding", "Keep-Alive"] {
            assert!(of_plugin(&[header(name, "x")]).expect_err(name).contains("the connection's own"), "{name}");
        }
        let two = of_plugin(&[header("X-One", "1"), header("x-one", "2")]).expect("are headers");
        assert_eq!(two.get_all("x-one").iter().count(), 2);
    }

    #[test]
    fn a_header_cannot_smuggle_another_in() {
        assert!(of_plugin(&[header("x-one", "1\r\nhost: evil")]).is_err());
        assert!(of_plugin(&[header("x-one\r\nhost", "evil")]).is_err());
        assert!(of_plugin(&[header(&"x".repeat(1 << 20), "1")]).is_err());
        assert!(of_plugin(&vec![header("x", "1"); MAX_HEADERS + 1]).expect_err("too many").contains("65 headers"));
    }

    #[test]
    fn variables_are_filled_in_and_known_as_secrets() {
        let variable = |name: &str| (name == "A").then(|| "0123456789\n".to_owned());
        let (text, filled) = fill("Bearer ${A}.${A}", &variable).expect("is set");
        assert_eq!(text, "Bearer 0123456789.0123456789");
        assert_eq!(
            secrets(&HeaderName::from_static("authorization"), &text, filled).next().as_deref(),
            Some("0123456789")
        );
        assert!(fill("${B}", &variable).expect_err("unset").contains('B'));
        assert!(fill("${A", &variable).is_err());
        assert_eq!(fill("$5", &variable).expect("plain"), ("$5".into(), Vec::new()));
    }

    #[test]
    fn a_credential_in_the_file_is_a_secret_too() {
        let of = |name: &'static str, text: &str| {
            secrets(&HeaderName::from_static(name), text, Vec::new()).collect::<Vec<_>>()
        };
        assert_eq!(of("authorization", "Bearer 0123456789"), ["0123456789"]);
        assert_eq!(of("x-api-key", "0123456789"), ["0123456789"]);
        assert!(of("accept", "application/json").is_empty() && of("x-api-key", "short").is_empty());
    }
}

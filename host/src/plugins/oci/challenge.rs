//! What a registry wants to be shown, as it says in `WWW-Authenticate`: RFC 9110, section 11.6.1, and the token
//! specification of the distribution project.

use http::HeaderValue;

/// What a registry wants to be shown.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Challenge {
    /// A token of this service, for it to take.
    Bearer {
        /// The URL of the service that gives tokens.
        realm: String,
        /// What the registry is to that service.
        service: Option<String>,
    },
    /// The password itself.
    Basic,
}

impl Challenge {
    /// What these headers ask for: a token rather than a password, and nothing where they ask for neither.
    pub(super) fn of<'a>(headers: impl IntoIterator<Item = &'a HeaderValue>) -> Option<Self> {
        let headers = headers.into_iter().filter_map(|header| header.to_str().ok());
        let all: Vec<Scheme<'_>> = headers.flat_map(schemes).collect();
        let bearer = all.iter().filter(|scheme| scheme.name.eq_ignore_ascii_case("bearer")).find_map(Scheme::bearer);
        let has_basic = || all.iter().any(|scheme| scheme.name.eq_ignore_ascii_case("basic"));
        bearer.or_else(|| has_basic().then_some(Self::Basic))
    }
}

/// One of the ways that a header offers.
struct Scheme<'a> {
    name: &'a str,
    parameters: Vec<&'a str>,
}

impl Scheme<'_> {
    fn bearer(&self) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: self.parameter("realm")?, service: self.parameter("service") })
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let mut named = self.parameters.iter().filter_map(|parameter| parameter.split_once('='));
        named.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| unquoted(value.trim()))
    }
}

/// The ways that a header offers, each with what follows it until the next one.
fn schemes(header: &str) -> Vec<Scheme<'_>> {
    let mut schemes: Vec<Scheme<'_>> = Vec::new();
    for part in parts(header).map(str::trim).filter(|part| !part.is_empty()) {
        let (head, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
        let is_parameter = head.contains('=') || rest.trim_start().starts_with('=');
        match schemes.last_mut() {
            Some(scheme) if is_parameter => scheme.parameters.push(part),
            _ => schemes.push(Scheme { name: head, parameters: vec![rest.trim()] }),
        }
    }
    schemes
}

/// What stands between commas, other than those in quotes.
fn parts(header: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    header.split(move |character| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        character == ',' && !is_quoted
    })
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[&'static str]) -> Option<Challenge> {
        let headers: Vec<HeaderValue> = headers.iter().map(|header| HeaderValue::from_static(header)).collect();
        Challenge::of(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.into(), service: service.map(str::to_owned) })
    }

    #[test]
    fn a_token_is_asked_for_as_registries_do() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#;
        assert_eq!(of(&[hub]), bearer("https://auth.docker.io/token", Some("registry.docker.io")));
        let scoped = r#"bearer  Service = "a, b" , scope="repository:a/b:pull,push",realm="https://a.example/\"t\"""#;
        assert_eq!(of(&[scoped]), bearer("https://a.example/\"t\"", Some("a, b")));
        assert_eq!(of(&["Bearer realm=https://a.example/t"]), bearer("https://a.example/t", None));
    }

    #[test]
    fn a_token_goes_before_a_password_wherever_it_stands() {
        let token = bearer("https://a.example/t", None);
        assert_eq!(of(&[r#"Basic realm="x, Bearer", Bearer realm="https://a.example/t""#]), token);
        assert_eq!(of(&[r#"Basic realm="x""#, r#"Bearer realm="https://a.example/t""#]), token);
        assert_eq!(of(&[r#"Bearer error="no realm", Basic realm="x""#]), Some(Challenge::Basic));
        assert_eq!(of(&["basic"]), Some(Challenge::Basic));
    }

    #[test]
    fn what_asks_for_neither_gets_neither() {
        for header in ["", ",,", "Negotiate", "Digest realm=\"Basic\"", "Bearer", "realm=\"x\"", "\"Basic", "= ="] {
            assert_eq!(of(&[header]), None, "{header}");
        }
        assert_eq!(of(&[]), None);
    }
}

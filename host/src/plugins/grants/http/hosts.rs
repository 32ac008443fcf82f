//! Which hosts a plugin may call, and the headers that sayso adds for each.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::headers;
use crate::config::{self, Secret};

/// Fewest labels behind the `*.` of a wildcard: all names below `com` are half the Internet.
const MIN_LABELS: usize = 2;

/// The hosts, the single ones before the wildcards, so that their headers win.
#[derive(Debug)]
pub(super) struct Hosts(Vec<Rule>);

/// One host, or all below a name.
#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    /// None for the port of the scheme.
    port: Option<u16>,
    headers: HeaderMap,
    /// What of the headers must not come back in an answer.
    secrets: Vec<Secret>,
}

#[derive(PartialEq, Eq, Debug)]
enum Pattern {
    Exact(Host),
    /// Every name below this one.
    Below(String),
}

/// What holds for one request.
#[derive(Debug)]
pub(super) struct Allowed {
    /// To be added.
    pub(super) headers: HeaderMap,
    /// What must not come back.
    pub(super) secrets: Vec<Secret>,
}

impl Hosts {
    /// Reads the hosts of a configuration, and the variables that its headers name.
    ///
    /// # Errors
    /// The host or header at fault, and what to do.
    pub(super) fn read(config: &config::Http, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        if let Some(unknown) = config.headers.keys().find(|host| !config.hosts.contains(host)) {
            return Err(format!(
                "http.headers is for `{unknown}`, which is not in http.hosts as it stands there; write both alike"
            ));
        }
        let none = BTreeMap::new();
        let rule = |entry: &String| {
            let headers = config.headers.get(entry).unwrap_or(&none);
            Rule::read(entry, headers, variable).map_err(|why| format!("http: `{entry}`: {why}"))
        };
        let mut rules: Vec<_> = config.hosts.iter().map(rule).collect::<Result<_, _>>()?;
        rules.sort_by_key(|rule| matches!(rule.pattern, Pattern::Below(_)));
        Ok(Self(rules))
    }

    /// What holds for a request to this URL; none if it may not be made.
    pub(super) fn allow(&self, url: &Url) -> Option<Allowed> {
        let mut matching = self.0.iter().filter(|rule| rule.matches(url)).peekable();
        matching.peek()?;
        let mut allowed = Allowed { headers: HeaderMap::new(), secrets: Vec::new() };
        for rule in matching {
            for (name, value) in &rule.headers {
                allowed.headers.entry(name).or_insert_with(|| value.clone());
            }
            allowed.secrets.extend(rule.secrets.iter().cloned());
        }
        Some(allowed)
    }
}

impl Rule {
    fn read(
        entry: &str,
        headers: &BTreeMap<String, Secret>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let (pattern, port) = parse(entry)?;
        let mut rule = Self { pattern, port, headers: HeaderMap::new(), secrets: Vec::new() };
        for (name, template) in headers {
            rule.add(name, template.expose(), variable).map_err(|why| format!("header `{name}`: {why}"))?;
        }
        Ok(rule)
    }

    fn add(&mut self, name: &str, template: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
        let name: HeaderName = name.parse().map_err(|_| "this is no name of a header")?;
        if headers::is_reserved(&name) {
            return Err("this header is the connection's own; take it out".into());
        }
        let (text, variables) = headers::fill(template, variable)?;
        let mut value = HeaderValue::try_from(&text)
            .map_err(|_| "its value, with the variables filled in, has characters that no header may have")?;
        // So that no log of a library shows it.
        value.set_sensitive(true);
        self.secrets.extend(headers::secrets(&name, &text, variables).map(Secret::new));
        self.headers.insert(name, value);
        Ok(())
    }

    fn matches(&self, url: &Url) -> bool {
        url.port() == self.port
            && match (&self.pattern, url.host()) {
                (Pattern::Exact(Host::Domain(own)), Some(Host::Domain(name))) => undotted(name) == own,
                (Pattern::Exact(own), Some(host)) => *own == host.to_owned(),
                (Pattern::Below(own), Some(Host::Domain(name))) => {
                    undotted(name).strip_suffix(own.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                }
                (Pattern::Below(_), _) | (_, None) => false,
            }
    }
}

/// `example.com.` is the same name as `example.com`.
fn undotted(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn parse(entry: &str) -> Result<(Pattern, Option<u16>), String> {
    let (is_wildcard, rest) = entry.strip_prefix("*.").map_or((false, entry), |rest| (true, rest));
    let advice = "write a host such as \"api.example.com\", \"*.example.com\" or \"10.0.0.7:8443\"";
    if rest.contains(['/', '?', '#', '@', '*', '\\', ' ', '%']) {
        return Err(format!("this is no host; {advice}"));
    }
    let url =
        Url::parse(&format!("https://{rest}/")).map_err(|error| format!("this is no host ({error}); {advice}"))?;
    let host = url.host().ok_or_else(|| format!("this is no host; {advice}"))?.to_owned();
    match host {
        Host::Domain(name) => {
            let name = undotted(&name).to_owned();
            if !is_wildcard {
                return Ok((Pattern::Exact(Host::Domain(name)), url.port()));
            }
            if name.split('.').count() < MIN_LABELS {
                return Err("a wildcard over a whole top-level domain allows half the Internet; name the domain".into());
            }
            Ok((Pattern::Below(name), url.port()))
        }
        _ if is_wildcard => Err("an address has no names below it; name each".into()),
        address => Ok((Pattern::Exact(address), url.port())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: &str) -> config::Http {
        toml::from_str(toml).expect("is configuration")
    }

    fn read(toml: &str) -> Result<Hosts, String> {
        let variable = |name: &str| (name == "MODEL_KEY").then(|| "sk_0123456789".to_owned());
        Hosts::read(&config(toml), &variable)
    }

    fn allows(hosts: &Hosts, url: &str) -> bool {
        hosts.allow(&url.parse().expect(url)).is_some()
    }

    #[test]
    fn a_host_is_allowed_as_it_is_written_and_no_other() {
        let hosts = read(r#"hosts = ["api.example.com", "*.models.example.com", "local.example.com:8443", "8.8.8.8"]"#);
        let hosts = hosts.expect("are hosts");
        for url in [
            "https://api.example.com/v1?x=1",
            "https://API.EXAMPLE.COM./",
            "https://api.example.com:443/",
            "https://a.models.example.com/",
            "https://a.b.models.example.com/",
            "https://local.example.com:8443/",
            "https://8.8.8.8/",
            "https://0x08080808/",
        ] {
            assert!(allows(&hosts, url), "{url}");
        }
        for url in [
            "https://example.com/",
            "https://xapi.example.com/",
            "https://api.example.com.evil.org/",
            "https://api.example.com:8443/",
            "https://api.example.com@evil.org/",
            "https://models.example.com/",
            "https://evilmodels.example.com/",
            "https://.models.example.com/",
            "https://local.example.com/",
            "https://8.8.4.4/",
        ] {
            assert!(!allows(&hosts, url), "{url}");
        }
    }

    #[test]
    fn an_international_name_is_the_same_in_both_forms() {
        let hosts = read(r#"hosts = ["bücher.example"]"#).expect("is a host");
        assert!(allows(&hosts, "https://xn--bcher-kva.example/") && allows(&hosts, "https://BÜCHER.example/"));
    }

    #[test]
    fn what_is_no_host_is_refused_with_what_to_write() {
        for entry in
            ["https://api.example.com", "api.example.com/v1", "*", "*.", "user@example.com", "a b", "", "a*b.c"]
        {
            let error = read(&format!("hosts = [{entry:?}]")).expect_err(entry);
            assert!(error.contains("no host"), "{entry}: {error}");
        }
        assert!(read(r#"hosts = ["*.com"]"#).expect_err("too wide").contains("top-level"));
        assert!(read(r#"hosts = ["*.10.0.0.7"]"#).is_err());
    }

    #[test]
    fn headers_are_added_for_their_host_and_those_of_the_single_host_win() {
        let hosts = read(
            r#"
            hosts = ["*.example.com", "api.example.com"]
            [headers]
            "*.example.com" = { x-team = "care", authorization = "none of it" }
            "api.example.com" = { authorization = "Bearer ${MODEL_KEY}" }
            "#,
        )
        .expect("are hosts");
        let allowed = hosts.allow(&"https://api.example.com/".parse().unwrap()).expect("allowed");
        assert_eq!(allowed.headers["authorization"], "Bearer sk_0123456789");
        assert_eq!(allowed.headers["x-team"], "care");
        assert!(allowed.secrets.contains(&Secret::new("sk_0123456789".into())));
        let other = hosts.allow(&"https://b.example.com/".parse().unwrap()).expect("allowed");
        assert_eq!(other.headers["authorization"], "none of it");
        let shown = format!("{hosts:?}{allowed:?}");
        assert!(!shown.contains("Bearer") && !shown.contains("sk_0123"), "{shown}");
    }

    #[test]
    fn a_header_that_cannot_be_added_is_refused_by_name() {
        let with = |headers: &str| read(&format!("hosts = [\"a.example\"]\n[headers]\n{headers}")).expect_err(headers);
        assert!(with(r#""b.example" = { x = "1" }"#).contains("`b.example`"));
        let unset = with(r#""a.example" = { authorization = "Bearer ${NO_SUCH}" }"#);
        assert!(unset.contains("`authorization`") && unset.contains("NO_SUCH"), "{unset}");
        assert!(with(r#""a.example" = { host = "b" }"#).contains("the connection's own"));
        assert!(with(r#""a.example" = { "no name" = "b" }"#).contains("no name of a header"));
    }
}

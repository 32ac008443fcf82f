//! `http` of a `[[plugin]]`: what the grant `http` comes with.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{Grant, Plugin, Secret, duration};

/// `http` of a `[[plugin]]`: the hosts that a plugin with the grant `http` may call, and the bounds of its requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The hosts, each `api.example.com`, or `*.example.com` for all names below one, with `:PORT` where the port is not
    /// that of the scheme.
    pub hosts: Vec<String>,
    /// Headers that sayso adds to requests to a host, by the host as it stands in `hosts`; they win over the plugin's
    /// own, which never sees them. In a value, `${NAME}` stands for the variable of the environment.
    #[serde(default)]
    pub headers: BTreeMap<String, BTreeMap<String, Secret>>,
    /// Longest that a request may take from when it is asked for, with waiting for its turn; 10 s, at most 5 m. A call of
    /// the plugin may wait as long for each of its items.
    #[serde(default = "Http::default_timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Requests under way at once, over all threads, 1 to 256; 8. So many threads run the chain beside those of
    /// `pipeline.workers`, as far as there is room for their instances, since a thread whose plugin waits does nothing else.
    #[serde(default = "Http::default_concurrency")]
    pub concurrency: usize,
    /// Largest body of a request, in bytes; 1 MiB, at most 16 MiB.
    #[serde(default = "Http::default_max_bytes")]
    pub max_request_bytes: usize,
    /// Largest body of an answer, in bytes; 1 MiB, at most 16 MiB.
    #[serde(default = "Http::default_max_bytes")]
    pub max_response_bytes: usize,
    /// Whether hosts may lead to private and loopback addresses, and be called by plain http.
    #[serde(default)]
    pub allow_private: bool,
}

impl Http {
    const fn default_timeout() -> Duration {
        Duration::from_secs(10)
    }

    const fn default_concurrency() -> usize {
        8
    }

    const fn default_max_bytes() -> usize {
        1 << 20
    }

    /// Checks that what it says is within bounds.
    ///
    /// # Errors
    /// The key at fault, and what to write.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.hosts.is_empty() {
            return Err(("http.hosts", format!("`http.hosts` lists no host; write for example {EXAMPLE}")));
        }
        if self.timeout.is_zero() || self.timeout > MAX_TIMEOUT {
            return Err(("http.timeout", "`http.timeout`: give more than nothing and at most \"5m\"".into()));
        }
        if !(1..=MAX_CONCURRENCY).contains(&self.concurrency) {
            return Err(("http.concurrency", format!("`http.concurrency`: give 1 to {MAX_CONCURRENCY}")));
        }
        let sizes =
            [("http.max_request_bytes", self.max_request_bytes), ("http.max_response_bytes", self.max_response_bytes)];
        match sizes.into_iter().find(|(_, bytes)| *bytes > MAX_BYTES) {
            Some((key, _)) => Err((key, format!("`{key}`: give at most {MAX_BYTES}"))),
            None => Ok(()),
        }
    }
}

/// What to write, for messages.
const EXAMPLE: &str = "http = { hosts = [\"api.example.com\"] }";
/// Longest time limit of a request.
const MAX_TIMEOUT: Duration = Duration::from_secs(300);
/// Most requests under way at once.
const MAX_CONCURRENCY: usize = 256;
/// Largest body of a request or an answer, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// Checks that the grant and what it comes with are both there, and within bounds.
///
/// # Errors
/// The key at fault within the `[[plugin]]`, and what to write.
pub(super) fn check(plugin: &Plugin) -> Result<(), (&'static str, String)> {
    let is_granted = plugin.grants.contains(&Grant::Http);
    let Some(http) = &plugin.http else {
        let message = format!("the grant \"http\" goes with the hosts that may be called; add {EXAMPLE}");
        return if is_granted { Err(("grants", message)) } else { Ok(()) };
    };
    if !is_granted {
        return Err(("http", "`http` does nothing without its grant; add grants = [\"http\"]".into()));
    }
    http.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(lines: &str) -> Plugin {
        toml::from_str(&format!("name = \"model\"\nuse = \"model.wasm\"\n{lines}")).expect("is a plugin")
    }

    fn refusal(lines: &str) -> String {
        check(&plugin(lines)).expect_err(lines).1
    }

    #[test]
    fn the_grant_and_its_hosts_go_together() {
        assert!(refusal("grants = [\"http\"]").contains("http = { hosts ="));
        assert!(refusal("http = { hosts = [\"a.example\"] }").contains("grants = [\"http\"]"));
        assert!(refusal("grants = [\"http\"]\nhttp = { hosts = [] }").contains("no host"));
        assert_eq!(check(&plugin("grants = [\"http\"]\nhttp = { hosts = [\"a.example\"] }")), Ok(()));
        assert_eq!(check(&plugin("")), Ok(()));
    }

    #[test]
    fn bounds_are_kept() {
        let with = |more: &str| refusal(&format!("grants = [\"http\"]\nhttp = {{ hosts = [\"a.example\"], {more} }}"));
        assert!(with("timeout = \"0s\"").contains("timeout"));
        assert!(with("timeout = \"6m\"").contains("timeout"));
        assert!(with("concurrency = 0").contains("1 to 256"));
        assert!(with("max_response_bytes = 16777217").contains("max_response_bytes"));
    }

    #[test]
    fn the_value_of_a_header_is_in_no_debug_output() {
        let plugin = plugin(
            "grants = [\"http\"]\nhttp = { hosts = [\"a.example\"], headers = { \"a.example\" = { authorization = \"hidden\" } } }",
        );
        let shown = format!("{plugin:?}");
        assert!(shown.contains("authorization") && !shown.contains("hidden"), "{shown}");
    }
}

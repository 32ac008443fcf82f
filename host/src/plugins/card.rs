//! What is told of a plugin in the chain, by the API and the command line, and by which one chain is told from another.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{inspect, loader::Plugin, source::hex};
use crate::config::{self, Grant, Limits, OnFault, Secret};

/// What is told of a plugin in the chain.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PluginCard)]
pub struct Card<'a> {
    /// Its name in the chain.
    pub name: &'a str,
    /// Where it comes from.
    #[serde(rename = "use")]
    pub source: &'a str,
    /// Its version, by its own word.
    pub version: &'a str,
    /// One sentence, by its own word.
    pub summary: &'a str,
    /// `sha256:` and the digest of the component.
    pub digest: &'a str,
    /// `sha256:` and the digest of its configuration.
    pub config: &'a str,
    /// What happens to an item that it fails on.
    pub on_fault: OnFault,
    /// Whether it runs beside the chain.
    pub shadow: bool,
    /// What it is given of every feedback, beside what every plugin is given.
    pub reads: Vec<&'static str>,
    /// What it may import beyond `log`.
    pub grants: &'a [Grant],
    /// Whom it may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpCard<'a>>,
    /// What the grant `text` parts Japanese, Korean and Chinese with: of each language's dictionary the digest, where it is
    /// installed and the plugin imports the grant.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dictionaries: BTreeMap<&'a str, &'a str>,
    /// What it may use up.
    pub limits: Limits,
}

/// What is told of the grant `http` of a plugin: of headers the names alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PluginHttp)]
pub struct HttpCard<'a> {
    /// The hosts.
    pub hosts: &'a [String],
    /// The names of the headers that are added, by the host.
    pub headers: BTreeMap<&'a str, Vec<&'a str>>,
    /// Time limit of a request, in milliseconds.
    pub timeout_ms: u64,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Largest body of a request, in bytes.
    pub max_request_bytes: usize,
    /// Largest body of an answer, in bytes.
    pub max_response_bytes: usize,
    /// Whether hosts may lead to private addresses.
    pub allow_private: bool,
}

impl<'a> From<&'a config::Http> for HttpCard<'a> {
    fn from(http: &'a config::Http) -> Self {
        let names = |(host, headers): (&'a String, &'a BTreeMap<String, Secret>)| {
            (host.as_str(), headers.keys().map(String::as_str).collect())
        };
        Self {
            hosts: &http.hosts,
            headers: http.headers.iter().map(names).collect(),
            timeout_ms: u64::try_from(http.timeout.as_millis()).unwrap_or(u64::MAX),
            concurrency: http.concurrency,
            max_request_bytes: http.max_request_bytes,
            max_response_bytes: http.max_response_bytes,
            allow_private: http.allow_private,
        }
    }
}

impl Plugin {
    /// What is told of it.
    pub fn card(&self) -> Card<'_> {
        Card {
            name: &self.name,
            source: &self.source,
            version: &self.version,
            summary: &self.summary,
            digest: &self.digest,
            config: &self.config_digest,
            on_fault: self.on_fault,
            shadow: self.shadow,
            reads: inspect::names(self.reads),
            grants: &self.grants,
            http: self.http_config.as_ref().map(HttpCard::from),
            dictionaries: if self.uses_text { self.dictionaries.digests() } else { BTreeMap::new() },
            limits: self.limits,
        }
    }
}

/// `sha256:` and the digest of what the cards say: two chains with the same one do the same.
pub(super) fn digest<'a>(plugins: impl Iterator<Item = &'a Plugin>) -> String {
    let cards: Vec<_> = plugins.map(Plugin::card).collect();
    let written = serde_json::to_vec(&cards).expect("a card has no map whose names are not text");
    format!("sha256:{}", hex(&written))
}

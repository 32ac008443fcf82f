//! What is told of a plugin in the chain, by the API and the command line, and by which one chain is told from another.

use serde::Serialize;

use super::{inspect, loader::Plugin, source::hex};
use crate::config::{Grant, Limits, OnFault};

/// What is told of a plugin in the chain.
#[derive(Clone, Debug, Serialize)]
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
    /// What it may use up.
    pub limits: Limits,
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

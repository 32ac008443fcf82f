//! What of an analysis is compared.

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;

use crate::{
    dictionary::DictionaryLanguage,
    feedback::{Analysis, Language, Provenance, Scores},
    plugins::Chain,
};

/// What of an analysis is compared. It reads as one, and passes over the rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stand {
    sentiment: Option<Labelled>,
    pub(super) scores: Scores,
    tags: Vec<Named>,
    intents: Vec<Named>,
    routes: Vec<Named>,
    language: Option<Language>,
    pub(super) provenance: Vec<Provenance>,
}

#[derive(Clone, Debug, Deserialize)]
struct Labelled {
    label: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Named {
    #[serde(alias = "type")]
    name: String,
}

/// What names stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Family {
    Route,
    Tag,
    Intent,
    Label,
}

impl Stand {
    /// The names of a family.
    pub(super) fn names(&self, family: Family) -> BTreeSet<&str> {
        let list = match family {
            Family::Route => &self.routes,
            Family::Tag => &self.tags,
            Family::Intent => &self.intents,
            Family::Label => return self.sentiment.iter().map(|sentiment| sentiment.label.as_str()).collect(),
        };
        list.iter().map(|named| named.name.as_str()).collect()
    }

    /// Whether this very chain said it. Of texts that are read by a dictionary nobody knows: that may be another by now, or
    /// the first.
    pub(super) fn is_of(&self, chain: &[Key]) -> bool {
        if self.language.as_ref().is_some_and(|language| DictionaryLanguage::of_code(&language.code).is_some()) {
            return false;
        }
        let same = |(ran, key): (&Provenance, &Key)| {
            ran.plugin == key.plugin && ran.digest == key.digest && ran.config == key.config
        };
        self.provenance.len() == chain.len() && self.provenance.iter().zip(chain).all(same)
    }
}

impl From<Analysis> for Stand {
    fn from(analysis: Analysis) -> Self {
        let named = |name| Named { name };
        Self {
            sentiment: analysis.sentiment.map(|sentiment| Labelled { label: sentiment.label }),
            scores: analysis.scores,
            tags: analysis.tags.into_iter().map(|tag| named(tag.name)).collect(),
            intents: analysis.intents.into_iter().map(|intent| named(intent.kind)).collect(),
            routes: analysis.routes.into_iter().map(|route| named(route.name)).collect(),
            language: analysis.language,
            provenance: analysis.provenance,
        }
    }
}

/// By what a plugin is told from another in a provenance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Key {
    plugin: Arc<str>,
    digest: Arc<str>,
    config: Arc<str>,
}

/// The keys of a chain.
pub(super) fn keys(chain: &Chain) -> Vec<Key> {
    let key = |plugin: &Arc<crate::plugins::Plugin>| Key {
        plugin: plugin.name.clone(),
        digest: plugin.digest.clone(),
        config: plugin.config_digest.clone(),
    };
    chain.plugins().iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_analysis_is_of_the_chain_that_made_it_unless_a_dictionary_had_a_say() {
        let key = Key { plugin: "tagger".into(), digest: "sha256:1".into(), config: "sha256:2".into() };
        let stand = |language: &str, config: &str| -> Stand {
            let ran = json!({
                "plugin": "tagger", "version": "1.0.0", "digest": "sha256:1", "config": config, "status": "ok", "us": 1
            });
            let language = json!({ "code": language, "confidence": 1.0 });
            serde_json::from_value(json!({ "language": language, "provenance": [ran] })).expect("is an analysis")
        };
        assert!(stand("en", "sha256:2").is_of(std::slice::from_ref(&key)));
        assert!(!stand("en", "sha256:3").is_of(std::slice::from_ref(&key)), "configured in another way");
        assert!(!stand("ja", "sha256:2").is_of(std::slice::from_ref(&key)), "the dictionary may be new");
    }
}

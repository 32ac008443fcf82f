//! Plugins in the shadow (`shadow = true`): they see what a plugin in their place would see, and what they say is kept
//! beside the analysis, where no later plugin, webhook, search or count comes by it.

use std::{collections::BTreeMap, sync::Arc};

use super::{item::Effect, merge};
use crate::feedback::{Language, Provenance, Shadow};

/// What the plugins in the shadow said of one feedback, by their names.
pub(super) type Shadows = BTreeMap<Arc<str>, Shadow>;

/// What is kept of one run.
pub(super) fn summary(effects: Vec<Effect>, provenance: Provenance) -> Shadow {
    let redactions = effects.iter().filter(|effect| matches!(effect, Effect::Redact(_))).count();
    // Merged as those of a chain are, so that the two can be compared.
    let language = Language { code: String::new(), confidence: 0.0 };
    let merged = merge::analysis(language, effects, Vec::new(), Vec::new());
    Shadow {
        version: provenance.version,
        digest: provenance.digest,
        config: provenance.config,
        status: provenance.status,
        reason: provenance.reason,
        us: provenance.us,
        label: merged.sentiment.map(|sentiment| sentiment.label),
        scores: merged.scores,
        tags: merged.tags.into_iter().map(|tag| tag.name).collect(),
        intents: merged.intents.into_iter().map(|intent| intent.kind).collect(),
        routes: merged.routes.into_iter().map(|route| route.name).collect(),
        other: merged.other,
        redactions: u32::try_from(redactions).unwrap_or(u32::MAX),
    }
}

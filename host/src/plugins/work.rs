//! One feedback on its way through the chain.

use super::{
    chain::{Failure, Outcome},
    events,
    item::{Effect, Subject},
    loader::Plugin,
    merge, redact,
    shadow::Shadows,
};
use crate::feedback::{Kind, Provenance, Redaction};

/// Longest reason of a plugin that is kept, in bytes.
const MAX_REASON: usize = 512;

/// Shortens a reason. Before it was redacted, half of a word might be left that would have been found whole.
pub(super) fn cut(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(MAX_REASON));
    reason
}

/// One feedback on its way through the chain, with what is told of it at the end.
pub(super) struct Work {
    pub(super) subject: Subject,
    pub(super) redactions: Vec<Redaction>,
    pub(super) provenance: Vec<Provenance>,
    pub(super) shadows: Shadows,
}

impl Work {
    /// Tells the operator that a plugin failed on it; returns the reason, which may go where the feedback goes.
    pub(super) fn failed(&self, plugin: &Plugin, failure: Failure) -> String {
        let (reason, is_quotable) = match failure {
            Failure::Failed(reason) => (reason, true),
            Failure::Said(reason) | Failure::Unsupported(reason) => (reason, false),
        };
        events::failed(plugin, self.subject.feedback().id, is_quotable.then_some(&reason));
        reason
    }

    /// Takes in effects; redactions are carried out at once, so that later plugins see none of what was there.
    /// Its notes come behind its scores, which some of them are about, in whatever order it gave them.
    pub(super) fn take(&mut self, mut effects: Vec<Effect>) {
        effects.sort_by_key(|effect| matches!(effect, Effect::Other(_)));
        if !effects.iter().any(|effect| matches!(effect, Effect::Redact(_))) {
            self.subject.effects.append(&mut effects);
            return;
        }
        let mut redactions = Vec::new();
        for effect in effects {
            match effect {
                Effect::Redact(redaction) => redactions.push(redaction),
                other => self.subject.effects.push(other),
            }
        }
        let told = &mut self.redactions;
        let words = self.subject.change(|feedback, effects| redact::apply(feedback, &redactions, effects, told));
        words.clean_told(&mut self.provenance, &mut self.shadows);
    }

    pub(super) fn finish(mut self) -> Outcome {
        let reasons = self.provenance.iter_mut().map(|plugin| &mut plugin.reason);
        for reason in reasons.chain(self.shadows.values_mut().map(|shadow| &mut shadow.reason)) {
            *reason = reason.take().map(cut);
        }
        let (feedback, language, effects) = self.subject.into_parts();
        let mut analysis = merge::analysis(language, effects, self.redactions, self.provenance);
        if let (Some(sentiment), Kind::Review, Some(_)) = (&mut analysis.sentiment, feedback.kind, &feedback.rating) {
            // A plugin says so where they disagree, which is seldom.
            sentiment.rating_mismatch.get_or_insert(false);
        }
        analysis.shadow = self.shadows;
        Outcome::Analyzed { feedback, analysis: Box::new(analysis) }
    }
}

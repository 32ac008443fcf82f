//! The effects so far, as the next plugin sees them: those that it reads, without what it does not.

use bumpalo::{Bump, collections::Vec};

use super::{
    bindings::sayso::plugin::types as wit,
    item::{Effect, Reads},
};

/// The effects that a plugin is given.
pub(super) fn view<'a>(effects: &'a [Effect], reads: Reads, bump: &'a Bump) -> &'a [wit::EffectParam<'a>] {
    let mut seen = Vec::with_capacity_in(effects.len(), bump);
    seen.extend(effects.iter().filter_map(|effect| one(effect, reads, bump)));
    seen.into_bump_slice()
}

fn one<'a>(effect: &'a Effect, reads: Reads, bump: &'a Bump) -> Option<wit::EffectParam<'a>> {
    Some(match effect {
        Effect::Score(score) if reads.contains(Reads::SCORES) => {
            wit::EffectParam::Score(self::score(score, reads, bump))
        }
        Effect::Tag(tag) if reads.contains(Reads::TAGS) => wit::EffectParam::Tag(self::tag(tag, reads)),
        Effect::Route(route) if reads.contains(Reads::ROUTES) => wit::EffectParam::Route(self::route(route, bump)),
        Effect::Other(note) if reads.contains(Reads::NOTES) => {
            wit::EffectParam::Other(wit::NoteParam { name: &note.name, value: &note.value })
        }
        // Redactions are carried out already.
        _ => return None,
    })
}

fn score<'a>(score: &'a wit::ScoreResult, reads: Reads, bump: &'a Bump) -> wit::ScoreParam<'a> {
    let part = |part: &'a wit::PartResult| wit::PartParam { name: &part.name, value: part.value };
    let passage = |passage: &'a wit::PassageResult| wit::PassageParam {
        span: passage.span,
        value: passage.value,
        label: passage.label.as_deref(),
    };
    wit::ScoreParam {
        name: &score.name,
        value: score.value,
        scope: match &score.scope {
            wit::ScopeResult::Whole => wit::ScopeParam::Whole,
            wit::ScopeResult::Topic(topic) => wit::ScopeParam::Topic(topic),
            wit::ScopeResult::Other(other) => wit::ScopeParam::Other(other),
        },
        label: score.label.as_deref(),
        parts: match reads.contains(Reads::PARTS) {
            true => bump.alloc_slice_fill_iter(score.parts.iter().map(part)),
            false => &[],
        },
        evidence: if reads.contains(Reads::EVIDENCE) { &score.evidence } else { &[] },
        passages: match reads.contains(Reads::PASSAGES) {
            true => bump.alloc_slice_fill_iter(score.passages.iter().map(passage)),
            false => &[],
        },
    }
}

fn tag(tag: &wit::TagResult, reads: Reads) -> wit::TagParam<'_> {
    wit::TagParam {
        name: &tag.name,
        class: match &tag.class {
            wit::TagClassResult::Topic => wit::TagClassParam::Topic,
            wit::TagClassResult::Intent => wit::TagClassParam::Intent,
            wit::TagClassResult::Other(other) => wit::TagClassParam::Other(other),
        },
        confidence: tag.confidence,
        spans: if reads.contains(Reads::EVIDENCE) { &tag.spans } else { &[] },
    }
}

fn route<'a>(route: &'a wit::RouteResult, bump: &'a Bump) -> wit::RouteParam<'a> {
    wit::RouteParam {
        name: &route.name,
        rule: &route.rule,
        priority: route.priority,
        urgency: match &route.urgency {
            wit::UrgencyResult::Low => wit::UrgencyParam::Low,
            wit::UrgencyResult::Normal => wit::UrgencyParam::Normal,
            wit::UrgencyResult::High => wit::UrgencyParam::High,
            wit::UrgencyResult::Critical => wit::UrgencyParam::Critical,
            wit::UrgencyResult::Other(other) => wit::UrgencyParam::Other(other),
        },
        reasons: bump.alloc_slice_fill_iter(route.reasons.iter().map(String::as_str)),
    }
}

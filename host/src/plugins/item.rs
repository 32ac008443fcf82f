//! Feedback as plugins see it: each is given what it reads, borrowed from where it is kept. Contact data is given to none:
//! a plugin that has no use for it cannot leak it.

use std::cell::OnceCell;

use bumpalo::Bump;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    bindings::{exports::sayso::plugin::analysis, sayso::plugin::types as wit},
    customer_words,
};
use crate::feedback::{Answer, Customer, Feedback, FieldType, Kind, Language, Rating};

pub(super) use analysis::{Fault, Item};
pub(super) use wit::{EffectResult as Effect, Reads};

/// A feedback on its way through the chain, with the effects so far.
pub(super) struct Subject {
    feedback: Box<Feedback>,
    language: Language,
    /// See `feedback.customer-words` in the contract.
    customer_words: Option<Vec<wit::Span>>,
    /// The metadata as JSON, written when the first plugin reads it.
    metadata: OnceCell<String>,
    pub(super) effects: Vec<Effect>,
}

impl Subject {
    pub(super) fn new(feedback: Box<Feedback>, language: Language) -> Self {
        let customer_words = customer_words(&feedback);
        Self { feedback, language, customer_words, metadata: OnceCell::new(), effects: Vec::new() }
    }

    pub(super) fn feedback(&self) -> &Feedback {
        &self.feedback
    }

    /// The code of the language.
    pub(super) fn language(&self) -> &str {
        &self.language.code
    }

    /// Lets `change` change the feedback and the effects so far.
    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut Feedback, &mut [Effect]) -> T) -> T {
        let changed = change(&mut self.feedback, &mut self.effects);
        self.customer_words = customer_words(&self.feedback);
        self.metadata = OnceCell::new();
        changed
    }

    /// The parts that are kept.
    pub(super) fn into_parts(self) -> (Box<Feedback>, Language, Vec<Effect>) {
        (self.feedback, self.language, self.effects)
    }

    /// The item that a plugin is given. What cannot be borrowed from here is made in `bump`.
    pub(super) fn item<'a>(&'a self, index: usize, reads: Reads, bump: &'a Bump) -> Item<'a> {
        let feedback = self.feedback();
        let reads_all = |flag: Reads| reads.contains(flag).then_some(feedback);
        let view = wit::Feedback {
            kind: match feedback.kind {
                Kind::Survey => wit::Kind::Survey,
                Kind::Review => wit::Kind::Review,
                Kind::CsrNote => wit::Kind::CsrNote,
            },
            language: wit::LanguageParam { code: &self.language.code, confidence: self.language.confidence },
            rating: feedback.rating.or(feedback.csat).map(rating),
            title: feedback.title.as_deref(),
            text: &feedback.text,
            customer_words: self.customer_words.as_deref(),
            origin: reads_all(Reads::ORIGIN).map(|feedback| origin(feedback, bump)),
            customer: reads_all(Reads::CUSTOMER)
                .and_then(|feedback| feedback.customer.as_ref())
                .map(|customer| self::customer(customer, feedback.spoken_at())),
            details: reads_all(Reads::DETAILS).map(|feedback| details(feedback, bump)),
            metadata: reads_all(Reads::METADATA)
                .filter(|feedback| !feedback.metadata.is_empty())
                .map(|feedback| self.metadata.get_or_init(|| written(&feedback.metadata)).as_str()),
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Item { index, feedback: view, effects: super::effects::view(&self.effects, reads, bump) }
    }
}

fn written(metadata: &serde_json::Map<String, serde_json::Value>) -> String {
    serde_json::to_string(metadata).unwrap_or_default()
}

fn customer_words(feedback: &Feedback) -> Option<Vec<wit::Span>> {
    let spans =
        || customer_words::of_note(&feedback.text).into_iter().map(|range| span(range.start, range.end)).collect();
    feedback.is_written_by_agent().then(spans)
}

fn span(start: usize, end: usize) -> wit::Span {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    wit::Span { start: offset(start), end: offset(end) }
}

fn origin<'a>(feedback: &'a Feedback, bump: &'a Bump) -> wit::Origin<'a> {
    let source = &feedback.source;
    wit::Origin {
        id: bumpalo::format!(in bump, "{}", feedback.id).into_bump_str(),
        revision: feedback.revision,
        collected_at: feedback.spoken_at().as_millisecond(),
        received_at: feedback.received_at.as_millisecond(),
        source: wit::Source { type_: &source.kind, id: source.id.as_deref(), name: source.name.as_deref() },
    }
}

fn customer(customer: &Customer, at: Timestamp) -> wit::Customer<'_> {
    wit::Customer {
        id: customer.id.as_deref(),
        account_id: customer.account_id.as_deref(),
        account_type: customer.account_type.map(|kind| kind.as_str()),
        segment: customer.segment.as_deref(),
        tenure_days: customer.since.and_then(|since| {
            let today = at.to_zoned(TimeZone::UTC).date();
            u32::try_from(since.until(today).ok()?.get_days()).ok()
        }),
        value: customer.value.as_ref().map(|value| wit::CustomerValue {
            clv: value.clv,
            arr: value.arr,
            currency: value.currency.as_deref(),
        }),
    }
}

fn rating(rating: Rating) -> wit::Rating {
    wit::Rating { value: rating.value, min: rating.min, max: rating.max }
}

fn details<'a>(feedback: &'a Feedback, bump: &'a Bump) -> wit::Details<'a> {
    match feedback.kind {
        Kind::Survey => wit::Details::Survey(wit::Survey {
            survey_id: feedback.survey_id.as_deref(),
            completed: feedback.response_status != Some(crate::feedback::ResponseStatus::Partial),
            answers: bump.alloc_slice_fill_iter(feedback.answers.iter().map(|one| answer(one, bump))),
        }),
        Kind::Review => wit::Details::Review(wit::Review {
            product_id: feedback.product.as_ref().map(|product| product.id.as_str()),
            product_version: feedback.product.as_ref().and_then(|product| product.version.as_deref()),
            location_id: feedback.location_id.as_deref(),
            verified: feedback.verified,
            territory: feedback.territory.as_deref(),
            helpful_up: feedback.helpful.map_or(0, |helpful| helpful.up),
            helpful_down: feedback.helpful.map_or(0, |helpful| helpful.down),
            answered: feedback.public_reply.is_some(),
            author_name: feedback.author_name.as_deref(),
            public_reply: feedback.public_reply.as_ref().map(|reply| reply.text.as_str()),
        }),
        Kind::CsrNote => wit::Details::CsrNote(wit::CsrNote {
            case_id: feedback.case_id.as_deref(),
            agent_team: feedback.agent.as_ref().and_then(|agent| agent.team.as_deref()),
            channel: feedback.channel.map(|channel| channel.as_str()),
            direction: feedback.direction.map(|direction| direction.as_str()),
            disposition: feedback.disposition.map(|disposition| disposition.as_str()),
            contact_reason: feedback.contact_reason.as_deref(),
            handle_time_s: feedback.handle_time_s,
            author_role: if feedback.is_written_by_agent() {
                wit::AuthorRole::Agent
            } else {
                wit::AuthorRole::Customer
            },
        }),
    }
}

fn answer<'a>(answer: &'a Answer, bump: &'a Bump) -> wit::Answer<'a> {
    wit::Answer {
        field_id: &answer.field_id,
        field_label: answer.field_label.as_deref(),
        field_type: match answer.field_type {
            FieldType::Nps => wit::FieldType::Nps,
            FieldType::Csat => wit::FieldType::Csat,
            FieldType::Ces => wit::FieldType::Ces,
            FieldType::Rating => wit::FieldType::Rating,
            FieldType::Text => wit::FieldType::Text,
            FieldType::Categorical => wit::FieldType::Categorical,
            FieldType::Number => wit::FieldType::Number,
            FieldType::Boolean => wit::FieldType::Boolean,
            FieldType::Date => wit::FieldType::Date,
        },
        scale: answer.scale.map(|scale| (scale.min, scale.max)),
        value: answer_value(&answer.value, bump),
    }
}

fn answer_value<'a>(value: &'a serde_json::Value, bump: &'a Bump) -> wit::AnswerValue<'a> {
    use serde_json::Value;
    match value {
        Value::String(text) => wit::AnswerValue::Text(text),
        Value::Number(number) => wit::AnswerValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Bool(yes) => wit::AnswerValue::Boolean(*yes),
        Value::Array(list) if list.iter().all(Value::is_string) => wit::AnswerValue::Choices(
            bump.alloc_slice_fill_iter(list.iter().map(|choice| choice.as_str().unwrap_or_default())),
        ),
        other => wit::AnswerValue::Other(bumpalo::format!(in bump, "{}", other).into_bump_str()),
    }
}

//! Feedback as plugins see it. Contact data is left out: a plugin that has no use for it cannot leak it.

use jiff::{Timestamp, tz::TimeZone};

use super::bindings::{exports::sayso::plugin::analysis, sayso::plugin::types as wit};
use crate::feedback::{Answer, Customer, Feedback, FieldType, Kind, Language, Rating};

pub(super) use analysis::{Fault, Item};
pub(super) use wit::Effect;

/// The item of a feedback without effects.
pub(super) fn of(feedback: &Feedback, language: &Language) -> Item {
    let spoken = feedback.spoken_at();
    let metadata = if feedback.metadata.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&feedback.metadata).unwrap_or_default()
    };
    let feedback = wit::Feedback {
        id: feedback.id.to_string(),
        revision: feedback.revision,
        collected_at: spoken.as_millisecond(),
        received_at: feedback.received_at.as_millisecond(),
        source: wit::Source {
            type_: feedback.source.kind.clone(),
            id: feedback.source.id.clone(),
            name: feedback.source.name.clone(),
        },
        language: wit::Language { code: language.code.clone(), confidence: language.confidence },
        title: feedback.title.clone(),
        text: feedback.text.clone(),
        customer_words: customer_words(feedback),
        customer: feedback.customer.as_ref().map(|customer| self::customer(customer, spoken)),
        details: details(feedback),
        metadata,
    };
    Item { feedback, effects: Vec::new() }
}

/// Where the customer's own words are; see `feedback.customer-words` in the contract.
fn customer_words(feedback: &Feedback) -> Vec<wit::Span> {
    let text = &feedback.text;
    if feedback.is_written_by_agent() {
        quoted(text).into_iter().map(|(start, end)| span(start, end)).collect()
    } else if text.is_empty() {
        Vec::new()
    } else {
        vec![span(0, text.len())]
    }
}

fn span(start: usize, end: usize) -> wit::Span {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    wit::Span { start: offset(start), end: offset(end) }
}

/// What stands between quotation marks: byte ranges without the marks.
fn quoted(text: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (at, c) in text.char_indices() {
        match open {
            Some((start, close)) if c == close => {
                if at > start {
                    ranges.push((start, at));
                }
                open = None;
            }
            Some(_) => {}
            None => open = closing_mark(c).map(|close| (at + c.len_utf8(), close)),
        }
    }
    ranges
}

const fn closing_mark(open: char) -> Option<char> {
    match open {
        '"' => Some('"'),
        '\u{201C}' => Some('\u{201D}'),
        '\u{201E}' => Some('\u{201C}'),
        '\u{AB}' => Some('\u{BB}'),
        '\u{300C}' => Some('\u{300D}'),
        '\u{300E}' => Some('\u{300F}'),
        '\u{FF02}' => Some('\u{FF02}'),
        _ => None,
    }
}

fn customer(customer: &Customer, at: Timestamp) -> wit::Customer {
    wit::Customer {
        id: customer.id.clone(),
        account_id: customer.account_id.clone(),
        account_type: customer.account_type.map(|kind| kind.as_str().into()),
        segment: customer.segment.clone(),
        tenure_days: customer.since.and_then(|since| {
            let today = at.to_zoned(TimeZone::UTC).date();
            u32::try_from(since.until(today).ok()?.get_days()).ok()
        }),
        value: customer.value.as_ref().map(|value| wit::CustomerValue {
            clv: value.clv,
            arr: value.arr,
            currency: value.currency.clone(),
        }),
    }
}

fn rating(rating: Rating) -> wit::Rating {
    wit::Rating { value: rating.value, min: rating.min, max: rating.max }
}

fn details(feedback: &Feedback) -> wit::Details {
    match feedback.kind {
        Kind::Survey => wit::Details::Survey(wit::Survey {
            survey_id: feedback.survey_id.clone(),
            completed: feedback.response_status != Some(crate::feedback::ResponseStatus::Partial),
            answers: feedback.answers.iter().map(answer).collect(),
        }),
        Kind::Review => wit::Details::Review(wit::Review {
            rating: feedback.rating.map(rating),
            product_id: feedback.product.as_ref().map(|product| product.id.clone()),
            product_version: feedback.product.as_ref().and_then(|product| product.version.clone()),
            location_id: feedback.location_id.clone(),
            verified: feedback.verified,
            territory: feedback.territory.clone(),
            helpful_up: feedback.helpful.map_or(0, |helpful| helpful.up),
            helpful_down: feedback.helpful.map_or(0, |helpful| helpful.down),
            answered: feedback.public_reply.is_some(),
            author_name: feedback.author_name.clone(),
            public_reply: feedback.public_reply.as_ref().map(|reply| reply.text.clone()),
        }),
        Kind::CsrNote => wit::Details::CsrNote(wit::CsrNote {
            case_id: feedback.case_id.clone(),
            agent_team: feedback.agent.as_ref().and_then(|agent| agent.team.clone()),
            channel: feedback.channel.map(|channel| channel.as_str().into()),
            direction: feedback.direction.map(|direction| direction.as_str().into()),
            disposition: feedback.disposition.map(|disposition| disposition.as_str().into()),
            contact_reason: feedback.contact_reason.clone(),
            handle_time_s: feedback.handle_time_s,
            csat: feedback.csat.map(rating),
            author_role: if feedback.is_written_by_agent() {
                wit::AuthorRole::Agent
            } else {
                wit::AuthorRole::Customer
            },
        }),
    }
}

fn answer(answer: &Answer) -> wit::Answer {
    wit::Answer {
        field_id: answer.field_id.clone(),
        field_label: answer.field_label.clone(),
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
        value: answer_value(&answer.value),
    }
}

fn answer_value(value: &serde_json::Value) -> wit::AnswerValue {
    use serde_json::Value;
    match value {
        Value::String(text) => wit::AnswerValue::Text(text.clone()),
        Value::Number(number) => wit::AnswerValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Bool(yes) => wit::AnswerValue::Boolean(*yes),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            wit::AnswerValue::Choices(list.iter().filter_map(|choice| choice.as_str().map(Into::into)).collect())
        }
        other => wit::AnswerValue::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        quoted(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn quoted_passages_of_a_note_are_the_customers_words() {
        assert_eq!(words(r#"Caller said "I will leave" and "never again"."#), ["I will leave", "never again"]);
        assert_eq!(words("お客様は「もう解約します」とのこと"), ["もう解約します"]);
        assert_eq!(words("She said \u{201C}it’s broken\u{201D}"), ["it’s broken"]);
    }

    #[test]
    fn a_quotation_that_never_ends_is_none() {
        assert!(words(r#"12" pipe is broken"#).is_empty());
        assert!(words(r#""""#).is_empty());
    }
}

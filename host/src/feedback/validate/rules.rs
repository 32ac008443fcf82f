//! What feedback must mean, beyond its shape. Every rule that is broken is reported, not only the first.

use jiff::Timestamp;
use serde_json::Value;

use super::{FieldError, Limits, open_answers, shape};
use crate::feedback::{Answer, Customer, Feedback, FieldType, Kind, Rating, Scale};

/// Longest identifier, in bytes: it has to fit an index of every store.
const MAX_NAME: usize = 512;
/// Longest of the other short texts (links, labels, names for people), in bytes.
const MAX_LINE: usize = 4096;
/// From here on, 2^64, integers are not kept digit by digit.
const EXACT: f64 = 18_446_744_073_709_551_616.0;
/// Largest `metadata`, in bytes of JSON.
const MAX_METADATA: usize = 64 << 10;

/// Everything that is wrong with the meaning of `feedback`.
pub(super) fn check(feedback: &Feedback, limits: &Limits) -> Vec<FieldError> {
    let mut check = Check { errors: Vec::new(), limits };
    check.server_given(feedback);
    check.of_the_kind(feedback);
    check.common(feedback);
    if let Some(customer) = &feedback.customer {
        check.customer(customer);
    }
    match feedback.kind {
        Kind::Survey => check.survey(feedback),
        Kind::Review => check.review(feedback),
        Kind::CsrNote => check.note(feedback),
    }
    check.content(feedback);
    check.errors
}

struct Check<'a> {
    errors: Vec<FieldError>,
    limits: &'a Limits,
}

impl Check<'_> {
    fn fail(&mut self, field: &str, message: impl AsRef<str>) {
        self.errors.push(FieldError::new(field, message));
    }

    fn server_given(&mut self, feedback: &Feedback) {
        let given = [!feedback.id.0.is_nil(), feedback.revision != 0, feedback.received_at != Timestamp::default()];
        for (name, _) in shape::SERVER_GIVEN.iter().zip(given).filter(|(_, given)| *given) {
            self.fail(name, shape::SERVER_GIVEN_MESSAGE);
        }
    }

    fn of_the_kind(&mut self, f: &Feedback) {
        let survey = [
            ("survey_id", f.survey_id.is_some()),
            ("response_status", f.response_status.is_some()),
            ("answers", !f.answers.is_empty()),
        ];
        let review = [
            ("rating", f.rating.is_some()),
            ("product", f.product.is_some()),
            ("location_id", f.location_id.is_some()),
            ("order_ref", f.order_ref.is_some()),
            ("verified", f.verified.is_some()),
            ("author_name", f.author_name.is_some()),
            ("territory", f.territory.is_some()),
            ("helpful", f.helpful.is_some()),
            ("public_reply", f.public_reply.is_some()),
        ];
        let note = [
            ("case_id", f.case_id.is_some()),
            ("agent", f.agent.is_some()),
            ("channel", f.channel.is_some()),
            ("direction", f.direction.is_some()),
            ("visibility", f.visibility.is_some()),
            ("disposition", f.disposition.is_some()),
            ("handle_time_s", f.handle_time_s.is_some()),
            ("contact_reason", f.contact_reason.is_some()),
            ("csat", f.csat.is_some()),
            ("author_role", f.author_role.is_some()),
        ];
        for (owner, fields) in [(Kind::Survey, &survey[..]), (Kind::Review, &review), (Kind::CsrNote, &note)] {
            for (name, _) in fields.iter().filter(|(_, set)| *set && owner != f.kind) {
                self.fail(name, format!("belongs to the kind `{}`; this is a `{}`", owner.as_str(), f.kind.as_str()));
            }
        }
    }

    fn common(&mut self, f: &Feedback) {
        self.name("external_id", f.external_id.as_deref(), true);
        self.name("source.type", Some(&f.source.kind), true);
        self.name("source.id", f.source.id.as_deref(), false);
        self.line("source.name", f.source.name.as_deref());
        self.line("source.url", f.source.url.as_deref());
        self.text("title", f.title.as_deref().unwrap_or_default());
        self.text("text", &f.text);
        if let Some(tag) = &f.language
            && !is_language_tag(tag)
        {
            self.fail("language", "is not a BCP 47 tag; write for example `en`, `ja` or `pt-BR`, or leave it out");
        }
        if !f.metadata.is_empty() {
            self.metadata(f);
        }
    }

    fn metadata(&mut self, f: &Feedback) {
        let bytes = serde_json::to_vec(&f.metadata).map_or(0, |json| json.len());
        if bytes > MAX_METADATA {
            self.fail("metadata", format!("has {bytes} bytes of JSON; at most {MAX_METADATA} are taken"));
        }
        for (name, value) in &f.metadata {
            if let Some(place) = inexact(&format!("metadata.{name}"), value) {
                self.fail(&place, "is a number with more digits than are kept; send it as text, in quotes");
            }
        }
    }

    fn customer(&mut self, customer: &Customer) {
        self.name("customer.id", customer.id.as_deref(), true);
        self.line("customer.email", customer.email.as_deref());
        self.name("customer.account_id", customer.account_id.as_deref(), false);
        self.name("customer.segment", customer.segment.as_deref(), false);
        if let Some(value) = &customer.value {
            self.finite("customer.value.clv", value.clv.unwrap_or_default());
            self.finite("customer.value.arr", value.arr.unwrap_or_default());
            if let Some(code) = &value.currency
                && !(code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()))
            {
                self.fail("customer.value.currency", "is not an ISO 4217 code of three letters, such as `EUR`");
            }
        }
    }

    fn survey(&mut self, f: &Feedback) {
        self.name("survey_id", f.survey_id.as_deref(), false);
        for (index, answer) in f.answers.iter().enumerate() {
            self.answer(index, answer);
        }
        if f.text.is_empty()
            && open_answers(&f.answers).map(|text| text.len() + 1).sum::<usize>() > self.limits.text_bytes + 1
        {
            let max = self.limits.text_bytes;
            self.fail("answers", format!("have more than {max} bytes of open text together (server.max_text_bytes)"));
        }
    }

    fn answer(&mut self, index: usize, answer: &Answer) {
        if answer.field_id.is_empty() || answer.field_id.len() > MAX_NAME || answer.field_id.contains(char::is_control)
        {
            self.name(&format!("answers[{index}].field_id"), Some(&answer.field_id), true);
        }
        if answer.field_label.as_ref().is_some_and(|label| label.len() > MAX_LINE) {
            self.line(&format!("answers[{index}].field_label"), answer.field_label.as_deref());
        }
        if let Some(scale) = answer.scale
            && let Some(message) = scale_error(answer.field_type, scale)
        {
            self.fail(&format!("answers[{index}].scale"), message);
        } else if let Some(message) = value_error(answer) {
            self.fail(&format!("answers[{index}].value"), message);
        }
    }

    fn review(&mut self, f: &Feedback) {
        if let Some(rating) = &f.rating {
            self.rating("rating", rating);
        }
        if let Some(product) = &f.product {
            self.name("product.id", Some(&product.id), true);
            self.name("product.version", product.version.as_deref(), false);
        }
        self.name("location_id", f.location_id.as_deref(), false);
        self.name("order_ref", f.order_ref.as_deref(), false);
        self.line("author_name", f.author_name.as_deref());
        self.line("territory", f.territory.as_deref());
        if let Some(reply) = &f.public_reply {
            self.text("public_reply.text", &reply.text);
        }
    }

    fn note(&mut self, f: &Feedback) {
        self.name("case_id", f.case_id.as_deref(), false);
        if let Some(agent) = &f.agent {
            self.name("agent.id", agent.id.as_deref(), false);
            self.name("agent.team", agent.team.as_deref(), false);
        }
        self.line("contact_reason", f.contact_reason.as_deref());
        if let Some(csat) = &f.csat {
            self.rating("csat", csat);
        }
    }

    fn content(&mut self, f: &Feedback) {
        let has_words = !f.text.trim().is_empty() || f.title.as_ref().is_some_and(|title| !title.trim().is_empty());
        if !has_words && f.rating.is_none() && f.answers.is_empty() && f.csat.is_none() {
            let (also, kind) = match f.kind {
                Kind::Survey => ("`answers`", "survey"),
                Kind::Review => ("`rating`", "review"),
                Kind::CsrNote => ("`csat`", "note"),
            };
            self.fail(
                "text",
                format!("is empty, and nothing else says anything; a {kind} needs `text`, `title` or {also}"),
            );
        }
    }

    fn rating(&mut self, field: &str, rating: &Rating) {
        let Rating { value, min, max } = *rating;
        if !(value.is_finite() && min.is_finite() && max.is_finite()) {
            self.fail(field, "has a number that is not finite");
        } else if min >= max {
            self.fail(&format!("{field}.min"), format!("{min} is not below the highest value {max}"));
        } else if !(min..=max).contains(&value) {
            self.fail(&format!("{field}.value"), format!("{value} is outside the scale {min} to {max}"));
        }
    }

    fn name(&mut self, field: &str, value: Option<&str>, must_not_be_empty: bool) {
        let Some(value) = value else { return };
        if value.is_empty() && must_not_be_empty {
            self.fail(field, "is empty; give a value or leave the field out");
        } else if value.len() > MAX_NAME {
            self.fail(field, format!("is {} bytes long; at most {MAX_NAME} are taken", value.len()));
        } else if let Some(position) = value.find(char::is_control) {
            self.fail(field, format!("has a control character at byte {position}; take it out"));
        }
    }

    fn line(&mut self, field: &str, value: Option<&str>) {
        if let Some(value) = value
            && value.len() > MAX_LINE
        {
            self.fail(field, format!("is {} bytes long; at most {MAX_LINE} are taken", value.len()));
        }
    }

    fn text(&mut self, field: &str, text: &str) {
        let max = self.limits.text_bytes;
        if text.len() > max {
            self.fail(field, format!("is {} bytes long; at most {max} are taken (server.max_text_bytes)", text.len()));
        }
    }

    fn finite(&mut self, field: &str, value: f64) {
        if !value.is_finite() {
            self.fail(field, "is not a finite number");
        }
    }
}

/// Where a number stands that is beyond what is kept digit by digit, such as a long order number.
fn inexact(place: &str, value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() >= EXACT) && number.is_f64() => {
            Some(place.to_owned())
        }
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(index, item)| inexact(&format!("{place}[{index}]"), item))
        }
        Value::Object(map) => map.iter().find_map(|(name, item)| inexact(&format!("{place}.{name}"), item)),
        _ => None,
    }
}

fn scale_error(kind: FieldType, Scale { min, max }: Scale) -> Option<String> {
    if !matches!(kind, FieldType::Nps | FieldType::Csat | FieldType::Ces | FieldType::Rating | FieldType::Number) {
        return Some(format!("an answer of type `{}` has no scale; leave it out", kind.as_str()));
    }
    if !(min.is_finite() && max.is_finite() && min < max) {
        return Some(format!("the lowest value {min} is not below the highest {max}"));
    }
    (kind == FieldType::Nps && (min, max) != (0.0, 10.0)).then(|| "the scale of `nps` is 0 to 10".into())
}

fn value_error(Answer { field_type, scale, value, .. }: &Answer) -> Option<String> {
    let number = value.as_f64().filter(|number| number.is_finite());
    match field_type {
        FieldType::Nps => match number {
            Some(n) if (0.0..=10.0).contains(&n) && n.fract() == 0.0 => None,
            _ => Some(format!("an answer of type `nps` is a whole number from 0 to 10, not {}", brief(value))),
        },
        FieldType::Csat | FieldType::Ces | FieldType::Rating | FieldType::Number => match (number, scale) {
            (None, _) => Some(format!("an answer of type `{}` is a number, not {}", field_type.as_str(), brief(value))),
            (Some(n), Some(s)) if !(s.min..=s.max).contains(&n) => {
                Some(format!("{n} is outside the scale {} to {}", s.min, s.max))
            }
            _ => None,
        },
        FieldType::Text => {
            (!value.is_string()).then(|| format!("an answer of type `text` is text, not {}", brief(value)))
        }
        FieldType::Boolean => {
            (!value.is_boolean()).then(|| format!("an answer of type `boolean` is true or false, not {}", brief(value)))
        }
        FieldType::Categorical => {
            let is_list = || value.as_array().is_some_and(|options| options.iter().all(Value::is_string));
            (!value.is_string() && !is_list())
                .then(|| format!("an answer of type `categorical` is text or a list of texts, not {}", brief(value)))
        }
        FieldType::Date => {
            let is_date = |text: &str| text.parse::<jiff::civil::Date>().is_ok() || text.parse::<Timestamp>().is_ok();
            (!value.as_str().is_some_and(is_date))
                .then(|| format!("an answer of type `date` is a date such as \"2026-05-01\", not {}", brief(value)))
        }
    }
}

/// The value as JSON, cut short.
fn brief(value: &Value) -> String {
    let json = value.to_string();
    if json.len() <= 60 { json } else { format!("{}…", &json[..json.floor_char_boundary(60)]) }
}

/// Whether `tag` has the form of a BCP 47 tag (RFC 5646, section 2.1); the registry is not asked.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    let is_primary = (2..=8).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    let is_private = primary.eq_ignore_ascii_case("x") && tag.len() > 2;
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.len() <= 35 && (is_primary || is_private) && parts.all(is_part)
}

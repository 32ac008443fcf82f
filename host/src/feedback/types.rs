//! Feedback in its canonical form.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{
    FeedbackId,
    words::{AccountType, AuthorRole, Channel, Direction, Disposition, FieldType, ResponseStatus, Visibility, one_of},
};

/// The kinds of feedback.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A response to a survey.
    Survey,
    /// A public review.
    Review,
    /// A note of a customer service representative.
    CsrNote,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const WORDS: [&str; 3] = [Kind::Survey.as_str(), Kind::Review.as_str(), Kind::CsrNote.as_str()];
        one_of(deserializer, &WORDS, &[Self::Survey, Self::Review, Self::CsrNote])
    }
}

impl Kind {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::Review => "review",
            Self::CsrNote => "csr_note",
        }
    }
}

/// One survey response, review or note. The fields in the first block are for every kind, the others for the
/// kind that the block names; a field that is not of the kind is refused.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Given by the server.
    #[serde(default)]
    #[schema(required = true)]
    pub id: FeedbackId,
    /// 1 for the first version, one more for every changed repetition. Given by the server.
    #[serde(default)]
    #[schema(required = true)]
    pub revision: u32,
    /// When it was accepted. Given by the server.
    #[serde(default)]
    #[schema(required = true)]
    pub received_at: Timestamp,
    /// The kind.
    pub kind: Kind,
    /// The sender's own identifier; with `source.type` it tells a repetition from new feedback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 512)]
    pub external_id: Option<String>,
    /// Where it was collected.
    #[serde(default)]
    #[schema(required = true)]
    pub source: Source,
    /// When the customer spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<Timestamp>,
    /// BCP 47 tag, where the sender knows the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35, pattern = "^([A-Za-z]{2,8}|[xX]-[A-Za-z0-9]{1,8})(-[A-Za-z0-9]{1,8})*$")]
    pub language: Option<String>,
    /// A headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The customer's own words. For a survey whose sender gives none: the open answers, one a line.
    #[serde(default)]
    #[schema(required = true)]
    pub text: String,
    /// Who spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// The sender's own data.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: serde_json::Map<String, serde_json::Value>,

    /// Survey: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub survey_id: Option<String>,
    /// Survey: whether the respondent reached the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_status: Option<ResponseStatus>,
    /// Survey: the answered fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,

    /// Review: stars or points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Review: what was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
    /// Review: which shop or site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub location_id: Option<String>,
    /// Review: the order it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub order_ref: Option<String>,
    /// Review: whether the source vouches for the purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Review: the name shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub author_name: Option<String>,
    /// Review: country or store front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub territory: Option<String>,
    /// Review: what other readers thought of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helpful: Option<Helpful>,
    /// Review: the answer of the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_reply: Option<PublicReply>,

    /// Note: the case or ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub case_id: Option<String>,
    /// Note: who took the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// Note: how the customer got in touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Note: who began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Note: whether the customer can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Note: how the contact ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// Note: how long it took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4294967295_i64)]
    pub handle_time_s: Option<u32>,
    /// Note: why the customer got in touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub contact_reason: Option<String>,
    /// Note: the customer's satisfaction with the contact, by default on 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csat: Option<Rating>,
    /// Note: whose words `text` is; an agent's where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_role: Option<AuthorRole>,
}

impl Feedback {
    /// What its customer is known by.
    pub fn known_by(&self) -> Option<&str> {
        self.customer.as_ref()?.known_by()
    }

    /// When the customer spoke, as far as known.
    pub fn spoken_at(&self) -> Timestamp {
        self.collected_at.unwrap_or(self.received_at)
    }

    /// Whether the words of `text` are an agent's rather than the customer's.
    pub fn is_written_by_agent(&self) -> bool {
        self.kind == Kind::CsrNote && self.author_role != Some(AuthorRole::Customer)
    }
}

/// Where feedback was collected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FeedbackSource)]
pub struct Source {
    /// The system, for example `typeform`; `api` where it is not said.
    #[serde(rename = "type", default = "Source::default_type")]
    #[schema(min_length = 1, max_length = 512)]
    pub kind: String,
    /// The form, shop or account in that system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub id: Option<String>,
    /// A name for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub name: Option<String>,
    /// Where to see the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub url: Option<String>,
}

impl Source {
    fn default_type() -> String {
        "api".into()
    }
}

impl Default for Source {
    fn default() -> Self {
        Self { kind: Self::default_type(), id: None, name: None, url: None }
    }
}

/// Who spoke.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The sender's own identifier. Without it the e-mail address is what the customer is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 512)]
    pub id: Option<String>,
    /// E-mail address. Never given to plugins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub email: Option<String>,
    /// The account or company that the customer belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub account_id: Option<String>,
    /// Who "the customer" is in this business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
    /// The sender's own segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub segment: Option<String>,
    /// When the relation began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<jiff::civil::Date>,
    /// What the customer is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CustomerValue>,
}

impl Customer {
    /// What the customer is known by, from one feedback to the next: the sender's identifier, or else the e-mail address.
    pub fn known_by(&self) -> Option<&str> {
        self.id.as_deref().or(self.email.as_deref().filter(|email| !email.is_empty()))
    }
}

/// What a customer is worth, in one currency.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerValue {
    /// Customer lifetime value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clv: Option<f64>,
    /// Annual recurring revenue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<f64>,
    /// ISO 4217 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z]{3}$")]
    pub currency: Option<String>,
}

/// One answered field of a survey.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The field.
    #[schema(min_length = 1, max_length = 512)]
    pub field_id: String,
    /// The question, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub field_label: Option<String>,
    /// What it asks for.
    pub field_type: FieldType,
    /// Lowest and highest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// The answer: a number for `nps`, `csat`, `ces`, `rating` and `number`; text for `text` and `date`; a boolean
    /// for `boolean`; text or a list of texts for `categorical`.
    pub value: serde_json::Value,
}

/// Lowest and highest value of a survey field.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Lowest.
    pub min: f64,
    /// Highest.
    pub max: f64,
}

/// Stars or points.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// The rating.
    pub value: f64,
    /// Lowest possible; 1 where it is not said.
    #[serde(default = "Rating::default_min")]
    pub min: f64,
    /// Highest possible; 5 where it is not said.
    #[serde(default = "Rating::default_max")]
    pub max: f64,
}

impl Rating {
    const fn default_min() -> f64 {
        1.0
    }

    const fn default_max() -> f64 {
        5.0
    }
}

/// What was bought.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The sender's own identifier.
    #[schema(min_length = 1, max_length = 512)]
    pub id: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub version: Option<String>,
}

/// What other readers thought of a review.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Helpful {
    /// Found it helpful.
    #[serde(default)]
    pub up: u32,
    /// Did not.
    #[serde(default)]
    pub down: u32,
}

/// The public answer of the business to a review.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicReply {
    /// What it said.
    pub text: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Who took a contact.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The sender's own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub id: Option<String>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub team: Option<String>,
}

/// Free-form named numbers, in a stable order.
pub type Scores = BTreeMap<String, f64>;

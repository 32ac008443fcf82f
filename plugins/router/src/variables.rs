//! The variables of conditions. Each one that any rule names is a source; per item, only these get values.

use cel::{
    common::{
        types::{CelBool, CelDouble, CelInt, CelNull, CelString},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};
use sayso_plugin::{
    Answer, AnswerValue, Customer, CustomerValue, Effect, Feedback, FieldType, Item, Kind, Rating, TagClass,
};

use crate::names::Names;

/// What a variable stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// `kind`: `survey`, `review`, `csr_note`, `other`.
    Kind,
    /// `scores.NAME`: a score of the whole.
    Score(String),
    /// `label`: the label of the score `sentiment`.
    Label,
    /// `tags`: the names of the topics.
    Tags,
    /// `areas`: their first levels, for example `delivery`.
    Areas,
    /// `intents`: the names of the intents.
    Intents,
    /// `rating`: of a review, the csat of a note, or the lowest csat or rating that a survey answers, on 0 to 1.
    Rating,
    /// `stars`: the same on its own scale.
    Stars,
    /// `customer.NAME`.
    Customer(CustomerField),
    /// `language`: its code.
    Language,
    /// `channel` of a note.
    Channel,
    /// `disposition` of a note.
    Disposition,
    /// `answered`: whether a review has a public answer.
    Answered,
    /// `verified`: whether the source vouches for the purchase.
    Verified,
    /// `nps`: the first answer of this type, 0 to 10.
    Nps,
    /// `text_length`: in characters.
    TextLength,
}

/// What a condition can ask of the customer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CustomerField {
    Id,
    AccountId,
    AccountType,
    Segment,
    TenureDays,
    Clv,
    Arr,
    Currency,
}

/// The variables without fields.
pub(crate) const PLAIN: [(&str, Source); 14] = [
    ("kind", Source::Kind),
    ("label", Source::Label),
    ("tags", Source::Tags),
    ("areas", Source::Areas),
    ("intents", Source::Intents),
    ("rating", Source::Rating),
    ("stars", Source::Stars),
    ("language", Source::Language),
    ("channel", Source::Channel),
    ("disposition", Source::Disposition),
    ("answered", Source::Answered),
    ("verified", Source::Verified),
    ("nps", Source::Nps),
    ("text_length", Source::TextLength),
];

/// The fields of `customer`.
pub(crate) const CUSTOMER: [(&str, CustomerField); 8] = [
    ("id", CustomerField::Id),
    ("account_id", CustomerField::AccountId),
    ("account_type", CustomerField::AccountType),
    ("segment", CustomerField::Segment),
    ("tenure_days", CustomerField::TenureDays),
    ("clv", CustomerField::Clv),
    ("arr", CustomerField::Arr),
    ("currency", CustomerField::Currency),
];

/// The scale of a csat or a rating that a survey answers without telling one.
const USUAL_SCALE: (f64, f64) = (1.0, 5.0);

/// The sources that the rules name. In a compiled condition, a variable is called `#` and its index here.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    /// The name of a source in a compiled condition.
    pub(crate) fn name_of(&mut self, source: Source) -> String {
        let index = self.0.iter().position(|known| *known == source).unwrap_or_else(|| {
            self.0.push(source);
            self.0.len() - 1
        });
        format!("#{index}")
    }

    /// The index of the source with this name.
    pub(crate) fn index_of(name: &str) -> Option<usize> {
        name.strip_prefix('#')?.parse().ok()
    }

    /// What its values are, unless they are null.
    pub(crate) fn type_of(&self, index: usize) -> Option<Type> {
        self.0.get(index).map(Source::kind)
    }
}

/// What the values of a source are, unless they are null.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Bool,
    Number,
    Text,
    Names,
}

impl Source {
    const fn kind(&self) -> Type {
        match self {
            Self::Tags | Self::Areas | Self::Intents => Type::Names,
            Self::Score(_) | Self::Rating | Self::Stars | Self::Nps | Self::TextLength => Type::Number,
            Self::Customer(CustomerField::Clv | CustomerField::Arr | CustomerField::TenureDays) => Type::Number,
            Self::Answered | Self::Verified => Type::Bool,
            Self::Kind | Self::Label | Self::Customer(_) | Self::Language | Self::Channel | Self::Disposition => {
                Type::Text
            }
        }
    }
}

/// A value of a variable. It borrows from the item, so that evaluating copies nothing.
pub(crate) enum Slot<'a> {
    Null,
    Bool(CelBool),
    Int(CelInt),
    Number(CelDouble),
    Text(CelString<'a>),
    Names(Names<'a>),
}

impl<'a> Slot<'a> {
    /// As the interpreter takes it.
    pub(crate) fn val(&self) -> &(dyn Val + 'a) {
        match self {
            Self::Null => &CelNull,
            Self::Bool(value) => value,
            Self::Int(value) => value,
            Self::Number(value) => value,
            Self::Text(value) => value,
            Self::Names(value) => value,
        }
    }

    /// A whole number or a fraction.
    #[expect(clippy::cast_precision_loss, reason = "days and lengths of text are far below 2^53")]
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value.inner() as f64),
            Self::Number(value) => Some(*value.inner()),
            _ => None,
        }
    }

    fn text(value: Option<&'a str>) -> Self {
        value.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    fn bool(value: Option<bool>) -> Self {
        value.map_or(Self::Null, |value| Self::Bool(value.into()))
    }

    fn number(value: Option<f64>) -> Self {
        value.filter(|value| value.is_finite()).map_or(Self::Null, |value| Self::Number(value.into()))
    }

    fn int(value: Option<i64>) -> Self {
        value.map_or(Self::Null, |value| Self::Int(value.into()))
    }
}

/// The values of the sources for one item.
pub(crate) struct Values<'a>(Vec<Slot<'a>>);

impl VariableResolver for Values<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        self.0.get(Sources::index_of(variable)?).map(|slot| CowVal::Borrowed(slot.val()))
    }
}

impl<'a> Values<'a> {
    /// The values for an item.
    pub(crate) fn of(item: &'a Item, sources: &Sources) -> Self {
        Self(sources.0.iter().map(|source| slot(source, item)).collect())
    }

    /// The value of the source with this index.
    pub(crate) fn slot(&self, index: usize) -> &Slot<'a> {
        self.0.get(index).unwrap_or(&Slot::Null)
    }

    /// A value of the right type for every source, to try conditions on.
    pub(crate) fn sample(sources: &Sources) -> Self {
        Self(sources.0.iter().map(sample).collect())
    }
}

fn slot<'a>(source: &Source, item: &'a Item) -> Slot<'a> {
    let feedback = &item.feedback;
    match source {
        Source::Kind => Slot::text(Some(kind(&feedback.kind))),
        Source::Score(name) => Slot::number(item.score(name).map(|score| score.value)),
        Source::Label => Slot::text(item.score("sentiment").and_then(|score| score.label.as_deref())),
        Source::Tags => Slot::Names(Names::new(names(item, &TagClass::Topic))),
        Source::Areas => Slot::Names(Names::new(names(item, &TagClass::Topic).map(first_level))),
        Source::Intents => Slot::Names(Names::new(names(item, &TagClass::Intent))),
        Source::Rating => Slot::number(rating(feedback).map(|rating| rating.normalised())),
        Source::Stars => Slot::number(rating(feedback).map(|rating| rating.value)),
        Source::Customer(field) => {
            feedback.customer.as_ref().map_or(Slot::Null, |customer| of_customer(customer, *field))
        }
        Source::Language => Slot::text(Some(&feedback.language.code)),
        Source::Channel => Slot::text(feedback.csr_note().and_then(|note| note.channel.as_deref())),
        Source::Disposition => Slot::text(feedback.csr_note().and_then(|note| note.disposition.as_deref())),
        Source::Answered => Slot::bool(feedback.review().map(|review| review.answered)),
        Source::Verified => Slot::bool(feedback.review().and_then(|review| review.verified)),
        Source::Nps => Slot::number(nps(feedback)),
        Source::TextLength => Slot::int(i64::try_from(feedback.text.chars().count()).ok()),
    }
}

fn of_customer(customer: &Customer, field: CustomerField) -> Slot<'_> {
    let value = |get: fn(&CustomerValue) -> Option<f64>| Slot::number(customer.value.as_ref().and_then(get));
    match field {
        CustomerField::Id => Slot::text(customer.id.as_deref()),
        CustomerField::AccountId => Slot::text(customer.account_id.as_deref()),
        CustomerField::AccountType => Slot::text(customer.account_type.as_deref()),
        CustomerField::Segment => Slot::text(customer.segment.as_deref()),
        CustomerField::TenureDays => Slot::int(customer.tenure_days.map(i64::from)),
        CustomerField::Clv => value(|value| value.clv),
        CustomerField::Arr => value(|value| value.arr),
        CustomerField::Currency => Slot::text(customer.value.as_ref().and_then(|value| value.currency.as_deref())),
    }
}

fn sample(source: &Source) -> Slot<'static> {
    match source {
        Source::Tags | Source::Areas | Source::Intents => Slot::Names(Names::new(["sample"].into_iter())),
        Source::Score(_) | Source::Rating | Source::Stars | Source::Nps => Slot::number(Some(1.0)),
        Source::Customer(CustomerField::Clv | CustomerField::Arr) => Slot::number(Some(1.0)),
        Source::Customer(CustomerField::TenureDays) | Source::TextLength => Slot::int(Some(1)),
        Source::Answered | Source::Verified => Slot::bool(Some(true)),
        Source::Kind
        | Source::Label
        | Source::Customer(_)
        | Source::Language
        | Source::Channel
        | Source::Disposition => Slot::text(Some("sample")),
    }
}

const fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Survey => "survey",
        Kind::Review => "review",
        Kind::CsrNote => "csr_note",
        Kind::Other(_) => "other",
    }
}

/// The rating of the whole; without one, the lowest that a survey answers.
fn rating(feedback: &Feedback) -> Option<Rating> {
    let given = |answer: &Answer| match *answer {
        Answer {
            field_type: FieldType::Csat | FieldType::Rating, value: AnswerValue::Number(value), scale, ..
        } => {
            let (min, max) = scale.unwrap_or(USUAL_SCALE);
            Some(Rating { value, min, max })
        }
        _ => None,
    };
    let lowest = || {
        let ratings = feedback.survey()?.answers.iter().filter_map(given);
        ratings.min_by(|a, b| a.normalised().total_cmp(&b.normalised()))
    };
    feedback.rating.or_else(lowest)
}

fn nps(feedback: &Feedback) -> Option<f64> {
    feedback.survey()?.answers.iter().find_map(|answer| match answer {
        Answer { field_type: FieldType::Nps, value: AnswerValue::Number(value), .. } => Some(*value),
        _ => None,
    })
}

fn names<'a>(item: &'a Item, class: &TagClass) -> impl Iterator<Item = &'a str> {
    item.effects.iter().filter_map(move |effect| match effect {
        Effect::Tag(tag) if tag.class == *class => Some(tag.name.as_str()),
        _ => None,
    })
}

fn first_level(name: &str) -> &str {
    name.split_once('/').map_or(name, |(first, _)| first)
}

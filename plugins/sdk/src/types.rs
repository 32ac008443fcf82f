//! The types of the contract, each with an example; what its fields hold is said in `wit/`, and below each example.

/// One answered field of a survey.
///
/// ```
/// use sayso_plugin::{Answer, AnswerValue, FieldType};
///
/// let answer = Answer {
///     field_id: "nps".into(),
///     field_label: Some("How likely are you to recommend us?".into()),
///     field_type: FieldType::Nps,
///     scale: Some((0.0, 10.0)),
///     value: AnswerValue::Number(9.0),
/// };
/// assert_eq!(answer.field_type, FieldType::Nps);
/// ```
pub use crate::bindings::sayso::plugin::types::Answer;

/// The answer to one survey field.
///
/// ```
/// use sayso_plugin::AnswerValue;
///
/// let value = AnswerValue::Choices(vec!["price".into(), "taste".into()]);
/// assert!(matches!(&value, AnswerValue::Choices(chosen) if chosen.len() == 2));
/// ```
pub use crate::bindings::sayso::plugin::types::AnswerValue;

/// Who wrote the text of a note.
///
/// ```
/// use sayso_plugin::{AuthorRole, Item};
///
/// let note = Item::of_note("en", "Wants a refund.", &[]);
/// assert_eq!(note.feedback.csr_note().unwrap().author_role, AuthorRole::Agent);
/// ```
pub use crate::bindings::sayso::plugin::types::AuthorRole;

/// What only a note of a customer service representative has.
///
/// ```
/// use sayso_plugin::CsrNote;
///
/// let note = CsrNote { channel: Some("phone".into()), handle_time_s: Some(240), ..CsrNote::default() };
/// assert_eq!(note.case_id, None);
/// ```
pub use crate::bindings::sayso::plugin::types::CsrNote;

/// Who spoke.
///
/// ```
/// use sayso_plugin::{Customer, Item};
///
/// let mut item = Item::of_text("en", "Cold again.");
/// item.feedback.customer = Some(Customer { segment: Some("gold".into()), tenure_days: Some(900), ..Customer::default() });
/// assert_eq!(item.feedback.customer.unwrap().tenure_days, Some(900));
/// ```
pub use crate::bindings::sayso::plugin::types::Customer;

/// What a customer is worth, in one currency.
///
/// ```
/// use sayso_plugin::{Customer, CustomerValue};
///
/// let value = CustomerValue { clv: None, arr: Some(12_000.0), currency: Some("EUR".into()) };
/// let customer = Customer { value: Some(value), ..Customer::default() };
/// assert_eq!(customer.value.unwrap().arr, Some(12_000.0));
/// ```
pub use crate::bindings::sayso::plugin::types::CustomerValue;

/// What a plugin says of itself; [`describe`](crate::describe) makes it.
///
/// ```
/// use sayso_plugin::{Description, Reads};
///
/// let description = Description {
///     name: "shouting".into(),
///     version: "1.0.0".into(),
///     summary: "Tags feedback that is all capitals.".into(),
///     config_schema: r#"{"type": "object"}"#.into(),
///     reads: Reads::empty(),
/// };
/// assert_eq!(description.name, "shouting");
/// ```
pub use crate::bindings::sayso::plugin::types::Description;

/// What only feedback of one kind has.
///
/// ```
/// use sayso_plugin::{Details, Item};
///
/// let item = Item::of_review("en", "Lovely tea.", 5.0);
/// assert!(matches!(&item.feedback.details, Some(Details::Review(review)) if !review.answered));
/// ```
pub use crate::bindings::sayso::plugin::types::Details;

/// What a plugin says of one feedback.
///
/// ```
/// use sayso_plugin::{Effect, Tag};
///
/// let effect = Effect::Tag(Tag::topic("price", 0.8));
/// assert!(matches!(&effect, Effect::Tag(tag) if tag.name == "price"));
/// ```
pub use crate::bindings::sayso::plugin::types::Effect;

/// A passage that decided a score, and how much it weighed.
///
/// ```
/// use sayso_plugin::{Evidence, Span};
///
/// let evidence = Evidence { span: Span::of(0..4), weight: -1.5 };
/// assert_eq!(&"cold tea"[evidence.span.range()], "cold");
/// ```
pub use crate::bindings::sayso::plugin::types::Evidence;

/// Why a plugin has no effects for an item.
///
/// ```
/// use sayso_plugin::Fault;
///
/// assert_eq!(Fault::unsupported("language `ja`"), Fault::Unsupported("language `ja`".into()));
/// assert_eq!(Fault::failed("no such order"), Fault::Failed("no such order".into()));
/// ```
pub use crate::bindings::sayso::plugin::types::Fault;

/// One survey response, review or note.
///
/// ```
/// use sayso_plugin::Item;
///
/// let feedback = Item::of_text("en", "The tea was cold.").feedback;
/// assert_eq!((feedback.language.code.as_str(), feedback.title), ("en", None));
/// ```
pub use crate::bindings::sayso::plugin::types::Feedback;

/// A field that a redaction refers to.
///
/// ```
/// use sayso_plugin::{Field, Redaction, Span};
///
/// let field = Field::Other("/answers/0/value".into());
/// let redaction = Redaction { field, span: Span::of(0..5), class: "order".into() };
/// assert_eq!(redaction.class, "order");
/// ```
pub use crate::bindings::sayso::plugin::types::Field;

/// What a survey field asks for.
///
/// ```
/// use sayso_plugin::FieldType;
///
/// let counts_as_score = |kind: &FieldType| matches!(kind, FieldType::Nps | FieldType::Csat | FieldType::Ces);
/// assert!(counts_as_score(&FieldType::Nps) && !counts_as_score(&FieldType::Text));
/// ```
pub use crate::bindings::sayso::plugin::types::FieldType;

/// One feedback to process, with the effects of the plugins before this one.
///
/// ```
/// use sayso_plugin::{Effect, Item, Score};
///
/// let mut item = Item::of_text("en", "The tea was cold.");
/// item.effects.push(Effect::Score(Score::whole("sentiment", -0.4)));
/// assert_eq!((item.index, item.score("sentiment").unwrap().value), (0, -0.4));
/// ```
pub use crate::bindings::sayso::plugin::types::Item;

/// What kind of feedback it is.
///
/// ```
/// use sayso_plugin::{Item, Kind};
///
/// assert_eq!(Item::of_review("en", "Lovely tea.", 5.0).feedback.kind, Kind::Review);
/// ```
pub use crate::bindings::sayso::plugin::types::Kind;

/// A language, and how sure its detection is.
///
/// ```
/// use sayso_plugin::{Item, Language};
///
/// let language = Item::of_text("ja", "お茶が冷たい").feedback.language;
/// assert_eq!(language, Language { code: "ja".into(), confidence: 1.0 });
/// ```
pub use crate::bindings::sayso::plugin::types::Language;

/// A finding of another form, stored and delivered as it is.
///
/// ```
/// use sayso_plugin::{Effect, Effects, Note};
///
/// let mut effects = Effects::new();
/// effects.note("orders", vec!["A-1"]);
/// assert_eq!(effects.as_slice(), [Effect::Other(Note { name: "orders".into(), value: r#"["A-1"]"#.into() })]);
/// ```
pub use crate::bindings::sayso::plugin::types::Note;

/// Which feedback it is, where it was collected and when.
///
/// ```
/// use sayso_plugin::Item;
///
/// let origin = Item::of_text("en", "Cold.").feedback.origin.unwrap();
/// assert_eq!((origin.revision, origin.source.type_.as_str()), (1, "api"));
/// ```
pub use crate::bindings::sayso::plugin::types::Origin;

/// A named share of a score.
///
/// ```
/// use sayso_plugin::{Part, Score};
///
/// let score = Score::whole("sentiment", 0.2).parts(&[("neg", 0.1)]);
/// assert_eq!(score.parts, [Part { name: "neg".into(), value: 0.1 }]);
/// ```
pub use crate::bindings::sayso::plugin::types::Part;

/// The same number for one passage, for example a sentence.
///
/// ```
/// use sayso_plugin::{Passage, Score, Span};
///
/// let passage = Passage { span: Span::of(0..5), value: -0.6, label: Some("negative".into()) };
/// assert_eq!(Score::whole("sentiment", -0.6).passages(vec![passage]).passages.len(), 1);
/// ```
pub use crate::bindings::sayso::plugin::types::Passage;

/// A rating on a scale.
///
/// ```
/// use sayso_plugin::Rating;
///
/// assert_eq!(Rating { value: 4.0, min: 1.0, max: 5.0 }.normalised(), 0.75);
/// ```
pub use crate::bindings::sayso::plugin::types::Rating;

/// What a plugin is given beside kind, language, rating, title and text.
///
/// ```
/// use sayso_plugin::Reads;
///
/// let reads = Reads::TAGS | Reads::DETAILS;
/// assert!(reads.contains(Reads::TAGS) && !reads.contains(Reads::CUSTOMER));
/// ```
pub use crate::bindings::sayso::plugin::types::Reads;

/// A passage that nobody may see from here on.
///
/// ```
/// use sayso_plugin::{Effects, Field, Redaction, Span};
///
/// let mut effects = Effects::new();
/// effects.redact(Redaction { field: Field::Text, span: Span::of(6..13), class: "order".into() });
/// assert_eq!(effects.as_slice().len(), 1);
/// ```
pub use crate::bindings::sayso::plugin::types::Redaction;

/// What only a public review has.
///
/// ```
/// use sayso_plugin::Review;
///
/// let review = Review { verified: Some(true), helpful_up: 12, ..Review::default() };
/// assert_eq!(review.public_reply, None);
/// ```
pub use crate::bindings::sayso::plugin::types::Review;

/// A destination class; webhooks choose what they want by it.
///
/// ```
/// use sayso_plugin::{Route, Urgency};
///
/// let route = Route::to("care", "a complaint").priority(80).urgency(Urgency::High);
/// assert_eq!((route.name.as_str(), route.priority), ("care", 80));
/// ```
pub use crate::bindings::sayso::plugin::types::Route;

/// What a score is about.
///
/// ```
/// use sayso_plugin::{Scope, Score};
///
/// assert_eq!(Score::whole("sentiment", 0.1).scope, Scope::Whole);
/// assert_eq!(Score::topic("price", "sentiment", 0.1).scope, Scope::Topic("price".into()));
/// ```
pub use crate::bindings::sayso::plugin::types::Scope;

/// A number for the feedback or for a topic in it.
///
/// ```
/// use sayso_plugin::Score;
///
/// let score = Score::whole("sentiment", -0.6).label("negative");
/// assert_eq!((score.value, score.label.as_deref()), (-0.6, Some("negative")));
/// ```
pub use crate::bindings::sayso::plugin::types::Score;

/// Where the feedback was collected.
///
/// ```
/// use sayso_plugin::Source;
///
/// let source = Source { type_: "trustpilot".into(), id: Some("shop-1".into()), name: None };
/// assert_eq!(source.type_, "trustpilot");
/// ```
pub use crate::bindings::sayso::plugin::types::Source;

/// A range of UTF-8 bytes of a field.
///
/// ```
/// use sayso_plugin::Span;
///
/// assert_eq!(&"cold tea"[Span::of(5..8).range()], "tea");
/// ```
pub use crate::bindings::sayso::plugin::types::Span;

/// What only a survey response has.
///
/// ```
/// use sayso_plugin::{Item, Survey};
///
/// assert_eq!(Item::of_text("en", "Cold.").feedback.survey(), Some(&Survey::default()));
/// ```
pub use crate::bindings::sayso::plugin::types::Survey;

/// A name that the plugin puts on the feedback.
///
/// ```
/// use sayso_plugin::{Span, Tag};
///
/// let tag = Tag::topic("price", 0.8).spans(vec![Span::of(0..4)]);
/// assert_eq!((tag.name.as_str(), tag.confidence), ("price", 0.8));
/// ```
pub use crate::bindings::sayso::plugin::types::Tag;

/// What a tag stands for.
///
/// ```
/// use sayso_plugin::{Tag, TagClass};
///
/// let mood = Tag { class: TagClass::Other("mood".into()), ..Tag::topic("leaving", 1.0) };
/// assert_ne!(mood.class, TagClass::Topic);
/// ```
pub use crate::bindings::sayso::plugin::types::TagClass;

/// How soon somebody has to act.
///
/// ```
/// use sayso_plugin::Urgency;
///
/// let is_pressing = |urgency: &Urgency| matches!(urgency, Urgency::High | Urgency::Critical);
/// assert!(is_pressing(&Urgency::Critical) && !is_pressing(&Urgency::Normal));
/// ```
pub use crate::bindings::sayso::plugin::types::Urgency;

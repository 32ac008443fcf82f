//! Bodies and answers as the API's description has them. Bodies are read, and answers written, piece by piece, so that
//! no type of theirs exists to derive from; a test holds real answers against these.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::api::problem::{Problem, ProblemType, Wire};
use crate::feedback::validate::FieldError;
use crate::feedback::{Analysis, Feedback, FeedbackId, Kind, sample};

/// What the server gives, and no client sends.
const GIVEN: [&str; 3] = ["id", "revision", "received_at"];

/// Feedback as a client sends it: without what the server gives.
pub(super) struct NewFeedback;

impl PartialSchema for NewFeedback {
    fn schema() -> RefOr<Schema> {
        let mut schema = Feedback::schema();
        if let RefOr::T(Schema::Object(feedback)) = &mut schema {
            feedback.properties.retain(|name, _| !GIVEN.contains(&name.as_str()));
            // What has a default may be left out.
            feedback.required.retain(|name| name == "kind");
        }
        schema
    }
}

impl ToSchema for NewFeedback {
    fn name() -> Cow<'static, str> {
        "NewFeedback".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Feedback::schemas(schemas);
    }
}

/// The sample of this kind, as a client sends it.
pub(super) fn sent(kind: Kind) -> Value {
    let mut sent = json!(sample(kind).0);
    if let Some(members) = sent.as_object_mut() {
        members.retain(|name, _| !GIVEN.contains(&name.as_str()));
    }
    sent
}

/// One piece of feedback, or several.
#[derive(ToSchema)]
#[schema(as = FeedbackBody)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described, and never made")]
pub(super) enum FeedbackBody {
    One(NewFeedback),
    Several(Vec<NewFeedback>),
}

/// The answer to one object, or to several.
#[derive(ToSchema)]
#[schema(as = AcceptedBody)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described, and never made")]
pub(super) enum AcceptedBody {
    One(Accepted),
    Several(AcceptedBatch),
}

/// The answer to one object, or to several, with analyses.
#[derive(ToSchema)]
#[schema(as = AnalyzedBody)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described, and never made")]
pub(super) enum AnalyzedBody {
    One(Box<Analyzed>),
    Several(AnalyzedBatch),
}

/// What became of an item that the chain is not through with.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ItemStatus)]
#[expect(dead_code, reason = "it is described; the words are written by hand")]
pub(super) enum Status {
    /// It was set aside for the operator.
    Parked,
    /// It was erased meanwhile.
    Erased,
}

/// Accepted feedback.
#[derive(Serialize, ToSchema)]
#[schema(as = Accepted)]
pub(super) struct Accepted {
    id: FeedbackId,
    /// 1 for the first version.
    revision: u32,
    /// True where it was there already, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    /// Where it was waited for and set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// Why it was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Accepted and refused items of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedBatch)]
pub(super) struct AcceptedBatch {
    accepted: Vec<AcceptedItem>,
    /// The first thousand of the refused ones.
    #[schema(value_type = Vec<RejectedItem>)]
    rejected: Vec<Value>,
    /// How many were refused, where that is more than are explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<u64>,
}

/// One accepted item of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedItem)]
pub(super) struct AcceptedItem {
    /// Its place in the request, from 0.
    index: u32,
    id: FeedbackId,
    /// Where it is not 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    /// True where it was there already, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    /// Where it was waited for and set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// Why it was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// One refused item of a request.
#[derive(ToSchema)]
#[schema(as = RejectedItem)]
#[expect(dead_code, reason = "it is described, and never made")]
pub(super) struct RejectedItem {
    /// Its place in the request, from 0.
    index: u32,
    /// What to fix; without a request id.
    #[schema(value_type = Wire<'static>)]
    problem: Value,
}

/// Feedback with its analysis.
#[derive(Serialize, ToSchema)]
#[schema(as = Analyzed)]
pub(super) struct Analyzed {
    id: FeedbackId,
    /// 1 for the first version.
    revision: u32,
    /// True where it was there already, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<Analysis>,
    /// Where there is no analysis: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// Why it was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// One element an item of the request, in order.
#[derive(Serialize, ToSchema)]
#[schema(as = AnalyzedBatch)]
pub(super) struct AnalyzedBatch {
    #[schema(value_type = Vec<AnalyzedItem>)]
    results: Vec<Value>,
}

/// An item with its analysis, or a refused one.
#[derive(ToSchema)]
#[schema(as = AnalyzedItem)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described, and never made")]
pub(super) enum AnalyzedItem {
    Analyzed(Box<Analyzed>),
    Rejected(RejectedItem),
}

impl Accepted {
    pub(super) fn example() -> Self {
        let (feedback, _) = sample(Kind::Review);
        Self { id: feedback.id, revision: 1, duplicate: None, status: None, reason: None }
    }
}

impl AcceptedBatch {
    pub(super) fn example() -> Self {
        let (feedback, _) = sample(Kind::Review);
        let accepted = AcceptedItem {
            index: 0,
            id: feedback.id,
            revision: None,
            duplicate: Some(true),
            status: None,
            reason: None,
        };
        Self { accepted: vec![accepted], rejected: vec![rejected(1)], rejected_total: None }
    }
}

impl Analyzed {
    pub(super) fn example() -> Self {
        let (feedback, analysis) = sample(Kind::Review);
        let (id, revision) = (feedback.id, feedback.revision);
        Self { id, revision, duplicate: None, analysis: Some(analysis), status: None, reason: None }
    }
}

impl AnalyzedBatch {
    pub(super) fn example() -> Self {
        Self { results: vec![json!(Analyzed::example()), rejected(1)] }
    }
}

/// A refused item, with the problem that it really has.
fn rejected(index: u32) -> Value {
    let mut problem = Problem::new(ProblemType::InvalidFeedback, "`rating.value`: 7 is not between 1 and 5");
    problem.more.errors.push(FieldError::new("rating.value", "7 is not between 1 and 5"));
    let problem: Value = serde_json::from_str(&problem.to_json(None)).unwrap_or_default();
    json!({ "index": index, "problem": problem })
}

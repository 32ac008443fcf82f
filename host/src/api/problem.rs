//! The one form of every error answer: `application/problem+json` (RFC 9457) with a closed set of types.
//!
//! A handler returns a [`Problem`]; the middleware writes it out, because it alone knows the request's id. What is
//! meant for the operator (`internal`) goes to the log and never into the answer.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::feedback::FeedbackId;
use crate::feedback::validate::{FieldError, Invalid};
use crate::queue::QueueError;
use crate::records::RecordsError;

/// What kind of problem it is. Scripts may depend on the names.
// ValueEnum: the compiler keeps the list of them, which the API's description has to cover.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, clap::ValueEnum)]
pub enum ProblemType {
    /// Fields of the feedback have to be fixed.
    InvalidFeedback,
    /// The body is not JSON, or its encoding is broken.
    MalformedBody,
    /// A query parameter, header or path is not as it should be.
    InvalidRequest,
    /// The content type or encoding of the body is not one that is taken.
    UnsupportedMediaType,
    /// The body is larger than a limit.
    TooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// No key, or one that is not known.
    Unauthorized,
    /// The key does not allow it, or the request comes from another web site.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The path takes other methods.
    MethodNotAllowed,
    /// A request with the same `Idempotency-Key` is under way.
    IdempotencyConflict,
    /// The `Idempotency-Key` was used for another request.
    IdempotencyMismatch,
    /// A new chain of plugins cannot run; the old one goes on.
    ChainRefused,
    /// Fields of a webhook have to be fixed.
    InvalidWebhook,
    /// It does not go together with what is there.
    Conflict,
    /// It is not, or no more, what `If-Match` asks for.
    PreconditionFailed,
    /// More feedback waits than the operator allows.
    Overloaded,
    /// The store cannot take or give anything now.
    Unavailable,
    /// A defect in sayso.
    Internal,
}

impl ProblemType {
    /// Its URI, title and status.
    const fn parts(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::InvalidFeedback => {
                ("invalid-feedback", "The feedback is not valid", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::MalformedBody => ("malformed-body", "The body cannot be read", StatusCode::BAD_REQUEST),
            Self::InvalidRequest => ("invalid-request", "The request is not valid", StatusCode::BAD_REQUEST),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", "The body's type is not taken", StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::TooLarge => ("too-large", "The body is too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::BodyTimeout => ("body-timeout", "The body did not arrive in time", StatusCode::REQUEST_TIMEOUT),
            Self::Unauthorized => ("unauthorized", "A valid key is needed", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("forbidden", "This is not allowed", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", "There is no such thing", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => {
                ("method-not-allowed", "The path takes other methods", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::IdempotencyConflict => {
                ("idempotency-conflict", "The same request is under way", StatusCode::CONFLICT)
            }
            Self::IdempotencyMismatch => {
                ("idempotency-mismatch", "The idempotency key was used before", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::ChainRefused => ("chain-refused", "The new chain is refused", StatusCode::UNPROCESSABLE_ENTITY),
            Self::InvalidWebhook => ("invalid-webhook", "The webhook is not valid", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Conflict => ("conflict", "This does not go together with what is there", StatusCode::CONFLICT),
            Self::PreconditionFailed => {
                ("precondition-failed", "It is not as it was asked for", StatusCode::PRECONDITION_FAILED)
            }
            Self::Overloaded => ("overloaded", "Too much feedback waits", StatusCode::TOO_MANY_REQUESTS),
            Self::Unavailable => ("unavailable", "The store is not available", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("internal", "Something went wrong in sayso", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The status of its answers.
    pub(super) const fn status(self) -> StatusCode {
        self.parts().2
    }

    /// The last part of the URI; labels metrics.
    pub const fn name(self) -> &'static str {
        self.parts().0
    }

    /// The type for an answer that another library made.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::REQUEST_TIMEOUT => Self::BodyTimeout,
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::TOO_MANY_REQUESTS => Self::Overloaded,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }
}

/// How many fields are listed at most; there may be as many as what was sent has room for.
const MAX_ERRORS: usize = 100;

/// One error answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// What kind it is.
    pub kind: ProblemType,
    /// What was wrong, and what to do, for people to read.
    pub detail: String,
    /// What most problems have not.
    pub more: Box<More>,
}

/// What most problems have not; apart, because a result is as large as its error.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// The fields or parameters that have to be fixed.
    pub errors: Vec<FieldError>,
    /// Members of its own, for example how many items were accepted before it.
    pub members: Map<String, Value>,
    /// Headers of its own, for example `Retry-After`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What the operator has to know and the client must not; logged, never sent.
    pub internal: Option<String>,
}

/// An error answer (RFC 9457), or what is wrong with one item of a batch. `type` tells which it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Wire<'a> {
    r#type: String,
    /// The same for every problem of the type.
    title: &'a str,
    /// The status of the answer; of an item of a batch, the one it would have had alone.
    status: u16,
    /// What was wrong, where, and what to do, for people to read.
    detail: &'a str,
    /// Also in the header `x-request-id` and in the log; absent for an item of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// The fields or parameters that have to be fixed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), more: Box::default() }
    }

    /// A parameter, header or path that is not as it should be.
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(ProblemType::InvalidRequest, format!("`{name}`: {message}"));
        problem.more.errors.push(FieldError::new(name, message));
        problem
    }

    /// A defect in sayso, or something that must never happen.
    pub fn internal(what: impl Into<String>) -> Self {
        let mut problem =
            Self::new(ProblemType::Internal, "This is a defect in sayso; its log has more under the request id.");
        problem.more.internal = Some(what.into());
        problem
    }

    /// With the fields that have to be fixed; of many of them the first alone, and how many there are.
    #[must_use]
    pub fn with_errors(mut self, mut errors: Vec<FieldError>) -> Self {
        let total = errors.len();
        errors.truncate(MAX_ERRORS);
        self.more.errors = errors;
        if total > MAX_ERRORS { self.with("errors_total", total) } else { self }
    }

    /// With a member of its own.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.members.insert(name.to_owned(), value.into());
        self
    }

    /// With a header of its own.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.push((name, value));
        self
    }

    /// With `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        self.kind.parts().2
    }

    /// The problem as JSON; for an item of a batch without request id.
    pub fn to_json(&self, request_id: Option<&str>) -> String {
        let (name, title, status) = self.kind.parts();
        let wire = Wire {
            r#type: format!("urn:sayso:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            request_id,
            errors: &self.more.errors,
            members: &self.more.members,
        };
        serde_json::to_string(&wire).expect("a problem has no map whose names are not text")
    }

    /// The whole answer, with the request's id.
    pub fn write(&self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.to_json(Some(request_id))));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in &self.more.headers {
            headers.insert(name.clone(), value.clone());
        }
        response
    }

    /// The problem that an answer of another library stands for.
    pub fn of_status(status: StatusCode) -> Self {
        let kind = ProblemType::of_status(status);
        let detail = match kind {
            ProblemType::NotFound => "There is nothing at this path.".to_owned(),
            ProblemType::MethodNotAllowed => "The header `allow` names the methods that this path takes.".to_owned(),
            ProblemType::InvalidRequest => {
                "A part of the path cannot be read; in it, percent-encoded bytes have to be UTF-8.".to_owned()
            }
            _ => status.canonical_reason().unwrap_or("The request failed.").to_owned(),
        };
        Self::new(kind, detail)
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem in the extensions of an empty answer, for the middleware to write out.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let detail = invalid.to_string();
        match invalid {
            Invalid::TooLarge { max } => Self::new(ProblemType::TooLarge, detail).with("limit_bytes", max),
            Invalid::Encoding { position } => Self::new(ProblemType::MalformedBody, detail).with("byte", position),
            Invalid::Syntax { line, column, .. } => {
                Self::new(ProblemType::MalformedBody, detail).with("line", line).with("column", column)
            }
            Invalid::Fields(errors) => Self::new(ProblemType::InvalidFeedback, detail).with_errors(errors),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full(_) => full(error.to_string()),
            QueueError::Failed(_) => failed(error.to_string()),
        }
    }
}

impl From<RecordsError> for Problem {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Full(_) => full(error.to_string()),
            RecordsError::Failed(_) => failed(error.to_string()),
            RecordsError::Damaged { id, .. } => damaged(id, error.to_string()),
            RecordsError::BadCursor(_) => {
                Self::parameter("after", format!("{error}; leave it out to begin at the newest"))
            }
        }
    }
}

fn damaged(id: FeedbackId, internal: String) -> Problem {
    let mut problem = Problem::new(
        ProblemType::Internal,
        format!(
            "What the store has of the feedback `{id}` is damaged. Its operator may restore a copy of the store; \
             `DELETE /v1/feedback/{id}` erases what is left of it."
        ),
    );
    problem.more.internal = Some(internal);
    problem
}

fn full(internal: String) -> Problem {
    let mut problem = Problem::new(
        ProblemType::Unavailable,
        "The disk of the store is full. Try again when the operator has made room.",
    );
    problem.more.internal = Some(internal);
    problem.retry_after(30)
}

fn failed(internal: String) -> Problem {
    let mut problem = Problem::new(
        ProblemType::Unavailable,
        "The store failed, and takes nothing until the operator has restarted sayso.",
    );
    problem.more.internal = Some(internal);
    problem.retry_after(60)
}

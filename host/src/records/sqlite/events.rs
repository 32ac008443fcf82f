//! What the records tell the operator.

use crate::feedback::FeedbackId;

/// A row cannot be read, and what is asked for is answered without it.
pub(super) fn left_out(id: FeedbackId, error: &rusqlite::Error) {
    tracing::error!(
        %id, %error,
        "the row of a feedback is damaged and left out; restore a copy of the store, or erase what is left of the feedback"
    );
}

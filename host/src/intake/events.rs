//! What intake counts.

use metrics::counter;

use crate::api::problem::ProblemType;
use crate::feedback::Kind;

/// An item is on stable storage; `is_new` unless it was known.
pub(super) fn accepted(kind: Kind, is_new: bool) {
    counter!("sayso_feedback_accepted_total", "kind" => kind.as_str()).increment(1);
    if !is_new {
        counter!("sayso_feedback_repeated_total", "kind" => kind.as_str()).increment(1);
    }
}

/// An item of a batch was refused.
pub(super) fn rejected(problem: ProblemType) {
    counter!("sayso_feedback_rejected_total", "problem" => problem.name()).increment(1);
}

/// A whole request was refused.
pub(super) fn refused(problem: ProblemType) {
    counter!("sayso_intake_refused_total", "problem" => problem.name()).increment(1);
}

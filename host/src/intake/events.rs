//! What intake counts.

use metrics::{Counter, counter};

use crate::api::problem::ProblemType;
use crate::feedback::Kind;

/// What is counted of every item, by kind. The handles are kept, since looking them up costs more than counting.
#[derive(Debug)]
pub(super) struct Items([(Kind, Counter, Counter); 3]);

impl Default for Items {
    fn default() -> Self {
        Self([Kind::Survey, Kind::Review, Kind::CsrNote].map(|kind| {
            let accepted = counter!("sayso_feedback_accepted_total", "kind" => kind.as_str());
            let repeated = counter!("sayso_feedback_repeated_total", "kind" => kind.as_str());
            (kind, accepted, repeated)
        }))
    }
}

impl Items {
    /// An item is on stable storage; `is_new` unless it was known.
    pub(super) fn accepted(&self, kind: Kind, is_new: bool) {
        let Some((_, accepted, repeated)) = self.0.iter().find(|(known, ..)| *known == kind) else { return };
        accepted.increment(1);
        if !is_new {
            repeated.increment(1);
        }
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

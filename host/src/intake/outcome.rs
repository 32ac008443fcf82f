//! What became of every item of a request: 20 bytes an accepted item, and a bounded number of explanations.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::api::problem::Problem;
use crate::queue::Receipt;

/// Refused items that are explained; the others are counted.
const MAX_EXPLAINED: usize = 1_000;
/// Largest explanation of more than one error, in bytes of JSON.
const MAX_EXPLANATION: usize = 8 << 10;
/// Items of the largest outcome that is kept for its `Idempotency-Key`. Of a larger request every item is recognised
/// by itself when it is sent again, because it has an identity.
const MAX_KEPT: usize = 65_536;

/// What became of every item, in the order of the request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Outcome {
    /// Whether the request was one object, whose answer is not a list.
    pub(super) single: bool,
    /// How many items there were.
    len: usize,
    /// Position and id of each that was accepted, in their order.
    ids: Vec<(u32, Uuid)>,
    notes: Notes,
}

/// What is not the same for nearly every item.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Notes {
    accepted: u64,
    /// Position and revision, where it is not the first.
    revisions: Vec<(u32, u32)>,
    /// Positions of those that were known.
    repeated: Vec<u32>,
    /// Position and problem, as JSON.
    #[serde(skip)]
    rejected: Vec<(u32, String)>,
    rejected_total: u64,
}

/// The form in which an outcome is kept, but for the ids, which follow, nil for items that were refused, and for the explanations, which quote
/// what was sent and are kept apart.
#[derive(Serialize, Deserialize)]
struct Kept {
    single: bool,
    notes: Notes,
}

/// One accepted item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Accepted {
    pub(super) index: u32,
    pub(super) id: Uuid,
    pub(super) revision: u32,
    pub(super) repeated: bool,
}

/// A place in an outcome. Its notes are in the order of its ids, so that one pass finds them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    index: usize,
    revision: usize,
    repeated: usize,
}

impl Cursor {
    /// The next accepted item.
    pub(super) fn next(&mut self, outcome: &Outcome) -> Option<Accepted> {
        let (index, id) = *outcome.ids.get(self.index)?;
        self.index += 1;
        let revision = outcome.notes.revisions.get(self.revision).filter(|(position, _)| *position == index);
        self.revision += usize::from(revision.is_some());
        let repeated = outcome.notes.repeated.get(self.repeated) == Some(&index);
        self.repeated += usize::from(repeated);
        Some(Accepted { index, id, revision: revision.map_or(1, |(_, revision)| *revision), repeated })
    }
}

impl Outcome {
    /// The position of the next item.
    pub(super) fn reserve(&mut self) -> u32 {
        self.len += 1;
        u32::try_from(self.len - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn accept(&mut self, position: u32, receipt: &Receipt) {
        self.ids.push((position, receipt.id));
        self.notes.accepted += 1;
        if receipt.revision != 1 {
            self.notes.revisions.push((position, receipt.revision));
        }
        if !receipt.is_new {
            self.notes.repeated.push(position);
        }
    }

    pub(super) fn reject(&mut self, problem: &Problem) {
        let position = self.reserve();
        self.notes.rejected_total += 1;
        if self.notes.rejected.len() < MAX_EXPLAINED {
            self.notes.rejected.push((position, explanation(problem)));
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many items were accepted.
    pub(super) fn accepted(&self) -> u64 {
        self.notes.accepted
    }

    /// The accepted items, in order.
    pub(super) fn accepted_items(&self) -> impl Iterator<Item = Accepted> {
        let mut cursor = Cursor::default();
        std::iter::from_fn(move || cursor.next(self))
    }

    /// The explained refusals, in order: position, and problem as JSON.
    pub(super) fn rejected(&self) -> &[(u32, String)] {
        &self.notes.rejected
    }

    /// How many items were refused.
    pub(super) fn rejected_total(&self) -> u64 {
        self.notes.rejected_total
    }

    /// The compact form, to be kept; none where nothing was accepted, or where it would be too large.
    pub(super) fn to_bytes(&self) -> Option<Bytes> {
        if self.notes.accepted == 0 || self.len > MAX_KEPT {
            return None;
        }
        let kept = Kept { single: self.single, notes: self.notes.clone() };
        let mut bytes = serde_json::to_vec(&kept).ok()?;
        bytes.push(b'\n');
        let mut ids = vec![Uuid::nil(); self.len];
        self.ids.iter().for_each(|(position, id)| ids[*position as usize] = *id);
        bytes.extend(ids.iter().flat_map(Uuid::as_bytes));
        Some(bytes.into())
    }

    /// The explanations of the refused items, to be kept beside it; none where there are none.
    pub(super) fn details(&self) -> Option<Bytes> {
        let rejected = Some(&self.notes.rejected).filter(|rejected| !rejected.is_empty())?;
        serde_json::to_vec(rejected).ok().map(Into::into)
    }

    /// Reads what `to_bytes` and `details` wrote. Without the details the refused items are counted alone.
    pub(super) fn from_bytes(bytes: &[u8], details: Option<&[u8]>) -> Option<Self> {
        let (head, ids) = bytes.split_at_checked(memchr::memchr(b'\n', bytes)?)?;
        let Kept { single, mut notes } = serde_json::from_slice(head).ok()?;
        if let Some(details) = details {
            notes.rejected = serde_json::from_slice(details).ok()?;
        }
        let all = ids[1..].chunks(16).map(Uuid::from_slice).collect::<Result<Vec<_>, _>>().ok()?;
        let (len, ids) = (all.len(), (0..).zip(all).filter(|(_, id)| !id.is_nil()).collect());
        Some(Self { single, len, ids, notes })
    }
}

/// The problem as JSON, with as many of its errors as there is room for.
fn explanation(problem: &Problem) -> String {
    let mut json = problem.to_json(None);
    for most in [8, 1] {
        if json.len() <= MAX_EXPLANATION {
            break;
        }
        let mut short = problem.clone();
        short.more.errors.truncate(most);
        short.detail.truncate(short.detail.floor_char_boundary(1024));
        short.more.members.entry("errors_total").or_insert_with(|| problem.more.errors.len().into());
        json = short.to_json(None);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::ProblemType;

    fn mixed() -> Outcome {
        let mut outcome = Outcome::default();
        for n in 1..=4u32 {
            if n == 2 {
                outcome.reject(&Problem::new(ProblemType::InvalidFeedback, "line\nbreak").with("line", 2));
                continue;
            }
            let position = outcome.reserve();
            // An id with a line feed in it, which the compact form must not take for its end.
            let id = Uuid::from_u128(0x0a0a_0000 + u128::from(n));
            outcome.accept(position, &Receipt { id, revision: n, is_new: n != 4 });
        }
        outcome
    }

    #[test]
    fn the_compact_form_reads_back() {
        let outcome = mixed();
        let (bytes, details) = (outcome.to_bytes().expect("something was accepted"), outcome.details());
        assert_eq!(Outcome::from_bytes(&bytes, details.as_deref()), Some(outcome));
    }

    #[test]
    fn without_the_details_refused_items_are_counted_and_nothing_of_them_is_kept() {
        let outcome = mixed();
        let bytes = outcome.to_bytes().expect("something was accepted");
        assert!(memchr::memmem::find(&bytes, b"break").is_none(), "what quotes the request is in the details alone");
        let read = Outcome::from_bytes(&bytes, None).expect("reads back");
        assert_eq!((read.accepted(), read.rejected_total(), read.rejected().len()), (3, 1, 0));
    }

    #[test]
    fn items_keep_their_place_beside_refused_ones() {
        let outcome = mixed();
        let items: Vec<_> = outcome.accepted_items().map(|item| (item.index, item.revision, item.repeated)).collect();
        assert_eq!(items, [(0, 1, false), (2, 3, false), (3, 4, true)]);
        assert_eq!((outcome.accepted(), outcome.rejected_total(), outcome.rejected()[0].0), (3, 1, 1));
    }

    #[test]
    fn refusals_beyond_a_thousand_are_counted_and_not_explained() {
        let mut outcome = Outcome::default();
        for _ in 0..1500 {
            outcome.reject(&Problem::new(ProblemType::InvalidFeedback, "no"));
        }
        assert_eq!((outcome.rejected().len(), outcome.rejected_total()), (1_000, 1_500));
        assert_eq!(outcome.to_bytes(), None, "what took nothing is not kept");
    }
}

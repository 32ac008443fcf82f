//! How each topic fares: the sentiment of the clauses that mention it.

use sayso_plugin::{Evidence, Score};

use crate::{clauses, matcher::Hit};

/// The strongest weight of evidence: the end of VADER's scale.
const STRONGEST: f64 = 4.0;

/// The clauses of a text, and the evidence in them. Parted only when first asked for.
pub(crate) struct Clauses<'a> {
    text: &'a str,
    evidence: &'a [Evidence],
    ends: Vec<usize>,
}

impl<'a> Clauses<'a> {
    /// The clauses of `text`, in which earlier plugins found `evidence`.
    pub(crate) const fn of(text: &'a str, evidence: &'a [Evidence]) -> Self {
        Self { text, evidence, ends: Vec::new() }
    }

    /// The score of a topic; none without evidence in the clauses that mention it.
    pub(crate) fn aspect(&mut self, topic: &str, hits: &[Hit]) -> Option<Score> {
        if self.evidence.is_empty() {
            return None;
        }
        if self.ends.is_empty() {
            self.ends = clauses::ends(self.text);
        }
        let mut mentioned: Vec<usize> =
            hits.iter().filter_map(|hit| hit.span).map(|span| self.clause_at(span.start as usize)).collect();
        mentioned.dedup();
        let is_mentioned = |one: &&Evidence| mentioned.contains(&self.clause_at(one.span.start as usize));
        let evidence: Vec<Evidence> = self.evidence.iter().filter(is_mentioned).copied().collect();
        if evidence.is_empty() {
            return None;
        }
        let count = f64::from(u32::try_from(evidence.len()).unwrap_or(u32::MAX));
        let mean = evidence.iter().map(|one| one.weight).sum::<f64>() / count;
        let value = ((mean / STRONGEST).clamp(-1.0, 1.0) * 1e3).round() / 1e3;
        Some(Score::topic(topic, "sentiment", value).evidence(evidence))
    }

    fn clause_at(&self, offset: usize) -> usize {
        self.ends.partition_point(|&end| end <= offset)
    }
}

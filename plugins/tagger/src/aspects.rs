//! How each topic fares: the sentiment of the clauses that mention it.

use sayso_plugin::{Evidence, Score};

use crate::{matcher::Hit, matcher::Matcher};

/// The strongest weight of evidence: the end of VADER's scale.
const STRONGEST: f64 = 4.0;
/// The most passages of evidence that the score of one topic names.
const MOST_EVIDENCE: usize = 32;

/// The clauses of a text, and the evidence in them. Parted only where there is evidence.
pub(crate) struct Clauses {
    /// Each with the number of its clause.
    evidence: Vec<(usize, Evidence)>,
    ends: Vec<usize>,
}

impl Clauses {
    /// The clauses of the matcher's text, in which earlier plugins found `evidence`.
    pub(crate) fn of(matcher: &Matcher<'_>, evidence: &[Evidence]) -> Self {
        if evidence.is_empty() {
            return Self { evidence: Vec::new(), ends: Vec::new() };
        }
        let ends: Vec<usize> = matcher.clause_ends().collect();
        let evidence = evidence.iter().map(|one| (clause_at(&ends, one.span.start), *one)).collect();
        Self { evidence, ends }
    }

    /// The score of a topic; none without evidence in the clauses that mention it.
    pub(crate) fn aspect(&self, topic: &str, hits: &[Hit]) -> Option<Score> {
        if self.evidence.is_empty() {
            return None;
        }
        let mut mentioned: Vec<usize> =
            hits.iter().filter_map(|hit| hit.span).map(|span| clause_at(&self.ends, span.start)).collect();
        mentioned.sort_unstable();
        let is_mentioned = |clause: &usize| mentioned.binary_search(clause).is_ok();
        let mut evidence: Vec<Evidence> =
            self.evidence.iter().filter(|(clause, _)| is_mentioned(clause)).map(|(_, one)| *one).collect();
        if evidence.is_empty() {
            return None;
        }
        let count = f64::from(u32::try_from(evidence.len()).unwrap_or(u32::MAX));
        let mean = evidence.iter().map(|one| one.weight).sum::<f64>() / count;
        let value = ((mean / STRONGEST).clamp(-1.0, 1.0) * 1e3).round() / 1e3;
        evidence.truncate(MOST_EVIDENCE);
        Some(Score::topic(topic, "sentiment", value).evidence(evidence))
    }
}

fn clause_at(ends: &[usize], offset: u32) -> usize {
    ends.partition_point(|&end| end <= offset as usize)
}

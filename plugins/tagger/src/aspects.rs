//! How each topic fares: the sentiment of the clauses that mention it.

use std::ops::Range;

use sayso_plugin::{Evidence, Score, Span};

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
    /// The clauses of the matcher's text, in which earlier plugins found `evidence`, and it the `topics`.
    pub(crate) fn of(matcher: &Matcher<'_>, evidence: &[Evidence], mut topics: Vec<Span>) -> Self {
        if evidence.is_empty() {
            return Self { evidence: Vec::new(), ends: Vec::new() };
        }
        let mut ends: Vec<usize> = matcher.clause_ends().collect();
        if topics.len() > 1 {
            topics.sort_unstable_by_key(|topic| (topic.start, topic.end));
            let mut felt: Vec<u32> = evidence.iter().map(|one| one.span.start).collect();
            felt.sort_unstable();
            ends = Phrases { topics, felt }.part(&ends, matcher.joints());
        }
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

/// Phrases that are joined are clauses where both have a topic and feelings of their own: in "lovely staff, filthy rooms",
/// but not in "lovely staff and rooms", nor in "lovely staff, slow, rude waiters", of which nobody knows whose "slow" is.
struct Phrases {
    /// In the order of the text.
    topics: Vec<Span>,
    /// Where evidence begins, in order.
    felt: Vec<u32>,
}

impl Phrases {
    /// The ends of clauses, and those of phrases that are clauses.
    fn part(&self, ends: &[usize], joints: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut joints = joints.filter(|&at| !self.is_inside_topic(at)).peekable();
        let (mut parted, mut start) = (Vec::with_capacity(ends.len()), 0);
        for &end in ends {
            while let Some(joint) = joints.next_if(|&joint| joint < end) {
                let next = joints.peek().map_or(end, |&next| next.min(end));
                if self.is_clause(start..joint) && self.is_clause(joint..next) {
                    parted.push(joint);
                }
                start = joint;
            }
            parted.push(end);
            start = end;
        }
        parted
    }

    fn is_clause(&self, range: Range<usize>) -> bool {
        let has = |first: Option<u32>| first.is_some_and(|first| (first as usize) < range.end);
        let felt = self.felt.partition_point(|&felt| (felt as usize) < range.start);
        let topic = self.topics.partition_point(|topic| (topic.start as usize) < range.start);
        has(self.felt.get(felt).copied()) && has(self.topics.get(topic).map(|topic| topic.start))
    }

    /// As in "bed and breakfast". Topics hardly overlap, so that the last one that begins before tells.
    fn is_inside_topic(&self, at: usize) -> bool {
        let before = self.topics.partition_point(|topic| (topic.start as usize) < at);
        before.checked_sub(1).is_some_and(|last| self.topics[last].end as usize > at)
    }
}

fn clause_at(ends: &[usize], offset: u32) -> usize {
    ends.partition_point(|&end| end <= offset as usize)
}

//! The words that a score rests on.

use sayso_plugin::{Evidence, Span};

use crate::{vader::Weight, words::Words};

/// The most passages of evidence for one feedback; of more, the heaviest.
const MOST: usize = 128;

/// What the words weigh, in order. The words of one emoji are one passage.
pub(crate) fn of(weights: &[Weight], words: &Words<'_>) -> Vec<Evidence> {
    let mut found = Vec::<Evidence>::with_capacity(weights.len());
    for Weight { span, value, .. } in weights {
        let span = Span::of(span.clone());
        match found.last_mut() {
            Some(last) if last.span == span => last.weight += value,
            _ => found.push(Evidence { span, weight: *value }),
        }
    }
    found.retain(|evidence| evidence.weight != 0.0);
    if found.len() > MOST {
        found.select_nth_unstable_by(MOST, |a, b| {
            let size = |evidence: &Evidence| evidence.weight.abs();
            size(b).total_cmp(&size(a)).then(a.span.start.cmp(&b.span.start))
        });
        found.truncate(MOST);
        found.sort_unstable_by_key(|evidence| evidence.span.start);
    }
    for evidence in &mut found {
        evidence.span = words.in_text(&evidence.span);
    }
    found
}

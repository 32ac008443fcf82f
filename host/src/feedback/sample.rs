//! Feedback that no customer gave, with its analysis: what a test delivery tells where there is nothing on record, and
//! what the API's description shows. The analyses are those of the built-in chain.

use serde::Deserialize;

use super::{Analysis, Feedback, Kind};

/// The `source.type` of every sample, and the `customer.id`: no sender's data has it.
pub const SAMPLE: &str = "sayso-test";

const SAMPLES: &str = include_str!("samples.json");

#[derive(Deserialize)]
struct Sample {
    feedback: Feedback,
    analysis: Analysis,
}

/// The sample of this kind, with its analysis.
pub fn sample(kind: Kind) -> (Feedback, Analysis) {
    let samples: Vec<Sample> = serde_json::from_str(SAMPLES).expect("the samples are feedback; a test reads them");
    let of_kind = samples.into_iter().find(|sample| sample.feedback.kind == kind);
    let Sample { feedback, analysis } = of_kind.expect("there is a sample of every kind; a test looks");
    (feedback, analysis)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Server;
    use crate::feedback::validate::{Limits, validate};

    const KINDS: [Kind; 3] = [Kind::Survey, Kind::Review, Kind::CsrNote];

    #[test]
    fn every_kind_has_a_sample_that_intake_would_take_and_that_says_that_it_is_one() {
        for kind in KINDS {
            let (feedback, _) = sample(kind);
            assert_eq!((feedback.kind, &*feedback.source.kind), (kind, SAMPLE));
            assert_eq!(feedback.customer.as_ref().and_then(|customer| customer.id.as_deref()), Some(SAMPLE));
            let mut sent = json!(feedback);
            let sent = sent.as_object_mut().expect("an object");
            sent.retain(|name, _| !["id", "revision", "received_at"].contains(&&**name));
            let taken = validate(json!(sent).to_string().as_bytes(), &Limits::from(&Server::default()));
            let taken = taken.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            assert_eq!(taken.text, feedback.text);
        }
    }

    #[test]
    fn a_sample_is_written_as_it_stands_in_the_file() {
        let file: Vec<Value> = serde_json::from_str(SAMPLES).expect("JSON");
        assert_eq!(file.len(), KINDS.len());
        for entry in file {
            let kind: Kind = serde_json::from_value(entry["feedback"]["kind"].clone()).expect("a kind");
            let (feedback, analysis) = sample(kind);
            assert_eq!(json!({ "feedback": feedback, "analysis": analysis }), entry);
        }
    }
}

use super::segment::words_of;
use crate::{
    feedback::{Analysis, Feedback, FeedbackId},
    sqlite::time::nanos,
};

/// Values of the column `facet`.
pub(super) const TAG: i64 = 0;
pub(super) const INTENT: i64 = 1;
pub(super) const ROUTE: i64 = 2;

/// What one feedback is found by.
pub(super) struct Findable {
    pub(super) id: FeedbackId,
    pub(super) received_at: i64,
    pub(super) customer: Option<String>,
    pub(super) score: Option<f64>,
    /// Tags, intents and routes.
    pub(super) facets: Vec<(i64, String)>,
    pub(super) words: String,
}

impl Findable {
    pub(super) fn of(feedback: &Feedback, analysis: &Analysis) -> Self {
        let tags = analysis.tags.iter().map(|tag| (TAG, &tag.name));
        let intents = analysis.intents.iter().map(|intent| (INTENT, &intent.kind));
        let routes = analysis.routes.iter().map(|route| (ROUTE, &route.name));
        Self {
            id: feedback.id,
            received_at: nanos(feedback.received_at),
            customer: feedback.known_by().map(str::to_owned),
            score: analysis.sentiment.as_ref().map(|sentiment| sentiment.score),
            facets: tags.chain(intents).chain(routes).map(|(facet, value)| (facet, value.clone())).collect(),
            words: words_of(feedback),
        }
    }
}

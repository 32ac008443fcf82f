//! Questions that plugins ask of an item, and items for tests.

use crate::{
    AuthorRole, CsrNote, Details, Effect, Feedback, Item, Kind, Language, Origin, Rating, Review, Scope, Score, Source,
    Span, Survey,
};

impl Item {
    /// Item for a test: an empty-handed survey response in a language, all of it the customer's words.
    ///
    /// ```
    /// use sayso_plugin::{Item, Kind};
    ///
    /// let item = Item::of_text("en", "The tea was cold.");
    /// assert_eq!(item.feedback.kind, Kind::Survey);
    /// assert_eq!(item.feedback.customer_words, None);
    /// ```
    pub fn of_text(language: &str, text: &str) -> Self {
        Self { index: 0, feedback: Feedback::of_text(language, text), effects: Vec::new() }
    }

    /// Item for a test: a review of so many of five stars.
    ///
    /// ```
    /// use sayso_plugin::Item;
    ///
    /// let item = Item::of_review("en", "Lovely tea.", 5.0);
    /// assert_eq!(item.feedback.rating.map(|rating| rating.normalised()), Some(1.0));
    /// ```
    pub fn of_review(language: &str, text: &str, stars: f64) -> Self {
        let mut item = Self::of_text(language, text);
        item.feedback.kind = Kind::Review;
        item.feedback.rating = Some(Rating { value: stars, min: 1.0, max: 5.0 });
        item.feedback.details = Some(Details::Review(Review::default()));
        item
    }

    /// Item for a test: an agent's note in which the customer's words are the quoted passages.
    ///
    /// ```
    /// use sayso_plugin::Item;
    ///
    /// let item = Item::of_note("en", "Caller says \"never again\".", &[13..24]);
    /// let words = &item.feedback.customer_words.as_ref().unwrap()[0];
    /// assert_eq!(&item.feedback.text[words.range()], "never again");
    /// ```
    pub fn of_note(language: &str, text: &str, customer_words: &[std::ops::Range<usize>]) -> Self {
        let mut item = Self::of_text(language, text);
        item.feedback.kind = Kind::CsrNote;
        item.feedback.customer_words = Some(customer_words.iter().cloned().map(Span::of).collect());
        item.feedback.details = Some(Details::CsrNote(CsrNote::default()));
        item
    }

    /// The latest score of this name for the feedback as a whole, by a plugin before this one.
    ///
    /// ```
    /// use sayso_plugin::{Effect, Item, Score};
    ///
    /// let mut item = Item::of_text("en", "The tea was cold.");
    /// item.effects.push(Effect::Score(Score::whole("sentiment", -0.4)));
    /// assert_eq!(item.score("sentiment").map(|score| score.value), Some(-0.4));
    /// ```
    pub fn score(&self, name: &str) -> Option<&Score> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Score(score) if score.name == name && matches!(score.scope, Scope::Whole) => Some(score),
            _ => None,
        })
    }
}

impl Feedback {
    fn of_text(language: &str, text: &str) -> Self {
        let origin = Origin {
            id: String::from("0190f5c8-0000-7000-8000-000000000000"),
            revision: 1,
            collected_at: 1_750_000_000_000,
            received_at: 1_750_000_000_000,
            source: Source { type_: "api".into(), id: None, name: None },
        };
        Self {
            kind: Kind::Survey,
            language: Language { code: language.into(), confidence: 1.0 },
            rating: None,
            title: None,
            text: text.into(),
            customer_words: None,
            origin: Some(origin),
            customer: None,
            details: Some(Details::Survey(Survey::default())),
            metadata: None,
        }
    }

    /// What only a survey response has, if this is one and `reads.details` is set.
    ///
    /// ```
    /// use sayso_plugin::{Answer, AnswerValue, Details, FieldType, Item, Survey};
    ///
    /// let likely = Answer {
    ///     field_id: "nps".into(),
    ///     field_label: None,
    ///     field_type: FieldType::Nps,
    ///     scale: Some((0.0, 10.0)),
    ///     value: AnswerValue::Number(9.0),
    /// };
    /// let mut item = Item::of_text("en", "");
    /// item.feedback.details = Some(Details::Survey(Survey { answers: vec![likely], ..Survey::default() }));
    /// assert_eq!(item.feedback.survey().unwrap().answers[0].value, AnswerValue::Number(9.0));
    /// assert_eq!(item.feedback.review(), None);
    /// ```
    pub const fn survey(&self) -> Option<&Survey> {
        if let Some(Details::Survey(survey)) = &self.details { Some(survey) } else { None }
    }

    /// What only a public review has, if this is one and `reads.details` is set.
    ///
    /// ```
    /// use sayso_plugin::Item;
    ///
    /// let item = Item::of_review("en", "Lovely tea.", 5.0);
    /// assert_eq!(item.feedback.review().map(|review| review.answered), Some(false));
    /// ```
    pub const fn review(&self) -> Option<&Review> {
        if let Some(Details::Review(review)) = &self.details { Some(review) } else { None }
    }

    /// What only a note of a customer service representative has, if this is one and `reads.details` is set.
    ///
    /// ```
    /// use sayso_plugin::{AuthorRole, Item};
    ///
    /// let item = Item::of_note("en", "Wants a refund.", &[]);
    /// assert_eq!(item.feedback.csr_note().map(|note| &note.author_role), Some(&AuthorRole::Agent));
    /// ```
    pub const fn csr_note(&self) -> Option<&CsrNote> {
        if let Some(Details::CsrNote(note)) = &self.details { Some(note) } else { None }
    }
}

impl Rating {
    /// The rating on 0 to 1: 0 is the lowest of its scale, 1 the highest.
    ///
    /// ```
    /// use sayso_plugin::Rating;
    ///
    /// assert_eq!(Rating { value: 4.0, min: 1.0, max: 5.0 }.normalised(), 0.75);
    /// ```
    pub fn normalised(&self) -> f64 {
        ((self.value - self.min) / (self.max - self.min)).clamp(0.0, 1.0)
    }
}

impl Default for Survey {
    fn default() -> Self {
        Self { survey_id: None, completed: true, answers: Vec::new() }
    }
}

#[expect(clippy::derivable_impls, reason = "the types come from a macro that derives for all of them or none")]
impl Default for Review {
    fn default() -> Self {
        Self {
            product_id: None,
            product_version: None,
            location_id: None,
            verified: None,
            territory: None,
            helpful_up: 0,
            helpful_down: 0,
            answered: false,
            author_name: None,
            public_reply: None,
        }
    }
}

impl Default for CsrNote {
    fn default() -> Self {
        Self {
            case_id: None,
            agent_team: None,
            channel: None,
            direction: None,
            disposition: None,
            contact_reason: None,
            handle_time_s: None,
            author_role: AuthorRole::Agent,
        }
    }
}

#[expect(clippy::derivable_impls, reason = "the types come from a macro that derives for all of them or none")]
impl Default for crate::Customer {
    fn default() -> Self {
        Self { id: None, account_id: None, account_type: None, segment: None, tenure_days: None, value: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn a_rating_is_normalised_over_its_own_scale() {
        assert_eq!(Rating { value: 1.0, min: 1.0, max: 5.0 }.normalised(), 0.0);
        assert_eq!(Rating { value: 4.0, min: 1.0, max: 5.0 }.normalised(), 0.75);
        assert_eq!(Rating { value: 10.0, min: 0.0, max: 10.0 }.normalised(), 1.0);
    }

    #[test]
    fn the_latest_score_of_the_whole_is_found() {
        let mut item = Item::of_text("en", "text");
        item.effects.push(Effect::Score(Score::whole("sentiment", 0.1)));
        item.effects.push(Effect::Score(Score::whole("sentiment", 0.2)));
        item.effects.push(Effect::Score(Score::topic("delivery/speed", "sentiment", 0.3)));
        let score = item.score("sentiment").unwrap();
        assert_eq!((score.value, &score.scope), (0.2, &Scope::Whole));
        assert!(item.score("churn_risk").is_none());
    }
}

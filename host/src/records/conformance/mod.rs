//! What all records have to do, whatever they are made of: tests that run against any [`Backend`].

pub(crate) mod aggregate;
pub(crate) mod deliveries;
pub(crate) mod erase;
pub(crate) mod expire;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod save;
pub(crate) mod search;
pub(crate) mod wait;
pub(crate) mod webhooks;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Analyzed, Filter, Forgetting, Records};
use crate::feedback::{Analysis, Customer, Feedback, FeedbackId, Intent, Kind, Language, Route, Sentiment, Tag};

/// Empty records of one kind, that are opened, closed by dropping them, and opened again.
pub(crate) trait Backend: Send + Sync {
    /// The records.
    type Records: Records;

    /// Opens the records, with what an earlier one of this backend left.
    async fn open(&self) -> Self::Records;
}

/// Runs every test against the backend that the expression makes.
macro_rules! records_conformance {
    ($backend:expr) => {
        $crate::records::conformance::records_conformance! { @ $backend;
            save: what_was_saved_is_read_back,
                what_was_saved_outlasts_a_restart,
                a_repetition_changes_nothing,
                a_repetition_owes_nothing_more_and_tells_what_is_owed,
                a_newer_revision_takes_the_place_of_the_older,
                an_older_revision_that_comes_late_takes_no_place,
                payloads_come_in_the_order_asked_for;
            deliveries: a_pending_delivery_is_owed_to_each_webhook,
                an_attempt_is_kept_with_how_the_delivery_stands,
                a_repeated_attempt_changes_nothing,
                what_was_delivered_stays_delivered,
                an_attempt_whose_number_is_taken_gets_the_next,
                an_attempt_of_no_delivery_is_dropped,
                deliveries_are_listed_by_what_the_filter_says,
                deliveries_are_listed_by_route_kind_event_and_time,
                deliveries_are_listed_in_pages_newest_first,
                deliveries_of_several_webhooks_are_in_one_order_over_pages,
                a_list_shows_attempts_in_brief_and_one_delivery_in_full,
                attempts_outlast_a_restart,
                other_events_are_owed_as_analyses_are;
            replay: a_delivery_that_is_reopened_is_pending_and_delivered_anew,
                what_is_reopened_is_known_until_the_queue_has_it,
                a_replay_puts_back_everything_that_is_parked_oldest_first_and_nothing_twice,
                a_replay_tells_what_became_of_what_it_put_back,
                what_was_saved_together_is_put_back_in_the_order_of_its_acceptance,
                a_replay_that_a_crash_broke_off_goes_on_with_what_was_not_tried,
                a_webhook_has_one_replay_at_a_time,
                a_cancelled_replay_puts_nothing_more_back_but_what_it_had_begun,
                a_replay_is_of_what_the_filter_says;
            webhooks: a_webhook_outlasts_a_restart_as_it_was_changed_last,
                a_deleted_webhook_leaves_its_name_until_it_is_dropped_or_taken_over;
            list: feedback_is_listed_in_pages_newest_first,
                feedback_of_one_moment_is_on_one_page_only,
                a_page_of_large_feedback_ends_early_and_the_next_goes_on,
                each_field_of_the_filter_filters,
                a_tag_with_a_star_stands_for_all_below_it,
                a_filter_holds_for_the_newest_revision,
                a_cursor_of_another_list_is_refused;
            search: all_words_of_a_query_have_to_be_there,
                words_are_found_in_title_and_text,
                case_and_accents_do_not_matter,
                forms_of_one_word_do_not_matter,
                words_of_languages_without_spaces_are_found,
                a_query_is_words_and_no_syntax,
                a_query_without_words_finds_nothing,
                words_of_an_older_revision_are_not_found,
                a_search_goes_on_over_pages_and_restarts;
            aggregate: each_facet_is_counted_largest_first,
                only_what_fits_the_filter_is_counted;
            health: a_webhook_of_which_nothing_is_on_record_does_well,
                how_a_webhook_does_outlasts_a_restart,
                a_webhook_that_does_well_again_leaves_nothing;
            history: a_customer_without_earlier_feedback_has_no_history,
                earlier_feedback_is_summed_up,
                the_trend_is_the_newer_half_less_the_older;
            erase: everything_of_a_customer_is_erased,
                others_are_left_alone,
                an_erasure_that_goes_on_leaves_what_was_accepted_after_it_began,
                an_older_revision_of_the_customer_is_erased,
                one_feedback_is_erased_in_all_its_revisions_and_the_customers_other_is_not,
                a_customer_without_an_identifier_is_known_by_the_e_mail_address,
                what_a_worker_had_in_its_hands_is_not_saved_after_the_erasure,
                an_erasure_that_was_cut_off_is_known_after_a_restart,
                a_digest_is_left_until_it_is_dropped,
                an_answer_to_several_deliveries_goes_from_all_of_them,
                an_answer_that_comes_after_the_erasure_is_not_kept;
            expire: attempts_are_removed_by_their_own_age,
                deliveries_that_ended_are_removed_and_pending_ones_never,
                a_delivery_that_was_tried_again_is_young,
                feedback_stays_while_a_delivery_is_on_record,
                what_is_old_is_removed_step_by_step,
                how_far_the_records_go_back_is_known;
            wait: what_is_on_record_is_not_waited_for,
                what_is_saved_meanwhile_ends_the_wait,
                the_wait_ends_when_the_time_is_over,
                an_older_revision_does_not_end_the_wait
        }
    };
    (@ $backend:expr; $($module:ident: $($test:ident),+);+) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::records::conformance::$module::$test(&$backend).await;
            }
        )+)+
    };
}
pub(crate) use records_conformance;

/// Feedback number n: the larger, the newer, by a second each.
pub(crate) fn id(number: u64) -> FeedbackId {
    let millisecond = (1_700_000_000 + number) * 1_000;
    FeedbackId(uuid::Builder::from_unix_timestamp_millis(millisecond, &[7; 10]).into_uuid())
}

/// When feedback number n was accepted.
pub(crate) fn accepted(number: u64) -> Timestamp {
    let number = i64::try_from(number).expect("a small number");
    Timestamp::new(1_700_000_000, 0).expect("in range") + SignedDuration::from_secs(number)
}

/// A review with this text, by nobody, of which nothing is said, wanted by nobody.
pub(crate) fn review(number: u64, text: &str) -> Analyzed {
    let feedback = serde_json::json!({ "kind": "review", "revision": 1, "text": text });
    let mut feedback: Feedback = serde_json::from_value(feedback).expect("is feedback");
    (feedback.id, feedback.received_at) = (id(number), accepted(number));
    Analyzed { feedback, analysis: Analysis::default(), webhooks: Vec::new(), era: 0 }
}

/// What is said of feedback in these tests, in short.
pub(crate) trait With: Sized {
    fn by(self, customer: &str) -> Self;
    fn of_kind(self, kind: Kind) -> Self;
    fn scored(self, label: &str, score: f64) -> Self;
    fn tagged(self, tags: &[&str]) -> Self;
    fn meant(self, intent: &str) -> Self;
    fn routed(self, route: &str) -> Self;
    fn in_language(self, code: &str) -> Self;
    fn for_webhooks(self, webhooks: &[&str]) -> Self;
    fn revised(self, revision: u32, text: &str) -> Self;
}

impl With for Analyzed {
    fn by(mut self, customer: &str) -> Self {
        self.feedback.customer = Some(Customer { id: Some(customer.into()), ..Customer::default() });
        self
    }

    fn of_kind(mut self, kind: Kind) -> Self {
        self.feedback.kind = kind;
        self
    }

    fn scored(mut self, label: &str, score: f64) -> Self {
        self.analysis.sentiment = Some(Sentiment { label: label.into(), score, ..Sentiment::default() });
        self
    }

    fn tagged(mut self, tags: &[&str]) -> Self {
        let tag = |name: &&str| Tag { name: (*name).into(), class: None, confidence: 1.0, spans: Vec::new() };
        self.analysis.tags = tags.iter().map(tag).collect();
        self
    }

    fn meant(mut self, intent: &str) -> Self {
        self.analysis.intents.push(Intent { kind: intent.into(), confidence: 1.0, spans: Vec::new() });
        self
    }

    fn routed(mut self, route: &str) -> Self {
        self.analysis.routes.push(Route { name: route.into(), rule: "test".into(), priority: 1 });
        self
    }

    fn in_language(mut self, code: &str) -> Self {
        self.analysis.language = Some(Language { code: code.into(), confidence: 1.0 });
        self
    }

    fn for_webhooks(mut self, webhooks: &[&str]) -> Self {
        self.webhooks = webhooks.iter().map(|webhook| Arc::from(*webhook)).collect();
        self
    }

    fn revised(mut self, revision: u32, text: &str) -> Self {
        (self.feedback.revision, self.feedback.text) = (revision, text.into());
        self
    }
}

pub(crate) async fn save(records: &impl Records, analyzed: &[&Analyzed]) {
    records.save(analyzed.iter().copied().cloned().collect()).await.expect("saves");
}

/// The texts of what fits the filter.
pub(crate) async fn texts(records: &impl Records, filter: &Filter) -> Vec<String> {
    let page = records.list(filter, None, 100).await.expect("lists");
    assert_eq!(page.next, None);
    page.items.into_iter().map(|(feedback, _)| feedback.text).collect()
}

/// The texts of what has these words.
pub(crate) async fn found(records: &impl Records, words: &str) -> Vec<String> {
    texts(records, &Filter { q: Some(words.into()), ..Filter::default() }).await
}

//! What every queue has to do, whatever it is made of: tests that run against any [`Backend`].

pub(crate) mod answers;
pub(crate) mod forget;
pub(crate) mod identity;
pub(crate) mod lease;
pub(crate) mod park;
pub(crate) mod publish;
pub(crate) mod replay;
pub(crate) mod series;

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Identity, Lane, Lease, Message, Queue};

/// Long enough for anything that is going to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// An empty queue of one kind, that is opened, closed by dropping it, and opened again.
pub(crate) trait Backend: Send + Sync {
    /// The queue.
    type Queue: Queue;

    /// Opens the queue, with what an earlier one of this backend left.
    async fn open(&self) -> Self::Queue {
        self.open_with_lease(Duration::from_secs(60)).await
    }

    /// Likewise, with another time for leases.
    async fn open_with_lease(&self, lease: Duration) -> Self::Queue;
}

/// Runs every test against the backend that the expression makes.
macro_rules! queue_conformance {
    ($backend:expr) => {
        $crate::queue::conformance::queue_conformance! { @ $backend;
            publish: a_message_is_pulled_as_it_was_published,
                first_tries_come_in_the_order_of_publication,
                a_message_id_that_waits_is_dropped,
                a_message_id_that_is_leased_is_dropped,
                a_message_id_that_is_parked_is_dropped,
                a_message_id_that_was_settled_is_dropped,
                a_repetition_within_one_call_is_dropped,
                another_revision_of_a_message_id_is_taken,
                a_message_id_is_dropped_in_its_own_lane_only,
                each_message_goes_to_its_own_lane,
                what_was_published_outlasts_a_restart,
                what_was_settled_is_known_after_a_restart;
            identity: an_unknown_identity_keeps_the_id_of_its_message,
                a_known_identity_with_the_same_content_is_dropped,
                a_known_identity_with_other_content_is_the_next_revision,
                an_identity_is_known_within_one_call,
                an_identity_outlasts_settlement_and_restart,
                a_forgotten_identity_begins_anew,
                a_name_that_has_expired_means_another_message,
                forgotten_messages_are_gone;
            lease: a_leased_message_is_with_one_worker,
                what_waits_for_its_time_can_be_had_at_once,
                an_acknowledged_message_does_not_come_back,
                a_lease_that_is_not_settled_in_time_comes_back,
                a_lease_that_is_extended_comes_back_later,
                a_lease_that_has_run_out_cannot_be_extended,
                what_was_not_settled_comes_back_after_a_restart,
                a_message_that_was_put_back_comes_when_it_is_due,
                a_due_time_outlasts_a_restart,
                first_tries_are_not_starved_by_retries,
                retries_are_not_starved_by_first_tries,
                a_worker_gets_no_more_retries_than_it_asked_for,
                a_worker_that_wants_no_retries_waits_for_a_first_try,
                what_a_pull_that_was_given_up_had_claimed_is_still_a_first_try,
                what_is_released_comes_again_as_if_it_had_not_been_pulled,
                a_lease_that_has_run_out_cannot_be_released,
                a_lease_counts_until_it_runs_out_or_the_message_is_settled_or_forgotten,
                a_lane_that_is_stuck_holds_up_no_other,
                a_worker_that_waits_is_woken,
                a_worker_waits_no_longer_than_it_said,
                a_worker_gets_no_more_than_it_asked_for;
            park: a_parked_message_is_listed_and_not_pulled,
                parked_messages_outlast_a_restart,
                parked_messages_are_listed_in_pages,
                a_message_that_is_taken_back_is_as_new,
                what_is_not_parked_cannot_be_taken_back,
                a_message_is_found_where_it_is,
                the_newest_revision_is_found,
                depths_tell_what_waits_and_what_is_parked,
                depths_are_the_same_after_a_restart;
            series: messages_of_a_series_come_one_after_the_other,
                a_series_waits_for_a_retry_and_no_other_does,
                a_parked_message_lets_its_series_go_on,
                a_series_keeps_its_order_over_a_restart,
                a_forgotten_message_lets_its_series_go_on;
            forget: messages_are_found_by_their_bodies_wherever_they_are,
                one_revision_is_forgotten_without_the_others,
                what_is_discarded_neither_waits_nor_is_with_a_worker;
            replay: what_was_parked_or_settled_is_worked_on_again_and_again,
                what_the_lane_has_forgotten_is_worked_on_if_its_body_is_given,
                a_replay_of_what_waits_makes_it_due_and_changes_nothing_else,
                what_is_replayed_outlasts_a_restart,
                what_is_replayed_does_not_starve_first_tries,
                what_is_replayed_goes_behind_in_its_series;
            answers: an_answer_is_recalled_until_it_expires,
                the_first_answer_stays,
                an_answer_outlasts_a_restart,
                the_details_of_answers_are_forgotten_and_the_answers_stay,
                expired_answers_are_dropped
        }
    };
    (@ $backend:expr; $($module:ident: $($test:ident),+);+) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::queue::conformance::$module::$test(&$backend).await;
            }
        )+)+
    };
}
pub(crate) use queue_conformance;

/// A new message with this body.
pub(crate) fn message(body: &'static str) -> Message {
    Message {
        id: Uuid::now_v7(),
        revision: 1,
        identity: None,
        series: None,
        era: 0,
        body: Bytes::from_static(body.as_bytes()),
    }
}

/// A new message with this identity, whose body is its content.
pub(crate) fn identified(key: &str, body: &'static str) -> Message {
    let identity = Identity { key: key.into(), digest: Sha256::digest(body).into(), expires: None };
    Message { identity: Some(identity), ..message(body) }
}

/// The lane of a webhook.
pub(crate) fn delivery(webhook: &str) -> Lane {
    Lane::Delivery(webhook.into())
}

/// Publishes to `intake`; says which were new.
pub(crate) async fn publish(queue: &impl Queue, messages: &[&Message]) -> Vec<bool> {
    let messages = messages.iter().copied().cloned().collect();
    let receipts = queue.publish(&Lane::Intake, messages).await.expect("publishes");
    receipts.iter().map(|receipt| receipt.is_new).collect()
}

/// Everything in `intake` that is due now.
pub(crate) async fn pull(queue: &impl Queue) -> Vec<Lease> {
    queue.pull(&Lane::Intake, 100, Duration::ZERO).await.expect("pulls")
}

/// The one message in `intake`, which is due now or soon.
pub(crate) async fn pull_one(queue: &impl Queue) -> Lease {
    let mut leases = queue.pull(&Lane::Intake, 100, PATIENCE).await.expect("pulls");
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.remove(0)
}

/// Bodies as text.
pub(crate) fn bodies(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| std::str::from_utf8(&lease.body).expect("text")).collect()
}

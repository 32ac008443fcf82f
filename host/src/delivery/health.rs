//! How a webhook does over days: since when it fails, and when that has been long enough to disable it.
//!
//! Failing is what lies between two successes: every attempt in it failed. A time without any attempt counts for
//! nothing, so that two failures with days of quiet between them are not days of failure.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::schedule::Schedule;
use crate::records::{Disabled, DisabledBy, WebhookHealth};

/// Twice the longest pause that a breaker makes.
const LEAST_GAP: Duration = Duration::from_secs(7_200);

/// How old the time of the last failure on record may be.
const KEPT_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// How a webhook does. What has to outlast a restart is handed out by [`Health::unsaved`].
pub(super) struct Health {
    endpoint: String,
    /// Zero: failing never disables.
    disable_after: SignedDuration,
    /// Longest time without an attempt within which it still counts as failing.
    longest_gap: SignedDuration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: WebhookHealth,
    saved: WebhookHealth,
    /// What was written last may not be the newest: it is to be written again.
    is_uncertain: bool,
    /// What the last failed attempt came to, as long as it fails; not kept over restarts.
    last_error: Option<String>,
}

impl Health {
    /// One that does well. `endpoint` tells where it leads to.
    pub(super) fn new(endpoint: String, disable_after: Duration, schedule: &Schedule) -> Self {
        let longest_gap = (disable_after / 2).max(schedule.longest() * 2).max(LEAST_GAP);
        let signed = |time: Duration| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        Self {
            endpoint,
            disable_after: signed(disable_after),
            longest_gap: signed(longest_gap),
            state: Mutex::default(),
        }
    }

    /// Goes on with what is on record, unless the webhook led elsewhere then. Why it is disabled, if it is.
    pub(super) fn load(&self, on_record: WebhookHealth) -> Option<Disabled> {
        let mut state = self.state();
        let is_same = on_record.endpoint == self.endpoint;
        state.now = if is_same { on_record.clone() } else { WebhookHealth::default() };
        state.saved = on_record;
        state.now.disabled.clone()
    }

    /// How it does now.
    pub(super) fn now(&self) -> WebhookHealth {
        self.state().now.clone()
    }

    /// An attempt succeeded.
    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.last_error = None;
        let now = &mut state.now;
        if now.disabled.is_none() {
            (now.failing_since, now.last_failure) = (None, None);
        }
    }

    /// An attempt failed. True if that disables the webhook.
    pub(super) fn failed(&self, at: Timestamp, error: &str) -> bool {
        let mut state = self.state();
        state.last_error = Some(error.to_owned());
        let now = &mut state.now;
        if now.disabled.is_some() {
            return false;
        }
        let goes_on = now.last_failure.is_some_and(|last| at.duration_since(last) <= self.longest_gap);
        let since = *now.failing_since.get_or_insert(at);
        let since = if goes_on { since } else { at };
        (now.failing_since, now.last_failure) = (Some(since), Some(at));
        let time = at.duration_since(since);
        if self.disable_after.is_zero() || time < self.disable_after {
            return false;
        }
        let reason = format!("every attempt since {since:.0} failed, for {}; the last one: {error}", in_words(time));
        now.disabled = Some(Disabled { at, cause: DisabledBy::Failing, reason, is_announced: false });
        true
    }

    /// The receiver wants nothing more. True if that disables the webhook.
    pub(super) fn gone(&self, at: Timestamp) -> bool {
        let now = &mut self.state().now;
        if now.disabled.is_some() {
            return false;
        }
        let reason = "the receiver answered 410 Gone: it wants nothing more".into();
        now.disabled = Some(Disabled { at, cause: DisabledBy::Gone, reason, is_announced: false });
        true
    }

    /// Begins anew. True if it was disabled.
    pub(super) fn enable(&self) -> bool {
        let mut state = self.state();
        state.last_error = None;
        std::mem::take(&mut state.now).disabled.is_some()
    }

    /// What the last attempt came to, if it failed and sayso has run since.
    pub(super) fn last_error(&self) -> Option<String> {
        self.state().last_error.clone()
    }

    /// Since when it failed and why it is disabled, as long as that was not announced.
    pub(super) fn unannounced(&self) -> Option<(Timestamp, Disabled)> {
        let state = self.state();
        let disabled = state.now.disabled.clone().filter(|disabled| !disabled.is_announced)?;
        Some((state.now.failing_since.unwrap_or(disabled.at), disabled))
    }

    /// What tells where it leads to.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// That it is disabled was announced.
    pub(super) fn announced(&self) {
        if let Some(disabled) = &mut self.state().now.disabled {
            disabled.is_announced = true;
        }
    }

    /// What is to be kept; none while the records have it. The time of the last failure need not be exact.
    pub(super) fn unsaved(&self) -> Option<WebhookHealth> {
        let state = self.state();
        let (now, saved) = (&state.now, &state.saved);
        let is_old = match (now.last_failure, saved.last_failure) {
            (Some(now), Some(saved)) => now.duration_since(saved) > KEPT_EVERY,
            (now, saved) => now != saved,
        };
        let differs = is_old || now.failing_since != saved.failing_since || now.disabled != saved.disabled;
        let endpoint = self.endpoint.clone();
        (differs || state.is_uncertain).then(|| WebhookHealth { endpoint, ..now.clone() })
    }

    /// This was kept. Others may have kept something else meanwhile.
    pub(super) fn saved(&self, written: WebhookHealth) {
        let mut state = self.state();
        let now = &state.now;
        state.is_uncertain = now.failing_since != written.failing_since || now.disabled != written.disabled;
        state.saved = written;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In days, hours or seconds.
fn in_words(time: SignedDuration) -> String {
    let count = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match time.as_hours() {
        0 => count(time.as_secs(), "second"),
        hours @ 1..48 => count(hours, "hour"),
        hours => count(hours / 24, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const DAY: i64 = 86_400;

    fn health() -> Health {
        let config = config::Delivery::default();
        Health::new("here".into(), config.disable_after, &Schedule::new(&config).unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    /// What the records have after it was kept.
    fn save(health: &Health) -> WebhookHealth {
        let unsaved = health.unsaved().expect("something is to be kept");
        health.saved(unsaved.clone());
        assert_eq!(health.unsaved(), None, "once");
        unsaved
    }

    #[test]
    fn five_days_of_failure_disable_it() {
        let health = health();
        for hour in 0..120 {
            assert!(!health.failed(at(hour * 3_600), "status 500"), "after {hour} hours");
        }
        assert!(health.failed(at(5 * DAY), "status 500"));
        let (since, disabled) = health.unannounced().expect("it is disabled");
        assert_eq!(since, at(0));
        assert_eq!((disabled.cause, disabled.at), (DisabledBy::Failing, at(5 * DAY)));
        assert_eq!(
            disabled.reason,
            "every attempt since 2023-11-14T22:13:20Z failed, for 5 days; the last one: status 500"
        );
        assert!(!health.failed(at(6 * DAY), "status 500"), "said once");
        health.succeeded();
        assert!(health.now().disabled.is_some(), "what was under way does not enable it");
    }

    #[test]
    fn a_success_in_between_makes_it_begin_anew() {
        let health = health();
        for hour in 0..119 {
            health.failed(at(hour * 3_600), "status 500");
        }
        health.succeeded();
        assert_eq!(health.now(), WebhookHealth::default());
        assert!(!health.failed(at(5 * DAY), "status 500"));
        assert_eq!(health.now().failing_since, Some(at(5 * DAY)));
    }

    #[test]
    fn failures_with_days_of_quiet_between_them_are_no_days_of_failure() {
        let health = health();
        assert!(!health.failed(at(0), "status 500"));
        assert!(!health.failed(at(2 * DAY), "status 500"), "the longest step and its jitter are within the gap");
        assert_eq!(health.now().failing_since, Some(at(0)));
        assert!(!health.failed(at(6 * DAY), "status 500"));
        assert_eq!(health.now().failing_since, Some(at(6 * DAY)));
    }

    #[test]
    fn failing_goes_on_over_a_restart() {
        let before = health();
        before.failed(at(0), "status 500");
        let mut on_record = save(&before);
        for hour in 1..100 {
            before.failed(at(hour * 3_600), "status 500");
            if let Some(unsaved) = before.unsaved() {
                before.saved(unsaved.clone());
                on_record = unsaved;
            }
        }
        let after = health();
        assert_eq!(after.load(on_record), None);
        assert!(!after.failed(at(119 * 3_600), "status 500"));
        assert!(after.failed(at(120 * 3_600), "status 500"));
    }

    #[test]
    fn the_time_of_the_last_failure_is_not_kept_each_time() {
        let health = health();
        health.failed(at(0), "status 500");
        save(&health);
        health.failed(at(60), "status 500");
        assert_eq!(health.unsaved(), None);
        health.failed(at(DAY), "status 500");
        save(&health);
    }

    #[test]
    fn gone_disables_it_at_once_and_over_a_restart() {
        let before = health();
        assert!(before.gone(at(0)));
        assert!(!before.gone(at(1)), "said once");
        let after = health();
        let disabled = after.load(save(&before)).expect("it is still disabled");
        assert_eq!((disabled.cause, disabled.at), (DisabledBy::Gone, at(0)));
        assert!(after.unannounced().is_some());
        after.announced();
        assert!(after.unannounced().is_none());
        assert!(save(&after).disabled.is_some_and(|disabled| disabled.is_announced));
    }

    #[test]
    fn one_that_leads_elsewhere_or_is_enabled_begins_anew() {
        let health = health();
        health.gone(at(0));
        let mut on_record = save(&health);
        assert!(health.enable());
        assert!(!health.enable(), "it is not disabled any more");
        assert_eq!(save(&health).disabled, None);
        on_record.endpoint = "elsewhere".into();
        assert_eq!(health.load(on_record), None);
        assert_eq!(save(&health).disabled, None);
    }

    #[test]
    fn what_is_kept_late_is_kept_again() {
        let health = health();
        health.gone(at(0));
        let disabled = health.unsaved().expect("is to be kept");
        health.enable();
        assert_eq!(health.unsaved(), None, "as far as is known the records are right");
        // The other one who kept something was slower.
        health.saved(disabled);
        assert_eq!(save(&health).disabled, None);
    }

    #[test]
    fn without_a_limit_failing_never_disables_it() {
        let config = config::Delivery { disable_after: Duration::ZERO, ..config::Delivery::default() };
        let health = Health::new("here".into(), config.disable_after, &Schedule::new(&config).unwrap());
        for day in 0..365 {
            assert!(!health.failed(at(day * DAY), "status 500"));
        }
    }
}

//! What is counted of every request. Looking a metric up by its labels costs more than counting, so that the handles are
//! kept for each route and status.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::StatusCode;
use metrics::{Counter, Histogram, counter, histogram};

/// The metrics of requests, by the pattern of the route, then by status. Both are closed sets.
#[derive(Default)]
pub struct Traffic(RwLock<HashMap<String, HashMap<StatusCode, Handles>>>);

#[derive(Clone)]
struct Handles {
    requests: Counter,
    seconds: Histogram,
}

impl Handles {
    fn new(route: &str, status: StatusCode) -> Self {
        let labels = [("route", route.to_owned()), ("status", status.as_str().to_owned())];
        Self {
            requests: counter!("sayso_http_requests_total", &labels),
            seconds: histogram!("sayso_http_request_duration_seconds", &labels),
        }
    }

    fn count(&self, time: Duration) {
        self.requests.increment(1);
        self.seconds.record(time);
    }
}

impl Traffic {
    /// Counts a request to `route` that was answered with `status` after `time`.
    pub(super) fn answered(&self, route: &str, status: StatusCode, time: Duration) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handles) = known.get(route).and_then(|statuses| statuses.get(&status)) {
            return handles.count(time);
        }
        drop(known);
        let handles = Handles::new(route, status);
        handles.count(time);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.to_owned()).or_default().insert(status, handles);
    }
}

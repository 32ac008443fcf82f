//! `GET /metrics`: Prometheus text.

use axum::extract::State as With;
use axum::response::{IntoResponse, Response};
use http::header;
use metrics::gauge;

use super::super::State;

/// The metrics, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((
        status = 200, description = "Every metric, in Prometheus' text format.", body = String,
        content_type = "text/plain; version=0.0.4; charset=utf-8",
        example = json!("# TYPE sayso_queue_depth gauge\nsayso_queue_depth{lane=\"intake\"} 0\n"),
    )),
)]
pub(in crate::api) async fn get(With(state): With<State>) -> Response {
    for (lane, depth) in state.queue.depths() {
        let lane = lane.to_string();
        gauge!("sayso_queue_depth", "lane" => lane.clone()).set(precise(depth.waiting));
        gauge!("sayso_queue_parked", "lane" => lane.clone()).set(precise(depth.parked));
        gauge!("sayso_queue_oldest_seconds", "lane" => lane).set(depth.oldest.unwrap_or_default().as_secs_f64());
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render()).into_response()
}

/// Counts are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn precise(count: u64) -> f64 {
    count as f64
}

use super::*;
use crate::records::History;

pub(crate) async fn a_customer_without_earlier_feedback_has_no_history(backend: &impl Backend) {
    let records = backend.open().await;
    let only = review(5, "x").by("c1").scored("positive", 0.5);
    save(&records, &[&only, &review(1, "y").by("c2"), &review(2, "z")]).await;
    assert_eq!(records.history("c1", only.feedback.id).await.expect("reads"), History::default());
    assert_eq!(records.history("unknown", id(9)).await.expect("reads"), History::default());
}

pub(crate) async fn earlier_feedback_is_summed_up(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(3, "unscored").by("c1"), &review(2, "good").by("c1").scored("positive", 0.5)]).await;
    save(&records, &[&review(1, "another's").by("c2").scored("negative", -1.0)]).await;
    save(&records, &[&review(9, "later").by("c1").scored("negative", -1.0)]).await;
    let expected = History {
        earlier: 2,
        first_seen: Some(accepted(2)),
        last_seen: Some(accepted(3)),
        sentiment_mean: Some(0.5),
        sentiment_trend: None,
    };
    assert_eq!(records.history("c1", id(9)).await.expect("reads"), History { earlier: 2, ..expected });
    // The same after a search, and after a restart.
    assert_eq!(found(&records, "good").await.len(), 1);
    assert_eq!(records.history("c1", id(8)).await.expect("reads"), expected);
    drop(records);
    assert_eq!(backend.open().await.history("c1", id(8)).await.expect("reads"), expected);
}

pub(crate) async fn the_trend_is_the_newer_half_less_the_older(backend: &impl Backend) {
    let records = backend.open().await;
    for (number, score) in [(4, 0.75), (1, -0.5), (3, 0.25), (2, 0.0)] {
        save(&records, &[&review(number, "x").by("c1").scored("mixed", score)]).await;
    }
    let trend = async |before| records.history("c1", id(before)).await.expect("reads").sentiment_trend;
    assert_eq!(trend(1).await, None);
    assert_eq!(trend(5).await, Some(0.75), "(0.25 + 0.75) / 2 less (-0.5 + 0.0) / 2");
    assert_eq!(trend(4).await, Some(0.75), "of three, the one in the middle is in neither half");
}

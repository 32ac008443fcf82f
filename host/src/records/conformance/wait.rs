use std::time::Duration;

use tokio::time::Instant;

use super::*;

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn what_is_on_record_is_not_waited_for(backend: &impl Backend) {
    let records = backend.open().await;
    let saved = review(1, "x").revised(2, "y");
    save(&records, &[&saved]).await;
    let start = Instant::now();
    assert_eq!(records.wait(&[(saved.feedback.id, 1), (saved.feedback.id, 2)], PATIENCE).await, [true, true]);
    assert!(records.wait(&[], PATIENCE).await.is_empty());
    assert!(start.elapsed() < PATIENCE);
}

pub(crate) async fn what_is_saved_meanwhile_ends_the_wait(backend: &impl Backend) {
    let records = backend.open().await;
    let start = Instant::now();
    let (one, two) = (review(1, "x"), review(2, "y"));
    let both = [(two.feedback.id, 1), (one.feedback.id, 1), (two.feedback.id, 1)];
    let saving = async {
        save(&records, &[&one]).await;
        save(&records, &[&two]).await;
    };
    let first = [(one.feedback.id, 1)];
    let (all, only_one, ()) = tokio::join!(records.wait(&both, PATIENCE), records.wait(&first, PATIENCE), saving);
    assert_eq!((all, only_one), (vec![true; 3], vec![true]));
    assert!(start.elapsed() < PATIENCE);
}

pub(crate) async fn the_wait_ends_when_the_time_is_over(backend: &impl Backend) {
    let records = backend.open().await;
    let saved = review(1, "x");
    save(&records, &[&saved]).await;
    let brief = Duration::from_millis(20);
    let start = Instant::now();
    assert_eq!(records.wait(&[(saved.feedback.id, 1), (id(2), 1)], brief).await, [true, false]);
    assert!(start.elapsed() >= brief);
}

pub(crate) async fn an_older_revision_does_not_end_the_wait(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "x");
    let second = first.clone().revised(2, "y");
    let wanted = [(first.feedback.id, 2)];
    let saving = async {
        save(&records, &[&first]).await;
        assert_eq!(records.wait(&wanted, Duration::from_millis(20)).await, [false]);
        save(&records, &[&second]).await;
    };
    let (is_there, ()) = tokio::join!(records.wait(&wanted, PATIENCE), saving);
    assert_eq!(is_there, [true]);
}

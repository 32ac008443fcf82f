use super::{super::StoredAnswer, *};

fn answer(text: &'static str) -> StoredAnswer {
    StoredAnswer { digest: Sha256::digest(text).into(), answer: Bytes::from_static(text.as_bytes()), details: None }
}

pub(crate) async fn an_answer_is_recalled_until_it_expires(backend: &impl Backend) {
    let queue = backend.open().await;
    assert_eq!(queue.recall("key").await.expect("recalls"), None);
    queue.remember("key", answer("202"), PATIENCE).await.expect("remembers");
    assert_eq!(queue.recall("key").await.expect("recalls"), Some(answer("202")));
    assert_eq!(queue.recall("other").await.expect("recalls"), None);
    queue.remember("brief", answer("202"), Duration::ZERO).await.expect("remembers");
    assert_eq!(queue.recall("brief").await.expect("recalls"), None);
    queue.remember("brief", answer("201"), PATIENCE).await.expect("remembers");
    assert_eq!(queue.recall("brief").await.expect("recalls"), Some(answer("201")));
}

pub(crate) async fn the_first_answer_stays(backend: &impl Backend) {
    let queue = backend.open().await;
    queue.remember("key", answer("first"), PATIENCE).await.expect("remembers");
    queue.remember("key", answer("second"), PATIENCE).await.expect("remembers");
    assert_eq!(queue.recall("key").await.expect("recalls"), Some(answer("first")));
}

pub(crate) async fn an_answer_outlasts_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    queue.remember("key", answer("202"), PATIENCE).await.expect("remembers");
    drop(queue);
    assert_eq!(backend.open().await.recall("key").await.expect("recalls"), Some(answer("202")));
}

pub(crate) async fn the_details_of_answers_are_forgotten_and_the_answers_stay(backend: &impl Backend) {
    let queue = backend.open().await;
    let detailed = StoredAnswer { details: Some("`late` is no number".into()), ..answer("202") };
    queue.remember("key", detailed.clone(), PATIENCE).await.expect("remembers");
    assert_eq!(queue.recall("key").await.expect("recalls"), Some(detailed));
    queue.forget_details().await.expect("forgets");
    assert_eq!(queue.recall("key").await.expect("recalls"), Some(answer("202")));
}

pub(crate) async fn expired_answers_are_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    queue.remember("brief", answer("202"), Duration::ZERO).await.expect("remembers");
    queue.remember("long", answer("202"), PATIENCE).await.expect("remembers");
    let dropped = queue.drop_expired_answers().await.expect("drops");
    assert!(dropped <= 1, "keeping the second may have dropped the first");
    assert_eq!(queue.drop_expired_answers().await.expect("drops"), 0);
    assert_eq!(queue.recall("long").await.expect("recalls"), Some(answer("202")));
}

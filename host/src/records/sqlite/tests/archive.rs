//! What is read beside the owner of the store.

use super::*;
use crate::{
    feedback::Feedback,
    plugins::grants::HistorySource,
    records::{
        Filter, Records,
        conformance::{With, id, review, save},
        sqlite::{Archive, ArchivedHistory},
    },
    sqlite::OpenError,
};

/// The texts that an archive gives out, page by page.
fn texts(folder: &Folder, filter: Filter, limit: usize) -> Vec<String> {
    let archive = Archive::open(&folder.path(), filter, limit).expect("opens");
    let counted = archive.count().expect("counts");
    let mut texts = Vec::new();
    loop {
        let page = archive.next_page(2).expect("reads");
        if page.is_empty() {
            assert_eq!(counted, texts.len());
            return texts;
        }
        let text = |json: &str| serde_json::from_str::<Feedback>(json).expect("is feedback").text;
        texts.extend(page.iter().map(|stored| text(&stored.feedback)));
    }
}

#[tokio::test]
async fn every_row_is_given_out_once_newest_first_while_the_owner_has_the_store() {
    let folder = Folder::new();
    let records = folder.records();
    let many: Vec<_> = (1..=5).map(|number| review(number, &format!("text {number}"))).collect();
    save(&records, &many.iter().collect::<Vec<_>>()).await;
    assert_eq!(texts(&folder, Filter::default(), usize::MAX), ["text 5", "text 4", "text 3", "text 2", "text 1"]);
    assert_eq!(texts(&folder, Filter::default(), 3), ["text 5", "text 4", "text 3"]);
    assert!(texts(&folder, Filter::default(), 0).is_empty());
    drop(records);
}

#[tokio::test]
async fn an_archive_filters_what_is_not_in_the_index_yet() {
    let folder = Folder::new();
    let records = folder.records();
    let tagged = review(2, "tagged").by("c1").tagged(&["delivery/speed"]);
    save(&records, &[&review(1, "plain"), &tagged, &review(3, "sad").by("c2").scored("negative", -0.5)]).await;
    let of = |filter| texts(&folder, filter, usize::MAX);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of(Filter { tag: some("delivery/speed"), ..Filter::default() }), ["tagged"]);
    assert_eq!(of(Filter { tag: some("delivery/*"), ..Filter::default() }), ["tagged"]);
    assert!(of(Filter { tag: some("delivery"), ..Filter::default() }).is_empty());
    assert!(of(Filter { intent: some("delivery/speed"), ..Filter::default() }).is_empty());
    assert_eq!(of(Filter { customer: some("c1"), ..Filter::default() }), ["tagged"]);
    assert_eq!(of(Filter { label: some("negative"), ..Filter::default() }), ["sad"]);
}

#[tokio::test]
async fn words_are_found_whether_or_not_the_index_has_them_yet() {
    let folder = Folder::new();
    let records = folder.records();
    save(&records, &[&review(1, "Cold tea, slow delivery"), &review(2, "配達が遅い")]).await;
    let by = |q: &str| texts(&folder, Filter { q: Some(q.into()), ..Filter::default() }, usize::MAX);
    let all = || {
        assert_eq!(by("TEA cold"), ["Cold tea, slow delivery"]);
        assert_eq!(by("配達"), ["配達が遅い"]);
        assert!(by("coffee").is_empty() && by("\"").is_empty() && by("tea*) OR x").is_empty());
    };
    all();
    records.list(&Filter { q: Some("tea".into()), ..Filter::default() }, None, 1).await.expect("is indexed");
    all();
    save(&records, &[&review(3, "More tea")]).await;
    assert_eq!(by("tea"), ["More tea", "Cold tea, slow delivery"], "one in the index, one not");
    let both = Filter { q: Some("tea".into()), tag: Some("drink".into()), ..Filter::default() };
    assert!(texts(&folder, both, usize::MAX).is_empty(), "all of the filter has to fit");
}

#[tokio::test]
async fn a_history_is_the_owners_own() {
    let folder = Folder::new();
    let records = folder.records();
    save(&records, &[&review(1, "a").by("c1").scored("positive", 0.5), &review(2, "b").by("c1")]).await;
    let archived = ArchivedHistory::open(&folder.path()).expect("opens");
    let both =
        async || (archived.before("c1", id(9)).expect("reads"), records.history("c1", id(9)).await.expect("reads"));
    let (beside, own) = both().await;
    assert_eq!((beside, own.earlier), (own, 2), "before the index knows");
    records.list(&Filter { q: Some("a".into()), ..Filter::default() }, None, 1).await.expect("is indexed");
    let (beside, own) = both().await;
    assert_eq!((beside, own.earlier), (own, 2), "after");
}

#[test]
fn what_is_no_store_is_told_from_one() {
    let folder = Folder::new();
    std::fs::write(folder.path(), b"").expect("written");
    let error = Archive::open(&folder.path(), Filter::default(), 1).expect_err("refused");
    assert!(matches!(error, OpenError::TooOld { .. }), "{error}");
    std::fs::write(folder.path(), b"something else, for which there are other programs").expect("written");
    let error = Archive::open(&folder.path(), Filter::default(), 1).expect_err("refused");
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
}

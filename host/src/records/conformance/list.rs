use super::*;
use crate::feedback::FeedbackId;
use crate::records::RecordsError;

pub(crate) async fn feedback_is_listed_in_pages_newest_first(backend: &impl Backend) {
    let records = backend.open().await;
    for number in [3, 1, 5, 2, 4] {
        save(&records, &[&review(number, &number.to_string())]).await;
    }
    let first = records.list(&Filter::default(), None, 2).await.expect("lists");
    assert_eq!(first.items.iter().map(|(feedback, _)| &*feedback.text).collect::<Vec<_>>(), ["5", "4"]);
    // What comes meanwhile is newer, and does not move the next page.
    save(&records, &[&review(6, "6")]).await;
    let second = records.list(&Filter::default(), first.next.as_deref(), 3).await.expect("lists");
    assert_eq!(second.items.iter().map(|(feedback, _)| &*feedback.text).collect::<Vec<_>>(), ["3", "2", "1"]);
    assert_eq!(second.next, None);
}

pub(crate) async fn a_page_of_large_feedback_ends_early_and_the_next_goes_on(backend: &impl Backend) {
    let records = backend.open().await;
    let text = "long ".repeat(200_000);
    for number in 0..20 {
        save(&records, &[&review(number, &text)]).await;
    }
    let first = records.list(&Filter::default(), None, 50).await.expect("lists");
    assert!((5..10).contains(&first.items.len()), "{} of a megabyte each", first.items.len());
    let (mut count, mut after) = (first.items.len(), first.next);
    while let Some(next) = after {
        let page = records.list(&Filter::default(), Some(&next), 50).await.expect("lists");
        count += page.items.len();
        after = page.next;
    }
    assert_eq!(count, 20);
}

pub(crate) async fn feedback_of_one_moment_is_on_one_page_only(backend: &impl Backend) {
    let records = backend.open().await;
    let of_one_moment = |number: u8| {
        let mut one = review(1, "x");
        let mut id = one.feedback.id.0.into_bytes();
        id[15] = number;
        one.feedback.id = FeedbackId(uuid::Uuid::from_bytes(id));
        one
    };
    let all: Vec<_> = (0..20).map(of_one_moment).collect();
    save(&records, &all.iter().collect::<Vec<_>>()).await;
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = records.list(&Filter::default(), after.as_deref(), 3).await.expect("lists");
        seen.extend(page.items.iter().map(|(feedback, _)| feedback.id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut expected: Vec<_> = all.iter().map(|analyzed| analyzed.feedback.id).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

pub(crate) async fn each_field_of_the_filter_filters(backend: &impl Backend) {
    let records = backend.open().await;
    let wanted = review(5, "slow parcel")
        .by("c1")
        .of_kind(Kind::Survey)
        .scored("negative", -0.5)
        .tagged(&["delivery/late", "price"])
        .meant("complaint")
        .routed("care")
        .in_language("en");
    let other = review(9, "great phone")
        .by("c2")
        .scored("positive", 0.5)
        .tagged(&["product/quality"])
        .meant("praise")
        .routed("advocacy")
        .in_language("de");
    save(&records, &[&wanted, &other, &review(1, "of which nothing is said")]).await;
    let some = |value: &str| Some(value.to_owned());
    let none = Filter::default();
    let filters = [
        Filter { q: some("parcel"), ..none.clone() },
        Filter { kind: Some(Kind::Survey), ..none.clone() },
        Filter { tag: some("delivery/late"), ..none.clone() },
        Filter { intent: some("complaint"), ..none.clone() },
        Filter { route: some("care"), ..none.clone() },
        Filter { label: some("negative"), ..none.clone() },
        Filter { language: some("en"), ..none.clone() },
        Filter { customer: some("c1"), ..none.clone() },
        Filter { since: Some(accepted(5)), until: Some(accepted(9)), ..none.clone() },
    ];
    for filter in &filters {
        assert_eq!(texts(&records, filter).await, ["slow parcel"], "{filter:?}");
    }
    let all = Filter { q: some("slow"), tag: some("price"), since: None, until: None, ..filters[0].clone() };
    let all = Filter { kind: filters[1].kind, intent: some("complaint"), route: some("care"), ..all };
    let all = Filter { label: some("negative"), language: some("en"), customer: some("c1"), ..all };
    assert_eq!(texts(&records, &all).await, ["slow parcel"], "and so do all together");
    assert!(texts(&records, &Filter { route: some("advocacy"), ..all }).await.is_empty());
    let empty = Filter { q: some(""), tag: some(""), customer: some(""), ..none };
    assert_eq!(texts(&records, &empty).await.len(), 3, "empty fields do not filter");
}

pub(crate) async fn a_tag_with_a_star_stands_for_all_below_it(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(1, "late").tagged(&["delivery/late"])]).await;
    save(&records, &[&review(2, "both").tagged(&["delivery/late", "delivery/lost/abroad"])]).await;
    save(&records, &[&review(3, "itself").tagged(&["delivery"])]).await;
    save(&records, &[&review(4, "another").tagged(&["delivery-desk/rude", "delivery0"])]).await;
    let below = |tag: &str| Filter { tag: Some(tag.to_owned()), ..Filter::default() };
    assert_eq!(texts(&records, &below("delivery/*")).await, ["both", "late"]);
    assert_eq!(texts(&records, &below("delivery/lost/*")).await, ["both"]);
    assert!(texts(&records, &below("deliver/*")).await.is_empty());
    let many: Vec<_> =
        (5..85).map(|number| review(number, &format!("of {number}")).tagged(&[&format!("sku/{number}")])).collect();
    save(&records, &many.iter().collect::<Vec<_>>()).await;
    let found = texts(&records, &below("sku/*")).await;
    assert_eq!((found.len(), &*found[0]), (80, "of 84"));
    let one = Filter { q: Some("84".into()), ..below("sku/*") };
    assert_eq!(texts(&records, &one).await, ["of 84"]);
    assert_eq!(texts(&records, &below("delivery/*")).await, ["both", "late"]);
}

pub(crate) async fn a_filter_holds_for_the_newest_revision(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "x").by("c1").tagged(&["price"]).scored("positive", 0.5);
    save(&records, &[&first]).await;
    let tag = |tag: &str| Filter { tag: Some(tag.to_owned()), ..Filter::default() };
    assert_eq!(texts(&records, &tag("price")).await, ["x"]);
    save(&records, &[&first.clone().by("c2").tagged(&["service"]).scored("negative", -0.5).revised(2, "y")]).await;
    assert!(texts(&records, &tag("price")).await.is_empty());
    assert_eq!(texts(&records, &tag("service")).await, ["y"]);
    assert!(texts(&records, &Filter { customer: Some("c1".into()), ..Filter::default() }).await.is_empty());
    assert!(texts(&records, &Filter { label: Some("positive".into()), ..Filter::default() }).await.is_empty());
}

pub(crate) async fn a_cursor_of_another_list_is_refused(backend: &impl Backend) {
    let records = backend.open().await;
    for cursor in ["", "nonsense", "dlv_0123456789abcdef0123456789abcdef"] {
        let error = records.list(&Filter::default(), Some(cursor), 1).await.expect_err("is no cursor");
        assert!(matches!(&error, RecordsError::BadCursor(bad) if bad == cursor), "{error}");
    }
}

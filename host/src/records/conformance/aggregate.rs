use super::*;
use crate::records::{Bucket, Facet};

fn bucket(value: &str, count: u64, sentiment: Option<f64>) -> Bucket {
    Bucket { value: value.into(), count, sentiment }
}

async fn fill(records: &impl Records) {
    let one = review(1, "late").scored("negative", -0.5).tagged(&["delivery/late", "price"]).meant("complaint");
    let two = review(2, "late, but good").scored("positive", 0.25).tagged(&["delivery/late"]).of_kind(Kind::Survey);
    let three = review(3, "nothing is known").tagged(&["delivery/late", "delivery/late"]);
    save(records, &[&one.by("c1").routed("care").in_language("en")]).await;
    save(records, &[&two.by("c2").routed("care").in_language("en"), &three.routed("retention").in_language("ja")])
        .await;
}

pub(crate) async fn each_facet_is_counted_largest_first(backend: &impl Backend) {
    let records = backend.open().await;
    fill(&records).await;
    let count = async |by| records.aggregate(&Filter::default(), by).await.expect("counts");
    assert_eq!(count(Facet::Kind).await, [bucket("review", 2, Some(-0.5)), bucket("survey", 1, Some(0.25))]);
    assert_eq!(count(Facet::Label).await, [bucket("negative", 1, Some(-0.5)), bucket("positive", 1, Some(0.25))]);
    assert_eq!(count(Facet::Language).await, [bucket("en", 2, Some(-0.125)), bucket("ja", 1, None)]);
    assert_eq!(count(Facet::Tag).await, [bucket("delivery/late", 3, Some(-0.125)), bucket("price", 1, Some(-0.5))]);
    assert_eq!(count(Facet::Intent).await, [bucket("complaint", 1, Some(-0.5))]);
    assert_eq!(count(Facet::Route).await, [bucket("care", 2, Some(-0.125)), bucket("retention", 1, None)]);
}

pub(crate) async fn only_what_fits_the_filter_is_counted(backend: &impl Backend) {
    let records = backend.open().await;
    fill(&records).await;
    let none = Filter::default();
    let filters = [
        Filter { q: Some("good".into()), ..none.clone() },
        Filter { customer: Some("c2".into()), ..none.clone() },
        Filter { route: Some("care".into()), kind: Some(Kind::Survey), ..none.clone() },
        Filter { since: Some(accepted(2)), until: Some(accepted(3)), ..none.clone() },
    ];
    for filter in &filters {
        let tags = records.aggregate(filter, Facet::Tag).await.expect("counts");
        assert_eq!(tags, [bucket("delivery/late", 1, Some(0.25))], "{filter:?}");
        let kinds = records.aggregate(filter, Facet::Kind).await.expect("counts");
        assert_eq!(kinds, [bucket("survey", 1, Some(0.25))], "{filter:?}");
    }
    let below = Filter { tag: Some("delivery/*".into()), ..none.clone() };
    assert_eq!(records.aggregate(&below, Facet::Route).await.expect("counts").len(), 2);
    let tagged = Filter { tag: Some("price".into()), ..none.clone() };
    let tags = records.aggregate(&tagged, Facet::Tag).await.expect("counts");
    assert_eq!(tags, [bucket("delivery/late", 1, Some(-0.5)), bucket("price", 1, Some(-0.5))], "all tags of what fits");
    let nothing = Filter { q: Some("?".into()), ..none };
    assert!(records.aggregate(&nothing, Facet::Kind).await.expect("counts").is_empty());
}

//! Japanese sentiment in its sandbox, with the real dictionary, which `make dictionaries` builds.

use super::*;
use crate::feedback::{PluginStatus, Sentiment};

const HELD_OUT: &str = include_str!("../../../../plugins/sentiment/src/japanese/reviews/held_out.tsv");

/// A worker of the default chain.
fn worker(dictionaries: Dictionaries) -> Worker {
    worker_with(None, dictionaries)
}

fn worker_with(config: Option<&Path>, dictionaries: Dictionaries) -> Worker {
    let config = config::load(config, []).expect("is a configuration");
    let dir = tempfile::tempdir().expect("a folder");
    let loader = Loader::new(Engine::new().expect("an engine"), dir.path(), Path::new(".")).expect("a cache");
    let loader = loader.with_dictionaries(dictionaries);
    Worker::new(Arc::new(Chain::load(&loader, &config.plugins).expect("the chain")), Arc::new(NoHistory))
}

fn review(text: &str) -> Feedback {
    let review = serde_json::json!({ "kind": "review", "language": "ja", "text": text, "rating": { "value": 1 } });
    serde_json::from_value(review).expect("is feedback")
}

fn analyses(worker: &mut Worker, texts: &[&str]) -> Vec<Analysis> {
    let analysis = |outcome| match outcome {
        Outcome::Analyzed { analysis, .. } => *analysis,
        other @ Outcome::Parked { .. } => panic!("{other:?}"),
    };
    worker.run(texts.iter().map(|text| review(text)).collect()).into_iter().map(analysis).collect()
}

fn sentiment(worker: &mut Worker, text: &str) -> Sentiment {
    analyses(worker, &[text]).remove(0).sentiment.expect("a sentiment")
}

#[test]
fn a_japanese_review_is_scored_with_the_words_that_say_so() {
    let mut worker = worker(installed());
    let text = "スタッフは親切でしたが、ｱﾌﾟﾘは全然使いやすくありませんでした😡";
    let sentiment = sentiment(&mut worker, text);
    let words: Vec<_> = sentiment.evidence.iter().map(|one| &text[one.start as usize..one.end as usize]).collect();
    assert_eq!(words, ["親切", "使いやすく", "😡"]);
    assert!(sentiment.evidence[0].weight > 0.0 && sentiment.evidence[1].weight < -2.0, "{sentiment:?}");
    assert!(sentiment.score < -0.6, "{sentiment:?}");
    assert_eq!((sentiment.label.as_str(), sentiment.rating_mismatch), ("very_negative", Some(false)));
}

#[test]
fn a_text_that_is_larger_than_what_a_plugin_may_answer_is_parted_into_words() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("sayso.toml");
    let plugin = "[[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n\
                  limits = { deadline_ms = 60_000 }\n";
    std::fs::write(&config, plugin).expect("writes");
    let mut worker = worker_with(Some(&config), installed());
    let analysis = analyses(&mut worker, &[&"配送がとても遅い。".repeat(12_000)]).remove(0);
    assert_eq!(analysis.provenance[0].reason, None);
    assert!(analysis.sentiment.expect("is scored").score < 0.0);
}

#[test]
fn words_that_are_not_known_are_told_from_neutral_ones() {
    let mut worker = worker(installed());
    let coverage = |sentiment: &Sentiment| sentiment.parts["coverage"];
    let unknown = sentiment(&mut worker, "先週の火曜日に注文しました。");
    assert_eq!((unknown.score, unknown.label.as_str(), unknown.evidence.len()), (0.0, "neutral", 0));
    assert_eq!(coverage(&unknown), 0.0);
    let neutral = sentiment(&mut worker, "味は普通です。");
    assert_eq!((neutral.score, neutral.label.as_str()), (0.0, "neutral"));
    assert!(coverage(&neutral) > 0.5);
}

#[test]
fn without_the_dictionary_nothing_is_scored_and_the_analysis_says_what_to_do() {
    let analysis = analyses(&mut worker(Dictionaries::default()), &["最高でした"]).remove(0);
    assert!(analysis.sentiment.is_none());
    let told = analysis.provenance.iter().find(|one| &*one.plugin == "sentiment").expect("it ran");
    assert_ne!(told.status, PluginStatus::Ok);
    assert!(told.reason.as_deref().is_some_and(|reason| reason.contains("sayso dict build")), "{told:?}");
}

#[test]
fn held_out_reviews_are_read_right_as_often_as_was_measured() {
    let mut worker = worker(installed());
    let lines: Vec<_> = HELD_OUT.lines().filter_map(|line| line.split_once('\t')).collect();
    let texts: Vec<_> = lines.iter().filter_map(|(_, rest)| rest.split('\t').next()).collect();
    let (mut polar, mut covered, mut right) = (0, 0, 0);
    for ((label, _), analysis) in lines.iter().zip(analyses(&mut worker, &texts)) {
        let sentiment = analysis.sentiment.expect("a sentiment");
        if *label != "z" {
            polar += 1;
            covered += usize::from(!sentiment.evidence.is_empty());
            right += usize::from(if *label == "p" { sentiment.score >= 0.05 } else { sentiment.score <= -0.05 });
        }
    }
    // Measured with IPADIC by MeCab, whose words hardly differ: 159 and 162.
    assert!(polar == 165 && covered >= 158 && right >= 155, "{right} of {polar} read right, {covered} covered");
}

//! The plugin `sentiment` in its sandbox, in the languages that it scores by learned weights, with the real dictionaries,
//! which `make dictionaries` builds.

use super::*;
use crate::config::Plugin;

/// A worker that runs `sentiment` alone.
fn worker(dictionaries: Dictionaries) -> Worker {
    let config = config::load(None, []).expect("is a configuration");
    let sentiment: Vec<Plugin> = config.plugins.into_iter().filter(|plugin| plugin.name == "sentiment").collect();
    let dir = tempfile::tempdir().expect("a folder");
    let loader = Loader::new(Engine::new().expect("an engine"), dir.path(), Path::new(".")).expect("a cache");
    let chain = Chain::load(&loader.with_dictionaries(dictionaries), &sentiment).expect("the chain");
    Worker::new(Arc::new(chain), Arc::new(NoHistory))
}

fn review(language: &str, text: &str) -> serde_json::Value {
    serde_json::json!({"kind": "review", "language": language, "text": text, "rating": {"value": 3}})
}

fn run(worker: &mut Worker, batch: &[serde_json::Value]) -> Vec<Analysis> {
    let batch = batch.iter().map(|feedback| serde_json::from_value(feedback.clone()).expect("is feedback")).collect();
    let analysis = |outcome| match outcome {
        Outcome::Analyzed { analysis, .. } => *analysis,
        other => panic!("{other:?}"),
    };
    worker.run(batch).into_iter().map(analysis).collect()
}

fn one(worker: &mut Worker, language: &str, text: &str) -> Analysis {
    run(worker, &[review(language, text)]).remove(0)
}

fn score(analysis: &Analysis) -> f64 {
    analysis.sentiment.as_ref().unwrap_or_else(|| panic!("{:?}", analysis.provenance)).score
}

/// Share of labelled texts whose score has the sign of the label; a score of 0 has none.
fn accuracy(language: &str, texts: &[(bool, &str)]) -> f64 {
    let mut worker = worker(installed());
    let mut right = 0;
    for batch in texts.chunks(64) {
        let items: Vec<_> = batch.iter().map(|(_, text)| review(language, text)).collect();
        let told = run(&mut worker, &items).into_iter().zip(batch);
        right += told
            .filter(|(analysis, (praises, _))| if *praises { score(analysis) > 0.0 } else { score(analysis) < 0.0 })
            .count();
    }
    right as f64 / texts.len() as f64
}

fn samples(language: &str) -> Vec<(bool, &'static str)> {
    let lines =
        include_str!("sentiment.tsv").lines().filter_map(|line| line.strip_prefix(language)?.strip_prefix('\t'));
    lines.map(|line| line.split_once('\t').expect("a label")).map(|(label, text)| (label == "1", text)).collect()
}

#[test]
fn praise_and_blame_are_told_in_korean_and_chinese() {
    for language in ["ko", "zh"] {
        let samples = samples(language);
        assert_eq!(samples.len(), 24);
        let share = accuracy(language, &samples);
        assert!(share >= 0.87, "{language}: {share}");
    }
}

/// Nothing was learned from these; `tests/train` says what was.
#[test]
fn the_labelled_reviews_are_told_as_well_as_demanded() {
    for (language, file, least) in [("ko", "ko-nsmc-dev.tsv.gz", 0.86), ("zh", "zh-reviews-dev.tsv.gz", 0.85)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/sentiment").join(file);
        let Ok(path) = path.canonicalize() else { continue };
        let unpacked = std::process::Command::new("gzip").arg("-dc").arg(path).output().expect("gzip runs");
        let text = String::from_utf8(unpacked.stdout).expect("UTF-8");
        let lines = text.lines().skip(1).map(|line| line.split_once('\t').expect("a label"));
        let texts: Vec<_> = lines.map(|(label, text)| (label == "1", text)).collect();
        let share = accuracy(language, &texts);
        println!("{language}: {share:.4} of {} reviews told rightly", texts.len());
        assert!(share >= least, "{language}: {share}");
    }
}

#[test]
fn evidence_and_sentences_are_where_they_are_in_the_text() {
    let text = "🙂 房间很干净。服务太差！";
    let analysis = one(&mut worker(installed()), "zh", text);
    let sentiment = analysis.sentiment.expect("a sentiment");
    let words: Vec<_> = sentiment.evidence.iter().map(|one| &text[one.start as usize..one.end as usize]).collect();
    assert!(words.contains(&"干净"), "{words:?}");
    assert!(sentiment.evidence.iter().all(|one| one.weight != 0.0));
    assert_eq!(sentiment.rating_mismatch, Some(false));
}

#[test]
fn what_says_nothing_is_neutral() {
    let mut worker = worker(installed());
    for (language, text) in [("ko", "😀"), ("zh", "qzxv"), ("ko", "\u{1}\u{2}"), ("zh", "…")] {
        let analysis = one(&mut worker, language, text);
        assert!(score(&analysis).abs() < 0.3, "{text}: {analysis:?}");
    }
}

#[test]
fn a_hostile_text_is_scored_and_faults_nothing() {
    let mut worker = worker(installed());
    // As much as intake takes by default.
    for unit in ["ㅋ", "的", "가 ", "😀", "a", "\u{1}", "!。", "最高 최악 great"] {
        for language in ["ko", "zh"] {
            let text = unit.repeat((256 << 10) / unit.len());
            assert!(score(&one(&mut worker, language, &text)).abs() <= 1.0, "{unit}");
        }
    }
}

#[test]
fn without_its_dictionary_or_without_text_a_language_is_not_scored_and_says_why() {
    let mut worker = worker(Dictionaries::default());
    for (language, text, reason) in [("ko", "최고예요", "sayso dict build"), ("zh", "", "no text to score")] {
        let analysis = one(&mut worker, language, text);
        assert!(analysis.sentiment.is_none());
        let told = analysis.provenance[0].reason.as_deref().unwrap_or_default();
        assert!(told.contains(reason), "{told}");
    }
}

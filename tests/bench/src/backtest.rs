//! A backtest over stored reviews: the built-in chain with another router, beside the analyses of the built-in chain on
//! record; and, for comparison, with a live chain that has to run again.

use std::{path::Path, sync::Arc};

use sayso::{
    backtest::Backtest,
    config,
    feedback::{Feedback, FeedbackId},
    plugins::{
        Chain, Engine, Loader, Outcome, Worker,
        grants::{HistorySource, NoHistory},
    },
    records::{
        Analyzed, Filter, Records,
        sqlite::{Archive, SqliteRecords},
    },
    sqlite::Store,
};
use serde_json::json;

use crate::{load, process::scratch};

/// Items in one batch.
const BATCH: usize = 256;

pub(crate) async fn run(items: usize) -> anyhow::Result<()> {
    let dir = tempfile::TempDir::with_prefix_in("sayso-bench-", scratch()?)?;
    let path = dir.path().join("sayso.db");
    let live = chain(&json!({}))?;
    let store = Store::open(&path)?;
    fill(&SqliteRecords::new(store.clone())?, live.clone(), items).await?;
    drop(store);
    let candidate = chain(&json!({"fallback": "elsewhere"}))?;
    let other = chain(&json!({"fallback": "nowhere"}))?;
    let history: Arc<dyn HistorySource> = Arc::new(NoHistory);
    for (what, live) in [("live analyses on record", live), ("live chain run again", other)] {
        let archive = Archive::open(&path, Filter::default(), usize::MAX)?;
        let backtest = Backtest { live, candidate: candidate.clone(), archive };
        let report = serde_json::to_value(backtest.run(&history, &|_| ())?)?;
        let number = |key: &str| report[key].as_f64().unwrap_or(f64::NAN);
        println!(
            "backtest   {what}: {:.0} items/s on {} threads, {:.0} a core (goal 50,000); candidate {:.1} µs an item",
            number("items_per_second"),
            report["workers"],
            number("items_per_second") / number("workers"),
            report["candidate"]["us_per_item"].as_f64().unwrap_or(f64::NAN),
        );
    }
    Ok(())
}

/// The built-in chain, with this configuration of the router.
fn chain(router: &serde_json::Value) -> anyhow::Result<Arc<Chain>> {
    let mut plugins = config::load(None, [])?.plugins;
    if let Some(last) = plugins.last_mut() {
        last.config = router.clone();
    }
    let engine = Engine::new().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let loader = Loader::new(engine, &scratch()?.join("cache"), Path::new("."))?;
    Ok(Arc::new(Chain::load(&loader, &plugins)?))
}

/// Puts so many reviews on record, as the chain analyses them.
async fn fill(records: &SqliteRecords, chain: Arc<Chain>, items: usize) -> anyhow::Result<()> {
    let reviews = load::reviews()?;
    let mut worker = Worker::new(chain, Arc::new(NoHistory));
    let mut left = items;
    let mut reviews = reviews.iter().cycle();
    while left > 0 {
        let batch: Vec<Feedback> = reviews
            .by_ref()
            .take(BATCH.min(left))
            .map(|review| {
                let feedback: Feedback = serde_json::from_value(review.clone())?;
                Ok(Feedback { id: FeedbackId::now(), revision: 1, language: Some("en".into()), ..feedback })
            })
            .collect::<anyhow::Result<_>>()?;
        left -= batch.len();
        let analyzed = worker.run(batch).into_iter().filter_map(|outcome| match outcome {
            Outcome::Analyzed { feedback, analysis } => {
                Some(Analyzed { feedback: *feedback, analysis: *analysis, webhooks: Vec::new(), era: 0 })
            }
            Outcome::Parked { .. } => None,
        });
        records.save(analyzed.collect()).await?;
    }
    Ok(())
}

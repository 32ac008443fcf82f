//! Sentences a second in each language on one core, tokenising included: through `sentiment` alone, and through the
//! default chain. And what a fresh instance of `sentiment` costs: from nothing to its first answer, and its end.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use anyhow::Context;
use sayso::{
    config,
    feedback::{Feedback, FeedbackId},
    plugins::{Chain, Dictionaries, Engine, Loader, Outcome, Worker, grants::NoHistory},
};

use crate::{median, process::scratch};

/// Items in one batch.
const BATCH: usize = 64;
/// Items in one round.
const ITEMS: usize = 6_400;

/// The Python that `tests/parity/run.sh` installs VADER's reference for.
const REFERENCE: &str = "target/parity-venv/bin/python";

/// Fresh instances in one round.
const INSTANCES: usize = 200;

/// A language, and what people write in it.
struct Language {
    code: &'static str,
    /// Sentences a second through `sentiment` alone that are demanded, where they are.
    goal: Option<u32>,
    sentences: [&'static str; 6],
}

const LANGUAGES: [Language; 4] = [
    Language {
        code: "en",
        goal: None,
        sentences: [
            "The battery lasts two days and the screen is bright, but the speaker is too quiet.",
            "Delivery took three weeks and nobody answered my emails, which is simply not good enough.",
            "I love this camera, the pictures are sharp and it was easy to set up.",
            "The manual is useless, and the remote stopped working after a month.",
            "Great value for the price, would recommend it to anyone who travels a lot.",
            "Customer service was friendly and sent a replacement within two days.",
        ],
    },
    Language {
        code: "ja",
        goal: Some(25_000),
        sentences: [
            "配送が三日も遅れたうえに、問い合わせへの返事もありませんでした。",
            "画面が見やすくて電池も長持ちするので、とても気に入っています。",
            "スタッフの対応が丁寧で、また泊まりたいと思いました。",
            "説明書が分かりにくく、設定に時間がかかりました。",
            "値段の割に品質は悪くないですが、作りが少し雑です。",
            "二重に請求されたのに、まだ返金されていません。",
        ],
    },
    Language {
        code: "ko",
        goal: Some(15_000),
        sentences: [
            "배송이 사흘이나 늦었는데 고객센터에서는 아무도 연락을 주지 않았습니다.",
            "이 휴대폰 정말 마음에 들어요, 배터리도 이틀은 가고 카메라도 훌륭합니다!",
            "직원분들이 친절하게 도와주셔서 다음 여름에도 꼭 다시 방문하려고 합니다.",
            "같은 주문이 두 번 결제되었는데 아직도 환불을 받지 못해서 너무 화가 나네요.",
            "가격에 비해 나쁘지 않지만 설명서가 헷갈리고 마감이 아쉬워요.",
            "친구들에게 모두 추천하고 싶은 가게예요, 별 다섯 개 드립니다.",
        ],
    },
    Language {
        code: "zh",
        goal: Some(25_000),
        sentences: [
            "送货晚了三天，客服也没有一个人给我回电话。",
            "我很喜欢这款手机，电池能用两天，拍照效果也非常好！",
            "服务员热情周到，明年夏天我们一定还会再来住。",
            "同一个订单扣了两次款，到现在还没有收到退款，太气人了。",
            "这个价格还算可以，但是说明书看不懂，做工也比较粗糙。",
            "我会把这家店推荐给所有的朋友，给五颗星。",
        ],
    },
];

pub(crate) fn run(rounds: usize) -> anyhow::Result<()> {
    let config = config::load(None, [])?;
    let alone: Vec<_> = config.plugins.iter().filter(|plugin| plugin.name == "sentiment").cloned().collect();
    let folder = dictionaries();
    let loader = |plugins: &[config::Plugin]| -> anyhow::Result<Worker> {
        let engine = Engine::new().map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let loader = Loader::new(engine, &scratch()?.join("cache"), Path::new("."))?;
        let loader = loader.with_dictionaries(Dictionaries::open(Some(&folder))?);
        Ok(Worker::new(Arc::new(Chain::load(&loader, plugins)?), Arc::new(NoHistory)))
    };
    let (mut alone, mut chain) = (loader(&alone)?, loader(&config.plugins)?);
    english(rounds, &mut alone)?;
    for language in &LANGUAGES {
        let batches = batches(language)?;
        if rate(&mut alone, &batches)?.is_none() {
            println!("languages  {}: no dictionary in {}; run `make dictionaries`", language.code, folder.display());
            continue;
        }
        rate(&mut chain, &batches)?;
        let (mut by_sentiment, mut by_chain) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            by_sentiment.extend(rate(&mut alone, &batches)?);
            by_chain.extend(rate(&mut chain, &batches)?);
        }
        let fresh = fresh(alone.chain(), &batches[0][0]);
        println!(
            "languages  {}: {:.0} sentences/s through sentiment alone{}; {:.0} through the default chain; \
             a fresh instance and its first sentence {fresh:.0} µs",
            language.code,
            median(by_sentiment),
            language.goal.map_or_else(String::new, |goal| format!(" (goal {goal})")),
            median(by_chain)
        );
    }
    Ok(())
}

/// The sandboxed plugin against the crate that others score English with, natively, and against the reference in Python.
fn english(rounds: usize, alone: &mut Worker) -> anyhow::Result<()> {
    let (sentences, batches) = (&LANGUAGES[0].sentences, batches(&LANGUAGES[0])?);
    let analyzer = vader_sentiment::SentimentIntensityAnalyzer::new();
    // Instances, and the lexicons of the crate, are made at first use.
    rate(alone, &batches)?;
    by_the_crate(&analyzer, sentences);
    let (mut natively, mut plugin, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let sandboxed = rate(alone, &batches)?.context("English needs no dictionary")?;
        let by_the_crate = by_the_crate(&analyzer, sentences);
        ratios.push(sandboxed / by_the_crate);
        plugin.push(sandboxed);
        natively.push(by_the_crate);
    }
    println!(
        "languages  en: {:.0} sentences/s by the crate vader_sentiment natively; sentiment in the sandbox {:.2} times that (goal 2)",
        median(natively),
        median(ratios)
    );
    match by_the_reference(sentences)? {
        None => println!("languages  en: no VADER in Python in {REFERENCE}; `make bench` installs it"),
        Some(reference) => println!(
            "languages  en: {reference:.0} sentences/s by VADER's reference in Python; sentiment in the sandbox {:.1} times that (goal 10)",
            median(plugin) / reference
        ),
    }
    Ok(())
}

/// Sentences a second by the crate.
fn by_the_crate(analyzer: &vader_sentiment::SentimentIntensityAnalyzer<'_>, sentences: &[&str]) -> f64 {
    let score = |text: &&str| drop(std::hint::black_box(analyzer.polarity_scores(text)));
    let started = Instant::now();
    sentences.iter().cycle().take(ITEMS).for_each(score);
    ITEMS as f64 / started.elapsed().as_secs_f64()
}

/// Sentences a second by the reference in Python; none where it is not installed.
fn by_the_reference(sentences: &[&str]) -> anyhow::Result<Option<f64>> {
    if !Path::new(REFERENCE).exists() {
        return Ok(None);
    }
    let mut python = Command::new(REFERENCE);
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../parity/rate.py"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let all: Vec<_> = sentences.iter().cycle().take(ITEMS).collect();
    serde_json::to_writer(python.stdin.take().context("piped")?, &all)?;
    let output = python.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "{REFERENCE} failed");
    Ok(Some(String::from_utf8(output.stdout)?.trim().parse()?))
}

/// Where `SAYSO_DATA__DICTIONARIES` says, or where `make dictionaries` puts them.
fn dictionaries() -> PathBuf {
    env::var_os("SAYSO_DATA__DICTIONARIES").map_or_else(|| PathBuf::from("target/dictionaries"), PathBuf::from)
}

fn batches(language: &Language) -> anyhow::Result<Vec<Vec<Feedback>>> {
    let one = |text: &&str| -> anyhow::Result<Feedback> {
        let json =
            serde_json::json!({"kind": "review", "language": language.code, "text": text, "rating": {"value": 3}});
        let mut feedback: Feedback = serde_json::from_value(json)?;
        feedback.id = FeedbackId::now();
        feedback.revision = 1;
        Ok(feedback)
    };
    let all: Vec<_> = language.sentences.iter().cycle().take(ITEMS).map(one).collect::<Result<_, _>>()?;
    Ok(all.chunks(BATCH).map(<[Feedback]>::to_vec).collect())
}

/// Sentences a second; none where one was not scored.
fn rate(worker: &mut Worker, batches: &[Vec<Feedback>]) -> anyhow::Result<Option<f64>> {
    let batches = batches.to_vec();
    let started = Instant::now();
    for batch in batches {
        for outcome in worker.run(batch) {
            match outcome {
                Outcome::Analyzed { analysis, .. } if analysis.sentiment.is_none() => return Ok(None),
                Outcome::Analyzed { .. } => {}
                Outcome::Parked { reason } => anyhow::bail!("one was parked: {reason}"),
            }
        }
    }
    Ok(Some(ITEMS as f64 / started.elapsed().as_secs_f64()))
}

/// Microseconds from a worker without instances to its first answer and its end, the median.
fn fresh(chain: &Arc<Chain>, feedback: &Feedback) -> f64 {
    let one = |_| {
        let batch = vec![feedback.clone()];
        let started = Instant::now();
        let mut worker = Worker::new(chain.clone(), Arc::new(NoHistory));
        std::hint::black_box(worker.run(batch));
        drop(worker);
        started.elapsed().as_secs_f64() * 1e6
    };
    median((0..INSTANCES).map(one).collect())
}

//! What the figures are measured with: review sentences from `BENCH_DATA/feedback/reviews.ndjson.gz` where that is
//! there, else the sentences below.

use std::{env, fs::File, io::BufRead, io::BufReader, path::PathBuf};

use serde_json::{Value, json};

const SENTENCES: [&str; 8] = [
    "The battery lasts two days and the screen is bright, but the speaker is too quiet.",
    "Delivery took three weeks and nobody answered my emails, which is simply not good enough.",
    "I love this camera, the pictures are sharp and it was easy to set up.",
    "Does your player only play audio discs without video?",
    "The manual is useless, and the remote stopped working after a month.",
    "Great value for the price, would recommend it to anyone who travels a lot.",
    "It is okay, nothing special, it does what it says on the box.",
    "Customer service was friendly and sent a replacement within two days.",
];

/// Reviews of a sentence each, as JSON objects without `external_id`.
pub(crate) fn reviews() -> anyhow::Result<Vec<Value>> {
    let root = env::var_os("BENCH_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let path = root.join("feedback/reviews.ndjson.gz");
    if !path.exists() {
        println!("load       {} built-in sentences ({} is not there)", SENTENCES.len(), path.display());
        return Ok(SENTENCES
            .iter()
            .map(|text| json!({"kind": "review", "text": text, "rating": {"value": 3}}))
            .collect());
    }
    let mut reviews = Vec::new();
    for line in BufReader::new(flate2::read::GzDecoder::new(File::open(&path)?)).lines() {
        let mut review: Value = serde_json::from_str(&line?)?;
        if let Some(fields) = review.as_object_mut() {
            fields.remove("external_id");
        }
        reviews.push(review);
    }
    println!("load       {} reviews of {}", reviews.len(), path.display());
    Ok(reviews)
}

//! From the start of the process to its first answer, with compiled plugins in the cache.

use std::time::Instant;

use crate::{
    median,
    post::Connection,
    process::{Process, scratch},
};

pub(crate) async fn run(rounds: usize) -> anyhow::Result<()> {
    let scratch = scratch()?;
    drop(Process::sayso("", &scratch)?);
    let mut times = Vec::new();
    for _ in 0..rounds.max(3) {
        let began = Instant::now();
        let sayso = Process::sayso("", &scratch)?;
        let mut connection = Connection::open(&sayso.address).await?;
        let status = connection.post("application/json", r#"{"kind":"review","text":"good"}"#.into()).await?;
        anyhow::ensure!(status == 202, "answered {status}");
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    println!("start      first answer after {:.0} ms with a warm cache (goal 300)", median(times));
    Ok(())
}

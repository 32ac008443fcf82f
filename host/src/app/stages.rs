//! The stages that work in the background for as long as sayso serves: one that ends before it was asked to is a defect, and
//! what is accepted then would wait for nobody.

use std::{collections::HashMap, time::Duration};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// All of them.
#[derive(Default)]
pub(super) struct Stages {
    running: JoinSet<Result<(), String>>,
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

impl Stages {
    /// Starts one. It has to go on until the token that it gets is cancelled.
    pub(super) fn start<F>(&mut self, name: &'static str, stage: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let task = self.running.spawn(stage(self.stop.clone()));
        self.names.insert(task.id(), name);
    }

    /// Waits until one ends that was not asked to: what became of it.
    pub(super) async fn failed(&mut self) -> String {
        match self.running.join_next_with_id().await {
            Some(ended) => self.told(ended).unwrap_or_else(|| "a stage ended before its time".into()),
            None => std::future::pending().await,
        }
    }

    /// Asks all to end, and waits for `patience`: what became of the first that failed.
    pub(super) async fn end(mut self, patience: Duration) -> Option<String> {
        self.stop.cancel();
        let mut failed = None;
        let all = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                let told = self.told(ended);
                failed = failed.take().or(told);
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("not everything is drained in time; what is left comes back at the next start");
        }
        failed
    }

    fn told(&self, ended: Result<(Id, Result<(), String>), JoinError>) -> Option<String> {
        let (id, reason) = match ended {
            Ok((_, Ok(()))) => return None,
            Ok((id, Err(reason))) => (id, reason),
            Err(error) => (error.id(), format!("a defect in sayso: {error}")),
        };
        let stage = self.names.get(&id).copied().unwrap_or("a stage");
        tracing::error!(stage, reason, "a stage ended; what it held comes back at the next start");
        Some(format!("{stage}: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stage_that_ends_by_itself_is_told_by_its_name() {
        let mut stages = Stages::default();
        stages.start("goes on", |stop| async move {
            stop.cancelled().await;
            Ok(())
        });
        stages.start("pipeline", |_| async { Err("no more threads".into()) });
        assert_eq!(stages.failed().await, "pipeline: no more threads");
        stages.start("panics", |_| async { panic!("as it should") });
        assert!(stages.failed().await.starts_with("panics: a defect"));
        assert_eq!(stages.end(Duration::from_secs(5)).await, None);
    }
}

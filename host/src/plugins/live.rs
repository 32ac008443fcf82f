//! The chain that runs now. Another one takes its place as a whole, once it is loaded, configured and has passed its
//! golden cases; a worker takes it up between two batches, so that every batch runs on one chain from end to end.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio::sync::watch;

use super::{Chain, events};

/// Loads the chain as the configuration is now; an error is told to people.
type Load = Box<dyn Fn() -> Result<Chain, String> + Send + Sync>;

/// The chain that runs now, and how it is loaded anew.
pub struct LiveChain {
    current: watch::Sender<Arc<Chain>>,
    load: Load,
    /// One reload at a time, so that the last one asked for is the one that stays.
    turn: Mutex<()>,
}

/// Who asked for a reload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// `POST /v1/chain/reload`.
    Request,
    /// SIGHUP.
    Hangup,
    /// A file that changed.
    Watch,
}

/// Why a new chain is not taken; the old one goes on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl LiveChain {
    /// Begins with `chain`; later ones come from `load`, which may block.
    pub fn new(chain: Chain, load: impl Fn() -> Result<Chain, String> + Send + Sync + 'static) -> Self {
        Self { current: watch::Sender::new(Arc::new(chain)), load: Box::new(load), turn: Mutex::default() }
    }

    /// The chain that runs now.
    pub fn current(&self) -> Arc<Chain> {
        self.current.borrow().clone()
    }

    /// Tells when another chain has taken the place of this one.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Chain>> {
        self.current.subscribe()
    }

    /// Loads the chain anew and lets it take the place of the old one. Goes on to the end even if nobody waits for it.
    ///
    /// # Errors
    /// Why the new chain cannot run.
    pub async fn reload(self: &Arc<Self>, trigger: Trigger) -> Result<Arc<Chain>, Refused> {
        let live = self.clone();
        let reloaded = tokio::task::spawn_blocking(move || live.reload_blocking(trigger)).await;
        reloaded.unwrap_or_else(|error| Err(Refused(format!("loading it ended by a defect in sayso: {error}"))))
    }

    fn reload_blocking(&self, trigger: Trigger) -> Result<Arc<Chain>, Refused> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        match (self.load)() {
            Ok(chain) => {
                let chain = Arc::new(chain);
                let old = self.current.send_replace(chain.clone());
                events::swapped(trigger, &old, &chain, started.elapsed());
                Ok(chain)
            }
            Err(reason) => {
                events::refused(trigger, &reason);
                Err(Refused(reason))
            }
        }
    }
}

impl Trigger {
    /// For logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Hangup => "SIGHUP",
            Self::Watch => "a file changed",
        }
    }
}

impl fmt::Debug for LiveChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveChain").field("current", &self.current()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_chain_that_cannot_be_loaded_leaves_the_old_one_in_place() {
        let tries = AtomicU32::new(0);
        let load = move || match tries.fetch_add(1, Ordering::Relaxed) {
            0 => Err("no such plugin".to_owned()),
            _ => Ok(Chain::default()),
        };
        let live = Arc::new(LiveChain::new(Chain::default(), load));
        let first = live.current();
        assert_eq!(live.reload(Trigger::Request).await.expect_err("refused").to_string(), "no such plugin");
        assert!(Arc::ptr_eq(&first, &live.current()));
        let second = live.reload(Trigger::Request).await.expect("loaded");
        assert!(Arc::ptr_eq(&second, &live.current()) && !Arc::ptr_eq(&first, &second));
    }
}

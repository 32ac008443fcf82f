//! What the end-to-end tests are made of: the real `sayso` binary as a child process, receivers of webhooks that
//! verify with the independent crate `standardwebhooks`, and the plugins that attack.

mod component;
mod guests;
mod receiver;
mod registry;
mod server;
mod upstream;

pub use component::{Raw, component};
pub use guests::guest;
pub use receiver::{Event, Receiver, SECRET};
pub use registry::{PASSWORD, Registry, USER};
pub use server::{Server, ServerBuilder, client, dictionaries, folder, refusal, sayso};
pub use upstream::{Call, Upstream};

use std::time::Duration;

/// Longest time that a test waits for something to happen, before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(60);

//! What the end-to-end tests are made of: the real `sayso` binary as a child process, receivers of webhooks that
//! verify with the independent crate `standardwebhooks` or misbehave in every way, and the plugins that attack.

mod component;
pub mod document;
mod guests;
pub mod raw;
mod receiver;
mod registry;
mod server;
mod tls;
mod tls_receiver;
mod upstream;
pub mod webhooks;

pub use component::{Raw, component};
pub use guests::guest;
pub use raw::RawReceiver;
pub use receiver::{Event, Receiver, SECRET};
pub use registry::{PASSWORD, Registry, USER};
pub use server::{Server, ServerBuilder, client, dictionaries, folder, refusal, sayso};
pub use tls::{Authority, TlsListener};
pub use tls_receiver::TlsReceiver;
pub use upstream::{Call, Upstream};

use std::time::Duration;

/// Longest time that a test waits for something to happen, before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(60);

//! Query and admin routes, and what every route shares: the state, keys, problems, the middleware.
//!
//! - [`router()`]: every route of the service.
//! - [`problem`]: the one form of error answers.
//! - [`auth`]: keys and scopes.
//! - [`idempotency`]: requests that may be sent again.
//! - [`openapi`]: the description of the API.

pub mod auth;
mod handlers;
pub mod idempotency;
mod loading;
mod middleware;
mod openapi;
pub mod problem;
mod query;
mod readiness;
mod router;
mod state;
mod traffic;

pub use loading::router as loading;
pub use query::Params;
pub use readiness::Readiness;
pub use router::{router, router_with};
pub use state::{Inner, State};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

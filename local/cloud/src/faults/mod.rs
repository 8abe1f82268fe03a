//! Faults between the SDK and the services: an HTTP proxy that fails, loses, repeats and delays calls by a plan.
//!
//! ```text
//! store -> SDK -> Proxy (one for each service) -> DynamoDB or SQS
//!                   |  counts each call, asks the plan
//!                   Faults (one for all proxies)
//! ```
//!
//! It behaves as a network and a busy service do; nothing in the deployed code knows of it. [`Sqs`] is a queue in
//! memory for tests in which time passes when they say so.

mod calls;
mod consumed;
mod fault;
mod forward;
mod plan;
mod proxy;
mod replies;
mod requests;
mod sqs;

pub use calls::{Call, Faults};
pub use consumed::Consumed;
pub use fault::{Fault, Injection};
pub use plan::Plan;
pub use proxy::Proxy;
pub use sqs::Sqs;

//! Processes of the functions behind Lambda's Runtime API, and what invokes them.

pub mod environment;
pub mod events;
pub mod functions;
pub mod host;
pub mod trigger;

pub use environment::{Environment, Failure};
pub use host::{LambdaHost, PLENTY, daily_aggregation};
pub use runtime_api::{RuntimeApi, RuntimeApiSession};
pub use sijang_cloud::lambda::runtime_api;

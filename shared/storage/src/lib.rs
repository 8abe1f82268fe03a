//! The store: `DynamoDB` tables and the SQS queue, with one operation for each thing that the shop does.
//!
//! Every command is a single `TransactWriteItems` that contains exactly one event item (see `idempotency.rs`). The domain
//! decides what a failed condition means. The code uses only standard AWS endpoints, so any engine that serves them fits.

mod aged;
mod balances;
mod cache;
mod coupons;
mod deadline;
mod dynamodb;
mod events;
mod idempotency;
mod order_record;
mod orders;
mod products;
mod random;
mod reconciliation;
mod staff;
mod statistics;
mod store;

pub use dynamodb::{
    connection::{retries, sdk_config, timeouts},
    error::failed as call_failed,
};
pub use events::{Message, OrderEvents, Received, order_event_of, record_lag, trace_of};
pub use reconciliation::{Progress, Reconciliation, SETTLING};
pub use store::{Store, Tables};

pub use aws_sdk_dynamodb::types::AttributeValue;

/// An item as `DynamoDB` stores it.
pub type Item = std::collections::HashMap<String, AttributeValue>;

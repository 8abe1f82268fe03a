//! The store: `DynamoDB` tables and the SQS queue, behind one operation for each thing that the shop does.
//!
//! Every command is a single `TransactWriteItems` with exactly one event item in it (see [`sijang_domain::Command`]); what its
//! conditions mean is decided by the domain. The code sees only standard AWS endpoints: any engine that speaks them fits.

mod balances;
mod books;
mod catalogue;
mod client;
mod command;
mod connection;
mod counters;
mod coupons;
mod error;
mod events;
mod inventory;
mod lag;
mod memory;
mod orders;
mod page;
mod queue;
mod sales;
mod shards;
mod stock;
mod transaction;
mod tries;

pub use books::{Progress, Reconciliation, SETTLING};
pub use client::{Store, Tables};
pub use connection::{retries, timeouts};
pub use events::{relayed, traced};
pub use lag::lag;
pub use queue::{Message, OrderEvents, Received};

pub use aws_sdk_dynamodb::types::AttributeValue;

/// An item as `DynamoDB` has it.
pub type Item = std::collections::HashMap<String, AttributeValue>;

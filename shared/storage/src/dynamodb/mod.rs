//! `DynamoDB` as the store uses it: the connection, transactions with their retries, queries, items split into shards.

pub(crate) mod connection;
mod constant_headers;
pub(crate) mod error;
pub(crate) mod query;
mod retry_metrics;
pub(crate) mod rollout;
pub(crate) mod shards;
pub(crate) mod transaction;

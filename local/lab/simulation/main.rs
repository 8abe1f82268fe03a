//! A flash sale, simulated: the real store against a simulated DynamoDB, in a time of its own.
//!
//! The deployed code of orders and coupons runs in as many environments as Lambda would start. Only what it calls, and
//! what calls it, is simulated: [`assumptions`] says with which figures. The clock is tokio's, paused, and everything
//! left to chance comes from a seed, so that a sale can be held again. After each sale the invariants are checked.

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

mod assumptions;
mod bucket;
mod buyer;
mod chance;
mod connector;
mod copies;
mod dynamo;
mod edge;
mod expression;
mod gateway;
mod partitions;
mod plot;
mod report;
mod request;
mod sale;
mod shop;
mod small;
mod staff;
mod sweep;
mod twin;
mod usage;
mod value;
mod virtual_time;

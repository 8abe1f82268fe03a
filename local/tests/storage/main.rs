//! The storage suite: the rules that the store keeps on every engine that serves DynamoDB.
//!
//! The engine is dynoxide, in this process, with a fresh database for each test. `SIJANG_DYNAMODB_ENDPOINT` selects another
//! one (DynamoDB Local: `./local/shop dynamodb-local`), `SIJANG_DYNAMODB_AWS=1` an account. Each test is named after the
//! rule that it proves, and every rejection also proves that it left nothing behind (see `Request::rejected`).

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

mod balances;
mod budget;
mod cancellations;
mod catalogue;
mod coupons;
mod events;
mod histories;
mod invariants;
mod names;
mod one_key;
mod orders;
mod platform;
mod races;
mod reconciliation;
mod recorded;
mod rounds;
mod sales;
mod search;
mod shards;
mod sold_out;
mod staff;
mod support;
mod upgrade;
mod void;
mod wrong_coupon;

//! The test kit: everything that more than one test suite needs.
//!
//! | module | for |
//! |---|---|
//! | [`engine`] | fresh tables in any engine that speaks DynamoDB |
//! | [`shop`] | the shop DSL: customers, products and campaigns in a line each, and requests that can be awaited |
//! | [`snapshot`], [`invariants`] | everything that is stored, compared and checked |
//! | [`faults`], [`services`] | proxies between the SDK and the services that fail calls by a plan |
//! | [`pipeline`] | what carries the order events from the table to the ranking |
//! | [`lambda`] | processes of the functions behind Lambda's Runtime API |
//! | [`objects`], [`platform`] | a bucket in memory, the data platform in it, and SQL over its files |
//! | [`http`], [`token_forger`] | a client of the whole running shop, and tokens of an attacker |
//! | [`tls`] | a TLS endpoint in front of a local service, which counts connections and bytes |

// This crate is test code: an unexpected result ends the test that called it, and no caller can handle that.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub use sijang_cloud::faults;

pub mod engine;
pub mod http;
pub mod invariants;
pub mod lambda;
pub mod objects;
pub mod pipeline;
pub mod platform;
pub mod services;
pub mod shop;
pub mod snapshot;
pub mod tls;
pub mod token_forger;

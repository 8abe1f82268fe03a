//! The command line of the project, `./local/shop COMMAND`, and the shop on this machine that its commands and the system tests
//! start: the local cloud of `sijang-cloud` and the portal of `sijang-portal`.

pub mod cost;
pub mod import;
pub mod mutations;
pub mod provision;
pub mod query;
pub mod release;
pub mod replay;
pub mod running;
pub mod schemathesis;
pub mod seed;
pub mod shop;

//! Runs the whole shop on one machine, from the `template.yaml` that is deployed to AWS: no Docker, no account.
//!
//! ```text
//! browser -> front -> MiniStack (gateway, authorizer, tables, streams, queues, schedules)
//!                         |  invocations                      ^  what the function's role allows
//!                         v                                   |
//!                     serve: queue per function               roles
//!                         |                                   ^  calls of the SDK
//!                         v                                   |
//!                     cargo lambda watch -> the binaries in target/debug
//! ```

pub mod build;
pub mod cloud;
pub mod contract;
pub mod cost;
pub mod defects;
pub mod digest;
pub mod docs;
pub mod faults;
pub mod front;
pub mod issuer;
pub mod layout;
pub mod nightly;
pub mod package;
pub mod process;
pub mod progress;
pub mod provision;
pub mod python;
pub mod redrive;
pub mod release;
pub mod roles;
pub mod running;
pub mod seed;
pub mod seoul;
pub mod serve;
pub mod stack;
pub mod template;
pub mod tools;

//! A local cloud in place of AWS: it runs the template that is deployed to AWS, without Docker and without an account.
//!
//! ```text
//! MiniStack (gateway, authorizer, tables, streams, queues, schedules)
//!     |  invocations                      ^  what the function's role allows
//!     v                                   |
//! lambda: a queue for each function      iam
//!     |                                   ^  calls of the SDK
//!     v                                   |
//! Runtime API -> target/debug/functions
//! ```
//!
//! [`stack::Stack`] is all of it together.

pub mod aggregation;
pub mod aws_cli;
pub mod build;
pub mod digest;
pub mod faults;
pub mod iam;
pub mod lambda;
pub mod layout;
pub mod ministack;
pub mod process;
pub mod progress;
pub mod python;
pub mod redrive;
pub mod seoul;
pub mod stack;
pub mod template;
pub mod worker;

//! The HTTP edge: from an API Gateway event to a parsed request, and from an answer or error to a response.
//!
//! The `main` of a function with a route is one line: `serve(|request| handle(&store, request))`. Everything about HTTP is
//! in this crate and nowhere else: identity, scopes, strict JSON, idempotency keys, authenticated cursors, problem details.
//! So are the log and the metrics of every function, with or without HTTP.

mod body;
mod catalogue;
mod cursor;
mod environment;
mod event;
mod gateway_request;
mod invocation;
mod language;
pub mod log;
mod messages;
pub mod metrics;
pub mod parameters;
mod partial_event;
mod problem;
pub mod problem_examples;
mod reply;
mod request;
mod run_worker;
mod serve;

pub use body::{MoneyBody, Object, ReasonBody, ShardsBody, non_null};
pub use catalogue::CATALOGUE;
pub use cursor::CursorKey;
pub use environment::amount_from_env;
pub use event::Event;
pub use invocation::Invocation;
pub use problem::{Failure, ProblemType};
pub use reply::{List, Reply, Response};
pub use request::{PageRequest, Request};
pub use run_worker::{run_worker, time_of_worker};
pub use serve::{Answer, Error, respond, serve};

//! The HTTP edge: from an API Gateway event to a parsed request, and from an answer or error to a response.
//!
//! A function's `main` is a sentence: `serve(|request| handle(&store, request))`. Everything about HTTP is here and
//! nowhere else: identity, scopes, strict JSON, idempotency keys, authenticated cursors, problem details. So is what an
//! operator sees of a function, with or without HTTP: its log and its metrics.

mod body;
mod cursor;
mod event;
mod invocation;
mod language;
pub mod log;
pub mod metrics;
pub mod parameters;
mod problem;
mod reply;
mod request;
pub mod samples;
mod serve;
mod texts;
mod work;

pub use body::{MoneyBody, Object, ShardsBody, given};
pub use cursor::CursorKey;
pub use event::{Event, Response};
pub use invocation::Invocation;
pub use problem::{CATALOGUE, Failure, ProblemType};
pub use reply::{List, Reply};
pub use request::{PageRequest, Request};
pub use serve::{Answer, Error, respond, serve};
pub use work::work;

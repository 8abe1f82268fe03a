//! The loop of a function: one request, one reply, one line in the log.

use std::{future::Future, panic::AssertUnwindSafe, time::Instant};

use futures::FutureExt;
use lambda_http::{Body, Response, service_fn, tracing::init_default_subscriber};

pub use lambda_http::Error;
use sijang_domain::Error as OperationError;

use crate::{Failure, Reply, Request};

/// What handling a request comes to.
pub type Answer = Result<Reply, Failure>;

/// Serves requests until the environment ends.
pub async fn serve<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(Request) -> F + Send + Sync,
    F: Future<Output = Answer> + Send,
{
    init_default_subscriber();
    let handle = &handle;
    lambda_http::run(service_fn(move |inner| async move { respond(handle, inner).await })).await
}

async fn respond<H, F>(handle: &H, inner: lambda_http::Request) -> Result<Response<Body>, Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let started = Instant::now();
    let request = Request::new(inner);
    let (now, language, id) = (request.moment().now, request.language(), request.id().to_owned());
    let answer = AssertUnwindSafe(handle(request)).catch_unwind().await;
    let answer = answer.unwrap_or_else(|_| Err(OperationError::Internal("the handler panicked".to_owned()).into()));
    let (reply, code) = match answer {
        Ok(reply) => (reply, "ok"),
        Err(failure) => {
            if let Failure::Operation(error @ (OperationError::Internal(_) | OperationError::Busy(_))) = &failure {
                tracing::error!(request_id = id, %error, "the operation failed");
            }
            let code = failure.kind().code;
            (failure.reply(language, &id, now), code)
        }
    };
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = id, status = reply.status, outcome = code, milliseconds, "request");
    Ok(reply.response()?)
}

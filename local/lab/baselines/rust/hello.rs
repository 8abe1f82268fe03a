//! The lower bound of a function: the runtime that all functions have, and nothing in it.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // A task, as a function of ours is.
    let answer = service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(json!({"statusCode": 201})));
    tokio::spawn(run(answer)).await?
}

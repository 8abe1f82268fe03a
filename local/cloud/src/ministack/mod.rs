//! MiniStack, the process that stands in for API Gateway, Cognito, `DynamoDB`, SQS, `EventBridge` and `CloudFormation`: how it
//! is started, how the template is adapted to it and deployed, and a client for the few calls that this takes.

mod client;
mod data;
mod deploy;
mod process;
mod state;
pub mod template;
pub mod user_pool;

pub use self::{
    client::{ACCOUNT, CREDENTIAL, Cloud, DeployedFunction, Environment, Invocation, REGION},
    data::Depth,
    deploy::{Deployment, deploy, existing},
    process::{MiniStack, MiniStackOptions},
};

use std::path::{Path, PathBuf};

/// Where MiniStack keeps the objects of a bucket, as files by their keys, in its folder. The name of the bucket ends with the
/// account.
pub fn bucket_folder(ministack: &Path, name: &str) -> PathBuf {
    ministack.join("s3").join(ACCOUNT).join(format!("{name}-{ACCOUNT}"))
}

//! MiniStack, the process that stands in for API Gateway, Cognito, `DynamoDB`, SQS, `EventBridge` and `CloudFormation`: how it
//! is started, how the template is adapted to it and deployed, and a client for the few calls that this takes.

mod client;
mod data;
mod deploy;
mod process;
mod state;
pub mod template;

pub use self::{
    client::{CREDENTIAL, Cloud, DeployedFunction, Environment, Invocation, REGION},
    data::Depth,
    deploy::{Deployment, deploy, existing},
    process::{MiniStack, MiniStackOptions},
};

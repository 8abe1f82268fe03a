//! The configuration of the AWS clients. It keeps the start of an execution environment short:
//!
//! - Region, endpoint and credentials come from the environment, where Lambda puts them. The SDK's own loader would also
//!   read files and call the metadata address of the instance.
//! - Only the five roots of Amazon Trust Services are trusted, which sign the certificates of AWS. Parsing all roots of a
//!   system takes longer than the rest of the start. `AWS_CA_BUNDLE` names a file with other roots.
//! - The connection is opened before the first request is received.

use std::{env, fs, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, ecs::EcsCredentialsProvider,
    environment::EnvironmentVariableCredentialsProvider, meta::credentials::CredentialsProviderChain,
    retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient, http::HttpRequest};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use tokio::time::timeout;

use super::constant_headers::ConstantHeaders;

/// A client of `DynamoDB`, by the variables of the environment.
pub(crate) fn dynamodb() -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(&sdk_config("AWS_ENDPOINT_URL_DYNAMODB"));
    aws_sdk_dynamodb::Client::from_conf(config.interceptor(ConstantHeaders).build())
}

/// How long the start waits for a connection. When there is none, the function starts nevertheless, and its first call
/// opens one, with all the retries of a call.
const PATIENCE: Duration = Duration::from_secs(1);

/// The time limits of a call. By default the SDK has none.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(PATIENCE).operation_attempt_timeout(Duration::from_secs(3)).build()
}

/// The retries of the SDK, for lost calls and throttling. Conflicts are retried by the transaction.
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1))
}

/// One configuration for the clients of all services.
///
/// `endpoint` is the variable with the service's own endpoint, if it has one.
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(named("AWS_REGION").or_else(|| named("AWS_DEFAULT_REGION")).map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .http_client(http_client())
        .timeout_config(timeouts())
        // It would measure the throughput of every body, and end later than the time limit of an attempt.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retries());
    config.set_endpoint_url(named(endpoint).or_else(|| named("AWS_ENDPOINT_URL")));
    config.build()
}

fn named(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Credentials of the environment. A container gets an address for them, because it outlives them.
fn credentials() -> CredentialsProviderChain {
    CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
        .or_else("container", EcsCredentialsProvider::builder().build())
}

fn http_client() -> SharedHttpClient {
    // A bundle that cannot be read leaves no roots, rather than others than its own.
    let roots = match env::var_os("AWS_CA_BUNDLE").filter(|file| !file.is_empty()) {
        Some(file) => fs::read(file).unwrap_or_default(),
        None => include_bytes!("amazon-roots.pem").to_vec(),
    };
    let trust = TrustStore::empty().with_pem_certificate(roots);
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.expect("nothing is looked at before the first connection");
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build_https()
}

/// Turns a call into the warm-up request: a plain `GET /`, which is no operation, needs no permission and costs nothing.
/// The rest is as in any call: the endpoint, the signature, and the connection, which stays open.
pub(crate) fn warm_up_request(request: &mut HttpRequest) {
    // The method's name is a valid one.
    let _ = request.set_method("GET");
    request.take_body();
    for header in ["x-amz-target", "content-type", "content-length"] {
        request.headers_mut().remove(header);
    }
}

/// Sends the warm-up request during the start, when a Lambda function has a whole processor; during a request, a small
/// function has a part of one. Its answer, or that there is none, does not matter.
pub(crate) async fn open<T>(warm_up: impl Future<Output = T>) {
    let _ = timeout(PATIENCE, warm_up).await;
}

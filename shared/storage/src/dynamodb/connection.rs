//! How AWS is reached. Made for the start of an execution environment, whose every millisecond a customer waits for:
//!
//! - Region, endpoint and credentials come from the environment, where Lambda puts them. The SDK's own loader would look
//!   into files and ask the instance's metadata address, too.
//! - Trusted are the five roots of Amazon Trust Services, in which the certificates of AWS end. Parsing all that a system
//!   trusts takes longer than the rest of the start. `AWS_CA_BUNDLE` names a file of others in their place.
//! - The connection is opened before the first request is asked for.

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

/// How long the start waits for a connection. Without one the function starts all the same, and its first call tries
/// again, with all the retries of a call.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long things may take: the SDK by itself would wait for ever.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(PATIENCE).operation_attempt_timeout(Duration::from_secs(3)).build()
}

/// How lost calls and throttling are tried again by the SDK. Conflicts are, by the transaction itself.
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
        // It would watch how fast every body flows, and give up later than an attempt does.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retries());
    config.set_endpoint_url(named(endpoint).or_else(|| named("AWS_ENDPOINT_URL")));
    config.build()
}

fn named(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Those of the environment; an environment that outlives them is given the address of new ones instead.
fn credentials() -> CredentialsProviderChain {
    CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
        .or_else("container", EcsCredentialsProvider::builder().build())
}

fn http_client() -> SharedHttpClient {
    // A bundle that cannot be read is not made up for by trusting more than it would have had.
    let roots = match env::var_os("AWS_CA_BUNDLE").filter(|file| !file.is_empty()) {
        Some(file) => fs::read(file).unwrap_or_default(),
        None => include_bytes!("amazon-roots.pem").to_vec(),
    };
    let trust = TrustStore::empty().with_pem_certificate(roots);
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.expect("nothing is looked at before the first connection");
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build_https()
}

/// Makes a greeting of a call: a plain `GET /`, which is no operation, needs no permission and costs nothing. Everything
/// else about it is as in any call: the endpoint, the signature, the connection, which stays open.
pub(crate) fn warm_up_request(request: &mut HttpRequest) {
    // The method's name is a valid one.
    let _ = request.set_method("GET");
    request.take_body();
    for header in ["x-amz-target", "content-type", "content-length"] {
        request.headers_mut().remove(header);
    }
}

/// Sends a greeting before there are requests that would wait for the connection: on Lambda, a start has a whole
/// processor, a request of a small function a part of one. Any answer will do, and none does no harm.
pub(crate) async fn open<T>(greeting: impl Future<Output = T>) {
    let _ = timeout(PATIENCE, greeting).await;
}

//! The few AWS calls that setting up the local cloud takes, in plain HTTP: MiniStack reads no signatures, so three
//! service SDKs need not be compiled for a dozen requests.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// Region of the local cloud: the shop is Korean.
pub const REGION: &str = "ap-northeast-2";
/// Access key and secret of the local cloud, which checks neither.
pub const CREDENTIAL: &str = "test";

/// Account of the local cloud.
pub const ACCOUNT: &str = "000000000000";

/// A client of the local cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    pub(super) endpoint: String,
    http: reqwest::Client,
}

/// The result of an invocation through the Lambda API.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function's answer, or the error document.
    pub payload: Value,
    /// `X-Amz-Function-Error`: set when the function failed.
    pub error: Option<String>,
}

/// The part of a function's deployed configuration that its process is started with.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeployedFunction {
    /// Memory in MiB.
    pub memory_size: u32,
    /// Environment, resolved.
    pub environment: Environment,
}

/// `Environment` of a deployed function.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Environment {
    /// Variables by name.
    pub variables: BTreeMap<String, String>,
}

impl Cloud {
    /// A client for the cloud at `endpoint`.
    pub fn new(endpoint: impl Into<String>) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(400)).build()?;
        Ok(Self { endpoint: endpoint.into(), http })
    }

    /// Base URL of the cloud, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether it answers.
    pub async fn is_up(&self) -> bool {
        let health = self.http.get(format!("{}/_ministack/health", self.endpoint)).timeout(Duration::from_secs(2));
        health.send().await.is_ok_and(|response| response.status().is_success())
    }

    /// Asks for a document, and drops it.
    pub(super) async fn find(&self, path: &str) -> Result<()> {
        let answer = self.http.get(format!("{}{path}", self.endpoint)).send().await?;
        answer.error_for_status().with_context(|| format!("reading {path}"))?;
        Ok(())
    }

    /// A deployed function, by physical name.
    pub async fn function(&self, function: &str) -> Result<DeployedFunction> {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let configuration = self.json("lambda", reqwest::Method::GET, &path, None).await?;
        serde_json::from_value(configuration).with_context(|| format!("the configuration of {function}"))
    }

    /// Invokes a function, by its physical name, and waits for the answer.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Invocation> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let response = self.request("lambda", reqwest::Method::POST, url).json(event).send().await?;
        let status = response.status();
        let error = response.headers().get("x-amz-function-error").and_then(|value| value.to_str().ok());
        let error = error.map(str::to_owned);
        let body = response.bytes().await?;
        if !status.is_success() {
            bail!("invoking {function}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(Invocation { payload: serde_json::from_slice(&body).unwrap_or(Value::Null), error })
    }

    /// Sets the CORS configuration of an HTTP API.
    pub async fn set_cors(&self, api_id: &str, cors: &Value) -> Result<()> {
        let body = serde_json::json!({ "corsConfiguration": cors });
        self.json("apigateway", reqwest::Method::PATCH, &format!("/v2/apis/{api_id}"), Some(&body)).await?;
        Ok(())
    }

    /// Stores an object, making the bucket; gives its URL.
    pub(super) async fn put_object(&self, bucket: &str, key: &str, body: Vec<u8>) -> Result<String> {
        let bucket = format!("{}/{bucket}", self.endpoint);
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        // A bucket that is there already is rejected, which is as good.
        self.request("s3", reqwest::Method::PUT, bucket.clone()).body(place).send().await?;
        let url = format!("{bucket}/{key}");
        let response = self.request("s3", reqwest::Method::PUT, url.clone()).body(body).send().await?;
        response.error_for_status().context("storing the packaged template")?;
        Ok(url)
    }

    async fn json(&self, service: &str, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.request(service, method, format!("{}{path}", self.endpoint));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("calling {path}"))?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            bail!("{path}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// A request that says, in the place where AWS has a signature, which service and region it is for. (Other engines
    /// than MiniStack do not read the signature either, but want it to be dated.)
    pub(super) fn request(&self, service: &str, method: reqwest::Method, url: String) -> reqwest::RequestBuilder {
        let scope = format!("{CREDENTIAL}/20260101/{REGION}/{service}/aws4_request");
        self.http
            .request(method, url)
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
    }
}

//! The staff API of the running shop, or of a stack on AWS.

use std::{env, time::Duration};

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use sijang_cloud::{aws_cli, layout::StateFolder};
use tokio::time::{sleep, timeout};

use crate::running::Running;

/// The `sub` of the tokens for the running shop. A key belongs to its user, so it is always the same.
const LOCAL_USER: &str = "import";
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a request is sent until it has a definite answer.
const ATTEMPTS: u32 = 8;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends commands of staff.
#[derive(Debug)]
pub struct StaffApi {
    url: String,
    authorization: String,
    http: Http,
}

/// A definite answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The command was accepted now.
    Done,
    /// The command was accepted earlier, under the same key.
    Replayed,
    /// The command was rejected, and why.
    Rejected(String),
}

impl StaffApi {
    /// The API of the shop whose folder is `state`, with the access token in the variable `ADMIN` if it is set.
    pub fn of_running_shop(state: &StateFolder) -> Result<Self> {
        let running = Running::read(state)?;
        let token = match env::var("ADMIN") {
            Ok(token) => token,
            Err(_) => running.user_pools.staff.signer(state)?.token(LOCAL_USER)?,
        };
        Ok(Self { url: running.api_url, authorization: format!("Bearer {token}"), http: Http::new()? })
    }

    /// The API of a stack on AWS. It signs in as the machine client, whose secret the AWS CLI reads, unless the variable
    /// `ADMIN` has an access token.
    pub async fn of_stack(stack: &str) -> Result<Self> {
        let query = "Stacks[0].Outputs";
        let outputs =
            aws_cli::json(&["cloudformation", "describe-stacks", "--stack-name", stack, "--query", query]).await?;
        let http = Http::new()?;
        let token = match env::var("ADMIN") {
            Ok(token) => token,
            Err(_) => machine_token(&http, &outputs).await?,
        };
        Ok(Self { url: output(&outputs, "ApiUrl")?, authorization: format!("Bearer {token}"), http })
    }

    /// Sends a command until its answer is definite. Sending it again is safe: it has a key.
    pub(super) async fn send(&self, method: Method, path: &str, key: &str, body: &Value) -> Result<Outcome> {
        let mut unclear = String::new();
        for attempt in 0..ATTEMPTS {
            let request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.url));
            let request = request.header("idempotency-key", key).header(AUTHORIZATION, &self.authorization);
            let request = request.header(CONTENT_TYPE, "application/json").body(Full::from(body.to_string()))?;
            let asked = match self.http.send(request).await {
                Ok(answer) if is_definite(answer.status) => return outcome(&answer),
                Ok(answer) => {
                    unclear = answer.status.to_string();
                    retry_after(&answer.headers)
                }
                Err(error) => {
                    unclear = format!("{error:#}");
                    None
                }
            };
            let usual = Duration::from_millis(100 << attempt);
            sleep(asked.unwrap_or(usual).max(usual).min(LONGEST_WAIT)).await;
        }
        bail!("{path} has no definite answer ({unclear}): import the same file again, which continues this run")
    }
}

/// An HTTP client.
#[derive(Debug)]
struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Http {
    fn new() -> Result<Self> {
        let connector = HttpsConnectorBuilder::new().with_native_roots().context("there are no root certificates")?;
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// The answer; its body is null when it is not JSON.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let exchange = async {
            let (parts, body) = self.0.request(request).await?.into_parts();
            let body = serde_json::from_slice(&body.collect().await?.to_bytes()).unwrap_or_default();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        timeout(TIMEOUT, exchange).await?
    }
}

fn is_definite(status: StatusCode) -> bool {
    status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    Some(Duration::from_secs(headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?))
}

fn outcome(answer: &Answer) -> Result<Outcome> {
    let Answer { status, headers, body } = answer;
    if status.is_success() {
        let replayed = headers.get("idempotent-replayed").is_some_and(|value| value == "true");
        return Ok(if replayed { Outcome::Replayed } else { Outcome::Done });
    }
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(status) {
        bail!("the access token is not accepted ({status}): import the same file again with another one");
    }
    Ok(Outcome::Rejected(match body["code"].as_str() {
        Some(code) => format!("{code}: {}", body["detail"].as_str().unwrap_or_default()),
        None => status.to_string(),
    }))
}

/// An access token of the machine client.
async fn machine_token(http: &Http, outputs: &Value) -> Result<String> {
    let client = output(outputs, "MachineClientId");
    let client = client.context("the stack has an issuer of its own: put an access token into ADMIN")?;
    let (issuer, url) = (output(outputs, "StaffIssuer")?, output(outputs, "StaffSignInUrl")?);
    let pool = issuer.rsplit('/').next().unwrap_or_default();
    let described = ["--user-pool-id", pool, "--client-id", &client, "--query", "UserPoolClient.ClientSecret"];
    let secret = aws_cli::json(&[&["cognito-idp", "describe-user-pool-client"], &described[..]].concat()).await?;
    let secret = secret.as_str().context("the machine client has no secret")?;
    let basic = STANDARD.encode(format!("{client}:{secret}"));
    let request = Request::post(format!("{url}/oauth2/token")).header(AUTHORIZATION, format!("Basic {basic}"));
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = http.send(request.body("grant_type=client_credentials&scope=shop%2Fadmin".into())?).await?;
    let token = answer.body["access_token"].as_str();
    Ok(token.with_context(|| format!("the issuer gave no access token: {}", answer.status))?.to_owned())
}

/// An output of the stack.
fn output(outputs: &Value, name: &str) -> Result<String> {
    let found = outputs.as_array().into_iter().flatten().find(|output| output["OutputKey"] == name);
    let value = found.and_then(|output| output["OutputValue"].as_str());
    Ok(value.with_context(|| format!("the stack has no output {name}"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, convert::Infallible, future::pending};

    use serde_json::json;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers one request after the other with these texts, and notes the requests. An empty text ends the connection.
    async fn answering(listener: TcpListener, answers: &[&str], requests: &RefCell<Vec<String>>) -> Infallible {
        for answer in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                assert_ne!(connection.read_buf(&mut request).await.unwrap(), 0);
            }
            requests.borrow_mut().push(String::from_utf8(request).unwrap());
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
        pending().await
    }

    fn answer(status: &str, body: &Value) -> String {
        let body = body.to_string();
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    async fn outcome_of(answers: &[&str]) -> (Result<Outcome>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let api = StaffApi { url, authorization: "Bearer token".to_owned(), http: Http::new().unwrap() };
        let (body, path, requests) = (json!({"name": "tea"}), "/v1/admin/products", RefCell::default());
        let outcome = tokio::select! {
            outcome = api.send(Method::POST, path, "the-key", &body) => outcome,
            never = answering(listener, answers, &requests) => match never {},
        };
        (outcome, requests.into_inner())
    }

    #[tokio::test]
    async fn unclear_answers_are_asked_for_again_with_the_same_key() {
        let (slow, busy) = (answer("429 Too Many", &json!({})), answer("503 Busy", &json!({"code": "busy"})));
        let (outcome, requests) = outcome_of(&[&slow, "", &busy, &answer("201 Created", &json!({}))]).await;
        assert_eq!((outcome.unwrap(), requests.len()), (Outcome::Done, 4));
        assert!(requests.iter().all(|request| *request == requests[0] && request.contains("the-key")), "{requests:?}");
    }

    #[tokio::test]
    async fn definite_answers_end_the_request() {
        let problem = json!({"code": "product-not-found", "detail": "There is no such product."});
        let (outcome, _) = outcome_of(&[&answer("404 Not Found", &problem)]).await;
        assert_eq!(outcome.unwrap(), Outcome::Rejected("product-not-found: There is no such product.".to_owned()));
        let replayed = answer("201 Created\r\nidempotent-replayed: true", &json!({}));
        assert_eq!(outcome_of(&[&replayed]).await.0.unwrap(), Outcome::Replayed);
        let (outcome, _) = outcome_of(&[&answer("401 Unauthorized", &json!({}))]).await;
        assert!(outcome.unwrap_err().to_string().contains("not accepted"));
    }

    #[test]
    fn shop_asks_for_a_pause_in_seconds() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(RETRY_AFTER, "3".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(3)));
    }

    #[test]
    fn output_of_a_stack_is_found_by_its_name() {
        let outputs = json!([{"OutputKey": "ApiUrl", "OutputValue": "https://api"}]);
        assert_eq!(output(&outputs, "ApiUrl").unwrap(), "https://api");
        assert!(output(&outputs, "StaffIssuer").unwrap_err().to_string().contains("StaffIssuer"));
    }
}

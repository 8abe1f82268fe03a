//! The start of a function: it opens its connection, and does nothing else. On Lambda a customer waits for it.

use std::{
    convert::Infallible,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Method},
    serve::ListenerExt,
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sijang_cloud::digest::sha256;
use sijang_testkit::{
    lambda::{Environment, Failure, PLENTY, events::Request, functions, runtime_api::RuntimeApi},
    tls::TlsEndpoint,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

/// A function that makes one call for a request.
const FUNCTION: &str = "get-balance";

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("start-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// An environment of the function with these variables, and nothing that is not said here.
async fn start(folder: &TempDir, variables: &[(&str, &str)]) -> Environment {
    functions::build().await;
    let api = Box::leak(Box::new(RuntimeApi::start().await.unwrap()));
    let session = api.open();
    let mut program = functions::bare(FUNCTION, &session.address, folder.path());
    program.environment.push(("BALANCES_TABLE".into(), "balances".into()));
    program.environment.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
    Environment::start(FUNCTION, &program, session).await
}

async fn balance(environment: &mut Environment, limit: Duration) -> Result<u64, Failure> {
    let (user, scope) = ("alice", "shop/customer");
    let request = Request { route: "GET /v1/me/balance", parameters: Vec::new(), user, scope, key: "", body: None };
    let answer = environment.invoke(request.event(), limit).await?;
    Ok(answer["statusCode"].as_u64().unwrap())
}

/// A service that has nothing in it, and tells who came.
struct Service {
    endpoint: String,
    seen: Seen,
    _tasks: JoinSet<std::io::Result<()>>,
}

/// Connections, and what was asked on them.
type Seen = Arc<Mutex<Vec<String>>>;

impl Service {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Seen::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&seen));
        let connected = Arc::clone(&seen);
        let listener = listener.tap_io(move |_| note(&connected, "connection"));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, seen, _tasks: tasks }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(seen: &Seen, what: &str) {
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
}

async fn answer(State(seen): State<Seen>, method: Method, headers: HeaderMap) -> Json<Value> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    note(&seen, target.and_then(|target| target.rsplit('.').next()).unwrap_or(method.as_str()));
    Json(json!({}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_opens_the_connection_and_makes_no_call() {
    let (folder, service) = (folder(), Service::start().await);
    let mut environment = start(&folder, &[("AWS_ENDPOINT_URL_DYNAMODB", &service.endpoint)]).await;
    assert_eq!(service.seen(), ["connection", "GET"]);
    assert_eq!(balance(&mut environment, PLENTY).await.unwrap(), 200);
    assert_eq!(service.seen(), ["connection", "GET", "GetItem"], "the first call has to wait for a connection");
    environment.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_looks_for_nothing_outside_of_its_environment() {
    let (folder, service, instance) = (folder(), Service::start().await, Service::start().await);
    // Whoever opens this file waits for ever.
    let profile = folder.path().join("profile");
    assert!(Command::new("mkfifo").arg(&profile).status().unwrap().success());
    let profile = profile.to_str().unwrap();
    let variables = [
        ("AWS_ENDPOINT_URL", service.endpoint.as_str()),
        ("AWS_CONFIG_FILE", profile),
        ("AWS_SHARED_CREDENTIALS_FILE", profile),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &instance.endpoint),
    ];
    let mut environment = start(&folder, &variables).await;
    assert_eq!(balance(&mut environment, PLENTY).await.unwrap(), 200);
    assert_eq!(instance.seen(), [""; 0]);
    environment.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_service_is_a_start() {
    let folder = folder();
    // Takes the connection and never answers.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for endpoint in ["http://127.0.0.1:1", &silent] {
        let mut environment = start(&folder, &[("AWS_ENDPOINT_URL", endpoint)]).await;
        assert_eq!(balance(&mut environment, PLENTY).await.unwrap(), 503, "{endpoint}");
        environment.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_stops_halfway_is_given_up() {
    let (folder, listener) = (folder(), TcpListener::bind(("127.0.0.1", 0)).await.unwrap());
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let halfway = || stream::iter([Ok::<_, Infallible>("{")]).chain(stream::pending());
    let router = Router::new().fallback(async move || Body::from_stream(halfway()));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await });
    let mut environment = start(&folder, &[("AWS_ENDPOINT_URL", &endpoint)]).await;
    assert_eq!(balance(&mut environment, PLENTY).await.unwrap(), 503);
    environment.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_authorities_of_the_bundle_are_trusted() {
    let (folder, service) = (folder(), Service::start().await);
    let secure = TlsEndpoint::start(&service.endpoint, folder.path()).await.unwrap();
    let (endpoint, authority) = (secure.endpoint(), secure.authority.to_str().unwrap());
    for (bundle, status) in [(authority, 200), ("", 503), ("/nowhere", 503)] {
        let variables = [("AWS_ENDPOINT_URL", endpoint.as_str()), ("AWS_CA_BUNDLE", bundle)];
        let mut environment = start(&folder, &variables).await;
        assert_eq!(balance(&mut environment, PLENTY).await.unwrap(), status, "{bundle}");
        environment.kill().await;
    }
    assert!(secure.bytes() > 0 && secure.connections() >= 3);
}

/// AWS-LC collects jitter before its first random number, for 40 ms, unless it was built without (`.cargo/config.toml`).
#[tokio::test(flavor = "multi_thread")]
async fn a_start_collects_no_jitter() {
    functions::build().await;
    let program = functions::bare(FUNCTION, "", Path::new("")).path;
    let has = |symbol: &str| Command::new("grep").args(["-qF", symbol]).arg(&program).status().unwrap().success();
    assert!(has("CRYPTO_sysrand"), "no symbols can be seen in {}", program.display());
    assert!(!has("jent_read_entropy"), "AWS-LC was built with jitter");
}

/// The fingerprints that Amazon Trust Services publishes at <https://www.amazontrust.com/repository/>.
#[test]
fn the_roots_are_those_of_amazon_trust_services() {
    use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let roots = include_str!("../../../../shared/storage/src/dynamodb/amazon-roots.pem").split(BEGIN).skip(1);
    let fingerprints: Vec<_> = roots
        .map(|root| {
            let (base64, _) = root.split_once("-----END CERTIFICATE-----").unwrap();
            let certificate = BASE64.decode(base64.split_whitespace().collect::<String>()).unwrap();
            sha256(certificate)
        })
        .collect();
    let published = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];
    assert_eq!(fingerprints, published);
}

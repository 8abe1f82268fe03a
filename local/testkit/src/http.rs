//! The shop as a client sees it: people, requests, answers.

use std::{
    collections::BTreeSet,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use sijang_cli::shop::LocalShop;
use sijang_cloud::ministack::{CREDENTIAL, REGION};
use sijang_cloud::stack::Stack;
use tokio::time::{Instant, sleep, timeout};
use ulid::Ulid;

/// How long a client goes on with a request that gets no definite answer.
const PATIENCE: Duration = Duration::from_mins(2);

/// Codes of the problems that any trial was answered with.
pub static PROVOKED: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

/// A running shop.
#[derive(Clone)]
pub struct Shop(Arc<Inner>);

struct Inner {
    local: LocalShop,
    http: reqwest::Client,
    db: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Shop {
    /// A client of this running shop.
    pub fn open(local: LocalShop) -> Self {
        let stack = local.stack();
        let credentials = Credentials::new(CREDENTIAL, CREDENTIAL, None, None, "tests");
        let db = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials.clone())
            .endpoint_url(stack.ministack_endpoint())
            .build();
        let sqs = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .endpoint_url(stack.ministack_endpoint())
            .build();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(90)).build().unwrap();
        let (db, sqs) = (aws_sdk_dynamodb::Client::from_conf(db), aws_sdk_sqs::Client::from_conf(sqs));
        Self(Arc::new(Inner { local, http, db, sqs }))
    }

    /// Stops the stack in order.
    pub async fn close(self) {
        let inner = Arc::into_inner(self.0).expect("nobody else uses the shop any more");
        inner.local.stop().await.unwrap();
    }

    /// The running shop itself.
    pub fn local(&self) -> &LocalShop {
        &self.0.local
    }

    /// Its stack.
    pub fn stack(&self) -> &Stack {
        self.0.local.stack()
    }

    /// The tables, past the API.
    pub fn db(&self) -> &aws_sdk_dynamodb::Client {
        &self.0.db
    }

    /// The queues.
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.0.sqs
    }

    /// URL of a queue, by the stack's output.
    pub fn queue(&self, output: &str) -> &str {
        self.stack().output(output).unwrap_or_else(|| panic!("the stack has no output {output}"))
    }

    /// How long a message stays with a receiver that has not said how it went; what it was before.
    pub async fn set_visibility_timeout(&self, output: &str, seconds: &str) -> String {
        let name = QueueAttributeName::VisibilityTimeout;
        let get = self.sqs().get_queue_attributes().queue_url(self.queue(output)).attribute_names(name.clone());
        let before = get.send().await.unwrap().attributes.unwrap().remove(&name).unwrap();
        let set = self.sqs().set_queue_attributes().queue_url(self.queue(output));
        set.attributes(name, seconds).send().await.unwrap();
        before
    }

    /// Messages in a queue: waiting, and in flight.
    pub async fn waiting(&self, output: &str) -> [String; 2] {
        let get = self.sqs().get_queue_attributes().queue_url(self.queue(output));
        let mut found =
            get.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap_or_default();
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        names.map(|name| found.remove(&name).unwrap_or_default())
    }

    /// Physical name of a table.
    pub fn table(&self, name: &str) -> String {
        self.stack().table(name)
    }

    /// A customer whom no other trial knows.
    pub fn customer(&self) -> Person {
        self.customer_named(format!("customer-{}", Ulid::generate()))
    }

    /// The customer of this name.
    pub fn customer_named(&self, name: String) -> Person {
        let token = Some(self.local().customers().token(&name).unwrap());
        Person { shop: self.clone(), name, token }
    }

    /// A new customer with money.
    pub async fn customer_with(&self, amount: i64) -> Person {
        let customer = self.customer();
        let mut left = amount;
        while left > 0 {
            let part = left.min(1_000_000);
            customer.deposit(part).await;
            left -= part;
        }
        customer
    }

    /// An administrator.
    pub fn admin(&self) -> Person {
        self.staff_named(format!("admin-{}", Ulid::generate()))
    }

    /// The member of staff of this name.
    pub fn staff_named(&self, name: String) -> Person {
        let token = Some(self.local().staff().token(&name).unwrap());
        Person { shop: self.clone(), name, token }
    }

    /// Someone with this token.
    pub fn bearer(&self, token: impl Into<String>) -> Person {
        Person { shop: self.clone(), name: String::new(), token: Some(token.into()) }
    }

    /// Someone without a token.
    pub fn nobody(&self) -> Person {
        Person { shop: self.clone(), name: String::new(), token: None }
    }

    /// A new product; its id.
    pub async fn product(&self, price: i64, stock: i64) -> String {
        let body = json!({"name": format!("product {}", Ulid::generate()), "price": krw(price), "stock": stock});
        let product = self.admin().post("/v1/admin/products").new_key().json(&body).await.value(201);
        text(&product["product_id"])
    }

    /// A new campaign that is open, over these terms; its id.
    pub async fn coupon(&self, terms: Value) -> String {
        let campaign = self.admin().post("/v1/admin/coupons").new_key().json(&campaign(&terms)).await.value(201);
        text(&campaign["coupon_id"])
    }

    /// The stock of a product.
    pub async fn stock(&self, product: &str) -> i64 {
        self.nobody().get(&format!("/v1/products/{product}")).await.value(200)["stock"].as_i64().unwrap()
    }
}

/// A request for a campaign with these terms over the usual ones.
pub fn campaign(terms: &Value) -> Value {
    let mut campaign = json!({
        "name": "campaign",
        "discount": {"type": "FIXED", "amount": krw(1_000)},
        "total": 100,
        "opens_at": "2020-01-01T00:00:00Z",
        "closes_at": "2199-01-01T00:00:00Z",
        "valid_days": 30,
    });
    campaign.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    campaign
}

/// Money in a request or an answer.
pub fn krw(amount: i64) -> Value {
    json!({"amount": amount, "currency": "KRW"})
}

/// An order of one line.
pub fn order(product: &str, quantity: i64) -> Value {
    json!({"lines": [{"product_id": product, "quantity": quantity}]})
}

/// An order of one line with a coupon.
pub fn order_with(product: &str, quantity: i64, coupon: &str) -> Value {
    json!({"lines": [{"product_id": product, "quantity": quantity}], "coupon_id": coupon})
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// An order as its command answered: requests that read orders add the names of the products.
pub fn without_names(mut order: Value) -> Value {
    for line in order["lines"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        line.remove("name");
    }
    order
}

/// A client that sends requests.
#[derive(Clone)]
pub struct Person {
    shop: Shop,
    name: String,
    token: Option<String>,
}

impl Person {
    /// The subject of the token.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token itself.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A PATCH request.
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// A request of any method.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.shop.local().api_url());
        let mut builder = self.shop.0.http.request(method, url);
        if let Some(token) = &self.token {
            builder = builder.bearer_auth(token);
        }
        Request { builder, told: path.to_owned() }
    }

    /// Deposits an amount.
    pub async fn deposit(&self, amount: i64) {
        self.post("/v1/me/balance/deposits").new_key().json(&krw(amount)).until_definite().await.value(201);
    }

    /// The balance in won.
    pub async fn balance(&self) -> i64 {
        self.get("/v1/me/balance").await.value(200)["balance"]["amount"].as_i64().unwrap()
    }

    /// Orders under a new key.
    pub fn order(&self, body: &Value) -> Request {
        self.post("/v1/orders").new_key().json(body)
    }

    /// Asks for a coupon.
    pub fn issue(&self, coupon: &str) -> Request {
        self.post(&format!("/v1/coupons/{coupon}/issues"))
    }

    /// All elements of a list, page by page.
    pub async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{separator}limit={limit}{cursor}")).await.value(200);
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= limit, "{path}");
            all.extend(data.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => {
                    assert_eq!(data.len(), limit, "{path}: a page that is not the last one is full");
                    cursor = format!("&cursor={next}");
                }
                None => return all,
            }
        }
    }
}

/// A request that is sent when it is awaited.
#[must_use]
pub struct Request {
    builder: reqwest::RequestBuilder,
    told: String,
}

impl Request {
    /// With this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With a header of bytes that may be no text.
    pub fn raw_header(mut self, name: &str, value: &[u8]) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With this idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With an idempotency key of its own.
    pub fn new_key(self) -> Self {
        self.key(&Ulid::generate().to_string())
    }

    /// With this JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// With a body as it is, which may be no JSON.
    pub fn text(self, body: impl Into<Vec<u8>>) -> Self {
        self.typed("application/json", body)
    }

    /// With a body that is said to be of some type; of none, when that is empty.
    pub fn typed(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.told = format!("{} {}", self.told, String::from_utf8_lossy(&body).trim_end());
        self.builder = self.builder.body(body);
        if content_type.is_empty() { self } else { self.header("content-type", content_type) }
    }

    async fn send(self) -> reqwest::Result<Answer> {
        let response = self.builder.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await?;
        let code = serde_json::from_str::<Value>(&body).ok().and_then(|value| Some(value["code"].as_str()?.to_owned()));
        if let Some(code) = code.filter(|_| status.as_u16() >= 400) {
            PROVOKED.lock().unwrap().insert(code);
        }
        Ok(Answer { told: self.told, status, headers, body })
    }

    /// Sends it, and drops the connection after this time if there is no answer yet.
    pub async fn dropped_after(self, patience: Duration) {
        let _ = timeout(patience, self.send()).await;
    }

    /// As a client does whose connection or whose shop may fail: again and again, the same, until the answer is
    /// definite.
    pub async fn until_definite(self) -> Answer {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.clone().send().await {
                Ok(answer) if !answer.status.is_server_error() => return answer,
                unclear => assert!(Instant::now() < end, "no definite answer in {PATIENCE:?}, at last {unclear:?}"),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Clone for Request {
    fn clone(&self) -> Self {
        Self { builder: self.builder.try_clone().unwrap(), told: self.told.clone() }
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let told = self.told.clone();
            self.send().await.unwrap_or_else(|error| panic!("{told}: {error:?}"))
        })
    }
}

/// The answer.
#[derive(Debug, Clone)]
pub struct Answer {
    told: String,
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub body: String,
}

impl Answer {
    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it says that it was given before.
    pub fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The code of the problem, if it is one.
    pub fn code(&self) -> Option<String> {
        serde_json::from_str::<Value>(&self.body).ok()?["code"].as_str().map(str::to_owned)
    }

    /// The body of the answer, which must be JSON with this status.
    #[track_caller]
    pub fn value(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.told, self.body);
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.told);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The problem that was answered, which must be of this type.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.told, self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}: {}", self.told, self.body);
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["code"], code, "{}: {}", self.told, self.body);
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], status);
        for member in ["title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {}", self.body);
        }
        problem
    }

    /// The problem of a request whose only fault is in this field.
    #[track_caller]
    pub fn invalid(&self, pointer: &str) {
        let problem = self.problem(400, "invalid-request");
        let errors = problem["errors"].as_array().unwrap();
        let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap_or("-")).collect();
        assert_eq!(pointers, [pointer], "{}: {}", self.told, self.body);
    }

    /// Rejected by the gateway, before any function saw it.
    #[track_caller]
    pub fn stopped_at_the_gateway(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.told, self.body);
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert!(body["message"].is_string() && body.get("code").is_none(), "{}: {}", self.told, self.body);
    }
}

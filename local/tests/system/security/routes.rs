//! The routes of the shop, from the OpenAPI document.

use reqwest::Method;
use serde_json::{Value, json};
use sijang_testkit::http::{Person, Request};

/// An operation of the contract.
#[derive(Debug, Clone)]
pub struct Route {
    /// The function behind it.
    pub function: String,
    pub method: Method,
    /// With its parameters in braces.
    pub path: String,
    /// The scope that it wants; none of the public catalogue.
    pub scope: Option<String>,
    /// The query parameters that it takes.
    pub query: Vec<String>,
    /// The query that it cannot do without; empty, if there is none.
    pub required_query: String,
    /// A body that it takes.
    pub body: Option<Value>,
    /// Whether it takes an idempotency key, and so changes something.
    pub is_command: bool,
}

/// All of them.
pub fn routes() -> Vec<Route> {
    let document = sijang_functions::openapi::document();
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, operations): (&String, &Value)| {
        let route = |(method, operation): (&String, &Value)| route(path, method, operation);
        operations.as_object().unwrap().iter().map(route).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn route(path: &str, method: &str, operation: &Value) -> Route {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parameters =
        || operation["parameters"].as_array().unwrap().iter().filter(|parameter| parameter["in"].is_string());
    let named = |place: &str| parameters().filter(|one| one["in"] == place).map(|one| text(&one["name"])).collect();
    let headers: Vec<String> = named("header");
    let required = parameters().filter(|one| one["in"] == "query" && one["required"] == true);
    let required = required.map(|one| format!("{0}={1}", text(&one["name"]), value_of(&text(&one["name"]))));
    Route {
        function: text(&operation["operationId"]),
        method: method.to_uppercase().parse().unwrap(),
        path: path.to_owned(),
        scope: operation["security"].as_array().map(|schemes| text(&schemes[0]["token"][0])),
        query: named("query"),
        required_query: required.collect::<Vec<_>>().join("&"),
        body: operation.get("requestBody").map(|body| body["content"]["application/json"]["example"].clone()),
        is_command: headers.contains(&"Idempotency-Key".to_owned()),
    }
}

/// A value that a required query parameter takes.
fn value_of(parameter: &str) -> &'static str {
    match parameter {
        "date" | "from" | "to" => "2026-01-01",
        "state" => "OPEN",
        "status" => "ACTIVE",
        other => panic!("no value for the parameter {other}"),
    }
}

impl Route {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Its path with this in place of every parameter, and the query that it cannot do without.
    pub fn path_to(&self, id: &str) -> String {
        let segments = self.path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment });
        let path = segments.collect::<Vec<_>>().join("/");
        if self.required_query.is_empty() { path } else { format!("{path}?{}", self.required_query) }
    }

    /// A request that would do something, were it let through.
    pub fn request(&self, person: &Person, id: &str) -> Request {
        let mut request = person.request(self.method.clone(), &self.path_to(id));
        if self.is_command {
            request = request.new_key();
        }
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// The authorizer's claims of a permitted caller.
    pub fn claims(&self, name: &str) -> Value {
        json!({"jwt": {"claims": {"sub": name, "scope": self.scope.as_deref().unwrap_or_default()}, "scopes": null}})
    }

    /// An event of the gateway for it, with a body that no function takes.
    pub fn event(&self, name: &str, authorizer: &Value) -> Value {
        let path = self.path_to("01ARZ3NDEKTSV4RRFFQ69G5FAV");
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        json!({
            "version": "2.0",
            "routeKey": self.name(),
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "shop", "content-type": "application/json"},
            "pathParameters": {"product_id": "no-id", "order_id": "no-id", "coupon_id": "no-id", "user_id": "no-id"},
            "requestContext": {
                "accountId": "000000000000", "apiId": "shop", "domainName": "shop", "domainPrefix": "shop",
                "http": {
                    "method": self.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                    "userAgent": name,
                },
                "requestId": "past-the-gateway", "routeKey": self.name(), "stage": "$default",
                "time": "21/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_219_200_000_i64,
                "authorizer": authorizer,
            },
            "body": "not what any function takes",
            "isBase64Encoded": false,
        })
    }
}

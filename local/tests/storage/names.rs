//! Names in orders: a line keeps the version of its product, and shows the name of this version.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use sijang_domain::{Order, ProductId, ProductVersion};
use sijang_testkit::shop::{Shop, race};

/// The names in the lines of orders.
async fn names(shop: &Shop, mut orders: Vec<Order>) -> Vec<Option<String>> {
    shop.store.name_lines(&mut orders).await.unwrap();
    let lines = orders.into_iter().flat_map(|order| order.lines);
    lines.map(|line| line.name.map(|name| name.as_str().to_owned())).collect()
}

fn versions(orders: &[Order]) -> Vec<u32> {
    orders.iter().flat_map(|order| &order.lines).map(|line| line.product_version.unwrap().get()).collect()
}

fn some(names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| Some((*name).to_owned())).collect()
}

#[tokio::test]
async fn orders_show_the_name_that_the_product_had() {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 1_000, 10).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    alice.order([(tea, 1)]).done().await;
    for text in ["green tea", "black tea"] {
        // Another environment renames it: the one that sells it learns this from its transaction.
        shop.another_environment().rename(tea, text).done().await;
        alice.order([(tea, 1)]).done().await;
    }
    let orders = alice.orders().await;
    assert_eq!(versions(&orders), [3, 2, 1]);
    for shop in [&shop, &shop, &shop.another_environment()] {
        assert_eq!(names(shop, orders.clone()).await, some(&["black tea", "green tea", "tea"]));
    }
    shop.check().await;
}

#[tokio::test]
async fn only_another_name_makes_another_version() {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 1_000, 10).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    shop.reprice(tea, 900).done().await;
    let same = shop.snapshot().await.items("products").count();
    shop.rename(tea, "tea").done().await;
    assert_eq!(shop.snapshot().await.items("products").count(), same, "no name was given up");
    let order = alice.order([(tea, 1)]).done().await;
    assert_eq!(order.lines[0].product_version, Some(ProductVersion::FIRST));
    shop.rename(tea, "green tea").done().await;
    shop.reprice(tea, 800).done().await;
    let order = alice.order([(tea, 1)]).done().await;
    assert_eq!((versions(std::slice::from_ref(&order)), order.paid_price.minor()), (vec![2], 800));
    assert_eq!(shop.page_of(tea).await.name.as_str(), "green tea");
}

#[tokio::test]
async fn a_replayed_order_has_the_version_that_was_ordered() {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 1_000, 10).await;
    shop.rename(tea, "green tea").done().await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let request = alice.order([(tea, 1)]);
    let order = request.clone().done().await;
    shop.rename(tea, "black tea").done().await;
    assert_eq!(request.again().replayed().await, order);
    let cancelled = alice.cancel(&order).done().await;
    assert_eq!((versions(&[order]), versions(&[cancelled])), (vec![2], vec![2]));
}

#[tokio::test]
async fn a_quoted_order_has_the_current_version_in_a_cold_environment() {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 1_000, 10).await;
    shop.rename(tea, "green tea").done().await;
    let alice = shop.another_environment().customer("alice").with_balance(10_000).await;
    let order = alice.order([(tea, 1)]).quoting(tea, 1_000).done().await;
    assert_eq!(versions(&[order]), [2]);
}

#[tokio::test]
async fn every_shard_sells_the_version_of_its_product() {
    let shop = Shop::open().await;
    let tea = shop.split_product(10, 64, 4).await;
    shop.rename(tea, "green tea").done().await;
    shop.reshard(tea, 8).done().await;
    shop.adjust(tea, 16).done().await;
    let customers = shop.customers(10, 1_000).await;
    let orders = race(customers.iter().map(|customer| customer.order([(tea, 8)]))).await;
    let orders: Vec<Order> = orders.into_iter().map(|order| order.unwrap().value).collect();
    assert_eq!(versions(&orders), [2; 10]);
    assert_eq!(shop.stock(tea).await, 0, "all shards were sold from");
}

#[tokio::test]
async fn names_that_a_stale_read_misses_are_read_again() {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 1_000, 10).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    alice.order([(tea, 1)]).done().await;
    let stale = stale_reads_of(&shop.database.endpoint).await;
    assert_eq!(names(&shop.through(&stale), alice.orders().await).await, some(&["tea"]));
}

/// The endpoint of an engine whose eventually consistent batches of reads find nothing yet.
async fn stale_reads_of(engine: &str) -> String {
    type Engine = State<Arc<(String, reqwest::Client)>>;
    async fn answer(State(engine): Engine, mut headers: HeaderMap, body: Bytes) -> (StatusCode, Bytes) {
        let is_batch = headers["x-amz-target"].to_str().unwrap().ends_with("BatchGetItem");
        if is_batch && !String::from_utf8_lossy(&body).contains("\"ConsistentRead\":true") {
            return (StatusCode::OK, Bytes::from_static(br#"{"Responses":{},"UnprocessedKeys":{}}"#));
        }
        let (endpoint, client) = &*engine;
        headers.remove("host");
        let reply = client.post(endpoint).headers(headers).body(body).send().await.unwrap();
        (reply.status(), reply.bytes().await.unwrap())
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let engine = Arc::new((engine.to_owned(), reqwest::Client::new()));
    let router = Router::new().route("/", post(answer)).with_state(engine);
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

#[tokio::test]
async fn lines_of_a_product_that_is_gone_have_no_name() {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 1_000, 10).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let mut order = alice.order([(tea, 1)]).done().await;
    order.lines[0].product_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse::<ProductId>().unwrap();
    assert_eq!(names(&shop, vec![order]).await, [None]);
}

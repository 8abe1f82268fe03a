//! One trace through the logs of three processes: from a request to its sale fact.

use serde_json::json;
use sijang_testkit::{
    lambda::{LambdaHost, PLENTY, functions},
    pipeline::Stage,
};

use crate::processes::{commands::order, enumeration::shop};

const TRACE: &str = "1-5759e988-0d862e3fe1be46a994272793";

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_an_order_is_in_the_log_of_each_process_on_its_way() {
    functions::build().await;
    let shop = shop().await;
    let tea = shop.product(1_000, 2).await;
    shop.customer("alice").with_balance(2_000).await;
    let host = LambdaHost::new().await;
    host.reset(&shop.snapshot().await, &[]).await;
    let mut event = order(&[(tea, 2)], None).event();
    event["headers"]["x-amzn-trace-id"] = json!(format!("Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1"));
    let mut environment = host.start("place-order").await;
    let answer = environment.invoke(event, PLENTY).await.unwrap();
    assert_eq!(answer["statusCode"], 201, "{answer}");
    host.deliver_pending(Stage::InStream).await.unwrap();
    for (function, field) in
        [("place-order", "trace_id"), ("publish-order-events", "traces"), ("record-sales", "traces")]
    {
        let log = host.log(function);
        assert!(log.contains(&format!("\"{field}\":\"{TRACE}\"")), "{function}: {log}");
    }
}

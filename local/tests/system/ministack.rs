//! The behaviour of the local cloud that the shop relies on: the first place to look when a new version of it breaks the
//! shop.

use std::{
    collections::{BTreeSet, HashMap},
    process::Command,
    sync::Arc,
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TransactWriteItem,
};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libtest_mimic::{Completion, Trial};
use serde_json::{Value, json};
use sijang_cli::shop::ShopOptions;
use sijang_cloud::layout::Repository;
use sijang_testkit::http::{Shop, krw, order, text};
use ulid::Ulid;

use crate::{
    stored::{PIPELINE, Stored},
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, a_cancelled_transaction_says_why_and_shows_the_items),
        named!(trial, world, the_stack_tells_the_checksum_of_the_template_that_it_was_deployed_from),
        named!(trial, world, everything_that_calls_a_function_calls_its_alias),
        named!(trial, world, a_token_of_ours_is_like_one_that_the_pool_gives_out),
        named!(trial, world, the_streams_filter_lets_only_order_events_through),
        named!(lone_trial, world, poison_message_ends_in_the_dlq_alone),
        named!(own_trial, world, stored_data_survives_a_restart),
    ]
}

async fn the_stack_tells_the_checksum_of_the_template_that_it_was_deployed_from(shop: Shop) {
    let file = Repository::find().unwrap().template();
    let sum = Command::new("sha256sum").arg(file).output().unwrap().stdout;
    let told = shop.stack().output("TemplateSha256").unwrap();
    assert_eq!(told, String::from_utf8(sum).unwrap().split(' ').next().unwrap());
}

async fn everything_that_calls_a_function_calls_its_alias(shop: Shop) {
    let cloud = shop.stack().ministack_endpoint();
    let get = async |service: &str, path: &str| -> Value {
        let scope = format!("Credential=test/20260101/ap-northeast-2/{service}/aws4_request");
        let request = reqwest::Client::new().get(format!("{cloud}{path}"));
        let request =
            request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"));
        request.send().await.unwrap().json().await.unwrap()
    };
    let api = shop.stack().output("ApiId").unwrap();
    let integrations = get("apigateway", &format!("/v2/apis/{api}/integrations?maxResults=1000")).await;
    let mappings = get("lambda", "/2015-03-31/event-source-mappings/").await;
    let mut called: Vec<String> = Vec::new();
    called.extend(integrations["items"].as_array().unwrap().iter().map(|one| text(&one["integrationUri"])));
    called.extend(mappings["EventSourceMappings"].as_array().unwrap().iter().map(|one| text(&one["FunctionArn"])));
    let functions = shop.stack().template().functions().iter();
    let routes = functions.flat_map(|function| function.routes.iter().chain(&function.heads)).count();
    assert_eq!(called.len(), routes + 3, "{called:?}");
    assert!(called.iter().all(|arn| arn.ends_with(":live")), "{called:?}");
}

async fn a_cancelled_transaction_says_why_and_shows_the_items(shop: Shop) {
    let (db, table) = (shop.db(), format!("smoke-{}", Ulid::generate()));
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    db.create_table()
        .table_name(&table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(id.build().unwrap())
        .key_schema(key.build().unwrap())
        .send()
        .await
        .unwrap();
    let item = |id: &str, value: &str| -> HashMap<String, AttributeValue> {
        [("id", id), ("value", value)].map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into()
    };
    let put = |id: &str, value: &str| {
        let put = Put::builder()
            .table_name(&table)
            .set_item(Some(item(id, value)))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    let both = || db.transact_write_items().transact_items(put("one", "first"));
    both().transact_items(put("two", "first")).send().await.unwrap();
    let rejected = both().transact_items(put("three", "second")).send().await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(why) =
        rejected
    else {
        panic!("{rejected:?}");
    };
    let reasons = why.cancellation_reasons();
    assert_eq!(reasons.len(), 2);
    assert_eq!(reasons[0].code(), Some("ConditionalCheckFailed"));
    assert_eq!(reasons[0].item(), Some(&item("one", "first")), "the item as it is");
    assert_eq!(reasons[1].code(), Some("None"));
    let all = db.scan().table_name(&table).send().await.unwrap();
    assert_eq!(all.count(), 2, "all or nothing");
    db.delete_table().table_name(&table).send().await.unwrap();
}

/// The pool's own sign-in, with a password and by a code: the gateway takes its token, and the tokens of the signer have the
/// same key and the same claims.
async fn a_token_of_ours_is_like_one_that_the_pool_gives_out(shop: Shop) {
    let (cloud, signer) = (shop.stack().cloud(), shop.local().customers());
    let (pool, client) = (signer.pool().issuer.rsplit('/').next().unwrap(), &signer.pool().client_id);
    let (user, password) = (format!("{}@shop.example", Ulid::generate()), "a password of a customer");
    for (operation, field, value) in
        [("AdminCreateUser", "MessageAction", json!("SUPPRESS")), ("AdminSetUserPassword", "Permanent", json!(true))]
    {
        let call = json!({"UserPoolId": pool, "Username": user, "Password": password, field: value});
        let operation = format!("AWSCognitoIdentityProviderService.{operation}");
        cloud.target("cognito-idp", &operation, &call).await.unwrap();
    }
    let callback = format!("{}/", shop.local().api_url());
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let client = [("client_id", client.as_str()), ("redirect_uri", callback.as_str())];
        let request = http.post(format!("{}{path}", cloud.endpoint()));
        request.form(&[fields, &client].concat()).send().await.unwrap()
    };
    let login = [("response_type", "code"), ("scope", "openid shop/customer"), ("username", &*user)];
    let login = post("/login", &[&login[..], &[("password", password)]].concat()).await;
    let back = reqwest::Url::parse(login.headers()["location"].to_str().unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let tokens = post("/oauth2/token", &[("grant_type", "authorization_code"), ("code", &code)]).await;
    let tokens: Value = tokens.json().await.unwrap();
    let theirs = text(&tokens["access_token"]);
    shop.bearer(&*theirs).get("/v1/me/balance").await.value(200);
    let parts = |token: &str| -> [Value; 2] {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
        [0, 1].map(|_| serde_json::from_slice(&parts.next().unwrap()).unwrap())
    };
    let ([their_header, their_claims], [header, claims]) = (parts(&theirs), parts(&signer.token("alice").unwrap()));
    assert_eq!(header, their_header, "the same key");
    let names = |claims: &Value| claims.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut expected = names(&their_claims);
    // An identifier of the sign-in, which nothing here reads.
    expected.remove("origin_jti");
    assert_eq!(names(&claims), expected);
    for claim in ["iss", "client_id", "token_use"] {
        assert_eq!(claims[claim], their_claims[claim], "{claim}");
    }
}

async fn the_streams_filter_lets_only_order_events_through(shop: Shop) {
    let product = shop.product(100, 10).await;
    let customer = shop.customer_with(1_000).await;
    let placed = text(&customer.order(&order(&product, 1)).await.value(201)["order_id"]);
    counted(&shop, &placed).await;
    // The deposit came first in the stream, and those of other trials. The relay would have taken them for malformed
    // messages.
    let dead = dlq_messages(&shop).await;
    assert!(dead.iter().all(|message| message.starts_with("malformed ")), "{dead:?}");
}

async fn counted(shop: &Shop, order: &str) {
    let look = async || Stored::read(shop).await.has_fact(order).then_some(());
    eventually("the fact of an order", PIPELINE, look).await;
}

/// The messages in the DLQ; they stay there.
async fn dlq_messages(shop: &Shop) -> Vec<String> {
    let mut messages = Vec::new();
    for _ in 0..3 {
        let receive = shop.sqs().receive_message().queue_url(shop.queue("OrderEventsDlqUrl"));
        let received = receive.max_number_of_messages(10).visibility_timeout(0).send().await.unwrap();
        messages.extend(received.messages.unwrap_or_default().into_iter().filter_map(|message| message.body));
    }
    messages
}

/// The customer in the events that trials put into the queue by themselves.
pub const CUSTOMER_OF_OLD_EVENTS: &str = "a-customer-of-old";

/// An order event of an old day, of no product.
pub fn old_event() -> (String, Value) {
    let order = Ulid::generate().to_string();
    let event = json!({
        "specversion": "1.0",
        "id": format!("{order}.paid"),
        "source": "/sijang/orders",
        "type": "order.paid.v1",
        "subject": order,
        "time": "2020-01-01T00:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "user_id": CUSTOMER_OF_OLD_EVENTS,
            "order_id": order,
            "status": "PAID",
            "lines": [{"product_id": Ulid::generate().to_string(), "quantity": 1, "unit_price": krw(100)}],
            "list_price": krw(100),
            "discount": krw(0),
            "paid_price": krw(100),
            "paid_at": "2020-01-01T00:00:00.000Z",
        },
    });
    (order, event)
}

async fn poison_message_ends_in_the_dlq_alone(shop: Shop) {
    let (queue, malformed) = (shop.queue("OrderEventsQueueUrl"), format!("malformed {}", Ulid::generate()));
    let attributes = shop.sqs().get_queue_attributes().queue_url(queue).attribute_names(QueueAttributeName::All);
    let attributes = attributes.send().await.unwrap().attributes.unwrap();
    let redrive: Value = serde_json::from_str(&attributes[&QueueAttributeName::RedrivePolicy]).unwrap();
    assert_eq!(
        redrive["maxReceiveCount"].as_i64().or_else(|| redrive["maxReceiveCount"].as_str()?.parse().ok()),
        Some(10)
    );

    // Ten receives with the usual visibility timeout would take half an hour.
    let usual = shop.set_visibility_timeout("OrderEventsQueueUrl", "1").await;
    let ((first, one), (second, two)) = (old_event(), old_event());
    let bodies = [one.to_string(), malformed.clone(), two.to_string()];
    let entry = |(id, body): (usize, &String)| {
        SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(body).build().unwrap()
    };
    let entries = bodies.iter().enumerate().map(entry).collect();
    let sent = shop.sqs().send_message_batch().queue_url(queue).set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(sent.successful.len(), 3);

    counted(&shop, &first).await;
    counted(&shop, &second).await;
    let dead = eventually("the malformed one in the dead-letter queue", PIPELINE, async || {
        let dead = dlq_messages(&shop).await;
        dead.contains(&malformed).then_some(dead)
    })
    .await;
    shop.set_visibility_timeout("OrderEventsQueueUrl", &usual).await;
    assert!(
        !dead.iter().any(|message| message.contains(&first) || message.contains(&second)),
        "its batch mates are fine"
    );
}

async fn stored_data_survives_a_restart(world: Arc<World>) -> Completion {
    let mut options = ShopOptions::isolated(world.state_folder());
    let shop = world.start(options.clone()).await.unwrap();
    let url = shop.local().api_url().to_owned();
    let product = shop.product(100, 10).await;
    let (customer, coupon) = (shop.customer_with(1_000).await, shop.coupon(json!({})).await);
    customer.issue(&coupon).await.value(201);
    let placed = customer.post("/v1/orders").key("before").json(&order(&product, 1)).await;
    let page = customer.get("/v1/me/balance/transactions?limit=1").await.value(200);
    let name = customer.name().to_owned();
    let seen = async |shop: &Shop| {
        let customer = shop.customer_named(name.clone());
        let mut seen = vec![shop.nobody().get(&format!("/v1/products/{product}")).await.value(200)];
        for path in ["/v1/me/balance", "/v1/me/balance/transactions", "/v1/me/coupons", "/v1/orders"] {
            seen.push(customer.get(path).await.value(200));
        }
        seen
    };
    let before = seen(&shop).await;
    let message = format!("malformed {}", Ulid::generate());
    let send = shop.sqs().send_message().queue_url(shop.queue("OrderEventsDlqUrl")).message_body(&message);
    send.send().await.unwrap();
    drop(customer);
    shop.close().await;

    options.port = url.rsplit(':').next().unwrap().parse().unwrap();
    let shop = world.start(options).await.unwrap();
    assert_eq!(seen(&shop).await, before);
    let customer = shop.customer_named(name.clone());
    let again = customer.post("/v1/orders").key("before").json(&order(&product, 1)).await;
    assert_eq!((again.is_replay(), &again.body), (true, &placed.body), "the key is stored");
    let next = format!("/v1/me/balance/transactions?limit=1&cursor={}", text(&page["next_cursor"]));
    customer.get(&next).await.value(200);
    assert!(dlq_messages(&shop).await.contains(&message), "queues are kept");
    // Earlier and new orders are counted: the pipeline runs.
    counted(&shop, &text(&placed.value(201)["order_id"])).await;
    counted(&shop, &text(&customer.order(&order(&product, 1)).await.value(201)["order_id"])).await;
    Stored::read(&shop).await.check();
    drop(customer);
    shop.close().await;
    Completion::Completed
}

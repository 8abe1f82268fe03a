//! Events: the message that comes out of the table's stream is the order as it was answered.

use sijang_domain::{CloudEvent, ORDER_PAID, Order};
use sijang_storage::{Item, order_event_of, trace_of};
use sijang_testkit::shop::{Customer, Shop, fixed, trace};

async fn event_items(shop: &Shop, kind: &str) -> Vec<Item> {
    let snapshot = shop.snapshot().await;
    snapshot.items("events").filter(|item| item["type"].as_s().unwrap() == kind).cloned().collect()
}

async fn an_order(shop: &Shop) -> (Customer, Order) {
    let (tea, milk) = (shop.product(10_000, 5).await, shop.product(2_500, 5).await);
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("auth0|alice#1").with_balance(30_000).await.with_coupon(coupon).await;
    let order = alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
    (alice, order)
}

#[tokio::test]
async fn relayed_event_has_the_answered_order_and_its_customer() {
    let shop = Shop::open().await;
    let (alice, order) = an_order(&shop).await;
    let items = event_items(&shop, ORDER_PAID).await;
    let [item] = &items[..] else { panic!("one order, {} events", items.len()) };
    let event = order_event_of(item.clone().into()).unwrap();
    assert_eq!((event.r#type.as_str(), event.id), (ORDER_PAID, format!("{}.paid", order.order_id)));
    assert_eq!((event.subject, event.time), (order.order_id.to_string(), order.paid_at));
    assert_eq!((event.data.user_id, event.data.order), (alice.user, order));
}

#[tokio::test]
async fn an_event_survives_its_json() {
    let shop = Shop::open().await;
    an_order(&shop).await;
    let item = event_items(&shop, ORDER_PAID).await.remove(0);
    let event = order_event_of(item.into()).unwrap();
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<CloudEvent>(&json).unwrap(), event);
    assert!(event.is_consistent());
}

#[tokio::test]
async fn the_event_of_one_order_is_the_same_message_every_time() {
    let shop = Shop::open().await;
    an_order(&shop).await;
    let item = event_items(&shop, ORDER_PAID).await.remove(0);
    assert_eq!(order_event_of(item.clone().into()).unwrap(), order_event_of(item.into()).unwrap());
}

#[tokio::test]
async fn event_keeps_its_request_s_trace_and_one_without_is_relayed() {
    let shop = Shop::open().await;
    an_order(&shop).await;
    let mut item = event_items(&shop, ORDER_PAID).await.remove(0);
    assert_eq!(trace_of(&item.clone().into()), Some(trace()));
    let event = order_event_of(item.clone().into()).unwrap();
    item.remove("trace").unwrap();
    assert_eq!(trace_of(&item.clone().into()), None);
    assert_eq!(order_event_of(item.into()).unwrap(), event, "the event does not tell of its trace");
}

#[tokio::test]
async fn an_event_that_is_not_of_an_order_is_not_relayed() {
    let shop = Shop::open().await;
    an_order(&shop).await;
    for kind in ["balance.deposited.v1", "product.created.v1", "campaign.created.v1"] {
        let item = event_items(&shop, kind).await.remove(0);
        assert!(order_event_of(item.into()).is_err(), "{kind}");
    }
}

#[tokio::test]
async fn an_event_whose_type_and_order_differ_is_not_relayed() {
    let shop = Shop::open().await;
    an_order(&shop).await;
    let mut item = event_items(&shop, ORDER_PAID).await.remove(0);
    item.insert("type".to_owned(), sijang_storage::AttributeValue::S(sijang_domain::ORDER_CANCELLED.to_owned()));
    assert!(order_event_of(item.into()).is_err());
}
